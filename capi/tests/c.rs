//! Programs in C and C++ that use the library as a host would: compiled as C99 and C++11 with warnings as errors, linked
//! to the libtamis.so that was built with this test, and run. `capi/check.sh` runs the same under sanitizers.

#![allow(missing_docs, clippy::unwrap_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::process::Command;

const STRICT: &[&str] = &["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O1", "-g"];

fn here() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Where libtamis.so lies: beside this test.
fn library() -> PathBuf {
    let mut folder = std::env::current_exe().unwrap();
    folder.pop();
    assert!(folder.join("libtamis.so").is_file(), "no libtamis.so in {}", folder.display());
    folder
}

/// Paths of all messages under a folder.
fn messages(folder: &Path, into: &mut Vec<String>) {
    let mut all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    for path in all {
        if path.is_dir() {
            messages(&path, into);
        } else if path.extension().is_some_and(|it| it == "eml") {
            into.push(path.to_str().unwrap().to_owned());
        }
    }
}

fn compile(source: &Path, program: &Path, more: &[&str]) {
    let (compiler, standard) = match source.extension().is_some_and(|it| it == "cpp") {
        true => (std::env::var("CXX").unwrap_or("c++".into()), "-std=c++11"),
        false => (std::env::var("CC").unwrap_or("cc".into()), "-std=c99"),
    };
    let mut command = Command::new(&compiler);
    command.arg(standard).args(STRICT).arg("-I").arg(here().join("include")).arg(source).arg("-o").arg(program);
    // By the name that programs ask for, which cargo does not give it.
    let named = program.with_file_name("libtamis.so.0");
    std::os::unix::fs::symlink(library().join("libtamis.so"), &named).unwrap();
    let rpath = format!("-Wl,-rpath,{}", named.parent().unwrap().display());
    command.arg("-L").arg(library()).arg(rpath).args(["-ltamis", "-lpthread", "-lm"]).args(more);
    let done = command.output().unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(done.status.success(), "{}\n{}", source.display(), String::from_utf8_lossy(&done.stderr));
}

/// Text that a program printed, which ended with this exit code.
fn printed(command: &mut Command, code: i32) -> String {
    let name = command.get_program().to_string_lossy().into_owned();
    let done = command.output().unwrap_or_else(|error| panic!("{name}: {error}"));
    let text = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert_eq!(done.status.code(), Some(code), "{name}: {text}");
    text
}

/// Compiles and runs a program, which says by its exit that all is well, and prints nothing.
fn run(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    compile(&here().join("tests/c").join(name), &program, &[]);
    let corpus = here().parent().unwrap().join("corpus");
    let mut all = Vec::new();
    messages(&corpus, &mut all);
    assert!(all.len() > 100);
    std::fs::write(folder.path().join("messages"), all.join("\n") + "\n").unwrap();
    let yara = if cfg!(feature = "yara") { "yara" } else { "plain" };
    let done = Command::new(&program).arg(&corpus).args([yara, "all"]).arg(folder.path()).output().unwrap();
    let printed = format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr));
    assert!(done.status.success() && printed.is_empty(), "{name}: {}\n{printed}", done.status);
}

#[test]
fn the_header_stands_alone() {
    run("header.c");
}

#[test]
fn cpp_hosts() {
    run("hello.cpp");
}

#[test]
fn misuse_is_a_status() {
    run("misuse.c");
}

#[test]
fn verdicts() {
    run("verdict.c");
}

#[test]
fn threads() {
    run("threads.c");
}

#[test]
fn signals_environment_and_children() {
    run("process.c");
}

fn message(name: &str) -> PathBuf {
    here().parent().unwrap().join("corpus/small/files").join(name)
}

/// What both examples say of one message that is fine and one that is not.
fn examples(mut scan: impl FnMut() -> Command) {
    assert!(printed(scan().arg(message("named-text.eml")), 0).contains("accept"));
    let found = printed(scan().arg(message("named-text.eml")).arg(message("program-in-archive.eml")), 1);
    assert!(found.contains("tag") && found.contains("program-in-archive"), "{found}");
    let error = printed(scan().arg(message("there-is-none.eml")), 2);
    assert!(error.contains("there-is-none.eml"), "{error}");
}

#[test]
fn the_example_in_c() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("scan");
    compile(&here().join("examples/scan.c"), &program, &[]);
    examples(|| Command::new(&program));
}

#[test]
fn the_example_in_python() {
    examples(|| {
        let mut command = Command::new("python3");
        command.arg(here().join("examples/scan.py")).env("TAMIS_LIBRARY", library().join("libtamis.so"));
        command
    });
}

#[test]
fn the_example_of_a_milter_compiles() {
    if !Path::new("/usr/include/libmilter/mfapi.h").is_file() {
        eprintln!("skipped: libmilter-dev is not installed");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("milter");
    compile(&here().join("examples/milter.c"), &program, &["-D_POSIX_C_SOURCE=200809L", "-lmilter"]);
    assert!(printed(&mut Command::new(&program), 2).contains("usage"));
}

#[test]
fn installed_it_is_found_by_pkg_config() {
    let root = tempfile::tempdir().unwrap();
    let prefix = root.path().join("a prefix");
    let mut install = Command::new(here().join("install.sh"));
    printed(install.arg(&prefix).env("TAMIS_BUILT", library()), 0);
    let links = prefix.join("lib/libtamis.so.0");
    assert!(links.is_symlink() && prefix.join("share/man/man3/tamis.3").is_file());
    let program = root.path().join("scan");
    let tell = |option: &str| {
        let mut command = Command::new("pkg-config");
        command.args(["--cflags", "--libs", option, "tamis"]).env("PKG_CONFIG_PATH", prefix.join("lib/pkgconfig"));
        printed(&mut command, 0).trim().to_owned()
    };
    for (option, library, needs) in [("--shared", "-ltamis", true), ("--static", "-l:libtamis.a", false)] {
        let flags = tell(option).replace("-ltamis", library);
        let source = here().join("examples/scan.c");
        let command = format!("cc -std=c99 '{}' {flags} -o '{}'", source.display(), program.display());
        printed(Command::new("sh").args(["-c", &command]), 0);
        let linked = printed(Command::new("readelf").arg("-d").arg(&program), 0);
        assert_eq!(linked.contains("libtamis.so.0"), needs, "{option}: {linked}");
        examples(|| {
            let mut command = Command::new(&program);
            command.env("LD_LIBRARY_PATH", prefix.join("lib"));
            command
        });
    }
}

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

fn compile(source: &Path, program: &Path) {
    let (compiler, standard) = match source.extension().is_some_and(|it| it == "cpp") {
        true => (std::env::var("CXX").unwrap_or("c++".into()), "-std=c++11"),
        false => (std::env::var("CC").unwrap_or("cc".into()), "-std=c99"),
    };
    let mut command = Command::new(&compiler);
    command.arg(standard).args(STRICT).arg("-I").arg(here().join("include")).arg(source).arg("-o").arg(program);
    let rpath = format!("-Wl,-rpath,{}", library().display());
    command.arg("-L").arg(library()).arg(rpath).args(["-ltamis", "-lpthread", "-lm"]);
    let done = command.output().unwrap_or_else(|error| panic!("{compiler}: {error}"));
    assert!(done.status.success(), "{}\n{}", source.display(), String::from_utf8_lossy(&done.stderr));
}

/// Compiles and runs a program, which says by its exit that all is well, and prints nothing.
fn run(name: &str) {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("program");
    compile(&here().join("tests/c").join(name), &program);
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

//! Lists the stock rules and the stock model for `src/stock.rs`, so that a rule file is added by adding it. Reads the folders
//! `rules`, `rules/yara` and `models/stock` of the repository; writes a table of `include_str!`.

use std::env;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

fn main() {
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("cargo sets it")).join("..");
    let rules = files(&root.join("rules"), "toml");
    let mut out =
        String::from("/// Rule files and score files by name.\npub(super) const FILES: &[(&str, &str)] = &[\n");
    for path in &rules {
        let name = path.file_name().expect("listed by name").to_string_lossy();
        writeln!(out, "    ({name:?}, include_str!({path:?})),").expect("memory");
    }
    out.push_str("];\n/// YARA files by name, below `rules`.\npub(super) const YARA: &[(&str, &str)] = &[\n");
    for path in &files(&root.join("rules/yara"), "yar") {
        let name = path.file_name().expect("listed by name").to_string_lossy();
        writeln!(out, "    (\"yara/{name}\", include_str!({path:?})),").expect("memory");
    }
    out.push_str("];\n");
    let models = files(&root.join("models/stock"), "model");
    assert!(models.len() <= 1, "models/stock holds several models; there is one stock model");
    out.push_str("/// The stock model's file.\npub(super) const MODEL: Option<(&str, &[u8])> = ");
    match models.first() {
        Some(path) => {
            let name = path.file_name().expect("listed by name").to_string_lossy();
            writeln!(out, "Some(({name:?}, include_bytes!({path:?})));").expect("memory");
        }
        None => out.push_str("None;\n"),
    }
    let target = PathBuf::from(env::var_os("OUT_DIR").expect("cargo sets it")).join("stock.rs");
    fs::write(target, out).expect("OUT_DIR can be written");
}

/// The files of a folder with an extension, sorted; none where there is no folder.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    println!("cargo::rerun-if-changed={}", folder.display());
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|it| it == extension))
        .collect();
    found.sort();
    for path in &found {
        println!("cargo::rerun-if-changed={}", path.display());
    }
    found
}

//! What the tests of commands share: the program run in a folder of files.
#![allow(dead_code, reason = "each test program uses what it needs")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const HAM: &str = "From: Ann <ann@one.example>\nTo: bob@two.example\nSubject: Meeting\nDate: Tue, 2 Mar 2021 10:00:00 \
                   +0000\nMessage-ID: <1@one.example>\n\nSee you on Monday.\n";
pub(crate) const SPAM: &str =
    "From: x@win.example\nTo: bob@two.example\nSubject: You won\n\nYou won a prize of 5 million dollars.\n";

pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the program in a folder, without any configuration of the machine.
pub(crate) fn tamis_in(folder: &Path, arguments: &[&str], input: &str) -> Ran {
    let mut child = Command::new(env!("CARGO_BIN_EXE_tamis"))
        .args(arguments)
        .current_dir(folder)
        .env_remove("TAMIS_CONFIG")
        // Nor anything that whoever runs the tests has taught the model.
        .env("XDG_STATE_HOME", folder.join("state"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A program that ends before it reads is no failure of the test.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

/// A folder with these files.
pub(crate) fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

/// Lines of JSON.
pub(crate) fn lines(out: &str) -> Vec<Value> {
    out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub(crate) const RULE: &str = "[rule.won]\nwhat = 'Won'\nwhy = 'Nobody won'\nin = 'body'\nany = ['you won']\nhit = ['text: you won']\n\
                    miss = ['text: you want']\n";
pub(crate) const SCORES: &str = "[group.mine]\n[group.mine.scores]\nwon = 6.0\n";

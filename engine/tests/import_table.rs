//! Who may import whom, as ARCHITECTURE.md has it. Reads every source file of the workspace and names file and line of a
//! breach.

use std::fs;
use std::path::{Path, PathBuf};

/// Files and folders of `engine/src` that import nothing of ours, and that all may import.
const LEAVES: &[&str] =
    &["text", "limits", "place", "defect", "incomplete", "direction", "error", "wanted", "label", "stages", "threads"];

/// What each of the rest may import beside the leaves.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // A leaf may use the other leaves.
    ("leaf", &[]),
    ("finding", &[]),
    ("verdict", &["finding"]),
    ("scratch", &[]),
    ("input", &["scratch"]),
    ("mime", &["input", "scratch"]),
    ("unpack", &["input", "mime", "verdict", "scratch"]),
    ("facts", &["input", "mime", "unpack", "scratch"]),
    ("detect", &["input", "facts", "finding", "scratch"]),
    ("policy", &["finding", "verdict"]),
    // What it keeps for YARA is a trait of YARA's.
    ("load", &["detect"]),
    ("fit", &["detect", "facts", "input", "worker", "engine", "finding"]),
    ("engine", &["*"]),
    ("worker", &["*"]),
    ("many", &["*"]),
    ("fuzzing", &["*"]),
    ("builder", &["*"]),
    ("lib", &["*"]),
];

/// Where a dependency may be named: one door each.
const DOORS: &[(&str, &[&str])] = &[
    ("mailparse", &["engine/src/mime/"]),
    ("encoding_rs", &["engine/src/mime/"]),
    ("chardetng", &["engine/src/mime/"]),
    ("lol_html", &["engine/src/unpack/html/", "engine/src/unpack/html.rs"]),
    ("zip", &["engine/src/unpack/"]),
    ("flate2", &["engine/src/unpack/"]),
    ("tar", &["engine/src/unpack/"]),
    ("psl", &["engine/src/text/"]),
    ("idna", &["engine/src/text/"]),
    ("unicode_security", &["engine/src/text/"]),
    ("unicode_script", &["engine/src/text/"]),
    ("unicode_normalization", &["engine/src/text/"]),
    ("aho_corasick", &["engine/src/text/sequences/", "engine/src/detect/spamassassin/"]),
    ("regex", &["engine/src/detect/rules/", "engine/src/detect/spamassassin/"]),
    ("fancy_regex", &["engine/src/detect/spamassassin/"]),
    ("regex_automata", &["engine/src/detect/rules/", "engine/src/detect/spamassassin/", "engine/src/text/patterns/"]),
    (
        "regex_syntax",
        &[
            "engine/src/detect/rules/",
            "engine/src/detect/spamassassin/",
            "engine/src/text/patterns.rs",
            "engine/src/text/patterns/",
            "engine/src/text/sequences/",
        ],
    ),
    ("foldhash", &["engine/src/detect/spamassassin/"]),
    ("fst", &["engine/src/detect/lists/"]),
    ("prefix_trie", &["engine/src/detect/lists/"]),
    ("yara_x", &["engine/src/detect/yara/"]),
    ("yara_x_parser", &["engine/src/detect/yara/"]),
    ("linfa", &["engine/src/fit.rs", "engine/src/detect/bayes/train.rs"]),
    ("linfa_bayes", &["engine/src/fit.rs", "engine/src/detect/bayes/train.rs"]),
    ("ndarray", &["engine/src/fit.rs", "engine/src/detect/bayes/train.rs"]),
    ("serde_json", &["common/src/", "cli/src/"]),
    ("clap", &["cli/src/", "benches/src/"]),
    ("indicatif", &["cli/src/"]),
];

/// Standard library that the engine keeps away from, but for the one file named.
const STANDARD: &[(&str, &str)] = &[
    ("std::fs", "engine/src/load.rs"),
    ("std::net::Tcp", ""),
    ("std::net::Udp", ""),
    ("SystemTime", ""),
    ("std::time::Instant", ""),
    ("std::env::", ""),
    ("unsafe ", ""),
];

/// The breaches of one file, as `line: what`.
fn breaches(path: &str, source: &str) -> Vec<String> {
    let mut found = Vec::new();
    let inside = path.strip_prefix("engine/src/");
    let stage = inside.map(|inside| inside.split(['/', '.']).next().unwrap_or_default());
    let detector =
        inside.and_then(|it| it.strip_prefix("detect/")).map(|it| it.split(['/', '.']).next().unwrap_or_default());
    // Tests stand at the bottom of a file, or in a file of their own, and may use what they like to make their input.
    let is_test = path.ends_with("/tests.rs") || path.contains("/tests/");
    let code = if is_test { "" } else { source.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default() };
    for (number, line) in code.lines().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        let mut breach = |what: String| found.push(format!("{}: {what}", number + 1));
        for (dependency, doors) in DOORS {
            let named = code.match_indices(&format!("{dependency}::")).any(|(at, _)| {
                !code[..at].ends_with(|before: char| before.is_alphanumeric() || before == '_' || before == ':')
            });
            if named && !doors.iter().any(|door| path.starts_with(door)) {
                breach(format!("names {dependency}, whose door is {}", doors.join(" or ")));
            }
        }
        let Some(stage) = stage else { continue };
        for (what, file) in STANDARD {
            if code.contains(what) && path != *file {
                breach(format!("uses {}", what.trim()));
            }
        }
        let room = if LEAVES.contains(&stage) { "leaf" } else { stage };
        let allowed = MAY_IMPORT.iter().find(|(name, _)| *name == room).map(|(_, allowed)| *allowed);
        let Some(allowed) = allowed else { continue };
        for (at, _) in code.match_indices("crate::") {
            let rest: Vec<&str> = code[at + 7..].split(|it: char| !it.is_alphanumeric() && it != '_').collect();
            let target = rest.first().copied().unwrap_or_default();
            let fine = target == stage || LEAVES.contains(&target) || allowed.contains(&target) || allowed == ["*"];
            // `pub(crate)` has no `::`; a name in capitals is a type re-exported at the top, for documentation links.
            if !fine && target.starts_with(char::is_lowercase) {
                breach(format!("{stage} imports {target}"));
            }
            let other = code[at..].strip_prefix("crate::detect::").and_then(|it| it.split([':', ';', ' ', ')']).next());
            if let (Some(detector), Some(other)) = (detector, other)
                && detector != "mod"
                && other != detector
            {
                breach(format!("detector {detector} imports {other}"));
            }
        }
    }
    found
}

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_import_is_in_the_table() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut files = Vec::new();
    for member in ["engine/src", "common/src", "cli/src", "benches/src"] {
        sources(&root.join(member), &mut files);
    }
    assert!(files.len() >= 40, "only {} files read", files.len());
    let mut wrong = Vec::new();
    for file in &files {
        let path = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let source = fs::read_to_string(file).unwrap();
        wrong.extend(breaches(&path, &source).into_iter().map(|breach| format!("{path}:{breach}")));
        let room = path.strip_prefix("engine/src/").and_then(|it| it.split(['/', '.']).next());
        if let Some(room) = room {
            let known = LEAVES.contains(&room) || MAY_IMPORT.iter().any(|(name, _)| *name == room);
            assert!(known, "{path}: a new room; give it a line in ARCHITECTURE.md and in this table");
        }
    }
    assert!(wrong.is_empty(), "against the table in ARCHITECTURE.md:\n{}", wrong.join("\n"));
}

#[test]
fn breaches_are_seen_and_near_misses_are_not() {
    let breach = |path: &str, line: &str| breaches(path, &format!("//! About\n{line}\n"));
    for (path, line) in [
        ("engine/src/mime/walk.rs", "use crate::unpack::Content;"),
        ("engine/src/detect/shape.rs", "use crate::mime::Tree;"),
        ("engine/src/detect/shape.rs", "use crate::detect::bayes::Model;"),
        ("engine/src/detect/rules/load.rs", "    let model = crate::detect::bayes::Model::read(b);"),
        ("engine/src/policy/mod.rs", "use crate::facts::Facts;"),
        ("engine/src/text/fold.rs", "use crate::mime::Tree;"),
        ("engine/src/facts/links.rs", "use crate::worker::Worker;"),
        ("engine/src/facts/links.rs", "use regex::Regex;"),
        ("engine/src/unpack/sniff.rs", "use std::fs;"),
        ("engine/src/engine.rs", "let now = std::time::Instant::now();"),
        ("engine/src/policy/mod.rs", "let x = serde_json::to_string(&y);"),
        ("cli/src/scan.rs", "use mailparse::parse_mail;"),
    ] {
        assert_eq!(breach(path, line).len(), 1, "{path}: {line}");
    }
    for (path, line) in [
        ("engine/src/unpack/mod.rs", "use crate::mime::Tree;"),
        ("engine/src/detect/bayes/model.rs", "use crate::detect::bayes::tokens::Tokens;"),
        ("engine/src/detect/shape.rs", "use crate::place::Place; // not crate::mime::Tree"),
        ("engine/src/load.rs", "use std::fs;"),
        ("engine/src/detect/rules/patterns.rs", "use regex::Regex;"),
        ("engine/src/unpack/zip.rs", "use zip::ZipArchive;"),
        ("engine/src/unpack/content.rs", "let it = gzip::open(bytes);"),
        ("common/src/json.rs", "use serde_json::json;"),
    ] {
        assert_eq!(breach(path, line), Vec::<String>::new(), "{path}: {line}");
    }
}

//! The verdict on every message under `corpus/`, as reviewed: `corpus/verdicts.txt`.
//!
//! `TAMIS_BLESS=1 cargo test --release -p tamis --test golden` writes the file anew; read the difference before it is
//! committed. What is compared leaves out versions, so that a line changes only when its verdict does.

use std::fmt::Write;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

fn list(verdict: &Value, key: &str, name: &str) -> String {
    let mut names: Vec<&str> =
        verdict[key].as_array().into_iter().flatten().filter_map(|entry| entry[name].as_str()).collect();
    names.dedup();
    names.join(" ")
}

/// A verdict as a few lines that a reviewer can read.
fn readable(verdict: &Value) -> String {
    let mut out = format!(
        "{}\n    {} {} bayes {:.2}, {} items, {} readings\n",
        verdict["path"].as_str().unwrap(),
        verdict["action"].as_str().unwrap(),
        verdict["score"],
        verdict["bayes_score"].as_f64().unwrap(),
        verdict["items"],
        verdict["readings"],
    );
    for reason in verdict["reasons"].as_array().unwrap() {
        let place = &reason["place"];
        let _ = writeln!(
            out,
            "    {:>5} {} [{} {} {}+{}]",
            reason["score"],
            reason["rule"].as_str().unwrap(),
            place["path"].as_str().unwrap(),
            place["view"].as_str().unwrap(),
            place["offset"],
            place["length"],
        );
    }
    for (key, name) in [("defects", "defect"), ("incomplete", "limit")] {
        let names = list(verdict, key, name);
        if !names.is_empty() {
            let _ = writeln!(out, "    {key}: {names}");
        }
    }
    out
}

#[test]
fn verdicts_are_as_reviewed() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let output = Command::new(env!("CARGO_BIN_EXE_tamis"))
        .args(["scan", "--json", "--stable", "corpus"])
        .current_dir(&repository)
        .env_remove("TAMIS_CONFIG")
        .env("XDG_STATE_HOME", repository.join("target/no-state"))
        .output()
        .unwrap();
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    let lines = String::from_utf8(output.stdout).unwrap();
    let found: String = lines.lines().map(|line| readable(&serde_json::from_str(line).unwrap())).collect();
    assert!(lines.lines().count() >= 3, "only {} verdicts", lines.lines().count());

    let file = repository.join("corpus/verdicts.txt");
    if std::env::var_os("TAMIS_BLESS").is_some() {
        std::fs::write(&file, &found).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    for (number, (expected, found)) in expected.lines().zip(found.lines()).enumerate() {
        assert_eq!(
            found,
            expected,
            "corpus/verdicts.txt:{}: if the new verdict is right, write it with TAMIS_BLESS=1 and review the difference",
            number + 1
        );
    }
    assert_eq!(found.lines().count(), expected.lines().count(), "verdicts were added or are missing");
}

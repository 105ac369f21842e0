//! The table of classes in docs/defects.md, held against the messages that it names: each class is noted, and as it says.
#![cfg(feature = "yara")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use tamis_common::config::Config;
use tamis_engine::{DefectKind, Mail};

#[test]
fn each_class_is_noted_as_the_table_says() {
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let text = fs::read_to_string(repository.join("docs/defects.md")).unwrap();
    let (_, table) = text.split_once("## Classes").expect("docs/defects.md has the section Classes");
    let engine = Config::default().builder().without_yara().build().unwrap();
    let mut worker = engine.worker();
    let folder = repository.join("corpus/malformed/classes");
    let mut named = BTreeSet::new();
    for row in table.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| class")) {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let [_, what, noted, example] = cells.as_slice() else { panic!("{row}: four columns") };
        let path = folder.join(format!("{example}.eml"));
        let raw = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let verdict = worker.scan(&Mail::new(&raw));
        let mut found: BTreeSet<String> = verdict.defects.iter().map(|it| format!("`{}`", it.kind.name())).collect();
        if verdict.readings > 1 {
            found.insert("readings".into());
        }
        let said: BTreeSet<String> = noted.split(", ").filter(|it| *it != "-").map(str::to_owned).collect();
        assert_eq!(said, found, "{example}: {what}");
        assert!(named.insert((*example).to_owned()), "{example} stands twice");
        let known = |name: &String| DefectKind::ALL.iter().any(|kind| format!("`{}`", kind.name()) == **name);
        assert!(said.iter().all(|name| name == "readings" || known(name)), "{row}");
    }
    let lying: BTreeSet<String> = fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|it| it == "eml"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert_eq!(named, lying, "messages of the folder, and of the table");
    assert!(named.len() >= 70, "{} classes", named.len());
}

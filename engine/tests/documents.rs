//! What `docs/` says of the engine, held against the engine.

use tamis_engine::{DefectKind, EngineBuilder, Limit, Limits, ListEffect, ListKind, ListSource};

const DEFECTS: &str = include_str!("../../docs/defects.md");
const LIMITS: &str = include_str!("../../docs/limits.md");
const LISTS: &str = include_str!("../../docs/lists.md");

/// Whether `document` has a row of a table that begins with `name`, and has `cell` next to it.
fn has_row(document: &str, name: &str, cell: &str) -> bool {
    let beginning = format!("| `{name}` | {cell}");
    document.lines().any(|line| line.starts_with(&beginning))
}

/// A number as a person writes it.
fn readable(number: u64) -> String {
    match number {
        n if n % 1000 != 0 && n % (1 << 20) == 0 => format!("{} MiB", n >> 20),
        n if n % 1000 != 0 && n % (1 << 10) == 0 => format!("{} KiB", n >> 10),
        n => {
            let digits = n.to_string();
            let groups: Vec<&[u8]> = digits.as_bytes().rchunks(3).rev().collect();
            groups.iter().map(|group| String::from_utf8_lossy(group)).collect::<Vec<_>>().join(",")
        }
    }
}

#[test]
fn every_limit_is_explained_with_its_default() {
    // The fields of a struct are known to its debug output alone: `Limits { name: 1, ... }`.
    let shown = format!("{:?}", Limits::default());
    let fields: Vec<(&str, u64)> = shown
        .trim_start_matches("Limits {")
        .trim_end_matches('}')
        .split(',')
        .map(|field| field.trim().split_once(": ").unwrap())
        .map(|(name, value)| (name, value.parse().unwrap()))
        .collect();
    assert!(fields.len() >= 11, "{shown}");
    for (name, default) in fields {
        let cell = format!("{} |", readable(default));
        assert!(has_row(LIMITS, name, &cell), "docs/limits.md: no row for `{name}` with its default, {cell}");
    }
}

#[test]
fn every_gap_is_explained() {
    for limit in Limit::ALL {
        assert!(has_row(LIMITS, limit.name(), ""), "docs/limits.md: no row for the gap `{}`", limit.name());
    }
}

#[test]
fn every_defect_is_explained() {
    for kind in DefectKind::ALL {
        assert!(has_row(DEFECTS, kind.name(), ""), "docs/defects.md: no row for the defect `{}`", kind.name());
    }
    let names = DefectKind::ALL.iter().map(|kind| kind.name());
    assert!(names.clone().is_sorted(), "DefectKind is not in alphabetical order");
    // And none that is no more.
    let rows = DEFECTS.lines().filter_map(|line| line.strip_prefix("| `")).filter_map(|row| row.split('`').next());
    for row in rows {
        assert!(names.clone().any(|name| name == row), "docs/defects.md: `{row}` is no defect");
    }
}

#[test]
fn examples_of_lists_are_lists() {
    let kinds = [
        ("domains", ListKind::Domains, "www.example.com"),
        ("addresses", ListKind::Addresses, "someone.else@example.com"),
        ("networks", ListKind::Networks, "192.0.2.78"),
        ("urls", ListKind::Urls, "http://example.com/bad?x"),
        ("hashes", ListKind::Hashes, "275a021bbfb6489e54d471899f7db9d1663fc695ec2fe2a2c4538aabf651fd0f"),
    ];
    for (name, kind, subject) in kinds {
        let (_, rest) = LISTS.split_once(&format!("```{name}\n")).unwrap_or_else(|| panic!("no example of {name}"));
        let (text, _) = rest.split_once("```").unwrap();
        let source = ListSource {
            name: name.into(),
            kind,
            effect: ListEffect::Block,
            source: format!("docs/lists.md ({name})"),
            text: text.into(),
        };
        let engine = EngineBuilder::new().list(source).build().unwrap_or_else(|wrong| panic!("{wrong}"));
        assert_eq!(engine.lists_lookup(subject).len(), 1, "{subject}");
    }
}

//! The messages of our own under `corpus/`, held against what stands beside them: `NAME.eml` and `NAME.toml`. And the stock
//! rules, held against their examples; those of the YARA rules are written by `rules/yara/samples.py`.
// What is expected includes what YARA finds.
#![cfg(feature = "yara")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use tamis_common::config::Config;
use tamis_common::expect::Expected;
use tamis_common::ruletest::{self, Example, Outcome};
use tamis_engine::{DefectKind, Engine};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The engine for the messages of a folder: by its `tamis.toml`, else by the defaults, with own networks and trusted relays
/// that are halves of a network which RFC 5737 sets aside for documentation.
fn engine_for(folder: &Path) -> Engine {
    let text = "[networks]\nown = ['198.51.100.0/25']\ntrusted = ['198.51.100.128/25']";
    let own = folder.join("tamis.toml");
    let config = if own.exists() { Config::file(&own) } else { Config::text("corpus", text, Path::new("")) };
    config.and_then(|config| config.builder().build()).unwrap_or_else(|error| panic!("{error}"))
}

fn messages(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(messages(&path));
        } else if path.extension().is_some_and(|it| it == "eml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn messages_are_as_described() {
    let corpus = repository().join("corpus");
    let mut engines: BTreeMap<PathBuf, Engine> = BTreeMap::new();
    let (mut described, mut wrong) = (0, Vec::new());
    for message in messages(&corpus) {
        let name = message.strip_prefix(&corpus).unwrap().display().to_string();
        let expected = Expected::beside(&message).unwrap_or_else(|error| panic!("{error}"));
        match expected.action {
            Some(_) => described += 1,
            None => wrong.push(format!("{name}: nothing beside it says which action is expected")),
        }
        let folder = message.parent().unwrap();
        let engine = engines.entry(folder.to_owned()).or_insert_with(|| engine_for(folder));
        let raw = fs::read(&message).unwrap();
        wrong.extend(expected.differences(&mut engine.worker(), &raw).iter().map(|it| format!("{name}: {it}")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(described >= 150, "only {described} messages");
}

/// Rules that no message of the corpus shows, and why.
const SAMPLES_ONLY: &[(&str, &str)] = &[(
    "yara-eicar_test_file",
    "every virus scanner knows the file: rules/yara/samples.py writes it where it is wanted",
)];

/// Every stock rule, those of YARA too, and every defect has a message that shows it, and one that nearly does: it is named
/// in what stands beside a message, or has the message as its example. That the messages are as described, and the examples as
/// their rules say, is held by the other tests.
#[test]
fn every_rule_and_every_defect_has_a_message_and_a_near_miss() {
    let (mut shown, mut nearly) = (BTreeSet::new(), BTreeSet::new());
    for message in messages(&repository().join("corpus")) {
        let expected = Expected::beside(&message).unwrap_or_else(|error| panic!("{error}"));
        shown.extend(expected.findings);
        nearly.extend(expected.absent);
        shown.extend(expected.defects.into_iter().flatten().map(|name| format!("defect-{name}")));
    }
    let engine = Config::default().builder().build().unwrap_or_else(|error| panic!("{error}"));
    let is_message = |text: &&String| text.starts_with("../corpus/") && text.ends_with(".eml");
    for rule in engine.rules() {
        shown.extend(rule.hit.iter().find(is_message).map(|_| rule.name.clone()));
        nearly.extend(rule.miss.iter().find(is_message).map(|_| rule.name.clone()));
    }
    let mut names: Vec<String> = DefectKind::ALL.iter().map(|kind| format!("defect-{}", kind.name())).collect();
    names.extend(engine.rules().iter().map(|rule| rule.name.clone()).filter(|name| !name.starts_with('_')));
    names.extend(engine.yara_rules().iter().map(|rule| rule.name.clone()));
    let mut wrong = Vec::new();
    for name in &names {
        let only_as_sample = SAMPLES_ONLY.iter().any(|(rule, _)| rule == name);
        match (shown.contains(name), only_as_sample) {
            (false, false) => wrong.push(format!("{name}: no message of corpus/ shows it (findings or defects)")),
            (true, true) => wrong.push(format!("{name}: a message shows it, and SAMPLES_ONLY says that none does")),
            _ => {}
        }
        if !nearly.contains(name) {
            wrong.push(format!("{name}: no message of corpus/ nearly shows it (absent)"));
        }
    }
    // A name that nothing has is absent from every message.
    wrong.extend(
        nearly.iter().filter(|name| !names.contains(name)).map(|name| format!("absent: no rule is named {name}")),
    );
    wrong
        .extend(SAMPLES_ONLY.iter().filter(|(rule, _)| !names.iter().any(|it| it == rule)).map(|it| format!("{it:?}")));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// What does not do as its rule says.
fn otherwise(examples: &[Example<'_>]) -> String {
    let wrong = examples.iter().filter(|it| it.outcome != Outcome::AsSaid);
    let told = wrong.map(|it| format!("{}:{} {} {:?}: {:?}", it.source, it.line, it.name, it.text, it.outcome));
    told.collect::<Vec<_>>().join("\n")
}

#[test]
fn stock_rules_do_as_they_say() {
    let engine = Config::default().builder().build().unwrap_or_else(|error| panic!("{error}"));
    let rules = repository().join("rules");
    let examples = ruletest::run(&engine, Some(&rules), |_| true);
    assert_eq!(otherwise(&examples), "");
    assert!(engine.rules().len() >= 40, "{} rules", engine.rules().len());
    for rule in engine.rules() {
        assert!(!rule.hit.is_empty() && !rule.miss.is_empty(), "{} has no hit or no miss", rule.name);
    }
}

#[test]
fn stock_yara_rules_do_as_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let samples = folder.path().join("yara/samples");
    let made = std::process::Command::new("python3")
        .arg(repository().join("rules/yara/samples.py"))
        .arg(&samples)
        .output()
        .expect("python3 is needed to write the samples");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let engine = Config::default().builder().build().unwrap_or_else(|error| panic!("{error}"));
    let examples = ruletest::run_yara(&engine, Some(folder.path()), |_| true);
    assert_eq!(otherwise(&examples), "");
    assert!(engine.yara_rules().len() >= 14, "{} rules", engine.yara_rules().len());
    let mut used: Vec<&str> = Vec::new();
    for rule in engine.yara_rules() {
        assert!(!rule.hit.is_empty() && !rule.miss.is_empty(), "{} has no hit or no miss", rule.name);
        assert!(
            rule.weight.is_some() && !rule.description.is_empty(),
            "{} says no weight, or not what it is",
            rule.name
        );
        assert!(!rule.author.is_empty() && !rule.licence.is_empty(), "{} says not whose it is", rule.name);
        used.extend(rule.hit.iter().chain(&rule.miss).map(String::as_str));
    }
    for sample in fs::read_dir(&samples).unwrap() {
        let name = format!("samples/{}", sample.unwrap().file_name().to_string_lossy());
        assert!(used.contains(&name.as_str()), "{name} is an example of no rule");
    }
}

//! The messages of our own under `corpus/`, held against what stands beside them: `NAME.eml` and `NAME.toml`.
//!
//! Looked at here is what needs no rules: facts, defects, gaps. A file that says something unknown fails, so that no
//! expectation is silently left out.

use std::fs;
use std::path::{Path, PathBuf};

use tamis_engine::{Direction, Engine, EngineBuilder, Envelope, FactValue, Mail, Network, Networks};
use toml::{Table, Value};

/// Own networks and trusted relays of all messages: halves of a network that RFC 5737 sets aside for documentation.
fn engine() -> Engine {
    let network = |text| vec![Network::parse(text).unwrap()];
    let mut networks = Networks::default();
    (networks.own, networks.trusted) = (network("198.51.100.0/25"), network("198.51.100.128/25"));
    EngineBuilder::new().networks(networks).build().unwrap()
}

fn descriptions(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(descriptions(&path));
        } else if path.extension().is_some_and(|it| it == "toml") {
            found.push(path);
        }
    }
    found.sort();
    found
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().unwrap().iter().map(|it| it.as_str().unwrap().to_owned()).collect()
}

fn envelope(table: &Table, mail: &mut Mail<'_>) {
    let mut envelope = Envelope::default();
    for (key, value) in table {
        let text = || Some(value.as_str().unwrap().to_owned());
        match key.as_str() {
            "from" => envelope.mail_from = text(),
            "to" => envelope.rcpt_to = texts(value),
            "client_ip" => envelope.client_ip = Some(value.as_str().unwrap().parse().unwrap()),
            "client_name" => envelope.client_name = text(),
            "helo" => envelope.helo = text(),
            "auth_user" => envelope.auth_user = text(),
            "direction" if value.as_str() == Some("inbound") => mail.direction = Direction::Inbound,
            "direction" if value.as_str() == Some("outbound") => mail.direction = Direction::Outbound,
            _ => panic!("[envelope] {key} = {value}"),
        }
    }
    mail.envelope = envelope;
}

/// The value at a path; through a list, the list of values.
fn at(value: &FactValue, path: &str) -> Value {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    match value {
        FactValue::List(list) => Value::Array(list.iter().map(|it| at(it, path)).collect()),
        FactValue::Record(fields) => {
            let field = fields.iter().find(|(field, _)| field == name);
            at(&field.unwrap_or_else(|| panic!("no fact is named {name}")).1, rest)
        }
        _ if !path.is_empty() => panic!("nothing below is named {path}"),
        FactValue::Bool(it) => (*it).into(),
        FactValue::Int(it) | FactValue::Timestamp(it) => (*it).into(),
        FactValue::Text(it) => it.as_str().into(),
        _ => "absent".into(),
    }
}

#[test]
fn facts_defects_and_gaps_are_as_described() {
    let engine = engine();
    let mut worker = engine.worker();
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    let (mut messages, mut wrong) = (0, Vec::new());
    for description in descriptions(&corpus) {
        let table: Table = fs::read_to_string(&description).unwrap().parse().unwrap();
        let name = description.strip_prefix(&corpus).unwrap().display().to_string();
        let raw = fs::read(description.with_extension("eml")).unwrap_or_else(|_| panic!("{name} has no message"));
        let mut mail = Mail::new(&raw);
        if let Some(table) = table.get("envelope") {
            envelope(table.as_table().unwrap(), &mut mail);
        }
        let facts = FactValue::Record(worker.facts(&mail));
        let (defects, incomplete) = worker.items(&mail, |_| ());
        messages += 1;
        assert!(table.contains_key("about"), "{name} does not say what it is about");
        for (key, value) in &table {
            let mut names: Vec<&str> = match key.as_str() {
                "defects" => defects.iter().map(|it| it.kind.name()).collect(),
                "incomplete" => incomplete.iter().map(|it| it.limit.name()).collect(),
                "facts" => {
                    for (path, expected) in value.as_table().unwrap() {
                        let found = at(&facts, path);
                        if found != *expected {
                            wrong.push(format!("{name}: {path} = {expected}, found {found}"));
                        }
                    }
                    continue;
                }
                "about" | "envelope" | "action" | "findings" | "absent" => continue,
                _ => panic!("{name}: {key} is no key of a description"),
            };
            names.sort_unstable();
            names.dedup();
            let mut expected = texts(value);
            expected.sort_unstable();
            if names != expected {
                wrong.push(format!("{name}: {key} = {expected:?}, found {names:?}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(messages >= 10, "only {messages} messages");
}

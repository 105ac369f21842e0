//! What is expected of a message: `NAME.toml` beside `NAME.eml`. Takes both, gives what is otherwise; a description that says
//! something unknown is a mistake, so that no expectation is silently left out. CONTRIBUTING.md shows the form.

use std::path::Path;

use tamis_engine::{Answers, Direction, Envelope, FactValue, Mail, Worker, nearest};
use toml::{Table, Value};

/// What stands beside a message.
#[derive(Clone, Debug, Default)]
pub struct Expected {
    /// The action; any, where there is none.
    pub action: Option<String>,
    /// Rules that must be found; one without a score counts, too. `defect-NAME` and `incomplete-NAME` are found where the
    /// message has them, whether or not a rule wants to know.
    pub findings: Vec<String>,
    /// Rules that must not be found.
    pub absent: Vec<String>,
    /// The exact set of defects.
    pub defects: Option<Vec<String>>,
    /// The exact set of gaps.
    pub incomplete: Option<Vec<String>>,
    /// Facts by name; through a list, the list of values.
    pub facts: Vec<(String, Value)>,
    /// The SMTP envelope.
    pub envelope: Envelope,
    /// Which way the message goes.
    pub direction: Direction,
}

const KEYS: &[&str] = &["about", "action", "findings", "absent", "defects", "incomplete", "facts", "envelope"];
const ENVELOPE: &[&str] = &["from", "to", "client_ip", "client_name", "helo", "auth_user", "direction"];

impl Expected {
    /// Reads the description beside a message; nothing is expected where there is none.
    pub fn beside(message: &Path) -> Result<Expected, String> {
        let path = message.with_extension("toml");
        if path == message || !path.exists() {
            return Ok(Expected::default());
        }
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        Expected::read(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// Reads a description.
    pub fn read(text: &str) -> Result<Expected, String> {
        let table: Table = text.parse().map_err(|error: toml::de::Error| error.to_string())?;
        let mut expected = Expected::default();
        if !table.contains_key("about") {
            return Err("it does not say what it is about: about = \"...\"".into());
        }
        for (key, value) in &table {
            match key.as_str() {
                "about" => drop(string(key, value)?),
                "action" => expected.action = Some(string(key, value)?),
                "findings" => expected.findings = texts(key, value)?,
                "absent" => expected.absent = texts(key, value)?,
                "defects" => expected.defects = Some(texts(key, value)?),
                "incomplete" => expected.incomplete = Some(texts(key, value)?),
                "facts" => expected.facts = inner(key, value)?.clone().into_iter().collect(),
                "envelope" => expected.envelope(inner(key, value)?)?,
                _ => return Err(format!("{key} is no key of a description; {}", near(key, KEYS))),
            }
        }
        Ok(expected)
    }

    fn envelope(&mut self, table: &Table) -> Result<(), String> {
        for (key, value) in table {
            let envelope = &mut self.envelope;
            match key.as_str() {
                "from" => envelope.mail_from = Some(string(key, value)?),
                "to" => envelope.rcpt_to = texts(key, value)?,
                "client_ip" => {
                    let text = string(key, value)?;
                    envelope.client_ip = Some(text.parse().map_err(|_| format!("{text:?} is no IP address"))?);
                }
                "client_name" => envelope.client_name = Some(string(key, value)?),
                "helo" => envelope.helo = Some(string(key, value)?),
                "auth_user" => envelope.auth_user = Some(string(key, value)?),
                "direction" => {
                    self.direction = match string(key, value)?.as_str() {
                        "inbound" => Direction::Inbound,
                        "outbound" => Direction::Outbound,
                        other => return Err(format!("direction is {other:?}; write inbound or outbound")),
                    }
                }
                _ => return Err(format!("{key} is no key of [envelope]; {}", near(key, ENVELOPE))),
            }
        }
        Ok(())
    }

    /// The message with its envelope.
    pub fn mail<'r>(&self, raw: &'r [u8]) -> Mail<'r> {
        let mut mail = Mail::new(raw);
        mail.envelope = self.envelope.clone();
        mail.direction = self.direction;
        mail
    }

    /// Everything that is otherwise than expected, one sentence each.
    pub fn differences(&self, worker: &mut Worker<'_>, raw: &[u8]) -> Vec<String> {
        let mut wrong = Vec::new();
        let mail = self.mail(raw);
        worker.find_all(true);
        let examined = worker.examine(&mail);
        let mut found: Vec<String> = examined.findings().iter().map(|it| it.rule.to_string()).collect();
        let verdict = worker.judge(examined, &Answers::new());
        // Everything that there is to see, whether or not a rule wants it.
        let tamis_engine::Seen { defects, incomplete, .. } = worker.items(&mail, |_| ());
        found.extend(defects.iter().map(|it| format!("defect-{}", it.kind.name())));
        found.extend(incomplete.iter().map(|it| format!("incomplete-{}", it.limit.name())));
        if let Some(action) = self.action.as_ref().filter(|it| *it != verdict.action.name()) {
            let why: Vec<String> = verdict.reasons.iter().map(|it| format!("{} {:+.1}", it.rule, it.score)).collect();
            wrong.push(format!("action {action:?}, found {:?} ({})", verdict.action.name(), why.join(", ")));
        }
        for rule in self.findings.iter().filter(|it| !found.contains(it)) {
            wrong.push(format!("{rule} is not found"));
        }
        for rule in self.absent.iter().filter(|it| found.contains(it)) {
            wrong.push(format!("{rule} is found"));
        }
        let defects = defects.iter().map(|it| it.kind.name()).collect();
        let incomplete = incomplete.iter().map(|it| it.limit.name()).collect();
        wrong.extend(set("defects", self.defects.as_ref(), defects));
        wrong.extend(set("incomplete", self.incomplete.as_ref(), incomplete));
        if !self.facts.is_empty() {
            let facts = FactValue::Record(worker.facts(&mail));
            for (path, expected) in &self.facts {
                match at(&facts, path) {
                    Ok(value) if value == *expected => {}
                    Ok(value) => wrong.push(format!("{path} = {expected}, found {value}")),
                    Err(error) => wrong.push(error),
                }
            }
        }
        wrong
    }
}

fn near(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().copied()) {
        near if near.is_empty() => format!("known are {}", known.join(", ")),
        near => near,
    }
}

fn string(key: &str, value: &Value) -> Result<String, String> {
    value
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("{key} is of type {}, and must be a text", value.type_str()))
}

fn texts(key: &str, value: &Value) -> Result<Vec<String>, String> {
    let list = value.as_array().ok_or_else(|| format!("{key} is of type {}, and must be a list", value.type_str()))?;
    list.iter().map(|it| string(key, it)).collect()
}

fn inner<'v>(key: &str, value: &'v Value) -> Result<&'v Table, String> {
    value.as_table().ok_or_else(|| format!("{key} is no section; write [{key}]"))
}

fn set<'n>(what: &str, expected: Option<&'n Vec<String>>, mut found: Vec<&'n str>) -> Option<String> {
    let mut expected: Vec<&str> = expected?.iter().map(String::as_str).collect();
    for names in [&mut expected, &mut found] {
        names.sort_unstable();
        names.dedup();
    }
    (expected != found).then(|| format!("{what} = {expected:?}, found {found:?}"))
}

/// The value at a path; through a list, the list of values.
fn at(value: &FactValue, path: &str) -> Result<Value, String> {
    let (name, rest) = path.split_once('.').unwrap_or((path, ""));
    Ok(match value {
        FactValue::List(list) => Value::Array(list.iter().map(|it| at(it, path)).collect::<Result<_, _>>()?),
        FactValue::Record(fields) => {
            let field = fields.iter().find(|(field, _)| field == name);
            at(&field.ok_or_else(|| format!("no fact is named {name}"))?.1, rest)?
        }
        _ if !path.is_empty() => return Err(format!("nothing below is named {path}")),
        FactValue::Bool(it) => (*it).into(),
        FactValue::Int(it) | FactValue::Timestamp(it) => (*it).into(),
        FactValue::Text(it) => it.as_str().into(),
        _ => "absent".into(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamis_engine::EngineBuilder;

    #[test]
    fn what_is_otherwise_is_told_and_nothing_else() {
        let engine = EngineBuilder::new().build().unwrap();
        let differences = |text: &str| {
            let expected = Expected::read(text).unwrap();
            expected.differences(&mut engine.worker(), b"From: a@b.example\nSubject: x\0y\n\nz\n")
        };
        let right = "about = 'x'\naction = 'accept'\nabsent = ['no-from']\ndefects = ['header-nul', 'nul-byte']\n\
                     incomplete = []\n[facts]\n'from.address' = 'a@b.example'";
        let ours = differences(right);
        assert!(ours.iter().all(|it| it.starts_with("defects")), "{ours:?}");
        for (text, told) in [
            ("action = 'reject'", "action \"reject\", found \"accept\" ()"),
            ("findings = ['no-from']", "no-from is not found"),
            ("findings = ['defect-bare-cr']", "defect-bare-cr is not found"),
            ("absent = ['defect-header-nul']", "defect-header-nul is found"),
            ("defects = []", "defects = [], found [\"header-nul\""),
            ("incomplete = ['depth']", "incomplete = [\"depth\"], found []"),
            ("[facts]\n'from.address' = 'c@b.example'", "from.address = \"c@b.example\", found \"a@b.example\""),
            ("[facts]\nfrm = 'c'", "no fact is named frm"),
        ] {
            let found = differences(&format!("about = 'x'\n{text}"));
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(found[0].starts_with(told), "{found:?}");
        }
    }

    #[test]
    fn a_description_that_says_something_unknown_is_a_mistake() {
        for (text, told) in [
            ("", "it does not say what it is about"),
            ("about = 'x'\nfindngs = []", "findngs is no key of a description; did you mean \"findings\"?"),
            ("about = 'x'\naction = 3", "action is of type integer, and must be a text"),
            ("about = 'x'\n[envelope]\nhello = 'x'", "hello is no key of [envelope]; did you mean \"helo\"?"),
            ("about = 'x'\n[envelope]\nclient_ip = 'x'", "\"x\" is no IP address"),
        ] {
            let error = Expected::read(text).unwrap_err();
            assert!(error.starts_with(told), "{text}: {error}");
        }
    }
}

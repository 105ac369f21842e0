//! Facts for people: the values of a message by the vocabulary, and the vocabulary itself as a document.

use super::Facts;
use super::names::{Element, Record, RecordType, Type, Value};
use crate::unpack::Kind;

/// A fact's value, owned.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum FactValue {
    /// The message does not have it.
    Absent,
    /// True or false.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Text, as it came from the message: escape it before it is printed.
    Text(String),
    /// Seconds since 1970-01-01 UTC.
    Timestamp(i64),
    /// Names and values, in the vocabulary's order.
    Record(Vec<(String, FactValue)>),
    /// Values in the message's order.
    List(Vec<FactValue>),
}

/// All facts of a message, by the vocabulary.
pub(crate) fn all(facts: &Facts<'_>) -> Vec<(String, FactValue)> {
    record(Record::Message(facts))
}

fn record(it: Record<'_>) -> Vec<(String, FactValue)> {
    let names = match it {
        Record::Message(_) => RecordType::Message,
        Record::Envelope(_) => RecordType::Envelope,
        Record::Received(_) => RecordType::Received,
        Record::Date(_) => RecordType::Date,
        Record::Person(_) => RecordType::Person,
        Record::Auth(_) => RecordType::Auth,
        Record::Hop(_) => RecordType::Hop,
        Record::Client(_) => RecordType::Client,
        Record::Header(_) => RecordType::Header,
        Record::Body(_) => RecordType::Body,
        Record::Html(_) => RecordType::Html,
        Record::Link(_) => RecordType::Link,
        Record::File(_) => RecordType::File,
        Record::Part(_) => RecordType::Part,
    };
    names.names().iter().map(|name| (name.name.to_owned(), value((name.get)(it)))).collect()
}

fn value(it: Value<'_>) -> FactValue {
    match it {
        Value::Absent => FactValue::Absent,
        Value::Bool(it) => FactValue::Bool(it),
        Value::Int(it) => FactValue::Int(it),
        Value::Text(it) => FactValue::Text(it.to_owned()),
        Value::Timestamp(it) => FactValue::Timestamp(it),
        Value::Map(headers) => FactValue::Record(
            headers.iter().map(|it| (it.name.to_string(), FactValue::Text(it.value.clone()))).collect(),
        ),
        Value::Record(it) => FactValue::Record(record(it)),
        Value::List(list) => FactValue::List((0..list.len()).filter_map(|index| list.get(index)).map(value).collect()),
    }
}

/// `docs/facts.md`: the vocabulary as a document.
pub fn facts_document() -> String {
    let mut out = String::from(HEAD);
    for record in RecordType::ALL {
        out.push_str(&format!("\n## {}\n\n{}\n\n", record.title(), record.what()));
        out.push_str("| name | type | meaning |\n|---|---|---|\n");
        for name in record.names() {
            let meaning = name.what.replace('|', "\\|");
            out.push_str(&format!("| `{}` | {} | {meaning} |\n", name.name, type_name(name.kind)));
        }
    }
    out.push_str("\n## Kinds of files\n\nWhat `kind` of a file can be, by its content:\n\n");
    let kinds: Vec<String> = Kind::ALL.iter().map(|kind| format!("`{}`", kind.name())).collect();
    out.push_str(&kinds.join(", "));
    out.push_str(".\n");
    out
}

const HEAD: &str = "\
# Facts

What rules can say of a message in `when`, and what `tamis facts FILE` prints. Generated from the engine's vocabulary
(`engine/src/facts/names.rs`); a test holds it current.

- Names of *Message* stand by themselves: `size > 100000`. The others stand behind a record or inside of a list:
  `from.domain`, `links.exists(l, l.is_ip)`.
- A text that the message does not have is empty. A timestamp, or a number that would mean something else at 0, is absent:
  `has()` is false, and a condition that reads it is false as a whole.
- `in = \"NAME\"` of a rule takes every fact that is text, or a list of texts.
- Only what the loaded rules, lists and models read is made: a fact that no rule names costs nothing.
";

fn type_name(kind: Type) -> String {
    match kind {
        Type::Bool => "bool".into(),
        Type::Int => "int".into(),
        Type::Text => "text".into(),
        Type::Timestamp => "timestamp".into(),
        Type::Map => "map of texts".into(),
        Type::Record(record) => link(record),
        Type::List(Element::Text) => "list of texts".into(),
        Type::List(Element::Record(record)) => format!("list of {}", link(record)),
    }
}

fn link(record: RecordType) -> String {
    format!("[{}](#{})", record.title(), record.title().to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::facts_document;

    #[test]
    fn facts_document_is_current() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/facts.md");
        let document = facts_document();
        if std::env::var_os("TAMIS_BLESS").is_some() {
            std::fs::write(path, &document).unwrap();
        }
        let current = std::fs::read_to_string(path).unwrap_or_default();
        assert!(
            current == document,
            "docs/facts.md is not current; run: TAMIS_BLESS=1 cargo test -p tamis-engine facts_document"
        );
    }

    #[test]
    fn the_document_has_every_name() {
        let document = facts_document();
        for record in super::RecordType::ALL {
            assert!(record.names().iter().all(|name| document.contains(&format!("| `{}` |", name.name))));
        }
    }
}

//! Facts for people: the values of a message by the vocabulary, and the vocabulary itself as a document.

use super::Facts;
use super::names::{Record, RecordType, Value};

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
    String::new()
}

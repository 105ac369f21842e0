//! The texts that a rule's `in` names, and the places in them.

use super::{condition, places};
use crate::facts::Facts;
use crate::facts::names::{List, Name, Record, RecordType, Type, Value};
use crate::place::Place;
use crate::wanted::Wanted;

/// The texts that rules know by short names.
const NAMED: &[&str] = &["body", "subject", "header:", "link", "file-name", "raw"];

/// What a rule looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Source {
    Body,
    Subject,
    /// All header fields of a name in lower case.
    Header(String),
    Link,
    FileName,
    Raw,
    /// A fact that is text, or a list of texts, by its path.
    Fact(String),
}

impl Source {
    /// What `in` names; an error gives the remedy.
    pub(super) fn parse(text: &str) -> Result<Source, String> {
        Ok(match text {
            "body" => Source::Body,
            "subject" => Source::Subject,
            "link" => Source::Link,
            "file-name" => Source::FileName,
            "raw" => Source::Raw,
            _ => {
                if let Some(name) = text.strip_prefix("header:") {
                    let fits = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
                    return match fits {
                        true => Ok(Source::Header(name.to_ascii_lowercase())),
                        false => Err("write header:NAME, for instance header:x-mailer".into()),
                    };
                }
                if condition::text_path(text).is_some() {
                    return Ok(Source::Fact(text.to_owned()));
                }
                let facts = RecordType::Message.names().iter().filter(|name| name.kind == Type::Text);
                let near = crate::error::nearest(text, NAMED.iter().copied().chain(facts.map(|name| name.name)));
                return Err(match near.is_empty() {
                    true => format!("{} or a fact that is text (docs/facts.md)", NAMED.join(", ")),
                    false => near,
                });
            }
        })
    }

    /// The facts that it is made of.
    pub(super) fn wanted(&self) -> Wanted {
        match self {
            Source::Body => Wanted::VISIBLE,
            Source::Subject | Source::Header(_) => Wanted::HEADERS,
            Source::Link => Wanted::LINKS,
            Source::FileName => Wanted::FILES,
            Source::Raw => Wanted::NOTHING,
            Source::Fact(path) => {
                let names = condition::text_path(path).unwrap_or_default();
                names.iter().fold(Wanted::NOTHING, |all, name| all | name.wants)
            }
        }
    }

    /// Hands each text to `each`, with the number of its owner (a link, a file, a header field).
    pub(super) fn each<'f>(&self, facts: &'f Facts<'f>, mut each: impl FnMut(u32, &'f [u8])) {
        match self {
            Source::Body => each(0, facts.body.visible.text.as_bytes()),
            Source::Subject => each(0, facts.subject.as_bytes()),
            Source::Raw => each(0, facts.raw),
            Source::Header(name) => {
                for (number, header) in (0u32..).zip(&facts.headers) {
                    if *header.name == **name {
                        each(number, header.value.as_bytes());
                    }
                }
            }
            Source::Link => {
                for (number, link) in (0u32..).zip(&facts.links) {
                    each(number, link.url.as_bytes());
                }
            }
            Source::FileName => {
                for (number, file) in (0u32..).zip(&facts.files) {
                    file.names.iter().for_each(|name| each(number, name.as_bytes()));
                }
            }
            Source::Fact(path) => {
                let names = condition::text_path(path).unwrap_or_default();
                walk(Value::Record(Record::Message(facts)), &names, 0, &mut each);
            }
        }
    }

    /// The place of a match.
    pub(super) fn place(&self, facts: &Facts<'_>, owner: u32, start: usize, end: usize) -> Place {
        let (from, length) = (start as u64, end.saturating_sub(start) as u64);
        let header = |name: &str| {
            let place = Place::header(name);
            let view = place.view.clone();
            place.at(view, from, length)
        };
        let link = || facts.links.get(owner as usize).map(|link| link.place());
        let file = || facts.files.get(owner as usize).map(|file| file.place());
        match self {
            Source::Body => facts.body.visible.place(start, end),
            Source::Subject => header("subject"),
            Source::Header(name) => header(name),
            Source::Raw => Place::raw(from, length),
            Source::Link => link().unwrap_or_else(Place::message),
            Source::FileName => file().unwrap_or_else(Place::message),
            Source::Fact(path) => {
                let names: Vec<&str> = path.split('.').collect();
                // A list of texts has no numbers of its own: its owner is what the list belongs to.
                let owner = Some(owner as usize).filter(|_| names.len() > 1);
                let place = places::of_fact(facts, &names, owner, Some((start, end)));
                place.unwrap_or_else(Place::message)
            }
        }
    }

    /// Whether its texts are what the sender wrote, byte for byte: there white space is not for the eye, and patterns
    /// see it as it is.
    pub(super) fn is_source(&self) -> bool {
        match self {
            Source::Raw => true,
            Source::Fact(path) => matches!(path.as_str(), "body.source" | "headers.raw"),
            _ => false,
        }
    }
}

/// Follows a path through records and lists. As deep as the path is long, which the vocabulary bounds.
fn walk<'f>(value: Value<'f>, path: &[&'static Name], owner: u32, each: &mut dyn FnMut(u32, &'f [u8])) {
    match (value, path.split_first()) {
        (Value::Text(text), None) => each(owner, text.as_bytes()),
        (Value::List(List::Texts(texts)), None) => texts.iter().for_each(|text| each(owner, text.as_bytes())),
        (Value::Record(record), Some((name, rest))) => walk((name.get)(record), rest, owner, each),
        (Value::List(list), Some(_)) => {
            for index in 0..list.len() {
                if let Some(value) = list.get(index) {
                    walk(value, path, u32::try_from(index).unwrap_or(u32::MAX), each);
                }
            }
        }
        _ => {}
    }
}

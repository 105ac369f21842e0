//! What a true condition hangs on: the link that `exists` found, the text that `matches` looked into. While a condition is
//! evaluated only a reference is kept; it becomes a place and words once the condition turns out to be true.
//!
//! It is a help for whoever reads the verdict, and may be less than the whole reason: of `a && b` one term is shown, the
//! first that has a place, and an element of a list before a fact of the message.

use super::evaluate::follow;
use super::program::{Node, Path};
use crate::detect::rules::places;
use crate::facts::names::{Record, Value};
use crate::facts::{Facts, Person};
use crate::place::Place;
use crate::text::show::evidence;

/// What the truth of an expression hangs on.
#[derive(Clone, Copy, Debug)]
pub(super) enum Witness<'v> {
    /// An element of a list.
    Element(Record<'v>),
    /// A text of a list of texts: the list, and which.
    Listed(&'v Node, usize),
    /// A hit of another rule, by its index.
    Hit(usize),
    /// A comparison, a search, a fact.
    Term(&'v Node),
}

/// A witness in words.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Seen {
    /// At a place, with a piece of what stands there.
    At(Place, String),
    /// Where another rule saw it; index into the condition's `hits`.
    Hit(usize),
}

impl<'v> Witness<'v> {
    /// Of two that both have to hold, the one that says more.
    pub(super) fn better(first: Option<Witness<'v>>, second: Option<Witness<'v>>) -> Option<Witness<'v>> {
        if rank(second) > rank(first) { second } else { first }
    }

    /// In words; `None` where it has no place of its own.
    pub(super) fn seen(self, facts: &Facts<'_>) -> Option<Seen> {
        let (place, words) = match self {
            Witness::Hit(index) => return Some(Seen::Hit(index)),
            Witness::Element(record) => element(record, facts)?,
            Witness::Listed(list, index) => listed(list, index, facts)?,
            Witness::Term(node) => term(node, facts)?,
        };
        Some(Seen::At(place, evidence(words.as_bytes())))
    }
}

/// How much it says.
pub(super) fn rank(witness: Option<Witness<'_>>) -> u8 {
    match witness {
        None => 0,
        Some(Witness::Term(node)) => u8::from(fact(node).is_some()),
        Some(Witness::Hit(_)) => 2,
        Some(Witness::Element(_) | Witness::Listed(..)) => 3,
    }
}

fn element(record: Record<'_>, facts: &Facts<'_>) -> Option<(Place, String)> {
    Some(match record {
        Record::Link(link) if link.shown.is_empty() || link.shown == link.url => (link.place(), link.url.clone()),
        Record::Link(link) => (link.place(), format!("{} -> {}", link.shown, link.url)),
        Record::File(file) => (file.place(), if file.name.is_empty() { &*file.path } else { &file.name }.to_owned()),
        Record::Header(header) => (Place::header(&header.name), format!("{}: {}", header.written_name, header.value)),
        Record::Hop(hop) => (Place::header("received"), format!("{} {}", hop.name, hop.ip).trim().to_owned()),
        Record::Person(person) => {
            let of = |list: &[Person]| list.iter().any(|it| std::ptr::eq(it, person));
            let field = [("to", &facts.people.to), ("cc", &facts.people.cc)].into_iter().find(|(_, list)| of(list))?.0;
            (Place::header(field), person.address.clone())
        }
        Record::Auth(auth) => (Place::message(), format!("{}={} {}", auth.method, auth.result, auth.domain)),
        _ => return None,
    })
}

fn listed(list: &Node, index: usize, facts: &Facts<'_>) -> Option<(Place, String)> {
    let Node::Fact(path) = list else { return None };
    let Ok(Value::List(list)) = follow(Record::Message(facts), path) else { return None };
    let Some(Value::Text(text)) = list.get(index) else { return None };
    let place = places::of_fact(facts, &path.names(), Some(index), None).unwrap_or_else(Place::message);
    Some((place, text.to_owned()))
}

fn term(node: &Node, facts: &Facts<'_>) -> Option<(Place, String)> {
    if let Node::In(pair) = node
        && let [Node::Text(item), list] = &**pair
        && let Node::Fact(path) = list
        && let Ok(Value::List(texts)) = follow(Record::Message(facts), path)
    {
        let index = (0..texts.len()).find(|at| matches!(texts.get(*at), Some(Value::Text(text)) if *text == **item))?;
        return listed(list, index, facts);
    }
    match fact(node)? {
        Fact::Key(key) => {
            let header = facts.headers.iter().find(|it| *it.name == *key)?;
            Some((Place::header(key), format!("{}: {}", header.written_name, header.value)))
        }
        Fact::Path(path) => {
            let names = path.names();
            let text = match follow(Record::Message(facts), path) {
                Ok(Value::Text(text)) => text,
                _ => "",
            };
            let range = match node {
                Node::Contains(_, needle) => {
                    needle.finder.find(text.as_bytes()).map(|at| (at, at.saturating_add(needle.text.len())))
                }
                Node::Matches(_, regex) => regex.find(text).map(|found| (found.start(), found.end())),
                _ => None,
            };
            let words = match range {
                Some((start, end)) => places::around(text.as_bytes(), start, end),
                None if text.is_empty() => spoken(&names, facts),
                None => text.to_owned(),
            };
            Some((places::of_fact(facts, &names, None, range)?, words))
        }
    }
}

/// A fact whose own value says little, or nothing that can be shown: what stands in the field that it is about.
fn spoken(names: &[&str], facts: &Facts<'_>) -> String {
    let people = &facts.people;
    match names {
        ["from", ..] | ["from_count"] => people.from.address.clone(),
        ["sender", ..] => people.sender.address.clone(),
        ["reply_to", ..] | ["reply_to_agrees"] => people.reply_to.address.clone(),
        ["return_path", ..] | ["return_path_agrees"] | ["envelope", "from", ..] => facts.envelope.from.address.clone(),
        ["date", ..] => {
            facts.headers.iter().find(|it| *it.name == *"date").map(|it| it.value.clone()).unwrap_or_default()
        }
        ["to", ..] | ["recipients_named"] => people.to.first().map(|person| person.address.clone()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// The fact that a term is about.
enum Fact<'v> {
    Path(&'v Path),
    /// A header field, by the key of `header`.
    Key(&'v str),
}

/// The first fact of the message in a term that has a place. As deep as conditions nest; nothing is allocated.
fn fact(node: &Node) -> Option<Fact<'_>> {
    match node {
        Node::Fact(path) => {
            let mut names = path.0.iter().map(|name| name.name);
            places::has_place(names.next()?, names.next()).then_some(Fact::Path(path))
        }
        Node::Key(pair) | Node::HasKey(pair) => match &**pair {
            [_, Node::Text(key)] => Some(Fact::Key(key)),
            _ => None,
        },
        Node::Has(of)
        | Node::Length(of)
        | Node::Contains(of, _)
        | Node::Matches(of, _)
        | Node::InTexts(of, _)
        | Node::InInts(of, _) => fact(of),
        Node::Shared(_, _, of) => fact(of),
        Node::Compare(_, pair) | Node::In(pair) => pair.iter().find_map(fact),
        Node::Call(_, arguments) => arguments.iter().find_map(fact),
        _ => None,
    }
}

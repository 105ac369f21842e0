//! Types of expressions, as the checker knows them.

use std::fmt;

use crate::facts::names::{Element, RecordType, Type};

/// A type.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Ty {
    Bool,
    Int,
    Double,
    Text,
    /// Text seen through `lowerAscii()` or `upperAscii()`: good for comparing and searching, but nowhere in memory as
    /// a whole, so that it cannot be handed to a regular expression.
    Mapped,
    Timestamp,
    Duration,
    /// Texts by text: the header.
    Map,
    Record(RecordType),
    /// What stands in it, and whether the condition makes it, as `[...]`, `filter` and `map` do. Lists that are made
    /// exist only while they are gone through.
    List(Box<Ty>, bool),
    /// The elements of `[]`.
    Nothing,
}

impl Ty {
    pub(super) fn of_fact(fact: Type) -> Ty {
        match fact {
            Type::Bool => Ty::Bool,
            Type::Int => Ty::Int,
            Type::Text => Ty::Text,
            Type::Timestamp => Ty::Timestamp,
            Type::Map => Ty::Map,
            Type::Record(record) => Ty::Record(record),
            Type::List(Element::Text) => Ty::List(Box::new(Ty::Text), false),
            Type::List(Element::Record(record)) => Ty::List(Box::new(Ty::Record(record)), false),
        }
    }

    /// Whether values of the type are facts that a message may lack. Texts, lists and records are always there, and
    /// empty instead.
    pub(super) fn may_be_absent(fact: Type) -> bool {
        matches!(fact, Type::Int | Type::Timestamp)
    }

    pub(super) fn is_text(&self) -> bool {
        matches!(self, Ty::Text | Ty::Mapped)
    }

    pub(super) fn is_number(&self) -> bool {
        matches!(self, Ty::Int | Ty::Double)
    }

    /// Values that are compared as one: no lists, records or maps.
    pub(super) fn is_simple(&self) -> bool {
        !matches!(self, Ty::Map | Ty::Record(_) | Ty::List(..))
    }

    /// The type that holds both: of the branches of `?:`, of the elements of a list.
    pub(super) fn join(self, other: Ty) -> Option<Ty> {
        match (self, other) {
            (Ty::Nothing, it) | (it, Ty::Nothing) => Some(it),
            (Ty::Text | Ty::Mapped, Ty::Mapped) | (Ty::Mapped, Ty::Text) => Some(Ty::Mapped),
            (Ty::List(a, made_a), Ty::List(b, made_b)) => Some(Ty::List(Box::new(a.join(*b)?), made_a || made_b)),
            (a, b) => (a == b).then_some(a),
        }
    }

    /// Whether `==` may stand between the two.
    pub(super) fn comparable(&self, other: &Ty) -> bool {
        match (self, other) {
            (Ty::List(a, _), Ty::List(b, _)) => a.is_simple() && a.comparable(b),
            (Ty::Nothing, it) | (it, Ty::Nothing) => it.is_simple(),
            _ => {
                (self.is_simple() && self == other)
                    || (self.is_text() && other.is_text())
                    || (self.is_number() && other.is_number())
            }
        }
    }

    pub(super) fn is_ordered(&self) -> bool {
        self.is_simple() && *self != Ty::Nothing
    }
}

impl fmt::Display for Ty {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Ty::Bool => f.write_str("bool"),
            Ty::Int => f.write_str("int"),
            Ty::Double => f.write_str("double"),
            Ty::Text | Ty::Mapped => f.write_str("text"),
            Ty::Timestamp => f.write_str("timestamp"),
            Ty::Duration => f.write_str("duration"),
            Ty::Map => f.write_str("map of text"),
            Ty::Record(record) => f.write_str(record.title()),
            Ty::List(of, _) if **of == Ty::Nothing => f.write_str("empty list"),
            Ty::List(of, _) => write!(f, "list of {of}"),
            Ty::Nothing => f.write_str("nothing"),
        }
    }
}

impl Ty {
    /// With its article, for sentences.
    pub(super) fn article(&self) -> String {
        let name = self.to_string();
        match self {
            Ty::Text | Ty::Mapped | Ty::Nothing => name,
            _ if name.starts_with(['a', 'e', 'i', 'o', 'u', 'A', 'E', 'I', 'O', 'U']) => format!("an {name}"),
            _ => format!("a {name}"),
        }
    }
}

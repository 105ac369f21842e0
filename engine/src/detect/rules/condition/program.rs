//! A condition that is resolved and typed: what the checker gives and the evaluator goes over.

use std::fmt;

use memchr::memmem::Finder;
use regex::Regex;

use super::functions::Function;
use super::moment::Moment;
use super::syntax::{Comparison, Operator};
use crate::facts::names::Name;

/// A typed expression. Variables are counted from the innermost outwards.
#[derive(Debug)]
pub(super) enum Node {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Box<str>),
    Timestamp(Moment),
    Duration(Moment),
    /// A path of names from the message down.
    Fact(Path),
    Variable(u32),
    /// A path of names from a variable down.
    Of(u32, Path),
    /// A path of names from any record down.
    Field(Box<Node>, Path),
    Has(Box<Node>),
    /// The value of a key of a map; `[map, key]`.
    Key(Box<[Node; 2]>),
    HasKey(Box<[Node; 2]>),
    /// An element of a list; `[list, index]`.
    Element(Box<[Node; 2]>),
    Not(Box<Node>),
    Negative(Box<Node>),
    /// The terms, and the order in which they are evaluated; empty for theirs. See [`share`](super::share).
    And(Box<[Node]>, Box<[u32]>),
    Or(Box<[Node]>),
    Choose(Box<[[Node; 2]]>, Box<Node>),
    Compare(Comparison, Box<[Node; 2]>),
    Arithmetic(Box<Node>, Box<[(Operator, Node)]>),
    /// `[item, list]`
    In(Box<[Node; 2]>),
    InTexts(Box<Node>, Box<[Box<str>]>),
    InInts(Box<Node>, Box<[i64]>),
    Quantified(Quantifier, Box<[Node; 2]>),
    Length(Box<Node>),
    Call(Function, Box<[Node]>),
    /// `contains` with a constant, which is prepared once.
    Contains(Box<Node>, Box<Needle>),
    Matches(Box<Node>, Box<Regex>),
    Hit(usize),
    /// What several conditions have in common: where its value is kept, and whether the expression itself says where it was seen.
    Shared(u32, bool, Box<Node>),
    Made(Box<Made>),
}

/// `all`, `exists`, `exists_one` over `[list, body]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Quantifier {
    All,
    Exists,
    ExistsOne,
}

/// A list that the condition makes. It is never in memory: it is gone through.
#[derive(Debug)]
pub(super) struct Made {
    pub(super) how: How,
    /// Whether making it can end in an error. CEL makes lists whole before it looks at them, so such a list is gone
    /// through once for its errors.
    pub(super) fallible: bool,
}

#[derive(Debug)]
pub(super) enum How {
    Items(Box<[Node]>),
    Joined(Box<[Node]>),
    Filter {
        list: Node,
        keep: Node,
    },
    Map {
        list: Node,
        keep: Option<Node>,
        to: Node,
    },
    /// The keys of a map, each once.
    Keys(Node),
    Split {
        text: Node,
        by: Node,
    },
}

/// A constant to be searched for.
#[derive(Debug)]
pub(super) struct Needle {
    pub(super) text: Box<str>,
    pub(super) finder: Finder<'static>,
}

/// Names to be followed one after the other.
pub(super) struct Path(pub(super) Vec<&'static Name>);

impl Path {
    pub(super) fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|name| name.name).collect()
    }
}

impl fmt::Debug for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|name| name.name)).finish()
    }
}

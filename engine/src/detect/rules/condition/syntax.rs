//! The shape of a condition before its names have meaning: what the parser gives and the checker takes.

use crate::text::span::Span;

/// How deep expressions may nest. Real conditions reach 10; the limit bounds every recursion over a condition.
pub(super) const MAX_DEPTH: u32 = 60;

/// An expression, and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Expr {
    pub(super) kind: Kind,
    pub(super) span: Span,
    /// Levels of expressions, this one included.
    pub(super) depth: u32,
}

/// Chains of equal rank are flat, so that a long one nests no deeper than a short one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(String),
    Name(String),
    List(Vec<Expr>),
    /// `of.name`
    Select {
        of: Box<Expr>,
        name: Word,
    },
    /// `list[at]`, `map[key]`
    Index(Box<[Expr; 2]>),
    /// `name(...)`, `on.name(...)`
    Call {
        on: Option<Box<Expr>>,
        name: Word,
        arguments: Vec<Expr>,
    },
    Not(Box<Expr>),
    Negative(Box<Expr>),
    And(Vec<Expr>),
    Or(Vec<Expr>),
    /// `a ? b : c ? d : e`: conditions with what they choose, and what is left.
    Choose(Vec<[Expr; 2]>, Box<Expr>),
    Compare(Comparison, Box<[Expr; 2]>),
    In(Box<[Expr; 2]>),
    /// Operands after the first with the operators before them: sums of `+ -`, or products of `* / %`.
    Arithmetic(Box<Expr>, Vec<(Operator, Expr)>),
}

/// A name behind a point or before a bracket, with its own span.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Word {
    pub(super) text: String,
    pub(super) span: Span,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Comparison {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Comparison::Equal => "==",
            Comparison::NotEqual => "!=",
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    Remainder,
}

impl Operator {
    pub(super) fn sign(self) -> &'static str {
        match self {
            Operator::Add => "+",
            Operator::Subtract => "-",
            Operator::Multiply => "*",
            Operator::Divide => "/",
            Operator::Remainder => "%",
        }
    }
}

/// What is wrong with a condition, by its span in the condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) remedy: String,
}

impl Fault {
    pub(super) fn new(span: Span, message: impl Into<String>) -> Fault {
        Fault { span, message: message.into(), remedy: String::new() }
    }

    pub(super) fn remedy(mut self, remedy: impl Into<String>) -> Fault {
        self.remedy = remedy.into();
        self
    }
}

/// A name as messages show it: a hostile or mistaken one may be a megabyte long.
pub(super) fn short(name: &str) -> &str {
    let end = name.char_indices().nth(40).map_or(name.len(), |(at, _)| at);
    name.get(..end).unwrap_or_default()
}

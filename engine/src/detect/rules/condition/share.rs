//! Sub-expressions that several conditions have in common, by structure: each is evaluated once a message, and what it came to
//! is kept for the others. So is one that stands in a loop and does not depend on it.
//!
//! Takes the conditions of all rules, puts [`Node::Shared`] around what they share, and says what each costs, so that cheap
//! ones can go first; the terms of `&&` are put into such an order, too. An expression that asks for the hit of a rule, or for a variable of a loop around it, is not shared.

use std::collections::HashMap;

use super::Condition;
use super::program::{How, Node};

/// What an expression costs from which on keeping its value pays: a fact and a comparison cost less.
const WORTH: u64 = 8;
/// What a search of a text counts for.
const SEARCH: u64 = 40;
/// What a call counts for.
const CALL: u64 = 5;
/// How many elements a list is taken to have.
const ELEMENTS: u64 = 8;

/// What became of a shared expression in the message at hand.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) enum Kept {
    #[default]
    Nothing,
    Bool(bool),
    Int(i64),
    Double(f64),
    Error,
}

/// Finds what the conditions share, and notes what each costs. Gives how many values there are to keep.
pub(crate) fn share<'c>(conditions: impl Iterator<Item = &'c mut Condition>) -> usize {
    let mut conditions: Vec<&mut Condition> = conditions.collect();
    let mut shapes = Shapes::default();
    let mut marks: Vec<Vec<Option<u32>>> = Vec::new();
    for condition in &mut conditions {
        let mut of = Vec::new();
        condition.cost = shapes.count(&mut condition.program, false, &mut of).cost;
        marks.push(of);
    }
    let mut slots = HashMap::new();
    for (condition, marks) in conditions.into_iter().zip(marks) {
        shapes.wrap(&mut condition.program, &mut marks.into_iter(), 1, &mut slots);
    }
    slots.len()
}

/// What is known of an expression.
struct Shape {
    /// Equal for expressions of one structure.
    id: u32,
    /// How many loops around it it depends on, counted from the innermost.
    free: u32,
    cost: u64,
    asks_for_hits: bool,
}

#[derive(Default)]
struct Shapes {
    ids: HashMap<Vec<u8>, u32>,
    /// How often each shape stands in the conditions; one in a loop counts twice.
    counts: HashMap<u32, u32>,
}

impl Shapes {
    /// Counts an expression and all in it. `marks` gets the shape of each that can be shared, and none for the others, in the order
    /// in which they begin.
    fn count(&mut self, node: &mut Node, in_loop: bool, marks: &mut Vec<Option<u32>>) -> Shape {
        let at = marks.len();
        marks.push(None);
        let may_be_shared = gives_a_plain_value(node);
        let mut free = match node {
            Node::Variable(out) | Node::Of(out, _) => out.saturating_add(1),
            _ => 0,
        };
        let mut asks_for_hits = matches!(node, Node::Hit(_));
        let (mut key, own, parts) = parts(node);
        let mut cost = own;
        let mut costs = Vec::new();
        for (part, binds) in parts {
            let shape = self.count(part, in_loop || binds, marks);
            key.extend_from_slice(&shape.id.to_le_bytes());
            free = free.max(shape.free.saturating_sub(u32::from(binds)));
            asks_for_hits |= shape.asks_for_hits;
            cost = cost.saturating_add(shape.cost.saturating_mul(if binds { ELEMENTS } else { 1 }));
            costs.push(shape.cost);
        }
        if let Node::And(_, order) = node
            && !costs.is_sorted()
        {
            let mut cheap: Vec<u32> = (0u32..).take(costs.len()).collect();
            cheap.sort_by_key(|term| costs.get(*term as usize).copied());
            *order = cheap.into();
        }
        let next = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let id = *self.ids.entry(key).or_insert(next);
        if may_be_shared && free == 0 && !asks_for_hits && cost >= WORTH {
            let count = self.counts.entry(id).or_default();
            *count = count.saturating_add(1 + u32::from(in_loop));
            if let Some(mark) = marks.get_mut(at) {
                *mark = Some(id);
            }
        }
        Shape { id, free, cost, asks_for_hits }
    }

    /// Marks what is shared. What stands in a shared expression, and nowhere else, is not marked once more: `around` is how often
    /// that stands in the conditions.
    fn wrap(
        &self,
        node: &mut Node,
        marks: &mut std::vec::IntoIter<Option<u32>>,
        around: u32,
        slots: &mut HashMap<u32, u32>,
    ) {
        let id = marks.next().flatten();
        let count = id.and_then(|id| self.counts.get(&id)).copied().unwrap_or(0);
        let is_shared = count > around;
        let around = if is_shared { count } else { around };
        for (part, _) in parts(node).2 {
            self.wrap(part, marks, around, slots);
        }
        if let Some(id) = id.filter(|_| is_shared) {
            let next = u32::try_from(slots.len()).unwrap_or(u32::MAX);
            let slot = *slots.entry(id).or_insert(next);
            let inner = std::mem::replace(node, Node::Bool(false));
            let says_where = matches!(
                inner,
                Node::Compare(..) | Node::Contains(..) | Node::Matches(..) | Node::InTexts(..) | Node::InInts(..)
            ) && !has_loop(&inner);
            *node = Node::Shared(slot, says_where, Box::new(inner));
        }
    }
}

/// Whether an expression gives a truth or a number, which can be kept.
fn gives_a_plain_value(node: &Node) -> bool {
    matches!(
        node,
        Node::Not(_)
            | Node::And(..)
            | Node::Or(_)
            | Node::Compare(..)
            | Node::Contains(..)
            | Node::Matches(..)
            | Node::InTexts(..)
            | Node::InInts(..)
            | Node::In(_)
            | Node::Quantified(..)
            | Node::HasKey(_)
            | Node::Length(_)
            | Node::Arithmetic(..)
            | Node::Call(..)
    )
}

/// Whether a list is gone through in an expression. Conditions nest no deeper than the parser lets them.
fn has_loop(node: &Node) -> bool {
    match node {
        Node::Quantified(..) | Node::Made(_) => true,
        Node::Has(of)
        | Node::Length(of)
        | Node::Negative(of)
        | Node::Contains(of, _)
        | Node::Matches(of, _)
        | Node::InTexts(of, _)
        | Node::InInts(of, _)
        | Node::Shared(_, _, of) => has_loop(of),
        Node::Compare(_, pair) | Node::In(pair) => pair.iter().any(has_loop),
        Node::Call(_, arguments) => arguments.iter().any(has_loop),
        Node::Arithmetic(first, others) => has_loop(first) || others.iter().any(|(_, other)| has_loop(other)),
        Node::Bool(_)
        | Node::Int(_)
        | Node::Double(_)
        | Node::Text(_)
        | Node::Timestamp(_)
        | Node::Duration(_)
        | Node::Fact(_)
        | Node::Variable(_)
        | Node::Of(..) => false,
        _ => true,
    }
}

/// The parts of an expression, and whether each is gone through for the elements of a list; what tells it from others with the same
/// parts; and what it costs beside them.
type Parts<'n> = (Vec<u8>, u64, Vec<(&'n mut Node, bool)>);

fn parts(node: &mut Node) -> Parts<'_> {
    let key = |kind: &str, rest: &dyn std::fmt::Debug| format!("{kind} {rest:?} ").into_bytes();
    match node {
        Node::Bool(it) => (key("bool", it), 1, Vec::new()),
        Node::Int(it) => (key("int", it), 1, Vec::new()),
        Node::Double(it) => (key("double", &it.to_bits()), 1, Vec::new()),
        Node::Text(it) => (key("text", it), 1, Vec::new()),
        Node::Timestamp(it) => (key("time", it), 1, Vec::new()),
        Node::Duration(it) => (key("duration", it), 1, Vec::new()),
        Node::Fact(path) => (key("fact", path), 1, Vec::new()),
        Node::Variable(out) => (key("variable", out), 1, Vec::new()),
        Node::Of(out, path) => (key("of", &(out, path)), 1, Vec::new()),
        Node::Hit(index) => (key("hit", index), 1, Vec::new()),
        Node::Field(of, path) => (key("field", path), 1, one(of)),
        Node::Has(of) => (key("has", &()), 1, one(of)),
        Node::Not(of) => (key("not", &()), 1, one(of)),
        Node::Negative(of) => (key("minus", &()), 1, one(of)),
        Node::Length(of) => (key("length", &()), 2, one(of)),
        Node::Contains(of, needle) => (key("contains", &needle.text), SEARCH, one(of)),
        Node::Matches(of, regex) => (key("matches", &regex.as_str()), SEARCH, one(of)),
        Node::InTexts(of, texts) => (key("in texts", texts), 4, one(of)),
        Node::InInts(of, ints) => (key("in ints", ints), 2, one(of)),
        Node::Shared(_, _, of) => (key("shared", &()), 0, one(of)),
        Node::Key(pair) => (key("key", &()), ELEMENTS, all(&mut **pair)),
        Node::HasKey(pair) => (key("has key", &()), ELEMENTS, all(&mut **pair)),
        Node::Element(pair) => (key("element", &()), 2, all(&mut **pair)),
        Node::In(pair) => (key("in", &()), ELEMENTS, all(&mut **pair)),
        Node::Compare(comparison, pair) => (key("compare", comparison), 2, all(&mut **pair)),
        Node::And(terms, _) => (key("and", &terms.len()), 1, all(terms)),
        Node::Or(terms) => (key("or", &terms.len()), 1, all(terms)),
        Node::Call(function, arguments) => (key("call", function), CALL, all(arguments)),
        Node::Choose(choices, otherwise) => {
            let key = key("choose", &choices.len());
            let choices = choices.iter_mut().flatten().map(|it| (it, false));
            (key, 1, choices.chain([(&mut **otherwise, false)]).collect())
        }
        Node::Arithmetic(first, others) => {
            let signs: Vec<_> = others.iter().map(|(operator, _)| *operator).collect();
            let others = others.iter_mut().map(|(_, it)| (it, false));
            (key("sum", &signs), 1, [(&mut **first, false)].into_iter().chain(others).collect())
        }
        Node::Quantified(quantifier, pair) => {
            let [list, body] = &mut **pair;
            (key("quantified", quantifier), 2, vec![(list, false), (body, true)])
        }
        Node::Made(made) => match &mut made.how {
            How::Items(items) => (key("items", &items.len()), 1, all(items)),
            How::Joined(lists) => (key("joined", &lists.len()), 1, all(lists)),
            How::Filter { list, keep } => (key("filter", &()), 2, vec![(list, false), (keep, true)]),
            How::Map { list, keep, to } => {
                let key = key("map", &keep.is_some());
                let keep = keep.iter_mut().map(|it| (it, true));
                (key, 2, [(list, false)].into_iter().chain(keep).chain([(to, true)]).collect())
            }
            How::Keys(of) => (key("keys", &()), 2, vec![(of, false)]),
            How::Split { text, by } => (key("split", &()), SEARCH, vec![(text, false), (by, false)]),
        },
    }
}

fn one(of: &mut Node) -> Vec<(&mut Node, bool)> {
    vec![(of, false)]
}

fn all(of: &mut [Node]) -> Vec<(&mut Node, bool)> {
    of.iter_mut().map(|it| (it, false)).collect()
}

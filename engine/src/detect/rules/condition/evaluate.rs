//! Program and facts -> true or false. Takes borrowed facts, gives a truth, an error of CEL's, or word that the steps
//! ran out. Nothing is allocated: values are borrowed and `Copy`, variables stand on the stack, lists that a condition
//! makes are gone through and never stored (`lists.rs`).
//!
//! It calls itself as deep as the condition nests, which the parser bounds. Every node costs a step, and every loop
//! over text or elements what it passes over.

use std::cmp::Ordering;

use super::moment::Moment;
use super::program::{Node, Path};
use super::share::Kept;
use super::syntax::{Comparison, Operator};
use super::text::{Purse, Stop, Text};
use super::value::{Env, Val, order_numbers};
use super::witness::{Witness, rank};
use crate::facts::Header;
use crate::facts::names::{Record, Value};

/// One evaluation of one condition.
pub(super) struct Evaluator<'v, 'k> {
    pub(super) message: Record<'v>,
    pub(super) hit: &'v dyn Fn(usize) -> bool,
    pub(super) purse: Purse,
    /// What shared expressions came to in this message; none while it is asked where something was seen.
    pub(super) kept: Option<&'k mut [Kept]>,
    /// A kept value was used that does not say where it was seen, or terms were evaluated in another order.
    pub(super) recalled: bool,
    /// What the last truth hangs on, be it true or false; `None` where there is nothing to be shown.
    pub(super) witness: Option<Witness<'v>>,
}

impl<'v> Evaluator<'v, '_> {
    /// The truth of an expression that is true or false.
    pub(super) fn truth(&mut self, node: &'v Node, env: Env<'v, '_>) -> Result<bool, Stop> {
        self.purse.pay(1)?;
        self.witness = None;
        match node {
            Node::Not(inner) => Ok(!self.truth(inner, env)?),
            // Where something was seen is asked for in the order of the terms.
            Node::And(terms, order) if order.is_empty() || self.kept.is_none() => self.terms(terms, env, false),
            Node::And(terms, order) => self.in_order(terms, order, env),
            Node::Or(terms) => self.terms(terms, env, true),
            Node::Quantified(quantifier, pair) => self.quantify(*quantifier, pair, env),
            Node::Choose(..) | Node::Variable(_) => self.plain_truth(node, env),
            Node::Shared(slot, says_where, inner) => match self.recall(*slot) {
                Kept::Bool(truth) => {
                    match says_where {
                        true => self.witness = Some(Witness::Term(inner)),
                        false => self.recalled = true,
                    }
                    Ok(truth)
                }
                Kept::Error => Err(Stop::Error),
                _ => {
                    let truth = self.truth(inner, env);
                    match truth {
                        Ok(truth) => self.keep(*slot, Kept::Bool(truth)),
                        Err(Stop::Error) => self.keep(*slot, Kept::Error),
                        Err(Stop::Steps) => {}
                    }
                    truth
                }
            },
            Node::Hit(index) => {
                let hit = (self.hit)(*index);
                self.witness = hit.then_some(Witness::Hit(*index));
                Ok(hit)
            }
            term => {
                let truth = self.plain_truth(term, env)?;
                // An element that a list was filtered down to says more than that the list was not empty.
                self.witness = Witness::better(self.witness, Some(Witness::Term(term)));
                Ok(truth)
            }
        }
    }

    /// The truth of what is neither made of other truths nor a loop.
    fn plain_truth(&mut self, node: &'v Node, env: Env<'v, '_>) -> Result<bool, Stop> {
        match node {
            Node::Compare(comparison, sides) => {
                let [left, right] = &**sides;
                let [left, right] = [self.value(left, env)?, self.value(right, env)?];
                self.compare(*comparison, left, right)
            }
            Node::Contains(text, needle) => {
                let text = self.text(text, env)?;
                match text.as_is() {
                    Some(plain) => {
                        self.purse.pay(plain.len())?;
                        Ok(needle.finder.find(plain.as_bytes()).is_some())
                    }
                    None => Ok(text.find(Text::plain(&needle.text), 0, &mut self.purse)?.is_some()),
                }
            }
            Node::Matches(text, regex) => {
                let text = self.text(text, env)?.as_is().ok_or(Stop::Error)?;
                self.purse.pay(text.len())?;
                Ok(regex.is_match(text))
            }
            Node::InTexts(item, sorted) => self.text(item, env)?.within(sorted, &mut self.purse),
            Node::InInts(item, sorted) => match self.value(item, env)? {
                Val::Int(item) => Ok(sorted.binary_search(&item).is_ok()),
                _ => Err(Stop::Error),
            },
            Node::In(pair) => self.within(pair, env),
            Node::Has(field) => self.has(field, env),
            Node::HasKey(pair) => Ok(self.key(pair, env)?.is_some()),
            other => match self.value(other, env)? {
                Val::Bool(truth) => Ok(truth),
                _ => Err(Stop::Error),
            },
        }
    }

    /// `&&` (`decides` false) and `||` (`decides` true): a term that decides outweighs the error of another, on either
    /// side of it.
    fn terms(&mut self, terms: &'v [Node], env: Env<'v, '_>, decides: bool) -> Result<bool, Stop> {
        let mut failed = false;
        let mut witness = None;
        for term in terms {
            match self.truth(term, env) {
                Ok(truth) if truth == decides => return Ok(decides),
                Ok(_) => witness = Witness::better(witness, self.witness),
                Err(Stop::Error) => failed = true,
                Err(Stop::Steps) => return Err(Stop::Steps),
            }
        }
        self.witness = witness;
        if failed { Err(Stop::Error) } else { Ok(!decides) }
    }

    /// `&&` with the cheap terms first. What it hangs on is what it would be in the order of the terms.
    fn in_order(&mut self, terms: &'v [Node], order: &'v [u32], env: Env<'v, '_>) -> Result<bool, Stop> {
        let mut failed = false;
        let mut found: Option<(u32, Witness<'v>)> = None;
        for number in order {
            let Some(term) = terms.get(*number as usize) else { continue };
            match self.truth(term, env) {
                Ok(false) => {
                    // In the order of the terms another one may decide.
                    self.recalled = true;
                    return Ok(false);
                }
                Ok(true) => {
                    // The one that says most; of those that say as much, the first.
                    let (old, new) = (rank(found.map(|(_, witness)| witness)), rank(self.witness));
                    let stands_before = new > 0 && found.is_some_and(|(other, _)| *number < other);
                    if new > old || (new == old && stands_before) {
                        found = self.witness.map(|witness| (*number, witness));
                    }
                }
                Err(Stop::Error) => failed = true,
                Err(Stop::Steps) => return Err(Stop::Steps),
            }
        }
        self.witness = found.map(|(_, witness)| witness);
        if failed { Err(Stop::Error) } else { Ok(true) }
    }

    /// The value of an expression.
    pub(super) fn value<'e>(&mut self, node: &'v Node, env: Env<'v, 'e>) -> Result<Val<'v, 'e>, Stop> {
        self.purse.pay(1)?;
        match node {
            Node::Bool(it) => Ok(Val::Bool(*it)),
            Node::Int(it) => Ok(Val::Int(*it)),
            Node::Double(it) => Ok(Val::Double(*it)),
            Node::Text(it) => Ok(Val::Text(Text::plain(it))),
            Node::Timestamp(it) => Ok(Val::Timestamp(*it)),
            Node::Duration(it) => Ok(Val::Duration(*it)),
            Node::Fact(path) => Val::of_fact(follow(self.message, path)?),
            Node::Variable(out) => variable(env, *out),
            Node::Of(out, path) => Val::of_fact(follow(record(variable(env, *out)?)?, path)?),
            Node::Field(of, path) => Val::of_fact(follow(record(self.value(of, env)?)?, path)?),
            Node::Key(pair) => self.key(pair, env)?.map(|text| Val::Text(Text::plain(text))).ok_or(Stop::Error),
            Node::Element(pair) => {
                let [list, at] = &**pair;
                let list = self.value(list, env)?;
                let Val::Int(at) = self.value(at, env)? else { return Err(Stop::Error) };
                self.element(list, usize::try_from(at).map_err(|_| Stop::Error)?)
            }
            Node::Negative(of) => match self.value(of, env)? {
                Val::Int(it) => it.checked_neg().map(Val::Int).ok_or(Stop::Error),
                Val::Double(it) => Ok(Val::Double(-it)),
                _ => Err(Stop::Error),
            },
            Node::Choose(choices, otherwise) => {
                for [condition, chosen] in choices {
                    if self.truth(condition, env)? {
                        return self.value(chosen, env);
                    }
                }
                self.value(otherwise, env)
            }
            Node::Arithmetic(first, others) => {
                let mut sum = self.value(first, env)?;
                for (operator, operand) in others {
                    sum = arithmetic(*operator, sum, self.value(operand, env)?).ok_or(Stop::Error)?;
                }
                Ok(sum)
            }
            Node::Length(of) => self.length(of, env).map(Val::Int),
            Node::Call(function, arguments) => self.call(*function, arguments, env),
            Node::Made(made) => {
                self.settle(made, env)?;
                Ok(Val::Made(made, env))
            }
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
            | Node::Hit(_)
            | Node::Has(_)
            | Node::HasKey(_) => self.truth(node, env).map(Val::Bool),
            Node::Shared(slot, _, inner) => {
                let kept = match self.recall(*slot) {
                    Kept::Bool(it) => Val::Bool(it),
                    Kept::Int(it) => Val::Int(it),
                    Kept::Double(it) => Val::Double(it),
                    Kept::Error => return Err(Stop::Error),
                    Kept::Nothing => {
                        let value = self.value(inner, env);
                        match value {
                            Ok(Val::Bool(it)) => self.keep(*slot, Kept::Bool(it)),
                            Ok(Val::Int(it)) => self.keep(*slot, Kept::Int(it)),
                            Ok(Val::Double(it)) => self.keep(*slot, Kept::Double(it)),
                            Err(Stop::Error) => self.keep(*slot, Kept::Error),
                            // Texts and times are not kept.
                            Ok(_) | Err(Stop::Steps) => {}
                        }
                        return value;
                    }
                };
                self.recalled = true;
                Ok(kept)
            }
        }
    }

    fn recall(&self, slot: u32) -> Kept {
        self.kept.as_deref().and_then(|kept| kept.get(slot as usize)).copied().unwrap_or_default()
    }

    fn keep(&mut self, slot: u32, value: Kept) {
        if let Some(kept) = self.kept.as_deref_mut().and_then(|kept| kept.get_mut(slot as usize)) {
            *kept = value;
        }
    }

    pub(super) fn text(&mut self, node: &'v Node, env: Env<'v, '_>) -> Result<Text<'v>, Stop> {
        match self.value(node, env)? {
            Val::Text(text) => Ok(text),
            _ => Err(Stop::Error),
        }
    }

    pub(super) fn int(&mut self, node: &'v Node, env: Env<'v, '_>) -> Result<i64, Stop> {
        match self.value(node, env)? {
            Val::Int(int) => Ok(int),
            _ => Err(Stop::Error),
        }
    }

    /// `has(field)`: whether the last name of the path has a value. Names before it have to.
    fn has(&mut self, field: &'v Node, env: Env<'v, '_>) -> Result<bool, Stop> {
        let value = match field {
            Node::Fact(path) => follow(self.message, path)?,
            Node::Of(out, path) => follow(record(variable(env, *out)?)?, path)?,
            Node::Field(of, path) => follow(record(self.value(of, env)?)?, path)?,
            _ => return Err(Stop::Error),
        };
        Ok(!matches!(value, Value::Absent))
    }

    /// What stands in a map under a key; of several, the first.
    fn key(&mut self, pair: &'v [Node; 2], env: Env<'v, '_>) -> Result<Option<&'v str>, Stop> {
        let [map, key] = pair;
        let Val::Map(headers) = self.value(map, env)? else { return Err(Stop::Error) };
        let key = self.text(key, env)?;
        let found = self.header(headers, key)?;
        Ok(found.map(|header| header.value.as_str()))
    }

    pub(super) fn header(&mut self, headers: &'v [Header], key: Text<'v>) -> Result<Option<&'v Header>, Stop> {
        for header in headers {
            self.purse.pay(1)?;
            if Text::plain(&header.name).equals(key, &mut self.purse)? {
                return Ok(Some(header));
            }
        }
        Ok(None)
    }

    fn compare(&mut self, comparison: Comparison, left: Val<'v, '_>, right: Val<'v, '_>) -> Result<bool, Stop> {
        match comparison {
            Comparison::Equal => return self.equal(left, right),
            Comparison::NotEqual => return Ok(!self.equal(left, right)?),
            _ => {}
        }
        let order = match (left, right) {
            (Val::Text(a), Val::Text(b)) => Some(a.order(b, &mut self.purse)?),
            (Val::Bool(a), Val::Bool(b)) => Some(a.cmp(&b)),
            _ => order(left, right),
        };
        // A double that is not a number is in no order to any other, which CEL calls an error.
        let order = order.ok_or(Stop::Error)?;
        Ok(match comparison {
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
            Comparison::Greater => order == Ordering::Greater,
            _ => order != Ordering::Less,
        })
    }

    pub(super) fn equal(&mut self, left: Val<'v, '_>, right: Val<'v, '_>) -> Result<bool, Stop> {
        match (left, right) {
            (Val::Text(a), Val::Text(b)) => a.equals(b, &mut self.purse),
            (Val::Bool(a), Val::Bool(b)) => Ok(a == b),
            (Val::List(_) | Val::Made(..), _) => self.equal_lists(left, right),
            _ => Ok(order(left, right) == Some(Ordering::Equal)),
        }
    }
}

/// The order of numbers and times.
fn order(left: Val<'_, '_>, right: Val<'_, '_>) -> Option<Ordering> {
    match (left, right) {
        (Val::Int(a), Val::Int(b)) => Some(a.cmp(&b)),
        (Val::Double(a), Val::Double(b)) => a.partial_cmp(&b),
        (Val::Int(a), Val::Double(b)) => order_numbers(a, b),
        (Val::Double(a), Val::Int(b)) => order_numbers(b, a).map(Ordering::reverse),
        (Val::Timestamp(a), Val::Timestamp(b)) | (Val::Duration(a), Val::Duration(b)) => Some(a.cmp(&b)),
        _ => None,
    }
}

fn arithmetic<'v, 'e>(operator: Operator, left: Val<'v, 'e>, right: Val<'v, 'e>) -> Option<Val<'v, 'e>> {
    use Operator::{Add, Divide, Multiply, Remainder, Subtract};
    match (left, right) {
        (Val::Int(a), Val::Int(b)) => Some(Val::Int(match operator {
            Add => a.checked_add(b)?,
            Subtract => a.checked_sub(b)?,
            Multiply => a.checked_mul(b)?,
            Divide => a.checked_div(b)?,
            Remainder => a.checked_rem(b)?,
        })),
        (Val::Double(a), Val::Double(b)) => Some(Val::Double(match operator {
            Add => a + b,
            Subtract => a - b,
            Multiply => a * b,
            Divide => a / b,
            Remainder => return None,
        })),
        _ => times(operator, left, right),
    }
}

fn times<'v, 'e>(operator: Operator, left: Val<'v, 'e>, right: Val<'v, 'e>) -> Option<Val<'v, 'e>> {
    let sum = |a: Moment, b: Moment| if operator == Operator::Add { a.plus(b) } else { a.minus(b) };
    match (left, right) {
        (Val::Timestamp(a), Val::Duration(b)) | (Val::Duration(a), Val::Timestamp(b)) => {
            sum(a, b)?.as_timestamp().map(Val::Timestamp)
        }
        (Val::Timestamp(a), Val::Timestamp(b)) | (Val::Duration(a), Val::Duration(b)) => {
            sum(a, b)?.as_duration().map(Val::Duration)
        }
        _ => None,
    }
}

fn variable<'v, 'e>(env: Env<'v, 'e>, out: u32) -> Result<Val<'v, 'e>, Stop> {
    let mut frame = env;
    for _ in 0..out {
        frame = frame.and_then(|frame| frame.outer);
    }
    frame.map(|frame| frame.value).ok_or(Stop::Error)
}

fn record<'v>(value: Val<'v, '_>) -> Result<Record<'v>, Stop> {
    match value {
        Val::Record(record) => Ok(record),
        _ => Err(Stop::Error),
    }
}

/// Follows names down from a record. A name on the way that has no value is an error; the last one's may be absent.
pub(super) fn follow<'v>(from: Record<'v>, path: &Path) -> Result<Value<'v>, Stop> {
    let mut value = Value::Record(from);
    for name in &path.0 {
        let Value::Record(record) = value else { return Err(Stop::Error) };
        value = (name.get)(record);
    }
    Ok(value)
}

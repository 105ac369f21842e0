//! Lists, gone through: quantifiers, `filter` and `map` chains, `in`, sizes, elements.
//!
//! A list that a condition makes is never stored. Whoever needs its elements hands in a function that is called with
//! each, so that `links.filter(...).map(...).exists(...)` is one pass that ends at the first hit. CEL would make such a
//! list whole, and an error in it would be the end; where the checker sees that making it can fail, it is therefore
//! gone through once for its errors (`settle`), and then for its elements.

use std::ops::ControlFlow::{self, Break, Continue};

use super::evaluate::Evaluator;
use super::program::{How, Made, Node, Quantifier};
use super::text::{Stop, Text};
use super::value::{Env, Frame, Val};
use super::witness::Witness;
use crate::facts::Header;
use crate::facts::names::List;

/// Whether a pass goes on.
type Flow = Result<ControlFlow<()>, Stop>;
/// What is called with each element.
type Each<'a, 'v> = &'a mut dyn FnMut(&mut Evaluator<'v, '_>, Val<'v, '_>) -> Flow;

impl<'v> Evaluator<'v, '_> {
    /// Goes through a list that the condition makes for its errors alone.
    pub(super) fn settle(&mut self, made: &'v Made, env: Env<'v, '_>) -> Result<(), Stop> {
        if made.fallible {
            let _ = self.pour(made, env, &mut |_, _| Ok(Continue(())))?;
        }
        Ok(())
    }

    /// Calls `each` with the elements of a list.
    fn each(&mut self, list: Val<'v, '_>, each: Each<'_, 'v>) -> Flow {
        match list {
            Val::List(list) => self.each_fact(list, each),
            Val::Made(made, env) => self.pour(made, env, each),
            _ => Err(Stop::Error),
        }
    }

    fn each_fact(&mut self, list: List<'v>, each: Each<'_, 'v>) -> Flow {
        for index in 0..list.len() {
            let Some(value) = list.get(index) else { break };
            self.purse.pay(1)?;
            if each(self, Val::of_fact(value)?)?.is_break() {
                return Ok(Break(()));
            }
        }
        Ok(Continue(()))
    }

    /// What a macro goes through, without settling it: whoever makes the outermost list has settled the whole chain.
    fn source(&mut self, list: &'v Node, env: Env<'v, '_>, each: Each<'_, 'v>) -> Flow {
        match list {
            Node::Made(made) => self.pour(made, env, each),
            other => {
                let list = self.value(other, env)?;
                self.each(list, each)
            }
        }
    }

    /// Makes a list, element by element.
    fn pour(&mut self, made: &'v Made, env: Env<'v, '_>, each: Each<'_, 'v>) -> Flow {
        self.purse.pay(1)?;
        match &made.how {
            How::Items(items) => {
                for item in items {
                    let value = self.value(item, env)?;
                    if each(self, value)?.is_break() {
                        return Ok(Break(()));
                    }
                }
                Ok(Continue(()))
            }
            How::Joined(lists) => {
                for list in lists {
                    if self.source(list, env, each)?.is_break() {
                        return Ok(Break(()));
                    }
                }
                Ok(Continue(()))
            }
            How::Filter { list, keep } => self.source(list, env, &mut |evaluator, value| {
                let before = evaluator.witness;
                let kept = evaluator.truth(keep, Some(&Frame { value, outer: env }))?;
                evaluator.witness = if kept { Witness::better(before, element(value)) } else { before };
                if kept { each(evaluator, value) } else { Ok(Continue(())) }
            }),
            How::Map { list, keep, to } => self.source(list, env, &mut |evaluator, value| {
                let frame = Frame { value, outer: env };
                let before = evaluator.witness;
                if let Some(keep) = keep
                    && !evaluator.truth(keep, Some(&frame))?
                {
                    evaluator.witness = before;
                    return Ok(Continue(()));
                }
                evaluator.witness = Witness::better(before, element(value));
                let value = evaluator.value(to, Some(&frame))?;
                each(evaluator, value)
            }),
            How::Keys(map) => match self.value(map, env)? {
                Val::Map(headers) => self.keys(headers, each),
                _ => Err(Stop::Error),
            },
            How::Split { text, by } => {
                let [text, by] = [self.text(text, env)?, self.text(by, env)?];
                self.split(text, by, each)
            }
        }
    }

    /// The names of a header, each once. Two fields of one name are compared pairwise: there is nowhere to remember
    /// what was seen, and the limit on fields keeps it small.
    fn keys(&mut self, headers: &'v [Header], each: Each<'_, 'v>) -> Flow {
        for (index, header) in headers.iter().enumerate() {
            let name = Text::plain(&header.name);
            let before = headers.get(..index).unwrap_or_default();
            if self.header(before, name)?.is_none() && each(self, Val::Text(name))?.is_break() {
                return Ok(Break(()));
            }
        }
        Ok(Continue(()))
    }

    /// The pieces of a text between separators; without one, its characters.
    fn split(&mut self, text: Text<'v>, by: Text<'v>, each: Each<'_, 'v>) -> Flow {
        let mut start = 0;
        loop {
            let end = if by.len() == 0 {
                let rest = text.slice(start, text.len()).ok_or(Stop::Error)?;
                if rest.len() == 0 {
                    return Ok(Continue(()));
                }
                Some(start + rest.offset(1, &mut self.purse)?)
            } else {
                // What is searched is paid for up to the separator, so that many pieces do not pay for the rest.
                text.find(by, start, &mut self.purse)?
            };
            let piece = text.slice(start, end.unwrap_or(text.len())).ok_or(Stop::Error)?;
            self.purse.pay(1)?;
            if each(self, Val::Text(piece))?.is_break() {
                return Ok(Break(()));
            }
            match end {
                Some(end) => start = end + by.len(),
                None => return Ok(Continue(())),
            }
        }
    }

    /// `all`, `exists` and `exists_one` over `[list, body]`. The first two are `&&` and `||` over the elements, so that
    /// an element which decides outweighs the errors of others; `exists_one` has to look at each, and fails with any.
    pub(super) fn quantify(
        &mut self,
        quantifier: Quantifier,
        pair: &'v [Node; 2],
        env: Env<'v, '_>,
    ) -> Result<bool, Stop> {
        let [list, body] = pair;
        let mut count = Count { quantifier, hits: 0, failed: false };
        // The element that decides: the one that holds for `exists`, the one that does not for `all`.
        let mut witness = None;
        match self.value(list, env)? {
            // The common case, without a call through a pointer for each element.
            Val::List(facts) => {
                for index in 0..facts.len() {
                    let Some(value) = facts.get(index) else { break };
                    let value = Val::of_fact(value)?;
                    let hits = count.hits;
                    let flow = count.take(self.truth(body, Some(&Frame { value, outer: env })))?;
                    if count.hits > hits {
                        witness = element(value).or(Some(Witness::Listed(list, index)));
                    }
                    if flow.is_break() {
                        break;
                    }
                }
            }
            made => {
                self.witness = None;
                let _ = self.each(made, &mut |evaluator, value| {
                    // What a filter or a map on the way had before it.
                    let source = evaluator.witness.take();
                    let hits = count.hits;
                    let flow = count.take(evaluator.truth(body, Some(&Frame { value, outer: env })))?;
                    if count.hits > hits {
                        witness = element(value).or(source).or(evaluator.witness);
                    }
                    evaluator.witness = None;
                    Ok(flow)
                })?;
            }
        }
        self.witness = witness.filter(|_| count.hits > 0);
        count.result()
    }

    /// `item in list`
    pub(super) fn within(&mut self, pair: &'v [Node; 2], env: Env<'v, '_>) -> Result<bool, Stop> {
        let [item, list] = pair;
        let item = self.value(item, env)?;
        let list = self.value(list, env)?;
        let flow = self.each(list, &mut |evaluator, value| {
            Ok(if evaluator.equal(item, value)? { Break(()) } else { Continue(()) })
        })?;
        Ok(flow.is_break())
    }

    /// `size(of)`
    pub(super) fn length(&mut self, of: &'v Node, env: Env<'v, '_>) -> Result<i64, Stop> {
        let length = match self.value(of, env)? {
            Val::Text(text) => text.code_points(&mut self.purse)?,
            list => self.count(list)?,
        };
        i64::try_from(length).map_err(|_| Stop::Error)
    }

    fn count(&mut self, list: Val<'v, '_>) -> Result<usize, Stop> {
        if let Val::List(list) = list {
            return Ok(list.len());
        }
        let mut count = 0usize;
        let _ = self.each(list, &mut |_, _| {
            count = count.saturating_add(1);
            Ok(Continue(()))
        })?;
        Ok(count)
    }

    /// `list[at]`
    pub(super) fn element<'e>(&mut self, list: Val<'v, '_>, at: usize) -> Result<Val<'v, 'e>, Stop>
    where
        'v: 'e,
    {
        if let Val::List(list) = list {
            return list.get(at).ok_or(Stop::Error).and_then(Val::of_fact);
        }
        let mut left = at;
        let mut found = Err(Stop::Error);
        let _ = self.each(list, &mut |_, value| {
            if left == 0 {
                found = value.free();
                return Ok(Break(()));
            }
            left -= 1;
            Ok(Continue(()))
        })?;
        found
    }

    /// Whether two lists hold the same simple values in the same order. The second is looked at by index, since two
    /// passes cannot go on side by side; where it is made by the condition that costs a pass for each element.
    pub(super) fn equal_lists(&mut self, left: Val<'v, '_>, right: Val<'v, '_>) -> Result<bool, Stop> {
        if self.count(left)? != self.count(right)? {
            return Ok(false);
        }
        let mut at = 0;
        let flow = self.each(left, &mut |evaluator, value| {
            let other = evaluator.element(right, at)?;
            at += 1;
            Ok(if evaluator.equal(value, other)? { Continue(()) } else { Break(()) })
        })?;
        Ok(flow.is_continue())
    }
}

/// An element as a witness.
fn element<'v>(value: Val<'v, '_>) -> Option<Witness<'v>> {
    match value {
        Val::Record(record) => Some(Witness::Element(record)),
        _ => None,
    }
}

/// What a quantifier has seen so far.
struct Count {
    quantifier: Quantifier,
    hits: u32,
    failed: bool,
}

impl Count {
    fn take(&mut self, truth: Result<bool, Stop>) -> Flow {
        match truth {
            Err(Stop::Steps) => return Err(Stop::Steps),
            Err(Stop::Error) if self.quantifier == Quantifier::ExistsOne => return Err(Stop::Error),
            Err(Stop::Error) => self.failed = true,
            Ok(truth) => {
                // `all` looks for one that does not hold.
                self.hits = self.hits.saturating_add(u32::from(truth != (self.quantifier == Quantifier::All)));
            }
        }
        let decided = self.hits > 0 && self.quantifier != Quantifier::ExistsOne;
        Ok(if decided { Break(()) } else { Continue(()) })
    }

    fn result(self) -> Result<bool, Stop> {
        match self.quantifier {
            Quantifier::ExistsOne => Ok(self.hits == 1),
            _ if self.hits == 0 && self.failed => Err(Stop::Error),
            Quantifier::Exists => Ok(self.hits > 0),
            Quantifier::All => Ok(self.hits == 0),
        }
    }
}

//! Conditions: CEL (Common Expression Language) over borrowed facts, typed when loaded, counted when evaluated.
//!
//! Takes a condition's text and the vocabulary, gives a program; takes a program and facts, gives a truth. Never
//! allocates while evaluating, never recurses deeper than the depth limit of the parser, never fails at scan time:
//! what CEL calls an error (an absent fact, a division by zero) makes the condition false.
//!
//! ```text
//! text -> tokens (lexer) -> Expr (parser, syntax) -> Node (check, check_calls, types, functions)      when loaded
//! Node + facts -> truth (evaluate, lists, calls; text, moment, value), and where it was seen (witness)  for each message
//! ```
//!
//! `docs/rules.md` says what of CEL is here. The crate `cel` is the judge: `tests/differential.rs` holds both against
//! each other. It is not used itself, because its values are owned (it allocates for each fact read), its evaluation
//! cannot be stopped, its recursion follows the input, and it has no types when loading.

mod calls;
mod check;
mod check_calls;
mod evaluate;
mod functions;
mod lexer;
mod lists;
mod moment;
mod parser;
mod program;
mod share;
mod syntax;
mod text;
mod types;
mod value;
mod witness;

#[cfg(test)]
pub(crate) mod tests;

use crate::error::Problem;
use crate::facts::Facts;
use crate::facts::names::{Element, Name, Record, RecordType, Type};
use crate::wanted::Wanted;

use evaluate::Evaluator;
use program::Node;
pub(crate) use share::{Kept, share};
use syntax::Fault;
use text::{Purse, Stop};
pub(crate) use witness::Seen;
use witness::Witness;

/// A condition, compiled.
#[derive(Debug)]
pub(crate) struct Condition {
    program: Node,
    wanted: Wanted,
    hits: Vec<String>,
    /// What evaluating it costs, roughly, in steps: known once [`share`] looked at it.
    cost: u64,
}

/// Whether a condition holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    True,
    False,
    /// It would need more steps than it was given.
    OutOfSteps,
}

/// Where in a file a condition stands, for errors: `text[start..]` of the file `source` begins with the condition.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin<'o> {
    pub(crate) source: &'o str,
    pub(crate) text: &'o str,
    pub(crate) start: usize,
}

impl Condition {
    /// Compiles a condition. The problem shows the span that is wrong, and the nearest known name.
    pub(crate) fn compile(condition: &str, origin: Origin<'_>) -> Result<Condition, Problem> {
        let checked = parser::parse(condition).and_then(|expr| check::check(&expr, condition));
        match checked {
            Ok(checked) => Ok(Condition { program: checked.node, wanted: checked.wanted, hits: checked.hits, cost: 0 }),
            Err(fault) => Err(problem(fault, condition, origin)),
        }
    }

    /// The facts that it reads.
    pub(crate) fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// The rules whose hits it asks for by `hit("NAME")`; index for `evaluate`'s `hit`.
    pub(crate) fn hits(&self) -> &[String] {
        &self.hits
    }

    /// What evaluating it costs, roughly; 0 before [`share`] looked at it.
    pub(crate) fn cost(&self) -> u64 {
        self.cost
    }

    /// Whether it holds for these facts, and where that was seen if it does. `hit(n)` says whether the rule `hits()[n]`
    /// hit. Takes at most `steps` steps, and takes those that it used off them. `kept` holds what conditions share, for this
    /// message.
    pub(crate) fn evaluate(
        &self,
        facts: &Facts<'_>,
        hit: &dyn Fn(usize) -> bool,
        steps: &mut u64,
        kept: &mut [Kept],
    ) -> (Outcome, Option<Seen>) {
        match self.witnessed(facts, hit, steps, Some(kept)) {
            Ok((true, witness, false)) => (Outcome::True, witness.and_then(|it| it.seen(facts))),
            // A value that was kept does not say where it was seen: that is looked for once more, for what hit.
            Ok((true, _, true)) => {
                let again = self.witnessed(facts, hit, steps, None);
                let witness = again.ok().and_then(|(_, witness, _)| witness);
                (Outcome::True, witness.and_then(|it| it.seen(facts)))
            }
            Ok((false, ..)) | Err(Stop::Error) => (Outcome::False, None),
            Err(Stop::Steps) => (Outcome::OutOfSteps, None),
        }
    }

    /// As `evaluate`, with errors told from false.
    #[cfg(test)]
    fn run(&self, facts: &Facts<'_>, hit: &dyn Fn(usize) -> bool, steps: &mut u64) -> Result<bool, Stop> {
        self.witnessed(facts, hit, steps, None).map(|(truth, ..)| truth)
    }

    /// Whether it holds, what that hangs on, and whether that is not known since a value was kept.
    fn witnessed<'v>(
        &'v self,
        facts: &'v Facts<'v>,
        hit: &'v dyn Fn(usize) -> bool,
        steps: &mut u64,
        kept: Option<&mut [Kept]>,
    ) -> Result<(bool, Option<Witness<'v>>, bool), Stop> {
        let purse = Purse(*steps);
        let message = Record::Message(facts);
        let mut evaluator = Evaluator { message, hit, purse, kept, recalled: false, witness: None };
        let result = evaluator.truth(&self.program, None);
        *steps = evaluator.purse.0;
        result.map(|truth| (truth, evaluator.witness, evaluator.recalled))
    }
}

/// The fault as a problem in the file that the condition stands in.
fn problem(fault: Fault, condition: &str, origin: Origin<'_>) -> Problem {
    // In a TOML string with escapes the condition does not stand as it is; then its beginning is shown.
    let exact = origin.text.get(origin.start..).is_some_and(|rest| rest.starts_with(condition));
    let (start, end) = if exact { (fault.span.start as usize, fault.span.end as usize) } else { (0, 1) };
    Problem::span(
        origin.source,
        origin.text,
        origin.start.saturating_add(start),
        origin.start.saturating_add(end),
        fault.message,
    )
    .remedy(fault.remedy)
}

/// The text or list of texts that a path such as `from.name` or `links.shown` names, for a rule's `in`.
pub(crate) fn text_path(path: &str) -> Option<Vec<&'static Name>> {
    let mut record = Some(RecordType::Message);
    let mut names = Vec::new();
    for word in path.split('.') {
        let name = record?.name(word)?;
        record = match name.kind {
            Type::Record(inner) | Type::List(Element::Record(inner)) => Some(inner),
            _ => None,
        };
        names.push(name);
    }
    let text = matches!(names.last()?.kind, Type::Text | Type::List(Element::Text));
    text.then_some(names)
}

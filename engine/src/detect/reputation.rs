//! What only the network knows of the client: DNS block lists. Asks, and reads the answers; never looks up.

use crate::facts::Facts;
use crate::finding::Finding;
use crate::input::{Answers, Question};
use crate::wanted::Wanted;

/// A DNS block list (RFC 5782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsList {
    /// The zone, without a trailing dot.
    pub zone: String,
    /// The rule that a hit is a finding of.
    pub rule: String,
}

/// The block lists to ask.
#[derive(Debug, Default)]
pub(crate) struct Reputation {
    pub(crate) lists: Vec<DnsList>,
}

impl Reputation {
    pub(crate) fn wanted(&self) -> Wanted {
        if self.lists.is_empty() { Wanted::NOTHING } else { Wanted::ROUTE }
    }

    /// The names to be looked up for the client's address; none where it is unknown or our own.
    pub(crate) fn ask(&self, _facts: &Facts<'_>) -> Vec<Question> {
        Vec::new()
    }

    /// Adds a finding for each list that has the client.
    pub(crate) fn judge(&self, _asked: &[Question], _answers: &Answers, _findings: &mut Vec<Finding>) {}
}

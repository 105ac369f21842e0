//! How likely a message's tokens are in spam and in ham. Takes facts and a model, gives one graded finding.

use crate::facts::Facts;
use crate::finding::Finding;
use crate::wanted::Wanted;

/// The facts that tokens are made of.
pub(crate) const WANTED: Wanted = Wanted::NOTHING;

/// What the model says of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    /// Calibrated log-odds; above 0 is spam.
    pub(crate) log_odds: f64,
    /// The probability that they stand for.
    pub(crate) probability: f64,
}

/// A token that moved a message's score.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TokenWeight {
    /// The token, readable: `subject:meeting`, `url:example.com`.
    pub token: String,
    /// What it adds to the log-odds; above 0 speaks for spam.
    pub weight: f64,
    /// In how many learned ham messages it was.
    pub ham: u32,
    /// In how many learned spam messages it was.
    pub spam: u32,
}

/// A model, ready to score.
#[derive(Debug)]
pub(crate) struct Model {}

/// What scoring keeps from message to message.
#[derive(Debug, Default)]
pub(crate) struct Memory {}

impl Model {
    /// Reads a model file.
    pub(crate) fn read(_bytes: &[u8]) -> Result<Model, String> {
        Err("not a model".into())
    }

    /// Scores a message and adds the finding `bayes`, graded by the log-odds.
    pub(crate) fn run(&self, _facts: &Facts<'_>, _memory: &mut Memory, _findings: &mut Vec<Finding>) -> Option<Score> {
        None
    }

    /// The tokens that moved the score most, the strongest first.
    pub(crate) fn explain(&self, _facts: &Facts<'_>, _memory: &mut Memory, _most: usize) -> Vec<TokenWeight> {
        Vec::new()
    }
}

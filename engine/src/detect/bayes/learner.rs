//! Learning in place: messages are learned and forgotten one by one, and scored in between.

use super::features::TokenSet;
use super::file::{self, Curve, Parameters, Saved};
use super::logistic::Logistic;
use super::model;
use super::totals::Totals;
use super::train::{ALPHA, EXPONENT, LEAST};
use crate::label::Label;

/// Naive Bayes does not count a message whose score was right and at least this far from 0: nothing new stands in it, and
/// counting it makes what is common too sure.
const SURE: f64 = 15.0;

/// What the experts know before anything was calibrated: the means of what training on real mail gave.
pub(super) const FUSED: Curve = Curve { slope: 11.5, offset: 0.4 };
pub(super) const NAIVE_BAYES: Curve = Curve { slope: 0.5, offset: 0.0 };
pub(super) const LOGISTIC: Curve = Curve { slope: 1.0, offset: 0.0 };

/// A model that learns message by message.
///
/// The same messages learned in the same order give the same model. Learning one and forgetting it again leaves naive
/// Bayes as it was, to the count, and the logistic expert as it was but for rounding; what is forgotten later is undone in
/// part (`docs/learning.md`).
#[derive(Clone, Debug)]
pub struct Learner {
    parameters: Parameters,
    totals: Totals,
    logistic: Logistic,
}

/// What learning a message did: what [`Learner::forget`] needs to undo it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Learned {
    /// Whether naive Bayes counted it.
    pub counted: bool,
    /// How wrong the logistic expert was, from -1 (a spam that looked like ham) to 1.
    pub error: f32,
}

/// Log-odds of a message: of both experts together, and of each.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExpertScores {
    /// Both together.
    pub log_odds: f64,
    /// Naive Bayes alone.
    pub naive_bayes: f64,
    /// The logistic expert alone; none in a model that has only naive Bayes.
    pub logistic: Option<f64>,
}

impl Default for Learner {
    fn default() -> Learner {
        Learner::new()
    }
}

impl Learner {
    /// Nothing learned.
    pub fn new() -> Learner {
        Learner { parameters: parameters([0, 0]), totals: Totals::new(), logistic: Logistic::new() }
    }

    /// Goes on from a model file. An error says what is wrong with it.
    pub fn from_model(bytes: &[u8]) -> Result<Learner, String> {
        let Saved { parameters, counts, bias, weights } = file::read(bytes)?;
        let totals = Totals::from_counts(&counts, [parameters.ham_messages, parameters.spam_messages]);
        Ok(Learner { parameters, totals, logistic: file::logistic(&weights, bias) })
    }

    /// How many messages of ham and of spam naive Bayes has counted.
    pub fn messages(&self) -> [u32; 2] {
        self.totals.messages
    }

    /// Scores a message.
    pub fn score(&self, tokens: &TokenSet) -> ExpertScores {
        let (naive_bayes, used) = self.totals.score(&self.parameters, &tokens.slots);
        let score = model::score(&self.parameters, naive_bayes, Some(self.logistic.score(tokens)), used);
        ExpertScores { log_odds: score.log_odds, naive_bayes: score.naive_bayes, logistic: score.logistic }
    }

    /// Learns a message.
    pub fn learn(&mut self, tokens: &TokenSet, label: Label) -> Learned {
        let (score, _) = self.totals.score(&self.parameters, &tokens.slots);
        let counted = (score > 0.0) != (label == Label::Spam) || score.abs() < SURE;
        if counted {
            self.totals.add(&tokens.slots, label);
        }
        Learned { counted, error: self.logistic.learn(tokens, label) }
    }

    /// Learns a message as it was learned before, elsewhere or earlier: naive Bayes counts what it counted then.
    pub fn learn_as(&mut self, tokens: &TokenSet, label: Label, before: Learned) -> Learned {
        if before.counted {
            self.totals.add(&tokens.slots, label);
        }
        Learned { counted: before.counted, error: self.logistic.learn(tokens, label) }
    }

    /// Undoes what learning a message did.
    pub fn forget(&mut self, tokens: &TokenSet, label: Label, learned: Learned) {
        if learned.counted {
            self.totals.remove(&tokens.slots, label);
        }
        self.logistic.forget(tokens, learned.error);
    }

    /// Makes all that was learned count half as much.
    pub fn fade(&mut self) {
        self.totals.halve();
    }

    /// The model file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let [ham_messages, spam_messages] = self.totals.messages;
        file::write(&Saved {
            parameters: Parameters { ham_messages, spam_messages, ..self.parameters.clone() },
            counts: self.totals.counts(),
            bias: self.logistic.bias,
            weights: file::weights(&self.logistic),
        })
    }
}

/// Of a model that is not calibrated yet.
pub(super) fn parameters([ham_messages, spam_messages]: [u32; 2]) -> Parameters {
    Parameters {
        ham_messages,
        spam_messages,
        alpha: ALPHA,
        least: LEAST,
        exponent: EXPONENT,
        fused: FUSED,
        naive_bayes: NAIVE_BAYES,
        logistic: LOGISTIC,
    }
}

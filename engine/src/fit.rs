//! Training: labelled messages -> a model file. With `detect/bayes/train.rs` the only place of linfa.

use crate::detect::bayes::{TokenSet, train};
use crate::label::Label;

/// Collects labelled messages and fits a model to them.
///
/// The order of the messages does not matter: the same messages give the same file, to the byte.
#[derive(Debug, Default)]
pub struct Trainer {
    messages: Vec<(TokenSet, Label)>,
}

/// A fitted model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TrainedModel {
    /// The model file.
    pub bytes: Vec<u8>,
    /// The calibrated log-odds of each message by a model that had not learned it, with its label, in no particular
    /// order: what the model's card is computed from. Of both experts together, of naive Bayes, of the logistic expert.
    pub held_out: Vec<([f64; 3], Label)>,
}

impl Trainer {
    /// Nothing learned.
    pub fn new() -> Trainer {
        Trainer::default()
    }

    /// Learns a message, by its tokens from [`Worker::token_set`](crate::Worker::token_set).
    pub fn learn(&mut self, tokens: TokenSet, label: Label) {
        self.messages.push((tokens, label));
    }

    /// How many messages were learned.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether nothing was learned.
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Fits the model. An error says what there is too little of.
    pub fn fit(mut self) -> Result<TrainedModel, String> {
        // Sums of floats depend on their order, and the file must not.
        self.messages.sort_by(|a, b| a.0.order(&b.0).then(a.1.cmp(&b.1)));
        let (bytes, held_out) = train::fit(&self.messages)?;
        Ok(TrainedModel { bytes, held_out })
    }
}

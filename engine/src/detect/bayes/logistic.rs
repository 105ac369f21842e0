//! The second expert: logistic regression over features, learned one message after the other (Adagrad: each weight has
//! its own rate, which falls as the weight is moved). Takes features and labels, gives log-odds; knows no message.

use super::features::TokenSet;
use super::hash::FEATURE_BITS;
use crate::label::Label;

/// How far a first mistake moves a weight, and what keeps small mistakes from moving it as far. Both were fixed by
/// cross-validation inside the learned half of the corpus.
const RATE: f32 = 0.3;
const EASE: f32 = 0.003;
/// The rate of the bias.
const BIAS_RATE: f64 = 0.01;

/// The expert with what it needs to learn.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Logistic {
    /// The weight of each feature.
    pub(super) weights: Vec<f32>,
    /// The sum of squares of all that moved each weight.
    pub(super) squares: Vec<f32>,
    pub(super) bias: f64,
}

impl Logistic {
    pub(super) fn new() -> Logistic {
        Logistic { weights: vec![0.0; 1 << FEATURE_BITS], squares: vec![0.0; 1 << FEATURE_BITS], bias: 0.0 }
    }

    /// The log-odds of a message, as this expert sees it.
    pub(super) fn score(&self, tokens: &TokenSet) -> f64 {
        score(&self.weights, self.bias, tokens.features())
    }

    /// Learns a message. The number is how wrong it was: what [`forget`](Logistic::forget) needs to undo it.
    pub(super) fn learn(&mut self, tokens: &TokenSet, label: Label) -> f32 {
        let probability = 1.0 / (1.0 + (-self.score(tokens)).exp());
        let error = (probability - f64::from(u8::from(label == Label::Spam))) as f32;
        self.step(tokens, error, 1.0);
        error
    }

    /// Undoes what learning a message did, given how wrong it had been. Right after learning that is exact but for
    /// rounding; later, what was learned since has made the rates smaller, and the step back is as much smaller.
    pub(super) fn forget(&mut self, tokens: &TokenSet, error: f32) {
        self.step(tokens, error, -1.0);
    }

    /// One step, forth (1) or back (-1).
    fn step(&mut self, tokens: &TokenSet, error: f32, way: f32) {
        let gradient = error / (tokens.feature_count.max(1) as f32).sqrt();
        let square = gradient * gradient;
        for feature in tokens.features() {
            let both = (self.weights.get_mut(feature as usize), self.squares.get_mut(feature as usize));
            let (Some(weight), Some(squares)) = both else { continue };
            let after = (*squares + way * square).max(0.0);
            let rate = RATE / (after.max(*squares).sqrt() + EASE);
            *weight -= way * rate * gradient;
            *squares = after;
        }
        self.bias -= f64::from(way) * BIAS_RATE * f64::from(error);
    }
}

/// The sum of the weights, by the square root of how many features there are, so that long and short texts are on one
/// scale; and the bias.
pub(super) fn score(weights: &[f32], bias: f64, features: impl Iterator<Item = u32>) -> f64 {
    let (mut sum, mut count) = (0.0f32, 0u32);
    for feature in features {
        sum += weights.get(feature as usize).copied().unwrap_or(0.0);
        count += 1;
    }
    scaled(sum, count, bias)
}

/// A sum of weights of so many features as log-odds.
pub(super) fn scaled(sum: f32, count: u32, bias: f64) -> f64 {
    f64::from(sum) / f64::from(count.max(1)).sqrt() + bias
}

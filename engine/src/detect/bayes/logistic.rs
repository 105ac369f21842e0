//! The second expert: logistic regression over features, learned one message after the other (Adagrad: each weight has
//! its own rate, which falls as the weight is moved). Takes features and labels, gives log-odds; knows no message.

use super::features::{FIRST_BLOCK, OUTSIDE, SEGMENTS, TokenSet};
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
        let mut sums = Sums::default();
        for (feature, segment) in tokens.in_segments() {
            sums.add(segment, self.weight(feature).into(), 1);
        }
        sums.score() + self.bias
    }

    fn weight(&self, feature: u32) -> f32 {
        self.weights.get(feature as usize).copied().unwrap_or(0.0)
    }

    /// Of the message as a whole, which is what is learned.
    pub(super) fn whole(&self, tokens: &TokenSet) -> f64 {
        let sum: f32 = tokens.features().map(|feature| self.weight(feature)).sum();
        scaled(sum.into(), tokens.feature_count()) + self.bias
    }

    /// Learns a message. The number is how wrong it was: what [`forget`](Logistic::forget) needs to undo it.
    pub(super) fn learn(&mut self, tokens: &TokenSet, label: Label) -> f32 {
        let probability = 1.0 / (1.0 + (-self.whole(tokens)).exp());
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
        let gradient = error / (tokens.feature_count().max(1) as f32).sqrt();
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

/// How far below the most spammy block of a message, taken alone, the message can be. Fixed inside of what is learned: by folds, and by
/// learning what came first and scoring what came later (docs/why/bayes.md).
const MARGIN: f64 = 3.5;

/// Sums of weights, and of how many, of what a message consists of, by segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sums([(f64, u32); SEGMENTS]);

impl Default for Sums {
    fn default() -> Sums {
        Sums([(0.0, 0); SEGMENTS])
    }
}

impl Sums {
    pub(super) fn add(&mut self, segment: u8, sum: f64, count: u32) {
        if let Some(it) = self.0.get_mut(usize::from(segment)) {
            it.0 += sum;
            it.1 += count;
        }
    }

    /// The log-odds without the bias.
    ///
    /// Whoever writes good words around his spam outweighs it: its features are few of many, and divided by their number. But
    /// he cannot make the part that has the spam say something else. So each block of the text is judged by itself, with what
    /// stands outside of the text, and the message is at most [`MARGIN`] better than its worst block.
    pub(super) fn score(&self) -> f64 {
        let whole = self.whole();
        match self.worst() {
            Some((_, worst)) => whole.max(worst - MARGIN),
            None => whole,
        }
    }

    fn whole(&self) -> f64 {
        let (sum, count) = self.0.iter().fold((0.0, 0), |all, it| (all.0 + it.0, all.1 + it.1));
        scaled(sum, count)
    }

    /// The block that says spam most, and its score with what stands outside of the text; none where there are not two.
    fn worst(&self) -> Option<(u8, f64)> {
        let outside = self.0.get(usize::from(OUTSIDE)).copied().unwrap_or_default();
        let blocks = || self.0.iter().zip(0u8..).skip(FIRST_BLOCK.into()).filter(|(it, _)| it.1 > 0);
        let scores = blocks().map(|(it, segment)| (segment, scaled(outside.0 + it.0, outside.1 + it.1)));
        scores.max_by(|a, b| a.1.total_cmp(&b.1)).filter(|_| blocks().nth(1).is_some())
    }

    /// The block that decides, where one does, and not the whole; and how many features then count.
    pub(super) fn decides(&self) -> Option<(u8, u32)> {
        let (segment, worst) = self.worst().filter(|(_, worst)| worst - MARGIN > self.whole())?;
        debug_assert!(worst.is_finite());
        let count = |segment: u8| self.0.get(usize::from(segment)).map_or(0, |it| it.1);
        Some((segment, count(OUTSIDE) + count(segment)))
    }
}

/// A sum of weights of so many features as log-odds: by the square root of how many there are, so that long and short texts are
/// on one scale.
fn scaled(sum: f64, count: u32) -> f64 {
    sum / f64::from(count.max(1)).sqrt()
}

#[cfg(test)]
mod tests {
    use super::super::features::WORD;
    use super::*;

    /// A spam with good words around it is judged by the spam; ham is not judged by one odd sentence.
    #[test]
    fn good_words_around_a_spam() {
        let of = |blocks: &[f64]| {
            let mut sums = Sums::default();
            sums.add(OUTSIDE, 2.0, 100);
            sums.add(WORD, blocks.iter().sum::<f64>() / 4.0, 50);
            blocks.iter().zip(FIRST_BLOCK..).for_each(|(block, segment)| sums.add(segment, *block, 140));
            sums
        };
        let (spam, stuffed) = (of(&[60.0, 60.0]), of(&[60.0, 60.0, -70.0, -70.0, -70.0, -70.0]));
        assert!(stuffed.whole() < -2.0 && stuffed.score() > 0.0, "{} {}", stuffed.whole(), stuffed.score());
        assert!(spam.score() > 5.0, "{}", spam.score());
        assert!(matches!(stuffed.decides(), Some((2 | 3, 240))), "{:?}", stuffed.decides());
        assert_eq!(spam.decides(), None);
        let odd = of(&[-70.0, -70.0, 10.0, -70.0]);
        assert!(odd.score() < -1.0, "{}", odd.score());
        // One block is the whole.
        assert_eq!(of(&[-60.0]).decides(), None);
        assert_eq!(Sums::default().score(), 0.0);
    }
}

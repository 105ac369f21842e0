//! The model, ready to score: a table of log-ratios and a table of weights, and the calibration that makes a probability
//! of what the two experts say.

use super::counts::Counts;
use super::explain::{Readable, TokenWeight};
use super::features::{Memory, Slot, TokenSet};
use super::file::{self, Parameters, Saved, WEIGHT_STEPS};
use super::hash::{FEATURE_BITS, SLOT_BITS};
use super::ratio::{MOST_GOOD_WORDS, Ratio, Sums, damping, sum};
use super::{Experts, logistic};
use crate::facts::Facts;
use crate::finding::{Effect, Finding};
use crate::place::Place;

/// Steps of the table in one unit of log-odds: rounding is under 0.0003 a token.
const STEPS: f64 = 2_048.0;

/// What each expert's score is divided by before they are averaged: their mean distance from 0 on the first 20,000 messages
/// of a spam track. Fixed scales did as well as weights that were learned, and need nothing to learn from.
pub(super) const NAIVE_BAYES_SCALE: f64 = 14.0;
pub(super) const LOGISTIC_SCALE: f64 = 8.4;

/// What the log-odds add to the score at most, either way. Six points are enough to tag alone, from a probability of
/// 0.993 on, and never enough to reject; ham is believed less, since spammers write it into their mail.
const MOST_POINTS: f64 = 6.0;
const LEAST_POINTS: f64 = -4.0;
/// With this many tokens that count, half of the log-odds are believed: real mail has 60 to 300, a line without header fields has 5.
const FEW_TOKENS: f64 = 12.0;

/// What the model says of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    /// Calibrated log-odds of the experts together; above 0 is spam. The order of messages is best by these, without regard
    /// to how much was seen of each: weighting them doubles 1-ROCA on short messages.
    pub(crate) log_odds: f64,
    /// How many tokens counted.
    pub(crate) used: u32,
    /// The calibrated log-odds of each expert alone.
    pub(crate) naive_bayes: f64,
    pub(crate) logistic: Option<f64>,
}

impl Score {
    /// The log-odds as far as they can be believed: three words are not enough to act upon.
    fn weighted(&self) -> f64 {
        self.log_odds * f64::from(self.used) / (f64::from(self.used) + FEW_TOKENS)
    }

    /// The probability of spam, as people see it.
    pub(crate) fn probability(&self) -> f64 {
        1.0 / (1.0 + (-self.weighted()).exp())
    }

    /// What it adds to the score.
    pub(super) fn points(&self) -> f64 {
        self.weighted().clamp(LEAST_POINTS, MOST_POINTS)
    }
}

/// The scores of both experts, raw, as one.
pub(super) fn fused(naive_bayes: f64, logistic: f64) -> f64 {
    (naive_bayes / NAIVE_BAYES_SCALE + logistic / LOGISTIC_SCALE) / 2.0
}

/// Calibrated.
pub(super) fn score(parameters: &Parameters, naive_bayes: f64, logistic: Option<f64>, used: u32) -> Score {
    let alone = parameters.naive_bayes.of(naive_bayes);
    Score {
        log_odds: logistic.map_or(alone, |logistic| parameters.fused.of(fused(naive_bayes, logistic))),
        used,
        naive_bayes: alone,
        logistic: logistic.map(|logistic| parameters.logistic.of(logistic)),
    }
}

/// A model, ready to score.
#[derive(Debug)]
pub(crate) struct Model {
    parameters: Parameters,
    /// Log-ratios in steps of 1/`STEPS`, one for each slot; 0 where the slot is unseen or says too little.
    ratios: Vec<i16>,
    /// For explanations.
    counts: Counts,
    /// Weights in steps of 1/`WEIGHT_STEPS`, one for each feature; empty where naive Bayes is alone.
    weights: Vec<i16>,
    bias: f64,
}

impl Model {
    /// Reads a model file.
    pub(crate) fn read(bytes: &[u8], experts: Experts) -> Result<Model, String> {
        let mut saved = file::read(bytes)?;
        if experts == Experts::NaiveBayes {
            saved.weights.clear();
        }
        Ok(Model::new(saved))
    }

    pub(super) fn new(saved: Saved) -> Model {
        let Saved { parameters, counts, bias, weights: list } = saved;
        let mut ratios = vec![0i16; 1 << SLOT_BITS];
        let ratio = Ratio::new(&parameters, &Sums::of(&counts));
        let step = |ham, spam| (ratio.of(ham, spam) * STEPS).round() as i16;
        // Nearly all counts are small, and a logarithm for each of half a million slots takes longer than reading them.
        let small: Vec<i16> = (0..SMALL * SMALL).map(|both| step(both / SMALL, both % SMALL)).collect();
        for (slot, ham, spam) in counts.iter() {
            if let Some(entry) = ratios.get_mut(slot as usize) {
                let known = (ham < SMALL && spam < SMALL).then(|| small.get((ham * SMALL + spam) as usize)).flatten();
                *entry = known.copied().unwrap_or_else(|| step(ham, spam));
            }
        }
        let mut weights = vec![0i16; if list.is_empty() { 0 } else { 1 << FEATURE_BITS }];
        for it in &list {
            if let Some(weight) = weights.get_mut(it.feature as usize) {
                *weight = it.weight;
            }
        }
        Model { parameters, ratios, counts, weights, bias }
    }

    /// Scores a message and adds the finding `bayes`, graded by the log-odds.
    #[inline(never)] // benches/instructions.py finds it by its name
    pub(crate) fn run(&self, facts: &Facts<'_>, memory: &mut Memory, findings: &mut Vec<Finding>) -> Option<Score> {
        memory.take(facts, !self.weights.is_empty());
        let (sum, used) = self.ratios(&memory.slots, &mut memory.good);
        let logistic = (!self.weights.is_empty()).then(|| {
            let (mut sums, mut begin) = (logistic::Sums::default(), 0);
            for (end, segment) in memory.ends.iter().zip(0u8..) {
                let features = memory.features.get(begin..*end).unwrap_or_default();
                let sum: i64 = features.iter().map(|feature| i64::from(self.weight(*feature))).sum();
                sums.add(
                    segment,
                    sum as f64 / f64::from(WEIGHT_STEPS),
                    u32::try_from(features.len()).unwrap_or(u32::MAX),
                );
                begin = *end;
            }
            sums.score() + self.bias
        });
        let score = score(&self.parameters, sum / damping(&self.parameters, used), logistic, used);
        let experts = score.logistic.map_or(String::new(), |logistic| {
            format!("; naive Bayes {:+.1}, logistic {logistic:+.1}", score.naive_bayes)
        });
        let mut finding = Finding::new(
            "bayes",
            Place::message(),
            format!(
                "probability of spam {:.4}, from {} of {} tokens{experts}",
                score.probability(),
                score.used,
                memory.slots.len()
            ),
        );
        finding.effect = Effect::Graded(score.points());
        findings.push(finding);
        Some(score)
    }

    /// The score of what a message consists of.
    pub(crate) fn score(&self, tokens: &TokenSet) -> Score {
        let (sum, used) = self.ratios(&tokens.slots, &mut Vec::new());
        let logistic = (!self.weights.is_empty()).then(|| {
            let mut sums = logistic::Sums::default();
            for (feature, segment) in tokens.in_segments() {
                sums.add(segment, self.weighs(feature), 1);
            }
            sums.score() + self.bias
        });
        score(&self.parameters, sum / damping(&self.parameters, used), logistic, used)
    }

    /// The sum of the log-ratios of slots, and of how many.
    fn ratios(&self, slots: &[Slot], good: &mut Vec<i16>) -> (f64, u32) {
        let mut total = 0i64;
        let ratios = slots.iter().map(|slot| (slot.is_text(), self.ratio(slot.number())));
        let used = sum(ratios, good, |ratio| total += i64::from(ratio));
        (total as f64 / STEPS, used)
    }

    fn ratio(&self, slot: u32) -> i16 {
        self.ratios.get(slot as usize).copied().unwrap_or(0)
    }

    fn weight(&self, feature: u32) -> i16 {
        self.weights.get(feature as usize).copied().unwrap_or(0)
    }

    fn weighs(&self, feature: u32) -> f64 {
        f64::from(self.weight(feature)) / f64::from(WEIGHT_STEPS)
    }

    /// The tokens that moved the score most, the strongest first.
    pub(crate) fn explain(&self, facts: &Facts<'_>, most: usize) -> Vec<TokenWeight> {
        let both = !self.weights.is_empty();
        let mut readable = Readable::of(facts, both);
        readable.keep_good_words(MOST_GOOD_WORDS, |slot| self.ratio(slot));
        let used = readable.slots().filter(|slot| self.ratio(*slot) != 0).count();
        let damping = damping(&self.parameters, u32::try_from(used).unwrap_or(u32::MAX)) * STEPS;
        let features = f64::from(readable.keep_deciding(|feature| self.weighs(feature)).max(1)).sqrt();
        let (of_ratio, of_weight) = match both {
            true => (
                self.parameters.fused.slope / (2.0 * NAIVE_BAYES_SCALE * damping),
                self.parameters.fused.slope / (2.0 * LOGISTIC_SCALE * features * f64::from(WEIGHT_STEPS)),
            ),
            false => (self.parameters.naive_bayes.slope / damping, 0.0),
        };
        let counts = self.counts.of(readable.slots());
        let mut found = readable.weigh(
            &counts,
            |slot| f64::from(self.ratio(slot)) * of_ratio,
            |feature| f64::from(self.weight(feature)) * of_weight,
        );
        found.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.token.cmp(&b.token)));
        found.truncate(most);
        found
    }
}

/// Counts below this have their ratios made once.
const SMALL: u32 = 48;

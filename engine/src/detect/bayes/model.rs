//! The model: a table of log-ratios, one for each slot, and the calibration that makes a probability of their sum.

use super::Memory;
use super::file::{self, Counts, Parameters};
use super::tokens::{self, Family, SLOT_BITS, Sink, Slots, TokenSet};
use crate::facts::Facts;
use crate::finding::{Effect, Finding};
use crate::place::Place;

/// Steps of the table in one unit of log-odds: rounding is under 0.0003 a token.
const STEPS: f64 = 2_048.0;

/// What the log-odds add to the score at most, either way. Six points are enough to tag alone, from a probability of
/// 0.993 on, and never enough to reject; ham is believed less, since spammers write it into their mail.
const MOST_POINTS: f64 = 6.0;
const LEAST_POINTS: f64 = -4.0;
/// With this many tokens that count, half of the log-odds are believed: real mail has 60 to 300, a line without header fields has 5.
const FEW_TOKENS: f64 = 12.0;

/// What the model says of a message.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Score {
    /// Calibrated log-odds; above 0 is spam. The order of messages is best by these, without regard to how much was seen of
    /// each: weighting them doubles 1-ROCA on short messages.
    pub(crate) log_odds: f64,
    /// How many tokens counted.
    pub(crate) used: u32,
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

/// A token that moved a message's score.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct TokenWeight {
    /// The token, readable: `subject:meeting`, `url:host:example.com`.
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
pub(crate) struct Model {
    parameters: Parameters,
    /// Log-ratios in steps of 1/`STEPS`, one for each slot; 0 where the slot is unseen or says too little.
    ratios: Vec<i16>,
    /// For explanations.
    counts: Counts,
}

impl Model {
    /// Reads a model file.
    pub(crate) fn read(bytes: &[u8]) -> Result<Model, String> {
        let (parameters, counts) = file::read(bytes)?;
        Ok(Model::new(parameters, counts))
    }

    pub(super) fn new(parameters: Parameters, counts: Counts) -> Model {
        let mut ratios = vec![0i16; 1 << SLOT_BITS];
        let ratio = Ratio::new(&parameters, &counts);
        for (slot, ham, spam) in counts.iter() {
            if let Some(entry) = ratios.get_mut(slot as usize) {
                *entry = (ratio.of(ham, spam) * STEPS).round() as i16;
            }
        }
        Model { parameters, ratios, counts }
    }

    /// Scores a message and adds the finding `bayes`, graded by the log-odds.
    #[inline(never)] // benches/instructions.py finds it by its name
    pub(crate) fn run(&self, facts: &Facts<'_>, memory: &mut Memory, findings: &mut Vec<Finding>) -> Option<Score> {
        memory.slots.clear();
        tokens::tokens(facts, &mut Slots { slots: &mut memory.slots });
        memory.slots.sort_unstable();
        memory.slots.dedup();
        let score = self.score(&memory.slots);
        let mut finding = Finding::new(
            "bayes",
            Place::message(),
            format!(
                "probability of spam {:.4}, from {} of {} tokens",
                score.probability(),
                score.used,
                memory.slots.len()
            ),
        );
        finding.effect = Effect::Graded(score.points());
        findings.push(finding);
        Some(score)
    }

    /// The score of a message's slots, sorted, each once.
    pub(crate) fn score(&self, slots: &[u32]) -> Score {
        let (mut sum, mut used) = (0i64, 0u32);
        for slot in slots {
            let ratio = self.ratios.get(*slot as usize).copied().unwrap_or(0);
            sum += i64::from(ratio);
            used += u32::from(ratio != 0);
        }
        let raw = sum as f64 / STEPS / self.damping(used);
        let log_odds = self.parameters.slope * raw + self.parameters.offset;
        Score { log_odds, used }
    }

    /// What the sum is divided by, so that long messages, whose words depend on each other, are not too sure.
    fn damping(&self, used: u32) -> f64 {
        f64::from(used.max(1)).powf(self.parameters.exponent)
    }

    /// The tokens that moved the score most, the strongest first.
    pub(crate) fn explain(&self, facts: &Facts<'_>, most: usize) -> Vec<TokenWeight> {
        let mut readable = Readable::default();
        tokens::tokens(facts, &mut readable);
        readable.tokens.sort();
        // Of tokens that share a slot only one counts; the first by name is shown.
        readable.tokens.dedup_by_key(|(slot, _)| *slot);
        let ratio = |slot: u32| self.ratios.get(slot as usize).copied().unwrap_or(0);
        let used = readable.tokens.iter().filter(|(slot, _)| ratio(*slot) != 0).count();
        let scale = self.parameters.slope / STEPS / self.damping(u32::try_from(used).unwrap_or(u32::MAX));
        let mut found: Vec<TokenWeight> = readable
            .tokens
            .into_iter()
            .filter(|(slot, _)| ratio(*slot) != 0)
            .map(|(slot, token)| {
                let (ham, spam) = self.counts.of(slot);
                TokenWeight { token, weight: f64::from(ratio(slot)) * scale, ham, spam }
            })
            .collect();
        found.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.token.cmp(&b.token)));
        found.truncate(most);
        found
    }
}

/// The tokens of a message, for training.
pub(crate) fn token_set(facts: &Facts<'_>) -> TokenSet {
    let mut slots = Vec::new();
    tokens::tokens(facts, &mut Slots { slots: &mut slots });
    slots.sort_unstable();
    slots.dedup();
    TokenSet { slots: slots.into(), digest: tokens::digest(facts.raw) }
}

/// Tokens as people read them, with their slots.
#[derive(Default)]
struct Readable {
    tokens: Vec<(u32, String)>,
}

impl Sink for Readable {
    fn token(&mut self, family: Family, of: &str, text: &str) {
        let name = match of {
            "" => format!("{}:{text}", family.name()),
            of => format!("{}:{of}:{text}", family.name()),
        };
        self.tokens.push((tokens::slot(family, of, text), name));
    }
}

/// The log-ratio of a slot from its counts: smoothed shares of all tokens of each class (multinomial naive Bayes).
pub(super) struct Ratio {
    alpha: f64,
    least: f64,
    /// ln((Th + aV) / (Ts + aV)).
    balance: f64,
}

impl Ratio {
    pub(super) fn new(parameters: &Parameters, counts: &Counts) -> Ratio {
        let (mut ham, mut spam, mut seen) = (0.0, 0.0, 0.0);
        for (_, in_ham, in_spam) in counts.iter() {
            ham += f64::from(in_ham);
            spam += f64::from(in_spam);
            seen += 1.0;
        }
        let smoothing = parameters.alpha * seen;
        let balance = ((ham + smoothing).max(f64::MIN_POSITIVE) / (spam + smoothing).max(f64::MIN_POSITIVE)).ln();
        Ratio { alpha: parameters.alpha, least: parameters.least, balance }
    }

    /// The exact ratio.
    pub(super) fn exact(&self, ham: u32, spam: u32) -> f64 {
        ((f64::from(spam) + self.alpha) / (f64::from(ham) + self.alpha)).ln() + self.balance
    }

    /// The ratio where it says enough, else 0.
    pub(super) fn of(&self, ham: u32, spam: u32) -> f64 {
        let exact = if ham == 0 && spam == 0 { 0.0 } else { self.exact(ham, spam) };
        // Fits the table: an i16 holds ratios up to 15.9, and one of 13 takes fifty thousand messages.
        if exact.abs() < self.least { 0.0 } else { exact.clamp(-15.0, 15.0) }
    }
}

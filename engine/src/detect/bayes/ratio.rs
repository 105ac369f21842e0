//! Counts -> log-ratios: multinomial naive Bayes, in closed form.

use super::counts::Counts;
use super::file::Parameters;

/// What all messages sum up to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Sums {
    /// Tokens of ham and of spam, each once a message.
    pub(super) ham: f64,
    pub(super) spam: f64,
    /// Distinct tokens.
    pub(super) distinct: f64,
}

impl Sums {
    pub(super) fn of(counts: &Counts) -> Sums {
        counts.iter().fold(Sums::default(), |sums, (_, ham, spam)| Sums {
            ham: sums.ham + f64::from(ham),
            spam: sums.spam + f64::from(spam),
            distinct: sums.distinct + 1.0,
        })
    }
}

/// The log-ratio of a slot from its counts: smoothed shares of all tokens of each class.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ratio {
    alpha: f64,
    least: f64,
    /// ln((Th + aV) / (Ts + aV)).
    balance: f64,
}

impl Ratio {
    pub(super) fn new(parameters: &Parameters, sums: &Sums) -> Ratio {
        let smoothing = parameters.alpha * sums.distinct;
        let shares = (sums.ham + smoothing).max(f64::MIN_POSITIVE) / (sums.spam + smoothing).max(f64::MIN_POSITIVE);
        Ratio { alpha: parameters.alpha, least: parameters.least, balance: shares.ln() }
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

/// What a sum of so many ratios is divided by, so that long messages, whose words depend on each other, are not too sure.
pub(super) fn damping(parameters: &Parameters, used: u32) -> f64 {
    f64::from(used.max(1)).powf(parameters.exponent)
}

/// Words of the visible text that count for ham, the strongest: whoever writes good words below his spam gets no further by
/// writing more of them. What honest mail says in 20 words it does not have to say in 200.
pub(super) const MOST_GOOD_WORDS: usize = 20;

/// Sums the ratios of slots, given with whether a word of the text has each, and says how many counted. `good` is scratch.
pub(super) fn sum<N: PartialOrd + Copy + Default>(
    ratios: impl Iterator<Item = (bool, N)>,
    good: &mut Vec<N>,
    mut add: impl FnMut(N),
) -> u32 {
    good.clear();
    let mut used = 0;
    for (is_text, ratio) in ratios {
        if ratio < N::default() && is_text {
            good.push(ratio);
        } else if ratio != N::default() {
            add(ratio);
            used += 1;
        }
    }
    if good.len() > MOST_GOOD_WORDS {
        good.select_nth_unstable_by(MOST_GOOD_WORDS, |a, b| a.partial_cmp(b).unwrap_or(std::cmp::Ordering::Equal));
    }
    for ratio in good.iter().take(MOST_GOOD_WORDS) {
        add(*ratio);
        used += 1;
    }
    used
}

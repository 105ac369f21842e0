//! How well scores tell spam from ham. Takes scores with labels, gives figures; never reads mail or files.
//!
//! The figures are those of the TREC spam tracks (Cormack and Lynam), so that they can be held against published ones.

use tamis_engine::Label;

/// Log-odds of the model from which a message is spam, and below which it is ham; between them the model is not sure.
///
/// With these, models that learned one collection of mail took less than 0.3 % of the ham of another for spam, and less than
/// 15 % of its spam for ham, in every pair that was tried (`docs/why/bayes.md`).
pub const SPAM_FROM: f64 = 5.0;
/// See [`SPAM_FROM`].
pub const HAM_BELOW: f64 = -0.85;

/// Right and wrong at a threshold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Confusion {
    /// Ham that was taken for ham.
    pub ham_kept: u64,
    /// Ham that was taken for spam: the expensive mistake.
    pub ham_lost: u64,
    /// Spam that was taken for spam.
    pub spam_caught: u64,
    /// Spam that was taken for ham.
    pub spam_missed: u64,
}

impl Confusion {
    /// Counts scores above `threshold` as spam, all others as ham.
    pub fn at(threshold: f64, scores: &[(f64, Label)]) -> Confusion {
        let mut confusion = Confusion::default();
        for (score, label) in scores {
            let count = match (label, *score > threshold) {
                (Label::Ham, false) => &mut confusion.ham_kept,
                (Label::Ham, true) => &mut confusion.ham_lost,
                (Label::Spam, true) => &mut confusion.spam_caught,
                (Label::Spam, false) => &mut confusion.spam_missed,
            };
            *count += 1;
        }
        confusion
    }

    /// Messages of wanted mail.
    pub fn ham(&self) -> u64 {
        self.ham_kept + self.ham_lost
    }

    /// Messages of unwanted mail.
    pub fn spam(&self) -> u64 {
        self.spam_caught + self.spam_missed
    }

    /// LAM %: the logistic average of the share of ham that was lost and the share of spam that was missed, in percent.
    /// It does not depend on how much of either there is, and moves less than other averages when a threshold moves.
    /// `None` where a class has no messages.
    ///
    /// Each share is smoothed as (errors + 0.5) / (messages + 1), so that a filter without mistakes has a finite logit.
    pub fn lam_percent(&self) -> Option<f64> {
        if self.ham() == 0 || self.spam() == 0 {
            return None;
        }
        let logit = |errors: u64, messages: u64| {
            let share = (errors as f64 + 0.5) / (messages as f64 + 1.0);
            (share / (1.0 - share)).ln()
        };
        let mean = (logit(self.ham_lost, self.ham()) + logit(self.spam_missed, self.spam())) / 2.0;
        Some(100.0 / (1.0 + (-mean).exp()))
    }
}

/// 1-ROCA %: 100 times the chance that a message of ham, drawn at random, scores above a message of spam, drawn at random;
/// a tie counts half. No threshold comes into it: it says how well the order is. 0 is perfect, 50 is chance. `None` where a
/// class has no messages.
pub fn one_minus_roca_percent(scores: &[(f64, Label)]) -> Option<f64> {
    let mut sorted = scores.to_vec();
    // Total, so that a score that is no number cannot break the order: such a one counts as beyond all others.
    sorted.sort_by(|a, b| a.0.total_cmp(&b.0));
    // Pairs in the wrong order, counted twice so that ties stay whole numbers.
    let (mut wrong_twice, mut spam_below) = (0u128, 0u128);
    let (mut ham, mut spam) = (0u128, 0u128);
    for tied in sorted.chunk_by(|a, b| a.0 == b.0) {
        let tied_spam = tied.iter().filter(|(_, label)| *label == Label::Spam).count() as u128;
        let tied_ham = tied.len() as u128 - tied_spam;
        wrong_twice += tied_ham * (2 * spam_below + tied_spam);
        spam_below += tied_spam;
        ham += tied_ham;
        spam += tied_spam;
    }
    (ham > 0 && spam > 0).then(|| 100.0 * wrong_twice as f64 / (2 * ham * spam) as f64)
}

/// The 95 % interval of a share of `count` in `of` (Wilson's score interval): where the true share lies, if the messages were
/// drawn at random. `None` of nothing.
pub fn share_interval(count: u64, of: u64) -> Option<(f64, f64)> {
    if of == 0 {
        return None;
    }
    let (n, p, z) = (of as f64, count as f64 / of as f64, 1.96f64);
    let middle = p + z * z / (2.0 * n);
    let half = z * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + z * z / n;
    Some((((middle - half) / whole).max(0.0), ((middle + half) / whole).min(1.0)))
}

/// Messages of which a model said about the same.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reliability {
    /// The least probability of spam that it said.
    pub from: f64,
    /// What it did not reach.
    pub below: f64,
    /// How many messages.
    pub messages: u64,
    /// How many of them are spam.
    pub spam: u64,
    /// The mean of what it said.
    pub said: f64,
}

/// Where one group of probabilities ends and the next begins: finer near certainty, where most messages are.
const SAID: [f64; 9] = [0.001, 0.01, 0.1, 0.3, 0.5, 0.7, 0.9, 0.99, 0.999];

/// How often what a model said was so, for log-odds of spam by natural logarithm. Groups without messages are left out.
pub fn reliability(scores: &[(f64, Label)]) -> Vec<Reliability> {
    let edges = [&[0.0], SAID.as_slice(), &[1.0 + f64::EPSILON]].concat();
    let mut groups: Vec<Reliability> = edges
        .windows(2)
        .filter_map(|pair| Some((*pair.first()?, *pair.get(1)?)))
        .map(|(from, below)| Reliability { from, below, messages: 0, spam: 0, said: 0.0 })
        .collect();
    for (score, label) in scores {
        let said = 1.0 / (1.0 + (-score).exp());
        let at = SAID.partition_point(|edge| *edge <= said);
        if let Some(group) = groups.get_mut(at) {
            group.messages += 1;
            group.spam += u64::from(*label == Label::Spam);
            group.said += said;
        }
    }
    groups.retain(|group| group.messages > 0);
    groups.iter_mut().for_each(|group| group.said /= group.messages as f64);
    groups
}

/// The 95 % interval of a measure, by drawing as many messages again, with replacement and each class for itself, `DRAWS`
/// times (bootstrap). The same scores give the same interval.
pub fn interval(scores: &[(f64, Label)], measure: impl Fn(&[(f64, Label)]) -> Option<f64>) -> Option<(f64, f64)> {
    const DRAWS: usize = 200;
    let (ham, spam): (Vec<_>, Vec<_>) = scores.iter().copied().partition(|(_, label)| *label == Label::Ham);
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |n: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(state) * n as u128) >> 64) as usize
    };
    let mut drawn = Vec::with_capacity(scores.len());
    let mut found = Vec::with_capacity(DRAWS);
    for _ in 0..DRAWS {
        drawn.clear();
        for class in [&ham, &spam] {
            drawn.extend((0..class.len()).filter_map(|_| class.get(below(class.len()))));
        }
        found.push(measure(&drawn)?);
    }
    found.sort_by(f64::total_cmp);
    Some((*found.get(DRAWS / 40)?, *found.get(DRAWS - 1 - DRAWS / 40)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scores(ham: &[f64], spam: &[f64]) -> Vec<(f64, Label)> {
        let ham = ham.iter().map(|score| (*score, Label::Ham));
        ham.chain(spam.iter().map(|score| (*score, Label::Spam))).collect()
    }

    #[test]
    fn the_order_is_measured_with_ties_counted_half() {
        let roca = |ham: &[f64], spam: &[f64]| one_minus_roca_percent(&scores(ham, spam));
        assert_eq!(roca(&[-1.0, 0.0], &[1.0, 2.0]), Some(0.0));
        assert_eq!(roca(&[1.0, 2.0], &[-1.0, 0.0]), Some(100.0));
        assert_eq!(roca(&[1.0, 1.0], &[1.0]), Some(50.0));
        // Of six pairs one is in the wrong order and one is tied.
        assert_eq!(roca(&[0.0, 1.0, 3.0], &[1.0, 4.0]), Some(100.0 * 1.5 / 6.0));
        assert_eq!(roca(&[0.0], &[]), None);
        assert_eq!(roca(&[], &[0.0]), None);
    }

    #[test]
    fn the_order_agrees_with_counting_every_pair() {
        let mut state = 7u64;
        let mut random = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 60) as f64
        };
        let ham: Vec<f64> = (0..60).map(|_| random()).collect();
        let spam: Vec<f64> = (0..40).map(|_| random() + 3.0).collect();
        let pair = |ham: f64, spam: f64| if ham > spam { 1.0 } else { f64::from(u8::from(ham == spam)) / 2.0 };
        let wrong: f64 = ham.iter().flat_map(|ham| spam.iter().map(move |spam| pair(*ham, *spam))).sum();
        let measured = one_minus_roca_percent(&scores(&ham, &spam)).unwrap();
        assert!((measured - 100.0 * wrong / 2400.0).abs() < 1e-9, "{measured}");
    }

    #[test]
    fn mistakes_are_counted_at_the_threshold() {
        let confusion = Confusion::at(0.0, &scores(&[-1.0, 0.0, 0.1], &[0.0, 5.0]));
        assert_eq!(confusion, Confusion { ham_kept: 2, ham_lost: 1, spam_caught: 1, spam_missed: 1 });
        assert_eq!((confusion.ham(), confusion.spam()), (3, 2));
    }

    #[test]
    fn the_logistic_average_lies_between_the_two_shares() {
        let with = |ham_lost, spam_missed| Confusion {
            ham_kept: 999 - ham_lost,
            ham_lost,
            spam_caught: 999 - spam_missed,
            spam_missed,
        };
        // Both shares the same, so their average is, too: 9.5 of 1000.
        assert!((with(9, 9).lam_percent().unwrap() - 0.95).abs() < 1e-9);
        // One in a thousand and nine in ten average to what their odds' geometric mean says.
        let odds = (0.5f64 / 999.5 * (899.5 / 100.5)).sqrt();
        assert!((with(0, 899).lam_percent().unwrap() - 100.0 * odds / (1.0 + odds)).abs() < 1e-9);
        // No mistakes, and nothing but mistakes, are finite.
        assert!(with(0, 0).lam_percent().unwrap() < 0.06);
        assert!(with(999, 999).lam_percent().unwrap() > 99.9);
        assert_eq!(Confusion::default().lam_percent(), None);
    }

    #[test]
    fn what_was_said_is_held_against_what_was() {
        assert_eq!(reliability(&[]), []);
        // Log-odds of ln 4 are four in five; of ten such messages eight are spam.
        let said = 4f64.ln();
        let mut all = vec![(said, Label::Spam); 8];
        all.extend([(said, Label::Ham), (said, Label::Ham), (-800.0, Label::Ham), (800.0, Label::Spam)]);
        let found = reliability(&all);
        let of = |it: &Reliability| (it.from, it.messages, it.spam);
        assert_eq!(found.iter().map(of).collect::<Vec<_>>(), [(0.0, 1, 0), (0.7, 10, 8), (0.999, 1, 1)]);
        let means: Vec<f64> = found.iter().map(|it| it.said).collect();
        assert!(means.iter().zip([0.0, 0.8, 1.0]).all(|(mean, said)| (mean - said).abs() < 1e-9), "{means:?}");
        assert!(found.iter().all(|it| it.from <= it.said && it.said < it.below));
    }

    #[test]
    fn intervals_hold_what_they_are_of() {
        assert_eq!(share_interval(0, 0), None);
        let (low, high) = share_interval(0, 100).unwrap();
        assert!(low == 0.0 && (0.03..0.04).contains(&high), "{high}");
        let (low, high) = share_interval(50, 100).unwrap();
        assert!((0.40..0.41).contains(&low) && (0.59..0.60).contains(&high));
        let ham: Vec<f64> = (0..100).map(f64::from).collect();
        let spam: Vec<f64> = (60..160).map(f64::from).collect();
        let scores = scores(&ham, &spam);
        let whole = one_minus_roca_percent(&scores).unwrap();
        let (low, high) = interval(&scores, one_minus_roca_percent).unwrap();
        assert!(low < whole && whole < high && high - low < 10.0, "{low} {whole} {high}");
        assert_eq!(interval(&scores, one_minus_roca_percent), Some((low, high)));
    }
}

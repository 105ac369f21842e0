//! Findings -> a score and what each rule adds to it. Takes findings and weights, gives numbers; knows no action.
//!
//! Scores are summed in whole ten-thousandths: the order of the findings cannot change a sum of whole numbers, and what
//! is printed is what was compared (0.1 + 0.2 is 0.3).

use std::cmp::{Ordering, Reverse};
use std::collections::BTreeMap;

use super::scores::Scores;
use crate::finding::{Effect, Finding};
use crate::place::Place;

/// Ten-thousandths in a point.
const UNIT: f64 = 10_000.0;
/// More than any sensible score, and little enough that a million of them can be added.
const MOST: f64 = 1e12;

/// The score, and the rules that make it.
#[derive(Debug)]
pub(super) struct Sum<'f> {
    total: i64,
    pub(super) shares: Vec<Share<'f>>,
}

/// What one rule adds.
#[derive(Debug)]
pub(super) struct Share<'f> {
    /// The weightiest finding of the rule, and among equals the first.
    pub(super) finding: &'f Finding,
    /// Index into the groups.
    pub(super) group: Option<usize>,
    /// Before the cap.
    raw: i64,
    /// After the cap.
    units: i64,
    without: i64,
}

impl Sum<'_> {
    pub(super) fn score(&self) -> f64 {
        points(self.total)
    }
}

impl Share<'_> {
    /// What the rule adds, after its group's cap.
    pub(super) fn score(&self) -> f64 {
        points(self.units)
    }

    /// The score without this rule.
    pub(super) fn without(&self) -> f64 {
        points(self.without)
    }
}

/// Sums up. A rule counts once, however often it was found. The shares come the weightiest first, then by name.
///
/// Where a group is over its cap, the smallest shares are cut first: what weighs most is what a person should read.
pub(super) fn sum<'f>(scores: &Scores, findings: impl Iterator<Item = &'f Finding>) -> Sum<'f> {
    let mut rules: BTreeMap<&str, (i64, &Finding)> = BTreeMap::new();
    for finding in findings {
        let weight = scores.weight(&finding.rule);
        let units = units(match finding.effect {
            Effect::Graded(grade) => grade * weight,
            _ => weight,
        });
        let this = (units, finding);
        rules
            .entry(&finding.rule)
            .and_modify(|best| {
                if before(this, *best) {
                    *best = this;
                }
            })
            .or_insert(this);
    }

    let mut shares: Vec<Share<'f>> = rules
        .into_iter()
        .filter(|(rule, (units, _))| *units != 0 || (scores.is_given(rule) && scores.weight(rule) == 0.0))
        .map(|(rule, (units, finding))| Share { finding, group: scores.group(rule), raw: units, units, without: 0 })
        .collect();
    // Stable, and the rules come by name.
    shares.sort_by_key(|share| Reverse(share.raw.unsigned_abs()));

    let mut sums = vec![0i64; scores.groups().len()];
    let mut total = 0i64;
    for share in &shares {
        match share.group.and_then(|group| sums.get_mut(group)) {
            Some(sum) => *sum = sum.saturating_add(share.raw),
            None => total = total.saturating_add(share.raw),
        }
    }
    let capped = |group: usize, sum: i64| match scores.groups().get(group).and_then(|group| group.cap) {
        Some(cap) => sum.clamp(-units(cap).max(0), units(cap).max(0)),
        None => sum,
    };
    // What each group is over its cap; the sign says on which side.
    let mut excess: Vec<i64> =
        sums.iter().enumerate().map(|(group, sum)| sum.saturating_sub(capped(group, *sum))).collect();
    for (group, sum) in sums.iter().enumerate() {
        total = total.saturating_add(capped(group, *sum));
    }
    for share in shares.iter_mut().rev() {
        let group = share.group.and_then(|group| Some((group, *sums.get(group)?, excess.get_mut(group)?)));
        let Some((group, sum, excess)) = group else {
            share.without = total.saturating_sub(share.raw);
            continue;
        };
        if excess.signum() == share.raw.signum() {
            let cut = if *excess > 0 { share.raw.min(*excess) } else { share.raw.max(*excess) };
            share.units = share.raw.saturating_sub(cut);
            *excess = excess.saturating_sub(cut);
        }
        let others = capped(group, sum.saturating_sub(share.raw));
        share.without = total.saturating_sub(capped(group, sum)).saturating_add(others);
    }
    shares.sort_by_key(|share| Reverse(share.units.unsigned_abs()));
    Sum { total, shares }
}

/// Whether a finding stands for its rule rather than another: it weighs more, or comes first.
fn before(this: (i64, &Finding), that: (i64, &Finding)) -> bool {
    let heavier = this.0.unsigned_abs().cmp(&that.0.unsigned_abs()).then(this.0.cmp(&that.0));
    heavier.reverse().then_with(|| earlier(this.1, that.1)) == Ordering::Less
}

/// The order of findings of one rule: as a reader meets them.
pub(super) fn earlier(this: &Finding, that: &Finding) -> Ordering {
    let key = |place: &Place| (place.item, place.view.clone(), place.offset, place.length);
    key(&this.place)
        .cmp(&key(&that.place))
        .then_with(|| this.place.path.cmp(&that.place.path))
        .then_with(|| this.evidence.cmp(&that.evidence))
        .then_with(|| this.explanation.cmp(&that.explanation))
}

fn units(points: f64) -> i64 {
    // The cast takes no number (0 / 0) for 0.
    (points * UNIT).round().clamp(-MOST, MOST) as i64
}

fn points(units: i64) -> f64 {
    units as f64 / UNIT
}

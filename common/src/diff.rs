//! What differs between two sets of verdicts on the same mail. Takes recorded verdicts, gives the messages that are judged
//! otherwise, the ones with another action first, and the rules that hit otherwise, counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::recorded::Recorded;

/// How far a message is judged otherwise, the furthest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Another action.
    Action,
    /// The same action with another score.
    Score,
    /// The same score for other reasons.
    Reasons,
}

impl Kind {
    /// The name that JSON has.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Action => "action",
            Kind::Score => "score",
            Kind::Reasons => "reasons",
        }
    }
}

/// A message that is judged otherwise.
#[derive(Clone, Copy, Debug)]
pub struct Change<'r> {
    /// How far.
    pub kind: Kind,
    /// What was said of it.
    pub before: &'r Recorded,
    /// What is said of it.
    pub after: &'r Recorded,
}

/// What a finding adds to the score before and after; none where it is not found.
pub type Shift<'r> = (&'r str, Option<f64>, Option<f64>);

impl<'r> Change<'r> {
    /// The findings that make the difference, those that move the score furthest first.
    pub fn shifts(&self) -> Vec<Shift<'r>> {
        let mut shifts: Vec<Shift<'r>> = shifts(self.before, self.after).filter(|it| is_other(it.1, it.2)).collect();
        let moved = |it: &Shift<'_>| (it.2.unwrap_or(0.0) - it.1.unwrap_or(0.0)).abs();
        shifts.sort_by(|a, b| moved(b).total_cmp(&moved(a)).then_with(|| a.0.cmp(b.0)));
        shifts
    }

    /// How far the score moved, without what rounding adds, so that equal moves stay in the order of paths.
    fn moved(&self) -> f64 {
        ((self.after.score - self.before.score).abs() * 1e4).round()
    }
}

/// How often a rule hits, over the messages that were judged both times.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// Messages that it hit.
    pub before: u64,
    /// Messages that it hits.
    pub after: u64,
    /// Messages that it hits and did not.
    pub gained: u64,
    /// Messages that it hit and does not.
    pub lost: u64,
    /// Messages in which it adds something else to the score.
    pub rescored: u64,
}

/// What differs.
#[derive(Clone, Debug, Default)]
pub struct Diff<'r> {
    /// Messages that were judged both times.
    pub both: u64,
    /// Those that are judged otherwise: by kind, the score that moved furthest first.
    pub changes: Vec<Change<'r>>,
    /// The rules that hit otherwise, or add something else: those of the most messages first.
    pub rules: Vec<(&'r str, Hits)>,
    /// Messages that were judged before only.
    pub gone: Vec<&'r str>,
    /// Messages that were judged after only.
    pub new: Vec<&'r str>,
}

impl Diff<'_> {
    /// Whether anything differs.
    pub fn is_any(&self) -> bool {
        !(self.changes.is_empty() && self.gone.is_empty() && self.new.is_empty())
    }

    /// The messages that are judged otherwise in this way.
    pub fn of(&self, kind: Kind) -> impl Iterator<Item = &Change<'_>> {
        self.changes.iter().filter(move |it| it.kind == kind)
    }
}

/// Compares. Messages are the same where their paths are.
pub fn diff<'r>(before: &'r [Recorded], after: &'r [Recorded]) -> Diff<'r> {
    let by_path = |all: &'r [Recorded]| all.iter().map(|it| (it.path.as_str(), it)).collect::<BTreeMap<_, _>>();
    let (before, after) = (by_path(before), by_path(after));
    let mut out = Diff::default();
    let mut hits: BTreeMap<&str, Hits> = BTreeMap::new();
    for (path, before) in &before {
        let Some(after) = after.get(path) else {
            out.gone.push(path);
            continue;
        };
        out.both += 1;
        let mut same_reasons = true;
        for (name, was, is) in shifts(before, after) {
            let hits = hits.entry(name).or_default();
            hits.before += u64::from(was.is_some());
            hits.after += u64::from(is.is_some());
            hits.gained += u64::from(was.is_none());
            hits.lost += u64::from(is.is_none());
            hits.rescored += u64::from(was.is_some() && is.is_some() && is_other(was, is));
            same_reasons &= !is_other(was, is);
        }
        let kind = match before.action == after.action {
            false => Kind::Action,
            true if is_other(Some(before.score), Some(after.score)) => Kind::Score,
            true if !same_reasons => Kind::Reasons,
            true => continue,
        };
        out.changes.push(Change { kind, before, after });
    }
    out.new = after.keys().copied().filter(|path| !before.contains_key(path)).collect();
    out.changes.sort_by(|a, b| {
        let by_far = || b.moved().total_cmp(&a.moved());
        a.kind.cmp(&b.kind).then_with(by_far).then_with(|| a.after.path.cmp(&b.after.path))
    });
    let messages = |hits: &Hits| hits.gained + hits.lost + hits.rescored;
    out.rules = hits.into_iter().filter(|(_, hits)| messages(hits) > 0).collect();
    out.rules.sort_by(|a, b| messages(&b.1).cmp(&messages(&a.1)).then_with(|| a.0.cmp(b.0)));
    out
}

/// Everything found before or after.
fn shifts<'r>(before: &'r Recorded, after: &'r Recorded) -> impl Iterator<Item = Shift<'r>> {
    let names: BTreeSet<&str> = before.found.keys().chain(after.found.keys()).map(String::as_str).collect();
    names.into_iter().map(|name| (name, before.found.get(name).copied(), after.found.get(name).copied()))
}

/// Whether two scores differ by more than was rounded when they were written.
fn is_other(before: Option<f64>, after: Option<f64>) -> bool {
    match (before, after) {
        (Some(before), Some(after)) => (before - after).abs() > 0.000_05,
        (before, after) => before.is_some() != after.is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tamis_engine::Action;

    fn recorded(path: &str, action: Action, found: &[(&str, f64)]) -> Recorded {
        let score = found.iter().map(|(_, score)| score).sum();
        let found = found.iter().map(|(name, score)| ((*name).to_owned(), *score)).collect();
        Recorded { path: path.into(), action, score, found }
    }

    #[test]
    fn messages_with_another_action_come_first_and_rules_are_counted() {
        use Action::{Accept, Tag};
        let before = [
            recorded("a", Accept, &[("x", 1.0)]),
            recorded("b", Accept, &[("x", 1.0)]),
            recorded("c", Tag, &[("x", 1.0), ("y", 5.0)]),
            recorded("d", Accept, &[("x", 1.0), ("z", 0.0)]),
            recorded("e", Accept, &[("x", 1.0)]),
            recorded("gone", Accept, &[("x", 1.0)]),
        ];
        let after = [
            recorded("new", Accept, &[("x", 1.0)]),
            recorded("e", Accept, &[("x", 1.000_01)]),
            recorded("d", Accept, &[("x", 1.0)]),
            recorded("c", Accept, &[("x", 1.0)]),
            recorded("b", Accept, &[("x", 3.0)]),
            recorded("a", Tag, &[("x", 1.0), ("w", 5.0)]),
        ];
        let found = diff(&before, &after);
        let changes: Vec<(&str, Kind)> = found.changes.iter().map(|it| (it.after.path.as_str(), it.kind)).collect();
        assert_eq!(changes, [("a", Kind::Action), ("c", Kind::Action), ("b", Kind::Score), ("d", Kind::Reasons)]);
        assert_eq!((found.both, &found.gone[..], &found.new[..]), (5, &["gone"][..], &["new"][..]));
        let hits = |before, after, gained, lost, rescored| Hits { before, after, gained, lost, rescored };
        let rules = [
            ("w", hits(0, 1, 1, 0, 0)),
            ("x", hits(5, 5, 0, 0, 1)),
            ("y", hits(1, 0, 0, 1, 0)),
            ("z", hits(1, 0, 0, 1, 0)),
        ];
        assert_eq!(found.rules, rules);
        assert_eq!(found.changes[1].shifts(), [("y", Some(5.0), None)]);
        assert!(found.is_any() && !diff(&before, &before).is_any());
    }
}

//! Findings -> [`Verdict`]. Weights, group caps, thresholds, lists that outrank them. Takes findings and what was
//! counted, gives a verdict; never sees a message.
//!
//! In this order, for each recipient's profile:
//!
//! 1. A block entry: the block action, or a stricter one where the score asks for it.
//! 2. Else an allow entry: accept, whatever the score and whatever was not looked at.
//! 3. Else the strictest action whose threshold the score reaches, and at least the `incomplete` action where the
//!    message was not looked at wholly, and the `differing_readings` action where it has several readings.
//! 4. With `monitor_only`: accept or tag in place of anything stricter; what it would have been is kept.
//!
//! The verdict's action is the mildest of its recipients' actions, since that is safe for all of them.

mod lists;
mod recipients;
mod scores;
mod sum;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use crate::defect::Defect;
use crate::direction::Direction;
use crate::error::{Problem, nearest};
use crate::finding::Finding;
use crate::incomplete::Incomplete;
use crate::verdict::{Action, Reason, RecipientResult, Verdict, Versions, Work};
use crate::wanted::Wanted;

use lists::{Entries, Ruling};
use recipients::Directory;
use scores::Scores;
use sum::Sum;

/// A file of scores.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoreSource {
    /// The file's name, for errors.
    pub source: String,
    /// Its text, TOML.
    pub text: String,
}

/// What scores and lists lead to, for one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct DirectionPolicy {
    /// From this score on, tag.
    pub tag: Option<f64>,
    /// From this score on, quarantine.
    pub quarantine: Option<f64>,
    /// From this score on, reject.
    pub reject: Option<f64>,
    /// From this score on, discard.
    pub discard: Option<f64>,
    /// What a hit on a block list leads to.
    pub block: Action,
    /// The mildest action for a message that was not looked at wholly.
    pub incomplete: Action,
    /// The mildest action for a message that mail programs read differently, so that it holds another content for each.
    pub differing_readings: Action,
    /// Judge, log and tag, but accept always.
    pub monitor_only: bool,
}

impl DirectionPolicy {
    /// The defaults for a direction, as `tamis config show --defaults` prints them with their reasons.
    pub fn standard(direction: Direction) -> DirectionPolicy {
        let inbound = direction == Direction::Inbound;
        DirectionPolicy {
            tag: inbound.then_some(5.0),
            quarantine: if inbound { None } else { Some(8.0) },
            reject: Some(15.0),
            discard: None,
            block: Action::Reject,
            incomplete: Action::Accept,
            differing_readings: Action::Accept,
            monitor_only: false,
        }
    }
}

/// Recipients that are judged otherwise than the rest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Profile {
    /// Its name, for errors.
    pub name: String,
    /// Addresses (`a@b.example`) and domains (`@b.example`) that it is for. The first profile that fits counts.
    pub recipients: Vec<String>,
    /// Instead of the direction's own; outer `None` keeps that.
    pub tag: Option<Option<f64>>,
    /// Likewise.
    pub quarantine: Option<Option<f64>>,
    /// Likewise.
    pub reject: Option<Option<f64>>,
    /// Likewise.
    pub monitor_only: Option<bool>,
    /// Names of the lists that count for them; `None`: all.
    pub lists: Option<Vec<String>>,
}

/// How findings become actions.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicySettings {
    /// For inbound mail.
    pub inbound: DirectionPolicy,
    /// For outbound mail.
    pub outbound: DirectionPolicy,
    /// Recipients that are judged otherwise.
    pub profiles: Vec<Profile>,
}

impl Default for PolicySettings {
    fn default() -> PolicySettings {
        PolicySettings {
            inbound: DirectionPolicy::standard(Direction::Inbound),
            outbound: DirectionPolicy::standard(Direction::Outbound),
            profiles: Vec::new(),
        }
    }
}

/// What a rule weighs, and what a person is told about it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Weight {
    pub(crate) score: f64,
    /// Empty where it has none.
    pub(crate) group: Arc<str>,
    pub(crate) explanation: Arc<str>,
}

/// Weights and settings, ready to judge.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    settings: PolicySettings,
    scores: Scores,
    explanations: HashMap<String, Arc<str>>,
    directory: Directory,
}

/// What a verdict is made of.
#[derive(Debug)]
pub(crate) struct Case<'c> {
    pub(crate) direction: Direction,
    pub(crate) recipients: &'c [String],
    pub(crate) findings: &'c [Finding],
    pub(crate) defects: &'c [Defect],
    pub(crate) incomplete: &'c [Incomplete],
    pub(crate) spam_probability: Option<f64>,
    pub(crate) bayes_score: Option<f64>,
    pub(crate) naive_bayes_score: Option<f64>,
    pub(crate) logistic_score: Option<f64>,
    pub(crate) items: u32,
    pub(crate) readings: u32,
    pub(crate) bytes: u64,
    pub(crate) work: Work,
    pub(crate) versions: &'c Versions,
}

/// The names that scores and profiles may use.
#[derive(Debug, Default)]
pub(crate) struct Known<'k> {
    /// Every rule that is loaded, with its explanation.
    pub(crate) rules: &'k [(&'k str, &'k str)],
    /// What rules weigh by themselves where nobody gives them a score, and the group they are in then.
    pub(crate) defaults: &'k [(&'k str, Option<f64>, &'k str)],
    /// Rules that the configuration leaves out: a score for one is no mistake.
    pub(crate) disabled: &'k [String],
    /// The rules of DNS lists.
    pub(crate) dns_rules: &'k [&'k str],
    /// The lists, without `list-`.
    pub(crate) lists: &'k [&'k str],
}

impl Policy {
    /// Reads scores. A score for a rule that is not known is a problem. `overrides` come from the configuration and
    /// outrank the files; each has a problem ready that says where it stands, to be given back when it cannot be.
    pub(crate) fn compile(
        settings: PolicySettings,
        scores: &[ScoreSource],
        known: &Known<'_>,
        overrides: &[(String, f64, Problem)],
    ) -> (Policy, Vec<Problem>) {
        let (scores, mut problems) = Scores::read(scores, known, overrides);
        check(&settings, known, &mut problems);
        let explanations = known.rules.iter().map(|(rule, what)| ((*rule).to_owned(), Arc::from(*what))).collect();
        let directory = Directory::new(&settings.profiles);
        (Policy { settings, scores, explanations, directory }, problems)
    }

    /// The facts without which a scored finding could not be made.
    pub(crate) fn wanted(&self) -> Wanted {
        if self.scores.weighs_defects() { Wanted::DEFECTS } else { Wanted::NOTHING }
    }

    /// The number of the first profile that names a recipient.
    pub(crate) fn profile(&self, address: &str) -> Option<usize> {
        self.directory.profile(address)
    }

    /// What a rule weighs.
    pub(crate) fn weight(&self, rule: &str) -> Weight {
        Weight {
            score: self.scores.weight(rule),
            group: self.group_name(self.scores.group(rule)),
            explanation: self.explanations.get(rule).cloned().unwrap_or_default(),
        }
    }

    /// Judges.
    #[inline(never)] // benches/instructions.py finds it by its name
    pub(crate) fn decide(&self, case: &Case<'_>) -> Verdict {
        let sum = sum::sum(&self.scores, case.findings.iter().filter(|finding| !lists::is_entry(finding)));
        let mut entries = Entries::of(case.findings);

        let mut distinct = BTreeSet::new();
        let mut addresses: Vec<&str> =
            case.recipients.iter().map(String::as_str).filter(|address| distinct.insert(*address)).collect();
        if addresses.is_empty() {
            addresses.push("");
        }
        // Each profile is judged once, however many recipients share it.
        let mut judged: BTreeMap<Option<usize>, (Action, Option<Action>)> = BTreeMap::new();
        let recipients: Vec<RecipientResult> = addresses
            .into_iter()
            .map(|address| {
                let number = self.directory.profile(address);
                let profile = number.and_then(|number| self.settings.profiles.get(number));
                let (action, unmonitored) =
                    *judged.entry(number).or_insert_with(|| self.act(case, profile, &sum, &mut entries));
                RecipientResult { address: address.into(), action, score: sum.score(), unmonitored }
            })
            .collect();

        Verdict {
            action: recipients.iter().map(|recipient| recipient.action).min().unwrap_or(Action::Accept),
            score: sum.score(),
            spam_probability: case.spam_probability,
            bayes_score: case.bayes_score,
            naive_bayes_score: case.naive_bayes_score,
            logistic_score: case.logistic_score,
            reasons: self.reasons(&sum, entries),
            recipients,
            defects: case.defects.to_vec(),
            incomplete: case.incomplete.to_vec(),
            items: case.items,
            readings: case.readings,
            bytes: case.bytes,
            direction: case.direction,
            versions: case.versions.clone(),
            work: case.work,
        }
    }

    /// What to do for the recipients of a profile, and what would be done if `monitor_only` were off.
    fn act(
        &self,
        case: &Case<'_>,
        profile: Option<&Profile>,
        sum: &Sum<'_>,
        entries: &mut Entries<'_>,
    ) -> (Action, Option<Action>) {
        let own = match case.direction {
            Direction::Inbound => &self.settings.inbound,
            Direction::Outbound => &self.settings.outbound,
        };
        let thresholds = [
            (profile.and_then(|profile| profile.tag).unwrap_or(own.tag), Action::Tag),
            (profile.and_then(|profile| profile.quarantine).unwrap_or(own.quarantine), Action::Quarantine),
            (profile.and_then(|profile| profile.reject).unwrap_or(own.reject), Action::Reject),
            (own.discard, Action::Discard),
        ];
        let score = sum.score();
        let reached = thresholds.into_iter().filter(|(from, _)| from.is_some_and(|from| score >= from));
        let by_score = reached.map(|(_, action)| action).max().unwrap_or(Action::Accept);
        let floors = [(!case.incomplete.is_empty(), own.incomplete), (case.readings > 1, own.differing_readings)];
        let floor =
            floors.into_iter().filter_map(|(met, action)| met.then_some(action)).max().unwrap_or(Action::Accept);
        let action = match entries.rule(profile.and_then(|profile| profile.lists.as_deref())) {
            Ruling::Blocked => own.block.max(by_score).max(floor),
            Ruling::Allowed => Action::Accept,
            Ruling::Silent => by_score.max(floor),
        };
        if profile.and_then(|profile| profile.monitor_only).unwrap_or(own.monitor_only) {
            (action.min(Action::Tag), Some(action))
        } else {
            (action, None)
        }
    }

    /// Why: entries of lists that decide, then what adds to the score, the weightiest first, then entries that were
    /// outranked or passed over.
    fn reasons(&self, sum: &Sum<'_>, entries: Entries<'_>) -> Vec<Reason> {
        let mut reasons = Vec::new();
        let mut last = Vec::new();
        for told in entries.told() {
            let reason = Reason {
                rule: Arc::clone(&told.finding.rule),
                score: 0.0,
                without: sum.score(),
                group: Arc::default(),
                place: told.finding.place.clone(),
                evidence: told.finding.evidence.clone(),
                explanation: told.explanation,
            };
            if told.decides { reasons.push(reason) } else { last.push(reason) }
        }
        reasons.extend(sum.shares.iter().map(|share| Reason {
            rule: Arc::clone(&share.finding.rule),
            score: share.score(),
            without: share.without(),
            group: self.group_name(share.group),
            place: share.finding.place.clone(),
            evidence: share.finding.evidence.clone(),
            explanation: match &share.finding.explanation {
                Some(explanation) => explanation.clone(),
                None => self.explanations.get(&*share.finding.rule).map_or_else(String::new, |what| what.to_string()),
            },
        }));
        reasons.extend(last);
        reasons
    }

    fn group_name(&self, group: Option<usize>) -> Arc<str> {
        group
            .and_then(|group| self.scores.groups().get(group))
            .map_or_else(Arc::default, |group| Arc::clone(&group.name))
    }
}

/// What is wrong with settings, whoever made them.
fn check(settings: &PolicySettings, known: &Known<'_>, problems: &mut Vec<Problem>) {
    let mut thresholds = |whose: &str, all: &[(&str, Option<f64>)]| {
        for (name, threshold) in all {
            if threshold.is_some_and(|threshold| !threshold.is_finite()) {
                let message = format!("the threshold {name} is not a finite number");
                problems.push(Problem::file(whose, message).remedy("write a number, or leave the action out"));
            }
        }
    };
    for (whose, own) in [("inbound", &settings.inbound), ("outbound", &settings.outbound)] {
        let all = [("tag", own.tag), ("quarantine", own.quarantine), ("reject", own.reject), ("discard", own.discard)];
        thresholds(whose, &all);
    }
    for profile in &settings.profiles {
        let all = [("tag", profile.tag), ("quarantine", profile.quarantine), ("reject", profile.reject)];
        thresholds(&format!("profile {}", profile.name), &all.map(|(name, threshold)| (name, threshold.flatten())));
    }
    for profile in &settings.profiles {
        let whose = format!("profile {}", profile.name);
        for recipient in profile.recipients.iter().filter(|recipient| !recipient.contains('@')) {
            let message = format!("{recipient:?} is no recipient");
            let remedy = format!("write @{recipient} for a domain, name@{recipient} for one address");
            problems.push(Problem::file(&whose, message).remedy(remedy));
        }
        for list in profile.lists.iter().flatten().filter(|list| !known.lists.contains(&list.as_str())) {
            let remedy = match nearest(list, known.lists.iter().copied()) {
                near if near.is_empty() => format!("lists there are: {}", known.lists.join(", ")),
                near => near,
            };
            problems.push(Problem::file(&whose, format!("there is no list {list}")).remedy(remedy));
        }
    }
}

//! Findings -> [`Verdict`]. Weights, group caps, thresholds, lists that outrank them. Takes findings and what was
//! counted, gives a verdict; never sees a message.

use crate::defect::Defect;
use crate::direction::Direction;
use crate::error::Problem;
use crate::finding::Finding;
use crate::incomplete::Incomplete;
use crate::verdict::{Action, RecipientResult, Verdict, Versions, Work};
use crate::wanted::Wanted;

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
    pub(crate) group: std::sync::Arc<str>,
    pub(crate) explanation: std::sync::Arc<str>,
}

/// Weights and settings, ready to judge.
#[derive(Debug, Default)]
pub(crate) struct Policy {
    settings: PolicySettings,
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
    /// Rules that the configuration leaves out: a score for one is no mistake.
    pub(crate) disabled: &'k [String],
    /// The rules of DNS lists.
    pub(crate) dns_rules: &'k [&'k str],
    /// The lists, without `list-`.
    pub(crate) lists: &'k [&'k str],
}

impl Policy {
    /// Reads scores. A score for a rule that is not known is a problem. `overrides` come from the configuration and
    /// outrank the files; each has a problem ready, to be given back when its rule is not known.
    pub(crate) fn compile(
        settings: PolicySettings,
        _scores: &[ScoreSource],
        _known: &Known<'_>,
        _overrides: &[(String, f64, Problem)],
    ) -> (Policy, Vec<Problem>) {
        (Policy { settings }, Vec::new())
    }

    /// The facts without which a scored finding could not be made.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted::NOTHING
    }

    /// What a rule weighs.
    pub(crate) fn weight(&self, _rule: &str) -> Weight {
        Weight::default()
    }

    /// Judges.
    pub(crate) fn decide(&self, case: &Case<'_>) -> Verdict {
        let _ = &self.settings;
        Verdict {
            action: Action::Accept,
            score: 0.0,
            spam_probability: case.spam_probability,
            bayes_score: case.bayes_score,
            recipients: vec![RecipientResult {
                address: String::new(),
                action: Action::Accept,
                score: 0.0,
                unmonitored: None,
            }],
            reasons: Vec::new(),
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
}

//! What lists have to say, which outranks scores. Takes findings of lists, gives for a recipient whether he is to have
//! the message, and what to tell about each entry.
//!
//! A block entry wins over an allow entry, but for one case: both speak of the same subject, and the allow entry is the
//! narrower. So `partner@example.com` can be let through where `example.com` is blocked.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::Arc;

use super::sum;
use crate::finding::{Effect, Finding};

/// What the lists come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Ruling {
    #[default]
    Silent,
    Allowed,
    Blocked,
}

/// What became of an entry, the most telling first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// It decides.
    Decides,
    /// An entry of this rule outranks it.
    Outranked(Arc<str>),
    /// It did not count from the start, as its explanation says.
    PassedOver,
}

/// What to tell about a list.
#[derive(Debug)]
pub(super) struct Told<'f> {
    pub(super) finding: &'f Finding,
    pub(super) explanation: String,
    pub(super) decides: bool,
}

/// The findings of lists, and what is known of each.
#[derive(Debug)]
pub(super) struct Entries<'f> {
    entries: Vec<(&'f Finding, Option<Standing>)>,
}

/// Whether a finding is one of a list.
pub(super) fn is_entry(finding: &Finding) -> bool {
    matches!(finding.effect, Effect::Allow(_) | Effect::Block(_)) || finding.rule.starts_with("list-")
}

impl<'f> Entries<'f> {
    pub(super) fn of(findings: &'f [Finding]) -> Entries<'f> {
        let entries = findings.iter().filter(|finding| is_entry(finding)).map(|finding| (finding, None)).collect();
        Entries { entries }
    }

    /// What the lists come to for recipients for whom only `lists` count; `None`: all. Remembers what became of each
    /// entry, so that every recipient's result can be explained.
    pub(super) fn rule(&mut self, lists: Option<&[String]>) -> Ruling {
        let counts = |finding: &Finding| {
            let name = finding.rule.strip_prefix("list-").unwrap_or(&finding.rule);
            lists.is_none_or(|lists| lists.iter().any(|list| list == name))
        };
        let here: Vec<&'f Finding> =
            self.entries.iter().map(|(finding, _)| *finding).filter(|finding| counts(finding)).collect();
        let narrower_allow = |block: &Finding, width: u16| {
            here.iter()
                .filter(|other| matches!(other.effect, Effect::Allow(narrow) if narrow > width))
                .filter(|other| same_subject(other, block))
                .map(|other| &other.rule)
                .min()
        };
        let blocker = here
            .iter()
            .filter(|finding| match finding.effect {
                Effect::Block(width) => narrower_allow(finding, width).is_none(),
                _ => false,
            })
            .map(|finding| &finding.rule)
            .min();
        let mut allowed = false;
        for (finding, remembered) in self.entries.iter_mut().filter(|(finding, _)| counts(finding)) {
            let standing = match finding.effect {
                Effect::Block(width) => match narrower_allow(finding, width) {
                    Some(allow) => Standing::Outranked(Arc::clone(allow)),
                    None => Standing::Decides,
                },
                Effect::Allow(_) => match blocker {
                    Some(block) => Standing::Outranked(Arc::clone(block)),
                    None => {
                        allowed = true;
                        Standing::Decides
                    }
                },
                Effect::Weighted | Effect::Graded(_) => Standing::PassedOver,
            };
            if remembered.as_ref().is_none_or(|earlier| standing < *earlier) {
                *remembered = Some(standing);
            }
        }
        match (blocker, allowed) {
            (Some(_), _) => Ruling::Blocked,
            (None, true) => Ruling::Allowed,
            (None, false) => Ruling::Silent,
        }
    }

    /// One entry a list to tell about, those that decide first, then by name. Lists that count for no recipient are
    /// left out.
    pub(super) fn told(self) -> Vec<Told<'f>> {
        let mut lists: BTreeMap<&str, (&Finding, Standing)> = BTreeMap::new();
        for (finding, standing) in self.entries {
            let Some(standing) = standing else { continue };
            let better = lists.get(&*finding.rule).is_none_or(|(best, its)| {
                standing.cmp(its).then_with(|| sum::earlier(finding, best)) == Ordering::Less
            });
            if better {
                lists.insert(&finding.rule, (finding, standing));
            }
        }
        let mut told: Vec<Told<'f>> = lists
            .into_values()
            .map(|(finding, standing)| {
                let mut explanation = finding.explanation.clone().unwrap_or_default();
                if let Standing::Outranked(rule) = &standing {
                    explanation.push_str(&format!("; {rule} outranks it"));
                }
                Told { finding, explanation, decides: standing == Standing::Decides }
            })
            .collect();
        told.sort_by_key(|told| !told.decides);
        told
    }
}

/// Whether two entries speak of one thing: the same address, or the same client.
fn same_subject(this: &Finding, that: &Finding) -> bool {
    this.evidence == that.evidence && discriminant(&this.place.view) == discriminant(&that.place.view)
}

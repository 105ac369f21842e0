//! The engine: rules, lists, model and limits, compiled. Immutable; shared by threads; swapped whole on reload.

use std::sync::OnceLock;

use crate::detect::Detectors;
use crate::detect::lists::ListHit;
use crate::detect::rules::Rule;
use crate::detect::yara::YaraRule;
use crate::error::Problem;
use crate::input::{Mail, Networks};
use crate::limits::Limits;
use crate::policy::Policy;
use crate::verdict::{Verdict, Versions};
use crate::wanted::Wanted;
use crate::worker::Worker;

/// Judges messages. Made by [`EngineBuilder`](crate::EngineBuilder).
#[derive(Debug)]
pub struct Engine {
    pub(crate) limits: Limits,
    pub(crate) networks: Networks,
    pub(crate) detectors: Detectors,
    pub(crate) policy: Policy,
    pub(crate) wanted: Wanted,
    pub(crate) versions: Versions,
    pub(crate) leaf_threads: usize,
    /// Made when the first large message needs it, so that a host that scans small mail starts no threads.
    pub(crate) leaves: OnceLock<Option<rayon::ThreadPool>>,
}

impl Engine {
    /// A worker of this engine, for the calling thread. Costs little; is meant to be kept for many messages.
    pub fn worker(&self) -> Worker<'_> {
        Worker::new(self)
    }

    /// Judges many messages on `threads` threads, one worker each; the verdicts come in the order of the messages.
    pub fn scan_many(&self, mails: &[Mail<'_>], threads: usize) -> Vec<Verdict> {
        let mut verdicts = Vec::with_capacity(mails.len());
        self.run_many(mails.iter(), threads, |worker, mail| worker.scan(mail), |verdict| verdicts.push(verdict));
        verdicts
    }

    /// The rules at hand, in the order of their files.
    pub fn rules(&self) -> &[Rule] {
        self.detectors.rules.rules()
    }

    /// What is no mistake in the rules, and worth a look: patterns that have to be searched in each message because no
    /// literal stands in all their matches. For `tamis rules check`.
    pub fn rule_notes(&self) -> &[Problem] {
        self.detectors.rules.notes()
    }

    /// The YARA rules at hand, in the order of their files.
    pub fn yara_rules(&self) -> &[YaraRule] {
        self.detectors.yara.rules()
    }

    /// What is no mistake in the YARA rules, and worth a look: what the compiler warns of, and what was left out because
    /// it needs a module that is not built in. Empty where compiled rules were at hand. For `tamis rules check`.
    pub fn yara_notes(&self) -> &[Problem] {
        self.detectors.yara.notes()
    }

    /// A rule's score and its group (empty where it has none).
    pub fn rule_score(&self, rule: &str) -> (f64, String) {
        let weight = self.policy.weight(rule);
        (weight.score, weight.group.to_string())
    }

    /// What is no mistake in the lists, and worth a look: entries that stand twice, and entries that one list allows and
    /// another blocks. For `tamis lists check`.
    pub fn list_notes(&self) -> &[Problem] {
        self.detectors.lists.notes()
    }

    /// Every list entry that covers `subject`: a domain, an address, an IP address or network, a URL or a SHA-256 digest.
    /// In the order of the lists; of one file the narrowest entry, the one that counts, first.
    pub fn lists_lookup(&self, subject: &str) -> Vec<ListHit> {
        self.detectors.lists.lookup(subject)
    }

    /// Engine, rules and model.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The pool for leaf tasks of large messages; none where the engine was built without threads of its own.
    pub(crate) fn leaves(&self) -> Option<&rayon::ThreadPool> {
        self.leaves
            .get_or_init(|| match self.leaf_threads {
                0 | 1 => None,
                threads => rayon::ThreadPoolBuilder::new()
                    .num_threads(threads)
                    .thread_name(|n| format!("tamis-leaf-{n}"))
                    .build()
                    .ok(),
            })
            .as_ref()
    }
}

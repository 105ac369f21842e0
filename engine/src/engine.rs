//! The engine: rules, lists, model and limits, compiled. Immutable; shared by threads; swapped whole on reload.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::detect::Detectors;
use crate::detect::bayes::{Experts, Model};
use crate::detect::lists::{ListEffect, ListHit, ListSize, ListSource, ListSubject};
use crate::detect::rules::Rule;
use crate::detect::spamassassin::{CfExample, CfPatterns, CfRule, Nature};
use crate::detect::yara::YaraRule;
use crate::error::{BuildError, Problem};
use crate::input::{Mail, Networks};
use crate::limits::Limits;
use crate::policy::Policy;
use crate::threads::Threads;
use crate::verdict::{Verdict, Versions};
use crate::wanted::Wanted;
use crate::worker::Worker;

/// Judges messages. Made by [`EngineBuilder`](crate::EngineBuilder).
#[derive(Debug)]
pub struct Engine {
    pub(crate) limits: Limits,
    pub(crate) networks: Networks,
    pub(crate) detectors: Detectors,
    pub(crate) policy: Arc<Policy>,
    pub(crate) wanted: Wanted,
    pub(crate) versions: Versions,
    /// What the versions are made of, but for the lists.
    pub(crate) digests: Digests,
    /// For leaf tasks of large messages, and for loading many rules.
    pub(crate) threads: Threads,
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

    /// Compiles every pattern of rules now, and tells of those that cannot be compiled; scanning compiles a pattern when a
    /// message first needs it. For `tamis rules check`.
    pub fn rule_patterns(&self) -> Vec<Problem> {
        self.detectors.rules.look_at_patterns()
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

    /// SpamAssassin's rules at hand, in the order of their files.
    pub fn cf_rules(&self) -> &[CfRule] {
        self.detectors.spamassassin.rules()
    }

    /// The texts of `test` lines in `.cf` files, in their order.
    pub fn cf_examples(&self) -> &[CfExample] {
        self.detectors.spamassassin.examples()
    }

    /// Mistakes in `.cf` files: lines that SpamAssassin would pass over, and that were passed over here. For `tamis rules check`.
    pub fn cf_mistakes(&self) -> impl Iterator<Item = &Problem> {
        self.cf_notes_of(Nature::Mistake)
    }

    /// What SpamAssassin takes from `.cf` files and this engine does not: these rules never hit. For `tamis rules check`.
    pub fn cf_unsupported(&self) -> impl Iterator<Item = &Problem> {
        self.cf_notes_of(Nature::Unsupported)
    }

    /// What is no mistake in `.cf` files, and worth a look: settings without effect, metas with missing parts, scores without
    /// rules, rules that look for the same. For `tamis rules check`.
    pub fn cf_remarks(&self) -> impl Iterator<Item = &Problem> {
        self.cf_notes_of(Nature::Remark)
    }

    /// Compiles every pattern of `.cf` files, and tells of those that are too large, match never or always, or cost much. It takes
    /// a second for a thousand rules. For `tamis rules check`.
    pub fn cf_patterns(&self) -> CfPatterns {
        self.detectors.spamassassin.look_at_patterns()
    }

    fn cf_notes_of(&self, wanted: Nature) -> impl Iterator<Item = &Problem> {
        self.detectors
            .spamassassin
            .notes()
            .iter()
            .filter(move |(nature, _)| *nature == wanted)
            .map(|(_, problem)| problem)
    }

    /// A rule's score and its group (empty where it has none).
    pub fn rule_score(&self, rule: &str) -> (f64, String) {
        let weight = self.policy.weight(rule);
        (weight.score, weight.group.to_string())
    }

    /// The number of the profile that judges a recipient; 0 where none names him. Recipients of one number get the same
    /// verdict.
    pub fn recipient_profile(&self, address: &str) -> usize {
        self.policy.profile(address).map_or(0, |number| number.saturating_add(1))
    }

    /// What is no mistake in the lists, and worth a look: entries that stand twice, and entries that one list allows and
    /// another blocks. For `tamis lists check`.
    pub fn list_notes(&self) -> &[Problem] {
        self.detectors.lists.notes()
    }

    /// Every list entry that covers `subject`: a domain, an address, an IP address or network, a URL or a SHA-256 digest.
    /// In the order of the lists; of one list the narrowest entry, the one that counts, first.
    pub fn lists_lookup(&self, subject: &str) -> Vec<ListHit> {
        self.detectors.lists.lookup(subject)
    }

    /// What the first list that has `subject` does with it; none where no list has it. Copies nothing: for hosts that want
    /// to know before a message is there.
    pub fn listed(&self, subject: &ListSubject) -> Option<ListEffect> {
        self.detectors.lists.listed(subject)
    }

    /// How many entries each file of the lists has, and the memory that they take.
    pub fn list_sizes(&self) -> Vec<ListSize> {
        self.detectors.lists.sizes()
    }

    /// The same engine with one file of a list read anew, or with one file more for a list that it has. Shares everything
    /// else with this one, so that it takes as long as the file is large: a long list and a short file of what changes
    /// by the hour make one list.
    pub fn with_list_file(&self, source: &ListSource) -> Result<Engine, BuildError> {
        let lists = self.detectors.lists.with(source).map_err(|problems| BuildError { problems })?;
        let detectors = Detectors { lists, ..self.detectors.clone() };
        Ok(Engine {
            limits: self.limits.clone(),
            networks: self.networks.clone(),
            policy: Arc::clone(&self.policy),
            wanted: self.wanted,
            versions: self.digests.versions(detectors.lists.identity()),
            digests: self.digests.clone(),
            detectors,
            threads: self.threads.others(),
        })
    }

    /// The same engine with another model; shares everything else with this one. For models that learn while they are in
    /// use. `source` names it in errors.
    pub fn with_model(&self, source: &str, bytes: &[u8], experts: Experts) -> Result<Engine, BuildError> {
        let model =
            Model::read(bytes, experts).map_err(|wrong| BuildError { problems: vec![Problem::file(source, wrong)] })?;
        let detectors = Detectors { bayes: Some(Arc::new(model)), ..self.detectors.clone() };
        let digests = Digests { model: Some(Sha256::digest(bytes).into()), ..self.digests.clone() };
        Ok(Engine {
            limits: self.limits.clone(),
            networks: self.networks.clone(),
            policy: Arc::clone(&self.policy),
            wanted: self.wanted | detectors.wanted(),
            versions: digests.versions(detectors.lists.identity()),
            digests,
            detectors,
            threads: self.threads.others(),
        })
    }

    /// Engine, rules and model.
    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    /// The pool for leaf tasks of large messages; none where the engine was built without threads of its own.
    pub(crate) fn leaves(&self) -> Option<&rayon::ThreadPool> {
        self.threads.pool()
    }
}

/// A model that counts in place of the engine's for some messages, those of one recipient: for
/// [`Worker::scan_by`](crate::Worker::scan_by). Immutable; shared by threads, and by engines.
#[derive(Debug)]
pub struct OwnModel {
    pub(crate) model: Model,
    /// As in [`Versions`].
    pub(crate) version: Arc<str>,
}

impl OwnModel {
    /// Reads a model file. `source` names it in errors.
    pub fn read(source: &str, bytes: &[u8], experts: Experts) -> Result<OwnModel, BuildError> {
        let model =
            Model::read(bytes, experts).map_err(|wrong| BuildError { problems: vec![Problem::file(source, wrong)] })?;
        Ok(OwnModel { model, version: short(&Sha256::digest(bytes)).into() })
    }
}

/// The digits of a digest that versions show.
fn short(digest: &[u8]) -> String {
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

/// What an engine was made of, but for its lists, which change more often.
#[derive(Clone, Debug)]
pub(crate) struct Digests {
    /// Of rules, scores and settings of rules.
    pub(crate) rules: [u8; 32],
    pub(crate) model: Option<[u8; 32]>,
}

impl Digests {
    /// So that a verdict says by which rules, lists and model it was made. Lists are given by name and digest.
    pub(crate) fn versions<'l>(&self, lists: impl Iterator<Item = (&'l str, &'l [u8; 32])>) -> Versions {
        let mut digest = Sha256::new_with_prefix(self.rules);
        for (name, text) in lists {
            digest.update((name.len() as u64).to_le_bytes());
            digest.update(name);
            digest.update(text);
        }
        Versions {
            engine: env!("CARGO_PKG_VERSION").into(),
            rules: short(&digest.finalize()).into(),
            model: self.model.as_ref().map_or(String::new(), |digest| short(digest)).into(),
        }
    }
}

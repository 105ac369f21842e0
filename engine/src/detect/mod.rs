//! Facts -> [`Finding`]s. Takes facts, gives findings; no detector knows another, none sees a message.
//!
//! [`Detectors::run`] is the table of contents: what looks at a message, in order.

pub(crate) mod bayes;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
pub(crate) mod lists;
pub(crate) mod reputation;
pub(crate) mod rules;
pub(crate) mod shape;
pub(crate) mod spamassassin;
pub(crate) mod yara;

use std::sync::Arc;

use crate::facts::Facts;
use crate::finding::Finding;
use crate::input::Question;
use crate::limits::Budget;
use crate::stages::{Stage, Stages};
use crate::wanted::Wanted;

/// Everything that looks at facts, loaded and compiled. Cheap to clone, so that an engine with other lists shares the rest.
#[derive(Clone, Debug, Default)]
pub(crate) struct Detectors {
    pub(crate) lists: lists::Lists,
    pub(crate) rules: Arc<rules::Rules>,
    pub(crate) bayes: Option<Arc<bayes::Model>>,
    pub(crate) reputation: Arc<reputation::Reputation>,
    pub(crate) yara: Arc<yara::Yara>,
    pub(crate) spamassassin: Arc<spamassassin::SpamAssassin>,
}

/// What the detectors said of a message.
#[derive(Debug, Default)]
pub(crate) struct Detected {
    pub(crate) findings: Vec<Finding>,
    pub(crate) bayes: Option<bayes::Score>,
    pub(crate) questions: Vec<Question>,
}

impl Detectors {
    /// The facts that any of them reads.
    pub(crate) fn wanted(&self) -> Wanted {
        let bayes = if self.bayes.is_some() { bayes::WANTED } else { Wanted::NOTHING };
        self.lists.wanted()
            | self.rules.wanted()
            | bayes
            | self.reputation.wanted()
            | self.yara.wanted()
            | self.spamassassin.wanted()
    }

    /// Asks each of them. `own` is a model that counts in place of ours: of a recipient who has one.
    pub(crate) fn run<'e>(
        &'e self,
        facts: &Facts<'_>,
        own: Option<&bayes::Model>,
        memory: &mut Memory<'e>,
        budget: &mut Budget<'_>,
        stages: &mut Stages,
    ) -> Detected {
        let mut detected = Detected::default();
        // Allow and block lists: the only findings that outrank scores.
        self.lists.run(facts, &mut detected.findings);
        stages.done(Stage::Lists);
        // What rule authors wrote: patterns and conditions.
        self.rules.run(facts, &mut memory.rules, budget, &mut detected.findings);
        stages.done(Stage::Rules);
        // SpamAssassin's, from `.cf` files.
        self.spamassassin.run(facts, &mut memory.spamassassin, budget, &mut detected.findings);
        stages.done(Stage::SpamAssassin);
        // Known content: YARA over the bytes of everything.
        self.yara.run(facts, &mut memory.yara, budget, &mut detected.findings);
        stages.done(Stage::Yara);
        // How likely the words of the message are in spam and in ham.
        if let Some(model) = own.or(self.bayes.as_deref()) {
            detected.bayes = model.run(facts, &mut memory.bayes, &mut detected.findings);
        }
        stages.done(Stage::Bayes);
        // Malformed and unfinished: each defect and each limit reached is a finding that a score can be given.
        shape::run(facts, &budget.reached, &mut detected.findings);
        stages.done(Stage::Shape);
        // What only the network knows.
        detected.questions = self.reputation.ask(facts);
        stages.done(Stage::Reputation);
        detected
    }
}

/// What detectors keep from message to message, one a worker: memory to be reused, never meaning.
#[derive(Debug, Default)]
pub(crate) struct Memory<'e> {
    pub(crate) rules: rules::Memory,
    pub(crate) bayes: bayes::Memory,
    pub(crate) yara: yara::Memory<'e>,
    pub(crate) spamassassin: spamassassin::Memory,
}

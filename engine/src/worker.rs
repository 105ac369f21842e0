//! The river: bytes in, verdict out. A worker belongs to one thread and is used for one message after another.

use std::marker::PhantomData;
use std::rc::Rc;
use std::sync::Arc;

use crate::defect::Defect;
use crate::detect::bayes::{self, TokenSet, TokenWeight};
use crate::detect::rules::{ConditionCost, PatternCost};
use crate::detect::spamassassin::CfCost;
use crate::detect::{Detected, Memory};
use crate::direction::Direction;
use crate::engine::{Engine, OwnModel};
use crate::facts::show::FactValue;
use crate::facts::{self, Facts};
use crate::finding::Finding;
use crate::incomplete::{Incomplete, Limit};
use crate::input::{Answers, Mail, Question};
use crate::limits::Budget;
use crate::mime;
use crate::place::Place;
use crate::policy::Case;
use crate::scratch::Scratch;
use crate::stages::{Stage, Stages};
use crate::unpack::{self, Content};
use crate::verdict::{Verdict, Work};
use crate::wanted::Wanted;

/// Scans messages on one thread. Made by [`Engine::worker`]; not `Send`; keeps buffers from message to message.
#[derive(Debug)]
pub struct Worker<'e> {
    engine: &'e Engine,
    scratch: Scratch,
    memory: Memory<'e>,
    stages: Stages,
    /// A worker stays on its thread, so that detectors may keep what cannot move.
    not_send: PhantomData<Rc<()>>,
}

/// A message that was looked at and is to be judged: findings so far, and what only the network knows. Owned, `Send`.
#[derive(Clone, Debug)]
pub struct Examined {
    direction: Direction,
    recipients: Vec<String>,
    findings: Vec<Finding>,
    questions: Vec<Question>,
    defects: Vec<Defect>,
    incomplete: Vec<Incomplete>,
    spam_probability: Option<f64>,
    bayes_score: Option<f64>,
    naive_bayes_score: Option<f64>,
    logistic_score: Option<f64>,
    items: u32,
    readings: u32,
    bytes: u64,
    work: Work,
    /// The version of the model, where it is not the engine's.
    own_model: Option<Arc<str>>,
}

impl Examined {
    /// What the engine would like to know. Unanswered questions are neutral.
    pub fn questions(&self) -> &[Question] {
        &self.questions
    }

    /// Everything that was found, rules without a score included; sub-rules of `.cf` files where [`Worker::find_all`] asks for them.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What was not looked at.
    pub fn incomplete(&self) -> &[Incomplete] {
        &self.incomplete
    }

    /// The same, as if `rule` had not been found: judged, it says what the verdict hangs on.
    pub fn without(&self, rule: &str) -> Examined {
        let mut rest = self.clone();
        rest.findings.retain(|finding| finding.rule.as_ref() != rule);
        rest
    }
}

impl<'e> Worker<'e> {
    pub(crate) fn new(engine: &'e Engine) -> Worker<'e> {
        Worker {
            engine,
            scratch: Scratch::default(),
            memory: Memory::default(),
            stages: Stages::default(),
            not_send: PhantomData,
        }
    }

    /// Examines and judges, without answers from the network.
    pub fn scan(&mut self, mail: &Mail<'_>) -> Verdict {
        let examined = self.examine(mail);
        self.judge(examined, &Answers::new())
    }

    /// Looks at a message.
    pub fn examine(&mut self, mail: &Mail<'_>) -> Examined {
        self.examined(mail, None)
    }

    /// Like [`scan`](Worker::scan), by another model: the one of the recipient.
    pub fn scan_by(&mut self, mail: &Mail<'_>, own: &OwnModel) -> Verdict {
        let examined = self.examined(mail, Some(own));
        self.judge(examined, &Answers::new())
    }

    fn examined(&mut self, mail: &Mail<'_>, own: Option<&OwnModel>) -> Examined {
        let wanted = self.engine.wanted | own.map_or(Wanted::NOTHING, |_| bayes::WANTED);
        self.with_facts(mail, wanted, |engine, memory, facts, content, budget, stages| {
            let model = own.map(|own| &own.model);
            let Detected { mut findings, bayes, questions } =
                engine.detectors.run(facts, model, memory, budget, stages);
            // What the header, the raw bytes or the whole say is there however the message is read.
            let mut defects = content.defects.clone();
            let places = findings.iter_mut().map(|it| &mut it.place).chain(defects.iter_mut().map(|it| &mut it.place));
            places.filter(|place| place.item == 0).for_each(|place| place.readings = content.all_readings());
            Examined {
                direction: mail.direction,
                recipients: mail.envelope.rcpt_to.clone(),
                findings,
                questions,
                defects,
                incomplete: std::mem::take(&mut budget.reached),
                spam_probability: bayes.map(|score| score.probability()),
                bayes_score: bayes.map(|score| score.log_odds),
                naive_bayes_score: bayes.map(|score| score.naive_bayes),
                logistic_score: bayes.and_then(|score| score.logistic),
                items: facts.items,
                readings: facts.readings,
                bytes: facts.size,
                work: content.work,
                own_model: own.map(|own| Arc::clone(&own.version)),
            }
        })
    }

    /// Judges what any worker of this engine examined.
    pub fn judge(&self, mut examined: Examined, answers: &Answers) -> Verdict {
        let engine = self.engine;
        let mut versions = engine.versions.clone();
        if let Some(own) = examined.own_model.take() {
            versions.model = own;
        }
        engine.detectors.reputation.judge(&examined.questions, answers, &mut examined.findings);
        engine.policy.decide(&Case {
            direction: examined.direction,
            recipients: &examined.recipients,
            findings: &examined.findings,
            defects: &examined.defects,
            incomplete: &examined.incomplete,
            spam_probability: examined.spam_probability,
            bayes_score: examined.bayes_score,
            naive_bayes_score: examined.naive_bayes_score,
            logistic_score: examined.logistic_score,
            items: examined.items,
            readings: examined.readings,
            bytes: examined.bytes,
            work: examined.work,
            versions: &versions,
        })
    }

    /// Every fact of a message that rules can see, by name.
    pub fn facts(&mut self, mail: &Mail<'_>) -> Vec<(String, FactValue)> {
        self.with_facts(mail, Wanted::ALL, |_, _, facts, _, _, _| facts::show::all(facts))
    }

    /// The tokens that move a message's Bayes score most, the strongest first; none without a model.
    pub fn tokens(&mut self, mail: &Mail<'_>, most: usize) -> Vec<TokenWeight> {
        self.with_facts(mail, Wanted::ALL, |engine, _, facts, _, _, _| match &engine.detectors.bayes {
            Some(model) => model.explain(facts, most),
            None => Vec::new(),
        })
    }

    /// The tokens of a message, for a [`Trainer`](crate::Trainer).
    pub fn token_set(&mut self, mail: &Mail<'_>) -> TokenSet {
        self.with_facts(mail, bayes::WANTED, |_, memory, facts, _, _, _| TokenSet::of(facts, &mut memory.bayes))
    }

    /// The messages that are attached to a message, as they were before: what users forward when they report one. What is
    /// attached to an attached message is part of it.
    pub fn attached(&mut self, mail: &Mail<'_>) -> Vec<Vec<u8>> {
        self.with_facts(mail, Wanted::ALL, |_, _, _, content, _, _| {
            let mut found: Vec<Vec<u8>> = Vec::new();
            // Those that stand there unencoded, which the walk goes through: they are no items of their own.
            let parts = content.trees.first().map(|tree| tree.parts.as_slice()).unwrap_or_default();
            let mut end = 0;
            for part in parts.iter().filter(|part| part.kind == mime::PartKind::Message) {
                if part.body.start >= end {
                    found.push(part.body.of(content.raw).to_vec());
                    end = part.body.end;
                }
            }
            // And those that were decoded. Whether each item is one of them, or in one:
            let mut taken: Vec<bool> = Vec::new();
            for (number, item) in content.items.iter().enumerate() {
                let inside = item.parent.and_then(|parent| taken.get(parent as usize)).copied().unwrap_or(false);
                let begins = number > 0 && !inside && item.kind.name() == "message";
                if begins {
                    found.push(content.bytes(item).to_vec());
                }
                taken.push(inside || begins);
            }
            found.retain(|raw| !raw.is_empty());
            found
        })
    }

    /// The log-odds of what a message consists of; `None` without a model.
    pub fn score_tokens(&self, tokens: &TokenSet) -> Option<f64> {
        self.engine.detectors.bayes.as_ref().map(|model| model.score(tokens).log_odds)
    }

    /// From now on the times that rules take add up over messages, for [`times`](Worker::times). `clock` tells
    /// nanoseconds: the engine has no clock of its own. Every rule of `.cf` files is tried then, as with
    /// [`find_all`](Worker::find_all).
    pub fn keep_times(&mut self, clock: fn() -> u64) {
        self.memory.rules.keep_times(clock);
        self.memory.yara.keep_times(clock);
        self.memory.spamassassin.keep_times(clock);
        self.find_all(true);
    }

    /// Whether [`Examined::findings`] is to have the sub-rules of `.cf` files that hit, those whose names begin with `__`. At first it
    /// is not: no score hangs on them but by way of others, and rules on which no other still hangs are not tried, which takes a
    /// fraction of the time. Verdicts are the same with either; but a rule that needs more steps than it may take is in a verdict's
    /// `incomplete` only where it was tried.
    pub fn find_all(&mut self, all: bool) {
        self.memory.spamassassin.find_all(all);
    }

    /// What rules cost since [`keep_times`](Worker::keep_times).
    pub fn times(&self) -> Times {
        let (rules, searches) = self.memory.rules.times(&self.engine.detectors.rules);
        let yara = self.memory.yara.times(&self.engine.detectors.yara);
        let (cf, cf_shared) = self.memory.spamassassin.times(&self.engine.detectors.spamassassin);
        let conditions = self.memory.rules.conditions(&self.engine.detectors.rules);
        let first_use = self.memory.rules.first_use(&self.engine.detectors.rules);
        Times { rules, searches, conditions, first_use, yara, yara_in_all: self.memory.yara.taken(), cf, cf_shared }
    }

    /// From now on the times that stages take add up over messages, for [`stage_times`](Worker::stage_times). `clock` tells
    /// nanoseconds. It is read ten times a message, which a scan hardly feels, so this is apart from
    /// [`keep_times`](Worker::keep_times).
    pub fn keep_stage_times(&mut self, clock: fn() -> u64) {
        self.stages = Stages::kept(clock);
    }

    /// Nanoseconds of each stage and detector of [`examine`](Worker::examine) since
    /// [`keep_stage_times`](Worker::keep_stage_times), in their order.
    pub fn stage_times(&self) -> Vec<(&'static str, u64)> {
        self.stages.times()
    }

    /// Hands every item of a message to `each`, with its decoded bytes, and gives what else was seen.
    pub fn items(&mut self, mail: &Mail<'_>, mut each: impl FnMut(ItemView<'_>)) -> Seen {
        self.with_facts(mail, Wanted::ALL, |_, _, _, content, budget, _| {
            for (number, item) in content.items.iter().enumerate() {
                let number = u32::try_from(number).unwrap_or(u32::MAX);
                each(ItemView {
                    place: item.place(number),
                    parent: item.parent,
                    names: &item.names,
                    declared_type: &item.declared,
                    kind: item.kind.name(),
                    size: item.size,
                    sha256: item.digest(content.bytes(item)),
                    encrypted: item.encrypted,
                    attached: item.attached,
                    bytes: content.bytes(item),
                });
            }
            Seen {
                readings: content.readings.clone(),
                defects: content.defects.clone(),
                incomplete: std::mem::take(&mut budget.reached),
            }
        })
    }

    /// The stages from bytes to facts, and then `then`.
    fn with_facts<R>(
        &mut self,
        mail: &Mail<'_>,
        wanted: Wanted,
        then: impl FnOnce(&'e Engine, &mut Memory<'e>, &Facts<'_>, &Content<'_>, &mut Budget<'_>, &mut Stages) -> R,
    ) -> R {
        let engine = self.engine;
        let mut budget = Budget::new(&engine.limits, mail.stop);
        let raw = head(mail, &mut budget);
        self.stages.start();
        let tree = mime::parse(raw, &mut budget);
        self.stages.done(Stage::Mime);
        let leaves = if raw.len() >= LARGE_BYTES { engine.leaves() } else { None };
        let content = unpack::open_all(raw, tree, wanted, &mut self.scratch, &mut budget, leaves);
        self.stages.done(Stage::Unpack);
        let facts = facts::gather(mail, &content, &engine.networks, wanted, &mut budget);
        self.stages.done(Stage::Facts);
        let result = then(engine, &mut self.memory, &facts, &content, &mut budget, &mut self.stages);
        drop(facts);
        content.buffers.into_iter().for_each(|buffer| self.scratch.give_back(buffer));
        result
    }
}

/// From this size on, leaf tasks of a message run side by side: below it, handing them out costs more than it saves.
const LARGE_BYTES: usize = 256 << 10;

/// The part of a message that the limit lets us read.
fn head<'a>(mail: &Mail<'a>, budget: &mut Budget<'_>) -> &'a [u8] {
    let most = budget.limits.message_bytes as usize;
    let head = mail.raw.get(..most).unwrap_or(mail.raw);
    let (read, size) = (head.len() as u64, mail.size());
    if read < size {
        budget.note(
            Limit::MessageSize,
            Place::raw(read, size - read),
            format!("the message has {size} bytes, and the limit is {most}; its first {read} were read"),
        );
    }
    head
}

/// What rules cost: names and nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Times {
    /// Each rule of conditions and patterns, without the searches of texts.
    pub rules: Vec<(String, u64)>,
    /// The searches of each text, for the patterns of all rules that look at it.
    pub searches: Vec<(String, u64)>,
    /// Each condition that was evaluated, in steps.
    pub conditions: Vec<ConditionCost>,
    /// Each pattern that was compiled, which is done when a message first needs it.
    pub first_use: Vec<PatternCost>,
    /// Each YARA rule, the slowest first, by yara-x's own clock; it leaves out those of less than a tenth of a second in
    /// all, and the search that all rules share.
    pub yara: Vec<(String, u64)>,
    /// All of YARA, by the caller's clock.
    pub yara_in_all: u64,
    /// Each rule of `.cf` files that cost any.
    pub cf: Vec<CfCost>,
    /// What serves all of them: header fields, addresses, the search for literals.
    pub cf_shared: Vec<(String, u64)>,
}

/// What [`Worker::items`] saw beside the items.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Seen {
    /// The distinct readings of the message, by number: what a program does otherwise that reads it so.
    pub readings: Vec<Vec<&'static str>>,
    /// What is malformed.
    pub defects: Vec<Defect>,
    /// What was not looked at.
    pub incomplete: Vec<Incomplete>,
}

/// One item of a message, for whoever wants to see what the engine saw.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct ItemView<'c> {
    /// Its number, path and readings.
    pub place: Place,
    /// The number of the item that holds it.
    pub parent: Option<u32>,
    /// Every plausible file name, the likeliest first.
    pub names: &'c [String],
    /// The declared media type; empty where none is declared.
    pub declared_type: &'c str,
    /// What its content is: `zip`, `html`, `executable`, ...
    pub kind: &'static str,
    /// Decoded size in bytes.
    pub size: u64,
    /// SHA-256 of the decoded bytes.
    pub sha256: Option<[u8; 32]>,
    /// Whether it needs a password.
    pub encrypted: bool,
    /// Whether a reader sees it as an attached file.
    pub attached: bool,
    /// The decoded bytes.
    pub bytes: &'c [u8],
}

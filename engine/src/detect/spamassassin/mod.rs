//! SpamAssassin's rules, from `.cf` files as they are. Takes facts, gives findings: one for each rule that hits, sub-rules included,
//! which weigh nothing.
//!
//! `conf` reads the files, `perl` their patterns, `compile` makes rules that run, `matcher` looks for all patterns of a text in one
//! pass, `evals` are the functions, `context` is a message as rules ask for it,
//! `plan` says how each rule is decided, `look` what is known before any is tried, `trial` decides those that a score hangs on,
//! `answer` says of a meta what to try for it, and `becoming` tells metas what became known. What cannot be done as SpamAssassin does it is a note, for `tamis rules check`.

mod addresses;
mod answer;
mod asked;
mod asking;
mod becoming;
mod check;
mod compile;
mod conf;
mod context;
mod domains;
mod echo;
mod evals;
mod expression;
mod features;
mod globs;
mod lists;
mod look;
mod matcher;
mod noted;
mod part_fields;
mod pattern;
mod perl;
mod plan;
mod relays;
mod search;
mod settings;
mod span;
mod tags;
mod templates;
#[cfg(test)]
mod tests;
mod tree;
mod trial;
mod tries;
mod uris;
mod watch;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use check::CfPatterns;
pub(crate) use compile::{Choices, compile};
pub(crate) use conf::{CfSource, Nature};
pub use watch::CfCost;

use self::answer::Standing;
use self::context::{Context, Formats};
use self::evals::{Arguments, Function};
use self::matcher::{Scratch, Set};
use self::pattern::Pattern;
use self::plan::{Meta, Plan};
use self::settings::Settings;
use self::trial::{Sight, Store, Trial};
use self::uris::Redirectors;
use crate::error::Problem;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::Place;
use crate::wanted::Wanted;

/// The group of scores that rules of `.cf` files are in.
pub(crate) const GROUP: &str = "spamassassin";
/// Steps for each byte that a pattern reads.
const PATTERN_STEPS: u64 = 4;
/// How much of a text is shown around a match, in bytes to either side.
const CONTEXT_BYTES: usize = 16;

/// A rule of a `.cf` file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CfRule {
    /// Its name. One that begins with `__` serves other rules and weighs nothing.
    pub name: String,
    /// What `describe` says of it; empty where nothing does.
    pub description: String,
    /// `header`, `body`, `meta`, ...
    pub kind: &'static str,
    /// What `tflags` says of it.
    pub flags: String,
    /// The file that it stands in.
    pub source: String,
    /// The line, counted from 1.
    pub line: u32,
    /// Whether it can hit: false for what asks the network, or cannot be read.
    pub supported: bool,
    /// The line as its author wrote it, without its comment; tabs are blanks, and what is behind 300 letters is left out.
    pub text: String,
}

/// A `test` line of a `.cf` file: a text that a rule is to hit, or to miss.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CfExample {
    /// The rule.
    pub rule: String,
    /// For a rule of header fields, the field that the text is the value of; else empty: the text is the body.
    pub field: String,
    /// Whether the rule is to hit.
    pub hit: bool,
    /// The text.
    pub text: String,
    /// The file that the line stands in.
    pub source: String,
    /// The line, counted from 1.
    pub line: u32,
}

/// Rules that look at one selector of header fields.
#[derive(Debug, Default)]
struct HeaderGroup {
    selector: String,
    /// The selector is no more than the name of a field.
    is_field: bool,
    set: Set,
    /// By members, those that are negated, and such that see another text where there is no field.
    others: BTreeMap<u32, Other>,
    exists: Vec<u32>,
}

/// A rule on header fields of parts.
#[derive(Debug)]
struct MimeRule {
    rule: u32,
    name: String,
    raw: bool,
    negated: bool,
    unset: Vec<u8>,
    pattern: u32,
    most: u32,
    /// The first part that counts, and the last.
    range: (usize, usize),
    concat: bool,
}

/// A rule on one address in text: key, whether it must not match, pattern.
#[derive(Debug)]
struct UriDetail {
    rule: u32,
    conditions: Vec<(String, bool, u32)>,
}

/// A pattern with the match of another rule in it.
#[derive(Debug)]
struct Template {
    rule: u32,
    /// The pattern with anything in that place.
    guard: u32,
    text: String,
    flags: String,
    /// Every match has what another rule matched in it.
    is_needed: bool,
    /// What stands before that, where it is the end of the pattern.
    before: Option<u32>,
}

/// A function that a rule calls.
#[derive(Debug)]
struct Eval {
    rule: u32,
    function: Function,
    arguments: Arguments,
    /// It says no where there is no HTML.
    of_html: bool,
}

/// Of a header rule whether it is negated, and the text that it sees where there is no field.
type Other = (bool, Option<Vec<u8>>);

/// All `.cf` rules, compiled.
#[derive(Debug, Default)]
pub(crate) struct SpamAssassin {
    rules: Vec<CfRule>,
    names: Vec<Arc<str>>,
    /// Rules that do not run: their score is 0, or they are left out.
    off: Vec<bool>,
    scores: BTreeMap<String, f64>,
    patterns: Vec<Pattern>,
    /// For each pattern the rule that it is of.
    owners: Vec<u32>,
    headers: Vec<HeaderGroup>,
    body: Set,
    rawbody: Set,
    uri: Set,
    full: Set,
    mime: Vec<MimeRule>,
    uri_details: Vec<UriDetail>,
    evals: Vec<Eval>,
    /// Rule, selector, pattern and the name of the group that other rules ask for.
    captures: Vec<(u32, String, u32, String)>,
    templates: Vec<Template>,
    metas: Vec<Meta>,
    plan: Plan,
    redirectors: Redirectors,
    settings: Settings,
    formats: Option<&'static Formats>,
    notes: Vec<(Nature, Problem)>,
    examples: Vec<CfExample>,
}

/// What is kept from message to message.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    scratch: Scratch,
    store: Store,
    /// Whether every rule is tried, and found: else those alone that a score hangs on.
    all: bool,
}

impl Memory {
    /// Whether sub-rules are to be found, too.
    pub(crate) fn find_all(&mut self, all: bool) {
        self.all = all;
    }
}

impl SpamAssassin {
    /// The facts that the rules at hand read.
    pub(crate) fn wanted(&self) -> Wanted {
        if self.rules.is_empty() { Wanted::NOTHING } else { Wanted::SPAMASSASSIN }
    }

    /// The rules, in the order of their files.
    pub(crate) fn rules(&self) -> &[CfRule] {
        &self.rules
    }

    /// The texts of `test` lines, in the order of the files.
    pub(crate) fn examples(&self) -> &[CfExample] {
        &self.examples
    }

    /// What a rule weighs.
    pub(crate) fn score(&self, rule: &str) -> f64 {
        self.scores.get(rule).copied().unwrap_or(0.0)
    }

    /// What is to be told about the files.
    pub(crate) fn notes(&self) -> &[(Nature, Problem)] {
        &self.notes
    }

    /// Adds a finding for each rule that hits: of each that can have a score, and where all are asked for, of sub-rules, too.
    #[inline(never)] // benches/instructions.py finds it by its name
    pub(crate) fn run(
        &self,
        facts: &Facts<'_>,
        memory: &mut Memory,
        budget: &mut Budget<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let (Some(views), Some(formats)) = (&facts.spamassassin, self.formats) else { return };
        let Memory { scratch, store, all } = memory;
        if let Some(watch) = &mut scratch.watch {
            watch.start(self.rules.len());
        }
        let context = Context::new(facts, views, &self.settings, formats, &self.redirectors);
        let mut trial = Trial::new(self, &context, store, scratch);
        if !trial.run(facts, views, *all, budget) {
            return;
        }
        let (sights, gave_up) = (std::mem::take(&mut trial.sights), std::mem::take(&mut trial.gave_up));
        self.findings(trial.standings(), *all, sights, findings);
        drop(trial);
        for rule in gave_up {
            if let Some(watch) = &mut scratch.watch {
                watch.gave_up(rule);
            }
            let name = self.names.get(rule as usize).map_or("", |name| name.as_ref());
            budget.note(
                Limit::Steps,
                Place::message(),
                format!("the rule {name} needs more steps than a pattern may take"),
            );
        }
        scratch.shared("findings");
    }

    /// Sets that are no header fields: body, rawbody, uri, full.
    const TEXTS: usize = 4;

    /// All sets with their numbers: those of texts, then those of header fields.
    fn sets(&self) -> impl Iterator<Item = (usize, &Set)> {
        let texts = [&self.body, &self.rawbody, &self.uri, &self.full].into_iter();
        texts.chain(self.headers.iter().map(|group| &group.set)).enumerate()
    }

    fn set(&self, number: usize) -> Option<&Set> {
        match number {
            0 => Some(&self.body),
            1 => Some(&self.rawbody),
            2 => Some(&self.uri),
            3 => Some(&self.full),
            _ => self.headers.get(number - SpamAssassin::TEXTS).map(|group| &group.set),
        }
    }

    /// What is said of a member beside its pattern.
    fn other(&self, set: usize, member: u32) -> Option<&Other> {
        self.headers.get(set.checked_sub(SpamAssassin::TEXTS)?)?.others.get(&member)
    }

    /// Whether a rule serves others, and weighs nothing.
    fn is_sub(&self, rule: u32) -> bool {
        self.names.get(rule as usize).is_some_and(|name| name.starts_with("__"))
    }

    fn findings(&self, standings: &[Standing], all: bool, sights: Vec<Sight>, findings: &mut Vec<Finding>) {
        let mut sights: BTreeMap<u32, Sight> = sights.into_iter().map(|sight| (sight.rule, sight)).collect();
        let hit = |rule: &u32| standings.get(*rule as usize) == Some(&Standing::Hit);
        let every = 0..u32::try_from(self.rules.len()).unwrap_or(u32::MAX);
        let (some, every) = if all { (&[][..], every) } else { (self.plan.scored.as_slice(), 0..0) };
        for number in some.iter().copied().chain(every).filter(hit) {
            let Some(name) = self.names.get(number as usize) else { continue };
            findings.push(match sights.remove(&number) {
                Some(sight) => Finding::new(Arc::clone(name), sight.place, sight.shown),
                None => Finding::new(Arc::clone(name), Place::message(), ""),
            });
        }
    }
}

fn header_place(selector: &str) -> Place {
    Place::header(&selector.split(':').next().unwrap_or_default().to_ascii_lowercase())
}

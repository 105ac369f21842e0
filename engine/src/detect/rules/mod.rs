//! What rule authors wrote. Takes facts, gives findings: patterns over texts (`in`, `any`, `all`) and conditions over
//! facts (`when`). Everything is compiled and typed when loaded; at scan time there are no errors.

pub(crate) mod condition;
mod load;
mod patterns;
mod texts;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use load::Rule;

use self::condition::{Condition, Origin, Outcome};
use self::load::Loaded;
use self::patterns::{Pattern, Patterns, Progress};
use self::texts::Source;
use crate::error::{Problem, nearest};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::Place;
use crate::text::show::evidence;
use crate::wanted::Wanted;

/// Steps that one condition may take: five hundred times what the costliest stock rule takes on real mail.
const RULE_STEPS: u64 = 2_000_000;
/// How much of a text is shown around what a pattern matched, in bytes to either side.
const CONTEXT_BYTES: usize = 16;

/// A file of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSource {
    /// The file's name, for errors and for the paths of examples.
    pub source: String,
    /// Its text, TOML.
    pub text: String,
}

/// All rules, compiled.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
    compiled: Vec<Compiled>,
    /// Rules before those that ask for their hits.
    order: Vec<usize>,
    texts: Vec<(Source, Patterns)>,
    wanted: Wanted,
}

/// What a rule does.
#[derive(Debug)]
struct Compiled {
    name: std::sync::Arc<str>,
    /// Index into `Rules::texts`, and the patterns there.
    text: usize,
    any: Vec<u32>,
    all: Vec<u32>,
    when: Option<Condition>,
    /// The rules that `when` asks for, by their index.
    hits: Vec<usize>,
}

/// A match: the owner of its text, and its range.
type Match = Option<(u32, usize, usize)>;

/// What the rules keep from message to message.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    matches: Vec<Vec<Match>>,
    hit: Vec<bool>,
    progress: Progress,
}

impl Rules {
    /// Compiles rules. `disabled` names rules that are left out, as if they were not there. A broken rule is a problem,
    /// and the others are compiled.
    pub(crate) fn compile(sources: &[RuleSource], disabled: &[String]) -> (Rules, Vec<Problem>) {
        let mut problems = Vec::new();
        let mut loaded = load::read(sources, &mut problems);
        loaded.retain(|it| !disabled.contains(&it.rule.name));

        let mut builder = Builder { sources, problems, texts: BTreeMap::new(), wanted: Wanted::NOTHING };
        let mut rules: Vec<(Loaded, Parts)> = Vec::new();
        for it in loaded {
            if let Some(parts) = builder.parts(&it) {
                rules.push((it, parts));
            }
        }
        let mut rules = builder.known_hits(rules, disabled);
        let order = builder.order(&mut rules);

        let mut numbers: BTreeMap<Source, usize> = BTreeMap::new();
        let mut texts = Vec::new();
        for (source, patterns) in std::mem::take(&mut builder.texts) {
            match Patterns::new(patterns) {
                Ok(patterns) => {
                    numbers.insert(source.clone(), texts.len());
                    texts.push((source, patterns));
                }
                Err(error) => builder.problems.push(Problem::file("rules", error)),
            }
        }
        let index: BTreeMap<String, usize> =
            rules.iter().enumerate().map(|(number, (it, _))| (it.rule.name.clone(), number)).collect();
        let mut compiled = Vec::new();
        let mut shown = Vec::new();
        for (it, parts) in rules {
            let hits = parts.when.iter().flat_map(|when| when.hits());
            compiled.push(Compiled {
                name: it.rule.name.as_str().into(),
                text: parts.source.and_then(|source| numbers.get(&source).copied()).unwrap_or(usize::MAX),
                any: parts.any,
                all: parts.all,
                hits: hits.map(|name| index.get(name).copied().unwrap_or(usize::MAX)).collect(),
                when: parts.when,
            });
            shown.push(it.rule);
        }
        (Rules { rules: shown, compiled, order, texts, wanted: builder.wanted }, builder.problems)
    }

    /// The facts that the rules at hand read.
    pub(crate) fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// The rules, in the order of their files.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Adds a finding for each rule that hits.
    pub(crate) fn run(
        &self,
        facts: &Facts<'_>,
        memory: &mut Memory,
        budget: &mut Budget<'_>,
        findings: &mut Vec<Finding>,
    ) {
        if !self.search(facts, memory, budget) {
            return;
        }
        memory.hit.clear();
        memory.hit.resize(self.compiled.len(), false);
        let first = findings.len();
        for number in &self.order {
            let Some(rule) = self.compiled.get(*number) else { continue };
            let matched = match self.matched(rule, memory) {
                Some(matched) => matched,
                None => continue,
            };
            if let Some(when) = &rule.when {
                let hit = |asked: usize| {
                    let rule = rule.hits.get(asked).copied().unwrap_or(usize::MAX);
                    memory.hit.get(rule).copied().unwrap_or(false)
                };
                let mut steps = RULE_STEPS;
                let outcome = when.evaluate(facts, &hit, &mut steps);
                if outcome == Outcome::OutOfSteps {
                    let explanation = format!("the rule {} needs more than {RULE_STEPS} steps", rule.name);
                    budget.note(Limit::Steps, Place::message(), explanation);
                }
                if !budget.work(RULE_STEPS - steps, Place::message) {
                    break;
                }
                if outcome != Outcome::True {
                    continue;
                }
            }
            if let Some(slot) = memory.hit.get_mut(*number) {
                *slot = true;
            }
            findings.push(self.finding(rule, *number, matched, facts));
        }
        // In the order of the files, whatever the order of evaluation was.
        if let Some(found) = findings.get_mut(first..) {
            let place = |finding: &Finding| self.compiled.iter().position(|rule| rule.name == finding.rule);
            found.sort_by_cached_key(place);
        }
    }

    /// Goes over each text once; false where the budget ended.
    fn search(&self, facts: &Facts<'_>, memory: &mut Memory, budget: &mut Budget<'_>) -> bool {
        memory.matches.resize_with(self.texts.len(), Vec::new);
        let mut goes_on = true;
        for ((source, patterns), matches) in self.texts.iter().zip(&mut memory.matches) {
            matches.clear();
            matches.resize(patterns.len(), None);
            let progress = &mut memory.progress;
            source.each(facts, |owner, text| {
                goes_on = goes_on && budget.work(text.len() as u64, Place::message);
                if !goes_on {
                    return;
                }
                let cells = std::cell::Cell::from_mut(matches.as_mut_slice()).as_slice_of_cells();
                let open = |number: u32| cells.get(number as usize).is_some_and(|cell| cell.get().is_none());
                patterns.search(text, progress, open, |number, start, end| {
                    if let Some(cell) = cells.get(number as usize) {
                        cell.set(Some((owner, start, end)));
                    }
                });
            });
        }
        goes_on
    }

    /// Whether the patterns of a rule matched, and the first that did; a rule without patterns always does.
    fn matched(&self, rule: &Compiled, memory: &Memory) -> Option<Match> {
        let matches = memory.matches.get(rule.text);
        let at = |number: &u32| matches.and_then(|it| it.get(*number as usize)).copied().flatten();
        let any = rule.any.iter().find_map(at);
        if !rule.any.is_empty() && any.is_none() {
            return None;
        }
        if rule.all.iter().any(|number| at(number).is_none()) {
            return None;
        }
        Some(any.or_else(|| rule.all.iter().find_map(at)))
    }

    fn finding(&self, rule: &Compiled, number: usize, matched: Match, facts: &Facts<'_>) -> Finding {
        let name = std::sync::Arc::clone(&rule.name);
        let (Some((owner, start, end)), Some((source, _))) = (matched, self.texts.get(rule.text)) else {
            // What a condition saw is what it says; nothing is quoted from the message.
            let when = self.rules.get(number).map(|rule| rule.when.trim()).unwrap_or_default();
            return Finding::new(name, Place::message(), evidence(when.as_bytes()));
        };
        let mut shown = String::new();
        let mut rank = 0;
        source.each(facts, |of, text| {
            // Of several texts of one owner (the names of a file) the first that is long enough and fits is shown.
            if of == owner && rank == 0 && end <= text.len() {
                let from = floor(text, start.saturating_sub(CONTEXT_BYTES));
                let to = floor(text, end.saturating_add(CONTEXT_BYTES).min(text.len()));
                shown = evidence(text.get(from..to).unwrap_or_default());
                rank = 1;
            }
        });
        Finding::new(name, source.place(facts, owner, start, end), shown.trim())
    }
}

/// The start of the character that `at` lies in.
fn floor(text: &[u8], at: usize) -> usize {
    let tail = |at: usize| text.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    (at.saturating_sub(3)..=at).rev().find(|at| !tail(*at)).unwrap_or(at)
}

/// The compiled parts of one rule.
struct Parts {
    source: Option<Source>,
    any: Vec<u32>,
    all: Vec<u32>,
    when: Option<Condition>,
}

struct Builder<'s> {
    sources: &'s [RuleSource],
    problems: Vec<Problem>,
    texts: BTreeMap<Source, Vec<Pattern>>,
    wanted: Wanted,
}

impl Builder<'_> {
    fn wrong(&mut self, it: &Loaded, span: std::ops::Range<usize>, message: String, remedy: String) {
        let Some(file) = self.sources.get(it.file) else { return };
        self.problems.push(Problem::span(&file.source, &file.text, span.start, span.end, message).remedy(remedy));
    }

    /// Compiles patterns and condition of a rule; `None`, and noted, where one is broken.
    fn parts(&mut self, it: &Loaded) -> Option<Parts> {
        let before = self.problems.len();
        let mut source = None;
        if !it.rule.text.is_empty() {
            match Source::parse(&it.rule.text) {
                Ok(parsed) => source = Some(parsed),
                Err(remedy) => {
                    let message = format!("there is no text {:?} to look at", it.rule.text);
                    self.wrong(it, it.text.clone(), message, remedy);
                }
            }
        }
        let raw = source == Some(Source::Raw);
        let mut patterns = [Vec::new(), Vec::new()];
        for (list, (texts, spans)) in patterns.iter_mut().zip([(&it.rule.any, &it.any), (&it.rule.all, &it.all)]) {
            for (text, span) in texts.iter().zip(spans) {
                match Pattern::compile(text, raw) {
                    Ok(pattern) => list.push(pattern),
                    Err(error) => {
                        let why = error.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
                        let remedy = match text.contains("(?=") || text.contains("(?!") || text.contains("(?<") {
                            true => "look-around is left out: use all, or when".to_owned(),
                            false => String::new(),
                        };
                        self.wrong(it, span.clone(), format!("not a pattern: {why}"), remedy);
                    }
                }
            }
        }
        let file = self.sources.get(it.file)?;
        let mut when = None;
        if !it.rule.when.is_empty() {
            let origin = Origin { source: &file.source, text: &file.text, start: it.when };
            match Condition::compile(&it.rule.when, origin) {
                Ok(condition) => when = Some(condition),
                Err(problem) => self.problems.push(problem),
            }
        }
        if self.problems.len() > before {
            return None;
        }
        let wanted = source.as_ref().map_or(Wanted::NOTHING, Source::wanted);
        self.wanted = self.wanted | wanted | when.as_ref().map_or(Wanted::NOTHING, Condition::wanted);
        let [any, all] = patterns.map(|list| match &source {
            Some(source) => {
                let all = self.texts.entry(source.clone()).or_default();
                let first = u32::try_from(all.len()).unwrap_or(u32::MAX);
                let count = list.len();
                all.extend(list);
                (first..).take(count).collect()
            }
            None => Vec::new(),
        });
        Some(Parts { source, any, all, when })
    }

    /// Leaves out rules that ask for the hits of rules that are not there. A rule that was disabled never hits.
    fn known_hits(&mut self, rules: Vec<(Loaded, Parts)>, disabled: &[String]) -> Vec<(Loaded, Parts)> {
        let names: Vec<String> = rules.iter().map(|(it, _)| it.rule.name.clone()).collect();
        let mut known = Vec::new();
        for (it, parts) in rules {
            let asked = parts.when.iter().flat_map(|when| when.hits());
            let unknown = asked.into_iter().find(|name| !names.contains(name) && !disabled.contains(name)).cloned();
            match unknown {
                Some(name) => {
                    let at = it.rule.when.find(&name).map_or(it.when, |offset| it.when + offset);
                    let remedy = nearest(&name, names.iter().map(String::as_str));
                    self.wrong(&it, at..at + name.len(), format!("there is no rule {name:?}"), remedy);
                }
                None => known.push((it, parts)),
            }
        }
        known
    }

    /// Puts rules before those that ask for their hits. Those that ask in a circle are problems, and are left out.
    fn order(&mut self, rules: &mut Vec<(Loaded, Parts)>) -> Vec<usize> {
        loop {
            let names: BTreeMap<&str, usize> =
                rules.iter().enumerate().map(|(number, (it, _))| (it.rule.name.as_str(), number)).collect();
            let mut waits: Vec<Vec<usize>> = rules
                .iter()
                .map(|(_, parts)| {
                    let asked = parts.when.iter().flat_map(|when| when.hits());
                    asked.filter_map(|name| names.get(name.as_str()).copied()).collect()
                })
                .collect();
            let mut order = Vec::new();
            let mut done = vec![false; rules.len()];
            loop {
                let ready: Vec<usize> = waits
                    .iter()
                    .enumerate()
                    .filter(|(number, waits)| done.get(*number) == Some(&false) && waits.is_empty())
                    .map(|(number, _)| number)
                    .collect();
                if ready.is_empty() {
                    break;
                }
                for number in &ready {
                    if let Some(done) = done.get_mut(*number) {
                        *done = true;
                    }
                }
                waits.iter_mut().for_each(|waits| waits.retain(|number| !ready.contains(number)));
                order.extend(ready);
            }
            if order.len() == rules.len() {
                return order;
            }
            let mut rest = Vec::new();
            for (number, (it, parts)) in std::mem::take(rules).into_iter().enumerate() {
                if done.get(number) == Some(&true) {
                    rest.push((it, parts));
                    continue;
                }
                let message = format!("the rule {} asks for its own hit, by way of other rules", it.rule.name);
                let span = it.when..it.when + it.rule.when.len();
                self.wrong(&it, span, message, "break the circle".to_owned());
            }
            *rules = rest;
        }
    }
}

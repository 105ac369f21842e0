//! Rules as they were read -> rules that run. Takes files, gives [`Rules`] and the problems of whoever wrote them; finds the
//! order in which rules may ask for each other's hits.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::condition::{self, Condition, Origin};
use super::lazy::TOO_LARGE;
use super::load::{self, Loaded};
use super::patterns::{Pattern, Patterns};
use super::reading::{Form, Over};
use super::texts::Source;
use super::{Compiled, RuleSource, Rules};
use crate::error::{Problem, nearest};
use crate::threads::Threads;
use crate::wanted::Wanted;

impl Rules {
    /// Compiles rules. `disabled` names rules that are left out, as if they were not there. A broken rule is a problem,
    /// and the others are compiled.
    pub(crate) fn compile(sources: &[RuleSource], disabled: &[String], threads: &Threads) -> (Rules, Vec<Problem>) {
        let mut problems = Vec::new();
        let (mut loaded, mut broken) = load::read(sources, &mut problems);
        let there = |name: &String| broken.contains(name) || loaded.iter().any(|it| it.rule.name == *name);
        let absent: Vec<String> = disabled.iter().filter(|name| !there(name)).cloned().collect();
        loaded.retain(|it| !disabled.contains(&it.rule.name));

        let mut builder = Builder {
            sources,
            problems,
            notes: Vec::new(),
            texts: BTreeMap::new(),
            known: BTreeMap::new(),
            wanted: Wanted::NOTHING,
        };
        let mut rules: Vec<(Loaded, Parts)> = Vec::new();
        let mut loaded = loaded.into_iter();
        while loaded.len() > 0 {
            let some: Vec<Loaded> = loaded.by_ref().take(AT_ONCE).collect();
            let mut made = made(&some, threads);
            for it in some {
                match builder.parts(&it, &mut made) {
                    Some(parts) => rules.push((it, parts)),
                    None => broken.push(it.rule.name),
                }
            }
        }
        let mut rules = builder.known_hits(rules, disabled, &mut broken);
        let shared = condition::share(rules.iter_mut().filter_map(|(_, parts)| parts.when.as_mut()));
        let order = builder.order(&mut rules, &mut broken);

        let mut numbers: BTreeMap<(Source, Form), usize> = BTreeMap::new();
        let mut texts = Vec::new();
        for ((source, form), patterns) in std::mem::take(&mut builder.texts) {
            numbers.insert((source.clone(), form), texts.len());
            texts.push((source, form, Patterns::new(patterns)));
        }
        let index: BTreeMap<String, usize> =
            rules.iter().enumerate().map(|(number, (it, _))| (it.rule.name.clone(), number)).collect();
        let mut compiled = Vec::new();
        let mut shown = Vec::new();
        for (it, parts) in rules {
            let hits = parts.when.iter().flat_map(|when| when.hits());
            let text = |form| {
                let key = parts.source.clone().map(|source| (source, form));
                key.and_then(|key| numbers.get(&key).copied()).unwrap_or(usize::MAX)
            };
            let spots = |list: &[(Form, u32)]| list.iter().map(|(form, number)| (text(*form), *number)).collect();
            compiled.push(Compiled {
                name: it.rule.name.as_str().into(),
                any: spots(&parts.any),
                all: spots(&parts.all),
                hits: hits.map(|name| index.get(name).copied().unwrap_or(usize::MAX)).collect(),
                when: parts.when,
            });
            shown.push(it.rule);
        }
        let Builder { problems, notes, wanted, .. } = builder;
        (Rules { rules: shown, compiled, order, shared, texts, wanted, notes, broken, absent }, problems)
    }
}

/// Rules whose patterns are read before they are sorted in: what is read waits in memory until then.
const AT_ONCE: usize = 1_000;

/// The patterns of rules in the order in which they are written, or what is wrong with them; nothing for one that stands there a second
/// time, and none at all where there is one thread, to which it makes no difference when each is read.
fn made(rules: &[Loaded], threads: &Threads) -> std::vec::IntoIter<Option<Result<Pattern, String>>> {
    let (mut all, mut seen) = (Vec::new(), HashSet::new());
    for it in rules {
        let over = over(Source::parse(&it.rule.text).ok().as_ref());
        let texts = it.rule.any.iter().chain(&it.rule.all);
        all.extend(texts.map(|text| seen.insert((text.as_str(), over)).then_some((text.as_str(), over))));
    }
    let made = match threads.pool_for(seen.len()) {
        Some(_) => threads.map(all, |it| it.map(|(text, over)| Pattern::compile(text, over))),
        None => Vec::new(),
    };
    made.into_iter()
}

/// What kind of text the patterns of a rule are for.
fn over(source: Option<&Source>) -> Over {
    match source {
        Some(Source::Raw) => Over::Bytes,
        Some(source) if source.is_source() => Over::Source,
        _ => Over::Text,
    }
}

/// The compiled parts of one rule.
struct Parts {
    source: Option<Source>,
    any: Vec<(Form, u32)>,
    all: Vec<(Form, u32)>,
    when: Option<Condition>,
}

impl Parts {
    /// What goes first costs less, or spares the others more: patterns alone are looked for whatever conditions say; conditions
    /// alone go by their cost; where there are both, what the search found may spare the condition.
    fn rank(&self) -> (u8, u64) {
        let cost = self.when.as_ref().map(Condition::cost);
        match (self.source.is_some(), cost) {
            (_, None) => (0, 0),
            (false, Some(cost)) => (1, cost),
            (true, Some(cost)) => (2, cost),
        }
    }
}

struct Builder<'s> {
    sources: &'s [RuleSource],
    problems: Vec<Problem>,
    notes: Vec<Problem>,
    texts: BTreeMap<(Source, Form), Vec<Pattern>>,
    /// Patterns that are there already, by what they look at: rules that look for the same share one.
    known: BTreeMap<Source, HashMap<Box<str>, (Form, u32)>>,
    wanted: Wanted,
}

/// A pattern of a rule.
enum Part {
    Known(Form, u32),
    New(Box<Pattern>),
}

impl Builder<'_> {
    fn wrong(&mut self, it: &Loaded, span: std::ops::Range<usize>, message: String, remedy: String) {
        let Some(file) = self.sources.get(it.file) else { return };
        self.problems.push(Problem::span(&file.source, &file.text, span.start, span.end, message).remedy(remedy));
    }

    /// Notes what of a pattern costs more than it has to.
    fn notes_on(&mut self, pattern: &Pattern, it: &Loaded, span: &std::ops::Range<usize>) {
        let Some(file) = self.sources.get(it.file) else { return };
        let mut note = |message: &str, remedy: &str| {
            let message = format!("rule {}: {message}", it.rule.name);
            let problem = Problem::span(&file.source, &file.text, span.start, span.end, message);
            self.notes.push(problem.remedy(remedy));
        };
        if !pattern.is_noted() {
            note(
                "this pattern is searched in each message",
                "it is cheap once each match contains three letters, digits or signs in a row that it spells out, or nearly",
            );
        }
        if pattern.has_slow_boundary() {
            note(
                "a word boundary in this pattern is slow on text beyond ASCII",
                "put \\b right beside an ASCII letter or digit, or write (?-u:\\b)",
            );
        }
    }

    /// Compiles patterns and condition of a rule; `None`, and noted, where one is broken. `made` are its patterns and those of rules behind
    /// it, if they were read before.
    fn parts(
        &mut self,
        it: &Loaded,
        made: &mut impl Iterator<Item = Option<Result<Pattern, String>>>,
    ) -> Option<Parts> {
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
        let over = over(source.as_ref());
        let mut patterns = [Vec::new(), Vec::new()];
        for (list, (texts, spans)) in patterns.iter_mut().zip([(&it.rule.any, &it.any), (&it.rule.all, &it.all)]) {
            for (text, span) in texts.iter().zip(spans) {
                let made = made.next().flatten();
                let known = source.as_ref().and_then(|source| self.known.get(source)?.get(text.as_str()));
                if let Some((form, number)) = known.copied() {
                    list.push(Part::Known(form, number));
                    continue;
                }
                match made.unwrap_or_else(|| Pattern::compile(text, over)) {
                    Ok(pattern) => {
                        self.notes_on(&pattern, it, span);
                        list.push(Part::New(Box::new(pattern)));
                    }
                    Err(error) => {
                        let why = error.lines().last().unwrap_or_default().trim().trim_start_matches("error: ");
                        let around = ["(?=", "(?!", "(?<"].iter().any(|sign| text.contains(sign));
                        let (message, remedy) = match why {
                            TOO_LARGE => (why.to_owned(), "repeat less often: \\w{100} is a hundred copies of \\w"),
                            _ if around => {
                                (format!("not a pattern: {why}"), "look-around is left out: use all, or when")
                            }
                            _ => (format!("not a pattern: {why}"), ""),
                        };
                        self.wrong(it, span.clone(), message, remedy.to_owned());
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
        let mut all = it.rule.any.iter().chain(&it.rule.all);
        let [any, all] = patterns.map(|list| {
            let mut spots = Vec::new();
            for part in list {
                let (Some(source), Some(text)) = (&source, all.next()) else { continue };
                let spot = match part {
                    Part::Known(form, number) => (form, number),
                    Part::New(pattern) => {
                        let form = pattern.form;
                        let patterns = self.texts.entry((source.clone(), form)).or_default();
                        let number = u32::try_from(patterns.len()).unwrap_or(u32::MAX);
                        patterns.push(*pattern);
                        self.known.entry(source.clone()).or_default().insert(text.as_str().into(), (form, number));
                        (form, number)
                    }
                };
                spots.push(spot);
            }
            spots
        });
        Some(Parts { source, any, all, when })
    }

    /// Leaves out rules that ask for the hits of rules that are not there. A rule that was disabled or is broken is
    /// there, and never hits.
    fn known_hits(
        &mut self,
        rules: Vec<(Loaded, Parts)>,
        disabled: &[String],
        broken: &mut Vec<String>,
    ) -> Vec<(Loaded, Parts)> {
        let names: Vec<String> = rules.iter().map(|(it, _)| it.rule.name.clone()).collect();
        let mut known = Vec::new();
        for (it, parts) in rules {
            let asked = parts.when.iter().flat_map(|when| when.hits());
            let known_name = |name: &&String| [&names, disabled, broken.as_slice()].iter().any(|it| it.contains(name));
            let unknown = asked.into_iter().find(|name| !known_name(name)).cloned();
            match unknown {
                Some(name) => {
                    let at = it.rule.when.find(&name).map_or(it.when, |offset| it.when + offset);
                    let remedy = nearest(&name, names.iter().map(String::as_str));
                    self.wrong(&it, at..at + name.len(), format!("there is no rule {name:?}"), remedy);
                    broken.push(it.rule.name);
                }
                None => known.push((it, parts)),
            }
        }
        known
    }

    /// Puts rules before those that ask for their hits. Those that ask in a circle are problems, and are left out.
    fn order(&mut self, rules: &mut Vec<(Loaded, Parts)>, broken: &mut Vec<String>) -> Vec<usize> {
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
                let mut ready: Vec<usize> = waits
                    .iter()
                    .enumerate()
                    .filter(|(number, waits)| done.get(*number) == Some(&false) && waits.is_empty())
                    .map(|(number, _)| number)
                    .collect();
                ready.sort_by_key(|number| rules.get(*number).map(|(_, parts)| parts.rank()));
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
                broken.push(it.rule.name);
            }
            *rules = rest;
        }
    }
}

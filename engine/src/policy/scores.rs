//! Files of scores -> what each rule weighs, and which group it is capped with. Takes TOML, gives weights and the
//! problems of whoever wrote it; a later file outranks an earlier one, and the configuration outranks all.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{Known, ScoreSource};
use crate::defect::DefectKind;
use crate::error::{Problem, nearest};
use crate::incomplete::Limit;

/// The rule of the Bayes model.
const BAYES: &str = "bayes";

/// What the files and the configuration say, for each rule that is found: trees of thousands of names wait for memory at each step.
#[derive(Debug, Default)]
pub(super) struct Scores {
    given: HashMap<String, Given>,
    /// Weights that rules bring along.
    brought: HashMap<String, Given>,
    groups: Vec<Group>,
}

#[derive(Clone, Copy, Debug)]
struct Given {
    score: f64,
    group: Option<usize>,
}

/// Rules whose scores are capped together.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) name: Arc<str>,
    /// What the group adds to a score at most, and takes from it at most.
    pub(super) cap: Option<f64>,
}

impl Scores {
    /// Reads the files in order, then what the configuration says.
    pub(super) fn read(
        files: &[ScoreSource],
        known: &Known<'_>,
        overrides: &[(String, f64, Problem)],
    ) -> (Scores, Vec<Problem>) {
        let mut scores = Scores::default();
        let mut problems = Vec::new();
        for (rule, score, group) in known.defaults {
            let group = Some(scores.group_named(group));
            scores.brought.insert((*rule).to_owned(), Given { score: score.unwrap_or(1.0), group });
        }
        for file in files {
            let mut reader = Reader { file, known, scores: &mut scores, seen: BTreeMap::new(), problems: Vec::new() };
            reader.read();
            // The parser hands tables out by name; people read files from the top.
            reader.problems.sort_by_key(|problem| (problem.line, problem.column));
            problems.append(&mut reader.problems);
        }
        for (rule, score, origin) in overrides {
            match refused(rule, known) {
                Some((message, remedy)) => problems.push(Problem { message, remedy, ..origin.clone() }),
                None if !score.is_finite() => {
                    let message = format!("the score of {rule} is {score}");
                    problems.push(Problem { message, ..origin.clone() }.remedy("write a finite number"));
                }
                None => {
                    let group = scores.group(rule);
                    scores.given.insert(rule.clone(), Given { score: *score, group });
                }
            }
        }
        (scores, problems)
    }

    /// What a rule weighs: as given, else as it says itself, else 1 for a rule that somebody wrote, and nothing for what is found in most
    /// messages (defects, limits), what only serves other rules (`_NAME`), and what outranks scores (lists).
    pub(super) fn weight(&self, rule: &str) -> f64 {
        match self.given.get(rule).or_else(|| self.brought.get(rule)) {
            Some(given) => given.score,
            None if is_silent(rule) => 0.0,
            None => 1.0,
        }
    }

    /// The group that a rule is capped with.
    pub(super) fn group(&self, rule: &str) -> Option<usize> {
        self.given.get(rule).or_else(|| self.brought.get(rule)).and_then(|given| given.group)
    }

    /// All groups; `group` gives an index.
    pub(super) fn groups(&self) -> &[Group] {
        &self.groups
    }

    /// Whether somebody gave the rule a score, be it 0: then it is shown, for whoever tries a rule out.
    pub(super) fn is_given(&self, rule: &str) -> bool {
        self.given.contains_key(rule)
    }

    /// Whether a defect has a weight.
    pub(super) fn weighs_defects(&self) -> bool {
        self.given.iter().any(|(rule, given)| rule.starts_with("defect-") && given.score != 0.0)
    }

    /// The number of a group by its name, made when it is new.
    fn group_named(&mut self, name: &str) -> usize {
        self.groups.iter().position(|group| *group.name == *name).unwrap_or_else(|| {
            self.groups.push(Group { name: name.into(), cap: None });
            self.groups.len().saturating_sub(1)
        })
    }
}

/// Whether a rule weighs nothing unless it is given a score.
fn is_silent(rule: &str) -> bool {
    ["_", "defect-", "incomplete-", "list-"].iter().any(|prefix| rule.starts_with(prefix))
}

/// Why a rule cannot be given a score, and what to do about it.
fn refused(rule: &str, known: &Known<'_>) -> Option<(String, String)> {
    if rule.starts_with('_') {
        let message = format!("the rule {rule} has a score");
        return Some((
            message,
            "rules whose names begin with _ weigh nothing: rename the rule, or drop the score".into(),
        ));
    }
    if rule.starts_with("list-") {
        let message = format!("the list {rule} has a score");
        return Some((message, "lists outrank scores: drop the score, or write a rule in place of the list".into()));
    }
    let ours = || {
        let defects = DefectKind::ALL.iter().map(|kind| format!("defect-{}", kind.name()));
        let limits = Limit::ALL.iter().map(|limit| format!("incomplete-{}", limit.name()));
        defects.chain(limits).chain([BAYES.to_owned()])
    };
    let theirs = || {
        let rules = known.rules.iter().map(|(name, _)| *name);
        rules.chain(known.disabled.iter().map(String::as_str)).chain(known.dns_rules.iter().copied())
    };
    if theirs().any(|name| name == rule) || ours().any(|name| name == rule) {
        return None;
    }
    let ours: Vec<String> = ours().collect();
    let remedy = match nearest(rule, theirs().chain(ours.iter().map(String::as_str))) {
        near if near.is_empty() => "tamis rules list shows the rules there are".into(),
        near => near,
    };
    Some((format!("there is no rule {rule}"), remedy))
}

/// Reads one file.
struct Reader<'r> {
    file: &'r ScoreSource,
    known: &'r Known<'r>,
    scores: &'r mut Scores,
    /// The rules that this file scores, with the group in which it does.
    seen: BTreeMap<String, String>,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let file = self.file;
        let table = match DeTable::parse(&file.text) {
            Ok(table) => table,
            Err(error) => {
                let message = error.message().to_owned();
                self.problem(error.span().unwrap_or_default(), message, "the file is TOML");
                return;
            }
        };
        for (key, value) in table.get_ref() {
            if key.get_ref() == "group" {
                let Some(groups) = self.table(value, "group") else { continue };
                for (name, group) in groups {
                    if let Some(group) = self.table(group, "a group") {
                        self.group(name.get_ref(), group);
                    }
                }
            } else {
                self.unknown_key(key.span(), key.get_ref(), &["group"]);
            }
        }
    }

    fn group(&mut self, name: &str, group: &DeTable<'_>) {
        let number = self.scores.group_named(name);
        for (key, value) in group {
            match key.get_ref().as_ref() {
                "what" => {
                    if !value.get_ref().is_str() {
                        self.wrong_type(value, "what", "a text");
                    }
                }
                "cap" => match number_of(value.get_ref()) {
                    Some(cap) if cap >= 0.0 && cap.is_finite() => {
                        if let Some(group) = self.scores.groups.get_mut(number) {
                            group.cap = Some(cap);
                        }
                    }
                    Some(cap) => {
                        let message = format!("the cap of group {name} is {cap}");
                        self.problem(value.span(), message, "write a number from 0 up: it bounds the group both ways");
                    }
                    None => self.wrong_type(value, "cap", "a number"),
                },
                "scores" => {
                    let Some(scores) = self.table(value, "scores") else { continue };
                    for (rule, score) in scores {
                        self.score(name, number, rule, score);
                    }
                }
                other => self.unknown_key(key.span(), other, &["what", "cap", "scores"]),
            }
        }
    }

    fn score(
        &mut self,
        group: &str,
        number: usize,
        rule: &Spanned<toml::de::DeString<'_>>,
        value: &Spanned<DeValue<'_>>,
    ) {
        let name = rule.get_ref().as_ref();
        let score = match number_of(value.get_ref()) {
            Some(score) if score.is_finite() => score,
            Some(score) => {
                return self.problem(value.span(), format!("the score of {name} is {score}"), "write a finite number");
            }
            None => return self.wrong_type(value, name, "a number"),
        };
        if let Some((message, remedy)) = refused(name, self.known) {
            return self.problem(rule.span(), message, &remedy);
        }
        if let Some(first) = self.seen.insert(name.to_owned(), group.to_owned()) {
            let message = format!("{name} is scored in group {first} and in group {group}");
            return self.problem(rule.span(), message, "keep one: a rule is capped with one group");
        }
        self.scores.given.insert(name.to_owned(), Given { score, group: Some(number) });
    }

    fn table<'v, 't>(&mut self, value: &'v Spanned<DeValue<'t>>, what: &str) -> Option<&'v DeTable<'t>> {
        let table = value.get_ref().as_table();
        if table.is_none() {
            self.wrong_type(value, what, "a table");
        }
        table
    }

    fn wrong_type(&mut self, value: &Spanned<DeValue<'_>>, key: &str, wanted: &str) {
        let message = format!("{key} must be {wanted}, and is of type {}", value.get_ref().type_str());
        self.problem(value.span(), message, "");
    }

    fn unknown_key(&mut self, span: Range<usize>, key: &str, known: &[&str]) {
        let remedy = match nearest(key, known.iter().copied()) {
            near if near.is_empty() => format!("known here: {}", known.join(", ")),
            near => near,
        };
        self.problem(span, format!("unknown key {key}"), &remedy);
    }

    fn problem(&mut self, span: Range<usize>, message: String, remedy: &str) {
        let problem = Problem::span(&self.file.source, &self.file.text, span.start, span.end, message);
        self.problems.push(problem.remedy(remedy));
    }
}

fn number_of(value: &DeValue<'_>) -> Option<f64> {
    match value {
        DeValue::Float(float) => float.as_str().parse().ok(),
        DeValue::Integer(integer) => i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|n| n as f64),
        _ => None,
    }
}

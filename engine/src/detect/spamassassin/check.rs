//! What is worth telling an author about the patterns of his `.cf` files, for `tamis rules check`. Takes rules, compiles every
//! pattern of them, whether a scan would or not; gives problems with the line that each stands in.

use std::collections::BTreeSet;

use super::conf::{self, Part};
use super::pattern::Pattern;
use super::{CfRule, SpamAssassin};
use crate::error::Problem;

/// Kinds of rules whose texts are long: what searches all of them costs much.
const LONG: &[&str] = &["body", "rawbody", "uri", "full"];

/// What compiling the patterns of `.cf` files shows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CfPatterns {
    /// Patterns that are too large to be compiled: their rules never hit.
    pub refused: Vec<Problem>,
    /// What is worth a look: patterns that match never or always, or cost much.
    pub notes: Vec<Problem>,
}

impl SpamAssassin {
    /// Compiles every pattern, those of rules that are switched off included, and says of which that shows something.
    pub(crate) fn look_at_patterns(&self) -> CfPatterns {
        let mut found = CfPatterns::default();
        let mut too_large = BTreeSet::new();
        let of_functions = self.evals.iter().filter_map(|it| Some((it.rule, it.arguments.pattern.as_ref()?)));
        for (rule, pattern) in self.owners.iter().copied().zip(&self.patterns).chain(of_functions) {
            let Some(of) = self.rules.get(rule as usize) else { continue };
            if !pattern.compiles() {
                let remedy = "the rule never hits: shorten its repetitions, {0,100} of a class is a hundred copies";
                found.refused.push(problem(of, "the pattern is too large", remedy));
                too_large.insert(rule);
                continue;
            }
            let runs = !self.off.get(rule as usize).copied().unwrap_or(true);
            found.notes.extend(remarks(of, pattern, runs).map(|(message, remedy)| problem(of, &message, remedy)));
        }
        for meta in &self.metas {
            let missing = meta.parts.iter().flatten().filter(|part| too_large.contains(part));
            let names: Vec<&str> =
                missing.filter_map(|part| self.rules.get(*part as usize).map(|it| it.name.as_str())).collect();
            if let Some(of) = self.rules.get(meta.rule as usize).filter(|_| !names.is_empty()) {
                let message = format!("it depends on what is too large: {}", names.join(", "));
                found.notes.push(problem(of, &message, "these count as 0"));
            }
        }
        let place = |it: &Problem| (it.source.clone(), it.line);
        found.refused.sort_by_key(place);
        found.notes.sort_by_key(place);
        found
    }
}

/// What is to be said of a pattern, with the remedy. `runs` says whether its rule is searched for.
fn remarks(rule: &CfRule, pattern: &Pattern, runs: bool) -> impl Iterator<Item = (String, &'static str)> {
    let extreme = match pattern.always_or_never() {
        Some(true) => Some(("the pattern matches every text".to_owned(), "")),
        Some(false) => Some((
            "the pattern can never match".to_owned(),
            "characters above \\xFF are several bytes here, as with SpamAssassin; ^ and $ are the ends of the text, or with /m \
             of its lines",
        )),
        None => None,
    };
    let back = pattern.goes_back_often().then(|| {
        (
            "the pattern goes back, and repeats what repeats: some texts take it very long".to_owned(),
            "it is given up after 200,000 steps in a text: write (a+)+ as a+, or use possessive a++",
        )
    });
    let costly = (runs && LONG.contains(&rule.kind) && !pattern.has_literal()).then(|| {
        let how = if pattern.is_fancy() { "and goes back: this is the costliest kind" } else { "in each message" };
        (
            format!("every {} text is searched for this pattern, {how}", rule.kind),
            "it is cheap once each match contains three letters in a row that it spells out",
        )
    });
    extreme.into_iter().chain(back).chain(costly)
}

/// A problem with the pattern of a rule, with its line.
fn problem(rule: &CfRule, message: &str, remedy: &str) -> Problem {
    let message = format!("rule {}: {message}", rule.name);
    conf::problem(&rule.source, rule.line, &rule.text, Part::Rest, message, remedy)
}

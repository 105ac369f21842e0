//! What rule authors wrote. Takes facts, gives findings: patterns over texts (`in`, `any`, `all`) and conditions over
//! facts (`when`). Everything is compiled and typed when loaded; at scan time there are no errors.

mod blanks;
mod compile;
pub(crate) mod condition;
mod lazy;
mod load;
mod near;
mod patterns;
mod places;
mod reading;
mod texts;
mod union;
mod watch;

#[cfg(test)]
mod tests;

pub use load::Rule;
pub use watch::{ConditionCost, PatternCost};

use self::blanks::Flat;
use self::condition::{Condition, Kept, Outcome, Seen};
use self::patterns::{Patterns, Progress};
use self::reading::Form;
use self::texts::Source;
use crate::error::Problem;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::Place;
use crate::text::sequences::SieveMemory;
use crate::text::show::evidence;
use crate::wanted::Wanted;

/// Steps that one condition may take: five hundred times what the costliest stock rule takes on real mail.
const RULE_STEPS: u64 = 2_000_000;
/// Steps for each byte that a pattern itself reads: on honest mail a tenth of the text, on a text that is made of the rules'
/// own words a hundred times its size. Measured on a megabyte of these: 0.3 s.
const PATTERN_STEPS: u64 = 4;

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
    /// Rules before those that ask for their hits, and of the others the cheap ones first.
    order: Vec<usize>,
    /// How many values conditions share.
    shared: usize,
    /// The patterns of each text, for each form of it that they are searched in.
    texts: Vec<(Source, Form, Patterns)>,
    wanted: Wanted,
    notes: Vec<Problem>,
    /// Rules that are there and broken.
    broken: Vec<String>,
    /// Rules that are to be left out and are not there.
    absent: Vec<String>,
}

/// What a rule does.
#[derive(Debug)]
struct Compiled {
    name: std::sync::Arc<str>,
    any: Vec<Spot>,
    all: Vec<Spot>,
    when: Option<Condition>,
    /// The rules that `when` asks for, by their index.
    hits: Vec<usize>,
}

impl Compiled {
    fn spots(&self) -> impl Iterator<Item = &Spot> {
        self.any.iter().chain(&self.all)
    }

    /// Whether it has no more than one pattern, which was searched for and not found: nearly all rules are told so, for less.
    fn surely_misses(&self, memory: &Memory) -> bool {
        let ([(text, number)], [], None) = (self.any.as_slice(), self.all.as_slice(), &self.when) else { return false };
        memory.searched.get(*text) == Some(&true)
            && memory.matches.get(*text).and_then(|matches| matches.get(*number as usize)) == Some(&None)
    }

    /// Whether all texts of its patterns were searched.
    fn searched(&self, memory: &Memory) -> bool {
        self.spots().all(|(text, _)| memory.searched.get(*text).copied().unwrap_or(true))
    }
}

/// A pattern: index into `Rules::texts`, and its number there.
type Spot = (usize, u32);

/// A match: the owner of its text, and its range.
type Match = (u32, usize, usize);
/// A match, and the index into `Rules::texts` of what it is in.
type Matched = (usize, Match);

/// What a rule saw: the index into `Rules::texts` with the match there, or what its condition says.
enum Sight {
    Matched(Matched),
    Condition(Option<Seen>),
}

/// What the rules keep from message to message.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    matches: Vec<Vec<Option<Match>>>,
    sieving: SieveMemory,
    /// Which texts were searched in this message.
    searched: Vec<bool>,
    hit: Vec<bool>,
    /// The rules that hit, in the order of their findings.
    found: Vec<usize>,
    /// What conditions share, as far as it is known in this message.
    kept: Vec<Kept>,
    progress: Progress,
    flat: Flat,
    /// Only where somebody wants to know what rules cost.
    watch: Option<watch::Watch>,
}

impl Rules {
    /// The facts that the rules at hand read.
    pub(crate) fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// The rules, in the order of their files.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What is no mistake, and costs more than it has to: patterns that are searched in each message.
    pub(crate) fn notes(&self) -> &[Problem] {
        &self.notes
    }

    /// Compiles every pattern now, and tells of those that cannot be. What is too large is found when it is read, so that
    /// there should be none.
    pub(crate) fn look_at_patterns(&self) -> Vec<Problem> {
        let mut found = Vec::new();
        for (rule, compiled) in self.rules.iter().zip(&self.compiled) {
            for ((text, number), pattern) in compiled.spots().zip(rule.any.iter().chain(&rule.all)) {
                let known = self.texts.get(*text).and_then(|(_, _, patterns)| patterns.get(*number));
                if known.is_none_or(|pattern| !pattern.compiles()) {
                    let message = format!("rule {}: the pattern {pattern:?} cannot be compiled", rule.name);
                    found.push(Problem { line: rule.line, ..Problem::file(&rule.source, message) });
                }
            }
        }
        found
    }

    /// The names of rules that are in the files and could not be compiled. They are known, and never hit.
    pub(crate) fn absent(&self) -> &[String] {
        &self.absent
    }

    /// Rules that are there and broken.
    pub(crate) fn broken(&self) -> &[String] {
        &self.broken
    }

    /// Adds a finding for each rule that hits.
    #[inline(never)] // benches/instructions.py finds it by its name
    pub(crate) fn run(
        &self,
        facts: &Facts<'_>,
        memory: &mut Memory,
        budget: &mut Budget<'_>,
        findings: &mut Vec<Finding>,
    ) {
        memory.matches.resize_with(self.texts.len(), Vec::new);
        memory.searched.clear();
        memory.searched.resize(self.texts.len(), false);
        memory.hit.clear();
        memory.hit.resize(self.compiled.len(), false);
        memory.found.clear();
        memory.kept.clear();
        memory.kept.resize(self.shared, Kept::Nothing);
        let first = findings.len();
        if let Some(watch) = &mut memory.watch {
            watch.start(self.compiled.len(), self.texts.len());
        }
        let mut before = None;
        for number in &self.order {
            if let (Some(watch), Some(before)) = (&mut memory.watch, before.replace(*number)) {
                watch.rule(before);
            }
            let Some(rule) = self.compiled.get(*number) else { continue };
            if rule.surely_misses(memory) {
                continue;
            }
            // A text that no rule has looked at yet may need no look: a condition costs less than a search. Once it was
            // searched, the condition waits for the patterns.
            let mut seen = None;
            if !rule.searched(memory) {
                match self.holds((*number, rule), facts, memory, budget) {
                    Some((true, saw)) => seen = saw,
                    Some((false, _)) => continue,
                    None => break,
                }
                if !self.search(rule, facts, memory, budget) {
                    break;
                }
            } else if self.matched(rule, memory).is_some() {
                match self.holds((*number, rule), facts, memory, budget) {
                    Some((true, saw)) => seen = saw,
                    Some((false, _)) => continue,
                    None => break,
                }
            }
            let sight = match self.matched(rule, memory) {
                Some(Some(matched)) => Sight::Matched(matched),
                Some(None) => Sight::Condition(seen),
                None => continue,
            };
            if let Some(slot) = memory.hit.get_mut(*number) {
                *slot = true;
            }
            let earlier = findings.get(first..).unwrap_or_default();
            let finding = self.finding(rule, *number, sight, facts, earlier);
            findings.push(finding);
            memory.found.push(*number);
        }
        if let (Some(watch), Some(last)) = (&mut memory.watch, before) {
            watch.rule(last);
        }
        // In the order of the files, whatever the order of evaluation was.
        if !memory.found.is_sorted() {
            let mut sorted: Vec<(usize, Finding)> = memory.found.iter().copied().zip(findings.drain(first..)).collect();
            sorted.sort_by_key(|(number, _)| *number);
            findings.extend(sorted.into_iter().map(|(_, finding)| finding));
        }
    }

    /// Whether a rule's condition holds, and where that was seen; true for a rule without one. `None` where the message's
    /// steps ended.
    fn holds(
        &self,
        (number, rule): (usize, &Compiled),
        facts: &Facts<'_>,
        memory: &mut Memory,
        budget: &mut Budget<'_>,
    ) -> Option<(bool, Option<Seen>)> {
        let Some(when) = &rule.when else { return Some((true, None)) };
        let Memory { hit, kept, .. } = memory;
        let hit = |asked: usize| {
            let rule = rule.hits.get(asked).copied().unwrap_or(usize::MAX);
            hit.get(rule).copied().unwrap_or(false)
        };
        let mut steps = RULE_STEPS;
        let (outcome, seen) = when.evaluate(facts, &hit, &mut steps, kept);
        if let Some(watch) = &mut memory.watch {
            watch.condition(number, RULE_STEPS.saturating_sub(steps), outcome == Outcome::OutOfSteps);
        }
        if outcome == Outcome::OutOfSteps {
            // The rule's own allowance, not the message's: the rules after it are looked at as ever.
            let explanation = format!("the rule {} needs more than {RULE_STEPS} steps", rule.name);
            budget.note(Limit::Steps, Place::message(), explanation);
        }
        budget.work(RULE_STEPS.saturating_sub(steps), Place::message).then_some((outcome == Outcome::True, seen))
    }

    /// Goes over the texts of a rule that were not searched yet, for the patterns of all rules; false where the budget
    /// ended.
    fn search(&self, rule: &Compiled, facts: &Facts<'_>, memory: &mut Memory, budget: &mut Budget<'_>) -> bool {
        rule.spots().all(|(text, _)| match memory.searched.get_mut(*text) {
            Some(searched) if !*searched => {
                *searched = true;
                if let Some(watch) = &mut memory.watch {
                    watch.before_search();
                }
                let goes_on = self.search_text(*text, facts, memory, budget);
                if let Some(watch) = &mut memory.watch {
                    watch.search(*text);
                }
                goes_on
            }
            _ => true,
        })
    }

    fn search_text(&self, number: usize, facts: &Facts<'_>, memory: &mut Memory, budget: &mut Budget<'_>) -> bool {
        let (Some((source, form, patterns)), Some(matches)) = (self.texts.get(number), memory.matches.get_mut(number))
        else {
            return true;
        };
        let mut goes_on = true;
        matches.clear();
        matches.resize(patterns.len(), None);
        let (progress, flat, sieving) = (&mut memory.progress, &mut memory.flat, &mut memory.sieving);
        source.each(facts, |owner, text| {
            goes_on = goes_on && budget.work(text.len() as u64, Place::message);
            if !goes_on {
                return;
            }
            let cells = std::cell::Cell::from_mut(matches.as_mut_slice()).as_slice_of_cells();
            let open = |number: u32| cells.get(number as usize).is_some_and(|cell| cell.get().is_none());
            let keep = |number: u32, start: usize, end: usize| {
                if let Some(cell) = cells.get(number as usize) {
                    cell.set(Some((owner, start, end)));
                }
            };
            match form {
                Form::AsIs => patterns.search(text, sieving, progress, open, keep),
                Form::Flat => {
                    flat.set(text);
                    let flat = &*flat;
                    patterns.search(flat.text(), sieving, progress, open, |number, start, end| {
                        keep(number, flat.original(start), flat.original(end));
                    });
                }
            }
            if let Some(watch) = &mut memory.watch {
                watch.compiled(number, &progress.compiled);
            }
            goes_on = budget.work(progress.read.saturating_mul(PATTERN_STEPS), Place::message);
        });
        goes_on
    }

    /// Whether the patterns of a rule matched, and the first that did; a rule without patterns always does.
    fn matched(&self, rule: &Compiled, memory: &Memory) -> Option<Option<Matched>> {
        let at = |spot: &Spot| {
            let found = memory.matches.get(spot.0)?.get(spot.1 as usize).copied().flatten()?;
            Some((spot.0, found))
        };
        let any = rule.any.iter().find_map(at);
        if !rule.any.is_empty() && any.is_none() {
            return None;
        }
        if rule.all.iter().any(|spot| at(spot).is_none()) {
            return None;
        }
        Some(any.or_else(|| rule.all.iter().find_map(at)))
    }

    /// The finding of a rule that hit. `earlier` holds those of the rules that it may have asked for.
    fn finding(&self, rule: &Compiled, number: usize, sight: Sight, facts: &Facts<'_>, earlier: &[Finding]) -> Finding {
        let name = std::sync::Arc::clone(&rule.name);
        match sight {
            Sight::Matched((text, (owner, start, end))) => {
                let Some((source, _, _)) = self.texts.get(text) else {
                    return Finding::new(name, Place::message(), "");
                };
                let mut shown = None;
                source.each(facts, |of, text| {
                    // Of several texts of one owner (the names of a file) the first that is long enough is shown.
                    if of == owner && shown.is_none() && end <= text.len() {
                        shown = Some(places::around(text, start, end));
                    }
                });
                Finding::new(name, source.place(facts, owner, start, end), shown.unwrap_or_default())
            }
            Sight::Condition(Some(Seen::At(place, words))) if !words.is_empty() => Finding::new(name, place, words),
            Sight::Condition(seen) => {
                let asked = match seen {
                    Some(Seen::Hit(asked)) => rule.hits.get(asked).and_then(|number| self.compiled.get(*number)),
                    _ => None,
                };
                if let Some(other) = asked.and_then(|asked| earlier.iter().find(|it| it.rule == asked.name)) {
                    return Finding::new(name, other.place.clone(), other.evidence.clone());
                }
                // Of the message as a whole the condition itself is what can be said.
                let when = self.rules.get(number).map(|rule| rule.when.trim()).unwrap_or_default();
                let place = match seen {
                    Some(Seen::At(place, _)) => place,
                    _ => Place::message(),
                };
                Finding::new(name, place, evidence(when.as_bytes()))
            }
        }
    }
}

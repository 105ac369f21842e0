//! What rules cost, for whoever writes them: `tamis rules profile`. The clock is the caller's.

use super::{Memory, Rules};

/// Names, and what each took.
pub(crate) type Times = Vec<(String, u64)>;

/// What the condition of a rule took, in steps, over all messages.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConditionCost {
    /// The rule.
    pub name: String,
    /// In how many messages the condition was evaluated: where the rule's patterns did not match, it is not.
    pub evaluated: u64,
    /// Steps of all evaluations together.
    pub steps: u64,
    /// In how many messages it needed more steps than it may take.
    pub gave_up: u64,
}

/// What compiling a pattern took, which is done when a message first needs it; in the units of the caller's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatternCost {
    /// The rule; of several with this pattern for the same text, the first.
    pub rule: String,
    /// The pattern as its author wrote it.
    pub pattern: String,
    /// What compiling it took; no part of what searches took.
    pub first_use: u64,
}

/// A stop-watch over the rules. A text is searched once for all rules that look at it, so searches count by themselves.
#[derive(Debug)]
pub(super) struct Watch {
    clock: fn() -> u64,
    last: u64,
    /// Of the rule at hand, what it took before a search.
    carried: u64,
    rules: Vec<u64>,
    searches: Vec<u64>,
    /// For each rule what its condition took; the names stay empty here.
    conditions: Vec<ConditionCost>,
    /// Patterns that were compiled: text, number, time.
    compiled: Vec<(usize, u32, u64)>,
    /// Of the search at hand, what compiling took.
    compiling: u64,
}

impl Watch {
    fn lap(&mut self) -> u64 {
        let now = (self.clock)();
        let taken = now.saturating_sub(self.last);
        self.last = now;
        taken
    }

    pub(super) fn start(&mut self, rules: usize, texts: usize) {
        self.rules.resize(rules, 0);
        self.searches.resize(texts, 0);
        self.conditions.resize_with(rules, ConditionCost::default);
        self.carried = 0;
        self.lap();
    }

    /// A rule is done with.
    pub(super) fn rule(&mut self, number: usize) {
        let taken = self.lap().saturating_add(std::mem::take(&mut self.carried));
        add(&mut self.rules, number, taken);
    }

    /// The condition of a rule was evaluated.
    pub(super) fn condition(&mut self, number: usize, steps: u64, gave_up: bool) {
        if let Some(cost) = self.conditions.get_mut(number) {
            cost.evaluated = cost.evaluated.saturating_add(1);
            cost.steps = cost.steps.saturating_add(steps);
            cost.gave_up = cost.gave_up.saturating_add(u64::from(gave_up));
        }
    }

    /// A search begins.
    pub(super) fn before_search(&mut self) {
        self.carried = self.lap().saturating_add(self.carried);
    }

    /// In the search at hand patterns were compiled.
    pub(super) fn compiled(&mut self, text: usize, patterns: &[(u32, u64)]) {
        for (number, taken) in patterns {
            // The pattern itself, and what asks the bytes around its places, are compiled each when a text needs it.
            match self.compiled.iter_mut().find(|(of, known, _)| (*of, *known) == (text, *number)) {
                Some((_, _, sum)) => *sum = sum.saturating_add(*taken),
                None => self.compiled.push((text, *number, *taken)),
            }
            self.compiling = self.compiling.saturating_add(*taken);
        }
    }

    /// A search ended.
    pub(super) fn search(&mut self, text: usize) {
        let taken = self.lap().saturating_sub(std::mem::take(&mut self.compiling));
        add(&mut self.searches, text, taken);
    }
}

fn add(times: &mut [u64], number: usize, taken: u64) {
    if let Some(sum) = times.get_mut(number) {
        *sum = sum.saturating_add(taken);
    }
}

impl Memory {
    /// From now on the times of rules add up, in the units of `clock`.
    pub(crate) fn keep_times(&mut self, clock: fn() -> u64) {
        self.progress.clock = Some(clock);
        self.watch = Some(Watch {
            clock,
            last: 0,
            carried: 0,
            rules: Vec::new(),
            searches: Vec::new(),
            conditions: Vec::new(),
            compiled: Vec::new(),
            compiling: 0,
        });
    }

    /// What each rule took, in the order of the files, and each search of a text, by what rules call the text.
    pub(crate) fn times(&self, rules: &Rules) -> (Times, Times) {
        let Some(watch) = &self.watch else { return Default::default() };
        let of_rules = rules.rules.iter().zip(&watch.rules).map(|(rule, taken)| (rule.name.clone(), *taken)).collect();
        let of_texts = rules.texts.iter().zip(&watch.searches).enumerate().map(|(text, ((_, form, _), taken))| {
            let reader = rules.compiled.iter().position(|rule| rule.spots().any(|(it, _)| *it == text));
            let name = reader.and_then(|it| rules.rules.get(it)).map_or("", |rule| rule.text.as_str());
            (format!("{name} ({form:?})"), *taken)
        });
        (of_rules, of_texts.collect())
    }

    /// What each condition took that was evaluated, in the order of the files.
    pub(crate) fn conditions(&self, rules: &Rules) -> Vec<ConditionCost> {
        let Some(watch) = &self.watch else { return Vec::new() };
        let all = rules.rules.iter().zip(&watch.conditions).filter(|(_, cost)| cost.evaluated > 0);
        all.map(|(rule, cost)| ConditionCost { name: rule.name.clone(), ..cost.clone() }).collect()
    }

    /// What compiling patterns took, in the order in which they were needed.
    pub(crate) fn first_use(&self, rules: &Rules) -> Vec<PatternCost> {
        let Some(watch) = &self.watch else { return Vec::new() };
        let mut found = Vec::new();
        for (text, number, taken) in &watch.compiled {
            let of = rules.rules.iter().zip(&rules.compiled).find_map(|(rule, compiled)| {
                let at = compiled.spots().position(|spot| *spot == (*text, *number))?;
                Some((rule.name.clone(), rule.any.iter().chain(&rule.all).nth(at)?.clone()))
            });
            let (rule, pattern) = of.unwrap_or_default();
            found.push(PatternCost { rule, pattern, first_use: *taken });
        }
        found
    }
}

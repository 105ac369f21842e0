//! What rules of `.cf` files cost, for whoever writes them: `tamis rules profile`. The clock is the caller's.

use super::{Memory, SpamAssassin};

/// What a rule of a `.cf` file cost; times are in the units of the caller's clock.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CfCost {
    /// The rule.
    pub name: String,
    /// All that was done for it alone: searches, its function.
    pub taken: u64,
    /// What compiling its pattern took, which is done when it is first needed; no part of `taken`.
    pub first_use: u64,
    /// How many texts or pieces of texts its pattern was tried on.
    pub tries: u64,
    /// In how many messages the pattern needed more steps than it may take.
    pub gave_up: u64,
}

/// A stop-watch over rules, and over the work that serves them all.
#[derive(Debug)]
pub(super) struct Watch {
    clock: fn() -> u64,
    last: u64,
    rules: Vec<CfCost>,
    shared: Vec<(&'static str, u64)>,
}

impl Watch {
    fn lap(&mut self) -> u64 {
        let now = (self.clock)();
        let taken = now.saturating_sub(self.last);
        self.last = now;
        taken
    }

    pub(super) fn start(&mut self, rules: usize) {
        self.rules.resize_with(rules, CfCost::default);
        self.lap();
    }

    fn of(&mut self, rule: u32) -> Option<&mut CfCost> {
        self.rules.get_mut(rule as usize)
    }

    /// What was done since the last call was for a rule.
    pub(super) fn rule(&mut self, number: u32) {
        let taken = self.lap();
        if let Some(rule) = self.of(number) {
            rule.taken = rule.taken.saturating_add(taken);
            rule.tries = rule.tries.saturating_add(1);
        }
    }

    /// It compiled the pattern of a rule.
    pub(super) fn compiled(&mut self, number: u32) {
        let taken = self.lap();
        if let Some(rule) = self.of(number) {
            rule.first_use = rule.first_use.saturating_add(taken);
        }
    }

    /// It was for all rules.
    pub(super) fn shared(&mut self, name: &'static str) {
        let taken = self.lap();
        match self.shared.iter_mut().find(|(known, _)| *known == name) {
            Some((_, sum)) => *sum = sum.saturating_add(taken),
            None => self.shared.push((name, taken)),
        }
    }

    pub(super) fn gave_up(&mut self, number: u32) {
        if let Some(rule) = self.of(number) {
            rule.gave_up = rule.gave_up.saturating_add(1);
        }
    }
}

impl Memory {
    /// From now on the times of rules add up, in the units of `clock`.
    pub(crate) fn keep_times(&mut self, clock: fn() -> u64) {
        self.scratch.watch = Some(Watch { clock, last: 0, rules: Vec::new(), shared: Vec::new() });
    }

    /// What each rule cost that cost any, in the order of the files; and what serves all of them: reading header fields, gathering
    /// addresses, searching for literals.
    pub(crate) fn times(&self, program: &SpamAssassin) -> (Vec<CfCost>, Vec<(String, u64)>) {
        let Some(watch) = &self.scratch.watch else { return Default::default() };
        let some = program.rules.iter().zip(&watch.rules).filter(|(_, cost)| cost.tries > 0 || cost.first_use > 0);
        let rules = some.map(|(rule, cost)| CfCost { name: rule.name.clone(), ..cost.clone() }).collect();
        (rules, watch.shared.iter().map(|(name, taken)| ((*name).to_owned(), *taken)).collect())
    }
}

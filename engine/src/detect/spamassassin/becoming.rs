//! What is known of metas, and what becomes known: which are worth a look, what to try next for one that is not decided, and whom it
//! tells that a rule was tried. A meta is asked again when somebody needs to know, by all that became known meanwhile.

use super::answer::{Known, Standing};
use super::asking::{Ask, Truth};
use super::plan::Source;
use super::trial::Trial;

impl Trial<'_> {
    /// Wakes the metas that hang on a rule that may hit, or does.
    pub(super) fn wake(&mut self, rule: u32) {
        if self.standing(rule) == Standing::Missed {
            return;
        }
        for wake in self.program.plan.wakes(rule) {
            if wake.guard.is_some_and(|guard| self.standing(guard) == Standing::Missed) {
                continue;
            }
            self.stand(wake.rule, Standing::Open);
            if let Some(word) = self.store.awake.get_mut(wake.meta as usize / 64) {
                *word |= 1 << (wake.meta % 64);
            }
        }
    }

    /// The first meta from a number on that is awake.
    pub(super) fn awake(&self, from: usize) -> Option<usize> {
        let (mut place, mut mask) = (from / 64, u64::MAX << (from % 64));
        loop {
            let word = self.store.awake.get(place)? & mask;
            if word != 0 {
                return Some(place * 64 + word.trailing_zeros() as usize);
            }
            (place, mask) = (place + 1, u64::MAX);
        }
    }

    /// Finds out what is known of a meta, and if that does not decide it, which rule to ask for next.
    pub(super) fn ask(&mut self, number: usize) {
        let plan = &self.program.plan;
        let Some(meta) = plan.metas.get(number) else { return };
        if !meta.by_value {
            return match plan.flats.holds(meta.root, &*self) {
                Truth::No => self.stand(meta.rule, Standing::Missed),
                Truth::Yes => self.set_count(meta.rule, 1.0),
                Truth::Open(ask) => self.keep(meta.rule, ask),
            };
        }
        let (span, ask) = plan.flats.answer(meta.root, false, &*self);
        match span.value() {
            Some(value) if value >= 0.0 => self.set_count(meta.rule, value),
            // A meta that is below 0, or no number, holds.
            Some(_) => self.set_count(meta.rule, 1.0),
            None => self.keep(meta.rule, ask),
        }
    }

    /// Takes what to ask for next of a meta that is not decided.
    fn keep(&mut self, rule: u32, ask: Ask) {
        match (ask.next, self.store.known.get_mut(rule as usize)) {
            (Some(next), Some(known)) => {
                (known.next, known.weight) = (next, ask.weight);
                self.stand(rule, Standing::Open);
            }
            // All of it is known then.
            _ => self.set_count(rule, 1.0),
        }
    }

    /// Whether a meta is not known, by all that became known since it was asked last.
    pub(super) fn is_open(&mut self, rule: u32) -> bool {
        if self.standing(rule) == Standing::Stale {
            self.refresh(rule);
        }
        !self.is_known(rule)
    }

    /// Asks a meta again, and before it such that it asks for.
    fn refresh(&mut self, rule: u32) {
        let program = self.program;
        let mut waiting = std::mem::take(&mut self.store.waiting);
        waiting.push(rule);
        while let Some(rule) = waiting.last().copied() {
            if self.standing(rule) == Standing::Stale {
                // What it asks for stands before it, so this ends.
                let parts = program.plan.parts.get(rule);
                if let Some(part) = parts.iter().find(|part| self.standing(**part) == Standing::Stale) {
                    waiting.push(*part);
                    continue;
                }
                if let Source::Meta(number) = program.plan.source(rule) {
                    self.ask(number as usize);
                    if self.is_known(rule) {
                        self.settle(rule);
                    }
                }
            }
            waiting.pop();
        }
        self.store.waiting = waiting;
    }

    /// Tries the rule that says most of whether a meta holds, of which all is told, and tells all metas that hang on it.
    pub(super) fn advance(&mut self, meta: u32) {
        let mut next = meta;
        // Metas stand behind what they ask for, so this ends.
        while let Source::Meta(_) = self.program.plan.source(next) {
            match self.store.known.get(next as usize).map(|known| known.next) {
                Some(rule) if !self.is_known(rule) => next = rule,
                // Whoever asks for what became known is asked again: there always is something.
                _ => return self.set_count(meta, 0.0),
            }
        }
        self.try_rule(next);
        self.settle(next);
    }

    /// Tells all metas that hang on a rule that it became known: some are decided by that alone, all others are asked again when somebody
    /// needs to know.
    fn settle(&mut self, rule: u32) {
        let program = self.program;
        let mut settled = std::mem::take(&mut self.store.settled);
        settled.push(rule);
        while let Some(rule) = settled.pop() {
            let hits = self.standing(rule) != Standing::Missed;
            for user in program.plan.users(rule) {
                if self.is_known(user.rule) {
                    continue;
                }
                match if hits { user.hit } else { user.missed } {
                    Some(holds) => {
                        self.set_count(user.rule, f64::from(u8::from(holds)));
                        settled.push(user.rule);
                    }
                    None => self.outdate(user.rule),
                }
            }
        }
        self.store.settled = settled;
    }

    /// Has a meta asked again, and all that hang on it.
    fn outdate(&mut self, rule: u32) {
        if self.standing(rule) != Standing::Open {
            return;
        }
        let program = self.program;
        let mut outdated = std::mem::take(&mut self.store.outdated);
        outdated.push(rule);
        while let Some(rule) = outdated.pop() {
            self.stand(rule, Standing::Stale);
            for user in program.plan.users(rule) {
                if self.standing(user.rule) == Standing::Open {
                    outdated.push(user.rule);
                }
            }
        }
        self.store.outdated = outdated;
    }
}

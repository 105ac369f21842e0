//! What is known of metas, and what becomes known: which are worth a look, what to try next for one that is not decided, and whom it
//! tells that a rule was tried. A meta is asked again when somebody needs to know, by all that became known meanwhile.

use super::answer::Known;
use super::plan::Source;
use super::span::Span;
use super::trial::Trial;

impl Trial<'_> {
    /// Wakes the metas that hang on a rule that may hit, or does.
    pub(super) fn wake(&mut self, rule: u32) {
        if self.count(rule) == 0.0 {
            return;
        }
        for number in self.program.plan.wakes.get(rule) {
            let Some(meta) = self.program.plan.metas.get(*number as usize) else { continue };
            self.set_count(*meta, f64::NAN);
            if let Some(word) = self.store.awake.get_mut(*number as usize / 64) {
                *word |= 1 << (number % 64);
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
        let Some(meta) = self.program.metas.get(number) else { return };
        if let Some(slot) = self.store.stale.get_mut(meta.rule as usize) {
            *slot = false;
        }
        let by_value = self.program.plan.by_value.get(meta.rule as usize) == Some(&true);
        let (span, ask) = meta.flat.answer(!by_value, &*self);
        self.know(meta.rule, span);
        if self.is_known(meta.rule) {
            return;
        }
        let place = meta.rule as usize;
        match (ask.next, self.store.next.get_mut(place), self.store.weights.get_mut(place)) {
            (Some(its), Some(next), Some(weight)) => (*next, *weight) = (its, ask.weight),
            // All of it is known then.
            _ => self.set_count(meta.rule, f64::from(u8::from(!span.is_zero()))),
        }
    }

    /// Takes a span for what a rule comes to, where it says enough.
    fn know(&mut self, rule: u32, span: Span) {
        let by_value = self.program.plan.by_value.get(rule as usize) == Some(&true);
        let count = match span.value() {
            Some(value) if value >= 0.0 => value,
            // A meta that is below 0, or no number, holds.
            Some(_) => 1.0,
            None if !by_value && span.has_truth() => f64::from(u8::from(!span.is_zero())),
            None => return,
        };
        self.set_count(rule, count);
    }

    /// Whether a meta is not known, by all that became known since it was asked last.
    pub(super) fn is_open(&mut self, rule: u32) -> bool {
        let program = self.program;
        let mut waiting = std::mem::take(&mut self.store.waiting);
        waiting.push(rule);
        while let Some(rule) = waiting.last().copied() {
            if self.is_stale(rule) {
                // What it asks for stands before it, so this ends.
                if let Some(part) = program.plan.parts.get(rule).iter().find(|part| self.is_stale(**part)) {
                    waiting.push(*part);
                    continue;
                }
                if let Source::Meta(number) = program.plan.source(rule) {
                    self.ask(number);
                    if self.is_known(rule) {
                        self.settle(rule);
                    }
                }
            }
            waiting.pop();
        }
        self.store.waiting = waiting;
        !self.is_known(rule)
    }

    /// Whether a meta that is not known is to be asked again.
    fn is_stale(&self, rule: u32) -> bool {
        self.store.stale.get(rule as usize) == Some(&true) && !self.is_known(rule)
    }

    /// Tries the rule that says most of whether a meta holds, of which all is told, and tells all metas that hang on it.
    pub(super) fn advance(&mut self, meta: u32) {
        let mut next = meta;
        // Metas stand behind what they ask for, so this ends.
        while let Source::Meta(_) = self.program.plan.source(next) {
            match self.store.next.get(next as usize) {
                Some(rule) if !self.is_known(*rule) => next = *rule,
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
            let hits = self.count(rule) != 0.0;
            for user in program.plan.users.get(rule) {
                match if hits { user.hit } else { user.missed } {
                    _ if self.is_known(user.rule) => {}
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
        let program = self.program;
        let mut outdated = std::mem::take(&mut self.store.outdated);
        outdated.push(rule);
        while let Some(rule) = outdated.pop() {
            if self.is_known(rule) {
                continue;
            }
            if let Some(slot) = self.store.stale.get_mut(rule as usize)
                && !std::mem::replace(slot, true)
            {
                outdated.extend(program.plan.users.get(rule).iter().map(|user| user.rule));
            }
        }
        self.store.outdated = outdated;
    }
}

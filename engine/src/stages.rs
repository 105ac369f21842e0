//! What each stage takes, for whoever measures: sums of nanoseconds by the caller's clock, and nothing without one.

/// What takes time on the way from bytes to findings, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    Mime,
    Unpack,
    Facts,
    Lists,
    Rules,
    SpamAssassin,
    Yara,
    Bayes,
    Shape,
    Reputation,
}

const NAMES: [(&str, Stage); 10] = [
    ("mime", Stage::Mime),
    ("unpack", Stage::Unpack),
    ("facts", Stage::Facts),
    ("lists", Stage::Lists),
    ("rules", Stage::Rules),
    ("spamassassin", Stage::SpamAssassin),
    ("yara", Stage::Yara),
    ("bayes", Stage::Bayes),
    ("shape", Stage::Shape),
    ("reputation", Stage::Reputation),
];

/// The sums.
#[derive(Debug, Default)]
pub(crate) struct Stages {
    clock: Option<fn() -> u64>,
    since: u64,
    taken: [u64; NAMES.len()],
}

impl Stages {
    /// Sums that begin at nothing.
    pub(crate) fn kept(clock: fn() -> u64) -> Stages {
        Stages { clock: Some(clock), ..Stages::default() }
    }

    /// A message begins.
    pub(crate) fn start(&mut self) {
        if let Some(clock) = self.clock {
            self.since = clock();
        }
    }

    /// A stage is through; the next one begins.
    pub(crate) fn done(&mut self, stage: Stage) {
        let Some(clock) = self.clock else { return };
        let now = clock();
        if let Some(sum) = self.taken.get_mut(stage as usize) {
            *sum = sum.saturating_add(now.saturating_sub(self.since));
        }
        self.since = now;
    }

    /// Name and sum of each.
    pub(crate) fn times(&self) -> Vec<(&'static str, u64)> {
        NAMES.iter().map(|(name, stage)| (*name, self.taken.get(*stage as usize).copied().unwrap_or(0))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::NAMES;
    use crate::{EngineBuilder, Mail};
    use std::cell::Cell;

    thread_local!(static READ: Cell<u64> = const { Cell::new(0) });

    /// A clock that goes on by one each time it is read.
    fn ticks() -> u64 {
        READ.with(|read| {
            read.set(read.get() + 1);
            read.get()
        })
    }

    #[test]
    fn every_stage_is_told_once_and_only_when_asked_for() {
        let engine = EngineBuilder::new().build().unwrap();
        let mut worker = engine.worker();
        let mail = Mail::new(b"Subject: x\r\n\r\ny\r\n");
        worker.scan(&mail);
        assert_eq!(READ.get(), 0, "no clock was handed over");
        assert!(worker.stage_times().iter().all(|(_, taken)| *taken == 0));
        worker.keep_stage_times(ticks);
        worker.scan(&mail);
        worker.scan(&mail);
        assert_eq!(worker.stage_times(), NAMES.map(|(name, _)| (name, 2)));
        assert_eq!(READ.get(), 2 * (1 + NAMES.len() as u64));
    }
}

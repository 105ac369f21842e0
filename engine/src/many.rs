//! Many messages on many threads, results in order.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::mpsc::sync_channel;
use std::sync::{Mutex, PoisonError};

use crate::engine::Engine;
use crate::worker::Worker;

/// Jobs that may be under way or waiting to be handed out in order, for each thread: bounds memory when one is slow.
const AHEAD: usize = 16;

impl Engine {
    /// Does `work` for each of `jobs` on `threads` threads, each with a worker of its own, and hands the results to
    /// `done`, on the calling thread, in the order of the jobs. Jobs are drawn as threads get free, so an iterator that
    /// reads files holds few of them in memory.
    pub fn run_many<J: Send, R: Send>(
        &self,
        jobs: impl Iterator<Item = J> + Send,
        threads: usize,
        work: impl Fn(&mut Worker<'_>, J) -> R + Sync,
        mut done: impl FnMut(R),
    ) {
        if threads <= 1 {
            let mut worker = self.worker();
            jobs.for_each(|job| done(work(&mut worker, job)));
            return;
        }
        let jobs = Mutex::new(jobs.enumerate());
        // Each result takes a permit from before its job is drawn until it is handed out, so none runs far ahead.
        let (give_permit, take_permit) = sync_channel::<()>(threads * AHEAD);
        for _ in 0..threads * AHEAD {
            let _ = give_permit.send(());
        }
        let take_permit = Mutex::new(take_permit);
        let (send, results) = sync_channel::<(usize, std::thread::Result<R>)>(threads * AHEAD);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                let (send, jobs, take_permit, work) = (send.clone(), &jobs, &take_permit, &work);
                scope.spawn(move || {
                    let mut worker = self.worker();
                    loop {
                        if take_permit.lock().unwrap_or_else(PoisonError::into_inner).recv().is_err() {
                            return;
                        }
                        let next = jobs.lock().unwrap_or_else(PoisonError::into_inner).next();
                        let Some((number, job)) = next else { return };
                        // A panic must reach the caller, and not leave the others waiting for this number for ever.
                        let result = catch_unwind(AssertUnwindSafe(|| work(&mut worker, job)));
                        if send.send((number, result)).is_err() {
                            return;
                        }
                    }
                });
            }
            drop(send);
            let mut waiting = BTreeMap::new();
            let mut next = 0;
            for (number, result) in results {
                match result {
                    Ok(result) => waiting.insert(number, result),
                    Err(panic) => {
                        // Without permits and receiver the other threads end.
                        drop(give_permit);
                        resume_unwind(panic);
                    }
                };
                while let Some(result) = waiting.remove(&next) {
                    done(result);
                    next += 1;
                    let _ = give_permit.try_send(());
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::EngineBuilder;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let engine = EngineBuilder::new().build().unwrap();
        for threads in [1, 2, 7] {
            let mut seen = Vec::new();
            engine.run_many(0..1000, threads, |_, job| job * 2, |result| seen.push(result));
            assert_eq!(seen, (0..1000).map(|job| job * 2).collect::<Vec<_>>(), "{threads} threads");
        }
    }
}

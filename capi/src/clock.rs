//! Deadlines. Takes a flag and a time, sets the flag when the time is over. One thread for the whole process, started
//! when the first deadline is set: that is how a host asks for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

/// What the thread and those who set deadlines share.
#[derive(Default)]
struct Clock {
    open: Mutex<Vec<(Instant, Weak<AtomicBool>)>>,
    changed: Condvar,
}

/// The clock of the process with this number. The thread never locks this, so that a child, which has none of its
/// parent's threads, finds it open and starts a clock of its own.
static CLOCK: Mutex<(u32, Option<Arc<Clock>>)> = Mutex::new((0, None));

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets `flag` after `time`, unless it is gone by then. False where there is no thread to be had.
pub(crate) fn set(flag: &Arc<AtomicBool>, time: Duration) -> bool {
    let Some(end) = Instant::now().checked_add(time) else { return true };
    let Some(clock) = current() else { return false };
    let mut open = lock(&clock.open);
    // Of messages that were judged in time. The thread does not need to wake for them.
    open.retain(|(_, flag)| flag.strong_count() > 0);
    let sooner = open.iter().all(|(other, _)| end < *other);
    open.push((end, Arc::downgrade(flag)));
    drop(open);
    if sooner {
        clock.changed.notify_one();
    }
    true
}

fn current() -> Option<Arc<Clock>> {
    let mut slot = lock(&CLOCK);
    let process = std::process::id();
    if let (known, Some(clock)) = &*slot
        && *known == process
    {
        return Some(Arc::clone(clock));
    }
    let clock = Arc::new(Clock::default());
    let thread = std::thread::Builder::new().name("tamis-clock".into()).stack_size(64 << 10);
    let shared = Arc::clone(&clock);
    thread.spawn(move || tick(&shared)).ok()?;
    *slot = (process, Some(Arc::clone(&clock)));
    Some(clock)
}

fn tick(clock: &Clock) {
    let mut open = lock(&clock.open);
    loop {
        let now = Instant::now();
        open.retain(|(end, flag)| match flag.upgrade() {
            Some(flag) if *end <= now => {
                flag.store(true, Ordering::Relaxed);
                false
            }
            Some(_) => true,
            None => false,
        });
        open = match open.iter().map(|(end, _)| *end).min() {
            Some(end) => {
                let wait = end.saturating_duration_since(now);
                clock.changed.wait_timeout(open, wait).unwrap_or_else(PoisonError::into_inner).0
            }
            None => clock.changed.wait(open).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

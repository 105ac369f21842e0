//! Deadlines. Takes a flag and a time, sets the flag when the time is over. One thread for the whole process, started
//! when the first deadline is set: that is how a host asks for it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::{Duration, Instant};

struct Clock {
    process: u32,
    open: Vec<(Instant, Weak<AtomicBool>)>,
}

static CLOCK: Mutex<Clock> = Mutex::new(Clock { process: 0, open: Vec::new() });
static CHANGED: Condvar = Condvar::new();

fn lock() -> MutexGuard<'static, Clock> {
    CLOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets `flag` after `time`, unless it is gone by then. False where there is no thread to be had.
pub(crate) fn set(flag: &Arc<AtomicBool>, time: Duration) -> bool {
    let Some(end) = Instant::now().checked_add(time) else { return true };
    let mut clock = lock();
    // A child process has none of its parent's threads.
    let process = std::process::id();
    if clock.process != process {
        let started = std::thread::Builder::new().name("tamis-clock".into()).stack_size(64 << 10).spawn(tick);
        if started.is_err() {
            return false;
        }
        clock.open.clear();
        clock.process = process;
    }
    clock.open.push((end, Arc::downgrade(flag)));
    drop(clock);
    CHANGED.notify_one();
    true
}

fn tick() {
    let mut clock = lock();
    loop {
        let now = Instant::now();
        clock.open.retain(|(end, flag)| match flag.upgrade() {
            Some(flag) if *end <= now => {
                flag.store(true, Ordering::Relaxed);
                false
            }
            Some(_) => true,
            None => false,
        });
        let next = clock.open.iter().map(|(end, _)| *end).min();
        clock = match next {
            Some(end) => {
                let wait = end.saturating_duration_since(now);
                CHANGED.wait_timeout(clock, wait).unwrap_or_else(PoisonError::into_inner).0
            }
            None => CHANGED.wait(clock).unwrap_or_else(PoisonError::into_inner),
        };
    }
}

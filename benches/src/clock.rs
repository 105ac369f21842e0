//! What time and memory were taken, as Linux tells it.

use std::fs;
use std::sync::OnceLock;
use std::time::Instant;

use cpu_time::ThreadTime;

/// Nanoseconds that this thread has run: on a shared machine the neighbours are not in it. (What /proc tells of a thread goes on
/// by the tick, which is ten messages.)
pub(crate) fn cpu() -> Result<u64, String> {
    let time = ThreadTime::try_now().map_err(|error| format!("no CPU time of a thread: {error}"))?;
    Ok(u64::try_from(time.as_duration().as_nanos()).unwrap_or(u64::MAX))
}

/// Nanoseconds since the first call. Cheap enough to be read ten times a message; neighbours are in it.
pub(crate) fn wall() -> u64 {
    static BEGAN: OnceLock<Instant> = OnceLock::new();
    u64::try_from(BEGAN.get_or_init(Instant::now).elapsed().as_nanos()).unwrap_or(u64::MAX)
}

/// A line of /proc/self/status, in bytes: `VmHWM` is the most memory so far, `VmRSS` that of now.
pub(crate) fn memory(name: &str) -> Result<u64, String> {
    let path = "/proc/self/status";
    let text = fs::read_to_string(path).map_err(|error| format!("{path} cannot be read: {error}"))?;
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let kilobytes = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kilobytes.map(|it| it * 1024).ok_or_else(|| format!("{path} has no {name}"))
}

//! What is counted, for Prometheus. Takes events, gives the text of an exposition; keeps nothing of any message.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// Upper bounds of latencies, in seconds.
const BOUNDS: &[f64] = &[0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0, 60.0];

/// The same for stages of the engine, which are shorter.
const ENGINE_BOUNDS: &[f64] = &[0.00001, 0.00003, 0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0];

/// What is counted, and what each means.
const COUNTERS: &[(&str, &str)] = &[
    ("tamis_learned_total", "Messages that were to be learned over HTTP, by result"),
    ("tamis_limits_reached_total", "Messages of which something was not looked at, by limit"),
    ("tamis_messages_total", "Messages by what became of them, direction, and why: by a verdict, or for want of one"),
    (
        "tamis_quarantine_failed_total",
        "Copies for the quarantine folder that could not be written; their messages were deferred",
    ),
    ("tamis_quarantine_kept_total", "Copies written to the quarantine folder"),
    ("tamis_reloads_total", "Reloads by result; after a failed one the old engine counts"),
    ("tamis_sessions_broken_total", "Sessions of the milter that ended by a fault of protocol or connection"),
    ("tamis_sessions_total", "Sessions of the milter"),
];

/// A histogram.
#[derive(Debug, Default)]
struct Histogram {
    counts: [AtomicU64; 16],
    nanos: AtomicU64,
}

impl Histogram {
    fn add(&self, time: Duration, bounds: &[f64]) {
        let seconds = time.as_secs_f64();
        let at = bounds.iter().position(|bound| seconds <= *bound).unwrap_or(bounds.len());
        if let Some(count) = self.counts.get(at) {
            count.fetch_add(1, Ordering::Relaxed);
        }
        self.nanos.fetch_add(u64::try_from(time.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    fn write(&self, name: &str, stage: &str, bounds: &[f64], out: &mut String) {
        let mut sum = 0;
        let bounds = bounds.iter().map(|bound| bound.to_string()).chain(["+Inf".to_owned()]);
        for (count, bound) in self.counts.iter().zip(bounds) {
            sum += count.load(Ordering::Relaxed);
            let _ = writeln!(out, "{name}_bucket{{stage=\"{stage}\",le=\"{bound}\"}} {sum}");
        }
        let seconds = self.nanos.load(Ordering::Relaxed) as f64 / 1e9;
        let _ = writeln!(out, "{name}_sum{{stage=\"{stage}\"}} {seconds}");
        let _ = writeln!(out, "{name}_count{{stage=\"{stage}\"}} {sum}");
    }
}

/// Series that are there from the start, since of one that begins with 1 Prometheus sees no increase.
const ZEROS: &[(&str, &str)] = &[
    ("tamis_messages_total", "action=\"defer\",direction=\"inbound\",why=\"failure\""),
    ("tamis_messages_total", "action=\"defer\",direction=\"inbound\",why=\"overload\""),
    ("tamis_quarantine_failed_total", ""),
    ("tamis_quarantine_kept_total", ""),
    ("tamis_reloads_total", "result=\"done\""),
    ("tamis_reloads_total", "result=\"failed\""),
    ("tamis_sessions_broken_total", ""),
    ("tamis_sessions_total", ""),
];

/// Everything that is counted.
#[derive(Debug)]
pub struct Metrics {
    /// By name and labels, as they are written.
    counters: Mutex<BTreeMap<(&'static str, String), u64>>,
    queue: Histogram,
    scan: Histogram,
    answer: Histogram,
    /// Of the engine, by their names, in their order.
    stages: Mutex<Vec<(&'static str, Histogram)>>,
    sessions: AtomicI64,
}

impl Default for Metrics {
    fn default() -> Metrics {
        Metrics {
            counters: Mutex::new(ZEROS.iter().map(|(name, labels)| ((*name, (*labels).to_owned()), 0)).collect()),
            queue: Histogram::default(),
            scan: Histogram::default(),
            answer: Histogram::default(),
            stages: Mutex::default(),
            sessions: AtomicI64::default(),
        }
    }
}

impl Metrics {
    /// One more of something in `COUNTERS`. `labels` are of ours, never of a message's.
    pub fn count(&self, name: &'static str, labels: String) {
        debug_assert!(COUNTERS.iter().any(|(known, _)| *known == name), "{name} is not among the counters");
        let mut counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        *counters.entry((name, labels)).or_default() += 1;
    }

    /// How long a message waited, was scanned, and took from its end to the answer.
    pub fn times(&self, queue: Duration, scan: Duration, answer: Duration) {
        self.queue.add(queue, BOUNDS);
        self.scan.add(scan, BOUNDS);
        self.answer.add(answer, BOUNDS);
    }

    /// How long the engine's stages took for a message.
    pub fn stages(&self, times: &[(&'static str, Duration)]) {
        let mut stages = self.stages.lock().unwrap_or_else(PoisonError::into_inner);
        for (number, (name, time)) in times.iter().enumerate() {
            if stages.len() <= number {
                stages.push((name, Histogram::default()));
            }
            if let Some((_, histogram)) = stages.get(number) {
                histogram.add(*time, ENGINE_BOUNDS);
            }
        }
    }

    /// A session began (1) or ended (-1).
    pub fn session(&self, change: i64) -> i64 {
        self.sessions.fetch_add(change, Ordering::Relaxed) + change
    }

    /// All of it, in the text format of Prometheus.
    pub fn text(&self, waiting: usize, rules: &str, model: &str) -> String {
        let mut out = String::new();
        let counters = self.counters.lock().unwrap_or_else(PoisonError::into_inner);
        for (name, help) in COUNTERS {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} counter");
            for ((_, labels), value) in counters.range((*name, String::new())..).take_while(|((it, _), _)| it == name) {
                let _ = match labels.as_str() {
                    "" => writeln!(out, "{name} {value}"),
                    labels => writeln!(out, "{name}{{{labels}}} {value}"),
                };
            }
        }
        drop(counters);
        out.push_str(
            "# HELP tamis_stage_seconds Waiting for a thread, scan, and end of message to answer, in seconds\n",
        );
        out.push_str("# TYPE tamis_stage_seconds histogram\n");
        for (stage, histogram) in [("queue", &self.queue), ("scan", &self.scan), ("answer", &self.answer)] {
            histogram.write("tamis_stage_seconds", stage, BOUNDS, &mut out);
        }
        out.push_str("# HELP tamis_engine_seconds What the stages of a scan take, in seconds\n");
        out.push_str("# TYPE tamis_engine_seconds histogram\n");
        for (stage, histogram) in self.stages.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            histogram.write("tamis_engine_seconds", stage, ENGINE_BOUNDS, &mut out);
        }
        let sessions = self.sessions.load(Ordering::Relaxed);
        for (name, help, value) in [
            ("tamis_sessions", "Sessions of the milter that are open", sessions),
            (
                "tamis_queue_messages",
                "Messages that wait for a scan thread",
                i64::try_from(waiting).unwrap_or(i64::MAX),
            ),
        ] {
            let _ = writeln!(out, "# HELP {name} {help}\n# TYPE {name} gauge\n{name} {value}");
        }
        let version = env!("CARGO_PKG_VERSION");
        let _ = writeln!(
            out,
            "# HELP tamis_info What judges\n# TYPE tamis_info gauge\ntamis_info{{version=\"{version}\",rules=\"{rules}\",model=\"{model}\"}} 1"
        );
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whoever takes up our alert rules and our dashboard gets figures for all of it.
    #[test]
    fn what_alerts_and_dashboard_ask_for_is_there() {
        let text = Metrics::default().text(0, "r", "m");
        let known: Vec<&str> =
            text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect();
        let files = [include_str!("../../docs/deploy/alerts.yml"), include_str!("../../docs/deploy/dashboard.json")];
        for file in files {
            let words = file.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let asked: Vec<&str> = words.filter(|word| word.starts_with("tamis_")).collect();
            assert!(asked.len() >= 4, "{asked:?}");
            for name in asked {
                let of = ["_bucket", "_sum", "_count"].iter().find_map(|end| name.strip_suffix(end)).unwrap_or(name);
                assert!(known.contains(&of), "{name} is not exported; there are {known:?}");
            }
        }
        let dashboard: serde_json::Value = serde_json::from_str(files[1]).unwrap();
        let panels = dashboard["panels"].as_array().unwrap();
        let asks = |name: &&str| !panels.iter().any(|panel| panel["targets"].to_string().contains(*name));
        let missing: Vec<&str> = known.iter().copied().filter(asks).collect();
        assert!(missing.is_empty(), "the dashboard does not show {missing:?}");
    }

    #[test]
    fn counts_add_up() {
        let metrics = Metrics::default();
        metrics.count("tamis_messages_total", "action=\"tag\"".into());
        metrics.count("tamis_messages_total", "action=\"tag\"".into());
        metrics.times(Duration::from_millis(3), Duration::from_secs(100), Duration::ZERO);
        metrics.stages(&[("mime", Duration::from_micros(20)), ("yara", Duration::from_millis(2))]);
        metrics.session(1);
        let text = metrics.text(7, "r", "m");
        for line in [
            "tamis_messages_total{action=\"tag\"} 2",
            "tamis_reloads_total{result=\"failed\"} 0",
            "tamis_stage_seconds_bucket{stage=\"queue\",le=\"0.002\"} 0",
            "tamis_stage_seconds_bucket{stage=\"queue\",le=\"0.005\"} 1",
            "tamis_stage_seconds_bucket{stage=\"scan\",le=\"60\"} 0",
            "tamis_stage_seconds_bucket{stage=\"scan\",le=\"+Inf\"} 1",
            "tamis_stage_seconds_sum{stage=\"scan\"} 100",
            "tamis_engine_seconds_bucket{stage=\"mime\",le=\"0.00001\"} 0",
            "tamis_engine_seconds_bucket{stage=\"mime\",le=\"0.00003\"} 1",
            "tamis_engine_seconds_sum{stage=\"mime\"} 0.00002",
            "tamis_engine_seconds_bucket{stage=\"yara\",le=\"0.001\"} 0",
            "tamis_engine_seconds_count{stage=\"yara\"} 1",
            "tamis_sessions 1",
            "tamis_queue_messages 7",
        ] {
            assert!(text.lines().any(|it| it == line), "{line} in\n{text}");
        }
    }
}

//! The log line of a message, and its counts. Takes what became of it; writes nothing of what is in it.

use std::time::{Duration, Instant};

use serde_json::Value;
use tamis_common::config::Config;
use tamis_engine::{Action, Verdict};

use crate::pool::Scanned;
use crate::serve::Shared;
use crate::session::Message;

/// What became of a message.
pub(crate) struct Told<'t> {
    pub(crate) why: &'static str,
    pub(crate) action: Action,
    /// Recipients whose copy is in the folder for quarantined messages.
    pub(crate) kept: &'t [String],
    pub(crate) verdict: Option<&'t Verdict>,
    pub(crate) scanned: Option<&'t Scanned>,
    pub(crate) begun: Instant,
}

/// The log line of a message, and its counts.
pub(crate) fn tell(shared: &Shared, config: &Config, message: &Message, reference: &str, told: &Told<'_>) {
    if let Some(problem) = told.scanned.and_then(|it| it.problem.as_deref()) {
        shared.log.warning("user-model-failed", &[("id", reference.into()), ("problem", problem.into())]);
    }
    let direction = if message.outbound { "outbound" } else { "inbound" };
    let action = told.action.name();
    let labels = format!("action=\"{action}\",direction=\"{direction}\",why=\"{}\"", told.why);
    shared.metrics.count("tamis_messages_total", labels);
    let mut fields: Vec<(&str, Value)> = vec![
        ("id", reference.into()),
        ("queue_id", message.queue_id.as_str().into()),
        ("direction", direction.into()),
        ("action", action.into()),
        ("why", told.why.into()),
        ("bytes", message.size.into()),
    ];
    if !config.serve.log.without_addresses {
        fields.push(("client", message.client.map_or(String::new(), |ip| ip.to_string()).into()));
        fields.push(("from", message.mail_from.as_deref().unwrap_or_default().into()));
        let some: Vec<Value> = message.recipients.iter().take(20).map(|it| it.as_str().into()).collect();
        fields.push(("to", some.into()));
        if let Some(user) = &message.auth_user {
            fields.push(("user", user.as_str().into()));
        }
    }
    fields.push(("recipients", message.recipients.len().into()));
    if !told.kept.is_empty() {
        fields.push(("kept", told.kept.len().into()));
    }
    if let Some(verdict) = told.verdict {
        fields.push(("score", ((verdict.score * 10.0).round() / 10.0).into()));
        if let Some(probability) = verdict.spam_probability {
            fields.push(("spam_probability", ((probability * 1e4).round() / 1e4).into()));
        }
        let reasons: Vec<Value> =
            verdict.reasons.iter().take(40).map(|it| format!("{}={:.1}", it.rule, it.score).into()).collect();
        fields.push(("reasons", reasons.into()));
        fields.push(("items", verdict.items.into()));
        fields.push(("readings", verdict.readings.into()));
        let mut limits: Vec<&str> = verdict.incomplete.iter().map(|gap| gap.limit.name()).collect();
        limits.sort_unstable();
        limits.dedup();
        for limit in &limits {
            shared.metrics.count("tamis_limits_reached_total", format!("limit=\"{limit}\""));
        }
        // A rule that takes too long is named here, by the limit's explanation.
        let slow = verdict.incomplete.iter().find(|gap| gap.limit.name() == "yara-time");
        if let Some(gap) = slow {
            fields.push(("yara_time", gap.explanation.as_str().into()));
        }
        if !limits.is_empty() {
            fields.push(("incomplete", limits.into()));
        }
        let unmonitored = verdict.recipients.iter().filter_map(|it| it.unmonitored).max();
        if let Some(unmonitored) = unmonitored {
            fields.push(("unmonitored", unmonitored.name().into()));
        }
    }
    let total = told.begun.elapsed();
    if let Some(scanned) = told.scanned {
        shared.metrics.times(scanned.waited, scanned.took, total);
        shared.metrics.stages(&scanned.stages);
        fields.push(("waited_ms", millis(scanned.waited)));
        fields.push(("scan_ms", millis(scanned.took)));
    }
    fields.push(("total_ms", millis(total)));
    shared.log.line("message", &fields);
}

pub(crate) fn millis(time: Duration) -> Value {
    ((time.as_secs_f64() * 1e5).round() / 100.0).into()
}

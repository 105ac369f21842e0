//! Log lines: one event a line, `name=value` or JSON. Takes fields, writes to standard error, where a service manager
//! reads. Values come from mail: nothing in them ends a line or looks like another field.

use std::io::Write;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

/// How lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// `event=message action=accept`
    #[default]
    Logfmt,
    /// An object a line.
    Json,
}

/// Where lines go.
#[derive(Debug, Default)]
pub struct Log {
    format: Format,
    limited: Mutex<Limited>,
}

/// Warnings of the last minute.
#[derive(Debug, Default)]
struct Limited {
    since: Option<Instant>,
    count: u32,
}

/// Warnings that a minute may have; the next one that is written says how many were left out.
const MOST_WARNINGS: u32 = 60;

impl Log {
    /// A log in a format.
    pub fn new(format: Format) -> Log {
        Log { format, limited: Mutex::default() }
    }

    /// Writes a line.
    pub fn line(&self, event: &str, fields: &[(&str, Value)]) {
        let line = self.text(event, fields);
        // A log that cannot be written to must not stop mail.
        let _ = std::io::stderr().lock().write_all(line.as_bytes());
    }

    /// Writes a line about something that may happen very often, such as a client's nonsense: at most sixty a minute.
    pub fn warning(&self, event: &str, fields: &[(&str, Value)]) {
        let Ok(mut limited) = self.limited.lock() else { return };
        if limited.since.is_none_or(|since| since.elapsed() > Duration::from_secs(60)) {
            let left_out = limited.count.saturating_sub(MOST_WARNINGS);
            *limited = Limited { since: Some(Instant::now()), count: 0 };
            if left_out > 0 {
                self.line("warnings-left-out", &[("count", left_out.into())]);
            }
        }
        limited.count = limited.count.saturating_add(1);
        if limited.count <= MOST_WARNINGS {
            self.line(event, fields);
        }
    }

    fn text(&self, event: &str, fields: &[(&str, Value)]) -> String {
        let time = tamis_common::time::to_text(tamis_common::time::now());
        match self.format {
            Format::Json => {
                let mut object = Map::new();
                object.insert("time".into(), time.into());
                object.insert("event".into(), event.into());
                object.extend(fields.iter().map(|(name, value)| ((*name).to_owned(), value.clone())));
                format!("{}\n", Value::Object(object))
            }
            Format::Logfmt => {
                let mut line = format!("time={time} event={event}");
                for (name, value) in fields {
                    line.push_str(&format!(" {name}={}", logfmt(value)));
                }
                line.push('\n');
                line
            }
        }
    }
}

/// A value, in quotes where it could be read otherwise.
fn logfmt(value: &Value) -> String {
    match value {
        Value::String(text) => {
            let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '"' | '=' | '\\');
            if !text.is_empty() && text.chars().all(plain) {
                return text.clone();
            }
            // JSON escapes control characters, and no more; what turns text round would mislead whoever reads.
            let safe = tamis_common::print::safe(text);
            serde_json::to_string(safe.as_ref()).unwrap_or_default()
        }
        Value::Array(list) => {
            let words: Vec<String> = list.iter().map(|it| it.as_str().map_or(it.to_string(), str::to_owned)).collect();
            logfmt(&Value::String(words.join(",")))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_value_ends_a_line_or_begins_a_field() {
        let fields = [
            ("from", Value::from("a@b.example\nevent=forged")),
            ("to", vec!["a", "b c"].into()),
            ("score", 1.5.into()),
            ("none", "".into()),
        ];
        let line = Log::new(Format::Logfmt).text("message", &fields);
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.contains(" event=message from=\"a@b.example"), "{line}");
        assert!(line.ends_with(" to=\"a,b c\" score=1.5 none=\"\"\n"), "{line}");
        let json = Log::new(Format::Json).text("message", &fields);
        let read: Value = serde_json::from_str(&json).unwrap();
        assert_eq!((json.matches('\n').count(), &read["from"]), (1, &fields[0].1));
    }
}

//! The values of header fields: text, addresses, dates, trace fields. Each takes a field's raw value and gives data;
//! what cannot be read is left out, and noted where the tree is made.

mod addresses;
mod received;
mod text;

pub(crate) use addresses::addresses;
pub(crate) use received::{Received, received};
pub(crate) use text::text;

/// The time of a Date field: seconds since 1970-01-01 UTC, and the zone in minutes east of UTC.
pub(crate) fn date(value: &[u8]) -> Option<(i64, i32)> {
    // Longer than any date with its comment; the parser need not see what is none.
    let head = value.get(..value.len().min(100))?;
    let text = text(head);
    // The parser takes words for the first second of 1970; a date has a day and a year at least.
    if text.bytes().filter(u8::is_ascii_digit).count() < 3 {
        return None;
    }
    let seconds = mailparse::dateparse(&text).ok()?;
    Some((seconds, zone(&text)))
}

/// The zone at the end of a date, in minutes east of UTC; 0 for the named ones, which are UTC or unknown (RFC 5322,
/// section 4.3).
fn zone(text: &str) -> i32 {
    let word = text.split_ascii_whitespace().rev().find(|word| {
        word.len() == 5 && word.starts_with(['+', '-']) && word.bytes().skip(1).all(|byte| byte.is_ascii_digit())
    });
    let number = word.and_then(|word| word.parse::<i32>().ok()).unwrap_or(0);
    number / 100 * 60 + number % 100
}

//! Dates (RFC 5322, section 3.3), in the order in which mailers and people write them.
//!
//! Read by ourselves: `mailparse` takes any word before the day, rolls the 31st of February over, and counts up to a year of
//! ten digits step by step; and every message has a date for each server that it came through.

use super::text::shown;
use crate::text::window::front;

/// Longest field that is read, in bytes: longer than any date with its comment.
const FIELD_BYTES: usize = 200;

const MONTHS: [(&str, u8); 12] = [
    ("jan", 31),
    ("feb", 29),
    ("mar", 31),
    ("apr", 30),
    ("may", 31),
    ("jun", 30),
    ("jul", 31),
    ("aug", 31),
    ("sep", 30),
    ("oct", 31),
    ("nov", 30),
    ("dec", 31),
];

/// Zones with a name (RFC 5322, section 4.3), in minutes east of UTC. All other names count as UTC, as it says.
const ZONES: &[(&str, i32)] = &[
    ("EST", -300),
    ("EDT", -240),
    ("CST", -360),
    ("CDT", -300),
    ("MST", -420),
    ("MDT", -360),
    ("PST", -480),
    ("PDT", -420),
];

/// The time of a Date field: seconds since 1970-01-01 UTC, and the zone in minutes east of UTC.
pub(crate) fn date(value: &[u8]) -> Option<(i64, i32)> {
    let text = shown(front(value, FIELD_BYTES));
    let text = text.split('(').next().unwrap_or_default();
    let (mut day, mut month, mut year, mut time, mut zone) = (None, None, None, None, None);
    for word in text.split([' ', '\t', ',']).filter(|word| !word.is_empty()) {
        if word.contains(':') {
            time = time.or(Some(clock(word)?));
        } else if time.is_some() && word.starts_with(['+', '-']) {
            zone = zone.or(Some(offset(word)?));
        } else if word.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
            match month_of(word) {
                Some(number) if month.is_none() => month = Some(number),
                _ if time.is_some() => zone = zone.or_else(|| named(word)),
                // The day of the week.
                _ => {}
            }
        } else if let Some((first, rest)) = word.split_once('-') {
            // 24-Nov-2026.
            let (name, last) = rest.split_once('-')?;
            (day, month, year) = (first.parse().ok(), month_of(name), last.parse().ok());
        } else if word.len() <= 2 && day.is_none() {
            day = Some(word.parse::<u8>().ok()?);
        } else if year.is_none() {
            year = Some(word.parse::<u16>().ok()?);
        }
    }
    let ((day, month, year), (hour, minute, second)) = ((day?, month?, year?), time?);
    // Short years as RFC 5322, section 4.3, has them, but that the two-digit ones turn at the epoch.
    let year = match year {
        0..70 => year + 2000,
        70..1000 => year + 1900,
        _ => year,
    };
    let (_, days) = MONTHS.get(month)?;
    let last = if month == 1 && !is_leap(year) { 28 } else { *days };
    if !(1970..10_000).contains(&year) || !(1..=last).contains(&day) {
        return None;
    }
    let zone = zone.unwrap_or(0);
    let clock = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    let days = days_before(year, month) + i64::from(day) - 1;
    Some((days * 86_400 + clock - i64::from(zone) * 60, zone))
}

fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

/// Days from 1970-01-01 to the first of a month, which counts from 0, in the Gregorian calendar; for years after 1969.
fn days_before(year: u16, month: usize) -> i64 {
    let leap_days = |years: i64| years / 4 - years / 100 + years / 400;
    let before = i64::from(year) - 1;
    let months = MONTHS.iter().take(month).map(|(_, days)| i64::from(*days)).sum::<i64>();
    let short = i64::from(month > 1 && !is_leap(year));
    (before - 1969) * 365 + leap_days(before) - leap_days(1969) + months - short
}

/// Hours, minutes and seconds, a leap second included; seconds may be missing.
fn clock(word: &str) -> Option<(u8, u8, u8)> {
    let mut numbers = word.split(':').map(|number| number.parse::<u8>().ok());
    let (hour, minute) = (numbers.next()??, numbers.next()??);
    let second = numbers.next().unwrap_or(Some(0))?;
    (hour < 24 && minute < 60 && second <= 60 && numbers.next().is_none()).then_some((hour, minute, second))
}

/// `+0230` in minutes.
fn offset(word: &str) -> Option<i32> {
    let digits = word.get(1..).filter(|digits| digits.len() == 4 && digits.bytes().all(|it| it.is_ascii_digit()))?;
    let number = digits.parse::<i32>().ok().filter(|number| number % 100 < 60 && *number < 2400)?;
    let minutes = number / 100 * 60 + number % 100;
    Some(if word.starts_with('-') { -minutes } else { minutes })
}

/// The minutes of a zone's name: `EST`, `GMT`, `GMT+0100`, `Z`.
fn named(word: &str) -> Option<i32> {
    if let Some(at) = word.find(['+', '-']) {
        return word.get(at..).and_then(offset);
    }
    let known = ZONES.iter().find(|(name, _)| word.eq_ignore_ascii_case(name));
    Some(known.map_or(0, |(_, minutes)| *minutes))
}

/// The month that a word is the name of, from 0: `Nov`, `November`.
fn month_of(word: &str) -> Option<usize> {
    let head = word.get(..3)?;
    MONTHS.iter().position(|(name, _)| head.eq_ignore_ascii_case(name))
}

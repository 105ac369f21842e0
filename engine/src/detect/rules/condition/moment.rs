//! Points and lengths of time: CEL's timestamps and durations, read from text and taken apart. No clock, no time-zone
//! table: a zone is `UTC` or an offset such as `+02:00`.

/// Seconds and nanoseconds: since 1970-01-01 UTC for a timestamp, in all for a duration. `nanos` is below a second and
/// counts upwards for negative values too, so that the derived order is the order of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment {
    pub(super) seconds: i64,
    pub(super) nanos: u32,
}

const SECOND: i128 = 1_000_000_000;
const DAY: i64 = 86_400;
/// 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z: what CEL calls a timestamp.
const TIMESTAMPS: std::ops::RangeInclusive<i64> = -62_135_596_800..=253_402_300_799;
/// As long as the range of timestamps: what CEL calls a duration.
const DURATION_SECONDS: i64 = 315_576_000_000;

impl Moment {
    pub(super) fn seconds(seconds: i64) -> Moment {
        Moment { seconds, nanos: 0 }
    }

    fn total(self) -> i128 {
        i128::from(self.seconds) * SECOND + i128::from(self.nanos)
    }

    fn from_total(nanos: i128) -> Option<Moment> {
        Some(Moment {
            seconds: i64::try_from(nanos.div_euclid(SECOND)).ok()?,
            nanos: u32::try_from(nanos.rem_euclid(SECOND)).ok()?,
        })
    }

    /// The sum; `None` where it leaves what can be counted.
    pub(super) fn plus(self, other: Moment) -> Option<Moment> {
        Moment::from_total(self.total() + other.total())
    }

    pub(super) fn minus(self, other: Moment) -> Option<Moment> {
        Moment::from_total(self.total() - other.total())
    }

    /// Itself, where it is a timestamp by CEL's range.
    pub(super) fn as_timestamp(self) -> Option<Moment> {
        TIMESTAMPS.contains(&self.seconds).then_some(self)
    }

    /// Itself, where it is a duration by CEL's range.
    pub(super) fn as_duration(self) -> Option<Moment> {
        (self.seconds.unsigned_abs() <= DURATION_SECONDS.unsigned_abs()).then_some(self)
    }

    /// A duration in whole units of `seconds`/`per`, rounded towards zero.
    pub(super) fn whole(self, seconds: i64, per: i64) -> i64 {
        let units = self.total() * i128::from(per) / (SECOND * i128::from(seconds));
        i64::try_from(units).unwrap_or(i64::MAX)
    }
}

/// A part of a timestamp or a duration that CEL has a method for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    FullYear,
    /// From 0.
    Month,
    /// From 1.
    Date,
    /// From 0.
    DayOfMonth,
    /// From 0, Sunday.
    DayOfWeek,
    /// From 0.
    DayOfYear,
    Hours,
    Minutes,
    Seconds,
    Milliseconds,
}

impl Part {
    /// The part of a timestamp, in a zone `offset` seconds east of UTC.
    pub(super) fn of(self, moment: Moment, offset: i64) -> i64 {
        let local = moment.seconds.saturating_add(offset);
        let (days, second) = (local.div_euclid(DAY), local.rem_euclid(DAY));
        match self {
            Part::Hours => second / 3_600,
            Part::Minutes => second / 60 % 60,
            Part::Seconds => second % 60,
            Part::Milliseconds => i64::from(moment.nanos / 1_000_000),
            Part::DayOfWeek => (days + 4).rem_euclid(7),
            Part::FullYear => civil(days).0,
            Part::Month => civil(days).1 - 1,
            Part::Date => civil(days).2,
            Part::DayOfMonth => civil(days).2 - 1,
            Part::DayOfYear => days - days_before(civil(days).0, 1, 1),
        }
    }

    /// A duration in this unit; the calendar has none.
    pub(super) fn of_duration(self, duration: Moment) -> Option<i64> {
        match self {
            Part::Hours => Some(duration.whole(3_600, 1)),
            Part::Minutes => Some(duration.whole(60, 1)),
            Part::Seconds => Some(duration.whole(1, 1)),
            Part::Milliseconds => Some(duration.whole(1, 1_000)),
            _ => None,
        }
    }
}

/// Year, month and day (from 1) of a day counted from 1970-01-01, in the Gregorian calendar. The year is taken to
/// begin in March, so that the leap day is its last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}

/// The day of a date, counted from 1970-01-01.
fn days_before(year: i64, month: i64, day: i64) -> i64 {
    let year = year - i64::from(month <= 2);
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month = if month > 2 { month - 3 } else { month + 9 };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// Reads a timestamp as RFC 3339 writes it: `2026-11-24T04:15:00Z`, with a fraction and an offset where there is one.
pub(super) fn timestamp(text: &str) -> Option<Moment> {
    let mut reader = Reader(text.as_bytes());
    let year = reader.digits(4)?;
    reader.one(b"-")?;
    let month = reader.digits(2).filter(|it| (1..=12).contains(it))?;
    reader.one(b"-")?;
    let day = reader.digits(2).filter(|it| (1..=31).contains(it))?;
    reader.one(b"Tt")?;
    let hour = reader.digits(2).filter(|it| *it < 24)?;
    reader.one(b":")?;
    let minute = reader.digits(2).filter(|it| *it < 60)?;
    reader.one(b":")?;
    let second = reader.digits(2).filter(|it| *it < 60)?;
    let nanos = if reader.one(b".").is_some() { reader.fraction()? } else { 0 };
    let offset = if reader.one(b"Zz").is_some() { 0 } else { reader.offset()? };
    let days = days_before(year, month, day);
    // A 31 April would otherwise be the 1 May.
    if !reader.0.is_empty() || civil(days) != (year, month, day) {
        return None;
    }
    Moment { seconds: days * DAY + hour * 3_600 + minute * 60 + second - offset, nanos }.as_timestamp()
}

/// Reads a duration as CEL writes it: `1h30m`, `-1.5s`, `200ms`; units `h`, `m`, `s`, `ms`, `us`, `ns`.
pub(super) fn duration(text: &str) -> Option<Moment> {
    let (negative, mut rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    if rest == "0" {
        return Some(Moment::seconds(0));
    }
    let mut total: i128 = 0;
    loop {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let (number, after) = rest.split_at_checked(end)?;
        let (unit, length): (i128, usize) = match after.as_bytes() {
            [b'm', b's', ..] => (1_000_000, 2),
            [b'u', b's', ..] => (1_000, 2),
            [b'n', b's', ..] => (1, 2),
            [b'h', ..] => (3_600 * SECOND, 1),
            [b'm', ..] => (60 * SECOND, 1),
            [b's', ..] => (SECOND, 1),
            _ if after.starts_with("µs") => (1_000, 3),
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()?.into() };
        total = total.checked_add(whole.checked_mul(unit)?)?;
        let mut digit_unit = unit;
        for digit in fraction.bytes() {
            digit_unit /= 10;
            total = total.checked_add(digit_unit * i128::from(digit.checked_sub(b'0').filter(|it| *it < 10)?))?;
        }
        rest = after.get(length..)?;
        if rest.is_empty() {
            break;
        }
    }
    Moment::from_total(if negative { -total } else { total })?.as_duration()
}

/// Reads a zone: `UTC`, `+02:00`, `-03:30`. In seconds east of UTC.
pub(super) fn zone(text: &str) -> Option<i64> {
    if text == "UTC" {
        return Some(0);
    }
    let signed = text.starts_with(['+', '-']);
    let mut reader = Reader(text.as_bytes());
    // CEL takes `02:00` for `+02:00`.
    let offset = if signed { reader.offset()? } else { reader.clock()? };
    reader.0.is_empty().then_some(offset)
}

struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn one(&mut self, of: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| of.contains(first))?;
        self.0 = rest;
        Some(*first)
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let mut number = 0;
        for _ in 0..count {
            number = number * 10 + i64::from(self.one(b"0123456789")? - b'0');
        }
        Some(number)
    }

    /// The digits of a fraction, as nanoseconds; those after the ninth are passed over.
    fn fraction(&mut self) -> Option<u32> {
        let mut nanos = u32::from(self.one(b"0123456789")? - b'0') * 100_000_000;
        let mut unit = 10_000_000;
        while let Some(digit) = self.one(b"0123456789") {
            nanos += u32::from(digit - b'0') * unit;
            unit /= 10;
        }
        Some(nanos)
    }

    fn offset(&mut self) -> Option<i64> {
        let sign = if self.one(b"+-")? == b'-' { -1 } else { 1 };
        Some(sign * self.clock()?)
    }

    fn clock(&mut self) -> Option<i64> {
        let hours = self.digits(2).filter(|it| *it < 24)?;
        self.one(b":")?;
        let minutes = self.digits(2).filter(|it| *it < 60)?;
        Some(hours * 3_600 + minutes * 60)
    }
}

#[cfg(test)]
mod tests {
    use super::{Moment, Part, duration, timestamp, zone};

    #[test]
    fn timestamps() {
        assert_eq!(timestamp("1970-01-01T00:00:00Z"), Some(Moment::seconds(0)));
        assert_eq!(timestamp("2026-11-24T04:15:00+01:00"), Some(Moment::seconds(1_795_490_100)));
        assert_eq!(timestamp("1969-12-31T23:59:59.5Z"), Some(Moment { seconds: -1, nanos: 500_000_000 }));
        assert_eq!(timestamp("2024-02-29T00:00:00Z").map(|it| it.seconds), Some(1_709_164_800));
        for bad in [
            "2023-02-29T00:00:00Z",
            "2023-13-01T00:00:00Z",
            "2023-01-01",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:00:00",
            "0000-01-01T00:00:00Z",
            "2023-01-01T00:00:00Zx",
            "",
        ] {
            assert_eq!(timestamp(bad), None, "{bad}");
        }
    }

    #[test]
    fn durations() {
        assert_eq!(duration("1h30m"), Some(Moment::seconds(5_400)));
        assert_eq!(duration("-1.5s"), Some(Moment { seconds: -2, nanos: 500_000_000 }));
        assert_eq!(duration("1.5h"), Some(Moment::seconds(5_400)));
        assert_eq!(duration("3ms2us1ns"), Some(Moment { seconds: 0, nanos: 3_002_001 }));
        assert_eq!(duration("0"), Some(Moment::seconds(0)));
        for bad in ["", "1", "h", ".s", "1d", "1h-1m", "1..2s", "99999999999999999999h", "3000000000h"] {
            assert_eq!(duration(bad), None, "{bad}");
        }
        assert_eq!(duration("-90m").map(|it| it.whole(3_600, 1)), Some(-1));
    }

    #[test]
    fn parts() {
        let moment = timestamp("2024-03-01T23:30:45.678Z").unwrap();
        let part = |part: Part| part.of(moment, 0);
        assert_eq!(
            [part(Part::FullYear), part(Part::Month), part(Part::Date), part(Part::DayOfMonth)],
            [2024, 2, 1, 0]
        );
        assert_eq!([part(Part::DayOfWeek), part(Part::DayOfYear)], [5, 60]);
        assert_eq!(
            [part(Part::Hours), part(Part::Minutes), part(Part::Seconds), part(Part::Milliseconds)],
            [23, 30, 45, 678]
        );
        assert_eq!(Part::Date.of(moment, zone("+02:00").unwrap()), 2);
        assert_eq!(Part::FullYear.of(timestamp("0001-01-01T00:00:00Z").unwrap(), 0), 1);
        assert_eq!(zone("Europe/Paris"), None);
        assert_eq!(zone("-03:30"), Some(-12_600));
        assert_eq!(zone("-0330"), None);
    }
}

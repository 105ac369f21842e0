//! Dates of header fields, as leniently as SpamAssassin reads them.

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// Names of zones that mail uses, in minutes east of UTC.
const ZONES: &[(&str, i64)] = &[
    ("ADT", -180),
    ("AKDT", -480),
    ("AKST", -540),
    ("AST", -240),
    ("BST", 60),
    ("CDT", -300),
    ("CEST", 120),
    ("CET", 60),
    ("CST", -360),
    ("EDT", -240),
    ("EEST", 180),
    ("EET", 120),
    ("EST", -300),
    ("GMT", 0),
    ("HST", -600),
    ("IST", 120),
    ("JST", 540),
    ("KST", 540),
    ("MDT", -360),
    ("MEST", 120),
    ("MET", 60),
    ("MEZ", 60),
    ("MSD", 240),
    ("MSK", 180),
    ("MST", -420),
    ("NZDT", 780),
    ("NZST", 720),
    ("PDT", -420),
    ("PST", -480),
    ("UCT", 0),
    ("UT", 0),
    ("UTC", 0),
    ("WEST", 60),
    ("WET", 0),
];

/// Words of a date, with some to spare.
const USUAL_WORDS: usize = 8;

fn number(word: &str) -> Option<i64> {
    let is_number = (1..=6).contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| word.bytes().fold(0, |number, digit| number * 10 + i64::from(digit - b'0')))
}

/// What stands between commas and blanks.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::with_capacity(USUAL_WORDS);
    if !text.is_ascii() {
        words.extend(text.split(|it: char| it == ',' || it.is_whitespace()).filter(|word| !word.is_empty()));
        return words;
    }
    let parts = |byte: u8| matches!(byte, b',' | b' ' | 9..=13);
    let mut rest = text;
    while let Some(start) = rest.bytes().position(|byte| !parts(byte)) {
        rest = rest.get(start..).unwrap_or_default();
        let (word, behind) = rest.split_at(rest.bytes().position(parts).unwrap_or(rest.len()));
        words.push(word);
        rest = behind;
    }
    words
}

fn month(word: &str) -> Option<i64> {
    let at = MONTHS.iter().position(|month| word.eq_ignore_ascii_case(month))?;
    i64::try_from(at).ok().map(|at| at + 1)
}

/// Seconds since 1970; `None` where there is no day, month and year.
pub(super) fn parse(text: &str) -> Option<i64> {
    let words = words(text);
    let triple = |at: usize| match words.get(at..at + 3)? {
        [day, name, year] => {
            let year_length = year.len();
            let (day, month, year) = (number(day)?, month(name)?, number(year)?);
            (2..=4).contains(&year_length).then_some((day, month, year, year_length))
        }
        _ => None,
    };
    // `Mon Jan  1 10:00:00 2024`, too.
    let unix = |at: usize| match words.get(at..at + 4)? {
        [name, day, time, year] if year.len() == 4 && time.matches(':').count() == 2 => {
            Some((number(day)?, month(name)?, number(year)?, 4))
        }
        _ => None,
    };
    let (mut day, mut month, mut year, digits) =
        (0..words.len()).find_map(triple).or_else(|| (0..words.len()).find_map(unix))?;
    if digits == 2 && year < 50 {
        year += 2_000;
    } else if digits != 4 {
        year += 1_900;
    }
    let (mut hour, mut minute, mut second) = (0, 0, 0);
    for word in words.iter().filter(|word| word.bytes().any(|byte| byte == b':')) {
        let mut parts = word.split(':');
        if let (Some(h), Some(m), s, None) = (parts.next(), parts.next(), parts.next(), parts.next())
            && let Some((h, m)) = number(h).zip(number(m))
            && let Some(s) = s.map_or(Some(0), number)
        {
            (hour, minute, second) = (h.min(23), m.min(59), s.min(59));
            break;
        }
    }
    let mut zone = 0;
    for word in &words {
        let sign = match word.as_bytes().first() {
            Some(b'+') => 1,
            Some(b'-') => -1,
            _ => 0,
        };
        if sign != 0
            && word.len() == 5
            && let Some(value) = word.get(1..).and_then(number)
        {
            zone = sign * (value / 100 * 60 + value % 100);
            break;
        }
        if word.bytes().filter(u8::is_ascii_uppercase).nth(1).is_none() {
            continue;
        }
        let bare = word.trim_matches(|it: char| !it.is_ascii_alphabetic());
        // Days and months are no zones by their small letters.
        if bare.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase)
            && let Some((_, minutes)) = ZONES.iter().find(|(name, _)| *name == bare)
        {
            zone = *minutes;
            break;
        }
    }
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    if day > longest {
        (day, month) = (1, month + 1);
        if month > 12 {
            (month, year) = (1, year + 1);
        }
    }
    let year = year.clamp(1_970, 2_037);
    // Days since 1970 by the civil calendar.
    let shifted = if month <= 2 { year - 1 } else { year };
    let era = shifted / 400;
    let of_era = shifted - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let days = era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468;
    Some((days * 86_400 + hour * 3_600 + minute * 60 + second - zone * 60).max(0))
}

/// The first date of a Received field: `\s.?\d+ \S\S\S \d+ \d+:\d+:\d+ \S+` of bytes, without the pattern, which takes 3,500
/// instructions a field.
pub(super) fn in_received(line: &str) -> Option<&str> {
    let bytes = line.as_bytes();
    let is_blank = |byte: u8| byte.is_ascii_whitespace() || byte == 0x0B;
    let run = |from: usize, is: fn(&u8) -> bool| bytes.iter().skip(from).take_while(|byte| is(byte)).count();
    // Digits, at least one, and what follows them; where that is behind it.
    let number = |from: usize, then: u8| {
        let end = from + run(from, u8::is_ascii_digit);
        (end > from && bytes.get(end) == Some(&then)).then_some(end + 1)
    };
    let rest = |day: usize| {
        let month = number(day, b' ')?;
        let is_month = bytes.get(month..month + 3)?.iter().all(|byte| !is_blank(*byte));
        let year = Some(month + 4).filter(|year| is_month && bytes.get(year - 1) == Some(&b' '))?;
        let zone = number(number(number(number(year, b' ')?, b':')?, b':')?, b' ')?;
        let length = run(zone, |byte| !byte.is_ascii_whitespace() && *byte != 0x0B);
        (length > 0).then_some(zone + length)
    };
    // Before its first colon such a date has an hour, a year, a month and a day: from there back to where it may begin.
    memchr::memchr_iter(b':', bytes).find_map(|colon| {
        let back = |from: usize, is: fn(&u8) -> bool| {
            let length = bytes.get(..from)?.iter().rev().take_while(|byte| is(byte)).count();
            (length > 0).then(|| from - length)
        };
        let hour = back(colon, u8::is_ascii_digit)?;
        let year = back(hour.checked_sub(1)?, u8::is_ascii_digit)?;
        let day = back(year.checked_sub(5)?, u8::is_ascii_digit)?;
        let end = rest(day)?;
        // A blank, and perhaps one more byte before the digits.
        let is_blank_at = |at: Option<usize>| at.filter(|at| bytes.get(*at).is_some_and(|byte| is_blank(*byte)));
        let odd = is_blank_at(day.checked_sub(2)).filter(|at| bytes.get(at + 1) != Some(&b'\n'));
        // The first of two digits may be that byte.
        let at = odd.or_else(|| is_blank_at(day.checked_sub(1)))?;
        line.get(at..end)
    })
}

#[cfg(test)]
mod tests {
    use super::{in_received, parse};

    #[test]
    fn dates_of_received_are_those_of_the_pattern() {
        let pattern = r"(\s.?\d+ \S\S\S \d+ \d+:\d+:\d+ \S+)";
        let pattern = regex::bytes::RegexBuilder::new(pattern).unicode(false).build().unwrap();
        let parts = [
            "x; ", "Mon, ", "1 Jan", " ", "\t", "2", " 2024 ", "10:00:00", " +0000", "10:0", ":1 ", "\n", "a",
            "\u{E9}", " 7 ",
        ];
        let mut state = 7u64;
        let mut seen = 0;
        for round in 0..60_000usize {
            let mut text = String::new();
            for number in 0..9 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                // Every other part as a date has them, so that some are.
                let next = if round % 2 == 0 && number > 2 { number } else { (state >> 33) as usize };
                text.push_str(parts[if next < 9 { [0, 1, 2, 2, 6, 7, 8, 3, 5][next] } else { next % parts.len() }]);
            }
            let expected = pattern.find(text.as_bytes()).and_then(|it| text.get(it.range()));
            seen += usize::from(expected.is_some());
            assert_eq!(in_received(&text), expected, "{text:?}");
        }
        assert!(seen > 1_000, "{seen}");
    }

    #[test]
    fn dates() {
        assert_eq!(parse("Thu, 01 Jan 1970 00:01:00 +0000"), Some(60));
        assert_eq!(parse("22 Aug 2002 18:26:25 +0700"), Some(1_030_015_585));
        assert_eq!(parse("Thu, 22 Aug 02 11:26:25 GMT"), Some(1_030_015_585));
        assert_eq!(parse("Thu Aug 22 11:26:25 2002"), Some(1_030_015_585));
        assert_eq!(parse("yesterday"), None);
    }
}

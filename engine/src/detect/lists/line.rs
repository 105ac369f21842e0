//! A list's text -> entries in their normal form. Takes text, gives entries with their lines, or says what is wrong
//! with a line and what to write instead.
//!
//! ```text
//! [!]ENTRY [until=DATE] [# reason]
//! ```

use std::net::IpAddr;

use super::url;
use crate::error::Problem;
use crate::input::Network;
use crate::text::host;

/// Problems that one file tells of; a file of the wrong kind would else tell of every line.
const MOST_PROBLEMS: usize = 20;

/// Wildcards in one address: with more, comparing takes long.
const MOST_STARS: usize = 3;

/// What is wrong with an entry, and what to do about it.
pub(super) type Wrong = (String, String);

/// A line that has an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line<'t> {
    /// The line's number, from 1; below 2^31.
    pub(super) number: u32,
    /// An exception: what it covers is not on the list.
    pub(super) except: bool,
    pub(super) entry: &'t str,
    /// When it ends, in seconds since 1970-01-01 UTC: from then on it does not count. 0: never.
    pub(super) until: u32,
    /// The comment behind the entry.
    pub(super) reason: &'t str,
}

/// Hands each line that has an entry to `each`, and adds a problem for each entry that it refuses.
pub(super) fn entries(
    source: &str,
    text: &str,
    problems: &mut Vec<Problem>,
    mut each: impl FnMut(&Line<'_>) -> Result<(), Wrong>,
) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut refused = 0usize;
    let mut start = 0usize;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let (words, comment) = without_comment(line);
        let read = |each: &mut dyn FnMut(&Line<'_>) -> Result<(), Wrong>| {
            let (entry, until) = without_end(words)?;
            let bare = entry.strip_prefix('!').map(str::trim_start);
            let number = u32::try_from(number.saturating_add(1)).unwrap_or(u32::MAX).min(u32::MAX >> 1);
            each(&Line { number, except: bare.is_some(), entry: bare.unwrap_or(entry), until, reason: comment })
        };
        if let (false, Err((message, remedy))) = (words.is_empty(), read(&mut each)) {
            refused = refused.saturating_add(1);
            if refused <= MOST_PROBLEMS {
                let at = start.saturating_add(line.find(words).unwrap_or_default());
                let end = at.saturating_add(words.len());
                problems.push(Problem::span(source, text, at, end, message).remedy(remedy));
            }
        }
        start = start.saturating_add(line.len());
    }
    if refused > MOST_PROBLEMS {
        let message = format!("{} more lines are wrong", refused.saturating_sub(MOST_PROBLEMS));
        problems.push(Problem::file(source, message).remedy("is this list of another kind?"));
    }
}

/// Notes about lines of one file, no more than anybody reads.
pub(super) struct Told<'t> {
    source: &'t str,
    text: &'t str,
    notes: &'t mut Vec<Problem>,
    count: usize,
}

impl<'t> Told<'t> {
    pub(super) fn new(source: &'t str, text: &'t str, notes: &'t mut Vec<Problem>) -> Told<'t> {
        Told { source, text, notes, count: 0 }
    }

    /// Notes something about a line, by its number.
    pub(super) fn note(&mut self, line: u32, message: String, remedy: &str) {
        self.count = self.count.saturating_add(1);
        if self.count > MOST_PROBLEMS {
            return;
        }
        let text = self.text.strip_prefix('\u{feff}').unwrap_or(self.text);
        let before = (line as usize).saturating_sub(1);
        let start: usize = text.split_inclusive('\n').take(before).map(str::len).sum();
        let (entry, _) = without_comment(text.get(start..).unwrap_or_default().lines().next().unwrap_or_default());
        let at = start.saturating_add(text.get(start..).and_then(|rest| rest.find(entry)).unwrap_or_default());
        let end = at.saturating_add(entry.len());
        self.notes.push(Problem::span(self.source, text, at, end, message).remedy(remedy));
    }

    /// How many more there were.
    pub(super) fn end(self, what: &str) {
        if self.count > MOST_PROBLEMS {
            let message = format!("{} more {what}", self.count.saturating_sub(MOST_PROBLEMS));
            self.notes.push(Problem::file(self.source, message));
        }
    }
}

/// A line without its comment and the blanks around it, and the comment. A `#` begins a comment at the start of a line
/// or after a blank: within a word it belongs to an address or a URL.
fn without_comment(line: &str) -> (&str, &str) {
    let mut after_blank = true;
    for (at, c) in line.char_indices() {
        if c == '#' && after_blank {
            let comment = line.get(at..).unwrap_or_default().trim_start_matches('#').trim();
            return (line.get(..at).unwrap_or_default().trim(), comment);
        }
        after_blank = c.is_whitespace();
    }
    (line.trim(), "")
}

/// An entry without the date on which it ends, and that date's last second; 0 where there is none.
fn without_end(words: &str) -> Result<(&str, u32), Wrong> {
    let Some((entry, date)) = words.rsplit_once("until=").filter(|(entry, _)| entry.ends_with(char::is_whitespace))
    else {
        return Ok((words, 0));
    };
    match end(date) {
        Some(end) => Ok((entry.trim_end(), end)),
        None => Err((
            format!("until={date} is no date"),
            "write until=2027-01-31, the last day that counts, or until=2027-01-31T12:00:00Z".into(),
        )),
    }
}

/// When a date is over: the end of the day, in UTC, or the second that is named.
pub(super) fn end(date: &str) -> Option<u32> {
    let (day, time) = match date.split_once('T') {
        Some((day, time)) => (day, Some(time.strip_suffix('Z')?)),
        None => (date, None),
    };
    let number = |digits: &str, width: usize| -> Option<i64> {
        (digits.len() == width && digits.bytes().all(|byte| byte.is_ascii_digit())).then(|| digits.parse().ok())?
    };
    let mut parts = day.splitn(3, '-');
    let (year, month, date) = (number(parts.next()?, 4)?, number(parts.next()?, 2)?, number(parts.next()?, 2)?);
    let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    let longest = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1970..=2105).contains(&year) || !(1..=longest).contains(&date) {
        return None;
    }
    let seconds = match time {
        None => 86_400,
        Some(time) => {
            let mut parts = time.splitn(3, ':');
            let (hour, minute) = (number(parts.next()?, 2)?, number(parts.next()?, 2)?);
            let second = number(parts.next()?, 2)?;
            (hour < 24 && minute < 60 && second < 60).then_some(hour * 3_600 + minute * 60 + second)?
        }
    };
    // Days since 1970: whole years of 365 days, their leap days, the months before this one, the days before this one.
    let before = year - 1;
    let leap_days = |year: i64| year / 4 - year / 100 + year / 400;
    let months = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    let month_days = months.get(usize::try_from(month).ok()?.checked_sub(1)?)?;
    let days = (year - 1970) * 365 + (leap_days(before) - leap_days(1969)) + month_days + i64::from(leap && month > 2);
    u32::try_from((days + date - 1) * 86_400 + seconds).ok()
}

fn one_word(entry: &str) -> Result<(), Wrong> {
    if entry.contains(char::is_whitespace) {
        return Err(("more than one word in a line".into(), "write one entry a line; # begins a comment".into()));
    }
    Ok(())
}

/// A domain, in ASCII and lower case, and whether only the names below it are meant (`*.example.com`). A leading dot, as
/// other programs write it, changes nothing.
pub(super) fn domain(entry: &str) -> Result<(String, bool), Wrong> {
    one_word(entry)?;
    let below = entry.strip_prefix("*.");
    let bare = below.unwrap_or_else(|| entry.strip_prefix('.').unwrap_or(entry));
    if Network::parse(bare).is_some() {
        return Err((format!("{entry} is an IP address"), "put it into a list of networks".into()));
    }
    if bare.contains(['*', '?']) {
        let remedy = "a wildcard is a whole label in front: *.example.com covers the names below example.com";
        return Err((format!("{entry} has a wildcard inside"), remedy.into()));
    }
    if bare.contains('@') {
        return Err((format!("{entry} is a mail address"), "put it into a list of addresses".into()));
    }
    if bare.contains('/') {
        return Err((format!("{entry} is a URL"), "put it into a list of URLs".into()));
    }
    match host::ascii(bare) {
        Some(name) => Ok((name, below.is_some())),
        None => Err((
            format!("{entry} is not a domain"),
            "write it like example.com; a comment needs a blank before its #".into(),
        )),
    }
}

/// A mail address: local part in lower case, domain in ASCII. `*` in the local part stands for any characters.
pub(super) fn address(entry: &str) -> Result<String, Wrong> {
    one_word(entry)?;
    let bare = entry.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(entry);
    let parts = bare.rsplit_once('@').filter(|(local, _)| !local.contains(['/', '<', '>']));
    match parts.map(|(local, domain)| (local, host::ascii(domain))) {
        Some(("", Some(domain))) => {
            let remedy = format!("write *@{domain} for its own addresses, or put {domain} into a list of domains");
            Err((format!("{entry} stands for a whole domain"), remedy))
        }
        Some((_, Some(domain))) if domain.contains('*') => Err((
            format!("{entry} has a wildcard in its domain"),
            "put the domain, like *.example.com, into a list of domains".into(),
        )),
        Some((local, Some(_)))
            if local.len() > 1 && local.bytes().filter(|byte| *byte == b'*').count() > MOST_STARS =>
        {
            Err((format!("{entry} has too many wildcards"), format!("write at most {MOST_STARS}")))
        }
        Some((local, Some(domain))) => Ok(format!("{}@{domain}", local.to_lowercase())),
        _ => Err((format!("{entry} is not a mail address"), "write it like name@example.com".into())),
    }
}

/// A network or a single address.
pub(super) fn network(entry: &str) -> Result<Network, Wrong> {
    one_word(entry)?;
    if let Some(network) = Network::parse(entry) {
        return match network.address() {
            IpAddr::V6(v6) if v6.to_ipv4_mapped().is_some() => Err((
                format!("{entry} is an IPv4 address in IPv6 dress"),
                "write it as an IPv4 network: it covers both forms".into(),
            )),
            _ => Ok(network),
        };
    }
    let whole = entry
        .split_once('/')
        .and_then(|(address, prefix)| Some((address.parse::<IpAddr>().ok()?, prefix.parse::<u8>().ok()?)));
    Err(match whole {
        Some((address, prefix)) if usize::from(prefix) <= if address.is_ipv4() { 32 } else { 128 } => (
            format!("{entry} has bits set beyond its prefix"),
            format!("write {}/{prefix} for the network, {address} for the one address", masked(address, prefix)),
        ),
        _ => (format!("{entry} is not a network"), "write it like 192.0.2.0/24, 2001:db8::/32 or 192.0.2.1".into()),
    })
}

/// The first address of the network.
fn masked(address: IpAddr, prefix: u8) -> IpAddr {
    let prefix = u32::from(prefix);
    match address {
        IpAddr::V4(v4) => {
            let mask = u32::MAX.checked_shl(32u32.saturating_sub(prefix)).unwrap_or(0);
            IpAddr::V4((u32::from(v4) & mask).into())
        }
        IpAddr::V6(v6) => {
            let mask = u128::MAX.checked_shl(128u32.saturating_sub(prefix)).unwrap_or(0);
            IpAddr::V6((u128::from(v6) & mask).into())
        }
    }
}

/// A URL in its normal form (see [`url`](mod@url)), and whether only hosts below its host are meant
/// (`*.example.com/path`).
pub(super) fn url(entry: &str) -> Result<(String, bool), Wrong> {
    one_word(entry)?;
    let (scheme, rest) = entry.split_at(entry.find("://").map_or(0, |at| at.saturating_add(3)));
    let below = rest.strip_prefix("*.");
    let normal = match below {
        Some(rest) => url::normal(&format!("{scheme}{rest}")),
        None => url::normal(entry),
    };
    match normal.filter(|normal| !url::host(normal).contains('*')) {
        Some(normal) => Ok((normal, below.is_some())),
        None => Err((
            format!("{entry} is not a URL"),
            "write it like example.com/path, https://example.com/path or *.example.com/path".into(),
        )),
    }
}

/// A digest, and what follows it in the line: a file's name, as `sha256sum` prints it.
pub(super) fn hash(entry: &str) -> Result<([u8; 32], &str), Wrong> {
    let (word, name) = entry.split_once(char::is_whitespace).unwrap_or((entry, ""));
    digest(word).map(|digest| (digest, name.trim())).ok_or_else(|| {
        let message = format!("{word} is not a SHA-256 digest");
        let remedy = match word.len() {
            32 => "an MD5 digest has 32 digits; write the SHA-256, of 64, as sha256sum prints it",
            40 => "a SHA-1 digest has 40 digits; write the SHA-256, of 64, as sha256sum prints it",
            _ => "write 64 hexadecimal digits, as sha256sum prints them",
        };
        (message, remedy.into())
    })
}

/// 64 hexadecimal digits.
pub(super) fn digest(text: &str) -> Option<[u8; 32]> {
    let mut digest = [0u8; 32];
    let mut digits = text.chars().map(|c| c.to_digit(16));
    for byte in &mut digest {
        let (high, low) = (digits.next()??, digits.next()??);
        *byte = u8::try_from(high << 4 | low).ok()?;
    }
    digits.next().is_none().then_some(digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<(String, u32)>, Vec<Problem>) {
        let (mut seen, mut problems) = (Vec::new(), Vec::new());
        entries("some.txt", text, &mut problems, |line| {
            seen.push((domain(line.entry)?.0, line.number));
            Ok(())
        });
        (seen, problems)
    }

    #[test]
    fn comments_blank_lines_marks_and_line_ends_are_no_entries() {
        let text = "\u{feff}# bad ones\r\nexample.com\r\n\r\n  sub.example.org  # since May\r\n\t#x\nlast.example";
        let (seen, problems) = read(text);
        let expected = [("example.com", 2), ("sub.example.org", 4), ("last.example", 6)];
        assert_eq!(seen, expected.map(|(entry, line)| (entry.to_owned(), line)));
        assert_eq!(problems, []);
    }

    #[test]
    fn a_bad_line_is_told_with_its_place_and_a_remedy_and_the_others_count() {
        let (seen, problems) = read("good.example\n  b*d.example # all\nfine.example\ntwo words\n");
        assert_eq!(seen.len(), 2);
        assert_eq!(problems.len(), 2);
        assert_eq!(
            problems[0].to_string(),
            "some.txt:2:3: b*d.example has a wildcard inside\n  2 |   b*d.example # all\n        ^^^^^^^^^^^\n  \
             help: a wildcard is a whole label in front: *.example.com covers the names below example.com"
        );
        assert_eq!((problems[1].line, problems[1].column), (4, 1));
    }

    #[test]
    fn a_line_is_an_entry_an_end_and_a_reason() {
        let mut seen = Vec::new();
        let text = "!a.example until=2027-01-31 # let through: ticket 7\n! b.example\nc.example # # x\nd.example\tuntil=1970-01-01T00:00:01Z";
        entries("some.txt", text, &mut Vec::new(), |line| {
            seen.push((line.except, line.entry.to_owned(), line.until, line.reason.to_owned()));
            Ok(())
        });
        let expected = [
            (true, "a.example", 1_801_440_000, "let through: ticket 7"),
            (true, "b.example", 0, ""),
            (false, "c.example", 0, "# x"),
            (false, "d.example", 1, ""),
        ];
        assert_eq!(seen, expected.map(|(a, b, c, d)| (a, b.to_owned(), c, d.to_owned())));
        for wrong in
            ["2027-02-29", "2027-13-01", "2027-1-1", "1969-01-01", "x", "", "2027-01-01T24:00:00Z", "2027-01-01T10:00"]
        {
            let mut problems = Vec::new();
            entries("some.txt", &format!("a.example until={wrong}"), &mut problems, |_| Ok(()));
            assert_eq!(problems.len(), 1, "{wrong}");
            assert!(problems[0].remedy.contains("until=2027-01-31"), "{wrong}");
        }
    }

    #[test]
    fn days_are_counted_as_the_calendar_does() {
        assert_eq!(end("1970-01-01"), Some(86_400));
        assert_eq!(end("2000-02-29"), Some(951_868_800));
        assert_eq!(end("2026-11-24T12:00:00Z"), Some(1_795_521_600));
        let mut last = end("1970-01-01").unwrap();
        for year in 1970..=2105 {
            for month in 1..=12 {
                for date in 1..=31 {
                    let text = format!("{year}-{month:02}-{date:02}");
                    if let Some(end) = end(&text).filter(|end| *end > 86_400) {
                        assert_eq!(end, last + 86_400, "{text}");
                        last = end;
                    }
                }
            }
        }
    }

    #[test]
    fn a_file_of_another_kind_is_told_once_and_not_line_by_line() {
        let (seen, problems) = read(&"a@b.example\n".repeat(1000));
        assert_eq!(seen, []);
        assert_eq!(problems.len(), MOST_PROBLEMS + 1);
        assert_eq!(problems[MOST_PROBLEMS].message, "980 more lines are wrong");
    }

    #[test]
    fn domains_have_one_form() {
        for (written, normal) in [
            ("Example.COM", "example.com"),
            (".example.com", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("example.com.", "example.com"),
        ] {
            assert_eq!(domain(written), Ok((normal.to_owned(), false)));
        }
        assert_eq!(domain("*.Example.com"), Ok(("example.com".to_owned(), true)));
        for (wrong, remedy) in [
            ("*", "whole label"),
            ("*.*.example", "whole label"),
            ("192.0.2.1", "networks"),
            ("a@b.example", "addresses"),
            ("b.example/x", "URLs"),
            ("b.example#x", "blank"),
            ("0.0.0.0 b.example", "one entry"),
        ] {
            let (_, told) = domain(wrong).unwrap_err();
            assert!(told.contains(remedy), "{wrong}: {told}");
        }
    }

    #[test]
    fn addresses_have_one_form() {
        assert_eq!(address("Joe.Doe@BÜCHER.example").as_deref(), Ok("joe.doe@xn--bcher-kva.example"));
        assert_eq!(address("<a#b@c.example>").as_deref(), Ok("a#b@c.example"));
        assert!(address("@b.example").unwrap_err().1.contains("put b.example into a list of domains"));
        assert_eq!(address("News-*@b.example").as_deref(), Ok("news-*@b.example"));
        assert!(address("*a*b*c*@b.example").is_err());
        for wrong in ["b.example", "a@", "a@b c", "http://u@b.example"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn networks_with_stray_bits_are_told_what_they_may_mean() {
        assert_eq!(network("192.0.2.0/24").unwrap().prefix(), 24);
        assert_eq!(network("2001:db8::1").unwrap().prefix(), 128);
        let told = network("192.0.2.9/24").unwrap_err().1;
        assert_eq!(told, "write 192.0.2.0/24 for the network, 192.0.2.9 for the one address");
        assert!(network("2001:db8::1/32").unwrap_err().1.contains("2001:db8::/32"));
        assert!(network("10.1.2.3/0").unwrap_err().1.contains("0.0.0.0/0"));
        for wrong in ["192.0.2.0/33", "192.0.2", "example.com", "::ffff:192.0.2.1"] {
            assert!(network(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn hashes_are_read_as_sha256sum_prints_them() {
        let hex = "275A021BBFB6489E54D471899F7DB9D1663FC695EC2FE2A2C4538AABF651FD0F";
        let line = format!("{hex}  eicar.com");
        let (read, name) = hash(&line).unwrap();
        assert_eq!((read[0], read[31], name), (0x27, 0x0f, "eicar.com"));
        assert!(hash("44d88612fea8a8f36de82e1278abb02f").unwrap_err().1.contains("MD5"));
        assert!(hash(&hex[1..]).is_err());
        assert!(hash(&format!("{hex}0")).is_err());
    }
}

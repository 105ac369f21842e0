//! A list's text -> entries in their normal form. Takes text, gives entries with their lines, or says what is wrong
//! with a line and what to write instead.

use std::net::IpAddr;

use super::url;
use crate::error::Problem;
use crate::input::Network;
use crate::text::host;

/// Problems that one file tells of; a file of the wrong kind would else tell of every line.
const MOST_PROBLEMS: usize = 20;

/// What is wrong with an entry, and what to do about it.
pub(super) type Wrong = (String, String);

/// Hands the entry of each line that has one to `each`, with the line's number, and adds a problem for each entry that
/// it refuses.
pub(super) fn entries(
    source: &str,
    text: &str,
    problems: &mut Vec<Problem>,
    mut each: impl FnMut(&str, u32) -> Result<(), Wrong>,
) {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut refused = 0;
    let mut start = 0;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let entry = without_comment(line);
        if let (false, Err((message, remedy))) = (entry.is_empty(), check(entry, number, &mut each)) {
            refused += 1;
            if refused <= MOST_PROBLEMS {
                let at = start + line.find(entry).unwrap_or_default();
                problems.push(Problem::span(source, text, at, at + entry.len(), message).remedy(remedy));
            }
        }
        start += line.len();
    }
    if refused > MOST_PROBLEMS {
        let message = format!("{} more lines are wrong", refused - MOST_PROBLEMS);
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
        let entry = without_comment(text.get(start..).unwrap_or_default().lines().next().unwrap_or_default());
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

fn check(entry: &str, number: usize, each: &mut impl FnMut(&str, u32) -> Result<(), Wrong>) -> Result<(), Wrong> {
    let number = u32::try_from(number).unwrap_or(u32::MAX).saturating_add(1);
    each(entry, number)
}

/// A line without its comment and the blanks around it. A `#` begins a comment at the start of a line or after a
/// blank: within a word it belongs to an address or a URL.
fn without_comment(line: &str) -> &str {
    let mut after_blank = true;
    for (at, c) in line.char_indices() {
        if c == '#' && after_blank {
            return line.get(..at).unwrap_or_default().trim();
        }
        after_blank = c.is_whitespace();
    }
    line.trim()
}

fn one_word(entry: &str) -> Result<(), Wrong> {
    if entry.contains(char::is_whitespace) {
        return Err(("more than one word in a line".into(), "write one entry a line; # begins a comment".into()));
    }
    Ok(())
}

/// A domain, in ASCII and lower case. A leading dot, as other programs write it, changes nothing.
pub(super) fn domain(entry: &str) -> Result<String, Wrong> {
    one_word(entry)?;
    let bare = entry.strip_prefix('.').unwrap_or(entry);
    if Network::parse(bare).is_some() {
        return Err((format!("{entry} is an IP address"), "put it into a list of networks".into()));
    }
    if let Some(rest) = bare.strip_prefix("*.") {
        return Err((format!("{entry} has a wildcard"), format!("write {rest}: it covers the names below it too")));
    }
    if bare.contains('@') {
        return Err((format!("{entry} is a mail address"), "put it into a list of addresses".into()));
    }
    if bare.contains('/') {
        return Err((format!("{entry} is a URL"), "put it into a list of URLs".into()));
    }
    host::ascii(bare).ok_or_else(|| {
        (format!("{entry} is not a domain"), "write it like example.com; a comment needs a blank before its #".into())
    })
}

/// A mail address: local part in lower case, domain in ASCII.
pub(super) fn address(entry: &str) -> Result<String, Wrong> {
    one_word(entry)?;
    let bare = entry.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(entry);
    let parts = bare.rsplit_once('@').filter(|(local, _)| !local.contains(['/', '<', '>']));
    match parts.map(|(local, domain)| (local, host::ascii(domain))) {
        Some(("", Some(domain))) => {
            Err((format!("{entry} stands for a whole domain"), format!("put {domain} into a list of domains")))
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

/// A URL in its normal form (see [`url`](mod@url)).
pub(super) fn url(entry: &str) -> Result<String, Wrong> {
    one_word(entry)?;
    url::normal(entry).ok_or_else(|| {
        (format!("{entry} is not a URL"), "write it like example.com/path or https://example.com/path".into())
    })
}

/// A digest. What follows it in the line is a file's name, as `sha256sum` prints it.
pub(super) fn hash(entry: &str) -> Result<[u8; 32], Wrong> {
    let word = entry.split_whitespace().next().unwrap_or_default();
    digest(word).ok_or_else(|| {
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
        entries("some.txt", text, &mut problems, |entry, line| {
            seen.push((domain(entry)?, line));
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
        let (seen, problems) = read("good.example\n  *.bad.example # all\nfine.example\ntwo words\n");
        assert_eq!(seen.len(), 2);
        assert_eq!(problems.len(), 2);
        assert_eq!(
            problems[0].to_string(),
            "some.txt:2:3: *.bad.example has a wildcard\n  2 |   *.bad.example # all\n        ^^^^^^^^^^^^^\n  \
             help: write bad.example: it covers the names below it too"
        );
        assert_eq!((problems[1].line, problems[1].column), (4, 1));
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
            assert_eq!(domain(written).as_deref(), Ok(normal));
        }
        for (wrong, remedy) in [
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
        let read = hash(&format!("{hex}  eicar.com")).unwrap();
        assert_eq!((read[0], read[31]), (0x27, 0x0f));
        assert!(hash("44d88612fea8a8f36de82e1278abb02f").unwrap_err().1.contains("MD5"));
        assert!(hash(&hex[1..]).is_err());
        assert!(hash(&format!("{hex}0")).is_err());
    }
}

//! Host names as SpamAssassin judges them: which are well formed, which end in a domain that exists, and what of them is registered.

use std::borrow::Cow;
use std::net::IpAddr;

use super::settings::Settings;
use crate::text::host;

/// A host name in lower case, in its ASCII form.
pub(super) fn ascii(name: &str) -> Cow<'_, str> {
    if name.is_ascii() {
        return match name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            true => Cow::Owned(name.to_ascii_lowercase()),
            false => Cow::Borrowed(name),
        };
    }
    Cow::Owned(host::ascii(name).unwrap_or_else(|| name.to_ascii_lowercase()))
}

/// Whether a name has two labels or more, all of them well formed.
pub(super) fn is_fqdn(name: &str) -> bool {
    let name = name.trim_end_matches('.');
    if name.len() > 253 || memchr::memchr(b'.', name.as_bytes()).is_none() {
        return false;
    }
    // Byte by byte from the end, with the number of the label and how much of it was seen.
    let (mut label, mut length, mut before) = (0, 0, b'.');
    for byte in name.bytes().rev() {
        match byte {
            b'.' if length == 0 || before == b'-' => return false,
            b'.' => (label, length) = (label + 1, 0),
            b'-' if length == 0 => return false,
            b'_' if label < 2 => return false,
            b'-' | b'_' | b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' if length < 63 => length += 1,
            _ => return false,
        }
        before = byte;
    }
    length > 0 && before != b'-'
}

const STATES: &str = " ak al ar az ca co ct dc de fl ga gu hi ia id il in ks ky la ma md me mi mn mo ms mt nc nd ne nh nj nm nv ny oh ok or pa pr ri sc sd tn tx ut va vi vt wa wi wv wy ";

impl Settings {
    /// Whether a name ends in a top-level domain that the files list.
    pub(super) fn is_domain(&self, name: &str) -> bool {
        let name = ascii(name);
        name.rsplit_once('.').is_some_and(|(_, tld)| self.is_tld(tld)) && !name.contains(char::is_whitespace)
    }

    /// Without a list, any suffix that the public one knows.
    pub(super) fn is_tld(&self, tld: &str) -> bool {
        match self.tlds.is_empty() {
            true => host::has_known_suffix(&format!("x.{tld}")),
            false => self.tlds.contains(tld),
        }
    }

    /// What of a name is registered.
    pub(super) fn registered(&self, name: &str) -> String {
        self.registered_of(ascii(name))
    }

    /// The same for a name in lower case, in its ASCII form.
    fn registered_of(&self, mut name: Cow<'_, str>) -> String {
        if name.is_empty() || name.starts_with('.') || name.ends_with('.') || has_empty_label(&name) {
            name = Cow::Owned(name.split('.').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("."));
        }
        // The last one to five labels; of what follows those of a top-level domain one label more is registered.
        let mut tails = [name.as_ref(); 5];
        for (tail, at) in tails.iter_mut().zip(memchr::memrchr_iter(b'.', name.as_bytes())) {
            *tail = name.get(at + 1..).unwrap_or_default();
        }
        let [last, two, three, four, five] = tails;
        let is_state = |part: &str| part.len() == 2 && STATES.split(' ').any(|state| state == part);
        let is_of_state = || three.split('.').nth(1).is_some_and(is_state);
        let is_four = || {
            let mut parts = four.split('.');
            let is_district = match (parts.next(), parts.next()) {
                (Some("pvt"), Some("k12")) => true,
                (first, _) => matches!(first, Some("ci" | "co")),
            };
            is_district && parts.count() == 2 && is_of_state()
        };
        // Where there are fewer labels the longer tails are the whole name.
        let is_american = last == "us" && two.len() > last.len();
        let has_three = three.len() > two.len();
        let registered = if is_american && is_four() {
            five
        } else if has_three && if is_american { is_of_state() } else { self.three_level.contains(three) } {
            four
        } else if two.len() > last.len() && self.two_level.contains(two) {
            three
        } else {
            two
        };
        registered.to_owned()
    }

    /// The registered domain and the host of an address; `None` where it has none that could be.
    pub(super) fn of_uri(&self, uri: &str) -> Option<(String, String)> {
        let behind = |word: &str| uri.get(..word.len()).filter(|it| it.eq_ignore_ascii_case(word)).map(str::len);
        if ["javascript:", "cid:", "file:"].iter().any(|scheme| behind(scheme).is_some()) {
            return None;
        }
        let host = if let Some(rest) = behind("mailto:").and_then(|at| uri.get(at..)) {
            let rest = rest.split('?').next().unwrap_or_default();
            let (_, host) = rest.split_once('@').filter(|(_, host)| !host.contains('@'))?;
            host
        } else {
            let letters = uri.bytes().take_while(u8::is_ascii_alphabetic).count();
            let mut rest = uri;
            if letters > 0 && uri.as_bytes().get(letters) == Some(&b':') {
                rest = uri.get(letters + 1..).unwrap_or_default();
                rest = rest.strip_prefix('/').unwrap_or(rest);
                rest = rest.strip_prefix('/').unwrap_or(rest);
            }
            let end = rest.bytes().take_while(|byte| !matches!(byte, b'/' | b'?' | b'#')).count();
            let rest = rest.get(..end).unwrap_or_default();
            let rest = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
            match rest.rsplit_once(':').filter(|(_, port)| port.bytes().all(|byte| byte.is_ascii_digit())) {
                Some((host, _)) => host,
                None => rest,
            }
        };
        if has_escape(host) {
            return None;
        }
        let host = ascii(host).into_owned();
        let may_be_ip = |host: &str| host.bytes().all(|byte| byte.is_ascii_hexdigit() || matches!(byte, b'.' | b':'));
        if may_be_ip(&host) && host.parse::<IpAddr>().is_ok() {
            return Some((host.clone(), host));
        }
        let is_domain = is_fqdn(&host) && host.rsplit_once('.').is_some_and(|(_, tld)| self.is_tld(tld));
        is_domain.then(|| (self.registered_of(Cow::Borrowed(&host)), host))
    }
}

/// Whether a name has two dots in a row.
fn has_empty_label(name: &str) -> bool {
    name.as_bytes().windows(2).any(|pair| pair == b"..")
}

/// Whether a name has an escape of a character that names do not need to escape.
fn has_escape(host: &str) -> bool {
    memchr::memchr_iter(b'%', host.as_bytes()).any(|at| {
        let code = host.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        code.is_some_and(|code| (0x21..0x7F).contains(&code))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged() {
        let mut it = Settings::default();
        it.tlds.extend(["com", "uk", "us"].map(str::to_owned));
        it.two_level.insert("co.uk".into());
        assert_eq!(it.registered("a.b.co.uk"), "b.co.uk");
        assert_eq!(it.registered("www.example.com"), "example.com");
        assert_eq!(it.registered("com"), "com");
        assert_eq!(it.registered("co.uk"), "co.uk");
        assert_eq!(it.registered(".a..b.com."), "b.com");
        assert_eq!(it.registered("x.y.ci.z.ca.us"), "y.ci.z.ca.us");
        assert_eq!(it.registered("x.y.pvt.k12.ca.us"), "y.pvt.k12.ca.us");
        assert_eq!(it.registered("k12.ca.us"), "k12.ca.us");
        assert_eq!(it.registered("a.b.ca.us"), "a.b.ca.us");
        assert_eq!(it.registered("a.b.xx.us"), "xx.us");
        it.three_level.insert("b.c.com".into());
        assert_eq!(it.registered("x.a.b.c.com"), "a.b.c.com");
        assert_eq!(it.of_uri("http://u@www.Example.com:80/x"), Some(("example.com".into(), "www.example.com".into())));
        assert_eq!(it.of_uri("mailto:a@b.example"), None);
        assert_eq!(it.of_uri("http://192.0.2.1/"), Some(("192.0.2.1".into(), "192.0.2.1".into())));
        assert!(is_fqdn("a_b.example.com") && !is_fqdn("a.b_c.com") && !is_fqdn("com"));
    }
}

//! Host names and addresses: their registrable domain, the forms in which an IP address can be written, and whether a
//! name imitates another.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use unicode_script::{Script, UnicodeScript};

use super::fold;

/// Longest host name (RFC 1035, 2.3.4).
pub(crate) const HOST_BYTES: usize = 253;

/// The registrable domain of a host name in lower case (`mail.example.co.uk` -> `example.co.uk`), by the public suffix
/// list; the host itself where it has none, or is an IP address.
pub(crate) fn registrable(host: &str) -> &str {
    let last = host.rsplit('.').next().unwrap_or(host);
    if last.is_empty() || last.bytes().all(|byte| byte.is_ascii_digit()) || host.contains(':') {
        return host;
    }
    psl::domain_str(host).unwrap_or(host)
}

/// Whether the name ends in a public suffix that exists, and has a label before it: `example.com`, not `main.rsx`.
/// The names of RFC 2606 count as existing, so that documentation and tests behave like the real thing.
pub(crate) fn has_known_suffix(host: &str) -> bool {
    let Some(domain) = psl::domain(host.as_bytes()) else { return false };
    domain.suffix().is_known() || matches!(domain.suffix().as_bytes(), b"example" | b"test")
}

/// Whether the name can be one of a host in the domain name system: labels of letters, digits, `-` and `_`, at least
/// two of them.
pub(crate) fn is_valid(host: &str) -> bool {
    host.len() <= HOST_BYTES
        && host.contains('.')
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
        })
}

/// A host name in lower case and ASCII, internationalised labels in punycode, without the root's dot; `None` where it
/// is no host name.
pub(crate) fn ascii(host: &str) -> Option<String> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let ascii = idna::domain_to_ascii_cow(host.as_bytes(), idna::AsciiDenyList::URL).ok()?;
    (!ascii.is_empty() && !ascii.split('.').any(str::is_empty)).then(|| ascii.into_owned())
}

/// What a sender gives for a host name, in the form of [`ascii`] as far as that goes: never nothing.
pub(crate) fn normal(host: &str) -> Cow<'_, str> {
    let host = host.trim_end_matches('.');
    if !host.is_ascii() && host.len() <= HOST_BYTES * 4 {
        if let Ok(name) = idna::domain_to_ascii_cow(host.as_bytes(), idna::AsciiDenyList::EMPTY) {
            return Cow::Owned(name.trim_end_matches('.').to_owned());
        }
        return Cow::Owned(host.to_lowercase());
    }
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Cow::Owned(host.to_ascii_lowercase());
    }
    Cow::Borrowed(host)
}

/// Whether a label is in punycode.
pub(crate) fn is_punycode(host: &str) -> bool {
    host.split('.').any(|label| label.starts_with("xn--"))
}

/// Whether a label of the name (in its ASCII form) mixes alphabets that look alike, or consists of letters that all
/// imitate Latin ones.
pub(crate) fn is_look_alike(host: &str) -> bool {
    if host.len() > HOST_BYTES || (host.is_ascii() && !is_punycode(host)) {
        return false;
    }
    let (host, _) = idna::domain_to_unicode(host);
    host.split('.').filter(|label| !label.is_ascii()).any(|label| {
        let mut alphabets = label.chars().map(|c| c.script()).filter(|script| has_look_alikes(*script));
        let first = alphabets.next();
        let mixed = alphabets.any(|script| Some(script) != first);
        let letters = || label.chars().filter(|c| c.is_alphabetic());
        mixed || (letters().any(|c| !c.is_ascii()) && letters().all(|c| fold::imitated(c).is_some()))
    })
}

fn has_look_alikes(script: Script) -> bool {
    matches!(
        script,
        Script::Latin | Script::Cyrillic | Script::Greek | Script::Armenian | Script::Cherokee | Script::Coptic
    )
}

/// The address that a host is, in any notation that browsers take: dotted, one to four numbers, each decimal, octal
/// (`0300`) or hexadecimal (`0xc0`), the last one filling what is left; IPv6 in brackets.
pub(crate) fn ip(host: &str) -> Option<IpAddr> {
    if let Some(inner) = host.strip_prefix('[') {
        let inner = inner.strip_suffix(']').unwrap_or(inner);
        let inner = inner.split('%').next().unwrap_or(inner);
        return inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6);
    }
    let host = host.strip_suffix('.').unwrap_or(host);
    if !host.as_bytes().first()?.is_ascii_digit() {
        return None;
    }
    let mut numbers = [0u64; 4];
    let mut count = 0usize;
    for part in host.split('.') {
        *numbers.get_mut(count)? = number(part)?;
        count += 1;
    }
    let last = *numbers.get(count.checked_sub(1)?)?;
    let mut address = 0u64;
    for (place, &number) in numbers.iter().take(count - 1).enumerate() {
        if number > 255 {
            return None;
        }
        address |= number << (24 - 8 * place);
    }
    // What the last number may fill: 32 bits for one number, 8 for four.
    let room = 32 - 8 * (count - 1);
    if last >> room != 0 {
        return None;
    }
    u32::try_from(address | last).ok().map(|bits| IpAddr::V4(Ipv4Addr::from(bits)))
}

fn number(part: &str) -> Option<u64> {
    let (digits, radix) = if let Some(hex) = part.strip_prefix("0x").or_else(|| part.strip_prefix("0X")) {
        (hex, 16)
    } else if part.len() > 1 && part.starts_with('0') {
        (part, 8)
    } else {
        (part, 10)
    };
    if digits.is_empty() {
        // `0x` alone is zero, as browsers read it; an empty part is no number.
        return (radix == 16).then_some(0);
    }
    if digits.starts_with('+') {
        return None;
    }
    u64::from_str_radix(digits, radix).ok()
}

/// Whether an address is one that nobody outside can have: private, loopback, link-local, shared (RFC 6598),
/// documentation left aside.
pub(crate) fn is_private(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private()
                || ip.is_loopback()
                || ip.is_link_local()
                || ip.is_unspecified()
                || (a == 100 && (64..128).contains(&b))
        }
        IpAddr::V6(ip) => {
            let [first, ..] = ip.segments();
            ip.is_loopback() || ip.is_unspecified() || first & 0xfe00 == 0xfc00 || first & 0xffc0 == 0xfe80
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn registrable_domains() {
        assert_eq!(registrable("mail.example.co.uk"), "example.co.uk");
        assert_eq!(registrable("www.example.com"), "example.com");
        assert_eq!(registrable("a.b.example"), "b.example");
        assert_eq!(registrable("co.uk"), "co.uk");
        assert_eq!(registrable("localhost"), "localhost");
        assert_eq!(registrable("192.0.2.1"), "192.0.2.1");
        assert_eq!(registrable("2001:db8::1"), "2001:db8::1");
        assert_eq!(registrable(""), "");
    }

    #[test]
    fn known_suffixes() {
        for host in ["example.com", "a.example.co.uk", "x.example"] {
            assert!(has_known_suffix(host), "{host}");
        }
        for host in ["main.cpp", "com", "x.y.nosuchtld", "1.2.3.4", ""] {
            assert!(!has_known_suffix(host), "{host}");
        }
    }

    #[test]
    fn valid_names() {
        assert!(is_valid("a-b.example.com") && is_valid("_dmarc.example.com"));
        for host in
            ["", "localhost", "a..b", ".a.b", "a b.example", &format!("{}.example", "a".repeat(64)), "é.example"]
        {
            assert!(!is_valid(host), "{host}");
        }
    }

    #[test]
    fn host_names_become_lower_case_ascii() {
        assert_eq!(ascii("Mail.Example.COM.").as_deref(), Some("mail.example.com"));
        assert_eq!(ascii("bücher.example").as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(ascii("foo_bar.example").as_deref(), Some("foo_bar.example"));
        for wrong in ["", ".", "a..example", "two words.example", "a/b.example", "a@b.example"] {
            assert_eq!(ascii(wrong), None, "{wrong}");
            assert_eq!(normal(wrong), wrong.trim_end_matches('.'), "and what is none stays");
        }
    }

    #[test]
    fn names_as_senders_give_them() {
        assert_eq!(normal("WWW.Example.COM."), "www.example.com");
        assert_eq!(normal("bücher.example"), "xn--bcher-kva.example");
        assert_eq!(normal("ｅｘａｍｐｌｅ.com"), "example.com");
        assert!(matches!(normal("example.com"), Cow::Borrowed(_)));
    }

    #[test]
    fn look_alikes_and_honest_names() {
        for host in ["аpple.example", "аррӏе.example", "gооgle.com", "pαypal.example"] {
            let name = normal(host);
            assert!(is_punycode(&name), "{host} {name}");
            assert!(is_look_alike(&name), "{host}");
        }
        for host in
            ["bücher.example", "пример.example", "例え.example", "日本ticket.example", "sıfır.example", "apple.example"]
        {
            assert!(!is_look_alike(&normal(host)), "{host}");
        }
        assert!(!is_look_alike("xn--zzzzzzzzzzzz.example"), "punycode that is none");
    }

    #[test]
    fn addresses_in_every_notation() {
        let four = "192.0.2.33".parse::<IpAddr>().unwrap();
        for host in [
            "192.0.2.33",
            "0xc0.0.2.33",
            "0300.0.02.041",
            "3221226017",
            "0xC0000221",
            "192.545",
            "192.0.545",
            "192.0.2.33.",
        ] {
            assert_eq!(ip(host), Some(four), "{host}");
        }
        assert_eq!(ip("[2001:db8::1]"), "2001:db8::1".parse().ok());
        for host in [
            "",
            "1.2.3.4.5",
            "256.0.0.1",
            "4294967296",
            "1.2.3.x",
            "example.com",
            "1..2",
            "0x",
            "08.0.0.1",
            "[::x]",
            "1.2.3.256",
        ] {
            let expected = (host == "0x").then(|| IpAddr::from([0, 0, 0, 0]));
            assert_eq!(ip(host), expected, "{host}");
        }
    }

    #[test]
    fn private_addresses() {
        for ip in
            ["10.1.2.3", "127.0.0.1", "169.254.1.1", "100.64.0.1", "::1", "fd00::1", "fe80::1", "::ffff:192.168.0.1"]
        {
            assert!(is_private(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["192.0.2.1", "100.128.0.1", "172.32.0.1", "2001:db8::1"] {
            assert!(!is_private(ip.parse().unwrap()), "{ip}");
        }
    }
}

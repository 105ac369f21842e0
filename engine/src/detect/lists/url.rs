//! URLs in one form, so that a list's entry and a link can be compared byte by byte. Takes text, gives text.
//!
//! The form is `host[:port]/path[?query]`: the host in lower case and ASCII, no scheme, no user name, no fragment; a
//! port only where it is not that of http or https; the path with `.` and `..` resolved, and `%41` as `A` where the
//! letter needs no escape (RFC 3986, section 6.2.2). These are the differences that a server does not see.

use crate::facts::Link;
use crate::text::host;

/// The normal form of a URL as a person writes it, with or without `https://`.
pub(super) fn normal(written: &str) -> Option<String> {
    let (scheme, rest) = match written.split_once("://") {
        Some((scheme, rest)) if is_web(scheme) => (true, rest),
        Some(_) => return None,
        None => (false, written),
    };
    let at = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(at)?;
    let authority = match authority.rsplit_once('@') {
        Some((_user, rest)) if scheme => rest,
        // Without a scheme it is a mail address.
        Some(_) => return None,
        None => authority,
    };
    let (name, port) = match authority.rsplit_once(':') {
        Some((name, port)) if !name.ends_with(':') && !port.ends_with(']') => (name, port.parse::<u32>().ok()?),
        _ => (authority, 0),
    };
    let rest = rest.split('#').next().unwrap_or_default();
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    Some(join(&literal_or_name(name)?, port, path, query))
}

/// The normal forms of a link: with its port, where it has an unusual one, and without, since an entry without a port
/// covers every port.
pub(super) fn of_link(link: &Link) -> (String, Option<String>) {
    let bare_v6 = link.host.contains(':') && !link.host.starts_with('[');
    let host = if bare_v6 { format!("[{}]", link.host) } else { link.host.clone() };
    let without = join(&host, 0, &link.path, &link.query);
    let with = (!matches!(link.port, 0 | 80 | 443)).then(|| join(&host, link.port, &link.path, &link.query));
    (without, with)
}

/// The host of a URL in its normal form.
pub(super) fn host(normal: &str) -> &str {
    let authority = normal.split('/').next().unwrap_or_default();
    match authority.rsplit_once(':') {
        Some((host, _)) if !authority.ends_with(']') => host,
        _ => authority,
    }
}

/// Whether an entry of `length` bytes that `url` begins with covers it: `/a` covers `/a`, `/a/b` and `/a?x`, and not
/// `/about`.
pub(super) fn ends_well(url: &[u8], length: usize) -> bool {
    let end = |byte: Option<&u8>| matches!(byte, None | Some(b'/' | b'?' | b'&'));
    end(url.get(length)) || length.checked_sub(1).is_some_and(|last| end(url.get(last)))
}

/// Every length for which that is so, in order.
pub(super) fn ends(url: &[u8]) -> impl Iterator<Item = usize> {
    let mut last = None;
    memchr::memchr3_iter(b'/', b'?', b'&', url)
        .flat_map(|at| [at, at.saturating_add(1)])
        .chain([url.len()])
        .filter(move |end| last.replace(*end).is_none_or(|last| last < *end))
}

fn is_web(scheme: &str) -> bool {
    ["http", "https", "ftp", "hxxp", "hxxps"].iter().any(|known| scheme.eq_ignore_ascii_case(known))
}

/// A host name in ASCII, or an IP address; one of IPv6 stands in brackets, as in a link.
fn literal_or_name(name: &str) -> Option<String> {
    match name.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(literal) => literal.parse::<std::net::Ipv6Addr>().ok().map(|address| format!("[{address}]")),
        None => host::ascii(name).filter(|name| name.contains('.')),
    }
}

fn join(host: &str, port: u32, path: &str, query: &str) -> String {
    let mut out = String::with_capacity(host.len() + path.len() + query.len() + 2);
    out.push_str(host);
    if !matches!(port, 0 | 80 | 443) {
        out.push_str(&format!(":{port}"));
    }
    out.push_str(&resolved(&unescaped(path)));
    if !query.is_empty() {
        out.push('?');
        out.push_str(&unescaped(query));
    }
    out
}

/// The path without `.` and `..`, beginning with a slash; browsers take a backslash for one.
fn resolved(path: &str) -> String {
    let path = path.replace('\\', "/");
    let mut segments: Vec<&str> = Vec::new();
    let mut open = false;
    for segment in path.strip_prefix('/').unwrap_or(&path).split('/') {
        open = true;
        match segment {
            "." => {}
            ".." => {
                segments.pop();
            }
            _ => {
                segments.push(segment);
                open = false;
            }
        }
    }
    let mut out = String::with_capacity(path.len() + 1);
    for segment in &segments {
        out.push('/');
        out.push_str(segment);
    }
    // `/a/..` and `/a/.` stand for a folder, and keep its slash.
    if open {
        out.push('/');
    }
    out
}

/// Escapes of letters that need none undone, and the others in upper case.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        out.push_str(before);
        let digits = after.split_at_checked(2);
        rest = match digits.and_then(|(hex, tail)| Some((u8::from_str_radix(hex, 16).ok()?, hex, tail))) {
            Some((byte, _, tail)) if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) => {
                out.push(char::from(byte));
                tail
            }
            Some((_, hex, tail)) => {
                out.push('%');
                out.push_str(&hex.to_ascii_uppercase());
                tail
            }
            None => {
                out.push('%');
                after
            }
        };
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_ends_are_those_that_end_well() {
        for url in ["", "/", "a.example", "a.example/", "a.example/b/?c=d&e&&f/", "//", "?&/a"] {
            let plain: Vec<usize> = (0..=url.len()).filter(|end| ends_well(url.as_bytes(), *end)).collect();
            assert_eq!(ends(url.as_bytes()).collect::<Vec<_>>(), plain, "{url}");
        }
    }

    #[test]
    fn what_a_server_does_not_see_is_taken_out() {
        for (written, form) in [
            ("https://Example.COM", "example.com/"),
            ("example.com/", "example.com/"),
            ("http://user:pass@example.com:80/a#part", "example.com/a"),
            ("example.com:8080/a?b=c", "example.com:8080/a?b=c"),
            ("example.com/%7ejoe/%41%2f%c3", "example.com/~joe/A%2F%C3"),
            ("example.com/a/./b/../c", "example.com/a/c"),
            ("example.com/a/..", "example.com/"),
            ("example.com/../../a/.", "example.com/a/"),
            ("example.com\\a", "example.com/a"),
            ("example.com/100%", "example.com/100%"),
            ("example.com/%4", "example.com/%4"),
            ("bücher.example/é", "xn--bcher-kva.example/é"),
            ("http://192.0.2.1/x", "192.0.2.1/x"),
            ("http://[2001:db8::0]:81/x", "[2001:db8::]:81/x"),
            ("hxxp://example.com/x", "example.com/x"),
        ] {
            // A backslash ends the host only in a link, where the facts have split it already.
            let written = written.replace('\\', "/");
            assert_eq!(normal(&written).as_deref(), Some(form), "{written}");
        }
        for wrong in ["", "/path", "mailto:a@b.example", "foo://example.com", "word", "example.com:port/x"] {
            assert_eq!(normal(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_link_takes_the_same_form() {
        let link = |host: &str, port, path: &str, query: &str| Link {
            host: host.into(),
            port,
            path: path.into(),
            query: query.into(),
            ..Link::default()
        };
        assert_eq!(of_link(&link("example.com", 0, "", "")), ("example.com/".into(), None));
        assert_eq!(of_link(&link("example.com", 443, "/a\\b", "q=1")), ("example.com/a/b?q=1".into(), None));
        assert_eq!(
            of_link(&link("example.com", 81, "/%61", "")),
            ("example.com/a".into(), Some("example.com:81/a".into()))
        );
    }

    #[test]
    fn hosts_of_normal_forms() {
        for (form, name) in [("a.example/x:y", "a.example"), ("a.example:81/", "a.example"), ("[::1]/", "[::1]")] {
            assert_eq!(host(form), name);
        }
    }
}

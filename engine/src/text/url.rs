//! Addresses of web pages and the like, taken apart the way browsers and mail programs do and not the way a standard
//! does: backslashes for slashes, line breaks inside, slashes missing, hosts in any notation.
//!
//! Takes text, gives the pieces; never fails: what is not there is empty.

use std::borrow::Cow;

use super::host;

/// An address, taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Url {
    /// In lower case; empty where none is written.
    pub(crate) scheme: String,
    /// Whether a user name stands before the host.
    pub(crate) has_user: bool,
    /// In lower case and ASCII; an IP address in its usual notation, without brackets; empty where there is none.
    pub(crate) host: String,
    /// Whether the host is an IP address.
    pub(crate) is_ip: bool,
    /// 0 where none is written.
    pub(crate) port: u32,
    /// With its first slash; for addresses without a host, what follows the scheme, and of `data:` only the type.
    pub(crate) path: String,
    /// Without `?`.
    pub(crate) query: String,
}

impl Url {
    /// Takes an address apart.
    pub(crate) fn split(written: &str) -> Url {
        let clean = clean(written);
        let (scheme, rest) = scheme(&clean);
        let scheme = scheme.to_ascii_lowercase();
        if is_web(&scheme) || (scheme.is_empty() && leads_with_slashes(rest)) {
            return with_host(scheme, rest.trim_start_matches(['/', '\\']));
        }
        match scheme.as_str() {
            "" => {
                // `www.example.com/path` in a link: browsers take it for a file, mail programs for a host.
                let url = with_host(scheme, rest);
                if host::is_valid(&url.host) && host::has_known_suffix(&url.host) {
                    return url;
                }
                let (path, query) = path_and_query(rest);
                Url { path: path.to_owned(), query: query.to_owned(), ..Url::default() }
            }
            "mailto" => {
                let (path, query) = path_and_query(rest);
                let host = path.rsplit_once('@').map(|(_, host)| host).unwrap_or_default();
                let host = normal_host(host.split([',', ';']).next().unwrap_or_default()).0;
                Url { scheme, host, path: path.to_owned(), query: query.to_owned(), ..Url::default() }
            }
            "data" => {
                let kind = rest.split(',').next().unwrap_or_default();
                Url { scheme, path: kind.to_owned(), ..Url::default() }
            }
            _ if leads_with_slashes(rest) => with_host(scheme, rest.trim_start_matches(['/', '\\'])),
            _ => Url { scheme, path: rest.to_owned(), ..Url::default() },
        }
    }
}

/// Browsers drop blanks and controls at both ends, and tabs and line breaks anywhere.
fn clean(written: &str) -> Cow<'_, str> {
    let trimmed = written.trim_matches(|c: char| c <= ' ');
    if trimmed.bytes().any(|byte| matches!(byte, b'\t' | b'\r' | b'\n')) {
        Cow::Owned(trimmed.chars().filter(|c| !matches!(c, '\t' | '\r' | '\n')).collect())
    } else {
        Cow::Borrowed(trimmed)
    }
}

/// The scheme, and what follows its colon.
fn scheme(address: &str) -> (&str, &str) {
    let end = address
        .bytes()
        .position(|byte| !(byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.')))
        .filter(|end| *end > 0)
        .and_then(|end| address.split_at_checked(end));
    let Some((scheme, rest)) = end else { return ("", address) };
    let starts = scheme.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    let Some(rest) = rest.strip_prefix(':').filter(|_| starts) else { return ("", address) };
    // `example.com:8080/x` is a host with a port.
    let port = rest.bytes().take_while(u8::is_ascii_digit).count();
    let ends = rest.get(port..).unwrap_or_default();
    if scheme.contains('.') && port > 0 && (ends.is_empty() || ends.starts_with(['/', '?', '#'])) {
        return ("", address);
    }
    (scheme, rest)
}

/// Schemes after which any number of slashes leads to a host.
fn is_web(scheme: &str) -> bool {
    matches!(scheme, "http" | "https" | "ftp" | "ws" | "wss")
}

fn leads_with_slashes(rest: &str) -> bool {
    let mut start = rest.bytes();
    matches!((start.next(), start.next()), (Some(b'/' | b'\\'), Some(b'/' | b'\\')))
}

/// Host, path and query, of an address whose slashes before the host are gone.
fn with_host(scheme: String, rest: &str) -> Url {
    let end = rest.find(['/', '\\', '?', '#']).unwrap_or(rest.len());
    let (authority, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
    let (has_user, host_port) = match authority.rsplit_once('@') {
        Some((_, host_port)) => (true, host_port),
        None => (false, authority),
    };
    let (name, port) = match host_port.rsplit_once(':') {
        // The colons of an IPv6 address stand in brackets.
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) && !port.contains(']') => {
            (name, port.parse::<u32>().unwrap_or(0))
        }
        _ => (host_port, 0),
    };
    let (host, is_ip) = normal_host(name);
    let (path, query) = path_and_query(after);
    Url { scheme, has_user, host, is_ip, port, path: path.to_owned(), query: query.to_owned() }
}

fn path_and_query(rest: &str) -> (&str, &str) {
    let rest = rest.split('#').next().unwrap_or_default();
    rest.split_once('?').unwrap_or((rest, ""))
}

/// The host as it is compared, and whether it is an IP address.
fn normal_host(written: &str) -> (String, bool) {
    let decoded = percent_decoded(written);
    let name = host::normal(&decoded);
    match host::ip(&name) {
        Some(ip) => (ip.to_string(), true),
        None => (name.into_owned(), false),
    }
}

fn percent_decoded(text: &str) -> Cow<'_, str> {
    if !text.contains('%') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let escaped = after.split_at_checked(2).filter(|_| byte == b'%').and_then(|(digits, after)| {
            let digits = std::str::from_utf8(digits).ok()?;
            let valid = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
            Some((u8::from_str_radix(digits, 16).ok().filter(|_| valid)?, after))
        });
        match escaped {
            Some((byte, after)) => {
                out.push(byte);
                rest = after;
            }
            None => out.push(byte),
        }
    }
    Cow::Owned(String::from_utf8_lossy(&out).into_owned())
}

#[cfg(test)]
mod tests {
    use super::Url;

    /// Scheme, host, port, path, query; flags `u` (user name) and `i` (IP address).
    fn split(written: &str) -> (String, String, u32, String, String, String) {
        let url = Url::split(written);
        let flags = format!("{}{}", if url.has_user { "u" } else { "" }, if url.is_ip { "i" } else { "" });
        (url.scheme, url.host, url.port, url.path, url.query, flags)
    }

    fn parts(
        scheme: &str,
        host: &str,
        port: u32,
        path: &str,
        query: &str,
        flags: &str,
    ) -> (String, String, u32, String, String, String) {
        (scheme.into(), host.into(), port, path.into(), query.into(), flags.into())
    }

    #[test]
    fn plain_addresses() {
        assert_eq!(split("http://www.example.com/a/b?c=d#e"), parts("http", "www.example.com", 0, "/a/b", "c=d", ""));
        assert_eq!(split("HTTPS://Example.COM:8443"), parts("https", "example.com", 8443, "", "", ""));
        assert_eq!(split("ftp://user:word@example.com/x"), parts("ftp", "example.com", 0, "/x", "", "u"));
        assert_eq!(split("www.example.com/x"), parts("", "www.example.com", 0, "/x", "", ""));
        assert_eq!(split("example.com:8080/x"), parts("", "example.com", 8080, "/x", "", ""));
        assert_eq!(split("//example.com/x"), parts("", "example.com", 0, "/x", "", ""));
        assert_eq!(
            split("mailto:Someone@Example.com?subject=x"),
            parts("mailto", "example.com", 0, "Someone@Example.com", "subject=x", "")
        );
    }

    #[test]
    fn addresses_without_a_host() {
        assert_eq!(split(""), parts("", "", 0, "", "", ""));
        assert_eq!(split("image.png"), parts("", "", 0, "image.png", "", ""));
        assert_eq!(split("/a/b?c"), parts("", "", 0, "/a/b", "c", ""));
        assert_eq!(split("#top"), parts("", "", 0, "", "", ""));
        assert_eq!(split("javascript:alert(1)//x"), parts("javascript", "", 0, "alert(1)//x", "", ""));
        assert_eq!(split("data:text/html;base64,PGI+"), parts("data", "", 0, "text/html;base64", "", ""));
        assert_eq!(split("cid:a@example.com"), parts("cid", "", 0, "a@example.com", "", ""));
    }

    #[test]
    fn what_browsers_repair() {
        for written in [
            "http:\\\\example.com\\x",
            "http:/example.com/x",
            "http:example.com/x",
            "http:////example.com/x",
            " \u{1}http://exa\r\n\tmple.com/x ",
            "hTTp://EXAMPLE.com./x",
            "http://ex%61mple%2ecom/x",
            "http://ｅｘａｍｐｌｅ。com/x",
            "http://\\example.com/x",
        ] {
            let url = Url::split(written);
            assert_eq!((url.scheme.as_str(), url.host.as_str()), ("http", "example.com"), "{written:?}");
            assert!(matches!(url.path.as_str(), "/x" | "\\x"), "{written:?} {}", url.path);
        }
    }

    #[test]
    fn the_host_is_after_the_last_at_sign() {
        assert_eq!(split("http://www.example.com@203.0.113.7/"), parts("http", "203.0.113.7", 0, "/", "", "ui"));
        assert_eq!(split("http://a@b@example.net"), parts("http", "example.net", 0, "", "", "u"));
        assert_eq!(
            split("http://example.com\\@example.net/"),
            parts("http", "example.com", 0, "\\@example.net/", "", "")
        );
        assert_eq!(split("http://example.com/@example.net"), parts("http", "example.com", 0, "/@example.net", "", ""));
    }

    #[test]
    fn addresses_as_numbers() {
        assert_eq!(split("http://0xcb.0.0x71.7/x"), parts("http", "203.0.113.7", 0, "/x", "", "i"));
        assert_eq!(split("http://3405803783:81/"), parts("http", "203.0.113.7", 81, "/", "", "i"));
        assert_eq!(split("http://[2001:DB8::1]:80/"), parts("http", "2001:db8::1", 80, "/", "", "i"));
        assert_eq!(split("http://203.0.113.7.example.com/"), parts("http", "203.0.113.7.example.com", 0, "/", "", ""));
    }
}

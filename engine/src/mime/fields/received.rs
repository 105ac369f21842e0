//! Received fields (RFC 5321, section 4.4), as mail servers really write them.

use std::net::IpAddr;

use super::date;
use super::text::shown;
use crate::text::window::front;

/// Longest field that is taken apart, in bytes.
const FIELD_BYTES: usize = 4 << 10;

/// What a Received field says (RFC 5321, section 4.4); empty where it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// The name after `from`: what the client said in HELO.
    pub(crate) helo: String,
    /// The client's name as the server looked it up.
    pub(crate) name: String,
    /// The client's address.
    pub(crate) ip: Option<IpAddr>,
    /// The server after `by`.
    pub(crate) by: String,
    /// The protocol after `with`, in upper case.
    pub(crate) with: String,
    /// When, in seconds since 1970-01-01 UTC.
    pub(crate) time: Option<i64>,
}

/// What a Received field says.
pub(crate) fn received(value: &[u8]) -> Received {
    let value = shown(front(value, FIELD_BYTES));
    let (said, when) = value.rsplit_once(';').unwrap_or((&value, ""));
    let mut it = Received { time: date(when.as_bytes()).map(|(seconds, _)| seconds), ..Received::default() };
    // Words outside of comments, and the comments right behind `from NAME`: qmail writes two.
    let mut comment = String::new();
    let mut keyword = "";
    let mut rest = said.trim();
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('(') {
            let (content, after) = comment_end(inside);
            if keyword == "from-said" {
                comment.push_str(content);
                comment.push(' ');
            }
            rest = after.trim_start();
            continue;
        }
        let end = memchr::memchr3(b' ', b'\t', b'(', rest.as_bytes()).unwrap_or(rest.len());
        let (word, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        rest = after.trim_start();
        let is = |name: &str| word.eq_ignore_ascii_case(name);
        let host = || word.trim_end_matches('.').to_ascii_lowercase();
        keyword = match keyword {
            "" if it.helo.is_empty() && it.by.is_empty() && is("from") => "from",
            _ if it.by.is_empty() && is("by") => "by",
            _ if it.with.is_empty() && is("with") => "with",
            "from" => {
                it.helo = host();
                "from-said"
            }
            "by" => {
                it.by = host();
                ""
            }
            "with" => {
                it.with = word.to_ascii_uppercase();
                ""
            }
            _ => "",
        };
    }
    client(&comment, &mut it);
    if it.ip.is_none() {
        it.ip = literal(&it.helo);
    }
    it
}

/// The content of a comment, nested ones included, and what follows it.
fn comment_end(inside: &str) -> (&str, &str) {
    let mut depth = 1usize;
    for at in memchr::memchr2_iter(b'(', b')', inside.as_bytes()) {
        depth =
            if inside.as_bytes().get(at) == Some(&b'(') { depth.saturating_add(1) } else { depth.saturating_sub(1) };
        if depth == 0 {
            return (inside.get(..at).unwrap_or_default(), inside.get(at + 1..).unwrap_or_default());
        }
    }
    (inside, "")
}

/// `name [1.2.3.4]`, `[1.2.3.4] helo=name`, `HELO name` and the like: the comments in which a server says whom it saw.
fn client(comment: &str, it: &mut Received) {
    let mut said = false;
    for word in comment.split([' ', '\t', ',', '(', ')']) {
        if it.ip.is_none()
            && let Some(ip) = literal(word.rsplit('@').next().unwrap_or(word))
        {
            it.ip = Some(ip);
            continue;
        }
        if std::mem::take(&mut said) && !word.is_empty() {
            claims(word, it);
            continue;
        }
        let greets = word.get(..4).is_some_and(|head| ["helo", "ehlo"].iter().any(|it| head.eq_ignore_ascii_case(it)));
        match word.get(4..).filter(|_| greets) {
            Some("") => said = true,
            Some(claim) if claim.starts_with('=') => claims(claim.get(1..).unwrap_or_default(), it),
            _ if it.name.is_empty() && is_host(word) => it.name = word.trim_end_matches('.').to_ascii_lowercase(),
            _ => {}
        }
    }
}

/// Exim and qmail put the verified name outside and the claimed one inside; `unknown` is qmail's for none.
fn claims(helo: &str, it: &mut Received) {
    let outside = std::mem::replace(&mut it.helo, helo.trim_matches(['[', ']']).to_ascii_lowercase());
    it.ip = it.ip.or_else(|| literal(&outside));
    let is_name = literal(&outside).is_none() && outside != "unknown";
    it.name = if is_name { outside } else { String::new() };
}

fn is_host(word: &str) -> bool {
    word.contains('.')
        && !word.starts_with('.')
        && word.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'))
        && word.bytes().any(|byte| byte.is_ascii_alphabetic())
}

/// An address literal: `[192.0.2.1]`, `[IPv6:2001:db8::1]`, `192.0.2.1`.
fn literal(word: &str) -> Option<IpAddr> {
    let word = word.trim_matches(['[', ']']);
    let word = if word.get(..5).is_some_and(|head| head.eq_ignore_ascii_case("ipv6:")) { word.get(5..)? } else { word };
    let word = word.split([']', ':']).next().filter(|head| head.contains('.')).unwrap_or(word);
    // Most words are none, which their first letter tells.
    let may_be = word.starts_with(|first: char| first.is_ascii_hexdigit() || first == ':');
    may_be.then(|| word.parse::<IpAddr>().ok()).flatten().map(|ip| ip.to_canonical())
}

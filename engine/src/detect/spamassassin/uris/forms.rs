//! The forms of an address: as written, and every way in which it could be followed. Takes an address, gives addresses.

use std::borrow::Cow;

use aho_corasick::AhoCorasick;

use super::super::domains;
use super::super::pattern::Pattern;
use super::super::settings::Settings;

/// Most addresses that one leads on to.
const MOST_STEPS: usize = 20;

/// Patterns of addresses that lead on to the address in their first group.
#[derive(Debug, Default)]
pub(in super::super) struct Redirectors {
    patterns: Vec<Pattern>,
    /// Looks for the literals of all; none where a pattern has none.
    literals: Option<AhoCorasick>,
}

impl Redirectors {
    pub(in super::super) fn new(patterns: Vec<Pattern>) -> Redirectors {
        let all: Option<Vec<&Vec<Vec<u8>>>> = patterns.iter().map(|pattern| pattern.literals.as_ref()).collect();
        let literals = all.and_then(|all| {
            let mut builder = AhoCorasick::builder();
            builder.ascii_case_insensitive(true).build(all.into_iter().flatten()).ok()
        });
        Redirectors { patterns, literals }
    }

    /// Where an address leads on to. One search says that it does not, which is how it is with nearly all.
    fn target<'u>(&self, uri: &'u str) -> Option<&'u str> {
        if self.literals.as_ref().is_some_and(|literals| !literals.is_match(uri)) {
            return None;
        }
        let lower = uri.to_ascii_lowercase();
        self.patterns.iter().filter(|pattern| pattern.may_be_in(lower.as_bytes())).find_map(|pattern| {
            let groups = pattern.groups(uri.as_bytes())?;
            let (start, end) = groups.get(1).copied().flatten()?;
            uri.get(start..end).filter(|it| it.contains('.'))
        })
    }
}

fn escape_at(text: &[u8], at: usize) -> Option<u8> {
    if text.get(at) != Some(&b'%') {
        return None;
    }
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(at + 1)? * 16 + digit(at + 2)?).ok()
}

pub(super) fn has_escape(text: &str) -> bool {
    memchr::memchr_iter(b'%', text.as_bytes()).any(|at| escape_at(text.as_bytes(), at).is_some())
}

/// An address with the escapes undone that no character needs, and those made that one does.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        match escape_at(bytes, at) {
            Some(code) => {
                match code {
                    0x21..=0x7E => out.push(code),
                    _ => out.extend_from_slice(bytes.get(at..at + 3).unwrap_or_default()),
                }
                at += 3;
            }
            None => {
                match byte {
                    0..=32 | 127..=255 | b'"' | b'%' | b'<' | b'>' => {
                        out.extend_from_slice(format!("%{byte:02x}").as_bytes())
                    }
                    _ => out.push(*byte),
                }
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// An address as written, and every way in which it could be followed.
pub(super) fn canonical(uri: &str, settings: &Settings, redirectors: &Redirectors) -> Vec<String> {
    let mut todo = vec![uri.to_owned()];
    let mut found: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(mut uri) = todo.get_mut(at).map(std::mem::take) {
        at += 1;
        if memchr::memchr2(b'\n', b'\r', uri.as_bytes()).is_some() {
            uri.retain(|it| !matches!(it, '\n' | '\r'));
        }
        let trimmed = uri.trim_matches(|it: char| it.is_ascii_whitespace() || it == '\u{0B}');
        if trimmed.len() < uri.len() {
            uri = trimmed.to_owned();
        }
        let leads_nowhere = match uri.as_bytes() {
            [] | [_] | [b'#' | b'?' | b'&', ..] => true,
            [b'/', second, ..] => *second != b'/',
            _ => false,
        };
        if !leads_nowhere {
            variants(&uri, settings, redirectors, &mut found, &mut todo);
        }
        if let Some(slot) = todo.get_mut(at - 1) {
            *slot = uri;
        }
        if !leads_nowhere && todo.len() > MOST_STEPS {
            break;
        }
    }
    if found.is_empty() && todo.len() == 1 {
        return todo;
    }
    // Each once, as written first. They are few.
    let mut all: Vec<String> = Vec::with_capacity(todo.len() + found.len());
    for uri in todo.into_iter().chain(found) {
        if !all.contains(&uri) {
            all.push(uri);
        }
    }
    all
}

fn variants(
    uri: &str,
    settings: &Settings,
    redirectors: &Redirectors,
    found: &mut Vec<String>,
    todo: &mut Vec<String>,
) {
    let is_mail = starts(uri, "mailto:");
    let colon = memchr::memchr(b':', uri.as_bytes()).unwrap_or(uri.len());
    if is_mail || memchr::memchr(b'@', uri.as_bytes()).is_some_and(|at| at < colon) {
        if let Some((local, host)) = uri.split_once('@') {
            for end in [&['?'][..], &['?', '&'][..]] {
                let stop = if end.len() == 1 { '?' } else { '&' };
                let length = host.find(end).filter(|at| host.get(*at..).is_some_and(|it| it.starts_with(stop)));
                if let Some(length) = length.filter(|length| *length > 0) {
                    found.push(format!("{local}@{}", host.get(..length).unwrap_or_default()));
                }
            }
            if uri.contains("%20") {
                let bare = if is_mail { uri.get(7..).unwrap_or_default() } else { uri };
                let bare = bare.trim_start_matches("%20");
                let end = bare.find('@').and_then(|at| bare.get(at..)?.find(['?', '&', '%']).map(|length| at + length));
                let address = bare.get(..end.unwrap_or(bare.len())).unwrap_or_default();
                found.push(format!("mailto:{address}"));
            }
            if let Some((_, inside)) = uri.split_once('<')
                && let Some((address, _)) = inside.split_once('>')
                && address.contains('@')
            {
                found.push(format!("mailto:{address}"));
            }
        }
        return;
    }
    let has_backslash = memchr::memchr(b'\\', uri.as_bytes()).is_some();
    let mut new = if has_backslash { Cow::Owned(uri.replace('\\', "/")) } else { Cow::Borrowed(uri) };
    if let Some(scheme) = ["https:", "http:"].into_iter().find(|scheme| starts(uri, scheme)) {
        // Two slashes behind it, however many of them are there.
        let slashes = new.bytes().skip(scheme.len()).take(2).take_while(|byte| *byte == b'/').count();
        if slashes < 2 {
            new.to_mut().insert_str(scheme.len(), "//".get(slashes..).unwrap_or_default());
        }
    }
    if has_escape(&new) {
        new = Cow::Owned(decoded(&new));
    }
    let scheme = new.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    if scheme == 0 || new.as_bytes().get(scheme) != Some(&b':') {
        let scheme = if new.starts_with("ftp.") { "ftp://" } else { "http://" };
        new = Cow::Owned([scheme, &new].concat());
    }
    if let Some((start, host_end)) = authority(&new)
        && host_end > start
        && matches!(new.as_bytes().get(host_end), Some(b'?' | b'#'))
    {
        new.to_mut().insert(host_end, '/');
    }
    if memchr::memchr(b'&', new.as_bytes()).is_some() && new.contains("&#") {
        new = Cow::Owned(without_references(&new));
    }
    if new != uri {
        found.push(new.clone().into_owned());
    }
    let Some((start, host_end)) = authority(&new) else { return };
    let scheme = new.get(..start).unwrap_or_default();
    let whole = new.get(start..host_end).unwrap_or_default();
    let (auth, host_port) = whole.split_once('@').map_or((None, whole), |(auth, rest)| (Some(auth), rest));
    let (host, port) = host_port.split_once(':').unwrap_or((host_port, ""));
    if host.is_empty() {
        return;
    }
    let path = new.get(host_end..).unwrap_or_default();
    // The port, and the path.
    let rest = new.get(host_end - host_port.len() + host.len()..).unwrap_or_default();
    let mut host = Cow::Borrowed(host);
    let with = |host: &str, rest: &str| [scheme, host, rest].concat();
    let digits = port.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, behind) = port.split_at(digits);
    let is_plain = scheme.eq_ignore_ascii_case("http://");
    if digits == if is_plain { "80" } else { "443" } {
        found.push(with(&host, &[behind, path].concat()));
    }
    let named = domains::ascii(&host).into_owned();
    if !named.eq_ignore_ascii_case(&host) {
        found.push(with(&named, rest));
        host = Cow::Owned(named.clone());
    }
    if host.contains(|it: char| it <= ' ') {
        host.to_mut().retain(|it| it > ' ');
        found.push(with(&host, rest));
    }
    let has_auth = auth.is_some();
    let whole = if has_auth || matches!(host, Cow::Owned(_)) { &with(&host, rest) } else { new.as_ref() };
    if let Some(target) = redirectors.target(whole) {
        todo.push(target.to_owned());
    } else if let Some(at) = within(rest) {
        let target = rest.get(at..).unwrap_or_default();
        let target = target.split(['&', '#']).next().unwrap_or_default();
        let behind = target.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches('/');
        if !behind.is_empty() && target.contains('.') {
            todo.push(target.to_owned());
        }
    }
    let trimmed = host.trim_end_matches(|it: char| !it.is_ascii_alphanumeric()).len();
    if trimmed < host.len() {
        host.to_mut().truncate(trimmed);
        found.push(with(&host, rest));
    }
    if let Some(address) = address_of(&host) {
        found.push(with(&address, rest));
    } else if is_plain && !has_auth && matches!(digits, "" | "80") && named != "localhost" {
        let label = named.strip_prefix("www.").unwrap_or(&named);
        if !label.is_empty()
            && !label.contains('.')
            && !settings.is_domain(&named)
            && !host.bytes().all(|byte| byte.is_ascii_digit())
        {
            found.push(with(&["www.", label, ".com"].concat(), rest));
        }
    }
}

fn starts(text: &str, word: &str) -> bool {
    text.as_bytes().get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word.as_bytes()))
}

/// Where an address begins that another leads on to.
fn within(rest: &str) -> Option<usize> {
    let mut colons = memchr::memchr_iter(b':', rest.as_bytes());
    colons.find_map(|colon| {
        let before = rest.get(..colon).unwrap_or_default();
        ["https", "http"].into_iter().find_map(|word| {
            let at = colon.checked_sub(word.len())?;
            before.get(at..).filter(|it| it.eq_ignore_ascii_case(word)).map(|_| at)
        })
    })
}

/// Where the host of an address of the web starts, with user name and port, and where it ends.
fn authority(uri: &str) -> Option<(usize, usize)> {
    let start = if starts(uri, "http://") {
        7
    } else if starts(uri, "https://") {
        8
    } else {
        return None;
    };
    let ends = |byte: &u8| matches!(byte, b'/' | b'?' | b'#');
    let length = uri.get(start..)?.bytes().take_while(|byte| !ends(byte)).count();
    Some((start, start + length))
}

/// An address that is written as numbers: `0x7f.1.2.3`, `2130706433`.
fn address_of(host: &str) -> Option<String> {
    let number = |text: &str| {
        let lower = text.to_ascii_lowercase();
        if let Some(hex) = lower.strip_prefix("0x") {
            return u64::from_str_radix(hex.get(hex.len().saturating_sub(8)..)?, 16).ok();
        }
        if lower.is_empty() || !lower.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let octal = lower.len() > 1
            && lower.starts_with('0')
            && lower.bytes().all(|byte| byte < b'8')
            && lower.trim_start_matches('0').len() <= 3;
        u64::from_str_radix(&lower, if octal { 8 } else { 10 }).ok()
    };
    if !host.starts_with(|it: char| it.is_ascii_digit()) {
        return None;
    }
    let parts: Vec<&str> = host.split('.').collect();
    match parts.as_slice() {
        [one] => {
            let value = number(one)?;
            let value = u32::try_from(value & 0xFFFF_FFFF).ok()?;
            Some(std::net::Ipv4Addr::from(value).to_string())
        }
        [_, _, _, _] => {
            let octets: Option<Vec<String>> = parts.iter().map(|part| number(part).map(|it| it.to_string())).collect();
            octets.map(|octets| octets.join("."))
        }
        _ => None,
    }
}

/// Character references of printable ASCII undone, and of the dots of other scripts.
fn without_references(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("&#") {
        out.push_str(before);
        let code = after.split_once(';').and_then(|(digits, _)| {
            let value = match digits.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => digits.parse().ok()?,
            };
            let it = match value {
                12_290 | 0xFF0E | 0xFF61 => '.',
                0x21..=0x7E => char::from_u32(value)?,
                _ => return None,
            };
            Some((it, digits.len() + 1))
        });
        match code {
            Some((it, used)) => {
                out.push(it);
                rest = after.get(used..).unwrap_or_default();
            }
            None => {
                out.push_str("&#");
                rest = after;
            }
        }
    }
    out.push_str(rest);
    out
}

//! The addresses that a message names, in text and HTML, as `uri` rules see them: as written, and as a browser would follow them.
//! Takes the views, gives each address with where it stands and its cleaned forms.

use std::collections::{BTreeMap, BTreeSet};

use super::domains;
use super::pattern::Pattern;
use super::settings::Settings;
use crate::facts::spamassassin::{Lines, Views};

/// Longest address.
const LONGEST: usize = 8_192;
/// Most addresses of a message.
const MOST: usize = 5_000;
/// Most addresses that one leads on to.
const MOST_STEPS: usize = 20;

/// What is known of an address.
#[derive(Clone, Debug, Default)]
pub(super) struct Uri {
    /// Tags, and `parsed` for what stands in text.
    pub(super) types: BTreeSet<String>,
    pub(super) cleaned: BTreeSet<String>,
    pub(super) anchors: Vec<String>,
    /// Hosts with their registered domains.
    pub(super) hosts: BTreeMap<String, String>,
}

/// The addresses of a message.
#[derive(Clone, Debug, Default)]
pub(super) struct Uris {
    pub(super) all: BTreeMap<String, Uri>,
    pub(super) truncated: bool,
    /// All cleaned forms, each once, in pieces.
    pub(super) lines: Vec<Vec<u8>>,
}

/// Gathers them.
pub(super) fn gather(views: &Views, settings: &Settings, redirectors: &[Pattern]) -> Uris {
    let mut uris = Uris::default();
    let mut seen = BTreeSet::new();
    for line in views.body.iter() {
        in_text(line, |raw, kind| {
            if seen.len() < MOST
                && seen.insert(raw.to_owned())
                && let Some((uri, types)) = whole(raw, kind, settings)
            {
                uris.add(&uri, &types, true, settings, redirectors);
            }
        });
    }
    for (_, html) in &views.htmls {
        uris.truncated |= html.uri_truncated;
        for (uri, found) in html.uris.iter().take(MOST) {
            let types: Vec<&str> = found.types.iter().map(String::as_str).collect();
            if uris.add(uri, &types, false, settings, redirectors)
                && let Some(known) = uris.all.get_mut(uri)
            {
                for anchor in &found.anchors {
                    if !known.anchors.contains(anchor) {
                        known.anchors.push(anchor.clone());
                    }
                }
            }
        }
    }
    // DKIM signatures name domains; those are no addresses that rules of `uri` see.
    let cleaned: BTreeSet<&String> = uris.all.values().flat_map(|uri| &uri.cleaned).collect();
    uris.lines = cleaned.into_iter().map(|uri| uri.as_bytes().to_vec()).collect();
    uris
}

impl Uris {
    fn add(
        &mut self,
        uri: &str,
        types: &[&str],
        must_be_domain: bool,
        settings: &Settings,
        redirectors: &[Pattern],
    ) -> bool {
        if self.all.len() >= MOST {
            return false;
        }
        let mut cleaned = BTreeSet::new();
        let mut hosts = BTreeMap::new();
        for mut clean in canonical(uri, settings, redirectors) {
            if clean.len() > LONGEST {
                self.truncated = true;
                clean.truncate(clean.floor_char_boundary(LONGEST));
            }
            if let Some((domain, host)) = settings.of_uri(&clean) {
                hosts.insert(host, domain);
            }
            cleaned.insert(clean);
        }
        if cleaned.is_empty() || (must_be_domain && hosts.is_empty()) {
            return false;
        }
        let known = self.all.entry(uri.to_owned()).or_default();
        known.types.extend(types.iter().map(|it| (*it).to_owned()));
        known.cleaned.extend(cleaned);
        known.hosts.extend(hosts);
        true
    }

    /// The cleaned forms as pieces of one text.
    pub(super) fn pieces(&self) -> Lines {
        let mut lines = Lines::default();
        self.lines.iter().for_each(|line| lines.push(line));
        lines
    }
}

/// How an address in text is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Scheme,
    Mail,
    Bare,
}

#[expect(clippy::indexing_slicing, reason = "runs when compiled, over constants")]
const fn table(text: &[u8], blanks: bool, high: bool) -> [bool; 256] {
    let mut set = [false; 256];
    let mut at = 0;
    while at < text.len() {
        set[text[at] as usize] = true;
        at += 1;
    }
    let mut code = 0;
    while code < 256 {
        if blanks && (code == 32 || (code >= 9 && code <= 13)) || high && code >= 0x80 {
            set[code] = true;
        }
        code += 1;
    }
    set
}

/// What ends an address, one with a mail address in it, and the part before the `@`; what stands before one.
const ENDS: [bool; 256] = table(b"><\"`}]{[|\x1B\xA0", true, false);
const ENDS_MAIL: [bool; 256] = table(b"><\"`}]{[|\x1B\xA0,('", true, true);
const BEFORE: [bool; 256] = table(b"><\"'`,{[(|\x1B\xA0", true, false);
const BEFORE_BARE: [bool; 256] = table(b"!\"#$&'()*+,/:;<=>?@[\\]^`{|}~\x1B\xA0", true, false);

fn has(set: &[bool; 256], byte: u8) -> bool {
    set.get(usize::from(byte)).copied().unwrap_or(false)
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Hands each address in a text to `each`, from left to right.
fn in_text(text: &[u8], mut each: impl FnMut(&str, Kind)) {
    let has_at = memchr::memchr(b'@', text).is_some();
    let run = |from: usize, set: &[bool; 256], most: usize| {
        text.iter().skip(from).take(most).take_while(|byte| !has(set, **byte)).count()
    };
    let starts = |at: usize, word: &[u8]| text.get(at..at + word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word));
    // Up to where the part before an `@`, and a bare host, are known to reach.
    let (mut local_end, mut host_end) = (0, 0);
    let (mut at, mut word_end) = (0, 0);
    while at < text.len() {
        // No address goes beyond a blank, and each has one of these.
        if at >= word_end {
            let rest = text.get(at..).unwrap_or_default();
            let word = rest.get(..memchr::memchr2(b' ', b'\n', rest).unwrap_or(rest.len())).unwrap_or_default();
            word_end = at + word.len() + 1;
            if memchr::memchr3(b'.', b':', b'@', word).is_none() {
                at = word_end;
                continue;
            }
        }
        let byte = text.get(at).copied().unwrap_or_default();
        let before = at.checked_sub(1).and_then(|at| text.get(at)).copied();
        let escaped = at >= 3 && text.get(at - 3..at - 1) == Some(b"\x1B(");
        let may =
            before.map_or(is_word(byte), |before| is_word(before) != is_word(byte) || has(&BEFORE, before)) || escaped;
        if !may {
            at += 1;
            continue;
        }
        let digits = |from: usize| text.iter().skip(from).take(2).take_while(|byte| byte.is_ascii_digit()).count();
        let head = match byte.to_ascii_lowercase() {
            b'h' if starts(at, b"http://") => 7,
            b'h' if starts(at, b"https://") => 8,
            b'f' if starts(at, b"ftp://") => 6,
            b'f' if starts(at, b"ftp.") => 4,
            b'w' if starts(at, b"www") && text.get(at + 3 + digits(at + 3)) == Some(&b'.') => 4 + digits(at + 3),
            _ => 0,
        };
        let mut found = None;
        if head > 0 {
            let length = run(at + head, &ENDS, 2_049);
            if (1..=2_048).contains(&length) {
                found = Some((at + head + length, Kind::Scheme));
            }
        }
        if found.is_none() && has_at {
            if byte.eq_ignore_ascii_case(&b'm') && starts(at, b"mailto:") {
                let length = run(at + 7, &ENDS_MAIL, 2_049);
                if (1..=2_048).contains(&length) {
                    found = Some((at + 7 + length, Kind::Mail));
                }
            }
            if found.is_none() {
                if local_end <= at {
                    let length =
                        text.iter().skip(at).take_while(|byte| !has(&ENDS_MAIL, **byte) && **byte != b'@').count();
                    local_end = at + length;
                }
                if local_end > at && local_end - at <= 251 && text.get(local_end) == Some(&b'@') {
                    let length = run(local_end + 1, &ENDS_MAIL, 252);
                    if (1..=251).contains(&length) {
                        found = Some((local_end + 1 + length, Kind::Mail));
                    }
                }
            }
        }
        if found.is_none() && byte.is_ascii_alphanumeric() && before.is_none_or(|before| has(&BEFORE_BARE, before)) {
            if host_end <= at {
                let length = text
                    .iter()
                    .skip(at)
                    .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(**byte, b'.' | b'_' | b'-'))
                    .count();
                host_end = at + length;
            }
            found = bare(text, at, host_end).map(|end| (end, Kind::Bare));
        }
        let Some((end, kind)) = found else {
            at += 1;
            continue;
        };
        let raw = String::from_utf8_lossy(text.get(at..end).unwrap_or_default());
        // As Thunderbird has it: a parenthesis ends an address in which none was opened.
        let raw = match (raw.find(')'), raw.find('(')) {
            (Some(close), open) if open.is_none_or(|open| open > close) => raw.get(..close).unwrap_or_default(),
            _ => &raw,
        };
        each(raw.trim_end_matches(|it: char| "-~!@#^&*()_+=:;'?,.".contains(it)), kind);
        at = end;
    }
}

/// A host without scheme from `at`, with port and path; where it ends.
fn bare(text: &[u8], at: usize, end: usize) -> Option<usize> {
    let host = text.get(at..end)?;
    let (host, dotted) = match host.strip_suffix(b".") {
        Some(host) => (host, true),
        None => (host, false),
    };
    if !host.contains(&b'.') || host.len() > 260 || host.last() == Some(&b'.') {
        return None;
    }
    let _ = dotted;
    let mut end = end;
    if text.get(end) == Some(&b':') {
        let digits = text.iter().skip(end + 1).take(5).take_while(|byte| byte.is_ascii_digit()).count();
        if digits > 0 {
            end += 1 + digits;
        }
    }
    if text.get(end) == Some(&b'/') {
        let length = text.iter().skip(end + 1).take(2_048).take_while(|byte| !has(&ENDS, **byte)).count();
        if length > 0 {
            end += 1 + length;
        }
    }
    text.get(end).is_none_or(|byte| has(&ENDS, *byte)).then_some(end)
}

/// What an address in text leads to, with its types; `None` for what only looks like one.
fn whole(raw: &str, kind: Kind, settings: &Settings) -> Option<(String, Vec<&'static str>)> {
    let lower = raw.to_ascii_lowercase();
    if kind == Kind::Mail && !raw.contains('@') {
        return None;
    }
    if kind == Kind::Bare {
        let host = lower.split(['/', ':']).next().unwrap_or_default();
        if !domains::is_fqdn(host) || !settings.is_domain(host) {
            return None;
        }
    }
    if lower.starts_with("cid:") || lower.starts_with("mid:") {
        return None;
    }
    let word = lower.bytes().take_while(|byte| is_word(*byte)).count();
    if word > 0 && matches!(lower.get(word..), Some(":" | ":/" | "://")) {
        return None;
    }
    let mut types = vec!["parsed"];
    let mut uri = raw.to_owned();
    if !["http:", "https:", "ftp:", "mailto:"].iter().any(|scheme| lower.starts_with(scheme)) {
        let numbered = lower.strip_prefix("www").map(|rest| rest.trim_start_matches(|it: char| it.is_ascii_digit()));
        let behind_slash = lower.split_once('/').is_some_and(|(_, rest)| rest.find('@').is_some_and(|at| at > 0));
        if lower.starts_with("ftp.") {
            uri = format!("ftp://{raw}");
        } else if numbered.is_some_and(|rest| rest.starts_with('.')) || behind_slash {
            uri = format!("http://{raw}");
        } else if lower.contains('@') {
            let (_, host) = lower.split_once('@')?;
            if !host.get(1..).is_some_and(|rest| rest.contains('.')) || lower.contains("&nbsp;") {
                return None;
            }
            // `email:a@b` and the like.
            let mut rest = raw;
            for prefix in ["skype", "email", "e-mail", "mail", ""] {
                if let Some(behind) = lower.strip_prefix(prefix)
                    && behind.starts_with(':')
                {
                    rest = raw.get(raw.len() - behind.len()..).unwrap_or_default().trim_start_matches(':');
                    break;
                }
            }
            uri = format!("mailto:{rest}");
        } else {
            if !lower.contains('.') {
                return None;
            }
            uri = format!("http://{raw}");
            types.push("unlinked");
        }
        types.push("schemeless");
    }
    if uri.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("mailto:")) {
        if has_escape(&uri) {
            uri = decoded(&uri);
        }
        let (_, host) = uri.split_once('@')?;
        let host = host.split(['?', '&', '>']).next().unwrap_or_default();
        let host = host.trim_end_matches("%20");
        if !settings.is_domain(host) {
            return None;
        }
    }
    Some((uri, types))
}

fn escape_at(text: &[u8], at: usize) -> Option<u8> {
    if text.get(at) != Some(&b'%') {
        return None;
    }
    let digit = |at: usize| char::from(*text.get(at)?).to_digit(16);
    u8::try_from(digit(at + 1)? * 16 + digit(at + 2)?).ok()
}

fn has_escape(text: &str) -> bool {
    memchr::memchr_iter(b'%', text.as_bytes()).any(|at| escape_at(text.as_bytes(), at).is_some())
}

/// An address with the escapes undone that no character needs, and those made that one does.
fn decoded(text: &str) -> String {
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
fn canonical(uri: &str, settings: &Settings, redirectors: &[Pattern]) -> Vec<String> {
    let mut todo = vec![uri.to_owned()];
    let mut found: Vec<String> = Vec::new();
    let mut at = 0;
    while let Some(uri) = todo.get(at).cloned() {
        at += 1;
        let uri: String = uri.replace(['\n', '\r'], "");
        let uri = uri.trim_matches(|it: char| it.is_ascii_whitespace() || it == '\u{0B}');
        if let Some(slot) = todo.get_mut(at - 1) {
            uri.clone_into(slot);
        }
        if uri.len() <= 1 || uri.starts_with(['#', '?', '&']) || (uri.starts_with('/') && !uri.starts_with("//")) {
            continue;
        }
        variants(uri, settings, redirectors, &mut found, &mut todo);
        if todo.len() > MOST_STEPS {
            break;
        }
    }
    // Each once, as written first.
    let mut seen = BTreeSet::new();
    todo.into_iter().chain(found).filter(|uri| seen.insert(uri.clone())).collect()
}

fn variants(uri: &str, settings: &Settings, redirectors: &[Pattern], found: &mut Vec<String>, todo: &mut Vec<String>) {
    let lower = uri.to_ascii_lowercase();
    let before_colon = uri.split(':').next().unwrap_or_default();
    if lower.starts_with("mailto:") || before_colon.contains('@') {
        if let Some((local, host)) = uri.split_once('@') {
            for end in [&['?'][..], &['?', '&'][..]] {
                let stop = if end.len() == 1 { '?' } else { '&' };
                let length = host.find(end).filter(|at| host.get(*at..).is_some_and(|it| it.starts_with(stop)));
                if let Some(length) = length.filter(|length| *length > 0) {
                    found.push(format!("{local}@{}", host.get(..length).unwrap_or_default()));
                }
            }
            if uri.contains("%20") {
                let bare = if lower.starts_with("mailto:") { uri.get(7..).unwrap_or_default() } else { uri };
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
    let mut new = uri.replace('\\', "/");
    for scheme in ["https:", "http:"] {
        if lower.starts_with(scheme) {
            let head = new.get(..scheme.len()).unwrap_or_default().to_owned();
            let rest = new.get(scheme.len()..).unwrap_or_default();
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            let rest = rest.strip_prefix('/').unwrap_or(rest);
            new = format!("{head}//{rest}");
            break;
        }
    }
    if has_escape(&new) {
        new = decoded(&new);
    }
    let scheme = new.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    if scheme == 0 || new.as_bytes().get(scheme) != Some(&b':') {
        new = if new.starts_with("ftp.") { format!("ftp://{new}") } else { format!("http://{new}") };
    }
    if let Some((start, host_end)) = authority(&new)
        && host_end > start
        && matches!(new.as_bytes().get(host_end), Some(b'?' | b'#'))
    {
        new.insert(host_end, '/');
    }
    new = without_references(&new);
    if new != uri {
        found.push(new.clone());
    }
    let Some((start, host_end)) = authority(&new) else { return };
    let scheme = new.get(..start).unwrap_or_default().to_owned();
    let (auth, host_port) = match new.get(start..host_end).unwrap_or_default().split_once('@') {
        Some((auth, rest)) => (Some(auth), rest),
        None => (None, new.get(start..host_end).unwrap_or_default()),
    };
    let (host, port) = host_port.split_once(':').map_or((host_port, ""), |(host, port)| (host, port));
    if host.is_empty() {
        return;
    }
    let mut host = host.to_owned();
    let path = new.get(host_end..).unwrap_or_default().to_owned();
    let digits: String = port.chars().take_while(char::is_ascii_digit).collect();
    let rest = if host_port.contains(':') { format!(":{port}{path}") } else { path.clone() };
    let is_plain = scheme.eq_ignore_ascii_case("http://");
    if digits == if is_plain { "80" } else { "443" } {
        found.push(format!("{scheme}{host}{}{path}", port.get(digits.len()..).unwrap_or_default()));
    }
    let named = domains::ascii(&host).into_owned();
    if named != host.to_ascii_lowercase() {
        found.push(format!("{scheme}{named}{rest}"));
        host.clone_from(&named);
    }
    if host.contains(|it: char| it <= ' ') {
        host.retain(|it| it > ' ');
        found.push(format!("{scheme}{host}{rest}"));
    }
    let whole = format!("{scheme}{host}{rest}");
    let lower = whole.to_ascii_lowercase();
    let leads_on = redirectors.iter().filter(|pattern| pattern.may_be_in(lower.as_bytes())).find_map(|pattern| {
        let groups = pattern.groups(whole.as_bytes())?;
        let (start, end) = groups.get(1).copied().flatten()?;
        whole.get(start..end).filter(|it| it.contains('.')).map(str::to_owned)
    });
    if let Some(target) = leads_on {
        todo.push(target);
    } else {
        let lower = rest.to_ascii_lowercase();
        let at = lower.find("http:").into_iter().chain(lower.find("https:")).min();
        if let Some(at) = at {
            let target = rest.get(at..).unwrap_or_default();
            let target = target.split(['&', '#']).next().unwrap_or_default();
            let behind = target.split_once(':').map_or("", |(_, rest)| rest).trim_start_matches('/');
            if !behind.is_empty() && target.contains('.') {
                todo.push(target.to_owned());
            }
        }
    }
    let trimmed = host.trim_end_matches(|it: char| !it.is_ascii_alphanumeric());
    if trimmed.len() < host.len() {
        host = trimmed.to_owned();
        found.push(format!("{scheme}{host}{rest}"));
    }
    if let Some(address) = address_of(&host) {
        found.push(format!("{scheme}{address}{rest}"));
    } else if is_plain && auth.is_none() && (digits.is_empty() || digits == "80") && named != "localhost" {
        let label = named.strip_prefix("www.").unwrap_or(&named);
        if !label.is_empty()
            && !label.contains('.')
            && !settings.is_domain(&named)
            && !host.bytes().all(|byte| byte.is_ascii_digit())
        {
            found.push(format!("{scheme}www.{label}.com{rest}"));
        }
    }
}

/// Where the host of an address of the web starts, with user name and port, and where it ends.
fn authority(uri: &str) -> Option<(usize, usize)> {
    let lower = uri.get(..8.min(uri.len())).unwrap_or_default().to_ascii_lowercase();
    let start = if lower.starts_with("http://") {
        7
    } else if lower.starts_with("https://") {
        8
    } else {
        return None;
    };
    let length = uri.get(start..)?.find(['/', '?', '#']).unwrap_or(uri.len() - start);
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
    if !text.contains("&#") {
        return text.to_owned();
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let mut it = Settings::default();
        it.tlds.extend(["com", "org", "uk"].map(str::to_owned));
        it
    }

    fn found(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        in_text(text.as_bytes(), |raw, kind| all.extend(whole(raw, kind, &settings()).map(|(uri, _)| uri)));
        all
    }

    #[test]
    fn addresses_in_text() {
        assert_eq!(found("see http://a.com/x, or (www.b.org)."), ["http://a.com/x", "http://www.b.org"]);
        assert_eq!(found("mail a.b@c.com now; e-mail:d@e.org"), ["mailto:a.b@c.com", "mailto:d@e.org"]);
        assert_eq!(found("visit example.com/path?x=1 or example.invalid or 3.5"), ["http://example.com/path?x=1"]);
        assert_eq!(found("the end.The start"), Vec::<String>::new());
        assert_eq!(found("<HTTP://A.COM>"), ["HTTP://A.COM"]);
    }

    #[test]
    fn cleaned_forms() {
        let clean = |uri: &str| {
            let mut all = canonical(uri, &settings(), &[]);
            all.sort();
            all
        };
        assert_eq!(clean("http://%77ww.a.com?x"), ["http://%77ww.a.com?x", "http://www.a.com/?x"]);
        assert_eq!(clean("http:/a.com/"), ["http://a.com/", "http:/a.com/"]);
        assert_eq!(clean("http://a.com/r?u=http://b.org/&c"), ["http://a.com/r?u=http://b.org/&c", "http://b.org/"]);
        assert_eq!(clean("http://3232235777/"), ["http://192.168.1.1/", "http://3232235777/"]);
        assert_eq!(clean("mailto:a@b.com?subject=x"), ["mailto:a@b.com", "mailto:a@b.com?subject=x"]);
        assert_eq!(clean("http://foo"), ["http://foo", "http://www.foo.com"]);
    }
}

//! The addresses that stand in a text. Takes text, gives each as written, how it was recognised, and what it leads to.

use std::borrow::Cow;

use super::super::domains;
use super::super::settings::Settings;
use super::forms::{decoded, has_escape};

/// How an address in text is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
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
pub(super) fn in_text(text: &[u8], mut each: impl FnMut(&str, Kind)) {
    let has_at = memchr::memchr(b'@', text).is_some();
    let run = |from: usize, set: &[bool; 256], most: usize| {
        text.iter().skip(from).take(most).take_while(|byte| !has(set, **byte)).count()
    };
    let starts = |at: usize, word: &[u8]| text.get(at..at + word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word));
    // Up to where the part before an `@`, and a bare host, are known to reach.
    let (mut local_end, mut host_end) = (0, 0);
    let (mut at, mut word_end) = (0, 0);
    while at < text.len() {
        // No address goes beyond a blank, and each has one of these, and more behind it.
        if at >= word_end {
            let rest = text.get(at..).unwrap_or_default();
            let mut signs = memchr::memchr3_iter(b'.', b':', b'@', rest);
            let Some(sign) = signs.find(|at| !matches!(rest.get(at + 1), None | Some(b' ' | b'\n'))) else { break };
            let before = rest.get(..sign).unwrap_or_default();
            at += memchr::memrchr2(b' ', b'\n', before).map_or(0, |at| at + 1);
            let behind = rest.get(sign..).unwrap_or_default();
            word_end =
                memchr::memchr2(b' ', b'\n', behind).map_or(text.len(), |end| text.len() - behind.len() + end) + 1;
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
pub(super) fn whole<'r>(
    raw: &'r str,
    kind: Kind,
    settings: &Settings,
) -> Option<(Cow<'r, str>, &'static [&'static str])> {
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
    let mut types: &[&str] = &["parsed"];
    let mut uri = Cow::Borrowed(raw);
    if !["http:", "https:", "ftp:", "mailto:"].iter().any(|scheme| lower.starts_with(scheme)) {
        types = &["parsed", "schemeless"];
        let numbered = lower.strip_prefix("www").map(|rest| rest.trim_start_matches(|it: char| it.is_ascii_digit()));
        let behind_slash = lower.split_once('/').is_some_and(|(_, rest)| rest.find('@').is_some_and(|at| at > 0));
        if lower.starts_with("ftp.") {
            uri = Cow::Owned(["ftp://", raw].concat());
        } else if numbered.is_some_and(|rest| rest.starts_with('.')) || behind_slash {
            uri = Cow::Owned(["http://", raw].concat());
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
            uri = Cow::Owned(["mailto:", rest].concat());
        } else {
            if !lower.contains('.') {
                return None;
            }
            uri = Cow::Owned(["http://", raw].concat());
            types = &["parsed", "schemeless", "unlinked"];
        }
    }
    if uri.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("mailto:")) {
        if has_escape(&uri) {
            uri = Cow::Owned(decoded(&uri));
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

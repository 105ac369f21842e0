//! Encodings as SpamAssassin undoes them: transfer encodings, charsets, encoded words; and what fields declare.

mod declared;

use std::borrow::Cow;

pub(super) use self::declared::ContentType;
pub(super) use self::declared::disposition_name;
pub(crate) use self::declared::{charset_of, content_type};
use crate::mime::charset;

/// Line ends of two bytes as one.
pub(super) fn without_carriage_returns(bytes: Vec<u8>) -> Vec<u8> {
    let mut ends = memchr::memmem::find_iter(&bytes, b"\r\n").peekable();
    if ends.peek().is_none() {
        return bytes;
    }
    let mut kept = Vec::with_capacity(bytes.len());
    let mut from = 0;
    for end in ends {
        kept.extend_from_slice(bytes.get(from..end).unwrap_or_default());
        from = end + 1;
    }
    kept.extend_from_slice(bytes.get(from..).unwrap_or_default());
    kept
}

/// Undoes quoted-printable. What is not an escape stays.
pub(super) fn quoted_printable(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for line in super::lines_of(text) {
        let (content, end) = match line.strip_suffix(b"\r\n") {
            Some(content) => (content, &b"\r\n"[..]),
            None => match line.strip_suffix(b"\n") {
                Some(content) => (content, &b"\n"[..]),
                None => (line, &b""[..]),
            },
        };
        let mut content = content;
        if !end.is_empty() {
            while let [rest @ .., b' ' | b'\t'] = content {
                content = rest;
            }
        }
        let (content, end) = match content.strip_suffix(b"=") {
            Some(soft) if !end.is_empty() => (soft, &b""[..]),
            _ => (content, end),
        };
        let mut rest = content;
        while let Some(at) = memchr::memchr(b'=', rest) {
            let code = hex(rest.get(at + 1), rest.get(at + 2));
            out.extend_from_slice(rest.get(..at).unwrap_or_default());
            out.push(code.unwrap_or(b'='));
            rest = rest.get(at + if code.is_some() { 3 } else { 1 }..).unwrap_or_default();
        }
        out.extend_from_slice(rest);
        out.extend_from_slice(end);
    }
    out
}

fn hex(high: Option<&u8>, low: Option<&u8>) -> Option<u8> {
    let digit = |byte: Option<&u8>| char::from(*byte?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

/// What each character of base64 stands for; 255 for what is none.
const VALUES: [u8; 256] = values();

#[expect(clippy::indexing_slicing, reason = "runs when compiled, over constants")]
const fn values() -> [u8; 256] {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut values = [255; 256];
    let mut at = 0;
    while at < alphabet.len() {
        values[alphabet[at] as usize] = at as u8;
        at += 1;
    }
    values
}

/// Undoes base64; other characters are passed over, and so is padding in the middle.
pub(super) fn base64(text: &[u8]) -> Vec<u8> {
    base64_head(text, usize::MAX)
}

/// The same up to some bytes at least, where there are so many.
pub(crate) fn base64_head(text: &[u8], least: usize) -> Vec<u8> {
    let value = |byte: u8| VALUES.get(usize::from(byte)).copied().unwrap_or(255);
    let mut out = Vec::with_capacity((text.len() / 4 * 3).min(least));
    let (mut bits, mut count) = (0u32, 0u32);
    let mut rest = text;
    while out.len() < least {
        // Four characters at once take a fifth of the instructions.
        if count == 0
            && let [a, b, c, d, behind @ ..] = rest
        {
            let [a, b, c, d] = [*a, *b, *c, *d].map(value);
            if a | b | c | d < 64 {
                out.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
                rest = behind;
                continue;
            }
        }
        let Some((byte, behind)) = rest.split_first() else { break };
        rest = behind;
        let value = value(*byte);
        if value >= 64 {
            continue;
        }
        bits = (bits << 6 | u32::from(value)) & 0xFF_FFFF;
        count += 6;
        if count >= 8 {
            count -= 8;
            out.push(u8::try_from(bits >> count & 0xFF).unwrap_or_default());
        }
    }
    out
}

/// Bytes as text: as they are where they are ASCII or UTF-8, else in the charset declared, else in Windows-1252.
pub(super) fn text<'b>(bytes: &'b [u8], declared: Option<&str>) -> Cow<'b, str> {
    let declared = declared.unwrap_or("us-ascii").trim();
    if let Ok(text) = std::str::from_utf8(bytes)
        && (!text.is_ascii() || !is_stateful(declared))
    {
        return Cow::Borrowed(text);
    }
    let lower = declared.to_ascii_lowercase();
    if !matches!(lower.as_str(), "" | "us-ascii" | "ascii" | "utf-8" | "utf8") {
        let (text, defect) = charset::to_utf8(Some(declared), bytes);
        if defect.is_none() {
            return text;
        }
    }
    charset::to_utf8(Some("windows-1252"), bytes).0
}

/// Charsets in which ASCII bytes may be other letters.
fn is_stateful(charset: &str) -> bool {
    let lower = charset.to_ascii_lowercase();
    ["iso-2022", "utf-7", "utf-16", "utf16", "utf-32", "hz-gb"].iter().any(|it| lower.starts_with(it))
}

/// Appends a header field's value, unfolded, with encoded words decoded where the field may have them.
pub(super) fn header_into(value: &[u8], name: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let mut rest = trim(value);
    let mut is_whole = true;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        out.extend_from_slice(rest.get(..at).unwrap_or_default());
        let behind = rest.get(at + 1..).unwrap_or_default();
        let blanks = behind.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        out.push(if blanks > 0 { b' ' } else { b'\n' });
        is_whole &= blanks > 0;
        rest = behind.get(blanks..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    // Nearly all values are done so, and stand where they are to be.
    let unfolded = out.get(start..).unwrap_or_default();
    if !is_whole || !unfolded.is_ascii() || (may_have_words(unfolded) && !has_no_words(name)) {
        let decoded = decode_words(unfolded, name);
        out.truncate(start);
        out.extend_from_slice(&decoded);
    }
}

fn may_have_words(value: &[u8]) -> bool {
    memchr::memchr_iter(b'=', value).any(|at| value.get(at + 1) == Some(&b'?'))
}

/// Blanks as Perl counts them.
pub(crate) fn trim(bytes: &[u8]) -> &[u8] {
    let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0B;
    let mut rest = bytes;
    while rest.first().is_some_and(is_blank) {
        rest = rest.get(1..).unwrap_or_default();
    }
    while rest.last().is_some_and(is_blank) {
        rest = rest.get(..rest.len() - 1).unwrap_or_default();
    }
    rest
}

/// Decodes encoded words. A field such as Received has none.
pub(crate) fn decode_words(value: &[u8], name: &[u8]) -> Vec<u8> {
    let mut value: Cow<'_, [u8]> = match memchr::memchr(b'\n', value) {
        Some(_) => Cow::Owned(value.iter().filter(|byte| **byte != b'\n').copied().collect()),
        None => Cow::Borrowed(value),
    };
    if !value.is_ascii() {
        value = Cow::Owned(text(&value, Some("utf-8")).into_owned().into_bytes());
    }
    if !may_have_words(&value) || has_no_words(name) {
        return value.into_owned();
    }
    // Text, and the charset that it is in; words of one charset that follow each other are decoded as one, since a
    // character may be parted between them.
    let mut sections: Vec<(Vec<u8>, String)> = Vec::new();
    let mut at = 0;
    while at < value.len() {
        let rest = value.get(at..).unwrap_or_default();
        if let Some((charset, bytes, length)) = word(rest) {
            push_section(&mut sections, bytes, charset);
            at += length;
            // Blanks between two words are none.
            let blanks = value.iter().skip(at).take_while(|byte| byte.is_ascii_whitespace()).count();
            if blanks > 0 && value.get(at + blanks..).is_some_and(|rest| word(rest).is_some()) {
                at += blanks;
            }
            continue;
        }
        let end = rest.iter().skip(1).position(|byte| *byte == b'=').map_or(rest.len(), |at| at + 1);
        push_section(&mut sections, rest.get(..end).unwrap_or_default().to_vec(), String::new());
        at += end;
    }
    let mut out = Vec::with_capacity(value.len());
    for (bytes, charset) in sections {
        if charset.is_empty() {
            out.extend(bytes);
            continue;
        }
        let charset = charset.split('*').next().unwrap_or_default();
        if bytes.is_ascii() && !is_stateful(charset) {
            out.extend(bytes);
        } else {
            out.extend_from_slice(charset::to_utf8(Some(charset), &bytes).0.as_bytes());
        }
    }
    out
}

fn push_section(sections: &mut Vec<(Vec<u8>, String)>, bytes: Vec<u8>, charset: String) {
    match sections.last_mut() {
        Some((last, of)) if *of == charset => last.extend(bytes),
        _ => sections.push((bytes, charset)),
    }
}

/// An encoded word at the start of `text`: charset in lower case, decoded bytes, length.
fn word(text: &[u8]) -> Option<(String, Vec<u8>, usize)> {
    let rest = text.strip_prefix(b"=?")?;
    let charset =
        rest.iter().take_while(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'*' | b'_' | b'-')).count();
    let encoding = *rest.get(charset + 1)?;
    if charset == 0 || rest.get(charset) != Some(&b'?') || rest.get(charset + 2) != Some(&b'?') {
        return None;
    }
    let data = rest.get(charset + 3..)?;
    let end = memchr::memchr(b'?', data)?;
    if data.get(end + 1) != Some(&b'=') {
        return None;
    }
    let inside = data.get(..end)?;
    let bytes = match encoding {
        b'b' | b'B' => base64(inside),
        b'q' | b'Q' => {
            let spaced: Vec<u8> = inside.iter().map(|byte| if *byte == b'_' { b' ' } else { *byte }).collect();
            let mut out = Vec::with_capacity(spaced.len());
            let mut at = 0;
            while let Some(byte) = spaced.get(at) {
                let code = (*byte == b'=').then(|| hex(spaced.get(at + 1), spaced.get(at + 2))).flatten();
                out.push(code.unwrap_or(*byte));
                at += if code.is_some() { 3 } else { 1 };
            }
            out
        }
        _ => return None,
    };
    let name = String::from_utf8_lossy(rest.get(..charset)?).to_ascii_lowercase();
    Some((name, bytes, 2 + charset + 3 + end + 2))
}

fn has_no_words(name: &[u8]) -> bool {
    let behind = |prefix: &[u8]| match name.split_at_checked(prefix.len()) {
        Some((head, rest)) if head.eq_ignore_ascii_case(prefix) => Some(rest),
        _ => None,
    };
    let is_any = |name: &[u8], of: &[&[u8]]| of.iter().any(|it| name.eq_ignore_ascii_case(it));
    is_any(behind(b"resent-").unwrap_or(name), &[b"message-id", b"date"])
        || is_any(name, &[b"received", b"mime-version", b"references", b"in-reply-to"])
        || behind(b"list-").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transfer_encodings() {
        assert_eq!(quoted_printable(b"a=3Db  \nc=\nd=zz"), b"a=b\ncd=zz");
        assert_eq!(without_carriage_returns(b"a\r\n\r\r\nb\rc\r".to_vec()), b"a\n\r\nb\rc\r");
        assert_eq!(base64(b"aGVs\nbG8="), b"hello");
        assert_eq!(base64(b"aGVsbG8"), b"hello");
        assert_eq!(base64(b"a=GVs*bG 8gYWdh\r\naW4\xFF="), b"hello again");
        assert_eq!(base64(b"+/+/AAECgw=="), b"\xFB\xFF\xBF\0\x01\x02\x83");
        assert_eq!(base64_head(b"aGVsbG8gYWdhaW4=", 4), b"hello ");
    }

    #[test]
    fn words() {
        let decoded = |text: &str| String::from_utf8(decode_words(text.as_bytes(), b"subject")).unwrap();
        assert_eq!(decoded("=?utf-8?B?w6Q=?= =?utf-8?q?=C3=A4_b?= c"), "ää b c");
        assert_eq!(decoded("=?utf-8?B?ww==?= =?utf-8?B?pA==?="), "ä");
        assert_eq!(decoded("a =?x"), "a =?x");
        assert_eq!(decode_words(b"=?utf-8?q?a?=", b"Received"), b"=?utf-8?q?a?=");
    }

    #[test]
    fn content_types() {
        let it = content_type("Multipart/Mixed; boundary=\"a b\"; name=\"x.htm\"");
        assert_eq!(
            (it.media_type.as_str(), it.boundary.as_deref(), it.name.as_deref()),
            ("multipart/mixed", Some("a b"), Some("x.htm"))
        );
        let it = content_type("text/enriched; charset=\"iso-8859-1\"");
        assert_eq!((it.media_type.as_str(), it.charset.as_deref()), ("text/plain", Some("iso-8859-1")));
        assert!(content_type("").missing);
    }
}

//! Functions that ask about MIME parts.

use std::borrow::Cow;

use super::{Arguments, State};
use crate::facts::spamassassin::message::Node;
use crate::facts::spamassassin::{decode, lines_of};

/// What all parts come to.
#[derive(Debug, Default)]
pub(super) struct Attachments {
    base64: u32,
    base64_text: bool,
    html: u32,
    text: u32,
    attachment: u32,
    bad_charset: bool,
    faraway: bool,
    alternative: bool,
    multipart_ratio: f64,
    quoted: u32,
    quoted_long_line: bool,
    quoted_ratio: f64,
    ascii_illegal: u32,
    unicode_ratio: f64,
    charsets: Vec<String>,
}

fn field(node: &Node, name: &str) -> String {
    node.field(name).map(|value| String::from_utf8_lossy(value).to_ascii_lowercase()).unwrap_or_default()
}

/// Whether a user reads all charsets: `all` says so, as does who says nothing.
pub(super) fn reads_all(it: &State<'_>) -> bool {
    let locales = &it.context.settings.locales;
    locales.is_empty() || locales.iter().any(|locale| locale == "all")
}

/// Whether a charset is of none of the locales that a user reads.
pub(super) fn is_faraway(it: &State<'_>, charset: &str) -> bool {
    if reads_all(it) {
        return false;
    }
    let locales = &it.context.settings.locales;
    let charset: String = charset.to_ascii_lowercase().chars().filter(char::is_ascii_alphanumeric).collect();
    let western = ["usascii", "iso8859", "utf", "windows", "cp125", "ascii", "unicode", "macintosh"];
    if western.iter().any(|start| charset.starts_with(start))
        && !["1251", "88595"].iter().any(|end| charset.ends_with(end))
    {
        return false;
    }
    let of = |locale: &str| match locale {
        "ja" => &["eucjp", "iso2022jp", "shiftjis", "sjis", "cp932"][..],
        "ko" => &["euckr", "iso2022kr", "ksc5601", "ks"],
        "ru" => &["koi8", "cp1251", "windows1251", "88595", "iso88595"],
        "th" => &["tis620", "cp874"],
        "zh" => &["gb", "big5", "hz", "euccn", "euctw", "iso2022cn"],
        _ => &[],
    };
    !locales.iter().flat_map(|locale| of(locale)).any(|start| charset.starts_with(start))
}

fn gather(it: &State<'_>) -> Attachments {
    let message = &it.context.views.message;
    let mut found = Attachments { multipart_ratio: 1.0, ..Attachments::default() };
    let (mut quoted_bytes, mut quoted_escapes) = (0usize, 0usize);
    let (mut normal, mut unicode) = (0usize, 0usize);
    // Of leaves that are no attachments: type and size.
    let mut sizes: Vec<(String, usize)> = Vec::new();
    for (_, node) in message.in_order() {
        let content_type = decode::content_type(
            &node.field("content-type").map(|it| String::from_utf8_lossy(it).into_owned()).unwrap_or_default(),
        );
        let (kind, encoding, disposition) =
            (content_type.media_type, field(node, "content-transfer-encoding"), field(node, "content-disposition"));
        found.alternative |= kind == "multipart/alternative";
        let charset = content_type.charset.map(|charset| charset.to_ascii_lowercase());
        header(it, &mut found, &kind, &encoding, &disposition, charset.as_deref().unwrap_or_default());
        if !node.is_leaf {
            continue;
        }
        let attached = disposition.contains("attachment");
        let is_text = matches!(kind.as_str(), "text/plain" | "text/html");
        if kind == "text/plain" && matches!(encoding.as_str(), "" | "7bit" | "8bit") {
            let references = unicode_references(&node.body);
            normal += node.body.len() - references * 8;
            unicode += references;
        }
        let size = if found.alternative && !attached && is_text { node.body.len() } else { 0 };
        if encoding == "quoted-printable" {
            let lines = without_reports(&node.body);
            found.quoted_long_line |= lines_of(&lines).any(|line| line.len() > 79);
            quoted_bytes += lines.len();
            quoted_escapes += needless_escapes(&lines);
        }
        let is_legal = |text: &[u8]| text.is_ascii() && memchr::memchr2(0, b'\r', text).is_none();
        if kind == "text/plain"
            && charset.as_deref().is_none_or(|charset| charset == "us-ascii")
            && !is_legal(&node.body)
        {
            let lines = lines_of(&node.body).filter(|line| !is_legal(line)).count();
            found.ascii_illegal = found.ascii_illegal.saturating_add(u32::try_from(lines).unwrap_or(u32::MAX));
        }
        if !attached {
            sizes.push((kind, size));
        }
    }
    if quoted_bytes > 0 {
        found.quoted_ratio = quoted_escapes as f64 / quoted_bytes as f64;
        found.quoted = u32::try_from(quoted_escapes).unwrap_or(u32::MAX);
    }
    if normal > 0 {
        found.unicode_ratio = unicode as f64 / normal as f64;
    }
    if found.alternative {
        let last = |kind: &str| sizes.iter().rev().find(|(it, _)| it == kind).map(|(_, size)| *size as f64);
        if let (Some(text), Some(html)) = (last("text/plain"), last("text/html"))
            && html > 0.0
        {
            found.multipart_ratio = text / html;
        }
    }
    found
}

fn header(it: &State<'_>, found: &mut Attachments, kind: &str, encoding: &str, disposition: &str, charset: &str) {
    if kind == "text/html" {
        found.html += 1;
    } else if kind.starts_with("text") {
        found.text += 1;
    }
    if encoding.contains("base64") {
        found.base64 += 1;
    } else if encoding.contains("quoted-printable") {
        found.quoted += 1;
    }
    found.attachment += u32::from(disposition.contains("attachment"));
    let ascii = [
        "us-ascii",
        "ansi_x3.4-19",
        "iso-ir-6",
        "iso_646.irv:1991",
        "ascii",
        "iso646-us",
        "us",
        "ibm367",
        "cp367",
        "csascii",
    ];
    if kind.starts_with("text")
        && encoding.contains("base64")
        && (charset.is_empty() || ascii.iter().any(|name| charset.contains(name)))
        && !disposition.starts_with("attachment")
        && !disposition.starts_with("inline")
    {
        found.base64_text = true;
    }
    if let Some(rest) = charset.split_once("iso-").map(|(_, rest)| rest)
        && rest.contains('-')
    {
        let fine = rest.strip_prefix("8859-").is_some_and(|number| number.starts_with(|it: char| it.is_ascii_digit()))
            || rest.starts_with("2022-jp")
            || rest.starts_with("2022-kr");
        found.bad_charset |= !fine;
    }
    if charset.contains(|it: char| it.is_ascii_lowercase()) {
        found.charsets.push(charset.to_owned());
        found.faraway |= is_faraway(it, charset);
    }
}

/// Lines without those of a report of SpamAssassin's, which hardly any mail has.
fn without_reports(text: &[u8]) -> Cow<'_, [u8]> {
    const REPORT: &[u8] = b"SPAM: ";
    if memchr::memmem::find(text, REPORT).is_none() {
        return Cow::Borrowed(text);
    }
    Cow::Owned(lines_of(text).filter(|line| !line.starts_with(REPORT)).collect::<Vec<_>>().concat())
}

/// Escapes of quoted-printable for characters that need none, blanks at the ends of lines left out.
fn needless_escapes(lines: &[u8]) -> usize {
    let is_needless = |code: &[u8]| {
        matches!(code, b"09")
            || matches!(code, [b'3', b'0' | b'A' | b'B' | b'C' | b'E' | b'F'])
            || matches!(code, [b'2' | b'4' | b'5' | b'6', b'0'..=b'9' | b'A'..=b'F'])
            || matches!(code, [b'7', b'0'..=b'9' | b'A'..=b'E'])
    };
    let counts = |at: &usize| {
        lines.get(at + 1..at + 3).is_some_and(is_needless) && !ends_line(lines.get(*at..).unwrap_or_default())
    };
    memchr::memchr_iter(b'=', lines).filter(counts).count()
}

/// Whether a text begins with escaped blanks, and its first line has nothing behind them but such as are not escaped.
fn ends_line(text: &[u8]) -> bool {
    fn shorter(text: &[u8]) -> Option<&[u8]> {
        text.strip_prefix(b"=20").or_else(|| text.strip_prefix(b"=09"))
    }
    let Some(mut rest) = shorter(text) else { return false };
    while let Some(behind) = shorter(rest) {
        rest = behind;
    }
    rest.iter().find(|byte| **byte == b'\n' || !byte.is_ascii_whitespace()).is_none_or(|byte| *byte == b'\n')
}

/// How many `&#x1234;` a line has.
fn unicode_references(text: &[u8]) -> usize {
    memchr::memmem::find_iter(text, b"&#x")
        .filter(|at| {
            let digits = text.get(at + 3..at + 7).unwrap_or_default();
            digits.len() == 4
                && digits.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'))
                && text.get(at + 7) == Some(&b';')
        })
        .count()
}

fn all<'s>(it: &'s State<'_>) -> &'s Attachments {
    it.attachments.get_or_init(|| gather(it))
}

pub(super) fn check(it: &State<'_>, arguments: &Arguments) -> bool {
    let found = all(it);
    match arguments.text(0) {
        "mime_base64_count" => found.base64 > 0,
        "mime_base64_encoded_text" => found.base64_text,
        "mime_body_html_count" => found.html > 0,
        "mime_body_text_count" => found.text > 0,
        "mime_attachment" => found.attachment > 0,
        "mime_bad_iso_charset" => found.bad_charset,
        "mime_faraway_charset" => found.faraway,
        "mime_missing_boundary" => it.context.views.message.oddities.missing_boundary,
        "mime_multipart_alternative" => found.alternative,
        "mime_multipart_ratio" => found.multipart_ratio != 0.0,
        "mime_qp_count" => found.quoted > 0,
        "mime_qp_long_line" => found.quoted_long_line,
        "mime_qp_ratio" => found.quoted_ratio > 0.0,
        "mime_ascii_text_illegal" => found.ascii_illegal > 0,
        "mime_text_unicode_ratio" => found.unicode_ratio > 0.0,
        _ => false,
    }
}

pub(super) fn abundant_unicode(it: &State<'_>, arguments: &Arguments) -> bool {
    arguments.number(0).is_some_and(|ratio| all(it).unicode_ratio >= ratio)
}

pub(super) fn ascii_illegal(it: &State<'_>, _: &Arguments) -> bool {
    all(it).ascii_illegal > 0
}

pub(super) fn quoted_ratio(it: &State<'_>, arguments: &Arguments) -> bool {
    arguments.number(0).is_some_and(|least| all(it).quoted_ratio >= least)
}

fn declared_html(it: &State<'_>) -> bool {
    it.header("Content-Type").get(..9).is_some_and(|head| head.eq_ignore_ascii_case("text/html"))
}

pub(super) fn html(it: &State<'_>, _: &Arguments) -> bool {
    declared_html(it) || all(it).html > 0
}

pub(super) fn html_only(it: &State<'_>, _: &Arguments) -> bool {
    declared_html(it) || (all(it).html > 0 && all(it).text == 0)
}

pub(super) fn multipart_ratio(it: &State<'_>, arguments: &Arguments) -> bool {
    arguments.spans(0, all(it).multipart_ratio)
}

pub(super) fn parse_flags(it: &State<'_>, arguments: &Arguments) -> bool {
    let oddities = &it.context.views.message.oddities;
    match arguments.text(0) {
        "missing_head_body_separator" => oddities.missing_head_body_separator,
        "missing_mime_head_body_separator" => oddities.missing_mime_head_body_separator,
        "missing_mime_headers" => oddities.missing_mime_headers,
        "truncated_header" | "truncated_headers" => oddities.truncated_header,
        "mime_epilogue_exists" => oddities.mime_epilogue_exists,
        "mimepart_limit_exceeded" => oddities.mimepart_limit_exceeded,
        _ => false,
    }
}

pub(super) fn faraway_charset(it: &State<'_>, _: &Arguments) -> bool {
    if reads_all(it) {
        return false;
    }
    let declared = it.header("Content-Type");
    let Some(charset) = decode::charset_of(&declared) else { return false };
    if !is_faraway(it, &charset) {
        return false;
    }
    let body = &it.context.views.body.text;
    let high = super::count(body, |byte| !byte.is_ascii());
    high > 3 && body.len() - high <= high
}

/// Charsets whose bytes look like capitals.
fn looks_like_caps(charset: &str) -> bool {
    let lower = charset.to_ascii_lowercase();
    // Nearly all are one of these, which have none of the names below.
    if matches!(lower.as_str(), "us-ascii" | "utf-8" | "iso-8859-1" | "iso-8859-15" | "windows-1252") {
        return false;
    }
    let names =
        ["koi", "jp", "jis", "euc", "gb", "big5", "isoir", "cp1251", "windows-1251", "georgianps", "pt154", "tis"];
    names.iter().any(|name| lower.contains(name))
        && lower.chars().all(|it| it.is_ascii_alphanumeric() || it == '-' || it == '_')
}

/// How much of the text is in capitals, in percent.
fn capitals(it: &State<'_>) -> f64 {
    let declared = decode::charset_of(&it.header("Content-Type"));
    if declared.iter().chain(&all(it).charsets).any(|charset| looks_like_caps(charset)) {
        return 0.0;
    }
    let (mut length, mut lower, mut upper) = (0usize, 0usize, 0usize);
    for line in it.context.views.body.iter() {
        let is_blank = |byte: &u8| byte.is_ascii_whitespace() || *byte == 0x0B;
        // Two words at least.
        let first = line.iter().position(|byte| !is_blank(byte)).unwrap_or(line.len());
        let blank = line.iter().skip(first).position(is_blank).map_or(line.len(), |at| first + at);
        if !line.iter().skip(blank).any(|byte| !is_blank(byte)) {
            continue;
        }
        // Two lines of base64 are no text.
        let mut words = line.split(|byte| *byte == b' ');
        let encoded = |word: Option<&[u8]>| {
            word.is_some_and(|word| {
                (60..=76).contains(&word.len())
                    && word.iter().all(|byte| byte.is_ascii_alphanumeric() || b"+/=".contains(byte))
            })
        };
        if encoded(words.next()) && encoded(words.next()) && words.next().is_some() {
            continue;
        }
        let mut take = |text: &[u8]| {
            length += text.len();
            lower += super::count(text, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            upper += super::count(text, |byte| byte.is_ascii_uppercase());
        };
        let mut rest = line;
        // Japanese between its shifts is not counted.
        while memchr::memchr(0x1B, rest).is_some()
            && let Some(at) = memchr::memmem::find(rest, b"\x1b$B")
        {
            let Some(end) = memchr::memmem::rfind(rest, b"\x1b(B").filter(|end| *end > at) else { break };
            take(rest.get(..at).unwrap_or_default());
            rest = rest.get(end + 3..).unwrap_or_default();
        }
        take(rest);
    }
    if length < 200 || upper + lower == 0 {
        return 0.0;
    }
    upper as f64 / (upper + lower) as f64 * 100.0
}

pub(super) fn uppercase(it: &State<'_>, arguments: &Arguments) -> bool {
    let share = *it.uppercase.get_or_init(|| capitals(it));
    share > arguments.number(0).unwrap_or(0.0) && share <= arguments.number(1).unwrap_or(100.0)
}

pub(super) fn alternative_non_text(it: &State<'_>, _: &Arguments) -> bool {
    let message = &it.context.views.message;
    let alternatives = message.nodes.iter().filter(|node| node.media_type == "multipart/alternative");
    alternatives
        .flat_map(|node| &node.children)
        .filter_map(|number| message.nodes.get(*number))
        .any(|child| child.is_leaf && child.media_type != "application/rtf" && !child.media_type.starts_with("text/"))
}

pub(super) fn base64_length(it: &State<'_>, arguments: &Arguments) -> bool {
    let leaves = it.context.views.message.leaves().map(|(_, node)| node);
    let encoded = leaves
        .filter(|node| node.media_type != "application/ics" && field(node, "content-transfer-encoding") == "base64");
    let lines = encoded.flat_map(|node| lines_of(&node.body));
    let longest = lines.map(<[u8]>::len).max().unwrap_or(0) as f64;
    longest >= arguments.number(0).unwrap_or(0.0) && arguments.number(1).is_none_or(|most| longest <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_that_nothing_needs() {
        for (lines, count) in [
            ("", 0),
            ("=41b =C3=A9 =3D\n=\n", 1),
            ("=20a=09b\n", 2),
            ("a=20\nb=09=20\r\nc=20 \t\n", 0),
            ("a=20 =09\r\n", 1),
            ("a=41=20", 1),
            ("=3=41\n=2", 1),
        ] {
            assert_eq!(needless_escapes(lines.as_bytes()), count, "{lines:?}");
        }
    }

    #[test]
    fn lines_of_reports_are_left_out() {
        assert_eq!(without_reports(b"SPAM: a\nb\n SPAM: c\nSPAM: d").as_ref(), b"b\n SPAM: c\n");
        assert_eq!(without_reports(b"b\nc").as_ref(), b"b\nc");
    }
}

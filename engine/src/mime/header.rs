//! The header of one part: its fields as spans, and what they say of its content.

use std::collections::BTreeMap;

use super::lines::{Line, line_at};
use super::parameters::{self, Parameters};
use super::tree::{Encoding, Field};
use crate::defect::DefectKind;
use crate::limits::Limits;
use crate::text::names::bounded;
use crate::text::span::Span;

/// Longest structured field that is taken apart, in bytes: beyond it, the rest is left out and noted.
const STRUCTURED_BYTES: usize = 16 << 10;

/// Fields that may stand once (RFC 5322, section 3.6; RFC 2045, section 3).
const ONCE: &[&str] = &[
    "bcc",
    "cc",
    "content-disposition",
    "content-id",
    "content-transfer-encoding",
    "content-type",
    "date",
    "from",
    "in-reply-to",
    "message-id",
    "mime-version",
    "references",
    "reply-to",
    "sender",
    "subject",
    "to",
];

/// A header as it was read.
pub(super) struct Header {
    pub(super) fields: Vec<Field>,
    pub(super) span: Span,
    /// Where the content begins.
    pub(super) body: usize,
    /// More fields or bytes than the limits allow; the rest was left out.
    pub(super) over: bool,
    /// What is wrong, each kind once, with its offset.
    pub(super) defects: Vec<(DefectKind, usize)>,
}

impl Header {
    fn note(&mut self, kind: DefectKind, at: usize) {
        if !self.defects.iter().any(|(known, _)| *known == kind) {
            self.defects.push((kind, at));
        }
    }
}

/// A line among the fields that is none, and what was read before it, for if the header turns out to end there.
#[derive(Clone, Copy)]
struct Break {
    at: usize,
    fields: usize,
    header_end: usize,
}

/// Reads the header that begins at `start`. `is_delimiter` says whether a line is a delimiter of a multipart around it,
/// which ends a header as it ends everything.
///
/// A line that is no field is skipped when fields follow it, as most mail programs do. Two such lines on end, or one
/// in a header that no blank line ends, are taken for the content: nobody would see it otherwise.
pub(super) fn read(raw: &[u8], start: usize, limits: &Limits, is_delimiter: impl Fn(&[u8]) -> bool) -> Header {
    let mut header =
        Header { fields: Vec::new(), span: Span::new(start, start), body: raw.len(), over: false, defects: Vec::new() };
    let mut at = start;
    let mut end = start;
    // Where the fields begin: after a mailbox separator.
    let mut first = start;
    // The first line that is no field; and the last one, while no field came after it.
    let (mut first_break, mut last_break): (Option<Break>, Option<Break>) = (None, None);
    let mut ended = false;
    let mut continues = false;
    while let Some(line) = line_at(raw, at) {
        let text = line.text(raw);
        if text.is_empty() {
            header.body = line.next;
            ended = true;
            break;
        }
        if text.starts_with(b"--") && is_delimiter(text) {
            header.body = line.start;
            break;
        }
        at = line.next;
        let room = at - start <= limits.header_bytes as usize && header.fields.len() < limits.headers as usize;
        if matches!(text.first(), Some(b' ' | b'\t')) && line.start > first {
            // A line of blanks alone continues a field too (RFC 5322, section 4.2, obs-FWS).
            if continues
                && room
                && let Some(field) = header.fields.last_mut()
            {
                field.value = Span::new(field.value.start as usize, line.end);
            }
            header.over |= !room;
        } else if let Some(colon) = colon(text) {
            continues = room;
            last_break = None;
            header.over |= !room;
            if room {
                header.fields.push(field(line, text, colon));
            }
        } else if line.start == start && is_mbox_from(text) {
            first = line.next;
        } else {
            header.note(DefectKind::HeaderMalformed, line.start);
            let here = Break { at: line.start, fields: header.fields.len(), header_end: end };
            if let Some(stop) = last_break.or((here.fields == 0).then_some(here)) {
                // No header at all, or no more of it: what stands here is content.
                (header.body, end) = (stop.at, stop.header_end);
                ended = true;
                break;
            }
            first_break = first_break.or(Some(here));
            last_break = Some(here);
            continues = false;
            continue;
        }
        end = line.end;
    }
    if let Some(stop) = first_break.filter(|_| !ended) {
        header.fields.truncate(stop.fields);
        (header.body, end) = (stop.at, stop.header_end);
        ended = true;
    }
    if first > start {
        if header.fields.is_empty() && header.body == first {
            // "From the desk of ..." and no field below it: that was a text, not a separator.
            (header.body, end) = (start, start);
        } else {
            header.note(DefectKind::MboxFrom, start);
        }
    }
    header.span = Span::new(start, end);
    if !ended && !header.fields.is_empty() {
        header.note(DefectKind::HeaderUnterminated, end);
    }
    let bytes = header.span.of(raw);
    if let Some(zero) = memchr::memchr(0, bytes) {
        header.note(DefectKind::HeaderNul, start + zero);
    }
    if let Some(high) = bytes.iter().position(|byte| *byte > 127) {
        header.note(DefectKind::EightBitHeader, start + high);
    }
    duplicates(raw, &mut header);
    header
}

/// The offset of the colon that ends a field's name; `None` where the line is no field. Blanks before the colon are
/// taken: mail programs take them (RFC 7103, section 7.1.4).
fn colon(text: &[u8]) -> Option<usize> {
    let colon = memchr::memchr(b':', text)?;
    let name = text.get(..colon)?.trim_ascii_end();
    let printable = |byte: &u8| (33..127).contains(byte);
    (!name.is_empty() && name.len() <= 512 && name.iter().all(printable)).then_some(colon)
}

fn field(line: Line, text: &[u8], colon: usize) -> Field {
    let name = text.get(..colon).unwrap_or_default().trim_ascii_end().len();
    Field { name: Span::new(line.start, line.start + name), value: Span::new(line.start + colon + 1, line.end) }
}

/// `From someone Mon Jan  1 ...`, or the same escaped by a mailbox that this message was taken from.
fn is_mbox_from(text: &[u8]) -> bool {
    text.starts_with(b"From ") || text.starts_with(b">From ")
}

fn duplicates(raw: &[u8], header: &mut Header) {
    let mut seen = 0u32;
    let mut twice = None;
    for field in &header.fields {
        let name = field.name.of(raw);
        let Some(index) = ONCE.iter().position(|once| name.eq_ignore_ascii_case(once.as_bytes())) else { continue };
        if seen & (1 << index) != 0 {
            twice = twice.or(Some(field.name.start as usize));
        }
        seen |= 1 << index;
    }
    if let Some(at) = twice {
        header.note(DefectKind::DuplicateHeader, at);
    }
}

/// What a header says of the content below it.
#[derive(Debug, Default)]
pub(super) struct Description {
    pub(super) media_type: String,
    pub(super) declared: bool,
    pub(super) charset: Option<String>,
    pub(super) boundary: Option<String>,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) disposition: String,
    pub(super) names: Vec<String>,
    pub(super) encoding: Option<Encoding>,
    /// Bytes of the fields that were taken apart.
    pub(super) bytes: usize,
    pub(super) defects: Vec<(DefectKind, usize)>,
}

/// How many fields of one name are read for the file names in them; the first counts for all else.
const MOST_NAMED: usize = 4;

/// Reads Content-Type and its friends. Of fields that stand twice the first counts; file names of all of them are kept.
pub(super) fn describe(raw: &[u8], fields: &[Field]) -> Description {
    let mut it = Description::default();
    let first = |name: &str| fields.iter().find(|field| field.is(raw, name));
    let mut values = BTreeMap::new();
    let mut names = Vec::new();
    for (index, field) in
        fields.iter().filter(|field| field.is(raw, "content-disposition")).take(MOST_NAMED).enumerate()
    {
        let mut parsed = parameters(raw, field, &mut it.defects);
        it.bytes += field.value.len().min(STRUCTURED_BYTES);
        names.extend(parsed.values.remove("filename").unwrap_or_default());
        if index == 0 {
            it.disposition = parsed.kind;
        }
    }
    for (index, field) in fields.iter().filter(|field| field.is(raw, "content-type")).take(MOST_NAMED).enumerate() {
        let parsed = parameters(raw, field, &mut it.defects);
        it.bytes += field.value.len().min(STRUCTURED_BYTES);
        names.extend(parsed.values.get("name").cloned().unwrap_or_default());
        if index > 0 {
            continue;
        }
        it.declared = parsed.kind.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub));
        if it.declared {
            it.media_type = parsed.kind;
        } else {
            it.defects.push((DefectKind::TypeMalformed, field.value.start as usize));
        }
        values = parsed.values;
    }
    for name in names.iter().map(|name| parameters::file_name(name)).filter(|name| !name.is_empty()) {
        if it.names.len() < MOST_NAMES && !it.names.contains(&name) {
            it.names.push(name);
        }
    }
    let value = |name: &str| values.get(name).and_then(|readings: &Vec<String>| readings.first());
    it.charset = value("charset").map(|charset| bounded(charset.trim().to_owned())).filter(|it| !it.is_empty());
    it.boundary = value("boundary").filter(|_| it.media_type.starts_with("multipart/")).cloned();
    it.parameters =
        values.into_iter().filter_map(|(name, all)| Some((bounded(name), bounded(all.into_iter().next()?)))).collect();
    if let Some(field) = first("content-transfer-encoding") {
        let value = without_comments(&structured(raw, field, &mut it.defects));
        it.encoding = encoding(value.split([';', ' ', '\t']).find(|word| !word.is_empty()).unwrap_or_default());
        if it.encoding.is_none() {
            it.defects.push((DefectKind::EncodingUnknown, field.value.start as usize));
        }
    }
    it
}

/// Most names of one part that are kept.
const MOST_NAMES: usize = 16;

fn parameters(raw: &[u8], field: &Field, defects: &mut Vec<(DefectKind, usize)>) -> Parameters {
    let parsed = parameters::read(&structured(raw, field, defects));
    defects.extend(parsed.defects.iter().map(|kind| (*kind, field.value.start as usize)));
    parsed
}

/// The encoding that a name stands for; the misspelt and the private names are those that mail programs know.
fn encoding(name: &str) -> Option<Encoding> {
    let name = name.trim_matches(['"', '\'']).to_ascii_lowercase();
    Some(match name.as_str() {
        "" | "7bit" | "8bit" | "binary" | "7-bit" | "8-bit" | "none" => Encoding::Identity,
        "base64" | "x-base64" | "base-64" => Encoding::Base64,
        "quoted-printable" | "x-quoted-printable" | "quotedprintable" => Encoding::QuotedPrintable,
        "uuencode" | "x-uuencode" | "x-uue" | "uue" | "x-uu" => Encoding::Uuencode,
        _ => return None,
    })
}

/// A structured field as text: unfolded, and cut to a size that every parser takes in a moment.
fn structured(raw: &[u8], field: &Field, defects: &mut Vec<(DefectKind, usize)>) -> String {
    let value = field.value.of(raw);
    let head = value.get(..STRUCTURED_BYTES.min(value.len())).unwrap_or_default();
    if head.len() < value.len() {
        defects.push((DefectKind::ParameterMalformed, field.value.start as usize));
    }
    let (text, _) = super::charset::to_utf8(None, head);
    text.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect()
}

/// The text without comments (RFC 5322, section 3.2.2); one that never ends is left in place.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut quoted, mut escaped) = (0u32, false, false);
    let mut opened_at = 0;
    for (at, letter) in text.char_indices() {
        let plain = !std::mem::take(&mut escaped);
        match letter {
            '\\' if plain && (quoted || depth > 0) => escaped = true,
            '"' if plain && depth == 0 => quoted = !quoted,
            '(' if plain && !quoted => {
                if depth == 0 {
                    opened_at = at;
                }
                depth += 1;
                continue;
            }
            ')' if plain && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(letter);
        }
    }
    if depth > 0 {
        out.push_str(text.get(opened_at..).unwrap_or_default());
    }
    out.trim().to_owned()
}

fn is_token(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte))
}

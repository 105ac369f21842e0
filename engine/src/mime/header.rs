//! The header of one part: its fields as spans, and where its content begins.

use super::choice::{Choice, Choices};
use super::lines::{Line, ends_twice, line_at, line_in};
use super::tree::Field;
use crate::defect::DefectKind;
use crate::limits::Limits;
use crate::text::span::Span;

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

/// Room for the fields of a message, and of a part of one.
const USUAL_FIELDS: usize = 32;
const USUAL_FIELDS_OF_PART: usize = 4;

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
pub(super) fn read(
    raw: &[u8],
    start: usize,
    limits: &Limits,
    choices: &mut Choices,
    is_delimiter: impl Fn(&[u8], &mut Choices) -> bool,
) -> Header {
    let usual = if start == 0 { USUAL_FIELDS } else { USUAL_FIELDS_OF_PART };
    let mut header = Header {
        fields: Vec::with_capacity(usual),
        span: Span::new(start, start),
        body: raw.len(),
        over: false,
        defects: Vec::new(),
    };
    // A byte-order mark is no part of the first field's name.
    let mark = if raw.get(start..).is_some_and(|rest| rest.starts_with(b"\xef\xbb\xbf")) { 3 } else { 0 };
    let mut at = start + mark;
    // Where a mailbox separator may stand.
    let mut front = at;
    let mut end = start;
    // Where the fields begin: after a mailbox separator.
    let mut first = start;
    // The first line that is no field; and the last one, while no field came after it.
    let (mut first_break, mut last_break): (Option<Break>, Option<Break>) = (None, None);
    let mut ended = false;
    let mut continues = false;
    while let Some(line) = line_in(raw, at, *choices) {
        let text = line.text(raw);
        if line.next == line.end + 1 && raw.get(line.end) == Some(&b'\r') {
            choices.meet(Choice::CrIsText);
            if ends_twice(raw, line) {
                choices.meet(Choice::CrBeforeEnd);
            }
        }
        if text.is_empty() {
            let first = start == 0 && header.fields.is_empty();
            let is_first = |text: &[u8]| colon(text).is_some() || is_mbox_from(text);
            let begins = first && line_at(raw, line.next).is_some_and(|next| is_first(next.text(raw)));
            // Of a part without any field, whoever skips the empty line takes all of them.
            let opens = start > 0 && header.fields.is_empty() && describes(raw.get(line.next..).unwrap_or_default());
            if (begins || opens || fields_follow(raw, line.next)) && choices.other(Choice::EmptyLineSkipped) {
                (at, end, continues) = (line.next, line.end, false);
                if header.fields.is_empty() {
                    front = line.next;
                }
                continue;
            }
            header.body = line.next;
            // LF CR: the carriage return belongs to neither line, or begins the content.
            if let Some([b'\r', next, ..]) = raw.get(line.next..)
                && *next != b'\n'
                && choices.other(Choice::CrIsText)
            {
                header.body = line.next + 1;
            }
            ended = true;
            break;
        }
        if text.starts_with(b"--") && is_delimiter(text, choices) {
            header.body = line.start;
            break;
        }
        at = line.next;
        let room = at - start <= limits.header_bytes as usize && header.fields.len() < limits.headers as usize;
        let blank_first = matches!(text.first(), Some(b' ' | b'\t'));
        let is_blank = blank_first && text.trim_ascii().is_empty() || text.iter().all(|byte| *byte == 0);
        if is_blank && choices.other(Choice::BlankLineEnds) {
            header.body = line.next;
            ended = true;
            break;
        }
        if blank_first && line.start > first && !(is_indented_field(text) && choices.other(Choice::IndentedField)) {
            // A line of blanks alone continues a field too (RFC 5322, section 4.2, obs-FWS).
            if continues
                && room
                && let Some(field) = header.fields.last_mut()
            {
                field.value = Span::new(field.value.start as usize, line.end);
            }
            header.over |= !room;
        } else if let Some((line, text, colon)) = named(line, text, choices) {
            continues = room;
            last_break = None;
            header.over |= !room;
            if room {
                header.fields.push(field(line, text, colon));
            }
        } else if line.start == front && is_mbox_from(text) {
            first = line.next;
        } else {
            header.note(DefectKind::HeaderMalformed, line.start);
            let here = Break { at: line.start, fields: header.fields.len(), header_end: end };
            if here.fields > 0 && choices.other(Choice::BrokenLineEnds) {
                (header.body, ended) = (here.at, true);
                break;
            }
            let goes_on = here.fields > 0 || fields_follow(raw, line.next);
            if goes_on && choices.other(Choice::BrokenLineSkipped) {
                continues = false;
                continue;
            }
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
    // `is_ascii` looks at eight bytes at a time, and is all that most headers need.
    if !bytes.is_ascii()
        && let Some(high) = bytes.iter().position(|byte| *byte > 127)
    {
        header.note(DefectKind::EightBitHeader, start + high);
    }
    duplicates(raw, &mut header);
    header
}

/// Whether a field that describes content stands at the front.
fn is_content(text: &[u8]) -> bool {
    text.get(..8).is_some_and(|it| it.eq_ignore_ascii_case(b"content-"))
        && memchr::memchr(b':', text).is_some_and(|it| it < 40)
}

/// How many fields may stand before one that describes content.
const MOST_BEFORE: usize = 16;

/// Whether a text begins with fields, one of which describes content.
pub(super) fn describes(text: &[u8]) -> bool {
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    for _ in 0..MOST_BEFORE {
        let Some(line) = line_at(rest, 0) else { return false };
        let head = rest.get(..line.end.min(64)).unwrap_or_default();
        if is_content(head) {
            return true;
        }
        if colon(head).is_none() && !matches!(head.first(), Some(b' ' | b'\t')) {
            return false;
        }
        rest = rest.get(line.next..).unwrap_or_default();
    }
    false
}

/// Whether an indented line is a field that describes content. The list of fields in a signature has no blanks behind its
/// colons.
fn is_indented_field(text: &[u8]) -> bool {
    let text = text.trim_ascii_start();
    is_content(text) && memchr::memchr(b':', text).is_some_and(|colon| text.get(colon + 1) == Some(&b' '))
}

/// Whether fields that describe content stand behind a line, or behind one more empty line or a mailbox separator.
fn fields_follow(raw: &[u8], at: usize) -> bool {
    let Some(line) = line_at(raw, at) else { return false };
    let is_passed = line.end == line.start || is_mbox_from(line.text(raw));
    let line = if is_passed { line_at(raw, line.next) } else { Some(line) };
    line.is_some_and(|line| is_content(line.text(raw).get(..64.min(line.end - line.start)).unwrap_or_default()))
}

/// A line as a field: its line, its text and its colon, without what the reading leaves out.
fn named<'r>(line: Line, text: &'r [u8], choices: &mut Choices) -> Option<(Line, &'r [u8], usize)> {
    if let Some(colon) = colon(text) {
        let blank = colon > 0 && matches!(text.get(colon - 1), Some(b' ' | b'\t'));
        return (!(blank && choices.other(Choice::BlankBehindName))).then_some((line, text, colon));
    }
    // Only of fields that describe content, so that prose with a colon stays prose.
    let is_junk = |byte: &u8| !(33..127).contains(byte);
    let junk = text.iter().take_while(|byte| is_junk(byte)).count();
    let inner = text.get(junk..)?;
    let colon = memchr::memchr(b':', inner).filter(|_| is_content(inner))?;
    let name = inner.get(..colon)?;
    let kept = name.len() - name.iter().rev().take_while(|byte| is_junk(byte)).count();
    let fits = kept > 0 && !name.get(..kept)?.iter().any(is_junk) && choices.other(Choice::JunkBeforeName);
    fits.then_some((Line { start: line.start + junk, ..line }, inner, colon))
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
    let name = text.get(..colon).unwrap_or_default();
    let junk = name.iter().rev().take_while(|byte| !(33..127).contains(*byte)).count();
    let name = name.len() - junk;
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

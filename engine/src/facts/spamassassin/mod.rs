//! The message as SpamAssassin's rules see it: its header fields, its parts, and the texts that `body` and `rawbody` rules look at.
//! Made only when a `.cf` file is loaded, since nobody else reads it.
//!
//! Everything here reproduces what rules of `.cf` files were written against, down to where a paragraph ends. What a mail program
//! shows is in the other facts.

mod colours;
pub(crate) mod decode;
pub(crate) mod html;
pub(crate) mod message;
mod tokens;
pub(crate) mod uri;

use crate::limits::Budget;
use crate::place::Place;

pub(crate) use html::Html;
pub(crate) use message::{Message, Node};

/// Longest line of `body`.
const LONGEST_LINE: usize = 2_048;
/// How much of each part `body` and `rawbody` see.
const BODY_SCAN: usize = 50_000;
const RAWBODY_SCAN: usize = 500_000;

/// A text in pieces that rules look at one by one.
#[derive(Debug, Default)]
pub(crate) struct Lines {
    pub(crate) text: Vec<u8>,
    /// Where each piece ends.
    pub(crate) ends: Vec<usize>,
}

impl Lines {
    pub(crate) fn push(&mut self, piece: &[u8]) {
        self.text.extend_from_slice(piece);
        self.ends.push(self.text.len());
    }

    /// The range of a piece.
    pub(crate) fn range(&self, number: usize) -> std::ops::Range<usize> {
        let start = number.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        start..self.ends.get(number).copied().unwrap_or(start)
    }

    pub(crate) fn get(&self, number: usize) -> &[u8] {
        self.text.get(self.range(number)).unwrap_or_default()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.ends.len()).map(|number| self.get(number))
    }
}

/// What rules see.
#[derive(Debug, Default)]
pub(crate) struct Views {
    pub(crate) message: Message,
    /// The subject, then the paragraphs of the text: HTML rendered, line ends taken out.
    pub(crate) body: Lines,
    /// The decoded text parts, in pieces of two to four kilobytes.
    pub(crate) rawbody: Lines,
    /// The HTML documents, with the number of their part.
    pub(crate) htmls: Vec<(usize, Html)>,
    /// The texts of plain parts, with the number of their part.
    pub(crate) plain: Vec<(usize, String)>,
}

/// Makes what `.cf` rules see of a message.
#[inline(never)] // benches/instructions.py finds it by its name
pub(super) fn gather(raw: &[u8], budget: &mut Budget<'_>) -> Views {
    // Each byte is passed over by the parts, the decoding, the renderer and the views.
    if !budget.work((raw.len() as u64).saturating_mul(8), Place::message) {
        return Views::default();
    }
    let message = message::read(raw);
    let (mut htmls, mut plain) = (Vec::new(), Vec::new());
    let mut body = String::new();
    let mut rawbody = Lines::default();
    for (number, node) in message.leaves() {
        if !body.is_empty() {
            body.push('\n');
        }
        let kind = node.effective_type();
        let (is_text, is_calendar) =
            (kind.starts_with("text/") || kind.starts_with("message/"), node.media_type == "text/calendar");
        let rendered = matches!(kind, "text/plain" | "text/html");
        if !rendered && (!is_text || is_calendar) {
            continue;
        }
        let bytes = node.decoded();
        if !budget.work(bytes.len() as u64, Place::message) {
            break;
        }
        if is_text && !is_calendar {
            paragraphs(head(&bytes, RAWBODY_SCAN, true), &mut rawbody);
        }
        if !rendered {
            continue;
        }
        let text = decode::text(&bytes, node.charset.as_deref());
        if kind == "text/html" && !text.is_empty() {
            let html = html::render(&text, bytes.len());
            body.push_str(text_head(&html.rendered, BODY_SCAN));
            htmls.push((number, html));
        } else {
            body.push_str(text_head(&text, BODY_SCAN));
            plain.push((number, text.into_owned()));
        }
    }
    let subject = message.root().and_then(|root| root.field("subject"));
    let body = body_lines(subject, &body);
    Views { message, body, rawbody, htmls, plain }
}

/// The head of a text, cut where a line ends, else a tag or a word.
fn head(text: &[u8], most: usize, tags: bool) -> &[u8] {
    let Some(rest) = text.get(most..).filter(|rest| !rest.is_empty()) else { return text };
    let near = rest.get(..1_025.min(rest.len())).unwrap_or_default();
    for end in [b'\n', b'>', b' '] {
        if (tags || end != b'>')
            && let Some(at) = memchr::memchr(end, near)
        {
            return text.get(..=most + at).unwrap_or(text);
        }
    }
    text.get(..most).unwrap_or(text)
}

fn text_head(text: &str, most: usize) -> &str {
    let cut = head(text.as_bytes(), most, false).len();
    text.get(..text.floor_char_boundary(cut)).unwrap_or_default()
}

/// Paragraphs, each as one line: blank lines part them, other white space is one blank.
fn body_lines(subject: Option<&[u8]>, text: &str) -> Lines {
    let mut flat = Vec::with_capacity(text.len() + subject.map_or(0, <[u8]>::len) + 1);
    flat.extend_from_slice(subject.unwrap_or_default());
    flat.push(b'\n');
    flatten(text.as_bytes(), &mut flat);
    let mut ends = Vec::new();
    let mut start = 0;
    while start < flat.len() {
        let rest = flat.get(start..).unwrap_or_default();
        let line_end = start + memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        while line_end - start > LONGEST_LINE {
            let window = flat.get(start..=start + LONGEST_LINE).unwrap_or_default();
            start += memchr::memrchr(b' ', window).map_or(LONGEST_LINE, |at| at + 1);
            ends.push(start);
        }
        ends.push(line_end);
        start = line_end;
    }
    Lines { text: flat, ends }
}

/// The bytes that white space begins with, and others with them that no text has.
const MAY_BE_WHITE: [bool; 256] = may_be_white();

#[expect(clippy::indexing_slicing, reason = "runs when compiled, over constants")]
const fn may_be_white() -> [bool; 256] {
    let mut set = [false; 256];
    let mut code = 0;
    while code < 256 {
        set[code] = matches!(code, 0..=0x20 | 0xC2 | 0xE1..=0xE3);
        code += 1;
    }
    set
}

/// Appends UTF-8 text with a blank for each run of white space. A run with two line ends in it parts paragraphs; but only from its
/// first line end to its last.
fn flatten(text: &[u8], flat: &mut Vec<u8>) {
    let (mut from, mut at) = (0, 0);
    // Up to here lines were looked at as a whole.
    let mut seen = 0;
    let may_be_white = |byte: &u8| MAY_BE_WHITE.get(usize::from(*byte)).copied().unwrap_or_default();
    loop {
        if at >= seen {
            let rest = text.get(at..).unwrap_or_default();
            let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default();
            seen = at + line.len() + 1;
            if is_flat(line) {
                at += line.len();
            }
        }
        let Some(further) = text.get(at..).and_then(|rest| rest.iter().position(may_be_white)) else { break };
        at += further;
        let byte = text.get(at).copied().unwrap_or_default();
        let mut end = at + white(text, at);
        if end == at {
            at += 1;
            continue;
        }
        // Single blanks, which most runs are, stay among the text that is copied at once.
        if byte == b' ' && matches!(text.get(end), Some(0x21..=0x7F)) {
            at = end + 1;
            continue;
        }
        loop {
            let length = white(text, end);
            if length == 0 {
                break;
            }
            end += length;
        }
        flat.extend_from_slice(text.get(from..at).unwrap_or_default());
        let blanks = text.get(at..end).unwrap_or_default();
        match (memchr::memchr(b'\n', blanks), memchr::memrchr(b'\n', blanks)) {
            (Some(first), Some(last)) if first < last => {
                if first > 0 {
                    flat.push(b' ');
                }
                flat.push(b'\n');
                if last + 1 < blanks.len() {
                    flat.push(b' ');
                }
            }
            _ => flat.push(b' '),
        }
        (from, at) = (end, end);
    }
    flat.extend_from_slice(text.get(from..).unwrap_or_default());
}

/// Whether a line has no white space but single blanks, none of them at its end: most are so. Sums without a way out are made of
/// many bytes at once.
fn is_flat(line: &[u8]) -> bool {
    let next = line.get(1..).unwrap_or_default();
    let odd = |byte: u8| (byte < b' ') | (byte == 0xC2) | (byte.wrapping_sub(0xE1) < 3);
    let doubles = line.iter().zip(next).fold(0, |sum, (one, other)| sum | u8::from((*one == b' ') & (*other == b' ')));
    line.iter().fold(doubles, |sum, byte| sum | u8::from(odd(*byte))) == 0 && line.last() != Some(&b' ')
}

/// How many bytes of UTF-8 text the white space at a place takes, as `char::is_whitespace` has it; 0 where there is none.
fn white(text: &[u8], at: usize) -> usize {
    match text.get(at..).unwrap_or_default() {
        [9..=13 | b' ', ..] => 1,
        [0xC2, 0x85 | 0xA0, ..] => 2,
        [0xE1, 0x9A, 0x80, ..]
        | [0xE2, 0x80, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF, ..]
        | [0xE2, 0x81, 0x9F, ..]
        | [0xE3, 0x80, 0x80, ..] => 3,
        _ => 0,
    }
}

/// Lines with their ends. To ask for line ends alone costs a tenth of asking each byte.
pub(crate) fn lines_of(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = memchr::memchr(b'\n', rest).map_or(rest.len(), |at| at + 1);
        let (line, behind) = rest.split_at_checked(end)?;
        rest = behind;
        (!line.is_empty()).then_some(line)
    })
}

/// Pieces of two to four kilobytes, parted where lines end, else tags or words.
fn paragraphs(text: &[u8], lines: &mut Lines) {
    if text.len() <= LONGEST_LINE {
        if !text.is_empty() {
            lines.push(text);
        }
        return;
    }
    let mut at = 0;
    while text.len() - at > 2 * LONGEST_LINE {
        let window = text.get(at + LONGEST_LINE..at + 2 * LONGEST_LINE).unwrap_or_default();
        let found = [b'\n', b'>', b' '].into_iter().find_map(|end| memchr::memchr(end, window));
        let end = at + LONGEST_LINE + found.unwrap_or(0) + 1;
        lines.push(text.get(at..end).unwrap_or_default());
        at = end;
    }
    if at < text.len() {
        lines.push(text.get(at..).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(lines: &Lines) -> Vec<String> {
        lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }

    #[test]
    fn paragraphs_of_a_body() {
        let lines = body_lines(Some(b"Hi"), "a\nb  c\n\n \nd\t \n\n e\u{A0}f\n");
        assert_eq!(shown(&lines), ["Hi\n", "a b c\n", "d \n", " e f "]);
        let long = "word ".repeat(1_000);
        let lines = body_lines(None, &long);
        assert!(lines.iter().all(|line| line.len() <= LONGEST_LINE), "{:?}", lines.ends);
        assert_eq!(lines.text.len(), long.len() + 1);
    }

    #[test]
    fn white_space_is_what_unicode_says() {
        for it in (0..0x1_0000).filter_map(char::from_u32) {
            let text = it.to_string();
            let expected = if it.is_whitespace() { text.len() } else { 0 };
            assert_eq!(white(text.as_bytes(), 0), expected, "{it:?}");
        }
        let lines: Vec<&[u8]> = lines_of(b"a\n\nb").collect();
        assert_eq!(lines, [&b"a\n"[..], b"\n", b"b"]);
    }

    #[test]
    fn pieces_of_a_raw_body() {
        let mut lines = Lines::default();
        paragraphs("0123456789abcdef\n".repeat(1_000).as_bytes(), &mut lines);
        assert_eq!(lines.text.len(), 17_000);
        assert!(lines.iter().take(3).all(|line| line.len() > LONGEST_LINE && line.ends_with(b"\n")));
    }
}

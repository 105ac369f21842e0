//! Uuencoded files: as a transfer encoding, and standing in the middle of a text.

use memchr::memmem;

use super::lines::line_at;
use super::transfer::{Defects, note};
use crate::defect::DefectKind;
use crate::text::span::Span;

/// A file that stands encoded in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    /// The name in front of it; empty where that is encoded too.
    pub(crate) name: String,
    /// What the decoder takes: of uuencode from its `begin` to its `end`, both included.
    pub(crate) span: Span,
}

/// The first `most` uuencoded files in a text, in order. Takes one pass: a file that breaks off ends where its lines do.
pub(crate) fn files(text: &[u8], most: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = memmem::find(text.get(at..).unwrap_or_default(), b"begin ").filter(|_| found.len() < most)
    {
        let start = at + offset;
        at = start + 6;
        if !is_line_start(text, start) {
            continue;
        }
        let Some(name) = line_at(text, start).and_then(|line| begins(line.text(text))) else { continue };
        let (end, lines) = body(text, start, |_, _| {});
        // Two lines at least: prose may well begin a line with "begin 100 words".
        if lines > 0 {
            found.push(Found { name, span: Span::new(start, end) });
            at = end;
        }
    }
    found
}

/// Whether a line begins here. To be asked before the line's end is looked for: a long line may hold the word in question many
/// times, and looking for its end each time would be quadratic.
pub(super) fn is_line_start(text: &[u8], at: usize) -> bool {
    at == 0 || matches!(text.get(at - 1), Some(b'\r' | b'\n'))
}

/// The name on a `begin MODE NAME` line. Of the mode's three or four digits there may be any number, none included: Outlook Express
/// takes such a line (Microsoft's article 898124).
fn begins(line: &[u8]) -> Option<String> {
    let rest = line.strip_prefix(b"begin ")?;
    let mode = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let name = rest.get(mode..)?.strip_prefix(b" ")?.trim_ascii();
    let fits = mode <= 8 && !name.is_empty() && name.len() <= 255;
    fits.then(|| super::charset::to_utf8(None, name).0.into_owned())
}

/// Appends the decoded form of the first uuencoded file in `bytes` to `out`; lines before its `begin` are left out, and
/// without a `begin` all lines are taken as data.
/// Stops where `out` is longer than `full`.
pub(super) fn decode(bytes: &[u8], out: &mut Vec<u8>, full: usize) -> Defects {
    let mut defects = Vec::new();
    let start = files(bytes, 1).first().map_or(0, |file| file.span.start as usize);
    let has_begin = line_at(bytes, start).is_some_and(|line| begins(line.text(bytes)).is_some());
    if !has_begin {
        note(&mut defects, DefectKind::UuencodeMalformed, start);
    }
    out.reserve((bytes.len() / 4 * 3).min(full.saturating_sub(out.len())));
    let mut ended = false;
    let (end, _) = body(bytes, start, |line, is_end| {
        ended |= is_end;
        if !is_end && out.len() <= full {
            decode_line(line, out);
        }
    });
    if has_begin && !ended {
        note(&mut defects, DefectKind::UuencodeMalformed, end);
    }
    defects
}

/// Goes over the lines of a uuencoded file and gives where it ends, and how many lines of data it has. `each` gets
/// every line, and whether it is the `end`.
fn body(text: &[u8], start: usize, mut each: impl FnMut(&[u8], bool)) -> (usize, usize) {
    let mut at = start;
    let mut lines = 0;
    if let Some(line) = line_at(text, start).filter(|line| begins(line.text(text)).is_some()) {
        at = line.next;
    }
    while let Some(line) = line_at(text, at) {
        let it = line.text(text);
        if it.trim_ascii_end() == b"end" {
            each(it, true);
            return (line.end, lines);
        }
        // Two carriage returns before a line feed are a line end, and not an empty line.
        if it.is_empty() && text.get(at.saturating_sub(1)) == Some(&b'\r') {
            at = line.next;
            continue;
        }
        if !is_data(it) {
            break;
        }
        each(it, false);
        lines += 1;
        at = line.next;
    }
    (at, lines)
}

/// Whether a line is one of uuencoded data: its first character counts its bytes, and it is long enough for them. Lines
/// may be longer (a checksum) and may have lost the blanks at their end.
fn is_data(line: &[u8]) -> bool {
    let Some((count, data)) = line.split_first() else { return false };
    if !(32..=96).contains(count) || data.iter().any(|byte| !(32..=96).contains(byte)) {
        return false;
    }
    let digits = usize::from(count.wrapping_sub(32) & 63).div_ceil(3) * 4;
    data.len() <= digits + 2 && data.len() + 4 >= digits
}

fn decode_line(line: &[u8], out: &mut Vec<u8>) {
    let Some((count, data)) = line.split_first() else { return };
    let mut left = usize::from(count.wrapping_sub(32) & 63);
    let mut digits = data.iter().map(|byte| byte.wrapping_sub(32) & 63).chain(std::iter::repeat(0));
    while left > 0 {
        let (Some(a), Some(b), Some(c), Some(d)) = (digits.next(), digits.next(), digits.next(), digits.next()) else {
            return;
        };
        let three = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
        out.extend(three.iter().take(left));
        left = left.saturating_sub(3);
    }
}

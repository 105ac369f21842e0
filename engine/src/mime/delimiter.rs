//! Lines that end one part and begin the next. Takes a line and the multiparts that are open, says whose delimiter it is,
//! strictly and as other programs take it; knows nothing of parts.

use memchr::memmem::Finder;

use super::choice::{Choice, Choices};
use super::lines;

/// A multipart whose closing delimiter has not come yet.
pub(super) struct Open {
    pub(super) part: u32,
    pub(super) boundary: Vec<u8>,
    /// How many of `Walk::active` are around its children, itself included.
    pub(super) around: usize,
    pub(super) children: u32,
    /// Finds its delimiters, wherever in a line they stand.
    pub(super) finder: Finder<'static>,
    /// Where the last of them stands, once anybody had to know.
    pub(super) last: Option<usize>,
}

impl Open {
    pub(super) fn new(part: u32, boundary: Vec<u8>, around: usize) -> Open {
        let finder = Finder::new(&[b"--", boundary.as_slice()].concat()).into_owned();
        Open { part, boundary, around, children: 0, finder, last: None }
    }
}

/// Whether a line, which begins with `--`, is a delimiter of an open multipart: the boundary to the letter, `--` if it
/// closes, and blanks (RFC 2046, section 5.1.1).
pub(super) fn matching(open: &[Open], line: &[u8], choices: &mut Choices) -> Option<(usize, bool)> {
    let rest = line.get(2..)?;
    let blank = |tail: &[u8]| tail.iter().all(|byte| matches!(byte, b' ' | b'\t'));
    let mut found = None;
    for (index, it) in open.iter().enumerate().rev() {
        let Some(tail) = rest.strip_prefix(it.boundary.as_slice()) else { continue };
        let closes = tail.strip_prefix(b"--");
        let exact = blank(tail) || closes.is_some_and(blank);
        if exact && found.is_none() {
            found = Some((index, !blank(tail)));
            if index + 1 < open.len() && choices.other(Choice::OuterInside) {
                choices.meet(Choice::InnerLasts);
                found = None;
                break;
            }
        } else if exact {
            // Of two with the same boundary: the inner one, or the outer.
            if choices.other(Choice::OuterFirst) {
                found = Some((index, !blank(tail)));
            }
        } else if found.is_none() && choices.other(Choice::Prefix) {
            return Some((index, closes.is_some()));
        }
    }
    found
}

/// Where a delimiter of an open multipart stands in a line, and whether it closes.
pub(super) fn within_line(open: &[Open], line: &[u8], choices: Choices) -> Option<(usize, usize, bool)> {
    let most = if choices.takes(Choice::OuterInside) { 1 } else { open.len() };
    for (index, it) in open.iter().enumerate().rev().take(most).filter(|(_, it)| !it.boundary.is_empty()) {
        if let Some(at) = it.finder.find(line) {
            let behind = line.get(at + 2 + it.boundary.len()..).unwrap_or_default();
            return Some((at, index, behind.starts_with(b"--")));
        }
    }
    None
}

/// A delimiter line behind blanks, or a hyphen too many.
pub(super) fn indented(text: &[u8]) -> Option<&[u8]> {
    let inner = match text {
        [b'-', b'-', b'-', ..] => text.get(1..)?,
        _ => text.trim_ascii_start(),
    };
    (inner.len() < text.len() && inner.starts_with(b"--")).then_some(inner)
}

/// Whether a content begins with a delimiter line, and a field that describes content below it.
pub(super) fn begins_with_part(content: &[u8]) -> bool {
    let text = content.trim_ascii_start();
    text.starts_with(b"--")
        && lines::line_at(text, 0).and_then(|line| text.get(line.next..)?.get(..8)).is_some_and(is_content)
}

fn is_content(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"content-")
}

/// The boundary that the first delimiter line in `head` would have, were it one: a field or an empty line follows. One that is
/// `declared` but for its case, with more behind it, is as long as that.
pub(super) fn sniffed(head: &[u8], open: &[Open], declared: &[u8]) -> Option<Vec<u8>> {
    let mut at = 0;
    while let Some(line) = lines::line_at(head, at) {
        at = line.next;
        // Few lines are looked at byte by byte.
        let Some(text) = line.text(head).trim_ascii().strip_prefix(b"--") else { continue };
        let boundary = text.get(..text.iter().position(|byte| *byte < 32).unwrap_or(text.len())).unwrap_or_default();
        if boundary.is_empty() || boundary.len() > 1_000 {
            continue;
        }
        let next = lines::line_at(head, at).map(|line| line.text(head)).unwrap_or_default();
        let begins = next.get(..8).is_some_and(is_content);
        let boundary = match boundary.get(..declared.len()) {
            Some(same) if !same.is_empty() && same.eq_ignore_ascii_case(declared) => same,
            _ => boundary,
        };
        if (begins || next.is_empty()) && !open.iter().any(|it| it.boundary == boundary) {
            return Some(boundary.to_vec());
        }
    }
    None
}

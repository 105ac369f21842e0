//! The parts of a multipart: lines between delimiters. Takes its body, gives parts with their header fields and bodies.

use std::collections::{BTreeMap, VecDeque};

use super::super::{decode, lines_of};
use super::{LONGEST_LINE, MOST_PARTS, Message, Node, Open, push_field, starts_field};

/// Whether a line delimits parts: opens one, or ends them all.
fn delimiter(line: &[u8], boundary: &[u8]) -> Option<bool> {
    let rest = line.strip_prefix(b"--")?.strip_prefix(boundary)?;
    let (rest, last) = match rest.strip_prefix(b"--") {
        Some(rest) => (rest, true),
        None => (rest, false),
    };
    rest.iter().all(u8::is_ascii_whitespace).then_some(last)
}

/// A part of a multipart as it is read.
#[derive(Default)]
struct PartReader {
    node: Node,
    field: Option<Vec<u8>>,
    in_body: bool,
    body: Vec<u8>,
    /// Whether any line of its body was there, be it empty.
    has_body: bool,
}

impl PartReader {
    fn end_field(&mut self) -> Option<String> {
        let field = self.field.take()?;
        push_field(&mut self.node, &field, b": ", &mut false);
        let last = self.node.fields.iter().next_back()?;
        last.name.eq_ignore_ascii_case(b"content-type").then(|| String::from_utf8_lossy(last.value).into_owned())
    }

    /// Some lines of its body: nearly always they are copied as they stand.
    fn lines(&mut self, text: &[u8]) {
        if has_long_line(text) {
            return lines_of(text).for_each(|line| self.line(line));
        }
        self.body.extend_from_slice(text);
        self.has_body |= !text.is_empty();
    }

    fn line(&mut self, line: &[u8]) {
        let mut rest = line;
        while rest.len() > LONGEST_LINE {
            let (piece, behind) = rest.split_at(LONGEST_LINE);
            self.body.extend_from_slice(piece);
            self.body.push(b'\n');
            rest = behind;
        }
        self.body.extend_from_slice(rest);
        self.has_body = true;
    }
}

/// Whether a line has to be cut. Few bytes are read: as far as a line may go, and back to where one ends.
fn has_long_line(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(longest) = rest.get(..LONGEST_LINE).filter(|longest| longest.len() < rest.len()) {
        let Some(end) = memchr::memrchr(b'\n', longest) else { return true };
        rest = rest.get(end + 1..).unwrap_or_default();
    }
    false
}

/// Where lines begin that may delimit parts.
struct Delimiters<'t> {
    text: &'t [u8],
    finder: memchr::memmem::Finder<'t>,
}

impl Delimiters<'_> {
    /// The first of them from the beginning of a line on, or where the text ends.
    fn from(&self, at: usize) -> usize {
        let rest = self.text.get(at..).unwrap_or_default();
        let start = self.finder.needle().get(1..).unwrap_or_default();
        if rest.starts_with(start) {
            return at;
        }
        self.finder.find(rest).map_or(self.text.len(), |found| at + found + 1)
    }

    /// Where the first part begins: behind what opens one.
    fn first_part(&self) -> Option<usize> {
        let boundary = self.finder.needle().get(3..).unwrap_or_default();
        let mut at = self.from(0);
        while at < self.text.len() {
            let line = line_at(self.text, at);
            at += line.len();
            if delimiter(line, boundary) == Some(false) {
                return Some(at);
            }
            at = self.from(at);
        }
        None
    }
}

/// The line that begins at a place.
fn line_at(text: &[u8], at: usize) -> &[u8] {
    lines_of(text.get(at..).unwrap_or_default()).next().unwrap_or_default()
}

/// Reads the parts of a multipart, which are looked into later.
pub(super) fn multipart(
    message: &mut Message,
    open: Open,
    boundaries: &mut BTreeMap<String, i32>,
    queue: &mut VecDeque<Open>,
) {
    let Some(boundary) = open.boundary else { return };
    let parent_is_digest = message.nodes.get(open.node).is_some_and(|node| node.media_type == "multipart/digest");
    if let Some(node) = message.nodes.get_mut(open.node) {
        node.is_leaf = false;
    }
    let (bytes, text) = (boundary.as_bytes(), open.body.as_slice());
    let start_of_line = [b"\n--", bytes].concat();
    let delimiters = Delimiters { text, finder: memchr::memmem::Finder::new(&start_of_line) };
    // Without a delimiter all of it is taken for a part.
    let mut at = 0;
    if let Some(first) = delimiters.first_part() {
        boundaries.insert(boundary.clone(), 1);
        message.oddities.missing_mime_headers |= first < text.len() && !starts_field(line_at(text, first), false);
        at = first;
    }
    let bare = text.strip_suffix(b"\n").unwrap_or(text);
    let last = memchr::memrchr(b'\n', bare).map_or(0, |end| end + 1);
    let mut part = PartReader::default();
    let mut nested = false;
    let mut count = 0;
    while at < text.len() {
        if part.in_body {
            let end = delimiters.from(at).min(last).max(at);
            part.lines(text.get(at..end).unwrap_or_default());
            at = end;
        }
        let line = line_at(text, at);
        at += line.len();
        let last_line = at == text.len();
        let mut delimits = delimiter(line, bytes);
        if delimits.is_some() && nested {
            nested = delimits != Some(true);
            delimits = None;
        }
        if last_line || delimits.is_some() {
            if delimits.is_none() {
                part.line(line);
            } else if part.has_body {
                // The line end before a delimiter belongs to it.
                if part.body.last() == Some(&b'\n') {
                    part.body.pop();
                }
            }
            let mut done = std::mem::take(&mut part);
            let content_type = decode::content_type(&done.node.field_text("content-type"));
            done.node.media_type = match content_type.missing && parent_is_digest {
                true => "message/rfc822".to_owned(),
                false => content_type.media_type.clone(),
            };
            done.node.is_leaf = true;
            let inner = content_type.boundary.clone().unwrap_or_else(|| boundary.clone());
            let node = message.nodes.len();
            message.nodes.push(done.node);
            if let Some(parent) = message.nodes.get_mut(open.node) {
                parent.children.push(node);
            }
            queue.push_back(Open {
                node,
                boundary: Some(inner),
                declared: content_type,
                body: done.body,
                depth: open.depth.saturating_sub(1),
            });
            match delimits {
                Some(true) => {
                    *boundaries.entry(boundary.clone()).or_default() -= 1;
                    let rest = text.get(at..).unwrap_or_default();
                    let tells = |byte: &u8| !byte.is_ascii_whitespace() && *byte != b'.';
                    message.oddities.mime_epilogue_exists |= rest.iter().any(tells);
                    return;
                }
                Some(false) if !last_line => {
                    message.oddities.missing_mime_headers |= !starts_field(line_at(text, at), false);
                }
                _ => {}
            }
            count += 1;
            if count >= MOST_PARTS || message.nodes.len() > MOST_PARTS {
                message.oddities.mimepart_limit_exceeded = true;
                return;
            }
            continue;
        }
        if !part.in_body {
            if starts_field(line, true) {
                part.end_field();
                part.field = Some(line.to_vec());
                continue;
            }
            if matches!(line.first(), Some(b' ' | b'\t'))
                && let Some(field) = &mut part.field
            {
                field.extend_from_slice(line);
                continue;
            }
            if let Some(value) = part.end_field() {
                nested |= decode::content_type(&value).boundary.is_some_and(|inner| inner == boundary);
            }
            part.in_body = true;
            if matches!(line, b"\n" | b"\r\n" | b"" | b"\r") {
                continue;
            }
            message.oddities.missing_mime_head_body_separator = true;
        }
        part.line(line);
    }
}

//! A message as SpamAssassin takes it apart: header fields and MIME parts. Takes raw bytes, gives a flat list of parts.
//!
//! Beside the tree of `mime/`, which keeps every plausible reading, since `.cf` rules were written against this one: a preamble,
//! a boundary that is not closed, or a header in the wrong place changes which text a rule sees.

mod fields;
mod parts;

use std::borrow::Cow;
use std::collections::BTreeMap;

pub(crate) use self::fields::{Fields, HeaderField};
use self::parts::multipart;
use super::{decode, lines_of};

/// Limits of SpamAssassin's own, which its rules can ask for.
const MOST_PARTS: usize = 1_000;
const DEEPEST: u32 = 20;
const LONGEST_LINE: usize = 2_048;
const LONGEST_NAME: usize = 256;
const LONGEST_VALUE: usize = 8_192;
const LONGEST_HEADER: usize = 65_536;
/// Blank lines in a row that are kept.
const BLANK_LINES: usize = 20;
/// Header fields of one part that are read.
const MOST_FIELDS: usize = 2_000;
/// Room for the fields of a message, and for their bytes.
const USUAL_FIELDS: usize = 32;
const USUAL_HEADER: usize = 4_096;

/// The message itself or one of its parts.
#[derive(Debug, Default)]
pub(crate) struct Node {
    pub(crate) fields: Fields,
    /// In lower case.
    pub(crate) media_type: String,
    pub(crate) charset: Option<String>,
    pub(crate) name: Option<String>,
    /// Parts in it; a leaf has none, and a multipart without any is no leaf.
    pub(crate) children: Vec<usize>,
    pub(crate) is_leaf: bool,
    /// Before its transfer encoding is undone.
    pub(crate) body: Vec<u8>,
}

impl Node {
    /// The last field of a name, decoded.
    pub(crate) fn field(&self, name: &str) -> Option<&[u8]> {
        self.fields.iter().rev().find(|field| field.is_named(name)).map(|field| field.value)
    }

    fn field_text(&self, name: &str) -> String {
        self.field(name).map(|value| String::from_utf8_lossy(value).into_owned()).unwrap_or_default()
    }

    /// What its type is taken for: a file whose name ends in `.htm` is HTML.
    pub(crate) fn effective_type(&self) -> &str {
        let name = self.name.as_deref().unwrap_or_default().to_ascii_lowercase();
        match [".htm", ".html", ".shtm", ".shtml"].iter().any(|end| name.ends_with(end)) {
            true => "text/html",
            false => &self.media_type,
        }
    }

    /// Its bytes with the transfer encoding undone.
    pub(crate) fn decoded(&self) -> Cow<'_, [u8]> {
        match self.field_text("content-transfer-encoding").to_ascii_lowercase().as_str() {
            "quoted-printable" => Cow::Owned(decode::without_carriage_returns(decode::quoted_printable(&self.body))),
            "base64" => {
                let bytes = decode::base64(&self.body);
                let is_text = self.media_type.starts_with("text/") || self.media_type.starts_with("message/");
                Cow::Owned(if is_text { decode::without_carriage_returns(bytes) } else { bytes })
            }
            _ => Cow::Borrowed(&self.body),
        }
    }
}

/// What was odd while a message was taken apart; rules ask for these by name.
#[derive(Debug, Default)]
pub(crate) struct Oddities {
    pub(crate) missing_head_body_separator: bool,
    pub(crate) missing_mime_head_body_separator: bool,
    pub(crate) missing_mime_headers: bool,
    pub(crate) truncated_header: bool,
    pub(crate) mime_epilogue_exists: bool,
    pub(crate) mimepart_limit_exceeded: bool,
    /// A boundary was opened and not closed.
    pub(crate) missing_boundary: bool,
}

/// A message, taken apart.
#[derive(Debug, Default)]
pub(crate) struct Message {
    /// The message itself first, then its parts as they are met.
    pub(crate) nodes: Vec<Node>,
    pub(crate) oddities: Oddities,
    /// Where the body starts in the raw bytes.
    pub(crate) body_at: usize,
    /// Where the header starts: behind the line of a mailbox.
    pub(crate) header_at: usize,
    /// The numbers of all parts as `parts` gives them.
    order: Vec<usize>,
}

impl Message {
    pub(crate) fn root(&self) -> Option<&Node> {
        self.nodes.first()
    }

    /// Parts in the order in which a reader meets them, the message itself included.
    pub(crate) fn parts(&self, from: usize) -> Vec<usize> {
        let mut found = Vec::new();
        let mut open = vec![from];
        while let Some(number) = open.pop() {
            let Some(node) = self.nodes.get(number) else { continue };
            found.push(number);
            open.extend(node.children.iter().rev());
        }
        found
    }

    /// All parts with their numbers, the message itself first.
    pub(crate) fn in_order(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.order.iter().filter_map(|number| Some((*number, self.nodes.get(*number)?)))
    }

    /// The leaves among them.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = (usize, &Node)> {
        self.in_order().filter(|(_, node)| node.is_leaf)
    }
}

/// A part whose content is still to be looked into.
struct Open {
    node: usize,
    boundary: Option<String>,
    declared: decode::ContentType,
    body: Vec<u8>,
    depth: u32,
}

/// Takes a message apart. As deep as SpamAssassin looks, and no deeper.
pub(super) fn read(raw: &[u8]) -> Message {
    let mut message = Message::default();
    let mut boundaries = BTreeMap::new();
    let mut queue = std::collections::VecDeque::new();
    let opened = whole(raw, &mut message, DEEPEST);
    queue.extend(opened);
    while let Some(open) = queue.pop_front() {
        let Some(node) = message.nodes.get(open.node) else { continue };
        let is_multipart = node.media_type.starts_with("multipart/") && open.boundary.is_some() && open.depth > 0;
        if is_multipart && message.nodes.len() <= MOST_PARTS {
            multipart(&mut message, open, &mut boundaries, &mut queue);
        } else {
            leaf(&mut message, open, &mut queue);
        }
    }
    message.oddities.missing_boundary = boundaries.values().any(|state| *state != 0);
    message.order = message.parts(0);
    message
}

/// Reads the header of a whole message and gives its body to be looked into. The first message is the one asked about;
/// others are in it.
fn whole(raw: &[u8], message: &mut Message, depth: u32) -> Option<Open> {
    let first_line = lines_of(raw).next().unwrap_or_default();
    let bare = raw.strip_suffix(b"\n").unwrap_or(raw);
    let last_line = memchr::memrchr(b'\n', bare).map_or(bare, |at| bare.get(at + 1..).unwrap_or_default());
    let is_mailbox = first_line.strip_prefix(b"From").is_some_and(|rest| {
        let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        blanks > 0 && rest.get(blanks) != Some(&b':')
    });
    let start = if is_mailbox { first_line.len() } else { 0 };
    let head = raw.get(start..).unwrap_or_default();
    let first_line = lines_of(head).next().unwrap_or_default();
    let crlf = first_line.ends_with(b"\r\n") || (raw.ends_with(b"\n") && last_line.ends_with(b"\r"));

    let is_first = message.nodes.is_empty();
    let number = message.nodes.len();
    let mut node = Node { is_leaf: true, fields: Fields::with_room(USUAL_FIELDS, USUAL_HEADER), ..Node::default() };
    let mut begun = None;
    let (mut at, mut errors) = (0usize, 0u32);
    let mut truncated = false;
    loop {
        let rest = head.get(at..).unwrap_or_default();
        let line = lines_of(rest).next().unwrap_or_default();
        let at_end = line.is_empty();
        let bare = line
            .strip_suffix(b"\n")
            .map_or(line, |line| if crlf { line.strip_suffix(b"\r").unwrap_or(line) } else { line });
        if matches!(line.first(), Some(b' ' | b'\t')) {
            begun.get_or_insert(at);
            at += line.len();
            continue;
        }
        if let Some(from) = begun.take() {
            let field = ended(head.get(from..at).unwrap_or_default(), crlf);
            push_field(&mut node, &field, b":", &mut truncated);
        }
        // The end of the bytes stands for an empty line, and so does an empty line without its end.
        if at_end || (bare.is_empty() && line.len() > bare.len()) {
            message.oddities.missing_head_body_separator |= at_end && is_first;
            at += line.len();
            break;
        }
        if bare.starts_with(b"--") {
            message.oddities.missing_head_body_separator |= is_first;
            break;
        }
        if !starts_field(bare, true) {
            errors += 1;
            if errors > 3 {
                message.oddities.missing_head_body_separator |= is_first;
                break;
            }
        }
        begun = Some(at);
        at += line.len();
    }
    message.oddities.truncated_header |= truncated && is_first;
    if is_first {
        message.header_at = start;
        message.body_at = start + at;
        message.oddities.truncated_header |= node.fields.within(LONGEST_HEADER) < node.fields.len();
    }
    let body = head.get(at..).unwrap_or_default();
    let body = if crlf { decode::without_carriage_returns(body.to_vec()) } else { body.to_vec() };
    let mut body = fewer_blank_lines(body);
    let declared = decode::content_type(&node.field_text("content-type"));
    node.media_type.clone_from(&declared.media_type);
    // Perl's list of lines has to have two for this.
    if node.media_type.starts_with("multipart/") {
        let first = body.split(|byte| *byte == b'\n').next().unwrap_or_default();
        let many = body.iter().filter(|byte| **byte == b'\n').nth(1).is_some()
            || memchr::memchr(b'\n', &body).is_some_and(|at| at + 1 < body.len());
        let delimits = declared
            .boundary
            .as_ref()
            .is_some_and(|it| first.strip_prefix(b"--").is_some_and(|rest| rest.starts_with(it.as_bytes())));
        if many && first.iter().any(|byte| !byte.is_ascii_whitespace()) && !delimits {
            body.insert(0, b'\n');
        }
    }
    message.nodes.push(node);
    Some(Open { node: number, boundary: declared.boundary.clone(), declared, body, depth })
}

/// The lines of a field with line ends of one byte, the last one included: as they stand, where they are so.
fn ended(field: &[u8], crlf: bool) -> Cow<'_, [u8]> {
    if !crlf && field.ends_with(b"\n") {
        return Cow::Borrowed(field);
    }
    let mut lines = Vec::with_capacity(field.len() + 1);
    for line in lines_of(field) {
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let bare = if crlf && bare.len() < line.len() { bare.strip_suffix(b"\r").unwrap_or(bare) } else { bare };
        lines.extend_from_slice(bare);
        lines.push(b'\n');
    }
    Cow::Owned(lines)
}

/// Whether a line starts a header field: a name of printable ASCII, blanks if `loose`, a colon.
fn starts_field(line: &[u8], loose: bool) -> bool {
    let name = line.iter().take_while(|byte| matches!(byte, 0x21..=0x39 | 0x3B..=0x7E)).count();
    let blanks = line.iter().skip(name).take_while(|byte| loose && matches!(byte, b' ' | b'\t')).count();
    name > 0 && line.get(name + blanks) == Some(&b':')
}

fn push_field(node: &mut Node, field: &[u8], colon: &[u8], truncated: &mut bool) {
    let Some(at) = memchr::memchr(b':', field) else { return };
    if node.fields.len() >= MOST_FIELDS {
        return;
    }
    let (name, value) = field.split_at(at);
    let mut value = value.get(1..).unwrap_or_default();
    let mut name = name;
    // In parts the blanks behind the colon go with it.
    if colon.len() > 1 {
        value = value.trim_ascii_start();
    } else {
        while let [rest @ .., b' ' | b'\t'] = name {
            name = rest;
        }
    }
    if name.len() > LONGEST_NAME || value.len() > LONGEST_VALUE {
        *truncated = true;
        name = name.get(..LONGEST_NAME).unwrap_or(name);
        value = value.get(..LONGEST_VALUE).unwrap_or(value);
    }
    node.fields.push(name, value);
}

/// More than twenty blank lines in a row are cut to twenty.
fn fewer_blank_lines(body: Vec<u8>) -> Vec<u8> {
    if !may_have_blank_lines(&body) {
        return body;
    }
    let is_blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
    let lines = || lines_of(&body);
    let mut run = 0;
    let longest = lines().map(|line| {
        run = if is_blank(line) { run + 1 } else { 0 };
        run
    });
    if longest.max().unwrap_or(0) <= BLANK_LINES {
        return body;
    }
    let mut kept = Vec::with_capacity(body.len());
    let mut run = 0;
    for line in lines() {
        run = if is_blank(line) { run + 1 } else { 0 };
        if run <= BLANK_LINES {
            kept.extend_from_slice(line);
        }
    }
    kept
}

/// Whether so much white space follows each other as more than twenty blank lines have at least. Of that many bytes one is looked at,
/// and what is around it where that one is white: to look at each line took five times as long.
fn may_have_blank_lines(body: &[u8]) -> bool {
    let mut at = BLANK_LINES;
    while let Some(byte) = body.get(at) {
        if byte.is_ascii_whitespace() {
            let (before, behind) = body.split_at(at);
            let before = before.iter().rev().take(BLANK_LINES).take_while(|it| it.is_ascii_whitespace()).count();
            let behind = behind.iter().take(BLANK_LINES + 1).take_while(|it| it.is_ascii_whitespace()).count();
            if before + behind > BLANK_LINES {
                return true;
            }
        }
        at += BLANK_LINES + 1;
    }
    false
}

fn leaf(message: &mut Message, open: Open, queue: &mut std::collections::VecDeque<Open>) {
    let Some(node) = message.nodes.get_mut(open.node) else { return };
    let content_type = open.declared;
    if !content_type.missing {
        node.media_type = match !content_type.media_type.starts_with("multipart/") || open.boundary.is_some() {
            true => content_type.media_type,
            false => "text/plain".to_owned(),
        };
    }
    node.charset = content_type.charset;
    node.name = decode::disposition_name(&node.field_text("content-disposition")).or(content_type.name);
    node.body = open.body;
    if !matches!(node.media_type.as_str(), "message/rfc822" | "message/global") || open.depth == 0 {
        return;
    }
    let decoded = node.decoded().into_owned();
    if decoded.is_empty() {
        return;
    }
    if message.nodes.len() > MOST_PARTS {
        message.oddities.mimepart_limit_exceeded = true;
        return;
    }
    let child = message.nodes.len();
    let inner = whole(&decoded, message, open.depth - 1);
    if let Some(node) = message.nodes.get_mut(open.node) {
        node.children.push(child);
        node.is_leaf = false;
        node.body = Vec::new();
    }
    queue.extend(inner);
}

#[cfg(test)]
mod tests;

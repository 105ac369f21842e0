//! The walk over the parts: one pass over the lines with a stack of open multiparts. No recursion; a line costs at most
//! one comparison for each open multipart, of which there are no more than the depth limit.

mod around;

use std::sync::Arc;

use super::choice::{Choice, Choices};
use super::delimiter::{Open, begins_with_part, indented, matching, sniffed, within_line};
use super::description;
use super::fields;
use super::header;
use super::kind::{begins_as_mime, is_nearly_message, is_plain_message, kind_of};
use super::lines::{self, Line, ends_twice, line_in};
use super::reading;
use super::tree::{Encoding, Field, Part, PartKind, Tree};
use crate::defect::{Defect, DefectKind};
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::{Place, Readings};
use crate::text::span::Span;
use crate::text::window::front;

/// Most defects that are noted of one message; one broken in more places is broken.
const MOST_DEFECTS: usize = 500;
/// Steps for each byte of a field with parameters. Measured: 50 ns for the worst of them, parentheses that never end.
const STEPS_A_PARAMETER_BYTE: u64 = 40;
/// How many times the limit for one header all headers together may have of fields: what is kept of each takes memory.
const HEADERS_IN_ALL: usize = 50;
/// How far into an encoded multipart its boundary is looked for, in bytes.
const PEEK_BYTES: usize = 256 << 10;
/// How far into a multipart a delimiter is looked for where its own never comes.
const SNIFF_BYTES: usize = 256 << 10;
/// How many closed multiparts are remembered, for parts behind their end.
const MOST_CLOSED: usize = 8;

struct Walk<'r, 'b, 'm> {
    raw: &'r [u8],
    /// Containers around the message as a whole.
    around: u16,
    budget: &'b mut Budget<'m>,
    tree: Tree,
    choices: Choices,
    open: Vec<Open>,
    /// The parts whose content has not ended, each within the one before.
    active: Vec<u32>,
    /// Boundaries of multiparts that were closed lately.
    closed: Vec<Vec<u8>>,
    /// How many more bytes may be looked at for delimiters that no field names.
    sniff: usize,
}

/// A delimiter line: which open multipart it belongs to, and whether it closes it.
struct Delimiter {
    open: usize,
    closes: bool,
    line: Line,
}

/// Reads a message within `around` containers into a tree, going the other way at the points in `taken`. Gives the points
/// that were met too.
pub(super) fn walk(raw: &[u8], around: u16, taken: u32, budget: &mut Budget<'_>) -> (Tree, u32) {
    let choices = Choices { taken, met: 0 };
    let tree = Tree::default();
    let (open, active, closed) = (Vec::new(), Vec::new(), Vec::new());
    let mut walk = Walk {
        raw,
        around,
        budget,
        tree,
        choices,
        open,
        active,
        closed,
        sniff: reading::length(raw).saturating_mul(2).max(SNIFF_BYTES),
    };
    if taken == 0 {
        // Where the limit cut the message between CR and LF, that is no fault of the sender's.
        let cut = walk.budget.reached.iter().any(|gap| gap.limit == Limit::MessageSize);
        for (kind, at) in lines::defects(raw) {
            if cut && kind == DefectKind::BareCr && at + 1 == raw.len() {
                continue;
            }
            walk.defect(kind, at);
        }
    }
    walk.run();
    (walk.tree, walk.choices.met)
}

impl Walk<'_, '_, '_> {
    fn run(&mut self) {
        // The next part begins at `at`, within `parent`.
        let mut next = Some((0usize, None, Arc::<str>::from("")));
        while let Some((at, parent, path)) = next.take() {
            if self.tree.parts.len() >= self.budget.limits.parts as usize {
                let most = self.budget.limits.parts;
                let place = Place::raw(at as u64, (self.raw.len() - at) as u64);
                self.budget.note(Limit::Parts, place, format!("the message has more than {most} MIME parts"));
                self.rest(at, parent, path);
                break;
            }
            let (kind, body) = self.begin(at, parent, path);
            let part = self.last();
            if !self.budget.work((body - at) as u64 + 1, || Place::raw(at as u64, 0)) {
                break;
            }
            if kind == PartKind::Message {
                // A message that is nothing but another one is that one's part 1.
                let path = Some(self.path(part)).filter(|path| !path.is_empty()).unwrap_or_else(|| Arc::from("1"));
                next = Some((body, Some(part), path));
                continue;
            }
            next = self.seek(body);
        }
        self.end_parts(0, self.raw.len());
        while let Some(open) = self.open.pop() {
            self.ended(&open, false);
        }
    }

    /// Goes from delimiter to delimiter until one begins a part.
    fn seek(&mut self, mut at: usize) -> Option<(usize, Option<u32>, Arc<str>)> {
        let mut closed = None;
        while let Some(delimiter) = self.delimiter(at) {
            let Delimiter { open: index, closes, line } = delimiter;
            self.epilogue(closed.take(), line.start);
            let around = self.open.get(index)?.around;
            let end = lines::before_line_end(self.raw, at, line.start);
            let is_within =
                self.open.last().is_some_and(|it| it.finder.find(self.raw.get(at..end).unwrap_or_default()).is_some());
            if is_within {
                self.choices.meet(Choice::MidLine);
            }
            self.end_parts(around, end);
            while self.open.len() > index + 1 {
                if let Some(open) = self.open.pop() {
                    self.ended(&open, false);
                }
            }
            if closes {
                if self.choices.takes(Choice::BehindClose) {
                    // It stays open for what comes behind.
                } else if let Some(open) = self.open.pop() {
                    if self.closed.len() < MOST_CLOSED {
                        self.closed.push(open.boundary.clone());
                    }
                    self.ended(&open, true);
                }
                closed = Some(line.next);
                at = line.next;
                continue;
            }
            let open = self.open.get_mut(index)?;
            open.children += 1;
            let (part, number) = (open.part, open.children);
            if number == 1 {
                self.preamble(part, line.start);
            }
            let above = self.path(part);
            let path = if above.is_empty() { number.to_string() } else { format!("{above}.{number}") };
            return Some((line.next, Some(part), path.into()));
        }
        self.epilogue(closed, self.raw.len());
        None
    }

    /// The first delimiter line from `at` on, of any open multipart; the innermost that fits has it.
    fn delimiter(&mut self, at: usize) -> Option<Delimiter> {
        if self.open.is_empty() && self.closed.is_empty() {
            return None;
        }
        let mut at = at;
        let mut counted = at;
        while let Some(line) = line_in(self.raw, at, self.choices) {
            let mut line = line;
            let mut text = line.text(self.raw);
            if self.choices.takes(Choice::MidLine)
                && let Some((offset, open, closes)) = within_line(&self.open, text, self.choices)
            {
                let _ = self.budget.work((line.next - counted) as u64, || Place::raw(at as u64, 0));
                line.start = at + offset;
                return Some(Delimiter { open, closes, line });
            }
            if matches!(text.first(), Some(b' ' | b'\t' | b'-'))
                && !self.open.is_empty()
                && let Some(inner) = indented(text)
                && matching(&self.open, inner, &mut self.choices).is_some()
                && self.choices.other(Choice::Indented)
            {
                text = inner;
            }
            if text.starts_with(b"--") {
                let at_cr = line.start > 0 && self.raw.get(line.start - 1) == Some(&b'\r');
                // What ends the outer one is no end, or none as long as delimiters of the inner one follow.
                let lasts = self.choices.takes(Choice::OuterInside) && self.choices.takes(Choice::InnerLasts);
                let ends = lasts && !self.goes_on(line.start);
                let mut choices = if ends { self.choices.but(Choice::OuterInside) } else { self.choices };
                let found = matching(&self.open, text, &mut choices);
                self.choices.met |= choices.met;
                if let Some((open, closes)) = found {
                    let ends_at_cr = line.next == line.end + 1 && self.raw.get(line.end) == Some(&b'\r');
                    if at_cr || ends_at_cr {
                        self.choices.meet(Choice::CrIsText);
                        if ends_at_cr && ends_twice(self.raw, line) {
                            self.choices.meet(Choice::CrBeforeEnd);
                        }
                    }
                    let _ = self.budget.work((line.next - counted) as u64, || Place::raw(at as u64, 0));
                    line.start = at;
                    return Some(Delimiter { open, closes, line });
                }
                if self.closed.iter().any(|boundary| text.get(2..).is_some_and(|it| it == boundary)) {
                    self.choices.meet(Choice::BehindClose);
                }
            }
            at = line.next;
            if at - counted > 1 << 16 {
                if !self.budget.work((at - counted) as u64, || Place::raw(at as u64, 0)) {
                    return None;
                }
                counted = at;
            }
        }
        None
    }

    /// Whether a delimiter of the innermost multipart stands behind `at`.
    fn goes_on(&mut self, at: usize) -> bool {
        let Some(open) = self.open.last_mut() else { return true };
        let last = open.last.unwrap_or_else(|| {
            let rest = self.raw.get(at..).unwrap_or_default();
            // Looked for from the end, once for each multipart, and not in more than all others together.
            let left = if self.sniff > 0 { self.sniff.checked_sub(reading::length(rest)) } else { None };
            self.sniff = left.unwrap_or(0);
            match left {
                Some(_) => memchr::memmem::rfind(rest, open.finder.needle()).map_or(0, |found| at + found),
                None => usize::MAX,
            }
        });
        open.last = Some(last);
        last > at
    }

    /// Reads the header at `at` and adds the part; gives its kind and where its content begins.
    fn begin(&mut self, at: usize, parent: Option<u32>, path: Arc<str>) -> (PartKind, usize) {
        let (raw, open) = (self.raw, &self.open);
        let is_delimiter = |line: &[u8], choices: &mut Choices| matching(open, line, choices).is_some();
        let header = header::read(raw, at, self.budget.limits, &mut self.choices, is_delimiter);
        let mut description = description::describe(raw, &header.fields, &mut self.choices);
        let steps = (description.bytes as u64).saturating_mul(STEPS_A_PARAMETER_BYTE);
        let _ = self.budget.work(steps, || Place::raw(at as u64, 0));
        if header.over {
            let limits = self.budget.limits;
            let explanation =
                format!("a header has more than {} fields or {} bytes", limits.headers, limits.header_bytes);
            self.budget.note_once(Limit::Headers, || Place::raw(at as u64, header.span.len() as u64), explanation);
        }
        let room = (self.budget.limits.headers as usize).saturating_mul(HEADERS_IN_ALL);
        let kept = header.fields.len().min(room.saturating_sub(self.tree.fields.len()));
        if kept < header.fields.len() {
            let explanation = format!("all headers together have more than {room} fields");
            self.budget.note_once(Limit::Headers, || Place::raw(at as u64, header.span.len() as u64), explanation);
        }
        let fields = index(self.tree.fields.len())..index(self.tree.fields.len() + kept);
        self.tree.fields.extend(header.fields.iter().take(kept));
        let mut seen: Vec<DefectKind> = Vec::new();
        let is_message = parent.and_then(|parent| self.part(parent)).is_none_or(|it| it.kind == PartKind::Message);
        let in_fields = if is_message { field_defects(raw, &header.fields) } else { Vec::new() };
        for (kind, at) in header.defects.iter().chain(&description.defects).chain(&in_fields) {
            if !seen.contains(kind) {
                seen.push(*kind);
                self.defect(*kind, *at);
            }
        }

        let depth = parent.and_then(|parent| self.part(parent)).map_or(0, |parent| parent.depth.saturating_add(1));
        let in_digest =
            parent.and_then(|parent| self.part(parent)).is_some_and(|it| it.media_type == "multipart/digest");
        let mut media_type = match (&description.media_type, in_digest) {
            (it, _) if !it.is_empty() => it.clone(),
            (_, true) => "message/rfc822".to_owned(),
            (_, false) => "text/plain".to_owned(),
        };
        let encoding = description.encoding.unwrap_or(Encoding::Identity);
        // Some take the encoding of what is around a part that declares none for its own.
        let around = parent.and_then(|parent| self.part(parent)).map_or(Encoding::Identity, |it| it.encoding);
        let mut encodings = std::mem::take(&mut description.encodings);
        let is_file = description.disposition == "attachment" || !description.names.is_empty();
        if is_file && description.encoding.is_none() && encodings.is_empty() && around != Encoding::Identity {
            encodings.push(around);
        }
        let mut kind = kind_of(&media_type);
        let head = raw.get(header.body..).unwrap_or_default();
        let nearly = is_nearly_message(&media_type) || (parent.is_some() && begins_as_mime(head, self.choices));
        if kind == PartKind::Leaf && encoding == Encoding::Identity && nearly && self.choices.other(Choice::AsMessage) {
            kind = PartKind::Message;
        }
        // A multipart by its content, whatever its type.
        let is_like_multipart = kind == PartKind::Leaf
            && encoding == Encoding::Identity
            && begins_with_part(head)
            && self.choices.other(Choice::AsMultipart);
        if is_like_multipart {
            kind = PartKind::Multipart;
            "multipart/mixed".clone_into(&mut media_type);
        }
        let mut boundary = description.boundary_bytes();
        if kind == PartKind::Multipart && (is_like_multipart || self.choices.takes(Choice::SniffBoundary)) {
            let mut head = front(head, SNIFF_BYTES);
            let own = if boundary.is_empty() {
                None
            } else {
                memchr::memmem::find(head, &[b"--", boundary.as_slice()].concat())
            };
            let looked_at = head.get(..own.unwrap_or(head.len())).unwrap_or_default();
            // Whole or not at all, and by its length without carriage returns: the same with either line end.
            match self.sniff.checked_sub(reading::length(looked_at)) {
                Some(left) => self.sniff = left,
                None => head = &[],
            }
            let _ = self.budget.work(looked_at.len() as u64, || Place::raw(at as u64, 0));
            if own.is_none() {
                boundary = sniffed(head, &self.open, &boundary).unwrap_or(boundary);
            }
        }
        if kind != PartKind::Leaf && encoding != Encoding::Identity {
            self.defect(DefectKind::EncodedContainer, at);
            // Mailers declare an encoding that they did not apply; else the whole has to be decoded before it is parsed.
            let head = raw.get(header.body..).unwrap_or_default();
            let head = front(head, PEEK_BYTES);
            let _ = self.budget.work((head.len() / 8) as u64, || Place::raw(at as u64, 0));
            let head_has_delimiter = || has_delimiter(head, &boundary, &self.open);
            // A multipart without a boundary has one part, and that is decoded as any other.
            let stands_plain = match kind {
                PartKind::Message => is_plain_message(head, encoding),
                _ => boundary.is_empty() || head_has_delimiter(),
            };
            if !stands_plain {
                kind = PartKind::Leaf;
            }
        }
        if kind == PartKind::Multipart && boundary.is_empty() {
            self.choices.meet(Choice::SniffBoundary);
            self.choices.meet(Choice::MidLine);
            self.defect(DefectKind::BoundaryEmpty, at);
        }
        if kind != PartKind::Leaf && depth.saturating_add(self.around) >= self.budget.limits.depth {
            let explanation = format!("containers nest deeper than {}", self.budget.limits.depth);
            self.budget.note_once(Limit::Depth, || Place::raw(at as u64, 0), explanation);
            kind = PartKind::Leaf;
        }
        let path = if parent.is_none() && kind == PartKind::Leaf { Arc::from("1") } else { path };
        let path = match parent.and_then(|parent| self.part(parent)) {
            // The content of a message within a message is numbered below it (RFC 3501, section 6.4.5).
            Some(above) if above.kind == PartKind::Message && kind != PartKind::Multipart => {
                Arc::from(format!("{path}.1"))
            }
            _ => path,
        };
        let number = index(self.tree.parts.len());
        self.tree.parts.push(Part {
            kind,
            depth,
            path,
            fields,
            header: header.span,
            body: Span::new(header.body, raw.len()),
            media_type,
            declared: description.declared,
            charset: description.charset,
            boundary: description.boundary,
            parameters: description.parameters,
            disposition: description.disposition,
            names: description.names,
            encoding,
            encodings,
            known: false,
            readings: Readings::FIRST,
        });
        self.active.push(number);
        if kind == PartKind::Multipart && boundary.is_empty() {
            let child = self.only_child(number);
            self.active.extend(child);
        } else if kind == PartKind::Multipart {
            if self.open.iter().any(|open| open.boundary == boundary) {
                self.defect(DefectKind::DuplicateBoundary, at);
            }
            let around = self.active.len();
            self.open.push(Open::new(number, boundary, around));
        }
        (kind, header.body)
    }

    /// Everything from `at` on as one part that nobody takes apart.
    fn rest(&mut self, at: usize, parent: Option<u32>, path: Arc<str>) {
        let body = Span::new(at, self.raw.len());
        self.active.push(index(self.tree.parts.len()));
        self.tree.parts.push(self.bare(parent, path, "application/octet-stream", Encoding::Identity, body));
        // Delimiters further on are within that part.
        self.open.clear();
    }

    /// Adds the content of a multipart that holds no parts as its one part: a text, which is what readers see. `None`
    /// where there is nothing to see.
    fn only_child(&mut self, multipart: u32) -> Option<u32> {
        let part = self.part(multipart)?;
        if part.body.of(self.raw).trim_ascii().is_empty() {
            return None;
        }
        let path = if part.path.is_empty() { Arc::from("1") } else { format!("{}.1", part.path).into() };
        let mut child = self.bare(Some(multipart), path, "text/plain", part.encoding, part.body);
        // Whoever takes it for a part of its own shows it under its names.
        child.names.clone_from(&part.names);
        child.disposition.clone_from(&part.disposition);
        self.tree.parts.push(child);
        Some(self.last())
    }

    /// A part without a header.
    fn bare(&self, parent: Option<u32>, path: Arc<str>, media_type: &str, encoding: Encoding, body: Span) -> Part {
        let fields = index(self.tree.fields.len());
        Part {
            kind: PartKind::Leaf,
            depth: parent.and_then(|parent| self.part(parent)).map_or(0, |parent| parent.depth.saturating_add(1)),
            path,
            fields: fields..fields,
            header: Span::new(body.start as usize, body.start as usize),
            body,
            media_type: media_type.to_owned(),
            declared: false,
            charset: None,
            boundary: None,
            parameters: Vec::new(),
            disposition: String::new(),
            names: Vec::new(),
            encoding,
            encodings: Vec::new(),
            known: false,
            readings: Readings::FIRST,
        }
    }

    /// Ends the content of all active parts but the first `keep`.
    fn end_parts(&mut self, keep: usize, end: usize) {
        while self.active.len() > keep {
            let Some(part) = self.active.pop() else { return };
            if let Some(part) = self.tree.parts.get_mut(part as usize) {
                part.body = Span::new(part.body.start as usize, end.max(part.body.start as usize));
            }
        }
    }

    fn part(&self, number: u32) -> Option<&Part> {
        self.tree.parts.get(number as usize)
    }

    fn path(&self, number: u32) -> Arc<str> {
        self.part(number).map_or_else(|| Arc::from(""), |part| Arc::clone(&part.path))
    }

    fn last(&self) -> u32 {
        index(self.tree.parts.len().saturating_sub(1))
    }

    fn defect(&mut self, kind: DefectKind, at: usize) {
        if self.tree.defects.len() < MOST_DEFECTS {
            self.tree.defects.push(Defect { kind, place: Place::raw(at as u64, 0) });
        }
    }
}

/// Whether a delimiter of `boundary` stands in a content, before one of the multiparts around it does.
fn has_delimiter(content: &[u8], boundary: &[u8], open: &[Open]) -> bool {
    let delimiter = [b"--", boundary].concat();
    let first = memchr::memmem::find_iter(content, &delimiter)
        .find(|at| at.checked_sub(1).is_none_or(|before| matches!(content.get(before), Some(b'\r' | b'\n'))));
    let line = first.and_then(|at| lines::line_at(content, at));
    line.is_some_and(|line| matching(open, line.text(content), &mut Choices::default()).is_none())
}

/// What is wrong in the fields of a message, beyond those that describe its content.
fn field_defects(raw: &[u8], fields: &[Field]) -> Vec<(DefectKind, usize)> {
    let mut found = Vec::new();
    for field in fields {
        let value = field.value.of(raw);
        let at = field.value.start as usize;
        if field.is(raw, "date") && fields::date(value).is_none() {
            found.push((DefectKind::DateMalformed, at));
        }
        let is_free = ["subject", "from", "to", "cc", "reply-to", "sender"].iter().any(|name| field.is(raw, name));
        if is_free && !fields::words_are_whole(value) {
            found.push((DefectKind::EncodedWordMalformed, at));
        }
    }
    found
}

fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

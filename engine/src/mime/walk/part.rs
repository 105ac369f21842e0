//! A part as it begins: its header, what that makes of it, and which boundary its own parts would have.

use std::sync::Arc;

use super::{SNIFF_BYTES, Walk, index};
use crate::defect::DefectKind;
use crate::incomplete::Limit;
use crate::mime::choice::{Choice, Choices};
use crate::mime::delimiter::{Open, begins_with_part, matching, sniffed};
use crate::mime::kind::{begins_as_mime, is_nearly_message, is_plain_message, kind_of};
use crate::mime::tree::{Encoding, Field, Part, PartKind};
use crate::mime::{description, fields, header, lines, reading};
use crate::place::{Place, Readings};
use crate::text::span::Span;
use crate::text::window::front;

/// Steps for each byte of a field with parameters. Measured: 50 ns for the worst of them, parentheses that never end.
const STEPS_A_PARAMETER_BYTE: u64 = 40;
/// How many times the limit for one header all headers together may have of fields: what is kept of each takes memory.
const HEADERS_IN_ALL: usize = 50;
/// How far into an encoded multipart its boundary is looked for, in bytes.
const PEEK_BYTES: usize = 256 << 10;

impl Walk<'_, '_, '_> {
    /// Reads the header at `at` and adds the part; gives its kind and where its content begins.
    pub(super) fn begin(&mut self, at: usize, parent: Option<u32>, path: Arc<str>) -> (PartKind, usize) {
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
    pub(super) fn rest(&mut self, at: usize, parent: Option<u32>, path: Arc<str>) {
        let body = Span::new(at, self.raw.len());
        self.active.push(index(self.tree.parts.len()));
        self.tree.parts.push(self.bare(parent, path, "application/octet-stream", Encoding::Identity, body));
        // Delimiters further on are within that part.
        self.open.clear();
    }

    /// Adds the content of a multipart that holds no parts as its one part: a text, which is what readers see. `None`
    /// where there is nothing to see.
    pub(super) fn only_child(&mut self, multipart: u32) -> Option<u32> {
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
    pub(super) fn bare(
        &self,
        parent: Option<u32>,
        path: Arc<str>,
        media_type: &str,
        encoding: Encoding,
        body: Span,
    ) -> Part {
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

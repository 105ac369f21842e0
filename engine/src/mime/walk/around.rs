//! What stands around the parts of a multipart: before the first delimiter, behind the last, and what that says of it.

use std::sync::Arc;

use super::{Open, Walk};
use crate::defect::DefectKind;
use crate::mime::choice::Choice;
use crate::mime::tree::Encoding;
use crate::mime::{description, header, lines, reading};
use crate::text::span::Span;

impl Walk<'_, '_, '_> {
    /// Notes text between a closing delimiter and what comes next.
    pub(super) fn epilogue(&mut self, start: Option<usize>, end: usize) {
        let Some(start) = start else { return };
        self.outside(None, start, end);
        let text = self.raw.get(start..end).unwrap_or_default();
        // A delimiter of what is closed, in the middle of a line.
        let is_closed =
            |boundary: &Vec<u8>| memchr::memmem::find(text, &[b"--", boundary.as_slice()].concat()).is_some();
        if reading::length(text) > 8 && self.closed.last().is_some_and(is_closed) {
            self.choices.meet(Choice::MidLine);
            self.choices.meet(Choice::BehindClose);
        }
        if !self.raw.get(start..end).unwrap_or_default().trim_ascii().is_empty() {
            self.defect(DefectKind::Epilogue, start);
        }
    }

    pub(super) fn preamble(&mut self, part: u32, end: usize) {
        let Some(start) = self.part(part).map(|part| part.body.start as usize) else { return };
        self.outside(Some(part), start, end);
        let text = self.raw.get(start..end).unwrap_or_default().trim_ascii();
        // The one honest preamble: the sentence for readers of the last century.
        if !text.is_empty() && !text.starts_with(b"This is a ") && !text.starts_with(b"This message is in MIME") {
            self.defect(DefectKind::Preamble, start);
        }
    }

    /// Notes what is wrong with a multipart that has ended.
    pub(super) fn ended(&mut self, open: &Open, closed: bool) {
        let at = self.part(open.part).map_or(0, |part| part.header.start as usize);
        if open.children == 0 {
            self.choices.meet(Choice::SniffBoundary);
            self.choices.meet(Choice::MidLine);
            self.defect(DefectKind::BoundaryMissing, at);
            let child = self.only_child(open.part);
            // After a closing delimiter, the multipart goes on to where the one around it does.
            self.active.extend(child.filter(|_| closed));
        } else if !closed {
            self.choices.meet(Choice::MidLine);
            self.defect(DefectKind::BoundaryUnclosed, at);
        }
    }

    /// Text outside of the parts of a multipart that looks like one: with fields of its own, or a uuencoded file.
    fn outside(&mut self, multipart: Option<u32>, start: usize, end: usize) {
        let text = self.raw.get(start..end).unwrap_or_default();
        let at = start + (text.len() - text.trim_ascii_start().len());
        let text = text.trim_ascii_start();
        // A part behind a delimiter that no field names, or behind a mailbox separator.
        let is_separator = text.starts_with(b"From ") || text.starts_with(b">From ");
        let (at, end) = match (text.starts_with(b"--") || is_separator).then(|| lines::line_at(self.raw, at)).flatten()
        {
            Some(line) if line.next < end && is_separator => (line.next, end),
            Some(line) if line.next < end => {
                let delimiter = line.text(self.raw).trim_ascii_end();
                let behind = self.raw.get(line.next..end).unwrap_or_default();
                let next = memchr::memmem::find_iter(behind, delimiter)
                    .find(|at| at.checked_sub(1).and_then(|before| behind.get(before)) == Some(&b'\n'));
                let part = line.next..next.map_or(end, |length| line.next + length);
                (part.start, lines::before_line_end(self.raw, part.start, part.end))
            }
            _ => (at, end),
        };
        let text = self.raw.get(at..end).unwrap_or_default();
        let fields = header::describes(text);
        let file = text.starts_with(b"begin ") || memchr::memmem::find(text, b"\nbegin ").is_some();
        if !(fields || file) || !self.choices.other(Choice::LookOutside) {
            return;
        }
        let path = multipart.map_or_else(|| Arc::from(""), |part| self.path(part));
        let path = if path.is_empty() { Arc::from("0") } else { format!("{path}.0").into() };
        let mut part = self.bare(multipart, path, "text/plain", Encoding::Identity, Span::new(at, end));
        if fields {
            let header = header::read(self.raw, at, self.budget.limits, &mut self.choices, |_, _| false);
            let description = description::describe(self.raw, &header.fields, &mut self.choices);
            part.header = header.span;
            part.body = Span::new(header.body.min(end), end);
            part.media_type = Some(description.media_type).filter(|it| !it.is_empty()).unwrap_or(part.media_type);
            part.names = description.names;
            part.disposition = description.disposition;
            part.encoding = description.encoding.unwrap_or(Encoding::Identity);
            part.encodings = description.encodings;
        }
        self.tree.parts.push(part);
    }
}

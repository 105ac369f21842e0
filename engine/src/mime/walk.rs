//! The walk over the parts: one pass over the lines with a stack of open multiparts. No recursion; a line costs at most
//! one comparison for each open multipart, of which there are no more than the depth limit.

mod around;
mod part;

use std::sync::Arc;

use super::choice::{Choice, Choices};
use super::delimiter::{Open, indented, matching, within_line};
use super::lines::{self, Line, ends_twice, line_in};
use super::reading;
use super::tree::{Part, PartKind, Tree};
use crate::defect::{Defect, DefectKind};
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::Place;
use crate::text::span::Span;

/// Most defects that are noted of one message; one broken in more places is broken.
const MOST_DEFECTS: usize = 500;
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

fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

//! Whether a member of a set matches a text in which something of it was noted: at the few places where a match may begin, or by
//! searching the ranges that it may lie in.

mod places;
#[cfg(test)]
mod tests;

use std::ops::Range;

use super::matcher::{Member, Near, Scratch, Set, Tried};
use super::noted::{Hit, Line, Noted, Pieces};
use super::pattern::{Found, Pattern};
use super::watch::Watch;

/// For each byte of a text so many may be read by trying the beginnings of one member, and so many at least; with more, what may hold
/// matches is searched once.
const MOST_TRIED: usize = 2;
const LEAST_TRIED: usize = 4_096;
/// What asking the pattern itself counts as.
const ASKED: usize = 200;

/// A range of a piece that matches can lie in.
#[derive(Clone, Debug)]
struct Candidate {
    piece: usize,
    range: Range<usize>,
    /// How many literals or sequences were seen that do not overlap, and where the last of them ends.
    times: u32,
    end: usize,
}

/// What is kept from member to member: memory to be reused.
#[derive(Debug, Default)]
pub(super) struct Candidates(Vec<Candidate>);

/// A search for one member under way.
struct Search<'s> {
    pattern: &'s Pattern,
    member: Member,
    near: &'s Near,
    pieces: Pieces<'s>,
    /// The piece that something was noted in last.
    line: Line<'s>,
    /// Where a match was tried last that begins where a line does, and where that line ends: in the text.
    tried_line: Range<usize>,
    /// Matches that begin where lines do are counted one by one, and from where on the next can begin: in the text.
    counts_lines: bool,
    next_line: usize,
    /// How many matches were found.
    count: u32,
    /// How many bytes were read by trying beginnings.
    tried: usize,
    most_tried: usize,
    candidates: &'s mut Vec<Candidate>,
    watch: &'s mut Option<Watch>,
    read: u64,
    each: &'s mut dyn FnMut(usize, Found),
}

impl Set {
    /// Looks for a member in a text; hands what it found in a piece to `each`. Gives how many bytes were read.
    #[expect(clippy::too_many_arguments, reason = "a text, what is known of it, and memory")]
    pub(super) fn search(
        &self,
        number: u32,
        patterns: &[Pattern],
        pieces: Pieces<'_>,
        noted: &mut Noted,
        candidates: &mut Candidates,
        scratch: &mut Scratch,
        each: &mut dyn FnMut(usize, Found),
    ) -> u64 {
        let (Some(member), Some(near)) = (self.members.get(number as usize).copied(), self.near(number)) else {
            return 0;
        };
        let Some(pattern) = patterns.get(member.pattern as usize) else { return 0 };
        let read = if near.waits && !noted.is_all { self.note_rest(pieces, scratch, noted) } else { 0 };
        candidates.0.clear();
        let mut search = Search {
            pattern,
            member,
            near,
            pieces,
            line: pieces.line(0),
            tried_line: 0..0,
            counts_lines: false,
            next_line: 0,
            count: 0,
            tried: 0,
            most_tried: pieces.text.len().saturating_mul(MOST_TRIED).saturating_add(LEAST_TRIED),
            candidates: &mut candidates.0,
            watch: &mut scratch.watch,
            read,
            each,
        };
        if pattern.has_run() && near.tried == Tried::Always {
            search.read = search.read.saturating_add(pieces.text.len() as u64);
            if !pattern.may_run_in(pieces.text) {
                return search.read;
            }
        }
        let together = if near.tried == Tried::Together { self.together(patterns) } else { None };
        // One search of the whole costs less than one of each of many pieces, most of which have nothing, and one for all members that are
        // searched for so less than one for each.
        if near.tried != Tried::Noted && pieces.ends.len() > 1 {
            if let Some(together) = together.filter(|_| noted.by_blanks) {
                let whole = *noted.whole.get_or_insert_with(|| {
                    search.read = search.read.saturating_add(pieces.text.len() as u64);
                    together.may_match(pieces.text)
                });
                if !whole {
                    return search.read;
                }
            }
            search.read = search.read.saturating_add(pieces.text.len() as u64);
            if !search.may_match_whole(noted.by_blanks) {
                return search.read;
            }
        }
        match near.tried {
            Tried::Noted => search.noted(noted),
            Tried::Always if noted.by_blanks && search.counts() => {}
            Tried::Always => search.each_piece(),
            Tried::Together => {
                if noted.together.is_empty()
                    && let Some(together) = together
                {
                    search.read = search.read.saturating_add(pieces.text.len() as u64);
                    noted.together.extend((0..pieces.ends.len()).map(|piece| together.may_match(pieces.get(piece))));
                }
                for piece in 0..pieces.ends.len() {
                    if noted.together.get(piece).copied().unwrap_or(true) {
                        search.confirm(piece, 0..pieces.text.len());
                    }
                }
            }
        }
        search.read
    }
}

impl Search<'_> {
    fn each_piece(&mut self) {
        (0..self.pieces.ends.len()).for_each(|piece| self.confirm(piece, 0..self.pieces.text.len()));
    }

    /// Counts a few short texts in all pieces at once: most pieces have one, and a search of each takes longer than to count. False where
    /// the pattern is something else.
    fn counts(&mut self) -> bool {
        let (pieces, most) = (self.pieces, self.member.most);
        if most < 2 || pieces.ends.len() < 2 || !self.pattern.is_counted_in_pieces() {
            return false;
        }
        let all = usize::from(self.member.skips_first)..pieces.ends.len();
        let has_any = |piece: &usize| self.pattern.search(pieces.get(*piece), 2).count > 0;
        if let Some(piece) = all.into_iter().find(has_any) {
            self.read = self.read.saturating_add(pieces.text.len() as u64);
            let found = self.pattern.search_within(pieces.text, pieces.start(piece)..pieces.text.len(), most);
            self.found(piece, found);
        }
        self.of_rule();
        true
    }

    fn noted(&mut self, noted: &Noted) {
        let hits = || noted.hits(self.near.slot);
        let least = self.near.times as usize;
        if least > 1 && noted.beyond(self.near.slot).is_none() && hits().take(least).count() < least {
            return;
        }
        let has_all = noted.beyond(self.near.slot).is_none();
        if least > 1 && has_all && self.near.tail == Some((0, 0)) && !self.come(hits(), least - 1) {
            return;
        }
        self.counts_lines = self.member.most > 1 && has_all && self.pattern.counts_by_lines();
        for hit in hits() {
            if self.is_done() {
                return;
            }
            self.seen(hit);
        }
        if let Some(beyond) = noted.beyond(self.near.slot) {
            let range = beyond.start.saturating_sub(self.near.ahead)..beyond.end.saturating_add(self.near.longest);
            let first = self.pieces.ends.partition_point(|end| *end <= range.start);
            for piece in (first..self.pieces.ends.len()).take_while(|piece| self.pieces.start(*piece) < range.end) {
                self.candidates.push(Candidate { piece, range: range.clone(), times: u32::MAX, end: usize::MAX });
            }
        }
        let mut candidates = std::mem::take(self.candidates);
        for candidate in candidates.drain(..) {
            if candidate.times >= self.near.times && !candidate.range.is_empty() {
                self.confirm(candidate.piece, candidate.range);
            }
        }
        *self.candidates = candidates;
        self.read = self.read.saturating_add(if self.tried < usize::MAX { self.tried as u64 } else { 0 });
    }

    fn go_to(&mut self, piece: usize) {
        if piece != self.line.number {
            self.line = self.pieces.line(piece);
        }
    }

    fn may_match_whole(&mut self, by_blanks: bool) -> bool {
        if let Some(watch) = self.watch.as_mut() {
            watch.shared("candidates");
            if self.pattern.is_new(true) || self.pattern.is_new(false) {
                self.pattern.may_match_whole(b"", true);
                watch.compiled(self.member.rule);
            }
        }
        let may = self.pattern.may_match_whole(self.pieces.text, by_blanks);
        if !may {
            self.of_rule();
        }
        may
    }

    fn is_done(&self) -> bool {
        self.count >= self.member.most
    }

    fn found(&mut self, piece: usize, found: Found) {
        self.count = self.count.saturating_add(found.count);
        (self.each)(piece, found);
    }

    /// Where a match with what was noted lies, in the piece at hand.
    fn around(&self, hit: Hit) -> Range<usize> {
        let (from, to, near) = (hit.from as usize, hit.to as usize, self.near);
        let first = to.saturating_sub(near.longest).max(from.saturating_sub(near.ahead));
        first.max(self.line.start)..from.saturating_add(near.longest)
    }

    /// Whether all of that is to be searched already.
    fn is_covered(&self, hit: Hit) -> bool {
        let around = self.around(hit);
        self.candidates.last().is_some_and(|it| {
            it.piece == hit.piece as usize && it.range.start <= around.start && around.end <= it.range.end
        })
    }

    /// Notes that there may be matches around what was noted, in the piece at hand; or none whose first of several it is.
    fn note(&mut self, hit: Hit, is_first: bool) {
        let (from, to) = (hit.from as usize, hit.to as usize);
        let (start, end) = match is_first {
            true => (self.around(hit).start, self.around(hit).end),
            false => (usize::MAX, 0),
        };
        match self.candidates.last_mut() {
            Some(candidate) if candidate.piece == hit.piece as usize => {
                candidate.range.start = candidate.range.start.min(start);
                candidate.range.end = candidate.range.end.max(end);
                if from >= candidate.end {
                    candidate.times = candidate.times.saturating_add(1);
                    candidate.end = to;
                }
            }
            _ => self.candidates.push(Candidate { piece: hit.piece as usize, range: start..end, times: 1, end: to }),
        }
    }

    /// Searches a range of a piece.
    fn confirm(&mut self, piece: usize, range: Range<usize>) {
        if self.is_done() || (piece == 0 && self.member.skips_first) {
            return;
        }
        let (start, line) = (self.pieces.start(piece), self.pieces.get(piece));
        let within = range.start.saturating_sub(start)..range.end.saturating_sub(start).min(line.len());
        self.read = self.read.saturating_add(within.len() as u64);
        if let Some(watch) = self.watch.as_mut() {
            watch.shared("candidates");
            let idle = 0..0;
            if self.pattern.is_new(true) {
                self.pattern.may_match(line, &idle);
                watch.compiled(self.member.rule);
            }
            if self.pattern.is_new(false) && self.pattern.may_match(line, &within) {
                self.pattern.compiles();
                watch.compiled(self.member.rule);
            }
        }
        let found = self.pattern.search_within(line, within, self.member.most - self.count);
        self.of_rule();
        if found.count > 0 || found.gave_up {
            self.found(piece, found);
        }
    }

    fn of_rule(&mut self) {
        if let Some(watch) = self.watch.as_mut() {
            watch.rule(self.member.rule);
        }
    }
}

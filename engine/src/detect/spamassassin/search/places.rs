//! One place where something of a member was noted: whether a match may be around it, begins there or in its line, or is to be searched for.

use std::ops::Range;

use super::super::noted::Hit;
use super::super::pattern::{Found, MOST_LINE_ENDS};
use super::{ASKED, Search};
use crate::text::patterns::May;

impl Search<'_> {
    /// Whether so many may come of what must come once more, as far as that is told for less than all of a match is.
    pub(super) fn come(&mut self, hits: impl Iterator<Item = Hit>, least: usize) -> bool {
        let mut left = least;
        for hit in hits {
            if left == 0 || self.tried > self.most_tried {
                return true;
            }
            self.go_to(hit.piece as usize);
            if self.is_let(hit) {
                let (line, at) = (self.line.text, (hit.from as usize).saturating_sub(self.line.start));
                let Some((may, read)) = self.pattern.may_come_at(line, at, true) else { return true };
                self.tried = self.tried.saturating_add(read + 1);
                left -= usize::from(may);
            }
        }
        left == 0
    }

    /// A literal or sequence was noted.
    pub(super) fn seen(&mut self, hit: Hit) {
        let (piece, from, near) = (hit.piece as usize, hit.from as usize, self.near);
        if piece == 0 && self.member.skips_first {
            return;
        }
        self.go_to(piece);
        let start = self.line.start;
        // What can only match where the piece begins has something there, or nowhere.
        if self.pattern.only_at_start && near.times == 1 && from.saturating_sub(near.ahead) > start {
            return;
        }
        if near.times == 1
            && near.begins.is_none()
            && let Some(ends) = self.pattern.lines()
        {
            return self.try_lines(hit, ends);
        }
        // The range that it would add is searched already.
        if near.times == 1 && self.is_covered(hit) {
            return;
        }
        if !self.is_let(hit) {
            if near.times > 1 {
                self.note(hit, false);
            }
            return;
        }
        let places = |least: usize, most: usize| {
            let last = from.checked_sub(start)?.checked_sub(least)?;
            Some(from.saturating_sub(most).saturating_sub(start)..last + 1)
        };
        if let Some((least, most)) = near.begins {
            if let Some(begins) = places(least, most) {
                self.try_at(begins, hit);
            }
            return;
        }
        if let Some((least, most)) = near.tail
            && !places(least, most).is_some_and(|places| self.goes_on(places))
        {
            if near.times > 1 {
                self.note(hit, false);
            }
            return;
        }
        self.note(hit, true);
    }

    /// Whether what stands right around what was noted may, where a match begins there or a part of it can be followed from there on.
    fn is_let(&mut self, hit: Hit) -> bool {
        let near = self.near;
        if near.begins.or(near.tail) != Some((0, 0)) {
            return true;
        }
        if near.gate.get().is_none() {
            self.makes_probe(near.begins.is_none());
        }
        let gate = near.gate.get_or_init(|| self.pattern.gate(near.begins.is_none()));
        gate.is_none_or(|gate| self.line.lets(gate, hit))
    }

    /// Whether a match may go on at one of few places of the piece at hand.
    fn goes_on(&mut self, places: Range<usize>) -> bool {
        let (line, is_known) = (self.line.text, self.near.tail == Some((0, 0)));
        self.makes_probe(true);
        for place in places {
            if self.tried > self.most_tried {
                return true;
            }
            let (may, read) = self.pattern.may_go_on_at(line, place, is_known);
            self.tried = self.tried.saturating_add(read + 1);
            if may != May::Not {
                return true;
            }
        }
        false
    }

    /// Tries whether a match begins where the line does that something was noted in, or one of so many before it.
    fn try_lines(&mut self, hit: Hit, before: usize) {
        let (line, from) = (self.line, hit.from as usize);
        if self.tried_line.contains(&from) {
            return;
        }
        let (ahead, behind) = line.text.split_at(from.saturating_sub(line.start).min(line.text.len()));
        let end = memchr::memchr(b'\n', behind).map_or(line.text.len(), |at| ahead.len() + at);
        let mut starts = memchr::memrchr_iter(b'\n', ahead).map(|at| at + 1).chain([0]).take(before + 1);
        let starts: [Option<usize>; MOST_LINE_ENDS + 1] = std::array::from_fn(|_| starts.next());
        let [start, ..] = starts.map(|start| start.unwrap_or(0));
        self.tried_line = line.start + start..line.start + end;
        for start in starts.into_iter().rev().flatten() {
            if self.is_done() {
                return;
            }
            match self.counts_lines {
                true => self.count_line(start, hit),
                false => self.try_at(start..start + 1, hit),
            }
        }
    }

    /// Counts a match that begins where a line of the piece at hand does, unless one before it reaches to there. The pattern reads no more lines
    /// than a match has, which are few, and is asked at once where its coarse form, which may read on, was asked for long.
    fn count_line(&mut self, at: usize, hit: Hit) {
        let line = self.line;
        if line.start + at < self.next_line {
            return;
        }
        self.next_line = line.start + at + 1;
        self.makes_probe(false);
        let (may, read) = match self.tried > self.most_tried {
            true => (May::Perhaps, 0),
            false => self.pattern.may_begin_at(line.text, at, false),
        };
        self.tried = self.tried.saturating_add(read + 1);
        if may != May::Not {
            self.compiles();
            let (found, end) = self.pattern.first_at(line.text, at);
            self.next_line = self.next_line.max(line.start + end);
            self.tried = self.tried.saturating_add(end.saturating_sub(at));
            if found.count > 0 || found.gave_up {
                self.found(hit.piece as usize, found);
            }
        }
        self.of_rule();
    }

    /// Tries whether a match begins at one of few places of the piece at hand.
    fn try_at(&mut self, begins: Range<usize>, hit: Hit) {
        let (line, is_known) = (self.line.text, self.near.begins == Some((0, 0)));
        self.makes_probe(false);
        for at in begins {
            if self.tried > self.most_tried {
                return self.note(hit, true);
            }
            let (may, read) = self.pattern.may_begin_at(line, at, is_known);
            self.tried = self.tried.saturating_add(read + 1);
            if may == May::Not {
                continue;
            }
            if self.member.most > 1 {
                // How many there are is for a search to say.
                return self.note(hit, true);
            }
            let found = match may {
                May::Surely => Found { count: 1, ..Found::default() },
                _ => {
                    let longest = self.pattern.longest.unwrap_or(usize::MAX);
                    self.tried = self.tried.saturating_add(ASKED + longest.min(line.len() - at));
                    self.compiles();
                    self.pattern.begins_at(line, at)
                }
            };
            // The rest of the text is searched piece by piece then, not beginning by beginning.
            if found.gave_up {
                self.tried = usize::MAX;
            }
            if found.count > 0 || found.gave_up {
                self.found(hit.piece as usize, found);
                break;
            }
        }
        self.of_rule();
    }

    /// Where time is watched: makes what tells where a match may begin, or its tail, by itself.
    fn makes_probe(&mut self, tail: bool) {
        let Some(watch) = self.watch.as_mut() else { return };
        watch.shared("candidates");
        if self.pattern.has_no_probe(tail) {
            match tail {
                true => self.pattern.may_go_on_at(self.line.text, 0, false),
                false => self.pattern.may_begin_at(self.line.text, 0, false),
            };
            watch.compiled(self.member.rule);
        }
    }

    /// Where time is watched: compiles the pattern, by itself.
    fn compiles(&mut self) {
        if let Some(watch) = self.watch.as_mut()
            && self.pattern.is_new(false)
        {
            watch.rule(self.member.rule);
            self.pattern.compiles();
            watch.compiled(self.member.rule);
        }
    }
}

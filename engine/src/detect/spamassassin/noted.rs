//! What of patterns was seen in a text, and where. Takes it about in the order of the text, gives it by members of a set in that order. Memory
//! is reused from message to message.

use std::ops::Range;

use super::lists::Lists;
use crate::text::patterns::Gate;

/// Most literals and sequences of one text that are kept one by one, of 16 bytes each, and for how many there is room at first. Mail of
/// 50 KB has some 10,000.
const MOST_NOTED: usize = 1 << 17;
const LEAST_NOTED: usize = 64;
/// And so many of one slot: `(?:[\x80-\xff].?){4}` is in 12 KB of some mail 94,000 times, which took 17 ms to note and to put in order.
const MOST_OF_SLOT: u32 = 1 << 13;

/// A literal or sequence in a text: its piece, and where it begins and ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hit {
    pub(super) piece: u32,
    pub(super) from: u32,
    pub(super) to: u32,
    /// The next one of the member, by its number and one; 0 where there is none.
    next: u32,
}

/// What was noted of members that share it: its first hit and the last, by their numbers and one.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    first: u32,
    last: u32,
    /// How many there are.
    count: u32,
}

/// What was noted of the members of a set in one text. Memory to be reused: lists are longer than what they hold, so that noting, which is
/// done a thousand times a message, is a few stores.
#[derive(Debug, Default)]
pub(super) struct Noted {
    hits: Vec<Hit>,
    filled: usize,
    slots: Vec<Slot>,
    /// Slots in which something is.
    full: Vec<u32>,
    all_full: usize,
    /// Those in which one ends before another that was noted earlier.
    out_of_order: Vec<u32>,
    /// Their hits, while they are put in order.
    order: Vec<Hit>,
    /// Members of which something was noted, of those that do not wait.
    pub(super) seen: Vec<u32>,
    /// Whether those that wait were looked for as well.
    pub(super) is_all: bool,
    /// By slots, where more was seen than is kept; empty until there is any.
    beyond: Vec<Option<Range<usize>>>,
    /// For each piece whether a member that has nothing to note may match there; empty until the first of them is tried.
    pub(super) together: Vec<bool>,
    /// The same for all of the text, as one.
    pub(super) whole: Option<bool>,
    /// Whether all pieces end behind blanks.
    pub(super) by_blanks: bool,
}

impl Noted {
    /// Nothing is noted of so many members.
    pub(super) fn clear(&mut self, members: usize) {
        for number in self.full.iter().take(self.all_full) {
            if let Some(slot) = self.slots.get_mut(*number as usize) {
                *slot = Slot::default();
            }
        }
        if self.slots.len() != members {
            self.slots.resize(members, Slot::default());
            self.full.resize(members, 0);
        }
        (self.filled, self.all_full) = (0, 0);
        self.seen.clear();
        self.is_all = false;
        self.beyond.clear();
        self.together.clear();
        self.whole = None;
    }

    #[inline]
    fn add(&mut self, number: u32, piece: usize, from: usize, to: usize) {
        let room = (self.slots.get_mut(number as usize), self.hits.get_mut(self.filled), u32::try_from(to));
        let (Some(slot), Some(hit), Ok(to)) = room else { return self.add_slowly(number, piece, from, to) };
        if slot.count >= MOST_OF_SLOT {
            return self.add_slowly(number, piece, from, to as usize);
        }
        slot.count += 1;
        // A piece stands, and begins, before what ends in it; and there are few of them all.
        *hit = Hit { piece: piece as u32, from: from as u32, to, next: 0 };
        self.filled += 1;
        let next = self.filled as u32;
        let last = std::mem::replace(&mut slot.last, next);
        match self.hits.get_mut((last as usize).wrapping_sub(1)) {
            Some(last) => {
                last.next = next;
                if last.to > to {
                    self.out_of_order.push(number);
                }
            }
            None => {
                slot.first = next;
                self.fill(number);
            }
        }
    }

    /// The same where there is no room, which is made.
    #[cold]
    #[inline(never)]
    fn add_slowly(&mut self, number: u32, piece: usize, from: usize, to: usize) {
        let Some(slot) = self.slots.get(number as usize).copied() else { return };
        if slot.count < MOST_OF_SLOT && self.filled >= self.hits.len() && self.filled < MOST_NOTED {
            let more = self.hits.len().saturating_mul(2).clamp(LEAST_NOTED, MOST_NOTED);
            self.hits.resize(more, Hit::default());
            return self.add(number, piece, from, to);
        }
        self.beyond.resize(self.slots.len(), None);
        match self.beyond.get_mut(number as usize) {
            Some(Some(range)) => *range = range.start.min(from)..range.end.max(to),
            Some(range) => {
                *range = Some(from..to);
                if slot.first == 0 {
                    self.fill(number);
                }
            }
            None => {}
        }
    }

    #[inline]
    fn fill(&mut self, number: u32) {
        if let Some(full) = self.full.get_mut(self.all_full) {
            *full = number;
            self.all_full += 1;
        }
    }

    /// Names the members of which something was noted, by those that share a slot.
    pub(super) fn see(&mut self, sharing: &Lists<u32>) {
        for number in self.full.iter().take(self.all_full) {
            self.seen.extend_from_slice(sharing.get(*number));
        }
    }

    /// Puts what was noted in the order in which it ends.
    pub(super) fn close(&mut self) {
        let (mut numbers, mut order) = (std::mem::take(&mut self.out_of_order), std::mem::take(&mut self.order));
        numbers.sort_unstable();
        numbers.dedup();
        for number in numbers.drain(..) {
            let Some(slot) = self.slots.get(number as usize).copied() else { continue };
            order.clear();
            order.extend(Hits { hits: &self.hits, next: slot.first });
            order.sort_by_key(|hit| hit.to);
            let mut at = slot.first;
            for hit in &order {
                let Some(place) = self.hits.get_mut((at as usize).wrapping_sub(1)) else { break };
                at = place.next;
                *place = Hit { next: at, ..*hit };
            }
        }
        (self.out_of_order, self.order) = (numbers, order);
    }

    /// Whether anything is in a slot.
    pub(super) fn has(&self, slot: u32) -> bool {
        self.slots.get(slot as usize).is_some_and(|slot| slot.first > 0) || self.beyond(slot).is_some()
    }

    /// What was noted of members that share a slot, in the order of the text.
    pub(super) fn hits(&self, slot: u32) -> Hits<'_> {
        Hits { hits: &self.hits, next: self.slots.get(slot as usize).map_or(0, |slot| slot.first) }
    }

    /// Where more of them was seen, and not noted one by one.
    pub(super) fn beyond(&self, slot: u32) -> Option<Range<usize>> {
        self.beyond.get(slot as usize)?.clone()
    }
}

/// Hits of a member, in the order of the text.
pub(super) struct Hits<'n> {
    hits: &'n [Hit],
    next: u32,
}

impl Iterator for Hits<'_> {
    type Item = Hit;

    #[inline]
    fn next(&mut self) -> Option<Hit> {
        let hit = *self.hits.get((self.next as usize).wrapping_sub(1))?;
        self.next = hit.next;
        Some(hit)
    }
}

/// A text in pieces, each of which ends at one of `ends`.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pieces<'t> {
    pub(super) text: &'t [u8],
    pub(super) ends: &'t [usize],
}

impl<'t> Pieces<'t> {
    pub(super) fn start(self, piece: usize) -> usize {
        piece.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0)
    }

    pub(super) fn get(self, piece: usize) -> &'t [u8] {
        let start = self.start(piece);
        self.text.get(start..self.ends.get(piece).copied().unwrap_or(start)).unwrap_or_default()
    }

    pub(super) fn line(self, number: usize) -> Line<'t> {
        Line { number, start: self.start(number), text: self.get(number) }
    }
}

/// One of them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line<'t> {
    pub(super) number: usize,
    pub(super) start: usize,
    pub(super) text: &'t [u8],
}

impl Line<'_> {
    /// Whether a gate lets what was noted in it pass.
    pub(super) fn lets(self, gate: Gate, hit: Hit) -> bool {
        let inside = |at: u32| (at as usize).saturating_sub(self.start);
        gate.lets(self.text, inside(hit.from), inside(hit.to))
    }
}

/// Notes what is seen, which comes about in the order of the text, with its piece.
pub(super) struct Notes<'n> {
    noted: &'n mut Noted,
    pieces: Pieces<'n>,
    piece: usize,
    start: usize,
    end: usize,
}

impl<'n> Notes<'n> {
    pub(super) fn new(noted: &'n mut Noted, pieces: Pieces<'n>) -> Notes<'n> {
        Notes { noted, pieces, piece: 0, start: 0, end: pieces.ends.first().copied().unwrap_or(0) }
    }

    // No part of the loop over a text's bytes, which it comes up in seldom.
    #[inline(never)]
    pub(super) fn seen(&mut self, slot: u32, from: usize, to: usize) {
        if to > self.end || to <= self.start {
            self.go_to(to);
        }
        if from >= self.start {
            self.noted.add(slot, self.piece, from, to);
        }
    }

    /// Goes to the piece that an end lies in: it is near.
    #[cold]
    fn go_to(&mut self, to: usize) {
        while to <= self.start && self.piece > 0 {
            self.piece -= 1;
            self.end = self.start;
            self.start = self.pieces.start(self.piece);
        }
        while to > self.end {
            self.piece += 1;
            self.start = self.end;
            self.end = self.pieces.ends.get(self.piece).copied().unwrap_or(usize::MAX);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_out_of_order_is_in_order() {
        let pieces = Pieces { text: b"one two three four", ends: &[4, 4, 8, 18] };
        let mut noted = Noted::default();
        noted.clear(2);
        let mut notes = Notes::new(&mut noted, pieces);
        // Of the first slot, `two`, `one`, `ree`, `th`, `thr`; of the other `e t`, which lies in no piece, and `four`.
        for (slot, from, to) in [(0, 4, 7), (0, 0, 3), (1, 2, 5), (0, 10, 13), (0, 8, 10), (1, 14, 18), (0, 8, 11)] {
            notes.seen(slot, from, to);
        }
        noted.close();
        noted.see(&Lists::of(vec![(0, 3), (0, 5), (1, 4)], 2));
        let hits = |slot| noted.hits(slot).map(|hit| (hit.piece, hit.from, hit.to)).collect::<Vec<_>>();
        assert_eq!(hits(0), [(0, 0, 3), (2, 4, 7), (3, 8, 10), (3, 8, 11), (3, 10, 13)]);
        assert_eq!(hits(1), [(3, 14, 18)]);
        assert_eq!(noted.seen, [3, 5, 4]);
        assert!(noted.has(0) && noted.beyond(0).is_none() && !noted.has(2));
        noted.clear(2);
        assert!(!noted.has(0) && noted.seen.is_empty());
    }

    #[test]
    fn what_is_too_much_is_a_range() {
        let pieces = Pieces { text: b"x", ends: &[MOST_NOTED * 2] };
        let (most, slots) = (MOST_OF_SLOT as usize, MOST_NOTED / MOST_OF_SLOT as usize);
        let mut noted = Noted::default();
        noted.clear(slots + 1);
        let mut notes = Notes::new(&mut noted, pieces);
        for slot in 0..slots as u32 {
            (0..most + 5).for_each(|at| notes.seen(slot, at, at + 1));
        }
        (3..5).for_each(|at| notes.seen(slots as u32, at, at + 1));
        noted.close();
        for slot in 0..slots as u32 {
            assert_eq!((noted.hits(slot).count(), noted.beyond(slot)), (most, Some(most..most + 5)), "of one");
        }
        assert_eq!((noted.hits(slots as u32).count(), noted.beyond(slots as u32)), (0, Some(3..5)), "and of all");
        assert!(noted.has(slots as u32));
    }
}

//! Patterns that look at the same text. Takes them and a text in pieces, notes where something of each was seen: one pass looks for
//! the literals of all of them, and for the sequences of classes of those that have no literals. Whether a pattern matches where something
//! of it was noted is asked later, and only where somebody needs to know (`search.rs`). One that has neither is tried on every piece.

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::meta::Regex;

use super::pattern::{Pattern, together};
use super::watch::Watch;
use crate::text::sequences::{Sieve, Waiting};

/// Patterns that look at the same text.
#[derive(Debug, Default)]
pub(super) struct Set {
    /// Which pattern of the program each is, and how many matches count.
    pub(super) members: Vec<Member>,
    /// For each member where its matches lie.
    near: Vec<Near>,
    /// Their literals and sequences.
    sieve: Sieve,
    /// Members that have neither literals nor sequences, but for such as match often.
    always: Vec<u32>,
    /// These as one pattern, which says of a piece whether they are to be tried.
    together: OnceLock<Option<Regex>>,
}

/// A pattern in a set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Member {
    /// The rule.
    pub(super) rule: u32,
    /// The pattern, by its number in the program.
    pub(super) pattern: u32,
    /// How many matches count.
    pub(super) most: u32,
    /// The first piece, the subject, does not count.
    pub(super) skips_first: bool,
}

/// What is kept from text to text: memory to be reused.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    waiting: Waiting,
    pub(super) watch: Option<Watch>,
}

impl Scratch {
    /// What was done since the last call was for a rule.
    pub(super) fn rule(&mut self, number: u32) {
        if let Some(watch) = &mut self.watch {
            watch.rule(number);
        }
    }

    /// It was for all rules.
    pub(super) fn shared(&mut self, name: &'static str) {
        if let Some(watch) = &mut self.watch {
            watch.shared(name);
        }
    }
}

/// A literal or sequence in a text: its piece, and where it begins and ends.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Hit {
    pub(super) piece: u32,
    pub(super) from: u32,
    pub(super) to: u32,
    /// The next one of the member, by its number and one; 0 where there is none.
    next: u32,
}

/// What was noted of a member: its first hit and the last, by their numbers and one.
#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    first: u32,
    last: u32,
}

/// What was noted of the members of a set in one text. Memory to be reused: lists are longer than what they hold, so that noting, which is
/// done a thousand times a message, is a few stores.
#[derive(Debug, Default)]
pub(super) struct Noted {
    hits: Vec<Hit>,
    filled: usize,
    slots: Vec<Slot>,
    seen: Vec<u32>,
    all_seen: usize,
    /// By members, where more was seen than is kept; empty until there is any.
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
        for number in self.seen.iter().take(self.all_seen) {
            if let Some(slot) = self.slots.get_mut(*number as usize) {
                *slot = Slot::default();
            }
        }
        if self.slots.len() != members {
            self.slots.resize(members, Slot::default());
            self.seen.resize(members, 0);
        }
        (self.filled, self.all_seen) = (0, 0);
        self.beyond.clear();
        self.together.clear();
        self.whole = None;
    }

    #[inline]
    fn add(&mut self, member: u32, piece: usize, from: usize, to: usize) {
        let room = (self.slots.get_mut(member as usize), self.hits.get_mut(self.filled), u32::try_from(to));
        let (Some(slot), Some(hit), Ok(to)) = room else { return self.add_slowly(member, piece, from, to) };
        // A piece stands, and begins, before what ends in it; and there are few of them all.
        *hit = Hit { piece: piece as u32, from: from as u32, to, next: 0 };
        self.filled += 1;
        let number = self.filled as u32;
        let last = std::mem::replace(&mut slot.last, number);
        match self.hits.get_mut((last as usize).wrapping_sub(1)) {
            Some(last) => last.next = number,
            None => {
                slot.first = number;
                self.see(member);
            }
        }
    }

    /// The same where there is no room, which is made.
    #[cold]
    #[inline(never)]
    fn add_slowly(&mut self, member: u32, piece: usize, from: usize, to: usize) {
        let Some(slot) = self.slots.get(member as usize).copied() else { return };
        if self.filled >= self.hits.len() && self.filled < MOST_NOTED {
            let more = self.hits.len().saturating_mul(2).clamp(LEAST_NOTED, MOST_NOTED);
            self.hits.resize(more, Hit::default());
            return self.add(member, piece, from, to);
        }
        self.beyond.resize(self.slots.len(), None);
        match self.beyond.get_mut(member as usize) {
            Some(Some(range)) => *range = range.start.min(from)..range.end.max(to),
            Some(range) => {
                *range = Some(from..to);
                if slot.first == 0 {
                    self.see(member);
                }
            }
            None => {}
        }
    }

    #[inline]
    fn see(&mut self, member: u32) {
        if let Some(seen) = self.seen.get_mut(self.all_seen) {
            *seen = member;
            self.all_seen += 1;
        }
    }

    /// Members of which something was noted.
    pub(super) fn seen(&self) -> &[u32] {
        self.seen.get(..self.all_seen).unwrap_or_default()
    }

    /// What was noted of a member, in the order of the text.
    pub(super) fn hits(&self, member: u32) -> Hits<'_> {
        Hits { hits: &self.hits, next: self.slots.get(member as usize).map_or(0, |slot| slot.first) }
    }

    /// Where more of a member was seen, and not noted one by one.
    pub(super) fn beyond(&self, member: u32) -> Option<Range<usize>> {
        self.beyond.get(member as usize)?.clone()
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

/// Where matches of a member lie, seen from its literal or sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Near {
    pub(super) tried: Tried,
    /// They begin so many bytes before it, at least and at most, and these are few: each is tried by itself.
    pub(super) begins: Option<(usize, usize)>,
    /// Or a part of them does from which on they can be followed.
    pub(super) tail: Option<(usize, usize)>,
    /// So many literals or sequences have to be seen before a range is searched.
    pub(super) times: u32,
    /// What stands before them at most, and the longest match.
    pub(super) ahead: usize,
    pub(super) longest: usize,
}

/// Where a member is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tried {
    /// Where something of it was noted.
    Noted,
    /// On pieces on which any member matches that has nothing to note, and of the places around it asks for words at most.
    Together,
    /// On every piece.
    Always,
}

/// A pattern with shorter matches is found often.
const SELDOM: usize = 4;
/// Beginnings of a match that are tried one by one.
const MOST_BEGINNINGS: usize = 6;
/// Most literals and sequences of one text that are kept one by one, of 16 bytes each, and for how many there is room at first. Mail of
/// 50 KB has some 10,000.
const MOST_NOTED: usize = 1 << 17;
const LEAST_NOTED: usize = 64;

fn near(pattern: &Pattern) -> Near {
    let longest = pattern.longest.unwrap_or(usize::MAX);
    let times = pattern.sequences.as_ref().map_or(1, |it| it.times);
    let few = |ahead: &(usize, usize)| ahead.1 - ahead.0 < MOST_BEGINNINGS;
    let begins = pattern.ahead.filter(|ahead| times == 1 && few(ahead));
    let tail = pattern.tail_ahead.filter(few);
    let tried = match (pattern.has_literal(), pattern.shortest < SELDOM) {
        (true, _) => Tried::Noted,
        (false, false) if pattern.looks_at_words_at_most() && !pattern.only_at_start => Tried::Together,
        (false, _) => Tried::Always,
    };
    Near { tried, begins, tail, times, ahead: pattern.ahead.map_or(longest, |(_, most)| most), longest }
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

/// Notes what is seen, which comes by where it ends, with its piece.
struct Notes<'n> {
    noted: &'n mut Noted,
    ends: &'n [usize],
    piece: usize,
    start: usize,
    end: usize,
}

impl Notes<'_> {
    // No part of the loop over a text's bytes, which it comes up in seldom.
    #[inline(never)]
    fn seen(&mut self, member: u32, from: usize, to: usize) {
        while to > self.end {
            self.start = self.end;
            self.piece += 1;
            let Some(end) = self.ends.get(self.piece) else {
                self.end = usize::MAX;
                break;
            };
            self.end = *end;
        }
        if from >= self.start {
            self.noted.add(member, self.piece, from, to);
        }
    }
}

impl Set {
    /// Makes the table of what is noted. `patterns` are those of the program.
    pub(super) fn finish(&mut self, patterns: &[Pattern]) {
        for (number, member) in (0u32..).zip(&self.members) {
            let Some(pattern) = patterns.get(member.pattern as usize) else { continue };
            let near = near(pattern);
            self.near.push(near);
            match (&pattern.literals, &pattern.sequences) {
                (Some(set), _) => self.sieve.add_literals(number, set.clone()),
                (None, Some(set)) => self.sieve.add(number, &set.sequences),
                (None, None) if near.tried == Tried::Together => self.always.push(number),
                (None, None) => {}
            }
        }
        self.sieve.finish();
    }

    /// Where matches of a member lie.
    pub(super) fn near(&self, member: u32) -> Option<&Near> {
        self.near.get(member as usize)
    }

    /// One pattern for those that are tried on every piece, where there are several.
    pub(super) fn together(&self, patterns: &[Pattern]) -> Option<&Regex> {
        if self.always.len() < 2 {
            return None;
        }
        let make = || {
            let of = |number: &u32| patterns.get(self.members.get(*number as usize)?.pattern as usize)?.coarse_hir();
            together(&self.always.iter().map(of).collect::<Option<Vec<_>>>()?)
        };
        self.together.get_or_init(make).as_ref()
    }

    /// Whether a member may match in a text of which something was noted.
    pub(super) fn may_match(&self, member: u32, noted: &Noted) -> bool {
        self.near(member).is_none_or(|near| near.tried != Tried::Noted)
            || noted.slots.get(member as usize).is_some_and(|slot| slot.first > 0)
            || noted.beyond(member).is_some()
    }

    /// Notes where literals and sequences of members are in a text, by nothing noted yet.
    pub(super) fn note(&self, pieces: Pieces<'_>, scratch: &mut Scratch, noted: &mut Noted) {
        let end = pieces.ends.first().copied().unwrap_or(0);
        let before = |end: &usize| end.checked_sub(1).and_then(|at| pieces.text.get(at));
        noted.by_blanks = pieces.ends.iter().all(|end| before(end).is_none_or(u8::is_ascii_whitespace));
        let mut notes = Notes { noted, ends: pieces.ends, piece: 0, start: 0, end };
        self.sieve.search(pieces.text, &mut scratch.waiting, |number, from, to| notes.seen(number, from, to));
        scratch.shared("literals");
    }
}

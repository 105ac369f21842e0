//! Patterns that look at the same text. Takes them and a text in pieces, notes where something of each was seen: one pass looks for
//! the literals of all of them, and for the sequences of classes of those that have no literals. Whether a pattern matches where something
//! of it was noted is asked later, and only where somebody needs to know (`search.rs`). One that has neither is tried on every piece.

use std::ops::Range;
use std::sync::OnceLock;

use regex_automata::meta::Regex;

use super::pattern::Pattern;
use super::watch::Watch;
use crate::text::patterns::together;
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
#[derive(Clone, Copy, Debug)]
pub(super) struct Hit {
    pub(super) piece: u32,
    pub(super) from: usize,
    pub(super) to: usize,
    /// The next one of the member, by its number and one; 0 where there is none.
    next: u32,
}

/// What was noted of a member.
#[derive(Clone, Debug, Default)]
struct Slot {
    first: u32,
    last: u32,
    /// Where more was seen than is kept.
    beyond: Option<Range<usize>>,
}

/// What was noted of the members of a set in one text. Memory to be reused.
#[derive(Debug, Default)]
pub(super) struct Noted {
    hits: Vec<Hit>,
    slots: Vec<Slot>,
    /// Members of which something was.
    pub(super) seen: Vec<u32>,
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
        for number in self.seen.drain(..) {
            if let Some(slot) = self.slots.get_mut(number as usize) {
                *slot = Slot::default();
            }
        }
        self.slots.resize(members, Slot::default());
        self.hits.clear();
        self.together.clear();
        self.whole = None;
    }

    fn add(&mut self, member: u32, piece: u32, from: usize, to: usize) {
        let number = u32::try_from(self.hits.len() + 1).unwrap_or(u32::MAX);
        let Some(slot) = self.slots.get_mut(member as usize) else { return };
        if slot.first == 0 && slot.beyond.is_none() {
            self.seen.push(member);
        }
        if self.hits.len() >= MOST_NOTED {
            let range = slot.beyond.get_or_insert(from..to);
            *range = range.start.min(from)..range.end.max(to);
            return;
        }
        match slot.last.checked_sub(1).and_then(|last| self.hits.get_mut(last as usize)) {
            Some(last) => last.next = number,
            None => slot.first = number,
        }
        slot.last = number;
        self.hits.push(Hit { piece, from, to, next: 0 });
    }

    /// What was noted of a member, in the order of the text.
    pub(super) fn hits(&self, member: u32) -> impl Iterator<Item = Hit> {
        let get = |number: u32| self.hits.get(number.checked_sub(1)? as usize).copied();
        let first = self.slots.get(member as usize).and_then(|slot| get(slot.first));
        std::iter::successors(first, move |hit| get(hit.next))
    }

    /// Where more of a member was seen, and not noted one by one.
    pub(super) fn beyond(&self, member: u32) -> Option<Range<usize>> {
        self.slots.get(member as usize)?.beyond.clone()
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
/// Most literals and sequences of one text that are kept one by one, of 32 bytes each. Mail of 50 KB has some 10,000.
const MOST_NOTED: usize = 1 << 17;

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
            self.noted.add(member, u32::try_from(self.piece).unwrap_or(u32::MAX), from, to);
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
    pub(super) fn near(&self, member: u32) -> Option<Near> {
        self.near.get(member as usize).copied()
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
            || noted.slots.get(member as usize).is_some_and(|slot| slot.first > 0 || slot.beyond.is_some())
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

//! Patterns that look at the same text. Takes them and a text in pieces, notes where something of each was seen: one pass looks for
//! the literals of all of them, and for the sequences of classes of those that have no literals. Whether a pattern matches where something
//! of it was noted is asked later, and only where somebody needs to know (`search.rs`). One that has neither is tried on every piece.

use std::collections::HashMap;
use std::sync::OnceLock;

use super::lists::Lists;
use super::noted::{Hit, Noted, Notes, Pieces};
use super::pattern::Pattern;
use super::watch::Watch;
use crate::text::patterns::{Gate, Together};
use crate::text::sequences::{Places, Sequence, Sieve};

/// Patterns that look at the same text.
#[derive(Debug, Default)]
pub(super) struct Set {
    /// Which pattern of the program each is, and how many matches count.
    pub(super) members: Vec<Member>,
    /// For each member where its matches lie.
    near: Vec<Near>,
    /// Members of which the same is noted, by the number of their slot.
    sharing: Lists<u32>,
    /// Their literals and sequences.
    sieve: Sieve,
    /// Members that have neither literals nor sequences, but for such as match often.
    always: Vec<u32>,
    /// These as one pattern, which says of a piece whether they are to be tried.
    together: OnceLock<Option<Together>>,
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
    pub(super) watch: Option<Watch>,
    places: Places,
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

/// Where matches of a member lie, seen from its literal or sequence.
#[derive(Debug)]
pub(super) struct Near {
    pub(super) tried: Tried,
    /// Where it is noted.
    pub(super) slot: u32,
    /// It is so only once one of those is asked for that wait.
    pub(super) waits: bool,
    /// They begin so many bytes before it, at least and at most, and these are few: each is tried by itself.
    pub(super) begins: Option<(usize, usize)>,
    /// Or a part of them does from which on they can be followed.
    pub(super) tail: Option<(usize, usize)>,
    /// So many literals or sequences have to be seen before a range is searched.
    pub(super) times: u32,
    /// What stands before them at most, and the longest match.
    pub(super) ahead: usize,
    pub(super) longest: usize,
    /// What may stand around it, once that was asked for.
    pub(super) gate: OnceLock<Option<Gate>>,
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
fn near(pattern: &Pattern) -> Near {
    let longest = pattern.longest.unwrap_or(usize::MAX);
    let times = pattern.sequences.as_ref().map_or(1, |it| it.times);
    let few = |ahead: &(usize, usize)| ahead.1 - ahead.0 < MOST_BEGINNINGS;
    let begins = pattern.ahead.filter(|ahead| times == 1 && few(ahead));
    let tail = pattern.tail_ahead.filter(few);
    let tried = match (pattern.has_literal(), pattern.shortest < SELDOM) {
        (true, _) => Tried::Noted,
        // A look for its run costs less than what it would add to the others.
        (false, false) if pattern.has_run() => Tried::Always,
        (false, false) if pattern.looks_at_words_at_most() && !pattern.only_at_start => Tried::Together,
        (false, _) => Tried::Always,
    };
    let ahead = pattern.ahead.map_or(longest, |(_, most)| most);
    Near { tried, slot: u32::MAX, waits: false, begins, tail, times, ahead, longest, gate: OnceLock::new() }
}

/// What is noted of a pattern: literals, or sequences.
type What<'p> = (Option<&'p [Vec<u8>]>, Option<&'p [Sequence]>);

impl Set {
    /// Makes the table of what is noted. `patterns` are those of the program; `may_wait` says of rules whether they are seldom asked for, so that
    /// what mail is full of need not be noted of them before they are.
    pub(super) fn finish(&mut self, patterns: &[Pattern], may_wait: &dyn Fn(u32) -> bool) {
        let (mut slots, mut sharing): (HashMap<What<'_>, u32>, Vec<(u32, u32)>) = Default::default();
        for (number, member) in (0u32..).zip(&self.members) {
            let Some(pattern) = patterns.get(member.pattern as usize) else { continue };
            let mut near = near(pattern);
            let sequences = pattern.sequences.as_ref().filter(|_| pattern.literals.is_none()).map(|it| &it.sequences);
            if pattern.literals.is_none() && sequences.is_none() {
                if near.tried == Tried::Together {
                    self.always.push(number);
                }
            } else {
                let next = u32::try_from(slots.len()).unwrap_or(u32::MAX);
                near.slot =
                    *slots.entry((pattern.literals.as_deref(), sequences.map(Vec::as_slice))).or_insert_with(|| {
                        pattern.literals.iter().for_each(|set| self.sieve.add_literals(next, set.clone()));
                        sequences.iter().for_each(|set| self.sieve.add(next, set));
                        next
                    });
                sharing.push((near.slot, number));
            }
            self.near.push(near);
        }
        self.sharing = Lists::of(sharing, slots.len());
        let (members, sharing) = (&self.members, &self.sharing);
        let rules = |slot: u32| sharing.get(slot).iter().filter_map(|it| members.get(*it as usize));
        let mut waiting = self.sieve.finish_in_two(&|slot| rules(slot).all(|member| may_wait(member.rule)));
        waiting.sort_unstable();
        self.near.iter_mut().for_each(|near| near.waits = waiting.binary_search(&near.slot).is_ok());
    }

    /// Where matches of a member lie.
    pub(super) fn near(&self, member: u32) -> Option<&Near> {
        self.near.get(member as usize)
    }

    /// One pattern for those that are tried on every piece, where there are several.
    pub(super) fn together(&self, patterns: &[Pattern]) -> Option<&Together> {
        if self.always.len() < 2 {
            return None;
        }
        let make = || {
            let of = |number: &u32| patterns.get(self.members.get(*number as usize)?.pattern as usize)?.coarse_hir();
            Together::of(&self.always.iter().map(of).collect::<Option<Vec<_>>>()?)
        };
        self.together.get_or_init(make).as_ref()
    }

    /// Whether a member may match in a text of which something was noted.
    pub(super) fn may_match(&self, member: u32, noted: &Noted) -> bool {
        self.near(member)
            .is_none_or(|near| near.tried != Tried::Noted || (near.waits && !noted.is_all) || noted.has(near.slot))
    }

    /// Whether a member may match at any place where something of it was noted, by what stands around them: once it is known what may, it
    /// tells of many that they do not. More places than `most` are not looked at.
    pub(super) fn lets(&self, member: u32, pieces: Pieces<'_>, noted: &Noted, most: usize) -> bool {
        let Some(near) = self.near(member) else { return true };
        let Some(gate) = near.gate.get().copied().flatten() else { return true };
        let lets = |hit: Hit| pieces.line(hit.piece as usize).lets(gate, hit);
        let mut hits = noted.hits(near.slot);
        hits.by_ref().take(most).any(lets) || hits.next().is_some() || noted.beyond(near.slot).is_some()
    }

    /// Notes where literals and sequences of members are in a text, by nothing noted yet.
    pub(super) fn note(&self, pieces: Pieces<'_>, scratch: &mut Scratch, noted: &mut Noted) {
        let before = |end: &usize| end.checked_sub(1).and_then(|at| pieces.text.get(at));
        noted.by_blanks = pieces.ends.iter().all(|end| before(end).is_none_or(u8::is_ascii_whitespace));
        let mut notes = Notes::new(noted, pieces);
        self.sieve.search_as_seen(pieces.text, &mut scratch.places, |_, slot, from, to| notes.seen(slot, from, to));
        noted.close();
        noted.see(&self.sharing);
        scratch.shared("literals");
    }

    /// The same of members that wait. Gives how many bytes were read.
    pub(super) fn note_rest(&self, pieces: Pieces<'_>, scratch: &mut Scratch, noted: &mut Noted) -> u64 {
        noted.is_all = true;
        let mut notes = Notes::new(noted, pieces);
        let places = &mut scratch.places;
        self.sieve.search_rest_as_seen(pieces.text, places, |_, slot, from, to| notes.seen(slot, from, to));
        noted.close();
        scratch.shared("literals");
        pieces.text.len() as u64
    }
}

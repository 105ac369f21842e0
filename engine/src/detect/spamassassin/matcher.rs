//! Patterns that look at the same text. Takes them and a text in pieces, gives matches. One automaton knows the literals of all of
//! them, and one the sequences of classes of those that have no literals; where something of a pattern was seen, the pattern is tried
//! near it. One that has neither is tried on every piece.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind, StartKind};

use regex_automata::meta::Regex;

use super::pattern::{Found, Pattern, together};
use super::probe::May;
use super::sieve::{Sieve, States};
use super::watch::Watch;

/// Patterns that look at the same text.
#[derive(Debug, Default)]
pub(super) struct Set {
    /// Which pattern of the program each is, and how many matches count.
    pub(super) members: Vec<Member>,
    automaton: Option<AhoCorasick>,
    /// Which member each literal is of.
    owners: Vec<u32>,
    /// For each member where its matches lie.
    near: Vec<Near>,
    sieve: Sieve,
    /// Members that have neither literals nor sequences.
    always: Vec<u32>,
    /// These as one pattern, which says of a piece whether they are to be tried.
    together: OnceLock<Option<Regex>>,
    /// Such as match too often for that.
    often: Vec<u32>,
    /// Which set of the program it is.
    number: usize,
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

/// What a search keeps: memory to be reused.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    /// For each member the last candidate of it.
    last: Vec<usize>,
    candidates: Vec<Candidate>,
    counts: Vec<u32>,
    tried: Vec<usize>,
    /// Of each set, what its sieve keeps.
    states: Vec<States>,
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

/// Where a literal of a member was seen: the piece, and the range of the text that matches can lie in.
#[derive(Clone, Debug)]
struct Candidate {
    member: u32,
    piece: usize,
    range: Range<usize>,
    /// How many were seen that do not overlap, and where the last of them ends.
    times: u32,
    end: usize,
}

/// Where matches of a member lie, seen from its literal or sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Near {
    /// They begin so many bytes before it, at least and at most, and these are few: each is tried by itself.
    begins: Option<(usize, usize)>,
    /// Or a part of them does from which on they can be followed.
    tail: Option<(usize, usize)>,
    /// So many literals or sequences have to be seen before a range is searched.
    times: u32,
    /// What stands before them at most, and the longest match.
    ahead: usize,
    longest: usize,
}

/// From this many members on, literals are looked for in one pass.
const WORTH_A_PASS: usize = 4;
/// A pattern with shorter matches is found often.
const SELDOM: usize = 4;
/// Beginnings of a match that are tried one by one.
const MOST_BEGINNINGS: usize = 6;
/// For each byte of a text so many may be read by trying the beginnings of one member, and so many at least; with more, what may hold
/// matches is searched once.
const MOST_TRIED: usize = 2;
const LEAST_TRIED: usize = 4_096;
/// What asking the pattern itself counts as.
const ASKED: usize = 200;
/// Largest set of literals, in bytes, whose automaton is a table, which takes some 200 bytes for each. The table of all body rules, 10 MB, was
/// no faster than the smaller form: it leaves no room in the caches.
const MOST_IN_A_TABLE: usize = 8 << 10;

fn near(pattern: &Pattern) -> Near {
    let longest = pattern.longest.unwrap_or(usize::MAX);
    let times = pattern.sequences.as_ref().map_or(1, |it| it.times);
    let few = |ahead: &(usize, usize)| ahead.1 - ahead.0 < MOST_BEGINNINGS;
    let begins = pattern.ahead.filter(|ahead| times == 1 && few(ahead));
    let tail = pattern.tail_ahead.filter(few);
    Near { begins, tail, times, ahead: pattern.ahead.map_or(longest, |(_, most)| most), longest }
}

/// A search under way.
struct Search<'s> {
    set: &'s Set,
    patterns: &'s [Pattern],
    text: &'s [u8],
    ends: &'s [usize],
    /// How many matches of each member were found.
    counts: &'s mut [u32],
    /// How many bytes were read by trying beginnings of each.
    tried: &'s mut [usize],
    /// For each member the last candidate of it.
    last: &'s mut [usize],
    candidates: &'s mut Vec<Candidate>,
    watch: &'s mut Option<Watch>,
    most_tried: usize,
    /// The piece at hand, where it begins and ends.
    piece: usize,
    start: usize,
    end: usize,
    read: u64,
    each: &'s mut dyn FnMut(Member, usize, Found),
}

impl<'s> Search<'s> {
    fn first_piece(&mut self) {
        (self.piece, self.start) = (0, 0);
        self.end = self.ends.first().copied().unwrap_or(0);
    }

    /// A literal or sequence of a member was seen; those that are seen later end at the same place or behind it.
    fn seen(&mut self, number: u32, from: usize, to: usize) {
        while to > self.end {
            self.start = self.end;
            self.piece += 1;
            let Some(end) = self.ends.get(self.piece) else {
                self.end = usize::MAX;
                break;
            };
            self.end = *end;
        }
        if from < self.start {
            return;
        }
        let Some(near) = self.set.near.get(number as usize).copied() else { return };
        let range = to.saturating_sub(near.longest).max(from.saturating_sub(near.ahead)).max(self.start)
            ..from.saturating_add(near.longest);
        if let Some((least, most)) = near.begins {
            if from >= self.start.saturating_add(least) {
                self.try_at(number, from.saturating_sub(most).max(self.start)..from - least + 1, from, to, range);
            }
            return;
        }
        if let Some((least, most)) = near.tail
            && (from < self.start.saturating_add(least)
                || !self.goes_on(number, from.saturating_sub(most).max(self.start)..from - least + 1))
        {
            return;
        }
        self.note(number, from, to, range);
    }

    /// Whether a match may go on at one of few places.
    fn goes_on(&mut self, number: u32, places: Range<usize>) -> bool {
        let Some(member) = self.set.members.get(number as usize) else { return false };
        let Some(pattern) = self.patterns.get(member.pattern as usize) else { return false };
        if self.piece == 0 && member.skips_first {
            return false;
        }
        let Some(tried) = self.tried.get_mut(number as usize) else { return false };
        let line = self.text.get(self.start..self.end.min(self.text.len())).unwrap_or_default();
        if let Some(watch) = self.watch.as_mut()
            && pattern.has_no_probe(true)
        {
            watch.shared("candidates");
            pattern.may_go_on_at(line, 0);
            watch.compiled(member.rule);
        }
        for place in places {
            if *tried > self.most_tried {
                return true;
            }
            let (may, read) = pattern.may_go_on_at(line, place - self.start);
            *tried = tried.saturating_add(read + 1);
            if may != May::Not {
                return true;
            }
        }
        false
    }

    /// Tries whether a match begins at one of few places.
    fn try_at(&mut self, number: u32, begins: Range<usize>, from: usize, to: usize, range: Range<usize>) {
        let Some(member) = self.set.members.get(number as usize) else { return };
        let Some(pattern) = self.patterns.get(member.pattern as usize) else { return };
        if self.counts.get(number as usize).is_none_or(|count| *count >= member.most)
            || (self.piece == 0 && member.skips_first)
        {
            return;
        }
        let Some(tried) = self.tried.get_mut(number as usize) else { return };
        let line = self.text.get(self.start..self.end.min(self.text.len())).unwrap_or_default();
        if let Some(watch) = self.watch.as_mut() {
            watch.shared("candidates");
            if pattern.has_no_probe(false) {
                pattern.may_begin_at(line, 0);
                watch.compiled(member.rule);
            }
        }
        let near_longest = pattern.longest.unwrap_or(usize::MAX);
        for begin in begins {
            if *tried > self.most_tried {
                return self.note(number, from, to, range);
            }
            let at = begin - self.start;
            let (may, read) = pattern.may_begin_at(line, at);
            *tried = tried.saturating_add(read + 1);
            if may == May::Not {
                continue;
            }
            if member.most > 1 {
                // How many there are is for a search to say.
                return self.note(number, from, to, range);
            }
            let found = match may {
                May::Surely => Found { count: 1, ..Found::default() },
                _ => {
                    *tried = tried.saturating_add(ASKED + near_longest.min(line.len() - at));
                    if let Some(watch) = self.watch.as_mut()
                        && pattern.is_new(false)
                    {
                        watch.rule(member.rule);
                        pattern.compiles();
                        watch.compiled(member.rule);
                    }
                    pattern.begins_at(line, at)
                }
            };
            // The rest of the text is searched piece by piece then, not beginning by beginning.
            if found.gave_up {
                *tried = usize::MAX;
            }
            if found.count > 0 || found.gave_up {
                if let Some(count) = self.counts.get_mut(number as usize) {
                    *count += found.count;
                }
                (self.each)(*member, self.piece, found);
                break;
            }
        }
        self.of_rule(member.rule);
    }

    /// Notes that a member may match in a range.
    fn note(&mut self, number: u32, from: usize, to: usize, range: Range<usize>) {
        let Some(slot) = self.last.get_mut(number as usize) else { return };
        match self.candidates.get_mut(*slot) {
            Some(candidate) if candidate.piece == self.piece => {
                candidate.range.start = candidate.range.start.min(range.start);
                candidate.range.end = candidate.range.end.max(range.end);
                if from >= candidate.end {
                    candidate.times = candidate.times.saturating_add(1);
                    candidate.end = to;
                }
            }
            _ => {
                *slot = self.candidates.len();
                self.candidates.push(Candidate { member: number, piece: self.piece, range, times: 1, end: to });
            }
        }
    }

    fn piece(&self, piece: usize) -> &'s [u8] {
        let start = piece.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        self.text.get(start..self.ends.get(piece).copied().unwrap_or(start)).unwrap_or_default()
    }

    /// Searches a range of a piece.
    fn confirm(&mut self, number: u32, piece: usize, range: Range<usize>) {
        let Some(member) = self.set.members.get(number as usize) else { return };
        let before = self.counts.get(number as usize).copied().unwrap_or(0);
        if before >= member.most || (piece == 0 && member.skips_first) {
            return;
        }
        let Some(pattern) = self.patterns.get(member.pattern as usize) else { return };
        let start = piece.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let line = self.piece(piece);
        let within = range.start.saturating_sub(start)..range.end.saturating_sub(start).min(line.len());
        self.read = self.read.saturating_add(within.len() as u64);
        if let Some(watch) = self.watch.as_mut() {
            watch.shared("candidates");
            let idle = 0..0;
            if pattern.is_new(true) {
                pattern.may_match(line, &idle);
                watch.compiled(member.rule);
            }
            if pattern.is_new(false) && pattern.may_match(line, &within) {
                pattern.compiles();
                watch.compiled(member.rule);
            }
        }
        let found = pattern.search_within(line, within, member.most - before);
        self.of_rule(member.rule);
        if let Some(count) = self.counts.get_mut(number as usize) {
            *count += found.count;
        }
        if found.count > 0 || found.gave_up {
            (self.each)(*member, piece, found);
        }
    }

    fn of_rule(&mut self, rule: u32) {
        if let Some(watch) = self.watch.as_mut() {
            watch.rule(rule);
        }
    }

    fn shared(&mut self, name: &'static str) {
        if let Some(watch) = self.watch.as_mut() {
            watch.shared(name);
        }
    }
}

impl Set {
    /// Makes the automaton. `patterns` are those of the program.
    pub(super) fn finish(&mut self, patterns: &[Pattern], number: usize) -> Result<(), String> {
        self.number = number;
        let mut texts: Vec<&[u8]> = Vec::new();
        if self.members.len() >= WORTH_A_PASS {
            for (number, member) in (0u32..).zip(&self.members) {
                let Some(pattern) = patterns.get(member.pattern as usize) else { continue };
                self.near.push(near(pattern));
                match (&pattern.literals, &pattern.sequences) {
                    (Some(set), _) => {
                        texts.extend(set.iter().map(Vec::as_slice));
                        self.owners.extend(set.iter().map(|_| number));
                    }
                    (None, Some(set)) => self.sieve.add(number, &set.sequences),
                    (None, None) if pattern.shortest < SELDOM => self.often.push(number),
                    (None, None) => self.always.push(number),
                }
            }
        } else {
            self.always.extend((0u32..).take(self.members.len()));
        }
        if !texts.is_empty() {
            let bytes: usize = texts.iter().map(|text| text.len()).sum();
            let kind = if bytes > MOST_IN_A_TABLE { AhoCorasickKind::ContiguousNFA } else { AhoCorasickKind::DFA };
            let automaton = AhoCorasickBuilder::new()
                .ascii_case_insensitive(true)
                .start_kind(StartKind::Unanchored)
                .kind(Some(kind))
                .build(texts)
                .map_err(|error| error.to_string())?;
            self.automaton = Some(automaton);
        }
        self.sieve.finish();
        Ok(())
    }

    /// One pattern for those that are tried on every piece, where there are several.
    fn together(&self, patterns: &[Pattern]) -> Option<&Regex> {
        if self.always.len() < 2 {
            return None;
        }
        let make = || {
            let of = |number: &u32| patterns.get(self.members.get(*number as usize)?.pattern as usize)?.coarse_hir();
            together(&self.always.iter().map(of).collect::<Option<Vec<_>>>()?)
        };
        self.together.get_or_init(make).as_ref()
    }

    /// Searches a text in pieces, each of which ends at one of `ends`; hands what each member found in a piece to `each`. Gives how
    /// many bytes were read.
    pub(super) fn search(
        &self,
        patterns: &[Pattern],
        text: &[u8],
        ends: &[usize],
        scratch: &mut Scratch,
        mut each: impl FnMut(Member, usize, Found),
    ) -> u64 {
        let Scratch { last, candidates, counts, tried, states, watch } = scratch;
        counts.clear();
        counts.resize(self.members.len(), 0);
        last.clear();
        last.resize(self.members.len(), usize::MAX);
        tried.clear();
        tried.resize(self.members.len(), 0);
        candidates.clear();
        let mut search = Search {
            set: self,
            patterns,
            text,
            ends,
            counts,
            tried,
            most_tried: text.len().saturating_mul(MOST_TRIED).saturating_add(LEAST_TRIED),
            last,
            candidates,
            watch,
            piece: 0,
            start: 0,
            end: 0,
            read: text.len() as u64,
            each: &mut each,
        };
        search.shared("literals");
        if let Some(automaton) = &self.automaton {
            search.first_piece();
            for seen in automaton.find_overlapping_iter(text) {
                let Some(number) = self.owners.get(seen.pattern().as_usize()).copied() else { continue };
                search.seen(number, seen.start(), seen.end());
            }
        }
        search.shared("literals");
        if !self.sieve.is_empty() {
            if states.len() <= self.number {
                states.resize_with(self.number + 1, States::default);
            }
            search.first_piece();
            if let Some(states) = states.get_mut(self.number) {
                self.sieve.search(text, states, |number, from, to| search.seen(number, from, to));
            }
        }
        search.shared("sequences");
        let mut noted = std::mem::take(search.candidates);
        for candidate in noted.drain(..) {
            if self.near.get(candidate.member as usize).is_none_or(|near| candidate.times >= near.times) {
                search.confirm(candidate.member, candidate.piece, candidate.range);
            }
        }
        *search.candidates = noted;
        let read = search
            .tried
            .iter()
            .filter(|tried| **tried < usize::MAX)
            .fold(0u64, |sum, it| sum.saturating_add(*it as u64));
        search.read = search.read.saturating_add(read);
        search.shared("candidates");
        for number in &self.often {
            (0..ends.len()).for_each(|piece| search.confirm(*number, piece, 0..text.len()));
        }
        let together = self.together(patterns);
        for piece in 0..ends.len() {
            search.shared("candidates");
            let may = together.is_none_or(|together| together.is_match(search.piece(piece)));
            search.shared("the rest");
            if may {
                self.always.iter().for_each(|number| search.confirm(*number, piece, 0..text.len()));
            }
        }
        search.read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_finds_what_each_pattern_finds() {
        let sources =
            ["next of kin", r"\d{3}", "(?i)MILLION", r"kin(?! dear)", "^dear", "dollars$", "d.{0,5}rs", "x|kin dear"];
        let patterns: Vec<Pattern> = sources.iter().map(|it| Pattern::new(it.as_bytes(), "i").unwrap()).collect();
        let mut set = Set::default();
        for number in 0..8 {
            set.members.push(Member { rule: number, pattern: number, most: u32::MAX, skips_first: false });
        }
        set.finish(&patterns, 0).unwrap();
        let words = ["kin", "dear", "million", "dollars", "next", "of", "123", " ", "\n"];
        let mut state = 7u64;
        let mut all = 0;
        for _ in 0..2_000 {
            let (mut text, mut ends) = (Vec::new(), Vec::new());
            for _ in 0..12 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let word = words[(state >> 33) as usize % words.len()];
                text.extend_from_slice(word.as_bytes());
                text.push(b' ');
                if word == "\n" {
                    ends.push(text.len());
                }
            }
            ends.push(text.len());
            let mut counts = [0; 8];
            set.search(&patterns, &text, &ends, &mut Scratch::default(), |member, _, found| {
                counts[member.rule as usize] += found.count;
            });
            for (number, pattern) in patterns.iter().enumerate() {
                let mut start = 0;
                let mut expected = 0;
                for end in &ends {
                    expected += pattern.search(&text[start..*end], u32::MAX).count;
                    start = *end;
                }
                assert_eq!(counts[number], expected, "{} in {:?}", sources[number], String::from_utf8_lossy(&text));
                all += expected;
            }
        }
        assert!(all > 5_000, "{all}");
    }
}

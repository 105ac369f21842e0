//! Patterns that look at the same text. Takes them and a text in pieces, gives matches. One automaton knows the literals of all of
//! them, and one the sequences of classes of those that have no literals; where something of a pattern was seen, the pattern is tried
//! near it. One that has neither is tried on every piece.

use std::ops::Range;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};

use super::pattern::{Found, Pattern};
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
    sieve: Sieve,
    /// Members that have neither literals nor sequences.
    always: Vec<u32>,
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

/// From this many members on, literals are looked for in one pass.
const WORTH_A_PASS: usize = 4;

impl Set {
    /// Makes the automaton. `patterns` are those of the program.
    pub(super) fn finish(&mut self, patterns: &[Pattern], number: usize) -> Result<(), String> {
        self.number = number;
        let mut texts: Vec<&[u8]> = Vec::new();
        if self.members.len() >= WORTH_A_PASS {
            for (number, member) in (0u32..).zip(&self.members) {
                let Some(pattern) = patterns.get(member.pattern as usize) else { continue };
                match (&pattern.literals, &pattern.sequences) {
                    (Some(set), _) => {
                        texts.extend(set.iter().map(Vec::as_slice));
                        self.owners.extend(set.iter().map(|_| number));
                    }
                    (None, Some(set)) => self.sieve.add(number, &set.sequences),
                    (None, None) => self.always.push(number),
                }
            }
        } else {
            self.always.extend((0u32..).take(self.members.len()));
        }
        if !texts.is_empty() {
            let automaton = AhoCorasickBuilder::new()
                .ascii_case_insensitive(true)
                .kind(Some(AhoCorasickKind::ContiguousNFA))
                .build(texts)
                .map_err(|error| error.to_string())?;
            self.automaton = Some(automaton);
        }
        self.sieve.finish();
        Ok(())
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
        let mut read = text.len() as u64;
        let Scratch { last, candidates, counts, states, watch } = scratch;
        if let Some(watch) = watch {
            watch.shared("literals");
        }
        counts.clear();
        counts.resize(self.members.len(), 0);
        let mut confirm =
            |number: u32, piece: usize, range: Range<usize>, counts: &mut Vec<u32>, watch: &mut Option<Watch>| {
                let (Some(member), Some(count)) = (self.members.get(number as usize), counts.get_mut(number as usize))
                else {
                    return;
                };
                if *count >= member.most || (piece == 0 && member.skips_first) {
                    return;
                }
                let Some(pattern) = patterns.get(member.pattern as usize) else { return };
                let start = piece.checked_sub(1).and_then(|before| ends.get(before)).copied().unwrap_or(0);
                let line = text.get(start..ends.get(piece).copied().unwrap_or(start)).unwrap_or_default();
                let within = range.start.saturating_sub(start)..range.end.saturating_sub(start).min(line.len());
                read = read.saturating_add(within.len() as u64);
                if let Some(watch) = watch.as_mut() {
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
                let found = pattern.search_within(line, within, member.most - *count);
                if let Some(watch) = watch.as_mut() {
                    watch.rule(member.rule);
                }
                *count += found.count;
                if found.count > 0 || found.gave_up {
                    each(*member, piece, found);
                }
            };
        last.clear();
        last.resize(self.members.len(), usize::MAX);
        candidates.clear();
        let (mut piece, mut start) = (0usize, 0usize);
        // Notes that a member may match where one of its literals or sequences was seen.
        let mut note = |number: u32, seen: Range<usize>, piece: &mut usize, start: &mut usize| {
            while ends.get(*piece).is_some_and(|end| *end < seen.end) {
                *start = ends.get(*piece).copied().unwrap_or(*start);
                *piece += 1;
            }
            if seen.start < *start {
                return;
            }
            let pattern = self.members.get(number as usize).and_then(|it| patterns.get(it.pattern as usize));
            let range = match pattern.and_then(|pattern| pattern.longest) {
                Some(longest) => seen.end.saturating_sub(longest).max(*start)..seen.start.saturating_add(longest),
                None => *start..text.len(),
            };
            let Some(slot) = last.get_mut(number as usize) else { return };
            match candidates.get_mut(*slot) {
                Some(candidate) if candidate.piece == *piece => {
                    candidate.range.start = candidate.range.start.min(range.start);
                    candidate.range.end = candidate.range.end.max(range.end);
                    if seen.start >= candidate.end {
                        candidate.times = candidate.times.saturating_add(1);
                        candidate.end = seen.end;
                    }
                }
                _ => {
                    *slot = candidates.len();
                    candidates.push(Candidate { member: number, piece: *piece, range, times: 1, end: seen.end });
                }
            }
        };
        if let Some(automaton) = &self.automaton {
            for seen in automaton.find_overlapping_iter(text) {
                let Some(number) = self.owners.get(seen.pattern().as_usize()).copied() else { continue };
                note(number, seen.range(), &mut piece, &mut start);
            }
        }
        if let Some(watch) = watch.as_mut() {
            watch.shared("literals");
        }
        if !self.sieve.is_empty() {
            if states.len() <= self.number {
                states.resize_with(self.number + 1, States::default);
            }
            (piece, start) = (0, 0);
            if let Some(states) = states.get_mut(self.number) {
                self.sieve.search(text, states, |number, from, to| note(number, from..to, &mut piece, &mut start));
            }
        }
        if let Some(watch) = watch.as_mut() {
            watch.shared("sequences");
        }
        let times = |number: u32| {
            let member = self.members.get(number as usize);
            let pattern = member.and_then(|member| patterns.get(member.pattern as usize));
            pattern.and_then(|pattern| pattern.sequences.as_ref()).map_or(1, |it| it.times)
        };
        for candidate in candidates.drain(..).filter(|it| it.times >= times(it.member)) {
            confirm(candidate.member, candidate.piece, candidate.range, counts, watch);
        }
        for number in &self.always {
            for piece in 0..ends.len() {
                confirm(*number, piece, 0..text.len(), counts, watch);
            }
        }
        read
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

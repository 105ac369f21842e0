//! Patterns over texts: each is compiled at first use, and looked for only where a literal of it was seen. Takes patterns and texts in
//! pieces, gives matches. One automaton a text knows the literals of all patterns; a pattern that has none is tried on every piece.

use std::ops::Range;
use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickBuilder, AhoCorasickKind};
use fancy_regex::{BytesMode, RegexBuilder, RegexInput};
use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax::{self, Config};
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use super::coarse;
use super::echo::{Echo, REFERENCE};
use super::literals;
use super::needs::{self, Needs};
use super::perl::{self, Translated};
use super::sieve::{Sieve, States};
use super::watch::Watch;

/// Largest compiled pattern, in bytes.
const COMPILED_BYTES: usize = 16 << 20;
/// Most memory of a pattern's states, which are made as texts lead to them: large patterns, made anew for each text, took 25 us a
/// paragraph with two megabytes.
const STATES_BYTES: usize = 8 << 20;
/// Steps back that one search of a pattern with look-around may take: real mail needs some thousands.
const MOST_STEPS: usize = 200_000;
/// Places of one text that a pattern with look-around is tried at one by one; behind them the rest is one search.
const MOST_STARTS: usize = 200;
/// Longest match for which a window around its literal pays.
const LONGEST_WINDOW: usize = 500;
/// Matches of one pattern that are counted, where its rule sets no limit.
const MOST_MATCHES: u32 = 10_000;

/// What a search found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) count: u32,
    /// The first match.
    pub(super) first: Option<(usize, usize)>,
    /// The pattern took more steps than it may, or could not be compiled: it may match or not.
    pub(super) gave_up: bool,
}

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    text: Translated,
    /// Literals of which every match has one.
    literals: Option<Vec<Vec<u8>>>,
    /// Sequences of which every match has one, where it has no literals.
    sequences: Option<Needs>,
    /// The longest match, in bytes, where that is short: then a match lies near its literal.
    longest: Option<usize>,
    captures: bool,
    /// Whether it is large, and has a coarse form that is not.
    has_coarse: bool,
    coarse: OnceLock<Option<Regex>>,
    echo: OnceLock<Option<Echo>>,
    compiled: OnceLock<Option<Compiled>>,
    empty: OnceLock<bool>,
}

#[derive(Debug)]
enum Compiled {
    Plain(Regex),
    /// What can go back is asked only where the relaxed pattern matches.
    Fancy(Option<Regex>, Box<fancy_regex::Regex>),
}

pub(super) fn syntax_of() -> Config {
    Config::new().unicode(false).utf8(false).nest_limit(250)
}

fn regex(pattern: &str, groups: WhichCaptures) -> Option<Regex> {
    regex_of(&syntax::parse_with(pattern, &syntax_of()).ok()?, groups)
}

pub(super) fn regex_of(hir: &Hir, groups: WhichCaptures) -> Option<Regex> {
    let config = meta::Config::new()
        .nfa_size_limit(Some(COMPILED_BYTES))
        .which_captures(groups)
        .dfa(false)
        .utf8_empty(false)
        .hybrid_cache_capacity(STATES_BYTES);
    Regex::builder().configure(config).build_from_hir(hir).ok()
}

impl Pattern {
    /// Reads a pattern of Perl; it is compiled when it is first needed.
    pub(super) fn new(pattern: &[u8], flags: &str) -> Result<Pattern, String> {
        Pattern::of(perl::translate(pattern, flags)?)
    }

    /// The same, for a pattern whose groups are asked for.
    pub(super) fn capturing(pattern: &[u8], flags: &str) -> Result<Pattern, String> {
        let mut it = Pattern::of(perl::translate_with_groups(pattern, flags)?)?;
        it.captures = true;
        Ok(it)
    }

    fn of(text: Translated) -> Result<Pattern, String> {
        let plain = syntax::parse_with(&text.plain, &syntax_of()).map_err(|error| last_line(&error.to_string()))?;
        if text.fancy {
            fancy_regex::Expr::parse_tree(&text.exact).map_err(|error| last_line(&error.to_string()))?;
        }
        let literals = literals::required(&plain);
        let longest = plain.properties().maximum_len().filter(|longest| *longest <= LONGEST_WINDOW);
        // Literals are looked for whatever the case, and so the plain form says nothing of it.
        let sequences = match literals {
            Some(_) => None,
            None => syntax::parse_with(&text.relaxed, &syntax_of()).ok().and_then(|relaxed| needs::of(&relaxed)),
        };
        let has_coarse = coarse::pays(&plain);
        Ok(Pattern {
            text,
            literals,
            sequences,
            longest,
            captures: false,
            has_coarse,
            coarse: OnceLock::new(),
            echo: OnceLock::new(),
            compiled: OnceLock::new(),
            empty: OnceLock::new(),
        })
    }

    pub(super) fn has_literal(&self) -> bool {
        self.literals.is_some() || self.sequences.is_some()
    }

    /// Whether a range may have a match, for less than a search costs.
    fn may_match(&self, text: &[u8], range: &Range<usize>) -> bool {
        if self.has_coarse {
            let coarse = self.coarse.get_or_init(|| {
                let hir = syntax::parse_with(&self.text.relaxed, &syntax_of()).ok()?;
                regex_of(&coarse::of(&hir), WhichCaptures::Implicit)
            });
            let input = || Input::new(text).range(range.start..range.end.min(text.len()).max(range.start));
            if coarse.as_ref().is_some_and(|it| range.start <= text.len() && it.search_half(&input()).is_none()) {
                return false;
            }
        }
        if self.text.fancy && self.text.relaxed.contains(REFERENCE) {
            let echo = self.echo.get_or_init(|| {
                let hir = syntax::parse_with(&self.text.relaxed, &syntax_of()).ok()?;
                Echo::of(&hir, self.text.groups, self.text.relaxed.contains("(?i"))
            });
            return echo.as_ref().is_none_or(|echo| echo.may_match(text, range.clone()));
        }
        true
    }

    pub(super) fn is_fancy(&self) -> bool {
        self.text.fancy
    }

    /// Whether it can be compiled within its size, for who checks rules.
    pub(super) fn compiles(&self) -> bool {
        self.compiled().is_some()
    }

    /// Whether no text at all matches, or every one does.
    pub(super) fn always_or_never(&self) -> Option<bool> {
        let hir = syntax::parse_with(&self.text.relaxed, &syntax_of()).ok()?;
        match hir.properties().minimum_len() {
            None => Some(false),
            Some(0) if !self.text.fancy && self.is_match(b"") && self.is_match(b"x") => Some(true),
            _ => None,
        }
    }

    fn compiled(&self) -> Option<&Compiled> {
        self.compiled
            .get_or_init(|| {
                if !self.text.fancy {
                    let groups = if self.captures { WhichCaptures::All } else { WhichCaptures::Implicit };
                    return regex(&self.text.exact, groups).map(Compiled::Plain);
                }
                let exact = RegexBuilder::new(&self.text.exact)
                    .bytes_mode(BytesMode::Ascii)
                    .unicode_mode(false)
                    .backtrack_limit(MOST_STEPS)
                    .delegate_size_limit(COMPILED_BYTES)
                    .build()
                    .ok()?;
                Some(Compiled::Fancy(regex(&self.text.relaxed, WhichCaptures::Implicit), Box::new(exact)))
            })
            .as_ref()
    }

    /// Whether it is found in a text.
    pub(super) fn is_match(&self, text: &[u8]) -> bool {
        self.search(text, 1).count > 0
    }

    /// Whether it matches nothing at all: what a field that is not there comes to.
    pub(super) fn matches_empty(&self) -> bool {
        *self.empty.get_or_init(|| self.is_match(b""))
    }

    /// Counts its matches in a text, up to `most`.
    pub(super) fn search(&self, text: &[u8], most: u32) -> Found {
        self.search_within(text, 0..text.len(), most)
    }

    /// The same for matches that lie in a range of the text; what stands around it is seen by look-around and anchors.
    fn search_within(&self, text: &[u8], range: Range<usize>, most: u32) -> Found {
        let mut found = Found::default();
        let end_of_range = range.end.min(text.len());
        if !self.may_match(text, &range) {
            return found;
        }
        let Some(compiled) = self.compiled() else {
            found.gave_up = true;
            return found;
        };
        let mut at = range.start;
        while found.count < most.min(MOST_MATCHES) && at <= end_of_range {
            let next = match compiled {
                Compiled::Plain(regex) => {
                    let input = Input::new(text).range(at..end_of_range).anchored(Anchored::No);
                    if most == 1 && !self.captures {
                        // Where it starts costs a second search; where it ends is enough for a yes.
                        regex.search_half(&input).map(|half| (half.offset(), half.offset()))
                    } else {
                        regex.search(&input).map(|it| (it.start(), it.end()))
                    }
                }
                Compiled::Fancy(guard, exact) => match fancy(guard.as_ref(), exact, text, at..end_of_range) {
                    Ok(next) => next,
                    Err(GaveUp) => {
                        found.gave_up = true;
                        return found;
                    }
                },
            };
            let Some((start, end)) = next else { break };
            found.count += 1;
            found.first = found.first.or(Some((start, end)));
            at = if end > at || start > at { end.max(start + usize::from(end == start)) } else { at + 1 };
        }
        found
    }

    /// Where the match of a text begins and ends, for who shows it.
    pub(super) fn place(&self, text: &[u8]) -> Option<(usize, usize)> {
        match self.compiled()? {
            Compiled::Plain(regex) => regex.find(text).map(|it| (it.start(), it.end())),
            Compiled::Fancy(_, exact) => exact.find(text).ok()?.map(|it| (it.start(), it.end())),
        }
    }

    /// The groups of the first match, the whole first.
    pub(super) fn groups(&self, text: &[u8]) -> Option<Vec<Option<(usize, usize)>>> {
        match self.compiled()? {
            Compiled::Plain(regex) => {
                let mut captures = regex.create_captures();
                regex.captures(text, &mut captures);
                captures.is_match().then(|| captures.iter().map(|it| it.map(|span| (span.start, span.end))).collect())
            }
            Compiled::Fancy(_, exact) => {
                let captures = exact.captures(text).ok()??;
                Some((0..captures.len()).map(|number| captures.get(number).map(|it| (it.start(), it.end()))).collect())
            }
        }
    }
}

/// A search took more steps than it may.
struct GaveUp;

/// The next match of a pattern that goes back, from `at` on. It is tried only where the relaxed pattern matches: trying it on each
/// byte took half of all the time that rules took.
fn fancy(
    guard: Option<&Regex>,
    exact: &fancy_regex::Regex,
    text: &[u8],
    range: Range<usize>,
) -> Result<Option<(usize, usize)>, GaveUp> {
    let Some(guard) = guard else {
        return exact
            .find_from_pos(text, range.start)
            .map(|it| it.map(|it| (it.start(), it.end())))
            .map_err(|_| GaveUp);
    };
    let mut from = range.start;
    for _ in 0..MOST_STARTS {
        let Some(may) = guard.search(&Input::new(text).range(from..range.end)) else { return Ok(None) };
        let input = RegexInput::new(text).from_pos(may.start()).anchored(true);
        match exact.find_input(input) {
            Ok(Some(it)) => return Ok(Some((it.start(), it.end()))),
            Ok(None) => from = may.start() + 1,
            Err(_) => return Err(GaveUp),
        }
        if from > range.end {
            return Ok(None);
        }
    }
    exact.find_from_pos(text, from).map(|it| it.map(|it| (it.start(), it.end()))).map_err(|_| GaveUp)
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned()
}

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
                    if pattern.coarse.get().is_none() && pattern.has_coarse {
                        pattern.may_match(line, &idle);
                        watch.compiled(member.rule);
                    }
                    if pattern.compiled.get().is_none() && pattern.may_match(line, &within) {
                        pattern.compiled();
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
    fn patterns_mean_what_they_mean_in_perl() {
        for (pattern, flags, text, count) in [
            (r"a++b", "", "aaab", 1),
            (r"foo$", "", "foo\n", 1),
            (r"foo$", "", "foo\n\n", 0),
            (r"(?:foo$|x)y", "", "foo\n", 0),
            (r"\bfoo(?!bar)", "i", "FOObar foobaz", 1),
            (r"(a)(b)\2\1", "", "abba", 1),
            (r"o", "", "foo boo", 4),
            (r"x*", "", "ab", 3),
            ("\u{c3}\u{a9}t", "", "été", 1),
            (r"[^\x00-\x7f]", "", "é", 2),
            (r"(?<=\s)\d{2,}+(?=x)", "", "a 12x", 1),
            (r"^b", "m", "a\nb", 1),
            (r"a.b", "", "a\nb", 0),
            (r"a.b", "s", "a\nb", 1),
            (r"(?i:A)b", "", "ab aB", 1),
            (r"a # c", "x", "a", 1),
        ] {
            let bytes = super::super::conf::bytes_of(pattern);
            let it = Pattern::new(&bytes, flags).unwrap();
            let found = it.search(text.as_bytes(), u32::MAX);
            assert_eq!((found.count, found.gave_up), (count, false), "{pattern} in {text:?}");
        }
    }

    #[test]
    fn a_pattern_that_runs_away_is_told() {
        let it = Pattern::new(br"(?=(?:a+)+b)(?:(?:a|aa)+)+$(?<!c)", "").unwrap();
        let found = it.search("a".repeat(5_000).as_bytes(), 1);
        assert!(found.gave_up || found.count == 0);
    }

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

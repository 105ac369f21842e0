//! A pattern over texts: compiled when it is first needed. What a cheap look says no to, it is not asked, nor compiled for.

mod find;
mod words;

use std::ops::Range;
use std::sync::OnceLock;

use fancy_regex::{BytesMode, RegexBuilder};
use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::util::syntax::{self, Config};
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Hir, HirKind, Look};

use self::words::Words;
use super::echo::{Echo, REFERENCE};
use super::perl::{self, Translated};
use crate::text::patterns::{self, COMPILED_BYTES, Probe, Run, coarse, literals, regex_of, without_groups};
use crate::text::sequences::{self, Ahead, Needs};

/// Steps back that one search of a pattern with look-around may take: real mail needs some thousands.
const MOST_STEPS: usize = 200_000;
/// Places of one text that a pattern with look-around is tried at one by one; behind them the rest is one search.
const MOST_STARTS: usize = 200;
/// Longest match for which a window around its literal pays.
const LONGEST_WINDOW: usize = 500;
/// Matches of one pattern that are counted, where its rule sets no limit.
const MOST_MATCHES: u32 = 10_000;

/// So many bytes of one class tell something.
const SHORTEST_RUN: u32 = 16;
/// What is no longer, in bytes, is counted by an automaton of its texts where these are few.
const LONGEST_WORD: usize = 8;

/// For each byte of a text so many may be read by trying each beginning of a line.
const MOST_OF_LINES: usize = 2;

/// Ends of lines that a match has in it, where the lines are tried that it may begin in.
pub(super) const MOST_LINE_ENDS: usize = 2;

/// A pattern of more states is not followed from a part of it on.
const LARGEST_TAIL: u64 = 60_000;

/// What a search found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) count: u32,
    /// The pattern took more steps than it may, or could not be compiled: it may match or not.
    pub(super) gave_up: bool,
}

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    text: Translated,
    /// Literals of which every match has one.
    pub(super) literals: Option<Vec<Vec<u8>>>,
    /// Sequences of which every match has one, where it has no literals.
    pub(super) sequences: Option<Needs>,
    /// What of a match stands before its literal or sequence, in bytes.
    pub(super) ahead: Ahead,
    /// The same, from where on it can be followed: a part of it that what must be there is in.
    pub(super) tail_ahead: Ahead,
    /// A match begins where the text does.
    pub(super) only_at_start: bool,
    /// Or where a line does.
    begins_lines: bool,
    /// How many ends of lines a match has in it at most, where there is a bound.
    line_ends: Option<usize>,
    /// What it asks of the places around it, if anything, is where words begin and end.
    looks_at_words: bool,
    /// It asks nothing of them.
    looks_at_nothing: bool,
    /// The shortest match, in bytes.
    pub(super) shortest: usize,
    /// Bytes of one class that every match has one behind the other, where these are many and it has no literals.
    run: Option<Box<Run>>,
    /// The longest match, in bytes, where that is short: then a match lies near its literal.
    pub(super) longest: Option<usize>,
    captures: bool,
    /// Whether it is large, and has a coarse form that is not.
    has_coarse: bool,
    coarse: OnceLock<Option<Regex>>,
    echo: OnceLock<Option<Echo>>,
    probe: OnceLock<Option<Probe>>,
    tail: OnceLock<Option<Probe>>,
    /// Whether it has references, and so what must be there twice.
    refers: bool,
    compiled: OnceLock<Option<Compiled>>,
    empty: OnceLock<bool>,
    words: OnceLock<Option<Words>>,
}

#[derive(Debug)]
enum Compiled {
    Plain(Regex),
    /// What can go back is asked only where the coarse form matches.
    Fancy(Box<fancy_regex::Regex>),
}

pub(super) fn syntax_of() -> Config {
    Config::new().unicode(false).utf8(false).nest_limit(250)
}

fn regex(pattern: &str, groups: WhichCaptures) -> Option<Regex> {
    regex_of(&syntax::parse_with(pattern, &syntax_of()).ok()?, groups)
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
        let relaxed = syntax::parse_with(&text.relaxed, &syntax_of()).map_err(|error| last_line(&error.to_string()))?;
        let relaxed = without_groups(relaxed);
        if text.fancy {
            fancy_regex::Expr::parse_tree(&text.exact).map_err(|error| last_line(&error.to_string()))?;
        }
        let required = literals::required(&relaxed, false);
        let longest = relaxed.properties().maximum_len().filter(|longest| *longest <= LONGEST_WINDOW);
        let sequences = if required.is_some() { None } else { sequences::of(&relaxed, false) };
        let has_coarse = coarse::pays(&relaxed);
        let refers = text.fancy && text.relaxed.contains(REFERENCE);
        let (ahead, tail_ahead) = match (&required, &sequences) {
            (Some(it), _) => (it.ahead, it.tail_ahead),
            (None, Some(it)) => (it.ahead, it.tail_ahead),
            (None, None) => (None, None),
        };
        let literals = required.map(|it| it.texts);
        let run = if literals.is_none() && sequences.is_none() { Run::of(&relaxed, SHORTEST_RUN) } else { None };
        Ok(Pattern {
            text,
            literals,
            sequences,
            ahead,
            tail_ahead,
            tail: OnceLock::new(),
            run: run.map(Box::new),
            longest,
            only_at_start: relaxed.properties().look_set_prefix().contains(Look::Start),
            begins_lines: relaxed.properties().look_set_prefix().contains(Look::StartLF),
            line_ends: patterns::most_of(&relaxed, b'\n'),
            looks_at_words: relaxed
                .properties()
                .look_set()
                .iter()
                .all(|look| matches!(look, Look::WordAscii | Look::WordStartAscii | Look::WordEndAscii)),
            looks_at_nothing: relaxed.properties().look_set().is_empty(),
            shortest: relaxed.properties().minimum_len().unwrap_or(0),
            captures: false,
            has_coarse,
            coarse: OnceLock::new(),
            echo: OnceLock::new(),
            probe: OnceLock::new(),
            refers,
            compiled: OnceLock::new(),
            empty: OnceLock::new(),
            words: OnceLock::new(),
        })
    }

    /// Where a match begins where a line does, how many ends of lines it has in it at most, if these are few.
    pub(super) fn lines(&self) -> Option<usize> {
        self.line_ends.filter(|ends| self.begins_lines && *ends <= MOST_LINE_ENDS)
    }

    pub(super) fn has_literal(&self) -> bool {
        self.literals.is_some() || self.sequences.is_some()
    }

    /// Whether it has a long run of bytes of one class in each match, by which few texts may have one.
    pub(super) fn has_run(&self) -> bool {
        self.run.is_some()
    }

    /// Whether a text has that run, if there is one.
    pub(super) fn may_run_in(&self, text: &[u8]) -> bool {
        self.run.as_ref().is_none_or(|run| run.is_in(text))
    }

    /// Whether a short text in lower case may have a match: none of its literals is in most of them.
    pub(super) fn may_be_in(&self, lower: &[u8]) -> bool {
        let literals = self.literals.as_ref();
        literals.is_none_or(|all| all.iter().any(|literal| memchr::memmem::find(lower, literal).is_some()))
    }

    /// Whether it asks of the places around it where words begin and end, or nothing.
    pub(super) fn looks_at_words_at_most(&self) -> bool {
        self.looks_at_nothing || self.looks_at_words
    }

    /// Whether a text in pieces may have a match in any of them, by one search of the whole; `by_blanks` says that pieces end behind
    /// blanks. Where that cannot be told so, it may.
    pub(super) fn may_match_whole(&self, text: &[u8], by_blanks: bool) -> bool {
        if !(self.looks_at_nothing || (self.looks_at_words_at_most() && by_blanks)) {
            return true;
        }
        let input = Input::new(text);
        if self.has_coarse {
            return self.may_be_coarse(text, &(0..text.len()), Anchored::No);
        }
        match self.compiled() {
            Some(Compiled::Plain(regex)) => regex.search_half(&input.earliest(true)).is_some(),
            Some(Compiled::Fancy(_)) => self.coarse().is_none_or(|it| it.search_half(&input.earliest(true)).is_some()),
            None => true,
        }
    }

    /// Whether a range may have a match, for less than a search costs. What must be there twice is looked for first: a search of the coarse
    /// form reads each text for nothing, in a sixth of all instructions of such searches.
    pub(super) fn may_match(&self, text: &[u8], range: &Range<usize>) -> bool {
        self.may_echo(text, range, false) && self.may_be_coarse(text, range, Anchored::No)
    }

    fn may_be_coarse(&self, text: &[u8], range: &Range<usize>, anchored: Anchored) -> bool {
        if !self.has_coarse || range.start > text.len() {
            return true;
        }
        let input = Input::new(text).range(range.start..range.end.min(text.len()).max(range.start)).anchored(anchored);
        self.coarse().is_none_or(|it| it.search_half(&input.earliest(true)).is_some())
    }

    /// The coarse form, which of a small pattern is nearly itself. It is what tells where a pattern that goes back is tried: of
    /// `<img\b[^>]{0,100}\ssrc=`, as it stands, each text led to states of its own, for a fourth of what such patterns took.
    fn coarse(&self) -> Option<&Regex> {
        let make = || regex_of(&coarse::with_times(&self.tree()?), WhichCaptures::Implicit);
        self.coarse.get_or_init(make).as_ref()
    }

    /// Whether what must be there twice may be.
    fn may_echo(&self, text: &[u8], range: &Range<usize>, only_first: bool) -> bool {
        if !self.refers {
            return true;
        }
        let echo = self.echo.get_or_init(|| {
            let hir = syntax::parse_with(&self.text.relaxed, &syntax_of()).ok()?;
            Echo::of(&hir, self.text.groups, self.text.relaxed.contains("(?i"))
        });
        echo.as_ref().is_none_or(|echo| echo.may_match(text, range.clone(), only_first))
    }

    pub(super) fn is_fancy(&self) -> bool {
        self.text.fancy
    }

    /// Whether its engine goes back, and it has a repetition without limit in another, such as `(?:a+)+`: of a text it may be tried
    /// in very many ways.
    pub(super) fn goes_back_often(&self) -> bool {
        fn is_endless(hir: &Hir) -> bool {
            match hir.kind() {
                HirKind::Repetition(it) => it.max.is_none(),
                HirKind::Capture(it) => is_endless(&it.sub),
                HirKind::Alternation(ways) => ways.iter().any(is_endless),
                HirKind::Concat(parts) => {
                    let may_be_empty = |it: &Hir| it.properties().minimum_len() == Some(0);
                    parts.iter().any(is_endless) && parts.iter().all(|it| is_endless(it) || may_be_empty(it))
                }
                _ => false,
            }
        }
        fn repeats(hir: &Hir) -> bool {
            match hir.kind() {
                HirKind::Repetition(it) => (it.max.is_none() && is_endless(&it.sub)) || repeats(&it.sub),
                HirKind::Capture(it) => repeats(&it.sub),
                HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().any(repeats),
                _ => false,
            }
        }
        self.text.fancy && syntax::parse_with(&self.text.relaxed, &syntax_of()).is_ok_and(|relaxed| repeats(&relaxed))
    }

    /// Whether it can be compiled within its size, for who checks rules.
    pub(super) fn compiles(&self) -> bool {
        if self.text.fancy {
            self.coarse();
        }
        self.compiled().is_some()
    }

    /// Its tree, which matches wherever it does.
    fn tree(&self) -> Option<Hir> {
        Some(without_groups(syntax::parse_with(&self.text.relaxed, &syntax_of()).ok()?))
    }

    /// Whether no text at all matches, or every one does.
    pub(super) fn always_or_never(&self) -> Option<bool> {
        let hir = syntax::parse_with(&self.text.relaxed, &syntax_of()).ok()?;
        match hir.properties().minimum_len() {
            _ if patterns::never_matches(&hir) => Some(false),
            Some(0) if !self.text.fancy && self.is_match(b"") && self.is_match(b"x") => Some(true),
            _ => None,
        }
    }

    /// Whether the pattern, or its coarse form, is still to be compiled.
    pub(super) fn is_new(&self, coarse: bool) -> bool {
        if coarse { self.has_coarse && self.coarse.get().is_none() } else { self.compiled.get().is_none() }
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
                Some(Compiled::Fancy(Box::new(exact)))
            })
            .as_ref()
    }
}

fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim().trim_start_matches("error: ").to_owned()
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
    fn what_begins_lines_is_found_as_by_a_search() {
        let words: [&[u8]; 7] = [b"\n", b"To: ", b"a", b"bc", b" ", b"\n\n", b"-"];
        let mut found = 0;
        for source in ["^To: (?:a|bc)+$", "^ *a", r"^(?:[a-z]+-)+[a-z]", r"^\s*bc", "^(?!a)[a-z]", "^$", r"^\W{3}"] {
            let it = Pattern::new(source.as_bytes(), "m").unwrap();
            assert!(it.begins_lines, "{source}");
            let plain = regex(&it.text.relaxed, WhichCaptures::Implicit).unwrap();
            let mut state = 3u64;
            for _ in 0..2_000 {
                let mut text = Vec::new();
                for _ in 0..9 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    text.extend_from_slice(words[(state >> 33) as usize % words.len()]);
                }
                let expected = match it.text.fancy {
                    true => (0..=text.len()).any(|at| it.begins_at(&text, at).count > 0),
                    false => plain.is_match(&text),
                };
                assert_eq!(it.is_match(&text), expected, "{source} in {:?}", String::from_utf8_lossy(&text));
                found += usize::from(expected);
            }
        }
        assert!((1_000..13_000).contains(&found), "{found}");
    }

    #[test]
    fn repetitions_in_repetitions_are_told() {
        let is_told = |pattern: &str| Pattern::new(pattern.as_bytes(), "").unwrap().goes_back_often();
        assert!(is_told(r"(?!x)(?:a+)+b") && is_told(r"(?:\s*\w+)*(?<!c)") && is_told(r"(?=a)(?:a+|bc)*d"));
        assert!(!is_told(r"(?:a+)+b"), "it does not go back");
        assert!(!is_told(r"(?!x)(?:a+b)+") && !is_told(r"(?!x)(?:a{1,5})+b") && !is_told(r"(?!x)a+b+"));
    }

    #[test]
    fn a_pattern_that_runs_away_is_told() {
        let it = Pattern::new(br"(?=(?:a+)+b)(?:(?:a|aa)+)+$(?<!c)", "").unwrap();
        let found = it.search("a".repeat(5_000).as_bytes(), 1);
        assert!(found.gave_up || found.count == 0);
    }
}

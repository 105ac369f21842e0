//! Many patterns over one text: one pass over literals that the patterns must contain, and the pattern itself
//! only where one of its literals was seen, in a window around it where the pattern's length is bounded. A pattern of
//! several pieces, such as `order.{0,400}refund`, is looked at only if the text has a literal of each: with the stock rules
//! that halves the cost of the wording rules. Patterns without a literal share the pass, by short sequences of byte classes, such as
//! `[1i]ag`. Never one `RegexSet`, which collapses to milliseconds a message.

use super::lazy::Lazy;
use super::reading::{self, Form, Over};
use crate::text::sequences::{self, Sequence, Sieve, Waiting};

/// Windows of one pattern in one text that may fail before the rest of the text is searched as a whole, so that a text
/// full of a literal costs no more than one pass.
const MOST_WINDOWS: u32 = 32;
/// Longest match for which a window pays; longer ones search the text.
const LONGEST_WINDOW: usize = 1_000;

/// Patterns without a literal that are worth looking for their sequences: the pass takes as much more as the search for three of them.
const FEWEST_SHARED: usize = 4;

/// The long s and the Kelvin sign: letters that case folding takes for `s` and `k`, and the pass does not. A text that
/// holds one is searched pattern by pattern.
const FOLDED_LETTERS: [&[u8]; 2] = ["\u{17f}".as_bytes(), "\u{212a}".as_bytes()];

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Lazy,
    /// What it is searched in.
    pub(super) form: Form,
    /// The longest match, in bytes, where it has a bound for which a window pays.
    longest: Option<u32>,
    slow_boundary: bool,
    /// How many pieces it has of which a text must have a literal each.
    needs: u8,
    /// These literals, the most telling piece first; they move into the sieve.
    pieces: Vec<Vec<Vec<u8>>>,
    /// Where it has none, sequences of byte classes of which every match contains one; they move into the sieve.
    sequences: Vec<Sequence>,
    /// How many of these a match contains at least.
    times: u32,
}

impl Pattern {
    /// Reads a pattern. Letters match whatever their case unless it says `(?-i)`.
    pub(super) fn compile(text: &str, over: Over) -> Result<Pattern, String> {
        let (hir, form) = reading::read(text, over)?;
        let pieces = reading::pieces(text, over, form);
        let longest = hir.properties().maximum_len().filter(|longest| *longest <= LONGEST_WINDOW);
        let longest = longest.and_then(|longest| u32::try_from(longest).ok());
        let slow_boundary = hir.properties().look_set().contains_word_unicode();
        let needed = if pieces.is_empty() { sequences::of(&hir, false) } else { None };
        let times = needed.as_ref().map_or(0, |it| it.times);
        let sequences = needed.map(|it| it.sequences).unwrap_or_default();
        let needs = if sequences.is_empty() { u8::try_from(pieces.len()).unwrap_or(u8::MAX) } else { 1 };
        let regex = Lazy::new(text, over, &hir)?;
        Ok(Pattern { regex, form, longest, slow_boundary, needs, pieces, sequences, times })
    }

    /// Whether it has a literal or a sequence that every match contains and few texts do; else it is searched in each message.
    pub(super) fn is_noted(&self) -> bool {
        self.needs > 0
    }

    /// Whether it has a word boundary that does not stand beside an ASCII letter: on text beyond ASCII only the slow engines know
    /// these.
    pub(super) fn has_slow_boundary(&self) -> bool {
        self.slow_boundary
    }

    /// Compiles it if it is not yet; false where that fails.
    pub(super) fn compiles(&self) -> bool {
        self.regex.get().is_some()
    }

    fn find(&self, text: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
        self.regex.find(text, from, to)
    }
}

/// The patterns for one text.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    patterns: Vec<Pattern>,
    /// What is looked for in one pass.
    sieve: Sieve,
    /// Which pattern each set of literals or sequences is of, and which of its pieces.
    owners: Vec<(u32, u8)>,
    /// Patterns without either.
    always: Vec<u32>,
}

/// What a search keeps while it goes over one text.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// For each pattern, how often its first piece was seen, and the set of the pieces that were seen.
    counts: Vec<(u32, u8)>,
    /// Where the first piece of a pattern was seen: pattern, start, end.
    candidates: Vec<(u32, u32, u32)>,
    /// Bytes that the patterns themselves read in the last text.
    pub(super) read: u64,
    /// The caller's clock, where somebody wants to know what compiling costs.
    pub(super) clock: Option<fn() -> u64>,
    /// What compiling took in the last text: pattern, time.
    pub(super) compiled: Vec<(u32, u64)>,
}

impl Patterns {
    pub(super) fn new(mut patterns: Vec<Pattern>) -> Patterns {
        let (mut owners, mut always) = (Vec::new(), Vec::new());
        let mut sieve = Sieve::default();
        let share = patterns.iter().filter(|pattern| !pattern.sequences.is_empty()).count() >= FEWEST_SHARED;
        for (number, pattern) in (0u32..).zip(&mut patterns) {
            if !pattern.is_noted() || !(pattern.sequences.is_empty() || share) {
                always.push(number);
                continue;
            }
            let mut owner = |piece: u8| {
                owners.push((number, piece));
                u32::try_from(owners.len() - 1).unwrap_or(u32::MAX)
            };
            let sequences = std::mem::take(&mut pattern.sequences);
            if !sequences.is_empty() {
                sieve.add(owner(0), &sequences);
            }
            for (piece, set) in (0u8..).zip(std::mem::take(&mut pattern.pieces)) {
                sieve.add_literals(owner(piece), set);
            }
        }
        sieve.finish();
        patterns.shrink_to_fit();
        owners.shrink_to_fit();
        Patterns { patterns, sieve, owners, always }
    }

    pub(super) fn get(&self, number: u32) -> Option<&Pattern> {
        self.patterns.get(number as usize)
    }

    /// How many patterns there are.
    pub(super) fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Hands each pattern that matches, and where it does first, to `found`. A pattern for which `wanted` is false is
    /// passed over.
    pub(super) fn search(
        &self,
        text: &[u8],
        waiting: &mut Waiting,
        progress: &mut Progress,
        wanted: impl Fn(u32) -> bool,
        mut found: impl FnMut(u32, usize, usize),
    ) {
        let Progress { counts, candidates, read, clock, compiled } = progress;
        *read = 0;
        compiled.clear();
        let mut find = |number: u32, from: usize, to: usize| {
            let pattern = self.get(number)?;
            if let Some(clock) = clock.filter(|_| pattern.regex.is_new()) {
                let began = clock();
                pattern.compiles();
                compiled.push((number, clock().saturating_sub(began)));
            }
            pattern.find(text, from, to)
        };
        let mut whole = |number: u32| {
            *read = read.saturating_add(text.len() as u64);
            find(number, 0, text.len())
        };
        if has_folded_letter(text) {
            for number in (0u32..).take(self.patterns.len()).filter(|number| wanted(*number)) {
                if let Some((start, end)) = whole(number) {
                    found(number, start, end);
                }
            }
            return;
        }
        for number in self.always.iter().copied().filter(|number| wanted(*number)) {
            if let Some((start, end)) = whole(number) {
                found(number, start, end);
            }
        }
        counts.clear();
        counts.resize(self.patterns.len(), (0, 0));
        candidates.clear();
        let mut note = |number: u32, piece: u8, start: usize, end: usize| {
            let Some((count, pieces)) = counts.get_mut(number as usize) else { return };
            *pieces |= 1 << piece;
            if piece == 0 && *count < MOST_WINDOWS {
                let place = |at| u32::try_from(at).unwrap_or(u32::MAX);
                candidates.push((number, place(start), place(end)));
            }
            *count = count.saturating_add(u32::from(piece == 0));
        };
        self.sieve.search(text, waiting, |owner, start, end| {
            if let Some((number, piece)) = self.owners.get(owner as usize).copied() {
                note(number, piece, start, end);
            }
        });
        for (number, start, end) in candidates.iter().copied() {
            let (Some(pattern), Some((count, pieces))) =
                (self.patterns.get(number as usize), counts.get_mut(number as usize))
            else {
                continue;
            };
            // No windows left stands for done: found, searched to its end, or without a literal of each piece.
            if *count < pattern.times
                || *count == 0
                || pieces.count_ones() != u32::from(pattern.needs)
                || !wanted(number)
            {
                continue;
            }
            let result = match pattern.longest.filter(|_| *count <= MOST_WINDOWS) {
                Some(longest) => {
                    let (start, end, longest) = (start as usize, end as usize, longest as usize);
                    *read = read.saturating_add(2 * longest as u64);
                    find(number, end.saturating_sub(longest), start.saturating_add(longest))
                }
                None => {
                    *count = 0;
                    *read = read.saturating_add(text.len() as u64);
                    find(number, 0, text.len())
                }
            };
            if let Some((start, end)) = result {
                *count = 0;
                found(number, start, end);
            }
        }
    }
}

/// Whether a text holds one of `FOLDED_LETTERS`. Most texts have not even their first bytes.
fn has_folded_letter(text: &[u8]) -> bool {
    let [first, second] = FOLDED_LETTERS.map(|letter| letter.first().copied().unwrap_or_default());
    let Some(at) = memchr::memchr2(first, second, text) else { return false };
    let rest = text.get(at..).unwrap_or_default();
    FOLDED_LETTERS.iter().any(|letter| memchr::memmem::find(rest, letter).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn literals(pattern: &str) -> Vec<String> {
        let pattern = Pattern::compile(pattern, Over::Source).unwrap();
        pattern.pieces.first().into_iter().flatten().map(|it| String::from_utf8_lossy(it).into_owned()).collect()
    }

    #[test]
    fn literals_that_every_match_must_contain() {
        assert_eq!(literals("next of kin"), ["next of kin"]);
        assert_eq!(literals("million (US )?dollars"), ["million "]);
        assert_eq!(literals("(?:viagra|cialis)[0-9]+"), ["viagra", "cialis"]);
        assert_eq!(literals("[a-z]+@example"), ["@example"]);
        assert_eq!(literals("(?:ab|viagra)"), Vec::<String>::new());
        assert_eq!(literals("(?:abc)*d"), Vec::<String>::new());
        assert_eq!(literals("grüße aus"), ["e aus"]);
    }

    #[test]
    fn each_piece_of_a_pattern_has_its_literals() {
        let pattern = Pattern::compile("(?:order|renewal).{0,400}(?:refund).{0,9}[0-9]+", Over::Source).unwrap();
        let text =
            |set: &Vec<Vec<u8>>| set.iter().map(|it| String::from_utf8_lossy(it).into_owned()).collect::<Vec<_>>();
        assert_eq!(pattern.pieces.iter().map(text).collect::<Vec<_>>(), [vec!["refund"], vec!["order", "renewal"]]);
        let patterns = Patterns::new(vec![pattern]);
        let hits = |text: &str| {
            let mut hits = 0;
            patterns.search(
                text.as_bytes(),
                &mut Waiting::default(),
                &mut Progress::default(),
                |_| true,
                |_, _, _| hits += 1,
            );
            hits
        };
        assert_eq!(hits("refund, refund: the order, REFUND 1"), 1);
        assert_eq!(hits("refund 1"), 0);
        assert_eq!(hits("the refund 1, and the order"), 0);
    }

    #[test]
    fn empty_matches_and_broken_patterns_are_refused() {
        for wrong in ["a*", "", "(", "[z-a]", "(?=x)", "x|"] {
            assert!(Pattern::compile(wrong, Over::Text).is_err(), "{wrong}");
        }
    }

    #[test]
    fn white_space_of_a_flat_text_has_one_form() {
        let form = |pattern: &str, over| Pattern::compile(pattern, over).unwrap().form;
        assert_eq!(form("next of kin", Over::Text), Form::Flat);
        assert_eq!(form("next  of kin", Over::Text), Form::AsIs);
        assert_eq!(form("next of kin", Over::Source), Form::AsIs);
        assert_eq!(form("next of kin", Over::Bytes), Form::AsIs);
        let flat = Pattern::compile(r"kin\s+dear", Over::Text).unwrap();
        // Ten bytes: a k may be a Kelvin sign, of three.
        assert_eq!((flat.longest, flat.pieces), (Some(10), vec![vec![b"kin dear".to_vec()]]));
        // That `\s*` may be a blank is not enough to match nothing.
        assert!(Pattern::compile(r"\s*", Over::Text).is_err());
    }

    /// Beyond ASCII a flat text's patterns find all that a plain search finds, and a word after a letter such as é.
    #[test]
    fn boundaries_beyond_ascii_miss_nothing() {
        let words = ["kin", "ü", "dear", " ", "é", "x", "ж", "KIN", "'", "1"];
        let sources = [
            "\\bkin\\b",
            "\\b(?:dear|x)\\b.{0,4}\\bkin",
            "kin\\b",
            "\\bkin\\w",
            "\\b1",
            "\\b1?(?:x|dear){0,2}kin(?:_|x)?\\b",
        ];
        let patterns: Vec<_> = sources.iter().map(|it| Pattern::compile(it, Over::Text).unwrap()).collect();
        let plain: Vec<_> = sources.iter().map(|it| regex::Regex::new(&format!("(?i){it}")).unwrap()).collect();
        let mut state = 7u64;
        let (mut both, mut more) = (0, 0);
        for _ in 0..4_000 {
            let mut text = String::new();
            for _ in 0..6 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(words[(state >> 33) as usize % words.len()]);
            }
            for (pattern, plain) in patterns.iter().zip(&plain) {
                let found = pattern.find(text.as_bytes(), 0, text.len()).is_some();
                assert!(found || !plain.is_match(&text), "{plain} in {text:?}");
                both += u32::from(found && plain.is_match(&text));
                more += u32::from(found && !plain.is_match(&text));
            }
        }
        assert!(both > 1_000 && more > 100, "{both} {more}");
        assert!(patterns[0].find("ékin".as_bytes(), 0, 5).is_some());
    }

    #[test]
    fn windows_find_what_a_plain_search_finds() {
        let sources = [
            r"\w+ \w+",
            "k[iı]",
            "(?:d[e3]){1,2}a",
            r"[0-9]\d.kin",
            "next of kin",
            "\\bkin\\b",
            "^dear",
            "dollars$",
            "(?m)^kin",
            "million (US )?dollars",
            "d.{0,5}rs",
            "(?-i)Kin",
            "[0-9]{3,}",
            "kin.*kin",
            "stra(?:ss|ß)e",
            "kin\\s+dear",
            "ki[mn]",
            "(?:dear|near) kin",
            "k\\w{1,3}n d",
            "next.{0,40}dollars",
            "(?:dear|near).{0,30}(?:million|next).{0,30}kin",
        ];
        let words = [
            "kin",
            "dear",
            "KIN",
            "million",
            "US",
            "dollars",
            "next",
            "of",
            "x",
            "\n",
            "ſ",
            "\u{212a}in",
            "strasse",
            "123",
            ".",
        ];
        let patterns: Vec<Pattern> = sources.iter().map(|it| Pattern::compile(it, Over::Source).unwrap()).collect();
        let plain: Vec<regex::Regex> =
            sources.iter().map(|it| regex::RegexBuilder::new(it).case_insensitive(true).build().unwrap()).collect();
        let all = Patterns::new(patterns);
        assert_eq!((all.owners.is_empty(), all.always.is_empty()), (false, false), "all kinds are tried");
        let (mut state, mut waiting) = (7u64, Waiting::default());
        let mut hits = 0;
        for _ in 0..4_000 {
            let mut text = String::new();
            for _ in 0..1 + (state >> 40) % 60 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(words[(state >> 33) as usize % words.len()]);
                if state >> 62 != 0 {
                    text.push(' ');
                }
            }
            let mut found = vec![None; sources.len()];
            all.search(
                text.as_bytes(),
                &mut waiting,
                &mut Progress::default(),
                |_| true,
                |number, start, end| {
                    found[number as usize] = Some((start, end));
                },
            );
            for ((plain, found), source) in plain.iter().zip(&found).zip(&sources) {
                assert_eq!(plain.is_match(&text), found.is_some(), "{source} in {text:?}");
                if let Some((start, end)) = found {
                    let at = plain.find_at(&text, *start).unwrap();
                    assert_eq!(at.start(), *start, "{source} in {text:?} ends at {end}");
                    hits += 1;
                }
            }
        }
        assert!(hits > 5_000, "{hits}");
    }
}

//! An automaton as a table of what comes next: small, and with nothing to ask but that. It is read a few bytes at a time, and thousands
//! of times a message. Takes a tree; gives the whole of its automaton, or where that is too large, as much of it as mail most likely leads to.

mod making;

use std::collections::{BinaryHeap, HashMap};

use regex_automata::MatchKind;
use regex_automata::hybrid::dfa::DFA;
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_syntax::hir::Hir;

use self::making::Making;
use crate::text::sequences::group;

/// Largest table, in places of two bytes.
const LARGEST: usize = 12_000;
/// Most memory of the automaton that it is made of, and of its states while they are made.
const LARGEST_MAKING: usize = 512 << 10;
const STATES_BYTES: usize = 2 << 20;
/// Room for what one state leads to: where it is used up, there is no table.
const MOST_STATES_BYTES: usize = 16 << 20;
/// How many bytes of ASCII a byte that is none counts as: mail leads there more seldom.
const BEYOND_ASCII: u32 = 3;

/// So few bytes that lead from a state to another one are searched for, once so many bytes one behind the other did not.
const MOST_LEAVING: usize = 3;
const STAYED: usize = 8;

/// So many bytes are read backwards.
pub(super) const MOST_BEFORE: usize = 64;

/// What may stand before a place, as far as look-behind tells: nothing, and of bytes those of words, the two that end lines, and others.
const BEFORE: usize = 5;
#[expect(clippy::indexing_slicing, reason = "the compiler runs it, and iterators it cannot")]
const BEFORE_OF: [u8; 256] = {
    let mut of = [4; 256];
    let mut byte = 0;
    while byte < of.len() {
        of[byte] = match byte as u8 {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => 1,
            b'\n' => 2,
            b'\r' => 3,
            _ => 4,
        };
        byte += 1;
    }
    of
};

/// What is said of a place: whether a match begins there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum May {
    Not,
    Perhaps,
    Surely,
}

/// The table.
#[derive(Debug)]
pub(super) struct Table {
    /// By states, where the row of what comes next begins for each class of bytes, or what is told.
    next: Vec<u16>,
    /// Whether a match is told where the text ends, by states.
    ends: Vec<bool>,
    width: usize,
    /// Where to begin, by what stands before.
    starts: [u16; BEFORE],
    /// For each byte its class: bytes of one class lead to the same states.
    classes: [u8; 256],
    /// By states, the bytes that lead to another one, where they are so few that there is a quick search for them.
    leaving: Vec<Option<[u8; MOST_LEAVING]>>,
}

/// Where to begin behind a text that is known to stand at the place, whatever the case of its letters.
#[derive(Debug)]
pub(super) struct Behind {
    length: usize,
    /// By what stands before it.
    starts: [u16; BEFORE],
}

impl Table {
    /// What is told: that there is no match, that there is one, that the table cannot say. What begins from here on are rows.
    pub(super) const DEAD: u16 = 0;
    const MATCH: u16 = 1;
    const BEYOND: u16 = 2;
    pub(super) const FIRST: u16 = 3;

    /// Of a pattern, and whether it is all of its automaton. `None` where there is none.
    pub(super) fn of(hir: &Hir) -> Option<(Box<Table>, bool)> {
        Table::made(hir, false)
    }

    /// Of a pattern that is read from its end on.
    pub(super) fn backwards(hir: &Hir) -> Option<Box<Table>> {
        Some(Table::made(hir, true)?.0)
    }

    fn made(hir: &Hir, backwards: bool) -> Option<(Box<Table>, bool)> {
        let config = thompson::Config::new().which_captures(WhichCaptures::None).nfa_size_limit(Some(LARGEST_MAKING));
        let config = config.reverse(backwards);
        let nfa = thompson::Compiler::new().configure(config).build_from_hir(hir).ok()?;
        let config =
            DFA::config().match_kind(MatchKind::All).cache_capacity(MOST_STATES_BYTES).skip_cache_capacity_check(true);
        let automaton = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        let cache = automaton.create_cache();
        let (rows, numbers, waiting) = <(Vec<_>, HashMap<_, _>, BinaryHeap<_>)>::default();
        Making { automaton, backwards, cache, rows, numbers, waiting, met: 0 }.table()
    }

    /// Whether a match may end at a place, of one that is read backwards.
    pub(super) fn may_end_at(&self, text: &[u8], at: usize) -> bool {
        let mut state = self.start(text.get(at).copied());
        for byte in text.get(..at).unwrap_or_default().iter().rev().take(MOST_BEFORE) {
            if state < Table::FIRST {
                break;
            }
            state = self.step(state, *byte);
        }
        match state {
            Table::DEAD => false,
            Table::MATCH | Table::BEYOND => true,
            _ => at > MOST_BEFORE || self.at_end(state),
        }
    }

    /// Where to begin behind a text, or as much of it as leads on whatever the case of its letters.
    pub(super) fn behind(&self, known: &[u8]) -> Option<Behind> {
        let mut behind = Behind { length: 0, starts: self.starts };
        for byte in known {
            let by = |byte: u8| behind.starts.map(|state| self.step(state, byte));
            let starts = by(byte.to_ascii_lowercase());
            if starts != by(byte.to_ascii_uppercase()) {
                break;
            }
            behind = Behind { length: behind.length + 1, starts };
        }
        (behind.length > 0).then_some(behind)
    }

    pub(super) fn step(&self, state: u16, byte: u8) -> u16 {
        let class = self.classes.get(usize::from(byte)).copied().unwrap_or_default();
        let next = || self.next.get(usize::from(state) + usize::from(class)).copied();
        if state < Table::FIRST { state } else { next().unwrap_or(Table::BEYOND) }
    }

    /// Where to begin, by the byte that stands before, or behind where it is read backwards; `None` where the text begins.
    pub(super) fn start(&self, beside: Option<u8>) -> u16 {
        let beside = beside.map_or(0, |byte| BEFORE_OF.get(usize::from(byte)).copied().unwrap_or_default());
        self.starts.get(usize::from(beside)).copied().unwrap_or(Table::BEYOND)
    }

    /// All states to begin in, but where the text begins, each with the bytes beside.
    pub(super) fn all_starts(&self) -> Vec<(u16, Vec<u8>)> {
        let mut all: Vec<(u16, Vec<u8>)> = vec![(self.start(None), Vec::new())];
        for byte in 0..=255 {
            let start = self.start(Some(byte));
            match all.iter_mut().find(|(known, _)| *known == start) {
                Some((_, bytes)) => bytes.push(byte),
                None => all.push((start, vec![byte])),
            }
        }
        all
    }

    /// A byte of each class, and all groups of bytes that the class has some of, as bits.
    pub(super) fn steps(&self) -> Vec<(u8, u64)> {
        let mut all = vec![None; self.width.max(1)];
        for (byte, class) in (0..=255u8).zip(&self.classes) {
            if let Some(slot) = all.get_mut(usize::from(*class)) {
                let (_, groups) = slot.get_or_insert((byte, 0u64));
                *groups |= 1 << group(byte);
            }
        }
        all.into_iter().flatten().collect()
    }

    /// What it says of a place, with `yes` where it matches; and how many bytes were read. `behind` is of a text that stands there.
    #[inline]
    pub(super) fn at(&self, text: &[u8], at: usize, yes: May, behind: Option<&Behind>) -> (May, usize) {
        let told = |state: u16| match state {
            Table::DEAD => May::Not,
            Table::MATCH => yes,
            _ => May::Perhaps,
        };
        let (starts, mut read) = behind.map_or((&self.starts, 0), |it| (&it.starts, it.length));
        let before = at.checked_sub(1).and_then(|before| text.get(before));
        let before = before.map_or(0, |byte| BEFORE_OF.get(usize::from(*byte)).copied().unwrap_or_default());
        let mut state = starts.get(usize::from(before)).copied().unwrap_or(Table::BEYOND);
        if state < Table::FIRST {
            return (told(state), read);
        }
        let rest = text.get(at..).unwrap_or_default();
        let (classes, next) = (&self.classes, self.next.as_slice());
        let mut stayed = 0;
        while let Some(byte) = rest.get(read) {
            let class = classes.get(usize::from(*byte)).copied().unwrap_or_default();
            let Some(now) = next.get(usize::from(state) + usize::from(class)) else { return (May::Perhaps, read) };
            stayed = if *now == state { stayed + 1 } else { 0 };
            // A match is told one byte late.
            state = *now;
            if state < Table::FIRST {
                return (told(state), read);
            }
            read += 1;
            if stayed == STAYED {
                read += self.stays(state, rest.get(read..).unwrap_or_default());
            }
        }
        (if self.at_end(state) { yes } else { May::Not }, rest.len())
    }

    fn row(&self, state: u16) -> Option<usize> {
        usize::from(state.saturating_sub(Table::FIRST)).checked_div(self.width)
    }

    fn at_end(&self, state: u16) -> bool {
        self.row(state).and_then(|row| self.ends.get(row)) == Some(&true)
    }

    /// How many bytes of a text at least lead from a state to nothing but itself: what any text between two ends of lines may be is read so.
    #[inline(never)]
    fn stays(&self, state: u16, text: &[u8]) -> usize {
        let leaving = self.row(state).and_then(|row| self.leaving.get(row).copied().flatten());
        leaving.map_or(0, |[one, two, three]| memchr::memchr3(one, two, three, text).unwrap_or(text.len()))
    }
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;
    use regex_automata::{Anchored, Input};

    use super::*;

    fn parsed(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap()
    }

    /// Holds a table against a search at each place of texts; gives whether it is whole, and how often it said no, that it cannot say,
    /// and yes.
    fn check(pattern: &str, texts: &[String]) -> (bool, [usize; 3]) {
        let hir = parsed(pattern);
        let (table, is_whole) = Table::of(&hir).unwrap();
        let exact = Regex::builder().build_from_hir(&hir).unwrap();
        let mut told = [0; 3];
        for text in texts {
            for at in 0..=text.len() {
                let is_match = exact.is_match(Input::new(text).range(at..).anchored(Anchored::Yes));
                let (may, read) = table.at(text.as_bytes(), at, May::Surely, None);
                assert!(read <= text.len() - at);
                match may {
                    May::Not => assert!(!is_match, "{pattern} in {text:?} at {at}"),
                    May::Surely => assert!(is_match, "{pattern} in {text:?} at {at}"),
                    May::Perhaps => assert!(!is_whole, "{pattern} in {text:?} at {at}"),
                }
                told[may as usize] += 1;
            }
        }
        (is_whole, told)
    }

    #[test]
    fn what_stands_before_counts() {
        let texts = ["cat\ncat\r\ncat _cat \u{e9}cat 1cat-cat".to_owned(), "cat".to_owned()];
        for pattern in [r"\bcat", r"(?m:^)cat", r"\Acat", r"\Bcat", r"(?mR:^)cat", r"cat(?m:$)", r"cat\b"] {
            let (is_whole, [no, _, yes]) = check(pattern, &texts);
            assert!(is_whole && no > 0 && yes > 0, "{pattern}");
        }
    }

    #[test]
    fn what_is_read_backwards_ends_where_a_match_does() {
        let long = "word ".repeat(20);
        let texts = ["cat\ncats, a cat  dog\n dog: 12 cats", "dog", "", long.as_str()];
        let mut told = [0; 2];
        for pattern in
            [r"\bcats?", r"(?m:^)[a-z ]*", r"\A\s*", r"(?:cat|dog)s?[ ,]+", r"\d{1,3} ?\b", r"[^\n]{70}", "x|"]
        {
            let table = Table::backwards(&parsed(pattern)).unwrap();
            let forwards = DFA::builder()
                .configure(DFA::config().match_kind(MatchKind::All))
                .build_from_nfa(thompson::Compiler::new().build_from_hir(&parsed(pattern)).unwrap())
                .unwrap();
            let mut cache = forwards.create_cache();
            for text in texts {
                let mut ends = vec![false; text.len() + 1];
                for start in 0..=text.len() {
                    let input = Input::new(text).range(start..).anchored(Anchored::Yes);
                    let mut state = regex_automata::hybrid::dfa::OverlappingState::start();
                    loop {
                        forwards.try_search_overlapping_fwd(&mut cache, &input, &mut state).unwrap();
                        let Some(found) = state.get_match() else { break };
                        ends[found.offset()] = true;
                    }
                }
                for (at, ends) in ends.into_iter().enumerate() {
                    let may = table.may_end_at(text.as_bytes(), at);
                    // What begins too far away may be.
                    assert!(may == ends || (may && at > MOST_BEFORE), "{pattern} in {text:?} at {at}");
                    told[usize::from(may)] += 1;
                }
            }
        }
        assert!(told.iter().all(|times| *times > 100), "{told:?}");
    }

    #[test]
    fn what_any_text_may_be_is_passed_over() {
        let line = "a line of mail that is longer than eight bytes";
        let texts = [format!("\n{line}\n{line}>\nend"), format!("<{line}<{line}>"), format!("<{line}"), line.repeat(3)];
        for pattern in [r"a[^\n]*\nend", r"(?sm)a.*^end", r"<[^<>]*>", r"a[^>]*>\n", r"a[^\n]*", r"(?s)l.*z"] {
            let (is_whole, [no, _, yes]) = check(pattern, &texts);
            assert!(is_whole && no > 0 && (yes > 0 || pattern.ends_with('z')), "{pattern}");
        }
        let (table, _) = Table::of(&parsed("(?s)l.*z")).unwrap();
        assert_eq!(
            table.at(line.as_bytes(), 2, May::Surely, None),
            (May::Not, line.len() - 2),
            "it was read to its end"
        );
        assert!(table.leaving.contains(&Some([b'z'; MOST_LEAVING])));
    }

    #[test]
    fn what_is_too_large_is_known_as_far_as_mail_leads() {
        // Words of many letters that may each be written in several ways, and any of many behind them.
        let letter = |letter: char| {
            format!(r"(?:[{letter}{letter}\xC3\xE0-\xFF]|\xC4[\x80-\xA{}]|{letter}_)", letter as u32 % 10)
        };
        let spelled = |word: &str| word.chars().map(letter).collect::<String>();
        let words = ["quizzical", "zephyrous", "jacquerie", "voracious", "buckwheat", "flummoxed"];
        let all: Vec<String> = words.iter().map(|word| spelled(word)).collect();
        let pattern = format!("(?i)(?:{}) (?:{})", all.join("|"), all.join("|"));
        let texts: Vec<String> = words
            .iter()
            .flat_map(|one| [format!("the {one} {} of", words[0]), format!("quizzes; {one}s"), one.to_uppercase()])
            .collect();
        let (is_whole, [no, perhaps, _]) = check(&pattern, &texts);
        assert!(!is_whole && perhaps >= words.len() && no > 20 * perhaps, "{no} {perhaps}");
    }
}

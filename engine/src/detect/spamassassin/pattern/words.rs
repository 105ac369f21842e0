//! Patterns that mean no more than a few short texts, such as `e|\xC3[\xA8-\xAB]`: their matches are counted byte by byte. A search for each of
//! them costs ten times as much, and mail has an `e` in every line. Takes a tree and texts, gives how many matches there are.

use aho_corasick::automaton::Automaton;
use aho_corasick::{Anchored, dfa};
use memchr::memmem;
use regex_syntax::hir::Hir;
use regex_syntax::hir::literal::Extractor;

/// These texts.
#[derive(Debug)]
pub(super) struct Words {
    automaton: dfa::DFA,
    /// The only one that is ASCII, where that is one byte: most mail is ASCII, and bytes are counted sixteen at once.
    byte: Option<u8>,
    /// There is no other.
    is_alone: bool,
    /// Whether one goes on behind a blank, and so may lie in two pieces of a text.
    pub(super) goes_on_behind_blanks: bool,
}

impl Words {
    /// `None` where a pattern is something else, or one of its texts is in another one: which of two is a match a search would have to say.
    pub(super) fn of(hir: &Hir) -> Option<Words> {
        if !hir.properties().look_set().is_empty() {
            return None;
        }
        let mut words = Extractor::new().extract(hir);
        words.dedup();
        let words: Vec<&[u8]> = words.literals().filter(|_| words.is_exact())?.iter().map(|it| it.as_bytes()).collect();
        let is_within = |(at, word): (usize, &&[u8])| {
            words.iter().enumerate().any(|(other, text)| other != at && memmem::find(text, word).is_some())
        };
        if words.is_empty() || words.contains(&&b""[..]) || words.iter().enumerate().any(is_within) {
            return None;
        }
        let mut ascii = words.iter().filter(|word| word.is_ascii());
        let byte = match (ascii.next(), ascii.next()) {
            (Some([byte]), None) => Some(*byte),
            _ => None,
        };
        let mut ahead = words.iter().filter_map(|word| word.split_last());
        let goes_on_behind_blanks = ahead.any(|(_, ahead)| ahead.iter().any(u8::is_ascii_whitespace));
        let is_alone = words.len() == 1;
        Some(Words { automaton: dfa::DFA::new(&words).ok()?, byte, is_alone, goes_on_behind_blanks })
    }

    /// How many of them a text has that do not overlap, `most` at most.
    pub(super) fn count(&self, text: &[u8], most: u32) -> u32 {
        // What is no ASCII is mostly too short to be read by itself: that took half as long again.
        if let Some(byte) = self.byte.filter(|_| self.is_alone || text.is_ascii()) {
            let count = memchr::memchr_iter(byte, text).count();
            return u32::try_from(count).unwrap_or(most).min(most);
        }
        let Ok(start) = self.automaton.start_state(Anchored::No) else { return 0 };
        let (mut state, mut count) = (start, 0);
        for byte in text {
            if count >= most {
                break;
            }
            state = self.automaton.next_state(Anchored::No, state, *byte);
            if self.automaton.is_special(state) && self.automaton.is_match(state) {
                (state, count) = (start, count + 1);
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap()
    }

    #[test]
    fn matches_are_those_of_a_search() {
        let text = b"a tree, \xC3\xA8e\xC3e; cde abcd bcde \xC3\xAB\xC3";
        let ascii = b"a tree, eee; cde abcd bcde AB";
        let long = [&text[..], &[b'e'; 70], b"\xC3\xAA\xC3\xA8e", &text[..], b"\xC3", b"\xA9"].concat();
        for pattern in [r"e|\xC3[\xA8-\xAB]", r"e|\xA9|\xC3t", "e", "(?i)AB|BC|cd", "ee", "abc|bcd|cde"] {
            let regex = regex::bytes::RegexBuilder::new(pattern).unicode(false).build().unwrap();
            let (all, words) = (regex.find_iter(text).count(), Words::of(&parsed(pattern)).unwrap());
            assert_eq!(words.count(text, u32::MAX) as usize, all, "{pattern}");
            assert_eq!(words.count(ascii, u32::MAX) as usize, regex.find_iter(ascii).count(), "{pattern}");
            assert_eq!(words.count(&long, u32::MAX) as usize, regex.find_iter(&long).count(), "{pattern}");
            assert!((0..90).all(|most| words.count(&long, most) == most.min(words.count(&long, 1_000))), "{pattern}");
            assert_eq!((words.count(text, 1), words.count(ascii, 1)), (1, 1), "{pattern}");
            assert_eq!(words.count(b"", 9), 0);
        }
    }

    #[test]
    fn what_is_no_list_of_words_is_left_alone() {
        for pattern in ["e+", r"\be", "a|ab", "abc|b", "", "a?", "[^a]", "^a"] {
            assert!(Words::of(&parsed(pattern)).is_none(), "{pattern}");
        }
    }
}

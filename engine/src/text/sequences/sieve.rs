//! Looks for many sequences of byte classes in one pass. Takes sequences, each with its owner, and a text; hands on where one was
//! seen. Of each sequence the few classes that mail has least often one behind the other are noted in a table: a byte of the text is one look
//! at that table, whatever the number of sequences, and only where it says so sequences are compared. Automata, which were here before,
//! waited for memory with SpamAssassin's rules, and kept 8 MB for each thread.

use std::collections::HashMap;

use aho_corasick::{AhoCorasick, AhoCorasickKind, StartKind};

use super::fold::{GROUP_BITS, Part, SHORTEST, WIDTH, group, groups, next_way, rarest, rarest_beside};
use super::needs::{Bytes, Sequence, has};
use super::table::{Entry, Table};
use super::waiting::Waiting;

/// What of a sequence may stand behind the place where its noted classes begin, in bytes.
const MOST_BEHIND: usize = 60;
/// Literals of so many bytes, and nothing else, are an automaton that is a table of moves and fits into the caches, of 256 bytes for each of
/// theirs at most: for the stock rules (3 KB) it takes four sevenths of the instructions, and as long.
const FEW_BYTES: usize = 8 << 10;

/// A sequence.
#[derive(Clone, Copy, Debug)]
struct Known {
    owner: u32,
    /// Where its classes begin.
    classes: u32,
    length: u16,
    /// How many classes stand before those that are noted.
    before: u16,
}

/// The sequences.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    /// All sequences' classes, one behind the other, by their numbers.
    classes: Vec<u32>,
    distinct: Vec<Bytes>,
    numbers: HashMap<Bytes, u32>,
    known: Vec<Known>,
    /// Literals among them, with their owners, until all are added.
    literals: Vec<(Vec<u8>, u32)>,
    /// Where there are only few literals, their automaton, and their owners: the rest is empty then.
    automaton: Option<(AhoCorasick, Vec<u32>)>,
    /// What is looked up, by its width: two, three or four groups.
    tables: [Table; WIDTH - SHORTEST + 1],
    /// The bytes that what is noted begins with, where they are so few that there is a quick search for them; else empty.
    starts: Vec<u8>,
}

impl Sieve {
    /// Adds the sequences of an owner.
    pub(crate) fn add(&mut self, owner: u32, sequences: &[Sequence]) {
        sequences.iter().for_each(|it| self.add_one(owner, it.iter().copied()));
    }

    /// Adds a literal of an owner, whatever its case. It must not be empty.
    pub(crate) fn add_literal(&mut self, owner: u32, text: &[u8]) {
        let class = |byte: &u8| {
            let mut class = Bytes::default();
            for byte in [byte.to_ascii_lowercase(), byte.to_ascii_uppercase()] {
                if let Some(word) = class.get_mut(usize::from(byte >> 6)) {
                    *word |= 1 << (byte & 63);
                }
            }
            class
        };
        self.add_one(owner, text.iter().map(class));
        self.literals.push((text.to_vec(), owner));
    }

    fn add_one(&mut self, owner: u32, sequence: impl Iterator<Item = Bytes>) {
        let first = self.classes.len();
        for class in sequence {
            let next = u32::try_from(self.distinct.len()).unwrap_or(u32::MAX);
            let number = *self.numbers.entry(class).or_insert(next);
            if number == next {
                self.distinct.push(class);
            }
            self.classes.push(number);
        }
        let length = u16::try_from(self.classes.len() - first).unwrap_or(u16::MAX);
        let classes = u32::try_from(first).unwrap_or(u32::MAX);
        self.known.push(Known { owner, classes, length, before: 0 });
    }

    /// To be called once, when all are added.
    pub(crate) fn finish(&mut self) {
        self.numbers = HashMap::new();
        let literals = std::mem::take(&mut self.literals);
        let bytes: usize = literals.iter().map(|(text, _)| text.len()).sum();
        if !literals.is_empty() && literals.len() == self.known.len() && bytes <= FEW_BYTES {
            let builder = AhoCorasick::builder()
                .ascii_case_insensitive(true)
                .start_kind(StartKind::Unanchored)
                .kind(Some(AhoCorasickKind::DFA))
                .build(literals.iter().map(|(text, _)| text));
            if let Ok(automaton) = builder {
                let owners = literals.into_iter().map(|(_, owner)| owner).collect();
                *self = Sieve { automaton: Some((automaton, owners)), ..Sieve::default() };
                return;
            }
        }
        let of_class: Vec<u64> = self.distinct.iter().map(groups).collect();
        let mut pairs: [Vec<(u32, Entry)>; WIDTH - SHORTEST + 1] = Default::default();
        let mut load: HashMap<(usize, u32), u32> = HashMap::new();
        let mut is_start = [false; 256];
        for (number, known) in (0u32..).zip(&mut self.known) {
            let first = known.classes as usize;
            let classes = self.classes.get(first..first + usize::from(known.length)).unwrap_or_default();
            let of: Vec<u64> = classes.iter().map(|it| of_class.get(*it as usize).copied().unwrap_or(0)).collect();
            let Part { before, width, ways } = rarest(&of, of.len().saturating_sub(MOST_BEHIND), &load);
            known.before = u16::try_from(before).unwrap_or(u16::MAX);
            let (place, groups) = rarest_beside(&of, before, width);
            for way in ways {
                *load.entry((width, way)).or_default() += 1;
                if let Some(pairs) = pairs.get_mut(width - SHORTEST) {
                    pairs.push((way, Entry::new(number, place, groups)));
                }
            }
            let begins = classes.get(before).and_then(|it| self.distinct.get(*it as usize));
            for (byte, slot) in (0..=255u8).zip(&mut is_start) {
                *slot |= begins.is_some_and(|class| has(class, byte));
            }
        }
        self.starts = (0..=255u8).filter(|byte| is_start.get(usize::from(*byte)) == Some(&true)).collect();
        if self.starts.len() > 3 {
            self.starts.clear();
        }
        self.tables = pairs.map(Table::of);
    }

    /// Hands owner, start and end of each sequence that is in the text, by where they end.
    pub(crate) fn search(&self, text: &[u8], waiting: &mut Waiting, mut each: impl FnMut(u32, usize, usize)) {
        if let Some((automaton, owners)) = &self.automaton {
            for seen in automaton.find_overlapping_iter(text) {
                if let Some(owner) = owners.get(seen.pattern().as_usize()) {
                    each(*owner, seen.start(), seen.end());
                }
            }
            return;
        }
        if self.known.is_empty() {
            return;
        }
        waiting.begin();
        let [two, three, _] = &self.tables;
        match (self.starts.is_empty(), two.is_empty() && three.is_empty()) {
            (true, true) => self.search_all::<false>(text, waiting, &mut each),
            (true, false) => self.search_all::<true>(text, waiting, &mut each),
            (false, _) => {
                let mut at = 0usize;
                while let Some(length) = self.next_start(text.get(at..).unwrap_or_default()) {
                    at += length;
                    self.may::<true>(text, at, way(text, at), waiting, &mut each);
                    at += 1;
                }
            }
        }
        waiting.hand_on(usize::MAX, &mut each);
    }

    /// With `FEWER`, some of what is looked up are less than four groups: most sets have none, and look up half as much.
    fn search_all<const FEWER: bool>(
        &self,
        text: &[u8],
        waiting: &mut Waiting,
        each: &mut impl FnMut(u32, usize, usize),
    ) {
        let mut before = way(text, 0) >> GROUP_BITS;
        for (at, byte) in text.get(WIDTH - 1..).unwrap_or_default().iter().enumerate() {
            before = next_way(before, group(*byte));
            self.may::<FEWER>(text, at, before, waiting, each);
        }
        // Behind the end anything may stand: what does not end in the text is not compared.
        for at in (text.len() + 1).saturating_sub(WIDTH)..text.len() {
            self.may::<FEWER>(text, at, way(text, at), waiting, each);
        }
    }

    fn next_start(&self, text: &[u8]) -> Option<usize> {
        match *self.starts.as_slice() {
            [one] => memchr::memchr(one, text),
            [one, other] => memchr::memchr2(one, other, text),
            [one, other, third] => memchr::memchr3(one, other, third, text),
            _ => None,
        }
    }

    /// The loop over all bytes of a text is this.
    #[inline(always)]
    fn may<const FEWER: bool>(
        &self,
        text: &[u8],
        at: usize,
        way: u32,
        waiting: &mut Waiting,
        each: &mut impl FnMut(u32, usize, usize),
    ) {
        let [two, three, four] = &self.tables;
        if four.has(way) || (FEWER && (three.has(way >> GROUP_BITS) || two.has(way >> (2 * GROUP_BITS)))) {
            self.look(text, at, way, waiting, each);
        }
    }

    /// Compares the sequences whose noted classes may begin at a place.
    #[inline(never)]
    fn look(&self, text: &[u8], at: usize, way: u32, waiting: &mut Waiting, each: &mut impl FnMut(u32, usize, usize)) {
        waiting.hand_on(at, each);
        let [two, three, four] = &self.tables;
        let fewer = three.sequences(way >> GROUP_BITS).chain(two.sequences(way >> (2 * GROUP_BITS)));
        for entry in four.sequences(way).chain(fewer) {
            let beside = at.checked_add_signed(isize::from(entry.place)).and_then(|at| text.get(at));
            if beside.is_none_or(|byte| entry.groups & (1 << group(*byte)) == 0) {
                continue;
            }
            let Some(known) = self.known.get(entry.number as usize) else { continue };
            let (first, length) = (known.classes as usize, usize::from(known.length));
            let Some(from) = at.checked_sub(usize::from(known.before)) else { continue };
            let (Some(classes), Some(bytes)) = (self.classes.get(first..first + length), text.get(from..from + length))
            else {
                continue;
            };
            let is_in =
                |(class, byte): (&u32, &u8)| self.distinct.get(*class as usize).is_some_and(|it| has(it, *byte));
            if classes.iter().zip(bytes).all(is_in) {
                waiting.add(known.owner, from, from + length);
            }
        }
    }
}

/// The way at a place of a text; behind its end it does not count.
fn way(text: &[u8], at: usize) -> u32 {
    (at..at + WIDTH).fold(0, |way, at| next_way(way, text.get(at).map_or(0, |byte| group(*byte))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn class(text: &str) -> Bytes {
        let mut class = Bytes::default();
        text.bytes().for_each(|byte| class[usize::from(byte >> 6)] |= 1 << (byte & 63));
        class
    }

    /// A text of letters drawn from some.
    fn drawn(seed: &mut u64, letters: &[u8], length: usize) -> Vec<u8> {
        let next = |_| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            letters[(*seed >> 33) as usize % letters.len()]
        };
        (0..length).map(next).collect()
    }

    fn check(sequences: &[Sequence], letters: &[u8]) {
        let mut sieve = Sieve::default();
        (0..).zip(sequences).for_each(|(owner, it)| sieve.add(owner, std::slice::from_ref(it)));
        sieve.finish();
        let (mut waiting, mut seed, mut all) = (Waiting::default(), 5u64, 0);
        for round in 0..300 {
            let text = drawn(&mut seed, letters, round % 60);
            let mut found = Vec::new();
            sieve.search(&text, &mut waiting, |owner, start, end| found.push((end, owner, start)));
            assert!(found.is_sorted_by_key(|(end, ..)| *end), "by where they end");
            found.sort_unstable();
            let mut expected = Vec::new();
            for end in 1..=text.len() {
                for (owner, sequence) in (0u32..).zip(sequences) {
                    let Some(start) = end.checked_sub(sequence.len()) else { continue };
                    if text[start..end].iter().zip(sequence).all(|(byte, class)| has(class, *byte)) {
                        expected.push((end, owner, start));
                    }
                }
            }
            assert_eq!(found, expected);
            all += found.len();
        }
        assert!(all > 300, "{all}");
    }

    #[test]
    fn it_finds_what_a_plain_search_finds() {
        check(
            &[
                vec![class("ab"), class("b")],
                vec![class("b"), class("abc"), class("c")],
                vec![class("c"), class("c")],
                vec![class("abc"), class("a"), class("d"), class("ad")],
                vec![class("e"), class("abcde"), class("abcde"), class("abcde"), class("d"), class("a1@")],
                vec![class("1")],
            ],
            b"abcdeAB1@",
        );
        check(&[vec![class("a"), class("bc")], vec![class("a")], vec![class("ab"), class("c"), class("c")]], b"abc");
        // Sequences of all lengths.
        let mut seed = 9u64;
        let word = |number: usize| drawn(&mut seed, b"abcd1-", 1 + number % 9);
        let words: Vec<Vec<u8>> = (0..900).map(word).collect();
        let one = |byte: &u8| {
            if byte.is_multiple_of(2) {
                class(&format!("{}x", char::from(*byte)))
            } else {
                class(&char::from(*byte).to_string())
            }
        };
        let all: Vec<Sequence> = words.iter().map(|word| word.iter().map(one).collect()).collect();
        check(&all, b"abcd1-x");
    }

    #[test]
    fn literals_are_found_whatever_their_case() {
        let (mut few, mut sieve) = (Sieve::default(), Sieve::default());
        let long = "a literal that is longer than what may stand behind the part of it that is looked up, by far";
        for (owner, text) in (0..).zip(["next of kin", "k", "of", long]) {
            few.add_literal(owner, text.as_bytes());
            sieve.add_literal(owner, text.as_bytes());
        }
        few.finish();
        sieve.add(9, &[vec![class("0"), class("0")]]);
        sieve.finish();
        assert!(few.automaton.is_some() && sieve.automaton.is_none());
        let text = format!("Next OF KIN. {}", long.to_uppercase());
        let check = |sieve: &Sieve| {
            let mut found = Vec::new();
            sieve.search(text.as_bytes(), &mut Waiting::default(), |owner, from, to| found.push((owner, from, to)));
            assert_eq!(found[..3], [(2, 5, 7), (1, 8, 9), (0, 0, 11)]);
            assert!(found.contains(&(3, 13, 13 + long.len())));
        };
        check(&few);
        check(&sieve);
    }
}

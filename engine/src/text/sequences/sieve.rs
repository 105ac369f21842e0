//! Looks for many sequences of byte classes in one pass. Takes sequences, each with its owner, and a text; hands on where one was
//! seen. Of each sequence the few classes that mail has least often one behind the other are noted in a table: a byte of the text is one look
//! at that table, whatever the number of sequences, and only where it says so sequences are compared. An automaton of all of them,
//! which was here before, waited for memory: it took 40 ns a byte for the bodies of SpamAssassin's rules, and this takes some 4.

use std::collections::HashMap;

use super::fold::{GROUP_BITS, Part, SHORTEST, WIDTH, group, groups, next_way, rarest, rarest_beside, weight_of_way};
use super::needs::{Bytes, Sequence, has};
use super::waiting::Waiting;

/// What of a sequence may stand behind the place where its noted classes begin, in bytes.
const MOST_BEHIND: usize = 60;
/// Bits of a table's places, at most: 128 KB; with fewer ways there are 16 places for each.
const MOST_BITS: u32 = 20;

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

/// Ways in which noted groups are spelled, and the sequences that have them. Ways that have the same place are not told apart.
#[derive(Debug, Default)]
struct Table {
    /// Bits of a way that do not count for its place.
    shift: u32,
    /// For each place whether there is a way.
    bits: Vec<u64>,
    /// For each word of these how many ways there are before it.
    ranks: Vec<u32>,
    /// For each of these where its sequences begin among all.
    starts: Vec<u32>,
    /// Those of ways that mail has often stand first, so that what is read is near together.
    sequences: Vec<Entry>,
}

/// A sequence, and of one more of its classes, the one that mail has least often, the groups, as bits. Nearly always it says no,
/// and what is known of the sequence, which is elsewhere in memory, need not be read: that was 120 of 150 us of a message of 5 KB.
#[derive(Clone, Copy, Debug)]
struct Entry {
    groups: u64,
    number: u32,
    /// Where the class is, seen from the first that is looked up.
    place: i16,
    /// The way has no more sequences.
    is_last: bool,
}

/// The sequences.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    /// All sequences' classes, one behind the other, by their numbers.
    classes: Vec<u32>,
    distinct: Vec<Bytes>,
    numbers: HashMap<Bytes, u32>,
    known: Vec<Known>,
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

    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty()
    }

    /// To be called once, when all are added.
    pub(crate) fn finish(&mut self) {
        self.numbers = HashMap::new();
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
                    pairs.push((way, Entry { groups, number, place, is_last: false }));
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
        if self.known.is_empty() {
            return;
        }
        waiting.begin();
        if self.starts.is_empty() {
            self.search_all(text, waiting, &mut each);
        } else {
            let mut at = 0usize;
            while let Some(length) = self.next_start(text.get(at..).unwrap_or_default()) {
                at += length;
                self.may(text, at, way(text, at), waiting, &mut each);
                at += 1;
            }
        }
        waiting.hand_on(usize::MAX, &mut each);
    }

    fn search_all(&self, text: &[u8], waiting: &mut Waiting, each: &mut impl FnMut(u32, usize, usize)) {
        let mut before = way(text, 0) >> GROUP_BITS;
        for (at, byte) in text.get(WIDTH - 1..).unwrap_or_default().iter().enumerate() {
            before = next_way(before, group(*byte));
            self.may(text, at, before, waiting, each);
        }
        // Behind the end anything may stand: what does not end in the text is not compared.
        for at in (text.len() + 1).saturating_sub(WIDTH)..text.len() {
            self.may(text, at, way(text, at), waiting, each);
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
    fn may(&self, text: &[u8], at: usize, way: u32, waiting: &mut Waiting, each: &mut impl FnMut(u32, usize, usize)) {
        let [two, three, four] = &self.tables;
        if four.has(way) || three.has(way >> GROUP_BITS) || two.has(way >> (2 * GROUP_BITS)) {
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

impl Table {
    /// Makes it of ways and numbers of sequences.
    fn of(mut pairs: Vec<(u32, Entry)>) -> Table {
        if pairs.is_empty() {
            return Table::default();
        }
        let bits = (pairs.len() * 16).next_power_of_two().trailing_zeros().clamp(6, MOST_BITS);
        let table = Table { shift: 32 - bits, bits: vec![0; 1 << (bits - 6)], ..Table::default() };
        // Two ways of one sequence may have one place.
        pairs.sort_unstable_by_key(|(way, entry)| (table.place(*way), entry.number));
        pairs.dedup_by_key(|(way, entry)| (table.place(*way), entry.number));
        let of_place = pairs.chunk_by(|one, other| table.place(one.0) == table.place(other.0)).enumerate();
        let often = |pairs: &[(u32, Entry)]| pairs.iter().map(|(way, _)| weight_of_way(*way)).fold(0.0, f64::max);
        let mut places: Vec<_> = of_place.map(|(rank, pairs)| (often(pairs), rank, pairs)).collect();
        let mut table = Table { starts: vec![0; places.len()], ..table };
        places.sort_by(|one, other| other.0.total_cmp(&one.0));
        for (_, rank, pairs) in places {
            let place = pairs.first().map_or(0, |(way, _)| table.place(*way));
            if let (Some(word), Some(start)) = (table.bits.get_mut(place as usize / 64), table.starts.get_mut(rank)) {
                *word |= 1u64 << (place % 64);
                *start = u32::try_from(table.sequences.len()).unwrap_or(u32::MAX);
            }
            table.sequences.extend(pairs.iter().map(|(_, entry)| *entry));
            if let Some(last) = table.sequences.last_mut() {
                last.is_last = true;
            }
        }
        let ranks = table.bits.iter().scan(0, |rank, word| {
            let before = *rank;
            *rank += word.count_ones();
            Some(before)
        });
        table.ranks = ranks.collect();
        table
    }

    /// The place of a way: who writes mail gains nothing by ways of the same place.
    #[inline(always)]
    fn place(&self, way: u32) -> u32 {
        way.wrapping_mul(0x9e37_79b1) >> self.shift
    }

    #[inline(always)]
    fn has(&self, way: u32) -> bool {
        let place = self.place(way);
        self.bits.get(place as usize / 64).is_some_and(|word| word & (1u64 << (place % 64)) != 0)
    }

    fn sequences(&self, way: u32) -> impl Iterator<Item = &Entry> {
        let place = self.place(way);
        let word = self.bits.get(place as usize / 64).copied().filter(|word| word & (1u64 << (place % 64)) != 0);
        let start = word.and_then(|word| {
            let before = (word & ((1u64 << (place % 64)) - 1)).count_ones();
            let rank = self.ranks.get(place as usize / 64)? + before;
            self.starts.get(rank as usize).copied()
        });
        let mut rest = start.and_then(|start| self.sequences.get(start as usize..)).unwrap_or_default().iter();
        let mut is_last = false;
        std::iter::from_fn(move || {
            let entry = if is_last { None } else { rest.next() };
            is_last = entry.is_some_and(|it| it.is_last);
            entry
        })
    }
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
        let mut sieve = Sieve::default();
        let long = "a literal that is longer than what may stand behind the part of it that is looked up, by far";
        for (owner, text) in (0..).zip(["next of kin", "k", "of", long]) {
            sieve.add_literal(owner, text.as_bytes());
        }
        sieve.finish();
        let mut found = Vec::new();
        let text = format!("Next OF KIN. {}", long.to_uppercase());
        sieve.search(text.as_bytes(), &mut Waiting::default(), |owner, from, to| found.push((owner, from, to)));
        assert_eq!(found[..3], [(2, 5, 7), (1, 8, 9), (0, 0, 11)]);
        assert_eq!(found.last(), Some(&(3, 13, 13 + long.len())));
    }
}

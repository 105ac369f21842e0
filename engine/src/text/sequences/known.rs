//! Sequences as they are compared with a text: eight bytes at a time where bits tell, and one by one those classes alone that bits do not.
//! Takes sequences, says whether one stands at a place.

use std::collections::HashMap;

use super::needs::weight_of_class;
use super::sets::{Bytes, Sequence, add, bytes, has};

/// So many classes are compared at once.
const WORD: usize = 8;

/// Which bits of eight bytes count, and what they are.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    mask: u64,
    value: u64,
    /// Where it begins, seen from the first class.
    at: u16,
}

/// A class that bits do not tell: where it is, seen from the first, and its number.
#[derive(Clone, Copy, Debug)]
struct Place {
    at: u16,
    class: u32,
}

/// A sequence: what is read of nearly all that are looked at is here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    first: Word,
    pub(super) length: u16,
    /// How many classes stand before those that are noted.
    pub(super) before: u16,
    /// How many more words there are, and places.
    words: u16,
    places: u16,
    pub(super) owner: u32,
    /// Where they begin among all.
    words_at: u32,
    places_at: u32,
}

/// Sequences, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Knowns {
    known: Vec<Known>,
    words: Vec<Word>,
    places: Vec<Place>,
    distinct: Vec<Bytes>,
    numbers: HashMap<Bytes, u32>,
}

/// The bits in which all bytes of a class are the same, these bits, and whether they tell: no other byte has them.
fn bits(class: &Bytes) -> (u8, u8, bool) {
    let (mut all, mut any, mut count) = (u8::MAX, 0u8, 0u32);
    for byte in bytes(class) {
        (all, any, count) = (all & byte, any | byte, count + 1);
    }
    let mask = !(all ^ any);
    (mask, all & mask, count == 1u32 << mask.count_zeros())
}

fn position(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

impl Knowns {
    /// Adds a sequence; `before` of its classes stand before those that are noted. What is behind 64 KB of it does not count.
    pub(super) fn add(&mut self, owner: u32, sequence: &[Bytes], before: usize) {
        let sequence = sequence.get(..usize::from(u16::MAX)).unwrap_or(sequence);
        let number = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        let last = sequence.len().saturating_sub(WORD);
        let starts = (0..sequence.len()).step_by(WORD).map(|at| at.min(last));
        let mut words: Vec<(f64, Word)> = starts.map(|at| word(sequence, at)).collect();
        // The one that mail has least often is the first.
        words.sort_by(|one, other| one.0.total_cmp(&other.0));
        let mut words = words.into_iter().map(|(_, word)| word);
        let first = words.next().unwrap_or_default();
        let (words_at, places_at) = (self.words.len(), self.places.len());
        self.words.extend(words);
        for (at, class) in sequence.iter().enumerate().filter(|(_, class)| !bits(class).2) {
            let next = position(self.distinct.len());
            let class = *self.numbers.entry(*class).or_insert_with(|| {
                self.distinct.push(*class);
                next
            });
            self.places.push(Place { at: number(at), class });
        }
        self.known.push(Known {
            first,
            length: number(sequence.len()),
            before: number(before),
            words: number(self.words.len() - words_at),
            places: number(self.places.len() - places_at),
            owner,
            words_at: position(words_at),
            places_at: position(places_at),
        });
    }

    /// Some of them, one behind the other: of each its number here, and how many of its classes stand before those that are noted there.
    pub(super) fn some(&self, numbers: impl Iterator<Item = (u32, usize)>) -> Knowns {
        let mut some = Knowns { distinct: self.distinct.clone(), ..Knowns::default() };
        for (number, before) in numbers {
            let Some(known) = self.known.get(number as usize) else { continue };
            let (words, places) = self.parts(known);
            let known = Known {
                before: u16::try_from(before).unwrap_or(u16::MAX),
                words_at: position(some.words.len()),
                places_at: position(some.places.len()),
                ..*known
            };
            some.words.extend_from_slice(words);
            some.places.extend_from_slice(places);
            some.known.push(known);
        }
        some
    }

    /// The words of a sequence but the first, and its places.
    fn parts(&self, known: &Known) -> (&[Word], &[Place]) {
        let (words_at, places_at) = (known.words_at as usize, known.places_at as usize);
        let words = self.words.get(words_at..words_at + usize::from(known.words)).unwrap_or_default();
        let places = self.places.get(places_at..places_at + usize::from(known.places)).unwrap_or_default();
        (words, places)
    }

    /// What is needed to add more is thrown away.
    pub(super) fn finish(&mut self) {
        self.numbers = HashMap::new();
        self.known.shrink_to_fit();
    }

    /// A sequence by its number, and where it begins, if it stands where its noted classes are at a place.
    #[inline(always)]
    pub(super) fn at(&self, number: usize, text: &[u8], at: usize) -> Option<(&Known, usize)> {
        let known = self.known.get(number)?;
        let from = at.checked_sub(usize::from(known.before))?;
        (known.first.is_at(text, from) && self.rest(known, text, from)).then_some((known, from))
    }

    /// Whether it ends in the text, and all but the first word is there as well: mostly there is no more.
    #[inline(always)]
    fn rest(&self, known: &Known, text: &[u8], from: usize) -> bool {
        if known.words | known.places == 0 {
            return from + usize::from(known.length) <= text.len();
        }
        self.more(known, text, from)
    }

    #[inline(never)]
    fn more(&self, known: &Known, text: &[u8], from: usize) -> bool {
        let length = usize::from(known.length);
        let (words, places) = self.parts(known);
        let Some(bytes) = text.get(from..from + length) else { return false };
        let is_in = |place: &Place| {
            let class = self.distinct.get(place.class as usize);
            class.zip(bytes.get(usize::from(place.at))).is_some_and(|(class, byte)| has(class, *byte))
        };
        words.iter().all(|word| word.is_at(text, from)) && places.iter().all(is_in)
    }
}

impl Word {
    #[inline(always)]
    fn is_at(self, text: &[u8], from: usize) -> bool {
        let at = from + usize::from(self.at);
        let bytes = match text.get(at..at + WORD).and_then(|bytes| <[u8; WORD]>::try_from(bytes).ok()) {
            Some(bytes) => u64::from_le_bytes(bytes),
            None => last_bytes(text, at),
        };
        bytes & self.mask == self.value
    }
}

/// The bytes at a place less than eight before the end; behind it they are 0.
#[cold]
fn last_bytes(text: &[u8], at: usize) -> u64 {
    let bytes = text.get(at..).unwrap_or_default().iter().take(WORD);
    bytes.zip((0u32..).step_by(WORD)).fold(0, |word, (byte, shift)| word | (u64::from(*byte) << shift))
}

/// The word of a sequence's classes from one on, and about how often mail has it.
fn word(sequence: &[Bytes], from: usize) -> (f64, Word) {
    let mut word = Word { at: u16::try_from(from).unwrap_or(u16::MAX), ..Word::default() };
    let mut often = 1.0;
    for (class, shift) in sequence.iter().skip(from).zip((0u32..64).step_by(WORD)) {
        let (mask, value, _) = bits(class);
        word.mask |= u64::from(mask) << shift;
        word.value |= u64::from(value) << shift;
        often *= weight_of_class(class);
    }
    (often, word)
}

/// Sequences, where several differ in one class alone, as one with all of theirs: `a b` with each kind of blank.
pub(super) fn merged(set: Vec<Sequence>) -> Vec<Sequence> {
    // Most are of one literal, and there is nothing to be hashed.
    if set.len() < 2 {
        return set;
    }
    let longest = set.iter().map(Vec::len).max().unwrap_or(0);
    let mut set = set;
    for place in 0..longest {
        let mut classes: HashMap<Sequence, Bytes> = HashMap::with_capacity(set.len());
        for mut sequence in set {
            let class = sequence.get_mut(place).map(std::mem::take).unwrap_or_default();
            add(classes.entry(sequence).or_default(), &class);
        }
        let with_class = |(mut sequence, class): (Sequence, Bytes)| {
            sequence.get_mut(place).into_iter().for_each(|it| *it = class);
            sequence
        };
        set = classes.into_iter().map(with_class).collect();
        set.sort_unstable();
    }
    set
}

#[cfg(test)]
mod tests {
    use super::super::sets::class;
    use super::*;

    #[test]
    fn bits_tell_letters_of_any_case() {
        assert_eq!(bits(&class("q")), (0xff, b'q', true));
        assert_eq!(bits(&class("qQ")), (0xdf, b'Q', true));
        assert_eq!(bits(&class("qp")), (0xfe, b'p', true));
        assert_eq!(bits(&class("abc")), (0xfc, 0x60, false), "` has them as well");
        assert_eq!(bits(&[u64::MAX; 4]), (0, 0, true));
    }

    #[test]
    fn what_differs_in_one_class_is_one() {
        let of = |text: &str| text.chars().map(|it| class(&it.to_string())).collect::<Sequence>();
        let set = ["a b c", "a\tb c", "a b\tc", "a\tb\tc", "a b", "xyz"].map(of).to_vec();
        let all = merged(set);
        assert_eq!(all.len(), 3, "a[ \\t]b[ \\t]c, a b, xyz");
        assert!(all.contains(&vec![class("a"), class(" \t"), class("b"), class(" \t"), class("c")]));
        assert_eq!(merged(["ab", "cd"].map(of).to_vec()).len(), 2);
    }
}

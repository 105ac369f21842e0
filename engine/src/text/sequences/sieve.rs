//! Looks for many sequences of byte classes in one pass. Takes sequences, each with its owner, and a text; hands on where one was
//! seen. An automaton of its own, whose states are made when a text first leads to them: all of them would be too many, and what
//! mail leads to is some thousands.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::needs::{Bytes, Sequence, has};

/// Most entries for what follows a state that are kept, of four bytes each; with more, all are made anew.
const MOST_ENTRIES: usize = 4 << 20;
/// Of an entry: something ends in the state that it leads to.
const ENDS: u32 = 1 << 31;

/// The sequences.
#[derive(Debug, Default)]
pub(crate) struct Sieve {
    /// All sequences' classes, one behind the other.
    classes: Vec<Bytes>,
    /// For each class the owner and the length of the sequence that ends with it.
    ends: Vec<Option<(u32, u8)>>,
    /// Bytes that no class tells apart have the same letter.
    letters: Letters,
    /// For each letter a byte that has it.
    samples: Vec<u8>,
    /// The bytes that sequences begin with, where they are so few that there is a quick search for them; else empty.
    starts: Vec<u8>,
    /// For each letter, the sequences that it begins, by the number of their first class.
    first: Vec<Vec<u32>>,
}

/// For each byte its letter. A table of its size is read without asking whether the byte is within it.
#[derive(Debug)]
struct Letters([u8; 256]);

impl Default for Letters {
    fn default() -> Letters {
        Letters([0; 256])
    }
}

/// A state: the classes that the last byte was the match of, each behind the one before it.
#[derive(Debug, Default)]
struct State {
    reached: Box<[u32]>,
    ends: Box<[(u32, u8)]>,
}

/// The states made so far; each thread has its own.
#[derive(Debug, Default)]
pub(crate) struct States {
    /// For each state and letter where the entries of the next state begin; 0 where it is not made yet. No state has the first entries.
    next: Vec<u32>,
    states: Vec<State>,
    known: HashMap<Box<[u32]>, u32, BuildHasherDefault<Quick>>,
}

/// A hash for numbers of classes. Who sends mail does not choose them, and there are no more states than are kept.
#[derive(Debug, Default)]
struct Quick(u64);

impl Hasher for Quick {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(8) {
            let word = piece.iter().fold(0u64, |word, byte| (word << 8) | u64::from(*byte));
            self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }
}

impl Sieve {
    /// Adds the sequences of an owner.
    pub(crate) fn add(&mut self, owner: u32, sequences: &[Sequence]) {
        for sequence in sequences {
            let length = u8::try_from(sequence.len()).unwrap_or(u8::MAX);
            for (number, class) in (1..).zip(sequence) {
                self.classes.push(*class);
                self.ends.push((number == sequence.len()).then_some((owner, length)));
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.classes.is_empty()
    }

    /// To be called once, behind the last [`add`](Sieve::add).
    pub(crate) fn finish(&mut self) {
        let mut distinct = self.classes.clone();
        distinct.sort_unstable();
        distinct.dedup();
        let mut signs: HashMap<Vec<bool>, u8> = HashMap::new();
        for (byte, slot) in (0..=255u8).zip(&mut self.letters.0) {
            let sign: Vec<bool> = distinct.iter().map(|class| has(class, byte)).collect();
            let letter = match signs.get(&sign) {
                Some(letter) => *letter,
                None => {
                    let letter = u8::try_from(self.samples.len()).unwrap_or(u8::MAX);
                    signs.insert(sign, letter);
                    self.samples.push(byte);
                    letter
                }
            };
            *slot = letter;
        }
        let mut begins = true;
        let mut firsts = Vec::new();
        for (number, end) in (0u32..).zip(&self.ends) {
            if begins {
                firsts.push(number);
            }
            begins = end.is_some();
        }
        let has_letter = |number: &u32, byte: u8| self.classes.get(*number as usize).is_some_and(|it| has(it, byte));
        let of = |byte: &u8| firsts.iter().copied().filter(|number| has_letter(number, *byte)).collect();
        self.first = self.samples.iter().map(of).collect();
        self.starts = (0..=255u8).filter(|byte| firsts.iter().any(|number| has_letter(number, *byte))).collect();
        if self.starts.len() > 3 {
            self.starts.clear();
        }
    }

    /// Hands owner, start and end of each sequence that is in the text, by where they end.
    pub(crate) fn search(&self, text: &[u8], states: &mut States, mut each: impl FnMut(u32, usize, usize)) {
        if states.states.is_empty() {
            self.state(Vec::new(), states);
        }
        let stride = self.stride();
        let (mut state, mut at) = (stride, 0usize);
        loop {
            // As long as all states are there, which is nearly always, a byte is two look-ups.
            let next = states.next.as_slice();
            let mut unmade = None;
            while let Some(byte) = text.get(at) {
                if state == stride && !self.starts.is_empty() {
                    // Nothing is under way: what no sequence begins with is passed over.
                    match self.next_start(text.get(at..).unwrap_or_default()) {
                        Some(0) => {}
                        Some(length) => {
                            at += length;
                            continue;
                        }
                        None => return,
                    }
                }
                let letter = usize::from(self.letters.0.get(usize::from(*byte)).copied().unwrap_or_default());
                let entry = next.get(state + letter).copied().unwrap_or_default();
                if entry == 0 {
                    unmade = Some(letter);
                    break;
                }
                at += 1;
                state = (entry & !ENDS) as usize;
                if entry & ENDS != 0
                    && let Some(it) = states.states.get(state / stride)
                {
                    it.ends
                        .iter()
                        .for_each(|(owner, length)| each(*owner, at.saturating_sub(usize::from(*length)), at));
                }
            }
            let Some(letter) = unmade else { return };
            let entry = self.make(state, letter, states);
            at += 1;
            state = (entry & !ENDS) as usize;
            if entry & ENDS != 0
                && let Some(it) = states.states.get(state / stride)
            {
                it.ends.iter().for_each(|(owner, length)| each(*owner, at.saturating_sub(usize::from(*length)), at));
            }
        }
    }

    fn next_start(&self, text: &[u8]) -> Option<usize> {
        match *self.starts.as_slice() {
            [one] => memchr::memchr(one, text),
            [one, other] => memchr::memchr2(one, other, text),
            [one, other, third] => memchr::memchr3(one, other, third, text),
            _ => (!text.is_empty()).then_some(0),
        }
    }

    /// Entries of a state.
    fn stride(&self) -> usize {
        self.samples.len().max(1)
    }

    /// The entry for what follows a state at a letter.
    fn make(&self, state: usize, letter: usize, states: &mut States) -> u32 {
        let byte = self.samples.get(letter).copied().unwrap_or_default();
        let mut reached: Vec<u32> = self.first.get(letter).cloned().unwrap_or_default();
        let stride = self.stride();
        for number in states.states.get(state / stride).map(|it| it.reached.as_ref()).unwrap_or_default() {
            let place = *number as usize;
            if self.ends.get(place).is_some_and(Option::is_none)
                && self.classes.get(place + 1).is_some_and(|it| has(it, byte))
            {
                reached.push(number + 1);
            }
        }
        reached.sort_unstable();
        let full = states.next.len() >= MOST_ENTRIES && !states.known.contains_key(reached.as_slice());
        if full {
            *states = States::default();
            self.state(Vec::new(), states);
        }
        let next = self.state(reached, states);
        let ends = states.states.get(next as usize).is_some_and(|it| !it.ends.is_empty());
        let entry = u32::try_from(next as usize * stride).unwrap_or(0) | if ends { ENDS } else { 0 };
        if !full && let Some(slot) = states.next.get_mut(state + letter) {
            *slot = entry;
        }
        entry
    }

    fn state(&self, reached: Vec<u32>, states: &mut States) -> u32 {
        if let Some(known) = states.known.get(reached.as_slice()) {
            return *known;
        }
        if states.states.is_empty() {
            states.states.push(State::default());
            states.next.resize(self.stride(), 0);
        }
        let number = u32::try_from(states.states.len()).unwrap_or(0);
        let ends = reached.iter().filter_map(|number| self.ends.get(*number as usize).copied().flatten());
        let (ends, reached): (Box<[_]>, Box<[u32]>) = (ends.collect(), reached.into());
        states.known.insert(reached.clone(), number);
        states.states.push(State { reached, ends });
        states.next.resize(states.next.len() + self.stride(), 0);
        number
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_what_a_plain_search_finds() {
        let class = |text: &str| {
            let mut class = Bytes::default();
            text.bytes().for_each(|byte| class[usize::from(byte >> 6)] |= 1 << (byte & 63));
            class
        };
        let sequences: Vec<Sequence> = vec![
            vec![class("ab"), class("b")],
            vec![class("b"), class("abc"), class("c")],
            vec![class("c"), class("c")],
            vec![class("abc"), class("a"), class("d"), class("ad")],
        ];
        let mut sieve = Sieve::default();
        (0..).zip(&sequences).for_each(|(owner, it)| sieve.add(owner, std::slice::from_ref(it)));
        sieve.finish();
        let mut states = States::default();
        let mut seed = 5u64;
        for _ in 0..300 {
            let text: Vec<u8> = (0..40)
                .map(|_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    b"abcde"[(seed >> 33) as usize % 5]
                })
                .collect();
            let mut found = Vec::new();
            sieve.search(&text, &mut states, |owner, start, end| found.push((owner, start, end)));
            let mut expected = Vec::new();
            for end in 1..=text.len() {
                for (owner, sequence) in (0u32..).zip(&sequences) {
                    let Some(start) = end.checked_sub(sequence.len()) else { continue };
                    if text[start..end].iter().zip(sequence).all(|(byte, class)| has(class, *byte)) {
                        expected.push((owner, start, end));
                    }
                }
            }
            assert_eq!(found, expected);
        }
    }
}

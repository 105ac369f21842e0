//! Sequences that mail is full of, all of them at once for each byte of a text: bits say which may have the byte's group first, second, third or
//! fourth, and what four bytes in a row leave may begin there. Takes sequences in groups, hands on which may be where. Looked up by ways, such
//! were found at every other byte of a body, and each time memory was waited for: 276 us for 4.2 KB, where it is 195 now, and for all texts of a
//! message 590 us, where it is 450.

use super::fold::{GROUPS, WIDTH, group};

/// Most sequences.
pub(super) const MOST: usize = 64 * WORDS;
/// Most words of bits for each group and place.
const WORDS: usize = 8;
/// Bits of a word.
const BITS: usize = 64;
/// Room for stretches: they are handed on when it is full.
const ROOM: usize = 32;

/// For each group, by how many words there are.
#[derive(Debug)]
pub(super) enum Rows {
    One(Box<Of<1, WORDS>>),
    Two(Box<Of<2, 4>>),
    Four(Box<Of<4, 2>>),
    Eight(Box<Of<WORDS, 1>>),
}

/// For each group, and each place that it may have in them, the sequences, as bits: 2 KB for each word. Of `LONG` places in a row it is asked
/// together whether any sequence may begin there: their bits are `WORDS` words. One by one took a quarter more instructions.
#[derive(Debug)]
pub(super) struct Of<const N: usize, const LONG: usize>([[[u64; N]; WIDTH]; GROUPS as usize]);

/// Places in a row, by the first, and which sequences may begin there, in words.
type Stretch = (usize, [u64; WORDS]);

/// Such at which any may: memory to be reused.
#[derive(Debug)]
pub(super) struct Begun([Stretch; ROOM]);

impl Default for Begun {
    fn default() -> Begun {
        Begun([(0, [0; WORDS]); ROOM])
    }
}

impl Rows {
    /// Of sequences, `MOST` at most, which are known by their numbers: of each the classes, in groups as bits. Behind them anything may stand.
    pub(super) fn new(sequences: &[&[u64]]) -> Rows {
        match sequences.len().div_ceil(BITS) {
            0 | 1 => Rows::One(Of::new(sequences)),
            2 => Rows::Two(Of::new(sequences)),
            3 | 4 => Rows::Four(Of::new(sequences)),
            _ => Rows::Eight(Of::new(sequences)),
        }
    }

    /// Hands on places of a text, one behind the other, and sequences that may begin there. Behind its end anything may stand.
    pub(super) fn search(&self, text: &[u8], begun: &mut Begun, each: impl FnMut(usize, usize)) {
        match self {
            Rows::One(rows) => rows.search(text, begun, each),
            Rows::Two(rows) => rows.search(text, begun, each),
            Rows::Four(rows) => rows.search(text, begun, each),
            Rows::Eight(rows) => rows.search(text, begun, each),
        }
    }
}

impl<const N: usize, const LONG: usize> Of<N, LONG> {
    fn new(sequences: &[&[u64]]) -> Box<Self> {
        let mut rows = Box::new(Of([[[0; N]; WIDTH]; GROUPS as usize]));
        for (group, row) in rows.0.iter_mut().enumerate() {
            for (place, words) in row.iter_mut().enumerate() {
                for (sequences, word) in sequences.chunks(BITS).zip(words) {
                    let has = |sequence: &&[u64]| sequence.get(place).is_none_or(|groups| (groups >> group) & 1 != 0);
                    *word = sequences.iter().rev().fold(0, |word, sequence| (word << 1) | u64::from(has(sequence)));
                }
            }
        }
        rows
    }

    #[inline(never)]
    fn search(&self, text: &[u8], begun: &mut Begun, mut each: impl FnMut(usize, usize)) {
        let (mut filled, mut before) = (0, [[0; N]; WIDTH - 1]);
        let mut next = |[first, second, third, fourth]: &[[u64; N]; WIDTH]| {
            let [one, two, three] = before;
            before = [*first, both(one, second), both(two, third)];
            both(three, fourth)
        };
        let all = [[u64::MAX; N]; WIDTH];
        let row = |byte: u8| self.0.get(group(byte) as usize % self.0.len()).unwrap_or(&all);
        let (stretches, rest) = text.as_chunks::<LONG>();
        for (number, bytes) in stretches.iter().enumerate() {
            let Some((from, words)) = begun.0.get_mut(filled) else { break };
            *from = LONG * number;
            let mut any = 0;
            for (words, byte) in words.as_chunks_mut::<N>().0.iter_mut().zip(bytes) {
                *words = next(row(*byte));
                any = words.iter().fold(any, |any, word| any | word);
            }
            // No branch: it would be guessed wrong as often as there is something.
            filled += usize::from(any != 0);
            if filled == ROOM {
                hand_on::<N>(&begun.0, &mut each);
                filled = 0;
            }
        }
        hand_on::<N>(begun.0.get(..filled).unwrap_or_default(), &mut each);
        let rest = (LONG * stretches.len()..).zip(rest.iter().map(|byte| row(*byte)));
        for (at, row) in rest.chain((text.len()..).zip([&all; WIDTH - 1])) {
            let mut stretch = (at, [0; WORDS]);
            stretch.1.iter_mut().zip(next(row)).for_each(|(word, it)| *word = it);
            hand_on::<N>(&[stretch], &mut each);
        }
    }
}

/// Hands on what begins `WIDTH - 1` bytes before the places of stretches.
// No part of the loop over bytes: what that keeps at hand would be kept in memory.
#[inline(never)]
fn hand_on<const N: usize>(stretches: &[Stretch], each: &mut impl FnMut(usize, usize)) {
    for (from, words) in stretches {
        let mut which = (0u32..).zip(words).fold(0u32, |which, (place, word)| which | u32::from(*word != 0) << place);
        while which != 0 {
            let place = which.trailing_zeros() as usize;
            which &= which - 1;
            let mut left = words.get(place).copied().unwrap_or_default();
            let (at, first) = ((*from + place / N).wrapping_sub(WIDTH - 1), BITS * (place % N));
            while left != 0 {
                each(at, first + left.trailing_zeros() as usize);
                left &= left - 1;
            }
        }
    }
}

#[inline(always)]
fn both<const N: usize>(mut one: [u64; N], other: &[u64; N]) -> [u64; N] {
    one.iter_mut().zip(other).for_each(|(one, other)| *one &= other);
    one
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_finds_what_a_plain_search_finds() {
        let mut state = 3u64;
        let mut drawn = |most: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) % most
        };
        for count in [1, 64, 65, 200, 257, MOST] {
            let class = |drawn: &mut dyn FnMut(u64) -> u64| (0..3).fold(0, |class, _| class | 1u64 << drawn(26));
            let sequences: Vec<Vec<u64>> =
                (0..count).map(|_| (0..1 + drawn(6)).map(|_| class(&mut drawn)).collect()).collect();
            let rows = Rows::new(&sequences.iter().map(Vec::as_slice).collect::<Vec<_>>());
            for length in [0, 1, 2, 3, 4, 5, 63, 64, 300] {
                let text: Vec<u8> = (0..length).map(|_| b'a' + drawn(26) as u8).collect();
                let mut found = Vec::new();
                rows.search(&text, &mut Begun::default(), |at, number| found.push((at, number)));
                let is_there = |at: usize, sequence: &[u64]| {
                    let beside = sequence.iter().zip(text.iter().skip(at)).take(WIDTH);
                    beside.fold(true, |is, (class, byte)| is && (class >> group(*byte)) & 1 != 0)
                };
                let at = |at: usize| {
                    sequences
                        .iter()
                        .enumerate()
                        .filter(move |(_, it)| is_there(at, it))
                        .map(move |(number, _)| (at, number))
                };
                let expected: Vec<(usize, usize)> = (0..text.len()).flat_map(at).collect();
                assert_eq!(found, expected, "{count} in {text:?}");
            }
        }
    }
}

//! Which sequences are noted by a way, groups spelled one behind the other, and its width: a bit for each place says whether there are
//! any, so that most looks end in 192 KB at most.

use super::fold::{GROUP_BITS, WIDTH, weight_of_way};

/// Bits of a table's places, at most: 192 KB with their ranks, which stand beside them; with fewer ways there are 16 places for each.
const MOST_BITS: u32 = 20;

/// Bits of a way.
pub(super) const WAY_BITS: u32 = WIDTH as u32 * GROUP_BITS;

/// Ways in which noted groups are spelled, and the sequences that have them. Ways that have the same place are not told apart.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Bits of a spread key that do not count for its place.
    shift: u32,
    /// For each 64 places.
    words: Vec<Word>,
    /// For each of these where its sequences begin among all.
    starts: Vec<u32>,
    /// Those of ways that mail has often stand first, so that what is read is near together.
    sequences: Vec<Entry>,
}

/// Of 64 places, one behind the other. In halves, since a word of eight bytes would have the whole take sixteen.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Whether there is a way.
    halves: [u32; 2],
    /// How many ways there are before them.
    rank: u32,
}

impl Word {
    #[inline(always)]
    fn bits(self) -> u64 {
        let [low, high] = self.halves;
        u64::from(low) | (u64::from(high) << 32)
    }
}

/// A way with its width, as one number: above the bits of the way how many groups less than `WIDTH` it has.
#[inline(always)]
pub(super) fn key(way: u32, width: usize) -> u32 {
    way | ((WIDTH - width) as u32) << WAY_BITS
}

/// A sequence, and of one more of its classes, the one that mail has least often, the groups, as bits. Nearly always it says no,
/// and what is known of the sequence, which is elsewhere in memory, need not be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) groups: u64,
    pub(super) number: u32,
    /// Where the class is, seen from the first that is looked up.
    pub(super) place: i16,
    /// How many groups less than `WIDTH` its ways have: a place may be that of ways of another width.
    pub(super) less: u8,
    /// The way has no more sequences.
    pub(super) is_last: bool,
}

impl Entry {
    /// Of a sequence by its number, looked up by so many groups, with those of the class at a place.
    pub(super) fn new(number: u32, width: usize, place: i16, groups: u64) -> Entry {
        Entry { groups, number, place, less: (WIDTH - width) as u8, is_last: false }
    }
}

impl Table {
    /// Makes it of ways with their widths, and what is to be compared there.
    pub(super) fn of(all: Vec<(usize, u32, Entry)>) -> Table {
        if all.is_empty() {
            return Table::default();
        }
        let bits = (all.len() * 16).next_power_of_two().trailing_zeros().clamp(6, MOST_BITS);
        let mut table = Table { shift: 32 - bits, words: vec![Word::default(); 1 << (bits - 6)], ..Table::default() };
        let with_place =
            |(width, way, entry): (usize, u32, Entry)| (table.place(key(way, width)), weight_of_way(way, width), entry);
        let mut all: Vec<(u32, f64, Entry)> = all.into_iter().map(with_place).collect();
        // Two ways of one sequence may have one place.
        all.sort_by_key(|(place, _, entry)| (*place, entry.number));
        all.dedup_by_key(|(place, _, entry)| (*place, entry.number));
        let often = |of: &[(u32, f64, Entry)]| of.iter().map(|(_, often, _)| *often).fold(0.0, f64::max);
        let of_place = all.chunk_by(|one, other| one.0 == other.0).enumerate();
        let mut places: Vec<_> = of_place.map(|(rank, of)| (often(of), rank, of)).collect();
        places.sort_by(|one, other| other.0.total_cmp(&one.0));
        table.starts = vec![0; places.len()];
        for (_, rank, of) in places {
            let place = of.first().map_or(0, |(place, ..)| *place);
            if let (Some(word), Some(start)) = (table.words.get_mut(place as usize / 64), table.starts.get_mut(rank)) {
                let half = if place & 32 == 0 { word.halves.first_mut() } else { word.halves.last_mut() };
                half.into_iter().for_each(|half| *half |= 1 << (place % 32));
                *start = u32::try_from(table.sequences.len()).unwrap_or(u32::MAX);
            }
            table.sequences.extend(of.iter().map(|(.., entry)| *entry));
            if let Some(last) = table.sequences.last_mut() {
                last.is_last = true;
            }
        }
        let mut rank = 0;
        for word in &mut table.words {
            word.rank = rank;
            rank += word.bits().count_ones();
        }
        table
    }

    pub(super) fn is_empty(&self) -> bool {
        self.sequences.is_empty()
    }

    /// The place of a key: who writes mail gains nothing by ways of the same place.
    #[inline(always)]
    fn place(&self, key: u32) -> u32 {
        key.wrapping_mul(0x9e37_79b1) >> self.shift
    }

    #[inline(always)]
    fn word(&self, place: u32) -> Word {
        self.words.get(place as usize / 64).copied().unwrap_or_default()
    }

    /// Whether any sequence is noted by a key: one read of memory.
    #[inline(always)]
    pub(super) fn has(&self, key: u32) -> bool {
        let place = self.place(key);
        (self.word(place).bits() >> (place % 64)) & 1 != 0
    }

    /// Where among all the first of the sequences is that are noted by a key, if there is any.
    #[inline(always)]
    pub(super) fn start(&self, key: u32) -> u32 {
        let place = self.place(key);
        let word = self.word(place);
        let before = (word.bits() & ((1u64 << (place % 64)) - 1)).count_ones();
        self.starts.get((word.rank + before) as usize).copied().unwrap_or(u32::MAX)
    }

    /// All sequences from one on.
    #[inline(always)]
    pub(super) fn from(&self, start: u32) -> &[Entry] {
        self.sequences.get(start as usize..).unwrap_or_default()
    }
}

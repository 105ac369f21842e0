//! Which sequences are noted by a way, groups spelled one behind the other: a bit for each place says whether there are any, so that
//! most looks end in 256 KB at most.

use super::fold::weight_of_way;

/// Bits of a table's places, at most: 256 KB with their ranks, which stand beside them; with fewer ways there are 16 places for each.
const MOST_BITS: u32 = 20;

/// Ways in which noted groups are spelled, and the sequences that have them. Ways that have the same place are not told apart.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// Bits of a way that do not count for its place.
    shift: u32,
    /// For each 64 places.
    words: Vec<Word>,
    /// For each of these where its sequences begin among all.
    starts: Vec<u32>,
    /// Those of ways that mail has often stand first, so that what is read is near together.
    sequences: Vec<Entry>,
}

/// Of 64 places, one behind the other.
#[derive(Clone, Copy, Debug, Default)]
struct Word {
    /// Whether there is a way.
    bits: u64,
    /// How many ways there are before them.
    rank: u32,
}

/// A sequence, and of one more of its classes, the one that mail has least often, the groups, as bits. Nearly always it says no,
/// and what is known of the sequence, which is elsewhere in memory, need not be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub(super) groups: u64,
    pub(super) number: u32,
    /// Where the class is, seen from the first that is looked up.
    pub(super) place: i16,
    /// The way has no more sequences.
    pub(super) is_last: bool,
}

impl Entry {
    /// Of a sequence by its number, with the groups of the class at a place.
    pub(super) fn new(number: u32, place: i16, groups: u64) -> Entry {
        Entry { groups, number, place, is_last: false }
    }
}

impl Table {
    /// Makes it of ways and numbers of sequences.
    pub(super) fn of(mut pairs: Vec<(u32, Entry)>, width: usize) -> Table {
        if pairs.is_empty() {
            return Table::default();
        }
        let bits = (pairs.len() * 16).next_power_of_two().trailing_zeros().clamp(6, MOST_BITS);
        let table = Table { shift: 32 - bits, words: vec![Word::default(); 1 << (bits - 6)], ..Table::default() };
        // Two ways of one sequence may have one place.
        pairs.sort_unstable_by_key(|(way, entry)| (table.place(*way), entry.number));
        pairs.dedup_by_key(|(way, entry)| (table.place(*way), entry.number));
        let of_place = pairs.chunk_by(|one, other| table.place(one.0) == table.place(other.0)).enumerate();
        let often =
            |pairs: &[(u32, Entry)]| pairs.iter().map(|(way, _)| weight_of_way(*way, width)).fold(0.0, f64::max);
        let mut places: Vec<_> = of_place.map(|(rank, pairs)| (often(pairs), rank, pairs)).collect();
        let mut table = Table { starts: vec![0; places.len()], ..table };
        places.sort_by(|one, other| other.0.total_cmp(&one.0));
        for (_, rank, pairs) in places {
            let place = pairs.first().map_or(0, |(way, _)| table.place(*way));
            if let (Some(word), Some(start)) = (table.words.get_mut(place as usize / 64), table.starts.get_mut(rank)) {
                word.bits |= 1u64 << (place % 64);
                *start = u32::try_from(table.sequences.len()).unwrap_or(u32::MAX);
            }
            table.sequences.extend(pairs.iter().map(|(_, entry)| *entry));
            if let Some(last) = table.sequences.last_mut() {
                last.is_last = true;
            }
        }
        let mut rank = 0;
        for word in &mut table.words {
            word.rank = rank;
            rank += word.bits.count_ones();
        }
        table
    }

    /// The place of a way: who writes mail gains nothing by ways of the same place.
    #[inline(always)]
    fn place(&self, way: u32) -> u32 {
        way.wrapping_mul(0x9e37_79b1) >> self.shift
    }

    /// All sequences from the first of a way on.
    #[inline(always)]
    pub(super) fn from(&self, way: u32) -> &[Entry] {
        let place = self.place(way);
        let word = self.words.get(place as usize / 64).filter(|word| word.bits & (1u64 << (place % 64)) != 0);
        let start = word.and_then(|word| {
            let before = (word.bits & ((1u64 << (place % 64)) - 1)).count_ones();
            self.starts.get((word.rank + before) as usize).copied()
        });
        start.and_then(|start| self.sequences.get(start as usize..)).unwrap_or_default()
    }
}

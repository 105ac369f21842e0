//! What is asked of each byte of a text before anything is looked up: whether any sequence's noted groups begin so. Takes ways with their
//! widths; a bit for each pair of groups, or where these are in most mail, for each three.

use super::fold::{GROUP_BITS, GROUPS, weight_of};

/// Pairs of groups that mail has at more of its places are too many.
pub(super) const SELDOM_PAIRS: f64 = 0.05;

/// Groups that what is looked up begins with.
#[derive(Debug)]
pub(super) enum First {
    /// 512 bytes.
    Pairs(Bits<{ GROUPS as usize }>),
    /// 32 KB, of which mail reads a few again and again.
    Triples(Bits<{ (GROUPS * GROUPS) as usize }>),
}

/// Some groups, one behind the other: of all but the last a word, with a bit for each last one.
#[derive(Debug)]
pub(super) struct Bits<const WORDS: usize>(Box<[u64; WORDS]>);

impl<const WORDS: usize> Default for Bits<WORDS> {
    fn default() -> Bits<WORDS> {
        Bits(Box::new([0; WORDS]))
    }
}

impl<const WORDS: usize> Bits<WORDS> {
    fn add(&mut self, groups: u32) {
        if let Some(word) = self.0.get_mut((groups >> GROUP_BITS) as usize % WORDS) {
            *word |= 1 << (groups % GROUPS);
        }
    }

    /// Groups before these do not count.
    #[inline(always)]
    pub(super) fn has(&self, groups: u32) -> bool {
        self.0.get((groups >> GROUP_BITS) as usize % WORDS).is_some_and(|word| (word >> (groups % GROUPS)) & 1 != 0)
    }
}

impl Default for First {
    fn default() -> First {
        First::Pairs(Bits::default())
    }
}

impl First {
    /// Of ways with their widths; by pairs where mail has them at fewer places than `seldom`.
    pub(super) fn new(ways: impl Iterator<Item = (usize, u32)> + Clone, seldom: f64) -> First {
        let mut pairs = Bits::default();
        for (width, way) in ways.clone() {
            pairs.add(way >> (GROUP_BITS as usize * width.saturating_sub(2)));
        }
        let seconds = (0..GROUPS).zip(pairs.0.iter());
        if seconds.map(|(first, seconds)| weight_of(1 << first) * weight_of(*seconds)).sum::<f64>() < seldom {
            return First::Pairs(pairs);
        }
        let mut triples = Bits::default();
        for (width, way) in ways {
            match width.checked_sub(3) {
                Some(more) => triples.add(way >> (GROUP_BITS as usize * more)),
                None => (0..GROUPS).for_each(|third| triples.add((way << GROUP_BITS) | third)),
            }
        }
        First::Triples(triples)
    }
}

//! What is asked of each byte of a text before anything is looked up: whether any sequence's noted groups begin so. Takes ways with their
//! widths; a bit for each pair of groups, or where these are in most mail, for each three.

use super::fold::{GROUP_BITS, GROUPS, WIDTH, weight_of};

/// Pairs of groups that mail has at more of its places are too many.
pub(super) const SELDOM_PAIRS: f64 = 0.05;

/// Groups that what is looked up begins with.
#[derive(Debug)]
pub(super) enum First {
    Pairs(Box<Pairs>),
    /// By the first two of three groups the third.
    Triples(Box<Triples>),
}

/// By the first of two groups the second, as bits: 512 bytes.
#[derive(Debug)]
pub(super) struct Pairs([u64; GROUPS as usize]);

/// By two groups, the first of them first, others as bits: 32 KB, of which mail reads a few again and again.
type ByTwo = [u64; (GROUPS * GROUPS) as usize];

/// By the first two of three groups the third. What is asked of each byte is by itself: with the other beside it, twice as much memory was
/// read by that.
#[derive(Debug)]
pub(super) struct Triples {
    /// Of whatever is looked up.
    all: ByTwo,
    /// Of what is less than `WIDTH` groups wide.
    short: ByTwo,
}

impl Default for First {
    fn default() -> First {
        First::Pairs(Box::new(Pairs([0; GROUPS as usize])))
    }
}

impl First {
    /// Of ways with their widths; by pairs where mail has them at fewer places than `seldom`.
    pub(super) fn new(ways: impl Iterator<Item = (usize, u32)> + Clone, seldom: f64) -> First {
        let mut pairs = [0; GROUPS as usize];
        for (width, way) in ways.clone() {
            let pair = way >> (GROUP_BITS as usize * width.saturating_sub(2));
            if let Some(seconds) = pairs.get_mut(((pair >> GROUP_BITS) % GROUPS) as usize) {
                *seconds |= 1 << (pair % GROUPS);
            }
        }
        let seconds = (0..GROUPS).zip(pairs.iter());
        if seconds.map(|(first, seconds)| weight_of(1 << first) * weight_of(*seconds)).sum::<f64>() < seldom {
            return First::Pairs(Box::new(Pairs(pairs)));
        }
        let mut triples = Box::new(Triples::default());
        for (width, way) in ways {
            let (pair, thirds) = match width.checked_sub(3) {
                Some(more) => {
                    let triple = way >> (GROUP_BITS as usize * more);
                    (triple >> GROUP_BITS, 1 << (triple % GROUPS))
                }
                None => (way, u64::MAX),
            };
            let Triples { all, short } = &mut *triples;
            for table in [Some(all), Some(short).filter(|_| width < WIDTH)].into_iter().flatten() {
                if let Some(word) = table.get_mut((pair % (GROUPS * GROUPS)) as usize) {
                    *word |= thirds;
                }
            }
        }
        First::Triples(triples)
    }
}

impl First {
    /// Whether less than `WIDTH` groups may have to be looked up where a text has a way, as far as the first of its groups tell.
    #[inline(always)]
    pub(super) fn may_be_short(&self, way: u32) -> bool {
        match self {
            First::Pairs(_) => true,
            First::Triples(triples) => has(&triples.short, way),
        }
    }
}

impl Pairs {
    /// Whether what is looked up may begin with two groups, one behind the other.
    #[inline(always)]
    pub(super) fn has(&self, first: u32, second: u32) -> bool {
        self.0.get(first as usize % self.0.len()).is_some_and(|seconds| (seconds >> (second % GROUPS)) & 1 != 0)
    }
}

impl Triples {
    /// Whether what is looked up may begin with the first three of a way's groups.
    #[inline(always)]
    pub(super) fn may(&self, way: u32) -> bool {
        has(&self.all, way)
    }
}

#[inline(always)]
fn has(table: &ByTwo, way: u32) -> bool {
    let thirds = table.get((way >> (2 * GROUP_BITS)) as usize % table.len()).copied().unwrap_or_default();
    (thirds >> ((way >> GROUP_BITS) % GROUPS)) & 1 != 0
}

impl Default for Triples {
    fn default() -> Triples {
        Triples { all: [0; (GROUPS * GROUPS) as usize], short: [0; (GROUPS * GROUPS) as usize] }
    }
}

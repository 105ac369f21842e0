//! How often mail has groups of bytes one behind the other, by what follows what: `th` is far more frequent than `t` and `h` tell by
//! themselves, and `mz` far less. Takes groups, gives parts of one.

use std::sync::OnceLock;

use super::fold::{GROUP_BITS, GROUPS};

/// For each group a line with a character for each that may follow: twice the binary logarithm of how seldom mail has the two, from
/// `!` on. Counted by corpus/pairs.py in SpamAssassin's corpus, ham and spam, and in lists of today.
const TABLE: &[u8] = include_bytes!("pairs.txt");
/// The character of what is always there.
const ALWAYS: u8 = b'!';

/// How often what follows a group is each of the others.
struct Pairs {
    single: Vec<f64>,
    follows: Vec<f64>,
}

fn pairs() -> &'static Pairs {
    static PAIRS: OnceLock<Pairs> = OnceLock::new();
    PAIRS.get_or_init(|| {
        let often = |character: u8| 2f64.powf(-f64::from(character.saturating_sub(ALWAYS)) / 2.0);
        let lines: Vec<Vec<f64>> =
            TABLE.split(|byte| *byte == b'\n').map(|line| line.iter().map(|it| often(*it)).collect()).collect();
        let all: f64 = lines.iter().flatten().sum();
        let single: Vec<f64> = lines.iter().map(|line| line.iter().sum::<f64>()).collect();
        let follows = lines.iter().zip(&single).flat_map(|(line, sum)| line.iter().map(move |it| it / sum)).collect();
        Pairs { single: single.iter().map(|sum| sum / all).collect(), follows }
    })
}

/// How often mail has a group.
pub(super) fn single(group: u32) -> f64 {
    pairs().single.get(group as usize).copied().unwrap_or_default()
}

/// How often a group is followed by another.
pub(super) fn follows(first: u32, second: u32) -> f64 {
    let (first, second) = (first % GROUPS, second % GROUPS);
    pairs().follows.get((first << GROUP_BITS | second) as usize).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::fold::group;
    use super::*;

    #[test]
    fn what_follows_is_known_of_each_group() {
        assert_eq!((pairs().single.len(), pairs().follows.len()), (GROUPS as usize + 1, (GROUPS * GROUPS) as usize));
        for first in 0..GROUPS {
            let sum: f64 = (0..GROUPS).map(|second| follows(first, second)).sum();
            assert!((sum - 1.0).abs() < 1e-9, "{first}");
        }
        let [t, h, q, u, x] = [b't', b'h', b'q', b'u', b'x'].map(group);
        assert!(follows(t, h) > 5.0 * single(h) && follows(q, u) > 5.0 * single(u));
        assert!(follows(t, x) < single(x) / 2.0 && single(t) > single(x));
    }
}

//! Networks with their lines. Takes networks, gives those that hold an address, the narrowest first.
//!
//! A trie laid flat: networks in the order of their first addresses, the wider before the narrower, each with the place
//! of the next wider one around it. A look-up is a binary search, first among every sixteenth, and a walk outwards. 17 bytes
//! a network of IPv4, 33 of IPv6: rows, since columns of 13 and 25 bytes touched four places of memory where these touch
//! two, and took 1.3 times as long.

use std::net::IpAddr;

use super::names::{Entry, Hit, Value};
use crate::input::Network;

/// Around it there is none.
const NONE: u32 = u32::MAX;

/// A network.
struct Row<A> {
    first: A,
    value: Value,
    /// The number of the row of the next wider one.
    around: u32,
    prefix: u8,
}

/// Networks of one family.
#[derive(Default)]
struct Family<A> {
    rows: Vec<Row<A>>,
    /// The first address of every sixteenth.
    coarse: Vec<A>,
}

const STEP: usize = 16;

/// Networks of both families.
#[derive(Default)]
pub(super) struct Networks {
    v4: Family<u32>,
    v6: Family<u128>,
}

/// Networks on their way in.
#[derive(Default)]
pub(super) struct Gathered {
    v4: Vec<(u32, u8, Value)>,
    v6: Vec<(u128, u8, Value)>,
}

impl Gathered {
    pub(super) fn push(&mut self, network: &Network, value: Value) {
        match network.address() {
            IpAddr::V4(first) => self.v4.push((first.into(), network.prefix(), value)),
            IpAddr::V6(first) => self.v6.push((first.into(), network.prefix(), value)),
        }
    }

    /// As [`names::Gathered::pages`](super::names::Gathered::pages).
    pub(super) fn compile(
        self,
        better: impl Fn(Value, Value) -> bool,
        mut twice: impl FnMut(Value, Value),
    ) -> Networks {
        Networks { v4: Family::new(self.v4, &better, &mut twice), v6: Family::new(self.v6, &better, &mut twice) }
    }
}

/// An address of a family.
trait Address: Copy + Ord {
    /// Its first bits, the others 0.
    fn masked(self, prefix: u8) -> Self;
}

impl Address for u32 {
    fn masked(self, prefix: u8) -> u32 {
        self & u32::MAX.checked_shl(32u32.saturating_sub(prefix.into())).unwrap_or(0)
    }
}

impl Address for u128 {
    fn masked(self, prefix: u8) -> u128 {
        self & u128::MAX.checked_shl(128u32.saturating_sub(prefix.into())).unwrap_or(0)
    }
}

impl<A: Address> Family<A> {
    fn new(
        mut all: Vec<(A, u8, Value)>,
        better: &impl Fn(Value, Value) -> bool,
        twice: &mut impl FnMut(Value, Value),
    ) -> Family<A> {
        all.sort_unstable();
        all.dedup_by(|other, counts| {
            let same = (other.0, other.1) == (counts.0, counts.1);
            if same {
                let wins = better(counts.2, other.2);
                twice(if wins { counts.2 } else { other.2 }, if wins { other.2 } else { counts.2 });
                counts.2 = if wins { other.2 } else { counts.2 };
            }
            same
        });
        let mut rows: Vec<Row<A>> = Vec::with_capacity(all.len());
        let mut open: Vec<(u32, A, u8)> = Vec::new();
        for (index, (first, prefix, value)) in (0u32..).zip(all) {
            while open.last().is_some_and(|(_, outer, outer_prefix)| first.masked(*outer_prefix) != *outer) {
                open.pop();
            }
            let around = open.last().map_or(NONE, |(index, ..)| *index);
            rows.push(Row { first, value, around, prefix });
            open.push((index, first, prefix));
        }
        Family { coarse: rows.iter().step_by(STEP).map(|row| row.first).collect(), rows }
    }

    /// The networks that hold the network `first`/`prefix`, the narrowest first.
    fn covering(&self, first: A, prefix: u8) -> impl Iterator<Item = (A, u8, Value)> {
        // The last one that begins at or before the address; those around it are the only ones that can hold it.
        let steps = self.coarse.partition_point(|begin| *begin <= first);
        let start = steps.saturating_sub(1).saturating_mul(STEP);
        let near = self.rows.get(start..start.saturating_add(STEP).min(self.rows.len())).unwrap_or_default();
        let before = start.saturating_add(near.partition_point(|row| row.first <= first));
        let mut at = u32::try_from(before).ok().and_then(|before| before.checked_sub(1));
        std::iter::from_fn(move || {
            let row = self.rows.get(at? as usize)?;
            at = (row.around != NONE).then_some(row.around);
            Some(row)
        })
        .filter(move |row| row.prefix <= prefix && first.masked(row.prefix) == row.first)
        .map(|row| (row.first, row.prefix, row.value))
    }

    fn all(&self) -> impl Iterator<Item = (A, u8, Value)> {
        self.rows.iter().map(|row| (row.first, row.prefix, row.value))
    }

    fn bytes(&self) -> usize {
        let rows = self.rows.len().saturating_mul(size_of::<Row<A>>());
        rows.saturating_add(self.coarse.len().saturating_mul(size_of::<A>()))
    }
}

impl Networks {
    pub(super) fn len(&self) -> usize {
        self.v4.rows.len().saturating_add(self.v6.rows.len())
    }

    /// Bytes in memory.
    pub(super) fn bytes(&self) -> usize {
        self.v4.bytes().saturating_add(self.v6.bytes())
    }

    /// Every network that holds `network`.
    pub(super) fn covering(&self, network: &Network) -> Vec<Hit> {
        match network.address() {
            IpAddr::V4(first) => self.v4(first.into(), network.prefix()),
            IpAddr::V6(first) => self.v6(first.into(), network.prefix()),
        }
    }

    /// Every network that holds an address.
    pub(super) fn holding(&self, ip: IpAddr) -> Vec<Hit> {
        match ip.to_canonical() {
            IpAddr::V4(ip) => self.v4(ip.into(), 32),
            IpAddr::V6(ip) => self.v6(ip.into(), 128),
        }
    }

    fn v4(&self, first: u32, prefix: u8) -> Vec<Hit> {
        let hit = |(first, prefix, value): (u32, u8, Value)| hit(IpAddr::V4(first.into()), prefix, value);
        self.v4.covering(first, prefix).map(hit).collect()
    }

    fn v6(&self, first: u128, prefix: u8) -> Vec<Hit> {
        let hit = |(first, prefix, value): (u128, u8, Value)| hit(IpAddr::V6(first.into()), prefix, value);
        self.v6.covering(first, prefix).map(hit).collect()
    }

    /// Hands each network of both to `each`, with its value here and there.
    pub(super) fn common(&self, other: &Networks, each: &mut dyn FnMut(&str, Value, Value)) {
        let mut both = |network: Option<(IpAddr, u8)>, here: Value| {
            let Some((address, prefix)) = network else { return };
            let there = match address {
                IpAddr::V4(first) => other.v4.covering(first.into(), prefix).next().map(|it| (it.1, it.2)),
                IpAddr::V6(first) => other.v6.covering(first.into(), prefix).next().map(|it| (it.1, it.2)),
            };
            if let Some((_, there)) = there.filter(|(width, _)| *width == prefix) {
                each(&format!("{address}/{prefix}"), here, there);
            }
        };
        self.v4.all().for_each(|(first, prefix, value)| both(Some((IpAddr::V4(first.into()), prefix)), value));
        self.v6.all().for_each(|(first, prefix, value)| both(Some((IpAddr::V6(first.into()), prefix)), value));
    }
}

fn hit(first: IpAddr, prefix: u8, value: Value) -> Hit {
    Hit { value, entry: Entry::Network(first, prefix), narrow: u16::from(prefix) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// Held against going through all networks; few bits, so that many lie in each other.
        #[test]
        fn the_same_networks_as_a_plain_search(
            networks in prop::collection::vec((0u32..256, 0u8..=8), 0..40),
            address in 0u32..256,
        ) {
            let wide = |(bits, prefix): (u32, u8)| ((bits << 24).masked(prefix), prefix);
            let mut gathered = Gathered::default();
            for (line, network) in (1u32..).zip(&networks) {
                let (first, prefix) = wide(*network);
                gathered.v4.push((first, prefix, Value::new(line, false)));
                let six = (u128::from(first) << 96).masked(prefix);
                gathered.v6.push((six, prefix, Value::new(line, false)));
            }
            let compiled = gathered.compile(|_, _| false, |_, _| {});
            let mut expected: Vec<(u8, u32)> = Vec::new();
            for (line, network) in (1u32..).zip(&networks) {
                let (first, prefix) = wide(*network);
                if (address << 24).masked(prefix) == first && !expected.iter().any(|it| it.0 == prefix) {
                    expected.push((prefix, line));
                }
            }
            expected.sort_unstable_by(|a, b| b.cmp(a));
            let four: Vec<_> = compiled.v4(address << 24, 32).iter().map(|it| (it.narrow as u8, it.value.line())).collect();
            let six: Vec<_> =
                compiled.v6(u128::from(address) << 120, 128).iter().map(|it| (it.narrow as u8, it.value.line())).collect();
            prop_assert_eq!(&four, &expected);
            prop_assert_eq!(&six, &expected);
        }
    }
}

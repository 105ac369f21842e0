//! Digests of files with their lines. Takes digests, gives the line of one.
//!
//! Digests are spread evenly, so that their first bits say where one stands: a table of where those of each beginning
//! start, then some eight digests side by side. Two places of memory are touched where halving a million takes twenty.

use super::names::Value;

type Row = ([u8; 32], Value);

/// SHA-256 digests, in order.
#[derive(Default)]
pub(super) struct Hashes {
    rows: Vec<Row>,
    /// How many bits of a digest's first 32 are not looked at.
    shift: u32,
    /// For each beginning, and one more, the number of its first row.
    starts: Vec<u32>,
}

impl Hashes {
    /// As [`names::Gathered::pages`](super::names::Gathered::pages).
    pub(super) fn compile(
        mut rows: Vec<Row>,
        better: impl Fn(Value, Value) -> bool,
        mut twice: impl FnMut(Value, Value),
    ) -> Hashes {
        rows.sort_unstable();
        rows.dedup_by(|other, counts| {
            let same = other.0 == counts.0;
            if same {
                let wins = better(counts.1, other.1);
                twice(if wins { counts.1 } else { other.1 }, if wins { other.1 } else { counts.1 });
                counts.1 = if wins { other.1 } else { counts.1 };
            }
            same
        });
        // A line is shorter than 2^31, so rows are fewer; see `Value`.
        rows.truncate(u32::MAX as usize);
        rows.shrink_to_fit();
        let bits = (rows.len() / 8).checked_ilog2().unwrap_or(0).saturating_add(1);
        let shift = 32u32.saturating_sub(bits);
        let mut starts = Vec::with_capacity((1usize << bits).saturating_add(1));
        let mut at = 0usize;
        for beginning in 0..1u32 << bits {
            while rows.get(at).is_some_and(|(digest, _)| first(digest) >> shift < beginning) {
                at = at.saturating_add(1);
            }
            starts.push(at as u32);
        }
        starts.push(rows.len() as u32);
        Hashes { rows, shift, starts }
    }

    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// In memory.
    pub(super) fn bytes(&self) -> usize {
        let rows = self.rows.len().saturating_mul(size_of::<Row>());
        rows.saturating_add(self.starts.len().saturating_mul(4))
    }

    pub(super) fn get(&self, digest: &[u8; 32]) -> Option<Value> {
        let beginning = (first(digest) >> self.shift) as usize;
        let (start, end) = (self.starts.get(beginning)?, self.starts.get(beginning.saturating_add(1))?);
        let near = self.rows.get(*start as usize..*end as usize)?;
        let found = near.binary_search_by_key(&digest, |(known, _)| known).ok()?;
        near.get(found).map(|(_, value)| *value)
    }
}

fn first(digest: &[u8; 32]) -> u32 {
    digest.first_chunk::<4>().map_or(0, |bytes| u32::from_be_bytes(*bytes))
}

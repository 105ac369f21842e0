//! In how many messages of each class each slot was seen, packed as the model file has them: a model keeps hundreds of
//! thousands, and looks at them only to be made and to be explained.

use super::features::{read_variable, variable};
use super::hash::SLOT_BITS;

/// In how many messages of each class each slot was seen; only slots that were.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counts {
    /// For each slot, ascending: the gap to the one before, ham, spam.
    packed: Box<[u8]>,
    len: u32,
}

impl Counts {
    /// From slot, ham and spam, in ascending order of the slots.
    pub(super) fn new(entries: impl IntoIterator<Item = (u32, u32, u32)>) -> Counts {
        let (mut packed, mut len, mut before) = (Vec::new(), 0, 0);
        for (slot, ham, spam) in entries {
            for number in [slot - before, ham, spam] {
                variable(number, &mut packed);
            }
            before = slot;
            len += 1;
        }
        Counts { packed: packed.into(), len }
    }

    /// Reads so many entries, and gives what is behind them.
    pub(super) fn read(len: u32, bytes: &[u8]) -> Result<(Counts, &[u8]), String> {
        let mut rest = bytes;
        let mut slot = 0u32;
        for number in 0..len {
            let mut next =
                || read_variable(&mut rest).ok_or("the model file breaks off, or has a count that is too large");
            let (gap, _, _) = (next()?, next()?, next()?);
            slot = slot.checked_add(gap).filter(|slot| *slot >> SLOT_BITS == 0).ok_or("a slot beyond the table")?;
            if gap == 0 && number > 0 {
                return Err("a slot twice in the model file".into());
            }
        }
        let packed = bytes.get(..bytes.len() - rest.len()).unwrap_or_default();
        Ok((Counts { packed: packed.into(), len }, rest))
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.packed
    }

    /// How many slots were seen.
    pub(super) fn len(&self) -> u32 {
        self.len
    }

    /// Slot, ham and spam, ascending.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32, u32)> {
        let mut rest = &*self.packed;
        let mut slot = 0u32;
        std::iter::from_fn(move || {
            slot = slot.saturating_add(read_variable(&mut rest)?);
            Some((slot, read_variable(&mut rest)?, read_variable(&mut rest)?))
        })
    }

    /// Ham and spam of each of some slots, which are in ascending order.
    pub(super) fn of(&self, slots: impl IntoIterator<Item = u32>) -> Vec<(u32, u32)> {
        let mut entries = self.iter().peekable();
        let count = |slot: u32| {
            while entries.next_if(|(it, _, _)| *it < slot).is_some() {}
            entries.peek().filter(|(it, _, _)| *it == slot).map_or((0, 0), |(_, ham, spam)| (*ham, *spam))
        };
        slots.into_iter().map(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_of_slots() {
        let counts = Counts::new([(3, 1, 0), (4, 2, 5), (900, 0, 7)]);
        assert_eq!(counts.of([0, 3, 3, 5, 900, 901]), [(0, 0), (1, 0), (1, 0), (0, 0), (0, 7), (0, 0)]);
        assert_eq!(counts.iter().count(), 3);
    }
}

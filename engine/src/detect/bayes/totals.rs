//! In how many messages of each class each slot was seen, ready to be added to.

use super::counts::Counts;
use super::features::Slot;
use super::file::Parameters;
use super::hash::SLOT_BITS;
use super::ratio::{Ratio, Sums, damping, sum};
use crate::label::Label;

/// Messages of each class by slot.
#[derive(Clone, Debug)]
pub(super) struct Totals {
    ham: Vec<u32>,
    spam: Vec<u32>,
    sums: Sums,
    /// Messages of ham and of spam.
    pub(super) messages: [u32; 2],
}

impl Totals {
    pub(super) fn new() -> Totals {
        let none = || vec![0; 1 << SLOT_BITS];
        Totals { ham: none(), spam: none(), sums: Sums::default(), messages: [0, 0] }
    }

    /// Goes on from counts.
    pub(super) fn from_counts(counts: &Counts, messages: [u32; 2]) -> Totals {
        let mut totals = Totals { messages, sums: Sums::of(counts), ..Totals::new() };
        for (slot, ham, spam) in counts.iter() {
            for (table, count) in [(&mut totals.ham, ham), (&mut totals.spam, spam)] {
                if let Some(entry) = table.get_mut(slot as usize) {
                    *entry = count;
                }
            }
        }
        totals
    }

    /// Learns a message of these slots.
    pub(super) fn add(&mut self, slots: &[Slot], label: Label) {
        self.change(slots, label, |count| count.saturating_add(1));
    }

    /// Forgets one that was learned.
    pub(super) fn remove(&mut self, slots: &[Slot], label: Label) {
        self.change(slots, label, |count| count.saturating_sub(1));
    }

    fn change(&mut self, slots: &[Slot], label: Label, by: impl Fn(u32) -> u32) {
        let (table, other, sum) = match label {
            Label::Ham => (&mut self.ham, &self.spam, &mut self.sums.ham),
            Label::Spam => (&mut self.spam, &self.ham, &mut self.sums.spam),
        };
        if let Some(messages) = self.messages.get_mut(usize::from(label == Label::Spam)) {
            *messages = by(*messages);
        }
        for slot in slots {
            let (Some(count), Some(other)) = (table.get_mut(slot.number() as usize), other.get(slot.number() as usize))
            else {
                continue;
            };
            let after = by(*count);
            *sum += f64::from(after) - f64::from(*count);
            if *other == 0 {
                self.sums.distinct += f64::from(u8::from(after > 0)) - f64::from(u8::from(*count > 0));
            }
            *count = after;
        }
    }

    /// Halves all counts: what was learned long ago counts less than what is learned from now on. Odd counts are rounded
    /// up in every other slot, so that rare tokens fade as well.
    pub(super) fn halve(&mut self) {
        for table in [&mut self.ham, &mut self.spam] {
            for (slot, count) in table.iter_mut().enumerate() {
                *count = (*count).div_euclid(2) + (*count & 1 & u32::from(slot & 1 == 0));
            }
        }
        self.messages = self.messages.map(|messages| messages / 2);
        self.sums = Sums::of(&self.counts());
    }

    pub(super) fn ratio(&self, parameters: &Parameters) -> Ratio {
        Ratio::new(parameters, &self.sums)
    }

    /// The score of a message of these slots, not calibrated, and how many of them counted.
    pub(super) fn score(&self, parameters: &Parameters, slots: &[Slot]) -> (f64, u32) {
        let ratio = self.ratio(parameters);
        let ratios = slots.iter().map(|slot| {
            let count = |table: &Vec<u32>| table.get(slot.number() as usize).copied().unwrap_or(0);
            (slot.is_text(), ratio.of(count(&self.ham), count(&self.spam)))
        });
        let mut total = 0.0;
        let used = sum(ratios, &mut Vec::new(), |ratio| total += ratio);
        (total / damping(parameters, used), used)
    }

    pub(super) fn counts(&self) -> Counts {
        let both = self.ham.iter().zip(&self.spam).zip(0u32..);
        Counts::new(
            both.filter(|((ham, spam), _)| **ham > 0 || **spam > 0).map(|((ham, spam), slot)| (slot, *ham, *spam)),
        )
    }
}

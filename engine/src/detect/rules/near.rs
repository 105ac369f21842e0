//! Where a match of a pattern could lie, seen from what of it was noted: nearly always it does not, and the bytes there say so for
//! less than a search. Takes trees, texts and places, gives yes or no.

use std::sync::OnceLock;

use regex_syntax::hir::Hir;

use super::reading::{self, Needed};
use crate::text::patterns::{May, Probe, bytewise, coarse, unfolded};
use crate::text::sequences::Ahead;

/// Beginnings of a match that are tried one by one.
const MOST_BEGINNINGS: usize = 6;
/// A pattern of more states is not followed.
const LARGEST: u64 = 20_000;
/// Longer than any literal or sequence that is noted.
const LONGEST_NOTED: usize = 64;

/// Where matches lie; by itself, anywhere.
#[derive(Debug, Default)]
pub(super) struct Near {
    /// So many bytes of a match stand before what was noted at most.
    most: Option<u32>,
    /// What can be followed begins so many bytes before it, at least and at most, where these are few.
    from: Option<(u32, u32)>,
    /// It is not the whole pattern, but its tail.
    is_tail: bool,
    probe: OnceLock<Option<Box<Probe>>>,
}

impl Near {
    pub(super) fn of(needed: &Needed) -> Near {
        let few = |ahead: Ahead| {
            let (least, most) = ahead.filter(|(least, most)| needed.times == 1 && most - least < MOST_BEGINNINGS)?;
            u32::try_from(least).ok().zip(u32::try_from(most).ok())
        };
        let (begins, tail) = (few(needed.ahead), few(needed.tail_ahead));
        let most = needed.ahead.and_then(|(_, most)| u32::try_from(most).ok());
        Near { most, from: begins.or(tail), is_tail: begins.is_none(), probe: OnceLock::new() }
    }

    /// Whether the bytes around what was noted can be asked, and what asks them is still to be made.
    pub(super) fn is_new(&self) -> bool {
        self.from.is_some() && self.probe.get().is_none()
    }

    /// Whether the bytes around what was noted can be asked.
    pub(super) fn tells(&self) -> bool {
        self.from.is_some()
    }

    /// Where a match may begin at the earliest that has what was noted and ends at a place, or anything that ends behind it.
    pub(super) fn first(&self, end: usize) -> usize {
        self.most.map_or(0, |most| end.saturating_sub(LONGEST_NOTED.saturating_add(most as usize)))
    }

    /// Makes what asks the bytes around what was noted, if it is not made yet.
    pub(super) fn prepare(&self, hir: impl FnOnce() -> Option<Hir>) {
        self.probe.get_or_init(|| {
            let hir = unfolded(&hir()?);
            if coarse::size(&hir) > LARGEST {
                return None;
            }
            let part = if self.is_tail { reading::needed(&hir, true).tail.hirs().0 } else { hir };
            Probe::of_coarse(&bytewise(&coarse::of(&part))).map(Box::new)
        });
    }

    /// Whether a match may have what was noted at a place; and how many bytes were read.
    pub(super) fn may_match(&self, text: &[u8], start: usize, hir: impl FnOnce() -> Option<Hir>) -> (bool, usize) {
        let Some((least, most)) = self.from else { return (true, 0) };
        let Some(last) = start.checked_sub(least as usize) else { return (false, 0) };
        if self.probe.get().is_none() {
            self.prepare(hir);
        }
        let Some(Some(probe)) = self.probe.get() else { return (true, 0) };
        let mut read = 0usize;
        for place in start.saturating_sub(most as usize)..=last {
            let (may, bytes) = probe.at(text, place, false);
            read = read.saturating_add(bytes).saturating_add(1);
            if may != May::Not {
                return (true, read);
            }
        }
        (false, read)
    }
}

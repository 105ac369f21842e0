//! What openers give back: children and defects; and the room that a container may unpack to.

use std::io::Read;

use crate::defect::DefectKind;
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::Place;
use crate::text::names::bounded;

/// What an opener found inside of a container.
#[derive(Debug, Default)]
pub(super) struct Opened {
    pub(super) children: Vec<Child>,
    pub(super) defects: Vec<DefectKind>,
}

/// One thing inside of a container.
#[derive(Debug)]
pub(super) struct Child {
    /// As the container names it, every way that it does, the likeliest first; empty where it does not.
    pub(super) names: Vec<String>,
    /// Unpacked; `None` where that could not be done.
    pub(super) bytes: Option<Vec<u8>>,
    /// As the container states it, where it could not be unpacked.
    pub(super) size: u64,
    pub(super) encrypted: bool,
    /// A limit cut it: there was more of it.
    pub(super) cut: bool,
}

impl Child {
    /// A file as it was unpacked.
    pub(super) fn unpacked(name: String, bytes: Vec<u8>, cut: bool) -> Child {
        let names = if name.is_empty() { Vec::new() } else { vec![bounded(name)] };
        Child { names, size: bytes.len() as u64, bytes: Some(bytes), encrypted: false, cut }
    }

    /// A file that could not be unpacked, and its size as stated.
    pub(super) fn closed(name: String, size: u64, encrypted: bool) -> Child {
        let names = if name.is_empty() { Vec::new() } else { vec![bounded(name)] };
        Child { names, bytes: None, size, encrypted, cut: false }
    }
}

/// How many bytes a container may still unpack to: what the message has left, and its own ratio.
pub(super) struct Room {
    pub(super) left: u64,
    by_ratio: bool,
}

impl Room {
    /// The room of a container of `packed` bytes.
    pub(super) fn of(budget: &Budget<'_>, packed: usize) -> Room {
        let ratio = (packed as u64).saturating_mul(u64::from(budget.limits.ratio)).max(1 << 20);
        Room { left: ratio.min(budget.bytes_left()), by_ratio: ratio < budget.bytes_left() }
    }

    /// Reads a child as far as the room goes, and pays for it. The first flag says that its source broke off, the
    /// second that it was cut because it has more bytes than the room, which is noted.
    pub(super) fn read(
        &mut self,
        source: &mut dyn Read,
        budget: &mut Budget<'_>,
        place: &Place,
    ) -> (Vec<u8>, bool, bool) {
        let mut bytes = Vec::new();
        let broken = source.take(self.left.saturating_add(1)).read_to_end(&mut bytes).is_err();
        let cut = bytes.len() as u64 > self.left;
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let all = bytes.len() as u64;
        bytes.truncate(left);
        self.pay(budget, all, place);
        (bytes, broken, cut)
    }

    /// Pays for a child's bytes from room and budget; false, and noted, when there are more than the room has.
    pub(super) fn pay(&mut self, budget: &mut Budget<'_>, bytes: u64, place: &Place) -> bool {
        let fits = bytes <= self.left;
        let paid = bytes.min(self.left);
        self.left -= paid;
        budget.spend_bytes(paid);
        if !fits && self.by_ratio {
            let explanation = format!("it unpacks to more than {} times its size", budget.limits.ratio);
            budget.note(Limit::Ratio, place.clone(), explanation);
        } else if !fits {
            let explanation = format!("the message unpacks to more than {} bytes", budget.limits.unpacked_bytes);
            budget.note_once(Limit::Bytes, || place.clone(), explanation);
        }
        budget.work(paid, || place.clone()) && fits
    }

    /// A child of bytes that are unpacked already, cut to the room and paid for, and whether there may be more of them. `more`
    /// says that there were more bytes than these.
    pub(super) fn child(
        &mut self,
        name: String,
        mut bytes: Vec<u8>,
        more: bool,
        budget: &mut Budget<'_>,
        place: &Place,
    ) -> (Child, bool) {
        let all = (bytes.len() as u64).saturating_add(u64::from(more));
        bytes.truncate(usize::try_from(self.left).unwrap_or(usize::MAX));
        let cut = bytes.len() as u64 != all;
        let go_on = self.pay(budget, all, place);
        (Child::unpacked(name, bytes, cut), go_on)
    }
}

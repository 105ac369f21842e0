//! Handles: numbers that look like pointers. Takes objects, gives handles, and for a handle its object; never
//! dereferences what the caller hands in, so that a handle that was freed, was never made or is of another kind is an
//! error, and no crash.
//!
//! A number is kind, generation and slot. A slot that is used again has another generation, so that an old handle does
//! not find the new object.

use std::collections::VecDeque;
use std::sync::{Arc, PoisonError, RwLock};

/// Bits of the slot's number; half of a pointer.
const SLOT_BITS: u32 = usize::BITS / 2;
/// Bits of the kind, the highest ones.
const KIND_BITS: u32 = 4;
const GENERATIONS: usize = 1 << (usize::BITS - SLOT_BITS - KIND_BITS);
const MOST_SLOTS: usize = 1 << SLOT_BITS;

/// All objects of one kind.
pub(crate) struct Registry<T> {
    kind: usize,
    slots: RwLock<Slots<T>>,
}

struct Slots<T> {
    all: Vec<Slot<T>>,
    /// In the order in which they became free, so that a number comes back as late as it can.
    free: VecDeque<usize>,
}

struct Slot<T> {
    generation: usize,
    object: Option<Arc<T>>,
}

impl<T> Registry<T> {
    /// `kind` is from 1 to 15, another one for each registry.
    pub(crate) const fn new(kind: usize) -> Registry<T> {
        Registry { kind, slots: RwLock::new(Slots { all: Vec::new(), free: VecDeque::new() }) }
    }

    /// A handle for an object; none where there are too many.
    pub(crate) fn insert<H>(&self, object: T) -> Option<*mut H> {
        self.share(Arc::new(object))
    }

    /// One more handle for an object that has some.
    pub(crate) fn share<H>(&self, object: Arc<T>) -> Option<*mut H> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let number = match slots.free.pop_front() {
            Some(number) => number,
            None if slots.all.len() < MOST_SLOTS => {
                slots.all.push(Slot { generation: 0, object: None });
                slots.all.len() - 1
            }
            None => return None,
        };
        let slot = slots.all.get_mut(number)?;
        slot.object = Some(object);
        let high = (self.kind << (usize::BITS - SLOT_BITS - KIND_BITS)) | slot.generation;
        Some(std::ptr::without_provenance_mut((high << SLOT_BITS) | number))
    }

    /// A handle's object.
    pub(crate) fn get<H>(&self, handle: *const H) -> Option<Arc<T>> {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        let (number, generation) = self.parts(handle)?;
        slots.all.get(number).filter(|slot| slot.generation == generation)?.object.clone()
    }

    /// Ends a handle, and gives its object.
    pub(crate) fn remove<H>(&self, handle: *const H) -> Option<Arc<T>> {
        let mut slots = self.slots.write().unwrap_or_else(PoisonError::into_inner);
        let (number, generation) = self.parts(handle)?;
        let slot = slots.all.get_mut(number).filter(|slot| slot.generation == generation)?;
        let object = slot.object.take()?;
        slot.generation = (slot.generation + 1) % GENERATIONS;
        // On 64 bits a slot ends before its numbers begin again: no stale handle ever finds another object.
        if slot.generation != 0 || usize::BITS < 64 {
            slots.free.push_back(number);
        }
        Some(object)
    }

    /// How many handles were not freed.
    #[cfg(any(test, feature = "fuzzing"))]
    pub(crate) fn live(&self) -> usize {
        let slots = self.slots.read().unwrap_or_else(PoisonError::into_inner);
        slots.all.iter().filter(|slot| slot.object.is_some()).count()
    }

    fn parts<H>(&self, handle: *const H) -> Option<(usize, usize)> {
        let address = handle.addr();
        let high = address >> SLOT_BITS;
        let kind = high >> (usize::BITS - SLOT_BITS - KIND_BITS);
        (kind == self.kind).then_some((address & (MOST_SLOTS - 1), high & (GENERATIONS - 1)))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    struct Opaque;

    #[test]
    fn a_handle_finds_its_object_until_it_is_removed_and_never_another() {
        let registry: Registry<u32> = Registry::new(3);
        let other: Registry<u32> = Registry::new(4);
        let first: *mut Opaque = registry.insert(1).unwrap();
        assert!(!first.is_null());
        assert_eq!(registry.get(first).as_deref(), Some(&1));
        assert!(other.get(first).is_none() && registry.get(std::ptr::null::<Opaque>()).is_none());
        assert_eq!(registry.remove(first).as_deref(), Some(&1));
        assert!(registry.get(first).is_none() && registry.remove(first).is_none());
        // The slot is used again, by another number.
        let second: *mut Opaque = registry.insert(2).unwrap();
        assert_ne!(first, second);
        assert!(registry.get(first).is_none());
        assert_eq!(registry.get(second).as_deref(), Some(&2));
    }
}

//! Words that files give, by a hash that takes few instructions a byte. What senders write is looked up among them and never becomes
//! one of them, so that no sender can make words collide.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

pub(super) type Words = HashSet<String, BuildHasherDefault<Fnv>>;
pub(super) type WordMap<T> = HashMap<String, T, BuildHasherDefault<Fnv>>;

/// FNV-1a.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fnv(u64);

impl Default for Fnv {
    fn default() -> Fnv {
        Fnv(0xCBF2_9CE4_8422_2325)
    }
}

impl Hasher for Fnv {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

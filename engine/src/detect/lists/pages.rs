//! Keys with their values, laid out so that a look-up in millions touches two or three places of memory: that, and not
//! arithmetic, is what it costs. Takes keys in order; gives for a text those of its beginnings that are keys, the longest
//! first.
//!
//! A trie of which no node is stored. Which beginnings of a text can be keys at all is known to the caller: those that end
//! with a label, an `@`, a segment of a path. Each is looked up by the hash of the whole way to it, all of them together rather
//! than node by node, so that the processor waits for memory once. What is found there is a page of eight keys, each
//! written as what it does not share with the key before it, with its value.
//!
//! Most look-ups find nothing. Among a million domains those take 0.20 us of CPU, where a transducer over the pages took 0.72,
//! and one that finds something 0.66 instead of 0.83, at the same load and with 0.16 us for one place of memory
//! (`tamis-bench lists`, medians of three). Marks that lie in one line of the caches with where the pages start save another sixth of
//! that. Pages of one or two keys save a tenth of a hit and cost 11 or 5 bytes a key.

use std::hash::{BuildHasher, RandomState};

use super::names::Value;

/// Keys of a page.
const PAGE: u32 = 8;
/// Slots of a bucket, which is one line of the processor's caches.
const BUCKET: usize = 10;
/// Slots for each hundred keys. With fewer, more buckets are full, and the next one has to be looked at.
const SLOTS: usize = 140;
/// Beginnings of a text that are looked up together.
const TOGETHER: usize = 16;

/// Keys of like hashes.
#[derive(Clone, Default)]
#[repr(align(64))]
struct Bucket {
    /// Of each key some bits of its hash, 0 where there is none: all that most look-ups need.
    marks: [u16; BUCKET],
    /// Where the page of each key starts.
    starts: [u32; BUCKET],
}

/// Keys with values.
#[derive(Default)]
pub(super) struct Pages {
    buckets: Vec<Bucket>,
    bytes: Vec<u8>,
    count: u32,
    /// Length of the longest key, in bytes: longer beginnings need no look.
    longest: usize,
    /// Where hashes begin, so that nobody can choose names whose hashes are alike.
    seed: u64,
}

/// Lengths and values of the keys that a text begins with, the shortest first. It is rare that there are more than a few, and memory
/// of the heap for them takes a tenth of a look-up.
#[derive(Default)]
struct Found {
    few: [(usize, Value); 4],
    count: usize,
    more: Vec<(usize, Value)>,
}

impl Found {
    fn push(&mut self, it: (usize, Value)) {
        match self.few.get_mut(self.count) {
            Some(free) => {
                *free = it;
                self.count = self.count.saturating_add(1);
            }
            None => self.more.push(it),
        }
    }
}

/// Pages while they are written.
#[derive(Default)]
pub(super) struct Builder {
    pages: Pages,
    last: Vec<u8>,
}

/// An entry as it stands in a page.
struct Entry<'p> {
    /// Bytes that it has in common with the one before it.
    shared: usize,
    rest: &'p [u8],
    value: Value,
}

impl Builder {
    /// Adds a key, which is above all before it; false where there is no more room (4 GiB).
    pub(super) fn push(&mut self, key: &[u8], value: Value) -> bool {
        let pages = &mut self.pages;
        let Some(count) = pages.count.checked_add(1).filter(|_| u32::try_from(pages.bytes.len()).is_ok()) else {
            return false;
        };
        let shared = if pages.count.is_multiple_of(PAGE) { 0 } else { common(&self.last, key) };
        let rest = key.get(shared..).unwrap_or_default();
        write(&mut pages.bytes, u32::try_from(shared).unwrap_or(u32::MAX));
        write(&mut pages.bytes, u32::try_from(rest.len()).unwrap_or(u32::MAX));
        write(&mut pages.bytes, value.0);
        pages.bytes.extend_from_slice(rest);
        pages.count = count;
        pages.longest = pages.longest.max(key.len());
        self.last.clear();
        self.last.extend_from_slice(key);
        true
    }

    pub(super) fn finish(self) -> Pages {
        let mut pages = self.pages;
        pages.bytes.shrink_to_fit();
        pages.seed = RandomState::new().hash_one(0);
        let slots = (pages.count as usize).saturating_mul(SLOTS) / 100;
        let mut buckets = vec![Bucket::default(); slots.div_ceil(BUCKET).max(1)];
        let count = buckets.len();
        pages.each_with_page(|page, key, _| {
            let (mut at, mark) = spot(Hashes::new(pages.seed, key).of(key.len()), count);
            // There are more slots than keys, so that one is free.
            while let Some(Bucket { marks, starts }) = buckets.get_mut(at) {
                if let Some((free, start)) = marks.iter_mut().zip(starts).find(|(mark, _)| **mark == 0) {
                    (*free, *start) = (mark, page);
                    break;
                }
                at = after(at, count);
            }
        });
        pages.buckets = buckets;
        pages
    }
}

impl Pages {
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    /// In memory, in bytes.
    pub(super) fn size(&self) -> usize {
        self.buckets.len().saturating_mul(size_of::<Bucket>()).saturating_add(self.bytes.len())
    }

    /// Hands the length and the value of each key that `text` begins with to `each`, the longest first. `ends` gives the
    /// lengths that a key may have, in order; it is not asked beyond the longest key.
    #[inline]
    pub(super) fn beginning(&self, text: &[u8], ends: impl Iterator<Item = usize>, mut each: impl FnMut(usize, Value)) {
        let mut hashes = Hashes::new(self.seed, text);
        let mut found = Found::default();
        let mut together = [(0usize, 0u64); TOGETHER];
        let mut count = 0usize;
        for end in ends.take_while(|end| *end <= self.longest) {
            if count == TOGETHER {
                self.find_all(text, &together, &mut found);
                count = 0;
            }
            if let Some(free) = together.get_mut(count) {
                *free = (end, hashes.of(end));
                count = count.saturating_add(1);
            }
        }
        self.find_all(text, together.get(..count).unwrap_or_default(), &mut found);
        let few = found.few.iter().take(found.count);
        for (length, value) in found.more.iter().rev().chain(few.rev()) {
            each(*length, *value);
        }
    }

    /// Looks beginnings of a text up, given their lengths and hashes.
    fn find_all(&self, text: &[u8], beginnings: &[(usize, u64)], found: &mut Found) {
        // First all marks, since nothing here depends on what was read before, and then the few that are worth a look.
        let mut worth = [false; TOGETHER];
        for (worth, (_, hash)) in worth.iter_mut().zip(beginnings) {
            let (at, mark) = spot(*hash, self.buckets.len());
            let Some(Bucket { marks, .. }) = self.buckets.get(at) else { return };
            // The last slot is taken last: with it a bucket may go on in the next one.
            *worth = marks.iter().fold(false, |any, it| any | (*it == mark)) | (marks.last() != Some(&0));
        }
        for ((length, hash), worth) in beginnings.iter().zip(worth) {
            if worth && let Some(value) = text.get(..*length).and_then(|key| self.find(key, *hash)) {
                found.push((*length, value));
            }
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Option<Value> {
        self.find(key, Hashes::new(self.seed, key).of(key.len()))
    }

    /// Hands every key to `each`, in order.
    pub(super) fn each(&self, mut each: impl FnMut(&[u8], Value)) {
        self.each_with_page(|_, key, value| each(key, value));
    }

    fn each_with_page(&self, mut each: impl FnMut(u32, &[u8], Value)) {
        let mut rest = self.bytes.as_slice();
        let mut key = Vec::new();
        let mut page = 0u32;
        for number in 0..self.count {
            if number.is_multiple_of(PAGE) {
                page = u32::try_from(self.bytes.len().saturating_sub(rest.len())).unwrap_or(u32::MAX);
            }
            let Some(entry) = read(&mut rest) else { return };
            key.truncate(entry.shared);
            key.extend_from_slice(entry.rest);
            each(page, &key, entry.value);
        }
    }

    /// The value of a key with this hash.
    fn find(&self, key: &[u8], hash: u64) -> Option<Value> {
        let (first, mark) = spot(hash, self.buckets.len());
        let mut at = first;
        loop {
            let Bucket { marks, starts } = self.buckets.get(at)?;
            for (other, start) in marks.iter().zip(starts) {
                if *other == mark
                    && let Some(value) = self.on_page(*start, key)
                {
                    return Some(value);
                }
            }
            at = after(at, self.buckets.len());
            if marks.contains(&0) || at == first {
                return None;
            }
        }
    }

    /// The value of a key, if it is on the page that starts there.
    fn on_page(&self, start: u32, key: &[u8]) -> Option<Value> {
        let mut rest = self.bytes.get(start as usize..)?;
        // How much of the key the entry before begins with.
        let mut same = 0usize;
        for _ in 0..PAGE {
            let entry = read(&mut rest)?;
            if entry.shared < same {
                return None;
            }
            if entry.shared == same {
                let left = key.get(same..).unwrap_or_default();
                let more = common(left, entry.rest);
                if more == left.len() && more == entry.rest.len() {
                    return Some(entry.value);
                }
                same = same.saturating_add(more);
            }
        }
        None
    }
}

/// Hashes of the beginnings of a text, of which each takes up where the one before ended. Eight bytes at a time: byte by
/// byte the hashes of a URL took 80 ns.
struct Hashes<'t> {
    text: &'t [u8],
    /// How much of the text went into `hash`, a multiple of eight bytes.
    taken: usize,
    hash: u64,
}

impl Hashes<'_> {
    fn new(seed: u64, text: &[u8]) -> Hashes<'_> {
        Hashes { text, taken: 0, hash: seed }
    }

    /// The hash of the first `end` bytes; `end` grows from call to call.
    #[inline]
    fn of(&mut self, end: usize) -> u64 {
        while let Some(next) = self.taken.checked_add(8).filter(|next| *next <= end) {
            self.hash = folded(self.hash ^ self.word());
            self.taken = next;
        }
        let bits = end.saturating_sub(self.taken).saturating_mul(8) as u32;
        let rest = self.word() & !u64::MAX.checked_shl(bits).unwrap_or(0);
        // The length tells a text from the same one with zeros behind it.
        folded(folded(self.hash ^ rest) ^ end as u64)
    }

    /// The next eight bytes of the text, with zeros behind its end.
    #[inline]
    fn word(&self) -> u64 {
        let rest = self.text.get(self.taken..).unwrap_or_default();
        if let Some(word) = rest.first_chunk::<8>() {
            return u64::from_le_bytes(*word);
        }
        rest.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte))
    }
}

/// The two halves of a product: each bit of the number moves bits everywhere.
#[inline]
fn folded(number: u64) -> u64 {
    let product = u128::from(number ^ 0x9e37_79b9_7f4a_7c15).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    product as u64 ^ (product >> 64) as u64
}

/// In which of `buckets` buckets a hash belongs, and the mark that it leaves there.
#[inline]
fn spot(hash: u64, buckets: usize) -> (usize, u16) {
    let at = (hash >> 32).wrapping_mul(buckets as u64) >> 32;
    (at as usize, (hash as u16).max(1))
}

/// The bucket behind one.
fn after(at: usize, buckets: usize) -> usize {
    let next = at.saturating_add(1);
    if next < buckets { next } else { 0 }
}

fn common(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}

/// Seven bits a byte, the lowest first.
fn write(bytes: &mut Vec<u8>, mut number: u32) {
    while number > 0x7f {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn number(rest: &mut &[u8]) -> Option<u32> {
    let (mut number, mut shift) = (0u32, 0u32);
    loop {
        let (first, after) = rest.split_first()?;
        *rest = after;
        number |= u32::from(first & 0x7f).checked_shl(shift)?;
        if *first < 0x80 {
            return Some(number);
        }
        shift = shift.saturating_add(7);
    }
}

#[inline]
fn read<'p>(rest: &mut &'p [u8]) -> Option<Entry<'p>> {
    let shared = number(rest)? as usize;
    let length = number(rest)? as usize;
    let value = Value(number(rest)?);
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(Entry { shared, rest: text, value })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn pages(keys: &BTreeMap<Vec<u8>, u32>) -> Pages {
        let mut builder = Builder::default();
        assert!(keys.iter().all(|(key, value)| builder.push(key, Value(*value))));
        builder.finish()
    }

    #[test]
    fn none_and_the_empty_key() {
        let mut found = Vec::new();
        Pages::default().beginning(b"a", 0..=1, |length, _| found.push(length));
        pages(&BTreeMap::new()).beginning(b"a", 0..=1, |length, _| found.push(length));
        assert!(found.is_empty());
        pages(&BTreeMap::from([(Vec::new(), 7)])).beginning(b"a", 0..=1, |length, _| found.push(length));
        assert_eq!(found, [0]);
    }

    proptest! {
        /// Held against going through all keys; few letters, so that many begin with each other and pages end anywhere.
        #[test]
        fn the_same_keys_as_a_plain_search(
            keys in prop::collection::vec("[a-c]{0,6}|[ab]{0,40}|a{0,30}", 0..200),
            texts in prop::collection::vec("[a-d]{0,8}|[ab]{0,40}|a{0,40}", 20),
        ) {
            let keys: BTreeMap<Vec<u8>, u32> =
                keys.into_iter().enumerate().map(|(at, key)| (key.into_bytes(), at as u32 * 77_777)).collect();
            let pages = pages(&keys);
            for text in texts.iter().map(|it| it.as_bytes()).chain(keys.keys().map(|it| it.as_slice())) {
                let mut found = Vec::new();
                pages.beginning(text, (0..=text.len()).filter(|it| it % 7 != 5), |length, value| found.push((length, value.0)));
                let expected: Vec<_> = (0..=text.len())
                    .rev()
                    .filter(|length| length % 7 != 5)
                    .filter_map(|length| keys.get(&text[..length]).map(|value| (length, *value)))
                    .collect();
                prop_assert_eq!(found, expected);
                prop_assert_eq!(pages.get(text).map(|it| it.0), keys.get(text).copied());
            }
            let mut all = BTreeMap::new();
            pages.each(|key, value| { all.insert(key.to_vec(), value.0); });
            prop_assert_eq!(all, keys);
        }
    }
}

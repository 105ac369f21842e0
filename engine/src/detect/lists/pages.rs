//! Sorted keys with their values, laid out so that a look-up in millions touches few places of memory: that, and not
//! arithmetic, is what it costs. Takes keys in order; gives for a text the keys that it begins with, the longest first.
//!
//! A trie in two layers. Above, a finite-state transducer (`fst`) over what tells one page from the next, small enough to
//! stay in the processor's caches. Below, pages of eight keys, each written as what it does not share with the key
//! before it, with its value and the way to the longest key that it begins with: where one key of a chain is found, the
//! others are, too. A transducer over all keys goes through a place of memory a letter: among a million keys a hit took
//! 1.3 us of CPU, where this takes 0.8 (`tamis-bench lists`, both at the same load).

use fst::raw::{Node, Output};
use fst::{Map, MapBuilder};

use super::names::Value;

/// Keys of a page.
const PAGE: u32 = 8;

/// Keys with values.
#[derive(Default)]
pub(super) struct Pages {
    /// For each page the shortest text that is above the last key before it; its value is the page's number.
    index: Map<Vec<u8>>,
    /// Where pages begin.
    starts: Vec<u32>,
    bytes: Vec<u8>,
    count: u32,
}

/// Pages while they are written.
pub(super) struct Builder {
    index: MapBuilder<Vec<u8>>,
    pages: Pages,
    last: Vec<u8>,
    /// The keys that the last one begins with, and itself: their numbers and lengths.
    open: Vec<(u32, usize)>,
}

/// An entry as it stands in a page.
struct Entry<'p> {
    /// Bytes that it has in common with the one before it.
    shared: usize,
    rest: &'p [u8],
    value: Value,
    /// How many entries before it the longest key stands that it begins with; 0 where there is none.
    back: u32,
}

impl Entry<'_> {
    fn length(&self) -> usize {
        self.shared.saturating_add(self.rest.len())
    }
}

impl Builder {
    pub(super) fn new() -> Builder {
        Builder { index: MapBuilder::memory(), pages: Pages::default(), last: Vec::new(), open: Vec::new() }
    }

    /// Adds a key, which is above all before it; false where there is no more room (4 GiB).
    pub(super) fn push(&mut self, key: &[u8], value: Value) -> bool {
        let (Ok(start), Some(number)) = (u32::try_from(self.pages.bytes.len()), self.pages.count.checked_add(1)) else {
            return false;
        };
        let number = number.saturating_sub(1);
        let common = common(&self.last, key);
        let first = number.is_multiple_of(PAGE);
        if first {
            let shortest = if number == 0 { 0 } else { common.saturating_add(1) };
            let page = self.pages.starts.len() as u64;
            if self.index.insert(key.get(..shortest).unwrap_or(key), page).is_err() {
                return false;
            }
            self.pages.starts.push(start);
        }
        while self.open.last().is_some_and(|(_, length)| *length > common) {
            self.open.pop();
        }
        let back = self.open.last().map_or(0, |(other, _)| number.saturating_sub(*other));
        self.open.push((number, key.len()));
        let shared = if first { 0 } else { common };
        let rest = key.get(shared..).unwrap_or_default();
        let bytes = &mut self.pages.bytes;
        write(bytes, u32::try_from(shared).unwrap_or(u32::MAX));
        write(bytes, u32::try_from(rest.len()).unwrap_or(u32::MAX));
        write(bytes, value.0);
        write(bytes, back);
        bytes.extend_from_slice(rest);
        self.pages.count = self.pages.count.saturating_add(1);
        self.last.clear();
        self.last.extend_from_slice(key);
        true
    }

    pub(super) fn finish(self) -> Result<Pages, fst::Error> {
        let mut index = self.index.into_inner()?;
        index.shrink_to_fit();
        let mut pages = Pages { index: Map::new(index)?, ..self.pages };
        pages.starts.shrink_to_fit();
        pages.bytes.shrink_to_fit();
        Ok(pages)
    }
}

impl Pages {
    pub(super) fn len(&self) -> usize {
        self.count as usize
    }

    /// In memory, in bytes.
    pub(super) fn size(&self) -> usize {
        let index = self.index.as_fst().size().saturating_add(self.starts.len().saturating_mul(4));
        index.saturating_add(self.bytes.len())
    }

    /// Hands the length and the value of each key that `text` begins with to `each`, the longest first.
    #[inline]
    pub(super) fn beginning(&self, text: &[u8], mut each: impl FnMut(usize, Value)) {
        // Keys between one that `text` begins with and `text` begin with it, too: so the last key that is not above
        // `text` leads to all.
        let Some((mut number, mut back, length, value, common)) = self.last_before(text) else { return };
        if length <= common {
            each(length, value);
        }
        while back != 0 {
            number = number.saturating_sub(back);
            let Some(entry) = self.entry(number) else { return };
            if entry.length() <= common {
                each(entry.length(), entry.value);
            }
            back = entry.back;
        }
    }

    /// The value of a key.
    pub(super) fn get(&self, key: &[u8]) -> Option<Value> {
        let (_, _, length, value, common) = self.last_before(key)?;
        (length == key.len() && common == length).then_some(value)
    }

    /// Hands every key to `each`, in order.
    pub(super) fn each(&self, mut each: impl FnMut(&[u8], Value)) {
        let mut rest = self.bytes.as_slice();
        let mut key = Vec::new();
        while let Some(entry) = read(&mut rest) {
            key.truncate(entry.shared);
            key.extend_from_slice(entry.rest);
            each(&key, entry.value);
        }
    }

    /// The last key that is not above `text`: its number, the way back, its length, its value, and how much of it `text`
    /// begins with.
    fn last_before(&self, text: &[u8]) -> Option<(u32, u32, usize, Value, usize)> {
        let page = u32::try_from(floor(self.index.as_fst(), text)?).ok()?;
        // The text may be above all of the page before, and yet below the page's first key.
        self.last_in(page, text).or_else(|| self.last_in(page.checked_sub(1)?, text))
    }

    fn last_in(&self, page: u32, text: &[u8]) -> Option<(u32, u32, usize, Value, usize)> {
        let mut rest = self.page(page)?;
        let mut found = None;
        let mut same = 0usize;
        for number in page.saturating_mul(PAGE)..page.saturating_add(1).saturating_mul(PAGE).min(self.count) {
            let entry = read(&mut rest)?;
            if entry.shared < same {
                break;
            }
            if entry.shared == same {
                let left = text.get(same..).unwrap_or_default();
                let more = common(left, entry.rest);
                let above = match (entry.rest.get(more), left.get(more)) {
                    (None, _) => false,
                    (Some(_), None) => true,
                    (Some(here), Some(there)) => here > there,
                };
                if above {
                    break;
                }
                same = same.saturating_add(more);
            }
            found = Some((number, entry.back, entry.length(), entry.value, same));
        }
        found
    }

    fn page(&self, page: u32) -> Option<&[u8]> {
        let start = *self.starts.get(page as usize)?;
        self.bytes.get(start as usize..)
    }

    fn entry(&self, number: u32) -> Option<Entry<'_>> {
        let mut rest = self.page(number / PAGE)?;
        for _ in 0..number % PAGE {
            read(&mut rest)?;
        }
        read(&mut rest)
    }
}

/// The value of the last key that is not above `text`.
fn floor(fst: &fst::raw::Fst<Vec<u8>>, text: &[u8]) -> Option<u64> {
    /// What is known to be not above: a key, or all keys that go on by one transition of a node.
    enum Best<'f> {
        Key(u64),
        Below(Node<'f>, usize, Output),
    }
    let mut node = fst.root();
    let mut value = Output::zero();
    let mut best = None;
    let mut bytes = text.iter();
    loop {
        if node.is_final() {
            best = Some(Best::Key(value.cat(node.final_output()).value()));
        }
        let Some(byte) = bytes.next() else { break };
        let exact = node.find_input(*byte);
        let below = match exact {
            Some(at) => at.checked_sub(1),
            None => node.transitions().take_while(|it| it.inp < *byte).count().checked_sub(1),
        };
        if let Some(below) = below {
            best = Some(Best::Below(node, below, value));
        }
        let Some(at) = exact else { break };
        let transition = node.transition(at);
        value = value.cat(transition.out);
        node = fst.node(transition.addr);
    }
    match best? {
        Best::Key(value) => Some(value),
        Best::Below(from, at, so_far) => {
            let mut transition = from.transition(at);
            let mut value = so_far.cat(transition.out);
            let mut node = fst.node(transition.addr);
            while let Some(last) = node.len().checked_sub(1) {
                transition = node.transition(last);
                value = value.cat(transition.out);
                node = fst.node(transition.addr);
            }
            Some(value.cat(node.final_output()).value())
        }
    }
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
    let back = number(rest)?;
    let (text, after) = rest.split_at_checked(length)?;
    *rest = after;
    Some(Entry { shared, rest: text, value, back })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn pages(keys: &BTreeMap<Vec<u8>, u32>) -> Pages {
        let mut builder = Builder::new();
        assert!(keys.iter().all(|(key, value)| builder.push(key, Value(*value))));
        builder.finish().unwrap()
    }

    #[test]
    fn none_and_the_empty_key() {
        let mut found = Vec::new();
        Pages::default().beginning(b"a", |length, _| found.push(length));
        pages(&BTreeMap::new()).beginning(b"a", |length, _| found.push(length));
        assert!(found.is_empty());
        pages(&BTreeMap::from([(Vec::new(), 7)])).beginning(b"a", |length, _| found.push(length));
        assert_eq!(found, [0]);
    }

    proptest! {
        /// Held against going through all keys; few letters, so that many begin with each other and pages end anywhere.
        #[test]
        fn the_same_keys_as_a_plain_search(
            keys in prop::collection::vec("[a-c]{0,6}", 0..200),
            texts in prop::collection::vec("[a-d]{0,8}", 20),
        ) {
            let keys: BTreeMap<Vec<u8>, u32> =
                keys.into_iter().enumerate().map(|(at, key)| (key.into_bytes(), at as u32 * 77_777)).collect();
            let pages = pages(&keys);
            for text in texts.iter().map(|it| it.as_bytes()).chain(keys.keys().map(|it| it.as_slice())) {
                let mut found = Vec::new();
                pages.beginning(text, |length, value| found.push((length, value.0)));
                let expected: Vec<_> = (0..=text.len())
                    .rev()
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

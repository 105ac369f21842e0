//! Facts -> what the two experts learn and score by: the slots of all tokens, for naive Bayes; and features, for logistic
//! regression: the tokens that the sender wrote, and runs of four bytes of his header fields and of the visible text.

use sha2::{Digest, Sha256};

use super::hash;
use super::tokens::{self, Family, Sink};
use crate::facts::Facts;

/// Bytes of the header fields whose runs are features; of the visible text, all or, of a longer one, so many from its front
/// and from its end.
const HEADER_BYTES: usize = 1_000;
const TEXT_BYTES: usize = 6_000;
const FRONT_BYTES: usize = 4_000;
/// Tell the runs of header fields from those of the text.
const OF_HEADER: u64 = 1;
const OF_TEXT: u64 = 2;
/// The visible text is looked at in blocks of about so many runs, too, each by itself: `logistic::Sums` says why.
const BLOCK_RUNS: usize = 150;

/// Where a feature stands: outside of the visible text, as a word of it, or, from this number on, in a block of it.
pub(super) const OUTSIDE: u8 = 0;
pub(super) const WORD: u8 = 1;
pub(super) const FIRST_BLOCK: u8 = 2;
/// Segments that a message has at most; later blocks count with the last one.
pub(super) const SEGMENTS: usize = 64;

/// A set of features, as bits: each once, in order, and emptied as it is read.
#[derive(Debug)]
pub(super) struct Features {
    bits: Box<[u64]>,
}

impl Default for Features {
    fn default() -> Features {
        Features { bits: vec![0; 1 << (hash::FEATURE_BITS - 6)].into() }
    }
}

impl Features {
    /// Adds a feature, and says whether it is new.
    fn add(&mut self, feature: u32) -> bool {
        let Some(word) = self.bits.get_mut((feature >> 6) as usize) else { return false };
        let bit = 1 << (feature & 63);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    fn clear(&mut self) {
        self.bits.fill(0);
    }

    /// Hands over each feature, in ascending order, and empties the set.
    pub(super) fn drain(&mut self, mut each: impl FnMut(u32)) {
        for (word, base) in self.bits.iter_mut().zip((0u32..).step_by(64)) {
            let mut bits = std::mem::take(word);
            while bits != 0 {
                each(base | bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }
}

/// A slot, and whether a word of the visible text has it: those are what a spammer writes as he likes.
///
/// Packed into a number whose order is that of the slots, words of the text first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot(u32);

impl Slot {
    pub(super) fn new(slot: u32, is_text: bool) -> Slot {
        Slot((slot << 1) | u32::from(!is_text))
    }

    pub(super) fn number(self) -> u32 {
        self.0 >> 1
    }

    pub(super) fn is_text(self) -> bool {
        self.0 & 1 == 0
    }
}

/// What is made of a message, and kept from message to message.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    pub(super) slots: Vec<Slot>,
    /// Features in the order of their segments, each once, where it stands first; and where each segment ends.
    pub(super) features: Vec<u32>,
    pub(super) ends: Vec<usize>,
    seen: Features,
    /// Features of words of the visible text.
    words: Vec<u32>,
    /// The segment of each feature, where it is in `seen`; empty until somebody learns.
    segments: Vec<u8>,
    /// For sums.
    pub(super) good: Vec<i16>,
    text: String,
}

/// Takes tokens, as slots and as features.
struct Both<'m> {
    slots: &'m mut Vec<Slot>,
    features: Option<(&'m mut Features, &'m mut Vec<u32>, &'m mut Vec<u32>)>,
}

impl Sink for Both<'_> {
    fn token(&mut self, family: Family, of: &str, text: &str) {
        let hash = hash::token(family, of, text);
        self.slots.push(Slot::new(hash::slot(hash), family == Family::Body));
        let Some((seen, outside, words)) = &mut self.features else { return };
        if family == Family::Body {
            words.push(hash::feature(hash));
        } else if tokens::is_portable(family, of) {
            let feature = hash::feature(hash);
            if seen.add(feature) {
                outside.push(feature);
            }
        }
    }
}

impl Memory {
    /// Fills in the slots of a message, sorted, each once, and, if they are wanted, its features.
    pub(super) fn take(&mut self, facts: &Facts<'_>, features: bool) {
        self.slots.clear();
        self.features.clear();
        self.ends.clear();
        self.words.clear();
        let Memory { slots, features: list, seen, words, .. } = self;
        tokens::tokens(facts, &mut Both { slots, features: features.then_some((&mut *seen, list, words)) });
        self.slots.sort_unstable();
        self.slots.dedup_by_key(|slot| slot.number());
        if features {
            self.runs(facts);
        }
    }

    fn runs(&mut self, facts: &Facts<'_>) {
        let Memory { features, ends, seen, words, text, .. } = self;
        let mut segment = OUTSIDE;
        // A segment has ended, and the words stand between what is outside of the text and its blocks.
        let mut end = |features: &mut Vec<u32>, seen: &mut Features, before: u8| {
            ends.push(features.len());
            if before == OUTSIDE {
                features.extend(words.iter().filter(|word| seen.add(**word)));
                ends.push(features.len());
            }
        };
        grams(facts, text, |now, _, feature| {
            if now != segment {
                end(features, seen, segment);
                segment = now;
            }
            if seen.add(feature) {
                features.push(feature);
            }
        });
        end(features, seen, segment);
        seen.clear();
    }

    /// The features with their segments, ascending.
    fn ascending(&mut self, mut each: impl FnMut(u32, u8)) {
        self.segments.resize(1 << hash::FEATURE_BITS, 0);
        let mut begin = 0;
        for (end, segment) in self.ends.iter().zip(0u8..) {
            for feature in self.features.get(begin..*end).unwrap_or_default() {
                self.seen.add(*feature);
                if let Some(it) = self.segments.get_mut(*feature as usize) {
                    *it = segment;
                }
            }
            begin = *end;
        }
        let segments = &self.segments;
        self.seen.drain(|feature| each(feature, segments.get(feature as usize).copied().unwrap_or(OUTSIDE)));
    }
}

/// Hands over each run of four bytes of what the sender wrote: the segment, the bytes, and the feature. `text` is scratch.
pub(super) fn grams(facts: &Facts<'_>, text: &mut String, mut each: impl FnMut(u8, [u8; 4], u32)) {
    let mut left = HEADER_BYTES;
    for header in facts.headers.iter().filter(|header| tokens::is_senders(&header.name)) {
        text.clear();
        text.extend(["\n", &header.written_name, ": ", &header.value]);
        let line = text.as_bytes();
        let line = line.get(..left).unwrap_or(line);
        left -= line.len();
        runs(line, OF_HEADER, |four, feature| each(OUTSIDE, four, feature));
    }
    let mut block = FIRST_BLOCK;
    for piece in ends_of(&facts.body.visible.text) {
        tokens::lower_into(piece, text);
        let count = text.len().saturating_sub(3);
        // As many blocks of the same size as come nearest to what a block is to have.
        let blocks = ((count + BLOCK_RUNS / 2) / BLOCK_RUNS).max(1);
        let size = count.div_ceil(blocks).max(1);
        let mut left = size;
        runs(text.as_bytes(), OF_TEXT, |four, feature| {
            if left == 0 {
                left = size;
                block = (block + 1).min(SEGMENTS as u8 - 1);
            }
            left -= 1;
            each(block, four, feature);
        });
        block = (block + 1).min(SEGMENTS as u8 - 1);
    }
}

/// A text, or, of a long one, its front and its end.
fn ends_of(text: &str) -> impl Iterator<Item = &str> {
    let (front, back) = match text.len() <= TEXT_BYTES {
        true => (text, ""),
        false => {
            let (front, rest) = text.split_at(text.floor_char_boundary(FRONT_BYTES));
            let from = rest.ceil_char_boundary(rest.len().saturating_sub(TEXT_BYTES - FRONT_BYTES));
            (front, rest.get(from..).unwrap_or_default())
        }
    };
    [front, back].into_iter().filter(|piece| !piece.is_empty())
}

fn runs(text: &[u8], of: u64, mut each: impl FnMut([u8; 4], u32)) {
    let mut four = 0u32;
    for (at, byte) in text.iter().enumerate() {
        four = (four >> 8) | (u32::from(*byte) << 24);
        if at >= 3 {
            each(four.to_le_bytes(), hash::gram(of, four));
        }
    }
}

/// What is learned from one message; and what tells it from others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenSet {
    /// Sorted, each once.
    pub(super) slots: Box<[Slot]>,
    /// The features as gaps between them (LEB128): one byte each, mostly.
    pub(super) features: Box<[u8]>,
    /// The segment of each.
    pub(super) segments: Box<[u8]>,
    pub(super) digest: u64,
    pub(super) id: [u8; 16],
}

impl TokenSet {
    /// Of a message.
    pub(crate) fn of(facts: &Facts<'_>, memory: &mut Memory) -> TokenSet {
        memory.take(facts, true);
        let count = memory.features.len();
        let (mut features, mut segments, mut before) = (Vec::with_capacity(count), Vec::with_capacity(count), 0);
        memory.ascending(|feature, segment| {
            variable(feature - before, &mut features);
            segments.push(segment);
            before = feature;
        });
        TokenSet {
            slots: memory.slots.as_slice().into(),
            features: features.into(),
            segments: segments.into(),
            digest: hash::digest(facts.raw),
            id: TokenSet::id_of(facts.raw),
        }
    }

    /// The features, ascending.
    pub(super) fn features(&self) -> impl Iterator<Item = u32> {
        let mut rest = &*self.features;
        let mut feature = 0u32;
        std::iter::from_fn(move || {
            feature = feature.checked_add(read_variable(&mut rest)?)?;
            Some(feature)
        })
    }

    /// The features, ascending, each with the segment that it stands in.
    pub(super) fn in_segments(&self) -> impl Iterator<Item = (u32, u8)> {
        self.features().zip(self.segments.iter().copied())
    }

    /// How many features there are.
    pub(super) fn feature_count(&self) -> u32 {
        u32::try_from(self.segments.len()).unwrap_or(u32::MAX)
    }

    /// A digest of the message, to deal messages into parts by.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The digest of a message's bytes.
    pub fn digest_of(raw: &[u8]) -> u64 {
        hash::digest(raw)
    }

    /// What tells the message from others, wherever it lies: the first half of the SHA-256 of its bytes, line ends as LF.
    pub fn id(&self) -> [u8; 16] {
        self.id
    }

    /// The `id` of a message's bytes.
    pub fn id_of(raw: &[u8]) -> [u8; 16] {
        let mut digest = Sha256::new();
        for line in raw.split_inclusive(|byte| *byte == b'\n') {
            match line.strip_suffix(b"\r\n") {
                Some(line) => {
                    digest.update(line);
                    digest.update(b"\n");
                }
                None => digest.update(line),
            }
        }
        let mut id = [0; 16];
        id.iter_mut().zip(digest.finalize()).for_each(|(id, byte)| *id = byte);
        id
    }

    /// The order that messages are learned in.
    pub(crate) fn order(&self, other: &TokenSet) -> std::cmp::Ordering {
        let by_digest = self.digest.cmp(&other.digest);
        by_digest.then_with(|| self.slots.cmp(&other.slots)).then_with(|| self.features.cmp(&other.features))
    }

    /// As bytes, to be kept: `from_bytes` reads them.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(16 + self.slots.len() * 3 + self.features.len());
        out.extend_from_slice(&self.digest.to_le_bytes());
        out.extend_from_slice(&self.id);
        variable(u32::try_from(self.slots.len()).unwrap_or(u32::MAX), &mut out);
        let mut before = 0;
        for slot in &self.slots {
            variable(slot.0 - before, &mut out);
            before = slot.0;
        }
        variable(self.feature_count(), &mut out);
        out.extend_from_slice(&self.features);
        out.extend_from_slice(&self.segments);
        out
    }

    /// What `to_bytes` gave; nothing where it is anything else.
    pub fn from_bytes(bytes: &[u8]) -> Option<TokenSet> {
        let (digest, rest) = bytes.split_first_chunk::<8>()?;
        let (id, mut rest) = rest.split_first_chunk::<16>()?;
        let mut slots = Vec::new();
        let mut slot = 0u32;
        for number in 0..read_variable(&mut rest)? {
            let gap = read_variable(&mut rest)?;
            let before = slot;
            slot = slot.checked_add(gap).filter(|slot| *slot >> (hash::SLOT_BITS + 1) == 0)?;
            if number > 0 && slot >> 1 == before >> 1 {
                return None;
            }
            slots.push(Slot(slot));
        }
        let feature_count = read_variable(&mut rest)? as usize;
        let (features, segments) = rest.split_at_checked(rest.len().checked_sub(feature_count)?)?;
        let digest = u64::from_le_bytes(*digest);
        let tokens =
            TokenSet { slots: slots.into(), features: features.into(), segments: segments.into(), digest, id: *id };
        let (mut count, mut last) = (0, None);
        let ascending = tokens.features().all(|feature| {
            count += 1;
            let more = last.is_none_or(|last| last < feature) && feature >> hash::FEATURE_BITS == 0;
            last = Some(feature);
            more
        });
        let whole = tokens.features.last().is_none_or(|byte| byte & 0x80 == 0);
        let known = tokens.segments.iter().all(|segment| usize::from(*segment) < SEGMENTS);
        (ascending && whole && known && count == feature_count).then_some(tokens)
    }
}

/// Writes a number in seven bits a byte, the low ones first (LEB128).
pub(super) fn variable(mut number: u32, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// Reads a number that `variable` wrote, and moves on behind it.
pub(super) fn read_variable(rest: &mut &[u8]) -> Option<u32> {
    let mut number = 0u64;
    for shift in [0, 7, 14, 21, 28] {
        let (byte, behind) = rest.split_first()?;
        *rest = behind;
        number |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return u32::try_from(number).ok();
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_one_id_with_either_line_end() {
        let id = TokenSet::id_of(b"Subject: a\n\nb\n\nc");
        assert_eq!(id, TokenSet::id_of(b"Subject: a\r\n\r\nb\r\n\r\nc"));
        assert_ne!(id, TokenSet::id_of(b"Subject: a\n\nb\nc"));
        assert_ne!(id, TokenSet::id_of(b"Subject: a\r\r\n\nb\n\nc"));
    }

    #[test]
    fn of_a_long_text_both_ends_are_seen() {
        let ends = |text: &str| ends_of(text).map(str::len).collect::<Vec<_>>();
        assert_eq!(ends(""), Vec::<usize>::new());
        assert_eq!(ends(&"a".repeat(6_000)), [6_000]);
        assert_eq!(ends(&"a".repeat(6_001)), [4_000, 2_000]);
        // Letters of three bytes are not cut.
        assert_eq!(ends(&"\u{4e2d}".repeat(3_000)), [3_999, 1_998]);
    }

    #[test]
    fn features_come_once_and_in_order() {
        let mut features = Features::default();
        for feature in [7, 262_143, 0, 64, 7, 63] {
            features.add(feature);
        }
        let mut found = Vec::new();
        features.drain(|feature| found.push(feature));
        assert_eq!(found, [0, 7, 63, 64, 262_143]);
        features.drain(|_| unreachable!("it was emptied"));
    }

    #[test]
    fn what_is_kept_is_read_and_nothing_else_is() {
        let mut features = Vec::new();
        [5, 1, 300].iter().for_each(|gap| variable(*gap, &mut features));
        let tokens = TokenSet {
            slots: [0, 9, 1_048_575].map(|slot| Slot::new(slot, slot == 9)).into(),
            features: features.into(),
            segments: [OUTSIDE, WORD, FIRST_BLOCK].into(),
            digest: 77,
            id: [7; 16],
        };
        assert_eq!(tokens.features().collect::<Vec<_>>(), [5, 6, 306]);
        let bytes = tokens.to_bytes();
        assert_eq!(TokenSet::from_bytes(&bytes), Some(tokens));
        for cut in 0..bytes.len() {
            assert_eq!(TokenSet::from_bytes(bytes.get(..cut).unwrap()), None, "cut at {cut}");
        }
        assert_eq!(TokenSet::from_bytes(&bytes).unwrap().in_segments().last(), Some((306, FIRST_BLOCK)));
        let more = [&*bytes, &[1]].concat();
        assert_eq!(TokenSet::from_bytes(&more), None);
    }
}

//! Sets of short sequences of byte classes: one behind the other, one or the other, and smaller ones that match more.

use regex_syntax::hir::ClassUnicode;
use regex_syntax::utf8::Utf8Sequences;

/// Bytes, as a set of bits.
pub(crate) type Bytes = [u64; 4];
/// Classes, one behind the other.
pub(crate) type Sequence = Vec<Bytes>;

/// Longest sequence: more tells nothing.
pub(super) const LONGEST: usize = 8;
/// Most sequences of one pattern.
pub(super) const MOST: usize = 160;

/// Whether a class has a byte.
pub(super) fn has(class: &Bytes, byte: u8) -> bool {
    class.get(usize::from(byte >> 6)).is_some_and(|word| word & (1 << (byte & 63)) != 0)
}

/// The bytes of a class: as many steps as there are, since a class mostly is a letter in either case, and tens of thousands are read when
/// rules are loaded.
pub(crate) fn bytes(class: &Bytes) -> impl Iterator<Item = u8> {
    class.iter().zip([0u8, 64, 128, 192]).flat_map(|(word, first)| {
        let mut left = *word;
        std::iter::from_fn(move || {
            let bit = (left != 0).then(|| left.trailing_zeros())?;
            left &= left - 1;
            Some(first.saturating_add(u8::try_from(bit).unwrap_or(0)))
        })
    })
}

pub(super) fn with(class: &mut Bytes, byte: u8) {
    if let Some(word) = class.get_mut(usize::from(byte >> 6)) {
        *word |= 1 << (byte & 63);
    }
}

/// A text as a sequence: each letter in either case.
pub(crate) fn folded(text: &[u8]) -> Sequence {
    let class = |byte: &u8| {
        let mut class = Bytes::default();
        with(&mut class, byte.to_ascii_lowercase());
        with(&mut class, byte.to_ascii_uppercase());
        class
    };
    text.iter().map(class).collect()
}

/// Adds the bytes of another class.
pub(crate) fn add(class: &mut Bytes, other: &Bytes) {
    class.iter_mut().zip(other).for_each(|(word, more)| *word |= more);
}

/// Sorts; and where two sequences differ in one class alone, makes one of them.
pub(super) fn tidy(mut set: Vec<Sequence>) -> Vec<Sequence> {
    set.sort_unstable();
    set.dedup();
    let mut merged: Vec<Sequence> = Vec::with_capacity(set.len());
    'next: for sequence in set {
        for known in &mut merged {
            if known.len() != sequence.len() {
                continue;
            }
            let mut pairs = known.iter_mut().zip(&sequence).filter(|(one, other)| *one != *other);
            if let (Some((one, other)), None) = (pairs.next(), pairs.next()) {
                add(one, other);
                continue 'next;
            }
        }
        merged.push(sequence);
    }
    merged
}

/// One sequence for each length, of all that have it: many become few, which match more.
pub(super) fn collapsed(set: &[Sequence]) -> Vec<Sequence> {
    let mut all: Vec<Sequence> = Vec::new();
    for sequence in set {
        match all.iter_mut().find(|known| known.len() == sequence.len()) {
            Some(known) => {
                known.iter_mut().zip(sequence).for_each(|(one, other)| add(one, other));
            }
            None => all.push(sequence.clone()),
        }
    }
    all
}

pub(super) fn small(set: Vec<Sequence>) -> Vec<Sequence> {
    if set.len() > MOST { collapsed(&set) } else { set }
}

/// Each of `left` with each of `right` behind it; and whether these are all of it, or only how it begins.
pub(super) fn joined(left: &[Sequence], right: &[Sequence]) -> (Vec<Sequence>, bool) {
    let (few_left, few_right);
    let (left, right) = if left.len().saturating_mul(right.len()) > MOST {
        (few_left, few_right) = (collapsed(left), collapsed(right));
        (few_left.as_slice(), few_right.as_slice())
    } else {
        (left, right)
    };
    let mut all = Vec::with_capacity(left.len() * right.len());
    let mut complete = true;
    for one in left {
        for other in right {
            complete &= one.len() + other.len() <= LONGEST;
            all.push(one.iter().chain(other).take(LONGEST).copied().collect());
        }
    }
    (small(tidy(all)), complete)
}

pub(super) fn literal(text: &[u8]) -> Sequence {
    let class = |byte: &u8| {
        let mut class = Bytes::default();
        with(&mut class, *byte);
        class
    };
    text.iter().take(LONGEST).map(class).collect()
}

/// By how many bytes a character takes in UTF-8, at each place all bytes that one of the class has there: more than the class matches.
pub(super) fn utf8(class: &ClassUnicode) -> Vec<Sequence> {
    let mut by_length: [Sequence; 4] = std::array::from_fn(|number| vec![Bytes::default(); number + 1]);
    for sequence in class.iter().flat_map(|range| Utf8Sequences::new(range.start(), range.end())) {
        let places = by_length.get_mut(sequence.len() - 1).into_iter().flatten();
        for (place, range) in places.zip(sequence.as_slice()) {
            (range.start..=range.end).for_each(|byte| with(place, byte));
        }
    }
    by_length.into_iter().filter(|places| places.first() != Some(&Bytes::default())).collect()
}

/// The bytes of a text as a class.
#[cfg(test)]
pub(super) fn class(text: &str) -> Bytes {
    let mut class = Bytes::default();
    text.bytes().for_each(|byte| with(&mut class, byte));
    class
}

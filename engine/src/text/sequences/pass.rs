//! One go over a text. Takes what of sequences is noted, and a text, hands on which of them are there.

use super::first::{First, Pairs, Triples};
use super::fold::{GROUP_BITS, Part, WIDTH, group, rarest_beside, way};
use super::frequent::{Drafted, Frequent};
use super::known::Knowns;
use super::places::{List, Looks, Places, ROOM};
use super::sets::{Bytes, add, bytes};
use super::table::{Entry, Table};

/// More bytes than so many that what is noted begins with are not searched for by themselves.
const MOST_STARTS: u32 = 3;

/// What is to be looked for in one go.
#[derive(Debug, Default)]
pub(super) struct Pass {
    /// What mail is full of, if there is any such.
    frequent: Option<Frequent>,
    table: Table,
    first: First,
    /// The bytes that what is noted begins with, where they are so few that there is a quick search for them; else empty.
    starts: Vec<u8>,
}

/// What is gathered for one.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) sequences: Vec<Drafted>,
    /// All bytes that what is noted of them begins with.
    pub(super) starts: Bytes,
}

/// What of it is of one owner, behind those of the owners before.
#[derive(Debug, Default)]
pub(super) struct Owner {
    pub(super) owner: u32,
    /// So many.
    pub(super) sequences: usize,
    pub(super) starts: Bytes,
    /// At about how many of mail's places one of them is looked up.
    pub(super) often: f64,
}

impl Draft {
    /// Whether the bytes that begin it are few, and searched for by themselves.
    pub(super) fn is_quick(&self) -> bool {
        (1..=MOST_STARTS).contains(&self.starts.iter().map(|word| word.count_ones()).sum())
    }

    /// That of owners that do not wait, and that of those that do.
    pub(super) fn parted(self, owners: &[Owner], waits: impl Fn(&&Owner) -> bool) -> (Draft, Option<Draft>) {
        let (mut pass, mut rest) = (Draft::default(), Draft::default());
        let mut sequences = self.sequences.into_iter();
        for it in owners {
            let part = if waits(&it) { &mut rest } else { &mut pass };
            part.sequences.extend(sequences.by_ref().take(it.sequences));
            add(&mut part.starts, &it.starts);
        }
        (pass, Some(rest))
    }

    /// Makes it; by pairs of groups where mail has them at fewer of its places than `seldom_pairs`, and by rows what mail is full of, where the
    /// order in which sequences are handed on is `free`.
    pub(super) fn finish(mut self, seldom_pairs: f64, is_free: bool, known: &Knowns) -> Pass {
        let starts: Vec<u8> = bytes(&self.starts).filter(|_| self.is_quick()).collect();
        let by_rows = is_free && starts.is_empty();
        let frequent = if by_rows { Frequent::taken(&mut self.sequences, known) } else { None };
        let entries = |it: Drafted| {
            let Part { before, width, ways, .. } = it.part;
            let (place, groups) = rarest_beside(&it.groups, before, width);
            ways.into_iter().map(move |way| (width, way, Entry::new(it.number, width, place, groups)))
        };
        let entries: Vec<_> = self.sequences.into_iter().flat_map(entries).collect();
        let first = First::new(entries.iter().map(|(width, way, _)| (*width, *way)), seldom_pairs);
        Pass { frequent, table: Table::of(entries), first, starts }
    }
}

impl Pass {
    /// Hands on where a part of a sequence was seen, its owner, and where it begins and ends: in the order in which they were seen, but what mail is
    /// full of, where that is looked for by itself, before all else.
    pub(super) fn search(
        &self,
        known: &Knowns,
        text: &[u8],
        places: &mut Places,
        mut each: impl FnMut(usize, u32, usize, usize),
    ) {
        let Places { all, found, begun } = places;
        if let Some(frequent) = &self.frequent {
            frequent.search(text, begun, &mut each);
        }
        if self.table.is_empty() {
            return;
        }
        let (places, looks) = (List::new(all), Looks { first: &self.first, table: &self.table, known, text });
        let mut look = |places: &[usize]| looks.take(places, found, &mut each);
        if !self.starts.is_empty() {
            let (mut places, mut at) = (places, 0usize);
            while let Some(length) = self.next_start(text.get(at..).unwrap_or_default()) {
                at += length;
                places.push(true, at);
                if places.is_nearly_full() {
                    look(places.all());
                    places.filled = 0;
                }
                at += 1;
            }
            return look(places.all());
        }
        match &self.first {
            First::Pairs(pairs) => over_pairs(text, pairs, places, &mut look),
            First::Triples(triples) => over(text, triples, places, &mut look),
        }
    }

    fn next_start(&self, text: &[u8]) -> Option<usize> {
        match *self.starts.as_slice() {
            [one] => memchr::memchr(one, text),
            [one, other] => memchr::memchr2(one, other, text),
            [one, other, third] => memchr::memchr3(one, other, third, text),
            _ => None,
        }
    }

    #[cfg(test)]
    pub(super) fn is_quick(&self) -> bool {
        !self.starts.is_empty()
    }

    #[cfg(test)]
    pub(super) fn has_rows(&self) -> bool {
        self.frequent.is_some()
    }

    #[cfg(test)]
    pub(super) fn is_by_pairs(&self) -> bool {
        matches!(self.first, First::Pairs(_))
    }
}

/// Takes each place of a text at which its way says that there may be something, and has them looked at when there are many.
/// The loop over all bytes of a text is this.
#[inline(always)]
fn over(text: &[u8], triples: &Triples, mut places: List<'_, usize, ROOM>, look: &mut impl FnMut(&[usize])) {
    let mut before = way(text, 0) >> GROUP_BITS;
    let mut next = |places: &mut List<'_, usize, ROOM>, at: usize, byte: u8| {
        before = (before << GROUP_BITS) | group(byte);
        places.push(triples.may(before), at);
    };
    let bytes = text.get(WIDTH - 1..).unwrap_or_default();
    // Four bytes a turn: one took a ninth more instructions.
    let (fours, rest) = bytes.as_chunks::<4>();
    for (number, [one, two, three, four]) in fours.iter().enumerate() {
        let at = 4 * number;
        next(&mut places, at, *one);
        next(&mut places, at + 1, *two);
        next(&mut places, at + 2, *three);
        next(&mut places, at + 3, *four);
        if places.is_nearly_full() {
            look(places.all());
            places.filled = 0;
        }
    }
    for (at, byte) in (4 * fours.len()..).zip(rest) {
        next(&mut places, at, *byte);
    }
    look(places.all());
    places.filled = 0;
    // Behind the end anything may stand: what does not end in the text is not compared.
    for at in (text.len() + 1).saturating_sub(WIDTH)..text.len() {
        places.push(true, at);
    }
    look(places.all());
}

/// The same by pairs of groups, which few places begin: eight bytes a turn, most of which have none.
#[inline(always)]
fn over_pairs(text: &[u8], pairs: &Pairs, mut places: List<'_, usize, ROOM>, look: &mut impl FnMut(&[usize])) {
    let Some((first, bytes)) = text.split_first() else { return };
    let mut before = group(*first);
    let mut begun = |bytes: &[u8]| {
        bytes.iter().zip(0u32..).fold(0, |begun, (byte, place)| {
            let behind = group(*byte);
            begun | (u32::from(pairs.has(std::mem::replace(&mut before, behind), behind)) << place)
        })
    };
    let mut add = |mut begun: u32, from: usize| {
        while begun != 0 {
            places.push(true, from + begun.trailing_zeros() as usize);
            begun &= begun - 1;
            if places.is_nearly_full() {
                look(places.all());
                places.filled = 0;
            }
        }
    };
    let (eights, rest) = bytes.as_chunks::<8>();
    for (number, eight) in eights.iter().enumerate() {
        let begun = begun(eight);
        if begun != 0 {
            add(begun, 8 * number);
        }
    }
    // Behind the end anything may stand.
    add(begun(rest) | 1 << rest.len(), 8 * eights.len());
    look(places.all());
}

//! Places of a text at which sequences may be, and which are there. Takes places with their ways, hands on sequences in the order of places. Each
//! step is done for all places at hand before the next one: what it reads is seldom in the near caches, and is waited for together then,
//! and what it says is taken as a number, where a branch would be guessed wrong as often as not.

use super::first::First;
use super::fold::{GROUP_BITS, WIDTH, group, way};
use super::known::Knowns;
use super::rows::Begun;
use super::table::{Table, WAY_BITS, key};

/// Room for places: they are looked at before it is full.
pub(super) const ROOM: usize = 64;
/// So many are added between two questions whether there are many, at most.
const BETWEEN: usize = 4;
/// What is looked up at a place, at most: once for each width.
const KEYS: usize = 3;
/// Sequences that are compared at once.
const COMPARED: usize = 128;

/// Places of a text, and room for what is found there: memory to be reused.
#[derive(Debug)]
pub(crate) struct Places {
    pub(super) all: [usize; ROOM],
    pub(super) found: Found,
    pub(super) begun: Begun,
}

impl Default for Places {
    fn default() -> Places {
        let found = Found { looks: [Look::default(); ROOM * KEYS], likely: [(0, 0); COMPARED] };
        Places { all: [0; ROOM], found, begun: Begun::default() }
    }
}

/// What is found at places.
#[derive(Debug)]
pub(super) struct Found {
    looks: [Look; ROOM * KEYS],
    /// Sequences of which one class is there, with their places.
    likely: [(usize, u32); COMPARED],
}

/// A place, and what is looked up there.
#[derive(Clone, Copy, Debug, Default)]
struct Look {
    at: usize,
    key: u32,
    /// Where the sequences that have it begin, when that is known.
    start: u32,
}

/// What there is to be looked for, and a text.
#[derive(Clone, Copy)]
pub(super) struct Looks<'s> {
    pub(super) first: &'s First,
    pub(super) table: &'s Table,
    pub(super) known: &'s Knowns,
    pub(super) text: &'s [u8],
}

impl Looks<'_> {
    /// Looks at places, which are `ROOM` at most: hands on where the sequence was looked up, its owner, its start and its end.
    #[inline(never)]
    pub(super) fn take(self, places: &[usize], found: &mut Found, each: &mut impl FnMut(usize, u32, usize, usize)) {
        let (mut looks, mut likely) = (List::new(&mut found.looks), List::new(&mut found.likely));
        for at in places {
            let (at, way) = (*at, way(self.text, *at));
            let may_be_short = self.first.may_be_short(way);
            let mut push = |is_taken, key| looks.push(is_taken, Look { at, key, start: 0 });
            push(true, way);
            push(may_be_short, key(way >> GROUP_BITS, WIDTH - 1));
            push(may_be_short, key(way >> (2 * GROUP_BITS), WIDTH - 2));
        }
        looks.keep(|look| self.table.has(look.key));
        for look in looks.all() {
            look.start = self.table.start(look.key);
        }
        for look in looks.all() {
            let less = (look.key >> WAY_BITS) as u8;
            for entry in self.table.from(look.start) {
                // What would be before the text is behind it, and not there either.
                let beside = self.text.get(look.at.wrapping_add_signed(isize::from(entry.place)));
                let groups = beside.map_or(0, |byte| entry.groups >> group(*byte));
                likely.push((groups & 1 != 0) & (entry.less == less), (look.at, entry.number));
                if likely.filled >= COMPARED {
                    self.compare(&mut likely, each);
                }
                if entry.is_last {
                    break;
                }
            }
        }
        self.compare(&mut likely, each);
    }

    #[inline(always)]
    fn compare(self, likely: &mut List<'_, (usize, u32), COMPARED>, each: &mut impl FnMut(usize, u32, usize, usize)) {
        for (at, number) in likely.all() {
            if let Some((known, from)) = self.known.at(*number as usize, self.text, *at) {
                each(*at, known.owner, from, from + usize::from(known.length));
            }
        }
        likely.filled = 0;
    }
}

/// A list in memory that has room for so many. Its length is not there: a number in memory is added to no faster than once in five cycles.
pub(super) struct List<'l, T, const MOST: usize> {
    items: &'l mut [T; MOST],
    pub(super) filled: usize,
}

impl<'l, T: Copy, const MOST: usize> List<'l, T, MOST> {
    #[inline(always)]
    pub(super) fn new(items: &'l mut [T; MOST]) -> Self {
        List { items, filled: 0 }
    }

    /// Adds an item if that is said; without a branch, and what is behind the last one is no item.
    #[inline(always)]
    pub(super) fn push(&mut self, is_taken: bool, item: T) {
        if let Some(slot) = self.items.get_mut(self.filled) {
            *slot = item;
        }
        self.filled += usize::from(is_taken);
    }

    /// Whether it has to be emptied before more are added, `BETWEEN` at most.
    #[inline(always)]
    pub(super) fn is_nearly_full(&self) -> bool {
        self.filled >= MOST - BETWEEN
    }

    /// Keeps those items of which that is said, in the same way.
    #[inline(always)]
    fn keep(&mut self, is_kept: impl Fn(&T) -> bool) {
        let all = std::mem::take(&mut self.filled);
        for place in 0..all {
            if let Some(item) = self.items.get(place).copied() {
                self.push(is_kept(&item), item);
            }
        }
    }

    pub(super) fn all(&mut self) -> &mut [T] {
        self.items.get_mut(..self.filled).unwrap_or_default()
    }
}

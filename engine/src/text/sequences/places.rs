//! Places of a text at which sequences may be, and which are there. Takes places with their ways, hands on sequences in the order of places. Each
//! step is done for all places at hand before the next one: what it reads is seldom in the near caches, and is waited for together then,
//! and what it says is taken as a number, where a branch would be guessed wrong as often as not.

use super::first::First;
use super::fold::{GROUP_BITS, GROUPS, WIDTH, group};
use super::known::Knowns;
use super::table::{Table, WAY_BITS, key};

/// Room for places: they are looked at before it is full.
const ROOM: usize = 64;
/// So many are added between two questions whether there are many, at most.
const BETWEEN: usize = 4;
/// What is looked up at a place, at most: once for each width.
const KEYS: usize = 3;
/// Sequences that are compared at once.
const COMPARED: usize = 128;

/// Places that are still to be looked at, in the order of the text.
pub(super) struct Places {
    /// A place, and below it what is looked up there.
    all: [Place; ROOM],
    filled: usize,
}

/// A place and a number, in that order, in one word: texts are shorter than 256 GB, and ways with their widths have 26 bits.
#[derive(Clone, Copy, Default)]
struct Place(u64);

impl Place {
    const BITS: u32 = WAY_BITS + 2;

    #[inline(always)]
    fn new(at: usize, key: u32) -> Place {
        Place(((at as u64) << Place::BITS) | u64::from(key))
    }

    #[inline(always)]
    fn at(self) -> usize {
        (self.0 >> Place::BITS) as usize
    }

    #[inline(always)]
    fn key(self) -> u32 {
        (self.0 & ((1 << Place::BITS) - 1)) as u32
    }
}

impl Default for Places {
    fn default() -> Places {
        Places { all: [Place::default(); ROOM], filled: 0 }
    }
}

impl Places {
    /// Adds a place with its way if that is said. What is beyond `WIDTH` groups of a way does not count.
    #[inline(always)]
    pub(super) fn add(&mut self, is_taken: bool, at: usize, way: u32) {
        if let Some(slot) = self.all.get_mut(self.filled % ROOM) {
            *slot = Place::new(at, way % GROUPS.pow(WIDTH as u32));
        }
        self.filled += usize::from(is_taken);
    }

    /// Whether they have to be looked at before more are added.
    #[inline(always)]
    pub(super) fn are_many(&self) -> bool {
        self.filled >= ROOM - BETWEEN
    }
}

/// Where something of a width was found: at first with the rank of its sequences, and then with the first of them.
#[derive(Clone, Copy, Default)]
struct Found {
    at: usize,
    start: u32,
    less: u8,
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
    /// Looks at all places, of which none is left: hands on where the sequence was looked up, its owner, its start and its end.
    #[inline(never)]
    pub(super) fn take(self, places: &mut Places, each: &mut impl FnMut(usize, u32, usize, usize)) {
        let mut keys = List::<Place, { ROOM * KEYS }>::new();
        for place in places.all.iter().take(std::mem::take(&mut places.filled)) {
            let (at, way) = (place.at(), place.key());
            let widths = self.first.widths(way);
            keys.push(widths.is_long, *place);
            keys.push(widths.is_short, Place::new(at, key(way >> GROUP_BITS, WIDTH - 1)));
            keys.push(widths.is_short, Place::new(at, key(way >> (2 * GROUP_BITS), WIDTH - 2)));
        }
        let mut found = List::<Found, { ROOM * KEYS }>::new();
        for place in keys.all() {
            let (is_there, rank) = self.table.rank(place.key());
            let found_there = Found { at: place.at(), less: (place.key() >> WAY_BITS) as u8, start: rank };
            found.push(is_there, found_there);
        }
        for it in found.all_mut() {
            it.start = self.table.start(it.start);
        }
        let mut likely = List::<(usize, u32), COMPARED>::new();
        for it in found.all() {
            for entry in self.table.from(it.start) {
                // What would be before the text is behind it, and not there either.
                let beside = self.text.get(it.at.wrapping_add_signed(isize::from(entry.place)));
                let groups = beside.map_or(0, |byte| entry.groups >> group(*byte));
                likely.push((groups & 1 != 0) & (entry.less == it.less), (it.at, entry.number));
                if likely.is_full() {
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
    fn compare(self, likely: &mut List<(usize, u32), COMPARED>, each: &mut impl FnMut(usize, u32, usize, usize)) {
        for (at, number) in likely.all() {
            if let Some((known, from)) = self.known.at(*number, self.text, *at) {
                each(*at, known.owner, from, from + usize::from(known.length));
            }
        }
        likely.filled = 0;
    }
}

/// A list with room for so many.
struct List<T, const MOST: usize> {
    items: [T; MOST],
    filled: usize,
}

impl<T: Copy + Default, const MOST: usize> List<T, MOST> {
    #[inline(always)]
    fn new() -> Self {
        List { items: [T::default(); MOST], filled: 0 }
    }

    /// Adds an item if that is said; without a branch, and what is behind the last one is no item.
    #[inline(always)]
    fn push(&mut self, is_taken: bool, item: T) {
        if let Some(slot) = self.items.get_mut(self.filled) {
            *slot = item;
        }
        self.filled += usize::from(is_taken);
    }

    fn is_full(&self) -> bool {
        self.filled >= MOST
    }

    fn all(&self) -> &[T] {
        self.items.get(..self.filled).unwrap_or_default()
    }

    fn all_mut(&mut self) -> &mut [T] {
        self.items.get_mut(..self.filled).unwrap_or_default()
    }
}

//! Where in a message something was seen.

use std::fmt;
use std::sync::Arc;

/// In which of the plausible readings of a message something is seen. Reading 0 is the one a strict parser takes.
///
/// At most 64 readings are kept apart; the walk of the parts caps them and notes the cap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Readings(u64);

impl Readings {
    /// The first reading alone: what an unambiguous message has.
    pub const FIRST: Readings = Readings(1);

    /// The set that holds `self` and `other`.
    pub fn union(self, other: Readings) -> Readings {
        Readings(self.0 | other.0)
    }

    /// The reading with this number alone; the last one for all beyond it.
    pub(crate) fn only(number: usize) -> Readings {
        Readings(1 << number.min(Readings::MOST - 1))
    }

    /// The first `count` readings.
    pub(crate) fn below(count: usize) -> Readings {
        Readings(if count >= Readings::MOST { u64::MAX } else { (1 << count.max(1)) - 1 })
    }

    /// How many readings are kept apart.
    pub(crate) const MOST: usize = 64;

    /// Whether the reading with this number is in the set.
    pub fn contains(self, number: usize) -> bool {
        number < Readings::MOST && self.0 & (1u64 << number) != 0
    }

    /// The lowest number in the set.
    pub(crate) fn first(self) -> usize {
        self.0.trailing_zeros() as usize
    }

    pub(crate) fn without(self, other: Readings) -> Readings {
        Readings(self.0 & !other.0)
    }

    /// The numbers of the readings in the set, ascending.
    pub fn iter(self) -> impl Iterator<Item = u8> {
        (0..64u8).filter(move |n| self.0 & (1u64 << n) != 0)
    }
}

/// The form of an item's content in which an offset counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum View {
    /// The bytes of the message as they were handed in.
    Raw,
    /// The item's bytes after its transfer encoding, or as they come out of an archive.
    Decoded,
    /// The text a reader sees: charset decoded, HTML stripped, hidden text left out, blanks collapsed.
    Visible,
    /// The visible text with case, look-alike characters and invisible characters folded away.
    Folded,
    /// The text that HTML hides from the reader.
    Hidden,
    /// The decoded value of one header field; the name is in lower case.
    Header(Arc<str>),
}

impl fmt::Display for View {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            View::Raw => f.write_str("raw"),
            View::Decoded => f.write_str("decoded"),
            View::Visible => f.write_str("visible"),
            View::Folded => f.write_str("folded"),
            View::Hidden => f.write_str("hidden"),
            View::Header(name) => write!(f, "header:{name}"),
        }
    }
}

/// A place in a message: an item, a view of it, and a range of bytes in that view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The item's number; 0 is the message itself.
    pub item: u32,
    /// The item's path, such as `2/report.zip/eicar.com`; empty for the message itself.
    pub path: Arc<str>,
    /// The view that `offset` and `length` count in.
    pub view: View,
    /// First byte of the range, in bytes from the start of the view.
    pub offset: u64,
    /// Length of the range in bytes; 0 where the finding is about the item as a whole.
    pub length: u64,
    /// The readings in which it was seen.
    pub readings: Readings,
}

impl Place {
    /// The message as a whole.
    pub fn message() -> Place {
        Place { item: 0, path: Arc::from(""), view: View::Raw, offset: 0, length: 0, readings: Readings::FIRST }
    }

    /// A range of the message's raw bytes.
    pub fn raw(offset: u64, length: u64) -> Place {
        Place { offset, length, ..Place::message() }
    }

    /// A header field of the message itself, by its name in lower case.
    pub fn header(name: &str) -> Place {
        Place { view: View::Header(Arc::from(name)), ..Place::message() }
    }

    /// An item as a whole.
    pub fn item(item: u32, path: Arc<str>, readings: Readings) -> Place {
        Place { item, path, view: View::Decoded, readings, ..Place::message() }
    }

    /// The same item, at another view and range.
    pub fn at(&self, view: View, offset: u64, length: u64) -> Place {
        Place { view, offset, length, ..self.clone() }
    }
}

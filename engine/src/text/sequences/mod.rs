//! What patterns must contain, short sequences of byte classes, and the search for many of them in one pass, literals among them. Takes
//! trees of patterns and bytes, gives where something of a pattern was seen.

mod ahead;
mod first;
mod fold;
mod frequent;
mod known;
mod needs;
mod pairs;
mod pass;
mod places;
mod rows;
mod sets;
mod sieve;
mod table;
mod waiting;

pub(crate) use ahead::{AT_ONCE, Ahead, Tail, either, lengths, sum};
pub(crate) use fold::group;
pub(crate) use needs::{Needs, of};
pub(crate) use places::Places;
pub(crate) use sets::{Bytes, Sequence, add, bytes, folded};
pub(crate) use sieve::{Sieve, SieveMemory};

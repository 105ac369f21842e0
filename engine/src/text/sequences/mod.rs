//! What patterns without a telling literal must contain all the same, short sequences of byte classes, and the search for many of
//! them in one pass. Takes trees of patterns and bytes, gives where something of a pattern was seen.

mod ahead;
mod needs;
mod sieve;

pub(crate) use ahead::{AT_ONCE, Ahead, Tail, either, lengths, sum};
pub(crate) use needs::{Needs, Sequence, of};
pub(crate) use sieve::{Sieve, States};

//! How likely a message's tokens are in spam and in ham. Takes facts and a model, gives one graded finding; knows no
//! message and no other detector.

mod file;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod model;
mod tokens;
pub(crate) mod train;

#[cfg(test)]
mod tests;

use crate::wanted::Wanted;

pub use self::model::TokenWeight;
pub(crate) use self::model::{Model, Score, token_set};
pub use self::tokens::TokenSet;

/// The facts that tokens are made of.
pub(crate) const WANTED: Wanted =
    Wanted::union(&[Wanted::HEADERS, Wanted::VISIBLE, Wanted::LINKS, Wanted::SHAPE, Wanted::FILES]);

/// What scoring keeps from message to message.
#[derive(Debug, Default)]
pub(crate) struct Memory {
    slots: Vec<u32>,
}

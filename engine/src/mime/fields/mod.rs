//! The values of header fields: text, addresses, dates, trace fields. Each takes a field's raw value and gives data;
//! what cannot be read is left out, and noted where the tree is made.

mod addresses;
mod date;
mod received;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use addresses::addresses;
pub(crate) use date::date;
pub(crate) use received::{Received, received};
pub(crate) use text::{text, words_are_whole};

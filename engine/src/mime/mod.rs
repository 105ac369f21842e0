//! Bytes -> [`Tree`]. Takes any bytes, gives a tree and defects; never fails, never recurses, and takes time linear in
//! the size of the message.

mod binhex;
pub(crate) mod charset;
mod choice;
mod delimiter;
mod description;
mod detect;
mod encoding;
pub(crate) mod fields;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod header;
mod kind;
mod lines;
mod parameters;
mod reading;
mod shifted;
pub(crate) mod transfer;
pub(crate) mod tree;
mod utf7;
mod uuencode;
mod walk;
mod yenc;

#[cfg(test)]
mod tests;

pub(crate) use binhex::{decode as decode_binhex, files as binhex_files};
pub(crate) use reading::{length, parse, parse_within};
pub(crate) use tree::{Encoding, Field, Part, PartKind, Tree};
pub(crate) use uuencode::files as uuencoded_files;
pub(crate) use yenc::{decode as decode_yenc, files as yenc_files};

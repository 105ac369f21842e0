//! Files in BinHex 4.0 (RFC 1741), which Macintosh programs wrote: six bits a letter, repeated bytes counted, a header with the
//! name. Found in the middle of a text, whatever encoding it declares.

use memchr::{memchr, memmem};

use super::uuencode::Found;
use crate::text::span::Span;

/// The line that stands in front of each file. Some programs write more behind it.
const MARK: &[u8] = b"(This file must be converted with BinHex";
const ALPHABET: &[u8; 64] = b"!\"#$%&'()*+,-012345689@ABCDEFGHIJKLMNPQRSTUVXYZ[`abcdefhijklmpqr";
/// Repeats the byte before it; a count of none stands for itself.
const REPEAT: u8 = 0x90;

/// The first `most` files in a text, in order: from the mark on to the colon that ends it.
pub(crate) fn files(text: &[u8], most: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) = memmem::find(text.get(at..).unwrap_or_default(), MARK).filter(|_| found.len() < most) {
        let start = at + offset;
        at = start + MARK.len();
        // The data begin with a colon at the front of a line.
        let rest = text.get(at..).unwrap_or_default();
        let Some(begin) = memmem::find(rest.get(..200.min(rest.len())).unwrap_or_default(), b"\n:") else { continue };
        let data = at + begin + 2;
        let behind = text.get(data..).unwrap_or_default();
        let end = memchr(b':', behind).map_or(text.len(), |end| data + end);
        found.push(Found { name: String::new(), span: Span::new(data, end) });
        at = end;
    }
    found
}

/// The name and the data fork of a file, at most `most` bytes and one more; the flag says that it breaks off.
pub(crate) fn decode(bytes: &[u8], most: usize) -> Option<(String, Vec<u8>, bool)> {
    // Header and data are unpacked together; the header has 277 bytes at most: a name of 255, and what stands around it.
    let unpacked = unpack(bytes, most.saturating_add(300));
    let (length, rest) = unpacked.split_first()?;
    let name = rest.get(..usize::from(*length))?;
    // Behind the name: a version, type, creator, flags, then the length of the data, of the resources, and a checksum.
    let rest = rest.get(usize::from(*length)..)?;
    let size = rest.get(11..)?.first_chunk().map(|four| u32::from_be_bytes(*four))?;
    let data = rest.get(21..)?;
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let file = data.get(..size.min(data.len()).min(most.saturating_add(1)))?;
    let whole = data.len() >= size;
    Some((super::charset::to_utf8(Some("macintosh"), name).0.into_owned(), file.to_vec(), whole))
}

/// Letters to bytes, and repeats undone, as far as `most`.
fn unpack(bytes: &[u8], most: usize) -> Vec<u8> {
    let mut out: Vec<u8> = Vec::new();
    let (mut bits, mut count, mut repeats) = (0u32, 0u32, false);
    for byte in bytes {
        let Some(value) = ALPHABET.iter().position(|letter| letter == byte) else { continue };
        bits = bits << 6 | value as u32 & 63;
        count += 6;
        if count < 8 {
            continue;
        }
        count -= 8;
        let byte = (bits >> count & 0xff) as u8;
        bits &= (1 << count) - 1;
        match (repeats, byte) {
            (false, REPEAT) => repeats = true,
            (true, 0) => (repeats, ()) = (false, out.push(REPEAT)),
            (true, times) => {
                repeats = false;
                // The byte stands there once already.
                let again = out.last().copied();
                out.extend(again.into_iter().flat_map(|it| std::iter::repeat_n(it, usize::from(times) - 1)));
            }
            (false, byte) => out.push(byte),
        }
        if out.len() > most {
            break;
        }
    }
    out
}

//! The local headers of a zip archive (APPNOTE, section 4.3.7): what stands before each member, and is all that is left
//! where the directory at the end is damaged or leaves a member out.

use std::cell::Cell;
use std::io::Read;

use flate2::read::DeflateDecoder;
use memchr::memmem;

const SIGNATURE: &[u8] = b"PK\x03\x04";
/// Bytes of a header before the name.
const FIXED: usize = 30;
const STORED: u16 = 0;
const DEFLATED: u16 = 8;
/// Methods that have been assigned; a header that names another is none.
const METHODS: &[u16] = &[0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 12, 14, 16, 18, 19, 20, 93, 94, 95, 96, 97, 98, 99];

/// A member as its local header has it.
#[derive(Debug)]
pub(super) struct Local {
    pub(super) name: String,
    pub(super) is_encrypted: bool,
    /// Unpacked, as stated.
    pub(super) size: u64,
    method: u16,
    data: usize,
    /// Packed; `None` where it is stated behind the data, or not at all.
    packed: Option<usize>,
}

/// The next signature of a local header from `at` on.
pub(super) fn next(bytes: &[u8], at: usize) -> Option<usize> {
    memmem::find(bytes.get(at..)?, SIGNATURE).map(|offset| at + offset)
}

/// The local header at `start`.
pub(super) fn header(bytes: &[u8], start: usize) -> Option<Local> {
    let rest = bytes.get(start..)?;
    let short = |at: usize| Some(u16::from_le_bytes(*rest.get(at..)?.first_chunk::<2>()?));
    let long = |at: usize| Some(u32::from_le_bytes(*rest.get(at..)?.first_chunk::<4>()?));
    if !rest.starts_with(SIGNATURE) || short(4)? & 0xff > 100 {
        return None;
    }
    let (flags, method, packed, size) = (short(6)?, short(8)?, long(18)?, long(22)?);
    let (name_length, extra_length) = (usize::from(short(26)?), usize::from(short(28)?));
    let name_bytes = rest.get(FIXED..FIXED + name_length)?;
    if !METHODS.contains(&method) || name_length == 0 {
        return None;
    }
    // The length stands behind the data, or does not fit the field; then the data itself says where it ends.
    let is_later = (flags & 8 != 0 && packed == 0) || packed == u32::MAX;
    Some(Local {
        name: name(name_bytes),
        is_encrypted: flags & 1 != 0,
        size: u64::from(size),
        method,
        data: start + FIXED + name_length + extra_length,
        packed: (!is_later).then_some(packed as usize),
    })
}

impl Local {
    /// Whether it is a folder: named as one, and empty.
    pub(super) fn is_folder(&self) -> bool {
        self.name.ends_with('/') && self.packed == Some(0)
    }

    /// Where what follows the member begins; where nobody says so, where the next header does.
    pub(super) fn end(&self, bytes: &[u8]) -> usize {
        match self.packed {
            Some(packed) => self.data.saturating_add(packed),
            None => next(bytes, self.data).unwrap_or(bytes.len()),
        }
    }

    /// The member's content; `None` where its method is none that we have. A deflated one ends by itself. `read` counts
    /// the packed bytes that it takes.
    pub(super) fn reader<'b>(&self, bytes: &'b [u8], read: &'b Cell<u64>) -> Option<Box<dyn Read + 'b>> {
        let rest = bytes.get(self.data..).unwrap_or_default();
        let packed = match (self.packed, self.method) {
            (Some(packed), _) => rest.get(..packed).unwrap_or(rest),
            (None, STORED) => {
                let ends = |at: &usize| {
                    let mark = rest.get(at + 2..at + 4).unwrap_or_default();
                    matches!(mark, b"\x03\x04" | b"\x07\x08" | b"\x01\x02")
                };
                let end = memmem::find_iter(rest, b"PK").find(ends);
                end.and_then(|end| rest.get(..end)).unwrap_or(rest)
            }
            (None, _) => rest,
        };
        let packed = Counted { rest: packed, read };
        match self.method {
            STORED => Some(Box::new(packed)),
            DEFLATED => Some(Box::new(DeflateDecoder::new(packed))),
            _ => None,
        }
    }
}

/// Bytes that count how many of them were read.
struct Counted<'b> {
    rest: &'b [u8],
    read: &'b Cell<u64>,
}

impl Read for Counted<'_> {
    fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
        let length = self.rest.read(out)?;
        self.read.set(self.read.get().saturating_add(length as u64));
        Ok(length)
    }
}

/// A member's name: as UTF-8 where it is that, whatever the flag says, else in the code page of DOS.
pub(super) fn name(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(name) => name.to_owned(),
        Err(_) => bytes.iter().map(|byte| cp437(*byte)).collect(),
    }
}

fn cp437(byte: u8) -> char {
    match byte.checked_sub(128) {
        Some(high) => CP437.get(usize::from(high)).copied().unwrap_or(char::REPLACEMENT_CHARACTER),
        None => char::from(byte),
    }
}

/// The upper half of code page 437.
const CP437: [char; 128] = [
    'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å', 'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û',
    'ù', 'ÿ', 'Ö', 'Ü', '¢', '£', '¥', '₧', 'ƒ', 'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '⌐', '¬', '½', '¼', '¡',
    '«', '»', '░', '▒', '▓', '│', '┤', '╡', '╢', '╖', '╕', '╣', '║', '╗', '╝', '╜', '╛', '┐', '└', '┴', '┬', '├', '─',
    '┼', '╞', '╟', '╚', '╔', '╩', '╦', '╠', '═', '╬', '╧', '╨', '╤', '╥', '╙', '╘', '╒', '╓', '╫', '╪', '┘', '┌', '█',
    '▄', '▌', '▐', '▀', 'α', 'ß', 'Γ', 'π', 'Σ', 'σ', 'µ', 'τ', 'Φ', 'Θ', 'Ω', 'δ', '∞', 'φ', 'ε', '∩', '≡', '±', '≥',
    '≤', '⌠', '⌡', '÷', '≈', '°', '∙', '·', '√', 'ⁿ', '²', '■', '\u{a0}',
];

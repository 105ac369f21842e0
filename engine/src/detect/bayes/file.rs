//! The model file: counts of two classes for each slot that was seen, and the numbers that turn them into a score.
//!
//! ```text
//! "TAMISNB" version                    8 bytes; the version covers format, tokens and hash
//! ham messages, spam messages          u32 each, little-endian, like all numbers here
//! alpha least exponent slope offset    f64 each
//! number of slots                      u32
//! for each slot, ascending             gap to the one before, ham, spam: variable-length numbers (LEB128)
//! checksum                             the first 8 bytes of the SHA-256 of all before
//! ```

use sha2::{Digest, Sha256};

use super::tokens::{SLOT_BITS, VERSION};

const MAGIC: &[u8; 7] = b"TAMISNB";

/// The numbers of a model beside its counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Parameters {
    pub(super) ham_messages: u32,
    pub(super) spam_messages: u32,
    /// What is added to every count.
    pub(super) alpha: f64,
    /// Log-ratios nearer to 0 than this do not count.
    pub(super) least: f64,
    /// The sum is divided by the number of tokens that count, to the power of this.
    pub(super) exponent: f64,
    /// Calibration: log-odds = slope * score + offset.
    pub(super) slope: f64,
    pub(super) offset: f64,
}

/// In how many messages of each class each slot was seen; only slots that were.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Counts {
    /// Slot, ham, spam; ascending.
    entries: Vec<(u32, u32, u32)>,
}

impl Counts {
    /// From entries in ascending order of their slots.
    pub(super) fn new(entries: Vec<(u32, u32, u32)>) -> Counts {
        Counts { entries }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (u32, u32, u32)> {
        self.entries.iter().copied()
    }

    pub(super) fn of(&self, slot: u32) -> (u32, u32) {
        let at = self.entries.binary_search_by_key(&slot, |entry| entry.0);
        at.ok().and_then(|at| self.entries.get(at)).map_or((0, 0), |(_, ham, spam)| (*ham, *spam))
    }
}

/// A model file.
pub(super) fn write(parameters: &Parameters, counts: &Counts) -> Vec<u8> {
    let mut out = Vec::with_capacity(64 + counts.entries.len() * 4);
    out.extend_from_slice(MAGIC);
    out.push(VERSION);
    out.extend_from_slice(&parameters.ham_messages.to_le_bytes());
    out.extend_from_slice(&parameters.spam_messages.to_le_bytes());
    for number in [parameters.alpha, parameters.least, parameters.exponent, parameters.slope, parameters.offset] {
        out.extend_from_slice(&number.to_le_bytes());
    }
    out.extend_from_slice(&u32::try_from(counts.entries.len()).unwrap_or(u32::MAX).to_le_bytes());
    let mut before = 0;
    for (slot, ham, spam) in &counts.entries {
        for number in [slot - before, *ham, *spam] {
            variable(number, &mut out);
        }
        before = *slot;
    }
    let checksum = Sha256::digest(&out);
    out.extend(checksum.iter().take(8));
    out
}

/// Reads a model file. Memory is bounded by its length.
pub(super) fn read(bytes: &[u8]) -> Result<(Parameters, Counts), String> {
    let (body, checksum) = bytes.split_last_chunk::<8>().ok_or("not a model file: too short")?;
    let rest = body.strip_prefix(MAGIC).ok_or("not a model file of Tamis")?;
    let (version, rest) = rest.split_first().ok_or("the model file breaks off")?;
    if *version != VERSION {
        return Err(format!("a model of version {version}, and this program reads version {VERSION}"));
    }
    if !Sha256::digest(body).starts_with(checksum) {
        return Err("the model file is damaged: its checksum does not fit".into());
    }
    let mut reader = Reader { rest };
    let (ham_messages, spam_messages) = (reader.number()?, reader.number()?);
    let mut numbers = [0.0; 5];
    for number in &mut numbers {
        *number = f64::from_le_bytes(reader.take()?);
    }
    let [alpha, least, exponent, slope, offset] = numbers;
    // What no training comes near; far beyond, sums of them are no numbers any more.
    let sane = numbers.iter().all(|number| number.abs() <= 1e6)
        && (1e-6..=1e6).contains(&alpha)
        && (0.0..=10.0).contains(&least)
        && (0.0..=2.0).contains(&exponent);
    if !sane {
        return Err("the model file has parameters that make no sense".into());
    }
    let count = reader.number()?;
    let mut entries = Vec::with_capacity((count as usize).min(reader.rest.len() / 3));
    let mut slot = 0u32;
    for number in 0..count {
        let gap = reader.variable()?;
        slot = slot.checked_add(gap).filter(|slot| *slot >> SLOT_BITS == 0).ok_or("a slot beyond the table")?;
        if gap == 0 && number > 0 {
            return Err("a slot twice in the model file".into());
        }
        entries.push((slot, reader.variable()?, reader.variable()?));
    }
    if !reader.rest.is_empty() {
        return Err("bytes behind the end of the model".into());
    }
    let parameters = Parameters { ham_messages, spam_messages, alpha, least, exponent, slope, offset };
    Ok((parameters, Counts { entries }))
}

fn variable(mut number: u32, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

struct Reader<'b> {
    rest: &'b [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let (head, rest) = self.rest.split_first_chunk::<N>().ok_or("the model file breaks off")?;
        self.rest = rest;
        Ok(*head)
    }

    fn number(&mut self) -> Result<u32, String> {
        Ok(u32::from_le_bytes(self.take()?))
    }

    fn variable(&mut self) -> Result<u32, String> {
        let mut number = 0u64;
        for shift in [0, 7, 14, 21, 28] {
            let [byte] = self.take()?;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return u32::try_from(number).map_err(|_| "a count that is too large".into());
            }
        }
        Err("a count that is too large".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> (Parameters, Counts) {
        let parameters = Parameters {
            ham_messages: 3,
            spam_messages: 2,
            alpha: 0.1,
            least: 2.0,
            exponent: 0.75,
            slope: 1.5,
            offset: -0.25,
        };
        (parameters, Counts::new(vec![(0, 1, 0), (7, 300, 2), ((1 << SLOT_BITS) - 1, 0, u32::MAX)]))
    }

    #[test]
    fn what_is_written_is_read() {
        let (parameters, counts) = example();
        let bytes = write(&parameters, &counts);
        assert_eq!(read(&bytes), Ok((parameters, counts)));
    }

    #[test]
    fn damaged_files_are_refused() {
        let (parameters, counts) = example();
        let bytes = write(&parameters, &counts);
        for at in 0..bytes.len() {
            assert!(read(&bytes[..at]).is_err(), "cut at {at}");
            let mut flipped = bytes.clone();
            flipped[at] ^= 0x10;
            assert!(read(&flipped).is_err(), "flipped at {at}");
        }
        assert!(read(b"").is_err());
        // Sound sums do not make sound content.
        let mut lies = bytes[..bytes.len() - 8].to_vec();
        let count_at = 8 + 8 + 40;
        lies[count_at..count_at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        let checksum = Sha256::digest(&lies);
        lies.extend(&checksum[..8]);
        assert_eq!(read(&lies), Err("the model file breaks off".into()));
    }
}

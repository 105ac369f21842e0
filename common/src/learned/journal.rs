//! The journal: one record for each message that was learned or forgotten.
//!
//! ```text
//! length          u32, little-endian like all numbers: of the body
//! body            kind (1 learn, 2 forget, 3 fade), and, of 1 and 2:
//!                 label (0 ham, 1 spam), counted (0, 1), error f32, time i64,
//!                 length of the source u16, source, what was learned (TokenSet::to_bytes)
//! checksum        u64: FNV-1a of the body, so that half a record is known as such
//! ```

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use tamis_engine::{Label, Learned, TokenSet};

use super::Entry;

/// Larger than any message's tokens: 9 families of 1,000 tokens, and all features.
const MOST_BYTES: u32 = 1 << 20;

/// What a record says.
#[derive(Clone, Debug)]
pub(super) enum Event {
    /// A message was learned.
    Learn { entry: Entry, tokens: TokenSet, learned: Learned },
    /// A message was forgotten: what it had been learned as, and what that had done.
    Forget { id: [u8; 16], label: Label, tokens: TokenSet, learned: Learned, at: i64 },
    /// All counts were halved.
    Fade,
}

/// What a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Brief {
    pub(super) id: [u8; 16],
    /// What it was learned as; nothing where it was forgotten.
    pub(super) label: Option<Label>,
}

/// A record, to be added to a journal.
pub(super) fn record(event: &Event) -> Vec<u8> {
    let mut body = Vec::new();
    let mut put = |kind: u8, label: Label, learned: &Learned, at: i64, source: &str, tokens: &TokenSet| {
        body.extend([kind, u8::from(label == Label::Spam), u8::from(learned.counted)]);
        body.extend(learned.error.to_le_bytes());
        body.extend(at.to_le_bytes());
        let source = source.get(..source.floor_char_boundary(500)).unwrap_or_default();
        body.extend(u16::try_from(source.len()).unwrap_or(0).to_le_bytes());
        body.extend(source.as_bytes());
        body.extend(tokens.to_bytes());
    };
    match event {
        Event::Learn { entry, tokens, learned } => put(1, entry.label, learned, entry.at, &entry.source, tokens),
        Event::Forget { label, tokens, learned, at, .. } => put(2, *label, learned, *at, "", tokens),
        Event::Fade => body.push(3),
    }
    let mut out = u32::try_from(body.len()).unwrap_or(0).to_le_bytes().to_vec();
    let checksum = checksum(&body);
    out.extend(body);
    out.extend(checksum.to_le_bytes());
    out
}

fn checksum(body: &[u8]) -> u64 {
    body.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3))
}

fn event(body: &[u8]) -> Option<Event> {
    let (kind, rest) = body.split_first()?;
    if *kind == 3 {
        return rest.is_empty().then_some(Event::Fade);
    }
    let ([label, counted], rest) = rest.split_first_chunk()?;
    let (error, rest) = rest.split_first_chunk()?;
    let (at, rest) = rest.split_first_chunk()?;
    let (length, rest) = rest.split_first_chunk()?;
    let (source, tokens) = rest.split_at_checked(u16::from_le_bytes(*length).into())?;
    let tokens = TokenSet::from_bytes(tokens)?;
    let label = if *label == 0 { Label::Ham } else { Label::Spam };
    let learned = Learned { counted: *counted != 0, error: f32::from_le_bytes(*error) };
    let (id, at, source) = (tokens.id(), i64::from_le_bytes(*at), String::from_utf8_lossy(source).into_owned());
    match kind {
        1 => Some(Event::Learn { entry: Entry { id, label, at, source }, tokens, learned }),
        2 => Some(Event::Forget { id, label, tokens, learned, at }),
        _ => None,
    }
}

/// Reads records one after another.
pub(super) struct Journal {
    file: BufReader<File>,
    /// Where the next record starts.
    at: u64,
}

impl Journal {
    /// From the record on that starts at `at`.
    pub(super) fn new(mut file: File, at: u64) -> io::Result<Journal> {
        file.seek(SeekFrom::Start(at))?;
        Ok(Journal { file: BufReader::with_capacity(1 << 16, file), at })
    }

    /// The next record, and where it starts; nothing at the end, and where only half a record is there.
    pub(super) fn next(&mut self) -> io::Result<Option<(u64, Event)>> {
        let Some(length) = self.take(4)? else { return Ok(None) };
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
        if length > MOST_BYTES {
            return Ok(None);
        }
        let (Some(body), Some(sum)) = (self.take(length as usize)?, self.take(8)?) else { return Ok(None) };
        if sum != checksum(&body).to_le_bytes() {
            return Ok(None);
        }
        let Some(event) = event(&body) else { return Ok(None) };
        let at = self.at;
        self.at += 12 + u64::from(length);
        Ok(Some((at, event)))
    }

    /// The next record before `until`, by what it is about alone: where it starts, what was learned as what (nothing where it
    /// was forgotten). A tenth of what reading it whole costs.
    pub(super) fn brief(&mut self, until: u64) -> io::Result<Option<(u64, Option<Brief>)>> {
        if self.at >= until {
            return Ok(None);
        }
        let Some(length) = self.take(4)? else { return Ok(None) };
        let length = u32::from_le_bytes(length.try_into().unwrap_or_default());
        let (at, mut left) = (self.at, i64::from(length) + 8);
        self.at += 12 + u64::from(length);
        if length <= 1 {
            self.file.seek_relative(left)?;
            return Ok(Some((at, None)));
        }
        // Kind, label, counted, error, time, length of the source; and behind the source the digest and the id.
        let Some(head) = self.take(17)? else { return Ok(None) };
        let source = head.last_chunk().map_or(0, |it| u16::from_le_bytes(*it));
        self.file.seek_relative(i64::from(source) + 8)?;
        let Some(id) = self.take(16)? else { return Ok(None) };
        left -= 17 + i64::from(source) + 8 + 16;
        self.file.seek_relative(left)?;
        let id = id.try_into().unwrap_or_default();
        let label = match (head.first(), head.get(1)) {
            (Some(1), Some(0)) => Some(Label::Ham),
            (Some(1), _) => Some(Label::Spam),
            _ => None,
        };
        Ok(Some((at, Some(Brief { id, label }))))
    }

    /// Where the record behind the last one that was read starts.
    pub(super) fn end(&self) -> u64 {
        self.at
    }

    fn take(&mut self, count: usize) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = vec![0; count];
        match self.file.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(bytes)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

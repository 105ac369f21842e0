//! The compound file (MS-CFB): a file system within a file. Takes bytes, gives its streams; every chain of sectors is bounded by
//! the file's size, so that one that goes in a circle ends, and all streams together hold no more than twice what the file does.

/// What an OLE file begins with.
const SIGNATURE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";
const HEADER_BYTES: usize = 512;
/// Sector numbers from here on mean something else than a sector: end of a chain, free.
const MOST_SECTORS: u32 = 0xffff_fffa;
/// No entry of a directory.
const NO_ENTRY: u32 = 0xffff_ffff;
const ENTRY_BYTES: usize = 128;
/// Sector numbers that the header itself has room for.
const IN_HEADER: usize = 109;
/// How deep storages are followed for the names of streams; Office stays under ten.
const MOST_DEPTH: usize = 16;
/// How many entries of a directory are read; the installers that have most have some thousands.
const MOST_ENTRIES: usize = 1 << 16;

/// A compound file whose tables were read.
pub(super) struct Compound<'b> {
    bytes: &'b [u8],
    /// log2 of a sector's size.
    shift: u32,
    mini_shift: u32,
    /// Streams of fewer bytes are in the mini stream.
    cutoff: u64,
    /// Of each sector, the one that follows it.
    next: Vec<u32>,
    /// The same of the mini stream.
    mini_next: Vec<u32>,
    mini: Vec<u8>,
    entries: Vec<Entry>,
    /// Something in it contradicts itself.
    pub(super) damaged: bool,
    /// How many more bytes its streams may hold.
    room: usize,
}

/// An entry of the directory.
#[derive(Debug)]
struct Entry {
    name: String,
    kind: EntryKind,
    left: u32,
    right: u32,
    child: u32,
    start: u32,
    size: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum EntryKind {
    Free,
    Storage,
    Stream,
    Root,
}

/// A stream: its names from the root on, and where it is.
#[derive(Debug)]
pub(super) struct Stream {
    /// The storages around it, and its own name, last.
    pub(super) path: Vec<String>,
    start: u32,
    pub(super) size: u64,
}

impl Stream {
    /// Its own name.
    pub(super) fn name(&self) -> &str {
        self.path.last().map_or("", String::as_str)
    }

    /// The name of the storage that holds it.
    pub(super) fn storage(&self) -> &str {
        self.path.len().checked_sub(2).and_then(|at| self.path.get(at)).map_or("", String::as_str)
    }
}

impl<'b> Compound<'b> {
    /// Reads header, tables and directory. `None` where there is nothing to go by.
    pub(super) fn read(bytes: &'b [u8]) -> Option<Compound<'b>> {
        if !bytes.starts_with(SIGNATURE) {
            return None;
        }
        let (shift, mini_shift) = (u32::from(u16_at(bytes, 30)?), u32::from(u16_at(bytes, 32)?));
        if !(7..=16).contains(&shift) || !(4..=12).contains(&mini_shift) || mini_shift >= shift {
            return None;
        }
        let mut it = Compound {
            bytes,
            shift,
            mini_shift,
            cutoff: u64::from(u32_at(bytes, 56)?),
            next: Vec::new(),
            mini_next: Vec::new(),
            mini: Vec::new(),
            entries: Vec::new(),
            damaged: false,
            room: bytes.len().saturating_mul(2),
        };
        it.next = it.allocation()?;
        let directory = it.chain(u32_at(bytes, 48)?, bytes.len());
        it.entries = directory.chunks_exact(ENTRY_BYTES).take(MOST_ENTRIES).filter_map(entry).collect();
        let root = it.entries.iter().find(|entry| entry.kind == EntryKind::Root);
        let (start, size) = root.map(|root| (root.start, root.size))?;
        it.mini = it.chain(start, usize::try_from(size).unwrap_or(usize::MAX).min(bytes.len()));
        it.mini_next = longs(&it.chain(u32_at(bytes, 60)?, bytes.len()));
        Some(it)
    }

    /// The streams, each with its path. Those that no storage names are there too: a reader that goes by the list sees them.
    pub(super) fn streams(&self) -> Vec<Stream> {
        let mut found = Vec::new();
        let mut seen = vec![false; self.entries.len()];
        let mut waiting: Vec<(u32, Vec<String>)> = Vec::new();
        for root in self.entries.iter().filter(|entry| entry.kind == EntryKind::Root) {
            waiting.push((root.child, Vec::new()));
        }
        while let Some((number, path)) = waiting.pop() {
            let Some(entry) = self.entries.get(number as usize) else { continue };
            if number == NO_ENTRY || seen.get(number as usize) != Some(&false) {
                continue;
            }
            if let Some(seen) = seen.get_mut(number as usize) {
                *seen = true;
            }
            let mut own = path.clone();
            own.push(entry.name.clone());
            match entry.kind {
                EntryKind::Stream => found.push(Stream { path: own, start: entry.start, size: entry.size }),
                EntryKind::Storage if own.len() < MOST_DEPTH => waiting.push((entry.child, own)),
                _ => {}
            }
            waiting.push((entry.right, path.clone()));
            waiting.push((entry.left, path));
        }
        for (entry, seen) in self.entries.iter().zip(seen) {
            if !seen && entry.kind == EntryKind::Stream {
                found.push(Stream { path: vec![entry.name.clone()], start: entry.start, size: entry.size });
            }
        }
        found
    }

    /// A stream's bytes, as far as they are there, at most `most` of them.
    pub(super) fn content(&mut self, stream: &Stream, most: usize) -> Vec<u8> {
        let size = usize::try_from(stream.size).unwrap_or(usize::MAX);
        let wanted = size.min(most).min(self.room);
        let bytes = if stream.size < self.cutoff {
            self.mini_chain(stream.start, wanted)
        } else {
            self.chain(stream.start, wanted)
        };
        self.damaged |= bytes.len() < size.min(most);
        self.room = self.room.saturating_sub(bytes.len());
        bytes
    }

    /// The table of all sectors: first which sectors it is in, from the header and the sectors that go on from there.
    fn allocation(&mut self) -> Option<Vec<u32>> {
        let sectors = self.bytes.len() >> self.shift;
        let in_header =
            self.bytes.get(76..HEADER_BYTES)?.chunks_exact(4).take(IN_HEADER).filter_map(|it| u32_at(it, 0));
        let mut table: Vec<u32> = in_header.collect();
        let mut at = u32_at(self.bytes, 68)?;
        let mut steps = 0;
        while at < MOST_SECTORS {
            let (Some(sector), true) = (self.sector(at), steps <= sectors) else {
                self.damaged = true;
                break;
            };
            let mut numbers = longs(sector);
            at = numbers.pop().unwrap_or(NO_ENTRY);
            table.append(&mut numbers);
            steps += 1;
        }
        let mut next: Vec<u32> = Vec::new();
        for number in table.into_iter().filter(|number| *number < MOST_SECTORS) {
            if next.len() > sectors {
                break;
            }
            match self.sector(number) {
                Some(sector) => next.append(&mut longs(sector)),
                None => self.damaged = true,
            }
        }
        Some(next)
    }

    /// A sector; the last one may be cut.
    fn sector(&self, number: u32) -> Option<&'b [u8]> {
        let start = (number as usize).checked_add(1)?.checked_mul(1 << self.shift)?;
        let rest = self.bytes.get(start..).filter(|rest| !rest.is_empty())?;
        rest.get(..1 << self.shift).or(Some(rest))
    }

    /// What a chain of sectors holds, at most `most` bytes of it.
    fn chain(&self, start: u32, most: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut at = start;
        while at < MOST_SECTORS && out.len() < most {
            let Some(sector) = self.sector(at) else { break };
            out.extend_from_slice(sector.get(..sector.len().min(most - out.len())).unwrap_or_default());
            at = self.next.get(at as usize).copied().unwrap_or(NO_ENTRY);
        }
        out
    }

    fn mini_chain(&self, start: u32, most: usize) -> Vec<u8> {
        let mut out = Vec::new();
        let mut at = start;
        let size = 1usize << self.mini_shift;
        while at < MOST_SECTORS && out.len() < most {
            let Some(from) = (at as usize).checked_mul(size).filter(|from| *from < self.mini.len()) else { break };
            let end = (from + size).min(self.mini.len());
            let sector = self.mini.get(from..end).unwrap_or_default();
            out.extend_from_slice(sector.get(..sector.len().min(most - out.len())).unwrap_or_default());
            at = self.mini_next.get(at as usize).copied().unwrap_or(NO_ENTRY);
        }
        out
    }
}

fn entry(bytes: &[u8]) -> Option<Entry> {
    let kind = match bytes.get(66)? {
        1 => EntryKind::Storage,
        2 => EntryKind::Stream,
        5 => EntryKind::Root,
        _ => EntryKind::Free,
    };
    let length = usize::from(u16_at(bytes, 64)?).saturating_sub(2).min(62);
    Some(Entry {
        name: wide(bytes.get(..length)?),
        kind,
        left: u32_at(bytes, 68)?,
        right: u32_at(bytes, 72)?,
        child: u32_at(bytes, 76)?,
        start: u32_at(bytes, 116)?,
        // Files of the common version have 32 bits, and may have rubbish behind them.
        size: u64::from(u32_at(bytes, 120)?),
    })
}

/// UTF-16 in little-endian order as text.
pub(super) fn wide(bytes: &[u8]) -> String {
    let units = bytes.chunks_exact(2).filter_map(|two| u16_at(two, 0));
    char::decode_utf16(units).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn longs(bytes: &[u8]) -> Vec<u32> {
    bytes.chunks_exact(4).filter_map(|four| u32_at(four, 0)).collect()
}

pub(super) fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..)?.first_chunk().map(|two| u16::from_le_bytes(*two))
}

pub(super) fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..)?.first_chunk().map(|four| u32::from_le_bytes(*four))
}

//! OLE files: documents of the old kind, what is embedded in them, and the macros of both kinds. Takes a file, gives its streams;
//! of a module of macros the source, of a packed file that file with its name, of PowerPoint what it compressed once more.

mod compound;
mod vba;

use flate2::bufread::ZlibDecoder;

use super::{Child, Opened, Room};
use crate::defect::DefectKind;
use crate::limits::Budget;
use crate::place::Place;

use compound::{Compound, Stream, u16_at, u32_at};

/// Steps for each byte of a file: its tables, its streams, what is looked for in them.
const STEPS_A_BYTE: u64 = 4;

/// Bytes of a project's list of modules that are unpacked, and how many projects there may be.
const DIR_BYTES: usize = 1 << 20;
const MOST_PROJECTS: usize = 16;

/// Opens `bytes`.
pub(super) fn open(bytes: &[u8], place: &Place, budget: &mut Budget<'_>) -> Opened {
    let mut opened = Opened::default();
    if !budget.work((bytes.len() as u64).saturating_mul(STEPS_A_BYTE), || place.clone()) {
        return opened;
    }
    let Some(mut file) = Compound::read(bytes) else {
        opened.defects.push(DefectKind::ArchiveDamaged);
        return opened;
    };
    let streams = file.streams();
    let mut offsets = Vec::new();
    let projects = streams.iter().filter(|it| is_project(it) && it.name().eq_ignore_ascii_case("dir"));
    for dir in projects.take(MOST_PROJECTS) {
        let packed = file.content(dir, DIR_BYTES);
        let (found, unpacked) = vba::offsets(&packed, DIR_BYTES);
        offsets.extend(found);
        if !budget.work(unpacked as u64, || place.clone()) {
            return opened;
        }
    }
    let mut opening = Opening { offsets, room: Room::of(budget, bytes.len()), opened, place };
    for stream in &streams {
        // One more than may be kept, so that whoever adds them notes the limit.
        if opening.opened.children.len() > budget.limits.items as usize {
            break;
        }
        let most = usize::try_from(opening.room.left).unwrap_or(usize::MAX).saturating_add(1);
        let content = file.content(stream, most);
        if !opening.stream(stream, content, budget) {
            break;
        }
    }
    if file.damaged {
        opening.opened.defects.push(DefectKind::ArchiveDamaged);
    }
    opening.opened.defects.dedup();
    opening.opened
}

/// A file that is being opened.
struct Opening<'p> {
    /// Where the source of each module begins, by the name of its stream. There may be several projects; a name that two have is
    /// right for one of them, and for the other it is looked for.
    offsets: Vec<(String, usize)>,
    room: Room,
    opened: Opened,
    place: &'p Place,
}

impl Opening<'_> {
    /// Adds what a stream is for whoever opens the file; false when there is no room for more.
    fn stream(&mut self, stream: &Stream, content: Vec<u8>, budget: &mut Budget<'_>) -> bool {
        let path = shown(stream);
        if is_encrypted(stream.name(), &content) {
            self.opened.children.push(Child::closed(path, stream.size, true));
            return true;
        }
        if is_project(stream) {
            let own = |(name, _): &&(String, usize)| name.eq_ignore_ascii_case(stream.name());
            let offset = self.offsets.iter().find(own).map(|(_, offset)| *offset);
            let most = usize::try_from(self.room.left).unwrap_or(usize::MAX);
            if let Some((source, more)) = vba::source(&content, offset, most) {
                return self.add(format!("{path}.bas"), source, more, budget);
            }
        }
        if let Some((name, file)) = packed_file(stream.name(), &content) {
            return self.add(name, file, false, budget);
        }
        if stream.name() == "PowerPoint Document" {
            for (size, packed) in storages(&content) {
                let (file, broken, cut) = self.room.read(&mut ZlibDecoder::new(packed), budget, self.place);
                // PowerPoint itself leaves the end of it out, once all is there.
                if broken && (file.len() as u64) < u64::from(size) {
                    self.opened.defects.push(DefectKind::ArchiveDamaged);
                }
                self.opened.children.push(Child::unpacked(format!("{path}/ExOleObjStg"), file, cut));
                if cut || budget.halted() || self.opened.children.len() > budget.limits.items as usize {
                    return false;
                }
            }
        }
        content.is_empty() || self.add(path, content, false, budget)
    }

    fn add(&mut self, name: String, bytes: Vec<u8>, more: bool, budget: &mut Budget<'_>) -> bool {
        let (child, go_on) = self.room.child(name, bytes, more, budget, self.place);
        self.opened.children.push(child);
        go_on
    }
}

/// Unpacks a source, for tests.
#[cfg(any(test, feature = "fuzzing"))]
pub(super) fn decompressed(packed: &[u8], most: usize) -> Vec<u8> {
    vba::decompress(packed, most).0
}

/// A stream's path, without the control characters that names of streams begin with.
fn shown(stream: &Stream) -> String {
    stream.path.join("/").chars().filter(|c| !c.is_control()).collect()
}

/// Whether a stream is part of a project of macros, and not compiled code alone.
fn is_project(stream: &Stream) -> bool {
    stream.storage().eq_ignore_ascii_case("VBA")
}

/// Whether a stream is the encrypted content of a document: what hides a whole document of the new kind, a flag of Word, a record
/// of Excel among the first.
fn is_encrypted(name: &str, content: &[u8]) -> bool {
    let record = |at: usize| u16_at(content, at).zip(u16_at(content, at.saturating_add(2)));
    match name {
        "EncryptedPackage" => true,
        "WordDocument" => u16_at(content, 0) == Some(0xa5ec) && u16_at(content, 10).is_some_and(|it| it & 0x100 != 0),
        "Workbook" | "Book" => {
            let mut at = 0;
            (0..4).any(|_| {
                let Some((kind, length)) = record(at) else { return false };
                at += 4 + usize::from(length);
                kind == 0x002f
            }) && record(0).is_some_and(|(kind, _)| kind == 0x0809)
        }
        // A PowerPoint user who has a password: the atom says where the encrypted key is.
        "Current User" => u32_at(content, 12) == Some(0xf3d1_c4df),
        _ => false,
    }
}

/// The file in a stream of the Object Packager: its label, the path that it came from, a temporary one, and its bytes.
fn packed_file(stream: &str, content: &[u8]) -> Option<(String, Vec<u8>)> {
    if !stream.eq_ignore_ascii_case("\u{1}Ole10Native") {
        return None;
    }
    // The length of all, and two bytes that say that it is a file.
    let rest = content.get(4..).filter(|_| u16_at(content, 4) == Some(2))?.get(2..)?;
    let (label, rest) = text(rest)?;
    let (path, rest) = text(rest)?;
    // What follows is no shortcut to a file elsewhere: 0, 3, and the length of a path.
    let rest = rest.get(4..)?;
    let length = usize::try_from(u32_at(rest, 0)?).ok()?;
    let rest = rest.get(4..)?.get(length..)?;
    let size = usize::try_from(u32_at(rest, 0)?).ok()?;
    let file = rest.get(4..)?;
    let file = file.get(..size.min(file.len()))?;
    let name = [label, path].into_iter().find(|it| !it.is_empty()).unwrap_or_default();
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    Some((name, file.to_vec()))
}

/// A text that ends with a NUL, and what follows it.
fn text(bytes: &[u8]) -> Option<(String, &[u8])> {
    let end = memchr::memchr(0, bytes)?;
    Some((String::from_utf8_lossy(bytes.get(..end)?).into_owned(), bytes.get(end + 1..)?))
}

/// The storages that PowerPoint keeps compressed among its records (MS-PPT, ExOleObjStg, VbaProjectStg): each is an OLE file; gives
/// the size that it unpacks to, and it.
fn storages(document: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    let mut rest = document;
    std::iter::from_fn(move || {
        loop {
            let (head, kind) = (u16_at(rest, 0)?, u16_at(rest, 2)?);
            let length = usize::try_from(u32_at(rest, 4)?).ok()?;
            let behind = rest.get(8..)?;
            let data = behind.get(..length.min(behind.len()))?;
            rest = behind.get(data.len()..)?;
            // One that is not compressed is a record as any other.
            if kind == 0x1011 && head >> 4 == 1 {
                return Some((u32_at(data, 0)?, data.get(4..)?));
            }
        }
    })
}

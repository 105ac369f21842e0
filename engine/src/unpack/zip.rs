//! Zip archives, and the documents that are zip archives inside. Members are read as the directory at the end has them;
//! then those that only local headers have, since some programs read a zip from its front.

use std::cell::Cell;
use std::io::Cursor;

use zip::{CompressionMethod, ZipArchive};

use super::tar::escapes;
use super::zip_local::{self, Local};
use super::{Child, Opened, Room};
use crate::defect::DefectKind;
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::Place;
use crate::text::names::bounded;

/// Unpacks `bytes`.
pub(super) fn open(bytes: &[u8], place: &Place, budget: &mut Budget<'_>) -> Opened {
    let mut it = Reader { bytes, place, room: Room::of(budget, bytes.len()), opened: Opened::default() };
    let mut known = Vec::new();
    match ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => it.listed(archive, &mut known, budget),
        Err(_) => it.defect(DefectKind::ArchiveDamaged),
    }
    it.unlisted(known, budget);
    it.opened
}

struct Reader<'b> {
    bytes: &'b [u8],
    place: &'b Place,
    room: Room,
    opened: Opened,
}

impl Reader<'_> {
    /// Members in the directory. Where they are, headers included, is added to `known`.
    fn listed(
        &mut self,
        mut archive: ZipArchive<Cursor<&[u8]>>,
        known: &mut Vec<(usize, usize)>,
        budget: &mut Budget<'_>,
    ) {
        for index in 0..archive.len() {
            // An entry has at least 46 bytes in the directory and 30 before its content; many may share that content.
            if !self.may_go_on(76, budget) {
                return;
            }
            let Ok(entry) = archive.by_index_raw(index) else {
                self.defect(DefectKind::ArchiveDamaged);
                continue;
            };
            let name = zip_local::name(entry.name_raw());
            let start = usize::try_from(entry.header_start()).unwrap_or(usize::MAX);
            let data = usize::try_from(entry.data_start().unwrap_or(0)).unwrap_or(usize::MAX);
            let packed = usize::try_from(entry.compressed_size()).unwrap_or(usize::MAX);
            let (encrypted, size) = (entry.encrypted(), entry.size());
            let is_folder = entry.is_dir() && size == 0;
            // The crate finds out while reading, and says the same as for a damaged one.
            let is_known = matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated);
            drop(entry);
            known.push((start, data.saturating_add(packed)));
            if is_folder {
                continue;
            }
            self.name(&name);
            let local = zip_local::header(self.bytes, start);
            let mut read = true;
            if encrypted {
                self.opened.children.push(Child::closed(name.clone(), size, true));
            } else if !is_known {
                self.unsupported(budget);
                self.opened.children.push(Child::closed(name.clone(), size, false));
            } else if !budget.work(packed.min(self.bytes.len()) as u64, || self.place.clone()) {
                // Many may share one content, and it need not unpack to anything.
                return;
            } else if let Ok(mut entry) = archive.by_index(index) {
                read = self.child(name.clone(), &mut entry, budget);
            } else {
                self.defect(DefectKind::ArchiveDamaged);
                self.opened.children.push(Child::closed(name.clone(), size, false));
            }
            if !read {
                return;
            }
            // Two accounts of one member: whoever reads from the front sees the other.
            let Some(local) = local else { continue };
            let names_differ = local.name != name && !local.name.is_empty();
            if names_differ {
                self.defect(DefectKind::ArchiveDamaged);
                if let Some(child) = self.opened.children.last_mut() {
                    child.names.push(bounded(local.name.clone()));
                }
            }
            if local.is_encrypted != encrypted {
                self.defect(DefectKind::ArchiveDamaged);
                if !self.local(local, budget) {
                    return;
                }
            }
        }
    }

    /// Members that no directory lists, found by their local headers: all of them where the directory is damaged.
    fn unlisted(&mut self, mut known: Vec<(usize, usize)>, budget: &mut Budget<'_>) {
        known.sort_unstable();
        let mut known = known.into_iter().peekable();
        let mut at = 0;
        while let Some(start) = zip_local::next(self.bytes, at) {
            if !self.may_go_on((start - at) as u64 + 30, budget) {
                return;
            }
            while known.next_if(|(_, end)| *end <= start).is_some() {}
            if let Some((_, end)) = known.peek().filter(|(from, _)| *from <= start) {
                at = (*end).max(start + 4);
                continue;
            }
            let Some(local) = zip_local::header(self.bytes, start) else {
                at = start + 4;
                continue;
            };
            self.defect(DefectKind::ArchiveDamaged);
            at = local.end(self.bytes).max(start + 4);
            if !local.is_folder() && !self.local(local, budget) {
                return;
            }
        }
    }

    /// A member as its local header has it; false where nothing more can be read.
    fn local(&mut self, local: Local, budget: &mut Budget<'_>) -> bool {
        self.name(&local.name);
        if local.is_encrypted {
            self.opened.children.push(Child::closed(local.name, local.size, true));
            return true;
        }
        let read = Cell::new(0);
        match local.reader(self.bytes, &read) {
            Some(mut source) => {
                let go_on = self.child(local.name, &mut *source, budget);
                budget.work(read.get(), || self.place.clone()) && go_on
            }
            None => {
                self.unsupported(budget);
                self.opened.children.push(Child::closed(local.name, local.size, false));
                true
            }
        }
    }

    /// Unpacks one member; false where it met a limit.
    fn child(&mut self, name: String, source: &mut dyn std::io::Read, budget: &mut Budget<'_>) -> bool {
        let (unpacked, damaged, cut) = self.room.read(source, budget, self.place);
        if damaged {
            self.defect(DefectKind::ArchiveDamaged);
        }
        self.opened.children.push(Child::unpacked(name, unpacked, cut));
        !cut && !budget.halted()
    }

    fn may_go_on(&self, steps: u64, budget: &mut Budget<'_>) -> bool {
        // One more than may be kept, so that whoever adds them notes the limit.
        budget.work(steps, || self.place.clone()) && self.opened.children.len() <= budget.limits.items as usize
    }

    fn name(&mut self, name: &str) {
        if escapes(name) {
            self.defect(DefectKind::ArchiveNameEscapes);
        }
    }

    fn unsupported(&self, budget: &mut Budget<'_>) {
        let explanation = "a member of the archive is packed by a method that is not supported".to_owned();
        budget.note(Limit::Unsupported, self.place.clone(), explanation);
    }

    fn defect(&mut self, kind: DefectKind) {
        if !self.opened.defects.contains(&kind) {
            self.opened.defects.push(kind);
        }
    }
}

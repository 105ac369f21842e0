//! Tar archives: regular files, with the long names of GNU and POSIX.

use tar::Archive;

use super::{Child, Opened, Room};
use crate::defect::DefectKind;
use crate::limits::Budget;
use crate::place::Place;

/// Unpacks `bytes`.
pub(super) fn open(bytes: &[u8], place: &Place, budget: &mut Budget<'_>) -> Opened {
    let mut opened = Opened::default();
    let mut room = Room::of(budget, bytes.len());
    let mut archive = Archive::new(bytes);
    let Ok(entries) = archive.entries() else {
        opened.defects.push(DefectKind::ArchiveDamaged);
        return opened;
    };
    for entry in entries {
        let Ok(mut entry) = entry else {
            opened.defects.push(DefectKind::ArchiveDamaged);
            break;
        };
        // Every entry has a header of 512 bytes; counting it keeps an archive of empty files within the steps.
        if !budget.work(512, || place.clone()) || opened.children.len() >= budget.limits.items as usize {
            break;
        }
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        if escapes(&name) && !opened.defects.contains(&DefectKind::ArchiveNameEscapes) {
            opened.defects.push(DefectKind::ArchiveNameEscapes);
        }
        let kind = entry.header().entry_type();
        if !(kind.is_file() || kind.is_contiguous() || kind.is_gnu_sparse()) {
            continue;
        }
        let (unpacked, damaged, cut) = room.read(&mut entry, budget, place);
        if damaged {
            opened.defects.push(DefectKind::ArchiveDamaged);
        }
        opened.children.push(Child::unpacked(name, unpacked, cut));
        if cut || budget.halted() {
            break;
        }
    }
    opened.defects.sort_unstable();
    opened.defects.dedup();
    opened
}

/// Whether a name leads out of the archive.
pub(super) fn escapes(name: &str) -> bool {
    let drive = name.as_bytes().get(1) == Some(&b':');
    drive || name.starts_with(['/', '\\']) || name.split(['/', '\\']).any(|step| step == "..")
}

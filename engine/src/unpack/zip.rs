//! Zip archives, and the documents that are zip archives inside.

use std::io::{Cursor, Read};

use zip::ZipArchive;

use super::tar::escapes;
use super::{Child, Opened, Room};
use crate::defect::DefectKind;
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::Place;

/// Unpacks `bytes`.
pub(super) fn open(bytes: &[u8], place: &Place, budget: &mut Budget<'_>) -> Opened {
    let mut opened = Opened::default();
    let note = |kind: DefectKind, opened: &mut Opened| {
        if !opened.defects.contains(&kind) {
            opened.defects.push(kind);
        }
    };
    let Ok(mut archive) = ZipArchive::new(Cursor::new(bytes)) else {
        note(DefectKind::ArchiveDamaged, &mut opened);
        return opened;
    };
    let mut room = Room::of(budget, bytes.len());
    for index in 0..archive.len() {
        // An entry has at least 46 bytes in the directory and 30 before its content; many may share that content.
        if !budget.work(76, || place.clone()) || opened.children.len() >= budget.limits.items as usize {
            break;
        }
        let Ok(entry) = archive.by_index_raw(index) else {
            note(DefectKind::ArchiveDamaged, &mut opened);
            continue;
        };
        let name = String::from_utf8_lossy(entry.name_raw()).into_owned();
        if escapes(&name) {
            note(DefectKind::ArchiveNameEscapes, &mut opened);
        }
        let (encrypted, size, folder) = (entry.encrypted(), entry.size(), entry.is_dir());
        drop(entry);
        if folder {
            continue;
        }
        if encrypted {
            opened.children.push(Child { name, size, bytes: None, encrypted });
            continue;
        }
        let mut unpacked = Vec::new();
        match archive.by_index(index) {
            Ok(mut entry) => {
                if entry.by_ref().take(room.left.saturating_add(1)).read_to_end(&mut unpacked).is_err() {
                    note(DefectKind::ArchiveDamaged, &mut opened);
                }
            }
            Err(zip::result::ZipError::UnsupportedArchive(why)) => {
                let explanation = format!("a member of the archive cannot be unpacked: {why}");
                budget.note(Limit::Unsupported, place.clone(), explanation);
                opened.children.push(Child { name, size, bytes: None, encrypted });
                continue;
            }
            Err(_) => {
                note(DefectKind::ArchiveDamaged, &mut opened);
                continue;
            }
        }
        let fits = room.pay(budget, unpacked.len() as u64, place);
        opened.children.push(Child { name, size: unpacked.len() as u64, bytes: Some(unpacked), encrypted });
        if !fits {
            break;
        }
    }
    opened
}

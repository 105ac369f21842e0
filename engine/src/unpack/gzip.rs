//! Gzip (RFC 1952): one file, maybe in several members one after the other. The smallest opener: the one to copy.

use flate2::bufread::MultiGzDecoder;

use super::{Child, Opened, Room};
use crate::defect::DefectKind;
use crate::limits::Budget;
use crate::place::Place;

/// Unpacks `bytes`; `outer` is the name of the gzip file itself, from which the inner name follows.
pub(super) fn open(bytes: &[u8], outer: &str, place: &Place, budget: &mut Budget<'_>) -> Opened {
    let mut room = Room::of(budget, bytes.len());
    let mut decoder = MultiGzDecoder::new(bytes);
    let stated =
        decoder.header().and_then(|header| header.filename()).map(|name| String::from_utf8_lossy(name).into_owned());
    let (unpacked, damaged, cut) = room.read(&mut decoder, budget, place);
    Opened {
        children: vec![Child::unpacked(stated.unwrap_or_else(|| inner_name(outer)), unpacked, cut)],
        defects: if damaged { vec![DefectKind::ArchiveDamaged] } else { Vec::new() },
    }
}

/// `a.tar.gz` -> `a.tar`, `a.tgz` -> `a.tar`, and `content` where the name says nothing.
fn inner_name(outer: &str) -> String {
    let base = outer.rsplit(['/', '\\']).next().unwrap_or_default();
    match base.rsplit_once('.') {
        Some((stem, extension)) if extension.eq_ignore_ascii_case("tgz") => format!("{stem}.tar"),
        Some((stem, extension)) if !stem.is_empty() && extension.eq_ignore_ascii_case("gz") => stem.to_owned(),
        _ => "content".to_owned(),
    }
}

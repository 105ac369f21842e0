//! Files that stand encoded in a text: uuencode, yEnc, BinHex. Mail programs show them as attached, whatever the header says of
//! the text around them.

use super::{Item, Kind, Opened, Room, sniff};
use crate::defect::DefectKind;
use crate::limits::Budget;
use crate::mime::{self, Encoding};
use crate::place::Place;

/// Whether an item is a text in which a mail program would look for such files, or begins as one of them.
pub(super) fn may_hold(item: &Item, bytes: &[u8]) -> bool {
    let text = item.declared.is_empty() || item.declared.starts_with("text/");
    // What is attached as octets may be a text all the same.
    let is_text = (text && !sniff::is_binary(item.kind)) || item.kind == Kind::Text;
    let in_text = is_text && item.declared != "text/html";
    let begins = [b"begin ".as_slice(), b"=ybegin ", b"(This file must be converted with BinHex"];
    in_text || item.declared == "application/mac-binhex40" || begins.iter().any(|it| bytes.starts_with(it))
}

/// Decodes all of them.
pub(super) fn open(text: &[u8], place: &Place, budget: &mut Budget<'_>) -> Opened {
    let mut opened = Opened::default();
    if !budget.work(text.len() as u64, || place.clone()) {
        return opened;
    }
    let mut room = Room::of(budget, text.len());
    // One more than may be kept, so that whoever adds them notes the limit.
    let most = (budget.limits.items as usize).saturating_add(1);
    let mut add = |name: String, bytes: Vec<u8>, more: bool, room: &mut Room, opened: &mut Opened| {
        let (child, go_on) = room.child(name, bytes, more, budget, place);
        opened.children.push(child);
        go_on
    };
    let left = |room: &Room| usize::try_from(room.left).unwrap_or(usize::MAX);
    for file in mime::uuencoded_files(text, most) {
        let mut bytes = Vec::new();
        let (defects, cut) = mime::transfer::decode(Encoding::Uuencode, file.span.of(text), &mut bytes, left(&room));
        defects.into_iter().for_each(|(kind, _)| note(&mut opened, kind));
        if !add(file.name, bytes, cut, &mut room, &mut opened) {
            return opened;
        }
    }
    for file in mime::yenc_files(text, most.saturating_sub(opened.children.len())) {
        let mut bytes = Vec::new();
        let behind = text.get(file.span.end as usize..).unwrap_or_default();
        if !mime::decode_yenc(file.span.of(text), behind, &mut bytes, left(&room)) {
            note(&mut opened, DefectKind::YencMalformed);
        }
        if !add(file.name, bytes, false, &mut room, &mut opened) {
            return opened;
        }
    }
    for file in mime::binhex_files(text, most.saturating_sub(opened.children.len())) {
        let Some((name, bytes, whole)) = mime::decode_binhex(file.span.of(text), left(&room)) else {
            note(&mut opened, DefectKind::BinhexMalformed);
            continue;
        };
        if !whole {
            note(&mut opened, DefectKind::BinhexMalformed);
        }
        if !add(name, bytes, false, &mut room, &mut opened) {
            return opened;
        }
    }
    opened
}

fn note(opened: &mut Opened, kind: DefectKind) {
    if !opened.defects.contains(&kind) {
        opened.defects.push(kind);
    }
}

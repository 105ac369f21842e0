//! Messages and multiparts that were encoded as a whole, so that the walk could not go into them: decoded by now, they
//! are parsed like the message itself.

use super::{Content, Data, Kind, add_parts, index};
use crate::defect::{Defect, DefectKind};
use crate::limits::Budget;
use crate::mime;
use crate::place::{Readings, View};
use crate::text::span::Span;

/// Parses item `number` and adds its parts.
pub(super) fn open(content: &mut Content<'_>, number: usize, budget: &mut Budget<'_>) {
    let Some(item) = content.items.get(number) else { return };
    let place = item.place(index(number));
    let mut bytes = Vec::new();
    // A multipart's boundary stands in the header of the part, which a decoded body comes without.
    let head = match (item.kind, item.declared.as_str()) {
        (Kind::Multipart, media_type) => boundary(content, number).map(|boundary| {
            format!(
                "Content-Type: {media_type}; boundary=\"{}\"\r\n\r\n",
                boundary.replace('\\', "\\\\").replace('"', "\\\"")
            )
        }),
        _ => None,
    };
    bytes.extend_from_slice(head.unwrap_or_default().as_bytes());
    let shift = bytes.len();
    bytes.extend_from_slice(content.bytes(item));
    let depth = item.depth;
    let is_strict = item.readings.contains(0);
    let mut tree = mime::parse_within(&bytes, depth, budget);
    for defect in &tree.defects {
        let offset = defect.place.offset.saturating_sub(shift as u64);
        // The header that we put there is no fault of the sender's, and what only another reading takes for a message is none.
        if is_strict && !matches!(defect.kind, DefectKind::BareLf) {
            content.defects.push(Defect { kind: defect.kind, place: place.at(View::Decoded, offset, 0) });
        }
    }
    // Readings of what is within are readings of the whole like the one that holds it.
    let forks: Vec<usize> =
        tree.others.iter().map(|other| content.fork(number, &other.taken, budget).unwrap_or(Readings::MOST)).collect();
    let holder = content.items.get(number).map_or(Readings::FIRST, |item| item.readings);
    let strict = forks.iter().fold(holder, |all, fork| all.without(Readings::only(*fork)));
    let within = |part: &mut mime::Part| {
        let mut all = if part.readings.contains(0) { Some(strict) } else { None };
        for (at, fork) in forks.iter().enumerate() {
            if part.readings.contains(at + 1) {
                let only = Readings::only(*fork);
                all = Some(all.map_or(only, |all| all.union(only)));
            }
        }
        part.readings = all.unwrap_or(holder);
    };
    tree.parts.iter_mut().for_each(within);
    tree.others.iter_mut().for_each(|other| other.parts.iter_mut().for_each(within));
    let length = bytes.len();
    content.buffers.push(bytes);
    let buffer = index(content.buffers.len() - 1);
    // The decoded bytes live in the new buffer from now on, so that they are kept once.
    let old = content
        .items
        .get_mut(number)
        .map(|item| std::mem::replace(&mut item.data, Data::Buffer(buffer, Span::new(shift, length))));
    if let Some(Data::Buffer(old, _)) = old {
        let shared = content.items.iter().any(|item| matches!(item.data, Data::Buffer(used, _) if used == old));
        if let (false, Some(buffer)) = (shared, content.buffers.get_mut(old as usize)) {
            *buffer = Vec::new();
        }
    }
    content.work.parts = content.work.parts.saturating_add(index(tree.parts.len()));
    add_parts(content, tree, Some(buffer), index(number), budget);
}

fn boundary(content: &Content<'_>, number: usize) -> Option<String> {
    content.part(content.items.get(number)?)?.boundary.clone()
}

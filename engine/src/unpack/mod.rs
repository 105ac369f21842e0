//! [`Tree`](crate::mime::Tree) -> [`Content`]. Takes a tree and the budget, gives a flat list of items; never fails,
//! never recurses: containers wait on a worklist, and no opener calls another.

pub(crate) mod content;
mod fit;
mod gzip;
mod html;
mod look;
mod message;
mod sniff;
mod tar;
mod zip;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub(crate) use content::{Content, Data, Document, Item, Kind, Origin, Text};

use crate::defect::{Defect, DefectKind};
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::mime::{self, Encoding, Part, PartKind, Tree};
use crate::place::{Place, Readings, View};
use crate::scratch::Scratch;
use crate::text::span::Span;
use crate::verdict::Work;
use crate::wanted::Wanted;

/// Facts for which the text of a body has to be decoded.
const BODY: Wanted =
    Wanted::union(&[Wanted::VISIBLE, Wanted::FOLDED, Wanted::HTML, Wanted::SOURCE, Wanted::LINKS, Wanted::SCRIPT]);
/// Facts for which every part has to be decoded, and containers opened.
const FILES: Wanted = Wanted::union(&[Wanted::FILES, Wanted::HASHES, Wanted::DEFECTS]);

/// What an opener found inside of a container.
#[derive(Debug, Default)]
struct Opened {
    children: Vec<Child>,
    defects: Vec<DefectKind>,
}

/// One thing inside of a container.
#[derive(Debug)]
struct Child {
    /// As the container names it; empty where it does not.
    name: String,
    /// Unpacked; `None` where that could not be done.
    bytes: Option<Vec<u8>>,
    /// As the container states it, where it could not be unpacked.
    size: u64,
    encrypted: bool,
}

/// How many bytes a container may still unpack to: what the message has left, and its own ratio.
struct Room {
    left: u64,
    by_ratio: bool,
}

impl Room {
    /// The room of a container of `packed` bytes.
    fn of(budget: &Budget<'_>, packed: usize) -> Room {
        let ratio = (packed as u64).saturating_mul(u64::from(budget.limits.ratio)).max(1 << 20);
        Room { left: ratio.min(budget.bytes_left()), by_ratio: ratio < budget.bytes_left() }
    }

    /// Pays for a child's bytes from room and budget; false, and noted, when there are more than the room has.
    fn pay(&mut self, budget: &mut Budget<'_>, bytes: u64, place: &Place) -> bool {
        let fits = bytes <= self.left;
        let paid = bytes.min(self.left);
        self.left -= paid;
        budget.spend_bytes(paid);
        if !fits && self.by_ratio {
            let explanation = format!("it unpacks to more than {} times its size", budget.limits.ratio);
            budget.note(Limit::Ratio, place.clone(), explanation);
        } else if !fits {
            let explanation = format!("the message unpacks to more than {} bytes", budget.limits.unpacked_bytes);
            budget.note_once(Limit::Bytes, || place.clone(), explanation);
        }
        budget.work(paid, || place.clone()) && fits
    }
}

/// Opens everything that the message holds, as far as anybody wants it and the budget goes.
pub(crate) fn open_all<'s>(
    raw: &'s [u8],
    tree: Tree,
    wanted: Wanted,
    scratch: &mut Scratch,
    budget: &mut Budget<'_>,
    leaves: Option<&rayon::ThreadPool>,
) -> Content<'s> {
    let mut content = Content {
        raw,
        readings: tree.readings,
        trees: Vec::new(),
        bases: Vec::new(),
        items: Vec::new(),
        buffers: Vec::new(),
        defects: Vec::new(),
        work: Work { parts: u32::try_from(tree.parts.len()).unwrap_or(u32::MAX), ..Work::default() },
    };
    if budget.item(Place::message) {
        content.items.push(message_item(raw));
    }
    content.defects.extend(tree.defects.iter().cloned());
    add_parts(&mut content, tree, None, 0, budget);

    // Each round looks at the items that the one before brought in, and then opens those that hold others.
    let mut first = 1;
    while first < content.items.len() && !budget.halted() {
        let end = content.items.len();
        look::decode(&mut content, first..end, wanted, scratch, budget, leaves);
        look::look(&mut content, first..end, wanted, budget, leaves);
        if wanted.any(FILES) || wanted.any(BODY) {
            for number in first..end {
                open(&mut content, number, wanted, budget);
            }
        }
        first = end;
    }
    content
}

fn message_item(raw: &[u8]) -> Item {
    Item {
        parent: None,
        depth: 0,
        path: Arc::from(""),
        origin: Origin::Message,
        names: Vec::new(),
        declared: String::new(),
        charset: None,
        attached: false,
        kind: Kind::Message,
        data: Data::Raw(Span::new(0, raw.len())),
        size: raw.len() as u64,
        encrypted: false,
        disguised: false,
        sha256: None,
        text: Text::None,
        readings: Readings::FIRST,
    }
}

/// Adds an item for each part of a tree that has content of its own. `base` is the buffer that the tree's spans are in;
/// `None` stands for the raw message.
fn add_parts(content: &mut Content<'_>, tree: Tree, base: Option<u32>, parent: u32, budget: &mut Budget<'_>) {
    let tree_number = index(content.trees.len());
    let above = content.items.get(parent as usize).map(|item| (Arc::clone(&item.path), item.depth));
    let (prefix, depth) = above.unwrap_or_else(|| (Arc::from(""), 0));
    for (number, part) in tree.parts.iter().enumerate() {
        if part.kind != PartKind::Leaf {
            continue;
        }
        let path = if prefix.is_empty() { Arc::clone(&part.path) } else { format!("{prefix}/{}", part.path).into() };
        if !budget.item(|| Place::item(parent, Arc::clone(&path), part.readings)) {
            break;
        }
        content.items.push(Item {
            parent: Some(parent),
            depth: depth.saturating_add(part.depth).saturating_add(1),
            path,
            origin: Origin::Part(tree_number, index(number)),
            names: part.names.clone(),
            declared: if part.declared { part.media_type.clone() } else { String::new() },
            charset: part.charset.clone(),
            attached: is_attached(part),
            kind: Kind::Unknown,
            data: match base {
                None => Data::Raw(part.body),
                Some(buffer) => Data::Buffer(buffer, part.body),
            },
            size: part.body.len() as u64,
            encrypted: false,
            disguised: false,
            sha256: None,
            text: Text::None,
            readings: part.readings,
        });
    }
    content.trees.push(tree);
    content.bases.push(base);
}

/// Whether a mail program shows a part as a file: told so, or named, or not a text.
fn is_attached(part: &Part) -> bool {
    match part.disposition.as_str() {
        "attachment" => true,
        "inline" => !part.media_type.starts_with("text/"),
        _ => !part.names.is_empty() || !part.media_type.starts_with("text/"),
    }
}

/// Opens an item that holds others, and adds what it holds.
fn open(content: &mut Content<'_>, number: usize, wanted: Wanted, budget: &mut Budget<'_>) {
    let Some(item) = content.items.get(number) else { return };
    let (item_number, place) = (index(number), item.place(index(number)));
    let archive = matches!(item.kind, Kind::Gzip | Kind::Zip | Kind::Tar | Kind::OfficeXml | Kind::OpenDocument);
    if is_closed(item.kind) && wanted.any(FILES) {
        let explanation = format!("a file of kind {} cannot be opened yet", item.kind.name());
        return budget.note(Limit::Unsupported, place, explanation);
    }
    let inline = matches!(item.text, Text::Same | Text::Plain(_)) && !item.attached;
    let message = matches!(item.kind, Kind::Message | Kind::Multipart);
    if !(message || (wanted.any(FILES) && (archive || inline))) {
        return;
    }
    if item.depth >= budget.limits.depth && (message || archive) {
        let explanation = format!("containers nest deeper than {}", budget.limits.depth);
        return budget.note(Limit::Depth, place, explanation);
    }
    let bytes = content.bytes(item);
    let opened = match item.kind {
        Kind::Gzip => gzip::open(bytes, item.names.first().map_or("", String::as_str), &place, budget),
        Kind::Zip | Kind::OfficeXml | Kind::OpenDocument => zip::open(bytes, &place, budget),
        Kind::Tar => tar::open(bytes, &place, budget),
        Kind::Message | Kind::Multipart => {
            content.work.opened += 1;
            return message::open(content, number, budget);
        }
        _ => uuencoded(bytes, &place, budget),
    };
    if archive {
        content.work.opened += 1;
    }
    add_children(content, item_number, opened, budget);
}

/// Archives that are known for what they are and have no opener.
fn is_closed(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Bzip2
            | Kind::Xz
            | Kind::Zstd
            | Kind::SevenZip
            | Kind::Rar
            | Kind::Cab
            | Kind::Arj
            | Kind::Lzh
            | Kind::Ace
            | Kind::Iso
            | Kind::Tnef
    )
}

/// Uuencoded files that stand in a text.
fn uuencoded(text: &[u8], place: &Place, budget: &mut Budget<'_>) -> Opened {
    let mut opened = Opened::default();
    let mut room = Room::of(budget, text.len());
    for file in mime::uuencoded_files(text) {
        let mut bytes = Vec::new();
        let (defects, _) = mime::transfer::decode(Encoding::Uuencode, file.span.of(text), &mut bytes, usize::MAX);
        opened.defects.extend(defects.iter().map(|(kind, _)| *kind));
        if !room.pay(budget, bytes.len() as u64, place) {
            break;
        }
        opened.children.push(Child { name: file.name, size: bytes.len() as u64, bytes: Some(bytes), encrypted: false });
    }
    opened
}

/// Adds what an opener found as items.
fn add_children(content: &mut Content<'_>, parent: u32, opened: Opened, budget: &mut Budget<'_>) {
    let Some(container) = content.items.get(parent as usize) else { return };
    let place = container.place(parent);
    let (depth, readings) = (container.depth.saturating_add(1), container.readings);
    let inline = matches!(container.text, Text::Same | Text::Plain(_));
    let prefix: Arc<str> = match (container.origin, container.names.first()) {
        (Origin::Part(..), Some(name)) if !inline => format!("{}/{}", container.path, short(name)).into(),
        _ => Arc::clone(&container.path),
    };
    for kind in opened.defects {
        content.defects.push(Defect { kind, place: place.clone() });
    }
    for child in opened.children {
        if !budget.item(|| place.clone()) {
            return;
        }
        let path: Arc<str> = format!("{prefix}/{}", short(&child.name)).into();
        if child.encrypted {
            let member = Place::item(index(content.items.len()), Arc::clone(&path), readings);
            budget.note(Limit::Encrypted, member, "it needs a password".into());
        }
        let data = match child.bytes {
            Some(bytes) => {
                content.buffers.push(bytes);
                let length = content.buffers.last().map_or(0, Vec::len);
                Data::Buffer(index(content.buffers.len() - 1), Span::new(0, length))
            }
            None => Data::Raw(Span::default()),
        };
        content.items.push(Item {
            parent: Some(parent),
            depth,
            path,
            origin: if inline { Origin::Inline } else { Origin::Member },
            names: if child.name.is_empty() { Vec::new() } else { vec![child.name] },
            declared: String::new(),
            charset: None,
            attached: true,
            kind: Kind::Unknown,
            data,
            size: child.size,
            encrypted: child.encrypted,
            disguised: false,
            sha256: None,
            text: Text::None,
            readings,
        });
    }
}

/// A name for a path: at most 200 bytes of it, since paths add up with depth.
fn short(name: &str) -> &str {
    let end = (0..=name.len().min(200)).rev().find(|at| name.is_char_boundary(*at)).unwrap_or(0);
    name.get(..end).unwrap_or_default()
}

/// A defect at a range of an item's decoded bytes.
fn defect(content: &mut Content<'_>, number: usize, kind: DefectKind, offset: usize) {
    let Some(item) = content.items.get(number) else { return };
    let place = item.place(index(number)).at(View::Decoded, offset as u64, 0);
    content.defects.push(Defect { kind, place });
}

fn index(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

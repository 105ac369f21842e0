//! [`Tree`](crate::mime::Tree) -> [`Content`]. Takes a tree and the budget, gives a flat list of items; never fails,
//! never recurses: containers wait on a worklist, and no opener calls another.

mod alternatives;
pub(crate) mod content;
mod fit;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod gzip;
mod html;
mod inline;
mod look;
mod merge;
mod message;
mod ole;
mod opened;
mod sniff;
mod tar;
mod zip;
mod zip_local;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

pub(crate) use content::{Content, Data, Document, Item, Kind, Origin, Text};
use opened::{Child, Opened, Room};

use crate::defect::{Defect, DefectKind};
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::mime::{Encoding, Part, PartKind, Tree};
use crate::place::{Place, Readings, View};
use crate::scratch::Scratch;
use crate::text::span::Span;
use crate::verdict::Work;
use crate::wanted::Wanted;

/// Facts for which the text of a body has to be decoded.
const BODY: Wanted =
    Wanted::union(&[Wanted::VISIBLE, Wanted::FOLDED, Wanted::HTML, Wanted::SOURCE, Wanted::LINKS, Wanted::SCRIPT]);
/// Facts for which every part has to be decoded, and containers opened: HTML and its links count in attached files too,
/// whatever type they declare.
const FILES: Wanted =
    Wanted::union(&[Wanted::FILES, Wanted::HASHES, Wanted::DEFECTS, Wanted::BYTES, Wanted::HTML, Wanted::LINKS]);

/// Opens everything that the message holds, as far as anybody wants it and the budget goes.
#[inline(never)] // benches/instructions.py finds it by its name
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
        readings: Vec::new(),
        forks: Vec::new(),
        alternatives: 0,
        alternative_bytes: 0,
        alternative_tries: 0,
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
    if budget.reached.iter().any(|gap| gap.limit == Limit::MessageSize) {
        let place = Place::raw(raw.len() as u64, 0);
        content.defects.push(Defect { kind: DefectKind::MessageTruncated, place });
    }
    content.readings.push(Vec::new());
    content.readings.extend(tree.others.iter().map(|other| other.taken.clone()));
    if let Some(message) = content.items.first_mut() {
        message.readings = Readings::below(content.readings.len());
    }
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
    merge::merge(&mut content, budget);
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
        encoding: Encoding::Identity,
        alternative: false,
        data: Data::Raw(Span::new(0, raw.len())),
        size: raw.len() as u64,
        cut: false,
        encrypted: false,
        disguised: false,
        sha256: None,
        text: Text::None,
        readings: Readings::FIRST,
    }
}

/// Adds an item for each part of a tree that has content of its own. `base` is the buffer that the tree's spans are in;
/// `None` stands for the raw message.
fn add_parts(content: &mut Content<'_>, mut tree: Tree, base: Option<u32>, parent: u32, budget: &mut Budget<'_>) {
    let others = std::mem::take(&mut tree.others);
    for tree in std::iter::once(tree).chain(others) {
        add_tree(content, tree, base, parent, budget);
    }
}

fn add_tree(content: &mut Content<'_>, tree: Tree, base: Option<u32>, parent: u32, budget: &mut Budget<'_>) {
    let tree_number = index(content.trees.len());
    let above = content.items.get(parent as usize).map(|item| (Arc::clone(&item.path), item.depth));
    let (prefix, depth) = above.unwrap_or_else(|| (Arc::from(""), 0));
    // Of a message that was cut, the part that was being read is not whole.
    let message_cut = base.is_none() && budget.reached.iter().any(|gap| gap.limit == Limit::MessageSize);
    let raw_end = content.raw.len();
    for (number, part) in tree.parts.iter().enumerate() {
        if part.kind != PartKind::Leaf || part.known {
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
            // In a digest, a part without a type is a message.
            declared: match part.declared || part.media_type == "message/rfc822" {
                true => part.media_type.clone(),
                false => String::new(),
            },
            charset: part.charset.clone(),
            attached: is_attached(part),
            kind: Kind::Unknown,
            encoding: part.encoding,
            alternative: false,
            data: match base {
                None => Data::Raw(part.body),
                Some(buffer) => Data::Buffer(buffer, part.body),
            },
            size: part.body.len() as u64,
            cut: message_cut && part.body.end as usize >= raw_end,
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

/// Whether a mail program shows a part as a file: told so, or not a text that it can show. A name alone does not make
/// one of plain text or HTML: mail programs show those in place, and offer them as files too.
fn is_attached(part: &Part) -> bool {
    match part.disposition.as_str() {
        "attachment" => true,
        "inline" => !part.media_type.starts_with("text/"),
        _ if matches!(part.media_type.as_str(), "text/plain" | "text/html") => false,
        _ => !part.names.is_empty() || !part.media_type.starts_with("text/"),
    }
}

/// Opens an item that holds others, and adds what it holds.
fn open(content: &mut Content<'_>, number: usize, wanted: Wanted, budget: &mut Budget<'_>) {
    let Some(item) = content.items.get(number) else { return };
    let place = item.place(index(number));
    let files = wanted.any(FILES);
    if is_closed(item.kind) && files {
        let explanation = format!("a file of kind {} cannot be opened yet", item.kind.name());
        budget.note(Limit::Unsupported, place, explanation);
    }
    let bytes = content.bytes(item);
    // A zip is read from its end: one behind a program or a picture is both.
    let is_zip = || files && sniff::ends_as_zip(bytes) && !look::is_zip_within(content, item, Kind::Zip);
    let openers = match item.kind {
        Kind::Message | Kind::Multipart if was_wrapped(content, item) => [Some(Opener::Message), None],
        Kind::Gzip => [Some(Opener::Gzip), None],
        Kind::Tar => [Some(Opener::Tar), None],
        Kind::Zip | Kind::OfficeXml | Kind::OpenDocument => [Some(Opener::Zip), None],
        Kind::Ole => [Some(Opener::Ole), is_zip().then_some(Opener::Zip)],
        _ if is_zip() => [Some(Opener::Zip), None],
        _ if inline::may_hold(item, bytes) => [Some(Opener::Inline), None],
        _ => return,
    };
    for opener in openers.into_iter().flatten().filter(|it| files || *it == Opener::Message) {
        open_by(opener, content, number, budget);
    }
}

fn open_by(opener: Opener, content: &mut Content<'_>, number: usize, budget: &mut Budget<'_>) {
    let Some(item) = content.items.get(number) else { return };
    let (item_number, place) = (index(number), item.place(index(number)));
    let bytes = content.bytes(item);
    if item.depth >= budget.limits.depth && opener != Opener::Inline {
        let explanation = format!("containers nest deeper than {}", budget.limits.depth);
        return budget.note(Limit::Depth, place, explanation);
    }
    let opened = match opener {
        Opener::Gzip => gzip::open(bytes, item.names.first().map_or("", String::as_str), &place, budget),
        Opener::Message => {
            content.work.opened += 1;
            return message::open(content, number, budget);
        }
        Opener::Inline => inline::open(bytes, &place, budget),
        Opener::Ole => ole::open(bytes, &place, budget),
        Opener::Tar => tar::open(bytes, &place, budget),
        Opener::Zip => zip::open(bytes, &place, budget),
    };
    content.work.opened += u32::from(opener != Opener::Inline);
    let origin = if opener == Opener::Inline { Origin::Inline } else { Origin::Member };
    add_children(content, item_number, origin, opened, budget);
}

/// What opens an item.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Opener {
    Gzip,
    Inline,
    Message,
    Ole,
    Tar,
    Zip,
}

/// Whether a message or a multipart was out of the walk's reach: encoded, a file by its name alone, or in an archive.
/// One that stands there as it is was walked, as deep as the limit allows; to parse it again would find the same.
fn was_wrapped(content: &Content<'_>, item: &Item) -> bool {
    let named_alone = !(item.declared.starts_with("multipart/") || item.declared.starts_with("message/"));
    named_alone || content.part(item).is_none_or(|part| part.encoding != Encoding::Identity)
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

/// Adds what an opener found as items.
fn add_children(content: &mut Content<'_>, parent: u32, origin: Origin, opened: Opened, budget: &mut Budget<'_>) {
    let Some(container) = content.items.get(parent as usize) else { return };
    let place = container.place(parent);
    let (depth, readings) = (container.depth.saturating_add(1), container.readings);
    let prefix: Arc<str> = match (container.origin, container.names.first()) {
        (Origin::Part(..), Some(name)) if origin == Origin::Member => {
            format!("{}/{}", container.path, short(name)).into()
        }
        _ => Arc::clone(&container.path),
    };
    for kind in opened.defects {
        content.defects.push(Defect { kind, place: place.clone() });
    }
    for child in opened.children {
        if !budget.item(|| place.clone()) {
            return;
        }
        let path: Arc<str> = format!("{prefix}/{}", short(child.names.first().map_or("", String::as_str))).into();
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
            None => Data::Closed,
        };
        content.items.push(Item {
            parent: Some(parent),
            depth,
            path,
            origin,
            names: child.names,
            declared: String::new(),
            charset: None,
            attached: true,
            kind: Kind::Unknown,
            encoding: Encoding::Identity,
            alternative: false,
            data,
            size: child.size,
            cut: child.cut,
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

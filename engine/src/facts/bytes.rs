//! The bytes of every item, for detectors that look at content and not at meaning: decoded parts, files unpacked from
//! them, the visible text of HTML, and the message as it came. No rule of conditions can name them; what can be said of
//! a file in a condition is in `files.rs`.

use std::sync::Arc;

use super::files;
use crate::place::{Place, Readings, View};
use crate::unpack::{Content, Data, Item, Kind, Origin, Text};

/// One run of bytes to look at.
#[derive(Debug)]
pub(crate) struct ItemBytes<'s> {
    pub(crate) item: u32,
    /// As in a place; empty for the message itself.
    pub(crate) path: Arc<str>,
    pub(crate) readings: Readings,
    /// `decoded`, `visible` for what HTML shows, `raw` for the message itself.
    pub(crate) view: View,
    pub(crate) bytes: &'s [u8],
    /// The likeliest file name; empty where it has none.
    pub(crate) name: &'s str,
    /// The last extension of the name, in lower case, without dot.
    pub(crate) extension: String,
    /// The declared media type; empty for members of archives and where none is declared.
    pub(crate) declared_type: &'s str,
    /// What the content is: `zip`, `executable`, ..., `unknown`.
    pub(crate) kind: &'static str,
    pub(crate) is_image: bool,
    /// Containers around it; 0 for the message itself.
    pub(crate) depth: u32,
}

impl ItemBytes<'_> {
    /// A range of its bytes, as a place.
    pub(crate) fn place(&self, offset: usize, length: usize) -> Place {
        let item = Place::item(self.item, Arc::clone(&self.path), self.readings);
        item.at(self.view.clone(), offset as u64, length as u64)
    }
}

/// Everything that has bytes. The message itself comes last: what is seen in a part of it is said of the part.
pub(super) fn gather<'s>(content: &'s Content<'_>) -> Vec<ItemBytes<'s>> {
    let mut found = Vec::with_capacity(content.items.len().saturating_add(1));
    let (message, items): (Vec<_>, Vec<_>) =
        (0..).zip(&content.items).partition(|(_, item)| item.origin == Origin::Message);
    for (number, item) in items {
        if item.data != Data::Closed {
            found.push(entry(number, item, View::Decoded, content.bytes(item)));
        }
        if let Text::Html(document) = &item.text {
            found.push(entry(number, item, View::Visible, document.visible.as_bytes()));
        }
    }
    for (number, item) in message {
        found.push(entry(number, item, View::Raw, content.raw));
    }
    found
}

fn entry<'s>(number: u32, item: &'s Item, view: View, bytes: &'s [u8]) -> ItemBytes<'s> {
    let name = item.names.first().map_or("", String::as_str);
    ItemBytes {
        item: number,
        path: Arc::clone(&item.path),
        readings: item.readings,
        view,
        bytes,
        name,
        extension: files::extensions(name).pop().unwrap_or_default(),
        declared_type: if item.origin == Origin::Message { "message/rfc822" } else { &item.declared },
        kind: item.kind.name(),
        is_image: is_image(item.kind),
        depth: u32::from(item.depth),
    }
}

fn is_image(kind: Kind) -> bool {
    matches!(kind, Kind::Png | Kind::Jpeg | Kind::Gif | Kind::Bmp | Kind::Webp | Kind::Tiff | Kind::Icon)
}

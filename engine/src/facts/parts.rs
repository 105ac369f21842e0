//! The shape of the MIME tree: each part as its header describes it, containers included.

use std::sync::Arc;

use super::PartFacts;
use crate::mime::{Part, Tree};
use crate::unpack::{Content, Item, Origin};

pub(super) fn gather(content: &Content<'_>) -> Vec<PartFacts> {
    let mut parts = Vec::new();
    // Where each tree hangs: the item that its message was decoded from. The message's own hangs nowhere.
    let mut holders: Vec<Option<&Item>> = vec![None; content.trees.len()];
    for item in &content.items {
        if let Origin::Part(tree, _) = item.origin
            && let Some(holder) = holders.get_mut(tree as usize)
        {
            *holder = item.parent.and_then(|parent| content.items.get(parent as usize));
        }
    }
    for ((tree, base), holder) in content.trees.iter().zip(&content.bases).zip(holders) {
        let bytes = match base {
            None => content.raw,
            Some(buffer) => content.buffers.get(*buffer as usize).map(Vec::as_slice).unwrap_or_default(),
        };
        parts.extend(tree.parts.iter().filter(|part| !part.known).map(|part| describe(bytes, tree, part, holder)));
    }
    parts
}

fn describe(bytes: &[u8], tree: &Tree, part: &Part, holder: Option<&Item>) -> PartFacts {
    let encoding = tree.fields_of(part).iter().find(|field| field.is(bytes, "content-transfer-encoding"));
    let encoding = encoding.map(|field| {
        // Blanks and line ends as one blank, so that a folded field is the same with either line end.
        let value = String::from_utf8_lossy(field.value.of(bytes)).to_ascii_lowercase();
        value.split_ascii_whitespace().collect::<Vec<_>>().join(" ")
    });
    let (path, depth) = match holder.filter(|holder| !holder.path.is_empty()) {
        Some(holder) => (format!("{}/{}", holder.path, part.path).into(), holder.depth),
        None => (Arc::clone(&part.path), 0),
    };
    PartFacts {
        media_type: part.media_type.clone(),
        charset: part.charset.as_deref().unwrap_or_default().to_ascii_lowercase(),
        encoding: encoding.unwrap_or_default(),
        boundary: part.boundary.clone().unwrap_or_default(),
        names: part.names.clone(),
        disposition: part.disposition.clone(),
        parameters: part.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        depth: u32::from(depth).saturating_add(u32::from(part.depth)),
        path,
    }
}

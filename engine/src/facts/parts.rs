//! The shape of the MIME tree: each part as its header describes it.

use std::sync::Arc;

use super::PartFacts;
use crate::mime::{Encoding, Part, Tree};
use crate::unpack::{Content, Item, Origin};

pub(super) fn gather(content: &Content<'_>) -> Vec<PartFacts> {
    let described = content.items.iter().filter_map(|item| {
        let (number, part) = match item.origin {
            Origin::Message => (0, 0),
            Origin::Part(tree, part) => (tree, part),
            Origin::Inline | Origin::Member => return None,
        };
        let tree = content.trees.get(number as usize)?;
        let part = tree.parts.get(part as usize)?;
        // The fields of other trees count in bytes that had to be decoded first.
        let encoding = if number == 0 { written_encoding(content.raw, tree, part) } else { None };
        Some(describe(item, part, encoding.unwrap_or_else(|| encoding_name(part.encoding).to_owned())))
    });
    described.collect()
}

fn describe(item: &Item, part: &Part, encoding: String) -> PartFacts {
    PartFacts {
        media_type: part.media_type.clone(),
        charset: part.charset.as_deref().unwrap_or_default().to_ascii_lowercase(),
        encoding,
        boundary: part.boundary.clone().unwrap_or_default(),
        disposition: part.disposition.clone(),
        parameters: part.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect(),
        depth: u32::from(item.depth),
        path: Arc::clone(&item.path),
    }
}

fn written_encoding(raw: &[u8], tree: &Tree, part: &Part) -> Option<String> {
    let field = tree.fields_of(part).iter().find(|field| field.is(raw, "content-transfer-encoding"))?;
    Some(String::from_utf8_lossy(field.value.of(raw)).trim().to_ascii_lowercase())
}

fn encoding_name(encoding: Encoding) -> &'static str {
    match encoding {
        Encoding::Identity => "",
        Encoding::Base64 => "base64",
        Encoding::QuotedPrintable => "quoted-printable",
        Encoding::Uuencode => "x-uuencode",
    }
}

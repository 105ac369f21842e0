//! Functions that ask about images: how many there are, and how large.

use std::collections::{BTreeMap, BTreeSet};

use super::{Arguments, State};
use crate::facts::spamassassin::decode;

/// The images of a message, by kind: `gif`, `png`, `jpeg`, and `all`.
#[derive(Debug, Default)]
pub(super) struct Images {
    counts: BTreeMap<&'static str, u32>,
    areas: BTreeMap<&'static str, f64>,
    /// Height and width.
    sizes: BTreeMap<&'static str, BTreeSet<(u32, u32)>>,
    names: BTreeSet<String>,
}

fn all<'s>(it: &'s State<'_>) -> &'s Images {
    it.images.get_or_init(|| {
        let mut images = Images::default();
        for (_, node) in it.context.views.message.leaves() {
            let kind = match node.media_type.as_str() {
                "image/gif" => "gif",
                "image/png" => "png",
                "image/jpeg" | "image/jpg" => "jpeg",
                _ => continue,
            };
            if node.field("content-transfer-encoding").is_none_or(|encoding| !encoding.eq_ignore_ascii_case(b"base64"))
            {
                continue;
            }
            // A JPEG may tell its size anywhere, the others tell it at once.
            let bytes = decode::base64_head(&node.body, if kind == "jpeg" { usize::MAX } else { 128 });
            let size = match kind {
                "gif" => gif(&bytes),
                "png" => png(&bytes),
                _ => jpeg(&bytes),
            };
            for kind in [kind, "all"] {
                *images.counts.entry(kind).or_default() += 1;
                if let Some((height, width)) = size {
                    *images.areas.entry(kind).or_default() += f64::from(height) * f64::from(width);
                    images.sizes.entry(kind).or_default().insert((height, width));
                }
            }
            if size.is_some() {
                images.names.extend(node.name.clone());
            }
        }
        images
    })
}

fn pair(height: u32, width: u32) -> Option<(u32, u32)> {
    (height > 0 && width > 0).then_some((height, width))
}

fn gif(bytes: &[u8]) -> Option<(u32, u32)> {
    let rest = bytes.strip_prefix(b"GIF87a").or_else(|| bytes.strip_prefix(b"GIF89a"))?;
    let [w0, w1, h0, h1, ..] = rest else { return None };
    pair(u32::from(u16::from_le_bytes([*h0, *h1])), u32::from(u16::from_le_bytes([*w0, *w1])))
}

fn png(bytes: &[u8]) -> Option<(u32, u32)> {
    let rest = bytes.strip_prefix(b"\x89PNG\r\n\x1a\n")?;
    let at = memchr::memmem::find(rest.get(..64.min(rest.len()))?, b"IHDR")?;
    let four = |at: usize| rest.get(at..at + 4).and_then(|it| it.try_into().ok()).map(u32::from_be_bytes);
    pair(four(at + 8)?, four(at + 4)?)
}

fn jpeg(bytes: &[u8]) -> Option<(u32, u32)> {
    let mut rest = bytes.strip_prefix(b"\xFF\xD8")?;
    while let [0xFF, mark, high, low, behind @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        if matches!(mark, 0xDA | 0xD9) || length < 2 {
            return None;
        }
        if matches!(mark, 0xC0..=0xC3 | 0xC5..=0xC7 | 0xC9..=0xCB | 0xCD..=0xCF) {
            let [_, h0, h1, w0, w1, ..] = behind else { return None };
            return pair(u32::from(u16::from_be_bytes([*h0, *h1])), u32::from(u16::from_be_bytes([*w0, *w1])));
        }
        rest = behind.get(length - 2..)?;
    }
    None
}

fn within(value: f64, arguments: &Arguments, from: usize) -> bool {
    arguments.number(from).is_some_and(|least| value >= least)
        && arguments.number(from + 1).is_none_or(|most| value <= most)
}

pub(super) fn count(it: &State<'_>, arguments: &Arguments) -> bool {
    let count = all(it).counts.get(arguments.text(0)).copied().unwrap_or(0);
    within(f64::from(count), arguments, 1)
}

pub(super) fn coverage(it: &State<'_>, arguments: &Arguments) -> bool {
    let area = all(it).areas.get(arguments.text(0)).copied().unwrap_or(0.0);
    within(area, arguments, 1)
}

pub(super) fn text_ratio(it: &State<'_>, arguments: &Arguments) -> bool {
    let area = all(it).areas.get(arguments.text(0)).copied().unwrap_or(0.0);
    let length = it.context.views.body.text.len() as f64;
    let ratio = length / area;
    length > 0.0 && area > 0.0 && within(ratio, arguments, 1) && arguments.number(2).is_none_or(|most| ratio != most)
}

pub(super) fn size_exact(it: &State<'_>, arguments: &Arguments) -> bool {
    let wanted = (arguments.text(1).trim().parse().unwrap_or(0), arguments.text(2).trim().parse().unwrap_or(0));
    all(it).sizes.get(arguments.text(0)).is_some_and(|sizes| sizes.contains(&wanted))
}

pub(super) fn size_range(it: &State<'_>, arguments: &Arguments) -> bool {
    let fits = |(height, width): &(u32, u32)| {
        let (height, width) = (f64::from(*height), f64::from(*width));
        arguments.number(1).is_none_or(|least| height >= least)
            && arguments.number(2).is_none_or(|least| width >= least)
            && arguments.number(3).is_none_or(|most| height <= most)
            && arguments.number(4).is_none_or(|most| width <= most)
    };
    all(it).sizes.get(arguments.text(0)).is_some_and(|sizes| sizes.iter().any(fits))
}

pub(super) fn named(it: &State<'_>, arguments: &Arguments) -> bool {
    all(it).names.contains(arguments.text(0))
}

pub(super) fn name_matches(it: &State<'_>, arguments: &Arguments) -> bool {
    all(it).names.iter().any(|name| arguments.matches(name.as_bytes()))
}

//! Fuzz targets of what opens containers; see `crate::fuzzing`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)]

use super::*;
use crate::limits::Limits;
use crate::mime;

/// Small, so that a bomb costs the fuzzer little.
fn limits() -> Limits {
    Limits { unpacked_bytes: 1 << 20, items: 500, ..Limits::default() }
}

/// HTML: what a reader sees is within the limit, and links point into it.
pub(crate) fn html(data: &[u8]) {
    let html = String::from_utf8_lossy(data);
    html::meta_charset(data);
    assert!(html::steps(data) >= data.len() as u64);
    for most in [1 << 20, 100] {
        let (document, _) = html::parse(&html, most);
        assert!(document.visible.len() <= most && document.hidden.len() <= most);
        for link in &document.links {
            assert!(document.visible.is_char_boundary(link.offset as usize), "{link:?}");
            assert!(link.shown.len() <= 500);
        }
    }
}

/// Runs an opener and holds it to its limits.
fn opener(data: &[u8], open: impl Fn(&[u8], &Place, &mut Budget<'_>) -> Opened) {
    let limits = limits();
    let mut budget = Budget::new(&limits, None);
    let opened = open(data, &Place::message(), &mut budget);
    assert!(opened.children.len() <= limits.items as usize + 1);
    let bytes: usize = opened.children.iter().filter_map(|child| child.bytes.as_ref()).map(Vec::len).sum();
    assert!(bytes as u64 <= limits.unpacked_bytes);
    assert_eq!(budget.bytes_left(), limits.unpacked_bytes - bytes as u64);
    for child in &opened.children {
        assert!(child.names.iter().all(|name| name.len() <= 1_000));
        assert!(child.bytes.as_ref().is_none_or(|bytes| bytes.len() as u64 == child.size));
        // What was cut is told.
        assert!(!child.cut || !budget.reached.is_empty());
    }
}

/// Gzip.
pub(crate) fn gzip(data: &[u8]) {
    opener(data, |bytes, place, budget| gzip::open(bytes, "a.gz", place, budget));
}

/// Zip.
pub(crate) fn zip(data: &[u8]) {
    opener(data, zip::open);
}

/// Tar.
pub(crate) fn tar(data: &[u8]) {
    opener(data, tar::open);
}

/// OLE files: as they are, and what they unpack sources with.
pub(crate) fn ole(data: &[u8]) {
    opener(data, ole::open);
    let source = [&[1][..], data].concat();
    assert!(ole::decompressed(&source, 10_000).len() <= 10_000);
}

/// A message, or with a first byte that is odd a multipart, that stands encoded in another; and everything in it.
pub(crate) fn message(data: &[u8]) {
    let Some((first, inner)) = data.split_first() else { return };
    let kind = if first % 2 == 0 { "message/rfc822" } else { "multipart/mixed; boundary=b" };
    let mut raw = format!("Content-Type: {kind}\r\nContent-Transfer-Encoding: base64\r\n\r\n").into_bytes();
    for group in inner.chunks(3) {
        let bits = group.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - group.len()));
        for digit in 0..4 {
            let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
            raw.push(if digit <= group.len() { alphabet[(bits >> (18 - 6 * digit) & 63) as usize] } else { b'=' });
        }
    }
    let limits = limits();
    let mut budget = Budget::new(&limits, None);
    let tree = mime::parse(&raw, &mut budget);
    let content = open_all(&raw, tree, Wanted::ALL, &mut Scratch::default(), &mut budget, None);
    check(&content, &limits);
    // What was cut is told.
    assert!(!budget.reached.is_empty() || content.items.iter().all(|item| !item.cut));
    assert!(content.items.len() > 1 || inner.is_empty());
}

/// What holds for everything that was unpacked.
fn check(content: &Content<'_>, limits: &Limits) {
    assert!(content.items.len() <= limits.items as usize);
    for (number, item) in content.items.iter().enumerate() {
        assert_eq!(item.parent.is_none(), number == 0);
        assert!(item.parent.is_none_or(|parent| (parent as usize) < number));
        assert!(item.depth <= limits.depth + 2);
        let span = match item.data {
            Data::Closed => continue,
            Data::Raw(span) => (span, content.raw.len()),
            Data::Buffer(buffer, span) => (span, content.buffers[buffer as usize].len()),
        };
        assert!(span.0.end as usize <= span.1);
        assert_eq!(content.bytes(item).len() as u64, item.size);
        assert!(content.text(item).is_none_or(|text| text.len() <= limits.text_bytes as usize * 3 + content.raw.len()));
    }
    for defect in &content.defects {
        let place = &defect.place;
        assert!((place.item as usize) < content.items.len(), "{defect:?}");
        let size = match place.view {
            View::Raw => content.raw.len(),
            View::Decoded => content.bytes(&content.items[place.item as usize]).len(),
            _ => continue,
        };
        assert!(place.offset + place.length <= size as u64, "{defect:?} in {size} bytes");
    }
}

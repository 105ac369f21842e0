//! Fuzz targets of the readers of mail itself; see `crate::fuzzing`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use super::{Encoding, PartKind, Tree, binhex, charset, fields, parameters, transfer, utf7, uuencode, yenc};
use crate::limits::{Budget, Limits};

/// Any bytes as a message: spans lie in it, parents stand before their children, and the work is linear.
pub(crate) fn tree(data: &[u8]) {
    let limits = Limits::default();
    let mut budget = Budget::new(&limits, None);
    let tree = super::parse(data, &mut budget);
    check(data, &tree, &limits);
    // One walk, and all that there may be: as many for each byte, whatever the bytes.
    let mut once = Budget::new(&limits, None);
    super::walk::walk(data, 0, 0, &mut once);
    let linear = 1_000 + 100 * data.len() as u64;
    assert!(once.spent() <= linear, "{} steps", once.spent());
    assert!(budget.spent() <= 97 * linear, "{} steps", budget.spent());
    // The same lines with the other line end are the same message.
    if !data.contains(&b'\r') && data.len() < 16 << 10 {
        let mut other = Vec::with_capacity(data.len() * 2);
        for byte in data {
            other.extend_from_slice(if *byte == b'\n' { b"\r\n" } else { std::slice::from_ref(byte) });
        }
        let mut budget = Budget::new(&limits, None);
        let again = super::parse(&other, &mut budget);
        assert_eq!(shape(&tree), shape(&again));
        assert_eq!(tree.others.len(), again.others.len());
    }
}

type Shape<'t> = (PartKind, &'t str, &'t str, &'t [String], u16, Encoding, usize);

/// What of a tree does not depend on offsets.
fn shape(tree: &Tree) -> Vec<Shape<'_>> {
    let one = |part: &super::Part| part.fields.len();
    tree.parts
        .iter()
        .map(|it| (it.kind, &*it.path, it.media_type.as_str(), &*it.names, it.depth, it.encoding, one(it)))
        .collect()
}

pub(crate) fn check(data: &[u8], tree: &Tree, limits: &Limits) {
    assert!(!tree.parts.is_empty() && tree.parts.len() <= limits.parts as usize + 1);
    assert!(tree.others.len() < crate::place::Readings::MOST);
    for (number, part) in tree.parts.iter().enumerate() {
        assert!(part.header.end as usize <= data.len() && part.body.end as usize <= data.len());
        assert!(part.fields.start <= part.fields.end && part.fields.end as usize <= tree.fields.len());
        assert!(part.depth <= limits.depth + 1);
        // Parts come in the order of the message, so the nearest one before that is less deep holds this one.
        let parent = tree.parts[..number].iter().rposition(|it| it.depth < part.depth);
        assert_eq!(parent.is_none(), number == 0);
        if let Some(parent) = parent {
            let above = &tree.parts[parent];
            assert!(above.kind != PartKind::Leaf && above.depth < part.depth);
            assert!(part.header.start >= above.body.start && part.body.end <= above.body.end, "{number} in {parent}");
        }
        for field in tree.fields_of(part) {
            assert!(field.name.end <= field.value.start && field.value.end as usize <= data.len());
        }
        assert!(part.names.iter().all(|name| name.len() <= 1_000));
        assert!(part.readings.iter().next().is_some());
    }
    for defect in &tree.defects {
        let place = &defect.place;
        assert!(place.offset + place.length <= data.len() as u64, "{defect:?}");
    }
}

/// Any bytes as the value of a header field, to every reader of one.
pub(crate) fn headers(data: &[u8]) {
    let text = fields::text(data);
    let whole = fields::words_are_whole(data);
    assert!(whole || data.windows(2).any(|it| it == b"=?"));
    for address in fields::addresses(data) {
        assert!(address.address.is_empty() || address.address.contains('@'));
    }
    if let Some((seconds, zone)) = fields::date(data) {
        assert!((-86_400..253_402_300_800 + 86_400).contains(&seconds) && (-1_440..=1_440).contains(&zone));
    }
    fields::received(data);
    let parameters = parameters::read(&text);
    assert!(parameters.values.values().all(|readings| !readings.is_empty()));
    parameters.values.values().flatten().for_each(|value| {
        parameters::file_names(value).for_each(drop);
    });
}

/// Decodes, whole and cut, and holds the two against each other.
fn decode(encoding: Encoding, data: &[u8]) -> Vec<u8> {
    let mut all = Vec::new();
    let (defects, cut) = transfer::decode(encoding, data, &mut all, usize::MAX / 2);
    assert!(!cut);
    assert!(defects.iter().all(|(_, at)| *at <= data.len()));
    for most in [0, all.len() / 2, all.len().saturating_sub(1), all.len()] {
        let mut part = b"kept".to_vec();
        let (_, cut) = transfer::decode(encoding, data, &mut part, most);
        assert_eq!(cut, most < all.len());
        assert_eq!(part[4..], all[..most]);
    }
    all
}

/// Base64, in blocks and one digit at a time.
pub(crate) fn base64(data: &[u8]) {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut plain, mut group) = (Vec::new(), Vec::new());
    let end = |group: &mut Vec<u32>, plain: &mut Vec<u8>| {
        let bits = group.iter().fold(0, |bits, digit| bits << 6 | digit) << (6 * (4 - group.len()));
        plain.extend_from_slice(&bits.to_be_bytes()[1..][..(group.len() * 3) / 4]);
        group.clear();
    };
    for byte in data {
        match alphabet.iter().position(|digit| digit == byte) {
            Some(digit) => {
                group.push(digit as u32);
                if group.len() == 4 {
                    end(&mut group, &mut plain);
                }
            }
            None if *byte == b'=' => end(&mut group, &mut plain),
            None => {}
        }
    }
    end(&mut group, &mut plain);
    assert_eq!(decode(Encoding::Base64, data), plain);
}

/// Quoted-printable. Without a `=` it is what it says.
pub(crate) fn quoted_printable(data: &[u8]) {
    let all = decode(Encoding::QuotedPrintable, data);
    assert!(all.len() <= data.len());
    assert!(data.contains(&b'=') || all == data);
}

/// Uuencode, as an encoding and in a text.
pub(crate) fn uuencode(data: &[u8]) {
    assert!(decode(Encoding::Uuencode, data).len() <= data.len() * 3 / 2 + 3);
    let files = uuencode::files(data, usize::MAX);
    let mut before = 0;
    for file in &files {
        assert!(file.span.start >= before && file.span.end as usize <= data.len() && file.span.len() > 0);
        before = file.span.end;
        decode(Encoding::Uuencode, file.span.of(data));
    }
    let most = files.len() / 2;
    assert_eq!(uuencode::files(data, most), files[..most]);
}

/// Files stand in the text, one behind the other, and fewer may be asked for.
fn in_order(data: &[u8], files: impl Fn(&[u8], usize) -> Vec<uuencode::Found>) -> Vec<uuencode::Found> {
    let found = files(data, usize::MAX);
    let mut before = 0;
    for file in &found {
        assert!(file.span.start >= before && file.span.start <= file.span.end && file.span.end as usize <= data.len());
        before = file.span.end;
    }
    let most = found.len() / 2;
    assert_eq!(files(data, most), found[..most]);
    found
}

/// yEnc in a text: no byte comes of less than one, and what is cut is the head of the whole.
pub(crate) fn yenc(data: &[u8]) {
    for file in in_order(data, yenc::files) {
        let (bytes, behind) = (file.span.of(data), &data[file.span.end as usize..]);
        let mut all = Vec::new();
        yenc::decode(bytes, behind, &mut all, usize::MAX);
        assert!(all.len() <= bytes.len());
        let mut part = Vec::new();
        yenc::decode(bytes, behind, &mut part, all.len() / 2);
        assert!(part.len() <= all.len() / 2 + 1 && all.starts_with(&part));
    }
}

/// BinHex in a text: a count stands for 255 bytes at most, and what is cut is the head of the whole.
pub(crate) fn binhex(data: &[u8]) {
    for file in in_order(data, binhex::files) {
        let bytes = file.span.of(data);
        let Some((name, all, _)) = binhex::decode(bytes, usize::MAX / 2) else { continue };
        assert!(name.len() <= 3 * 255 && all.len() <= bytes.len() * 128);
        let (same, part, _) = binhex::decode(bytes, all.len() / 2).unwrap();
        assert!(same == name && part.len() <= all.len() / 2 + 1 && all.starts_with(&part));
    }
}

/// UTF-7. ASCII without a `+` is what it says.
pub(crate) fn utf7(data: &[u8]) {
    let (text, whole) = utf7::decode(data);
    if data.is_ascii() && !data.contains(&b'+') {
        assert!(whole && text.as_bytes() == data);
    }
    assert!(!data.iter().any(|byte| *byte >= 0x80) || !whole);
}

/// Bytes in the charset that the first line names.
pub(crate) fn charsets(data: &[u8]) {
    let mut halves = data.splitn(2, |byte| *byte == b'\n');
    let (label, bytes) = (halves.next().unwrap_or_default(), halves.next().unwrap_or_default());
    let label = String::from_utf8_lossy(label);
    let (text, _) = charset::to_utf8(Some(&label), bytes);
    assert!(text.len() <= 3 * bytes.len() + 8);
    charset::read(Some(&label), bytes);
    charset::read(None, bytes);
    let (text, defect) = charset::to_utf8(None, bytes);
    assert!(defect.is_none());
    if let (Ok(same), false) = (std::str::from_utf8(bytes), bytes.starts_with(b"\xEF\xBB\xBF")) {
        assert_eq!(text, same);
    }
}

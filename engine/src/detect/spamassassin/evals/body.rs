//! Functions that ask about the text.

use std::collections::BTreeSet;

use super::{Arguments, State};

pub(super) fn blank_lines(it: &State<'_>, arguments: &Arguments) -> bool {
    let (mut blank, mut all) = (0usize, 0usize);
    for chunk in it.context.views.rawbody.iter() {
        // The empty text behind a last line end is a line, too.
        for line in chunk.split_inclusive(|byte| *byte == b'\n').chain(chunk.ends_with(b"\n").then_some(&b""[..])) {
            all += 1;
            blank += usize::from(line.iter().all(|byte| byte.is_ascii_whitespace() || *byte == 0x0B));
        }
    }
    let enough = all as f64 >= arguments.number(2).unwrap_or(1.0).max(1.0);
    let ratio = if enough { 100.0 * blank as f64 / all as f64 } else { -1.0 };
    let (least, most) = (arguments.number(0).unwrap_or(0.0), arguments.number(1).unwrap_or(100.0));
    (least == 0.0 || ratio > least) && ratio <= most
}

pub(super) fn vertical_words(it: &State<'_>, arguments: &Arguments) -> bool {
    let mut share = -1.0f64;
    for line in it.context.views.body.iter().filter(|line| line.len() > 5) {
        let spaces = super::count(line, |byte| byte == b' ');
        let others = line.len() - spaces;
        let here = if spaces > others || others == 0 { 100 } else { 100 * spaces / others };
        share = share.max(here as f64);
    }
    let most = arguments.number(1).unwrap_or(101.0);
    let most = if most >= 100.0 { 101.0 } else { most };
    share >= arguments.number(0).unwrap_or(0.0) && share < most
}

pub(super) fn length(it: &State<'_>, arguments: &Arguments) -> bool {
    let body = it.context.raw.len().saturating_sub(it.context.views.message.body_at);
    body as f64 <= arguments.number(0).unwrap_or(0.0)
}

pub(super) fn eight_bits(it: &State<'_>, _: &Arguments) -> bool {
    let body = &it.context.views.body;
    !body.text.is_ascii() && body.iter().any(|line| super::count(line, |byte| !byte.is_ascii()) >= 8)
}

/// Ends of words, without blanks and signs, that price lists of shares have before a colon.
const STOCK: &[&str] = &[
    "company",
    "companyname",
    "stock",
    "symbol",
    "target",
    "ticker",
    "openingp",
    "openingprice",
    "currentp",
    "currentprice",
    "projected",
    "position",
    "expectations",
    "weekhigh",
    "weekshigh",
    "marketperformance",
    "yeartarget",
    "weektarget",
    "monthtarget",
    "daytarget",
    "pricetarget",
    "yearestimate",
    "yearestimates",
    "weekestimate",
    "weekestimates",
    "monthestimate",
    "monthestimates",
    "dayestimate",
    "dayestimates",
    "priceestimate",
    "priceestimates",
    "sector",
    "recommendation",
    "rating",
    "sym",
    "st",
];

pub(super) fn stock(it: &State<'_>, arguments: &Arguments) -> bool {
    let least = arguments.number(0).unwrap_or(0.0);
    let first =
        it.context.views.message.leaves().find(|(_, node)| node.media_type == "text/plain").map(|(number, _)| number);
    let mut hits = BTreeSet::new();
    for (_, text) in it.context.views.plain.iter().filter(|(number, _)| Some(*number) == first) {
        for line in text.split('\n') {
            let Some((label, value)) = line.trim_start().split_once(':') else { continue };
            let length = label.trim_end().chars().count();
            if !(3..=30).contains(&length) || value.trim_start().is_empty() {
                continue;
            }
            let letters: String = label.to_lowercase().chars().filter(char::is_ascii_lowercase).collect();
            if letters == "tradedate" || letters == "tradingdate" {
                hits.insert("tradedate");
            }
            hits.extend(STOCK.iter().filter(|end| letters.ends_with(**end)).max_by_key(|end| end.len()));
        }
    }
    least == 0.0 || hits.len() as f64 >= least
}

/// The lengths of the first plain part before and behind its signature.
fn plain_parts(it: &State<'_>) -> Option<(f64, f64)> {
    let (_, node) = it.context.views.message.leaves().find(|(_, node)| node.media_type.starts_with("text/plain"))?;
    let text = node.decoded();
    let (mut body, mut signature) = (text.len(), 0);
    let mut at = 0;
    for line in text.split_inclusive(|byte| *byte == b'\n') {
        let end = at + line.len();
        let bare = line.strip_suffix(b"\n").unwrap_or(line);
        let bare = bare.strip_suffix(b"\r").unwrap_or(bare);
        let mark_end = at + bare.len();
        if matches!(bare, b"--" | b"-- ") && text.len() - mark_end > 4 {
            (body, signature) = (at, text.len() - mark_end);
        }
        at = end;
    }
    Some((body as f64, signature as f64))
}

fn within(value: f64, arguments: &Arguments) -> bool {
    value >= arguments.number(0).unwrap_or(0.0) && arguments.number(1).is_none_or(|most| value <= most)
}

pub(super) fn plain_length(it: &State<'_>, arguments: &Arguments) -> bool {
    plain_parts(it).is_some_and(|(body, _)| within(body, arguments))
}

pub(super) fn signature_length(it: &State<'_>, arguments: &Arguments) -> bool {
    plain_parts(it).is_some_and(|(_, signature)| within(signature, arguments))
}

pub(super) fn signature_ratio(it: &State<'_>, arguments: &Arguments) -> bool {
    let ratio = plain_parts(it).map(|(body, signature)| if signature > 0.0 { body / signature } else { 1e6 });
    ratio
        .is_some_and(|ratio| ratio >= arguments.number(0).unwrap_or(0.0) && ratio <= arguments.number(1).unwrap_or(1e6))
}

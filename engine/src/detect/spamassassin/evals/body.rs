//! Functions that ask about the text.

use std::collections::{BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

use super::{Arguments, State};
use crate::facts::spamassassin::Node;

/// Bytes of a text for one of its different words.
const BYTES_A_WORD: usize = 12;

/// How the HTML of a multipart/alternative differs from its plain text.
#[derive(Debug, Default)]
pub(super) struct Difference {
    /// In percent.
    most: f64,
    html: usize,
    text: usize,
}

fn difference<'s>(it: &'s State<'_>) -> &'s Difference {
    it.difference.get_or_init(|| {
        let views = it.context.views;
        let mut found = Difference::default();
        let alternatives = (0..views.message.nodes.len()).filter(|number| {
            views.message.nodes.get(*number).is_some_and(|node| node.media_type.starts_with("multipart/alternative"))
        });
        for number in alternatives {
            // How often a word is in the HTML, and in the text. Trees and the hashes of the standard library took a third more.
            let mut both: HashMap<&[u8], (u32, u32), SeedableRandomState> = HashMap::with_hasher(hashes());
            let mut has_html = false;
            for part in views.message.parts(number) {
                if views.message.nodes.get(part).is_none_or(|node: &Node| !node.media_type.starts_with("text")) {
                    continue;
                }
                if let Some((_, document)) = views.htmls.iter().find(|(at, _)| *at == part) {
                    // About as many as there are, so that the table need not grow.
                    both.reserve(document.rendered.len() / BYTES_A_WORD);
                    words(&document.rendered, |word| {
                        let count = &mut both.entry(word).or_default().0;
                        *count = count.saturating_add(1);
                        has_html = true;
                    });
                    if !has_html && document.inside.contains_key("img") {
                        both.insert(b"\n", (1, 0));
                        has_html = true;
                    }
                } else if let Some((_, plain)) = views.plain.iter().find(|(at, _)| *at == part) {
                    both.reserve((plain.len() / BYTES_A_WORD).saturating_sub(both.len()));
                    words(plain, |word| {
                        let count = &mut both.entry(word).or_default().1;
                        *count = count.saturating_add(1);
                    });
                }
            }
            if !has_html {
                continue;
            }
            let count = |is_one: fn(&(u32, u32)) -> bool| both.values().filter(|counts| is_one(counts)).count();
            (found.html, found.text) = (count(|(html, _)| *html > 0), count(|(_, text)| *text > 0));
            let more = count(|(html, text)| html > text);
            found.most = found.most.max(more as f64 / found.html as f64 * 100.0);
        }
        found
    })
}

/// Hashes that hang on random numbers of the system, so that no sender can make words that collide; those that foldhash draws by itself
/// hang on where memory lies alone.
fn hashes() -> SeedableRandomState {
    static SEED: LazyLock<SharedSeed> = LazyLock::new(|| SharedSeed::from_u64(RandomState::new().hash_one(0u8)));
    SeedableRandomState::with_seed(RandomState::new().hash_one(1u8), &SEED)
}

/// What a byte is to words: a blank, what tells a word, other ASCII (0), or a part of a character that is none.
const BLANK: u8 = 1;
const TELLS: u8 = 2;
const BEYOND: u8 = 4;
#[expect(clippy::indexing_slicing, reason = "the compiler runs it, and iterators it cannot")]
const KINDS: [u8; 256] = {
    let mut kinds = [0; 256];
    let mut byte = 0;
    while byte < kinds.len() {
        kinds[byte] = match byte as u8 {
            b' ' | b'\t'..=b'\r' => BLANK,
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' => TELLS,
            0x80.. => BEYOND,
            _ => 0,
        };
        byte += 1;
    }
    kinds
};

/// Hands on words with a letter or digit in them. Nearly all are ASCII, of which each byte is looked at once.
fn words<'t>(text: &'t str, mut each: impl FnMut(&'t [u8])) {
    let bytes = text.as_bytes();
    let (mut start, mut kinds) = (0, 0);
    for (at, byte) in bytes.iter().chain([&b' ']).enumerate() {
        let kind = KINDS.get(usize::from(*byte)).copied().unwrap_or_default();
        if kind != BLANK {
            kinds |= kind;
            continue;
        }
        let piece = bytes.get(start..at).unwrap_or_default();
        if kinds & BEYOND != 0 {
            let words = std::str::from_utf8(piece).unwrap_or_default().split(char::is_whitespace);
            let tells = |word: &&str| word.chars().any(|it| it.is_alphanumeric() || it == '_');
            words.filter(tells).for_each(|word| each(word.as_bytes()));
        } else if kinds & TELLS != 0 {
            each(piece);
        }
        (start, kinds) = (at + 1, 0);
    }
}

pub(super) fn alternative_difference(it: &State<'_>, arguments: &Arguments) -> bool {
    let (least, value) = (arguments.number(0).unwrap_or(0.0), difference(it).most);
    (least == 0.0 || value > least) && arguments.number(1).is_none_or(|most| value <= most)
}

pub(super) fn alternative_count(it: &State<'_>, arguments: &Arguments) -> bool {
    let found = difference(it);
    let (ratio, least) = (arguments.number(0).unwrap_or(0.0), arguments.number(1).unwrap_or(0.0));
    found.html as f64 > least && found.text as f64 / found.html as f64 > ratio
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_by_any_blank_and_have_a_letter() {
        let of = |text| {
            let mut all = Vec::new();
            words(text, |word| all.push(String::from_utf8_lossy(word)));
            all
        };
        let text = "a\u{a0}b  \u{2014} _ c-\u{2003}\u{e9}\u{b}d\u{85}! \u{2003}e\u{1f}f\r\n\u{3000}9";
        let plainly =
            text.split(char::is_whitespace).filter(|it| it.chars().any(|it| it.is_alphanumeric() || it == '_'));
        assert_eq!(of(text), plainly.collect::<Vec<_>>());
        assert_eq!(of(text), ["a", "b", "_", "c-", "\u{e9}", "d", "e\u{1f}f", "9"]);
        assert!(of(" -- \u{a0} ").is_empty());
    }
}

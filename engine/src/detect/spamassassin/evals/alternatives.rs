//! Functions that ask how the HTML of a multipart/alternative differs from its plain text.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::LazyLock;

use foldhash::SharedSeed;
use foldhash::fast::SeedableRandomState;

use super::{Arguments, State};
use crate::facts::spamassassin::{Html, Views};

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

/// What is known of it by a few words: most mail says the same twice, and a table of all words is memory that is waited for.
#[derive(Debug)]
pub(super) struct Alike {
    html: usize,
    plain: usize,
    /// Different words of the HTML, at least; and how many of them are at least as often in the plain text.
    distinct: usize,
    shared: usize,
}

/// Words that are looked for, and bits by which different words are told.
const SAMPLED: usize = 256;
const TOLD: usize = 4_096;

/// A number below `TOLD` for a word, by a few of its bytes.
fn spread(word: &[u8]) -> usize {
    let byte = |at: usize| word.get(at).copied().unwrap_or_default();
    let last = word.len().saturating_sub(1);
    let ends = u32::from_le_bytes([byte(0), byte(1), byte(last.saturating_sub(1)), byte(last)]);
    let middle = u32::from(byte(2)) << 9 ^ u32::from(byte(last / 2)) << 19 ^ (word.len() as u32) << 4;
    ((ends ^ middle).wrapping_mul(0x9e37_79b1) >> 20) as usize % TOLD
}

impl Alike {
    fn of<'t>(html: impl Iterator<Item = &'t str>, plain: impl Iterator<Item = &'t str>) -> Alike {
        let mut found = Alike { html: 0, plain: 0, distinct: 0, shared: 0 };
        // How often a word is in the HTML, and in the text.
        let mut some: [(&[u8], u32, u32); SAMPLED] = [(b"", 0, 0); SAMPLED];
        for text in plain {
            words(text, |word| {
                found.plain += 1;
                if let Some(slot) = some.get_mut(spread(word) % SAMPLED) {
                    if slot.0.is_empty() {
                        slot.0 = word;
                    }
                    slot.2 = slot.2.saturating_add(u32::from(slot.0 == word));
                }
            });
        }
        let mut told = [0u64; TOLD / 64];
        for text in html {
            words(text, |word| {
                found.html += 1;
                let spread = spread(word);
                if let Some(bits) = told.get_mut(spread / 64) {
                    *bits |= 1 << (spread % 64);
                }
                if let Some(slot) = some.get_mut(spread % SAMPLED) {
                    slot.1 = slot.1.saturating_add(u32::from(slot.0 == word));
                }
            });
        }
        found.distinct = told.iter().map(|bits| bits.count_ones() as usize).sum();
        found.shared = some.iter().filter(|(_, html, plain)| (1..=*plain).contains(html)).count();
        found
    }
}

/// Nodes that are `multipart/alternative`, by their numbers.
fn alternatives<'m>(it: &State<'m>) -> impl Iterator<Item = usize> + use<'m> {
    let nodes = &it.context.views.message.nodes;
    (0..nodes.len())
        .filter(|number| nodes.get(*number).is_some_and(|node| node.media_type.starts_with("multipart/alternative")))
}

/// A part that is text, as it is shown.
enum Shown<'m> {
    Html(&'m Html),
    Plain(&'m str),
}

/// Parts of a node that are text.
fn texts<'m>(views: &'m Views, number: usize) -> impl Iterator<Item = Shown<'m>> {
    let is_text = |part: &usize| views.message.nodes.get(*part).is_some_and(|it| it.media_type.starts_with("text"));
    views.message.parts(number).into_iter().filter(is_text).filter_map(|part| {
        let html = views.htmls.iter().find(|(at, _)| *at == part).map(|(_, it)| Shown::Html(it));
        html.or_else(|| views.plain.iter().find(|(at, _)| *at == part).map(|(_, it)| Shown::Plain(it)))
    })
}

/// What a few words tell; `None` where there is more than one alternative, or no word in the HTML: then all are counted.
fn alike<'s>(it: &'s State<'_>) -> Option<&'s Alike> {
    let make = || {
        let mut all = alternatives(it);
        let (Some(number), None) = (all.next(), all.next()) else { return None };
        let texts: Vec<Shown<'_>> = texts(it.context.views, number).collect();
        let html =
            texts.iter().filter_map(|it| if let Shown::Html(it) = it { Some(it.rendered.as_str()) } else { None });
        let plain = texts.iter().filter_map(|it| if let Shown::Plain(it) = it { Some(*it) } else { None });
        Some(Alike::of(html, plain)).filter(|it| it.html > 0)
    };
    it.alike.get_or_init(make).as_ref()
}

fn difference<'s>(it: &'s State<'_>) -> &'s Difference {
    it.difference.get_or_init(|| {
        let mut found = Difference::default();
        for number in alternatives(it) {
            // How often a word is in the HTML, and in the text. Trees and the hashes of the standard library took a third more.
            let mut both: HashMap<&[u8], (u32, u32), SeedableRandomState> = HashMap::with_hasher(hashes());
            let mut has_html = false;
            for text in texts(it.context.views, number) {
                match text {
                    Shown::Html(document) => {
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
                    }
                    Shown::Plain(plain) => {
                        both.reserve((plain.len() / BYTES_A_WORD).saturating_sub(both.len()));
                        words(plain, |word| {
                            let count = &mut both.entry(word).or_default().1;
                            *count = count.saturating_add(1);
                        });
                    }
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
    let least = arguments.number(0).unwrap_or(0.0);
    let is_less = |alike: &Alike| alike.shared as f64 * 100.0 > (100.0 - least) * alike.html as f64;
    if least > 0.0 && alike(it).is_some_and(is_less) {
        return false;
    }
    let value = difference(it).most;
    (least == 0.0 || value > least) && arguments.number(1).is_none_or(|most| value <= most)
}

pub(super) fn alternative_count(it: &State<'_>, arguments: &Arguments) -> bool {
    let (ratio, least) = (arguments.number(0).unwrap_or(0.0), arguments.number(1).unwrap_or(0.0));
    if ratio > 0.0 && alike(it).is_some_and(|alike| alike.plain as f64 <= ratio * alike.distinct as f64) {
        return false;
    }
    let found = difference(it);
    found.html as f64 > least && found.text as f64 / found.html as f64 > ratio
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

    #[test]
    fn what_a_few_words_tell_is_so() {
        let letters = ["free", "offer", "of", "the", "mail", "now", "click", "here", "-", "\u{e9}t\u{e9}", "7"];
        let mut state = 3u64;
        let mut drawn = |most: usize| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as usize % most
        };
        let mut all = 0;
        for round in 0..500 {
            let mut text = |count: usize| {
                let word = |drawn: &mut dyn FnMut(usize) -> usize| match drawn(3) {
                    0 => format!("{}{}", letters[drawn(letters.len())], drawn(round + 1)),
                    _ => letters[drawn(letters.len())].to_owned(),
                };
                (0..count).map(|_| word(&mut drawn)).collect::<Vec<_>>().join(" ")
            };
            let (html, plain) = (text(round), text(500 - round));
            let count = |text: &str| {
                let mut counts = std::collections::BTreeMap::new();
                words(text, |word| *counts.entry(word.to_vec()).or_insert(0u32) += 1);
                counts
            };
            let (in_html, in_plain) = (count(&html), count(&plain));
            let shared = in_html.iter().filter(|(word, count)| in_plain.get(*word) >= Some(count)).count();
            let found = Alike::of([html.as_str()].into_iter(), [plain.as_str()].into_iter());
            assert_eq!((found.html, found.plain), (sum(&in_html), sum(&in_plain)));
            assert!(found.distinct <= in_html.len() && found.shared <= shared);
            assert!(2 * found.distinct >= in_html.len() && 2 * found.shared + 20 >= shared.min(100), "{found:?}");
            all += found.shared;
        }
        assert!(all > 2_000, "{all}");
    }

    fn sum(counts: &std::collections::BTreeMap<Vec<u8>, u32>) -> usize {
        counts.values().map(|count| *count as usize).sum()
    }
}

//! In which charset a text is, by its bytes: for text whose charset is not declared, or plainly another one. Takes bytes, gives
//! an encoding; a few tests tell apart what needs no guess, and `chardetng` guesses the rest.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, GBK, IBM866, ISO_2022_JP, ISO_8859_5, ISO_8859_6, ISO_8859_7, ISO_8859_8,
    KOI8_R, KOI8_U, SHIFT_JIS, UTF_8, WINDOWS_874, WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1255,
    WINDOWS_1256, X_MAC_CYRILLIC,
};

use crate::text::window::front;

/// How much of a text is looked at, in bytes from its first that is not ASCII, carriage returns of line ends not counted: the guess costs
/// some 100 ns a byte.
const LOOKED_AT: usize = 8 << 10;
/// How many bytes over 127 are looked at: they are what tells, and two hundred letters tell for certain.
const HIGH_LOOKED_AT: usize = 400;
/// Fewer bytes over 127 than this tell nothing of a charset.
const FEWEST: usize = 4;
/// The same of those for Latin scripts, which differ in a few letters.
const FEWEST_LATIN: usize = 16;

/// Charsets in which a character has several bytes, the later of which may be ASCII letters.
const WIDE: &[&Encoding] = &[BIG5, EUC_JP, EUC_KR, GB18030, GBK, SHIFT_JIS];
/// Charsets of scripts that are not Latin: most of their letters are over 127, so that those stand side by side.
const OTHER_SCRIPTS: &[&Encoding] = &[
    IBM866,
    ISO_8859_5,
    ISO_8859_6,
    ISO_8859_7,
    ISO_8859_8,
    KOI8_R,
    KOI8_U,
    WINDOWS_874,
    WINDOWS_1251,
    WINDOWS_1253,
    WINDOWS_1255,
    WINDOWS_1256,
    X_MAC_CYRILLIC,
];

/// Bytes over 127 of a text's head, and how many of them have another beside them. No-break spaces, which are the same byte in most
/// charsets, are not counted.
fn high(head: &[u8]) -> (usize, usize) {
    let (mut all, mut beside, mut run) = (0usize, 0usize, 0usize);
    for byte in head.iter().chain(std::iter::once(&0)) {
        if *byte > 127 && *byte != 0xA0 {
            run += 1;
            continue;
        }
        all += run;
        beside += if run > 1 { run } else { 0 };
        run = 0;
    }
    (all, beside)
}

fn head(bytes: &[u8]) -> &[u8] {
    let first = bytes.iter().position(|byte| *byte > 127).unwrap_or(bytes.len());
    let head = front(bytes.get(first..).unwrap_or_default(), LOOKED_AT);
    let enough = head.iter().enumerate().filter(|(_, byte)| **byte > 127).nth(HIGH_LOOKED_AT);
    head.get(..enough.map_or(head.len(), |(at, _)| at)).unwrap_or_default()
}

/// What a text is in that says nothing of it; `None` where no charset fits better than windows-1252. UTF-8 is no guess, and is not
/// looked for here.
pub(super) fn undeclared(bytes: &[u8]) -> Option<&'static Encoding> {
    if bytes.is_ascii() {
        return escaped(bytes);
    }
    let head = head(bytes);
    let (all, beside) = high(head);
    if all < FEWEST {
        return None;
    }
    let guess = guess(head);
    // Letters over 127 that stand alone are those of a Latin script: a lead byte before each word would hide a letter of it.
    let scattered = beside * 2 < all;
    let told = if is_other(guess) { !scattered } else { all >= FEWEST_LATIN };
    (guess != WINDOWS_1252 && told && fits(guess, head)).then_some(guess)
}

/// What a text is in that says that it is in `declared`, where that is plainly wrong: it is UTF-8, or of another script than the
/// Latin one that careless mailers declare, or full of bytes that `declared` does not have. `losses` says how many characters
/// that were lost in it.
pub(super) fn wrongly_declared(declared: &'static Encoding, bytes: &[u8], losses: usize) -> Option<&'static Encoding> {
    let careless = declared == WINDOWS_1252;
    if bytes.is_ascii() || !(careless || losses > 0) {
        return None;
    }
    let head = head(bytes);
    let (all, beside) = high(head);
    // Letters of Latin alone that are over 127 side by side are rare; and UTF-8 has two of them at least.
    if all < FEWEST || beside * 2 < all {
        return None;
    }
    if declared != UTF_8 && std::str::from_utf8(bytes).is_ok() {
        return Some(UTF_8);
    }
    // Of what is broken in a few places the rest is as declared.
    if !careless && losses.saturating_mul(4) < bytes.iter().filter(|byte| **byte > 127).count() / 2 {
        return None;
    }
    let guess = guess(head);
    (guess != declared && is_other(guess) && fits(guess, head)).then_some(guess)
}

fn is_other(encoding: &'static Encoding) -> bool {
    WIDE.contains(&encoding) || OTHER_SCRIPTS.contains(&encoding)
}

/// ISO-2022-JP, which is ASCII on the wire, by its escapes.
fn escaped(bytes: &[u8]) -> Option<&'static Encoding> {
    let at = memchr::memchr_iter(0x1b, bytes).find(|at| bytes.get(at + 1) == Some(&b'$'))?;
    let set = bytes.get(at + 2..at + 3)?;
    (matches!(set, b"B" | b"@") && fits(ISO_2022_JP, front(bytes.get(at..)?, LOOKED_AT))).then_some(ISO_2022_JP)
}

fn guess(head: &[u8]) -> &'static Encoding {
    // Pairs of which one byte is over 127 are what it counts, so words without one, most of all text in Latin letters, would only cost
    // time. No charset has a blank or a control character within a character.
    let words = head.split(|byte| *byte <= b' ').filter(|word| !word.is_ascii());
    let telling = words.flat_map(|word| b" ".iter().chain(word)).copied().collect::<Vec<u8>>();
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    // The head may end within a character.
    detector.feed(&telling, false);
    detector.guess(None, Utf8Detection::Deny)
}

/// Whether all bytes of a head are something in an encoding, but for a character that it ends in.
fn fits(encoding: &'static Encoding, head: &[u8]) -> bool {
    let mut decoder = encoding.new_decoder_without_bom_handling();
    let most = decoder.max_utf8_buffer_length(head.len()).unwrap_or_default();
    let mut out = String::with_capacity(most);
    !decoder.decode_to_string(head, &mut out, false).2
}

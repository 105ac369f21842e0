//! Unstructured text: unfolding and encoded words (RFC 2047).

use std::borrow::Cow;

use crate::defect::DefectKind;
use crate::mime::charset::{read, to_utf8};
use crate::mime::{Encoding, transfer};

/// Longest name of a charset with its language, in bytes.
const LABEL_BYTES: usize = 60;

/// A field's value as a person reads it: unfolded, encoded words (RFC 2047) decoded, 8-bit bytes as UTF-8, or in
/// the charset that they look like, blanks at both ends removed.
pub(crate) fn text(value: &[u8]) -> String {
    shown(value).into_owned()
}

/// The same, borrowed where nothing had to change.
pub(super) fn shown(value: &[u8]) -> Cow<'_, str> {
    let text = match unfolded(value) {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(mut text) => {
            text.truncate(text.trim_end().len());
            let blanks = text.len().saturating_sub(text.trim_start().len());
            text.drain(..blanks);
            Cow::Owned(text)
        }
    };
    if text.contains("=?") { Cow::Owned(words(&text).0) } else { text }
}

/// Whether every encoded word in a field can be decoded, with nothing lost.
pub(crate) fn words_are_whole(value: &[u8]) -> bool {
    memchr::memmem::find(value, b"=?").is_none() || words(&unfolded(value)).1
}

/// The line end goes, the blank that follows it stays (RFC 5322, section 2.2.3).
fn unfolded(value: &[u8]) -> Cow<'_, str> {
    let text = if value.is_ascii() { to_utf8(None, value).0 } else { read(None, value).text };
    let ends = memchr::memchr2_iter(b'\r', b'\n', text.as_bytes());
    let (mut out, mut from) = (String::new(), 0usize);
    for end in ends {
        out.reserve(if from == 0 { text.len() } else { 0 });
        out.push_str(text.get(from..end).unwrap_or_default());
        from = end.saturating_add(1);
    }
    if from == 0 {
        return text;
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// Bytes of encoded words that stand side by side in one charset: joined before they are read, since mailers cut
/// characters in two.
#[derive(Default)]
struct Run<'t> {
    charset: &'t str,
    bytes: Vec<u8>,
}

impl Run<'_> {
    /// Appends the text; false where the charset is unknown or does not have the bytes.
    fn end(&mut self, out: &mut String) -> bool {
        if self.bytes.is_empty() {
            return true;
        }
        let (text, defect) = to_utf8(Some(self.charset), &self.bytes);
        out.push_str(&text);
        let whole = defect.is_none();
        self.bytes.clear();
        whole
    }
}

/// What `=?` begins.
enum Word<'t> {
    /// Charset, encoding, payload, and what follows.
    Whole(&'t str, Encoding, &'t str, &'t str),
    /// It looks like a word, and cannot be read.
    Broken,
    /// Nothing but the two characters.
    None,
}

/// The text with its encoded words decoded, and whether all of them could be.
fn words(text: &str) -> (String, bool) {
    let mut out = String::with_capacity(text.len());
    let mut run = Run::default();
    let mut rest = text;
    let (mut after_word, mut whole) = (false, true);
    // The search for the end of a word that has none costs the rest of the text, so it is made once.
    let mut ends = true;
    while let Some(at) = rest.find("=?").filter(|_| ends) {
        let (before, here) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let (charset, encoding, payload, after) = match word(here, &mut ends) {
            Word::Whole(charset, encoding, payload, after) => (charset, encoding, payload, after),
            other => {
                whole &= run.end(&mut out) && matches!(other, Word::None);
                after_word = false;
                out.push_str(before);
                out.push_str("=?");
                rest = here.get(2..).unwrap_or_default();
                continue;
            }
        };
        // Blanks between two encoded words are not shown (RFC 2047, section 6.2).
        if !(after_word && before.trim().is_empty()) {
            whole &= run.end(&mut out);
            out.push_str(before);
        } else if !run.charset.eq_ignore_ascii_case(charset) {
            whole &= run.end(&mut out);
        }
        run.charset = charset;
        after_word = true;
        let (defects, _) = match encoding {
            Encoding::Base64 => transfer::decode(encoding, payload.as_bytes(), &mut run.bytes, payload.len()),
            _ => transfer::decode(encoding, payload.replace('_', " ").as_bytes(), &mut run.bytes, payload.len()),
        };
        // Mailers that cut a text into words leave the padding out.
        whole &= defects.iter().all(|(kind, _)| *kind == DefectKind::Base64Padding);
        rest = after;
    }
    whole &= run.end(&mut out);
    out.push_str(rest);
    (out, whole)
}

/// The encoded word that `text` begins with. It may hold blanks, though it must not: mail programs take it. `ends` is
/// told when no word can end in what is left.
fn word<'t>(text: &'t str, ends: &mut bool) -> Word<'t> {
    let Some(rest) = text.strip_prefix("=?") else { return Word::None };
    let length = rest.bytes().take(LABEL_BYTES).take_while(|byte| byte.is_ascii_graphic() && *byte != b'?').count();
    let Some((charset, rest)) = rest.split_at_checked(length) else { return Word::None };
    let Some(rest) = rest.strip_prefix('?').filter(|_| !charset.is_empty()) else { return Word::None };
    let (encoding, rest) = match rest.as_bytes() {
        [b'B' | b'b', b'?', ..] => (Encoding::Base64, rest.get(2..).unwrap_or_default()),
        [b'Q' | b'q', b'?', ..] => (Encoding::QuotedPrintable, rest.get(2..).unwrap_or_default()),
        [_, b'?', ..] => return Word::Broken,
        _ => return Word::None,
    };
    // In Q a question mark must be encoded, and in B it cannot stand, so the first `?=` ends the word.
    let Some((payload, after)) = rest.split_once("?=") else {
        *ends = false;
        return Word::Broken;
    };
    // The language of RFC 2231, section 5, stands behind an asterisk.
    let charset = charset.split('*').next().unwrap_or(charset);
    Word::Whole(charset, encoding, payload, after)
}

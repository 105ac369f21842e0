//! Unstructured text: unfolding and encoded words (RFC 2047).

use crate::mime::charset::to_utf8;
use crate::mime::{Encoding, transfer};

/// A field's value as a person reads it: unfolded, encoded words (RFC 2047) decoded, 8-bit bytes as UTF-8 or
/// windows-1252, blanks at both ends removed.
pub(crate) fn text(value: &[u8]) -> String {
    let (text, _) = to_utf8(None, value);
    let text = text.trim();
    let mut unfolded;
    let text = if text.contains(['\r', '\n']) {
        // The line end goes, the blank that follows it stays (RFC 5322, section 2.2.3).
        unfolded = String::with_capacity(text.len());
        unfolded.extend(text.chars().filter(|letter| !matches!(letter, '\r' | '\n')));
        unfolded.as_str()
    } else {
        text
    };
    if text.contains("=?") { words(text) } else { text.to_owned() }
}

/// Bytes of encoded words that stand side by side in one charset: joined before they are read, since mailers cut
/// characters in two.
#[derive(Default)]
struct Run<'t> {
    charset: &'t str,
    bytes: Vec<u8>,
}

impl Run<'_> {
    fn end(&mut self, out: &mut String) {
        if !self.bytes.is_empty() {
            out.push_str(&to_utf8(Some(self.charset), &self.bytes).0);
            self.bytes.clear();
        }
    }
}

fn words(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = Run::default();
    let mut rest = text;
    let mut after_word = false;
    while let Some(at) = rest.find("=?") {
        let (before, here) = rest.split_at_checked(at).unwrap_or((rest, ""));
        let Some((charset, encoding, payload, after)) = word(here) else {
            run.end(&mut out);
            after_word = false;
            out.push_str(before);
            out.push_str("=?");
            rest = here.get(2..).unwrap_or_default();
            continue;
        };
        // Blanks between two encoded words are not shown (RFC 2047, section 6.2).
        if !(before.trim().is_empty() && after_word) {
            run.end(&mut out);
            out.push_str(before);
        } else if !run.charset.eq_ignore_ascii_case(charset) {
            run.end(&mut out);
        }
        run.charset = charset;
        after_word = true;
        match encoding {
            Encoding::Base64 => {
                transfer::decode(Encoding::Base64, payload.as_bytes(), &mut run.bytes, payload.len());
            }
            _ => {
                let spaced = payload.replace('_', " ");
                transfer::decode(Encoding::QuotedPrintable, spaced.as_bytes(), &mut run.bytes, payload.len());
            }
        }
        rest = after;
    }
    run.end(&mut out);
    out.push_str(rest);
    out
}

/// The encoded word that `text` begins with: charset, encoding, payload, and what follows. A word may hold blanks,
/// though it must not: mail programs take it.
fn word(text: &str) -> Option<(&str, Encoding, &str, &str)> {
    let (charset, rest) = text.strip_prefix("=?")?.split_once('?')?;
    let fits = !charset.is_empty() && charset.len() <= 60 && !charset.contains(char::is_whitespace);
    let (encoding, rest) = rest.split_once('?').filter(|_| fits)?;
    let encoding = match encoding {
        "B" | "b" => Encoding::Base64,
        "Q" | "q" => Encoding::QuotedPrintable,
        _ => return None,
    };
    // In Q a question mark must be encoded, and in B it cannot stand, so the first `?=` ends the word.
    let (payload, after) = rest.split_once("?=")?;
    // The language of RFC 2231, section 5, stands behind an asterisk.
    let charset = charset.split('*').next().unwrap_or(charset);
    Some((charset, encoding, payload, after))
}

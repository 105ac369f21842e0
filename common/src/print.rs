//! Text from mail, made fit to be printed. Takes text or bytes from outside; gives text that a terminal shows and does not
//! obey. Everything that a sender wrote goes through here before a person sees it.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::Path;

/// Whether a character may command a terminal, hide, or turn the text around it: control characters, bidirectional
/// controls, and characters of no width.
pub fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' // soft hyphen
            | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200f}' // zero width, and marks of direction
            | '\u{2028}'..='\u{202e}' // line and paragraph separators, embedding and override of direction
            | '\u{2060}'..='\u{206f}' // joiners, invisible operators, isolates of direction
            | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
            | '\u{e0000}'..='\u{e0fff}' // tags
        )
}

/// `text` on one line, with what is unsafe as `\u{..}`.
pub fn safe(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

/// The same over several lines: line feeds stay.
pub fn safe_lines(text: &str) -> String {
    text.lines().map(safe).collect::<Vec<_>>().join("\n")
}

/// Bytes as text; those that are not UTF-8 as `\u{..}`, each by its number. Nothing else is changed.
pub fn from_bytes(bytes: &[u8]) -> Cow<'_, str> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => {
            let mut out = String::with_capacity(bytes.len() + 16);
            for chunk in bytes.utf8_chunks() {
                out.push_str(chunk.valid());
                for byte in chunk.invalid() {
                    let _ = write!(out, "\\u{{{byte:x}}}");
                }
            }
            Cow::Owned(out)
        }
    }
}

/// A path as text, as [`from_bytes`] does it: not yet safe to print, and the same for every program that reads it.
pub fn from_path(path: &Path) -> Cow<'_, str> {
    from_bytes(path.as_os_str().as_encoded_bytes())
}

/// The beginning of `text` that fits into `width` characters, with `...` where it was cut.
pub fn cut(text: &str, width: usize) -> Cow<'_, str> {
    if text.chars().count() <= width {
        return Cow::Borrowed(text);
    }
    let mut out: String = text.chars().take(width.saturating_sub(3)).collect();
    out.push_str("...");
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_escaped() {
        assert_eq!(safe("a\u{1b}[31mred\u{7}"), "a\\u{1b}[31mred\\u{7}");
        assert_eq!(safe("gpj\u{202e}exe.fdp"), "gpj\\u{202e}exe.fdp");
        assert_eq!(safe("pay\u{200b}pal\u{9b}31m\u{7f}"), "pay\\u{200b}pal\\u{9b}31m\\u{7f}");
        assert_eq!(safe("two\r\nlines\tand"), "two\\u{d}\\u{a}lines\\u{9}and");
        assert_eq!(safe_lines("two\nlines\u{8}"), "two\nlines\\u{8}");
    }

    #[test]
    fn plain_text_of_any_script_stays() {
        for text in ["Grüße", "Привет", "日本語", "عربي", "😀", "a b", "\\u{41}"] {
            assert!(matches!(safe(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn bytes_that_are_no_text_show_their_numbers() {
        assert_eq!(from_bytes(b"caf\xe9"), "caf\\u{e9}");
        assert_eq!(from_bytes("café".as_bytes()), "café");
    }

    #[test]
    fn long_text_is_cut_by_characters() {
        assert_eq!(cut("éééééé", 5), "éé...");
        assert_eq!(cut("ééééé", 5), "ééééé");
    }
}

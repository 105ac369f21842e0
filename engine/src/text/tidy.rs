//! Blanks: plain text brought to the form that visible text has.

use std::borrow::Cow;

/// The text with line ends as LF, runs of blanks and tabs as one blank, none of them at either end of a line, and at
/// most one empty line in a row. Borrowed where nothing has to change.
pub(crate) fn tidy(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(is_blank_or_break);
    let bytes = text.as_bytes();
    let mut out = String::new();
    let mut copied = 0;
    let mut at = 0;
    // Most runs are as they should be, so everything up to the next one that is not is copied at once.
    while let Some(&byte) = bytes.get(at) {
        if byte > b' ' {
            at += 1;
            continue;
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let length = rest.iter().take_while(|byte| is_blank_or_break(char::from(**byte))).count();
        let run = rest.get(..length).unwrap_or_default();
        if !matches!(run, b" " | b"\n" | b"\n\n" | b"") {
            if out.is_empty() {
                out.reserve(text.len());
            }
            out.push_str(text.get(copied..at).unwrap_or_default());
            out.push_str(match breaks(run) {
                0 => " ",
                1 => "\n",
                _ => "\n\n",
            });
            copied = at + length;
        }
        // A control character that is no blank is a run of none.
        at += length.max(1);
    }
    if out.is_empty() {
        return Cow::Borrowed(text);
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    Cow::Owned(out)
}

fn is_blank_or_break(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// How many line breaks a run holds; CR LF is one, and so is a CR or LF alone.
fn breaks(run: &[u8]) -> usize {
    let mut before = 0;
    let mut count = 0;
    for &byte in run {
        count += usize::from(byte == b'\r' || (byte == b'\n' && before != b'\r'));
        before = byte;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::tidy;
    use std::borrow::Cow;

    #[test]
    fn blanks_collapse_and_lines_stay() {
        assert_eq!(tidy("a  b\t c \r\n d\r\n\r\n\r\n\r\ne\rf\r\n"), "a b c\nd\n\ne\nf");
        assert_eq!(tidy(" \n\n "), "");
        assert_eq!(tidy("a\0\u{1} \u{7f}\0\0b"), "a\0\u{1} \u{7f}\0\0b", "other controls are not blanks");
        assert_eq!(tidy("é \u{a0} è"), "é \u{a0} è", "blanks beyond ASCII are not touched");
    }

    #[test]
    fn tidy_text_is_borrowed() {
        for text in ["", "a b\nc\n\nd", "one word"] {
            assert!(matches!(tidy(text), Cow::Borrowed(same) if same == text), "{text:?}");
        }
        assert!(matches!(tidy("\na b\n"), Cow::Borrowed("a b")), "ends are cut, not copied");
    }

    #[test]
    fn line_ends_do_not_matter() {
        let text = "Dear  all,\n\n\n the file\tis here.\nBye\n";
        assert_eq!(tidy(text), tidy(&text.replace('\n', "\r\n")));
        assert_eq!(tidy(text), tidy(&text.replace('\n', "\r")));
    }
}

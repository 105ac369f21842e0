//! Blanks: plain text brought to the form that visible text has.

use std::borrow::Cow;

/// The text with line ends as LF, runs of blanks and tabs as one blank, none of them at either end of a line, and at
/// most one empty line in a row. Borrowed where nothing has to change.
pub(crate) fn tidy(text: &str) -> Cow<'_, str> {
    let text = text.trim_matches(is_blank_or_break);
    let Some(kept) = tidy_prefix(text.as_bytes()) else { return Cow::Borrowed(text) };
    let mut out = String::with_capacity(text.len());
    let (head, mut rest) = text.split_at_checked(kept).unwrap_or(("", text));
    out.push_str(head);
    while !rest.is_empty() {
        // A run of blanks and breaks, then everything up to the next.
        let after = rest.trim_start_matches(is_blank_or_break);
        let run = rest.len() - after.len();
        let run = rest.get(..run).unwrap_or_default();
        match breaks(run) {
            0 if run.is_empty() => {}
            0 => out.push(' '),
            1 => out.push('\n'),
            _ => out.push_str("\n\n"),
        }
        let end = after.bytes().position(|byte| is_blank_or_break(char::from(byte))).unwrap_or(after.len());
        let (words, next) = after.split_at_checked(end).unwrap_or((after, ""));
        out.push_str(words);
        rest = next;
    }
    Cow::Owned(out)
}

fn is_blank_or_break(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c')
}

/// How many line breaks a run holds; CR LF is one, and so is a CR or LF alone.
fn breaks(run: &str) -> usize {
    let mut before = 0;
    let mut count = 0;
    for byte in run.bytes() {
        count += usize::from(byte == b'\r' || (byte == b'\n' && before != b'\r'));
        before = byte;
    }
    count
}

/// Where the first run starts that has to change; `None` where there is none.
fn tidy_prefix(text: &[u8]) -> Option<usize> {
    let mut start = 0;
    let mut run: &[u8] = &[];
    for (at, &byte) in text.iter().enumerate() {
        if is_blank_or_break(char::from(byte)) {
            if run.is_empty() {
                start = at;
            }
            run = text.get(start..=at).unwrap_or_default();
            if !matches!(run, b" " | b"\n" | b"\n\n") {
                return Some(start);
            }
        } else {
            run = &[];
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::tidy;
    use std::borrow::Cow;

    #[test]
    fn blanks_collapse_and_lines_stay() {
        assert_eq!(tidy("a  b\t c \r\n d\r\n\r\n\r\n\r\ne\rf\r\n"), "a b c\nd\n\ne\nf");
        assert_eq!(tidy(" \n\n "), "");
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

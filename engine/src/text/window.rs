//! The first bytes of a text, the same of it with either line end.

/// The longest front of `text` that has at most `most` bytes, carriage returns before line feeds not counted: what is told from it
/// does not hang on how a server on the way wrote line ends. Takes time by `most`, whatever the text's length.
pub(crate) fn front(text: &[u8], most: usize) -> &[u8] {
    if text.len() <= most {
        return text;
    }
    let (mut end, mut counted, mut pairs) = (most, 0, 0usize);
    loop {
        let piece = text.get(counted..end).unwrap_or_default();
        pairs += memchr::memchr_iter(b'\n', piece).filter(|at| is_pair(text, counted + at)).count();
        counted = end;
        end = most.saturating_add(pairs).min(text.len());
        if end == counted {
            break;
        }
    }
    // Where it ends within a line end, all of that is the byte that was counted.
    let within = end > 0 && is_pair(text, end);
    text.get(..end + usize::from(within)).unwrap_or_default()
}

/// Whether a carriage return stands before the line feed at `at`.
fn is_pair(text: &[u8], at: usize) -> bool {
    text.get(at) == Some(&b'\n') && at.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'\r')
}

#[cfg(test)]
mod tests {
    use super::front;

    #[test]
    fn a_front_is_the_same_with_either_line_end() {
        for text in ["a\nbc\n\nd\n\n\n\ne", "\n\n\n\n\n", "abcdefgh", "", "a\rb\nc\rd\n"] {
            let pairs = text.replace('\n', "\r\n");
            for most in 0..=text.len() + 1 {
                let (lf, crlf) = (front(text.as_bytes(), most), front(pairs.as_bytes(), most));
                assert_eq!(lf.len(), most.min(text.len()));
                assert_eq!(String::from_utf8_lossy(crlf).replace("\r\n", "\n").as_bytes(), lf, "{text:?} {most}");
            }
        }
    }
}

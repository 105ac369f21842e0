//! Charsets that shift between ASCII and characters of two bytes, which `encoding_rs` leaves out and mail programs still read: HZ
//! (RFC 1843), ISO-2022-KR (RFC 1557) and ISO-2022-CN (RFC 1922, its first plane).

use std::borrow::Cow;

use encoding_rs::{EUC_KR, Encoding, GBK};

/// How a charset shifts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shift {
    /// `~{` and `~}`.
    Tilde,
    /// Shift out and shift in, and escapes that say what that means.
    Control,
}

/// The charset that a label stands for.
pub(super) fn named(label: &str) -> Option<(Shift, &'static Encoding)> {
    Some(match label {
        "hz-gb-2312" | "hz" | "hz-gb2312" | "chinese-hz" => (Shift::Tilde, GBK),
        "iso-2022-kr" | "csiso2022kr" => (Shift::Control, EUC_KR),
        "iso-2022-cn" | "iso-2022-cn-ext" => (Shift::Control, GBK),
        _ => return None,
    })
}

/// The text of `bytes`, and whether all of it could be read: what is shifted has its high bits set, and is then text in the
/// charset that it comes from.
pub(super) fn decode(shift: Shift, charset: &'static Encoding, bytes: &[u8]) -> (String, bool) {
    let mut high = Vec::with_capacity(bytes.len());
    let mut shifted = false;
    let mut rest = bytes;
    while let Some((byte, behind)) = rest.split_first() {
        rest = behind;
        match (shift, byte, behind.first()) {
            (Shift::Tilde, b'~', Some(b'{')) if !shifted => (shifted, rest) = (true, skip(behind, 1)),
            (Shift::Tilde, b'~', Some(b'}')) if shifted => (shifted, rest) = (false, skip(behind, 1)),
            (Shift::Tilde, b'~', Some(b'~')) if !shifted => {
                high.push(b'~');
                rest = skip(behind, 1);
            }
            // A line that goes on.
            (Shift::Tilde, b'~', Some(b'\n')) if !shifted => rest = skip(behind, 1),
            (Shift::Control, 0x0e, _) => shifted = true,
            (Shift::Control, 0x0f, _) => shifted = false,
            // `ESC $ ) C` and the like.
            (Shift::Control, 0x1b, Some(b'$')) => rest = skip(behind, 3),
            // Every line begins in ASCII.
            (_, b'\n', _) => {
                shifted = false;
                high.push(b'\n');
            }
            (_, 0x21..=0x7e, _) if shifted => high.push(byte | 0x80),
            (_, byte, _) => high.push(*byte),
        }
    }
    let (text, malformed) = charset.decode_without_bom_handling(&high);
    match text {
        Cow::Borrowed(text) => (text.to_owned(), !malformed),
        Cow::Owned(text) => (text, !malformed),
    }
}

fn skip(bytes: &[u8], count: usize) -> &[u8] {
    bytes.get(count..).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shifted_text_is_read() {
        let read =
            |label: &str, bytes: &[u8]| named(label).map(|(shift, charset)| decode(shift, charset, bytes)).unwrap();
        // The example of RFC 1843.
        let hz = b"This sentence is in ASCII.\nThe next sentence is in GB.~{<:Ky2;S{#,NpJ)l6HK!#~}Bye.";
        let text = "This sentence is in ASCII.\nThe next sentence is in GB.己所不欲，勿施於人。Bye.";
        assert_eq!(read("hz-gb-2312", hz), (text.to_owned(), true));
        assert_eq!(read("hz-gb-2312", b"a~~b~\nc"), ("a~bc".to_owned(), true));
        assert_eq!(read("iso-2022-kr", b"\x1b$)C\x0e0!3*\x0f abc\n"), ("가나 abc\n".to_owned(), true));
        assert_eq!(read("iso-2022-cn", b"\x1b$)A\x0e<:\x0f."), ("己.".to_owned(), true));
        // What is broken loses no more than itself, and is told.
        let (text, whole) = read("hz-gb-2312", b"~{<~} rest\nmore");
        assert!(!whole && text.ends_with("more"), "{text}");
        assert!(named("gbk").is_none());
    }
}

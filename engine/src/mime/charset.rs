//! Charsets: text of any label as UTF-8, and of a wrong one or none too.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{detect, shifted, utf7};
use crate::defect::DefectKind;

/// What a label says of a text.
#[derive(Clone, Copy)]
enum Label {
    /// There is none, or one that says nothing.
    None,
    /// Nobody knows it.
    Unknown,
    Utf7,
    Shifted(shifted::Shift, &'static Encoding),
    Charset(&'static Encoding),
}

impl Label {
    fn of(label: Option<&str>) -> Label {
        let label = label.map(|label| label.trim().trim_matches(['"', '\'']).to_ascii_lowercase());
        let label = label.as_deref().unwrap_or_default();
        if let Some((shift, charset)) = shifted::named(label) {
            return Label::Shifted(shift, charset);
        }
        match label {
            "" | "us-ascii" | "ascii" | "ansi_x3.4-1968" | "x-unknown" | "unknown-8bit" | "unknown" | "default" => {
                Label::None
            }
            "utf-7" | "utf7" | "unicode-1-1-utf-7" | "x-unicode-2-0-utf-7" => Label::Utf7,
            "utf8" | "utf-8" | "unicode" | "x-utf-8" | "utf_8" | "cp65001" => Label::Charset(UTF_8),
            "cp1252" | "windows1252" | "ansi" | "iso8859-1" | "iso-8859-1" | "latin1" => Label::Charset(WINDOWS_1252),
            known => Encoding::for_label(alias(known).as_bytes()).map_or(Label::Unknown, Label::Charset),
        }
    }

    fn decode(self, bytes: &[u8]) -> (Cow<'_, str>, Option<DefectKind>) {
        let told = |(text, whole): (String, bool)| (Cow::Owned(text), (!whole).then_some(DefectKind::CharsetMalformed));
        match self {
            Label::None => (assumed(bytes), None),
            Label::Unknown => (assumed(bytes), Some(DefectKind::CharsetUnknown)),
            Label::Utf7 => told(utf7::decode(bytes)),
            Label::Shifted(shift, charset) => told(shifted::decode(shift, charset, bytes)),
            Label::Charset(charset) => {
                let (text, _, malformed) = charset.decode(bytes);
                (text, malformed.then_some(DefectKind::CharsetMalformed))
            }
        }
    }
}

/// The text of `bytes` in the charset `label` (any of `encoding_rs`, UTF-7, HZ and its like). Without a label, or with one that
/// nobody knows, valid UTF-8 is taken as such and all else as windows-1252. Borrowed where nothing had to change.
pub(crate) fn to_utf8<'b>(label: Option<&str>, bytes: &'b [u8]) -> (Cow<'b, str>, Option<DefectKind>) {
    Label::of(label).decode(bytes)
}

/// A text, and how it was read.
pub(crate) struct Read<'b> {
    pub(crate) text: Cow<'b, str>,
    /// What is wrong with the label, or was lost.
    pub(crate) defect: Option<DefectKind>,
    /// The charset that it was read in, where its label names none, or plainly the wrong one.
    pub(crate) guessed: Option<&'static str>,
}

/// The same as [`to_utf8`] for a text that is long enough to tell: where its label is missing, unknown or plainly wrong, in the
/// charset that its bytes are in.
pub(crate) fn read<'b>(label: Option<&str>, bytes: &'b [u8]) -> Read<'b> {
    let label = Label::of(label);
    let (text, defect) = label.decode(bytes);
    let found = match label {
        Label::None | Label::Unknown if has_mark(bytes) => None,
        Label::None | Label::Unknown => match &text {
            Cow::Borrowed(text) if !text.is_ascii() => Some(UTF_8),
            _ => detect::undeclared(bytes),
        },
        // What had to be changed has bytes over 127.
        Label::Charset(charset) if matches!(text, Cow::Owned(_)) => {
            let losses = if defect.is_some() { text.matches(char::REPLACEMENT_CHARACTER).count() } else { 0 };
            detect::wrongly_declared(charset, bytes, losses)
        }
        _ => None,
    };
    let Some(found) = found else { return Read { text, defect, guessed: None } };
    let (text, malformed) = found.decode_without_bom_handling(bytes);
    let defect = defect.filter(|it| *it == DefectKind::CharsetUnknown);
    Read { text, defect: defect.or(malformed.then_some(DefectKind::CharsetMalformed)), guessed: Some(found.name()) }
}

/// A byte-order mark, which is a declaration.
fn has_mark(bytes: &[u8]) -> bool {
    [b"\xff\xfe".as_slice(), b"\xfe\xff", b"\xef\xbb\xbf"].iter().any(|mark| bytes.starts_with(mark))
}

/// Names that mail uses for charsets that the WHATWG knows under others.
fn alias(label: &str) -> &str {
    match label {
        "gb2312-80" | "gb_2312" | "x-gbk" | "cp936" | "ms936" => "gbk",
        "cp932" | "ms932" | "shift-jis" | "x-sjis" => "shift_jis",
        "cp949" | "ks_c_5601" | "ksc5601" => "euc-kr",
        "cp950" | "big5-hkscs" | "big-5" => "big5",
        "cp1250" | "windows1250" => "windows-1250",
        "cp1251" | "windows1251" | "win-1251" => "windows-1251",
        "cp1253" => "windows-1253",
        "cp1254" => "windows-1254",
        "cp1255" => "windows-1255",
        "cp1256" => "windows-1256",
        "cp1257" => "windows-1257",
        "cp1258" => "windows-1258",
        "iso-8859-8-e" => "iso-8859-8",
        "utf16" => "utf-16",
        other => other,
    }
}

/// Text without a usable label: what its byte-order mark says, UTF-8 where it is valid, else windows-1252, in which
/// every byte is something.
fn assumed(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return WINDOWS_1252.decode(bytes).0;
    }
    match std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

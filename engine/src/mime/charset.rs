//! Charsets: text of any label as UTF-8.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};

use super::{shifted, utf7};
use crate::defect::DefectKind;

/// The text of `bytes` in the charset `label` (any of `encoding_rs`, UTF-7, HZ and its like). Without a label, or with one that
/// nobody knows, valid UTF-8 is taken as such and all else as windows-1252. Borrowed where nothing had to change.
pub(crate) fn to_utf8<'b>(label: Option<&str>, bytes: &'b [u8]) -> (Cow<'b, str>, Option<DefectKind>) {
    let label = label.map(|label| label.trim().trim_matches(['"', '\'']).to_ascii_lowercase());
    let label = label.as_deref().unwrap_or_default();
    if matches!(label, "utf-7" | "utf7" | "unicode-1-1-utf-7" | "x-unicode-2-0-utf-7") {
        let (text, whole) = utf7::decode(bytes);
        return (Cow::Owned(text), (!whole).then_some(DefectKind::CharsetMalformed));
    }
    if let Some((shift, charset)) = shifted::named(label) {
        let (text, whole) = shifted::decode(shift, charset, bytes);
        return (Cow::Owned(text), (!whole).then_some(DefectKind::CharsetMalformed));
    }
    let encoding = match label {
        "" | "us-ascii" | "ascii" | "ansi_x3.4-1968" | "x-unknown" | "unknown-8bit" | "unknown" | "default" => None,
        "utf8" | "utf-8" | "unicode" | "x-utf-8" | "utf_8" | "cp65001" => Some(UTF_8),
        "cp1252" | "windows1252" | "ansi" | "iso8859-1" | "iso-8859-1" | "latin1" => Some(WINDOWS_1252),
        known => match Encoding::for_label(alias(known).as_bytes()) {
            Some(encoding) => Some(encoding),
            None => return (guess(bytes), Some(DefectKind::CharsetUnknown)),
        },
    };
    match encoding {
        None => (guess(bytes), None),
        Some(encoding) => {
            let (text, _, malformed) = encoding.decode(bytes);
            (text, malformed.then_some(DefectKind::CharsetMalformed))
        }
    }
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
fn guess(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.starts_with(b"\xff\xfe") || bytes.starts_with(b"\xfe\xff") {
        return WINDOWS_1252.decode(bytes).0;
    }
    match std::str::from_utf8(bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes)) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => WINDOWS_1252.decode_without_bom_handling(bytes).0,
    }
}

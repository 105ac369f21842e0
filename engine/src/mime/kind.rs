//! What a part is, by its type and by how its content begins. Takes a type or bytes, says what programs make of it.

use super::choice::Choices;
use super::lines;
use super::tree::{Encoding, PartKind};

/// Types of messages that only some programs look into.
pub(super) fn is_nearly_message(media_type: &str) -> bool {
    matches!(media_type, "message/partial" | "message/external-body" | "message/news" | "text/rfc822-headers")
}

/// Whether a message stands there as it is, though an encoding is declared: a field's colon is no letter of base64, nor
/// the beginning of a uuencoded file; and in quoted-printable the equals sign before its boundary would be encoded.
pub(super) fn is_plain_message(head: &[u8], encoding: Encoding) -> bool {
    let lines = head.split(|byte| matches!(byte, b'\r' | b'\n')).skip_while(|line| line.is_empty());
    let is_field = |line: &[u8]| {
        let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
        name.len() < line.len() && !name.is_empty() && name.iter().all(|it| it.is_ascii_alphanumeric() || *it == b'-')
    };
    let begins = lines.clone().next().is_some_and(is_field);
    match encoding {
        Encoding::Base64 | Encoding::Uuencode => begins,
        Encoding::QuotedPrintable => {
            let boundary = memchr::memmem::find(head, b"boundary=").and_then(|at| head.get(at + 9..));
            begins && boundary.is_some_and(|rest| !rest.starts_with(b"3D"))
        }
        Encoding::Identity => true,
    }
}

/// Whether a content begins with a header that says it is MIME.
pub(super) fn begins_as_mime(content: &[u8], choices: Choices) -> bool {
    let mut at = 0;
    for _ in 0..8 {
        let Some(line) = lines::line_in(content, at, choices) else { return false };
        let text = line.text(content);
        if text.get(..13).is_some_and(|it| it.eq_ignore_ascii_case(b"mime-version:")) {
            return true;
        }
        let name = text.iter().take_while(|byte| **byte != b':' && (33..127).contains(*byte)).count();
        if name == 0 || text.get(name) != Some(&b':') {
            return false;
        }
        at = line.next;
    }
    false
}

pub(super) fn kind_of(media_type: &str) -> PartKind {
    match media_type {
        "message/rfc822" | "message/global" => PartKind::Message,
        it if it.starts_with("multipart/") => PartKind::Multipart,
        _ => PartKind::Leaf,
    }
}

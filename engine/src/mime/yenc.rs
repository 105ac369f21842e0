//! Files in yEnc, which news programs write: each byte 42 higher, few of them escaped. Found in the middle of a text, whatever
//! encoding it declares.

use memchr::memmem;

use super::lines::line_at;
use super::uuencode::{Found, is_line_start};
use crate::text::span::Span;

/// The first `most` files in a text, in order. One that breaks off ends with the text, or where the next one begins.
pub(crate) fn files(text: &[u8], most: usize) -> Vec<Found> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(offset) =
        memmem::find(text.get(at..).unwrap_or_default(), b"=ybegin ").filter(|_| found.len() < most)
    {
        let start = at + offset;
        at = start + 8;
        if !is_line_start(text, start) {
            continue;
        }
        let Some(line) = line_at(text, start) else { continue };
        // The name goes on to the end of the line, blanks and all (yEnc 1.3).
        let line_text = line.text(text);
        let Some(name) = memmem::find(line_text, b" name=").and_then(|name| line_text.get(name + 6..)) else {
            continue;
        };
        if memmem::find(line_text, b" size=").is_none() || name.len() > 255 {
            continue;
        }
        let end = memmem::find(text.get(line.next..).unwrap_or_default(), b"\n=y");
        let mut end = end.map_or(text.len(), |end| line.next + end + 1);
        // A part of a file says so in a line of its own.
        if text.get(end..).is_some_and(|rest| rest.starts_with(b"=ypart ")) {
            let next = line_at(text, end).map_or(text.len(), |part| part.next);
            end = memmem::find(text.get(next..).unwrap_or_default(), b"\n=y").map_or(text.len(), |end| next + end + 1);
        }
        let name = super::charset::to_utf8(None, name.trim_ascii()).0.into_owned();
        found.push(Found { name, span: Span::new(start, end) });
        at = end;
    }
    found
}

/// Appends the file in `bytes`, which begin with its first line, to `out`, at most `most` bytes of it and one more. False where it
/// breaks off.
pub(crate) fn decode(bytes: &[u8], behind: &[u8], out: &mut Vec<u8>, most: usize) -> bool {
    let mut at = 0;
    while let Some(line) = line_at(bytes, at).filter(|line| line.text(bytes).starts_with(b"=y")) {
        at = line.next;
    }
    let mut escaped = false;
    for byte in bytes.get(at..).unwrap_or_default() {
        if out.len() > most {
            break;
        }
        match byte {
            b'\r' | b'\n' => {}
            b'=' if !escaped => escaped = true,
            byte => {
                out.push(byte.wrapping_sub(42).wrapping_sub(if escaped { 64 } else { 0 }));
                escaped = false;
            }
        }
    }
    behind.starts_with(b"=yend")
}

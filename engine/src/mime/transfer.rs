//! Transfer encodings undone, as any mail program would see the content: junk is skipped, not fatal.

use memchr::memchr;

use super::uuencode;
use crate::defect::DefectKind;
use crate::mime::Encoding;

/// What was malformed, each kind once, with its first offset.
pub(super) type Defects = Vec<(DefectKind, usize)>;

/// Appends the decoded form of `bytes` to `out`, at most `most` bytes of it. Gives what was malformed, each kind once,
/// with its first offset in `bytes`; and whether `most` cut it.
pub(crate) fn decode(
    encoding: Encoding,
    bytes: &[u8],
    out: &mut Vec<u8>,
    most: usize,
) -> (Vec<(DefectKind, usize)>, bool) {
    let start = out.len();
    // Each decoder stops a little behind this length; what is too much is cut off then.
    let full = start.saturating_add(most);
    let defects = match encoding {
        Encoding::Identity => {
            out.extend_from_slice(bytes.get(..most.min(bytes.len())).unwrap_or_default());
            return (Vec::new(), bytes.len() > most);
        }
        Encoding::Base64 => base64(bytes, out, full),
        Encoding::QuotedPrintable => quoted_printable(bytes, out, full),
        Encoding::Uuencode => uuencode::decode(bytes, out, full),
    };
    let cut = out.len() - start > most;
    out.truncate(full);
    (defects, cut)
}

pub(super) fn note(defects: &mut Defects, kind: DefectKind, at: usize) {
    if !defects.iter().any(|(known, _)| *known == kind) {
        defects.push((kind, at));
    }
}

const BLANK: u8 = 0x40;
const PAD: u8 = 0x41;
const JUNK: u8 = 0x80;

/// The value of each base64 digit; blanks, padding and junk are told apart.
// Indexed while compiling: an index out of range would be an error of the build.
#[allow(clippy::indexing_slicing)]
const DIGITS: [u8; 256] = {
    let mut table = [JUNK; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut n = 0;
    while n < 64 {
        table[alphabet[n] as usize] = n as u8;
        n += 1;
    }
    table[b' ' as usize] = BLANK;
    table[b'\t' as usize] = BLANK;
    table[b'\r' as usize] = BLANK;
    table[b'\n' as usize] = BLANK;
    table[b'=' as usize] = PAD;
    table
};

fn digit(byte: u8) -> u8 {
    DIGITS.get(byte as usize).copied().unwrap_or(JUNK)
}

/// Base64 (RFC 2045, section 6.8). Junk is skipped, as mail programs do; padding ends a group, and what follows it is
/// decoded too, since some programs show it.
fn base64(bytes: &[u8], out: &mut Vec<u8>, full: usize) -> Defects {
    let mut defects = Vec::new();
    out.reserve((bytes.len() / 4 * 3 + 3).min(full.saturating_sub(out.len())));
    let mut rest = bytes;
    let (mut group, mut count, mut padded) = (0u32, 0u32, false);
    while !rest.is_empty() && out.len() <= full {
        // Groups of four digits, forty-eight bytes at a time: nearly all of honest base64 passes here.
        if count == 0 {
            let mut block = [0u8; 48];
            while let Some((head, tail)) = rest.split_first_chunk::<64>().filter(|_| out.len() <= full) {
                let mut bad = 0;
                for (four, three) in head.as_chunks::<4>().0.iter().zip(block.as_chunks_mut::<3>().0) {
                    let [a, b, c, d] = four.map(digit);
                    bad |= a | b | c | d;
                    *three = [a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d];
                }
                if bad >= BLANK {
                    break;
                }
                if padded {
                    note(&mut defects, DefectKind::Base64Padding, bytes.len() - rest.len());
                }
                out.extend_from_slice(&block);
                rest = tail;
            }
            while let Some((four, tail)) = rest.split_first_chunk::<4>().filter(|_| out.len() <= full) {
                let [a, b, c, d] = four.map(digit);
                if (a | b | c | d) >= BLANK {
                    break;
                }
                if padded {
                    note(&mut defects, DefectKind::Base64Padding, bytes.len() - rest.len());
                }
                out.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
                rest = tail;
            }
        }
        let Some((byte, tail)) = rest.split_first() else { break };
        let at = bytes.len() - rest.len();
        rest = tail;
        match digit(*byte) {
            BLANK => {}
            PAD => {
                if count == 1 {
                    note(&mut defects, DefectKind::Base64Padding, at);
                }
                finish(group, count, out);
                (group, count, padded) = (0, 0, true);
            }
            JUNK => note(&mut defects, DefectKind::Base64Junk, at),
            value => {
                if padded {
                    note(&mut defects, DefectKind::Base64Padding, at);
                }
                group = group << 6 | u32::from(value);
                count += 1;
                if count == 4 {
                    let [_, a, b, c] = group.to_be_bytes();
                    out.extend_from_slice(&[a, b, c]);
                    (group, count) = (0, 0);
                }
            }
        }
    }
    if count > 0 && out.len() <= full {
        note(&mut defects, DefectKind::Base64Padding, bytes.len());
        finish(group, count, out);
    }
    defects
}

/// The bytes of a group that ends early.
fn finish(group: u32, count: u32, out: &mut Vec<u8>) {
    match count {
        2 => out.push((group >> 4) as u8),
        3 => out.extend_from_slice(&[(group >> 10) as u8, (group >> 2) as u8]),
        _ => {}
    }
}

fn hex(byte: u8) -> Option<u8> {
    (byte as char).to_digit(16).and_then(|digit| u8::try_from(digit).ok())
}

/// Quoted-printable (RFC 2045, section 6.7). An escape that is none stands for itself.
fn quoted_printable(bytes: &[u8], out: &mut Vec<u8>, full: usize) -> Defects {
    let mut defects = Vec::new();
    out.reserve(bytes.len().min(full.saturating_sub(out.len())));
    let mut rest = bytes;
    while let Some(at) = memchr(b'=', rest).filter(|_| out.len() <= full) {
        let (plain, escape) = rest.split_at_checked(at).unwrap_or((rest, &[]));
        append(plain, out, full);
        let offset = bytes.len() - escape.len();
        let after = escape.get(1..).unwrap_or_default();
        if let [high, low, tail @ ..] = after
            && let (Some(high), Some(low)) = (hex(*high), hex(*low))
        {
            out.push(high << 4 | low);
            rest = tail;
            continue;
        }
        // A soft line break: blanks before the line end are padding of transport (rule 3 of the section).
        let blanks = after.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        rest = match after.get(blanks..).unwrap_or_default() {
            [b'\r', b'\n', tail @ ..] | [b'\n' | b'\r', tail @ ..] => tail,
            [] => &[],
            _ => {
                note(&mut defects, DefectKind::QuotedPrintableMalformed, offset);
                out.push(b'=');
                after
            }
        };
    }
    append(rest, out, full);
    defects
}

/// Appends as much of `plain` as tells that there is too much of it.
fn append(plain: &[u8], out: &mut Vec<u8>, full: usize) {
    let room = full.saturating_add(1).saturating_sub(out.len());
    out.extend_from_slice(plain.get(..room.min(plain.len())).unwrap_or_default());
}

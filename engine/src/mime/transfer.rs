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
    decode_as(encoding, Repair::default(), bytes, out, most)
}

/// How a broken encoding goes on. The default is what most programs do.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Repair {
    padding: Padding,
    /// Data ends at the first byte that is none.
    ends_at_junk: bool,
    /// `-` and `_` are digits.
    url: bool,
    /// Groups begin anew with each line.
    by_line: bool,
    /// Lines that hold anything but base64 are left out as a whole.
    whole_lines: bool,
    /// The equals sign of an escape that is none is dropped.
    drop: bool,
    /// Blanks at line ends are dropped.
    trim: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Padding {
    /// It ends a group, and data goes on behind it.
    #[default]
    Group,
    /// It ends the data.
    Ends,
    /// It is junk.
    Junk,
    /// It ends the data where a group has two digits at least, else it is junk.
    EndsGroup,
    /// It is a digit of no value.
    Zero,
}

impl Repair {
    const fn base(padding: Padding) -> Repair {
        Repair {
            padding,
            ends_at_junk: false,
            url: false,
            by_line: false,
            whole_lines: false,
            drop: false,
            trim: false,
        }
    }

    /// How programs go on with broken base64.
    pub(crate) const BASE64: &'static [(Repair, &'static str)] = &[
        (Repair::base(Padding::Group), "broken base64: junk is skipped"),
        (Repair::base(Padding::Ends), "broken base64: padding ends it"),
        (Repair::base(Padding::Junk), "broken base64: padding is skipped"),
        (Repair::base(Padding::EndsGroup), "broken base64: padding ends it where a group can end"),
        (Repair::base(Padding::Zero), "broken base64: padding counts as a digit"),
        (Repair { ends_at_junk: true, ..Repair::base(Padding::Group) }, "broken base64: junk ends it"),
        (Repair { url: true, ..Repair::base(Padding::Group) }, "broken base64: hyphen and underscore are digits"),
        (Repair { by_line: true, ..Repair::base(Padding::Group) }, "broken base64: each line is decoded by itself"),
        (Repair { whole_lines: true, ..Repair::base(Padding::Group) }, "broken base64: lines with junk are left out"),
    ];

    /// Quoted-printable without the blanks at line ends, as its standard has it.
    pub(crate) const TRIM: Repair = Repair { trim: true, ..Repair::base(Padding::Group) };

    /// The same of quoted-printable.
    pub(crate) const QUOTED: &'static [(Repair, &'static str)] = &[
        (Repair::base(Padding::Group), "broken quoted-printable: an equals sign stands for itself"),
        (
            Repair { drop: true, ..Repair::base(Padding::Group) },
            "broken quoted-printable: a lone equals sign is dropped",
        ),
    ];
}

/// The same, with another repair of what is broken.
pub(crate) fn decode_as(
    encoding: Encoding,
    repair: Repair,
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
        Encoding::Base64 if repair == Repair::default() => base64(bytes, out, full),
        Encoding::Base64 => repaired(repair, bytes, out, full),
        Encoding::QuotedPrintable if repair.trim => quoted_printable(&trimmed(bytes), repair.drop, out, full),
        Encoding::QuotedPrintable => quoted_printable(bytes, repair.drop, out, full),
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
                digit_in(value, &mut group, &mut count, out);
            }
        }
    }
    if count > 0 && out.len() <= full {
        note(&mut defects, DefectKind::Base64Padding, bytes.len());
        finish(group, count, out);
    }
    defects
}

/// Takes another digit of base64 into its group; four are three bytes.
#[inline(always)]
fn digit_in(value: u8, group: &mut u32, count: &mut u32, out: &mut Vec<u8>) {
    *group = *group << 6 | u32::from(value);
    *count += 1;
    if *count == 4 {
        let [_, a, b, c] = group.to_be_bytes();
        out.extend_from_slice(&[a, b, c]);
        (*group, *count) = (0, 0);
    }
}

/// The lines without blanks at their ends.
fn trimmed(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let end = line.len() - line.iter().rev().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        let (text, line_end) = line.split_at_checked(end).unwrap_or((line, &[]));
        out.extend_from_slice(text.trim_ascii_end());
        out.extend_from_slice(line_end);
    }
    out
}

/// Base64 as other programs take it that is broken.
fn repaired(repair: Repair, bytes: &[u8], out: &mut Vec<u8>, full: usize) -> Defects {
    let (mut group, mut count) = (0u32, 0u32);
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if repair.whole_lines && line.iter().any(|byte| digit(*byte) == JUNK) {
            continue;
        }
        for byte in line {
            if out.len() > full {
                return Vec::new();
            }
            let value = match (digit(*byte), *byte) {
                (BLANK, _) => continue,
                (PAD, _) => match repair.padding {
                    Padding::Junk => continue,
                    Padding::EndsGroup if count < 2 => continue,
                    Padding::Ends | Padding::EndsGroup => {
                        finish(group, count, out);
                        return Vec::new();
                    }
                    Padding::Zero => 0,
                    Padding::Group => {
                        finish(group, count, out);
                        (group, count) = (0, 0);
                        continue;
                    }
                },
                (JUNK, b'-') if repair.url => 62,
                (JUNK, b'_') if repair.url => 63,
                (JUNK, _) if repair.ends_at_junk => {
                    finish(group, count, out);
                    return Vec::new();
                }
                (JUNK, _) => continue,
                (value, _) => value,
            };
            digit_in(value, &mut group, &mut count, out);
        }
        if repair.by_line {
            finish(group, count, out);
            (group, count) = (0, 0);
        }
    }
    finish(group, count, out);
    Vec::new()
}

/// Whether the first line of a content that is not empty may be base64: it has no words, and hardly anything outside of the
/// alphabet.
pub(crate) fn begins_as_base64(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii);
    let Some(first) = lines.find(|line| !line.is_empty()) else { return true };
    let first = first.get(..76.min(first.len())).unwrap_or_default();
    let others = first.iter().filter(|byte| matches!(digit(**byte), JUNK | BLANK)).count();
    others * 8 < first.len()
}

/// Whether a content is plainly base64: lines of its alphabet alone, all but the last as long as each other, and enough
/// of them that no text is.
pub(crate) fn is_base64(head: &[u8]) -> bool {
    let mut lines = head.split(|byte| *byte == b'\n').map(<[u8]>::trim_ascii).filter(|line| !line.is_empty());
    let Some(first) = lines.next() else { return false };
    let is_digits = |line: &[u8]| {
        let end = line.iter().rposition(|byte| *byte != b'=').map_or(0, |at| at + 1);
        line.len() - end <= 2 && line.iter().take(end).all(|byte| digit(*byte) < BLANK)
    };
    let mixed = first.iter().any(u8::is_ascii_uppercase) && first.iter().any(u8::is_ascii_lowercase);
    // The first line of a text tells nearly always that it is none.
    if !(mixed && first.len() % 4 == 0 && is_digits(first)) {
        return false;
    }
    let mut all = first.len();
    let mut last = first.len();
    for line in lines {
        if !(is_digits(line) && last == first.len() && line.len() <= first.len()) {
            return false;
        }
        last = line.len();
        all += line.len();
    }
    // Of a longer content the head ends within a line.
    all >= 64
}

/// Whether a content is plainly quoted-printable: many escapes, and none that is none.
pub(crate) fn is_quoted_printable(head: &[u8]) -> bool {
    let (mut escapes, mut plain, mut bad) = (0usize, 0usize, 0usize);
    let mut rest = head;
    while let Some(at) = memchr(b'=', rest) {
        plain += at;
        let after = rest.get(at + 1..).unwrap_or_default();
        match after {
            [high, low, ..] if hex(*high).is_some() && hex(*low).is_some() => escapes += 1,
            [b'\r' | b'\n', ..] | [] | [_] => {}
            _ => bad += 1,
        }
        rest = after;
    }
    escapes >= 8 && bad * 20 <= escapes && escapes * 30 >= plain
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
fn quoted_printable(bytes: &[u8], drop: bool, out: &mut Vec<u8>, full: usize) -> Defects {
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
            line_end @ [b'\r' | b'\n', tail @ ..] => {
                // However many carriage returns stand before the line feed.
                let returns = line_end.iter().take_while(|byte| **byte == b'\r').count();
                match line_end.get(returns..) {
                    Some([b'\n', tail @ ..]) => tail,
                    _ => tail,
                }
            }
            [] => &[],
            _ => {
                note(&mut defects, DefectKind::QuotedPrintableMalformed, offset);
                if !drop {
                    out.push(b'=');
                }
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

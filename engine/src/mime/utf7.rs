//! UTF-7 (RFC 2152), which `encoding_rs` leaves out and mail programs still read.

/// The text of `bytes`, and whether all of it could be read. What cannot be read becomes U+FFFD.
pub(super) fn decode(bytes: &[u8]) -> (String, bool) {
    let mut out = String::with_capacity(bytes.len());
    let mut whole = true;
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        match byte {
            b'+' if rest.peek() == Some(&b'-') => {
                rest.next();
                out.push('+');
            }
            b'+' => {
                let (mut bits, mut count, mut units) = (0u32, 0u32, Vec::new());
                while let Some(value) = rest.peek().copied().and_then(digit) {
                    rest.next();
                    bits = bits << 6 | value;
                    count += 6;
                    if count >= 16 {
                        count -= 16;
                        units.push((bits >> count & 0xFFFF) as u16);
                        bits &= (1 << count) - 1;
                    }
                }
                if rest.peek() == Some(&b'-') {
                    rest.next();
                }
                for unit in char::decode_utf16(units) {
                    whole &= unit.is_ok();
                    out.push(unit.unwrap_or(char::REPLACEMENT_CHARACTER));
                }
                whole &= count < 6 && bits == 0;
            }
            0..=127 => out.push(byte as char),
            _ => {
                whole = false;
                out.push(char::REPLACEMENT_CHARACTER);
            }
        }
    }
    (out, whole)
}

fn digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

//! The source of macros (MS-OVBA): each module's stream holds compiled code, and behind it the source, compressed. Takes
//! streams, gives text as it was written.

use super::compound::{u16_at, u32_at, wide};

/// What a piece of a compressed source unpacks to at most.
const CHUNK_BYTES: usize = 4096;

/// Where the source begins in each module's stream: from the stream `dir`, by the stream's name. Gives how many bytes that unpacked
/// to as well.
pub(super) fn offsets(dir: &[u8], most: usize) -> (Vec<(String, usize)>, usize) {
    let mut found = Vec::new();
    let (text, _) = decompress(dir, most);
    let mut rest = text.as_slice();
    let mut name = String::new();
    while let (Some(id), Some(size)) = (u16_at(rest, 0), u32_at(rest, 2)) {
        let size = usize::try_from(size).unwrap_or(usize::MAX);
        let Some(data) = rest.get(6..).and_then(|behind| behind.get(..size)) else { break };
        match id {
            // The name of the module's stream, in the project's charset and then in UTF-16, which is the better one.
            0x001a => name = String::from_utf8_lossy(data).into_owned(),
            0x0032 => name = wide(data),
            0x0031 => found.push((std::mem::take(&mut name), u32_at(data, 0).unwrap_or(0) as usize)),
            _ => {}
        }
        // The version of the project is the one record that is longer than it says.
        let more = if id == 0x0009 { 2 } else { 0 };
        rest = rest.get(6 + size + more..).unwrap_or_default();
    }
    (found, text.len())
}

/// The source in a module's stream: where `offsets` say, else where something unpacks to what every module begins with.
pub(super) fn source(stream: &[u8], offset: Option<usize>, most: usize) -> Option<(Vec<u8>, bool)> {
    if let Some(packed) = offset.and_then(|offset| stream.get(offset..)).filter(|packed| packed.first() == Some(&1)) {
        let (text, cut) = decompress(packed, most);
        if !text.is_empty() {
            return Some((text, cut));
        }
    }
    // `Attribut` cannot have been packed shorter: no letter of it came before. A byte of flags stands in front of it, two of the
    // piece's length before that, and one of the container.
    let at = memchr::memmem::find(stream, b"\x00Attribut")?.checked_sub(3)?;
    let packed = stream.get(at..).filter(|packed| packed.first() == Some(&1))?;
    let (text, cut) = decompress(packed, most);
    (!text.is_empty()).then_some((text, cut))
}

/// Unpacks a container (section 2.4.1), at most `most` bytes; says whether there is more.
pub(super) fn decompress(packed: &[u8], most: usize) -> (Vec<u8>, bool) {
    let mut out = Vec::new();
    let Some((1, mut rest)) = packed.split_first().map(|(first, rest)| (*first, rest)) else { return (out, false) };
    while let Some(header) = u16_at(rest, 0) {
        // The length counts the header; the three bits above it are always the same.
        let length = usize::from(header & 0x0fff) + 3;
        if header >> 12 & 7 != 3 {
            break;
        }
        let chunk = rest.get(2..length.min(rest.len())).unwrap_or_default();
        if header & 0x8000 == 0 {
            out.extend_from_slice(chunk.get(..CHUNK_BYTES.min(chunk.len())).unwrap_or_default());
        } else {
            unpack(chunk, &mut out);
        }
        if out.len() > most {
            out.truncate(most);
            return (out, true);
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    (out, false)
}

/// Unpacks one piece: bytes as they are, and copies of what stands before them in the same piece.
fn unpack(chunk: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    let mut rest = chunk;
    while let Some((flags, behind)) = rest.split_first() {
        rest = behind;
        for bit in 0..8 {
            let done = out.len() - start;
            if rest.is_empty() || done >= CHUNK_BYTES {
                break;
            }
            if flags >> bit & 1 == 0 {
                out.extend(rest.first());
                rest = rest.get(1..).unwrap_or_default();
                continue;
            }
            let Some(token) = u16_at(rest, 0) else { return };
            rest = rest.get(2..).unwrap_or_default();
            // As many bits for the distance as it can need here, but four at least.
            let bits = usize::BITS - done.saturating_sub(1).leading_zeros();
            let bits = bits.clamp(4, 12);
            let length = usize::from(token & (0xffff >> bits)) + 3;
            let distance = usize::from(token >> (16 - bits)) + 1;
            let Some(from) = out.len().checked_sub(distance).filter(|from| *from >= start) else { return };
            for at in from..from + length.min(CHUNK_BYTES - done) {
                let Some(byte) = out.get(at).copied() else { return };
                out.push(byte);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of MS-OVBA, section 3.2.
    #[test]
    fn unpacks_as_the_standard_says() {
        let normal =
            b"\x01\x2f\xb0\x00#aaabcde\x82f\x00paghij\x018\x08akl\x000mnop\x06q\x02p\x04\x10rstuv\x10wxyz\x00<";
        let (text, cut) = decompress(normal, 1_000);
        assert_eq!(
            (String::from_utf8_lossy(&text).as_ref(), cut),
            ("#aaabcdefaaaaghijaaaaaklaaamnopqaaaaaaaaaaaarstuvwxyzaaa", false)
        );
        let one = b"\x01\x03\xb0\x02a\x45\x00";
        assert_eq!(decompress(one, 1_000), (vec![b'a'; 73], false));
        assert_eq!(decompress(one, 10), (vec![b'a'; 10], true));
        for broken in [&b""[..], b"\x00\x03\xb0", b"\x01", b"\x01\x03", b"\x01\x03\xb0\x01\x00\x10", b"\x01\xff\x0f"] {
            assert!(decompress(broken, 1_000).0.is_empty(), "{broken:?}");
        }
    }
}

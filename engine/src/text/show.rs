//! Bytes from outside, made fit to be shown: short, valid UTF-8, nothing that a terminal would obey.

/// Longest evidence, in bytes.
pub(crate) const EVIDENCE_BYTES: usize = 200;

/// A short piece of `bytes` for a verdict's evidence. Bytes that are not UTF-8 stand as `\u{..}`; control characters
/// are left to whoever prints it.
pub(crate) fn evidence(bytes: &[u8]) -> String {
    let mut out = String::new();
    let head = bytes.get(..EVIDENCE_BYTES.min(bytes.len())).unwrap_or_default();
    for chunk in head.utf8_chunks() {
        out.push_str(chunk.valid());
        // A character that the cut went through is no malformation of the message's.
        let cut = bytes.len() > EVIDENCE_BYTES && chunk.invalid().last() == head.last();
        for byte in chunk.invalid().iter().filter(|_| !cut) {
            out.push_str(&format!("\\u{{{byte:x}}}"));
        }
    }
    if bytes.len() > EVIDENCE_BYTES {
        out.push_str("...");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::evidence;

    #[test]
    fn evidence_is_short_and_valid() {
        assert_eq!(evidence(b"plain"), "plain");
        assert_eq!(evidence(b"caf\xe9!"), "caf\\u{e9}!");
        assert_eq!(evidence("é".repeat(101).as_bytes()), format!("{}...", "é".repeat(100)));
        assert_eq!(evidence(&[b'x'; 500]), format!("{}...", "x".repeat(200)));
    }
}

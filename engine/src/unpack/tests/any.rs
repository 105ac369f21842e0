//! Whatever is broken in an archive or a message, it is unpacked without a panic and within the budget.

use proptest::prelude::*;

use super::build::*;
use super::*;

/// One of each kind of container, within the others.
fn whole(kind: u8) -> Vec<u8> {
    let inner = zip(&[("eicar.com", eicar()), ("b.html", b"<style>.x{display:none}</style><p class=x>b<p>c")]);
    match kind {
        0 => zip(&[("inner.zip", &inner), ("m.eml", b"Subject: x\r\n\r\nhello")]),
        1 => gzip(&tar(&[("inner.zip", &inner), ("long", &[b'x'; 700])])),
        2 => zip_members(&[Member { stored: true, flags: (8, 8), ..Member::new("a", &inner) }, Member::new("a", b"b")]),
        _ => tar(&[("a", &inner), ("../b", &gzip(b"c"))]),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn broken_archives_are_unpacked_as_far_as_they_go(
        kind in 0u8..4,
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
        cuts in any::<bool>(),
    ) {
        let mut bytes = whole(kind);
        for (at, byte) in edits {
            let length = bytes.len();
            bytes[at.index(length)] = byte;
        }
        if cuts {
            bytes.truncate(cut.index(bytes.len()) + 1);
        }
        let all = opened(&file("a.bin", &bytes));
        let unpacked: u64 = all.items.iter().skip(1).map(|item| item.bytes.len() as u64).sum();
        prop_assert!(unpacked <= Limits::default().unpacked_bytes);
        prop_assert!(all.items.iter().all(|item| !item.cut || item.sha256.is_none()));
    }

    #[test]
    fn any_message_is_unpacked(
        pieces in prop::collection::vec(prop::sample::select(vec![
            "Content-Type: multipart/mixed; boundary=b\r\n", "Content-Type: message/rfc822\r\n", "\r\n", "--b\r\n",
            "--b--\r\n", "Content-Transfer-Encoding: base64\r\n", "Content-Type: text/html; name=\"x", "\"\r\n",
            "begin 644 x\r\n#0V%T\r\n", "<style>.x{", "<p class=x>", "UEsDBBQA", "H4sIAAAAAAAA", "PK\x03\x04", "\0",
            "Content-Disposition: attachment; filename*0*=utf-8''%", "=?utf-8?Q?", "\r", "end\r\n", "=3D",
        ]), 0..40),
    ) {
        let all = opened(pieces.concat().as_bytes());
        prop_assert!(!all.items.is_empty());
    }
}

//! One thread and many make the same content, limits met or not.

use proptest::prelude::*;

use super::build::*;
use super::*;

fn pool() -> &'static rayon::ThreadPool {
    static POOL: OnceLock<rayon::ThreadPool> = OnceLock::new();
    POOL.get_or_init(|| rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap())
}

/// A part of a kind, of about as many bytes.
fn part(kind: u8, bytes: usize) -> String {
    let content: Vec<u8> = (0..bytes).map(|n| (n.wrapping_mul(31) >> 3) as u8).collect();
    let base64_of = |name: &str, content: &[u8]| {
        format!(
            "Content-Type: application/octet-stream; name={name}\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
            base64(content)
        )
    };
    match kind {
        0 => format!("Content-Type: text/html\r\n\r\n{}", "<p>one <a href=http://a.example>two</a>".repeat(bytes / 40)),
        1 => format!("\r\nsee\r\n{}", uuencode("a.bin", &content)),
        2 => base64_of("a.zip", &zip(&[("a", &content), ("b.html", b"<p>b"), ("c", eicar())])),
        3 => base64_of("a.gz", &gzip(&content)),
        4 => format!("Content-Transfer-Encoding: quoted-printable\r\n\r\n{}", quoted_printable(&content)),
        5 => base64_of("a.tar", &tar(&[("../a", &content), ("b", b"b")])),
        _ => base64_of("a.bin", &content).replace("AAAA", "A*AA"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn one_thread_and_many_make_the_same(
        parts in prop::collection::vec((0u8..7, 1usize..60_000), 1..8),
        unpacked_bytes in prop_oneof![Just(64u64 << 20), 1_000u64..400_000],
        steps in prop_oneof![Just(2_000_000_000u64), 10_000u64..2_000_000],
    ) {
        let mut raw = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
        for (kind, bytes) in parts {
            raw.push_str(&format!("--b\r\n{}\r\n", part(kind, bytes)));
        }
        raw.push_str("--b--\r\n");
        let limits = Limits { unpacked_bytes, steps, ..Limits::default() };
        let alone = open_with(raw.as_bytes(), &limits, Wanted::ALL, None);
        let together = open_with(raw.as_bytes(), &limits, Wanted::ALL, Some(pool()));
        prop_assert_eq!(alone, together);
    }
}

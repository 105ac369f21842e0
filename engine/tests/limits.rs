//! Limits as callers meet them: reached, they are in the verdict; not reached, they are not. Those of single stages are
//! held to the byte beside the stages.

use tamis_engine::{EngineBuilder, Limit, Limits, Mail, Verdict};

fn scan(raw: &[u8], leaf_threads: usize, set: impl Fn(&mut Limits)) -> Verdict {
    let mut limits = Limits::default();
    set(&mut limits);
    let rules = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../rules");
    let engine = EngineBuilder::new().rules_path(rules).limits(limits).leaf_threads(leaf_threads).build().unwrap();
    engine.worker().scan(&Mail::new(raw))
}

fn reached(verdict: &Verdict) -> Vec<Limit> {
    let mut limits: Vec<Limit> = verdict.incomplete.iter().map(|gap| gap.limit).collect();
    limits.sort_unstable();
    limits.dedup();
    limits
}

#[test]
fn bytes_of_the_message() {
    let raw = b"Subject: x\r\n\r\nhello world\r\n";
    let size = raw.len() as u32;
    assert_eq!(reached(&scan(raw, 0, |limits| limits.message_bytes = size)), []);
    let cut = scan(raw, 0, |limits| limits.message_bytes = size - 1);
    assert_eq!(reached(&cut), [Limit::MessageSize]);
    assert_eq!(cut.defects.iter().map(|it| it.kind.name()).collect::<Vec<_>>(), ["message-truncated"]);
    // A file that the cut goes through has no digest.
    let file =
        b"Content-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=x\r\n\r\nhello world";
    let digest = |most: u32| {
        let mut limits = Limits::default();
        limits.message_bytes = most;
        let engine = EngineBuilder::new().limits(limits).build().unwrap();
        let mut found = Vec::new();
        engine.worker().items(&Mail::new(file), |item| found.push(item.sha256.is_some()));
        found
    };
    assert_eq!(digest(file.len() as u32), [false, true]);
    assert_eq!(digest(file.len() as u32 - 1), [false, false]);
}

#[test]
fn links_and_text() {
    let links: String = (0..20).map(|n| format!("http://h{n}.example/\r\n")).collect();
    let raw = format!("Subject: x\r\n\r\n{links}");
    assert_eq!(reached(&scan(raw.as_bytes(), 0, |limits| limits.links = 20)), []);
    assert_eq!(reached(&scan(raw.as_bytes(), 0, |limits| limits.links = 19)), [Limit::Links]);
    assert_eq!(reached(&scan(raw.as_bytes(), 0, |limits| limits.text_bytes = 100)), [Limit::Text]);
}

/// Documents of 4 MiB each, sixteen of them: as much as the limits let into the dearest stage.
#[test]
fn dear_documents_end_within_the_steps_on_any_number_of_threads() {
    for piece in ["<p>x", "<b class=x>y<i></b>", "<a b c d e f>"] {
        let mut raw = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
        for _ in 0..16 {
            raw.push_str("--b\r\nContent-Type: text/html\r\n\r\n<style>.x{color:red}</style>");
            raw.push_str(&piece.repeat((4 << 20) / piece.len() - 20));
            raw.push_str("\r\n");
        }
        raw.push_str("--b--\r\n");
        let alone = scan(raw.as_bytes(), 0, |_| ());
        assert!(reached(&alone).contains(&Limit::Steps), "{piece}: {:?}", reached(&alone));
        assert_eq!(scan(raw.as_bytes(), 3, |_| ()), alone, "{piece}");
    }
}

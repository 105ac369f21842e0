//! Every limit that parsing and unpacking are held to, reached, and not reached one step below. `message_bytes` and
//! `links` belong to other stages: `tests/limits.rs` reaches those.

use super::build::*;
use super::*;
use crate::mime;

/// What is reached with a limit at `at`, and with it at `at - 1`.
fn around(raw: &[u8], at: u64, set: impl Fn(&mut Limits, u64)) -> [Vec<Limit>; 2] {
    [at, at - 1].map(|value| {
        let mut limits = Limits::default();
        set(&mut limits, value);
        open_within(raw, &limits).limits()
    })
}

#[test]
fn each_is_reached_where_it_says() {
    let fields = "A: b\r\n".repeat(7) + "\r\nhello";
    assert_eq!(around(fields.as_bytes(), 7, |limits, n| limits.headers = n as u32), [vec![], vec![Limit::Headers]]);
    assert_eq!(
        around(fields.as_bytes(), 42, |limits, n| limits.header_bytes = n as u32),
        [vec![], vec![Limit::Headers]]
    );
    let two = file("a.bin", b"\x01\x02");
    assert_eq!(around(&two, 3, |limits, n| limits.parts = n as u32), [vec![], vec![Limit::Parts]]);
    assert_eq!(around(&two, 3, |limits, n| limits.items = n as u32), [vec![], vec![Limit::Items]]);
    assert_eq!(around(&two, 1, |limits, n| limits.depth = n as u16), [vec![], vec![Limit::Depth]]);
    let nested = file("a.zip", &zip(&[("b.zip", &zip(&[("c", b"c")]))]));
    assert_eq!(around(&nested, 4, |limits, n| limits.depth = n as u16), [vec![], vec![Limit::Depth]]);
    assert_eq!(around(&nested, 5, |limits, n| limits.items = n as u32), [vec![], vec![Limit::Items]]);
    let text = format!("Subject: x\r\n\r\n{}", "a".repeat(100));
    assert_eq!(around(text.as_bytes(), 100, |limits, n| limits.text_bytes = n as u32), [vec![], vec![Limit::Text]]);
    let html = format!("Content-Type: text/html\r\n\r\n<p>{}", "a".repeat(99));
    assert_eq!(around(html.as_bytes(), 100, |limits, n| limits.text_bytes = n as u32), [vec![], vec![Limit::Text]]);
}

#[test]
fn bytes_are_counted_through_decoding_and_unpacking() {
    let content = vec![b'x'; 9_000];
    let packed = zip(&[("x", &content)]);
    let raw = file("a.zip", &packed);
    // What base64 decodes to at most, and what the zip unpacks to.
    let decoded = (base64(&packed).len() + 2) / 4 * 3 + 3;
    let with = |bytes: u64| open_within(&raw, &Limits { unpacked_bytes: bytes, ..Limits::default() });
    let enough = with((decoded + content.len()) as u64);
    assert_eq!((enough.limits(), enough.at("2/a.zip/x").sha256), (vec![], Some(sha256(&content))));
    let short = with((decoded + content.len() - 20) as u64);
    let item = short.at("2/a.zip/x");
    assert_eq!((short.limits(), item.cut, item.sha256), (vec![Limit::Bytes], true, None));
    // An attachment that cannot be decoded wholly has no digest either.
    let shorter = with(50);
    let item = shorter.at("2");
    assert_eq!((shorter.limits(), item.cut, item.sha256, item.size), (vec![Limit::Bytes], true, None, 50));
}

#[test]
fn the_ratio_of_one_container() {
    let content = vec![0; 3 << 20];
    let packed = gzip(&content);
    let factor = (content.len() / packed.len() + 1) as u32;
    let raw = file("a.gz", &packed);
    let with = |ratio| open_within(&raw, &Limits { ratio, ..Limits::default() });
    assert_eq!((with(factor).limits(), with(factor).at("2/a.gz/a").sha256), (vec![], Some(sha256(&content))));
    assert_eq!((with(factor - 1).limits(), with(factor - 1).at("2/a.gz/a").sha256), (vec![Limit::Ratio], None));
}

#[test]
fn steps_end_the_work_wherever_it_is() {
    let raw =
        file("a.zip", &zip(&[("a.gz", &gzip(&tar(&[("b", eicar()), ("c", &[b'x'; 3000])]))), ("d.html", b"<p>d")]));
    let mut reached = 0;
    for steps in (0..200_000).step_by(487) {
        let all = open_within(&raw, &Limits { steps, ..Limits::default() });
        reached += usize::from(all.limits() == [Limit::Steps]);
        assert!(all.limits().is_empty() || all.limits() == [Limit::Steps], "{steps}: {:?}", all.limits());
    }
    assert!((50..400).contains(&reached), "{reached}");
    assert!(opened(&raw).gaps.is_empty());
}

#[test]
fn the_stop_flag_is_a_limit_too() {
    let stop = std::sync::atomic::AtomicBool::new(true);
    let raw = file("a.zip", &zip(&[("b", b"b")]));
    let limits = Limits::default();
    let mut budget = Budget::new(&limits, Some(&stop));
    let tree = mime::parse(&raw, &mut budget);
    open_all(&raw, tree, Wanted::ALL, &mut Scratch::default(), &mut budget, None);
    assert_eq!(budget.reached.iter().map(|gap| gap.limit).collect::<Vec<_>>(), [Limit::Deadline]);
}

mod decoding;

use super::*;
use crate::defect::DefectKind;
use crate::incomplete::Limit;
use crate::limits::{Budget, Limits};

fn parsed(raw: &[u8]) -> (Tree, Vec<Limit>) {
    let limits = Limits::default();
    let mut budget = Budget::new(&limits, None);
    let tree = parse(raw, &mut budget);
    (tree, budget.reached.iter().map(|gap| gap.limit).collect())
}

/// Path, media type and content of every part.
fn parts(raw: &[u8]) -> Vec<(String, String, String)> {
    let (tree, _) = parsed(raw);
    let body = |part: &Part| String::from_utf8_lossy(part.body.of(raw)).into_owned();
    tree.parts.iter().map(|part| (part.path.to_string(), part.media_type.clone(), body(part))).collect()
}

fn leaves(raw: &[u8]) -> Vec<(String, String)> {
    let (tree, _) = parsed(raw);
    let leaves = tree.parts.iter().filter(|part| part.kind == PartKind::Leaf);
    leaves.map(|part| (part.path.to_string(), String::from_utf8_lossy(part.body.of(raw)).into_owned())).collect()
}

fn defects(raw: &[u8]) -> Vec<&'static str> {
    let mut names: Vec<_> = parsed(raw).0.defects.iter().map(|defect| defect.kind.name()).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn owned(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(a, b)| (a.to_string(), b.to_string())).collect()
}

const MIXED: &str = "Content-Type: multipart/mixed; boundary=\"b\"\n\npre\n--b\n\none\n--b \t\nContent-Type: text/html\n\n\
                     <p>two\n\n--b--\n";

#[test]
fn any_line_end_ends_a_line() {
    for end in ["\n", "\r\n", "\r"] {
        let raw = MIXED.replace('\n', end);
        let two = format!("<p>two{end}");
        assert_eq!(leaves(raw.as_bytes()), owned(&[("1", "one"), ("2", &two)]), "{end:?}");
    }
    assert_eq!(defects(MIXED.as_bytes()), ["preamble"]);
    assert!(defects(MIXED.replace('\n', "\r").as_bytes()).contains(&"bare-cr"));
    assert!(defects(MIXED.replacen('\n', "\r\n", 3).as_bytes()).contains(&"bare-lf"));
}

#[test]
fn boundaries_are_lines_and_not_prefixes() {
    let raw =
        b"Content-Type: multipart/mixed; boundary=X\n\n--X\nContent-Type: multipart/alternative; boundary=XAA\n\n\
                --XAA\n\na\n--XAA\n\nb --X\n--X y\n--XAA--\n--X\n\nc\n--X--\n";
    assert_eq!(leaves(raw), owned(&[("1.1", "a"), ("1.2", "b --X\n--X y"), ("2", "c")]));
    assert_eq!(defects(raw), Vec::<&str>::new());
}

#[test]
fn what_a_multipart_may_lack() {
    let unclosed = b"Content-Type: multipart/mixed; boundary=X\n\n--X\n\na\n";
    assert_eq!(leaves(unclosed), owned(&[("1", "a\n")]));
    assert_eq!(defects(unclosed), ["boundary-unclosed"]);
    assert_eq!(defects(b"Content-Type: multipart/mixed; boundary=X\n\nhello\n"), ["boundary-missing"]);
    let without = b"Content-Type: multipart/mixed\n\n--X\n\na\n";
    assert_eq!(leaves(without), owned(&[("1", "--X\n\na\n")]));
    assert_eq!(defects(without), ["boundary-empty"]);
    let after = b"Content-Type: multipart/mixed; boundary=X\n\n--X\n\na\n--X--\nmore\n";
    assert_eq!(defects(after), ["epilogue"]);
    // A part may end in its header.
    assert_eq!(leaves(b"Content-Type: multipart/mixed; boundary=X\n\n--X\nA: b\n--X\n\nc\n--X--\n").len(), 2);
}

#[test]
fn messages_within_messages() {
    let raw = b"Content-Type: multipart/digest; boundary=X\n\n--X\n\nSubject: inner\n\nhello\n--X\n\
                Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=Y\n\n--Y\n\ndeep\n--Y--\n--X--\n";
    let paths: Vec<_> = parts(raw).into_iter().map(|(path, kind, _)| format!("{path} {kind}")).collect();
    assert_eq!(
        paths,
        [
            " multipart/digest",
            "1 message/rfc822",
            "1.1 text/plain",
            "2 message/rfc822",
            "2 multipart/mixed",
            "2.1 text/plain"
        ]
    );
    let encoded = b"Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA==\n";
    assert_eq!(defects(encoded), ["encoded-container"]);
    assert_eq!(leaves(encoded).len(), 1);
    // An encoding that was declared and not applied: the parts are there.
    let declared = b"Content-Type: multipart/mixed; boundary=X\nContent-Transfer-Encoding: base64\n\n--X\n\na\n--X--\n";
    assert_eq!(leaves(declared), owned(&[("1", "a")]));
}

#[test]
fn headers_that_are_none() {
    assert_eq!(defects(b"From a@a.example Mon Jan  1 00:00:00 2024\nSubject: x\n\nbody\n"), ["mbox-from"]);
    assert_eq!(leaves(b"no header here\nat all\n"), owned(&[("1", "no header here\nat all\n")]));
    assert_eq!(defects(b"Subject: x\nbroken line\nTo: a@a.example\n\nbody\n"), ["header-malformed"]);
    assert_eq!(defects(b"Subject: x\nTo: a@a.example"), ["header-unterminated"]);
    assert_eq!(defects(b"Subject: x\nSubject: y\nReceived: a\nReceived: b\n\n"), ["duplicate-header"]);
    assert_eq!(defects(b"Subject: caf\xe9\n\n"), ["eight-bit-header"]);
    assert_eq!(defects(b"Subject: a\0b\n\n"), ["header-nul", "nul-byte"]);
    assert_eq!(defects(b"Content-Type: text\n\n"), ["type-malformed"]);
    assert_eq!(defects(b"Content-Transfer-Encoding: base65\n\n"), ["encoding-unknown"]);
    assert_eq!(defects(&[b"Subject: x\n\n".as_slice(), &[b'a'; 999]].concat()), ["line-too-long"]);
    assert_eq!(defects(&[b"Subject: x\n\n".as_slice(), &[b'a'; 998]].concat()), Vec::<&str>::new());
    let (tree, _) = parsed(b"Subject : folded\n \tvalue\n\n");
    assert_eq!(tree.fields.len(), 1);
    assert!(tree.fields[0].is(b"Subject : folded\n \tvalue\n\n", "subject"));
}

#[test]
fn parameters_of_every_kind() {
    let part = |header: &str| parsed(format!("{header}\n\n").as_bytes()).0.parts.remove(0);
    let it = part("Content-Type: Text/HTML (a; comment); charset=\"UTF-8\"; name*0*=utf-8''b%C3%BC; name*1*=cher.txt");
    assert_eq!((it.media_type.as_str(), it.charset.as_deref()), ("text/html", Some("UTF-8")));
    assert_eq!(it.names, ["bücher.txt"]);
    let it = part(
        "Content-Disposition: attachment; filename=\"=?utf-8?B?YsO8Y2hlcg==?=.pdf\"\nContent-Type: a/b; name=c.pdf",
    );
    assert_eq!((it.disposition.as_str(), it.names), ("attachment", vec!["bücher.pdf".to_owned(), "c.pdf".to_owned()]));
    assert_eq!(defects(b"Content-Type: a/b; x=1; x=2\n\n"), ["duplicate-parameter"]);
    assert_eq!(part("Content-Type: multipart/mixed; boundary=\"a;b\"").boundary.as_deref(), Some("a;b"));
}

#[test]
fn a_hundred_thousand_levels_and_parts_are_cut_and_noted() {
    let mut deep = String::new();
    for level in 0..100_000 {
        deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\n\n--b{level}\n"));
    }
    let (tree, reached) = parsed(deep.as_bytes());
    // Another reading, in which delimiters may stand anywhere, finds more parts than there may be.
    assert_eq!(reached.first(), Some(&Limit::Depth));
    assert_eq!(tree.parts.len(), Limits::default().depth as usize + 1);

    let mut messages = "Content-Type: message/rfc822\n\n".repeat(100_000);
    messages.push_str("the end");
    let (tree, reached) = parsed(messages.as_bytes());
    assert_eq!(reached.first(), Some(&Limit::Depth));
    assert!(tree.parts.last().unwrap().body.of(messages.as_bytes()).ends_with(b"the end"));

    let mut wide = "Content-Type: multipart/mixed; boundary=b\n\n".to_owned();
    wide.push_str(&"--b\n\nx\n".repeat(100_000));
    let (tree, reached) = parsed(wide.as_bytes());
    assert_eq!(reached, [Limit::Parts]);
    // What is beyond the limit is one part that holds all of it.
    assert!(tree.parts.last().unwrap().body.of(wide.as_bytes()).len() > 100_000);
}

#[test]
fn limits_of_headers() {
    let many = "A: b\n".repeat(3_000) + "\nbody";
    let (tree, reached) = parsed(many.as_bytes());
    assert_eq!((tree.fields.len(), reached), (2_000, vec![Limit::Headers]));
    assert_eq!(tree.parts[0].body.of(many.as_bytes()), b"body");
}

#[test]
fn where_a_header_ends_without_a_blank_line() {
    let body =
        |raw: &str| String::from_utf8_lossy(parsed(raw.as_bytes()).0.parts[0].body.of(raw.as_bytes())).into_owned();
    // One line that is no field, and fields behind it: it is left out.
    assert_eq!(body("Subject: x\njunk\nTo: a@a.example\n\nhello\n"), "hello\n");
    // Two, or one in a header that never ends: the text begins there.
    assert_eq!(body("Subject: x\nDear Bob,\nthe rest\n\nof it\n"), "Dear Bob,\nthe rest\n\nof it\n");
    assert_eq!(body("Subject: x\nDear Bob,\nNote: this\n"), "Dear Bob,\nNote: this\n");
    let (tree, _) = parsed(b"Subject: x\nDear Bob,\nNote: this\n");
    assert_eq!((tree.fields.len(), tree.parts[0].header.len()), (1, "Subject: x".len()));
    // A separator of a mailbox, and a text that begins with the same word.
    assert_eq!(body("From a@a.example Mon Jan  1 00:00:00 2024\nSubject: x\n\nhello\n"), "hello\n");
    assert_eq!(body("From the desk of Ann\nthere is news\n"), "From the desk of Ann\nthere is news\n");
    assert_eq!(defects(b"From the desk of Ann\nthere is news\n"), ["header-malformed"]);
}

#[test]
fn a_million_lines_that_are_no_fields_are_one_defect() {
    let raw = "Subject: x\n".to_owned() + &"junk\nA: b\n".repeat(100_000);
    let (tree, _) = parsed(raw.as_bytes());
    assert_eq!(tree.defects.len(), 1);
}

#[test]
fn what_fields_of_a_message_must_not_hold() {
    assert_eq!(defects(b"Date: yesterday\n\n"), ["date-malformed"]);
    assert_eq!(defects(b"Subject: =?utf-8?Q?=FF?=\n\n"), ["encoded-word-malformed"]);
    // In a part, these fields mean nothing.
    let part = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nDate: yesterday\n\nx\n--b--\n";
    assert_eq!(defects(part), Vec::<&str>::new());
    let inner = b"Content-Type: message/rfc822\n\nDate: yesterday\n\nx\n";
    assert_eq!(defects(inner), ["date-malformed"]);
}

#[test]
fn content_that_no_boundary_reaches_is_a_text() {
    let missing = b"Content-Type: multipart/mixed; boundary=X\n\nhello\n--Y\n";
    assert_eq!(leaves(missing), owned(&[("1", "hello\n--Y\n")]));
    assert_eq!(parts(missing)[1].1, "text/plain");
    // In base64, it is decoded as that.
    let (tree, _) = parsed(b"Content-Type: multipart/mixed\nContent-Transfer-Encoding: base64\n\naGVsbG8=\n");
    assert_eq!(tree.parts[1].encoding, Encoding::Base64);
    // Closed before it has a part: the content ends where the multipart around it goes on.
    let closed = b"Content-Type: multipart/mixed; boundary=X\n\n--X\nContent-Type: multipart/mixed; boundary=Y\n\n\
                   a\n--Y--\nb\n--X\n\nc\n--X--\n";
    assert_eq!(leaves(closed), owned(&[("1.1", "a\n--Y--\nb"), ("2", "c")]));
    let nothing = b"Content-Type: multipart/mixed; boundary=X\n\n\n";
    assert_eq!(leaves(nothing), owned(&[]));
}

#[test]
fn a_message_that_is_another_one() {
    let text = b"Content-Type: message/rfc822\n\nSubject: inner\n\nhello";
    assert_eq!(leaves(text), owned(&[("1.1", "hello")]));
    let multipart = b"Content-Type: message/rfc822\n\nContent-Type: multipart/mixed; boundary=X\n\n--X\n\nhello\n--X--";
    assert_eq!(leaves(multipart), owned(&[("1.1", "hello")]));
}

#[test]
fn a_separator_of_a_mailbox_in_a_message_within() {
    for separator in ["From", ">From"] {
        let raw = format!("Content-Type: message/rfc822\n\n{separator} a@a.example Mon Jan 1\nSubject: x\n\nhello");
        assert_eq!(leaves(raw.as_bytes()), owned(&[("1.1", "hello")]));
        assert_eq!(defects(raw.as_bytes()), ["mbox-from"]);
    }
}

/// What the walk pays for a message, in steps for each byte.
fn steps_a_byte(raw: &[u8]) -> u64 {
    (1..)
        .find(|factor| {
            let limits = Limits { steps: factor * raw.len() as u64, ..Limits::default() };
            let mut budget = Budget::new(&limits, None);
            parse(raw, &mut budget);
            !budget.reached.iter().any(|gap| gap.limit == Limit::Steps)
        })
        .unwrap_or(u64::MAX)
}

#[test]
fn the_walk_takes_as_many_steps_as_there_are_bytes() {
    let open: String = (0..40).map(|n| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n")).collect();
    for piece in ["--b0\n\nx\n", "--b39\n", "--b39--\n", "--\n", "text\n", "Content-Type: message/rfc822\n\n"] {
        let raw = open.clone() + &piece.repeat(100_000);
        // Twice for each walk over so large a message: the first, and eight others.
        let steps = steps_a_byte(raw.as_bytes());
        assert!(steps <= 2 * 9, "{piece:?}: {steps} a byte");
    }
}

#[test]
fn defects_are_bounded() {
    let raw = "Content-Type: multipart/mixed; boundary=b\n\n".to_owned() + &"--b\nContent-Type: x\n\n\n".repeat(4_000);
    assert!(parsed(raw.as_bytes()).0.defects.len() <= 500);
}

#[test]
fn a_message_that_declares_an_encoding_and_has_none() {
    for encoding in ["base64", "x-uuencode", "quoted-printable"] {
        let raw = format!(
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: {encoding}\n\nSubject: inner\n\
             Content-Type: multipart/mixed; boundary=\"=X\"\n\n--=X\n\nhello\n--=X--\n"
        );
        assert_eq!(leaves(raw.as_bytes()), owned(&[("1.1", "hello")]), "{encoding}");
        assert_eq!(defects(raw.as_bytes()), ["encoded-container"], "{encoding}");
    }
    for body in ["U3ViamVjdDogeA==", "begin 644 x\n#0V%T\n`\nend"] {
        let raw = format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{body}\n");
        assert_eq!(leaves(raw.as_bytes()).len(), 1);
        assert_eq!(parts(raw.as_bytes()).len(), 1, "{body}");
    }
    let encoded = "Content-Type: message/rfc822\nContent-Transfer-Encoding: quoted-printable\n\nSubject: x\n\
                   Content-Type: multipart/mixed; boundary=3DX\n\n--X\n\nhello\n--X--\n";
    assert_eq!(parts(encoded.as_bytes()).len(), 1);
}

#[test]
fn fields_of_all_parts_together_are_bounded() {
    let part = "--b\n".to_owned() + &"A: b\n".repeat(1_500) + "Content-Type: text/html\n\nx\n";
    let raw = "Content-Type: multipart/mixed; boundary=b\n\n".to_owned() + &part.repeat(100);
    let (tree, reached) = parsed(raw.as_bytes());
    assert_eq!((tree.fields.len(), reached), (100_000, vec![Limit::Headers]));
    // What a part is, is known all the same.
    assert!(tree.parts.iter().skip(1).all(|part| part.media_type == "text/html"));
    let (tree, reached) = parsed(raw.get(..raw.len() / 2).unwrap().as_bytes());
    assert_eq!((tree.fields.len() > 70_000, reached), (true, vec![]));
}

#[test]
fn names_of_all_fields_are_kept() {
    let raw = b"Content-Disposition: attachment; filename=a.txt\nContent-Disposition: inline; filename=b.exe\n\
                Content-Type: a/b; name=c.js; name=a.txt\n\nx";
    let part = parsed(raw).0.parts.remove(0);
    assert_eq!(
        (part.names, part.disposition),
        (vec!["a.txt".into(), "b.exe".into(), "c.js".into()], "attachment".into())
    );
    assert_eq!(defects(raw), ["duplicate-header", "duplicate-parameter"]);
}

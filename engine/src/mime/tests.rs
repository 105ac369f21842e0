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

fn decoded(encoding: Encoding, bytes: &[u8]) -> (String, Vec<DefectKind>) {
    let mut out = Vec::new();
    let (defects, _) = transfer::decode(encoding, bytes, &mut out, usize::MAX);
    (String::from_utf8_lossy(&out).into_owned(), defects.into_iter().map(|(kind, _)| kind).collect())
}

#[test]
fn base64_with_everything_that_is_seen_in_it() {
    let clean = |text: &str| decoded(Encoding::Base64, text.as_bytes());
    assert_eq!(clean("aGVsbG8gd29ybGQ="), ("hello world".into(), vec![]));
    assert_eq!(clean("aGVs\r\nbG8g\n d29ybGQ"), ("hello world".into(), vec![DefectKind::Base64Padding]));
    assert_eq!(clean("aGVs*bG8g!d29ybGQ="), ("hello world".into(), vec![DefectKind::Base64Junk]));
    assert_eq!(clean("aGVsbG8=IHdvcmxk"), ("hello world".into(), vec![DefectKind::Base64Padding]));
    assert_eq!(clean(""), (String::new(), vec![]));
    // Longer than the blocks that are decoded at once, at every offset.
    let long: Vec<u8> = (0..=255u8).cycle().take(1000).collect();
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut encoded = String::new();
    for (n, three) in long[..999].chunks(3).enumerate() {
        let bits = u32::from_be_bytes([0, three[0], three[1], three[2]]);
        for shift in [18, 12, 6, 0] {
            encoded.push(alphabet[(bits >> shift & 63) as usize] as char);
        }
        if n % 19 == 18 {
            encoded.push_str("\r\n");
        }
    }
    for skip in [0, 4, 8] {
        let mut out = Vec::new();
        let (defects, cut) = transfer::decode(Encoding::Base64, &encoded.as_bytes()[skip..], &mut out, usize::MAX);
        assert_eq!((out.as_slice(), defects.len(), cut), (&long[skip / 4 * 3..999], 0, false));
    }
    let mut out = Vec::new();
    assert!(transfer::decode(Encoding::Base64, encoded.as_bytes(), &mut out, 10).1);
    assert_eq!(out.len(), 10);
}

#[test]
fn quoted_printable_and_its_repairs() {
    let it = |text: &str| decoded(Encoding::QuotedPrintable, text.as_bytes());
    assert_eq!(it("caf=C3=A9 =\r\nau lait=\n!"), ("café au lait!".into(), vec![]));
    assert_eq!(it("caf=c3=a9 =  \r\nau"), ("café au".into(), vec![]));
    assert_eq!(it("1 = 2 =X3"), ("1 = 2 =X3".into(), vec![DefectKind::QuotedPrintableMalformed]));
    assert_eq!(it("end="), ("end".into(), vec![]));
}

#[test]
fn files_within_text() {
    let file = "begin 644 cat.txt\n#0V%T\n`\nend\n";
    assert_eq!(decoded(Encoding::Uuencode, file.as_bytes()), ("Cat".into(), vec![]));
    let text = format!("see below\n{file}thanks\nbegin 100 words\nnot a file\n");
    let found = uuencoded_files(text.as_bytes(), 10);
    assert_eq!((found.len(), found[0].name.as_str()), (1, "cat.txt"));
    assert_eq!(found[0].span.of(text.as_bytes()), &file.as_bytes()[..file.len() - 1]);
    let cut = decoded(Encoding::Uuencode, b"begin 644 cat.txt\n#0V%T\n");
    assert_eq!(cut, ("Cat".into(), vec![DefectKind::UuencodeMalformed]));
    assert_eq!(uuencoded_files("begin 644 x\n".repeat(50_000).as_bytes(), 10).len(), 0);
    // A mode of any number of digits, as Outlook Express takes it; and prose, which has no line of data below it.
    assert_eq!(uuencoded_files(b"begin  cat.txt\n#0V%T\n`\nend\n", 10).len(), 1);
    assert_eq!(uuencoded_files(b"begin 6 cat.txt\n#0V%T\n`\nend\n", 10).len(), 1);
    assert_eq!(uuencoded_files(b"begin  with a pencil\nand go on with ink\n", 10).len(), 0);
}

#[test]
fn charsets() {
    let it = |label: &str, bytes: &[u8]| charset::to_utf8(Some(label), bytes).0.into_owned();
    assert_eq!(it("koi8-r", b"\xf0\xd2\xc9\xd7\xc5\xd4"), "Привет");
    assert_eq!(it("gb2312", b"\xc4\xe3\xba\xc3"), "你好");
    assert_eq!(it("iso-2022-jp", b"\x1b$B$3$s\x1b(B"), "こん");
    assert_eq!(it("us-ascii", "naïve".as_bytes()), "naïve");
    assert_eq!(it("us-ascii", b"na\xefve"), "naïve");
    assert_eq!(it("utf-7", b"1 +- 1 +AD0- +IKw-2"), "1 + 1 = €2");
    // A byte-order mark says more than no label, or one that says nothing.
    for bytes in [b"\xff\xfeh\0\xe9\0".as_slice(), b"\xfe\xff\0h\0\xe9", b"\xef\xbb\xbfh\xc3\xa9"] {
        assert_eq!(charset::to_utf8(None, bytes).0, "h\u{e9}");
        assert_eq!(it("us-ascii", bytes), "h\u{e9}");
        assert_eq!(it("utf-8", bytes), "h\u{e9}");
    }
    assert_eq!(charset::to_utf8(Some("no-such"), b"x").1, Some(DefectKind::CharsetUnknown));
    assert_eq!(charset::to_utf8(Some("utf-8"), b"\xff").1, Some(DefectKind::CharsetMalformed));
    assert_eq!(charset::to_utf8(None, b"plain").1, None);
}

#[test]
fn charsets_that_are_not_declared_are_guessed() {
    let russian = encoding_rs::KOI8_R.encode("Здравствуйте, завтра мы встречаемся в библиотеке").0.into_owned();
    let chinese = encoding_rs::GBK.encode("您好，我们明天上午十点在图书馆门口见面").0.into_owned();
    let french = encoding_rs::WINDOWS_1252.encode("à dix heures, près de la bibliothèque, ça évite").0.into_owned();
    let read = |label: Option<&str>, bytes: &[u8]| {
        let it = charset::read(label, bytes);
        (it.text.into_owned(), it.defect, it.guessed)
    };
    for label in [None, Some("us-ascii"), Some("unknown-8bit"), Some("iso-8859-1"), Some("utf-8"), Some("no-such")] {
        let unknown = (label == Some("no-such")).then_some(DefectKind::CharsetUnknown);
        let (text, defect, guessed) = read(label, &russian);
        assert!(text.starts_with("Здравствуйте"), "{label:?}: {text}");
        assert_eq!((defect, guessed), (unknown, Some("KOI8-U")), "{label:?}");
        let (text, defect, guessed) = read(label, &chinese);
        assert!(text.starts_with("您好"), "{label:?}: {text}");
        assert_eq!((defect, guessed), (unknown, Some("GBK")), "{label:?}");
    }
    assert_eq!(read(Some("iso-8859-1"), "Grüße, schöne Grüße, до завтра".as_bytes()).2, Some("UTF-8"));
    assert_eq!(read(None, "ü".as_bytes()), ("ü".into(), None, Some("UTF-8")));
    assert_eq!(read(None, b"\x1b$B$3$s\x1b(B"), ("こん".into(), None, Some("ISO-2022-JP")));
    // What is declared and can be so stays, and so does what is broken in a few places.
    for label in ["iso-8859-1", "windows-1252"] {
        assert_eq!(read(Some(label), &french).2, None, "{label}");
    }
    assert_eq!(read(Some("koi8-r"), &russian).2, None);
    let broken = [russian.as_slice(), b"\xff", "Здравствуйте, завтра мы встречаемся".as_bytes()].concat();
    assert_eq!(read(Some("gbk"), &chinese).2, None);
    assert!(read(Some("utf-8"), &broken).0.contains("завтра"));
    let stray = [b"\xe9 ".as_slice(), "Здравствуйте, завтра мы встречаемся".as_bytes()].concat();
    assert_eq!(read(Some("utf-8"), &stray).1, Some(DefectKind::CharsetMalformed));
    assert!(read(Some("utf-8"), &stray).0.contains("завтра"));
    // A lead byte before a word hides no letter of it.
    let hidden = b"\x81viagra \x81cialis \x81pills \x81cheap \x81today";
    assert!(read(None, hidden).0.contains("viagra"));
    // Too little to tell.
    assert_eq!(read(None, b"\xf0\xd2"), ("ðÒ".into(), None, None));
    for start in 0..=255u8 {
        let bytes: Vec<u8> = (0..3_000u32).map(|n| start.wrapping_add((n * n / 7) as u8)).collect();
        for label in [None, Some("utf-8"), Some("iso-8859-1"), Some("gbk"), Some("shift_jis")] {
            charset::read(label, &bytes);
        }
    }
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
fn decoding_stops_at_the_limit() {
    let (base64, uu) = ("QUJD".repeat(1 << 20), "begin 644 x\n".to_owned() + &"#04)#\n".repeat(1 << 18));
    for (encoding, bytes) in [
        (Encoding::Base64, base64.as_str()),
        (Encoding::Base64, &"Q\nU\nJ\nD\n".repeat(1 << 18)),
        (Encoding::QuotedPrintable, &"=41".repeat(1 << 20)),
        (Encoding::QuotedPrintable, &"ABC".repeat(1 << 20)),
        (Encoding::Uuencode, &uu),
        (Encoding::Identity, &base64),
    ] {
        let mut out = b"before".to_vec();
        let (_, cut) = transfer::decode(encoding, bytes.as_bytes(), &mut out, 1000);
        assert_eq!((out.len(), cut), (1006, true), "{encoding:?}");
        // It was never much longer.
        assert!(out.capacity() < 10_000, "{encoding:?}: {}", out.capacity());
        let mut all = Vec::new();
        let (_, cut) = transfer::decode(encoding, bytes.as_bytes(), &mut all, usize::MAX);
        assert!(!cut);
        let mut again = Vec::new();
        assert!(!transfer::decode(encoding, bytes.as_bytes(), &mut again, all.len()).1, "{encoding:?}");
        assert_eq!(again, all);
    }
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

//! Transfer encodings, charsets, and files within text.

use super::*;

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
    // A long text is cut within a character.
    let japanese = encoding_rs::SHIFT_JIS.encode("東京の図書館で午前十時に会いましょう。").0.repeat(30);
    for cut in 0..3 {
        let text = [&b"a".repeat(cut), japanese.as_slice()].concat();
        assert_eq!(read(None, &text).2, Some("Shift_JIS"), "{cut}");
        assert_eq!(read(Some("iso-8859-1"), &text).2, Some("Shift_JIS"), "{cut}");
    }
    // No-break spaces are the same in most charsets.
    let spaces = b"RO   \xa0\xa0\xa0\xa0\xa0\xa0W_AT \n".repeat(9);
    assert_eq!((read(None, &spaces).2, read(Some("iso-8859-1"), &spaces).2), (None, None));
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

//! A known file is found, byte for byte, in whatever mail can wrap it; and what only looks like a wrapping is left alone.

use super::build::*;
use super::*;

#[test]
fn as_it_stands_and_in_each_encoding() {
    for (encoding, body) in [
        ("7bit", String::from_utf8(eicar().to_vec()).unwrap()),
        ("base64", base64(eicar())),
        ("quoted-printable", quoted_printable(eicar())),
        ("x-uuencode", uuencode("eicar.com", eicar())),
    ] {
        let all = opened(&attached("eicar.com", encoding, body.as_bytes()));
        assert_eq!(all.paths(), ["", "1", "2"], "{encoding}");
        assert_is(&all, "2", Kind::Text, eicar());
        assert_eq!((all.at("2").names.as_slice(), all.at("2").attached), (&["eicar.com".to_owned()][..], true));
        assert!(all.gaps.is_empty() && all.defects.is_empty(), "{encoding}: {:?} {:?}", all.gaps, all.defects);
    }
}

#[test]
fn uuencoded_in_the_middle_of_a_text() {
    let text = format!("Subject: x\r\n\r\nsee below\r\n{}\r\nbye\r\n", uuencode("eicar.com", eicar()));
    let all = opened(text.as_bytes());
    assert_eq!(all.paths(), ["", "1", "1/eicar.com"]);
    assert_is(&all, "1/eicar.com", Kind::Text, eicar());
    // Whoever wants files alone, and no text, gets it too.
    let files = open_with(text.as_bytes(), &Limits::default(), Wanted::FILES | Wanted::HASHES, None);
    assert_is(&files, "1/eicar.com", Kind::Text, eicar());
}

#[test]
fn text_that_only_looks_uuencoded() {
    for text in [
        "begin 644 minutes of prose\r\nThis is no line of data, is it?\r\nend",
        "begin 644\r\n#0V%T\r\n`\r\nend",
        "to begin 644 cat.txt\r\n#0V%T\r\n`\r\nend",
        "begin abc cat.txt\r\n#0V%T\r\n`\r\nend",
    ] {
        let all = opened(format!("Subject: x\r\n\r\n{text}\r\n").as_bytes());
        assert_eq!(all.paths(), ["", "1"], "{text}");
    }
    // In HTML nobody decodes it.
    let html = format!("Content-Type: text/html\r\n\r\n<p>\r\n{}\r\n", uuencode("eicar.com", eicar()));
    assert_eq!(opened(html.as_bytes()).paths(), ["", "1"]);
}

#[test]
fn a_text_with_the_letters_of_a_zip_is_a_text() {
    for text in ["PK\x03\x04 is how a zip begins", "a PK\x05\x06 b", "PK\x03\x04"] {
        let raw = format!("Subject: x\r\n\r\n{text}\r\n");
        let all = opened(raw.as_bytes());
        assert_eq!(all.paths(), ["", "1"], "{text:?}");
        assert!(all.gaps.is_empty());
    }
}

#[test]
fn in_a_zip() {
    let all = opened(&file("a.zip", &zip(&[("dir/eicar.com", eicar()), ("b.txt", b"b")])));
    assert_eq!(all.paths(), ["", "1", "2", "2/a.zip/dir/eicar.com", "2/a.zip/b.txt"]);
    assert_is(&all, "2/a.zip/dir/eicar.com", Kind::Text, eicar());
    assert_eq!((all.at("2").kind, all.opened), (Kind::Zip, 1));
    assert!(all.defects.is_empty() && all.gaps.is_empty(), "{:?}", all.defects);
}

#[test]
fn in_a_zip_in_a_zip_in_a_message_within_the_message() {
    let inner = zip(&[("eicar.com", eicar())]);
    let outer = file("outer.zip", &zip(&[("inner.zip", &inner)]));
    let whole = [
        b"Subject: fwd\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n\
          Content-Type: message/rfc822\r\n\r\n"
            .as_slice(),
        &outer,
        b"\r\n--o--\r\n",
    ]
    .concat();
    let all = opened(&whole);
    assert_eq!(all.paths(), ["", "1.1", "1.2", "1.2/outer.zip/inner.zip", "1.2/outer.zip/inner.zip/eicar.com"]);
    assert_is(&all, "1.2/outer.zip/inner.zip/eicar.com", Kind::Text, eicar());
    assert_is(&all, "1.2/outer.zip/inner.zip", Kind::Zip, &inner);
    let depths: Vec<u16> = all.items.iter().map(|item| item.depth).collect();
    assert_eq!(depths, [0, 4, 4, 5, 6]);

    // The same, with the message within in base64, or as a file of a zip.
    let encoded =
        format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n", base64(&outer));
    let all = opened(encoded.as_bytes());
    assert_is(&all, "1/2/outer.zip/inner.zip/eicar.com", Kind::Text, eicar());
    assert_eq!(all.defects, ["encoded-container"]);
    let all = opened(&file("m.zip", &zip(&[("fwd.eml", &outer)])));
    assert_is(&all, "2/m.zip/fwd.eml/2/outer.zip/inner.zip/eicar.com", Kind::Text, eicar());
}

#[test]
fn in_a_tar_with_gzip() {
    let packed = gzip(&tar(&[("dir/eicar.com", eicar()), ("b.txt", b"b")]));
    for (name, inner) in [("a.tar.gz", "a.tar"), ("a.tgz", "a.tar"), ("noname", "content")] {
        let all = opened(&file(name, &packed));
        let path = format!("2/{name}/{inner}/dir/eicar.com");
        assert_is(&all, &path, Kind::Text, eicar());
        assert_eq!(all.items.len(), 6);
        assert!(all.defects.is_empty() && all.gaps.is_empty());
    }
}

#[test]
fn a_tar_from_before_posix() {
    let mut old = tar(&[("eicar.com", eicar())]);
    old[257..265].fill(0);
    old[148..156].fill(b' ');
    let sum: u32 = old[..512].iter().map(|byte| u32::from(*byte)).sum();
    old[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    assert_is(&opened(&file("a.tar", &old)), "2/a.tar/eicar.com", Kind::Text, eicar());
    old[148] = b'7';
    assert_eq!(opened(&file("a.tar", &old)).at("2").kind, Kind::Unknown);
}

#[test]
fn gzip_in_several_members_and_with_junk_behind() {
    let two = [gzip(&eicar()[..20]), gzip(&eicar()[20..])].concat();
    assert_is(&opened(&file("a.gz", &two)), "2/a.gz/a", Kind::Text, eicar());
    let junk = [gzip(eicar()), b"junk".to_vec()].concat();
    let all = opened(&file("a.gz", &junk));
    assert_is(&all, "2/a.gz/a", Kind::Text, eicar());
    let broken = gzip(&[eicar(), &[b'x'; 1000]].concat());
    let all = opened(&file("a.gz", &broken[..broken.len() - 12]));
    assert_eq!(all.defects, ["archive-damaged"]);
}

#[test]
fn a_multipart_encoded_as_a_whole() {
    let inner = format!("--i\r\nContent-Disposition: attachment; filename=eicar.com\r\n\r\n{}\r\n--i--\r\n", {
        String::from_utf8_lossy(eicar())
    });
    let raw = format!(
        "Content-Type: multipart/mixed; boundary=i\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        base64(inner.as_bytes())
    );
    let all = opened(raw.as_bytes());
    assert_is(&all, "1/1", Kind::Text, eicar());
    assert_eq!(all.defects, ["encoded-container"]);
}

#[test]
fn a_message_in_a_digest_may_be_encoded_too() {
    let inner = [b"Content-Disposition: attachment; filename=eicar.com\r\n\r\n", eicar()].concat();
    let raw = format!(
        "Content-Type: multipart/digest; boundary=d\r\n\r\n--d\r\nContent-Transfer-Encoding: base64\r\n\r\n{}\r\n--d--\r\n",
        base64(&inner)
    );
    assert_is(&opened(raw.as_bytes()), "1/1", Kind::Text, eicar());
}

#[test]
fn a_text_with_a_name_is_shown_and_is_a_file() {
    let raw = |kind: &str, disposition: &str| {
        format!("Content-Type: {kind}; name=notes.txt\r\n{disposition}\r\nwords\r\n").into_bytes()
    };
    for kind in ["text/plain", "text/html"] {
        let all = opened(&raw(kind, ""));
        let item = all.at("1");
        assert!(!item.attached, "{kind}");
        assert_eq!((item.text.as_deref().map(str::trim), item.sha256.is_some()), (Some("words"), true), "{kind}");
    }
    for (kind, disposition) in [("text/plain", "Content-Disposition: attachment\r\n"), ("text/csv", ""), ("a/b", "")] {
        assert!(opened(&raw(kind, disposition)).at("1").attached, "{kind}");
    }
    assert!(!opened(&raw("text/csv", "Content-Disposition: inline\r\n")).at("1").attached);
}

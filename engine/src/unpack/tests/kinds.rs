//! What a file is by its content, where its name and its declared type say something else; names as they are.

use super::build::*;
use super::*;

fn typed(media_type: &str, name: &str, bytes: &[u8]) -> All {
    let raw = format!(
        "Content-Type: {media_type}; name=\"{name}\"\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: base64\r\n\r\n{}\r\n",
        base64(bytes)
    );
    opened(raw.as_bytes())
}

#[test]
fn content_against_name_and_type() {
    let program = [b"MZ\x90\0\x03\0\0\0".as_slice(), &[0; 200]].concat();
    let archive = zip(&[("a", b"a")]);
    for (media_type, name, bytes, kind, disguised) in [
        ("application/pdf", "invoice.pdf", program.as_slice(), Kind::Executable, true),
        ("image/png", "photo.png", archive.as_slice(), Kind::Zip, true),
        ("application/pdf", "invoice.pdf", b"<html><script>x()</script>", Kind::Html, true),
        ("application/octet-stream", "setup.exe", program.as_slice(), Kind::Executable, false),
        ("application/zip", "a.zip", archive.as_slice(), Kind::Zip, false),
        ("application/pdf", "invoice.pdf", b"%PDF-1.7 ...", Kind::Pdf, false),
        ("image/jpeg", "photo.gif", b"\x89PNG\r\n\x1a\n....", Kind::Png, false),
    ] {
        let all = typed(media_type, name, bytes);
        let item = all.at("1");
        assert_eq!((item.kind, item.disguised), (kind, disguised), "{media_type} {name}");
        assert_eq!(all.defects.contains(&"type-mismatch"), disguised, "{media_type} {name}");
    }
}

#[test]
fn names_that_lead_out_stay_as_they_are() {
    for name in ["../../etc/passwd", "/etc/passwd", "..\\..\\a.exe", "C:\\a.exe", "a/../../b"] {
        let all = opened(&file("a.zip", &zip(&[(name, b"x")])));
        assert_eq!(all.items[3].names, [name]);
        assert_eq!(
            (all.items[3].path.as_str(), all.defects.as_slice()),
            (format!("2/a.zip/{name}").as_str(), &["archive-name-escapes"][..])
        );
        let all = opened(&file("a.tar", &tar(&[(name, b"x")])));
        assert_eq!((all.items[3].names[0].as_str(), all.defects.as_slice()), (name, &["archive-name-escapes"][..]));
    }
    for name in ["a/b.txt", "..a", "a..b/c", "..."] {
        assert!(opened(&file("a.zip", &zip(&[(name, b"x")]))).defects.is_empty(), "{name}");
    }
}

#[test]
fn texts_in_two_bytes_a_letter() {
    for (name, text, kind) in [("a.html", "<html><p>hi", Kind::Html), ("a.txt", "just words", Kind::Text)] {
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let all = typed("application/octet-stream", name, &[b"\xff\xfe".as_slice(), &wide].concat());
        assert_eq!(all.at("1").kind, kind);
        assert_eq!(all.at("1").text.as_deref(), (kind == Kind::Html).then_some("hi"));
    }
}

#[test]
fn archives_without_an_opener_are_named() {
    let all = opened(&file("a.rar", b"Rar!\x1a\x07\x01\x00...."));
    assert_eq!((all.at("2").kind, all.limits()), (Kind::Rar, vec![Limit::Unsupported]));
    assert!(opened(&file("a.txt", b"Rar! he cried")).gaps.is_empty());
}

#[test]
fn a_zip_behind_something_else_is_both() {
    let packed = zip(&[("eicar.com", eicar())]);
    let program = [b"MZ\x90\0\x03\0\0\0".as_slice(), &[0; 200], &packed].concat();
    let all = opened(&file("setup.exe", &program));
    assert_eq!(all.at("2").kind, Kind::Executable);
    assert_is(&all, "2/setup.exe/eicar.com", Kind::Text, eicar());
    let junk = [b"\x01\x02\x00\x00".as_slice(), &packed].concat();
    let all = opened(&file("a.zip", &junk));
    assert_eq!(all.at("2").kind, Kind::Zip);
    assert_is(&all, "2/a.zip/eicar.com", Kind::Text, eicar());
    // In an office file of the old kind, a zip near the end is that file's; one at the very end is both, too.
    let office = [b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".as_slice(), &[0; 600], &packed].concat();
    assert_eq!(opened(&file("a.doc", &office)).items.len(), 4);
    assert_eq!(opened(&file("a.doc", &[office, vec![0; 40]].concat())).items.len(), 3);
    // The end alone makes no zip.
    let end = [b"\x01\x02\x00\x00".as_slice(), b"PK\x05\x06", &[7; 18]].concat();
    assert_eq!(opened(&file("a.bin", &end)).at("2").kind, Kind::Unknown);
}

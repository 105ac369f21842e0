//! OLE files: what is in them is found, however it is packed, and one that contradicts itself costs no more than its size.

use std::io::Write;

use super::build::*;
use super::*;
use crate::unpack::ole as opener;

const SOURCE: &[u8] = b"Attribute VB_Name = \"ThisDocument\"\r\nSub AutoOpen()\r\nShell \"calc\"\r\nEnd Sub\r\n";

#[test]
fn the_source_of_macros_is_found_in_documents_of_both_kinds() {
    let project = vba_project("ThisDocument", b"\x01compiled code \x16\x03", SOURCE);
    let all = opened(&file("a.doc", &project));
    assert_is(&all, "2/a.doc/Macros/VBA/ThisDocument.bas", Kind::Macro, SOURCE);
    assert_is(&all, "2/a.doc/WordDocument", Kind::Text, b"text");
    assert!(all.gaps.is_empty() && all.defects.is_empty(), "{:?} {:?}", all.gaps, all.defects);
    assert!(!all.items.iter().any(|item| item.disguised));

    let document = zip(&[("[Content_Types].xml", b"<Types/>"), ("word/vbaProject.bin", &project)]);
    let all = opened(&file("a.docm", &document));
    assert_is(&all, "2/a.docm/word/vbaProject.bin/Macros/VBA/ThisDocument.bas", Kind::Macro, SOURCE);
    // An object within a document is called .bin, and hides nothing.
    assert!(!all.items.iter().any(|item| item.disguised), "{:?}", all.defects);
}

#[test]
fn a_list_of_modules_that_lies_hides_no_source() {
    let packed = [b"code ".as_slice(), &ovba(SOURCE)].concat();
    for dir in [b"".as_slice(), b"\x01\x00", &ovba(b"\x31\0\x04\0\0\0\x01\0\0\0"), &ovba(&[0xff; 40])] {
        let project = ole(&[("VBA/dir", dir), ("VBA/Module1", &packed)]);
        assert_is(&opened(&file("a.doc", &project)), "2/a.doc/VBA/Module1.bas", Kind::Macro, SOURCE);
    }
    // A near miss: what stands in another storage is no module, and is handed on as it is.
    let other = ole(&[("VBB/Module1", &packed)]);
    assert_is(&opened(&file("a.doc", &other)), "2/a.doc/VBB/Module1", Kind::Unknown, &packed);
}

#[test]
fn powerpoint_packs_its_projects_once_more() {
    let project = vba_project("Module1", b"code", SOURCE);
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(&project).unwrap();
    let packed = zlib.finish().unwrap();
    let record = |head: u16, kind: u16, data: &[u8]| {
        [&head.to_le_bytes()[..], &kind.to_le_bytes(), &(data.len() as u32).to_le_bytes(), data].concat()
    };
    let stored = [&(project.len() as u32).to_le_bytes()[..], &packed].concat();
    let document = [record(15, 0x03e8, b"slides"), record(0x10, 0x1011, &stored), record(0, 0x1011, b"plain")].concat();
    let all = opened(&file("a.ppt", &ole(&[("PowerPoint Document", &document), ("Current User", b"x")])));
    let path = "2/a.ppt/PowerPoint Document/ExOleObjStg/Macros/VBA/Module1.bas";
    assert_is(&all, path, Kind::Macro, SOURCE);
    assert!(all.defects.is_empty(), "{:?}", all.defects);
}

#[test]
fn a_packed_file_has_its_name_and_its_bytes() {
    let texts = b"\x02\0setup.com\0C:\\x\\setup.com\0\0\0\x03\0".as_slice();
    let native =
        [&[0, 0, 0, 0], texts, &[4, 0, 0, 0], b"tmp\0", &(eicar().len() as u32).to_le_bytes(), eicar(), b"more"]
            .concat();
    let all = opened(&file("a.doc", &ole(&[("ObjectPool/_1/\u{1}Ole10Native", &native)])));
    assert_is(&all, "2/a.doc/setup.com", Kind::Text, eicar());
    // What breaks off is handed on as a stream.
    let all = opened(&file("a.doc", &ole(&[("\u{1}Ole10Native", native.get(..20).unwrap())])));
    assert_eq!(all.at("2/a.doc/Ole10Native").size, 20);
}

#[test]
fn encrypted_documents_are_told() {
    let word = |flags: u8| [&[0xec, 0xa5, 0, 0, 0, 0, 0, 0, 0, 0, 0][..], &[flags], &[0; 40]].concat();
    let excel = |kind: u8| [&[9, 8, 2, 0, 0, 0, kind, 0, 0, 0][..], &[0; 40]].concat();
    let user = |token: u32| [&[0; 12][..], &token.to_le_bytes(), &[0; 8]].concat();
    for (stream, locked, open) in [
        ("EncryptedPackage", b"anything".to_vec(), None),
        ("WordDocument", word(1), Some(word(0))),
        ("Workbook", excel(0x2f), Some(excel(0x3d))),
        ("Current User", user(0xf3d1_c4df), Some(user(0xe391_c05f))),
    ] {
        let all = opened(&file("a.bin", &ole(&[(stream, &locked)])));
        assert_eq!(all.limits(), [Limit::Encrypted], "{stream}");
        assert!(all.at(&format!("2/a.bin/{stream}")).encrypted);
        if let Some(open) = open {
            let all = opened(&file("a.bin", &ole(&[(stream, &open)])));
            assert!(all.gaps.is_empty(), "{stream}");
            assert_is(&all, &format!("2/a.bin/{stream}"), Kind::Unknown, &open);
        }
    }
}

#[test]
fn an_encrypted_document_of_the_new_kind_is_no_disguise() {
    let locked = ole(&[("EncryptionInfo", b"x"), ("EncryptedPackage", b"anything")]);
    let other = ole(&[("EncryptionInfo", b"x"), ("WordDocument", b"anything")]);
    assert!(!opened(&file("a.docx", &locked)).at("2").disguised);
    assert!(opened(&file("a.docx", &other)).at("2").disguised);
    assert!(opened(&file("a.png", &locked)).at("2").disguised);
}

#[test]
fn a_zip_is_found_behind_a_document_and_not_in_the_middle_of_its_streams() {
    let archive = zip(&[("eicar.com", eicar())]);
    let document = ole(&[("WordDocument", b"text")]);
    let all = opened(&file("a.doc", &[document.as_slice(), &archive].concat()));
    assert_is(&all, "2/a.doc/eicar.com", Kind::Text, eicar());
    assert_is(&all, "2/a.doc/WordDocument", Kind::Text, b"text");
    let within = [b"drawing ".as_slice(), &archive, b" more"].concat();
    let all = opened(&file("a.ppt", &ole(&[("Pictures", &within)])));
    assert_is(&all, "2/a.ppt/Pictures", Kind::Unknown, &within);
    assert!(all.defects.is_empty(), "{:?}", all.defects);
    let all = opened(&file("a.ppt", &ole(&[("Package", &archive)])));
    assert_is(&all, "2/a.ppt/Package/eicar.com", Kind::Text, eicar());
}

#[test]
fn long_streams_are_put_together() {
    let long: Vec<u8> = (0..200_000u32).map(|n| (n * 7 % 251) as u8).collect();
    let all = opened(&file("a.doc", &ole(&[("long", &long), ("short", b"abc"), ("empty", b"")])));
    assert_eq!(all.at("2/a.doc/long").bytes, long);
    assert_eq!(all.at("2/a.doc/short").bytes, b"abc");
    assert!(all.defects.is_empty(), "{:?}", all.defects);
}

#[test]
fn chains_in_circles_and_directories_in_circles_end() {
    let long: Vec<u8> = vec![b'a'; 60_000];
    let good = ole(&[("x/y/long", &long), ("x/y/short", b"abc"), ("x/z", b"d")]);
    // Every number of the tables and of the directory in turn points to the first sector, to itself, or nowhere.
    for at in (44..good.len()).step_by(4).filter(|at| *at < 512 || *at > 60_000) {
        for value in [0u32, 1, (at / 512) as u32, 0x00ff_ffff, 0xffff_ffff] {
            let mut bad = good.clone();
            let Some(place) = bad.get_mut(at..at + 4) else { continue };
            place.copy_from_slice(&value.to_le_bytes());
            let mut budget = Budget::new(&LIMITS, None);
            let opened = opener::open(&bad, &Place::message(), &mut budget);
            let bytes: usize = opened.children.iter().filter_map(|it| it.bytes.as_ref()).map(Vec::len).sum();
            assert!(bytes <= 2 * bad.len(), "{at}: {bytes}");
        }
    }
    // Cut anywhere.
    for end in (0..good.len()).step_by(509) {
        opener::open(good.get(..end).unwrap(), &Place::message(), &mut Budget::new(&LIMITS, None));
    }
    assert_eq!(opened(&file("a.doc", good.get(..1_000).unwrap())).defects, ["archive-damaged"]);
}

/// The project's own, for tests that call an opener themselves.
static LIMITS: std::sync::LazyLock<Limits> = std::sync::LazyLock::new(Limits::default);

#[test]
fn limits_hold() {
    let limits = Limits { items: 5, ..Limits::default() };
    let many: Vec<(String, Vec<u8>)> = (0..50).map(|n| (format!("s{n}"), b"abc".to_vec())).collect();
    let many: Vec<(&str, &[u8])> = many.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let all = open_with(&file("a.doc", &ole(&many)), &limits, Wanted::ALL, None);
    assert_eq!((all.items.len(), all.limits()), (5, vec![Limit::Items]));
    // A source of one letter, a million times: a copy of 4,095 for each four bytes.
    let chunk = [&[0x03, 0xb0, 0x02, b'a'][..], &0x0fffu16.to_le_bytes()].concat();
    let bomb = [&[1][..], &chunk.repeat(20_000)].concat();
    let raw =
        file("a.doc", &ole(&[("VBA/dir", &ovba(b"\x32\0\x02\0\0\0m\0\x31\0\x04\0\0\0\0\0\0\0")), ("VBA/m", &bomb)]));
    let all = open_with(&raw, &Limits { unpacked_bytes: 3 << 20, ..Limits::default() }, Wanted::ALL, None);
    assert_eq!(all.limits(), [Limit::Bytes]);
    assert!(all.at("2/a.doc/VBA/m.bas").cut);
}

//! Messages made to cost much: each ends at a limit that is named.

use super::build::*;
use super::*;

#[test]
fn a_hundred_megabytes_of_zeros() {
    let packed = gzip(&vec![0; 100 << 20]);
    assert!(packed.len() < 200 << 10);
    let all = opened(&file("zeros.gz", &packed));
    let item = all.at("2/zeros.gz/zeros");
    assert_eq!(all.limits(), [Limit::Ratio]);
    // A head is no file: it has no digest.
    assert_eq!((item.cut, item.sha256), (true, None));
    assert_eq!(item.size, packed.len() as u64 * 200);
    // Near-miss: what packs well, and is small.
    let all = opened(&file("zeros.gz", &gzip(&[0; 1 << 20])));
    assert!(all.gaps.is_empty() && all.at("2/zeros.gz/zeros").sha256.is_some());
}

#[test]
fn zips_within_zips() {
    let mut inner = zip(&[("eicar.com", eicar())]);
    for _ in 0..60 {
        inner = zip(&[("z.zip", &inner)]);
    }
    let all = opened(&file("z.zip", &inner));
    assert_eq!(all.limits(), [Limit::Depth]);
    assert_eq!(all.items.iter().map(|item| item.depth).max(), Some(Limits::default().depth));
    assert!(!all.items.iter().any(|item| item.bytes == eicar()));
}

#[test]
fn zips_that_multiply() {
    // Sixteen of sixteen of sixteen of sixteen, as the known bomb has them.
    let names: Vec<String> = (0..16).map(|n| format!("{n}.zip")).collect();
    let mut inner = zip(&[("zeros", &[0; 1 << 20])]);
    for _ in 0..4 {
        let members: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), inner.as_slice())).collect();
        inner = zip(&members);
    }
    let all = opened(&file("42.zip", &inner));
    assert!(all.limits().iter().any(|limit| matches!(limit, Limit::Bytes | Limit::Items)), "{:?}", all.limits());
    let total: u64 = all.items.iter().skip(1).map(|item| item.size).sum();
    assert!(total <= (64 << 20) + (1 << 20), "{total}");
}

#[test]
fn many_members_that_share_one_content() {
    let zeros = vec![0; 1 << 20];
    let member = Member::new("zeros", &zeros);
    let entries: Vec<Vec<u8>> = (0..2000)
        .map(|n| {
            let name = format!("{n}");
            Member { names: (b"zeros", name.as_bytes()), ..member.clone() }.entry(0)
        })
        .collect();
    let all = opened(&file("overlap.zip", &zip_of(&member.local(), &entries)));
    assert_eq!(all.limits(), [Limit::Ratio]);
    assert!(all.items.len() < 100, "{}", all.items.len());
    assert!(all.items.last().unwrap().cut);
}

#[test]
fn many_members_that_share_one_content_which_is_nothing() {
    // Four megabytes of empty blocks, unpacked for nothing by each member: paid for as they are read.
    let empty = b"\x00\x00\x00\xff\xff".repeat(800_000);
    let mut local = Member { stored: true, ..Member::new("n", &empty) }.local();
    local[8] = 8;
    let mut entry = Member { stored: true, ..Member::new("n", &empty) }.entry(0);
    entry[10] = 8;
    let entries: Vec<Vec<u8>> = (0..3_000u16)
        .map(|n| {
            let mut entry = entry.clone();
            entry[28] = 2;
            entry.pop();
            entry.extend(n.to_le_bytes());
            entry
        })
        .collect();
    let limits = Limits { steps: 200_000_000, ..Limits::default() };
    let all = open_within(&file("nothing.zip", &zip_of(&local, &entries)), &limits);
    assert_eq!(all.limits(), [Limit::Steps]);
    assert!(all.items.len() < 60, "{}", all.items.len());
}

#[test]
fn local_headers_without_lengths_take_one_pass() {
    let header = b"PK\x03\x04\x14\0\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x01\0\0\0aPK\x05\x05";
    let all = opened(&file("a.zip", &header.repeat(9_000)));
    assert_eq!((all.items.len(), all.limits()), (9_003, vec![]));
}

#[test]
fn names_longer_than_any_file_has_are_cut() {
    let name = "x".repeat(60_000) + ".exe";
    let all = opened(&file("a.zip", &zip_members(&[Member::new(&name, b"x")])));
    assert_eq!((all.items[3].names[0].len(), all.items[3].names[0].ends_with("x.exe")), (1_000, true));
    let raw = format!("Content-Type: a/b; name=\"{}.exe\"\r\n\r\nx", "x".repeat(10_000));
    assert!(opened(raw.as_bytes()).at("1").names[0].len() <= 1_000);
}

#[test]
fn a_million_uuencoded_files() {
    let text = "Subject: x\r\n\r\n".to_owned() + &"begin 644 x\r\n#04)#\r\nend\r\n".repeat(200_000);
    let all = opened(text.as_bytes());
    assert_eq!((all.items.len(), all.limits()), (10_000, vec![Limit::Items, Limit::Text]));
}

#[test]
fn a_tar_that_states_a_huge_size() {
    let mut bytes = tar(&[("big", b"x")]);
    bytes[124..136].copy_from_slice(b"77777777777\0");
    bytes[148..156].fill(b' ');
    let sum: u32 = bytes[..512].iter().map(|byte| u32::from(*byte)).sum();
    bytes[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    let all = opened(&file("a.tar", &bytes));
    assert_eq!(all.defects, ["archive-damaged"]);
    assert!(all.at("2/a.tar/big").size < 4096);
    // A sparse file that is nothing but holes.
    let mut header = ::tar::Header::new_gnu();
    header.set_entry_type(::tar::EntryType::GNUSparse);
    header.set_path("holes").unwrap();
    header.set_size(0);
    header.as_gnu_mut().unwrap().realsize = *b"77777777777\0";
    header.as_gnu_mut().unwrap().sparse[0].offset = *b"77777777777\0";
    header.as_gnu_mut().unwrap().sparse[0].numbytes = *b"00000000000\0";
    header.set_cksum();
    let bytes = [header.as_bytes().as_slice(), &[0; 1024]].concat();
    let all = opened(&file("a.tar", &bytes));
    assert_eq!((all.limits(), all.at("2/a.tar/holes").size), (vec![Limit::Ratio], 1 << 20));
}

#[test]
fn a_hundred_thousand_empty_members() {
    let member = Member::new("e", b"");
    let entries = vec![member.entry(0); 60_000];
    // The directory counts them in two bytes, so there can be no more.
    let all = opened(&file("empty.zip", &zip_of(&member.local(), &entries)));
    assert!(all.items.len() < 20, "one name is one member: {}", all.items.len());
    let locals = member.local().repeat(100_000);
    let all = opened(&file("empty.zip", &locals));
    assert_eq!((all.limits(), all.items.len()), (vec![Limit::Items], 10_000));
    let all = opened(&file("empty.tar", &tar(&vec![("e", b"".as_slice()); 20_000])));
    assert_eq!((all.limits(), all.items.len()), (vec![Limit::Items], 10_000));
}

#[test]
fn a_hundred_thousand_multiparts_and_parts() {
    let mut deep = String::new();
    for level in 0..100_000 {
        deep.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"));
    }
    let all = opened(deep.as_bytes());
    assert_eq!(all.limits().first(), Some(&Limit::Depth));
    assert!(all.items.len() < 200, "{}", all.items.len());
    // What the walk reached was walked; parsing it again would find no more.
    assert_eq!(all.opened, 0);
    let mut wide = "Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_owned();
    wide.push_str(&"--b\r\n\r\nx\r\n".repeat(100_000));
    let all = opened(wide.as_bytes());
    assert_eq!((all.limits(), all.items.len()), (vec![Limit::Parts], 5_001));
}

#[test]
fn depth_counts_archives_and_multiparts_together() {
    // Thirty multiparts in a message in a zip, in ten messages in zips.
    let nest = |levels: usize, inner: &str| {
        let mut text = String::new();
        for level in 0..levels {
            text.push_str(&format!("Content-Type: multipart/mixed; boundary=b{level}\r\n\r\n--b{level}\r\n"));
        }
        text + inner
    };
    let mut message = nest(30, "\r\nhello\r\n").into_bytes();
    for _ in 0..10 {
        message = file("m.zip", &zip(&[("m.eml", &message)]));
    }
    let all = opened(&message);
    assert_eq!(all.limits(), [Limit::Depth]);
    let deepest = all.items.iter().map(|item| item.depth).max().unwrap();
    assert!(deepest <= Limits::default().depth + 1, "{deepest}");
}

#[test]
fn messages_encoded_in_messages() {
    let mut inner = b"Subject: x\r\n\r\nhello\r\n".to_vec();
    for _ in 0..20 {
        let head = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n";
        inner = [head.as_bytes(), base64(&inner).as_bytes()].concat();
    }
    let all = opened(&inner);
    assert_eq!(all.opened, 20);
    assert_eq!(all.items.last().unwrap().text.as_deref(), Some("hello\r\n"));
    for _ in 0..8 {
        let head = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n";
        inner = [head.as_bytes(), quoted_printable(&inner).as_bytes()].concat();
    }
    let small = Limits { depth: 10, ..Limits::default() };
    assert_eq!(open_within(&inner, &small).limits(), [Limit::Depth]);
}

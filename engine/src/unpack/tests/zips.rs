//! Zips that say two things: members of one name, directories that lie or are gone, names in old code pages.

use super::build::*;
use super::*;

fn members(bytes: &[u8]) -> (Vec<(String, Vec<u8>)>, Vec<&'static str>) {
    let all = opened(&file("a.zip", bytes));
    let inside = all.items.iter().filter(|item| item.path.starts_with("2/a.zip/"));
    (inside.map(|item| (item.names.join("|"), item.bytes.clone())).collect(), all.defects)
}

fn owned(pairs: &[(&str, &[u8])]) -> Vec<(String, Vec<u8>)> {
    pairs.iter().map(|(name, bytes)| (name.to_string(), bytes.to_vec())).collect()
}

#[test]
fn members_of_one_name() {
    let bytes = zip_members(&[Member::new("a", b"first"), Member::new("b", b"other"), Member::new("a", eicar())]);
    let (mut found, _) = members(&bytes);
    found.sort();
    assert_eq!(found, owned(&[("a", eicar()), ("a", b"first"), ("b", b"other")]));
}

#[test]
fn a_directory_that_is_damaged_or_gone() {
    let whole = zip_members(&[Member::new("a", b"first"), Member::new("eicar.com", eicar())]);
    let expected = owned(&[("a", b"first"), ("eicar.com", eicar())]);
    assert_eq!(members(&whole), (expected.clone(), vec![]));
    let directory = memchr::memmem::find(&whole, b"PK\x01\x02").unwrap();
    assert_eq!(members(&whole[..directory]), (expected.clone(), vec!["archive-damaged"]));
    let mut bent = whole.clone();
    bent[directory] = b'X';
    assert_eq!(members(&bent), (expected, vec!["archive-damaged"]));
}

#[test]
fn a_member_that_the_directory_leaves_out() {
    let (listed, hidden) = (Member::new("a", b"seen"), Member::new("eicar.com", eicar()));
    let front = [hidden.local(), listed.local()].concat();
    let bytes = zip_of(&front, &[listed.entry(hidden.local().len())]);
    assert_eq!(members(&bytes), (owned(&[("a", b"seen"), ("eicar.com", eicar())]), vec!["archive-damaged"]));
    // Two archives, one behind the other.
    let two = [zip(&[("eicar.com", eicar())]), zip(&[("b", b"two")])].concat();
    let (mut found, defects) = members(&two);
    found.sort();
    assert_eq!((found, defects), (owned(&[("b", b"two"), ("eicar.com", eicar())]), vec!["archive-damaged"]));
    // What stands in a member is that member's: a zip stored in a zip is one file, opened in its turn.
    let inner = zip(&[("eicar.com", eicar())]);
    let stored = zip_members(&[Member { stored: true, ..Member::new("inner.zip", &inner) }]);
    let (found, defects) = members(&stored);
    assert_eq!((found.len(), defects), (2, vec![]));
}

#[test]
fn names_of_old_code_pages() {
    let name = |bytes: &'static [u8]| Member { names: (bytes, bytes), ..Member::new("", b"x") };
    assert_eq!(members(&zip_members(&[name(b"B\x81cher.txt")])).0, owned(&[("Bücher.txt", b"x")]));
    assert_eq!(members(&zip_members(&[name("Bücher.txt".as_bytes())])).0, owned(&[("Bücher.txt", b"x")]));
}

#[test]
fn two_names_and_two_minds_about_a_password() {
    let member = Member { names: (b"a.exe", b"a.txt"), ..Member::new("", b"x") };
    assert_eq!(members(&zip_members(&[member])), (owned(&[("a.txt|a.exe", b"x")]), vec!["archive-damaged"]));
    // The directory says that it needs a password, and it does not.
    let member = Member { flags: (0, 1), ..Member::new("eicar.com", eicar()) };
    let all = opened(&file("a.zip", &zip_members(&[member])));
    assert_eq!(all.items.iter().filter(|item| item.bytes == eicar()).count(), 1);
    assert_eq!(all.limits(), [Limit::Encrypted]);
}

#[test]
fn a_member_that_needs_a_password_is_noted_and_not_hashed() {
    let member = Member { flags: (1, 1), ..Member::new("secret.exe", b"x") };
    let all = opened(&file("a.zip", &zip_members(&[member, Member::new("b", b"open")])));
    let secret = all.at("2/a.zip/secret.exe");
    assert_eq!((secret.encrypted, secret.sha256, secret.size, secret.kind), (true, None, 1, Kind::Unknown));
    assert_eq!(all.limits(), [Limit::Encrypted]);
    assert_is(&all, "2/a.zip/b", Kind::Text, b"open");
}

#[test]
fn lengths_that_stand_behind_the_data() {
    for stored in [false, true] {
        let member = Member { stored, flags: (8, 8), ..Member::new("eicar.com", eicar()) };
        let mut local = member.local();
        // Checksum and lengths are zero in the local header, and the directory is gone.
        local[14..26].fill(0);
        local.extend(b"PK\x07\x08");
        local.extend([0; 12]);
        let bytes = [local, Member::new("b", b"two").local()].concat();
        let (found, _) = members(&bytes);
        assert_eq!(found, owned(&[("eicar.com", eicar()), ("b", b"two")]), "stored: {stored}");
    }
}

#[test]
fn methods_that_nobody_unpacks_are_said() {
    let mut bytes = zip_members(&[Member::new("a", b"x")]);
    let directory = memchr::memmem::find(&bytes, b"PK\x01\x02").unwrap();
    (bytes[8], bytes[directory + 10]) = (12, 12);
    let all = opened(&file("a.zip", &bytes));
    assert_eq!((all.limits(), all.at("2/a.zip/a").sha256), (vec![Limit::Unsupported], None));
    assert_eq!(opened(&file("a.zip", &bytes[..directory])).limits(), [Limit::Unsupported]);
}

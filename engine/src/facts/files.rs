//! The files of a message: attachments, inline files that are not its text, members of archives.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

use super::File;
use crate::place::Readings;
use crate::text::fold;
use crate::unpack::{Content, Item, Kind, Origin};

/// Longest extension; longer ones are the ends of sentences.
const EXTENSION_BYTES: usize = 12;

pub(super) fn gather(content: &Content<'_>) -> Vec<File> {
    // Of each item, the item that is the archive around it.
    let mut archives: Vec<Option<u32>> = Vec::with_capacity(content.items.len());
    let mut files = Vec::new();
    for (number, item) in (0..).zip(&content.items) {
        let archive = match item.origin {
            Origin::Member => item.parent,
            _ => item.parent.and_then(|parent| archives.get(parent as usize).copied().flatten()),
        };
        archives.push(archive);
        if is_file(item) {
            let archive = archive.and_then(|archive| content.items.get(archive as usize));
            let archive = archive.map(|item| item.path.to_string()).unwrap_or_default();
            files.push(file(number, item, archive));
        }
    }
    if content.readings.len() > 1 {
        hide(&mut files, content.readings.len().min(Readings::MOST));
    }
    files
}

/// Marks files that are not in every reading, where a reading that lacks it has fewer files of its kind. A broken picture that
/// can be mended in three ways is three pictures, and a picture in each reading.
fn hide(files: &mut [File], readings: usize) {
    let mut counts: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
    for file in files.iter().filter(|file| file.size > 0) {
        let counts = counts.entry(class(&file.kind)).or_insert_with(|| vec![0; readings]);
        for (number, count) in counts.iter_mut().enumerate() {
            *count += u32::from(file.readings.is_some_and(|in_these| in_these.contains(number)));
        }
    }
    let hidden: Vec<bool> = files
        .iter()
        .map(|file| {
            let Some((counts, own)) = counts.get(class(&file.kind)).zip(file.readings) else { return false };
            let most = counts.iter().max().copied().unwrap_or_default();
            file.size > 0 && counts.iter().enumerate().any(|(number, count)| !own.contains(number) && *count < most)
        })
        .collect();
    for (file, hidden) in files.iter_mut().zip(hidden) {
        file.is_hidden = hidden;
    }
}

/// What of a file counts for [`hide`]: mending can make a text of what is none.
fn class(kind: &str) -> &str {
    if kind == Kind::Unknown.name() { Kind::Text.name() } else { kind }
}

/// Whether a reader would call the item a file: it is attached, has a name, or comes out of something else. Text in
/// place is none, and a message or a multipart that had to be decoded first is no more than what holds its parts.
fn is_file(item: &Item) -> bool {
    match item.origin {
        Origin::Message => false,
        Origin::Inline | Origin::Member => true,
        Origin::Part(..) => item.kind != Kind::Multipart && (item.attached || !item.names.is_empty()),
    }
}

fn file(number: u32, item: &Item, archive: String) -> File {
    let name = item.names.first().cloned().unwrap_or_default();
    let mut all: Vec<String> = item.names.iter().flat_map(|name| extensions(name)).collect();
    all.sort_unstable();
    all.dedup();
    File {
        extension: extensions(&name).pop().unwrap_or_default(),
        extensions: all,
        name,
        names: item.names.clone(),
        declared_type: item.declared.clone(),
        kind: item.kind.name().to_owned(),
        size: item.size,
        sha256: item.sha256.as_ref().map(hex).unwrap_or_default(),
        digest: item.sha256,
        is_encrypted: item.encrypted,
        is_attached: item.attached,
        is_disguised: item.disguised,
        is_hidden: false,
        archive,
        path: Arc::clone(&item.path),
        depth: u32::from(item.depth),
        item: number,
        readings: Some(item.readings),
    }
}

/// The extensions of a name, in order and in lower case, as the system that opens the file sees them: direction marks
/// and other invisible characters do not count, nor do dots and blanks at the end, and a NUL or a colon ends the name.
pub(super) fn extensions(name: &str) -> Vec<String> {
    let name = name.rsplit(['/', '\\']).find(|part| !part.is_empty()).unwrap_or_default();
    let shown: String = name.chars().filter(|c| !fold::is_invisible(*c)).collect();
    // `a.exe\0.txt` is `a.exe` for whoever stops at the NUL, `a.txt` for whoever drops it: both count.
    let mut found = Vec::new();
    for name in shown.split(['\0', ':']) {
        let name = name.trim_end_matches(|c: char| c == '.' || c.is_whitespace() || c.is_control());
        for extension in name.split('.').skip(1) {
            let plain = extension.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '+'));
            if plain && (1..=EXTENSION_BYTES).contains(&extension.len()) {
                found.push(extension.to_lowercase());
            }
        }
    }
    found
}

fn hex(digest: &[u8; 32]) -> String {
    let mut text = String::with_capacity(64);
    for byte in digest {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{extensions, hex};

    #[test]
    fn extensions_as_the_system_sees_them() {
        let last = |name: &str| extensions(name).pop().unwrap_or_default();
        assert_eq!(extensions("invoice.PDF.exe"), ["pdf", "exe"]);
        assert_eq!(last("a.exe. . "), "exe");
        assert_eq!(last("annexe\u{202e}fdp.exe"), "exe", "shown as annexexe.pdf");
        assert_eq!(last("a.e\u{200b}xe"), "exe");
        assert_eq!(last("invoice.pdf          .exe"), "exe");
        assert_eq!(last("dir.d/name"), "");
        assert_eq!(last("C:\\dir\\name.Doc"), "doc");
        assert_eq!(extensions("a.exe\0.txt"), ["exe", "txt"]);
        assert_eq!(last("a.exe:stream"), "exe");
    }

    #[test]
    fn names_without_extension() {
        for name in ["", ".", "...", "README", "Minutes of 3. June", "a. ", "a.(b)", "a.averylongwordthatisnone"] {
            assert_eq!(extensions(name), [""; 0], "{name}");
        }
        assert_eq!(extensions(".bashrc"), ["bashrc"]);
    }

    #[test]
    fn digests_in_hex() {
        let mut digest = [0; 32];
        digest[0] = 0xab;
        assert_eq!(hex(&digest), format!("ab{}", "0".repeat(62)));
    }
}

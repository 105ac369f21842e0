//! What a file is, by its content. Looks at its head, and at few fixed places; takes the same time for every size.

use memchr::memmem;

use super::Kind;
use crate::text::window::front;

/// How much of a file's head is looked at, in bytes.
const HEAD_BYTES: usize = 4 << 10;

const OLE: &[u8] = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1";

/// Signatures at the front of a file. The first that fits counts.
const FRONT: &[(&[u8], Kind)] = &[
    (b"MZ", Kind::Executable),
    (b"\x7fELF", Kind::Elf),
    (b"\xfe\xed\xfa\xce", Kind::MachO),
    (b"\xfe\xed\xfa\xcf", Kind::MachO),
    (b"\xce\xfa\xed\xfe", Kind::MachO),
    (b"\xcf\xfa\xed\xfe", Kind::MachO),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", Kind::Shortcut),
    (b"\xe4\x52\x5c\x7b\x8c\xd8\xa7\x4d", Kind::OneNote),
    (OLE, Kind::Ole),
    (b"\x1f\x8b\x08", Kind::Gzip),
    (b"BZh", Kind::Bzip2),
    (b"\xfd7zXZ\x00", Kind::Xz),
    (b"\x28\xb5\x2f\xfd", Kind::Zstd),
    (b"7z\xbc\xaf\x27\x1c", Kind::SevenZip),
    (b"Rar!\x1a\x07", Kind::Rar),
    (b"MSCF\x00\x00\x00\x00", Kind::Cab),
    (b"\x60\xea", Kind::Arj),
    (b"\x78\x9f\x3e\x22", Kind::Tnef),
    (b"{\\rt", Kind::Rtf),
    (b"%!PS", Kind::PostScript),
    (b"\x89PNG\r\n\x1a\n", Kind::Png),
    (b"\xff\xd8\xff", Kind::Jpeg),
    (b"GIF87a", Kind::Gif),
    (b"GIF89a", Kind::Gif),
    (b"II*\x00", Kind::Tiff),
    (b"MM\x00*", Kind::Tiff),
    (b"\x00\x00\x01\x00", Kind::Icon),
    (b"FWS", Kind::Flash),
    (b"CWS", Kind::Flash),
    (b"ZWS", Kind::Flash),
    (b"ID3", Kind::Audio),
    (b"OggS", Kind::Audio),
    (b"fLaC", Kind::Audio),
    (b"MThd", Kind::Audio),
    (b"wOFF", Kind::Font),
    (b"wOF2", Kind::Font),
    (b"OTTO", Kind::Font),
    (b"\x00\x01\x00\x00\x00", Kind::Font),
    (b"\x1aE\xdf\xa3", Kind::Video),
    (b"-----BEGIN PGP", Kind::Pgp),
    (b"-----BEGIN CERTIFICATE", Kind::Certificate),
    (b"BEGIN:VCALENDAR", Kind::Calendar),
    (b"BEGIN:VCARD", Kind::Vcard),
    // The first line of each module of a project, as the OLE opener unpacks it, and as it is exported.
    (b"Attribute VB_", Kind::Macro),
];

/// What `bytes` are. The declared type and the name decide only where content alone cannot: between text and mail.
pub(super) fn kind(bytes: &[u8], declared: &str, name: &str) -> Kind {
    if bytes.is_empty() {
        return Kind::Empty;
    }
    let head = front(bytes, HEAD_BYTES);
    if declared.starts_with("multipart/") {
        return Kind::Multipart;
    }
    let named_mail = name.len() > 4 && name.get(name.len() - 4..).is_some_and(|end| end.eq_ignore_ascii_case(".eml"));
    if matches!(declared, "message/rfc822" | "message/global") || (named_mail && looks_like_mail(head)) {
        return Kind::Message;
    }
    if let Some(kind) = zipped(bytes, head) {
        return kind;
    }
    if head.starts_with(b"\xca\xfe\xba\xbe") {
        // Java classes and fat Mach-O files begin alike: the latter count few architectures.
        let fat = matches!(head.get(4..8), Some([0, 0, 0, count]) if *count < 20);
        return if fat { Kind::MachO } else { Kind::Java };
    }
    if let Some((_, kind)) = FRONT.iter().find(|(signature, _)| head.starts_with(signature)) {
        // Two letters are few: prose may begin so.
        let prose = *kind == Kind::Executable && (bytes.len() < 64 || is_text(head));
        if !prose {
            return *kind;
        }
    }
    if let Some(kind) = deeper(bytes, head) {
        return kind;
    }
    match text(head) {
        Kind::Unknown if ends_as_zip(bytes) => Kind::Zip,
        Kind::Unknown if is_old_tar(head) => Kind::Tar,
        kind => kind,
    }
}

/// Whether the directory of a zip archive stands at the end of `bytes`, whatever stands at their front: what reads zips
/// reads them from there.
pub(super) fn ends_as_zip(bytes: &[u8]) -> bool {
    // The last record has 22 bytes, and a comment of up to 64 KB.
    let tail_start = bytes.len().saturating_sub(22 + (64 << 10));
    let tail = bytes.get(tail_start..).unwrap_or_default();
    memmem::rfind(tail, b"PK\x05\x06").is_some_and(|at| {
        // Office files of the old kind have zips in them, maybe near their end: theirs, and not the file's.
        let comment = tail.get(at + 20..).and_then(<[u8]>::first_chunk::<2>).map_or(0, |two| u16::from_le_bytes(*two));
        if bytes.starts_with(OLE) && at + 22 + usize::from(comment) != tail.len() {
            return false;
        }
        let long = |offset: usize| {
            let four = tail.get(at + offset..).and_then(<[u8]>::first_chunk::<4>);
            four.map_or(u32::MAX, |four| u32::from_le_bytes(*four)) as usize
        };
        let directory = (tail_start + at).checked_sub(long(12)).and_then(|start| bytes.get(start..));
        directory.is_some_and(|directory| directory.starts_with(b"PK\x01\x02"))
    })
}

/// Whether the directory of a zip archive ends where `bytes` do: in a stream of a document, whose pictures and drawings are zips
/// of its own.
pub(super) fn is_zip_to_the_end(bytes: &[u8]) -> bool {
    let last = bytes.len().checked_sub(22).and_then(|at| bytes.get(at..));
    bytes.starts_with(b"PK") || (last.is_some_and(|last| last.starts_with(b"PK\x05\x06")) && ends_as_zip(bytes))
}

/// Whether an OLE file is a document of the new kind that was encrypted: by the names in its directory, as far as that stands
/// together.
pub(super) fn is_encrypted_office(bytes: &[u8]) -> bool {
    let number = |at: usize| bytes.get(at..).and_then(<[u8]>::first_chunk::<4>).map(|four| u32::from_le_bytes(*four));
    let shift = bytes.get(30).copied().filter(|shift| (9..=12).contains(shift));
    let directory =
        shift.zip(number(48)).and_then(|(shift, sector)| (sector as usize).checked_add(1)?.checked_shl(shift.into()));
    let entries = directory.and_then(|start| bytes.get(start..)).unwrap_or_default().chunks_exact(128).take(16);
    let name: Vec<u8> = "EncryptedPackage\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    bytes.starts_with(OLE) && entries.into_iter().any(|entry| entry.starts_with(&name))
}

/// Whether a head is that of a tar archive from before POSIX, which has no signature, by its checksum.
fn is_old_tar(head: &[u8]) -> bool {
    let (Some(block), Some(field)) = (head.first_chunk::<512>(), head.get(148..156)) else { return false };
    let digits: Vec<u8> =
        field.iter().copied().skip_while(|byte| *byte == b' ').take_while(u8::is_ascii_digit).collect();
    let stated = std::str::from_utf8(&digits).ok().and_then(|digits| u32::from_str_radix(digits, 8).ok());
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    // The field itself counts as blanks.
    let own: u32 = field.iter().map(|byte| u32::from(*byte)).sum();
    block.first() != Some(&0) && stated == (sum - own).checked_add(8 * 32)
}

fn zipped(bytes: &[u8], head: &[u8]) -> Option<Kind> {
    if !head.starts_with(b"PK\x03\x04") && !head.starts_with(b"PK\x05\x06") {
        return None;
    }
    if memmem::find(head, b"mimetypeapplication/vnd.oasis.opendocument").is_some() {
        return Some(Kind::OpenDocument);
    }
    // Names stand in the directory at the end too; a document may begin with any of its members.
    let tail = bytes.get(bytes.len().saturating_sub(64 << 10)..).unwrap_or_default();
    let holds = |name: &[u8]| memmem::find(head, name).is_some() || memmem::find(tail, name).is_some();
    let office = holds(b"[Content_Types].xml") && (holds(b"word/") || holds(b"xl/") || holds(b"ppt/"));
    Some(match office {
        true => Kind::OfficeXml,
        false if holds(b"META-INF/MANIFEST.MF") => Kind::Java,
        false => Kind::Zip,
    })
}

/// Signatures that stand further in.
fn deeper(bytes: &[u8], head: &[u8]) -> Option<Kind> {
    let at = |offset: usize, signature: &[u8]| bytes.get(offset..).is_some_and(|rest| rest.starts_with(signature));
    let lzh = at(2, b"-lh") && bytes.get(6) == Some(&b'-');
    Some(match () {
        _ if at(257, b"ustar") => Kind::Tar,
        _ if at(7, b"**ACE**") => Kind::Ace,
        _ if lzh => Kind::Lzh,
        _ if at(0x8001, b"CD001") => Kind::Iso,
        _ if at(0, b"RIFF") && at(8, b"WEBP") => Kind::Webp,
        _ if at(0, b"RIFF") && at(8, b"WAVE") => Kind::Audio,
        _ if at(0, b"RIFF") && at(8, b"AVI ") => Kind::Video,
        _ if at(4, b"ftyp") => Kind::Video,
        _ if at(0, b"BM") && at(6, &[0, 0, 0, 0]) => Kind::Bmp,
        // Readers take a PDF whose header stands within its first kilobyte.
        _ if memmem::find(front(head, 1024), b"%PDF-").is_some() => Kind::Pdf,
        _ => return None,
    })
}

/// What a text is; `Unknown` where it is none.
fn text(head: &[u8]) -> Kind {
    if !is_text(head) {
        return Kind::Unknown;
    }
    // Of UTF-16, what is ASCII in it.
    let wide = head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff");
    let narrow: Vec<u8> =
        if wide { head.iter().copied().skip(2).filter(|byte| *byte != 0).collect() } else { Vec::new() };
    let head = if wide { narrow.as_slice() } else { head };
    let start = head.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(head).trim_ascii_start();
    let lower = front(start, 1024).to_ascii_lowercase();
    let begins = |word: &str| lower.starts_with(word.as_bytes());
    let holds = |word: &str| memmem::find(&lower, word.as_bytes()).is_some();
    match () {
        _ if begins("#!") => Kind::Script,
        _ if begins("<svg") || (begins("<?xml") && holds("<svg")) => Kind::Svg,
        _ if begins("<!doctype html") || begins("<html") || begins("<head") || begins("<body") => Kind::Html,
        _ if begins("<script") || begins("<meta") || begins("<title") || begins("<table") => Kind::Html,
        _ if begins("<!--") && holds("<html") => Kind::Html,
        _ if begins("<?xml") && holds("<html") => Kind::Html,
        _ if begins("<?xml") => Kind::Xml,
        _ if begins("@echo off") || begins("wscript.") || begins("powershell") => Kind::Script,
        _ if holds("createobject(\"") || holds("new activexobject(") || holds("wscript.shell") => Kind::Script,
        _ => Kind::Text,
    }
}

/// Whether a head is text: no NUL, and few control characters. Text in UTF-16 counts by its byte-order mark.
fn is_text(head: &[u8]) -> bool {
    if head.starts_with(b"\xff\xfe") || head.starts_with(b"\xfe\xff") {
        return true;
    }
    let control = |byte: &&u8| **byte < 32 && !matches!(**byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b);
    let few = || match head.iter().filter(control).count() {
        0 => true,
        // Carriage returns do not count, so that it is the same with either line end.
        many => many * 50 <= head.len() - memchr::memchr_iter(b'\r', head).count(),
    };
    memchr::memchr(0, head).is_none() && few()
}

/// Fields that a message begins with.
fn looks_like_mail(head: &[u8]) -> bool {
    let line = head.split(|byte| matches!(byte, b'\r' | b'\n')).next().unwrap_or_default();
    let name = line.split(|byte| *byte == b':').next().unwrap_or_default();
    name.len() < line.len() && !name.is_empty() && name.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// Whether a kind has no text that a reader would be shown in place.
pub(super) fn is_binary(kind: Kind) -> bool {
    !matches!(
        kind,
        Kind::Unknown
            | Kind::Empty
            | Kind::Text
            | Kind::Html
            | Kind::Xml
            | Kind::Svg
            | Kind::Rtf
            | Kind::Script
            | Kind::Macro
            | Kind::PostScript
            | Kind::Calendar
            | Kind::Vcard
            | Kind::Pgp
            | Kind::Certificate
            // Prose may begin with the few letters that these are known by.
            | Kind::Bzip2
            | Kind::Flash
            | Kind::Audio
            | Kind::Arj
    )
}

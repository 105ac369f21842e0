//! Messages, encodings and archives, composed.

use std::io::Write;

use zip::write::SimpleFileOptions;

/// A message of one attached file.
pub(crate) fn attached(name: &str, encoding: &str, body: &[u8]) -> Vec<u8> {
    let mut raw = format!(
        "Subject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"=_b\"\r\n\r\n--=_b\r\n\r\nhello\r\n\
         --=_b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=\"{name}\"\r\n\
         Content-Transfer-Encoding: {encoding}\r\n\r\n"
    )
    .into_bytes();
    raw.extend_from_slice(body);
    raw.extend_from_slice(b"\r\n--=_b--\r\n");
    raw
}

/// The same, in base64.
pub(crate) fn file(name: &str, bytes: &[u8]) -> Vec<u8> {
    attached(name, "base64", base64(bytes).as_bytes())
}

pub(crate) fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for (n, three) in bytes.chunks(3).enumerate() {
        if n > 0 && n % 19 == 0 {
            out.push_str("\r\n");
        }
        let mut four = [0u8; 4];
        four[1..=three.len()].copy_from_slice(three);
        let bits = u32::from_be_bytes(four);
        for digit in 0..4 {
            if digit <= three.len() {
                out.push(ALPHABET[(bits >> (18 - 6 * digit) & 63) as usize] as char);
            } else {
                out.push('=');
            }
        }
    }
    out
}

pub(crate) fn quoted_printable(bytes: &[u8]) -> String {
    let mut out = String::new();
    for (n, byte) in bytes.iter().enumerate() {
        if n > 0 && n % 20 == 0 {
            out.push_str("=\r\n");
        }
        if byte.is_ascii_alphanumeric() {
            out.push(*byte as char);
        } else {
            out.push_str(&format!("={byte:02X}"));
        }
    }
    out
}

pub(crate) fn uuencode(name: &str, bytes: &[u8]) -> String {
    let mut out = format!("begin 644 {name}\r\n");
    let digit = |value: u32| if value & 63 == 0 { '`' } else { (32 + (value & 63) as u8) as char };
    for line in bytes.chunks(45) {
        out.push(digit(line.len() as u32));
        for three in line.chunks(3) {
            let mut four = [0u8; 4];
            four[1..=three.len()].copy_from_slice(three);
            let bits = u32::from_be_bytes(four);
            out.extend([18, 12, 6, 0].map(|shift| digit(bits >> shift)));
        }
        out.push_str("\r\n");
    }
    out + "`\r\nend"
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn deflate(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

pub(crate) fn tar(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut builder = tar::Builder::new(Vec::new());
    for (name, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // `set_path` would refuse what leads out of the archive.
        header.as_old_mut().name[..name.len()].copy_from_slice(name.as_bytes());
        header.set_cksum();
        builder.append(&header, *bytes).unwrap();
    }
    builder.into_inner().unwrap()
}

/// A zip by the `zip` crate.
pub(crate) fn zip(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        writer.start_file(*name, SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

/// A member of a zip that no honest tool makes.
#[derive(Clone)]
pub(crate) struct Member<'a> {
    /// In the local header, and in the directory.
    pub(crate) names: (&'a [u8], &'a [u8]),
    pub(crate) flags: (u16, u16),
    pub(crate) content: &'a [u8],
    pub(crate) stored: bool,
}

impl<'a> Member<'a> {
    pub(crate) fn new(name: &'a str, content: &'a [u8]) -> Member<'a> {
        Member { names: (name.as_bytes(), name.as_bytes()), flags: (0, 0), content, stored: false }
    }

    /// The fields that both headers have, from the flags to the lengths of extra fields.
    fn fields(&self, packed: &[u8], flags: u16, name: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        out.extend(flags.to_le_bytes());
        out.extend(if self.stored { 0u16 } else { 8 }.to_le_bytes());
        out.extend([0; 4]);
        let mut crc = flate2::Crc::new();
        crc.update(self.content);
        out.extend(crc.sum().to_le_bytes());
        out.extend((packed.len() as u32).to_le_bytes());
        out.extend((self.content.len() as u32).to_le_bytes());
        out.extend((name.len() as u16).to_le_bytes());
        out.extend([0, 0]);
        out
    }

    fn packed(&self) -> Vec<u8> {
        if self.stored { self.content.to_vec() } else { deflate(self.content) }
    }

    /// Local header, name and content.
    pub(crate) fn local(&self) -> Vec<u8> {
        let packed = self.packed();
        let mut out = b"PK\x03\x04\x14\0".to_vec();
        out.extend(self.fields(&packed, self.flags.0, self.names.0));
        out.extend(self.names.0);
        out.extend(packed);
        out
    }

    /// The entry in the directory, for a local header at `offset`.
    pub(crate) fn entry(&self, offset: usize) -> Vec<u8> {
        let mut out = b"PK\x01\x02\x14\0\x14\0".to_vec();
        out.extend(self.fields(&self.packed(), self.flags.1, self.names.1));
        out.extend([0; 10]);
        out.extend((offset as u32).to_le_bytes());
        out.extend(self.names.1);
        out
    }
}

/// Local headers as given, and a directory of those that have an offset.
pub(crate) fn zip_of(front: &[u8], entries: &[Vec<u8>]) -> Vec<u8> {
    let mut out = front.to_vec();
    let start = out.len() as u32;
    entries.iter().for_each(|entry| out.extend(entry));
    let length = out.len() as u32 - start;
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend((entries.len() as u16).to_le_bytes());
    out.extend(length.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0, 0]);
    out
}

/// A zip of these members, whatever they are.
pub(crate) fn zip_members(members: &[Member<'_>]) -> Vec<u8> {
    let (mut front, mut entries) = (Vec::new(), Vec::new());
    for member in members {
        entries.push(member.entry(front.len()));
        front.extend(member.local());
    }
    zip_of(&front, &entries)
}

/// A compound file with these streams, by their paths. Small ones are in the mini stream, as Office puts them.
pub(crate) fn ole(streams: &[(&str, &[u8])]) -> Vec<u8> {
    const END: u32 = 0xffff_fffe;
    const NONE: u32 = 0xffff_ffff;
    const FAT: u32 = 0xffff_fffd;
    struct Entry {
        name: String,
        kind: u8,
        right: u32,
        child: u32,
        start: u32,
        size: u32,
    }
    let root = Entry { name: "Root Entry".into(), kind: 5, right: NONE, child: NONE, start: END, size: 0 };
    let mut entries = vec![root];
    let (mut sectors, mut next): (Vec<u8>, Vec<u32>) = (Vec::new(), Vec::new());
    let (mut mini, mut mini_next): (Vec<u8>, Vec<u32>) = (Vec::new(), Vec::new());
    // Appends in sectors of a size, and chains them.
    fn put(bytes: &[u8], size: usize, to: &mut Vec<u8>, next: &mut Vec<u32>) -> u32 {
        let first = next.len() as u32;
        for (n, sector) in bytes.chunks(size).enumerate() {
            to.extend_from_slice(sector);
            to.resize((first as usize + n + 1) * size, 0);
            next.push(first + n as u32 + 1);
        }
        if bytes.is_empty() {
            return END;
        }
        *next.last_mut().unwrap() = END;
        first
    }
    for (path, bytes) in streams {
        let mut parent = 0;
        let steps: Vec<&str> = path.split('/').collect();
        for (depth, name) in steps.iter().enumerate() {
            let mut siblings = Vec::new();
            let mut at = entries[parent].child;
            while at != NONE {
                siblings.push(at as usize);
                at = entries[at as usize].right;
            }
            let known = siblings.iter().copied().find(|it| entries[*it].name == *name && entries[*it].kind == 1);
            parent = known.unwrap_or_else(|| {
                let number = entries.len();
                match siblings.last() {
                    Some(last) => entries[*last].right = number as u32,
                    None => entries[parent].child = number as u32,
                }
                let kind = if depth + 1 == steps.len() { 2 } else { 1 };
                entries.push(Entry { name: (*name).into(), kind, right: NONE, child: NONE, start: END, size: 0 });
                number
            });
        }
        entries[parent].size = bytes.len() as u32;
        entries[parent].start = match bytes.len() < 4096 {
            true => put(bytes, 64, &mut mini, &mut mini_next),
            false => put(bytes, 512, &mut sectors, &mut next),
        };
    }
    entries[0].size = mini.len() as u32;
    entries[0].start = put(&mini, 512, &mut sectors, &mut next);
    let longs = |all: &[u32]| all.iter().flat_map(|it| it.to_le_bytes()).collect::<Vec<u8>>();
    let mini_fat = put(&longs(&mini_next), 512, &mut sectors, &mut next);
    let mut directory = Vec::new();
    for entry in &entries {
        let mut bytes: Vec<u8> = entry.name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let length = bytes.len() as u16 + 2;
        bytes.resize(64, 0);
        bytes.extend(length.to_le_bytes());
        bytes.extend([entry.kind, 1]);
        bytes.extend(longs(&[NONE, entry.right, entry.child]));
        bytes.resize(116, 0);
        bytes.extend(longs(&[entry.start, entry.size, 0]));
        directory.extend(bytes);
    }
    let directory = put(&directory, 512, &mut sectors, &mut next);
    // The table of sectors has room for itself too.
    let fat = next.len() as u32;
    let tables = (next.len() / 127) as u32 + 1;
    next.extend((0..tables).map(|_| FAT));
    let mut header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
    header.resize(24, 0);
    header.extend([0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0, 6, 0]);
    header.resize(44, 0);
    header.extend(longs(&[tables, directory, 0, 4096, mini_fat, 1, END, 0]));
    header.extend(longs(&(0..109).map(|n| if n < tables { fat + n } else { NONE }).collect::<Vec<_>>()));
    let mut table = longs(&next);
    table.resize(tables as usize * 512, 0xff);
    [header, sectors, table].concat()
}

/// The source of a module, compressed as MS-OVBA says, without any copy: a byte of flags before each eight.
pub(crate) fn ovba(text: &[u8]) -> Vec<u8> {
    let mut out = vec![1];
    for chunk in text.chunks(3_600) {
        let packed: Vec<u8> = chunk.chunks(8).flat_map(|eight| [&[0], eight].concat()).collect();
        out.extend((0xb000 | (packed.len() as u16 - 1)).to_le_bytes());
        out.extend(packed);
    }
    out
}

/// A document with a project of macros: the stream that lists its modules, and one module with this source behind `code`.
pub(crate) fn vba_project(module: &str, code: &[u8], source: &[u8]) -> Vec<u8> {
    let record = |id: u16, data: &[u8]| [&id.to_le_bytes()[..], &(data.len() as u32).to_le_bytes(), data].concat();
    let wide: Vec<u8> = module.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let dir = [
        record(0x0001, &[1, 0, 0, 0]),
        // Two bytes longer than it says.
        [record(0x0009, &[0; 4]), vec![0, 0]].concat(),
        record(0x0019, module.as_bytes()),
        record(0x001a, module.as_bytes()),
        record(0x0032, &wide),
        record(0x0031, &(code.len() as u32).to_le_bytes()),
        record(0x002b, &[]),
    ]
    .concat();
    let stream = [code, &ovba(source)].concat();
    let path = format!("Macros/VBA/{module}");
    ole(&[
        ("WordDocument", b"text"),
        ("Macros/VBA/dir", &ovba(&dir)),
        (&path, &stream),
        ("Macros/VBA/_VBA_PROJECT", b"x"),
    ])
}

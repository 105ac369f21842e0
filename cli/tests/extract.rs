//! `tamis parts --extract` with names that want out of the folder: whatever a sender calls a file, it lands in the folder,
//! under a name of its own, and nothing beside the folder changes. A property over the real program.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use proptest::prelude::*;
use proptest::sample::select;

/// Every file below a folder, links not followed.
fn below(folder: &Path) -> BTreeSet<PathBuf> {
    let mut found = BTreeSet::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() && !path.is_symlink() {
            found.extend(below(&path));
        }
        found.insert(path);
    }
    found
}

/// Pieces that hostile names are made of.
const PIECES: &[&str] = &[
    "..",
    "/",
    "\\",
    ".",
    "a",
    "x.exe",
    "C:",
    "~",
    "%2e%2e%2f",
    "%00",
    "\u{202e}",
    "é",
    "=?utf-8?Q?=2E=2E=2F?=",
    "etc/passwd",
    " ",
    "$(touch x)",
    "`",
    ";",
    "-rf",
    "\u{ff0f}",
    "\u{2215}",
    "//",
    "/..",
    "CON",
    "\t",
    "*",
    "|",
    "longlonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglonglong",
];

fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::collection::vec(select(PIECES), 0..8).prop_map(|pieces| pieces.concat()),
        1 => "\\PC{0,40}",
    ]
}

/// How a name is written into the message.
fn written(name: &str, form: u8) -> String {
    let escaped = |bytes: &str| bytes.bytes().map(|byte| format!("%{byte:02x}")).collect::<String>();
    match form {
        0 => format!("filename=\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\"")),
        1 => format!("filename*=utf-8''{}", escaped(name)),
        2 => format!("filename=\"{}\"; filename*0*=utf-8''{}; filename*1=/../b", name.replace('"', ""), escaped(name)),
        _ => format!("filename={name}"),
    }
}

/// A tar with one file of this name, as long as the name fits its field.
fn tar(name: &str) -> Vec<u8> {
    let mut header = [0u8; 512];
    let name = &name.as_bytes()[..name.len().min(100)];
    header[..name.len()].copy_from_slice(name);
    header[100..108].copy_from_slice(b"0000644\0");
    header[124..136].copy_from_slice(b"00000000002\0");
    header[148..156].copy_from_slice(b"        ");
    header[156] = b'0';
    header[257..265].copy_from_slice(b"ustar\x0000");
    let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
    header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
    let mut bytes = header.to_vec();
    bytes.extend_from_slice(b"hi");
    bytes.resize(512 + 512 + 1024, 0);
    bytes
}

fn hex_quoted(bytes: &[u8]) -> String {
    bytes.chunks(20).map(|line| line.iter().map(|byte| format!("={byte:02X}")).collect::<String>() + "=\n").collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_name_leads_out_of_the_folder(names in prop::collection::vec((name(), 0u8..4, name()), 1..5)) {
        let mut message = "Content-Type: multipart/mixed; boundary=b\n\n".to_owned();
        for (name, form, member) in &names {
            let name = name.replace(['\n', '\r'], "");
            message += &format!(
                "--b\nContent-Type: application/octet-stream\nContent-Disposition: attachment; {}\n\ncontent\n",
                written(&name, *form)
            );
            message += &format!(
                "--b\nContent-Type: application/x-tar\nContent-Disposition: attachment; {}\n\
                 Content-Transfer-Encoding: quoted-printable\n\n{}\n",
                written(&name, 1),
                hex_quoted(&tar(member))
            );
            message += &format!("--b\nContent-Type: text/plain\n\nbegin 644 {}\n#86)C\n`\nend\n", member.replace('\r', ""));
        }
        message += "--b--\n";

        let around = tempfile::tempdir().unwrap();
        let inner = around.path().join("deep/deeper");
        fs::create_dir_all(&inner).unwrap();
        fs::write(inner.join("message.eml"), &message).unwrap();
        // A file that is there already, and a link out of the folder, under names that might be taken.
        fs::create_dir(inner.join("out")).unwrap();
        fs::write(around.path().join("target"), "old").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(around.path().join("target"), inner.join("out/0001")).unwrap();
        let before = below(around.path());

        let output = Command::new(env!("CARGO_BIN_EXE_tamis"))
            .args(["parts", "message.eml", "--extract", "out", "--json"])
            .current_dir(&inner)
            .env_remove("TAMIS_CONFIG")
            .output()
            .unwrap();
        prop_assert!(matches!(output.status.code(), Some(0 | 2)), "{output:?}");
        let all: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();

        prop_assert_eq!(fs::read_to_string(around.path().join("target")).unwrap(), "old");
        let out = inner.join("out");
        let new: Vec<PathBuf> = below(around.path()).difference(&before).cloned().collect();
        for path in &new {
            prop_assert!(path.is_file() && !path.is_symlink() && path.parent() == Some(&out), "{}", path.display());
            let name = path.file_name().unwrap().to_str().unwrap();
            prop_assert!(name.len() <= 255 && !name.contains(['\\', '\u{202e}', '\t', '$', ' ', '|', '*', ':']), "{name:?}");
        }
        // Every item but the message itself is there, or the program said that it is not.
        let told = all["items"].as_array().unwrap().iter().filter(|item| item["file"].is_string()).count();
        prop_assert_eq!(told, new.len());
        prop_assert!(told + 1 == all["items"].as_array().unwrap().len() || output.status.code() == Some(2));
        prop_assert!(new.len() + 1 >= names.len());
    }
}

//! Names of transfer encodings, as standards and as careless programs spell and read them.

use super::fields;
use super::tree::Encoding;

/// The encoding that a name stands for; the misspelt and the private names are those that mail programs know.
pub(super) fn named(name: &str) -> Option<Encoding> {
    let name = name.trim_matches(['"', '\'']).to_ascii_lowercase();
    Some(match name.as_str() {
        "" | "7bit" | "8bit" | "binary" | "7-bit" | "8-bit" | "none" => Encoding::Identity,
        // A gzip in base64, which is opened as any other.
        "gzip64" | "x-gzip64" => Encoding::Base64,
        "base64" | "x-base64" | "base-64" | "base_64" | "bas64" | "b64" => Encoding::Base64,
        "quoted-printable" | "x-quoted-printable" | "quotedprintable" | "quoted_printable" => Encoding::QuotedPrintable,
        "uuencode" | "x-uuencode" | "x-uue" | "uue" | "x-uu" => Encoding::Uuencode,
        _ => return None,
    })
}

/// What else the values of all Content-Transfer-Encoding fields could stand for, beside `taken`: every encoding whose name
/// is in them somehow, and none at all where one of them is not simply a name.
pub(super) fn others<'v>(taken: Encoding, values: impl Iterator<Item = &'v str>) -> Vec<Encoding> {
    let mut found = Vec::new();
    let mut add = |encoding: Encoding| {
        if encoding != taken && !found.contains(&encoding) {
            found.push(encoding);
        }
    };
    for value in values {
        let plain = value.trim();
        if let Some(encoding) = named(plain) {
            add(encoding);
            continue;
        }
        let decoded = if plain.contains("=?") { fields::text(plain.as_bytes()) } else { String::new() };
        for text in [plain, decoded.as_str()] {
            // Without comments' contents, and with them: programs do either.
            let bare = text
                .split_once('(')
                .map(|(head, tail)| format!("{head}{}", tail.split_once(')').map_or("", |it| it.1)));
            for form in [Some(text.to_owned()), bare].into_iter().flatten() {
                let letters: String = form.chars().filter(char::is_ascii_alphanumeric).collect();
                let letters = letters.to_ascii_lowercase();
                if letters.contains("base64") {
                    add(Encoding::Base64);
                }
                if letters.contains("quotedprintable") {
                    add(Encoding::QuotedPrintable);
                }
                if letters.contains("uuenc") || letters.contains("uue") {
                    add(Encoding::Uuencode);
                }
            }
        }
        add(Encoding::Identity);
    }
    found
}

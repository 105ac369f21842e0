//! What two crates show of each message: `judge-crates mail-parser|mailparse FILE...`. A line of JSON for each file.
//! `mail-parser-exact` keeps line ends at the end of contents, and says of each whether it is text.

use std::{env, fs};

use mail_parser::{MessageParser, MimeHeaders, PartType};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

fn digest(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|byte| !matches!(byte, b'\r' | b'\n')).map_or(0, |at| at + 1);
    Sha256::digest(&bytes[..end]).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn mail_parser(message: &mail_parser::Message<'_>, found: &mut Vec<Value>) {
    for part in &message.parts {
        match &part.body {
            PartType::Message(inner) => mail_parser(inner, found),
            PartType::Multipart(_) => {}
            _ => found.push(json!([digest(part.contents()), part.attachment_name()])),
        }
    }
}

fn exactly(message: &mail_parser::Message<'_>, found: &mut Vec<Value>) {
    for part in &message.parts {
        match &part.body {
            PartType::Message(inner) => exactly(inner, found),
            PartType::Multipart(_) => {}
            body => {
                let digest: String = Sha256::digest(part.contents()).iter().map(|byte| format!("{byte:02x}")).collect();
                let is_text = matches!(body, PartType::Text(_) | PartType::Html(_));
                found.push(json!([digest, part.attachment_name(), is_text]));
            }
        }
    }
}

fn mailparse(raw: &[u8], depth: usize, found: &mut Vec<Value>) {
    let Ok(mail) = mailparse::parse_mail(raw) else { return };
    walk(&mail, depth, found);
}

fn walk(mail: &mailparse::ParsedMail<'_>, depth: usize, found: &mut Vec<Value>) {
    for part in &mail.subparts {
        walk(part, depth, found);
    }
    if !mail.subparts.is_empty() {
        return;
    }
    let Ok(body) = mail.get_body_raw() else { return };
    if mail.ctype.mimetype == "message/rfc822" && depth < 20 {
        return mailparse(&body, depth + 1, found);
    }
    let disposition = mail.get_content_disposition();
    let name = disposition.params.get("filename").or_else(|| mail.ctype.params.get("name"));
    found.push(json!([digest(&body), name]));
}

fn main() {
    let mut arguments = env::args().skip(1);
    let judge = arguments.next().expect("which judge");
    for file in arguments {
        let raw = fs::read(&file).expect("readable");
        let mut found = Vec::new();
        match judge.as_str() {
            "mail-parser" => {
                if let Some(message) = MessageParser::default().parse(&raw) {
                    mail_parser(&message, &mut found);
                }
            }
            "mail-parser-exact" => {
                if let Some(message) = MessageParser::default().parse(&raw) {
                    exactly(&message, &mut found);
                }
            }
            _ => mailparse(&raw, 0, &mut found),
        }
        println!("{}", json!({"file": file, "parts": found}));
    }
}

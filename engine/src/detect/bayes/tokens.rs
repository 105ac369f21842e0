//! Facts -> tokens, each hashed to a slot. Presence only: a token counts once a message, however often it stands there.
//!
//! Families: words of the visible text, words of the subject, addresses, Received fields, other header fields, the shape
//! of the MIME tree, links. `docs/why/bayes.md` says what each is worth, and what was tried and left out. What a token is
//! and how it is hashed is part of the model format: a change raises [`VERSION`], and old models are refused.

use crate::facts::{Facts, Header, Link};

/// Version of the tokens and of their hash.
pub(super) const VERSION: u8 = 1;
/// Binary logarithm of the number of slots.
pub(super) const SLOT_BITS: u32 = 20;
/// Tokens of one family that count, from the front: what matters stands there, and long messages do not drown it.
const MOST: u32 = 1_000;
/// Longest word, in characters; longer ones count by their beginning and their length.
const LONGEST: usize = 32;

/// Fields that other filters and mail programs write into a message: they would give the label away.
const GIVEAWAYS: &[&str] =
    &["content-length", "lines", "status", "x-bogosity", "x-keywords", "x-status", "x-uid", "x-uidl"];
const GIVEAWAY_PREFIXES: &[&str] = &["x-spam", "x-mozilla", "x-tamis", "x-virus", "x-dspam", "x-amavis", "x-rspamd"];

/// Fields whose words are addresses.
const ADDRESSES: &[&str] = &[
    "bcc",
    "cc",
    "delivered-to",
    "envelope-to",
    "errors-to",
    "from",
    "reply-to",
    "resent-from",
    "resent-to",
    "return-path",
    "sender",
    "to",
    "x-original-to",
];

/// The slots of one message, sorted, each once; and what tells the message from others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenSet {
    pub(super) slots: Box<[u32]>,
    pub(super) digest: u64,
}

impl TokenSet {
    pub(crate) fn slots(&self) -> &[u32] {
        &self.slots
    }

    /// A digest of the message, to deal messages into parts by.
    pub fn digest(&self) -> u64 {
        self.digest
    }

    /// The digest of a message's bytes.
    pub fn digest_of(raw: &[u8]) -> u64 {
        digest(raw)
    }

    /// What messages are put in order by.
    pub(crate) fn order(&self) -> (u64, &[u32]) {
        (self.digest, &self.slots)
    }
}

/// The families, told apart in the hash and counted apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Family {
    Body,
    Subject,
    Address,
    Received,
    Header,
    Mime,
    Url,
}

impl Family {
    const COUNT: usize = 7;

    /// The name that explanations show.
    pub(super) fn name(self) -> &'static str {
        match self {
            Family::Body => "body",
            Family::Subject => "subject",
            Family::Address => "address",
            Family::Received => "received",
            Family::Header => "header",
            Family::Mime => "mime",
            Family::Url => "url",
        }
    }
}

/// Takes tokens as they are made: their family, what they are of (a header's name), and their text in lower case.
pub(super) trait Sink {
    fn token(&mut self, family: Family, of: &str, text: &str);
}

/// Collects slots.
pub(super) struct Slots<'s> {
    pub(super) slots: &'s mut Vec<u32>,
}

impl Sink for Slots<'_> {
    fn token(&mut self, family: Family, of: &str, text: &str) {
        self.slots.push(slot(family, of, text));
    }
}

/// The slot of a token: FNV-1a with 64 bits over family, header name and text, its bits mixed at the end (the finisher of
/// MurmurHash3), of which the top ones count. The same on every machine.
pub(super) fn slot(family: Family, of: &str, text: &str) -> u32 {
    let mut hash = hash_bytes(0xcbf2_9ce4_8422_2325 ^ ((family as u64 + 1) << 56), of.as_bytes());
    hash = hash_bytes(hash ^ 0xff, text.as_bytes());
    (mix(hash) >> (64 - SLOT_BITS)) as u32
}

/// A digest of a message's bytes, to deal messages into folds by what they are and not by their order.
pub(super) fn digest(bytes: &[u8]) -> u64 {
    mix(hash_bytes(0xcbf2_9ce4_8422_2325, bytes))
}

fn hash_bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

/// Counts the tokens of each family, and lets through the first [`MOST`].
struct Limited<'s, S> {
    sink: &'s mut S,
    counts: [u32; Family::COUNT],
}

impl<S: Sink> Limited<'_, S> {
    fn token(&mut self, family: Family, of: &str, text: &str) {
        let Some(count) = self.counts.get_mut(family as usize).filter(|count| **count < MOST) else { return };
        *count += 1;
        self.sink.token(family, of, text);
    }

    fn is_full(&self, family: Family) -> bool {
        self.counts.get(family as usize).is_none_or(|count| *count >= MOST)
    }

    fn words(&mut self, family: Family, of: &str, text: &str) {
        if !self.is_full(family) {
            words(text, |word| {
                self.token(family, of, word);
                !self.is_full(family)
            });
        }
    }

    /// A host, and each domain above it.
    fn host(&mut self, family: Family, of: &str, host: &str) {
        let mut rest = host.trim_end_matches('.');
        while !rest.is_empty() {
            self.token(family, of, rest);
            rest = rest.split_once('.').map_or("", |(_, above)| above);
        }
    }

    /// An IPv4 address and its networks of 24, 16 and 8 bits.
    fn ip(&mut self, family: Family, of: &str, ip: &str) {
        let mut rest = ip;
        while !rest.is_empty() {
            self.token(family, of, rest);
            rest = rest.rsplit_once('.').map_or("", |(above, _)| above);
        }
    }
}

/// Makes the tokens of a message.
pub(super) fn tokens<S: Sink>(facts: &Facts<'_>, sink: &mut S) {
    let mut out = Limited { sink, counts: [0; Family::COUNT] };
    let mut lower = String::new();
    for header in &facts.headers {
        let name = &*header.name;
        let giveaway =
            GIVEAWAYS.contains(&name) || GIVEAWAY_PREFIXES.iter().any(|beginning| name.starts_with(beginning));
        if !giveaway {
            self::header(header, &mut lower, &mut out);
        }
    }
    mime(facts, &mut lower, &mut out);
    for link in &facts.links {
        if out.is_full(Family::Url) {
            break;
        }
        url(link, &mut lower, &mut out);
    }
    out.words(Family::Body, "", &facts.body.visible.text);
}

fn header<S: Sink>(header: &Header, lower: &mut String, out: &mut Limited<'_, S>) {
    let name = &*header.name;
    match name {
        "subject" => out.words(Family::Subject, "", &header.value),
        "received" => {
            for piece in header.value.split(|it: char| it.is_whitespace() || "()[];,<>".contains(it)) {
                lower_into(piece, lower);
                if lower.is_empty() || lower.len() > 100 {
                    continue;
                }
                let is_ip =
                    lower.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && lower.matches('.').count() == 3;
                if is_ip {
                    out.ip(Family::Received, "ip", lower);
                } else if lower.contains('.') && !lower.contains(['@', ':', '=']) {
                    out.host(Family::Received, "host", lower);
                } else {
                    out.words(Family::Received, "", lower);
                }
            }
        }
        _ if ADDRESSES.contains(&name) => {
            out.token(Family::Header, name, "");
            for piece in header.value.split(|it: char| it.is_whitespace() || "<>,;\"()".contains(it)) {
                match piece.rsplit_once('@') {
                    Some((local, host)) => {
                        lower_into(piece, lower);
                        out.token(Family::Address, name, lower);
                        lower_into(host, lower);
                        out.host(Family::Address, name, lower);
                        shape(local, lower);
                        out.token(Family::Address, name, lower);
                    }
                    None => out.words(Family::Address, name, piece),
                }
            }
        }
        // The shape of the tree says the same, for every part.
        "content-type" | "content-transfer-encoding" | "content-disposition" => out.token(Family::Header, name, ""),
        _ => {
            out.token(Family::Header, name, "");
            out.words(Family::Header, name, &header.value);
        }
    }
}

/// Letters as `a` and digits as `9`, runs as one: `john.smith42` -> `a.a9`.
fn shape(text: &str, out: &mut String) {
    out.clear();
    let mut last = None;
    for letter in text.chars().take(64) {
        let class = match letter {
            it if it.is_alphabetic() => 'a',
            it if it.is_numeric() => '9',
            it => it,
        };
        if last != Some(class) {
            out.push(class);
        }
        last = Some(class);
    }
}

fn mime<S: Sink>(facts: &Facts<'_>, lower: &mut String, out: &mut Limited<'_, S>) {
    for part in &facts.parts {
        out.token(Family::Mime, "type", &part.media_type);
        out.token(Family::Mime, "charset", &part.charset);
        out.token(Family::Mime, "encoding", &part.encoding);
        if !part.disposition.is_empty() {
            out.token(Family::Mime, "disposition", &part.disposition);
        }
        for parameter in &part.parameters {
            let (name, value) = parameter.split_once('=').unwrap_or((parameter, ""));
            if !matches!(name, "boundary" | "charset") {
                out.token(Family::Mime, "parameter", name);
                if !matches!(name, "name" | "filename") {
                    lower_into(value, lower);
                    out.token(Family::Mime, name, lower);
                }
            }
        }
        if !part.boundary.is_empty() {
            shape(&part.boundary, lower);
            out.token(Family::Mime, "boundary-shape", lower);
            let head: String = part.boundary.chars().take(8).collect();
            out.token(Family::Mime, "boundary", &head);
        }
    }
    for file in &facts.files {
        if !file.extension.is_empty() {
            out.token(Family::Mime, "extension", &file.extension);
        }
    }
    let count = match facts.parts.len() {
        few @ 0..=5 => few.to_string(),
        _ => "many".to_owned(),
    };
    out.token(Family::Mime, "parts", &count);
}

fn url<S: Sink>(link: &Link, lower: &mut String, out: &mut Limited<'_, S>) {
    out.token(Family::Url, "scheme", &link.scheme);
    if link.is_ip {
        out.ip(Family::Url, "ip", &link.host);
    } else if !link.host.is_empty() {
        out.host(Family::Url, "host", &link.host);
    }
    if link.has_user {
        out.token(Family::Url, "user", "");
    }
    if link.port != 0 {
        out.token(Family::Url, "port", &link.port.to_string());
    }
    for piece in link.path.split(['/', '.', '-', '_', '?', '&', '=', '%', '+']) {
        if (2..=LONGEST).contains(&piece.len()) {
            lower_into(piece, lower);
            out.token(Family::Url, "path", lower);
        }
    }
}

fn lower_into(text: &str, out: &mut String) {
    out.clear();
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_lowercase();
    } else {
        out.extend(text.chars().flat_map(char::to_lowercase));
    }
}

/// Punctuation that may stand inside a word.
fn is_inner(letter: char) -> bool {
    matches!(letter, '\'' | '-' | '_' | '.' | '$' | '%' | '!' | '@' | '*')
}

/// Scripts that are written without blanks: their words are pairs of neighbours.
fn is_unspaced(letter: char) -> bool {
    matches!(letter as u32, 0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x0E00..=0x0EFF | 0x20000..=0x3FFFF)
}

/// Hands each word of a text to `each`, in lower case, until it says to stop.
fn words(text: &str, mut each: impl FnMut(&str) -> bool) {
    let mut word = String::with_capacity(64);
    // Where the word ends without punctuation at its end, and how many characters it has till there.
    let (mut end, mut count) = (0, 0usize);
    let mut pending = 0usize;
    let mut before: Option<char> = None;
    for letter in text.chars().chain(std::iter::once(' ')) {
        let unspaced = !letter.is_ascii() && is_unspaced(letter);
        if !unspaced && (letter.is_ascii_alphanumeric() || (!letter.is_ascii() && letter.is_alphanumeric())) {
            if letter.is_ascii() {
                word.push(letter.to_ascii_lowercase());
            } else {
                word.extend(letter.to_lowercase());
            }
            count += 1 + std::mem::take(&mut pending);
            end = word.len();
            before = None;
            continue;
        }
        if is_inner(letter) && end > 0 {
            word.push(letter);
            pending += 1;
            continue;
        }
        if end > 0 {
            word.truncate(end);
            if count > LONGEST {
                let head: String = word.chars().take(3).collect();
                word = format!("{head}+{}", count / 10);
            }
            let goes_on = count < 2 || each(&word);
            word.clear();
            (end, count, pending) = (0, 0, 0);
            if !goes_on {
                return;
            }
        }
        if unspaced {
            if let Some(before) = before {
                word.push(before);
                word.push(letter);
                let goes_on = each(&word);
                word.clear();
                if !goes_on {
                    return;
                }
            }
            before = Some(letter);
        } else {
            before = None;
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        words(text, |word| {
            found.push(word.to_owned());
            true
        });
        found
    }

    #[test]
    fn words_of_every_script() {
        assert_eq!(list("Don't PAY $9.99, it's free!!! a"), ["don't", "pay", "9.99", "it's", "free"]);
        assert_eq!(list("Ärger mit Übung"), ["ärger", "mit", "übung"]);
        assert_eq!(list("中文邮件 ok"), ["中文", "文邮", "邮件", "ok"]);
        assert_eq!(list(&"x".repeat(45)), ["xxx+4"]);
        assert_eq!(list("user@host.example v1.a*g"), ["user@host.example", "v1.a*g"]);
        assert_eq!(list("... -- !"), Vec::<String>::new());
    }

    #[test]
    fn slots_do_not_change_with_machine_or_version() {
        // Written down, since every model depends on it: a change here is a change of `VERSION`.
        assert_eq!(VERSION, 1);
        let slots = [slot(Family::Body, "", "hello"), slot(Family::Header, "x-mailer", "hello")];
        assert_eq!(slots, FIRST_SLOTS);
        assert_ne!(slot(Family::Subject, "", "hello"), slot(Family::Body, "", "hello"));
    }

    const FIRST_SLOTS: [u32; 2] = [1_036_454, 1_037_348];

    #[test]
    fn shapes() {
        let mut out = String::new();
        shape("john.smith42", &mut out);
        assert_eq!(out, "a.a9");
    }
}

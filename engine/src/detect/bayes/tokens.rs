//! Facts -> tokens. Presence only: a token counts once a message, however often it stands there.
//!
//! Families: words of the visible text, words that HTML hides, words of the subject, addresses, Received fields, other
//! header fields, the shape of the MIME tree, links, defects. `docs/why/bayes.md` says what each is worth, and what was
//! tried and left out. What a token is is part of the model format: a change raises [`VERSION`](super::hash::VERSION),
//! and old models are refused.

use super::words::{LONGEST, words};
use crate::facts::{Facts, Header, Link};
use crate::text::fold;

/// Tokens of one family that count, from the front: what matters stands there, and long messages do not drown it.
const MOST: u32 = 1_000;
/// Of the words of a longer text, so many from the front, and what is left of [`MOST`] from its end, within so many bytes: good
/// words in front of a spam must not hide it.
const FRONT_WORDS: u32 = 900;
const BACK_BYTES: usize = 700;
/// Words of the text that HTML hides that count, from the front.
const MOST_HIDDEN: u32 = 200;

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
    Hidden,
    Defect,
}

impl Family {
    const COUNT: usize = 9;

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
            Family::Hidden => "hidden",
            Family::Defect => "defect",
        }
    }
}

/// Whether a token of this family, of this header field, was written by the sender, and not on the way: these are told
/// from each other on mail of another site as well.
pub(super) fn is_portable(family: Family, of: &str) -> bool {
    match family {
        Family::Received => false,
        Family::Address | Family::Header => is_senders(of),
        Family::Body | Family::Subject | Family::Mime | Family::Url | Family::Hidden | Family::Defect => true,
    }
}

/// Whether the sender's own program writes a field of this name, in lower case, and says in it what the message is.
pub(super) fn is_senders(name: &str) -> bool {
    matches!(name, "from" | "reply-to" | "subject" | "mime-version") || name.starts_with("content-")
}

/// Takes tokens as they are made: their family, what they are of (a header's name), and their text in lower case.
pub(super) trait Sink {
    fn token(&mut self, family: Family, of: &str, text: &str);
}

fn most(family: Family) -> u32 {
    if family == Family::Hidden { MOST_HIDDEN } else { MOST }
}

/// Counts the tokens of each family, and lets through the first [`MOST`].
struct Limited<'s, S> {
    sink: &'s mut S,
    counts: [u32; Family::COUNT],
}

impl<S: Sink> Limited<'_, S> {
    fn token(&mut self, family: Family, of: &str, text: &str) {
        let most = most(family);
        let Some(count) = self.counts.get_mut(family as usize).filter(|count| **count < most) else { return };
        *count += 1;
        self.sink.token(family, of, text);
    }

    fn is_full(&self, family: Family) -> bool {
        self.counts.get(family as usize).is_none_or(|count| *count >= most(family))
    }

    fn words(&mut self, family: Family, of: &str, text: &str) {
        if !self.is_full(family) {
            words(text, |word| {
                self.token(family, of, word);
                !self.is_full(family)
            });
        }
    }

    /// Words of the visible text: those in front, and, of a long text, those at its end.
    fn body(&mut self, text: &str) {
        if self.is_full(Family::Body) {
            return;
        }
        let (mut count, mut is_long) = (0, false);
        words(text, |word| {
            is_long = count == FRONT_WORDS;
            if !is_long {
                self.token(Family::Body, "", word);
                count += 1;
            }
            !is_long && !self.is_full(Family::Body)
        });
        if is_long {
            let tail = text.get(text.ceil_char_boundary(text.len().saturating_sub(BACK_BYTES))..).unwrap_or_default();
            // Not with half a word.
            self.words(Family::Body, "", tail.split_once(char::is_whitespace).map_or(tail, |(_, rest)| rest));
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

/// Whether another filter or mail program wrote the field.
fn is_giveaway(name: &str) -> bool {
    GIVEAWAYS.contains(&name) || GIVEAWAY_PREFIXES.iter().any(|beginning| name.starts_with(beginning))
}

/// Makes the tokens of a message.
pub(super) fn tokens<S: Sink>(facts: &Facts<'_>, sink: &mut S) {
    let mut out = Limited { sink, counts: [0; Family::COUNT] };
    let mut lower = String::new();
    for header in &facts.headers {
        let name = &*header.name;
        if !is_giveaway(name) {
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
    out.body(&facts.body.visible.text);
    if !facts.body.visible.text.is_ascii() {
        // And as they are meant: `v\u{456}agra`, or one with an invisible character in it, is no new word.
        out.body(&facts.body.folded.text);
    }
    out.words(Family::Hidden, "", &facts.body.hidden.text);
    for defect in &facts.defects {
        out.token(Family::Defect, "", defect);
    }
}

fn header<S: Sink>(header: &Header, lower: &mut String, out: &mut Limited<'_, S>) {
    let name = &*header.name;
    match name {
        "subject" => {
            out.words(Family::Subject, "", &header.value);
            if !header.value.is_ascii() {
                out.words(Family::Subject, "", &fold::fold(&header.value));
            }
        }
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

pub(super) fn lower_into(text: &str, out: &mut String) {
    out.clear();
    if text.is_ascii() {
        out.push_str(text);
        out.make_ascii_lowercase();
    } else {
        // Without characters that nobody sees, which split words.
        let seen = text.chars().filter(|letter| letter.is_ascii() || !fold::is_invisible(*letter));
        out.extend(seen.flat_map(char::to_lowercase));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Default)]
    struct Words(Vec<String>);

    impl Sink for Words {
        fn token(&mut self, _: Family, _: &str, text: &str) {
            self.0.push(text.to_owned());
        }
    }

    /// Words in front do not hide what stands behind them; what stands in the middle of a long text may be.
    #[test]
    fn long_texts_count_from_both_ends() {
        let words = |text: &str| {
            let mut found = Words::default();
            Limited { sink: &mut found, counts: [0; Family::COUNT] }.body(text);
            found.0
        };
        let good = |count: usize| "meeting ".repeat(count);
        for (text, seen) in [
            (format!("{}viagra", good(899)), true),
            (format!("{}viagra", good(5_000)), true),
            (format!("viagra {}", good(5_000)), true),
            (format!("{}viagra {}", good(5_000), good(5_000)), false),
        ] {
            let found = words(&text);
            assert_eq!(found.iter().any(|word| word == "viagra"), seen, "{} words", found.len());
            assert!(found.len() <= 1_000 && found.iter().all(|word| word == "viagra" || word == "meeting"));
        }
        assert!(words(&"x".repeat(100_000)).len() == 1 && words("").is_empty());
    }

    #[test]
    fn shapes() {
        let mut out = String::new();
        shape("john.smith42", &mut out);
        assert_eq!(out, "a.a9");
    }
}

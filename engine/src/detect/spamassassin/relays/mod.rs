//! The relays that a message came through, as SpamAssassin reads Received. Takes header fields and networks, gives relays and the
//! texts of `X-Spam-Relays-*`.

mod formats;

use std::net::IpAddr;
use std::sync::OnceLock;

use regex::bytes::{Captures, Regex, RegexBuilder};

use self::formats::{FORMATS, Format, LOGINS, Then};
use super::settings::{self, Settings};

/// Received fields that are read.
const MOST_FIELDS: usize = 200;
/// Longest Received field that is read.
const LONGEST_FIELD: usize = 4_096;

/// An IP address in a pattern; of IPv6 more than is one.
const IP: &str = r"(?:\b(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\b|(?i:IPv6:)?[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?)";
const LOCAL: &str = r"(?:localhost(?:\.localdomain)?|\b127\.0\.0\.1\b|(?i:IPv6:)?::1)";

/// One hop.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Relay {
    pub(super) ip: String,
    pub(super) rdns: String,
    pub(super) helo: String,
    pub(super) by: String,
    ident: String,
    pub(super) envelope_from: Option<String>,
    id: String,
    auth: String,
    /// The server looked for a name and there was none.
    pub(super) no_reverse_dns: bool,
    pub(super) is_private: bool,
    internal: bool,
    msa: bool,
}

impl Relay {
    fn text(&self) -> String {
        format!(
            "[ ip={} rdns={} helo={} by={} ident={} envfrom={} intl={} id={} auth={} msa={} ]",
            self.ip,
            self.rdns,
            self.helo,
            self.by,
            self.ident,
            self.envelope_from.as_deref().unwrap_or_default(),
            u8::from(self.internal),
            self.id,
            self.auth,
            u8::from(self.msa),
        )
    }
}

/// All hops, the newest first, by whether they can be believed.
#[derive(Clone, Debug, Default)]
pub(super) struct Relays {
    pub(super) trusted: Vec<Relay>,
    pub(super) untrusted: Vec<Relay>,
    pub(super) trusted_text: String,
    pub(super) untrusted_text: String,
    pub(super) internal_text: String,
    pub(super) external_text: String,
    pub(super) unparseable: u32,
    /// How many Received fields trusted hosts wrote, and how many our own.
    pub(super) trusted_fields: usize,
    pub(super) internal_fields: usize,
}

struct Compiled {
    /// The guard, and whether it must not match.
    guard: Option<(bool, Lazy)>,
    pattern: Lazy,
    then: Then,
}

/// A pattern that is compiled when it is first asked: some never are.
struct Lazy {
    text: &'static str,
    /// It means no more than its letters.
    is_plain: bool,
    regex: OnceLock<Option<Regex>>,
}

impl Lazy {
    fn new(text: &'static str) -> Lazy {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ') && !text.contains("IP");
        Lazy { text, is_plain, regex: OnceLock::new() }
    }

    fn is_match(&self, text: &[u8]) -> bool {
        if self.is_plain {
            return memchr::memmem::find(text, self.text.as_bytes()).is_some();
        }
        self.regex().is_some_and(|it| it.is_match(text))
    }

    fn regex(&self) -> Option<&Regex> {
        self.regex.get_or_init(|| compile(self.text)).as_ref()
    }

    /// Nearly none matches, and to say so is cheaper than to look for groups.
    fn captures<'t>(&self, text: &'t [u8]) -> Option<Captures<'t>> {
        self.regex().filter(|it| it.is_match(text))?.captures(text)
    }
}

/// The formats, compiled.
pub(super) struct Reader {
    formats: Vec<Compiled>,
    logins: Vec<(Lazy, &'static str)>,
    helo: Regex,
    helo_word: Regex,
    by: Regex,
    id: Regex,
    date: Regex,
    envelope: Regex,
    upper: Regex,
    navgw: Regex,
    any_ip: Regex,
    no_hop: Regex,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader({} formats)", self.formats.len())
    }
}

fn compile(pattern: &str) -> Option<Regex> {
    let pattern = replace_words(pattern);
    RegexBuilder::new(&pattern).unicode(false).size_limit(8 << 20).build().ok()
}

/// `IP` and `LOCAL` as patterns; `IP:` within words such as `X-Originating-IP` stays.
fn replace_words(pattern: &str) -> String {
    pattern
        .replace("X-Originating-IP:", "X-Originating-\u{1}:")
        .replace("LOCAL", LOCAL)
        .replace("IPv6", "\u{2}")
        .replace("IP", IP)
        .replace('\u{1}', "IP")
        .replace('\u{2}', "IPv6")
}

impl Reader {
    /// Takes the formats; `None` never happens, which a test holds.
    pub(super) fn new() -> Option<Reader> {
        let format = |it: &Format| {
            let (negated, guard) = match it.guard.strip_prefix('!') {
                Some(guard) => (true, guard),
                None => (false, it.guard),
            };
            let guard = if guard.is_empty() { None } else { Some((negated, Lazy::new(guard))) };
            Compiled { guard, pattern: Lazy::new(it.pattern), then: it.then }
        };
        let word = r"[-A-Za-z0-9.^+_&:=?!@%*$\\/]+";
        let not_word = r"(?:[^-A-Za-z0-9.^+_&:=?!@%*$\\/]|$)";
        Some(Reader {
            formats: FORMATS.iter().map(format).collect(),
            logins: LOGINS.iter().map(|(pattern, name)| (Lazy::new(pattern), *name)).collect(),
            helo: compile(&format!(r"\bhelo=({word}){not_word}"))?,
            helo_word: compile(&format!(r"\b(?:HELO|EHLO) ({word}){not_word}"))?,
            by: compile(r" by (\S+)(?:[^-A-Za-z0-9;.]|$)")?,
            id: compile(r" id <?([^\s<>;]{3,})")?,
            date: compile(
                r"[\s;]+(?:(?:Mon|T(?:ue|hu)|Wed|Fri|S(?:at|un)), )?\d+ (?:J(?:an|u[nl])|Feb|Ma[ry]|A(?:pr|ug)|Sep|Oct|Nov|Dec) \d+ \d+:\d+(?::\d+)? \S+$",
            )?,
            envelope: compile(r"(?i)(?:return-path:? |envelope-(?:sender|from)[ =])(\S+)\b")?,
            upper: compile(
                r"^FROM (?<helo>\S+) \((?<rdns>\S+) \[(?<ip>IP)\]\) BY (?<by>\S+) (?:\([^)]+\) WITH SMTP )?ID <?(?<id>\S+?)>?(?: FOR <[^>]+>)?$",
            )?,
            navgw: compile(r"^\(from (?<helo>\S*) \[(?<ip>IP)\]\) by (?<by>\S+) \(NAVGW .*?\) with ")?,
            any_ip: compile(r"\[(IP)\]")?,
            no_hop: compile(r"(?i)^from (\S+) by [^\s;]+ ?;")?,
        })
    }

    /// Reads all Received fields, decoded and unfolded, the newest first.
    pub(super) fn read(&self, received: &[&[u8]], originating: &[String], settings: &Settings) -> Relays {
        let mut relays = Relays::default();
        let (mut in_trusted, mut in_internal, mut found_msa) = (true, true, false);
        let configured = settings.trusted.is_some() || settings.internal.is_some();
        let trusted = settings.trusted.as_ref().or(settings.internal.as_ref()).map_or(&[][..], Vec::as_slice);
        let internal = settings.internal.as_ref().or(settings.trusted.as_ref()).map_or(&[][..], Vec::as_slice);
        let fields = received.iter().take(MOST_FIELDS).map(|field| field.to_vec());
        let fields = fields.chain(originating.iter().map(|ip| format!("from X-Originating-IP: {ip}").into_bytes()));
        for field in fields {
            let mut relay = match self.line(&field) {
                Line::Hop(relay) => relay,
                nothing => {
                    if nothing == Line::Fetched && relays.untrusted.is_empty() {
                        // What fetched the mail from a mailbox starts the journey anew: what came after it is home.
                        let Relays { trusted_fields, internal_fields, unparseable, .. } = relays;
                        relays = Relays { trusted_fields, internal_fields, unparseable, ..Relays::default() };
                    }
                    relays.unparseable += u32::from(nothing == Line::Unreadable);
                    relays.trusted_fields += usize::from(in_trusted);
                    relays.internal_fields += usize::from(in_internal);
                    continue;
                }
            };
            if in_trusted && !found_msa {
                // What has no public address, or was logged in, can be believed where nobody says better. 127/8 always can.
                let ip: Option<IpAddr> = relay.ip.parse().ok();
                let within = |list: &[_]| ip.is_some_and(|ip| ip.is_loopback() || settings::contains(list, ip));
                if !configured {
                    in_trusted = relay.is_private || !relay.auth.is_empty();
                    in_internal &= in_trusted;
                } else if relay.auth.is_empty() && !within(trusted) {
                    in_trusted = false;
                    in_internal = false;
                } else {
                    in_internal &= !relay.auth.is_empty() || within(internal);
                    if ip.is_some_and(|ip| settings::contains(&settings.msa, ip)) {
                        found_msa = true;
                        relay.msa = true;
                    }
                }
            }
            relay.internal = in_internal;
            let text = relay.text();
            let (list, sum) = match in_trusted {
                true => (&mut relays.trusted, &mut relays.trusted_text),
                false => (&mut relays.untrusted, &mut relays.untrusted_text),
            };
            append(sum, &text);
            list.push(relay);
            append(if in_internal { &mut relays.internal_text } else { &mut relays.external_text }, &text);
            relays.trusted_fields += usize::from(in_trusted);
            relays.internal_fields += usize::from(in_internal);
        }
        relays
    }

    fn line(&self, field: &[u8]) -> Line {
        let mut text = String::new();
        for word in field
            .get(..LONGEST_FIELD.min(field.len()))
            .unwrap_or_default()
            .split(|byte| byte.is_ascii_whitespace() || *byte == 0x0B)
        {
            if !word.is_empty() {
                append(&mut text, &String::from_utf8_lossy(word));
            }
        }
        let mut text = text.trim_end_matches([' ', ';']).to_owned();
        let lower = text.get(..6).unwrap_or(&text).to_ascii_lowercase();
        if !lower.starts_with("from ") && !lower.starts_with("(from ") {
            return Line::NoHop;
        }
        if text.contains(" with local for ") || text.ends_with(" with local for") {
            return Line::NoHop;
        }
        let literal = |it: &[u8]| {
            it.starts_with(b"[")
                && it.ends_with(b"]")
                && it.iter().all(|byte| matches!(byte, b'[' | b']' | b'.' | b'0'..=b'9'))
        };
        if let Some(found) = self.no_hop.captures(text.as_bytes())
            && !found.get(1).is_some_and(|it| literal(it.as_bytes()))
        {
            return Line::NoHop;
        }
        if let Some(date) = self.date.find(text.as_bytes()) {
            text.truncate(date.start());
        }
        if text.contains(")by ") {
            text = text.replacen(")by ", ") by ", 1);
        }
        let bytes = text.as_bytes();
        let mut relay = Relay::default();
        let first = |regex: &Regex| {
            if !regex.is_match(bytes) {
                return None;
            }
            regex.captures(bytes).and_then(|it| Some(String::from_utf8_lossy(it.get(1)?.as_bytes()).into_owned()))
        };
        relay.id = first(&self.id).unwrap_or_default();
        relay.helo = first(&self.helo).or_else(|| first(&self.helo_word)).unwrap_or_default();
        relay.by = first(&self.by).unwrap_or_default();
        for (login, name) in &self.logins {
            if let Some(found) = login.captures(bytes) {
                let word = found.name("auth").map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
                relay.auth = word.unwrap_or_else(|| (*name).to_owned());
                break;
            }
        }
        if let Some(rest) = text.strip_prefix("from ") {
            relay.envelope_from = self
                .envelope
                .captures(rest.as_bytes())
                .and_then(|it| Some(String::from_utf8_lossy(it.get(1)?.as_bytes()).into_owned()));
            let rest = rest.as_bytes();
            for format in &self.formats {
                if format.guard.as_ref().is_some_and(|(negated, guard)| guard.is_match(rest) == *negated) {
                    continue;
                }
                let Some(found) = format.pattern.captures(rest) else { continue };
                match format.then {
                    Then::Skip => return Line::NoHop,
                    Then::Fetched => return Line::Fetched,
                    _ => {}
                }
                return Line::Hop(fill(relay, &found, format.then));
            }
            if relay.helo.is_empty() {
                let end = rest.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(0);
                relay.helo = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
            }
        } else if let Some(found) = self.upper.captures(bytes) {
            return Line::Hop(fill(relay, &found, Then::Upper));
        } else if let Some(found) = self.navgw.captures(bytes) {
            return Line::Hop(fill(relay, &found, Then::Hop));
        } else if text.starts_with("(from ") && text.contains("@localhost) by ") {
            return Line::NoHop;
        }
        relay.ip = first(&self.any_ip).unwrap_or_default();
        match relay.ip.is_empty() || relay.by.is_empty() {
            true => Line::Unreadable,
            false => Line::Hop(finish(relay, false)),
        }
    }
}

fn append(sum: &mut String, text: &str) {
    if !sum.is_empty() {
        sum.push(' ');
    }
    sum.push_str(text);
}

#[derive(Debug, PartialEq, Eq)]
enum Line {
    Hop(Relay),
    NoHop,
    /// Fetched from a mailbox.
    Fetched,
    Unreadable,
}

fn fill(mut relay: Relay, found: &Captures<'_>, then: Then) -> Relay {
    let group = |name: &str| found.name(name).map(|it| String::from_utf8_lossy(it.as_bytes()).into_owned());
    for (name, slot) in [
        ("helo", &mut relay.helo),
        ("rdns", &mut relay.rdns),
        ("ip", &mut relay.ip),
        ("by", &mut relay.by),
        ("ident", &mut relay.ident),
        ("id", &mut relay.id),
    ] {
        if let Some(value) = group(name) {
            *slot = value;
        }
    }
    if group("noid").is_some() {
        relay.id.clear();
    }
    if let Some(sub) = group("sub") {
        for word in sub.split_whitespace() {
            if let Some(helo) = word.strip_prefix("helo=").filter(|it| !it.is_empty()) {
                helo.clone_into(&mut relay.helo);
            } else if let Some(ident) = word.strip_prefix("ident=") {
                ident.clone_into(&mut relay.ident);
            }
        }
    }
    let mut looked = matches!(then, Then::Looked | Then::Named | Then::Upper);
    if then == Then::Named {
        relay.helo.clone_from(&relay.rdns);
    }
    if then == Then::Qmail {
        looked = relay.rdns != "unknown";
    }
    if relay.rdns == "unknown" || (then == Then::Upper && relay.rdns == "unverified") {
        relay.rdns.clear();
    }
    finish(relay, looked)
}

/// Tidies the parts up.
fn finish(mut relay: Relay, looked: bool) -> Relay {
    while relay.rdns.ends_with('.') {
        relay.rdns.pop();
    }
    if relay.rdns.eq_ignore_ascii_case("unknown") || relay.rdns.starts_with('[') {
        relay.rdns.clear();
    }
    let ip = relay.ip.trim_start_matches('[').trim_end_matches(']');
    let ip = ip.get(..5).filter(|it| it.eq_ignore_ascii_case("ipv6:")).map_or(ip, |_| ip.get(5..).unwrap_or_default());
    let ip = ip.split('%').next().unwrap_or_default();
    let mapped =
        ip.rsplit_once(':').filter(|(head, tail)| tail.contains('.') && head.to_ascii_lowercase().ends_with(":ffff"));
    relay.ip = mapped.map_or(ip, |(_, tail)| tail).to_owned();
    if let Some(by) = relay.by.strip_suffix(';') {
        relay.by = by.to_owned();
    }
    let bad = |it: char| it.is_ascii_whitespace() || "\0#[]()<>|".contains(it);
    for part in [&mut relay.ip, &mut relay.rdns, &mut relay.helo, &mut relay.by, &mut relay.ident] {
        if part.contains(bad) {
            *part = part.replace(bad, "!");
        }
    }
    if let Some(from) = &mut relay.envelope_from {
        *from = from.trim().trim_start_matches('<').trim_end_matches('>').replace(bad, "!");
    }
    relay.no_reverse_dns = looked && relay.rdns.is_empty();
    relay.is_private = is_private(&relay.ip);
    relay
}

/// Whether an address is not on the public internet.
pub(super) fn is_private(ip: &str) -> bool {
    match ip.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V4(ip)) => {
            let [a, b, _, _] = ip.octets();
            a == 10
                || a == 127
                || (a == 169 && b == 254)
                || (a == 172 && (16..32).contains(&b))
                || (a == 192 && b == 168)
                || (a == 100 && (64..128).contains(&b))
        }
        Ok(IpAddr::V6(ip)) => ip.is_loopback() || ip.segments().first().is_some_and(|first| first & 0xFFC0 == 0xFE80),
        Err(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[&str]) -> (String, String, u32) {
        let lines: Vec<&[u8]> = lines.iter().map(|line| line.as_bytes()).collect();
        let it = Reader::new().unwrap().read(&lines, &[], &Settings::default());
        (it.trusted_text, it.untrusted_text, it.unparseable)
    }

    #[test]
    fn every_format_compiles() {
        let it = Reader::new().unwrap();
        let formats = it.formats.iter().flat_map(|it| it.guard.iter().map(|(_, guard)| guard).chain([&it.pattern]));
        let all: Vec<&Lazy> = formats.chain(it.logins.iter().map(|(login, _)| login)).collect();
        assert!(all.len() > 60);
        all.iter().for_each(|it| assert!(it.regex().is_some(), "{}", it.text));
    }

    #[test]
    fn hops_are_read() {
        let (trusted, untrusted, odd) = texts(&[
            "from localhost (localhost [127.0.0.1]) by mx.example (Postfix) with ESMTP id ABC for <a@b.example>; Mon, 1 Jan 2024 10:00:00 +0000",
            "from h.example (r.example [192.0.2.7]) by mx.example (Postfix) with ESMTP id DEF; Mon, 1 Jan 2024 10:00:00 +0000",
            "nonsense",
            "from [weird",
        ]);
        assert_eq!(
            trusted,
            "[ ip=127.0.0.1 rdns=localhost helo=localhost by=mx.example ident= envfrom= intl=1 id=ABC auth= msa=0 ]"
        );
        assert_eq!(
            untrusted,
            "[ ip=192.0.2.7 rdns=r.example helo=h.example by=mx.example ident= envfrom= intl=0 id=DEF auth= msa=0 ]"
        );
        assert_eq!(odd, 1);
    }
}

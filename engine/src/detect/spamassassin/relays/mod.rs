//! The relays that a message came through, as SpamAssassin reads Received. Takes header fields and networks, gives relays and the
//! texts of `X-Spam-Relays-*`.

mod formats;
mod patterns;
#[cfg(test)]
mod tests;
mod words;

use std::borrow::Cow;
use std::net::IpAddr;

use self::formats::{FORMATS, LOGINS, Login, Then};
use self::patterns::{Lazy, Pieces};
use self::words::{between_two, by, helo, id, is_local, parted, words};
use super::settings::{self, Settings};

/// Received fields that are read.
const MOST_FIELDS: usize = 200;
/// Longest Received field that is read.
const LONGEST_FIELD: usize = 4_096;

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
    /// Written piece by piece: `format!` takes 2,600 instructions for it.
    fn text(&self) -> String {
        let flag = |it: bool| if it { "1" } else { "0" };
        let from = self.envelope_from.as_deref().unwrap_or_default();
        let parts = [
            ("[ ip=", self.ip.as_str()),
            (" rdns=", &self.rdns),
            (" helo=", &self.helo),
            (" by=", &self.by),
            (" ident=", &self.ident),
            (" envfrom=", from),
            (" intl=", flag(self.internal)),
            (" id=", &self.id),
            (" auth=", &self.auth),
            (" msa=", flag(self.msa)),
        ];
        let mut text =
            String::with_capacity(parts.iter().map(|(name, value)| name.len() + value.len()).sum::<usize>() + 2);
        for (name, value) in parts {
            text.push_str(name);
            text.push_str(value);
        }
        text.push_str(" ]");
        text
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
    /// The number of the guard, and whether it must not match.
    guard: Option<(bool, usize)>,
    pattern: Lazy,
    then: Then,
}

/// The formats, compiled.
pub(super) struct Reader {
    pieces: Pieces,
    formats: Vec<Compiled>,
    guards: Vec<Lazy>,
    logins: Vec<(Lazy, Login)>,
    date: Lazy,
    envelope: Lazy,
    upper: Lazy,
    navgw: Lazy,
    any_ip: Lazy,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Reader({} formats)", self.formats.len())
    }
}

impl Reader {
    /// Takes the formats; `None` never happens, which a test holds.
    pub(super) fn new() -> Option<Reader> {
        let mut pieces = Pieces::new();
        let mut guards: Vec<Lazy> = Vec::new();
        let mut formats = Vec::new();
        for it in FORMATS {
            let (negated, guard) = match it.guard.strip_prefix('!') {
                Some(guard) => (true, guard),
                None => (false, it.guard),
            };
            let guard = (!guard.is_empty()).then(|| {
                let known = guards.iter().position(|known| known.text == guard);
                (
                    negated,
                    known.unwrap_or_else(|| {
                        guards.push(Lazy::new(guard, &mut pieces));
                        guards.len() - 1
                    }),
                )
            });
            formats.push(Compiled { guard, pattern: Lazy::new(it.pattern, &mut pieces), then: it.then });
        }
        let logins = LOGINS.iter().map(|(text, name, of)| (Lazy::with_one_of(text, of, &mut pieces), *name)).collect();
        let mut new = |text| Lazy::new(text, &mut pieces);
        let mut reader = Reader {
            formats,
            guards,
            logins,
            date: new(
                r"[\s;]+(?:(?:Mon|T(?:ue|hu)|Wed|Fri|S(?:at|un)), )?\d+ (?:J(?:an|u[nl])|Feb|Ma[ry]|A(?:pr|ug)|Sep|Oct|Nov|Dec) \d+ \d+:\d+(?::\d+)? \S+$",
            ),
            envelope: new(r"(?i)(?:return-path:? |envelope-(?:sender|from)[ =])(\S+)\b"),
            upper: new(
                r"^FROM (?<helo>\S+) \((?<rdns>\S+) \[(?<ip>IP)\]\) BY (?<by>\S+) (?:\([^)]+\) WITH SMTP )?ID <?(?<id>\S+?)>?(?: FOR <[^>]+>)?$",
            ),
            navgw: new(r"^\(from (?<helo>\S*) \[(?<ip>IP)\]\) by (?<by>\S+) \(NAVGW .*?\) with "),
            any_ip: new(r"\[(IP)\]"),
            pieces: Pieces::new(),
        };
        pieces.finish()?;
        reader.pieces = pieces;
        Some(reader)
    }

    /// Reads all Received fields, decoded and unfolded, the newest first.
    pub(super) fn read(&self, received: &[&[u8]], originating: &[String], settings: &Settings) -> Relays {
        let mut relays = Relays::default();
        let (mut in_trusted, mut in_internal, mut found_msa) = (true, true, false);
        let configured = settings.trusted.is_some() || settings.internal.is_some();
        let trusted = settings.trusted.as_ref().or(settings.internal.as_ref()).map_or(&[][..], Vec::as_slice);
        let internal = settings.internal.as_ref().or(settings.trusted.as_ref()).map_or(&[][..], Vec::as_slice);
        let fields = received.iter().take(MOST_FIELDS).map(|field| Cow::Borrowed(*field));
        let origins = originating.iter().map(|ip| Cow::Owned(format!("from X-Originating-IP: {ip}").into_bytes()));
        let fields = fields.chain(origins);
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
        let mut text = words(field.get(..LONGEST_FIELD.min(field.len())).unwrap_or_default());
        text.truncate(text.trim_end_matches([' ', ';']).len());
        let starts = |word: &str| text.get(..word.len()).is_some_and(|head| head.eq_ignore_ascii_case(word));
        if !starts("from ") && !starts("(from ") {
            return Line::NoHop;
        }
        let mut seen = self.pieces.seen(text.as_bytes());
        if is_local(&text) {
            return Line::NoHop;
        }
        let literal = |it: &[u8]| {
            it.starts_with(b"[")
                && it.ends_with(b"]")
                && it.iter().all(|byte| matches!(byte, b'[' | b']' | b'.' | b'0'..=b'9'))
        };
        if between_two(&text).is_some_and(|name| !literal(name.as_bytes())) {
            return Line::NoHop;
        }
        if let Some(date) = self.date.regex().and_then(|date| date.find(text.as_bytes())) {
            text.truncate(date.start());
        }
        if let Some(parted) = parted(&text) {
            text = parted;
            seen = self.pieces.seen(text.as_bytes());
        }
        let bytes = text.as_bytes();
        let mut relay = Relay {
            id: id(&text).unwrap_or_default().to_owned(),
            helo: helo(&text).unwrap_or_default().to_owned(),
            by: by(&text).unwrap_or_default().to_owned(),
            ..Relay::default()
        };
        for (login, name) in &self.logins {
            let found = match name {
                Login::Group => {
                    let groups = login.captures(bytes, &seen);
                    groups.and_then(|it| it.named().find(|(name, _)| *name == "auth").map(|(_, word)| word))
                }
                _ => login.find(bytes, &seen).and_then(|found| logged_in(name, found)),
            };
            if let Some(found) = found {
                relay.auth = String::from_utf8_lossy(found).into_owned();
                break;
            }
        }
        if let Some(rest) = text.strip_prefix("from ") {
            let rest = rest.as_bytes();
            relay.envelope_from = self.envelope.first(rest, &seen);
            let mut guarded = (usize::MAX, false);
            for format in self.formats.iter().filter(|format| format.pattern.may_match(&seen)) {
                if let Some((negated, number)) = format.guard {
                    // Formats with one guard follow each other.
                    if guarded.0 != number {
                        guarded = (number, self.guards.get(number).is_some_and(|guard| guard.is_match(rest, &seen)));
                    }
                    if guarded.1 == negated {
                        continue;
                    }
                }
                if let Then::Skip | Then::Fetched = format.then {
                    // What its groups are nobody asks.
                    match format.pattern.is_match(rest, &seen) {
                        true if format.then == Then::Skip => return Line::NoHop,
                        true => return Line::Fetched,
                        false => continue,
                    }
                }
                let Some(found) = format.pattern.captures(rest, &seen) else { continue };
                return Line::Hop(fill(relay, found.named(), format.then));
            }
            if relay.helo.is_empty() {
                let end = rest.iter().position(|byte| byte.is_ascii_whitespace()).unwrap_or(0);
                relay.helo = String::from_utf8_lossy(rest.get(..end).unwrap_or_default()).into_owned();
            }
        } else if let Some(found) = self.upper.captures(bytes, &seen) {
            return Line::Hop(fill(relay, found.named(), Then::Upper));
        } else if let Some(found) = self.navgw.captures(bytes, &seen) {
            return Line::Hop(fill(relay, found.named(), Then::Hop));
        } else if text.starts_with("(from ") && text.contains("@localhost) by ") {
            return Line::NoHop;
        }
        relay.ip = self.any_ip.first(bytes, &seen).unwrap_or_default();
        match relay.ip.is_empty() || relay.by.is_empty() {
            true => Line::Unreadable,
            false => Line::Hop(finish(relay, false)),
        }
    }
}

/// As what a sender logged in, by the text that says so.
fn logged_in<'t>(login: &Login, found: &'t [u8]) -> Option<&'t [u8]> {
    let mut words = found.split(|byte| matches!(byte, b' ' | b';')).filter(|word| !word.is_empty());
    match login {
        Login::As(name) => Some(name.as_bytes()),
        Login::Second => words.nth(1),
        Login::Last => words.next_back(),
        Login::Group => None,
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

fn fill<'f>(mut relay: Relay, groups: impl Iterator<Item = (&'f str, &'f [u8])>, then: Then) -> Relay {
    let mut sub = None;
    for (name, value) in groups {
        let slot = match name {
            "helo" => &mut relay.helo,
            "rdns" => &mut relay.rdns,
            "ip" => &mut relay.ip,
            "by" => &mut relay.by,
            "ident" => &mut relay.ident,
            "id" => &mut relay.id,
            "noid" => {
                relay.id.clear();
                continue;
            }
            "sub" => sub.insert(String::new()),
            _ => continue,
        };
        *slot = String::from_utf8_lossy(value).into_owned();
    }
    if let Some(sub) = sub {
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

/// The bytes that no part has.
const BAD: [bool; 256] = bad();

#[expect(clippy::indexing_slicing, reason = "runs when compiled, over constants")]
const fn bad() -> [bool; 256] {
    let mut set = [false; 256];
    let mut code = 0;
    while code < 256 {
        set[code] = matches!(code as u8, 0 | 9..=13 | b' ' | b'#' | b'[' | b']' | b'(' | b')' | b'<' | b'>' | b'|');
        code += 1;
    }
    set
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
    let is_bad = |byte: u8| BAD.get(usize::from(byte)).copied().unwrap_or_default();
    for part in [&mut relay.ip, &mut relay.rdns, &mut relay.helo, &mut relay.by, &mut relay.ident] {
        if part.bytes().any(is_bad) {
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

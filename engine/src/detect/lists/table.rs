//! One file of a list, compiled for look-up. Takes its text, gives for a subject the entries that cover it, the narrowest
//! first, each with its line, its reason and its end.
//!
//! What it costs, beyond the text of entries: up to 16 bytes a name (`pages`), 37 a digest (`hashes`), 34 a network (`networks`);
//! 12 more, and the text once, for an entry with a reason or an end.

use std::collections::HashMap;
use std::net::IpAddr;

use fst::{Map, Streamer};

use super::hashes::Hashes;
use super::line::{self, Line, Wrong};
use super::names::{self, Addresses, BELOW, Domains, Entry, Hit, Urls, Value, reversed};
use super::networks::{self, Networks};
use super::pages::Pages;
use super::{ListKind, ListSource, url};
use crate::error::Problem;
use crate::facts::Link;
use crate::input::Network;

/// Addresses with wildcards that one domain may have: each is compared with each address of the domain.
const MOST_PATTERNS: usize = 256;
/// Of a reason, what is kept.
const REASON_BYTES: usize = 200;

/// A compiled file.
#[derive(Default)]
pub(super) struct Table {
    entries: Entries,
    extras: Extras,
    /// Entries that had ended when it was compiled.
    pub(super) ended: usize,
}

/// Its entries. A look-up of another kind than theirs finds nothing.
enum Entries {
    Domains(Domains),
    Addresses(Addresses),
    Urls(Urls),
    Networks(Networks),
    Hashes(Hashes),
}

impl Default for Entries {
    fn default() -> Entries {
        Entries::Hashes(Hashes::default())
    }
}

/// Reasons and ends, by line: what few entries have.
#[derive(Default)]
struct Extras {
    /// Line, where its reason stands in `text`, and when it ends (0: never).
    lines: Vec<(u32, u32, u32)>,
    /// Reasons, each but once, each with a line break behind it; the first is empty.
    text: String,
}

impl Extras {
    fn of(&self, value: Value) -> (&str, u32) {
        let found = self.lines.binary_search_by_key(&value.line(), |(line, ..)| *line);
        let Some((_, reason, until)) = found.ok().and_then(|at| self.lines.get(at)) else { return ("", 0) };
        (self.text.get(*reason as usize..).and_then(|rest| rest.split('\n').next()).unwrap_or_default(), *until)
    }
}

/// What is gathered from lines, before it is compiled.
#[derive(Default)]
struct Gathering {
    names: names::Gathered,
    /// Addresses with wildcards, URLs of the hosts below one.
    wide: names::Gathered,
    networks: networks::Gathered,
    hashes: Vec<([u8; 32], Value)>,
    extras: Extras,
    reasons: HashMap<String, u32>,
    ended: usize,
}

impl Gathering {
    fn add(&mut self, kind: ListKind, line: &Line<'_>, now: Option<i64>) -> Result<(), Wrong> {
        let value = Value::new(line.number, line.except);
        let ended = line.until != 0 && now.is_some_and(|now| i64::from(line.until) <= now);
        let mut reason = line.reason;
        let mut fits = true;
        match kind {
            ListKind::Domains => {
                let (name, below) = line::domain(line.entry)?;
                if !ended {
                    fits = self.names.push(&[&reversed(&name), if below { BELOW } else { "" }], value);
                }
            }
            ListKind::Addresses => {
                let address = line::address(line.entry)?;
                let (local, domain) = address.rsplit_once('@').unwrap_or_default();
                if !ended && local != "*" && local.contains('*') {
                    fits = self.wide.push(&[domain, "@", local], value);
                } else if !ended {
                    fits = self.names.push(&[domain, "@", if local == "*" { "" } else { local }], value);
                }
            }
            ListKind::Urls => {
                let (url, below) = line::url(line.entry)?;
                let host = url::host(&url);
                if !ended && below {
                    fits = self.wide.push(&[&reversed(host), url.get(host.len()..).unwrap_or_default()], value);
                } else if !ended {
                    fits = self.names.push(&[&url], value);
                }
            }
            ListKind::Networks => {
                let network = line::network(line.entry)?;
                if !ended {
                    self.networks.push(&network, value);
                }
            }
            ListKind::Hashes => {
                let (digest, name) = line::hash(line.entry)?;
                reason = if reason.is_empty() { name } else { reason };
                if !ended {
                    self.hashes.push((digest, value));
                }
            }
        }
        if ended {
            self.ended = self.ended.saturating_add(1);
        } else if !reason.is_empty() || line.until != 0 {
            let reason = self.reason(reason);
            self.extras.lines.push((line.number, reason, line.until));
        }
        let full =
            || ("there are too many entries in one file".into(), "split the file: a list may have several".into());
        if fits { Ok(()) } else { Err(full()) }
    }

    /// Where a reason stands; one that was there before stands there only once.
    fn reason(&mut self, reason: &str) -> u32 {
        let mut cut = REASON_BYTES.min(reason.len());
        while !reason.is_char_boundary(cut) {
            cut = cut.saturating_sub(1);
        }
        let reason = reason.get(..cut).unwrap_or_default();
        let text = &mut self.extras.text;
        if text.is_empty() {
            text.push('\n');
        }
        match (reason, self.reasons.get(reason), u32::try_from(text.len())) {
            ("", ..) | (_, None, Err(_)) => 0,
            (_, Some(at), _) => *at,
            (_, None, Ok(at)) => {
                text.push_str(reason);
                text.push('\n');
                // What stands once is not looked for again: only so many are remembered.
                if self.reasons.len() < 100_000 {
                    self.reasons.insert(reason.to_owned(), at);
                }
                at
            }
        }
    }
}

impl Table {
    /// Compiles a file. Entries that ended before `now` are left out; of equal entries that which lasts the longest
    /// counts, then the first; an exception counts before an entry. The others are noted.
    pub(super) fn compile(
        source: &ListSource,
        now: Option<i64>,
        problems: &mut Vec<Problem>,
        notes: &mut Vec<Problem>,
    ) -> Table {
        let mut all = Gathering::default();
        line::entries(&source.source, &source.text, problems, |line| all.add(source.kind, line, now));
        all.extras.lines.shrink_to_fit();
        all.extras.text.shrink_to_fit();
        let extras = all.extras;
        let lasts = |value: Value| match extras.of(value).1 {
            0 => u32::MAX,
            until => until,
        };
        let better = |first: Value, other: Value| match first.except() == other.except() {
            true => lasts(other) > lasts(first),
            false => other.except(),
        };
        // The line that does not count, and the one that does.
        let mut twice: Vec<(Value, Value)> = Vec::new();
        let mut told = |passed: Value, counts: Value| twice.push((passed, counts));
        let mut failed =
            |error: String| problems.push(Problem::file(&source.source, format!("cannot be compiled: {error}")));
        let entries = match source.kind {
            ListKind::Domains => {
                let pages = all.names.pages(better, &mut told);
                Entries::Domains(Domains(pages.map_err(failed).unwrap_or_default()))
            }
            ListKind::Addresses => {
                let (whole, patterns) = (all.names.pages(better, &mut told), all.wide.transducer(better, &mut told));
                let (whole, patterns) =
                    (whole.map_err(&mut failed).unwrap_or_default(), patterns.map_err(&mut failed).unwrap_or_default());
                if let Some(domain) = crowded(&patterns) {
                    let message = format!("{domain} has over {MOST_PATTERNS} addresses with wildcards");
                    let remedy = format!("write *@{domain}, or its addresses one by one");
                    problems.push(Problem::file(&source.source, message).remedy(remedy));
                }
                Entries::Addresses(Addresses { whole, patterns })
            }
            ListKind::Urls => {
                let (plain, below) = (all.names.pages(better, &mut told), all.wide.transducer(better, &mut told));
                let (plain, below) =
                    (plain.map_err(&mut failed).unwrap_or_default(), below.map_err(&mut failed).unwrap_or_default());
                Entries::Urls(Urls { plain, below })
            }
            ListKind::Networks => Entries::Networks(all.networks.compile(better, &mut told)),
            ListKind::Hashes => Entries::Hashes(Hashes::compile(all.hashes, better, &mut told)),
        };
        twice.sort_unstable();
        let mut told = line::Told::new(&source.source, &source.text, notes);
        for (passed, counts) in twice {
            let message = match passed.except() == counts.except() {
                true if counts.line() < passed.line() => format!("the entry stands in line {} already", counts.line()),
                true => format!("the entry stands in line {} again, and lasts longer there", counts.line()),
                false => format!("line {} makes an exception of the entry, and counts", counts.line()),
            };
            told.note(passed.line(), message, "take one of the two out");
        }
        told.end("entries stand twice");
        Table { entries, extras, ended: all.ended }
    }

    /// Why an entry is there, and when it ends (0: never).
    pub(super) fn told(&self, hit: &Hit) -> (&str, u32) {
        self.extras.of(hit.value)
    }

    /// Every entry that is `host`, or a domain above it.
    pub(super) fn domains(&self, host: &str) -> Vec<Hit> {
        match &self.entries {
            Entries::Domains(names) => names.covering(host),
            _ => Vec::new(),
        }
    }

    /// Every entry that covers `address`, in its normal form.
    pub(super) fn addresses(&self, address: &str) -> Vec<Hit> {
        match &self.entries {
            Entries::Addresses(names) => names.covering(address),
            _ => Vec::new(),
        }
    }

    /// Every entry that covers a URL in its normal form.
    pub(super) fn urls_of(&self, url: Option<&str>) -> Vec<Hit> {
        match (&self.entries, url) {
            (Entries::Urls(names), Some(url)) => names.covering(url),
            _ => Vec::new(),
        }
    }

    /// Every entry that covers a link.
    pub(super) fn link(&self, link: &Link) -> Vec<Hit> {
        let Entries::Urls(names) = &self.entries else { return Vec::new() };
        if link.host.is_empty() {
            return Vec::new();
        }
        let (without_port, with_port) = url::of_link(link);
        let mut hits = with_port.map(|url| names.of_this_port(&url)).unwrap_or_default();
        hits.extend(names.of_this_port(&without_port));
        hits
    }

    /// Every network that holds `ip`.
    pub(super) fn ip(&self, ip: IpAddr) -> Vec<Hit> {
        match &self.entries {
            Entries::Networks(networks) => networks.holding(ip),
            _ => Vec::new(),
        }
    }

    /// Every network that holds `network`.
    pub(super) fn networks(&self, network: &Network) -> Vec<Hit> {
        match &self.entries {
            Entries::Networks(networks) => networks.covering(network),
            _ => Vec::new(),
        }
    }

    /// The entry for a file.
    pub(super) fn digests(&self, digest: &[u8; 32]) -> Vec<Hit> {
        let Entries::Hashes(hashes) = &self.entries else { return Vec::new() };
        let hit = |value| Hit { value, entry: Entry::Digest(*digest), narrow: u16::MAX };
        hashes.get(digest).map(hit).into_iter().collect()
    }

    /// Hands each entry that stands in `other` too to `each`, with its line here and there.
    pub(super) fn in_both(&self, other: &Table, each: &mut dyn FnMut(&str, u32, u32)) {
        let mut each = |entry: &str, here: Value, there: Value| {
            if !here.except() && !there.except() {
                each(entry, here.line(), there.line());
            }
        };
        match (&self.entries, &other.entries) {
            (Entries::Domains(here), Entries::Domains(there)) => {
                names::common(&here.0, &there.0, &mut |key, here, there| match key.strip_suffix(BELOW) {
                    Some(key) => each(&format!("*.{}", reversed(key)), here, there),
                    None => each(&reversed(key), here, there),
                });
            }
            (Entries::Addresses(here), Entries::Addresses(there)) => {
                let mut each = |key: &str, here: Value, there: Value| {
                    let (domain, local) = key.split_once('@').unwrap_or_default();
                    each(&format!("{}@{domain}", if local.is_empty() { "*" } else { local }), here, there);
                };
                names::common(&here.whole, &there.whole, &mut each);
                names::common_wide(&here.patterns, &there.patterns, &mut each);
            }
            (Entries::Networks(here), Entries::Networks(there)) => here.common(there, &mut each),
            // Allow lists are of no other kind.
            _ => {}
        }
    }

    /// Entries that can be found, and bytes in memory.
    pub(super) fn size(&self) -> (usize, usize) {
        let map = |names: &Map<Vec<u8>>| (names.len(), names.as_fst().size());
        let both = |a: (usize, usize), b: (usize, usize)| (a.0.saturating_add(b.0), a.1.saturating_add(b.1));
        let pages = |names: &Pages| (names.len(), names.size());
        let (count, bytes) = match &self.entries {
            Entries::Domains(names) => pages(&names.0),
            Entries::Addresses(names) => both(pages(&names.whole), map(&names.patterns)),
            Entries::Urls(names) => both(pages(&names.plain), map(&names.below)),
            Entries::Networks(networks) => (networks.len(), networks.bytes()),
            Entries::Hashes(hashes) => (hashes.len(), hashes.bytes()),
        };
        let extras = self.extras.lines.len().saturating_mul(12).saturating_add(self.extras.text.len());
        (count, bytes.saturating_add(extras))
    }
}

/// A domain with too many patterns.
fn crowded(patterns: &Map<Vec<u8>>) -> Option<String> {
    let mut keys = patterns.keys();
    let mut domain: Vec<u8> = Vec::new();
    let mut count = 0usize;
    while let Some(key) = keys.next() {
        let here = key.split(|byte| *byte == b'@').next().unwrap_or_default();
        count = if here == domain { count.saturating_add(1) } else { 1 };
        if count > MOST_PATTERNS {
            return Some(String::from_utf8_lossy(here).into_owned());
        }
        domain.clear();
        domain.extend_from_slice(here);
    }
    None
}

impl std::fmt::Debug for Table {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (entries, bytes) = self.size();
        write!(f, "{entries} entries, {bytes} bytes")
    }
}

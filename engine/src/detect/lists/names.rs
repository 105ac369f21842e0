//! Names with their lines: domains, addresses and URLs. Takes entries, gives for a subject the entries that cover it,
//! the narrowest first; never keeps the text of an entry, since it can be read off the subject.
//!
//! Names are keys of tries (`pages`; finite-state transducers for the few that have wildcards inside), whose values are
//! lines; domains are reversed, label by label, so that a name's parents are its prefixes, and an address has its domain
//! first. `benches/records` has bytes an entry and times.

use std::fmt;
use std::net::IpAddr;

use fst::raw::{Node, Output};
use fst::{IntoStreamer, Map, Streamer};

use super::pages::{self, Pages};
use super::url;

/// A line, and whether it is an exception.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Value(pub(super) u32);

impl Value {
    /// `line` is below 2^31.
    pub(super) fn new(line: u32, except: bool) -> Value {
        Value(line << 1 | u32::from(except))
    }

    pub(super) fn line(self) -> u32 {
        self.0 >> 1
    }

    pub(super) fn except(self) -> bool {
        self.0 & 1 == 1
    }
}

/// An entry that covers a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Hit {
    pub(super) value: Value,
    /// In its normal form.
    pub(super) entry: Entry,
    /// How narrow it is among the entries that could cover the same subject.
    pub(super) narrow: u16,
}

/// An entry, to be written out where somebody wants to read it: that takes longer than to find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// A name, an address or a URL.
    Name(String),
    /// What is below a domain, and not the domain itself.
    Below(String),
    Network(IpAddr, u8),
    Digest([u8; 32]),
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Name(name) => f.write_str(name),
            Entry::Below(name) => write!(f, "*.{name}"),
            Entry::Network(first, prefix) => write!(f, "{first}/{prefix}"),
            Entry::Digest(digest) => digest.iter().try_for_each(|byte| write!(f, "{byte:02x}")),
        }
    }
}

/// Entries on their way into a transducer: their bytes in one piece, since ten million strings would take three times
/// the room of what is in them.
#[derive(Default)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    entries: Vec<(u32, u32, Value)>,
}

impl Gathered {
    /// Adds an entry; false where there is no more room (4 GiB).
    pub(super) fn push(&mut self, pieces: &[&str], value: Value) -> bool {
        let start = self.bytes.len();
        pieces.iter().for_each(|piece| self.bytes.extend_from_slice(piece.as_bytes()));
        let ends = (u32::try_from(start), u32::try_from(self.bytes.len()));
        let (Ok(start), Ok(end)) = ends else { return false };
        self.entries.push((start, end, value));
        true
    }

    /// Hands each name and the value that counts for it to `each`, in order. Of entries of one name `better(first, other)`
    /// says whether the other one counts; `twice` is handed the one that does not, and the one that does.
    fn in_order<E>(
        mut self,
        better: impl Fn(Value, Value) -> bool,
        mut twice: impl FnMut(Value, Value),
        mut each: impl FnMut(&[u8], Value) -> Result<(), E>,
    ) -> Result<(), E> {
        let bytes = std::mem::take(&mut self.bytes);
        let key = |&(start, end, _): &(u32, u32, Value)| bytes.get(start as usize..end as usize).unwrap_or_default();
        self.entries.sort_unstable_by(|a, b| key(a).cmp(key(b)).then(a.2.cmp(&b.2)));
        let mut entries = self.entries.iter().peekable();
        while let Some(first) = entries.next() {
            let mut counts = first.2;
            while let Some(other) = entries.next_if(|other| key(other) == key(first)) {
                let wins = better(counts, other.2);
                twice(if wins { counts } else { other.2 }, if wins { other.2 } else { counts });
                counts = if wins { other.2 } else { counts };
            }
            each(key(first), counts)?;
        }
        Ok(())
    }

    /// The pages.
    pub(super) fn pages(
        self,
        better: impl Fn(Value, Value) -> bool,
        twice: impl FnMut(Value, Value),
    ) -> Result<Pages, String> {
        let mut builder = pages::Builder::default();
        let full = || "there are too many entries in one file".to_owned();
        self.in_order(better, twice, |key, value| builder.push(key, value).then_some(()).ok_or_else(full))?;
        Ok(builder.finish())
    }

    /// The transducer.
    pub(super) fn transducer(
        self,
        better: impl Fn(Value, Value) -> bool,
        twice: impl FnMut(Value, Value),
    ) -> Result<Map<Vec<u8>>, String> {
        let made = || {
            let mut builder = fst::MapBuilder::memory();
            self.in_order(better, twice, |key, value| builder.insert(key, u64::from(value.0)))?;
            Map::new(builder.into_inner()?)
        };
        made().map_err(|error: fst::Error| error.to_string())
    }
}

/// Host and domain names.
#[derive(Default)]
pub(super) struct Domains(pub(super) Pages);

/// Behind a reversed domain: only names below it.
pub(super) const BELOW: &str = ".";

impl Domains {
    /// Every entry that is `host`, or a domain above it.
    pub(super) fn covering(&self, host: &str) -> Vec<Hit> {
        let mut found = Vec::new();
        let mut buffer = [0; 256];
        let key = backwards(host, &mut buffer);
        // A name ends before a dot; what is only for names below it ends with the dot.
        let dots = memchr::memchr_iter(b'.', key).flat_map(|at| [at, at.saturating_add(1)]);
        self.0.beginning(key, dots.chain([key.len()]), |length, value| {
            // What it begins with, the other way round, is what the host ends with.
            let Some((before, name)) = host.len().checked_sub(length).and_then(|at| host.split_at_checked(at)) else {
                return;
            };
            let entry = match name.strip_prefix('.') {
                Some(name) => Entry::Below(name.into()),
                None if before.is_empty() || before.ends_with('.') => Entry::Name(name.into()),
                None => return,
            };
            let labels = name.split('.').filter(|label| !label.is_empty()).count();
            found.push(Hit { value, entry, narrow: u16::try_from(labels).unwrap_or(u16::MAX - 3) });
        });
        found
    }
}

/// Mail addresses.
#[derive(Default)]
pub(super) struct Addresses {
    /// Whole ones, `domain@local`; and `domain@` for `*@domain`.
    pub(super) whole: Pages,
    /// Others with wildcards: `domain@pattern`.
    pub(super) patterns: Map<Vec<u8>>,
}

impl Addresses {
    /// Every entry that covers `address`, in its normal form. All are narrower than any domain.
    pub(super) fn covering(&self, address: &str) -> Vec<Hit> {
        let mut found = Vec::new();
        let Some((local, domain)) = address.rsplit_once('@') else { return found };
        let key = [domain, "@", local].concat();
        let start = key.len().saturating_sub(local.len());
        // `*@domain` may itself be asked for.
        let key = key.strip_suffix('*').filter(|_| local == "*").unwrap_or(&key);
        let ends = [start].into_iter().chain((start != key.len()).then_some(key.len()));
        self.whole.beginning(key.as_bytes(), ends, |length, value| {
            if length == start {
                let entry = Entry::Name(format!("*@{domain}"));
                found.push(Hit { value, entry, narrow: u16::MAX - 2 });
            } else if length == key.len() {
                found.push(Hit { value, entry: Entry::Name(address.into()), narrow: u16::MAX });
            }
        });
        if !self.patterns.is_empty()
            && let Some(start) = key.get(..start)
        {
            let at = found.iter().position(|hit| hit.narrow != u16::MAX).unwrap_or(found.len());
            let mut matching = Vec::new();
            let mut entries = self.patterns.range().ge(start).into_stream();
            while let Some((key, value)) = entries.next() {
                let Some(pattern) = key.strip_prefix(start.as_bytes()) else { break };
                if covers(pattern, local.as_bytes()) {
                    let entry = format!("{}@{domain}", String::from_utf8_lossy(pattern));
                    matching.push(Hit { value: of(value), entry: Entry::Name(entry), narrow: u16::MAX - 1 });
                }
            }
            found.splice(at..at, matching);
        }
        found
    }
}

/// Whether a text is what a pattern says, in which `*` stands for any bytes.
fn covers(pattern: &[u8], text: &[u8]) -> bool {
    let mut pieces = pattern.split(|byte| *byte == b'*');
    let Some(mut rest) = text.strip_prefix(pieces.next().unwrap_or_default()) else { return false };
    let mut last: Option<&[u8]> = None;
    for piece in pieces {
        if let Some(inner) = last.replace(piece).filter(|inner| !inner.is_empty()) {
            let Some(at) = memchr::memmem::find(rest, inner) else { return false };
            rest = rest.get(at.saturating_add(inner.len())..).unwrap_or_default();
        }
    }
    last.map_or(rest.is_empty(), |last| rest.ends_with(last))
}

/// URLs in their normal form.
#[derive(Default)]
pub(super) struct Urls {
    pub(super) plain: Pages,
    /// Those of the hosts below one: the host reversed, then the rest.
    pub(super) below: Map<Vec<u8>>,
}

/// A URL of a host is narrower than one of the hosts below another.
const OF_HOST: u16 = 1 << 15;

impl Urls {
    /// Every entry that covers a URL in its normal form. One with a port is covered by entries without, too.
    pub(super) fn covering(&self, url: &str) -> Vec<Hit> {
        let host = url::host(url);
        let authority = url.split('/').next().unwrap_or_default();
        let mut found = self.of_this_port(url);
        if authority != host {
            let path = url.get(authority.len()..).unwrap_or_default();
            found.extend(self.of_this_port(&format!("{host}{path}")));
        }
        found
    }

    /// The same, where the port has to be equal.
    pub(super) fn of_this_port(&self, url: &str) -> Vec<Hit> {
        let mut found = Vec::new();
        let narrow = |end: usize| u16::try_from(end).unwrap_or(u16::MAX).min(OF_HOST - 1);
        self.plain.beginning(url.as_bytes(), url::ends(url.as_bytes()), |end, value| {
            if let Some(entry) = url.get(..end) {
                found.push(Hit { value, entry: Entry::Name(entry.into()), narrow: narrow(end) | OF_HOST });
            }
        });
        if !self.below.is_empty() {
            let host = url::host(url);
            let rest = url.get(host.len()..).unwrap_or_default();
            let mut buffer = [0; 256];
            let key = backwards(host, &mut buffer);
            let fst = self.below.as_fst();
            let from = found.len();
            let mut add = |end: usize, value: Value, entry: String| {
                if url::ends_well(url.as_bytes(), end) {
                    found.push(Hit { value, entry: Entry::Name(entry), narrow: narrow(end) });
                }
            };
            walk(fst, fst.root(), Output::zero(), key, |end, node, value| {
                let split = host.len().checked_sub(end).and_then(|at| host.split_at_checked(at));
                let Some((before, name)) = split.filter(|(before, _)| before.ends_with('.')) else { return };
                // The rest of the URL is followed as long as an entry goes on: what entries there are bounds the work.
                walk(fst, *node, value, rest.as_bytes(), |length, node, value| {
                    if let Some(rest) = rest.get(..length).filter(|_| node.is_final()) {
                        let value = of(value.cat(node.final_output()).value());
                        add(
                            before.len().saturating_add(name.len()).saturating_add(length),
                            value,
                            format!("*.{name}{rest}"),
                        );
                    }
                });
            });
            if let Some(below) = found.get_mut(from..) {
                below.reverse();
            }
        }
        found
    }
}

/// A host name with its labels the other way round.
pub(super) fn reversed(host: &str) -> String {
    let mut out = String::with_capacity(host.len());
    for label in host.rsplit('.') {
        if !out.is_empty() {
            out.push('.');
        }
        out.push_str(label);
    }
    out
}

/// The bytes of that, in a buffer that is long enough for any name of the DNS: no host that is longer is on a list.
pub(super) fn backwards<'b>(host: &str, buffer: &'b mut [u8; 256]) -> &'b [u8] {
    let mut at = 0usize;
    for label in host.rsplit('.') {
        if at != 0
            && let Some(dot) = buffer.get_mut(at)
        {
            *dot = b'.';
            at = at.saturating_add(1);
        }
        let end = at.saturating_add(label.len());
        let Some(room) = buffer.get_mut(at..end) else { break };
        room.copy_from_slice(label.as_bytes());
        at = end;
    }
    buffer.get(..at).unwrap_or_default()
}

type Fst = fst::raw::Fst<Vec<u8>>;

/// Follows `text` as far as any key goes; hands each step's end, node and output so far to `each`.
fn walk<'f>(
    fst: &'f Fst,
    mut node: Node<'f>,
    mut value: Output,
    text: &[u8],
    mut each: impl FnMut(usize, &Node<'f>, Output),
) {
    for (at, byte) in text.iter().enumerate() {
        let Some(input) = node.find_input(*byte) else { return };
        let transition = node.transition(input);
        value = value.cat(transition.out);
        node = fst.node(transition.addr);
        each(at.saturating_add(1), &node, value);
    }
}

/// Hands each key of both to `each`, with its value here and there.
pub(super) fn common(here: &Pages, there: &Pages, each: &mut dyn FnMut(&str, Value, Value)) {
    here.each(|key, value| {
        if let (Some(other), Ok(key)) = (there.get(key), std::str::from_utf8(key)) {
            each(key, value, other);
        }
    });
}

/// The same for transducers.
pub(super) fn common_wide(here: &Map<Vec<u8>>, there: &Map<Vec<u8>>, each: &mut dyn FnMut(&str, Value, Value)) {
    let mut keys = here.stream();
    while let Some((key, value)) = keys.next() {
        if let (Some(other), Ok(key)) = (there.get(key), std::str::from_utf8(key)) {
            each(key, of(value), of(other));
        }
    }
}

/// Values go in as `u32`, so they come out as such.
fn of(value: u64) -> Value {
    Value(u32::try_from(value).unwrap_or(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_anything() {
        for (pattern, text, expected) in [
            ("*", "", true),
            ("news-*", "news-", true),
            ("news-*", "news", false),
            ("*-bounce", "a-b-bounce", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "axbxbxc", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("a*", "ba", false),
        ] {
            assert_eq!(covers(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}

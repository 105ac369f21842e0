//! Names with their lines: domains, addresses and URLs. Takes entries, gives for a subject the entries that cover it,
//! the narrowest first; never keeps the text of an entry, since it can be read off the subject.
//!
//! Names are keys of finite-state transducers (`fst`), whose values are lines; domains are reversed, label by label, so
//! that a name's parents are its prefixes. `benches/records` has bytes an entry and times.

use std::fmt;
use std::net::IpAddr;

use fst::raw::{Node, Output};
use fst::{IntoStreamer, Map, Streamer};

use super::url;

/// A line, and whether it is an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
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
    /// What is below a domain, which has its labels the other way round, as its own key does.
    Domain {
        /// The key.
        reversed: String,
        /// Not the domain itself.
        below: bool,
    },
    Network(IpAddr, u8),
    Digest([u8; 32]),
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::Name(name) => f.write_str(name),
            Entry::Domain { reversed: key, below } => {
                write!(f, "{}{}", if *below { "*." } else { "" }, reversed(key))
            }
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

    /// The transducer. Of entries of one name `better(first, other)` says whether the other one counts; `twice` is
    /// handed the one that does not, and the one that does.
    pub(super) fn compile(
        mut self,
        better: impl Fn(Value, Value) -> bool,
        mut twice: impl FnMut(Value, Value),
    ) -> Result<Map<Vec<u8>>, fst::Error> {
        let bytes = std::mem::take(&mut self.bytes);
        let key = |&(start, end, _): &(u32, u32, Value)| bytes.get(start as usize..end as usize).unwrap_or_default();
        self.entries.sort_unstable_by(|a, b| key(a).cmp(key(b)).then(a.2.cmp(&b.2)));
        let mut builder = fst::MapBuilder::memory();
        let mut entries = self.entries.iter().peekable();
        while let Some(first) = entries.next() {
            let mut counts = first.2;
            while let Some(other) = entries.next_if(|other| key(other) == key(first)) {
                let wins = better(counts, other.2);
                twice(if wins { counts } else { other.2 }, if wins { other.2 } else { counts });
                counts = if wins { other.2 } else { counts };
            }
            builder.insert(key(first), u64::from(counts.0))?;
        }
        let mut done = builder.into_inner()?;
        done.shrink_to_fit();
        Map::new(done)
    }
}

/// Host and domain names.
#[derive(Default)]
pub(super) struct Domains(pub(super) Map<Vec<u8>>);

/// Behind a reversed domain: only names below it.
pub(super) const BELOW: &str = ".*";

impl Domains {
    /// Every entry that is `host`, or a domain above it.
    pub(super) fn covering(&self, host: &str) -> Vec<Hit> {
        let key = reversed(host);
        let mut found = Vec::new();
        walk(self.0.as_fst(), &key, |end, node, value| {
            if !matches!(key.as_bytes().get(end), None | Some(b'.')) {
                return;
            }
            let mut add = |value: u64, below: bool| {
                let Some(name) = key.get(..end) else { return };
                let narrow = u16::try_from(name.split('.').count()).unwrap_or(u16::MAX - 3);
                found.push(Hit { value: of(value), entry: Entry::Domain { reversed: name.into(), below }, narrow });
            };
            if node.is_final() {
                add(value.cat(node.final_output()).value(), false);
            }
            if end < key.len()
                && let Some(value) = at(self.0.as_fst(), node, value, BELOW)
            {
                add(value, true);
            }
        });
        found.reverse();
        found
    }
}

/// Mail addresses.
#[derive(Default)]
pub(super) struct Addresses {
    /// Whole ones, and `*@domain`.
    pub(super) whole: Map<Vec<u8>>,
    /// Others with wildcards: `domain@pattern`.
    pub(super) patterns: Map<Vec<u8>>,
}

impl Addresses {
    /// Every entry that covers `address`, in its normal form. All are narrower than any domain.
    pub(super) fn covering(&self, address: &str) -> Vec<Hit> {
        let mut found = Vec::new();
        if let Some(value) = self.whole.get(address) {
            found.push(Hit { value: of(value), entry: Entry::Name(address.into()), narrow: u16::MAX });
        }
        let Some((local, domain)) = address.rsplit_once('@') else { return found };
        if !self.patterns.is_empty() {
            let start = format!("{domain}@");
            let mut entries = self.patterns.range().ge(&start).into_stream();
            while let Some((key, value)) = entries.next() {
                let Some(pattern) = key.strip_prefix(start.as_bytes()) else { break };
                if covers(pattern, local.as_bytes()) {
                    let entry = format!("{}@{domain}", String::from_utf8_lossy(pattern));
                    found.push(Hit { value: of(value), entry: Entry::Name(entry), narrow: u16::MAX - 1 });
                }
            }
        }
        let all = format!("*@{domain}");
        if all != address
            && let Some(value) = self.whole.get(&all)
        {
            found.push(Hit { value: of(value), entry: Entry::Name(all), narrow: u16::MAX - 2 });
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
    pub(super) plain: Map<Vec<u8>>,
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
        let mut add = |end: usize, node: &Node<'_>, value: Output, entry: &str, narrow: u16| {
            if node.is_final() && url::ends_well(url.as_bytes(), end) {
                let length = u16::try_from(end).unwrap_or(u16::MAX).min(OF_HOST - 1);
                let value = of(value.cat(node.final_output()).value());
                found.push(Hit { value, entry: Entry::Name(entry.into()), narrow: length | narrow });
            }
        };
        if !self.below.is_empty() {
            let host = url::host(url);
            let rest = url.get(host.len()..).unwrap_or_default();
            let key = reversed(host);
            let fst = self.below.as_fst();
            walk(fst, &key, |end, node, value| {
                if key.as_bytes().get(end) != Some(&b'.') {
                    return;
                }
                // The rest of the URL is followed as long as an entry goes on: what entries there are bounds the work.
                walk_from(fst, *node, value, rest, |length, node, value| {
                    let (Some(name), Some(rest)) = (key.get(..end), rest.get(..length)) else { return };
                    let whole = host.len().saturating_add(length);
                    add(whole, node, value, &format!("*.{}{rest}", reversed(name)), 0);
                });
            });
        }
        walk(self.plain.as_fst(), url, |end, node, value| {
            if let Some(entry) = url.get(..end) {
                add(end, node, value, entry, OF_HOST);
            }
        });
        found.reverse();
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

type Fst = fst::raw::Fst<Vec<u8>>;

/// Follows `text` as far as any key goes; hands each step's end, node and output so far to `each`.
fn walk<'f>(fst: &'f Fst, text: &str, each: impl FnMut(usize, &Node<'f>, Output)) {
    walk_from(fst, fst.root(), Output::zero(), text, each);
}

fn walk_from<'f>(
    fst: &'f Fst,
    mut node: Node<'f>,
    mut value: Output,
    text: &str,
    mut each: impl FnMut(usize, &Node<'f>, Output),
) {
    for (at, byte) in text.bytes().enumerate() {
        let Some(input) = node.find_input(byte) else { return };
        let transition = node.transition(input);
        value = value.cat(transition.out);
        node = fst.node(transition.addr);
        each(at.saturating_add(1), &node, value);
    }
}

/// The value of the key that goes on from a node by `text`.
fn at(fst: &Fst, node: &Node<'_>, value: Output, text: &str) -> Option<u64> {
    let mut found = None;
    let mut node = *node;
    let mut value = value;
    for byte in text.bytes() {
        let transition = node.transition(node.find_input(byte)?);
        value = value.cat(transition.out);
        node = fst.node(transition.addr);
        found = node.is_final().then(|| value.cat(node.final_output()).value());
    }
    found
}

/// Hands each key of both maps to `each`, with its value here and there; exceptions are no entries.
pub(super) fn common(here: &Map<Vec<u8>>, there: &Map<Vec<u8>>, each: &mut dyn FnMut(&str, Value, Value)) {
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

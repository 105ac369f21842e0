//! Patterns of Received that are tried only where what they spell out is in the field. A field is searched once for the pieces of all
//! patterns; of the sixty to a hundred formats one or two are left then. Takes patterns as `formats` writes them.

use std::sync::OnceLock;

use aho_corasick::{AhoCorasick, AhoCorasickKind};
use regex::bytes::{Captures, Regex, RegexBuilder};
use regex_syntax::hir::{Class, Hir, HirKind};

/// An IP address in a pattern; of IPv6 more than is one.
const IP: &str = r"(?:\b(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\b|(?i:IPv6:)?[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?)";
const LOCAL: &str = r"(?:localhost(?:\.localdomain)?|\b127\.0\.0\.1\b|(?i:IPv6:)?::1)";
/// Shortest piece that is worth a look.
const SHORTEST: usize = 2;
/// What is in nearly all fields: pieces of these tell nothing.
const COMMON: &[&[u8]] = &[b" by ", b" with ", b"smtp", b" ("];
/// Numbers in a set of pieces.
const WORDS: usize = 4;

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

/// Pieces by their numbers.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Seen([u64; WORDS]);

impl Seen {
    fn add(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    fn has_any(&self, of: &Seen) -> bool {
        self.0.iter().zip(of.0).any(|(one, other)| one & other != 0)
    }
}

/// What each match of a pattern has: of each set one piece at least.
type Needs = Vec<Vec<Vec<u8>>>;

/// All pieces, looked for at once, whatever their case.
pub(super) struct Pieces {
    texts: Vec<Vec<u8>>,
    search: Option<AhoCorasick>,
}

impl Pieces {
    pub(super) fn new() -> Pieces {
        Pieces { texts: Vec::new(), search: None }
    }

    /// Takes in what a pattern needs. What finds no room is not asked for.
    fn add(&mut self, needs: Needs) -> Vec<Seen> {
        let mut sets = Vec::new();
        let is_common = |piece: &Vec<u8>| COMMON.iter().any(|common| memchr::memmem::find(common, piece).is_some());
        for set in needs.into_iter().filter(|set| !set.iter().any(is_common)) {
            let mut seen = Seen::default();
            let mut fits = true;
            for piece in set {
                let known = self.texts.iter().position(|it| *it == piece);
                let number = known.unwrap_or(self.texts.len());
                fits &= number < WORDS * 64;
                if known.is_none() && fits {
                    self.texts.push(piece);
                }
                seen.add(number);
            }
            if fits {
                sets.push(seen);
            }
        }
        sets
    }

    /// To be called once all patterns are there.
    pub(super) fn finish(&mut self) -> Option<()> {
        // A table takes a third of the instructions that links of states take, and 100 KB.
        let mut builder = AhoCorasick::builder();
        builder.ascii_case_insensitive(true).kind(Some(AhoCorasickKind::DFA));
        self.search = Some(builder.build(&self.texts).ok()?);
        Some(())
    }

    pub(super) fn seen(&self, text: &[u8]) -> Seen {
        let mut seen = Seen::default();
        for found in self.search.iter().flat_map(|search| search.find_overlapping_iter(text)) {
            seen.add(found.pattern().as_usize());
        }
        seen
    }
}

/// A pattern that is compiled when it is first asked: some never are.
pub(super) struct Lazy {
    pub(super) text: &'static str,
    needs: Vec<Seen>,
    /// It means no more than its letters.
    is_plain: bool,
    regex: OnceLock<Option<Regex>>,
}

impl Lazy {
    pub(super) fn new(text: &'static str, pieces: &mut Pieces) -> Lazy {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ') && !text.contains("IP");
        Lazy { text, needs: pieces.add(needed(text)), is_plain, regex: OnceLock::new() }
    }

    /// Whether it may match a text with these pieces.
    pub(super) fn may_match(&self, seen: &Seen) -> bool {
        self.needs.iter().all(|set| seen.has_any(set))
    }

    pub(super) fn is_match(&self, text: &[u8], seen: &Seen) -> bool {
        if !self.may_match(seen) {
            return false;
        }
        if self.is_plain {
            return memchr::memmem::find(text, self.text.as_bytes()).is_some();
        }
        self.regex().is_some_and(|it| it.is_match(text))
    }

    pub(super) fn regex(&self) -> Option<&Regex> {
        let compile = || {
            let pattern = replace_words(self.text);
            RegexBuilder::new(&pattern).unicode(false).size_limit(8 << 20).build().ok()
        };
        self.regex.get_or_init(compile).as_ref()
    }

    /// The groups that have a name and a text.
    pub(super) fn named<'n, 't>(&'n self, found: &'n Captures<'t>) -> impl Iterator<Item = (&'n str, &'t [u8])> {
        let names = self.regex().into_iter().flat_map(Regex::capture_names);
        names.zip(found.iter()).filter_map(|(name, group)| Some((name?, group?.as_bytes())))
    }

    pub(super) fn captures<'t>(&self, text: &'t [u8], seen: &Seen) -> Option<Captures<'t>> {
        if !self.may_match(seen) {
            return None;
        }
        self.regex()?.captures(text)
    }

    /// The first group, as text.
    pub(super) fn first(&self, text: &[u8], seen: &Seen) -> Option<String> {
        let found = self.captures(text, seen)?;
        Some(String::from_utf8_lossy(found.get(1)?.as_bytes()).into_owned())
    }
}

fn needed(pattern: &str) -> Needs {
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
    let mut needs = Needs::new();
    if let Ok(hir) = parser.parse(&replace_words(pattern)) {
        let mut piece = Vec::new();
        collect(&hir, &mut piece, &mut needs);
        end(&mut piece, &mut needs);
    }
    needs
}

/// `piece` is what was spelled out up to here.
fn collect(hir: &Hir, piece: &mut Vec<u8>, needs: &mut Needs) {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => {}
        HirKind::Literal(literal) => piece.extend(literal.0.iter().map(u8::to_ascii_lowercase)),
        HirKind::Class(class) => match letter(class) {
            Some(byte) => piece.push(byte),
            None => end(piece, needs),
        },
        HirKind::Capture(capture) => collect(&capture.sub, piece, needs),
        HirKind::Concat(parts) => parts.iter().for_each(|part| collect(part, piece, needs)),
        HirKind::Repetition(repetition) => {
            end(piece, needs);
            if repetition.min > 0 {
                collect(&repetition.sub, piece, needs);
                end(piece, needs);
            }
        }
        HirKind::Alternation(branches) => {
            end(piece, needs);
            let mut either = Vec::new();
            for branch in branches {
                let mut of_branch = Needs::new();
                collect(branch, piece, &mut of_branch);
                end(piece, &mut of_branch);
                let shortest = |set: &Vec<Vec<u8>>| set.iter().map(Vec::len).min().unwrap_or(0);
                let Some(best) = of_branch.into_iter().max_by_key(shortest) else { return };
                either.extend(best);
            }
            needs.push(either);
        }
    }
}

fn end(piece: &mut Vec<u8>, needs: &mut Needs) {
    let piece = std::mem::take(piece);
    if piece.len() >= SHORTEST {
        needs.push(vec![piece]);
    }
}

/// The letter that a class is in both cases.
fn letter(class: &Class) -> Option<u8> {
    let Class::Bytes(class) = class else { return None };
    match class.ranges() {
        [upper, lower]
            if upper.start() == upper.end()
                && lower.start() == lower.end()
                && lower.start().is_ascii_lowercase()
                && lower.start().eq_ignore_ascii_case(&upper.start()) =>
        {
            Some(lower.start())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(pattern: &str) -> String {
        let sets = needed(pattern).into_iter();
        let texts = sets.map(|set| set.iter().map(|it| String::from_utf8_lossy(it).into_owned()).collect::<Vec<_>>());
        texts.map(|set| set.join("|")).collect::<Vec<_>>().join(" & ")
    }

    #[test]
    fn what_each_match_has() {
        for (pattern, expected) in [
            (r"^(?<helo>\S+) \((?<rdns>\S+) \[(?<ip>IP)\]\) by (?<by>\S+) ", " ( &  [ & ]) by "),
            (r"^\[IP\] \((?:HELO|EHLO) (?<helo>\S*)\) by ", "] ( & helo|ehlo & ) by "),
            (r"(?i) by .* with (?:ESMTPA|[A-Z]+)$", " by  &  with "),
            (r"ab(?:cde)?fgh(?:ijk)+", "ab & fgh & ijk"),
            (r"x|yyy", ""),
            ("Exim", "exim"),
        ] {
            assert_eq!(shown(pattern), expected, "{pattern}");
        }
    }
}

//! Patterns of Received that are tried only where what they spell out is in the field. A field is searched once for the pieces of all
//! patterns; of the sixty to a hundred formats one or two are left then. Takes patterns as `formats` writes them.

use std::sync::OnceLock;

use aho_corasick::automaton::Automaton;
use aho_corasick::dfa;
use regex_automata::dfa::onepass;
use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::NonMaxUsize;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input, PatternID};
use regex_syntax::hir::{Class, Hir, HirKind};

/// An IP address in a pattern; of IPv6 more than is one.
const IP: &str = r"(?:\b(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\.){3}(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)\b|(?i:IPv6:)?[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?:(?:\.\d{1,3}){3})?)";
/// What an address is made of.
const LOOSE_IP: &str = "[0-9A-Fa-fIiPpVv:.]+";
const LOCAL: &str = r"(?:localhost(?:\.localdomain)?|\b127\.0\.0\.1\b|(?i:IPv6:)?::1)";
/// Shortest piece that is worth a look.
const SHORTEST: usize = 2;
/// What is in nearly all fields: pieces of these tell nothing.
const COMMON: &[&[u8]] = &[b" by ", b" with ", b"smtp", b" ("];
/// Numbers in a set of pieces.
const WORDS: usize = 4;

/// `IP` and `LOCAL` as patterns; `IP:` within words such as `X-Originating-IP` stays.
fn replace_words(pattern: &str, ip: &str) -> String {
    pattern
        .replace("X-Originating-IP:", "X-Originating-\u{1}:")
        .replace("LOCAL", LOCAL)
        .replace("IPv6", "\u{2}")
        .replace("IP", ip)
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
    search: Option<dfa::DFA>,
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
        self.search = Some(dfa::DFA::builder().ascii_case_insensitive(true).build(&self.texts).ok()?);
        Some(())
    }

    pub(super) fn seen(&self, text: &[u8]) -> Seen {
        let mut seen = Seen::default();
        let anchored = aho_corasick::Anchored::No;
        let Some(search) = &self.search else { return seen };
        let Ok(mut state) = search.start_state(anchored) else { return seen };
        // State by state: the library's iterator takes twice as long for the many pieces that a field has.
        for byte in text {
            state = search.next_state(anchored, state, *byte);
            if search.is_special(state) && search.is_match(state) {
                (0..search.match_len(state)).for_each(|at| seen.add(search.match_pattern(state, at).as_usize()));
            }
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
    /// Each says where the groups of a match are, where there is but one way to have them.
    one_way: OnceLock<Vec<onepass::DFA>>,
}

/// What the groups of a match are.
pub(super) struct Groups<'p, 't> {
    regex: &'p Regex,
    text: &'t [u8],
    slots: Vec<Option<NonMaxUsize>>,
}

impl<'p, 't> Groups<'p, 't> {
    pub(super) fn get(&self, number: usize) -> Option<&'t [u8]> {
        let slot = |number: usize| self.slots.get(number).copied().flatten();
        self.text.get(slot(number * 2)?.get()..slot(number * 2 + 1)?.get())
    }

    /// The groups that have a name and a text.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'p str, &'t [u8])> {
        let names = self.regex.group_info().pattern_names(PatternID::ZERO).enumerate();
        names.filter_map(|(number, name)| Some((name?, self.get(number)?)))
    }
}

fn syntax_of() -> syntax::Config {
    syntax::Config::new().unicode(false).utf8(false)
}

impl Lazy {
    pub(super) fn new(text: &'static str, pieces: &mut Pieces) -> Lazy {
        Lazy::with_one_of(text, &[], pieces)
    }

    /// The same for a pattern of which somebody knows that each match has one of some pieces.
    pub(super) fn with_one_of(text: &'static str, of: &[&str], pieces: &mut Pieces) -> Lazy {
        let is_plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b' ') && !text.contains("IP");
        let mut needs = needed(text);
        if !of.is_empty() {
            needs.push(of.iter().map(|piece| piece.as_bytes().to_vec()).collect());
        }
        let needs = pieces.add(needs);
        Lazy { text, needs, is_plain, regex: OnceLock::new(), one_way: OnceLock::new() }
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
            let pattern = replace_words(self.text, IP);
            let config = meta::Config::new().utf8_empty(false).nfa_size_limit(Some(8 << 20));
            Regex::builder().configure(config).syntax(syntax_of()).build(&pattern).ok()
        };
        self.regex.get_or_init(compile).as_ref()
    }

    /// The same with anything for an address that could be one, where it begins with a text and there never are two ways to go on. The
    /// way of a match is one of its ways, and so the only one: groups cost a tenth so of what going back for them does.
    fn one_way(&self) -> &[onepass::DFA] {
        let compile = |pattern: String| {
            let pattern = replace_words(&pattern, LOOSE_IP);
            let config = thompson::Config::new().utf8(false);
            let nfa = thompson::Compiler::new().configure(config).syntax(syntax_of()).build(&pattern).ok()?;
            onepass::DFA::builder().build_from_nfa(nfa).ok()
        };
        self.one_way.get_or_init(|| match self.text.starts_with('^') {
            true => usual(self.text).into_iter().filter_map(compile).collect(),
            false => Vec::new(),
        })
    }

    pub(super) fn captures<'p, 't>(&'p self, text: &'t [u8], seen: &Seen) -> Option<Groups<'p, 't>> {
        if !self.may_match(seen) {
            return None;
        }
        let regex = self.regex()?;
        let mut slots = vec![None; regex.group_info().slot_len()];
        let all = self.one_way();
        let end = if all.is_empty() { 0 } else { regex.search_half(&Input::new(text))?.offset() };
        for one_way in all {
            let input = Input::new(text).range(..end).anchored(Anchored::Yes);
            let found = one_way.try_search_slots(&mut one_way.create_cache(), &input, &mut slots);
            if found.is_ok_and(|it| it.is_some()) && slots.get(1).copied().flatten().is_some_and(|it| it.get() == end) {
                return Some(Groups { regex, text, slots });
            }
        }
        regex.search_slots(&Input::new(text), &mut slots)?;
        Some(Groups { regex, text, slots })
    }

    /// The text that it matches.
    pub(super) fn find<'t>(&self, text: &'t [u8], seen: &Seen) -> Option<&'t [u8]> {
        let found = self.regex().filter(|_| self.may_match(seen))?.find(text)?;
        text.get(found.range())
    }

    /// The first group, as text.
    pub(super) fn first(&self, text: &[u8], seen: &Seen) -> Option<String> {
        let found = self.captures(text, seen)?;
        Some(String::from_utf8_lossy(found.get(1)?).into_owned())
    }
}

/// What Sendmail writes of a client, with its ident, as a pattern; and that without an ident, whose group then never is there, with one,
/// and with one that is marked so.
const WITH_IDENT: &str = r"\((?:IDENT:)?(?:(?<ident>[^@ ]*)@)?(?<rdns>\S+) \[(?<ip>IP)\].*\) by ";
const IDENTS: &[&str] = &[
    r"\((?:\x00(?<ident>)\z\x00)?(?<rdns>[^\s@:\x00]+) \[(?<ip>IP)\](?: \(may be forged\))?\) by ",
    r"\((?<ident>[^@: ]*)@(?<rdns>[^\s@]+) \[(?<ip>IP)\](?: \(may be forged\))?\) by ",
    r"\(IDENT:(?<ident>[^@ ]*)@(?<rdns>[^\s@]+) \[(?<ip>IP)\](?: \(may be forged\))?\) by ",
];

/// The same of what others write, without brackets as well.
const WITH_USER: &str = r"\((?:(?<ident>\S*)@)?\[?(?<ip>IP)\]?\).* by ";
const USERS: &[&str] =
    &[r"\((?:\x00(?<ident>)\z\x00)?\[?(?<ip>IP)\]?\) by ", r"\((?<ident>[^\s@]*)@\[?(?<ip>IP)\]?\) by "];

/// What stands between an address and `by`, as in most texts: nothing.
const SHORTER: &[(&str, &str)] = &[
    (r"\]\).*? by ", r"\]\) by "),
    (r"\](?<sub>.*?)\) by ", r"\](?<sub>)\) by "),
    (r"(?: \(envelope-sender <\S+>\))? by ", " by "),
];

/// A pattern as most texts fit it, where that leaves but one way to match: nothing between an address in brackets and what follows it,
/// and an ident or none. Where such a match ends where that of the pattern does it has the same groups: what stands before the address
/// has no other way to match that comes first, and `by` none to end there.
fn usual(pattern: &str) -> Vec<String> {
    let pattern = SHORTER.iter().fold(pattern.to_owned(), |pattern, (long, short)| pattern.replace(long, short));
    for (general, usual) in [(WITH_IDENT, IDENTS), (WITH_USER, USERS)] {
        if pattern.contains(general) {
            return usual.iter().map(|it| pattern.replace(general, it)).collect();
        }
    }
    vec![pattern]
}

fn needed(pattern: &str) -> Needs {
    let mut parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build();
    let mut needs = Needs::new();
    if let Ok(hir) = parser.parse(&replace_words(pattern, IP)) {
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

    /// All ways to have the groups of a match are one.
    #[test]
    fn groups_are_those_of_the_pattern() {
        let formats = super::super::formats::FORMATS;
        let mut pieces = Pieces::new();
        let all: Vec<Lazy> = formats.iter().map(|it| Lazy::new(it.pattern, &mut pieces)).collect();
        pieces.finish().unwrap();
        assert!(all.iter().filter(|it| !it.one_way().is_empty()).count() > 40);
        let parts = [
            "h.example",
            "[192.0.2.7]",
            "(192.0.2.7)",
            "(r.example [192.0.2.7])",
            "(r.example [192.0.2.7] (may be forged))",
            "(u@r.example [192.0.2.7])",
            "(IDENT:u@r.example [192.0.2.7])",
            "([::1])",
            "(HELO x)",
            "by mx.example",
            "with ESMTP",
            "(Postfix)",
            "with SMTP id 1",
            "(helo=x)",
            "(IPv6:2001:db8::1)",
            "unknown",
            "(a@192.0.2.7)",
            "(r.example[192.0.2.7])",
            "(envelope-sender <x@y>)",
            "via smap",
            "(EHLO x.y) (192.0.2.7)",
            "192.0.2.7",
        ];
        let mut state = 5u64;
        let mut seen_any = 0;
        for _ in 0..6_000 {
            let mut next = |most: usize| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                (state >> 33) as usize % most
            };
            let length = 3 + next(4);
            let mut text: Vec<&str> = (0..length).map(|_| parts[next(parts.len())]).collect();
            // As most fields have it.
            text[2] = if next(4) > 0 { "by mx.example" } else { text[2] };
            let text = text.join(" ") + " x";
            let seen = pieces.seen(text.as_bytes());
            for it in &all {
                let Some(groups) = it.captures(text.as_bytes(), &seen) else { continue };
                seen_any += 1;
                let mut slots = vec![None; groups.slots.len()];
                it.regex().unwrap().search_slots(&Input::new(&text), &mut slots);
                assert_eq!(groups.slots, slots, "{text}: {}", it.text);
            }
        }
        assert!(seen_any > 700, "{seen_any}");
    }

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

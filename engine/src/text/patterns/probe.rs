//! Whether a pattern may begin at a place of a text, for a few nanoseconds: an automaton of its coarse form, made whole, or where that
//! were too large, of its head, and behind that one whose states are made as texts lead to them. A literal tells where a match could
//! begin, and nearly always it does not: the first bytes say so.

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::meta::Regex;
use regex_automata::nfa::thompson;
use regex_automata::util::primitives::StateID;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

use super::coarse;
use super::compile::regex_of;

/// Largest automaton, in bytes: what is larger is seldom of use, and there are thousands.
const LARGEST: usize = 48 << 10;
/// Most memory while it is made.
const LARGEST_MAKING: usize = 512 << 10;

/// States of a head: what is made of more is too large more often.
const HEADS: [u64; 3] = [400, 150, 50];

/// What a search that finds nothing is taken to have read.
const LIKELY_READ: usize = 64;

/// The automaton.
#[derive(Debug)]
pub(crate) struct Probe {
    automaton: Automata,
    /// Whether it matches only what the pattern matches.
    is_exact: bool,
}

#[derive(Debug)]
enum Automata {
    Whole(Box<Table>),
    /// With its head.
    Lazy(Option<Box<Table>>, Regex),
}

/// What a probe says of a place: whether a match begins there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum May {
    Not,
    Perhaps,
    Surely,
}

impl Probe {
    /// Makes it of a relaxed pattern; `None` where it would be too large. `is_all` says that the pattern is no more than that.
    pub(crate) fn of(relaxed: &Hir, is_all: bool) -> Option<Probe> {
        let hir = coarse::of(relaxed);
        let (hir, automaton) = match table(&hir) {
            Some(whole) => (hir, Automata::Whole(whole)),
            None => {
                let hir = coarse::with_times(relaxed);
                let automaton = lazy(&hir)?;
                (hir, automaton)
            }
        };
        Some(Probe { automaton, is_exact: is_all && hir == *relaxed })
    }

    /// The same of a coarse form.
    pub(crate) fn of_coarse(hir: &Hir) -> Option<Probe> {
        let automaton = match table(hir) {
            Some(whole) => Automata::Whole(whole),
            None => lazy(hir)?,
        };
        Some(Probe { automaton, is_exact: false })
    }

    /// Whether a match may begin at a place; and how many bytes were read.
    pub(crate) fn at(&self, text: &[u8], at: usize) -> (May, usize) {
        let yes = if self.is_exact { May::Surely } else { May::Perhaps };
        let (head, regex) = match &self.automaton {
            Automata::Whole(table) => return table.at(text, at, yes),
            Automata::Lazy(head, regex) => (head, regex),
        };
        if let Some((May::Not, read)) = head.as_ref().map(|head| head.at(text, at, May::Perhaps)) {
            return (May::Not, read);
        }
        let input = Input::new(text).range(at.min(text.len())..text.len()).anchored(Anchored::Yes);
        let found = regex.search_half(&input.earliest(true));
        // How much it read is not told.
        let read = found.map_or(LIKELY_READ, |it| it.offset().saturating_sub(at).max(LIKELY_READ));
        (if found.is_some() { yes } else { May::Not }, read.min(text.len().saturating_sub(at)))
    }
}

/// An automaton as a table of what comes next, of half the size, and with nothing to ask but that: it is read a few bytes at a time, and
/// thousands of times a message.
#[derive(Debug)]
struct Table {
    /// For each byte its class: bytes of one class lead to the same states.
    classes: [u8; 256],
    /// By states, where the row of what comes next begins for each class, or what is told.
    next: Vec<u16>,
    /// Whether a match is told where the text ends, by states.
    ends: Vec<bool>,
    width: usize,
    /// Where to begin behind each byte, and where the text begins.
    starts: [u16; 256],
    start: u16,
}

impl Table {
    /// What is told: that there is no match, that there is one, that the automaton cannot say. What begins from here on are rows.
    const DEAD: u16 = 0;
    const MATCH: u16 = 1;
    const QUIT: u16 = 2;
    const FIRST: u16 = 3;

    /// `None` where it has more states than can be told apart.
    fn of(automaton: &dense::DFA<Vec<u32>>) -> Option<Table> {
        let classes = automaton.byte_classes();
        let mut by_class = Vec::new();
        let mut class_of = [0; 256];
        for (byte, slot) in (0..=255u8).zip(&mut class_of) {
            *slot = classes.get(byte);
            if usize::from(*slot) == by_class.len() {
                by_class.push(byte);
            }
        }
        let mut rows = Rows { automaton, width: by_class.len(), known: Vec::new(), states: Vec::new() };
        let start_behind = |before: Option<u8>| {
            let text = [before.unwrap_or_default()];
            let range = if before.is_some() { 1..1 } else { 0..0 };
            let text = if before.is_some() { &text[..] } else { &[] };
            automaton.start_state_forward(&Input::new(text).range(range).anchored(Anchored::Yes))
        };
        let mut start = |before: Option<u8>| match start_behind(before) {
            Ok(state) => rows.of(state),
            Err(_) => Some(Table::QUIT),
        };
        let (at_start, mut starts) = (start(None)?, [0; 256]);
        for (byte, slot) in (0..=255u8).zip(&mut starts) {
            *slot = start(Some(byte))?;
        }
        let (mut next, mut ends) = (vec![0; usize::from(Table::FIRST)], Vec::new());
        let mut done = 0usize;
        while let Some(state) = rows.states.get(done).copied() {
            for byte in &by_class {
                next.push(rows.of(automaton.next_state(state, *byte))?);
            }
            ends.push(automaton.is_match_state(automaton.next_eoi_state(state)));
            done += 1;
        }
        Some(Table { classes: class_of, next, ends, width: by_class.len(), starts, start: at_start })
    }

    /// What it says of a place, with `yes` where it matches; and how many bytes were read.
    #[inline]
    fn at(&self, text: &[u8], at: usize, yes: May) -> (May, usize) {
        let told = |state: u16| match state {
            Table::DEAD => May::Not,
            Table::MATCH => yes,
            _ => May::Perhaps,
        };
        let mut state = self.start(at.checked_sub(1).and_then(|before| text.get(before)).copied());
        if state < Table::FIRST {
            return (told(state), 0);
        }
        let rest = text.get(at..).unwrap_or_default();
        let (classes, next) = (&self.classes, self.next.as_slice());
        for (read, byte) in rest.iter().enumerate() {
            let class = classes.get(usize::from(*byte)).copied().unwrap_or_default();
            let Some(now) = next.get(usize::from(state) + usize::from(class)) else { return (May::Perhaps, read) };
            // A match is told one byte late.
            state = *now;
            if state < Table::FIRST {
                return (told(state), read);
            }
        }
        (if self.at_end(state) { yes } else { May::Not }, rest.len())
    }

    /// Where to begin behind a byte, or at the beginning of the text.
    #[inline]
    fn start(&self, before: Option<u8>) -> u16 {
        match before {
            Some(byte) => self.starts.get(usize::from(byte)).copied().unwrap_or(Table::QUIT),
            None => self.start,
        }
    }

    fn at_end(&self, state: u16) -> bool {
        let row = usize::from(state.saturating_sub(Table::FIRST)).checked_div(self.width);
        row.and_then(|row| self.ends.get(row)) == Some(&true)
    }
}

/// The states of an automaton as they are met, each with its row.
struct Rows<'a> {
    automaton: &'a dense::DFA<Vec<u32>>,
    width: usize,
    /// By numbers of states; 0 where it has none.
    known: Vec<u16>,
    states: Vec<StateID>,
}

impl Rows<'_> {
    fn of(&mut self, state: StateID) -> Option<u16> {
        if self.automaton.is_dead_state(state) {
            return Some(Table::DEAD);
        }
        if self.automaton.is_match_state(state) {
            return Some(Table::MATCH);
        }
        if self.automaton.is_quit_state(state) {
            return Some(Table::QUIT);
        }
        let number = state.as_usize() >> self.automaton.stride2();
        if number >= self.known.len() {
            self.known.resize(number + 1, 0);
        }
        let slot = self.known.get_mut(number)?;
        if *slot == 0 {
            let row = self.states.len().checked_mul(self.width)?.checked_add(usize::from(Table::FIRST))?;
            *slot = u16::try_from(row).ok()?;
            self.states.push(state);
        }
        Some(*slot)
    }
}

fn table(hir: &Hir) -> Option<Box<Table>> {
    Table::of(&whole(hir)?).map(Box::new)
}

fn lazy(hir: &Hir) -> Option<Automata> {
    let head = HEADS.into_iter().find_map(|states| table(&coarse::head(hir, states)));
    Some(Automata::Lazy(head, regex_of(hir, thompson::WhichCaptures::Implicit)?))
}

fn whole(hir: &Hir) -> Option<dense::DFA<Vec<u32>>> {
    let config =
        thompson::Config::new().which_captures(thompson::WhichCaptures::None).nfa_size_limit(Some(LARGEST_MAKING));
    let nfa = thompson::Compiler::new().configure(config).build_from_hir(hir).ok()?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(StartKind::Anchored)
        .accelerate(false)
        .dfa_size_limit(Some(LARGEST))
        .determinize_size_limit(Some(LARGEST_MAKING));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_a_search_says() {
        for (pattern, text) in [
            (r"\bviagra\b", "buy viagra, viagras and xviagra"),
            (r"a[^x]{0,3}b|ac\z", "aab axb abc acac"),
            (r"(?i)free (?:cash|money)", "FREE cash free monkey Free Money"),
            (r"a{2,40}c", "aaac ac aaaaaaab"),
            (r"x*", "xxa"),
        ] {
            let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap();
            let probe = Probe::of(&hir, true).unwrap();
            let exact = regex_automata::meta::Regex::builder().build_from_hir(&hir).unwrap();
            let mut found = [0, 0];
            for at in 0..=text.len() {
                let is_match = exact.is_match(Input::new(text).range(at..).anchored(Anchored::Yes));
                let (may, _) = probe.at(text.as_bytes(), at);
                assert!(if is_match { may != May::Not } else { may != May::Surely }, "{pattern} in {text:?} at {at}");
                found[usize::from(may != May::Not)] += 1;
            }
            assert!(found[1] > 0 && (found[0] > 0 || pattern == "x*"), "{pattern}: {found:?}");
        }
    }
}

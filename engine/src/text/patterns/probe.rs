//! Whether a pattern may begin at a place of a text, for a few nanoseconds: an automaton of its coarse form, made whole, or where that
//! were too large, made as texts lead to its states. A literal tells where a match could begin, and nearly always it does not: the
//! first bytes say so.

use regex_automata::dfa::{Automaton, StartKind, dense};
use regex_automata::meta::Regex;
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::Hir;

use super::coarse;
use super::compile::regex_of;

/// Largest automaton, in bytes: what is larger is seldom of use, and there are thousands.
const LARGEST: usize = 48 << 10;
/// Most memory while it is made.
const LARGEST_MAKING: usize = 512 << 10;

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
    Whole(Box<dense::DFA<Vec<u32>>>),
    Lazy(Regex),
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
        let is_exact = is_all && hir == *relaxed;
        Some(Probe { is_exact, ..Probe::of_coarse(&hir)? })
    }

    /// The same of a coarse form.
    pub(crate) fn of_coarse(hir: &Hir) -> Option<Probe> {
        let automaton = match whole(hir) {
            Some(whole) => Automata::Whole(Box::new(whole)),
            None => Automata::Lazy(regex_of(hir, thompson::WhichCaptures::Implicit)?),
        };
        Some(Probe { automaton, is_exact: false })
    }

    /// Whether a match may begin at a place; and how many bytes were read.
    pub(crate) fn at(&self, text: &[u8], at: usize) -> (May, usize) {
        let yes = if self.is_exact { May::Surely } else { May::Perhaps };
        let rest = text.get(at..).unwrap_or_default();
        let input = Input::new(text).range(at.min(text.len())..text.len()).anchored(Anchored::Yes);
        let automaton = match &self.automaton {
            Automata::Whole(automaton) => automaton,
            Automata::Lazy(regex) => {
                let found = regex.search_half(&input.earliest(true));
                // How much it read is not told.
                let read = found.map_or(LIKELY_READ, |it| it.offset().saturating_sub(at).max(LIKELY_READ));
                return (if found.is_some() { yes } else { May::Not }, read.min(rest.len()));
            }
        };
        let Ok(mut state) = automaton.start_state_forward(&input) else { return (May::Perhaps, 0) };
        for (read, byte) in rest.iter().enumerate() {
            // A match is told one byte late.
            state = automaton.next_state(state, *byte);
            if automaton.is_special_state(state) {
                if automaton.is_dead_state(state) {
                    return (May::Not, read);
                }
                if automaton.is_match_state(state) {
                    return (yes, read);
                }
                if automaton.is_quit_state(state) {
                    return (May::Perhaps, read);
                }
            }
        }
        let end = automaton.next_eoi_state(state);
        (if automaton.is_match_state(end) { yes } else { May::Not }, rest.len())
    }
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

//! Whether a pattern may begin at a place of a text, for a few nanoseconds: an automaton of its coarse form, made whole, or where that
//! were too large, as far as mail most likely leads, and behind that one whose states are made as texts lead to them. A literal tells where
//! a match could begin, and nearly always it does not: the first bytes say so.

use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use super::coarse;
use super::compile::regex_of;
use super::table::{May, Table};

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
    /// With what of it is a table. Where the pattern asks for something several times, that it is there once is asked first: most texts do
    /// not have that, and lead to far fewer states.
    Lazy {
        head: Option<Box<Table>>,
        once: Option<Box<Regex>>,
        regex: Box<Regex>,
    },
}

impl Probe {
    /// Makes it of a relaxed pattern; `None` where it would be too large. `is_all` says that the pattern is no more than that.
    pub(crate) fn of(relaxed: &Hir, is_all: bool) -> Option<Probe> {
        let hir = coarse::of(relaxed);
        Probe::of_forms(&hir, || coarse::with_times(relaxed), |form| is_all && form == relaxed)
    }

    /// The same of a coarse form.
    pub(crate) fn of_coarse(hir: &Hir) -> Option<Probe> {
        Probe::of_forms(hir, || hir.clone(), |_| false)
    }

    /// Of a coarse form, and one that is less so for where that is too large.
    fn of_forms(hir: &Hir, finer: impl FnOnce() -> Hir, is_exact: impl Fn(&Hir) -> bool) -> Option<Probe> {
        let head = match Table::of(hir) {
            Some((whole, true)) => {
                return Some(Probe { automaton: Automata::Whole(whole), is_exact: is_exact(hir) });
            }
            other => other.map(|(head, _)| head),
        };
        let finer = finer();
        let lazy = |hir: &Hir| regex_of(hir, WhichCaptures::Implicit).map(Box::new);
        let once = if finer == *hir { None } else { lazy(hir) };
        let automaton = Automata::Lazy { head, once, regex: lazy(&finer)? };
        Some(Probe { automaton, is_exact: is_exact(&finer) })
    }

    /// Whether a match may begin at a place; and how many bytes were read.
    pub(crate) fn at(&self, text: &[u8], at: usize) -> (May, usize) {
        let yes = if self.is_exact { May::Surely } else { May::Perhaps };
        let (head, once, regex) = match &self.automaton {
            Automata::Whole(table) => return table.at(text, at, yes),
            Automata::Lazy { head, once, regex } => (head, once, regex),
        };
        if let Some((May::Not, read)) = head.as_ref().map(|head| head.at(text, at, May::Perhaps)) {
            return (May::Not, read);
        }
        let input = Input::new(text).range(at.min(text.len())..text.len()).anchored(Anchored::Yes);
        let input = input.earliest(true);
        let is_once = once.as_ref().is_none_or(|once| once.search_half(&input).is_some());
        let found = if is_once { regex.search_half(&input) } else { None };
        // How much it read is not told.
        let read = found.map_or(LIKELY_READ, |it| it.offset().saturating_sub(at).max(LIKELY_READ));
        (if found.is_some() { yes } else { May::Not }, read.min(text.len().saturating_sub(at)))
    }
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

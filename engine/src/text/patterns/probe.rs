//! Whether a pattern may begin at a place of a text, for a few nanoseconds: an automaton of its coarse form, made whole, or where that
//! were too large, as far as mail most likely leads, and behind that one whose states are made as texts lead to them. A literal tells where
//! a match could begin, and nearly always it does not: the first bytes say so, or where a part of a pattern is looked for, those before it.

use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use super::coarse;
use super::compile::regex_of;
use super::gate::Gate;
use super::table::{Behind, MOST_BEFORE, May, Table};
use crate::text::sequences::Sequence;

/// What a search that finds nothing is taken to have read.
const LIKELY_READ: usize = 64;

/// The automaton.
#[derive(Debug)]
pub(crate) struct Probe {
    automaton: Automata,
    /// Where its table begins behind what is known to stand at a place.
    behind: Option<Box<Behind>>,
    /// What stands before the place, where the pattern is a part of another, read backwards.
    before: Option<Box<Table>>,
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
    /// Makes it of a relaxed pattern; `None` where it would be too large. `is_all` says that the pattern is no more than that. `known`
    /// stands at places of which it will be told that something is known.
    pub(crate) fn of(relaxed: &Hir, is_all: bool, known: &[u8]) -> Option<Probe> {
        let hir = coarse::of(relaxed);
        Probe::of_forms(&hir, || coarse::with_times(relaxed), |form| is_all && form == relaxed, known)
    }

    /// The same of a coarse form.
    pub(crate) fn of_coarse(hir: &Hir) -> Option<Probe> {
        Probe::of_forms(hir, || hir.clone(), |_| false, b"")
    }

    /// Of a coarse form, and one that is less so for where that is too large.
    fn of_forms(
        hir: &Hir,
        finer: impl FnOnce() -> Hir,
        is_exact: impl Fn(&Hir) -> bool,
        known: &[u8],
    ) -> Option<Probe> {
        let table = Table::of(hir);
        let behind = table.as_ref().and_then(|(table, _)| table.behind(known)).map(Box::new);
        let head = match table {
            Some((whole, true)) => {
                let automaton = Automata::Whole(whole);
                return Some(Probe { automaton, behind, before: None, is_exact: is_exact(hir) });
            }
            other => other.map(|(head, _)| head),
        };
        let finer = finer();
        let lazy = |hir: &Hir| regex_of(hir, WhichCaptures::Implicit).map(Box::new);
        let once = if finer == *hir { None } else { lazy(hir) };
        let automaton = Automata::Lazy { head, once, regex: lazy(&finer)? };
        Some(Probe { automaton, behind, before: None, is_exact: is_exact(&finer) })
    }

    /// With what must stand before the place.
    pub(crate) fn standing_behind(self, before: &Hir) -> Probe {
        // What may be nothing tells nothing.
        let tells = before.properties().minimum_len() != Some(0) || !before.properties().look_set().is_empty();
        let table = if tells { Table::backwards(&coarse::of(before)) } else { None };
        Probe { before: table, ..self }
    }

    /// What may stand around one of several texts that begins at places where it is asked.
    pub(crate) fn gate(&self, texts: &[Sequence]) -> Option<Gate> {
        let table = match &self.automaton {
            Automata::Whole(table) => Some(table),
            Automata::Lazy { head, .. } => head.as_ref(),
        };
        Gate::of(table?, self.before.as_deref(), texts)
    }

    /// Whether a match may begin at a place; and how many bytes were read. What it was told of stands there if `is_known`.
    pub(crate) fn at(&self, text: &[u8], at: usize, is_known: bool) -> (May, usize) {
        let (may, read) = self.once_at(text, at, is_known);
        let Automata::Lazy { regex, .. } = &self.automaton else { return (may, read) };
        if may == May::Not {
            return (may, read);
        }
        let found = regex.search_half(&following(text, at));
        let yes = if self.is_exact { May::Surely } else { May::Perhaps };
        // How much it read is not told.
        let read = found.map_or(LIKELY_READ, |it| it.offset().saturating_sub(at).max(LIKELY_READ));
        (if found.is_some() { yes } else { May::Not }, read.min(text.len().saturating_sub(at)))
    }

    /// Whether it asks first for once what must come several times.
    pub(crate) fn asks_once(&self) -> bool {
        matches!(&self.automaton, Automata::Lazy { once: Some(_), .. })
    }

    /// The same as `at`, of what must come several times for once.
    pub(crate) fn once_at(&self, text: &[u8], at: usize, is_known: bool) -> (May, usize) {
        let behind = self.behind.as_deref().filter(|_| is_known);
        let (table, once, yes) = match &self.automaton {
            Automata::Whole(table) => (Some(table), None, if self.is_exact { May::Surely } else { May::Perhaps }),
            Automata::Lazy { head, once, .. } => (head.as_ref(), once.as_ref(), May::Perhaps),
        };
        let (may, read) = table.map_or((May::Perhaps, 0), |table| table.at(text, at, yes, behind));
        if may == May::Not {
            return (may, read);
        }
        if self.before.as_ref().is_some_and(|before| !before.may_end_at(text, at)) {
            return (May::Not, read + MOST_BEFORE);
        }
        match once.is_none_or(|once| once.search_half(&following(text, at)).is_some()) {
            true => (may, read),
            false => (May::Not, LIKELY_READ.min(text.len().saturating_sub(at))),
        }
    }
}

/// From a place on, as soon as anything is told.
fn following(text: &[u8], at: usize) -> Input<'_> {
    Input::new(text).range(at.min(text.len())..text.len()).anchored(Anchored::Yes).earliest(true)
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
            let probe = Probe::of(&hir, true, b"").unwrap();
            let exact = regex_automata::meta::Regex::builder().build_from_hir(&hir).unwrap();
            let mut found = [0, 0];
            for at in 0..=text.len() {
                let is_match = exact.is_match(Input::new(text).range(at..).anchored(Anchored::Yes));
                let (may, _) = probe.at(text.as_bytes(), at, false);
                assert!(if is_match { may != May::Not } else { may != May::Surely }, "{pattern} in {text:?} at {at}");
                found[usize::from(may != May::Not)] += 1;
            }
            assert!(found[1] > 0 && (found[0] > 0 || pattern == "x*"), "{pattern}: {found:?}");
        }
    }

    #[test]
    fn what_is_known_need_not_be_read() {
        for (pattern, known, read) in [
            (r"(?i)\bviagra\s?[0-9]", "viagra", 6),
            (r"(?i)\bVia.ra", "via", 3),
            ("viagra x", "viagra", 0),
            ("1viagra", "1viagra", 1),
            (r"(?i)(?:viagra){2,3}x", "viagra", 6),
        ] {
            let hir = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap();
            let [probe, other] = [known, ""].map(|known| Probe::of(&hir, true, known.as_bytes()).unwrap());
            for text in ["Viagra 1", "xvIaGrA1", "viagra x", "1viagra", "ViagraviagraX", "viagra", "viaora", "VIA"] {
                for at in 0..text.len() {
                    let stands = text.get(at..at + known.len()).is_some_and(|it| it.eq_ignore_ascii_case(known));
                    let (said, bytes) = probe.at(text.as_bytes(), at, stands);
                    assert_eq!(said, other.at(text.as_bytes(), at, false).0, "{pattern} in {text} at {at}");
                    assert!(!stands || bytes >= read, "{pattern} in {text} at {at}: {bytes}");
                }
            }
        }
    }
}

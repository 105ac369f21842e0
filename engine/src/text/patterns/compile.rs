//! Trees of patterns -> automata whose states are made as texts lead to them.

use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::atomic::{AtomicBool, Ordering};

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Input, MatchErrorKind, MatchKind};
use regex_syntax::hir::Hir;

/// Largest compiled pattern, in bytes.
pub(crate) const COMPILED_BYTES: usize = 16 << 20;
/// Most memory of a pattern's states, which are made as texts lead to them. Four times what the library takes by itself; that it pays
/// was not shown: the largest patterns took as long with either.
const STATES_BYTES: usize = 8 << 20;

/// Literals are seen before one of these is asked: a search for them within it took two fifths of the time to make it, and saved none.
fn config(groups: WhichCaptures) -> meta::Config {
    meta::Config::new()
        .nfa_size_limit(Some(COMPILED_BYTES))
        .which_captures(groups)
        .dfa(false)
        .auto_prefilter(false)
        .utf8_empty(false)
        .hybrid_cache_capacity(STATES_BYTES)
}

/// One pattern.
pub(crate) fn regex_of(hir: &Hir, groups: WhichCaptures) -> Option<Regex> {
    Regex::builder().configure(config(groups)).build_from_hir(hir).ok()
}

type NewCache = Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// Several patterns as one that tells whether any of them may match. Those that lead to more states than are kept would be slower
/// together than one by one, four times with 300 of letters in all lengths: where that shows, nothing is told any more.
pub(crate) struct Together {
    automaton: DFA,
    caches: Pool<Cache, NewCache>,
    gave_up: AtomicBool,
}

impl std::fmt::Debug for Together {
    fn fmt(&self, to: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        to.debug_struct("Together").field("gave_up", &self.gave_up).finish_non_exhaustive()
    }
}

impl Together {
    /// `None` where they are too large.
    pub(crate) fn of(hirs: &[Hir]) -> Option<Together> {
        Together::with(hirs, STATES_BYTES)
    }

    fn with(hirs: &[Hir], states_bytes: usize) -> Option<Together> {
        let config = thompson::Config::new().utf8(false).which_captures(WhichCaptures::None);
        let config = config.nfa_size_limit(Some(COMPILED_BYTES));
        let nfa = thompson::Compiler::new().configure(config).build_many_from_hir(hirs).ok()?;
        let config = DFA::config()
            .match_kind(MatchKind::All)
            .unicode_word_boundary(true)
            .cache_capacity(states_bytes)
            .minimum_cache_clear_count(Some(0));
        let automaton = DFA::builder().configure(config).build_from_nfa(nfa).ok()?;
        let new = automaton.clone();
        let caches = Pool::new(Box::new(move || new.create_cache()) as NewCache);
        Some(Together { automaton, caches, gave_up: AtomicBool::new(false) })
    }

    /// Whether any of them may match in a text.
    pub(crate) fn may_match(&self, text: &[u8]) -> bool {
        if self.gave_up.load(Ordering::Relaxed) {
            return true;
        }
        let mut cache = self.caches.get();
        match self.automaton.try_search_fwd(&mut cache, &Input::new(text).earliest(true)) {
            Ok(found) => found.is_some(),
            Err(error) => {
                if matches!(error.kind(), MatchErrorKind::GaveUp { .. }) {
                    self.gave_up.store(true, Ordering::Relaxed);
                    *cache = self.automaton.create_cache();
                }
                true
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_too_many_states_tells_nothing() {
        let of = |pattern: &str| {
            regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap()
        };
        let hirs = [of(r"[a-z]{3,9} [a-z]{4,8}[0-9]"), of("[a-m]{2,7} [a-z]{5} [x-z]")];
        let text = b"words of many letters, each of another length: a bb ccc dddd eeeee ffffff";
        let roomy = Together::of(&hirs).unwrap();
        assert!(!roomy.may_match(text) && !roomy.may_match(b"some words 1"));
        assert!(roomy.may_match(b"some words1") && roomy.may_match(b"ab abcde x"));
        assert!(!roomy.gave_up.load(Ordering::Relaxed));
        // Without a digit nothing matches, and words of all lengths lead to thousands of states.
        let long = [of("[a-z]{3,40} [a-z]{4,40}[0-9]")];
        let letter = |seed: &mut u32| {
            *seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345);
            Some(b"abcdefghijk "[(*seed >> 16) as usize % 12])
        };
        let many: Vec<u8> = std::iter::repeat_n((), 20_000).scan(1, |seed, ()| letter(seed)).collect();
        assert!(!Together::of(&long).unwrap().may_match(&many));
        let narrow = (10..30).find_map(|bits| Together::with(&long, 1 << bits)).unwrap();
        assert!(narrow.may_match(&many) && narrow.gave_up.load(Ordering::Relaxed), "it may be");
        assert!(narrow.may_match(b""), "and from then on always");
    }
}

//! Trees of patterns -> automata whose states are made as texts lead to them.

use regex_automata::MatchKind;
use regex_automata::meta::{self, Regex};
use regex_automata::nfa::thompson::WhichCaptures;
use regex_syntax::hir::Hir;

/// Largest compiled pattern, in bytes.
pub(crate) const COMPILED_BYTES: usize = 16 << 20;
/// Most memory of a pattern's states, which are made as texts lead to them. Four times what the library takes by itself; that it pays
/// was not shown: the largest patterns took as long with either.
const STATES_BYTES: usize = 8 << 20;

fn config(groups: WhichCaptures) -> meta::Config {
    meta::Config::new()
        .nfa_size_limit(Some(COMPILED_BYTES))
        .which_captures(groups)
        .dfa(false)
        .utf8_empty(false)
        .hybrid_cache_capacity(STATES_BYTES)
}

/// One pattern.
pub(crate) fn regex_of(hir: &Hir, groups: WhichCaptures) -> Option<Regex> {
    Regex::builder().configure(config(groups)).build_from_hir(hir).ok()
}

/// Several patterns as one that tells which of them match somewhere.
pub(crate) fn together(hirs: &[Hir]) -> Option<Regex> {
    let config = config(WhichCaptures::None).match_kind(MatchKind::All);
    Regex::builder().configure(config).build_many_from_hir(hirs).ok()
}

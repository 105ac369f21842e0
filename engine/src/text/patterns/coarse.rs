//! A smaller pattern that matches wherever a large one does. `a{0,2048}` is two thousand states, of which `a*` is one: what this says
//! no to, which is nearly every text, the pattern itself need not look at, nor be compiled for.

use regex_syntax::hir::{Hir, HirKind, Repetition};

/// A repetition of more states than this is made one without limits.
const LARGE_REPETITION: u64 = 24;
/// A pattern of fewer states is as fast as its coarse form.
const LARGE: u64 = 200;

/// About how many states a pattern comes to.
pub(crate) fn size(hir: &Hir) -> u64 {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) => 1,
        HirKind::Literal(text) => text.0.len() as u64,
        HirKind::Capture(capture) => size(&capture.sub),
        HirKind::Repetition(it) => copies(it).saturating_mul(size(&it.sub)),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().fold(0, |sum: u64, part| sum.saturating_add(size(part)))
        }
    }
}

fn copies(it: &Repetition) -> u64 {
    u64::from(it.max.unwrap_or(it.min).max(1))
}

/// Whether the coarse form of a pattern pays.
pub(crate) fn pays(hir: &Hir) -> bool {
    let all = size(hir);
    all > LARGE && size(&of(hir)) < all / 2
}

/// The coarse form.
pub(crate) fn of(hir: &Hir) -> Hir {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) | HirKind::Class(_) | HirKind::Literal(_) => hir.clone(),
        HirKind::Capture(capture) => of(&capture.sub),
        HirKind::Repetition(it) => {
            let large = copies(it).saturating_mul(size(&it.sub)) > LARGE_REPETITION && copies(it) > 1;
            let (min, max) = if large { (it.min.min(1), None) } else { (it.min, it.max) };
            Hir::repetition(Repetition { min, max, greedy: it.greedy, sub: Box::new(of(&it.sub)) })
        }
        HirKind::Concat(parts) => Hir::concat(parts.iter().map(of).collect()),
        HirKind::Alternation(parts) => Hir::alternation(parts.iter().map(of).collect()),
    }
}

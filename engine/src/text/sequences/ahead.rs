//! How much of a match stands before a part of it, and what follows from that part on. Takes trees of patterns, gives counts of bytes and
//! trees.

use regex_syntax::hir::{Hir, Repetition};

/// How many bytes of a match stand before what it must contain, at least and at most; `None` where there is no most.
pub(crate) type Ahead = Option<(usize, usize)>;

/// A pattern from a part of it on, so that what must be there can be followed up: parts, one behind the other. And what stands before that.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    parts: Vec<Hir>,
    before: Vec<Hir>,
}

impl Tail {
    pub(crate) fn new(parts: &[Hir], with_tails: bool) -> Tail {
        Tail { parts: if with_tails { parts.to_vec() } else { Vec::new() }, before: Vec::new() }
    }

    /// With what stands before it.
    pub(crate) fn behind(mut self, parts: &[Hir], with_tails: bool) -> Tail {
        if with_tails {
            self.before.splice(0..0, parts.iter().cloned());
        }
        self
    }

    /// With the other times of a repetition, where it is a part of what is repeated: of the first time.
    pub(crate) fn and_again(self, it: &Repetition, with_tails: bool) -> Tail {
        if with_tails { self.and(&[but_for(it, 1)], true) } else { self }
    }

    /// The same behind the other times, where it is so many of the last.
    pub(crate) fn of_last(self, times: u32, it: &Repetition, with_tails: bool) -> Tail {
        if with_tails { self.behind(&[but_for(it, times)], true) } else { self }
    }

    /// With what stands behind it.
    pub(crate) fn and(mut self, parts: &[Hir], with_tails: bool) -> Tail {
        if with_tails {
            self.parts.extend_from_slice(parts);
        }
        self
    }

    /// The one or the other.
    pub(crate) fn or(self, other: Tail) -> Tail {
        let either = |one: Vec<Hir>, other: Vec<Hir>| match one.is_empty() && other.is_empty() {
            true => Vec::new(),
            false => vec![Hir::alternation(vec![Hir::concat(one), Hir::concat(other)])],
        };
        Tail { parts: either(self.parts, other.parts), before: either(self.before, other.before) }
    }

    /// It, and what stands before it.
    pub(crate) fn hirs(self) -> (Hir, Hir) {
        (Hir::concat(self.parts), Hir::concat(self.before))
    }
}

/// A repetition without so many times.
fn but_for(it: &Repetition, times: u32) -> Hir {
    let (min, max) = (it.min.saturating_sub(times), it.max.map(|max| max.saturating_sub(times)));
    Hir::repetition(Repetition { min, max, ..it.clone() })
}

/// Where a match begins.
pub(crate) const AT_ONCE: Ahead = Some((0, 0));

/// One behind the other.
pub(crate) fn sum(one: Ahead, other: Ahead) -> Ahead {
    let ((least, most), (more_least, more_most)) = (one?, other?);
    Some((least.checked_add(more_least)?, most.checked_add(more_most)?))
}

/// The one or the other.
pub(crate) fn either(one: Ahead, other: Ahead) -> Ahead {
    let ((least, most), (other_least, other_most)) = (one?, other?);
    Some((least.min(other_least), most.max(other_most)))
}

/// How long a match can be.
pub(crate) fn lengths(hir: &Hir) -> Ahead {
    Some((hir.properties().minimum_len()?, hir.properties().maximum_len()?))
}

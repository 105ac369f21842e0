//! How much of a match stands before a part of it, and what follows from that part on. Takes trees of patterns, gives counts of bytes and
//! trees.

use regex_syntax::hir::{Hir, Repetition};

/// How many bytes of a match stand before what it must contain, at least and at most; `None` where there is no most.
pub(crate) type Ahead = Option<(usize, usize)>;

/// A pattern from a part of it on, so that what must be there can be followed up: parts, one behind the other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Tail {
    parts: Vec<Hir>,
}

impl Tail {
    pub(crate) fn new(parts: &[Hir], with_tails: bool) -> Tail {
        Tail { parts: if with_tails { parts.to_vec() } else { Vec::new() } }
    }

    /// With the other times of a repetition, where it is a part of what is repeated: of the first time.
    pub(crate) fn and_again(self, it: &Repetition, with_tails: bool) -> Tail {
        let (min, max) = (it.min.saturating_sub(1), it.max.map(|max| max.saturating_sub(1)));
        self.and(&[Hir::repetition(Repetition { min, max, ..it.clone() })], with_tails)
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
        let parts = match self.parts.is_empty() && other.parts.is_empty() {
            true => Vec::new(),
            false => vec![Hir::alternation(vec![Hir::concat(self.parts), Hir::concat(other.parts)])],
        };
        Tail { parts }
    }

    pub(crate) fn hir(self) -> Hir {
        Hir::concat(self.parts)
    }
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

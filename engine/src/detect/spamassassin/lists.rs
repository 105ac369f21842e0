//! What hangs on what: for each rule, or what else is known by a number, a list, in one piece with those of all others.

/// A meta that asks for a rule.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct User {
    /// Its own.
    pub(super) rule: u32,
    /// Whether it holds where the rule does not hit, and where it does, if that is known by this alone.
    pub(super) missed: Option<bool>,
    pub(super) hit: Option<bool>,
}

/// A meta that is worth a look where a rule may hit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Wake {
    /// By its number.
    pub(super) meta: u32,
    /// Its own.
    pub(super) rule: u32,
    /// A rule that is no meta, and without which it does not hold either.
    pub(super) guard: Option<u32>,
}

/// Where a list stands among all.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Piece {
    start: u32,
    end: u32,
}

/// For each rule a list.
#[derive(Debug, Default)]
pub(super) struct Lists<T> {
    /// Where each begins, and behind them where the last ends.
    starts: Vec<u32>,
    all: Vec<T>,
}

impl<T: Copy + Ord> Lists<T> {
    pub(super) fn of(mut pairs: Vec<(u32, T)>, rules: usize) -> Lists<T> {
        pairs.sort_unstable();
        let starts = (0..=rules).map(|rule| pairs.partition_point(|(its, _)| (*its as usize) < rule));
        let starts = starts.map(|start| u32::try_from(start).unwrap_or(u32::MAX)).collect();
        Lists { starts, all: pairs.into_iter().map(|(_, it)| it).collect() }
    }

    #[inline]
    pub(super) fn get(&self, rule: u32) -> &[T] {
        self.piece(self.piece_of(rule))
    }

    /// Where the list of a rule stands, for who keeps that by what else is told of the rule.
    pub(super) fn piece_of(&self, rule: u32) -> Piece {
        let rule = rule as usize;
        match self.starts.get(rule..rule.saturating_add(2)) {
            Some(&[start, end]) => Piece { start, end },
            _ => Piece::default(),
        }
    }

    #[inline]
    pub(super) fn piece(&self, of: Piece) -> &[T] {
        self.all.get(of.start as usize..of.end as usize).unwrap_or_default()
    }
}

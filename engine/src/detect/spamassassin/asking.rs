//! Which of several rules is worth trying next: what costs least for how likely it is to decide whether the whole holds.

use super::span::Span;

/// About what it costs to know whether a rule hits, and how likely it does: numbers to order rules by.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Weight {
    pub(super) cost: f32,
    pub(super) chance: f32,
    /// Whether what is to be tried next has to be tried whatever else hits.
    pub(super) sure: bool,
}

/// What to ask for next, and what all that is still to be known comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Ask {
    pub(super) next: Option<u32>,
    pub(super) weight: Weight,
}

impl Ask {
    pub(super) const NOTHING: Ask = Ask { next: None, weight: Weight { cost: 0.0, chance: 0.0, sure: false } };

    fn negated(self) -> Ask {
        Ask { weight: Weight { chance: 1.0 - self.weight.chance, ..self.weight }, ..self }
    }
}

/// Whether something is 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Truth {
    No,
    Yes,
    Open(Ask),
}

impl Truth {
    #[inline]
    pub(super) fn of(it: bool) -> Truth {
        if it { Truth::Yes } else { Truth::No }
    }

    #[inline]
    pub(super) fn not(self) -> Truth {
        match self {
            Truth::No => Truth::Yes,
            Truth::Yes => Truth::No,
            Truth::Open(ask) => Truth::Open(ask.negated()),
        }
    }

    /// As a value: 1 where it holds.
    #[inline]
    pub(super) fn told(self) -> (Span, Ask) {
        match self {
            Truth::No => (Span::exactly(0.0), Ask::NOTHING),
            Truth::Yes => (Span::exactly(1.0), Ask::NOTHING),
            Truth::Open(ask) => (Span::up_to(1.0), ask),
        }
    }

    pub(super) fn of_span(span: Span, ask: Ask) -> Truth {
        match (span.may_be_zero(), span.is_zero()) {
            (_, true) => Truth::No,
            (false, _) => Truth::Yes,
            _ => Truth::Open(ask),
        }
    }
}

/// Operands that are still open, of which one is to be asked for.
pub(super) struct Choice {
    best: Option<u32>,
    best_cost: f32,
    best_decides: f32,
    sure: bool,
    open: u32,
    /// What all of them cost.
    cost: f32,
    /// How likely none of them decides.
    pub(super) rest: f32,
}

impl Choice {
    #[inline]
    pub(super) fn new() -> Choice {
        Choice { best: None, best_cost: 0.0, best_decides: 0.0, sure: false, open: 0, cost: 0.0, rest: 1.0 }
    }

    /// Adds one; `decides` is how likely it decides the whole. The best is what costs least for each time that it does.
    #[inline]
    pub(super) fn add(&mut self, next: Option<u32>, weight: Weight, decides: f32) {
        self.open = self.open.saturating_add(1);
        self.cost += weight.cost;
        self.rest *= 1.0 - decides;
        if self.best.is_none() || weight.cost * self.best_decides < self.best_cost * decides {
            (self.best, self.best_cost, self.best_decides, self.sure) = (next, weight.cost, decides, weight.sure);
        }
    }

    /// What is to be asked for, and what it comes to until it is decided. `all`: whether most often all of them will have to be tried,
    /// since seldom one decides.
    #[inline]
    pub(super) fn ask(&self, chance: f32, all: bool) -> Option<Ask> {
        let cost = self.best_cost + (1.0 - self.best_decides) * (self.cost - self.best_cost);
        let sure = self.sure && (all || self.open == 1);
        self.best.map(|next| Ask { next: Some(next), weight: Weight { cost, chance, sure } })
    }
}

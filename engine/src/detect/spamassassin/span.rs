//! The values that something may have of which not all is known.

use super::expression::Sign;

/// The values that something may have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Span {
    pub(super) least: f64,
    pub(super) most: f64,
    /// Whether it may be 0, and whether it may be anything else.
    zero: bool,
    other: bool,
}

impl Span {
    pub(super) fn exactly(value: f64) -> Span {
        Span { least: value, most: value, zero: value == 0.0, other: value != 0.0 }
    }

    /// A count that is not known.
    pub(super) fn up_to(most: f64) -> Span {
        Span { least: 0.0, most, zero: true, other: most > 0.0 }
    }

    pub(super) fn between(least: f64, most: f64) -> Span {
        if least.is_nan() || most.is_nan() {
            return Span { least: f64::NEG_INFINITY, most: f64::INFINITY, zero: true, other: true };
        }
        Span { least, most, zero: least <= 0.0 && most >= 0.0, other: least != 0.0 || most != 0.0 }
    }

    /// Either of two.
    pub(super) fn or(self, it: Span) -> Span {
        let (least, most) = (self.least.min(it.least), self.most.max(it.most));
        Span { least, most, zero: self.zero || it.zero, other: self.other || it.other }
    }

    /// What `self || it` comes to: itself, but for 0.
    pub(super) fn or_else(self, it: Span) -> Span {
        Span { zero: it.zero, ..self.or(it) }
    }

    pub(super) fn negative(self) -> Span {
        Span { least: -self.most, most: -self.least, ..self }
    }

    pub(super) fn binary(sign: Sign, left: Span, right: Span) -> Span {
        if let (Some(one), Some(other)) = (left.value(), right.value()) {
            return Span::exactly(sign.of(one, other));
        }
        let told = |surely: bool, never: bool| match (surely, never) {
            (true, _) => Span::exactly(1.0),
            (_, true) => Span::exactly(0.0),
            _ => Span::up_to(1.0),
        };
        let apart = left.most < right.least || left.least > right.most;
        match sign {
            Sign::Less => told(left.most < right.least, left.least >= right.most),
            Sign::LessEqual => told(left.most <= right.least, left.least > right.most),
            Sign::More => told(left.least > right.most, left.most <= right.least),
            Sign::MoreEqual => told(left.least >= right.most, left.most < right.least),
            Sign::Equal => told(false, apart),
            Sign::Unequal => told(apart, false),
            // Counts are not below 0, nor are most numbers in expressions; anything may come of the rest.
            Sign::Times if left.least >= 0.0 && right.least >= 0.0 => {
                Span::between(left.least * right.least, left.most * right.most)
            }
            _ => Span::between(f64::NAN, f64::NAN),
        }
    }

    /// Its value, where there is no other.
    pub(super) fn value(self) -> Option<f64> {
        (self.least == self.most).then_some(self.least)
    }

    pub(super) fn is_zero(self) -> bool {
        !self.other
    }

    pub(super) fn may_be_zero(self) -> bool {
        self.zero
    }
}

//! Values while a condition is evaluated: all borrowed, all `Copy`.

use std::cmp::Ordering;

use super::moment::Moment;
use super::program::Made;
use super::text::{Stop, Text};
use crate::facts::Header;
use crate::facts::names::{List, Record, Value};

/// A value. `'v` is how long facts and program live, `'e` how long the variables of the macros around do.
#[derive(Clone, Copy, Debug)]
pub(super) enum Val<'v, 'e> {
    Bool(bool),
    Int(i64),
    Double(f64),
    Text(Text<'v>),
    Timestamp(Moment),
    Duration(Moment),
    Map(&'v [Header]),
    Record(Record<'v>),
    List(List<'v>),
    /// A list that the condition makes, with the variables that it is made from.
    Made(&'v Made, Env<'v, 'e>),
}

/// The variables in sight, the innermost first.
pub(super) type Env<'v, 'e> = Option<&'e Frame<'v, 'e>>;

/// A variable of a macro. It stands on the stack of the loop that gives it its values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'v, 'e> {
    pub(super) value: Val<'v, 'e>,
    pub(super) outer: Env<'v, 'e>,
}

impl<'v, 'e> Val<'v, 'e> {
    /// A fact's value; an error where the message does not have it.
    pub(super) fn of_fact(value: Value<'v>) -> Result<Val<'v, 'e>, Stop> {
        match value {
            Value::Absent => Err(Stop::Error),
            Value::Bool(it) => Ok(Val::Bool(it)),
            Value::Int(it) => Ok(Val::Int(it)),
            Value::Text(it) => Ok(Val::Text(Text::plain(it))),
            Value::Timestamp(it) => Ok(Val::Timestamp(Moment::seconds(it))),
            Value::Map(it) => Ok(Val::Map(it)),
            Value::Record(it) => Ok(Val::Record(it)),
            Value::List(it) => Ok(Val::List(it)),
        }
    }

    /// The value, free of the variables around. The checker lets no list that is made out of its loop.
    pub(super) fn free(self) -> Result<Val<'v, 'v>, Stop> {
        Ok(match self {
            Val::Bool(it) => Val::Bool(it),
            Val::Int(it) => Val::Int(it),
            Val::Double(it) => Val::Double(it),
            Val::Text(it) => Val::Text(it),
            Val::Timestamp(it) => Val::Timestamp(it),
            Val::Duration(it) => Val::Duration(it),
            Val::Map(it) => Val::Map(it),
            Val::Record(it) => Val::Record(it),
            Val::List(it) => Val::List(it),
            Val::Made(..) => return Err(Stop::Error),
        })
    }
}

/// CEL compares an int with a double as the numbers that they are; `None` where a double is not a number.
pub(super) fn order_numbers(int: i64, double: f64) -> Option<Ordering> {
    // 2^63: what an int stays below, and can be as small as the negative of.
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    if double.is_nan() {
        None
    } else if double >= BEYOND {
        Some(Ordering::Less)
    } else if double < -BEYOND {
        Some(Ordering::Greater)
    } else {
        // Between the two the whole part is an int, without loss.
        let whole = double.trunc();
        Some(int.cmp(&(whole as i64)).then_with(|| whole.partial_cmp(&double).unwrap_or(Ordering::Equal)))
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::order_numbers;

    #[test]
    fn ints_and_doubles_are_compared_as_numbers() {
        assert_eq!(order_numbers(1, 1.0), Some(Ordering::Equal));
        assert_eq!(order_numbers(1, 1.5), Some(Ordering::Less));
        assert_eq!(order_numbers(-1, -1.5), Some(Ordering::Greater));
        // As doubles these two would be equal.
        assert_eq!(order_numbers(i64::MAX, 9_223_372_036_854_775_808.0), Some(Ordering::Less));
        assert_eq!(order_numbers(i64::MIN, -9_223_372_036_854_775_808.0), Some(Ordering::Equal));
        assert_eq!(order_numbers(0, f64::NEG_INFINITY), Some(Ordering::Greater));
        assert_eq!(order_numbers(0, f64::NAN), None);
    }
}

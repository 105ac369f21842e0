//! Which way a message goes.

use std::fmt;

/// Which way a message goes: thresholds, lists and actions are set apart for each.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Direction {
    /// From outside to our users.
    #[default]
    Inbound,
    /// From our users or own networks to the outside.
    Outbound,
}

impl Direction {
    /// The name that verdicts print and configurations use.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
        }
    }
}

impl fmt::Display for Direction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

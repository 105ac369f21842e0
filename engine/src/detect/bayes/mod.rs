//! How likely it is that a message is spam: naive Bayes over its tokens, and logistic regression over its features. Takes
//! facts and a model, gives one graded finding; knows no message and no other detector.

mod counts;
mod explain;
mod features;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod hash;
mod learner;
mod logistic;
mod model;
mod ratio;
mod tokens;
mod totals;
pub(crate) mod train;
mod words;

#[cfg(test)]
mod tests;

use crate::wanted::Wanted;

pub use self::explain::TokenWeight;
pub(crate) use self::features::Memory;
pub use self::features::TokenSet;
pub use self::learner::{ExpertScores, Learned, Learner};
pub(crate) use self::model::{Model, Score};

/// The facts that tokens are made of.
pub(crate) const WANTED: Wanted =
    Wanted::union(&[Wanted::HEADERS, Wanted::VISIBLE, Wanted::HTML, Wanted::LINKS, Wanted::SHAPE, Wanted::FILES]);

/// Which experts of a model count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Experts {
    /// Naive Bayes and logistic regression together.
    #[default]
    All,
    /// Naive Bayes alone.
    NaiveBayes,
}

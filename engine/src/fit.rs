//! Training: labelled messages -> a model file. With `detect/bayes/train.rs` the only place of linfa.

/// What a message is known to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Label {
    /// Wanted mail.
    Ham,
    /// Unwanted mail.
    Spam,
}

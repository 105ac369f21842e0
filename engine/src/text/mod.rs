//! Leaf helpers that know nothing of mail. Take text or bytes, give text or numbers; import nothing of ours.

pub(crate) mod entities;
pub(crate) mod fold;
pub(crate) mod host;
pub(crate) mod letters;
pub(crate) mod links;
pub(crate) mod names;
pub(crate) mod patterns;
pub(crate) mod sequences;
pub(crate) mod show;
pub(crate) mod span;
pub(crate) mod tidy;
pub(crate) mod url;
pub(crate) mod window;

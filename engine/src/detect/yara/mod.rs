//! YARA over everything. Takes the bytes of every item, gives a finding for each rule that hits, at the first item that
//! it hits. Weights, explanations, authors and licences are the rules' own metadata; policy weighs.
//!
//! `source.rs` reads files and their includes, `compile.rs` makes rules of them, `scan.rs` runs them. Built without the
//! feature `yara`, files are read by nobody and a note says so.

#[cfg(feature = "yara")]
mod compile;
#[cfg(not(feature = "yara"))]
mod off;
#[cfg(feature = "yara")]
mod scan;
#[cfg(feature = "yara")]
mod source;
#[cfg(all(test, feature = "yara"))]
mod tests;

#[cfg(feature = "yara")]
pub(crate) use self::{
    scan::{Memory, Yara},
    source::Unit,
};
#[cfg(not(feature = "yara"))]
pub(crate) use off::{Memory, Unit, Yara};

/// What stands before a YARA rule's identifier in its name.
pub(crate) const PREFIX: &str = "yara-";

/// The group that YARA rules are in unless they are given another.
pub(crate) const GROUP: &str = "yara";

/// A YARA rule as its author wrote it, for `tamis rules list|show|test`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct YaraRule {
    /// `yara-IDENTIFIER`; `yara-FILE-IDENTIFIER` where several files have a rule of that identifier.
    pub name: String,
    /// As the author wrote it.
    pub identifier: String,
    /// The file it stands in.
    pub source: String,
    /// The line of its identifier, counted from 1.
    pub line: u32,
    /// The metadata `description`.
    pub description: String,
    /// The metadata `author`.
    pub author: String,
    /// The metadata `licence` or `license`.
    pub licence: String,
    /// The metadata `weight`, in points; else a tenth of `score`, which public rules give from 0 to 100.
    pub weight: Option<f64>,
    /// Its tags.
    pub tags: Vec<String>,
    /// Examples that it must hit: the metadata `hit`, as often as it stands there.
    pub hit: Vec<String>,
    /// Examples that it must miss: the metadata `miss`.
    pub miss: Vec<String>,
    /// The rule, from its first word to its last brace.
    pub text: String,
    /// Only other rules see it: it is no reason of its own.
    pub is_private: bool,
}

impl YaraRule {
    /// What a verdict says of it: the description, and whose it is.
    pub(crate) fn explanation(&self) -> String {
        let what = match self.description.trim() {
            "" => format!("the YARA rule {} hits", self.identifier),
            what => what.to_owned(),
        };
        let whose: Vec<&str> =
            [self.author.trim(), self.licence.trim()].into_iter().filter(|it| !it.is_empty()).collect();
        if whose.is_empty() { what } else { format!("{what} (YARA rule: {})", whose.join(", ")) }
    }
}

/// What is left out, by the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Skip {
    /// Items of fewer bytes.
    pub(crate) below: u32,
    /// Images of more bytes; `None`: no image is left out.
    pub(crate) images_above: Option<u32>,
}

impl Default for Skip {
    fn default() -> Skip {
        Skip { below: 32, images_above: None }
    }
}

/// Keeps compiled rules between runs of the program.
pub(crate) trait Store {
    fn get(&self, key: &str) -> Option<Vec<u8>>;
    fn put(&self, key: &str, bytes: &[u8]);
}

/// A file that another one includes, as whoever reads files gives it.
#[derive(Clone, Debug)]
pub(crate) struct Included {
    /// The same for the same file, however it is named.
    pub(crate) identity: String,
    /// Its name for errors.
    pub(crate) source: String,
    pub(crate) text: String,
}

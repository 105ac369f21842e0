//! Allow and block lists. Take facts, give findings that outrank scores and name list, file and line.

use crate::error::Problem;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::wanted::Wanted;

/// What the entries of a list are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListKind {
    /// Host and domain names; an entry covers the names below it.
    Domains,
    /// Mail addresses.
    Addresses,
    /// IPv4 and IPv6 networks, or single addresses.
    Networks,
    /// URLs: a host, and a path that the link's path begins with.
    Urls,
    /// SHA-256 digests of files, in hex.
    Hashes,
}

/// What a hit on a list means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ListEffect {
    /// The message is accepted, whatever the score.
    Allow,
    /// The block action is taken, whatever the score.
    Block,
}

/// A list: its name, what is in it, what it does, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSource {
    /// The name that verdicts show; its rule is `list-NAME`.
    pub name: String,
    /// What its entries are.
    pub kind: ListKind,
    /// What a hit means.
    pub effect: ListEffect,
    /// The file's name, for verdicts and errors.
    pub source: String,
    /// One entry a line; `#` begins a comment.
    pub text: String,
}

/// What a look-up found, for `tamis lists lookup`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListHit {
    /// The list's name.
    pub list: String,
    /// What a hit means.
    pub effect: ListEffect,
    /// The file that the entry stands in.
    pub source: String,
    /// Its line, counted from 1.
    pub line: u32,
    /// The entry, normalised.
    pub entry: String,
}

/// All lists, compiled.
#[derive(Debug, Default)]
pub(crate) struct Lists {}

impl Lists {
    /// Compiles lists; bad lines are problems, and the other lines count.
    pub(crate) fn compile(_sources: &[ListSource]) -> (Lists, Vec<Problem>) {
        (Lists::default(), Vec::new())
    }

    /// The facts that the lists at hand are held against.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted::NOTHING
    }

    /// Looks up everything that the message names.
    pub(crate) fn run(&self, _facts: &Facts<'_>, _findings: &mut Vec<Finding>) {}

    /// Every list that has `subject`: a domain, address, IP address, URL or digest, told apart by its form.
    pub(crate) fn lookup(&self, _subject: &str) -> Vec<ListHit> {
        Vec::new()
    }
}

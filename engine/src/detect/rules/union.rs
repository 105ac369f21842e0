//! Patterns that have nothing to note, asked together: one search says of a text that none of them matches, which is so of nearly every
//! one. Takes patterns and texts, gives those that are to be searched for one by one.

use std::sync::OnceLock;

use regex_syntax::hir::Hir;

use super::patterns::Pattern;
use crate::text::patterns::{Run, Together, bytewise, coarse, unfolded};

/// A pattern with shorter matches is found often.
const SELDOM: usize = 4;
/// Shortest run of bytes of one class that is looked for by itself.
const SHORTEST_RUN: u32 = 64;
/// Fewer patterns are searched for one by one: that can be told from their own first bytes, many bytes at a time.
const FEWEST: usize = 6;
/// A pattern of more states is no part of it.
const LARGEST: u64 = 400;

/// Patterns, by their numbers.
#[derive(Debug, Default)]
pub(super) struct Union {
    /// Searched for in every text, or in those that have a long run that the pattern must contain.
    alone: Vec<(u32, Option<Box<Run>>)>,
    /// Searched for where all of them together may match.
    members: Vec<u32>,
    together: OnceLock<Option<Together>>,
}

impl Union {
    /// `numbers` are those of some of the patterns.
    pub(super) fn new(numbers: Vec<u32>, patterns: &[Pattern]) -> Union {
        let of = |number: &u32| patterns.get(*number as usize).and_then(tree);
        let is_member = |number: &u32| of(number).is_some();
        let (members, alone): (Vec<u32>, Vec<u32>) = numbers.into_iter().partition(is_member);
        let run = |number: u32| Run::of(&patterns.get(number as usize)?.tree()?, SHORTEST_RUN).map(Box::new);
        let alone = alone.into_iter().map(|number| (number, run(number))).collect();
        Union { alone, members, together: OnceLock::new() }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.alone.is_empty() && self.members.is_empty()
    }

    /// Those that may match in a text.
    pub(super) fn to_be_tried<'t>(
        &'t self,
        text: &'t [u8],
        read: &mut u64,
        patterns: &[Pattern],
    ) -> impl Iterator<Item = u32> + use<'t> {
        let of = |number: &u32| patterns.get(*number as usize).and_then(tree);
        let make = || Together::of(&self.members.iter().map(of).collect::<Option<Vec<_>>>()?);
        let mut members = self.members.as_slice();
        if members.len() >= FEWEST
            && let Some(together) = self.together.get_or_init(make)
        {
            *read = read.saturating_add(text.len() as u64);
            if !together.may_match(text) {
                members = &[];
            }
        }
        let has_run = move |run: &Option<Box<Run>>| run.as_ref().is_none_or(|run| run.is_in(text));
        let alone = self.alone.iter().filter(move |(_, run)| has_run(run)).map(|(number, _)| *number);
        alone.chain(members.iter().copied())
    }
}

/// What matches wherever a pattern does, if that is seldom.
fn tree(pattern: &Pattern) -> Option<Hir> {
    let hir = unfolded(&pattern.tree()?);
    let seldom = hir.properties().minimum_len().is_some_and(|least| least >= SELDOM);
    (seldom && coarse::size(&hir) <= LARGEST).then(|| bytewise(&hir))
}

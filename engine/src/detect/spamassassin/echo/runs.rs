//! Patterns that ask for a short text several times in a row: `(?:[aeiou]{5}|([a-z]{1,2})\1{3})`. Without references a pattern says yes to
//! nearly every text. Here a loop looks for anything that is repeated so, and where nothing is, a pattern for all other ways.

use std::ops::Range;

use regex_automata::meta::Regex;
use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::{Capture, Hir, HirKind, Repetition};

use super::reference;
use crate::text::patterns::{self, regex_of};

/// Longest text that is looked for.
const LONGEST: usize = 8;
/// Bytes that have to be repeated: with less most texts have some.
const LEAST_REPEATED: usize = 2;

/// A text of so many bytes, and how often it is repeated.
#[derive(Debug)]
struct Run {
    shortest: usize,
    longest: usize,
    times: usize,
}

/// What has to be there of such a pattern.
#[derive(Debug)]
pub(in super::super) struct Runs {
    runs: Vec<Run>,
    /// The ways without repeats; none where there are none.
    others: Option<Regex>,
    folds: bool,
}

/// How often an item repeats a group at least.
fn repeats(item: &Hir, numbers: &[u32], group: u32) -> Option<usize> {
    if let Some(number) = reference(item) {
        return (numbers.get((number as usize).checked_sub(1)?) == Some(&group)).then_some(1);
    }
    match item.kind() {
        HirKind::Repetition(it) => repeats(&it.sub, numbers, group)?.checked_mul(it.min as usize).filter(|it| *it > 0),
        _ => None,
    }
}

impl Runs {
    /// `None` where a pattern is none, or its runs are in most texts.
    pub(super) fn of(relaxed: &Hir, numbers: &[u32], folds: bool) -> Option<Runs> {
        let mut runs = Vec::new();
        let others = without(relaxed, numbers, &mut runs);
        if runs.is_empty() {
            return None;
        }
        let others = match patterns::never_matches(&others) {
            true => None,
            false => Some(regex_of(&others, WhichCaptures::Implicit)?),
        };
        Some(Runs { runs, others, folds })
    }

    /// Whether the pattern could match from somewhere in a range on; or from the first place only.
    pub(super) fn may_match(&self, text: &[u8], range: Range<usize>, only_first: bool) -> bool {
        let range = range.start..range.end.min(text.len());
        let Some(within) = text.get(range.clone()) else { return true };
        let anchored = if only_first { Anchored::Yes } else { Anchored::No };
        let input = Input::new(text).range(range).anchored(anchored);
        self.runs.iter().any(|run| run.is_in(within, self.folds))
            || self.others.as_ref().is_some_and(|others| others.search_half(&input).is_some())
    }
}

impl Run {
    fn is_in(&self, text: &[u8], folds: bool) -> bool {
        (self.shortest..=self.longest).any(|length| {
            let needed = length.saturating_mul(self.times);
            let mut same = 0;
            text.iter().zip(text.iter().skip(length)).any(|(one, other)| {
                let is_same = one == other || (folds && one.eq_ignore_ascii_case(other));
                same = if is_same { same + 1 } else { 0 };
                same >= needed
            })
        })
    }
}

/// A pattern without its ways that have runs, which are noted.
fn without(hir: &Hir, numbers: &[u32], runs: &mut Vec<Run>) -> Hir {
    match hir.kind() {
        HirKind::Concat(parts) => {
            let run = (0..parts.len()).find_map(|at| run(parts.get(at..)?, numbers));
            match run {
                Some(run) => {
                    runs.push(run);
                    Hir::fail()
                }
                None => Hir::concat(parts.iter().map(|part| without(part, numbers, runs)).collect()),
            }
        }
        HirKind::Alternation(ways) => Hir::alternation(ways.iter().map(|way| without(way, numbers, runs)).collect()),
        HirKind::Capture(it) => Hir::capture(Capture { sub: Box::new(without(&it.sub, numbers, runs)), ..it.clone() }),
        HirKind::Repetition(it) => {
            Hir::repetition(Repetition { sub: Box::new(without(&it.sub, numbers, runs)), ..it.clone() })
        }
        _ => hir.clone(),
    }
}

/// The run of a group that some items begin with.
fn run(items: &[Hir], numbers: &[u32]) -> Option<Run> {
    let (group, behind) = items.split_first()?;
    let HirKind::Capture(it) = group.kind() else { return None };
    let times = behind.iter().map_while(|item| repeats(item, numbers, it.index)).sum::<usize>();
    let lengths = it.sub.properties();
    let (shortest, longest) = lengths.minimum_len().zip(lengths.maximum_len())?;
    let tells = shortest > 0 && longest <= LONGEST && times.saturating_mul(shortest) >= LEAST_REPEATED;
    tells.then_some(Run { shortest, longest, times })
}

#[cfg(test)]
mod tests {
    use super::super::super::pattern::syntax_of;
    use super::super::super::perl;
    use super::super::Echo;

    fn echo(pattern: &str) -> Option<Echo> {
        let text = perl::translate(pattern.as_bytes(), "i").unwrap();
        let hir = regex_automata::util::syntax::parse_with(&text.relaxed, &syntax_of()).unwrap();
        Echo::of(&hir, text.groups, true)
    }

    #[test]
    fn what_is_repeated_may_match() {
        let it = echo(r"^(?!x)[^@]*(?:[bcd]{3}|([a-z]{1,2})(?:\1){3})").unwrap();
        for (text, may) in [
            ("hello.you@x.example", false),
            ("aAaA@x.example", true),
            ("helloxYxyXyxy", true),
            ("xyxyxy", false),
            ("abcd@", true),
            ("", false),
        ] {
            assert_eq!(it.may_match(text.as_bytes(), 0..text.len(), false), may, "{text}");
        }
        assert!(echo(r"(\w)\1|x").is_none(), "most texts have two of a letter");
        assert!(echo(r"(\w+)\1\1|x").is_none());
        assert!(echo(r"x|(\w)\1\1").is_some_and(|it| it.may_match(b"axxx", 0..4, false)));
    }
}

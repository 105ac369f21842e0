//! Patterns that ask for a text twice: `\nTo: (\S+)\n(?:.+\n)*Subject: .*\1`. An engine that goes back tries each line for each way
//! to the first one. Here the places where the group and its second occurrence could stand come from automata, and the two texts are
//! compared; only where they are the same is the pattern itself asked.

mod runs;

use std::cell::OnceCell;

use regex_automata::dfa::{Automaton, dense};
use regex_automata::meta::Regex;
use regex_automata::nfa::thompson;
use regex_automata::{Anchored, Input, MatchKind};
use regex_syntax::hir::{Capture, Class, Hir, HirKind};

use self::runs::Runs;
use crate::text::patterns::{coarse, regex_of};

/// How the translator names the groups of the relaxed form that stand for references: with the group's number, and one of their own.
pub(super) const REFERENCE: &str = "reference_";
/// Largest automaton, in bytes.
const LARGEST: usize = 128 << 10;
/// For each byte of a text so many may be read before the pattern itself is asked.
const MOST_READ: usize = 64;
/// And so many at least.
const LEAST_READ: usize = 4_096;
/// How far what stands between is followed before anything else is looked at.
const FIRST_BYTES: usize = 4;
/// Bytes that are searched for a text in the time in which an automaton reads one.
const SEARCHED_FOR_ONE: usize = 8;

/// Bytes that all ways between a group and its second occurrence have, where they tell anything: so many at least.
const SHORTEST_MARK: usize = 4;
/// Places of these that are kept.
const MOST_MARKS: usize = 64;

/// What has to be there of a pattern that asks for a text twice.
#[derive(Debug)]
pub(super) enum Echo {
    Apart(Box<Apart>),
    Runs(Runs),
}

impl Echo {
    /// Takes a relaxed pattern apart; `None` where it is no such pattern.
    pub(super) fn of(relaxed: &Hir, all_groups: u32, folds: bool) -> Option<Echo> {
        let mut numbers = Vec::new();
        groups(relaxed, &mut numbers);
        // Groups in what looks around are not in the relaxed form, and the numbers of the others are not theirs then.
        if numbers.len() != all_groups as usize {
            return None;
        }
        let apart = Apart::of(relaxed, &numbers, folds).map(|it| Echo::Apart(Box::new(it)));
        apart.or_else(|| Runs::of(relaxed, &numbers, folds).map(Echo::Runs))
    }

    /// Whether the pattern could match from somewhere in a range on; or from the first place only where its head is.
    pub(super) fn may_match(&self, text: &[u8], range: std::ops::Range<usize>, only_first: bool) -> bool {
        match self {
            Echo::Apart(it) => it.may_match(text, range, only_first),
            Echo::Runs(it) => it.may_match(text, range, only_first),
        }
    }
}

/// A pattern in pieces: what is before the group, the group, what is up to its second occurrence, what is behind that.
#[derive(Debug)]
pub(super) struct Apart {
    /// Before the group, and the group: where that begins, the pattern could.
    head: Regex,
    /// What is before the group begins with the end of a line.
    begins_behind_lines: bool,
    before: dense::DFA<Vec<u32>>,
    group: dense::DFA<Vec<u32>>,
    between: dense::DFA<Vec<u32>>,
    /// Letters that stand between, in lower case where the pattern folds, and what is between them and the second occurrence.
    mark: Option<(Vec<u8>, dense::DFA<Vec<u32>>)>,
    /// Unless it is too large.
    behind: Option<dense::DFA<Vec<u32>>>,
    folds: bool,
}

/// A capturing group within nothing but groups.
fn inner(hir: &Hir) -> Option<&Capture> {
    let HirKind::Capture(capture) = hir.kind() else { return None };
    inner(&capture.sub).or(Some(capture))
}

/// The group that an item stands for.
fn reference(item: &Hir) -> Option<u32> {
    let name = inner(item)?.name.as_deref()?.strip_prefix(REFERENCE)?;
    name.split('_').next()?.parse().ok()
}

fn is_reference(capture: &Capture) -> bool {
    capture.name.as_deref().is_some_and(|name| name.starts_with(REFERENCE))
}

/// The numbers of the real groups, in their order.
fn groups(hir: &Hir, found: &mut Vec<u32>) {
    match hir.kind() {
        HirKind::Capture(capture) => {
            if !is_reference(capture) {
                found.push(capture.index);
            }
            groups(&capture.sub, found);
        }
        HirKind::Repetition(it) => groups(&it.sub, found),
        HirKind::Concat(parts) | HirKind::Alternation(parts) => parts.iter().for_each(|part| groups(part, found)),
        _ => {}
    }
}

/// The automaton of a pattern's coarse form: that of `[^\n]{1,200}` itself took some ten milliseconds to make, for a few texts less.
fn automaton(hir: &Hir) -> Option<dense::DFA<Vec<u32>>> {
    let hir = coarse::of(hir);
    let config = thompson::Config::new().which_captures(thompson::WhichCaptures::None).nfa_size_limit(Some(LARGEST));
    let nfa = thompson::Compiler::new().configure(config).build_from_hir(&hir).ok()?;
    let config = dense::Config::new()
        .match_kind(MatchKind::All)
        .start_kind(regex_automata::dfa::StartKind::Anchored)
        .dfa_size_limit(Some(LARGEST))
        .determinize_size_limit(Some(LARGEST));
    dense::Builder::new().configure(config).build_from_nfa(&nfa).ok()
}

/// Hands on each place where a match that begins at `from` can end, until `each` has enough; false where too much was read.
fn ends(
    automaton: &dense::DFA<Vec<u32>>,
    text: &[u8],
    from: usize,
    left: &mut usize,
    mut each: impl FnMut(usize, &mut usize) -> bool,
) -> bool {
    let input = Input::new(text).range(from..text.len()).anchored(Anchored::Yes);
    let Ok(mut state) = automaton.start_state_forward(&input) else { return false };
    for at in from..=text.len() {
        // A match is told one byte late.
        state = match text.get(at) {
            Some(byte) => automaton.next_state(state, *byte),
            None => automaton.next_eoi_state(state),
        };
        if automaton.is_dead_state(state) {
            return true;
        }
        if automaton.is_quit_state(state) || *left == 0 {
            return false;
        }
        *left -= 1;
        if automaton.is_match_state(state) && each(at, left) {
            return true;
        }
    }
    true
}

/// Whether a match may begin at a place, by its first bytes.
fn begins(automaton: &dense::DFA<Vec<u32>>, text: &[u8], from: usize) -> bool {
    let input = Input::new(text).range(from..text.len()).anchored(Anchored::Yes);
    let Ok(mut state) = automaton.start_state_forward(&input) else { return true };
    for byte in text.iter().skip(from).take(FIRST_BYTES) {
        state = automaton.next_state(state, *byte);
        if automaton.is_special_state(state) {
            return !automaton.is_dead_state(state);
        }
    }
    true
}

/// The letters that an item is, in lower case where it is one in both cases and the pattern folds.
fn letters(item: &Hir, folds: bool) -> Option<Vec<u8>> {
    match item.kind() {
        HirKind::Literal(text) => Some(if folds { text.0.to_ascii_lowercase() } else { text.0.to_vec() }),
        HirKind::Class(Class::Bytes(class)) if folds => match class.ranges() {
            [upper, lower] if lower.start().is_ascii_lowercase() => {
                let is_one = [upper, lower].iter().all(|it| it.start() == it.end());
                (is_one && upper.start() == lower.start().to_ascii_uppercase()).then(|| vec![lower.start()])
            }
            _ => None,
        },
        _ => None,
    }
}

/// The last letters in a row of some items that are enough to tell anything, and the items behind them.
fn mark(items: &[Hir], folds: bool) -> Option<(Vec<u8>, &[Hir])> {
    let mut end = items.len();
    while end > 0 {
        let ahead = items.get(..end)?;
        let row = ahead.iter().rev().map_while(|item| letters(item, folds)).count();
        let text: Vec<u8> = ahead.get(end - row..)?.iter().filter_map(|item| letters(item, folds)).flatten().collect();
        if text.len() >= SHORTEST_MARK {
            return Some((text, items.get(end..)?));
        }
        end -= row.max(1);
    }
    None
}

/// Where the second occurrence may begin: places of marks, and the first and the last of the places behind each.
type Marks = Vec<(usize, usize, usize)>;

impl Apart {
    fn of(relaxed: &Hir, numbers: &[u32], folds: bool) -> Option<Apart> {
        let HirKind::Concat(items) = relaxed.kind() else { return None };
        for (at, item) in items.iter().enumerate() {
            let Some(number) = reference(item) else { continue };
            let index = numbers.get((number as usize).checked_sub(1)?)?;
            let is_group = |item: &Hir| matches!(item.kind(), HirKind::Capture(it) if it.index == *index);
            let first = items.iter().position(is_group).filter(|first| *first < at)?;
            let piece = |range: std::ops::Range<usize>| Hir::concat(items.get(range).unwrap_or_default().to_vec());
            let mark = mark(items.get(first + 1..at).unwrap_or_default(), folds);
            return Some(Apart {
                head: regex_of(&piece(0..first + 1), thompson::WhichCaptures::Implicit)?,
                begins_behind_lines: matches!(items.first()?.kind(), HirKind::Literal(it) if it.0.starts_with(b"\n")),
                before: automaton(&piece(0..first))?,
                group: automaton(&piece(first..first + 1))?,
                between: automaton(&piece(first + 1..at))?,
                mark: mark.and_then(|(text, behind)| Some((text, automaton(&Hir::concat(behind.to_vec()))?))),
                behind: automaton(&piece(at + 1..items.len())),
                folds,
            });
        }
        None
    }

    /// Marks behind a place; `None` where what they tell is not known.
    fn marks(&self, text: &[u8], folded: &[u8], from: usize, left: &mut usize) -> Option<Marks> {
        let (mark, behind) = self.mark.as_ref()?;
        let mut marks = Marks::new();
        for at in memchr::memmem::find_iter(folded.get(from..)?, mark).map(|at| from + at) {
            let mut places: Option<(usize, usize)> = None;
            let complete = ends(behind, text, at + mark.len(), left, |end, _| {
                places = Some((places.map_or(end, |(first, _)| first), end));
                false
            });
            if !complete || marks.len() >= MOST_MARKS {
                return None;
            }
            marks.extend(places.map(|(first, last)| (at, first, last)));
        }
        Some(marks)
    }

    fn may_match(&self, text: &[u8], range: std::ops::Range<usize>, only_first: bool) -> bool {
        let mut left = text.len().saturating_mul(MOST_READ).max(LEAST_READ);
        let folded: OnceCell<Vec<u8>> = OnceCell::new();
        let folded = || match self.folds {
            true => folded.get_or_init(|| text.to_ascii_lowercase()).as_slice(),
            false => text,
        };
        let marks = if self.mark.is_some() { self.marks(text, folded(), range.start, &mut left) } else { None };
        if marks.as_ref().is_some_and(Vec::is_empty) {
            return false;
        }
        // Whether what stands in a range may stand somewhere behind it again.
        let recurs = |start: usize, end: usize| {
            let text = folded();
            let once = text.get(start..end).unwrap_or_default();
            let is_in = |rest: Option<&[u8]>| rest.is_some_and(|rest| memchr::memmem::find(rest, once).is_some());
            match &marks {
                Some(marks) => marks
                    .iter()
                    .filter(|(mark, _, _)| *mark >= end)
                    .any(|(_, first, last)| is_in(text.get(*first..last.saturating_add(once.len()).min(text.len())))),
                None => is_in(text.get(end..)),
            }
        };
        let (mut from, last) = (range.start, range.end.min(text.len()));
        while let Some(begun) = if only_first { Some(from) } else { self.next(text, from..last) } {
            let mut echoes = false;
            let complete = ends(&self.before, text, begun, &mut left, |start, left| {
                let complete = ends(&self.group, text, start, left, |end, left| {
                    let Some(once) = text.get(start..end) else { return false };
                    if !begins(&self.between, text, end) || !recurs(start, end) {
                        return false;
                    }
                    *left = left.saturating_sub((text.len() - end) / SEARCHED_FOR_ONE);
                    let complete = ends(&self.between, text, end, left, |again, left| {
                        echoes |= self.is_echo(once, text, again, left);
                        echoes
                    });
                    echoes |= !complete;
                    echoes
                });
                echoes |= !complete;
                echoes
            });
            if echoes || !complete {
                return true;
            }
            if only_first {
                return false;
            }
            from = begun + 1;
        }
        false
    }

    /// The first place of a range where the pattern could begin.
    fn next(&self, text: &[u8], range: std::ops::Range<usize>) -> Option<usize> {
        if !self.begins_behind_lines {
            return self.head.search(&Input::new(text).range(range)).map(|found| found.start());
        }
        // The first bytes of a line say no. A search goes on to the group, and makes states of all it meets there.
        let ends = memchr::memchr_iter(b'\n', text.get(range.clone())?).map(|end| range.start + end);
        ends.into_iter().find(|end| begins(&self.before, text, *end))
    }

    fn is_echo(&self, once: &[u8], text: &[u8], again: usize, left: &mut usize) -> bool {
        let end = again.saturating_add(once.len());
        let same = text.get(again..end).is_some_and(|it| match self.folds {
            true => it.eq_ignore_ascii_case(once),
            false => it == once,
        });
        if !same {
            return false;
        }
        let Some(behind) = &self.behind else { return true };
        let mut found = false;
        let complete = ends(behind, text, end, left, |_, _| {
            found = true;
            true
        });
        found || !complete
    }
}

#[cfg(test)]
mod tests {
    use super::super::pattern::syntax_of;
    use super::super::perl;
    use super::*;

    fn echo(pattern: &str, flags: &str) -> Option<Echo> {
        let text = perl::translate(pattern.as_bytes(), flags).unwrap();
        let hir = regex_automata::util::syntax::parse_with(&text.relaxed, &syntax_of()).unwrap();
        Echo::of(&hir, text.groups, text.relaxed.contains("(?i"))
    }

    #[test]
    fn only_what_stands_there_twice_may_match() {
        let it = echo(
            r"\nTo: (?:[^\n<]{0,80}<)?([^\n\s>,]+)>?\n+(?:[^\n]{1,200}\n+)*Subject: [^\n]{0,100}\1[^a-z0-9]",
            "ism",
        );
        let it = it.unwrap();
        for (text, may) in [
            ("\nTo: Bob <bob@x.example>\nDate: now\nSubject: hello BOB@x.example!\n", true),
            ("\nTo: bob@x.example\nSubject: hello bob@x.examples\n", false),
            ("\nTo: bob@x.example\nSubject: hello\nX: bob@x.example \n", false),
            ("\nTo: <\nSubject: <\n", true),
            ("", false),
        ] {
            assert_eq!(it.may_match(text.as_bytes(), 0..text.len(), false), may, "{text}");
        }
    }

    #[test]
    fn what_cannot_be_taken_apart_is_left_alone() {
        assert!(echo(r"a(b)?c\1", "").is_none());
        assert!(echo(r"(?=(a))(b)c\2", "").is_none());
        assert!(echo(r"(a)(?!\1)", "").is_none());
        assert!(echo(r"(?<A1>a)b\k<A1>", "").is_none());
        assert!(echo(r"(a)b(\1)", "").is_some());
        let long = r"\nFrom:\s+(?:[^\n<]{0,80}<)?([^\n\s\@>]+)\@[^\n\s]+>?\n+(?:[^\n]{1,100}\n+)*To:\s+(?:[^\n]{0,80}<)?\1[\@>,\s\n]";
        assert!(echo(long, "ism").is_some());
    }
}

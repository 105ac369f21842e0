//! What a pattern without a telling literal must contain all the same: short sequences of byte classes, of which every match has
//! one. Takes its tree, gives the set that mail has least often. `v[_\W]?[i1]a` is `v[i1]a` or `v[_\W][i1]a`.

use regex_syntax::hir::{Class, Hir, HirKind, Repetition};

use super::ahead::{AT_ONCE, Ahead, Tail, either, lengths, sum};
use super::fold;
use super::sets::{Bytes, LONGEST, MOST, Sequence, bytes, collapsed, joined, literal, small, tidy, utf8, with};

/// Most repetitions of what may be there or not.
const MOST_OPTIONAL: u32 = 3;
/// Most repetitions at the end of what is repeated.
const MOST_AT_ENDS: u32 = 4;
/// Most of a pattern that is many alternatives.
const MOST_OF_WAYS: usize = 640;
/// In how many bytes of mail a set may be seen once; what is more frequent is no help.
const SELDOM: f64 = 1.0 / 60.0;

/// Sequences of which each match has one, and what of the match stands before it.
#[derive(Clone, Debug)]
struct Part {
    set: Vec<Sequence>,
    ahead: Ahead,
    /// From where on the pattern can be followed, and what of that stands before the sequence.
    tail: Tail,
    tail_ahead: Ahead,
}

/// All texts that something matches, where they are few; and else sequences of which each match has one.
#[derive(Clone, Debug, Default)]
struct Known {
    whole: Option<Vec<Sequence>>,
    /// Where not all are known, sequences of which each match begins with one.
    begins: Option<Vec<Sequence>>,
    /// Where it may be nothing as well, those that it begins with if it is there.
    may_begin: Option<Vec<Sequence>>,
    /// Those that each match ends with, where it is a repetition or ends with one, and the part of the pattern that they are.
    ends: Option<(Vec<Sequence>, Tail)>,
    part: Option<Part>,
}

impl Known {
    fn all(whole: Vec<Sequence>) -> Known {
        Known { whole: Some(whole), ..Known::default() }
    }

    fn begins(&self) -> Option<&[Sequence]> {
        self.whole.as_deref().or(self.begins.as_deref())
    }
}

/// What each match has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) sequences: Vec<Sequence>,
    /// How many of them, none of which overlaps another.
    pub(crate) times: u32,
    pub(crate) ahead: Ahead,
    /// Of what is needed several times, the tail of the first.
    pub(crate) tail: Tail,
    pub(crate) tail_ahead: Ahead,
}

/// The set that mail has least often; `None` where every one is frequent. The tail is empty without `with_tails`, and costs.
pub(crate) fn of(hir: &Hir, with_tails: bool) -> Option<Needs> {
    let once = known(hir, with_tails);
    let once = rarer(once.whole.map(|set| at_once(set, hir, with_tails)), once.part).map(|it| it.needs(1));
    let often = repeated(hir, with_tails);
    // What must be there twice is rarer than what is there once, unless that is rare indeed.
    let often = often.filter(|often| {
        once.as_ref().is_none_or(|once| frequency(&often.sequences) < 20.0 * frequency(&once.sequences))
    });
    let needs = often.or(once).filter(|it| frequency(&it.sequences) < SELDOM * f64::from(it.times));
    needs.filter(|it| it.sequences.iter().all(|sequence| fold::tells(sequence)))
}

fn at_once(set: Vec<Sequence>, hir: &Hir, with_tails: bool) -> Part {
    Part { set, ahead: AT_ONCE, tail: Tail::new(std::slice::from_ref(hir), with_tails), tail_ahead: AT_ONCE }
}

impl Part {
    fn needs(self, times: u32) -> Needs {
        let ahead = self.ahead.filter(|_| times == 1);
        Needs { sequences: self.set, times, ahead, tail: self.tail, tail_ahead: self.tail_ahead }
    }
}

/// What a part of a pattern needs that must be there several times.
fn repeated(hir: &Hir, with_tails: bool) -> Option<Needs> {
    match hir.kind() {
        HirKind::Capture(capture) => repeated(&capture.sub, with_tails),
        HirKind::Concat(parts) => parts.iter().find_map(|part| repeated(part, with_tails)),
        HirKind::Repetition(it) if it.min >= 2 => {
            let sub = known(&it.sub, with_tails);
            let part = rarer(sub.whole.map(|set| at_once(set, &it.sub, with_tails)), sub.part)?;
            if part.set.iter().any(|it| it.len() < 2) {
                return None;
            }
            let tail = part.tail.and_again(it, with_tails);
            Some(Part { tail, ..part }.needs(it.min))
        }
        _ => None,
    }
}

/// What begins something in fewer of mail's places than this tells whether it is there.
const TELLING: f64 = 0.5;
/// What is rarer than this need not be made rarer.
const RARE: f64 = 1e-7;

/// About how often a byte is seen in mail.
pub(super) fn weight(byte: u8) -> f64 {
    match byte {
        b' ' => 0.14,
        b'e' | b't' | b'a' | b'o' => 0.06,
        b'i' | b'n' | b's' | b'r' => 0.05,
        b'h' | b'l' | b'd' | b'c' | b'u' | b'm' => 0.025,
        b'f' | b'p' | b'g' | b'w' | b'y' | b'b' => 0.014,
        b'v' | b'k' => 0.006,
        b'q' | b'z' | b'x' | b'j' => 0.002,
        b'A'..=b'Z' => 0.003,
        b'0'..=b'9' | b'\n' | b'.' => 0.014,
        b'-' | b'=' | b'<' | b'>' | b'/' | b',' | b'"' | b':' => 0.008,
        b'!'..=b'~' => 0.002,
        0x80.. => 0.0008,
        _ => 0.0002,
    }
}

fn frequency(set: &[Sequence]) -> f64 {
    set.iter().map(|sequence| sequence.iter().map(weight_of_class).product::<f64>()).sum()
}

pub(super) fn weight_of_class(class: &Bytes) -> f64 {
    bytes(class).map(weight).sum()
}

fn usable(set: &[Sequence]) -> bool {
    !set.is_empty() && set.iter().all(|it| !it.is_empty())
}

fn rarer(one: Option<Part>, other: Option<Part>) -> Option<Part> {
    match (one.filter(|it| usable(&it.set)), other) {
        (Some(one), Some(other)) => Some(if frequency(&one.set) <= frequency(&other.set) { one } else { other }),
        (one, other) => one.or(other),
    }
}

/// The rarest of several sets.
struct Best {
    frequency: f64,
    part: Option<Part>,
}

impl Default for Best {
    fn default() -> Best {
        Best { frequency: f64::INFINITY, part: None }
    }
}

impl Best {
    /// Tries a set; gives how often mail has the best so far.
    fn try_out(&mut self, set: &[Sequence], part: impl FnOnce(Vec<Sequence>) -> Part) -> f64 {
        if usable(set) {
            let frequency = frequency(set);
            if frequency <= self.frequency {
                *self = Best { frequency, part: Some(part(set.to_vec())) };
            }
        }
        self.frequency
    }
}

/// What a repetition ends with, as a part of the pattern: of `\d+` one digit.
fn last_times(it: &Repetition, with_tails: bool) -> Tail {
    let times = it.min.min(MOST_AT_ENDS);
    let last = || Hir::repetition(Repetition { min: times, max: Some(times), greedy: it.greedy, sub: it.sub.clone() });
    let tail = if with_tails { Tail::new(&[last()], true) } else { Tail::default() };
    tail.of_last(times, it, with_tails)
}

/// Sequences so often, one behind the other; and whether these are all of it, or only how it begins.
fn times_over(whole: &[Sequence], times: u32) -> (Vec<Sequence>, bool) {
    let mut run = vec![Vec::new()];
    for _ in 0..times.min(LONGEST as u32) {
        let (longer, complete) = joined(&run, whole);
        run = longer;
        if !complete {
            return (run, false);
        }
    }
    (run, times <= LONGEST as u32)
}

/// Patterns nest no deeper than their parser lets them.
fn known(hir: &Hir, with_tails: bool) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known::all(vec![Vec::new()]),
        HirKind::Literal(text) => {
            let all = vec![literal(&text.0)];
            if text.0.len() <= LONGEST {
                Known::all(all)
            } else {
                Known { begins: Some(all.clone()), part: Some(at_once(all, hir, with_tails)), ..Known::default() }
            }
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut bytes = Bytes::default();
            for range in class.iter() {
                (range.start()..=range.end()).for_each(|byte| with(&mut bytes, byte));
            }
            Known::all(vec![vec![bytes]])
        }
        HirKind::Class(Class::Unicode(class)) => Known::all(utf8(class)),
        HirKind::Capture(capture) => known(&capture.sub, with_tails),
        HirKind::Repetition(repetition) => {
            let sub = known(&repetition.sub, with_tails);
            let Some(sub_whole) = sub.whole else {
                let part = sub.part.filter(|_| repetition.min > 0);
                let (begins, may_begin) = if repetition.min > 0 { (sub.begins, None) } else { (None, sub.begins) };
                return Known {
                    begins,
                    may_begin: may_begin.filter(|set| frequency(set) < TELLING),
                    ends: sub
                        .ends
                        .filter(|_| repetition.min > 0)
                        .map(|(run, tail)| (run, tail.of_last(1, repetition, with_tails))),
                    part: part.map(|it| Part { tail: it.tail.and_again(repetition, with_tails), ..it }),
                    ..Known::default()
                };
            };
            // As often as it must be there, and then as often as it may.
            let (mut run, mut complete) = times_over(&sub_whole, repetition.min);
            let part = run.clone();
            let most = repetition.max.filter(|most| complete && most - repetition.min <= MOST_OPTIONAL);
            let mut all = run.clone();
            for _ in repetition.min..most.unwrap_or(repetition.min) {
                let (longer, whole) = joined(&run, &sub_whole);
                (run, complete) = (longer, complete && whole);
                all.extend(run.iter().cloned());
            }
            let whole = (complete && most.is_some()).then(|| small(tidy(all)));
            let inner = sub.part.map(|it| Part { tail: it.tail.and_again(repetition, with_tails), ..it });
            let begins = (repetition.min > 0).then(|| part.clone());
            let (ends, is_end) = times_over(&sub_whole, repetition.min.min(MOST_AT_ENDS));
            let ends = (is_end && repetition.min > 0).then(|| (ends, last_times(repetition, with_tails)));
            let part = if repetition.min > 0 { rarer(Some(at_once(part, hir, with_tails)), inner) } else { None };
            let is_open = whole.is_none() && repetition.min == 0;
            let may_begin = is_open.then_some(sub_whole).filter(|set| usable(set) && frequency(set) < TELLING);
            Known { whole, begins, may_begin, ends, part }
        }
        HirKind::Concat(parts) => in_turn(parts, with_tails),
        HirKind::Alternation(ways) => one_of(ways, with_tails),
    }
}

/// What is known of parts one behind the other.
fn in_turn(all: &[Hir], with_tails: bool) -> Known {
    let mut ahead = AT_ONCE;
    let mut place = |part: &Hir| {
        let behind = sum(ahead, lengths(part));
        std::mem::replace(&mut ahead, behind)
    };
    let parts: Vec<(Known, Ahead)> = all.iter().map(|it| (known(it, with_tails), place(it))).collect();
    let mut best = Best::default();
    let (mut whole, mut begins) = (None, None);
    // From each part on, as far as it stays small.
    for (number, (first, before)) in parts.iter().enumerate() {
        let (before_it, from_it) = all.split_at(number.min(all.len()));
        let rest = from_it.get(1..).unwrap_or_default();
        if let Some(it) = &first.part {
            best.try_out(&it.set, |set| Part {
                set,
                ahead: sum(*before, it.ahead),
                tail: it.tail.clone().and(rest, with_tails).behind(before_it, with_tails),
                tail_ahead: it.tail_ahead,
            });
        }
        let from_here = |set| Part {
            set,
            ahead: *before,
            tail: Tail::new(from_it, with_tails).behind(before_it, with_tails),
            tail_ahead: AT_ONCE,
        };
        let behind = parts.get(number + 1..).unwrap_or_default();
        if let Some(run) = &first.whole {
            best.try_out(run, from_here);
            if number == 0 || best.frequency >= RARE {
                let (run, to_the_end) = extended(run, behind, number == 0, |run| best.try_out(run, from_here));
                match (number, to_the_end) {
                    (0, true) => whole = Some(run),
                    (0, false) => begins = Some(run),
                    _ => {}
                }
            }
        } else if number == 0 {
            begins.clone_from(&first.begins);
        }
        let (Some((run, last)), Some(itself), false) = (&first.ends, all.get(number), best.frequency < RARE) else {
            continue;
        };
        let of = |set: Vec<Sequence>| {
            let ends = || run.iter().map(Vec::len);
            let skipped = lengths(itself).map(|(least, most)| {
                (least.saturating_sub(ends().max().unwrap_or(0)), most.saturating_sub(ends().min().unwrap_or(0)))
            });
            let tail = last.clone().and(rest, with_tails).behind(before_it, with_tails);
            Part { set, ahead: sum(*before, skipped), tail, tail_ahead: AT_ONCE }
        };
        extended(run, behind, false, |run| best.try_out(run, of));
    }
    let ends = parts.last().and_then(|(last, _)| last.ends.clone()).filter(|_| whole.is_none());
    let before = all.split_last().map(|(_, before)| before).unwrap_or_default();
    let ends = ends.map(|(run, tail)| (run, tail.behind(before, with_tails)));
    Known { whole, begins, ends, part: best.part, ..Known::default() }
}

/// A run with what stands behind it, as far as it stays small, and whether that is all; each that is longer is handed on. What need not be
/// the whole ends where it is rare.
fn extended(
    run: &[Sequence],
    behind: &[(Known, Ahead)],
    whole: bool,
    mut each: impl FnMut(&[Sequence]) -> f64,
) -> (Vec<Sequence>, bool) {
    let mut run = run.to_vec();
    // Those that end with the beginning of what may be there or not; the run goes on as if it was not.
    let mut ended: Vec<Sequence> = Vec::new();
    let with = |ended: &[Sequence], run: Vec<Sequence>| if ended.is_empty() { run } else { [ended, &run].concat() };
    for (next, _) in behind {
        let Some(begins) = next.begins() else {
            let Some(may_begin) = next.may_begin.as_ref().filter(|it| ended.len() + run.len() * it.len() <= MOST)
            else {
                return (with(&ended, run), false);
            };
            ended.extend(joined(&run, may_begin).0);
            continue;
        };
        // What is repeated as often as it must be is shorter, and may be rarer for it.
        if let (Some(_), Some(least)) = (&next.whole, &next.begins) {
            each(&with(&ended, joined(&run, least).0));
        }
        let (longer, complete) = joined(&run, begins);
        run = longer;
        let frequency = each(&with(&ended, run.clone()));
        if !complete || next.whole.is_none() || (!whole && frequency < RARE) {
            return (with(&ended, run), false);
        }
    }
    let is_all = ended.is_empty();
    (with(&ended, run), is_all)
}

/// What is known where one of several ways is taken.
fn one_of(ways: &[Hir], with_tails: bool) -> Known {
    let (mut whole, mut begins) = (Some(Vec::new()), Some(Vec::new()));
    let both = |all: Option<Vec<Sequence>>, set: Option<&[Sequence]>| {
        let all = [all?.as_slice(), set?].concat();
        Some(if all.len() > 4 * MOST { collapsed(&all) } else { all })
    };
    let known: Vec<Known> = ways.iter().map(|way| known(way, with_tails)).collect();
    let parts = ways
        .iter()
        .zip(&known)
        .map(|(way, known)| rarer(known.whole.clone().map(|set| at_once(set, way, with_tails)), known.part.clone()));
    let parts: Option<Vec<Part>> = parts.collect();
    let many = parts.iter().flatten().map(|it| it.set.len()).sum::<usize>() > MOST_OF_WAYS;
    let part = parts.and_then(|parts| {
        let few = |it: Part| Part { set: if many { collapsed(&it.set) } else { it.set }, ..it };
        parts.into_iter().map(few).reduce(|all, it| Part {
            set: [all.set, it.set].concat(),
            ahead: either(all.ahead, it.ahead),
            tail: all.tail.or(it.tail),
            tail_ahead: either(all.tail_ahead, it.tail_ahead),
        })
    });
    for way in &known {
        begins = both(begins, way.begins());
        whole = both(whole, way.whole.as_deref());
    }
    let tidied = |set: Vec<Sequence>| if set.len() > MOST_OF_WAYS { tidy(collapsed(&set)) } else { tidy(set) };
    let part = part.map(|it| Part { set: tidied(it.set), ..it }).filter(|it| usable(&it.set));
    let few = |set: Option<Vec<Sequence>>| set.map(tidy).map(small);
    Known { whole: few(whole), begins: few(begins), part, ..Known::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pattern: &str) -> Vec<String> {
        read(pattern, false)
    }

    fn read(pattern: &str, unicode: bool) -> Vec<String> {
        let hir = regex_syntax::ParserBuilder::new().unicode(unicode).utf8(false).build().parse(pattern).unwrap();
        let class = |it: &Bytes| {
            let all: Vec<u8> = bytes(it).collect();
            match all.as_slice() {
                [one] => String::from_utf8_lossy(&[*one]).into_owned(),
                all if all.len() > 9 => format!("[{}]", all.len()),
                all => format!("[{}]", String::from_utf8_lossy(all)),
            }
        };
        let found = super::of(&hir, false).map(|it| it.sequences).unwrap_or_default();
        found.iter().map(|it| it.iter().map(class).collect::<String>()).collect()
    }

    #[test]
    fn sequences_that_every_match_contains() {
        assert_eq!(of("v[i1]a"), ["v[1i]a"]);
        assert_eq!(of(r"v[_,]?[i1]"), ["v[,_][1i]", "v[1i]"]);
        assert_eq!(of("(?:xq|zq)+"), ["[xz]q"]);
        assert_eq!(of(r"\d+[$]\d"), ["[10]$[10]"]);
        assert_eq!(of(r"[a-z]{2,5}"), Vec::<String>::new());
        assert_eq!(of(r"(?:xq)*v"), ["v"]);
        assert_eq!(of(r"(?:xq)*e"), Vec::<String>::new());
        assert_eq!(of(r"(?:ab|c[de]\d*){3}"), ["ab", "c[de]"]);
        assert_eq!(of(r"\bq.?z\b"), ["qz", "q[255]z"]);
        assert_eq!(of(r"\bad+res+\b"), ["dres"], "how a repetition ends, and how one begins");
        assert_eq!(of(r"(?:ex+y|(?:zq)+) ?.*"), ["xy", "zq"]);
        assert_eq!(of(r"j(?:x+|zq+).*"), ["jx", "jzq"]);
        assert_eq!(
            of(r"k[-_]{0,9}z[-_]{0,9}."),
            ["k[-_]", "kz"],
            "what may be there or not begins, or what is behind it"
        );
        assert_eq!(of(r"k(?:xx|&shy;){0,4}z[-_]*q.*"), ["kxx", "k&shy;", "kz[-_]", "kzq"]);
        assert_eq!(of(r"z[^\n]{0,9}k"), ["z"], "which begins in any place");
        assert_eq!(of(r"^\s*(?:[a-z]+[-_]+){10}[.]$"), ["[-_]."], "how what is repeated ends");
        assert_eq!(of(r"(?:(?:[a-z]+[-_])*)[.]"), ["."], "which may be there or not");
        let deep = format!("{}z+{}", "(?:[a-z]+".repeat(60), "[-_]+)+".repeat(60));
        assert_eq!(of(&format!("{deep}[.]")), ["z[-_]"], "in no more time than the pattern is long");
        let ends = of(r"(?:q|abcd){1,2}[-_]{0,2}z.*");
        assert_eq!(
            ends,
            ["abcdz", "abcd[-_]z", "abcd[-_][-_]z", "qz", "q[-_]z", "q[-_][-_]z"],
            "no longer than they must be"
        );
    }
    #[test]
    fn characters_beyond_ascii_are_their_bytes() {
        assert_eq!(read("(?i)k[1i]z", true).len(), 2, "the Kelvin sign as well");
        assert_eq!(read("[éè]x", true), ["\u{fffd}[\u{fffd}\u{fffd}]x"]);
        assert_eq!(read(r"\bq\wz", true).len(), 4, "one for each number of bytes");
        assert_eq!(read(r"\w+ \w+", true), Vec::<String>::new());
    }
}

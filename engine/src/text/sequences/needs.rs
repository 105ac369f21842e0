//! What a pattern without a telling literal must contain all the same: short sequences of byte classes, of which every match has
//! one. Takes its tree, gives the set that mail has least often. `v[_\W]?[i1]a` is `v[i1]a` or `v[_\W][i1]a`.

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind};
use regex_syntax::utf8::Utf8Sequences;

use super::ahead::{AT_ONCE, Ahead, Tail, either, lengths, sum};
use super::fold;

/// Bytes, as a set of bits.
pub(crate) type Bytes = [u64; 4];
/// Classes, one behind the other.
pub(crate) type Sequence = Vec<Bytes>;

/// Longest sequence: more tells nothing.
const LONGEST: usize = 8;
/// Most repetitions of what may be there or not.
const MOST_OPTIONAL: u32 = 3;
/// Most sequences of one pattern.
const MOST: usize = 160;
/// Most of a pattern that is many alternatives.
const MOST_OF_WAYS: usize = 640;
/// In how many bytes of mail a set may be seen once; what is more frequent is no help.
const SELDOM: f64 = 1.0 / 60.0;

/// Whether a class has a byte.
pub(super) fn has(class: &Bytes, byte: u8) -> bool {
    class.get(usize::from(byte >> 6)).is_some_and(|word| word & (1 << (byte & 63)) != 0)
}

fn with(class: &mut Bytes, byte: u8) {
    if let Some(word) = class.get_mut(usize::from(byte >> 6)) {
        *word |= 1 << (byte & 63);
    }
}

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
    part: Option<Part>,
}

/// What each match has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Needs {
    pub(crate) sequences: Vec<Sequence>,
    /// How many of them, none of which overlaps another.
    pub(crate) times: u32,
    pub(crate) ahead: Ahead,
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
            part.set.iter().all(|it| it.len() > 1).then(|| part.needs(it.min))
        }
        _ => None,
    }
}

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
    let mut sum = 0.0;
    for (word, first) in class.iter().zip([0u8, 64, 128, 192]) {
        let mut left = *word;
        while left != 0 {
            let bit = u8::try_from(left.trailing_zeros()).unwrap_or(0);
            sum += weight(first.saturating_add(bit));
            left &= left - 1;
        }
    }
    sum
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
    fn try_out(&mut self, set: &[Sequence], part: impl FnOnce(Vec<Sequence>) -> Part) {
        if !usable(set) {
            return;
        }
        let frequency = frequency(set);
        if frequency <= self.frequency {
            *self = Best { frequency, part: Some(part(set.to_vec())) };
        }
    }
}

/// Sorts; and where two sequences differ in one class alone, makes one of them.
fn tidy(mut set: Vec<Sequence>) -> Vec<Sequence> {
    set.sort_unstable();
    set.dedup();
    let mut merged: Vec<Sequence> = Vec::with_capacity(set.len());
    'next: for sequence in set {
        for known in &mut merged {
            if known.len() != sequence.len() {
                continue;
            }
            let mut pairs = known.iter_mut().zip(&sequence).filter(|(one, other)| *one != *other);
            if let (Some((one, other)), None) = (pairs.next(), pairs.next()) {
                one.iter_mut().zip(other).for_each(|(word, more)| *word |= more);
                continue 'next;
            }
        }
        merged.push(sequence);
    }
    merged
}

/// One sequence for each length, of all that have it: many become few, which match more.
fn collapsed(set: &[Sequence]) -> Vec<Sequence> {
    let mut all: Vec<Sequence> = Vec::new();
    for sequence in set {
        match all.iter_mut().find(|known| known.len() == sequence.len()) {
            Some(known) => {
                let words = known.iter_mut().zip(sequence).flat_map(|(one, other)| one.iter_mut().zip(other));
                words.for_each(|(word, more)| *word |= more);
            }
            None => all.push(sequence.clone()),
        }
    }
    all
}

fn small(set: Vec<Sequence>) -> Vec<Sequence> {
    if set.len() > MOST { collapsed(&set) } else { set }
}

/// Each of `left` with each of `right` behind it; and whether these are all of it, or only how it begins.
fn joined(left: &[Sequence], right: &[Sequence]) -> (Vec<Sequence>, bool) {
    let (few_left, few_right);
    let (left, right) = if left.len().saturating_mul(right.len()) > MOST {
        (few_left, few_right) = (collapsed(left), collapsed(right));
        (few_left.as_slice(), few_right.as_slice())
    } else {
        (left, right)
    };
    let mut all = Vec::with_capacity(left.len() * right.len());
    let mut complete = true;
    for one in left {
        for other in right {
            complete &= one.len() + other.len() <= LONGEST;
            all.push(one.iter().chain(other).take(LONGEST).copied().collect());
        }
    }
    (small(tidy(all)), complete)
}

fn literal(text: &[u8]) -> Sequence {
    let class = |byte: &u8| {
        let mut class = Bytes::default();
        with(&mut class, *byte);
        class
    };
    text.iter().take(LONGEST).map(class).collect()
}

/// By how many bytes a character takes in UTF-8, at each place all bytes that one of the class has there: more than the class matches.
fn utf8(class: &ClassUnicode) -> Vec<Sequence> {
    let mut by_length: [Sequence; 4] = std::array::from_fn(|number| vec![Bytes::default(); number + 1]);
    for sequence in class.iter().flat_map(|range| Utf8Sequences::new(range.start(), range.end())) {
        let places = by_length.get_mut(sequence.len() - 1).into_iter().flatten();
        for (place, range) in places.zip(sequence.as_slice()) {
            (range.start..=range.end).for_each(|byte| with(place, byte));
        }
    }
    by_length.into_iter().filter(|places| places.first() != Some(&Bytes::default())).collect()
}

/// Patterns nest no deeper than their parser lets them.
fn known(hir: &Hir, with_tails: bool) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known { whole: Some(vec![Vec::new()]), part: None },
        HirKind::Literal(text) => {
            let all = vec![literal(&text.0)];
            if text.0.len() <= LONGEST {
                Known { whole: Some(all), part: None }
            } else {
                Known { whole: None, part: Some(at_once(all, hir, with_tails)) }
            }
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut bytes = Bytes::default();
            for range in class.iter() {
                (range.start()..=range.end()).for_each(|byte| with(&mut bytes, byte));
            }
            Known { whole: Some(vec![vec![bytes]]), part: None }
        }
        HirKind::Class(Class::Unicode(class)) => Known { whole: Some(utf8(class)), part: None },
        HirKind::Capture(capture) => known(&capture.sub, with_tails),
        HirKind::Repetition(repetition) => {
            let sub = known(&repetition.sub, with_tails);
            let Some(whole) = sub.whole else {
                let part = sub.part.filter(|_| repetition.min > 0);
                return Known { whole: None, part: part.map(|it| Part { tail: it.tail.closed(), ..it }) };
            };
            // As often as it must be there, and then as often as it may.
            let mut run = vec![Vec::new()];
            let mut complete = true;
            for _ in 0..repetition.min.min(LONGEST as u32) {
                let (longer, all) = joined(&run, &whole);
                (run, complete) = (longer, complete && all);
                if !all {
                    break;
                }
            }
            complete &= repetition.min <= LONGEST as u32;
            let part = run.clone();
            let most = repetition.max.filter(|most| complete && most - repetition.min <= MOST_OPTIONAL);
            let mut all = run.clone();
            for _ in repetition.min..most.unwrap_or(repetition.min) {
                let (longer, whole) = joined(&run, &whole);
                (run, complete) = (longer, complete && whole);
                all.extend(run.iter().cloned());
            }
            let whole = (complete && most.is_some()).then(|| small(tidy(all)));
            let inner = sub.part.map(|it| Part { tail: it.tail.closed(), ..it });
            let part = if repetition.min > 0 { rarer(Some(at_once(part, hir, with_tails)), inner) } else { None };
            Known { whole, part }
        }
        HirKind::Concat(parts) => {
            let mut ahead = AT_ONCE;
            let mut place = |part: &Hir| {
                let behind = sum(ahead, lengths(part));
                std::mem::replace(&mut ahead, behind)
            };
            let all = parts;
            let parts: Vec<(Known, Ahead)> = parts.iter().map(|it| (known(it, with_tails), place(it))).collect();
            let mut best = Best::default();
            let mut whole = None;
            // From each part on, as far as it stays small.
            for (number, (first, before)) in parts.iter().enumerate() {
                let from = |set| Part {
                    set,
                    ahead: *before,
                    tail: Tail::new(all.get(number..).unwrap_or_default(), with_tails),
                    tail_ahead: AT_ONCE,
                };
                first.whole.iter().for_each(|set| best.try_out(set, from));
                let rest = all.get(number + 1..).unwrap_or_default();
                first.part.iter().for_each(|it| {
                    best.try_out(&it.set, |set| Part {
                        set,
                        ahead: sum(*before, it.ahead),
                        tail: it.tail.clone().and(rest, with_tails),
                        tail_ahead: it.tail_ahead,
                    });
                });
                let Some(mut run) = first.whole.clone() else { continue };
                if number > 0 && best.frequency < RARE {
                    continue;
                }
                let mut to_the_end = true;
                for (next, _) in parts.iter().skip(number + 1) {
                    let Some(next) = &next.whole else {
                        to_the_end = false;
                        break;
                    };
                    let (longer, complete) = joined(&run, next);
                    run = longer;
                    best.try_out(&run, from);
                    if !complete || (number > 0 && best.frequency < RARE) {
                        to_the_end = false;
                        break;
                    }
                }
                if number == 0 && to_the_end {
                    whole = Some(run);
                }
            }
            Known { whole, part: best.part }
        }
        HirKind::Alternation(ways) => {
            let mut whole = Some(Vec::new());
            let mut part: Option<Part> = None;
            let mut in_each = true;
            for way in ways {
                let itself = way;
                let way = known(way, with_tails);
                whole = match (whole, &way.whole) {
                    (Some(mut all), Some(set)) => {
                        all.extend(set.iter().cloned());
                        Some(if all.len() > 4 * MOST { collapsed(&all) } else { all })
                    }
                    _ => None,
                };
                part = match (part, rarer(way.whole.map(|set| at_once(set, itself, with_tails)), way.part)) {
                    (None, Some(it)) if in_each => Some(it),
                    (Some(all), Some(it)) => {
                        let set = [all.set, it.set].concat();
                        let set = if set.len() > MOST_OF_WAYS { collapsed(&set) } else { set };
                        Some(Part {
                            set,
                            ahead: either(all.ahead, it.ahead),
                            tail: all.tail.or(it.tail),
                            tail_ahead: either(all.tail_ahead, it.tail_ahead),
                        })
                    }
                    _ => {
                        in_each = false;
                        None
                    }
                };
            }
            let part = part.map(|it| Part { set: small(tidy(it.set)), ..it }).filter(|it| usable(&it.set));
            Known { whole: whole.map(tidy).map(small), part }
        }
    }
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
            let all: Vec<u8> = (0..=255).filter(|byte| has(it, *byte)).collect();
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
        assert_eq!(of(r"\d+[$]\d"), ["$[10]"]);
        assert_eq!(of(r"[a-z]{2,5}"), Vec::<String>::new());
        assert_eq!(of(r"(?:xq)*v"), ["v"]);
        assert_eq!(of(r"(?:xq)*e"), Vec::<String>::new());
        assert_eq!(of(r"(?:ab|c[de]\d*){3}"), ["ab", "c[de]"]);
        assert_eq!(of(r"\bq.?z\b"), ["qz", "q[255]z"]);
    }
    #[test]
    fn characters_beyond_ascii_are_their_bytes() {
        assert_eq!(read("(?i)k[1i]z", true).len(), 2, "the Kelvin sign as well");
        assert_eq!(read("[éè]x", true), ["\u{fffd}[\u{fffd}\u{fffd}]x"]);
        assert_eq!(read(r"\bq\wz", true).len(), 4, "one for each number of bytes");
        assert_eq!(read(r"\w+ \w+", true), Vec::<String>::new());
    }
}

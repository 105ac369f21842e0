//! What a pattern must contain. Takes its tree, gives sets of literals of which every match has one each: where a text has none
//! of a set, the pattern cannot match it. Literals are in lower case, and are looked for whatever the case.

use regex_syntax::hir::{Class, Hir, HirKind};

use crate::text::sequences::{AT_ONCE, Ahead, Tail, either, lengths, sum};

/// Shortest literal that is worth a look.
const SHORTEST: usize = 3;
/// Most literals of one set.
const MOST: usize = 400;
/// Longest literal; more tells nothing.
const LONGEST: usize = 32;
/// Most bytes of a class that are spelled out.
const MOST_BYTES: usize = 16;

/// What is in most mail. A literal that is in one of these hardly tells anything, whatever its length: by `helo=` all patterns on relays
/// were tried on all relays, and a quarter of what looks at links on all links.
const COMMON: &[&str] = &[
    "[ ip=",
    " rdns=",
    " helo=",
    " by=",
    " ident= envfrom= intl=0 id=",
    " intl=1 id=",
    " auth= msa=0 ] ",
    "http://www.",
    "https://www.",
    ".com/",
    ".com]",
    ".net/",
    ".org/",
    "received: from ",
    "subject: ",
    "\ndate: ",
    "\nto: ",
    "message-id: <",
    "mime-version: 1.0",
    "content-type: text/plain; charset=",
    "content-type: text/html; charset=",
    "content-transfer-encoding: ",
    "return-path: <",
    "x-mailer: ",
    " with esmtp id ",
    " with smtp id ",
    " +0000",
    " the ",
    " and ",
    " you ",
    " your ",
    " for ",
    " this ",
    " that ",
    " from ",
    " will ",
    " have ",
];

/// Literals of which each match has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Required {
    pub(crate) texts: Vec<Vec<u8>>,
    pub(crate) ahead: Ahead,
    /// From where on the pattern can be followed, and what of that stands before the literal.
    pub(crate) tail: Tail,
    pub(crate) tail_ahead: Ahead,
}

impl Required {
    fn new(texts: Vec<Vec<u8>>, ahead: Ahead, tail: Tail) -> Required {
        Required { texts, ahead, tail, tail_ahead: AT_ONCE }
    }
}

/// All texts that something matches, where they are few; and else literals of which each match has one.
#[derive(Clone, Debug, Default)]
struct Known {
    whole: Option<Vec<Vec<u8>>>,
    part: Option<Required>,
}

/// The most telling set of literals; `None` where there is none that tells. The tail is empty without `with_tails`, and costs.
pub(crate) fn required(hir: &Hir, with_tails: bool) -> Option<Required> {
    let known = known(hir, with_tails);
    best(from_whole(known.whole, AT_ONCE, || Tail::new(std::slice::from_ref(hir), with_tails)), known.part)
}

fn telling(set: &[Vec<u8>]) -> bool {
    !set.is_empty()
        && set.len() <= MOST
        && set.iter().all(|it| it.len() >= SHORTEST && !it.iter().all(u8::is_ascii_whitespace))
}

fn from_whole(whole: Option<Vec<Vec<u8>>>, ahead: Ahead, tail: impl FnOnce() -> Tail) -> Option<Required> {
    whole.filter(|set| telling(set)).map(|texts| Required::new(texts, ahead, tail()))
}

/// The set that excludes more texts: by its shortest literal, then by how few they are.
fn best(one: Option<Required>, other: Option<Required>) -> Option<Required> {
    let worth = |it: &Required| {
        let set = &it.texts;
        let shortest = set.iter().map(|it| if is_common(it) { 1 } else { it.len() }).min().unwrap_or(0).min(8);
        // Four ways of a letter more are worth a letter more.
        let ways = set.len().next_power_of_two().trailing_zeros() as usize / 2;
        ((shortest * 2).saturating_sub(ways), usize::MAX - set.len())
    };
    match (one, other) {
        (Some(one), Some(other)) => Some(if worth(&one) >= worth(&other) { one } else { other }),
        (one, other) => one.or(other),
    }
}

/// Whether it is in most mail.
pub(crate) fn is_common(literal: &[u8]) -> bool {
    COMMON.iter().any(|text| text.len() >= literal.len() && memchr::memmem::find(text.as_bytes(), literal).is_some())
}

fn tidy(mut set: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    set.sort_unstable();
    set.dedup();
    set
}

/// Each of `left` with each of `right` behind it, where that stays small.
fn joined(left: &[Vec<u8>], right: &[Vec<u8>]) -> Option<Vec<Vec<u8>>> {
    if left.len().saturating_mul(right.len()) > MOST {
        return None;
    }
    let mut all = Vec::with_capacity(left.len() * right.len());
    for one in left {
        for other in right {
            if one.len() + other.len() > LONGEST {
                return None;
            }
            all.push([one.as_slice(), other.as_slice()].concat());
        }
    }
    Some(tidy(all))
}

/// Patterns nest no deeper than their parser lets them.
fn known(hir: &Hir, with_tails: bool) -> Known {
    let itself = || Tail::new(std::slice::from_ref(hir), with_tails);
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known { whole: Some(vec![Vec::new()]), part: None },
        HirKind::Literal(literal) => {
            let text = literal.0.to_ascii_lowercase();
            if text.len() > LONGEST {
                let head = text.get(..LONGEST).unwrap_or_default().to_vec();
                return Known { whole: None, part: Some(Required::new(vec![head], AT_ONCE, itself())) };
            }
            Known { whole: Some(vec![text]), part: None }
        }
        HirKind::Class(Class::Bytes(class)) => {
            let mut set = Vec::new();
            for range in class.iter() {
                for byte in range.start()..=range.end() {
                    set.push(vec![byte.to_ascii_lowercase()]);
                    if set.len() > 2 * MOST_BYTES {
                        return Known::default();
                    }
                }
            }
            let set = tidy(set);
            Known { whole: (set.len() <= MOST_BYTES).then_some(set), part: None }
        }
        HirKind::Class(Class::Unicode(_)) => Known::default(),
        HirKind::Capture(capture) => known(&capture.sub, with_tails),
        HirKind::Repetition(repetition) => {
            let sub = known(&repetition.sub, with_tails);
            if repetition.min == 0 {
                let optional = repetition.max == Some(1);
                let whole = sub.whole.filter(|_| optional).map(|mut set| {
                    set.push(Vec::new());
                    tidy(set)
                });
                return Known { whole, part: None };
            }
            let mut run = sub.whole.clone();
            for _ in 1..repetition.min {
                run = match (&run, &sub.whole) {
                    (Some(run), Some(whole)) => joined(run, whole),
                    _ => None,
                };
            }
            let exact = repetition.max == Some(repetition.min);
            let least = from_whole(run.clone().or_else(|| sub.whole.clone()), AT_ONCE, itself);
            let part = sub.part.map(|it| Required { tail: it.tail.and_again(repetition, with_tails), ..it });
            Known { whole: run.filter(|_| exact), part: best(least, part) }
        }
        HirKind::Concat(parts) => {
            let mut part: Option<Required> = None;
            let mut run: Vec<Vec<u8>> = vec![Vec::new()];
            // What stands before the run, and before the part at hand.
            let (mut before_run, mut before) = (AT_ONCE, AT_ONCE);
            let mut run_at = 0;
            let from = |number: usize| {
                let (before, parts) = parts.split_at(number.min(parts.len()));
                Tail::new(parts, with_tails).behind(before, with_tails)
            };
            let mut all = true;
            for (number, it) in parts.iter().enumerate() {
                let behind = sum(before, lengths(it));
                let it = known(it, with_tails);
                if let Some(whole) = &it.whole
                    && let Some(longer) = joined(&run, whole)
                {
                    run = longer;
                    before = behind;
                    continue;
                }
                all = false;
                part = best(part, from_whole(Some(std::mem::take(&mut run)), before_run, || from(run_at)));
                let rest = parts.get(number + 1..).unwrap_or_default();
                let inner = it.part.map(|inner| Required {
                    ahead: sum(before, inner.ahead),
                    tail: inner.tail.and(rest, with_tails).behind(parts.get(..number).unwrap_or_default(), with_tails),
                    ..inner
                });
                part = best(part, inner);
                (run, before_run, run_at) = match it.whole {
                    Some(whole) if whole.len() <= MOST => (whole, before, number),
                    _ => (vec![Vec::new()], behind, number + 1),
                };
                before = behind;
            }
            if all {
                return Known { whole: Some(run), part };
            }
            Known { whole: None, part: best(part, from_whole(Some(run), before_run, || from(run_at))) }
        }
        HirKind::Alternation(ways) => {
            let mut whole = Some(Vec::new());
            let mut part: Option<Required> = None;
            let mut in_each = true;
            for way in ways {
                let itself = || Tail::new(std::slice::from_ref(way), with_tails);
                let way = known(way, with_tails);
                whole = match (whole, &way.whole) {
                    (Some(mut all), Some(set)) if all.len() + set.len() <= MOST => {
                        all.extend(set.iter().cloned());
                        Some(all)
                    }
                    _ => None,
                };
                let needed = best(from_whole(way.whole, AT_ONCE, itself), way.part);
                part = match (part, needed) {
                    (None, Some(set)) if in_each => Some(set),
                    (Some(all), Some(set)) if all.texts.len() + set.texts.len() <= MOST => Some(Required {
                        texts: [all.texts, set.texts].concat(),
                        ahead: either(all.ahead, set.ahead),
                        tail: all.tail.or(set.tail),
                        tail_ahead: either(all.tail_ahead, set.tail_ahead),
                    }),
                    _ => {
                        in_each = false;
                        None
                    }
                };
            }
            let part = part.map(|it| Required { texts: tidy(it.texts), ..it }).filter(|it| telling(&it.texts));
            Known { whole: whole.map(tidy), part }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap()
    }

    fn of(pattern: &str) -> Vec<String> {
        let found = required(&read(pattern), false).map(|it| it.texts).unwrap_or_default();
        found.iter().map(|it| String::from_utf8_lossy(it).into_owned()).collect()
    }

    #[test]
    fn what_stands_before_them() {
        let ahead = |pattern: &str| required(&read(pattern), false).unwrap().ahead;
        assert_eq!(ahead("next of kin"), AT_ONCE);
        assert_eq!(ahead(r"\b[^x][^y] million"), Some((2, 2)));
        assert_eq!(ahead(r"[^x]{0,30}hello.*"), Some((0, 30)));
        assert_eq!(ahead(r".*hello"), None);
        assert_eq!(ahead(r"(?:[^x]{2}abcdef|[^x]{5}ghijkl)x"), Some((2, 5)));
        assert_eq!(ahead(r"[^x](?:[^y]abcdef)+"), Some((2, 2)));
    }

    #[test]
    fn literals_that_every_match_contains() {
        assert_eq!(of("next of kin"), ["next of kin"]);
        assert_eq!(of("v[i1]agra"), ["v1agra", "viagra"]);
        assert_eq!(of(r"\d+ million (?:US )?dollars"), [" million dollars", " million us dollars"]);
        assert_eq!(of("(?:Viagra|cialis)[0-9]+"), ["cialis", "viagra"]);
        assert_eq!(of("(?:abc)*d"), Vec::<String>::new());
        assert_eq!(of("(?:abc){2}"), ["abcabc"]);
        assert_eq!(of("(?:abc)+"), ["abc"]);
        assert_eq!(of(r"^Received: .{3,30}hello"), ["hello"], "all mail has the longer one");
        assert_eq!(of(r"[a-z]{5}\s"), Vec::<String>::new());
    }
}

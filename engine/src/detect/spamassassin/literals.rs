//! What a pattern must contain. Takes its tree, gives sets of literals of which every match has one each: where a text has none
//! of a set, the pattern cannot match it. Literals are in lower case, and are looked for whatever the case.

use regex_syntax::hir::{Class, Hir, HirKind};

/// Shortest literal that is worth a look.
const SHORTEST: usize = 3;
/// Most literals of one set.
const MOST: usize = 400;
/// Longest literal; more tells nothing.
const LONGEST: usize = 32;
/// Most bytes of a class that are spelled out.
const MOST_BYTES: usize = 16;

/// All texts that something matches, where they are few; and else literals of which each match has one.
#[derive(Clone, Debug, Default)]
struct Known {
    whole: Option<Vec<Vec<u8>>>,
    part: Option<Vec<Vec<u8>>>,
}

/// The most telling set of literals; `None` where there is none that tells.
pub(super) fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    let known = known(hir);
    let whole = known.whole.filter(|set| telling(set));
    best(whole, known.part)
}

fn telling(set: &[Vec<u8>]) -> bool {
    !set.is_empty()
        && set.len() <= MOST
        && set.iter().all(|it| it.len() >= SHORTEST && !it.iter().all(u8::is_ascii_whitespace))
}

/// The set that excludes more texts: by its shortest literal, then by how few they are.
fn best(one: Option<Vec<Vec<u8>>>, other: Option<Vec<Vec<u8>>>) -> Option<Vec<Vec<u8>>> {
    let worth = |set: &Vec<Vec<u8>>| {
        let shortest = set.iter().map(Vec::len).min().unwrap_or(0).min(8);
        // Four ways of a letter more are worth a letter more.
        let ways = set.len().next_power_of_two().trailing_zeros() as usize / 2;
        ((shortest * 2).saturating_sub(ways), usize::MAX - set.len())
    };
    match (one, other) {
        (Some(one), Some(other)) => Some(if worth(&one) >= worth(&other) { one } else { other }),
        (one, other) => one.or(other),
    }
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
fn known(hir: &Hir) -> Known {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Known { whole: Some(vec![Vec::new()]), part: None },
        HirKind::Literal(literal) => {
            let text = literal.0.to_ascii_lowercase();
            if text.len() > LONGEST {
                let head = text.get(..LONGEST).unwrap_or_default().to_vec();
                return Known { whole: None, part: Some(vec![head]) };
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
        HirKind::Capture(capture) => known(&capture.sub),
        HirKind::Repetition(repetition) => {
            let sub = known(&repetition.sub);
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
            let least = run.clone().or_else(|| sub.whole.clone()).filter(|set| telling(set));
            Known { whole: run.filter(|_| exact), part: best(least, sub.part) }
        }
        HirKind::Concat(parts) => {
            let mut part: Option<Vec<Vec<u8>>> = None;
            let mut run: Vec<Vec<u8>> = vec![Vec::new()];
            let mut all = true;
            for it in parts {
                let it = known(it);
                if let Some(whole) = &it.whole
                    && let Some(longer) = joined(&run, whole)
                {
                    run = longer;
                    continue;
                }
                all = false;
                part = best(part, Some(std::mem::take(&mut run)).filter(|set| telling(set)));
                part = best(part, it.part);
                run = match it.whole {
                    Some(whole) if whole.len() <= MOST => whole,
                    _ => vec![Vec::new()],
                };
            }
            if all {
                return Known { whole: Some(run), part };
            }
            Known { whole: None, part: best(part, Some(run).filter(|set| telling(set))) }
        }
        HirKind::Alternation(ways) => {
            let (mut whole, mut part) = (Some(Vec::new()), Some(Vec::new()));
            for way in ways {
                let way = known(way);
                whole = match (whole, &way.whole) {
                    (Some(mut all), Some(set)) if all.len() + set.len() <= MOST => {
                        all.extend(set.iter().cloned());
                        Some(all)
                    }
                    _ => None,
                };
                let needed = best(way.whole.filter(|set| telling(set)), way.part);
                part = match (part, needed) {
                    (Some(mut all), Some(set)) if all.len() + set.len() <= MOST => {
                        all.extend(set);
                        Some(all)
                    }
                    _ => None,
                };
            }
            Known { whole: whole.map(tidy), part: part.map(tidy).filter(|set| telling(set)) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::perl;
    use super::*;

    fn of(pattern: &str) -> Vec<String> {
        let plain = perl::translate(pattern.as_bytes(), "").unwrap().plain;
        let config = regex_automata::util::syntax::Config::new().unicode(false).utf8(false);
        let hir = regex_automata::util::syntax::parse_with(&plain, &config).unwrap();
        let found = required(&hir).unwrap_or_default();
        found.iter().map(|it| String::from_utf8_lossy(it).into_owned()).collect()
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
        assert_eq!(of("a(?=b)bcd"), ["abcd"]);
        assert_eq!(of(r"^Received: .{3,30}hello"), ["received: "]);
        assert_eq!(of(r"[a-z]{5}\s"), Vec::<String>::new());
    }
}

//! What a pattern's tree says about all texts, and what is cheaper to ask than the pattern itself. Takes a tree, gives what holds of every
//! match.

pub(crate) mod coarse;
mod compile;
mod gate;
pub(crate) mod literals;
mod plain;
mod probe;
mod run;
mod table;

pub(crate) use compile::{COMPILED_BYTES, Together, regex_of};
pub(crate) use gate::Gate;
pub(crate) use plain::{bytewise, unfolded, without_groups};
pub(crate) use probe::Probe;
pub(crate) use run::Run;
pub(crate) use table::May;

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// Whether no text at all can match, as far as the tree shows it: an empty class, something before the beginning of the text,
/// something behind its end.
pub(crate) fn never_matches(hir: &Hir) -> bool {
    // Patterns nest no deeper than the parser lets them.
    match hir.kind() {
        HirKind::Capture(capture) => never_matches(&capture.sub),
        HirKind::Repetition(repetition) => repetition.min > 0 && never_matches(&repetition.sub),
        HirKind::Alternation(ways) => ways.iter().all(never_matches),
        HirKind::Concat(parts) => {
            let least = |parts: &[Hir]| parts.iter().any(|it| it.properties().minimum_len() != Some(0));
            parts.iter().enumerate().any(|(at, part)| {
                let (before, behind) = (parts.get(..at).unwrap_or_default(), parts.get(at..).unwrap_or_default());
                let behind = behind.get(1..).unwrap_or_default();
                let (first, last) = (part.properties().look_set_prefix(), part.properties().look_set_suffix());
                never_matches(part)
                    || (first.contains(Look::Start) && least(before))
                    || (last.contains(Look::End) && least(behind))
            })
        }
        _ => hir.properties().minimum_len().is_none(),
    }
}

/// How often a match has a byte at most; `None` where there is no bound.
pub(crate) fn most_of(hir: &Hir, byte: u8) -> Option<usize> {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => Some(0),
        HirKind::Literal(literal) => Some(memchr::memchr_iter(byte, &literal.0).count()),
        HirKind::Class(Class::Bytes(class)) => {
            Some(usize::from(class.iter().any(|it| (it.start()..=it.end()).contains(&byte))))
        }
        HirKind::Class(Class::Unicode(class)) => {
            Some(usize::from(class.iter().any(|it| (it.start()..=it.end()).contains(&char::from(byte)))))
        }
        HirKind::Capture(capture) => most_of(&capture.sub, byte),
        HirKind::Repetition(repetition) => match most_of(&repetition.sub, byte)? {
            0 => Some(0),
            most => most.checked_mul(repetition.max? as usize),
        },
        HirKind::Alternation(parts) => parts.iter().try_fold(0, |most, part| Some(most_of(part, byte)?.max(most))),
        HirKind::Concat(parts) => parts.iter().try_fold(0usize, |most, part| most.checked_add(most_of(part, byte)?)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn how_often_a_match_has_a_byte_is_told() {
        let most = |pattern: &str| {
            let parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
            most_of(&parser.unwrap(), b'\n')
        };
        for pattern in [r"^[^\r\n]{998}", r"(?m)^(a|b.)+\d$", "", r"a{0}\n{0}"] {
            assert_eq!(most(pattern), Some(0), "{pattern}");
        }
        for pattern in [r"a\nb", "a[^x]b", "(?s)a.?", r"a(?:\n|bc|[^x])", r"(?:a\n){1}"] {
            assert_eq!(most(pattern), Some(1), "{pattern}");
        }
        assert_eq!((most(r"\na[^x]{2}(?:\n\n|b)"), most(r"a\s*b"), most(r"a(?:b|[^x])+")), (Some(5), None, None));
    }

    #[test]
    fn what_never_matches_is_told_and_what_may_is_not() {
        let never = |pattern: &str| never_matches(&regex_syntax::parse(pattern).unwrap());
        for pattern in [r"[^\s\S]", "foo^bar", "a$b", "x(?:[^a[^a]]|b^)", r"a\Ab", "(?:a|b)+^", "$(a|b)", "(a^){1,3}"] {
            assert!(never(pattern), "{pattern}");
        }
        for pattern in ["foo|^bar", "(?m)a\n^b", "a?^b", "^a$", "x(?:a^|b)", "(?:a^)?b", "(?:^|a)b", "a$b?", r"a\b", ""]
        {
            assert!(!never(pattern), "{pattern}");
        }
        // Not all that never matches shows in the tree.
        assert!(!never(r"a\Bb\bc"));
    }
}

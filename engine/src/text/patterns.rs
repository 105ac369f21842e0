//! What a pattern's tree says about all texts, and what is cheaper to ask than the pattern itself. Takes a tree, gives what holds of every
//! match.

pub(crate) mod coarse;
mod compile;
pub(crate) mod literals;
mod plain;
mod probe;
mod run;
mod table;

pub(crate) use compile::{COMPILED_BYTES, Together, regex_of};
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

/// Whether no match has a byte of ASCII in it.
pub(crate) fn never_has(hir: &Hir, byte: u8) -> bool {
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => true,
        HirKind::Literal(literal) => !literal.0.contains(&byte),
        HirKind::Class(Class::Bytes(class)) => !class.iter().any(|it| (it.start()..=it.end()).contains(&byte)),
        HirKind::Class(Class::Unicode(class)) => {
            !class.iter().any(|it| (it.start()..=it.end()).contains(&char::from(byte)))
        }
        HirKind::Capture(capture) => never_has(&capture.sub, byte),
        HirKind::Repetition(repetition) => never_has(&repetition.sub, byte),
        HirKind::Alternation(parts) | HirKind::Concat(parts) => parts.iter().all(|part| never_has(part, byte)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_match_has_is_told() {
        let never = |pattern: &str| {
            let parser = regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern);
            never_has(&parser.unwrap(), b'\n')
        };
        assert!(never(r"^[^\r\n]{998}") && never(r"(?m)^(a|b.)+\d$") && never(""));
        assert!(!never(r"a\nb") && !never(r"a\s*b") && !never(r"a(?:b|[^x])*") && !never("(?s)a.?"));
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

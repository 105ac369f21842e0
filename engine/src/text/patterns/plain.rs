//! Trees that are simpler and match more, for what only asks where a match might be: characters by their bytes, no boundaries of words
//! that fast engines do not know. Takes trees, gives trees.

use regex_syntax::hir::{Capture, Class, ClassBytes, ClassBytesRange, ClassUnicode, Hir, HirKind, Look, Repetition};

/// Letters that case folding takes for `k` and `s`.
const FOLDED: [char; 2] = ['\u{17f}', '\u{212a}'];
/// A class of more ranges beyond ASCII than this is any characters beyond it.
const MOST_RANGES: usize = 4;

/// The same for texts that hold neither the long s nor the Kelvin sign: there a letter whatever its case is two bytes of one length.
pub(crate) fn unfolded(hir: &Hir) -> Hir {
    mapped(hir, &|hir| match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => Some(Hir::class(match ascii(class) {
            Some(bytes) => Class::Bytes(bytes),
            None => Class::Unicode(class.clone()),
        })),
        _ => None,
    })
}

/// One that matches wherever it does.
pub(crate) fn bytewise(hir: &Hir) -> Hir {
    mapped(hir, &|hir| match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            let beyond = class.ranges().iter().filter(|it| !it.end().is_ascii()).count();
            (beyond > MOST_RANGES).then(|| any_beyond(class))
        }
        HirKind::Look(look) => {
            let of_lines =
                matches!(look, Look::Start | Look::End | Look::StartLF | Look::EndLF | Look::StartCRLF | Look::EndCRLF);
            let of_words =
                matches!(look, Look::WordAscii | Look::WordAsciiNegate | Look::WordStartAscii | Look::WordEndAscii);
            let of_halves = matches!(look, Look::WordStartHalfAscii | Look::WordEndHalfAscii);
            (!(of_lines || of_words || of_halves)).then(Hir::empty)
        }
        _ => None,
    })
}

/// One that matches the same and has no groups: what stands on both sides of one's border is one literal.
pub(crate) fn without_groups(hir: Hir) -> Hir {
    if hir.properties().explicit_captures_len() == 0 {
        return hir;
    }
    mapped(&hir, &|hir| match hir.kind() {
        HirKind::Capture(it) => Some(without_groups(it.sub.as_ref().clone())),
        _ => None,
    })
}

/// A class of which only ASCII is left without the folded letters.
fn ascii(class: &ClassUnicode) -> Option<ClassBytes> {
    let mut bytes = ClassBytes::empty();
    for range in class.ranges() {
        match (u8::try_from(range.start()), u8::try_from(range.end())) {
            (Ok(start), Ok(end)) if end.is_ascii() => bytes.push(ClassBytesRange::new(start, end)),
            _ if range.start() == range.end() && FOLDED.contains(&range.start()) => {}
            _ => return None,
        }
    }
    (!bytes.ranges().is_empty()).then_some(bytes)
}

/// Its ASCII, and any characters beyond.
fn any_beyond(class: &ClassUnicode) -> Hir {
    let of = |ranges: Vec<ClassBytesRange>| Hir::class(Class::Bytes(ClassBytes::new(ranges)));
    let ascii = class.ranges().iter().filter(|it| it.start().is_ascii()).map(|it| {
        let end = u8::try_from(it.end()).unwrap_or(u8::MAX).min(0x7F);
        ClassBytesRange::new(u8::try_from(it.start()).unwrap_or_default(), end)
    });
    let ascii = of(ascii.collect());
    // Its first byte, and those behind it: few states, and no text goes two ways through them.
    let sub = Box::new(of(vec![ClassBytesRange::new(0x80, 0xBF)]));
    let rest = Hir::repetition(Repetition { min: 1, max: None, greedy: true, sub });
    let beyond = Hir::concat(vec![of(vec![ClassBytesRange::new(0xC2, 0xF4)]), rest]);
    if ascii.properties().minimum_len().is_none() { beyond } else { Hir::alternation(vec![ascii, beyond]) }
}

/// A tree with some of its parts made others. Patterns nest no deeper than the parser lets them.
fn mapped(hir: &Hir, other: &dyn Fn(&Hir) -> Option<Hir>) -> Hir {
    if let Some(other) = other(hir) {
        return other;
    }
    let all = |parts: &[Hir]| parts.iter().map(|it| mapped(it, other)).collect();
    match hir.kind() {
        HirKind::Capture(it) => Hir::capture(Capture { sub: Box::new(mapped(&it.sub, other)), ..it.clone() }),
        HirKind::Repetition(it) => Hir::repetition(Repetition {
            min: it.min,
            max: it.max,
            greedy: it.greedy,
            sub: Box::new(mapped(&it.sub, other)),
        }),
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(ways) => Hir::alternation(all(ways)),
        _ => hir.clone(),
    }
}

#[cfg(test)]
mod tests {
    use regex_automata::meta::Regex;

    use super::*;

    fn parse(pattern: &str) -> Hir {
        regex_syntax::ParserBuilder::new().utf8(false).case_insensitive(true).build().parse(pattern).unwrap()
    }

    #[test]
    fn letters_of_any_case_are_bytes() {
        let bytes = |pattern: &str| {
            regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap()
        };
        assert_eq!(unfolded(&parse("kiss")), bytes("[Kk][Ii][Ss][Ss]"));
        assert_eq!(unfolded(&parse("ß")), parse("ß"));
        assert_eq!(unfolded(&parse("[\u{17f}]")), bytes("[Ss]"));
    }

    #[test]
    fn groups_are_left_out() {
        assert_eq!(without_groups(parse(r"(a(b|c)+x)1(?<name>y)|(z)")), parse(r"a[bc]+x1y|z"));
        let literal = without_groups(regex_syntax::parse(r"(ab)cd(e)").unwrap());
        assert!(matches!(literal.kind(), HirKind::Literal(it) if it.0.as_ref() == b"abcde"));
    }

    #[test]
    fn what_is_simpler_matches_wherever_the_pattern_does() {
        let texts =
            ["a\u{e9}x", "\u{416}1x", "\u{20ac} ", "\u{1f600}_", "kx", " x", "", "x\u{7ff}\u{800}", "9 \u{ffff}"];
        for pattern in [r"\W", r"\w\b", r"\b\W{1,2}x", r"[^a]", r"\d+", r"[\u{e0}-\u{e9}a]x", r"(?:\B|\s)\S$", r"."] {
            let (exact, simple) = (parse(pattern), bytewise(&parse(pattern)));
            assert!(simple.properties().look_set().iter().all(|it| !format!("{it:?}").contains("Unicode")));
            let [exact, simple] = [exact, simple].map(|it| Regex::builder().build_from_hir(&it).unwrap());
            assert!(texts.iter().filter(|text| simple.is_match(text)).count() >= 1, "{pattern}");
            for text in texts {
                assert!(simple.is_match(text) || !exact.is_match(text), "{pattern} in {text}");
            }
        }
    }
}

//! Texts for patterns: each run of white space is one blank, so that "next of kin" is found wherever the lines were
//! broken, and the letters that only case folding takes for `s` and `k` are these. And the way back to where things stand
//! in the text itself.
//!
//! Takes texts, gives texts and offsets; takes patterns, says which of them are about white space itself and have to
//! see the text as it is, and makes the others such that they go over flat texts fast.

use regex_syntax::hir::{Class, Hir, HirKind, Look, Repetition};

/// A text with each run of white space as one blank. Its memory is used again for the next text.
#[derive(Debug, Default)]
pub(super) struct Flat {
    text: Vec<u8>,
    /// Offsets in `text` right behind a run that was longer than a blank, and how many bytes were left out up to there.
    cuts: Vec<(usize, usize)>,
}

impl Flat {
    /// Flattens `text`, which is UTF-8.
    pub(super) fn set(&mut self, text: &[u8]) {
        self.text.clear();
        self.cuts.clear();
        self.text.reserve(text.len());
        let (mut at, mut looked_at, mut copied, mut left_out) = (0usize, 0usize, 0usize, 0usize);
        while let Some(&byte) = text.get(at) {
            // Most bytes, and most blanks, are as they should be: what lies between the others is copied at once, and looked for
            // many bytes at a time, which takes half of the instructions.
            if at >= looked_at {
                looked_at = at.saturating_add(STEP);
                if is_flat(text.get(at..).unwrap_or_default()) {
                    at = looked_at;
                    continue;
                }
            }
            let next = text.get(at.saturating_add(1)).copied().unwrap_or(0);
            if !may_be_white(byte) || (byte == b' ' && !may_be_white(next)) {
                at = at.saturating_add(1);
                continue;
            }
            let rest = text.get(at..).unwrap_or_default();
            let (run, stands_for) = match rest {
                [0xC5, 0xBF, ..] => (2, b's'),
                [0xE2, 0x84, 0xAA, ..] => (3, b'k'),
                _ => (run(rest), b' '),
            };
            if run == 0 || (run == 1 && byte == b' ') {
                at = at.saturating_add(1);
                continue;
            }
            self.text.extend_from_slice(text.get(copied..at).unwrap_or_default());
            self.text.push(stands_for);
            if run > 1 {
                left_out = left_out.saturating_add(run.saturating_sub(1));
                self.cuts.push((self.text.len(), left_out));
            }
            at = at.saturating_add(run);
            copied = at;
        }
        self.text.extend_from_slice(text.get(copied..).unwrap_or_default());
    }

    pub(super) fn text(&self) -> &[u8] {
        &self.text
    }

    /// The offset in the text that was flattened. One behind a blank is one behind its whole run.
    pub(super) fn original(&self, at: usize) -> usize {
        let cuts = self.cuts.partition_point(|(behind, _)| *behind <= at);
        let left_out = cuts.checked_sub(1).and_then(|last| self.cuts.get(last)).map_or(0, |(_, left_out)| *left_out);
        at.saturating_add(left_out)
    }
}

/// Whether white space, or a letter that is another by case folding, can begin with this byte.
fn may_be_white(byte: u8) -> bool {
    // From tab to blank. Without branches, for the sake of `is_flat`.
    (byte.wrapping_sub(b'\t') < 24) | (byte == 0xC2) | (byte == 0xC5) | (byte.wrapping_sub(0xE1) < 3)
}

/// How many bytes are looked at together.
const STEP: usize = 16;

/// Whether the next bytes are all as they should be, single blanks among them; false near the end of the text.
fn is_flat(text: &[u8]) -> bool {
    let Some(bytes) = text.first_chunk::<STEP>() else { return false };
    let Some(nexts) = text.get(1..).and_then(|text| text.first_chunk::<STEP>()) else { return false };
    let odd = bytes
        .iter()
        .zip(nexts)
        .fold(false, |odd, (byte, next)| odd | (may_be_white(*byte) & ((*byte != b' ') | may_be_white(*next))));
    !odd
}

/// How many bytes of white space a text begins with.
fn run(text: &[u8]) -> usize {
    let mut rest = text;
    loop {
        let length = match rest {
            [b'\t'..=b'\r' | b' ', ..] => 1,
            // Next line, no-break space.
            [0xC2, 0x85 | 0xA0, ..] => 2,
            [0xE1, 0x9A, 0x80, ..] => 3,
            // Quads and spaces of every width, line and paragraph separators.
            [0xE2, 0x80, 0x80..=0x8A | 0xA8 | 0xA9 | 0xAF, ..] | [0xE2, 0x81, 0x9F, ..] => 3,
            [0xE3, 0x80, 0x80, ..] => 3,
            _ => return text.len().saturating_sub(rest.len()),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
}

/// Whether a pattern is about white space itself: several blanks in a row, a tab, a line's end. Such a pattern would
/// find nothing in a flat text. As deep as the parser lets patterns nest.
pub(super) fn matter(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Empty => false,
        HirKind::Literal(literal) => {
            literal.0.iter().any(|byte| matches!(byte, b'\t'..=b'\r')) || literal.0.windows(2).any(|pair| pair == b"  ")
        }
        HirKind::Class(class) => is_blank(class) && !has_blank(class),
        HirKind::Look(look) => matches!(look, Look::StartLF | Look::EndLF | Look::StartCRLF | Look::EndCRLF),
        HirKind::Repetition(it) => (it.min > 1 && counts_blanks(&it.sub)) || matter(&it.sub),
        HirKind::Capture(capture) => matter(&capture.sub),
        HirKind::Concat(parts) => {
            let meet = |pair: &[Hir]| matches!(pair, [one, next] if blank_at(one, false) && blank_at(next, true));
            parts.iter().any(matter) || parts.windows(2).any(meet)
        }
        HirKind::Alternation(ways) => ways.iter().any(matter),
    }
}

/// The same pattern for flat texts: as they have one blank in a row and no other white space, `\s+` is a blank. So every
/// match has a bound, and literals go on over it.
pub(super) fn bounded(hir: Hir) -> Hir {
    let blank = || Hir::literal(*b" ");
    if is_white(&hir) {
        return blank();
    }
    match hir.into_kind() {
        HirKind::Repetition(it) if is_white(&it.sub) => match (it.min, it.max) {
            (_, Some(0)) => Hir::empty(),
            (0, _) => Hir::repetition(Repetition { max: Some(1), sub: Box::new(blank()), ..it }),
            _ => blank(),
        },
        HirKind::Repetition(it) => {
            let sub = Box::new(bounded(*it.sub));
            Hir::repetition(Repetition { sub, ..it })
        }
        HirKind::Capture(mut capture) => {
            capture.sub = Box::new(bounded(*capture.sub));
            Hir::capture(capture)
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(bounded).collect()),
        HirKind::Alternation(ways) => Hir::alternation(ways.into_iter().map(bounded).collect()),
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
        HirKind::Look(look) => Hir::look(look),
    }
}

/// The same pattern with word boundaries that know ASCII letters only, where that misses nothing: each stands beside an
/// ASCII letter, digit or `_`. Beyond ASCII the fast engines of the regex crate know no other boundaries, and its slow
/// ones take a second for a text of a megabyte. The price is that `\bcash` is found in `écash`.
pub(super) fn ascii_words(hir: Hir) -> Hir {
    if boundaries_touch_ascii(&hir) { with_ascii_words(hir) } else { hir }
}

/// Whether each word boundary is a neighbour of an ASCII letter, digit or `_` in every match.
fn boundaries_touch_ascii(hir: &Hir) -> bool {
    match hir.kind() {
        // By itself, or in a group of its own.
        HirKind::Look(look) => ascii_look(*look).is_none(),
        HirKind::Repetition(it) => boundaries_touch_ascii(&it.sub),
        HirKind::Capture(capture) => boundaries_touch_ascii(&capture.sub),
        HirKind::Alternation(ways) => ways.iter().all(boundaries_touch_ascii),
        HirKind::Concat(parts) => parts.iter().enumerate().all(|(at, part)| match part.kind() {
            HirKind::Look(look) if ascii_look(*look).is_some() => {
                let (before, after) = parts.split_at_checked(at).unwrap_or((parts, &[]));
                ascii_neighbour(before.iter().rev(), false) || ascii_neighbour(after.iter().skip(1), true)
            }
            _ => boundaries_touch_ascii(part),
        }),
        HirKind::Empty | HirKind::Literal(_) | HirKind::Class(_) => true,
    }
}

/// Whether what stands beside a boundary is an ASCII letter, digit or `_` in every match, given the parts from there on. What may be
/// missing has the next part stand there.
fn ascii_neighbour<'h>(parts: impl Iterator<Item = &'h Hir>, start: bool) -> bool {
    for part in parts {
        match part.kind() {
            HirKind::Empty => {}
            HirKind::Repetition(it) if it.min == 0 => {
                if !ascii_edge(&it.sub, start) {
                    return false;
                }
            }
            _ => return ascii_edge(part, start),
        }
    }
    false
}

/// Whether every match of it begins (or ends) with an ASCII letter, digit or `_`.
fn ascii_edge(hir: &Hir, start: bool) -> bool {
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    match hir.kind() {
        HirKind::Literal(literal) => {
            (if start { literal.0.first() } else { literal.0.last() }).is_some_and(|byte| word(*byte))
        }
        HirKind::Class(Class::Unicode(class)) => class.ranges().iter().all(|range| {
            // The long s and the Kelvin sign stand in no flat text.
            let letter = matches!((range.start(), range.end()), ('\u{17f}', '\u{17f}') | ('\u{212a}', '\u{212a}'));
            letter || (range.end().is_ascii() && (range.start()..=range.end()).all(|c| u8::try_from(c).is_ok_and(word)))
        }),
        HirKind::Class(Class::Bytes(class)) => {
            class.ranges().iter().all(|range| (range.start()..=range.end()).all(word))
        }
        HirKind::Repetition(it) => it.min > 0 && ascii_edge(&it.sub, start),
        HirKind::Capture(capture) => ascii_edge(&capture.sub, start),
        HirKind::Concat(parts) if start => ascii_neighbour(parts.iter(), start),
        HirKind::Concat(parts) => ascii_neighbour(parts.iter().rev(), start),
        HirKind::Alternation(ways) => ways.iter().all(|way| ascii_edge(way, start)),
        HirKind::Empty | HirKind::Look(_) => false,
    }
}

fn with_ascii_words(hir: Hir) -> Hir {
    match hir.into_kind() {
        HirKind::Look(look) => Hir::look(ascii_look(look).unwrap_or(look)),
        HirKind::Repetition(it) => {
            let sub = Box::new(with_ascii_words(*it.sub));
            Hir::repetition(Repetition { sub, ..it })
        }
        HirKind::Capture(mut capture) => {
            capture.sub = Box::new(with_ascii_words(*capture.sub));
            Hir::capture(capture)
        }
        HirKind::Concat(parts) => Hir::concat(parts.into_iter().map(with_ascii_words).collect()),
        HirKind::Alternation(ways) => Hir::alternation(ways.into_iter().map(with_ascii_words).collect()),
        HirKind::Empty => Hir::empty(),
        HirKind::Literal(literal) => Hir::literal(literal.0),
        HirKind::Class(class) => Hir::class(class),
    }
}

/// A word boundary for ASCII. `\B` has none: where it holds for ASCII it need not hold beyond.
fn ascii_look(look: Look) -> Option<Look> {
    Some(match look {
        Look::WordUnicode => Look::WordAscii,
        Look::WordStartUnicode => Look::WordStartAscii,
        Look::WordEndUnicode => Look::WordEndAscii,
        Look::WordStartHalfUnicode => Look::WordStartHalfAscii,
        Look::WordEndHalfUnicode => Look::WordEndHalfAscii,
        _ => return None,
    })
}

/// Whether it is one piece of white space: a blank, `\s`, `[ \t]`.
fn is_white(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => &*literal.0 == b" ",
        HirKind::Class(class) => is_blank(class),
        HirKind::Capture(capture) => is_white(&capture.sub),
        _ => false,
    }
}

/// Whether every match of it begins (or ends) with a blank.
fn blank_at(hir: &Hir, start: bool) -> bool {
    match hir.kind() {
        HirKind::Literal(literal) => (if start { literal.0.first() } else { literal.0.last() }) == Some(&b' '),
        HirKind::Repetition(it) => it.min > 0 && is_white(&it.sub),
        _ => is_white(hir),
    }
}

/// Whether several of it are several blanks: `\s{5,}`, `[ _-]{4,}`. Not so where letters or digits may stand too, as
/// in `.{5,}` or `[a-z ]{10,}`: those go over words.
fn counts_blanks(hir: &Hir) -> bool {
    match hir.kind() {
        HirKind::Class(class) => has_blank(class) && !['a', 'A', '0'].iter().any(|c| has(class, *c)),
        HirKind::Capture(capture) => counts_blanks(&capture.sub),
        _ => is_white(hir),
    }
}

fn has_blank(class: &Class) -> bool {
    has(class, ' ')
}

fn has(class: &Class, c: char) -> bool {
    match class {
        Class::Unicode(class) => class.ranges().iter().any(|range| (range.start()..=range.end()).contains(&c)),
        Class::Bytes(class) => class
            .ranges()
            .iter()
            .any(|range| u8::try_from(c).is_ok_and(|byte| (range.start()..=range.end()).contains(&byte))),
    }
}

/// Whether a class is of white space alone.
fn is_blank(class: &Class) -> bool {
    // No run of white space in Unicode is longer than 32.
    let all = |start: u32, end: u32| {
        end.saturating_sub(start) < 32
            && (start..=end).all(|code| char::from_u32(code).is_some_and(char::is_whitespace))
    };
    match class {
        Class::Unicode(class) => {
            !class.ranges().is_empty()
                && class.ranges().iter().all(|it| all(u32::from(it.start()), u32::from(it.end())))
        }
        Class::Bytes(class) => {
            !class.ranges().is_empty()
                && class.ranges().iter().all(|it| all(u32::from(it.start()), u32::from(it.end())))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(pattern: &str) -> Hir {
        regex_syntax::Parser::new().parse(pattern).unwrap()
    }

    #[test]
    fn flat_texts_and_the_way_back() {
        let text = "a b\n\nc\u{a0}\u{2003} d\te \u{3000}\r\n";
        let mut flat = Flat::default();
        flat.set(text.as_bytes());
        assert_eq!(flat.text(), b"a b c d e ");
        let back = |start, end| text.get(flat.original(start)..flat.original(end)).unwrap();
        assert_eq!(back(2, 3), "b");
        assert_eq!(back(2, 5), "b\n\nc");
        assert_eq!(back(4, 7), "c\u{a0}\u{2003} d");
        assert_eq!(back(5, 6), "\u{a0}\u{2003} ");
        assert_eq!(back(8, 9), "e");
        assert_eq!(flat.original(flat.text().len()), text.len());
        // The memory is used again, and nothing of the first text is left in it.
        flat.set("x y".as_bytes());
        assert_eq!((flat.text(), flat.original(3)), (b"x y".as_slice(), 3));
    }

    #[test]
    fn every_white_space_is_known_and_nothing_else() {
        let mut flat = Flat::default();
        for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
            let text = format!("a{c}{c}b");
            flat.set(text.as_bytes());
            let expected = match c {
                _ if c.is_whitespace() => "a b",
                '\u{17f}' => "assb",
                '\u{212a}' => "akkb",
                _ => text.as_str(),
            };
            assert_eq!(flat.text(), expected.as_bytes(), "{c:?}");
        }
    }

    #[test]
    fn patterns_about_white_space_see_the_text_as_it_is() {
        for pattern in
            [r"\s{5,}x", "[ _-]{4,}", "a  b", r"a\nb", r"\tx", "(?m)^a", "(?m:a$)", r"x\s\s", r"\s+ x", "[\n\t]x"]
        {
            assert!(matter(&parse(pattern)), "{pattern}");
        }
        for pattern in [
            "next of kin",
            "^a",
            "a$",
            r"a\s+b",
            r"a\s*b",
            r"\W{0,3}x",
            ".{5,9}x",
            "[a-z ]{10,}",
            r"!\s?!\s?!",
            "[^x]{3,}",
        ] {
            assert!(!matter(&parse(pattern)), "{pattern}");
        }
    }

    #[test]
    fn boundaries_know_ascii_only_where_that_misses_nothing() {
        for pattern in [r"\bcash\b", r"\b(?:a|b)c", r"x\b.{0,9}\by", r"\b[a-z]+", "(?i)\\bkiss\\b", "cash"] {
            assert!(!ascii_words(parse(pattern)).properties().look_set().contains_word_unicode(), "{pattern}");
        }
        for pattern in [r"\bпароль", r"\b\w+x", r"a \b.", r"\b[a-zü]x", r"(?:\b|x)a", r"x?\b -", r"a\Bb"] {
            assert!(ascii_words(parse(pattern)).properties().look_set().contains_word_unicode(), "{pattern}");
        }
    }

    #[test]
    fn white_space_has_a_bound_in_flat_texts() {
        let longest = |pattern: &str| bounded(parse(pattern)).properties().maximum_len();
        assert_eq!(longest("a +b"), Some(3));
        assert_eq!(longest("(a *|b +)c"), Some(3));
        assert_eq!(longest(r"(?:kin[ \t]*)dear"), Some(8));
        assert_eq!(longest("a.*b"), None);
    }
}

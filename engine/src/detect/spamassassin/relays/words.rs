//! Single words of Received: what stands behind `by`, `id` and HELO. Takes a field's bytes, gives words.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// What is looked for in each field: to make a searcher takes longer than most searches.
static BY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b" by "));
static ID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b" id"));
static HELO: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"helo="));
static SAID: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"LO "));
static LOCAL: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b" with local for"));
static UNPARTED: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b")by "));

/// A field with one blank for each run of them, and none at its ends.
pub(super) fn words(field: &[u8]) -> String {
    let is_blank = |byte: &u8| matches!(byte, 9..=13 | b' ');
    // Most fields are so as they were unfolded. Sums without a way out are made of many bytes at once.
    let controls = field.iter().fold(0u8, |sum, byte| sum | u8::from(matches!(byte, 9..=13)));
    let pairs = field.iter().zip(field.get(1..).unwrap_or_default());
    let doubles = pairs.fold(0u8, |sum, (one, next)| sum | u8::from((*one == b' ') & (*next == b' ')));
    let at_ends = field.first().is_some_and(is_blank) || field.last().is_some_and(is_blank);
    if controls | doubles == 0 && !at_ends {
        return as_text(field.to_vec());
    }
    let mut out = Vec::with_capacity(field.len());
    for word in field.split(is_blank).filter(|word| !word.is_empty()) {
        if !out.is_empty() {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
    as_text(out)
}

fn as_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// The run of bytes from a place on of which `is` says yes.
fn run(text: &str, from: usize, is: impl Fn(&u8) -> bool) -> &str {
    let length = text.bytes().skip(from).take_while(|byte| is(byte)).count();
    text.get(from..from + length).unwrap_or_default()
}

/// Whether ` with local for` stands there as words.
pub(super) fn is_local(text: &str) -> bool {
    let text = text.as_bytes();
    LOCAL.find_iter(text).any(|at| matches!(text.get(at + LOCAL.needle().len()), None | Some(b' ')))
}

/// The same text with a blank in the first `)by `, where there is one.
pub(super) fn parted(text: &str) -> Option<String> {
    let at = UNPARTED.find(text.as_bytes())?;
    let (head, rest) = text.split_at_checked(at + 1)?;
    Some([head, " ", rest].concat())
}

/// What stands behind a word at the start of a text, whatever the word's case.
fn behind<'t>(text: &'t str, word: &str) -> Option<&'t str> {
    let (head, rest) = text.split_at_checked(word.len())?;
    head.eq_ignore_ascii_case(word).then_some(rest)
}

/// The word behind `from` of a field that names two hosts and says no more: `from a by b;`.
pub(super) fn between_two(text: &str) -> Option<&str> {
    let from = behind(text, "from ")?;
    let (name, rest) = from.split_at(run(from, 0, |byte| *byte != b' ').len());
    let rest = behind(rest, " by ")?;
    let end = rest.get(run(rest, 0, |byte| !matches!(byte, b' ' | b';')).len()..)?;
    let ends = end.len() < rest.len() && (end.starts_with(';') || end.starts_with(" ;"));
    (ends && !name.is_empty()).then_some(name)
}

/// The first word behind ` by `.
pub(super) fn by(text: &str) -> Option<&str> {
    let at = BY.find(text.as_bytes())?;
    Some(run(text, at + 4, |byte| !byte.is_ascii_whitespace()))
}

/// ` id <?([^\s<>;]{3,})`
pub(super) fn id(text: &str) -> Option<&str> {
    // Without its last blank, which may be the first of the next.
    ID.find_iter(text.as_bytes()).find_map(|at| {
        let rest = text.get(at + 3..)?;
        let from = at + if rest.starts_with(" <") { 5 } else { 4 };
        if !rest.starts_with(' ') {
            return None;
        }
        let found = run(text, from, |byte| !byte.is_ascii_whitespace() && !matches!(byte, b'<' | b'>' | b';'));
        (found.len() >= 3).then_some(found)
    })
}

/// The word behind `helo=`; without one, behind `HELO ` or `EHLO `. None of these is the end of a word.
pub(super) fn helo(text: &str) -> Option<&str> {
    let bytes = text.as_bytes();
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b"-.^+_&:=?!@%*$\\/".contains(byte);
    let starts = |at: usize| {
        let before = at.checked_sub(1).and_then(|at| bytes.get(at));
        before.is_none_or(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_')
    };
    let value = |at: usize| Some(run(text, at + 5, is_word)).filter(|word| !word.is_empty());
    let given = HELO.find_iter(bytes).filter(|at| starts(*at)).find_map(value);
    given.or_else(|| {
        let said = SAID.find_iter(bytes).filter_map(|at| at.checked_sub(2));
        let said = said.filter(|at| matches!(bytes.get(*at..*at + 2), Some(b"HE" | b"EH")) && starts(*at));
        said.into_iter().find_map(value)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_are_single() {
        for (text, expected) in [
            ("from a by b", "from a by b"),
            ("from  a\t\nby b", "from a by b"),
            (" a b", "a b"),
            ("a b ", "a b"),
            ("a\u{B}b", "a b"),
            ("", ""),
        ] {
            assert_eq!(words(text.as_bytes()), expected, "{text:?}");
        }
    }

    /// What these patterns give, which the functions stand for.
    #[test]
    fn words_are_found_as_patterns_find_them() {
        let word = r"[-A-Za-z0-9.^+_&:=?!@%*$\\/]+";
        let not_word = r"(?:[^-A-Za-z0-9.^+_&:=?!@%*$\\/]|$)";
        let of = |pattern: &str, text: &str| {
            let it = regex::bytes::RegexBuilder::new(pattern).unicode(false).build().unwrap();
            it.captures(text.as_bytes()).map(|it| String::from_utf8_lossy(&it[1]).into_owned())
        };
        let parts = [
            " id", " ", "<", "ab", "abc;", "helo=", "HELO ", "xEHLO ", "EHLO", "(", "\u{E9}", "x", " by ", ")", "_",
            "LO ", ";",
        ];
        let mut state = 1u64;
        for _ in 0..20_000 {
            let mut text = String::from("from ");
            for _ in 0..8 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                text.push_str(parts[(state >> 33) as usize % parts.len()]);
            }
            let text = words(text.as_bytes());
            let owned = |it: Option<&str>| it.map(str::to_owned);
            assert_eq!(owned(id(&text)), of(r" id <?([^\s<>;]{3,})", &text), "{text}");
            let by_pattern = of(r" by (\S+)(?:[^-A-Za-z0-9;.]|$)", &text).unwrap_or_default();
            assert_eq!(by(&text).unwrap_or_default(), by_pattern, "{text}");
            let two = of(r"(?i)^from (\S+) by [^\s;]+ ?;", &text);
            assert_eq!(owned(between_two(&text)), two, "{text}");
            let said = of(&format!(r"\bhelo=({word}){not_word}"), &text);
            let said = said.or_else(|| of(&format!(r"\b(?:HELO|EHLO) ({word}){not_word}"), &text));
            assert_eq!(owned(helo(&text)), said, "{text}");
        }
    }
}

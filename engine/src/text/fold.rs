//! Folding: case, look-alike characters and invisible characters taken out, so that disguised words read as meant.
//!
//! Takes text, gives text on one line. What is folded, and what is left alone because honest text needs it:
//! - Case, and compatibility forms (NFKC): full-width, mathematical and circled letters, ligatures.
//! - Invisible characters, controls, and marks that do not compose with their letter (a struck-through `v`). Accents
//!   that do compose stay: `é` is not `e`, since rules are written in languages that have both.
//! - Letters of other alphabets that look like Latin ones, but only in words that hold a Latin letter too, or, where
//!   most of the text is Latin, in words that consist of such letters alone. Cyrillic text stays Cyrillic.
//! - Each run of blanks and line breaks becomes one blank: phrases are found across wrapped lines.

use unicode_normalization::UnicodeNormalization;
use unicode_script::{Script, UnicodeScript};
use unicode_security::confusable_detection::skeleton;

/// Appends the folded form of `text` to `out`.
pub(crate) fn fold_into(text: &str, out: &mut String) {
    out.reserve(text.len());
    if text.is_ascii() {
        return fold_ascii(text, out);
    }
    let latin = mostly_latin(text);
    let mut word = String::new();
    let mut rest = text;
    while let Some(odd) = rest.bytes().position(|byte| !byte.is_ascii()) {
        // The token around it: ASCII letters and anything beyond ASCII. What lies before folds by itself.
        let plain = |byte: &u8| byte.is_ascii() && !byte.is_ascii_alphabetic();
        let start = rest.bytes().take(odd).rposition(|byte| plain(&byte)).map_or(0, |at| at + 1);
        let (before, token) = rest.split_at_checked(start).unwrap_or((rest, ""));
        let end = token.bytes().position(|byte| plain(&byte)).unwrap_or(token.len());
        let (token, after) = token.split_at_checked(end).unwrap_or((token, ""));
        fold_ascii(before, out);
        word.clear();
        word.extend(token.chars().filter(|&c| !is_invisible(c)).nfkc());
        fold_token(&word, latin, out);
        rest = after;
    }
    fold_ascii(rest, out);
}

/// The folded form of `text`.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::new();
    fold_into(text, &mut out);
    out
}

fn fold_ascii(text: &str, out: &mut String) {
    let start = out.len();
    let bytes = text.as_bytes();
    let mut blank = out.is_empty() || out.ends_with(' ');
    let mut copied = 0;
    // Bytes that stay are copied run by run; letters become small in one go at the end.
    for (at, &byte) in bytes.iter().enumerate() {
        if byte > b' ' && byte != 127 {
            blank = false;
            continue;
        }
        let is_blank = byte == b' ' || (b'\t'..=b'\r').contains(&byte);
        if byte == b' ' && !blank {
            blank = true;
            continue;
        }
        out.push_str(text.get(copied..at).unwrap_or_default());
        if is_blank && !blank {
            out.push(' ');
            blank = true;
        }
        copied = at + 1;
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    if let Some(added) = out.get_mut(start..) {
        added.make_ascii_lowercase();
    }
}

/// Folds what NFKC made of a token: words, and whatever separates them beyond ASCII.
fn fold_token(token: &str, latin: bool, out: &mut String) {
    let mut rest = token;
    while let Some(first) = rest.chars().next() {
        let in_word = is_of_word(first);
        let end = rest.find(|c| is_of_word(c) != in_word).unwrap_or(rest.len());
        let (run, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
        if in_word {
            fold_word(run, latin, out);
        } else {
            for c in run.chars() {
                if !c.is_whitespace() {
                    out.push(c);
                } else if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
        }
        rest = after;
    }
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || is_loose_mark(c)
}

fn fold_word(word: &str, latin: bool, out: &mut String) {
    let letters = || word.chars().filter(|&c| c.is_alphabetic());
    let disguised = letters().any(|c| c.is_ascii()) || (latin && letters().all(|c| imitated(c).is_some()));
    for c in word.chars().filter(|&c| !is_loose_mark(c)) {
        match imitated(c).filter(|_| disguised && !c.is_ascii()) {
            Some(letter) => out.push(letter),
            // The small form of a letter may hold a mark (`İ`).
            None => out.extend(c.to_lowercase().filter(|&c| !is_loose_mark(c))),
        }
    }
}

/// Whether most letters are ASCII ones.
fn mostly_latin(text: &str) -> bool {
    let ascii = text.bytes().filter(u8::is_ascii_alphabetic).count();
    // The first bytes of characters beyond ASCII stand for the characters.
    let other = text.bytes().filter(|&byte| byte >= 0xc0).count();
    ascii > other
}

/// Whether two texts look the same: whatever the case, the alphabet that a letter is taken from, invisible characters, and with
/// `0` for `o` and `1` for `l`. Unlike [`fold`], it takes every letter for what it looks like, since one text is held against the other.
pub(crate) fn look_alike(one: &str, other: &str) -> bool {
    fn seen(text: &str) -> impl Iterator<Item = char> {
        let plain = text.chars().filter(|&c| !is_invisible(c)).nfkc().filter(|&c| !is_loose_mark(c));
        plain.flat_map(char::to_lowercase).map(|c| match c {
            '0' => 'o',
            '1' => 'l',
            _ => imitated(c).unwrap_or(c),
        })
    }
    seen(one).eq(seen(other))
}

/// Marks that are written over any letter: those left after composition are ornament or disguise.
fn is_loose_mark(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}')
}

/// Characters without a look of their own: zero-width ones, soft hyphens, direction and variation marks, tags.
pub(crate) fn is_invisible(c: char) -> bool {
    matches!(c,
        '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The lower-case ASCII letter that a letter of another alphabet looks like (Unicode TR 39); an ASCII letter is its own.
///
/// Letters of the Latin alphabets (`ı`, `æ`, `ø`) imitate nothing: they are at home beside ASCII.
pub(crate) fn imitated(c: char) -> Option<char> {
    if c.is_ascii() {
        return c.is_ascii_alphabetic().then(|| c.to_ascii_lowercase());
    }
    let imitator = match c.script() {
        Script::Cyrillic | Script::Greek | Script::Armenian | Script::Cherokee | Script::Coptic | Script::Lisu => true,
        Script::Latin => c >= '\u{250}',
        _ => false,
    };
    if !imitator || !c.is_alphabetic() {
        return None;
    }
    // The small letter first: the skeleton of a capital I of any alphabet is `l`.
    let mut small = c.to_lowercase();
    let small = small.next().filter(|_| small.next().is_none());
    small.and_then(ascii_skeleton).or_else(|| ascii_skeleton(c))
}

fn ascii_skeleton(c: char) -> Option<char> {
    let mut buffer = [0; 4];
    let mut letters = skeleton(c.encode_utf8(&mut buffer));
    let letter = letters.next()?;
    (letters.next().is_none() && letter.is_ascii_alphabetic()).then(|| letter.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::{fold, imitated, is_invisible, look_alike};

    #[test]
    fn plain_text_folds_to_one_line_of_lower_case() {
        assert_eq!(fold("Next of\r\n\tKIN, $5,000\u{0} !"), "next of kin, $5,000 !");
        assert_eq!(fold(" \r\n"), "");
        assert_eq!(fold("naïve Ärger\u{a0}\u{2003}Ölpreis"), "naïve ärger ölpreis");
    }

    #[test]
    fn disguised_words_read_as_meant() {
        assert_eq!(fold("V\u{200b}i\u{ad}a\u{2060}gra"), "viagra");
        assert_eq!(fold("ＶＩＡＧＲＡ 𝓯𝓻𝓮𝓮 ⓒⓐⓢⓗ"), "viagra free cash");
        assert_eq!(fold("v\u{336}i\u{336}a\u{336}gra"), "viagra");
        assert_eq!(
            fold("Your Раураl account, ассеѕѕ"),
            "your paypal account, access",
            "Cyrillic letters in Latin words"
        );
        assert_eq!(fold("your раѕѕ here, please"), "your pass here, please", "a word of look-alikes in Latin text");
    }

    #[test]
    fn what_looks_the_same() {
        for (one, other) in [("PayPal", "раураl"), ("paypal", "paypa1"), ("g00gle", "Google"), ("a\u{200b}b", "ab")]
        {
            assert!(look_alike(one, other), "{one} {other}");
        }
        for (one, other) in
            [("paypal", "paypals"), ("paypal", "payp\u{e4}l"), ("", "a"), ("\u{43c}\u{438}\u{440}", "mir")]
        {
            assert!(!look_alike(one, other), "{one} {other}");
        }
    }

    #[test]
    fn honest_letters_stay() {
        assert_eq!(fold("Срок оплаты: рас, сор"), "срок оплаты: рас, сор", "Cyrillic that could be read as Latin");
        assert_eq!(fold("Οδός Αθηνών"), "οδός αθηνών");
        assert_eq!(fold("sıfır, cæsar, łódź, smørgås"), "sıfır, cæsar, łódź, smørgås");
        assert_eq!(fold("e\u{301}te\u{301}"), "été", "accents compose");
        assert_eq!(fold("使用iPhone手机"), "使用iphone手机");
    }

    #[test]
    fn folding_twice_changes_nothing() {
        for text in ["Раураl", "ＶＩＡＧＲＡ\u{a0}x", "Straße ﬁn", "e\u{301}\u{336}", "Ⅳ ½ İstanbul"]
        {
            assert_eq!(fold(&fold(text)), fold(text), "{text}");
        }
    }

    #[test]
    fn single_characters() {
        assert_eq!(imitated('а'), Some('a'));
        assert_eq!(imitated('В'), Some('b'), "by its capital form");
        assert_eq!(imitated('І'), Some('i'), "not l");
        assert_eq!(imitated('д'), None);
        assert_eq!(imitated('Q'), Some('q'));
        assert_eq!(imitated('7'), None);
        assert!(is_invisible('\u{202e}') && !is_invisible('\u{a0}') && !is_invisible('a'));
    }
}

//! Words of a condition. Takes its text, gives tokens with their spans; knows CEL's literals and escapes, no grammar.

use super::syntax::Fault;
use crate::text::span::Span;

/// A word, and where it stands in the condition.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Token<'c> {
    pub(super) word: Word<'c>,
    pub(super) span: Span,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Word<'c> {
    Name(&'c str),
    /// A whole number without its sign: `-` belongs to the parser, since `a -1` is a subtraction.
    Int(u64),
    Double(f64),
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// Longest first, so that `<=` is not read as `<`.
const SIGNS: &[&str] = &[
    "||", "&&", "==", "!=", "<=", ">=", "<", ">", "+", "-", "*", "/", "%", "!", "?", ":", ".", ",", "(", ")", "[", "]",
    "{", "}",
];

/// Splits a condition into tokens; the last is [`Word::End`].
pub(super) fn tokens(condition: &str) -> Result<Vec<Token<'_>>, Fault> {
    let mut lexer = Lexer { condition, at: 0 };
    let mut tokens = Vec::new();
    loop {
        let token = lexer.token()?;
        let last = token.word == Word::End;
        tokens.push(token);
        if last {
            return Ok(tokens);
        }
    }
}

struct Lexer<'c> {
    condition: &'c str,
    at: usize,
}

impl<'c> Lexer<'c> {
    fn rest(&self) -> &'c str {
        self.condition.get(self.at..).unwrap_or_default()
    }

    fn fault(&self, start: usize, message: impl Into<String>) -> Fault {
        Fault::new(Span::new(start, self.at.max(start + 1)), message)
    }

    fn token(&mut self) -> Result<Token<'c>, Fault> {
        self.skip_blanks();
        let start = self.at;
        let word = self.word()?;
        Ok(Token { word, span: Span::new(start, self.at) })
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest();
            let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\x0c']).len();
            let rest = rest.get(blanks..).unwrap_or_default();
            let comment = if rest.starts_with("//") { rest.find('\n').unwrap_or(rest.len()) } else { 0 };
            if blanks + comment == 0 {
                return;
            }
            self.at += blanks + comment;
        }
    }

    fn word(&mut self) -> Result<Word<'c>, Fault> {
        let rest = self.rest();
        let mut bytes = rest.bytes();
        let Some(first) = bytes.next() else { return Ok(Word::End) };
        let second = bytes.next();
        match first {
            b'"' | b'\'' => return self.text(false),
            b'r' | b'R' if matches!(second, Some(b'"' | b'\'')) => {
                self.at += 1;
                return self.text(true);
            }
            b'b' | b'B' if matches!(second, Some(b'"' | b'\'' | b'r' | b'R')) && is_bytes(rest) => {
                self.at += 1;
                return Err(self.fault(self.at - 1, "byte strings are left out here: every fact is text"));
            }
            b'0'..=b'9' => return self.number(),
            b'.' if second.is_some_and(|it| it.is_ascii_digit()) => return self.number(),
            b'_' | b'a'..=b'z' | b'A'..=b'Z' => {
                let length = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
                self.at += length;
                return Ok(Word::Name(rest.get(..length).unwrap_or_default()));
            }
            _ => {}
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            return Ok(Word::Sign(sign));
        }
        let start = self.at;
        let unknown = rest.chars().next().unwrap_or_default();
        self.at += unknown.len_utf8();
        let remedy = match unknown {
            '=' => "equality is written `==`",
            '&' => "\"and\" is written `&&`",
            '|' => "\"or\" is written `||`",
            '~' => "a pattern is asked for with `text.matches(\"pattern\")`",
            '`' | '“' | '”' | '‘' | '’' => "text stands in \"...\" or '...'",
            _ => "",
        };
        Err(self.fault(start, format!("{unknown:?} has no meaning in a condition")).remedy(remedy))
    }

    fn number(&mut self) -> Result<Word<'c>, Fault> {
        let start = self.at;
        let rest = self.rest();
        let word = |length: usize| rest.get(..length).unwrap_or_default();
        let digits = |from: usize| rest.bytes().skip(from).take_while(u8::is_ascii_digit).count();
        let number = if rest.starts_with("0x") || rest.starts_with("0X") {
            let length = 2 + rest.bytes().skip(2).take_while(u8::is_ascii_hexdigit).count();
            self.at += length;
            u64::from_str_radix(word(length).get(2..).unwrap_or_default(), 16).ok().map(Word::Int)
        } else {
            let mut length = digits(0);
            let whole = length;
            // `1.size()` is no number with a fraction: a point needs a digit behind it.
            if rest.as_bytes().get(length) == Some(&b'.') && digits(length + 1) > 0 {
                length += 1 + digits(length + 1);
            }
            if matches!(rest.as_bytes().get(length), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(rest.as_bytes().get(length + 1), Some(b'+' | b'-')));
                let exponent = digits(length + 1 + sign);
                length += if exponent > 0 { 1 + sign + exponent } else { 0 };
            }
            self.at += length;
            if length == whole {
                word(length).parse().ok().map(Word::Int)
            } else {
                word(length).parse().ok().filter(|it: &f64| it.is_finite()).map(Word::Double)
            }
        };
        let next = self.rest().chars().next();
        if matches!(next, Some('u' | 'U')) {
            self.at += 1;
            return Err(self
                .fault(start, "unsigned numbers are left out here: every number is an int or a double")
                .remedy("leave the `u` out"));
        }
        if next.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            self.at += next.map_or(0, char::len_utf8);
            return Err(self.fault(start, "a number cannot go on like this"));
        }
        number.ok_or_else(|| self.fault(start, "this number is too large"))
    }

    /// A text literal, from its first quote on.
    fn text(&mut self, raw: bool) -> Result<Word<'c>, Fault> {
        let start = self.at;
        let rest = self.rest();
        let quote = if rest.starts_with('"') { "\"" } else { "'" };
        let triple = if quote == "\"" { "\"\"\"" } else { "'''" };
        let close = if rest.starts_with(triple) { triple } else { quote };
        self.at += close.len();
        let mut text = String::new();
        loop {
            let rest = self.rest();
            if rest.starts_with(close) {
                self.at += close.len();
                return Ok(Word::Text(text));
            }
            match rest.chars().next() {
                Some('\\') if !raw => text.push(self.escape()?),
                // In raw text a backslash stands for itself, and nothing closes the text but a quote.
                Some('\n' | '\r') | None if close.len() == 1 => {
                    let fault = self.fault(start, format!("this text has no closing {close}"));
                    return Err(fault.remedy("text of several lines stands in three quotes"));
                }
                None => return Err(self.fault(start, format!("this text has no closing {close}"))),
                Some(plain) => {
                    text.push(plain);
                    self.at += plain.len_utf8();
                }
            }
        }
    }

    /// The character that an escape stands for.
    fn escape(&mut self) -> Result<char, Fault> {
        let start = self.at;
        self.at += 1;
        let letter = self.rest().chars().next().unwrap_or_default();
        let plain = match letter {
            '\\' | '?' | '"' | '\'' | '`' => letter,
            'a' => '\x07',
            'b' => '\x08',
            'f' => '\x0c',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\x0b',
            'x' | 'X' => return self.code(start, 1, 2, 16),
            'u' => return self.code(start, 1, 4, 16),
            'U' => return self.code(start, 1, 8, 16),
            '0'..='3' => return self.code(start, 0, 3, 8),
            _ => {
                self.at += letter.len_utf8();
                return Err(self
                    .fault(start, format!("\\{letter} is no escape"))
                    .remedy("a backslash is written `\\\\`, or the text raw: r\"\\.\""));
            }
        };
        self.at += 1;
        Ok(plain)
    }

    fn code(&mut self, start: usize, skip: usize, digits: usize, radix: u32) -> Result<char, Fault> {
        self.at += skip;
        let code = self.rest().get(..digits).filter(|it| it.chars().all(|c| c.is_digit(radix)));
        self.at += code.map_or(0, str::len);
        code.and_then(|code| u32::from_str_radix(code, radix).ok())
            .and_then(char::from_u32)
            .ok_or_else(|| self.fault(start, format!("this escape needs {digits} digits that name a character")))
    }
}

/// Whether a word that begins with `b` is a byte string: `b"`, `br"`.
fn is_bytes(rest: &str) -> bool {
    let after = rest.get(1..).unwrap_or_default();
    after.trim_start_matches(['r', 'R']).starts_with(['"', '\'']) && !after.starts_with("rr")
}

#[cfg(test)]
mod tests {
    use super::{Word, tokens};

    fn words(condition: &str) -> Vec<Word<'_>> {
        let mut words: Vec<_> = tokens(condition).unwrap().into_iter().map(|token| token.word).collect();
        assert_eq!(words.pop(), Some(Word::End));
        words
    }

    fn text(condition: &str) -> String {
        match words(condition).as_slice() {
            [Word::Text(text)] => text.clone(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn numbers() {
        let expected = [Word::Int(0), Word::Int(31), Word::Double(1.5), Word::Double(1e3), Word::Double(0.5)];
        assert_eq!(words("0 0x1F 1.5 1e3 .5"), expected);
        assert_eq!(words("1.size"), [Word::Int(1), Word::Sign("."), Word::Name("size")]);
        assert_eq!(words("-1"), [Word::Sign("-"), Word::Int(1)]);
        for bad in ["1u", "12ab", "0x", "99999999999999999999", "1e999"] {
            assert!(tokens(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn texts() {
        assert_eq!(text(r#""a\n\x41\u00e9\U0001F600\101\?""#), "a\nAé😀A?");
        assert_eq!(text(r#"'say "hi"'"#), "say \"hi\"");
        assert_eq!(text(r#"r"\d+\.""#), r"\d+\.");
        assert_eq!(text("'''it's\ntwo lines'''"), "it's\ntwo lines");
        assert_eq!(text(r#""""a "quoted" word""""#.trim()), "a \"quoted\" word");
        for bad in [r#""abc"#, "'a\nb'", r#""\q""#, r#""\u12""#, r#""\ud800""#, r#""\477""#, "b'x'", "br'x'", "'''x'"] {
            assert!(tokens(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn signs_names_and_comments() {
        let expected = [Word::Name("a_1"), Word::Sign("<="), Word::Name("br"), Word::Sign("||"), Word::Sign("!")];
        assert_eq!(words("a_1<=br // said: \"||\"\n || !"), expected);
        for bad in ["a = b", "a & b", "a ~ b", "“x”", "é"] {
            assert!(tokens(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn spans_are_in_bytes() {
        let tokens = tokens("'é' == x").unwrap();
        let spans: Vec<_> = tokens.iter().map(|token| (token.span.start, token.span.end)).collect();
        assert_eq!(spans, [(0, 4), (5, 7), (8, 9), (9, 9)]);
    }
}

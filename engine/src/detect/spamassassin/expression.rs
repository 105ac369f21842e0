//! Expressions of `meta` rules and of `if` lines. Takes text, gives a small program over numbers; Perl's meaning: `&&` and `||` give
//! one of their operands, anything but 0 is true.

use std::collections::BTreeSet;

use super::globs;

/// How deep parentheses may nest.
const DEEPEST: usize = 100;
/// Longest program.
const LONGEST: usize = 20_000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Op {
    Number(f64),
    /// How often a rule hit, by its place among the names.
    Name(usize),
    Not,
    Negate,
    Binary(Sign),
    /// `condition ? one : other`.
    Choose,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sign {
    Or,
    And,
    Xor,
    Equal,
    Unequal,
    Less,
    LessEqual,
    More,
    MoreEqual,
    Plus,
    Minus,
    Times,
    Over,
}

/// An expression, ready to run.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Expression {
    pub(super) program: Vec<Op>,
    /// The names in it, each once, in the order in which they are met.
    pub(super) names: Vec<String>,
}

#[derive(Clone, Debug, PartialEq)]
enum Token {
    Number(f64),
    Name(String),
    Sign(Sign),
    Not,
    Open,
    Close,
    Question,
    Colon,
}

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        let two = text.get(at..at + 2).unwrap_or_default();
        let (token, length) = match (two, byte) {
            (_, b' ' | b'\t' | b'\r' | b'\n') => {
                at += 1;
                continue;
            }
            ("||", _) => (Token::Sign(Sign::Or), 2),
            ("&&", _) => (Token::Sign(Sign::And), 2),
            ("==", _) => (Token::Sign(Sign::Equal), 2),
            ("!=", _) => (Token::Sign(Sign::Unequal), 2),
            ("<=", _) => (Token::Sign(Sign::LessEqual), 2),
            (">=", _) => (Token::Sign(Sign::MoreEqual), 2),
            (_, b'<') => (Token::Sign(Sign::Less), 1),
            (_, b'>') => (Token::Sign(Sign::More), 1),
            (_, b'^') => (Token::Sign(Sign::Xor), 1),
            (_, b'+') => (Token::Sign(Sign::Plus), 1),
            (_, b'-') => (Token::Sign(Sign::Minus), 1),
            (_, b'*') => (Token::Sign(Sign::Times), 1),
            (_, b'/') => (Token::Sign(Sign::Over), 1),
            (_, b'!') => (Token::Not, 1),
            (_, b'(') => (Token::Open, 1),
            (_, b')') => (Token::Close, 1),
            (_, b'?') => (Token::Question, 1),
            (_, b':') => (Token::Colon, 1),
            (_, b'0'..=b'9' | b'.') => {
                let length = bytes.iter().skip(at).take_while(|byte| byte.is_ascii_digit() || **byte == b'.').count();
                let number = text.get(at..at + length).unwrap_or_default();
                (Token::Number(number.parse().map_err(|_| format!("{number:?} is no number"))?), length)
            }
            (_, byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
                let length = bytes
                    .iter()
                    .skip(at)
                    .take_while(|byte| byte.is_ascii_alphanumeric() || matches!(**byte, b'_' | b':'))
                    .count();
                // `a ? B :c`: a colon at the end is not of the name.
                let name = text.get(at..at + length).unwrap_or_default();
                let name = name.trim_end_matches(':');
                (Token::Name(name.to_owned()), name.len())
            }
            _ => {
                let it = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or('?');
                return Err(format!("{it:?} means nothing in an expression"));
            }
        };
        found.push(token);
        at += length;
    }
    Ok(found)
}

impl Expression {
    /// Reads the expression of a `meta` rule.
    pub(super) fn parse(text: &str) -> Result<Expression, String> {
        Expression::of(tokens(text)?)
    }

    /// Whether the condition of an `if` holds: `plugin(...)`, `can(...)` and `has(...)` are asked of `known`.
    pub(super) fn condition(text: &str, version: f64, known: &dyn Fn(&str, &str) -> bool) -> Result<bool, String> {
        let mut plain = Vec::new();
        let mut all = tokens(text)?.into_iter().peekable();
        while let Some(token) = all.next() {
            match token {
                Token::Name(word) if matches!(word.as_str(), "plugin" | "can" | "has") => {
                    let (open, name, close) = (all.next(), all.next(), all.next());
                    let (Some(Token::Open), Some(Token::Name(name)), Some(Token::Close)) = (open, name, close) else {
                        return Err(format!("write {word}(Name)"));
                    };
                    plain.push(Token::Number(f64::from(u8::from(known(&word, &name)))));
                }
                Token::Name(word) if word == "version" => plain.push(Token::Number(version)),
                Token::Name(word) if word == "perl_version" => plain.push(Token::Number(5.036)),
                Token::Name(word) if word == "local_tests_only" => plain.push(Token::Number(1.0)),
                Token::Name(word) => return Err(format!("{word} means nothing in a condition")),
                other => plain.push(other),
            }
        }
        let expression = Expression::of(plain)?;
        Ok(expression.value(&mut Vec::new(), &|_| 0.0) != 0.0)
    }

    fn of(tokens: Vec<Token>) -> Result<Expression, String> {
        let mut parser = Parser { tokens, at: 0, out: Expression::default(), depth: 0 };
        if parser.tokens.is_empty() {
            return Err("the expression is empty".into());
        }
        // `( )` is false.
        if parser.tokens == [Token::Open, Token::Close] {
            parser.out.program.push(Op::Number(0.0));
            return Ok(parser.out);
        }
        parser.choice()?;
        if parser.at < parser.tokens.len() {
            return Err("something stands behind the end of the expression".into());
        }
        if parser.out.depth() > DEEPEST {
            return Err(format!("the expression nests deeper than {DEEPEST} levels"));
        }
        Ok(parser.out)
    }

    /// How deep it is, where long chains of `&&`, `||`, `+` and `-` are one level.
    fn depth(&self) -> usize {
        let (mut stack, mut deepest) = (Vec::new(), 0);
        for op in &self.program {
            let depth = match op {
                Op::Number(_) | Op::Name(_) => 1,
                Op::Not | Op::Negate => stack.pop().unwrap_or(0) + 1,
                Op::Binary(sign) => {
                    let (right, left) = (stack.pop().unwrap_or(0), stack.pop().unwrap_or(0));
                    let is_chain = matches!(sign, Sign::And | Sign::Or | Sign::Plus | Sign::Minus);
                    (right + 1).max(if is_chain { left } else { left + 1 })
                }
                Op::Choose => (0..3).filter_map(|_| stack.pop()).max().unwrap_or(0) + 1,
            };
            deepest = deepest.max(depth);
            stack.push(depth);
        }
        deepest
    }

    /// Its value, where `count` tells how often the rule at a place among the names hit.
    pub(super) fn value(&self, stack: &mut Vec<f64>, count: &dyn Fn(usize) -> f64) -> f64 {
        stack.clear();
        for op in &self.program {
            let value = match op {
                Op::Number(number) => *number,
                Op::Name(place) => count(*place),
                Op::Not => f64::from(u8::from(stack.pop().unwrap_or(0.0) == 0.0)),
                Op::Negate => -stack.pop().unwrap_or(0.0),
                Op::Binary(sign) => {
                    let right = stack.pop().unwrap_or(0.0);
                    sign.of(stack.pop().unwrap_or(0.0), right)
                }
                Op::Choose => {
                    let (other, one) = (stack.pop().unwrap_or(0.0), stack.pop().unwrap_or(0.0));
                    if stack.pop().unwrap_or(0.0) != 0.0 { one } else { other }
                }
            };
            stack.push(value);
        }
        stack.pop().unwrap_or(0.0)
    }
}

impl Sign {
    fn strength(self) -> u8 {
        match self {
            Sign::Or => 1,
            Sign::And => 2,
            Sign::Xor => 3,
            Sign::Equal | Sign::Unequal => 4,
            Sign::Less | Sign::LessEqual | Sign::More | Sign::MoreEqual => 5,
            Sign::Plus | Sign::Minus => 6,
            Sign::Times | Sign::Over => 7,
        }
    }

    pub(super) fn of(self, left: f64, right: f64) -> f64 {
        let truth = |it: bool| f64::from(u8::from(it));
        match self {
            Sign::Or => {
                if left != 0.0 {
                    left
                } else {
                    right
                }
            }
            Sign::And => {
                if left != 0.0 {
                    right
                } else {
                    left
                }
            }
            // Whole numbers, as in Perl; a count is small.
            Sign::Xor => ((left as i64) ^ (right as i64)) as f64,
            Sign::Equal => truth(left == right),
            Sign::Unequal => truth(left != right),
            Sign::Less => truth(left < right),
            Sign::LessEqual => truth(left <= right),
            Sign::More => truth(left > right),
            Sign::MoreEqual => truth(left >= right),
            Sign::Plus => left + right,
            Sign::Minus => left - right,
            Sign::Times => left * right,
            Sign::Over => {
                if right == 0.0 {
                    0.0
                } else {
                    left / right
                }
            }
        }
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
    out: Expression,
    depth: usize,
}

impl Parser {
    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is(&mut self, token: &Token) -> bool {
        let found = self.tokens.get(self.at) == Some(token);
        self.at += usize::from(found);
        found
    }

    fn push(&mut self, op: Op) -> Result<(), String> {
        if self.out.program.len() >= LONGEST {
            return Err(format!("the expression has more than {LONGEST} parts"));
        }
        self.out.program.push(op);
        Ok(())
    }

    fn choice(&mut self) -> Result<(), String> {
        self.deeper()?;
        self.binary(0)?;
        if self.is(&Token::Question) {
            self.choice()?;
            if !self.is(&Token::Colon) {
                return Err("? needs a : behind it".into());
            }
            self.choice()?;
            self.push(Op::Choose)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn deeper(&mut self) -> Result<(), String> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(format!("the expression nests deeper than {DEEPEST} levels"));
        }
        Ok(())
    }

    fn binary(&mut self, above: u8) -> Result<(), String> {
        self.operand()?;
        while let Some(Token::Sign(sign)) = self.tokens.get(self.at).cloned() {
            if sign.strength() <= above {
                break;
            }
            self.at += 1;
            self.binary(sign.strength())?;
            self.push(Op::Binary(sign))?;
        }
        Ok(())
    }

    fn operand(&mut self) -> Result<(), String> {
        let mut before = Vec::new();
        loop {
            match self.next() {
                Some(Token::Not) => before.push(Op::Not),
                Some(Token::Sign(Sign::Minus)) => before.push(Op::Negate),
                Some(Token::Sign(Sign::Plus)) => {}
                Some(Token::Number(number)) => {
                    self.push(Op::Number(number))?;
                    break;
                }
                Some(Token::Name(name)) => {
                    let place = self.out.names.iter().position(|known| *known == name).unwrap_or_else(|| {
                        self.out.names.push(name);
                        self.out.names.len() - 1
                    });
                    self.push(Op::Name(place))?;
                    break;
                }
                Some(Token::Open) => {
                    self.choice()?;
                    if !self.is(&Token::Close) {
                        return Err("a parenthesis is not closed".into());
                    }
                    break;
                }
                Some(_) => return Err("a rule's name, a number or a parenthesis is missing".into()),
                None => return Err("the expression ends too early".into()),
            }
        }
        for op in before.into_iter().rev() {
            self.push(op)?;
        }
        Ok(())
    }
}

/// Replaces `rules_matching(GLOB)` by the sum of the rules of these names.
pub(super) fn expand_globs(text: &str, own: &str, names: &BTreeSet<String>) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("rules_matching(") {
        let Some((glob, behind)) = after.split_once(')') else { break };
        out.push_str(before);
        let found: Vec<&str> =
            names.iter().map(String::as_str).filter(|name| *name != own && globs::fits(glob.trim(), name)).collect();
        out.push_str(" (");
        out.push_str(if found.is_empty() { "0" } else { "" });
        out.push_str(&found.join("+"));
        out.push_str(") ");
        rest = behind;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str, counts: &[(&str, f64)]) -> f64 {
        let it = Expression::parse(text).unwrap();
        let count = |place: usize| {
            let name = it.names.get(place).unwrap();
            counts.iter().find(|(known, _)| known == name).map_or(0.0, |(_, count)| *count)
        };
        it.value(&mut Vec::new(), &count)
    }

    #[test]
    fn values_are_perls() {
        assert_eq!(value("A && !B", &[("A", 3.0)]), 1.0);
        assert_eq!(value("(A && B) + C > 4", &[("A", 1.0), ("B", 3.0), ("C", 2.0)]), 1.0);
        assert_eq!(value("A || B", &[("B", 7.0)]), 7.0);
        assert_eq!(value("A + B * 2 - 1", &[("A", 1.0), ("B", 2.0)]), 4.0);
        assert_eq!(value("A ? 2 : B", &[("B", 5.0)]), 5.0);
        assert_eq!(value("!A && A / 0 == 0", &[]), 1.0);
        assert_eq!(value("( )", &[]), 0.0);
    }

    #[test]
    fn mistakes_are_told() {
        for wrong in ["", "A &&", "(A", "A)", "A B", "A @ B", "?", "1..2"] {
            assert!(Expression::parse(wrong).is_err(), "{wrong}");
        }
        assert!(Expression::parse(&"(".repeat(1_000)).is_err());
        let deep = [
            format!("{}A", "!".repeat(1_000)),
            format!("A{}", " * 2".repeat(1_000)),
            format!("A{}", " < 2".repeat(1_000)),
        ];
        assert!(deep.iter().all(|it| Expression::parse(it).is_err()));
        assert!(
            ["&&", "||", "+", "-"].iter().all(|sign| Expression::parse(&format!(
                "A{}",
                format!(" {sign} A").repeat(1_000)
            ))
            .is_ok())
        );
    }

    #[test]
    fn conditions() {
        let known = |word: &str, name: &str| word == "plugin" && name == "Mail::SpamAssassin::Plugin::SPF";
        let holds = |text: &str| Expression::condition(text, 4.000001, &known).unwrap();
        assert!(
            holds("(version >= 3.004002)")
                && holds("!plugin(X::Y)")
                && holds("plugin ( Mail::SpamAssassin::Plugin::SPF )")
        );
        assert!(!holds("can(Mail::SpamAssassin::Conf::x) || version < 3"));
        assert!(Expression::condition("foo", 4.0, &known).is_err());
    }

    #[test]
    fn globs() {
        let names = ["A_1", "A_2", "B"].map(str::to_owned).into();
        assert_eq!(expand_globs("rules_matching(A_*) > 1", "A_2", &names), " (A_1)  > 1");
    }
}

//! Tokens -> [`Expr`], by CEL's grammar. Takes text, gives a tree at most [`MAX_DEPTH`] deep, or the first fault.
//!
//! One function a rank of operators, from the loosest (`?:`) to the tightest (`.`). Only brackets make it call itself,
//! and they are counted; chains (`a || b || c ...`) are read in loops.

use super::lexer::{Token, Word as Lexeme, tokens};
use super::syntax::{Comparison, Expr, Fault, Kind, MAX_DEPTH, Operator, Word};
use crate::text::span::Span;

/// Words that no name may be, not even behind a point.
const LITERALS: &[&str] = &["false", "in", "null", "true"];
/// Words that CEL keeps for itself.
const RESERVED: &[&str] = &[
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "var",
    "void",
    "while",
];

/// Parses a condition.
pub(super) fn parse(condition: &str) -> Result<Expr, Fault> {
    let tokens = tokens(condition)?;
    let mut parser = Parser { tokens: &tokens, at: 0, open: 0 };
    let expr = parser.expression()?;
    match parser.peek() {
        Lexeme::End => Ok(expr),
        _ => Err(parser.unexpected("the condition should end here, or go on with an operator")),
    }
}

struct Parser<'t> {
    tokens: &'t [Token<'t>],
    at: usize,
    /// Brackets open around the current token.
    open: u32,
}

const END: Lexeme<'static> = Lexeme::End;

impl<'t> Parser<'t> {
    fn peek(&self) -> &'t Lexeme<'t> {
        self.tokens.get(self.at).map_or(&END, |token| &token.word)
    }

    /// The span of the current token.
    fn span(&self) -> Span {
        let last = self.tokens.last().map(|token| token.span).unwrap_or_default();
        self.tokens.get(self.at).map_or(last, |token| token.span)
    }

    /// From `start` to the end of the token before the current one.
    fn since(&self, start: Span) -> Span {
        let before = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        Span { start: start.start, end: before.map_or(start.end, |token| token.span.end) }
    }

    fn take(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Lexeme::Sign(here) if *here == sign);
        self.at += usize::from(found);
        found
    }

    /// The first of `signs` that the current token is.
    fn take_any<T: Copy>(&mut self, signs: &[(&str, T)]) -> Option<T> {
        signs.iter().find(|(sign, _)| self.take(sign)).map(|(_, meaning)| *meaning)
    }

    fn expect(&mut self, sign: &str, after: &str) -> Result<(), Fault> {
        if self.take(sign) { Ok(()) } else { Err(self.unexpected(&format!("`{sign}` should stand here, {after}"))) }
    }

    fn unexpected(&self, message: &str) -> Fault {
        let remedy = match self.peek() {
            Lexeme::Name("and" | "AND") => "\"and\" is written `&&`",
            Lexeme::Name("or" | "OR") => "\"or\" is written `||`",
            Lexeme::Name("not" | "NOT") => "\"not\" is written `!`",
            Lexeme::Sign("{") => "maps and messages made in a condition are left out here",
            _ => "",
        };
        Fault::new(self.span(), message).remedy(remedy)
    }

    /// A node; a fault where it would make the tree too deep.
    fn node(&self, start: Span, below: u32, kind: Kind) -> Result<Expr, Fault> {
        let span = self.since(start);
        if below >= MAX_DEPTH {
            return Err(too_deep(span));
        }
        Ok(Expr { kind, span, depth: below + 1 })
    }

    /// What stands between brackets, one level further in.
    fn inside<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Fault>) -> Result<T, Fault> {
        if self.open >= MAX_DEPTH {
            return Err(too_deep(self.span()));
        }
        self.open += 1;
        let inside = read(self)?;
        self.open -= 1;
        Ok(inside)
    }

    /// `a ? b : c`, and what binds tighter.
    fn expression(&mut self) -> Result<Expr, Fault> {
        let start = self.span();
        let mut last = self.or()?;
        let mut choices = Vec::new();
        let mut depth = last.depth;
        while self.take("?") {
            let chosen = self.or()?;
            self.expect(":", "between what is chosen and what is chosen otherwise")?;
            let otherwise = self.or()?;
            depth = depth.max(chosen.depth).max(otherwise.depth);
            choices.push([last, chosen]);
            last = otherwise;
        }
        if choices.is_empty() { Ok(last) } else { self.node(start, depth, Kind::Choose(choices, Box::new(last))) }
    }

    fn or(&mut self) -> Result<Expr, Fault> {
        self.chain("||", Self::and, Kind::Or)
    }

    fn and(&mut self) -> Result<Expr, Fault> {
        self.chain("&&", Self::relation, Kind::And)
    }

    fn chain(
        &mut self,
        sign: &str,
        read: fn(&mut Self) -> Result<Expr, Fault>,
        kind: fn(Vec<Expr>) -> Kind,
    ) -> Result<Expr, Fault> {
        let start = self.span();
        let first = read(self)?;
        if !self.take(sign) {
            return Ok(first);
        }
        let mut depth = first.depth;
        let mut terms = vec![first];
        loop {
            let term = read(self)?;
            depth = depth.max(term.depth);
            terms.push(term);
            if !self.take(sign) {
                return self.node(start, depth, kind(terms));
            }
        }
    }

    fn relation(&mut self) -> Result<Expr, Fault> {
        const SIGNS: &[(&str, Comparison)] = &[
            ("==", Comparison::Equal),
            ("!=", Comparison::NotEqual),
            ("<=", Comparison::LessOrEqual),
            ("<", Comparison::Less),
            (">=", Comparison::GreaterOrEqual),
            (">", Comparison::Greater),
        ];
        let start = self.span();
        let mut left = self.sum()?;
        loop {
            let comparison = self.take_any(SIGNS);
            if comparison.is_none() {
                if *self.peek() != Lexeme::Name("in") {
                    return Ok(left);
                }
                self.at += 1;
            }
            let right = self.sum()?;
            let depth = left.depth.max(right.depth);
            let sides = Box::new([left, right]);
            let kind = match comparison {
                Some(comparison) => Kind::Compare(comparison, sides),
                None => Kind::In(sides),
            };
            left = self.node(start, depth, kind)?;
        }
    }

    fn sum(&mut self) -> Result<Expr, Fault> {
        self.arithmetic(&[("+", Operator::Add), ("-", Operator::Subtract)], Self::product)
    }

    fn product(&mut self) -> Result<Expr, Fault> {
        let signs = [("*", Operator::Multiply), ("/", Operator::Divide), ("%", Operator::Remainder)];
        self.arithmetic(&signs, Self::unary)
    }

    fn arithmetic(
        &mut self,
        signs: &[(&str, Operator)],
        read: fn(&mut Self) -> Result<Expr, Fault>,
    ) -> Result<Expr, Fault> {
        let start = self.span();
        let first = read(self)?;
        let mut depth = first.depth;
        let mut others = Vec::new();
        while let Some(operator) = self.take_any(signs) {
            let operand = read(self)?;
            depth = depth.max(operand.depth);
            others.push((operator, operand));
        }
        if others.is_empty() { Ok(first) } else { self.node(start, depth, Kind::Arithmetic(Box::new(first), others)) }
    }

    /// `!a`, `-a`: an even number of signs takes itself away, as in CEL's own parsers.
    fn unary(&mut self) -> Result<Expr, Fault> {
        let start = self.span();
        let sign = if matches!(self.peek(), Lexeme::Sign("!")) { "!" } else { "-" };
        let mut signs = 0u32;
        while self.take(sign) {
            signs = signs.saturating_add(1);
        }
        if sign == "-" && signs % 2 == 1 {
            // The smallest int has no positive counterpart, so a sign before a literal is part of it.
            let literal = match self.peek() {
                Lexeme::Int(number) => 0i64.checked_sub_unsigned(*number).map(Kind::Int),
                Lexeme::Double(number) => Some(Kind::Double(-number)),
                _ => None,
            };
            if let Some(kind) = literal {
                self.at += 1;
                let literal = self.node(start, 0, kind)?;
                return self.members(start, literal);
            }
        }
        let inner = self.span();
        let first = self.primary()?;
        let operand = self.members(inner, first)?;
        let depth = operand.depth;
        match (sign, signs) {
            (_, 0) => Ok(operand),
            // Kept, so that the checker still sees that the operand has to be a bool, or a number.
            ("!", n) if n % 2 == 0 => {
                let once = self.node(start, depth, Kind::Not(Box::new(operand)))?;
                self.node(start, depth + 1, Kind::Not(Box::new(once)))
            }
            ("!", _) => self.node(start, depth, Kind::Not(Box::new(operand))),
            (_, n) if n % 2 == 0 => Ok(operand),
            _ => self.node(start, depth, Kind::Negative(Box::new(operand))),
        }
    }

    /// `.name`, `.name(...)` and `[...]` behind an expression.
    fn members(&mut self, start: Span, first: Expr) -> Result<Expr, Fault> {
        let mut of = first;
        loop {
            if self.take(".") {
                let name = self.name("a name should stand behind the point")?;
                if self.take("(") {
                    let arguments = self.list(")", "to close the brackets")?;
                    let depth = arguments.iter().map(|it| it.depth).fold(of.depth, u32::max);
                    of = self.node(start, depth, Kind::Call { on: Some(Box::new(of)), name, arguments })?;
                } else {
                    let depth = of.depth;
                    of = self.node(start, depth, Kind::Select { of: Box::new(of), name })?;
                }
            } else if self.take("[") {
                let at = self.inside(Self::expression)?;
                self.expect("]", "to close the bracket")?;
                let depth = of.depth.max(at.depth);
                of = self.node(start, depth, Kind::Index(Box::new([of, at])))?;
            } else {
                return Ok(of);
            }
        }
    }

    fn name(&mut self, message: &str) -> Result<Word, Fault> {
        let Lexeme::Name(text) = self.peek() else { return Err(self.unexpected(message)) };
        if LITERALS.contains(text) {
            return Err(self.unexpected(&format!("`{text}` is a word that CEL keeps for itself")));
        }
        let word = Word { text: (*text).to_owned(), span: self.span() };
        self.at += 1;
        Ok(word)
    }

    /// Expressions up to a closing bracket. A list may have a comma before it, a call may not.
    fn list(&mut self, close: &str, after: &str) -> Result<Vec<Expr>, Fault> {
        let mut items = Vec::new();
        if self.take(close) {
            return Ok(items);
        }
        loop {
            items.push(self.inside(Self::expression)?);
            let more = self.take(",");
            if !more {
                self.expect(close, after)?;
                return Ok(items);
            }
            if close == "]" && self.take(close) {
                return Ok(items);
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, Fault> {
        let start = self.span();
        let kind = match self.peek() {
            Lexeme::Int(number) => match i64::try_from(*number) {
                Ok(number) => Kind::Int(number),
                Err(_) => return Err(Fault::new(start, "this number is too large")),
            },
            Lexeme::Double(number) => Kind::Double(*number),
            Lexeme::Text(text) => Kind::Text(text.clone()),
            Lexeme::Name("true") => Kind::Bool(true),
            Lexeme::Name("false") => Kind::Bool(false),
            Lexeme::Name("null") => {
                let fault = Fault::new(start, "no fact is null");
                return Err(
                    fault.remedy("texts that a message does not have are \"\"; `has(date.time)` asks for others")
                );
            }
            Lexeme::Name(name) if LITERALS.contains(name) || RESERVED.contains(name) => {
                return Err(self.unexpected(&format!("`{name}` is a word that CEL keeps for itself")));
            }
            Lexeme::Name(name) => {
                let word = Word { text: (*name).to_owned(), span: start };
                self.at += 1;
                if !self.take("(") {
                    return self.node(start, 0, Kind::Name(word.text));
                }
                let arguments = self.list(")", "to close the brackets")?;
                let depth = arguments.iter().map(|it| it.depth).max().unwrap_or(0);
                return self.node(start, depth, Kind::Call { on: None, name: word, arguments });
            }
            Lexeme::Sign("(") => {
                self.at += 1;
                let inside = self.inside(Self::expression)?;
                self.expect(")", "to close the brackets")?;
                return Ok(inside);
            }
            Lexeme::Sign("[") => {
                self.at += 1;
                let items = self.list("]", "to close the list")?;
                let depth = items.iter().map(|it| it.depth).max().unwrap_or(0);
                return self.node(start, depth, Kind::List(items));
            }
            Lexeme::End if self.at == 0 => return Err(self.unexpected("the condition is empty")),
            Lexeme::End => return Err(self.unexpected("the condition ends too early")),
            Lexeme::Sign(_) => return Err(self.unexpected("a value should stand here")),
        };
        self.at += 1;
        self.node(start, 0, kind)
    }
}

fn too_deep(span: Span) -> Fault {
    Fault::new(span, format!("the condition nests more than {MAX_DEPTH} levels deep"))
}

//! The forms of one parameter: plain, with a charset, in pieces (RFC 2231), and what each reader makes of those that stand side by
//! side.

use super::{Parameters, Value};
use crate::defect::DefectKind;
use crate::mime::charset::to_utf8;

/// How a parameter is written (RFC 2231, sections 3 and 4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Plain,
    /// `x*`: with a charset.
    Extended,
    /// `x*0`, `x*0*`: one piece of several, encoded or not.
    Piece(u32, bool),
    /// An asterisk, and what is no number.
    Odd,
}

pub(super) fn form(name: &str) -> (&str, Form) {
    let Some((base, rest)) = name.split_once('*').filter(|(base, _)| !base.is_empty()) else {
        return (name, Form::Plain);
    };
    if rest.is_empty() {
        return (base, Form::Extended);
    }
    let (digits, encoded) = rest.strip_suffix('*').map_or((rest, false), |digits| (digits, true));
    match digits.parse() {
        Ok(number) if digits.len() <= 6 => (base, Form::Piece(number, encoded)),
        _ => (name, Form::Odd),
    }
}

/// All that a field says of one parameter. Each value comes with its place in the field.
#[derive(Debug, Default)]
pub(super) struct Group {
    plain: Vec<(usize, Value)>,
    extended: Vec<(usize, String)>,
    pieces: Vec<(u32, usize, bool, String)>,
}

impl Group {
    pub(super) fn add(&mut self, order: usize, form: Form, value: Value) {
        match form {
            Form::Plain | Form::Odd => self.plain.push((order, value)),
            Form::Extended => self.extended.push((order, value.strict)),
            Form::Piece(number, encoded) => self.pieces.push((number, order, encoded, value.strict)),
        }
    }

    /// Every reading, the likeliest first: of a file name what has a charset, as RFC 6266 wants; of all else the first.
    pub(super) fn readings(mut self, name: &str, out: &mut Parameters) -> Vec<String> {
        let is_name = matches!(name, "name" | "filename");
        let forms = [self.plain.is_empty(), self.extended.is_empty(), self.pieces.is_empty()];
        let mixed = forms.iter().filter(|empty| !**empty).count() > 1 && name == "boundary";
        self.pieces.sort_by_key(|(number, order, ..)| (*number, *order));
        let (mut whole, mut twice) = (true, false);
        for (expected, pair) in self.pieces.windows(2).enumerate() {
            if let [(a, ..), (b, ..)] = pair {
                twice |= a == b;
                whole &= a == b || *b == a.saturating_add(1);
                whole &= expected > 0 || *a == 0;
            }
        }
        if mixed || twice || self.plain.len() > 1 || self.extended.len() > 1 {
            let kind = if name == "boundary" { DefectKind::DuplicateBoundary } else { DefectKind::DuplicateParameter };
            out.note(kind);
        }
        if !whole {
            out.note(DefectKind::ParameterMalformed);
        }
        let mut found: Vec<(usize, String)> = Vec::new();
        for (order, text) in &self.extended {
            found.push((*order, extended(text, out)));
        }
        if let Some(order) = self.pieces.iter().map(|(_, order, ..)| *order).min() {
            self.pieces.dedup_by_key(|(number, ..)| *number);
            found.push((order, joined(&self.pieces)));
        }
        let mut second = Vec::new();
        // Once a piece is encoded, some programs take all of them for that.
        if self.pieces.iter().any(|(_, _, encoded, _)| *encoded)
            && self.pieces.iter().any(|(_, _, encoded, text)| !*encoded && text.contains('%'))
        {
            let all: Vec<_> =
                self.pieces.iter().map(|(at, order, _, text)| (*at, *order, true, text.clone())).collect();
            second.push(joined(&all));
        }
        // Some take the plain form for the first piece.
        let behind: String =
            self.pieces.iter().filter(|(number, ..)| *number > 0).map(|(.., text)| text.as_str()).collect();
        if let (true, false, Some((_, plain))) = (is_name, behind.is_empty(), self.plain.first()) {
            second.push(format!("{}{behind}", plain.strict));
        }
        for (order, mut value) in self.plain {
            second.extend(value.extended.take().filter(|_| is_name));
            let (first, other) = match value.literal {
                // What a name has in parentheses or behind backslashes is part of it for whoever shows it.
                Some(literal) if is_name => (literal, Some(value.strict)),
                other => (value.strict, other),
            };
            found.push((order, first));
            second.extend(other);
        }
        if !is_name {
            found.sort_by_key(|(order, _)| *order);
        }
        let mut readings: Vec<String> = Vec::with_capacity(found.len());
        for text in found.into_iter().map(|(_, text)| text).chain(second) {
            // Equal ones side by side are one; more of them are left to whoever lists names.
            if readings.last() != Some(&text) {
                readings.push(text);
            }
        }
        readings
    }
}

/// `charset'language'text`, percent signs decoded.
fn extended(text: &str, out: &mut Parameters) -> String {
    let mut parts = text.splitn(3, '\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(charset), Some(_), Some(text)) => decoded(charset, &percent(text)),
        _ => {
            out.note(DefectKind::ParameterMalformed);
            decoded("", &percent(text))
        }
    }
}

/// What follows the second of two single quotes, as far as it is a token; `None` where there are not two, or nothing follows.
pub(super) fn without_asterisk(text: &str) -> Option<String> {
    let mut parts = text.splitn(3, '\'');
    let (charset, _, rest) = (parts.next()?, parts.next()?, parts.next()?.trim_start());
    let ends = |it: char| it.is_ascii_whitespace() || "()<>@,;:\\\"/[]?=".contains(it);
    let token = rest.get(..rest.find(ends).unwrap_or(rest.len()))?;
    (!token.is_empty()).then(|| decoded(charset, &percent(token)))
}

/// The pieces of a value in their order; the first may name a charset for all.
fn joined(pieces: &[(u32, usize, bool, String)]) -> String {
    let mut bytes = Vec::new();
    let mut charset = "";
    for (index, (_, _, encoded, text)) in pieces.iter().enumerate() {
        let mut text = text.as_str();
        if index == 0 && *encoded {
            let mut parts = text.splitn(3, '\'');
            if let (Some(label), Some(_), Some(rest)) = (parts.next(), parts.next(), parts.next()) {
                (charset, text) = (label, rest);
            }
        }
        match encoded {
            true => bytes.extend(percent(text)),
            false => bytes.extend_from_slice(text.as_bytes()),
        }
    }
    decoded(charset, &bytes)
}

pub(super) fn decoded(charset: &str, bytes: &[u8]) -> String {
    let label = Some(charset.trim()).filter(|label| !label.is_empty());
    to_utf8(label, bytes).0.into_owned()
}

pub(super) fn percent(text: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((byte, tail)) = rest.split_first() {
        let digit = |at: usize| tail.get(at).and_then(|byte| char::from(*byte).to_digit(16));
        match (byte, digit(0), digit(1)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high << 4 | low) as u8);
                rest = tail.get(2..).unwrap_or_default();
            }
            _ => {
                out.push(*byte);
                rest = tail;
            }
        }
    }
    out
}

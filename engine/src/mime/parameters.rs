//! The parameters of Content-Type and Content-Disposition (RFC 2045, section 5.1; RFC 2231), as mail programs take them:
//! missing semicolons, blanks and specials without quotes, encoded words where none may stand. One pass; of parameters
//! that stand twice the first counts, and every reading is kept.

use std::collections::BTreeMap;

use super::fields;
use crate::defect::DefectKind;
use crate::text::names::bounded;

mod forms;
mod loose;

use forms::{Form, Group, form};
pub(super) use loose::{is_odd, loose};

#[cfg(test)]
mod tests;

/// How many parentheses without an end are looked for: each costs the rest of the field.
const MOST_OPEN_COMMENTS: u32 = 4;

/// A structured field with parameters.
#[derive(Debug, Default)]
pub(super) struct Parameters {
    /// What stands before the first parameter, in lower case: `text/html`, `attachment`.
    pub(super) kind: String,
    /// By name in lower case: every reading of its value, the likeliest first.
    pub(super) values: BTreeMap<String, Vec<String>>,
    /// Each kind once.
    pub(super) defects: Vec<DefectKind>,
}

impl Parameters {
    fn note(&mut self, kind: DefectKind) {
        if !self.defects.contains(&kind) {
            self.defects.push(kind);
        }
    }
}

/// Reads a field's value, in which line ends are taken out.
pub(super) fn read(text: &str) -> Parameters {
    let mut reader = Reader { rest: text, unclosed: 0, out: Parameters::default() };
    reader.kind();
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    let mut order = 0;
    while let Some((name, value)) = reader.parameter() {
        order += 1;
        let (base, form) = form(&name);
        if form == Form::Odd {
            reader.out.note(DefectKind::ParameterMalformed);
        }
        groups.entry(base.to_owned()).or_default().add(order, form, value);
    }
    let mut out = reader.out;
    for (name, group) in groups {
        let readings = group.readings(&name, &mut out);
        out.values.insert(name, readings);
    }
    out
}

/// A value as written: without comments and escapes, and as a less strict reader takes it where that differs.
#[derive(Debug, Default)]
struct Value {
    strict: String,
    literal: Option<String>,
    /// As who takes any value with two single quotes for one with a charset (RFC 2231), asterisk or not: Python does, without quotes around.
    extended: Option<String>,
}

struct Reader<'t> {
    rest: &'t str,
    unclosed: u32,
    out: Parameters,
}

impl<'t> Reader<'t> {
    /// What stands before the parameters. It may be missing.
    fn kind(&mut self) {
        self.skip();
        let start = self.rest;
        let mut kind = self.word(&[';', '"', '=']).to_owned();
        if self.rest.starts_with('=') && !kind.contains('/') {
            self.rest = start;
            return;
        }
        // Blanks and comments may stand around the slash.
        self.skip();
        while kind.ends_with('/') || self.rest.starts_with('/') {
            let more = self.word(&[';', '"', '=']);
            if more.is_empty() {
                break;
            }
            kind.push_str(more);
            self.skip();
        }
        self.out.kind = kind.to_ascii_lowercase();
        if !(self.rest.is_empty() || self.rest.starts_with(';')) {
            self.out.note(DefectKind::ParameterMalformed);
        }
    }

    /// The next parameter, its name in lower case.
    fn parameter(&mut self) -> Option<(String, Value)> {
        loop {
            self.skip();
            if let Some(after) = self.rest.strip_prefix(';') {
                self.rest = after;
                continue;
            }
            if self.rest.is_empty() {
                return None;
            }
            let name = self.word(&[';', '"', '=']).to_ascii_lowercase();
            self.skip();
            if let Some(after) = self.rest.strip_prefix('=') {
                self.rest = after;
                self.skip();
                let value = if self.rest.starts_with('"') { self.quoted() } else { self.unquoted() };
                if !name.is_empty() {
                    return Some((name, value));
                }
                self.out.note(DefectKind::ParameterMalformed);
                continue;
            }
            // A word that is no parameter, or a string without a name.
            self.out.note(DefectKind::ParameterMalformed);
            if self.rest.starts_with('"') {
                self.quoted();
            }
        }
    }

    /// Goes over blanks and comments.
    fn skip(&mut self) {
        loop {
            self.rest = self.rest.trim_start_matches(is_blank);
            match self.comment(self.rest) {
                Some(after) => self.rest = after,
                None => return,
            }
        }
    }

    /// What follows the comment that `text` begins with; one that never ends is none.
    fn comment(&mut self, text: &'t str) -> Option<&'t str> {
        if !text.starts_with('(') || self.unclosed >= MOST_OPEN_COMMENTS {
            return None;
        }
        let (mut depth, mut escaped) = (0u32, false);
        for (at, byte) in text.bytes().enumerate() {
            match byte {
                _ if std::mem::take(&mut escaped) => {}
                b'\\' => escaped = true,
                b'(' => depth += 1,
                b')' => depth -= 1,
                _ => {}
            }
            if depth == 0 {
                return text.get(at + 1..);
            }
        }
        self.unclosed += 1;
        None
    }

    /// Up to a blank, a comment, or one of `ends`; at least one character where that is a parenthesis.
    fn word(&mut self, ends: &[char]) -> &'t str {
        let end = self.rest.find(|it| is_blank(it) || it == '(' || ends.contains(&it)).unwrap_or(self.rest.len());
        let end = if end == 0 && self.rest.starts_with('(') { 1 } else { end };
        let (word, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
        self.rest = rest;
        word
    }

    /// A value in quotes, and what stands right behind it up to the semicolon.
    fn quoted(&mut self) -> Value {
        let text = self.rest.get(1..).unwrap_or_default();
        let (mut strict, mut escaped, mut path) = (String::new(), false, false);
        let mut end = None;
        for (at, letter) in text.char_indices() {
            if std::mem::take(&mut escaped) {
                path |= !matches!(letter, '"' | '\\');
                strict.push(letter);
                continue;
            }
            match letter {
                '\\' => escaped = true,
                '"' => {
                    end = Some(at);
                    break;
                }
                _ => strict.push(letter),
            }
        }
        let Some(end) = end else {
            // Without its other quote it ends where the next parameter begins.
            self.out.note(DefectKind::ParameterMalformed);
            let (value, rest) = text.split_at_checked(text.find(';').unwrap_or(text.len())).unwrap_or((text, ""));
            self.rest = rest;
            return Value { strict: value.trim_end_matches(is_blank).to_owned(), ..Value::default() };
        };
        let inside = text.get(..end).unwrap_or_default();
        self.rest = text.get(end + 1..).unwrap_or_default();
        let mut literal = path.then(|| inside.to_owned());
        if !(self.rest.is_empty() || self.rest.starts_with([';', '(', ' ', '\t'])) {
            let tail = self.word(&[';']);
            literal = Some(format!("{strict}{}", tail.trim_matches('"')));
            self.out.note(DefectKind::ParameterMalformed);
        }
        self.skip();
        if !(self.rest.is_empty() || self.rest.starts_with(';')) {
            self.out.note(DefectKind::ParameterMalformed);
        }
        Value { strict, literal, extended: None }
    }

    /// A value without quotes: up to the semicolon, or to where the next parameter stands behind a blank.
    fn unquoted(&mut self) -> Value {
        let (mut strict, mut literal) = (String::new(), String::new());
        loop {
            let end = self.rest.find(|it| is_blank(it) || matches!(it, '(' | ';')).unwrap_or(self.rest.len());
            let (plain, rest) = self.rest.split_at_checked(end).unwrap_or((self.rest, ""));
            strict.push_str(plain);
            literal.push_str(plain);
            self.rest = rest;
            if rest.starts_with('(') {
                let after = self.comment(rest).unwrap_or_else(|| rest.get(1..).unwrap_or_default());
                let comment = rest.get(..rest.len() - after.len()).unwrap_or_default();
                let is_comment = comment.len() > 1;
                if !is_comment {
                    strict.push_str(comment);
                }
                // Right behind a letter it is rather part of a name: `report(1).pdf`.
                if !is_comment || !literal.ends_with(is_blank) {
                    literal.push_str(comment);
                }
                self.rest = after;
            } else if rest.starts_with(is_blank) {
                let after = rest.trim_start_matches(is_blank);
                let blanks = rest.get(..rest.len() - after.len()).unwrap_or_default();
                if begins_parameter(after) {
                    self.out.note(DefectKind::ParameterMalformed);
                    self.rest = after;
                    break;
                }
                strict.push_str(blanks);
                literal.push_str(blanks);
                self.rest = after;
            } else {
                break;
            }
        }
        let (strict, literal) = (strict.trim_end_matches(is_blank), literal.trim_end_matches(is_blank));
        let extended = forms::without_asterisk(strict);
        Value { strict: strict.to_owned(), literal: (strict != literal).then(|| literal.to_owned()), extended }
    }
}

fn is_blank(letter: char) -> bool {
    matches!(letter, ' ' | '\t' | '\r' | '\n')
}

/// Whether `name=` stands at the front.
fn begins_parameter(text: &str) -> bool {
    let is_name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_' | '*');
    let after = text.trim_start_matches(is_name);
    after.len() < text.len() && after.starts_with('=')
}

/// A file name as mail programs show it: encoded words decoded though they may not stand in a parameter, and blanks between two
/// of them left out, or not.
pub(super) fn file_names(name: &str) -> impl Iterator<Item = String> {
    /// For a blank between two words while they are decoded: a character that nobody assigns.
    const KEPT: &str = "\u{f8ff}";
    let is_word = name.contains("=?");
    let first = if is_word { fields::text(name.as_bytes()) } else { name.to_owned() };
    let apart = (is_word && name.contains("?= =?"))
        .then(|| fields::text(name.replace("?= =?", &format!("?={KEPT}=?")).as_bytes()).replace(KEPT, " "));
    [Some(first), apart].into_iter().flatten().map(|name| bounded(name.trim().to_owned()))
}

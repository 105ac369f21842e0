//! YARA files as they are written -> what the compiler is to see, and the rules in them. Takes text and somebody who
//! reads included files, gives pieces in order; an include stands for the file's rules at its place.

use std::ops::Range;
use std::sync::Arc;

use yara_x_parser::ast::{AST, Item, Meta, MetaValue, WithSpan};

use super::{Included, YaraRule};
use crate::error::Problem;

/// How deep files may include each other.
const DEPTH: usize = 16;

/// One file with all that it includes: one namespace.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    /// The file's name, for errors and for the paths of examples.
    pub(crate) source: String,
    pub(super) pieces: Vec<Piece>,
    pub(crate) rules: Vec<YaraRule>,
    /// The identities of the files that it includes.
    pub(crate) included: Vec<String>,
}

/// A stretch of a file, between its includes.
#[derive(Clone, Debug)]
pub(super) struct Piece {
    pub(super) source: String,
    /// The whole file.
    pub(super) text: Arc<str>,
    stretch: Range<usize>,
    /// What counts in every stretch of a file: its imports.
    imports: Arc<[Range<usize>]>,
}

impl Piece {
    /// The file's text with all else blanked out, so that offsets and lines in it are the file's own.
    pub(super) fn masked(&self) -> String {
        let shown = |at: usize| self.stretch.contains(&at) || self.imports.iter().any(|import| import.contains(&at));
        let mut out = String::with_capacity(self.text.len());
        for (at, c) in self.text.char_indices() {
            match c {
                c if shown(at) => out.push(c),
                '\n' => out.push('\n'),
                c => (0..c.len_utf8()).for_each(|_| out.push(' ')),
            }
        }
        out
    }
}

/// Reads a file that `file` includes under `name`; the error is one sentence.
pub(super) type Read<'r> = dyn FnMut(&Included, &str) -> Result<Included, String> + 'r;

impl Unit {
    /// A file and what it includes.
    pub(crate) fn read(file: Included, read: &mut Read<'_>, problems: &mut Vec<Problem>) -> Unit {
        let mut unit = Unit { source: file.source.clone(), ..Unit::default() };
        let mut reader = Reader { unit: &mut unit, read, problems, around: Vec::new() };
        reader.file(&file);
        unit
    }
}

struct Reader<'r, 'f> {
    unit: &'r mut Unit,
    read: &'r mut Read<'f>,
    problems: &'r mut Vec<Problem>,
    /// The files that are being read, the outermost first.
    around: Vec<String>,
}

impl Reader<'_, '_> {
    fn file(&mut self, file: &Included) {
        self.around.push(file.identity.clone());
        let text: Arc<str> = file.text.as_str().into();
        let ast = AST::from(file.text.as_str());
        let imports: Arc<[Range<usize>]> = ast.imports().map(|import| import.span().range()).collect();
        let mut start = 0;
        let piece = |unit: &mut Unit, stretch: Range<usize>| {
            let (source, text, imports) = (file.source.clone(), Arc::clone(&text), Arc::clone(&imports));
            unit.pieces.push(Piece { source, text, stretch, imports });
        };
        let mut after = 0;
        for item in ast.items() {
            match item {
                Item::Import(import) => after = import.span().end(),
                Item::Include(include) => {
                    let span = include.span();
                    after = span.end();
                    piece(self.unit, start..span.start());
                    start = span.end();
                    self.include(file, include.file_name, span.range());
                }
                Item::Rule(rule) => {
                    let (found, end) = self.rule(file, rule, after);
                    after = end;
                    self.unit.rules.push(found);
                }
            }
        }
        piece(self.unit, start..text.len());
        self.around.pop();
    }

    fn include(&mut self, file: &Included, name: &str, span: Range<usize>) {
        let wrong = match (self.read)(file, name) {
            Ok(other) if self.around.contains(&other.identity) => Some("the file includes itself".to_owned()),
            Ok(_) if self.around.len() >= DEPTH => Some(format!("files include each other deeper than {DEPTH}")),
            // Once is enough: twice, its rules would be there twice.
            Ok(other) if self.unit.included.contains(&other.identity) => None,
            Ok(other) => {
                self.unit.included.push(other.identity.clone());
                self.file(&other);
                None
            }
            Err(why) => Some(why),
        };
        if let Some(why) = wrong {
            let problem = Problem::span(&file.source, &file.text, span.start, span.end, why);
            self.problems.push(problem.remedy("an included file lies in the folder of the rules, its path relative"));
        }
    }

    /// A rule, and where it ends. `after` is where what stands before it ends.
    fn rule(&mut self, file: &Included, rule: &yara_x_parser::ast::Rule<'_>, after: usize) -> (YaraRule, usize) {
        let at = rule.identifier.span();
        let condition = rule.condition.span().end();
        let rest = file.text.get(condition..).unwrap_or_default();
        let end = rest.find('}').map_or(file.text.len(), |brace| condition + brace + 1);
        let mut found = YaraRule {
            identifier: rule.identifier.name.to_owned(),
            source: file.source.clone(),
            line: Problem::span("", &file.text, at.start(), at.end(), "").line,
            tags: rule.tags.iter().flatten().map(|tag| tag.name.to_owned()).collect(),
            text: file.text.get(after..end).unwrap_or_default().trim().to_owned(),
            is_private: rule.flags.contains(yara_x_parser::ast::RuleFlags::Private),
            ..YaraRule::default()
        };
        let mut score = None;
        for meta in rule.meta.iter().flatten() {
            match meta.identifier.name {
                "description" => found.description = text(&meta.value),
                "author" => found.author = text(&meta.value),
                "licence" | "license" => found.licence = text(&meta.value),
                "hit" => found.hit.push(text(&meta.value)),
                "miss" => found.miss.push(text(&meta.value)),
                "weight" => match number(&meta.value) {
                    Some(weight) => found.weight = Some(weight),
                    None => self.no_number(file, meta),
                },
                "score" => score = number(&meta.value),
                _ => {}
            }
        }
        found.weight = found.weight.or(score.map(|score| score / 10.0));
        (found, end)
    }

    fn no_number(&mut self, file: &Included, meta: &Meta<'_>) {
        let span = meta.span();
        let message = format!("the weight is {}, and no number", text(&meta.value));
        let problem = Problem::span(&file.source, &file.text, span.start(), span.end(), message);
        self.problems.push(problem.remedy("write weight = 2 or weight = \"2.5\": points, as in scores.toml"));
    }
}

fn text(value: &MetaValue<'_>) -> String {
    match value {
        MetaValue::String((text, _)) => (*text).to_owned(),
        MetaValue::Bytes((bytes, _)) => String::from_utf8_lossy(bytes.as_slice()).into_owned(),
        MetaValue::Bool((value, _)) => value.to_string(),
        MetaValue::Integer((value, _)) => value.to_string(),
        MetaValue::Float((value, _)) => value.to_string(),
    }
}

fn number(value: &MetaValue<'_>) -> Option<f64> {
    let number = match value {
        MetaValue::Integer((value, _)) => *value as f64,
        MetaValue::Float((value, _)) => *value,
        MetaValue::String((text, _)) => text.trim().parse().ok()?,
        MetaValue::Bytes(_) | MetaValue::Bool(_) => return None,
    };
    Some(number).filter(|it| it.is_finite())
}

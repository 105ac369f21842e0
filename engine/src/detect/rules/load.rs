//! Files of rules -> rules as their authors wrote them. Takes TOML, gives rules and the problems of whoever wrote it; a
//! broken rule is left out, and the others load.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::RuleSource;
use crate::error::{Problem, nearest};

/// The keys of a rule.
const KEYS: &[&str] = &["what", "why", "in", "any", "all", "when", "hit", "miss"];

/// A rule as its author wrote it, for `tamis rules list|show|test`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What is seen, in one sentence.
    pub what: String,
    /// Why it matters, in one sentence.
    pub why: String,
    /// The text that patterns look at: `body`, `subject`, `header:NAME`, `link`, `file-name`, `raw`, or a fact's name;
    /// empty for a rule without patterns.
    pub text: String,
    /// Patterns of which one is enough.
    pub any: Vec<String>,
    /// Patterns that all have to be there.
    pub all: Vec<String>,
    /// The condition; empty where there is none.
    pub when: String,
    /// Examples that it must hit: paths relative to the file, or `text: ...`.
    pub hit: Vec<String>,
    /// Examples that it must miss.
    pub miss: Vec<String>,
    /// The file it stands in.
    pub source: String,
    /// The line of its heading, counted from 1.
    pub line: u32,
}

/// A rule, and where its parts stand in its file.
#[derive(Debug)]
pub(super) struct Loaded {
    pub(super) rule: Rule,
    pub(super) file: usize,
    pub(super) name: Range<usize>,
    pub(super) text: Range<usize>,
    pub(super) any: Vec<Range<usize>>,
    pub(super) all: Vec<Range<usize>>,
    /// Of the condition's text, without its quotes.
    pub(super) when: usize,
}

/// Reads all files. Gives the rules, and the names of those that are broken.
pub(super) fn read(sources: &[RuleSource], problems: &mut Vec<Problem>) -> (Vec<Loaded>, Vec<String>) {
    let mut loaded = Vec::new();
    let mut broken = Vec::new();
    let mut names: BTreeMap<String, String> = BTreeMap::new();
    for (number, source) in sources.iter().enumerate() {
        let mut found = Vec::new();
        let mut wrong = Vec::new();
        let line_ends = memchr::memchr_iter(b'\n', source.text.as_bytes()).collect();
        Reader { file: source, line_ends, number, problems: &mut wrong, found: &mut found, broken: &mut broken }.read();
        // The parser hands tables out by name; people read files from the top.
        found.sort_by_key(|it: &Loaded| it.name.start);
        for it in found {
            let here = format!("{}:{}", it.rule.source, it.rule.line);
            match names.get(&it.rule.name) {
                Some(first) => wrong.push(
                    Problem::span(
                        &source.source,
                        &source.text,
                        it.name.start,
                        it.name.end,
                        format!("the rule {} is there already, in {first}", it.rule.name),
                    )
                    .remedy("give one of them another name"),
                ),
                None => {
                    names.insert(it.rule.name.clone(), here);
                    loaded.push(it);
                }
            }
        }
        wrong.sort_by_key(|problem| (problem.line, problem.column));
        problems.append(&mut wrong);
    }
    (loaded, broken)
}

struct Reader<'r> {
    file: &'r RuleSource,
    /// Where its lines end: counting them for each rule took most of the time of loading thousands.
    line_ends: Vec<usize>,
    number: usize,
    problems: &'r mut Vec<Problem>,
    found: &'r mut Vec<Loaded>,
    broken: &'r mut Vec<String>,
}

impl Reader<'_> {
    fn wrong(&mut self, span: Range<usize>, message: impl Into<String>, remedy: impl Into<String>) {
        let problem = Problem::span(&self.file.source, &self.file.text, span.start, span.end, message);
        self.problems.push(problem.remedy(remedy));
    }

    /// The line of a place, counted from 1.
    fn line(&self, at: usize) -> u32 {
        u32::try_from(self.line_ends.partition_point(|end| *end < at)).unwrap_or(u32::MAX).saturating_add(1)
    }

    fn read(&mut self) {
        let file = self.file;
        let table = match DeTable::parse(&file.text) {
            Ok(table) => table,
            Err(error) => return self.wrong(error.span().unwrap_or(0..0), error.message(), ""),
        };
        for (key, value) in table.get_ref() {
            match (key.get_ref().as_ref(), value.get_ref()) {
                ("rule", DeValue::Table(rules)) => {
                    for (name, rule) in rules {
                        self.rule(name, rule);
                    }
                }
                (other, _) => {
                    let remedy = match nearest(other, ["rule"]) {
                        it if it.is_empty() => "rules begin with [rule.NAME]".to_owned(),
                        it => it,
                    };
                    self.wrong(key.span(), format!("there is no {other:?} in a file of rules"), remedy);
                }
            }
        }
    }

    fn rule(&mut self, name: &Spanned<impl AsRef<str>>, value: &Spanned<DeValue<'_>>) {
        let before = self.problems.len();
        let (text, span) = (name.get_ref().as_ref().to_owned(), name.span());
        let DeValue::Table(table) = value.get_ref() else {
            return self.wrong(span, format!("{text} is not a rule"), "write [rule.NAME] and its keys below");
        };
        let letters = text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        let body = text.strip_prefix('_').unwrap_or(&text);
        let fits = !body.is_empty() && !body.starts_with('-') && !body.ends_with('-');
        if !fits || !(letters || (text.starts_with('_') && is_kebab(body))) {
            self.wrong(span.clone(), format!("{text:?} is no name for a rule"), "lower-case words joined by -");
        }
        let mut it = Loaded {
            rule: Rule { name: text, source: self.file.source.clone(), line: self.line(span.start), ..Rule::default() },
            file: self.number,
            name: span.clone(),
            text: span.clone(),
            any: Vec::new(),
            all: Vec::new(),
            when: span.start,
        };
        for (key, value) in table {
            match key.get_ref().as_ref() {
                "what" => it.rule.what = self.text(key.get_ref(), value),
                "why" => it.rule.why = self.text(key.get_ref(), value),
                "in" => {
                    it.rule.text = self.text(key.get_ref(), value);
                    it.text = value.span();
                }
                "any" => (it.rule.any, it.any) = self.texts(key.get_ref(), value),
                "all" => (it.rule.all, it.all) = self.texts(key.get_ref(), value),
                "when" => {
                    it.rule.when = self.text(key.get_ref(), value);
                    it.when = self.inside(value.span());
                }
                "hit" => it.rule.hit = self.texts(key.get_ref(), value).0,
                "miss" => it.rule.miss = self.texts(key.get_ref(), value).0,
                other => {
                    let remedy = match nearest(other, KEYS.iter().copied()) {
                        it if it.is_empty() => format!("a rule has the keys {}", KEYS.join(", ")),
                        it => it,
                    };
                    self.wrong(key.span(), format!("a rule has no key {other:?}"), remedy);
                }
            }
        }
        let patterns = !it.rule.any.is_empty() || !it.rule.all.is_empty();
        for (missing, key) in [(it.rule.what.trim().is_empty(), "what"), (it.rule.why.trim().is_empty(), "why")] {
            if missing {
                let message = format!("the rule {} does not say {key}", it.rule.name);
                self.wrong(span.clone(), message, format!("add {key} = \"...\", one sentence for a person"));
            }
        }
        if !patterns && it.rule.when.is_empty() {
            let message = format!("the rule {} looks at nothing", it.rule.name);
            self.wrong(span.clone(), message, "add in and any, or when");
        }
        if patterns && it.rule.text.is_empty() {
            let message = format!("the rule {} has patterns and no text to look at", it.rule.name);
            self.wrong(span.clone(), message, "add in = \"body\", or another text");
        }
        if !patterns && !it.rule.text.is_empty() {
            self.wrong(it.text.clone(), "a text to look at and no patterns", "add any = [...], or take in away");
        }
        match self.problems.len() == before {
            true => self.found.push(it),
            false => self.broken.push(it.rule.name),
        }
    }

    fn text(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> String {
        match value.get_ref() {
            DeValue::String(text) => text.to_string(),
            other => {
                let message = format!("{key} is text, and this is {}", other.type_str());
                self.wrong(value.span(), message, format!("write {key} = \"...\""));
                String::new()
            }
        }
    }

    fn texts(&mut self, key: &str, value: &Spanned<DeValue<'_>>) -> (Vec<String>, Vec<Range<usize>>) {
        let DeValue::Array(values) = value.get_ref() else {
            let message = format!("{key} is a list of texts, and this is {}", value.get_ref().type_str());
            self.wrong(value.span(), message, format!("write {key} = [\"...\"]"));
            return (Vec::new(), Vec::new());
        };
        values.iter().map(|value| (self.text(key, value), value.span())).unzip()
    }

    /// Where a string's text begins, behind its quotes.
    fn inside(&self, span: Range<usize>) -> usize {
        let text = self.file.text.get(span.start..).unwrap_or_default();
        let quotes = ["'''", "\"\"\"", "'", "\""].into_iter().find(|quotes| text.starts_with(quotes)).unwrap_or("");
        // A line end right behind three quotes is not part of the text.
        let rest = text.get(quotes.len()..).unwrap_or_default();
        let skipped = match quotes.len() {
            3 if rest.starts_with("\r\n") => 2,
            3 if rest.starts_with('\n') => 1,
            _ => 0,
        };
        span.start + quotes.len() + skipped
    }
}

fn is_kebab(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

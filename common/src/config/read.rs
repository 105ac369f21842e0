//! TOML -> [`Config`], and every mistake in it.

use std::ops::Range;
use std::path::Path;

use tamis_engine::{Problem, nearest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{self, SECTIONS};
use super::value::{self, Given, Wrong};
use super::{Config, lists, recipients};

pub(super) fn read(source: &str, text: &str, base: &Path) -> (Config, Vec<Problem>) {
    let mut config = Config { source: Some(source.to_owned()), base: base.to_owned(), ..Config::default() };
    let mut reader = Reader { source, text, config: &mut config, problems: Vec::new() };
    match DeTable::parse(text) {
        Ok(table) => reader.table("", table.get_ref()),
        Err(error) => reader.wrong(error.span().unwrap_or(0..0), error.message(), ""),
    }
    reader.known_lists();
    let mut problems = reader.problems;
    // The parser hands tables out by name; people read files from the top.
    problems.sort_by_key(|problem| (problem.line, problem.column));
    (config, problems)
}

pub(super) struct Reader<'r> {
    source: &'r str,
    text: &'r str,
    pub(super) config: &'r mut Config,
    problems: Vec<Problem>,
}

impl Reader<'_> {
    pub(super) fn wrong(&mut self, span: Range<usize>, message: impl Into<String>, remedy: impl Into<String>) {
        self.problems.push(self.origin(span, message).remedy(remedy));
    }

    /// A problem that is kept for later: it says where something was written.
    fn origin(&self, span: Range<usize>, message: impl Into<String>) -> Problem {
        Problem::span(self.source, self.text, span.start, span.end, message)
    }

    /// A value that does not fit its key.
    pub(super) fn refused(&mut self, key: &str, wrong: Wrong) {
        self.wrong(wrong.span, format!("{key} is {}", wrong.message), wrong.remedy);
    }

    /// Notes where a key was set.
    pub(super) fn set(&mut self, key: &str, span: Range<usize>) {
        let line = self.origin(span, "").line;
        self.config.lines.insert(key.to_owned(), line);
    }

    /// Reads the table of a section; the file itself is the section without a name.
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (key, given) in table {
            let name = key.get_ref().as_ref();
            let full = if section.is_empty() { name.to_owned() } else { format!("{section}.{name}") };
            match (full.as_str(), given.get_ref()) {
                ("recipients", DeValue::Array(entries)) => recipients::read(self, entries),
                ("recipients", _) => self.wrong(key.span(), "recipients is no list of tables", "write [[recipients]]"),
                ("lists", DeValue::Table(table)) => lists::read(self, table),
                ("rules.scores", DeValue::Table(table)) => self.scores(table),
                (_, DeValue::Table(table)) if is_section(&full) => self.table(&full, table),
                _ if is_section(&full) => {
                    self.wrong(given.span(), format!("{full} is a section, not a value"), format!("write [{full}]"));
                }
                _ => self.key(section, &full, key.span(), given),
            }
        }
    }

    fn key(&mut self, section: &str, full: &str, span: Range<usize>, given: Given<'_, '_>) {
        let name = full.rsplit('.').next().unwrap_or(full);
        let Some(key) = keys::all().find(|key| key.section == section && key.name == name) else {
            return self.unknown(section, name, span);
        };
        match (key.set)(self.config, given) {
            Ok(()) => self.set(full, span),
            Err(wrong) => return self.refused(full, wrong),
        }
        if full == "rules.disable" {
            for (rule, span) in value::texts(given).unwrap_or_default() {
                let origin = self.origin(span, "");
                self.config.disable.push((rule.to_owned(), origin));
            }
        }
    }

    /// A key that is not known: the nearest one here, or the section where it would be at home.
    fn unknown(&mut self, section: &str, name: &str, span: Range<usize>) {
        let here: Vec<&str> = match section {
            "" => SECTIONS.iter().map(|it| it.name.split('.').next().unwrap_or(it.name)).collect(),
            _ => {
                let below = SECTIONS.iter().filter_map(|it| it.name.strip_prefix(section)?.strip_prefix('.'));
                keys::all().filter(|key| key.section == section).map(|key| key.name).chain(below).collect()
            }
        };
        let elsewhere: Vec<&str> = keys::all().filter(|key| key.name == name).map(|key| key.section).collect();
        let near = nearest(name, here.iter().copied());
        let remedy = match elsewhere.first() {
            _ if !near.is_empty() => near,
            Some(section) => format!("{name} is a key of [{section}]"),
            None => {
                let mut here = here;
                here.dedup();
                format!("known here: {}", here.join(", "))
            }
        };
        let what = if section.is_empty() { "the configuration".to_owned() } else { format!("[{section}]") };
        self.wrong(span, format!("unknown key {name} in {what}"), remedy);
    }

    fn scores(&mut self, table: &DeTable<'_>) {
        for (rule, given) in table {
            let name = rule.get_ref().as_ref();
            match value::number(given) {
                Ok(score) => {
                    let origin = self.origin(rule.span(), "");
                    self.config.scores.push((name.to_owned(), score, origin));
                    self.set(&format!("rules.scores.{name}"), rule.span());
                }
                Err(wrong) => self.refused(name, wrong),
            }
        }
    }

    /// Recipients may name lists that are written further down.
    fn known_lists(&mut self) {
        let known: Vec<String> = self.config.lists.iter().map(|list| list.name.clone()).collect();
        let profiles = self.config.policy.profiles.clone();
        for profile in profiles {
            for list in profile.lists.iter().flatten().filter(|list| !known.contains(list)) {
                let line = self.config.lines.get(&format!("recipients.{}.lists", profile.name)).copied();
                let mut problem = Problem::file(self.source, format!("there is no list {list}"));
                problem.line = line.unwrap_or(0);
                let remedy = match nearest(list, known.iter().map(String::as_str)) {
                    near if near.is_empty() => format!("write [lists.{list}]"),
                    near => near,
                };
                self.problems.push(problem.remedy(remedy));
            }
        }
    }
}

fn is_section(name: &str) -> bool {
    SECTIONS.iter().any(|it| it.name == name || it.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

/// A table's entries as key, span of the key, value.
pub(super) fn entries<'v, 't>(
    table: &'v DeTable<'t>,
) -> impl Iterator<Item = (&'v str, Range<usize>, &'v Spanned<DeValue<'t>>)> {
    table.iter().map(|(key, given)| (key.get_ref().as_ref(), key.span(), given))
}

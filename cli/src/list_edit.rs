//! `tamis lists add|remove`: changes the last file of a list, and nothing else.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use tamis_common::config::List;
use tamis_common::print;
use tamis_engine::{Engine, EngineBuilder, ListHit, ListSource};

use crate::engine::{With, build};
use crate::terminal::say;

#[derive(Args)]
pub(crate) struct Add {
    /// The list, as in [lists.NAME]
    list: String,
    /// What to put on it; with ! in front: an exception
    entry: String,
    /// Why, for the verdict
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    /// The last day on which it counts, like 2027-01-31, or the second after, like 2027-01-31T12:00:00Z
    #[arg(long, value_name = "DATE")]
    until: Option<String>,
    #[command(flatten)]
    with: With,
}

#[derive(Args)]
pub(crate) struct Remove {
    /// The list, as in [lists.NAME]
    list: String,
    /// What to take off it
    entry: String,
    /// Why, for the verdict of whoever looks the entry up
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    with: With,
}

/// A list of the configuration, and its last file: the one that is changed.
fn list(with: &With, name: &str) -> Result<(List, PathBuf), String> {
    let config = with.config()?;
    let known: Vec<&str> = config.lists.iter().map(|list| list.name.as_str()).collect();
    let Some(list) = config.lists.iter().find(|list| list.name == name) else {
        let help = match tamis_engine::nearest(name, known.iter().copied()) {
            near if near.is_empty() && known.is_empty() => {
                "name a configuration with [lists.NAME] by --config".to_owned()
            }
            near if near.is_empty() => format!("there are {}", known.join(", ")),
            near => near,
        };
        return Err(format!("there is no list {}\n  help: {help}", print::safe(name)));
    };
    let file = list.paths.last().cloned().ok_or_else(|| format!("the list {name} has no file"))?;
    Ok((list.clone(), file))
}

/// A list of nothing but `text`.
fn only(list: &List, source: &str, text: &str) -> Result<Engine, String> {
    let (name, kind, effect) = (list.name.clone(), list.kind, list.effect);
    build(EngineBuilder::new().list(ListSource { name, kind, effect, source: source.into(), text: text.into() }))
}

/// What an entry is in its normal form; `!` in front of it aside.
fn normal(list: &List, entry: &str) -> Result<String, String> {
    let bare = entry.trim().trim_start_matches('!').trim();
    if bare.contains(['\n', '\r']) {
        return Err("an entry is one line".into());
    }
    let hits = only(list, "the entry", bare)?.lists_lookup(bare);
    hits.into_iter()
        .next()
        .map(|hit| hit.entry)
        .ok_or_else(|| format!("{} cannot be looked up\n  help: change the file by hand", print::safe(bare)))
}

fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("{}: cannot be read: {error}", print::from_path(path)))
}

/// Appends a line, in one write, so that whoever reads the file meanwhile sees all of it or nothing.
fn append(path: &Path, text: &str, line: &str) -> Result<(), String> {
    let glue = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    fs::OpenOptions::new()
        .append(true)
        .open(path)
        .and_then(|mut file| file.write_all(format!("{glue}{line}\n").as_bytes()))
        .map_err(|error| format!("{}: cannot be written: {error}", print::from_path(path)))
}

/// The line of an entry, as it goes into a file.
fn line(entry: &str, until: Option<&str>, reason: Option<&str>) -> Result<String, String> {
    let mut line = entry.trim().to_owned();
    if let Some(until) = until {
        line.push_str(&format!(" until={until}"));
    }
    if let Some(reason) = reason.map(str::trim).filter(|reason| !reason.is_empty()) {
        line.push_str(&format!(" # {reason}"));
    }
    if line.contains(['\n', '\r']) { Err("an entry and its reason are one line".into()) } else { Ok(line) }
}

/// What the whole list says of an entry: the one that counts.
fn counts(list: &List, entry: &str) -> Result<Option<ListHit>, String> {
    let mut builder = EngineBuilder::new();
    for path in &list.paths {
        builder = builder.list_path(&list.name, list.kind, list.effect, path);
    }
    Ok(build(builder)?.lists_lookup(entry).into_iter().find(|hit| hit.counts))
}

impl Add {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<bool, String> {
        let (list, path) = list(&self.with, &self.list)?;
        let line = line(&self.entry, self.until.as_deref(), self.reason.as_deref())?;
        // What is wrong with it is told before the file is touched.
        only(&list, "the new line", &line)?;
        let text = read(&path)?;
        append(&path, &text, &line)?;
        let number = text.lines().count() + 1;
        say(&format!("{}:{number}: {}", print::from_path(&path), print::safe(&line)));
        Ok(false)
    }
}

impl Remove {
    /// Runs the command.
    pub(crate) fn run(self) -> Result<bool, String> {
        let (list, path) = list(&self.with, &self.list)?;
        let entry = normal(&list, &self.entry)?;
        let text = read(&path)?;
        let shown = print::from_path(&path).into_owned();
        // Equal entries of one file are one entry to a look-up: they come to light one after another.
        let mut left = text.clone();
        while let Some(hit) =
            only(&list, &shown, &left)?.lists_lookup(&entry).into_iter().find(|hit| hit.entry == entry && !hit.except)
        {
            left = left
                .split_inclusive('\n')
                .zip(1u32..)
                .filter(|(_, number)| *number != hit.line)
                .map(|(line, _)| line)
                .collect();
        }
        if left != text {
            replace(&path, &left)?;
            say(&format!("{shown}: {} taken out", print::safe(&entry)));
        }
        match counts(&list, &entry)? {
            Some(hit) if !hit.except => {
                let line = line(&format!("!{entry}"), None, self.reason.as_deref())?;
                append(&path, &left, &line)?;
                say(&format!(
                    "{shown}: {} added, since {} ({}:{}) covers it",
                    print::safe(&line),
                    print::safe(&hit.entry),
                    print::safe(&hit.source),
                    hit.line
                ));
            }
            _ if left == text => return Err(format!("{} is not on the list {}", print::safe(&entry), self.list)),
            _ => {}
        }
        Ok(false)
    }
}

/// Puts another text in place of a file's, all at once.
fn replace(path: &Path, text: &str) -> Result<(), String> {
    let cannot = |error: std::io::Error| format!("{}: cannot be written: {error}", print::from_path(path));
    // A link stays one: what it leads to is replaced.
    let real = fs::canonicalize(path).map_err(cannot)?;
    let mut name = real.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let draft = real.with_file_name(name);
    let permissions = fs::metadata(&real).map_err(cannot)?.permissions();
    let written = fs::write(&draft, text)
        .and_then(|()| fs::set_permissions(&draft, permissions))
        .and_then(|()| fs::rename(&draft, &real));
    if written.is_err() {
        let _ = fs::remove_file(&draft);
    }
    written.map_err(cannot)
}

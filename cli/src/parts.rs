//! `tamis parts`: every item that the engine saw, and their bytes as files.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tamis_common::mails::{Mails, Message};
use tamis_common::{json as as_json, print};
use tamis_engine::{Engine, ItemView};

use crate::engine::{Transport, With};
use crate::terminal::say;

/// Every item.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  tamis parts message.eml\n  tamis parts message.eml --extract /tmp/parts\n\n\
    Extracted files are named NUMBER-NAME, in the folder itself: no name leads out of it, and no file is overwritten. What is \
    in them may be harmful.")]
pub(crate) struct Parts {
    /// Messages; folders and mailboxes of them; `-` is standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// JSON in place of text: a line for each message
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    with: With,
    #[command(flatten)]
    transport: Transport,
    /// Writes the decoded bytes of each item below the message into this folder
    #[arg(long, value_name = "DIR")]
    extract: Option<PathBuf>,
}

impl Parts {
    /// Prints every item with its path, kind, size, name and hash.
    pub(crate) fn run(self) -> Result<bool, String> {
        let (config, engine) = self.with.engine()?;
        let mut mails = Mails::open(&self.paths, config.limits.message_bytes).map_err(crate::scan::all)?.peekable();
        if let Some(folder) = &self.extract {
            fs::create_dir_all(folder).map_err(|error| format!("{}: {error}", print::from_path(folder)))?;
        }
        let mut failures = Vec::new();
        let (mut seen, mut several) = (0, false);
        while let Some(job) = mails.next() {
            several |= mails.peek().is_some();
            if self.extract.is_some() && several {
                return Err("--extract takes one message\n  help: name a single message".into());
            }
            match job.load() {
                Ok(message) => {
                    if several && !self.json {
                        say(&format!("{}{}:", if seen > 0 { "\n" } else { "" }, print::safe(&message.path)));
                    }
                    self.show(&engine, &message, &mut failures);
                    seen += 1;
                }
                Err(failure) => failures.push(failure.to_string()),
            }
        }
        if seen == 0 && failures.is_empty() {
            let paths: Vec<_> = self.paths.iter().map(|path| print::from_path(path)).collect();
            failures.push(format!("{}: there is no message", paths.join(", ")));
        }
        if failures.is_empty() { Ok(false) } else { Err(failures.join("\n")) }
    }

    fn show(&self, engine: &Engine, message: &Message, failures: &mut Vec<String>) {
        let mut items = Vec::new();
        let seen = engine.worker().items(&self.transport.mail(message), |item| {
            let file = match &self.extract {
                Some(folder) if item.place.item > 0 => match extract(folder, &item) {
                    Ok(file) => Some(file),
                    Err(error) => {
                        failures.push(error);
                        None
                    }
                },
                _ => None,
            };
            let row = if self.json { as_value(&item, file.as_deref()) } else { Value::String(row(&item)) };
            items.push((item.place.readings, row));
        });
        if self.json {
            let items = items.into_iter().map(|(_, item)| item).collect::<Vec<_>>();
            let defects = seen.defects.iter().map(as_json::defect).collect::<Vec<_>>();
            let gaps = seen.incomplete.iter().map(as_json::gap).collect::<Vec<_>>();
            let all = json!({
                "type": "parts", "path": message.path, "readings": seen.readings.len(), "choices": seen.readings,
                "items": items, "defects": defects, "incomplete": gaps,
            });
            return say(&all.to_string());
        }
        // Side by side: a column for each reading, with a mark where the item is in it.
        let columns = if seen.readings.len() > 1 { seen.readings.len() } else { 0 };
        for (readings, row) in &items {
            let marks: String = (0..columns).map(|n| if readings.contains(n) { 'x' } else { '.' }).collect();
            let gap = if columns > 0 { "  " } else { "" };
            say(&format!("{marks}{gap}{}", row.as_str().unwrap_or_default()));
        }
        for (number, choices) in seen.readings.iter().enumerate().filter(|_| columns > 0) {
            let how = if choices.is_empty() { "as a strict program reads it".to_owned() } else { choices.join("; ") };
            say(&format!("reading {number}: {how}"));
        }
        for it in &seen.defects {
            say(&format!("defect {} in {}: {}", it.kind.name(), path(&it.place.path), it.kind.explanation()));
        }
        for gap in &seen.incomplete {
            let why = print::safe(&gap.explanation);
            say(&format!("not looked at ({}) in {}: {why}", gap.limit.name(), path(&gap.place.path)));
        }
    }
}

fn path(path: &str) -> std::borrow::Cow<'_, str> {
    print::safe(if path.is_empty() { "(message)" } else { path })
}

fn hash(item: &ItemView<'_>) -> Option<String> {
    item.sha256.map(|digest| digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn row(item: &ItemView<'_>) -> String {
    let encrypted = if item.encrypted { "encrypted " } else { "" };
    let names = item.names.join(", ");
    let row = format!(
        "{:>4}  {:<24} {:<12} {:>10}  {:<24} {encrypted}{} {}",
        item.place.item,
        path(&item.place.path),
        item.kind,
        item.size,
        print::safe(item.declared_type),
        print::safe(&names),
        hash(item).unwrap_or_default(),
    );
    row.trim_end().to_owned()
}

fn as_value(item: &ItemView<'_>, file: Option<&str>) -> Value {
    let mut value = json!({
        "item": item.place.item,
        "path": &*item.place.path,
        "parent": item.parent,
        "names": item.names,
        "declared_type": item.declared_type,
        "kind": item.kind,
        "size": item.size,
        "sha256": hash(item),
        "encrypted": item.encrypted,
        "attached": item.attached,
        "readings": item.place.readings.iter().collect::<Vec<_>>(),
    });
    if let (Some(file), Some(object)) = (file, value.as_object_mut()) {
        object.insert("file".into(), file.into());
    }
    value
}

/// Writes an item's bytes, and gives the file's name. A file that is there, or a link in its place, is an error.
fn extract(folder: &Path, item: &ItemView<'_>) -> Result<String, String> {
    let name = file_name(item.place.item, item.names.first().map_or("", String::as_str));
    let file = folder.join(&name);
    let write = || OpenOptions::new().write(true).create_new(true).open(&file)?.write_all(item.bytes);
    write().map_err(|error: std::io::Error| format!("{}: {error}", print::from_path(&file)))?;
    Ok(name)
}

/// `0012-invoice.pdf`: the last component of the name that the sender gave, of which only letters, digits and `._-` are left.
fn file_name(number: u32, given: &str) -> String {
    const MOST: usize = 80;
    let last = given.rsplit(['/', '\\']).next().unwrap_or("");
    let plain: Vec<char> = last
        .chars()
        .map(|c| if c.is_alphanumeric() && !print::is_unsafe(c) || "._-".contains(c) { c } else { '_' })
        .collect();
    // The end of a name has its extension. Counted in bytes too, since file systems do.
    let mut start = plain.len().saturating_sub(MOST);
    while plain.get(start..).unwrap_or_default().iter().map(|c| c.len_utf8()).sum::<usize>() > 3 * MOST {
        start += 1;
    }
    let name: String = plain.get(start..).unwrap_or_default().iter().collect();
    match name.trim_start_matches('.') {
        "" => format!("{number:04}"),
        name => format!("{number:04}-{name}"),
    }
}

#[cfg(test)]
mod tests {
    use super::file_name;

    #[test]
    fn no_name_leads_out_of_the_folder() {
        for (given, name) in [
            ("report.pdf", "0007-report.pdf"),
            ("../../etc/passwd", "0007-passwd"),
            ("..\\..\\autoexec.bat", "0007-autoexec.bat"),
            ("/etc/shadow", "0007-shadow"),
            ("..", "0007"),
            ("", "0007"),
            (".bashrc", "0007-bashrc"),
            ("a\0b\nc", "0007-a_b_c"),
            ("gpj\u{202e}exe.scr", "0007-gpj_exe.scr"),
            ("C:evil", "0007-C_evil"),
        ] {
            assert_eq!(file_name(7, given), name, "{given:?}");
        }
        assert!(file_name(1, &"é".repeat(5_000)).len() < 255);
        assert!(file_name(1, &format!("{}.exe", "a".repeat(5_000))).ends_with(".exe"));
    }
}

//! `tamis lists check|lookup|add|remove`: block and allow lists.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tamis_common::{print, time};
use tamis_engine::{Engine, EngineBuilder, ListEffect, ListKind};

use crate::engine::{With, build};
use crate::list_edit::{Add, Remove};
use crate::terminal::{note, say};

/// Checks block and allow lists, looks things up in them, and changes them.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  \
    tamis lists check                                  the lists of the configuration\n  \
    tamis lists check --kind domains new-list.txt      a file, before it is configured\n  \
    tamis lists lookup https://www.example.com/a b@example.net 192.0.2.7\n  \
    tamis lists add blocked bad.example --until 2027-01-31 --reason 'ticket 7'\n  \
    tamis lists remove blocked good.example\n\n\
    docs/lists.md is the manual.")]
pub(crate) struct Lists {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Reads lists, and names file, line and remedy of each mistake
    Check(Check),
    /// The entries that cover a domain, an address, an IP address, a URL or a SHA-256 digest; exit code 1 if there are any
    Lookup(Lookup),
    /// Adds an entry to a list, at the end of its last file
    Add(Add),
    /// Takes an entry off a list: out of its last file, and where another entry covers it by an exception there
    Remove(Remove),
}

#[derive(Args)]
struct Check {
    /// Files to check in place of the configured lists
    #[arg(requires = "kind")]
    files: Vec<PathBuf>,
    /// What the files hold
    #[arg(long)]
    kind: Option<Kind>,
    #[command(flatten)]
    with: With,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Domains,
    Addresses,
    Networks,
    Urls,
    Hashes,
}

#[derive(Args)]
struct Lookup {
    /// What to look up
    #[arg(required = true)]
    subjects: Vec<String>,
    #[command(flatten)]
    with: With,
}

impl Lists {
    /// Runs the command; true where a look-up found an entry.
    pub(crate) fn run(self) -> Result<bool, String> {
        match self.what {
            What::Check(it) => it.run(),
            What::Lookup(it) => it.run(),
            What::Add(it) => it.run(),
            What::Remove(it) => it.run(),
        }
    }
}

impl Check {
    fn run(self) -> Result<bool, String> {
        if let Some(kind) = self.kind {
            let kind = match kind {
                Kind::Domains => ListKind::Domains,
                Kind::Addresses => ListKind::Addresses,
                Kind::Networks => ListKind::Networks,
                Kind::Urls => ListKind::Urls,
                Kind::Hashes => ListKind::Hashes,
            };
            let mut builder = EngineBuilder::new().now(time::now());
            for file in &self.files {
                builder = builder.list_path("checked", kind, ListEffect::Block, file);
            }
            let engine = build(builder)?;
            note(engine.list_notes());
            tell(&engine);
            return Ok(false);
        }
        let (config, engine) = self.with.engine()?;
        note(engine.list_notes());
        match config.lists.as_slice() {
            [] => say("no lists are configured; docs/lists.md says how"),
            _ => tell(&engine),
        }
        Ok(false)
    }
}

/// Tells of each file how large it is.
fn tell(engine: &Engine) {
    for size in engine.list_sizes() {
        let mut line = format!("{} ({}): {} entries", size.list, print::safe(&size.source), size.entries);
        if size.entries > 0 {
            // Tenths, rounded: a long list shows what an entry costs, a short one has nothing to save.
            let each = size.bytes as f64 / size.entries as f64;
            line.push_str(&format!(", {} KB, {each:.1} bytes each", size.bytes.div_ceil(1024)));
        }
        say(&format!("{line}, no mistakes"));
    }
}

impl Lookup {
    fn run(self) -> Result<bool, String> {
        let (config, engine) = self.with.engine()?;
        if config.lists.is_empty() {
            return Err("no lists are configured\n  help: name a configuration with [lists.NAME] by --config".into());
        }
        let mut found = false;
        for subject in &self.subjects {
            let hits = engine.lists_lookup(subject);
            found |= hits.iter().any(|hit| hit.counts && !hit.except);
            if hits.is_empty() {
                say(&format!("{}: in no list", print::safe(subject)));
            }
            for hit in hits {
                let effect = match (hit.counts, hit.except, hit.effect) {
                    (false, ..) => "also covered",
                    (true, true, _) => "left alone",
                    (true, false, ListEffect::Allow) => "allowed",
                    _ => "blocked",
                };
                let bang = if hit.except { "!" } else { "" };
                let mut line = format!("{effect} by {} ({}:{}): {bang}{}", hit.list, hit.source, hit.line, hit.entry);
                if let Some(end) = hit.until {
                    // A day counts to its end.
                    let last = if end % 86_400 == 0 { time::to_text(end - 1) } else { time::to_text(end) };
                    let day = last.split('T').next().unwrap_or_default();
                    line.push_str(&format!(" until {}", if end % 86_400 == 0 { day } else { &last }));
                }
                if !hit.reason.is_empty() {
                    line.push_str(&format!(" # {}", hit.reason));
                }
                say(&format!("{}: {}", print::safe(subject), print::safe(&line)));
            }
        }
        Ok(found)
    }
}

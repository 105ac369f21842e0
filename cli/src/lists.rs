//! `tamis lists check|lookup`: block and allow lists.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use tamis_common::print;
use tamis_engine::{EngineBuilder, ListEffect, ListKind};

use crate::engine::{With, build};
use crate::terminal::{note, say};

/// Checks block and allow lists, and looks things up in them.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  \
    tamis lists check                                  the lists of the configuration\n  \
    tamis lists check --kind domains new-list.txt      a file, before it is configured\n  \
    tamis lists lookup https://www.example.com/a b@example.net 192.0.2.7\n\n\
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
            let mut builder = EngineBuilder::new();
            for file in &self.files {
                builder = builder.list_path("checked", kind, ListEffect::Block, file);
            }
            note(build(builder)?.list_notes());
            say(&format!("{} file(s), no mistakes", self.files.len()));
            return Ok(false);
        }
        let (config, engine) = self.with.engine()?;
        note(engine.list_notes());
        match config.lists.as_slice() {
            [] => say("no lists are configured; docs/lists.md says how"),
            lists => lists.iter().for_each(|list| {
                let paths: Vec<_> = list.paths.iter().map(|path| print::from_path(path)).collect();
                say(&format!("{}: {}, no mistakes", list.name, print::safe(&paths.join(", "))));
            }),
        }
        Ok(false)
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
            found |= !hits.is_empty();
            if hits.is_empty() {
                say(&format!("{}: in no list", print::safe(subject)));
            }
            for hit in hits {
                let effect = match hit.effect {
                    ListEffect::Allow => "allowed",
                    _ => "blocked",
                };
                say(&format!(
                    "{}: {effect} by {} ({}:{}): {}",
                    print::safe(subject),
                    hit.list,
                    print::safe(&hit.source),
                    hit.line,
                    print::safe(&hit.entry)
                ));
            }
        }
        Ok(found)
    }
}

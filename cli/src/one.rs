//! Commands that look at one message, and `tamis facts`.

use std::path::PathBuf;

use clap::Args;
use tamis_common::mails::{Mails, Message};
use tamis_common::{json, print, time};
use tamis_engine::{FactValue, Limits};

use crate::engine::{Transport, With};
use crate::terminal::say;

/// One message.
#[derive(Args)]
pub(crate) struct One {
    /// The message; `-` is standard input
    file: PathBuf,
    /// JSON in place of text
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) with: With,
    #[command(flatten)]
    pub(crate) transport: Transport,
}

impl One {
    /// Reads it. Of a mailbox or a folder it is the first, and standard error says so.
    pub(crate) fn read(&self, limits: &Limits) -> Result<Message, String> {
        let paths = std::slice::from_ref(&self.file);
        let mut mails = Mails::open(paths, limits.message_bytes).map_err(crate::scan::all)?;
        let job = mails.next().ok_or_else(|| format!("{}: there is no message", print::from_path(&self.file)))?;
        let message = job.load().map_err(|failure| failure.to_string())?;
        if mails.next().is_some() {
            eprintln!("tamis: {} is the first of several messages", print::safe(&message.path));
        }
        Ok(message)
    }
}

/// Every fact.
#[derive(Args)]
#[command(
    after_long_help = "Examples:\n  tamis facts message.eml | grep ^links\n  tamis facts message.eml --json | jq .from"
)]
pub(crate) struct Facts {
    #[command(flatten)]
    one: One,
}

impl Facts {
    /// Prints every fact by its name.
    pub(crate) fn run(self) -> Result<bool, String> {
        let (config, engine) = self.one.with.engine()?;
        let message = self.one.read(&config.limits)?;
        let facts = engine.worker().facts(&self.one.transport.mail(&message));
        if self.one.json {
            say(&json::facts(&facts).to_string());
        } else {
            facts.iter().for_each(|(name, value)| fact(name, value));
        }
        Ok(false)
    }
}

fn fact(name: &str, value: &FactValue) {
    match value {
        FactValue::Absent => {}
        FactValue::Record(fields) => fields.iter().for_each(|(inner, value)| fact(&format!("{name}.{inner}"), value)),
        FactValue::List(list) => {
            list.iter().enumerate().for_each(|(number, value)| fact(&format!("{name}[{number}]"), value));
        }
        FactValue::Bool(it) => say(&format!("{name} = {it}")),
        FactValue::Int(it) => say(&format!("{name} = {it}")),
        FactValue::Timestamp(it) => say(&format!("{name} = {}", time::to_text(*it))),
        FactValue::Text(it) => say(&format!("{} = \"{}\"", print::safe(name), print::safe(it))),
        _ => {}
    }
}

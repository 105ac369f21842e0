//! What was learned in place, on disk: a journal of every message that was learned or forgotten, and a snapshot of the model
//! that it makes. Takes tokens and labels, gives models and lists; reads no mail.
//!
//! ```text
//! FOLDER/lock        held by whoever writes
//! FOLDER/state       the snapshot: which journal, how far, and the model at that point; replaced whole
//! FOLDER/journal.N   records, added at the end (journal.rs)
//! ```
//!
//! Readers never wait and never write: they take the snapshot and the records behind it. A writer holds the lock; a record is
//! there whole or not at all, whenever the machine stops; half a record at the end is cut off by the next writer. Learning
//! the same message again changes nothing, with the other label it is forgotten first.

mod journal;
mod state;
#[cfg(test)]
mod tests;
mod writer;

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tamis_engine::{Label, Learner};

pub use self::writer::{Outcome, Writer};

use self::journal::{Event, Journal};
use self::state::State;

/// A folder of what was learned.
#[derive(Clone, Debug)]
pub struct Store {
    folder: PathBuf,
    /// How many messages are kept to be listed and taken back.
    keep: usize,
    /// After how many learned messages all counts are halved; 0 for never.
    fade: u32,
}

/// A message that was learned.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// What tells it from others.
    pub id: [u8; 16],
    /// What it was learned as.
    pub label: Label,
    /// When, in seconds since 1970-01-01 UTC.
    pub at: i64,
    /// Who or what had it learned: a path, `http`, `use`.
    pub source: String,
}

impl Store {
    /// The store in a folder, which need not be there yet.
    pub fn new(folder: impl Into<PathBuf>) -> Store {
        Store { folder: folder.into(), keep: 20_000, fade: 0 }
    }

    /// How many of the latest messages can be listed and taken back, and are known when they come again.
    pub fn keep(mut self, messages: usize) -> Store {
        self.keep = messages.max(1);
        self
    }

    /// After so many learned messages all that was learned counts half; 0 for never.
    pub fn fade_after(mut self, messages: u32) -> Store {
        self.fade = messages;
        self
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Files whose change means that something was learned.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.state_file()];
        if let Ok(Some(state)) = State::read(&self.state_file()) {
            files.push(self.journal_file(state.generation));
        }
        files
    }

    /// The model with everything that was learned; none where nothing was.
    pub fn model(&self) -> Result<Option<Vec<u8>>, String> {
        // A writer that makes a new journal takes the old one away: then there is a new snapshot.
        let mut tries = 3;
        loop {
            match self.current() {
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries > 0 => tries -= 1,
                result => return result.map_err(|error| self.cannot("cannot be read", &error)),
            }
        }
    }

    fn current(&self) -> io::Result<Option<Vec<u8>>> {
        let Some(state) = State::read(&self.state_file())? else { return Ok(None) };
        let mut journal = Journal::new(File::open(self.journal_file(state.generation))?, state.covered)?;
        let mut learner = None;
        while let Some((_, event)) = journal.next()? {
            let learner = match &mut learner {
                Some(learner) => learner,
                None => learner.insert(state.learner()?),
            };
            apply(learner, event);
        }
        Ok(Some(learner.map_or(state.model, |learner: Learner| learner.to_bytes())))
    }

    /// Every message that was learned and not forgotten, the oldest first.
    pub fn entries(&self) -> Result<Vec<Entry>, String> {
        let read = || -> io::Result<Vec<Entry>> {
            let Some(state) = State::read(&self.state_file())? else { return Ok(Vec::new()) };
            let mut journal = Journal::new(File::open(self.journal_file(state.generation))?, 0)?;
            let mut entries: Vec<Entry> = Vec::new();
            while let Some((_, event)) = journal.next()? {
                match event {
                    Event::Learn { entry, .. } => entries.push(entry),
                    Event::Forget { id, .. } => entries.retain(|entry| entry.id != id),
                    Event::Fade => {}
                }
            }
            Ok(entries)
        };
        read().map_err(|error| self.cannot("cannot be read", &error))
    }

    /// Opens it to learn. Waits for whoever else is writing. What is learned goes on from `base`, a model file, where
    /// nothing was learned yet.
    pub fn write(&self, base: Option<&[u8]>) -> Result<Writer, String> {
        Writer::open(self, base).map_err(|error| self.cannot("cannot be written", &error))
    }

    fn state_file(&self) -> PathBuf {
        self.folder.join("state")
    }

    fn journal_file(&self, generation: u64) -> PathBuf {
        self.folder.join(format!("journal.{generation}"))
    }

    fn cannot(&self, what: &str, error: &io::Error) -> String {
        format!("{}: what was learned {what}: {error}", crate::print::from_path(&self.folder))
    }
}

/// Does to a learner what a record of the journal says.
fn apply(learner: &mut Learner, event: Event) {
    match event {
        Event::Learn { tokens, entry, learned } => {
            learner.learn_as(&tokens, entry.label, learned);
        }
        Event::Forget { tokens, label, learned, .. } => learner.forget(&tokens, label, learned),
        Event::Fade => learner.fade(),
    }
}

//! What was learned in place, on disk: a journal of every message that was learned or forgotten, and a snapshot of the model
//! that it makes. Takes tokens and labels, gives models and lists; reads no mail.
//!
//! ```text
//! FOLDER/lock        held by whoever writes
//! FOLDER/state       the snapshot: which journal, how far, and the model at that point; replaced whole
//! FOLDER/journal.N   records, added at the end (journal.rs)
//! ```
//!
//! What a user had learned is a journal alone (`Store::of_user`): it counts on top of the site's model as that is now, so that a
//! user who taught little has what the site learned since.
//!
//! Readers never wait and never write: they take the snapshot and the records behind it. A writer holds the lock; a record is
//! there whole or not at all, whenever the machine stops; half a record at the end is cut off by the next writer. Learning
//! the same message again changes nothing, with the other label it is forgotten first.

mod journal;
mod state;
#[cfg(test)]
mod tests;
mod writer;

use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use tamis_engine::{Label, Learner, TokenSet};

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
    /// Whether what was learned counts on top of another model, that of the site.
    of_user: bool,
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
        Store { folder: folder.into(), keep: 20_000, fade: 0, of_user: false }
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

    /// What one user had learned, on top of the model of the site. Of that there is no snapshot, so that a user keeps fewer
    /// messages: `keep` says how many, and what is older does not count any more.
    pub fn of_user(mut self) -> Store {
        self.of_user = true;
        self.fade = 0;
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
        self.model_over(&[])
    }

    /// The same, of what a user had learned: on top of the model of the site, a model file.
    pub fn model_over(&self, site: &[u8]) -> Result<Option<Vec<u8>>, String> {
        // A writer that makes a new journal takes the old one away: then there is a new snapshot.
        let mut tries = 3;
        loop {
            match self.current(site) {
                Err(error) if error.kind() == io::ErrorKind::NotFound && tries > 0 => tries -= 1,
                result => return result.map_err(|error| self.cannot("cannot be read", &error)),
            }
        }
    }

    fn current(&self, site: &[u8]) -> io::Result<Option<Vec<u8>>> {
        let Some(mut state) = State::read(&self.state_file())? else { return Ok(None) };
        let mut journal = Journal::new(File::open(self.journal_file(state.generation))?, state.covered)?;
        if self.of_user {
            state.model = site.to_vec();
        }
        let mut learner = None;
        while let Some((_, event)) = journal.next()? {
            let learner = match &mut learner {
                Some(learner) => learner,
                None => learner.insert(state.learner()?),
            };
            apply(learner, event);
        }
        match learner {
            // The site's model is there without it.
            None if self.of_user => Ok(None),
            None => Ok(Some(state.model)),
            Some(learner) => Ok(Some(learner.to_bytes())),
        }
    }

    /// Every message that was learned and not forgotten, the oldest first.
    pub fn entries(&self) -> Result<Vec<Entry>, String> {
        self.each(|entry, _| entry)
    }

    /// The same messages as they were learned: for another store.
    pub fn messages(&self) -> Result<Vec<(Entry, TokenSet)>, String> {
        self.each(|entry, tokens| (entry, tokens))
    }

    fn each<T>(&self, of: impl Fn(Entry, TokenSet) -> T) -> Result<Vec<T>, String> {
        let read = || -> io::Result<Vec<T>> {
            let Some(state) = State::read(&self.state_file())? else { return Ok(Vec::new()) };
            let mut journal = Journal::new(File::open(self.journal_file(state.generation))?, 0)?;
            let mut found: Vec<Option<T>> = Vec::new();
            let mut places: HashMap<[u8; 16], usize> = HashMap::new();
            while let Some((_, event)) = journal.next()? {
                match event {
                    Event::Learn { entry, tokens, .. } => {
                        places.insert(entry.id, found.len());
                        found.push(Some(of(entry, tokens)));
                    }
                    Event::Forget { id, .. } => {
                        if let Some(it) = places.remove(&id).and_then(|place| found.get_mut(place)) {
                            *it = None;
                        }
                    }
                    Event::Fade => {}
                }
            }
            Ok(found.into_iter().flatten().collect())
        };
        read().map_err(|error| self.cannot("cannot be read", &error))
    }

    /// Opens it to learn. Waits for whoever else is writing. What is learned goes on from `base`, a model file, where
    /// nothing was learned yet; what a user had learned goes on from it always.
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

//! Learning and forgetting: what changes a store. One at a time holds the lock.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};

use tamis_engine::{Label, Learner, TokenSet};

use super::journal::{Brief, Event, Journal, record};
use super::state::State;
use super::{Entry, Store, apply};

/// With so many bytes of journal behind it a snapshot is made anew: readers replay what is behind it.
const SNAPSHOT_BYTES: u64 = 1 << 20;
/// Records are handed to the system in pieces of about this size.
const PIECE_BYTES: usize = 1 << 16;

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was learned.
    Learned,
    /// It had been learned as the other, and is learned as this now.
    Relabelled,
    /// It was forgotten.
    Forgotten,
    /// There was nothing to do: it was learned already, or was not known.
    Unchanged,
}

/// Learns and forgets. Until `finish`, or what comes to the same, until it is dropped, no other process does.
#[derive(Debug)]
pub struct Writer {
    store: Store,
    /// Holds the lock as long as it is open.
    _lock: File,
    learner: Learner,
    file: File,
    state: State,
    /// Where the next record starts.
    end: u64,
    waiting: Vec<u8>,
    /// Where the record of each message that is learned starts.
    known: HashMap<[u8; 16], (u64, Label)>,
    since_fade: u32,
}

impl Writer {
    pub(super) fn open(store: &Store, base: Option<&[u8]>) -> io::Result<Writer> {
        std::fs::create_dir_all(&store.folder)?;
        let lock = OpenOptions::new().create(true).truncate(false).write(true).open(store.folder.join("lock"))?;
        lock.lock()?;
        let base = || base.map_or_else(|| Learner::new().to_bytes(), <[u8]>::to_vec);
        let mut state = match State::read(&store.state_file())? {
            Some(state) => state,
            None => {
                let model = if store.of_user { Vec::new() } else { base() };
                let state = State { generation: 0, covered: 0, since_fade: 0, model };
                if !store.of_user {
                    state.learner()?;
                }
                File::create(store.journal_file(0))?.sync_all()?;
                state.write(&store.state_file())?;
                state
            }
        };
        if store.of_user {
            state.model = base();
        }
        let file = OpenOptions::new().read(true).append(true).open(store.journal_file(state.generation))?;
        let mut learner = state.learner()?;
        let (mut known, mut since_fade) = (HashMap::new(), state.since_fade);
        let mut journal = Journal::new(file.try_clone()?, 0)?;
        // What the snapshot has was whole when it was made.
        while let Some((at, brief)) = journal.brief(state.covered)? {
            match brief {
                Some(Brief { id, label: Some(label) }) => known.insert(id, (at, label)),
                Some(Brief { id, label: None }) => known.remove(&id),
                None => None,
            };
        }
        while let Some((at, event)) = journal.next()? {
            match &event {
                Event::Learn { entry, .. } => {
                    known.insert(entry.id, (at, entry.label));
                    since_fade = since_fade.saturating_add(1);
                }
                Event::Forget { id, .. } => {
                    known.remove(id);
                }
                Event::Fade => since_fade = 0,
            }
            apply(&mut learner, event);
        }
        let end = journal.end();
        // Half a record, of a writer that was stopped in the middle of it.
        file.set_len(end)?;
        Ok(Writer {
            store: store.clone(),
            _lock: lock,
            learner,
            file,
            state,
            end,
            waiting: Vec::new(),
            known,
            since_fade,
        })
    }

    /// What the model says of a message as things stand.
    pub fn learner(&self) -> &Learner {
        &self.learner
    }

    /// How many messages of ham and of spam were learned here and can be taken back.
    pub fn learned(&self) -> [usize; 2] {
        let spam = self.known.values().filter(|it| it.1 == Label::Spam).count();
        [self.known.len() - spam, spam]
    }

    /// What a message is learned as; nothing where it is not known.
    pub fn label(&self, id: &[u8; 16]) -> Option<Label> {
        self.known.get(id).map(|(_, label)| *label)
    }

    /// Learns a message; `source` says who had it learned, `at` when.
    pub fn learn(&mut self, tokens: TokenSet, label: Label, source: &str, at: i64) -> io::Result<Outcome> {
        let before = self.label(&tokens.id());
        if before == Some(label) {
            return Ok(Outcome::Unchanged);
        }
        if before.is_some() {
            self.forget(&tokens.id(), at)?;
        }
        let learned = self.learner.learn(&tokens, label);
        let entry = Entry { id: tokens.id(), label, at, source: source.to_owned() };
        let (id, start) = (entry.id, self.end);
        self.add(&Event::Learn { entry, tokens, learned })?;
        self.known.insert(id, (start, label));
        self.since_fade = self.since_fade.saturating_add(1);
        if self.store.fade > 0 && self.since_fade >= self.store.fade {
            self.learner.fade();
            self.since_fade = 0;
            self.add(&Event::Fade)?;
        }
        Ok(if before.is_some() { Outcome::Relabelled } else { Outcome::Learned })
    }

    /// Takes a message back. It need not be at hand: what it consisted of is in the journal.
    pub fn forget(&mut self, id: &[u8; 16], at: i64) -> io::Result<Outcome> {
        let Some((start, _)) = self.known.get(id).copied() else { return Ok(Outcome::Unchanged) };
        self.flush()?;
        let mut journal = Journal::new(self.file.try_clone()?, start)?;
        let Some((_, Event::Learn { entry, tokens, learned })) = journal.next()? else {
            return Err(io::Error::other("the journal was changed by somebody else"));
        };
        self.learner.forget(&tokens, entry.label, learned);
        self.add(&Event::Forget { id: *id, label: entry.label, tokens, learned, at })?;
        self.known.remove(id);
        Ok(Outcome::Forgotten)
    }

    fn add(&mut self, event: &Event) -> io::Result<()> {
        let record = record(event);
        self.end += record.len() as u64;
        self.waiting.extend(record);
        if self.waiting.len() >= PIECE_BYTES { self.flush() } else { Ok(()) }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all(&self.waiting)?;
        self.waiting.clear();
        Ok(())
    }

    /// Makes what was learned safe on disk, and the snapshot new if much is behind it.
    pub fn finish(mut self) -> Result<(), String> {
        let store = self.store.clone();
        self.save().map_err(|error| store.cannot("cannot be written", &error))
    }

    fn save(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync_data()?;
        // Old records go in one piece, and not before there are many: the journal is written anew for it.
        if self.known.len() > self.store.keep.saturating_add(self.store.keep / 4) {
            return self.shorten();
        }
        if !self.store.of_user && self.end.saturating_sub(self.state.covered) >= SNAPSHOT_BYTES {
            self.state = self.snapshot(self.state.generation, self.end);
            self.state.write(&self.store.state_file())?;
        }
        Ok(())
    }

    fn snapshot(&self, generation: u64, covered: u64) -> State {
        if self.store.of_user {
            // It stands on the site's model, whatever that is when somebody reads it.
            return State { generation, covered: 0, since_fade: 0, model: Vec::new() };
        }
        State { generation, covered, since_fade: self.since_fade, model: self.learner.to_bytes() }
    }

    /// A new journal with the latest messages alone. What is left out stays learned, and cannot be taken back any more.
    fn shorten(&mut self) -> io::Result<()> {
        let mut places: Vec<u64> = self.known.values().map(|(start, _)| *start).collect();
        places.sort_unstable();
        let from = places.get(places.len().saturating_sub(self.store.keep)).copied().unwrap_or(0);
        let generation = self.state.generation.wrapping_add(1);
        let path = self.store.journal_file(generation);
        let mut file = io::BufWriter::new(File::create(&path)?);
        let mut journal = Journal::new(self.file.try_clone()?, from)?;
        let mut length = 0;
        while let Some((at, event)) = journal.next()? {
            // Of a message that was forgotten nothing has to be kept.
            let learned =
                matches!(&event, Event::Learn { entry, .. } if self.known.get(&entry.id).is_some_and(|it| it.0 == at));
            if learned {
                let record = record(&event);
                file.write_all(&record)?;
                length += record.len() as u64;
            }
        }
        file.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        // With the snapshot the new journal counts, and the old one not any more.
        let old = self.store.journal_file(self.state.generation);
        self.state = self.snapshot(generation, length);
        self.state.write(&self.store.state_file())?;
        std::fs::remove_file(old)
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        // What was learned before an error or an early end is not lost; who wants to know uses `finish`.
        let _ = self.flush();
    }
}

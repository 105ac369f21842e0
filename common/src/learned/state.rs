//! The snapshot: the model as it was after so many bytes of a journal.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use tamis_engine::Learner;

const MAGIC: &[u8; 8] = b"TAMISLS1";

/// A snapshot.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct State {
    /// The number of the journal that goes on from here.
    pub(super) generation: u64,
    /// How many bytes of it are in the model.
    pub(super) covered: u64,
    /// Messages learned since all counts were halved.
    pub(super) since_fade: u32,
    /// The model file.
    pub(super) model: Vec<u8>,
}

impl State {
    /// Reads a snapshot; nothing where there is none.
    pub(super) fn read(path: &Path) -> io::Result<Option<State>> {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let parse = || -> Option<State> {
            let rest = bytes.strip_prefix(MAGIC)?;
            let (generation, rest) = rest.split_first_chunk()?;
            let (covered, rest) = rest.split_first_chunk()?;
            let (since_fade, model) = rest.split_first_chunk()?;
            Some(State {
                generation: u64::from_le_bytes(*generation),
                covered: u64::from_le_bytes(*covered),
                since_fade: u32::from_le_bytes(*since_fade),
                model: model.to_vec(),
            })
        };
        // The model in it has a checksum of its own, and tells when it is damaged.
        let state = parse().ok_or_else(|| io::Error::other("the file state is not one of Tamis"))?;
        Ok(Some(state))
    }

    /// Replaces the snapshot at `path`, so that it is there whole, before or after, whenever the machine stops.
    pub(super) fn write(&self, path: &Path) -> io::Result<()> {
        let beside = path.with_extension("part");
        let mut file = File::create(&beside)?;
        file.write_all(MAGIC)?;
        file.write_all(&self.generation.to_le_bytes())?;
        file.write_all(&self.covered.to_le_bytes())?;
        file.write_all(&self.since_fade.to_le_bytes())?;
        file.write_all(&self.model)?;
        file.sync_all()?;
        std::fs::rename(&beside, path)?;
        path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
    }

    /// The learner that goes on from here.
    pub(super) fn learner(&self) -> io::Result<Learner> {
        Learner::from_model(&self.model)
            .map_err(|wrong| io::Error::other(format!("{wrong}; move the folder away, and learn the messages again")))
    }
}

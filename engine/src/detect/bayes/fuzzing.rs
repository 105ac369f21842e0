//! The fuzz target of model files; see `crate::fuzzing`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use sha2::{Digest, Sha256};

use super::file::{self, Saved};
use super::learner::parameters;
use super::ratio::{Ratio, Sums};
use super::{Experts, Model, TokenSet};

/// Any bytes as a model file, and as the body of one that has its magic and its checksum right; and as what is kept of a
/// message.
pub(crate) fn model(data: &[u8]) {
    read(data);
    let empty = Saved { parameters: parameters([0, 0]), counts: Default::default(), bias: 0.0, weights: Vec::new() };
    let mut whole = file::write(&empty);
    whole.truncate(8);
    whole.extend_from_slice(data);
    let checksum = Sha256::digest(&whole);
    whole.extend(checksum.iter().take(8));
    read(&whole);
    if let Some(tokens) = TokenSet::from_bytes(data) {
        assert_eq!(TokenSet::from_bytes(&tokens.to_bytes()).as_ref(), Some(&tokens));
        if let Ok(model) = Model::read(&file::write(&empty), Experts::All) {
            assert!(model.score(&tokens).log_odds.is_finite());
        }
    }
}

fn read(bytes: &[u8]) {
    let Ok(saved) = file::read(bytes) else { return };
    let ratio = Ratio::new(&saved.parameters, &Sums::of(&saved.counts));
    for (_, ham, spam) in saved.counts.iter() {
        assert!(ratio.of(ham, spam).is_finite());
    }
    // What was read is what is written.
    assert_eq!(file::read(&file::write(&saved)).unwrap(), saved);
}

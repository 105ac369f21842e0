//! The fuzz target of model files; see `crate::fuzzing`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use sha2::{Digest, Sha256};

use super::file;
use super::model::Ratio;

/// Any bytes as a model file, and as the body of one that has its magic and its checksum right.
pub(crate) fn model(data: &[u8]) {
    read(data);
    let mut whole = file::write(&file::Parameters { alpha: 1.0, ..EMPTY }, &file::Counts::new(Vec::new()));
    whole.truncate(8);
    whole.extend_from_slice(data);
    let checksum = Sha256::digest(&whole);
    whole.extend(checksum.iter().take(8));
    read(&whole);
}

const EMPTY: file::Parameters = file::Parameters {
    ham_messages: 0,
    spam_messages: 0,
    alpha: 0.0,
    least: 0.0,
    exponent: 0.0,
    slope: 0.0,
    offset: 0.0,
};

fn read(bytes: &[u8]) {
    let Ok((parameters, counts)) = file::read(bytes) else { return };
    let ratio = Ratio::new(&parameters, &counts);
    for (_, ham, spam) in counts.iter() {
        assert!(ratio.of(ham, spam).is_finite());
    }
    // What was read is what is written.
    assert_eq!(file::read(&file::write(&parameters, &counts)).unwrap(), (parameters, counts));
}

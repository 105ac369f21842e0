//! Tokens and runs of characters -> numbers. What is hashed how is part of the model format: a change raises [`VERSION`],
//! and old models are refused. The same on every machine.

use super::tokens::Family;

/// Version of the tokens, of the features, and of their hashes.
pub(super) const VERSION: u8 = 3;
/// Binary logarithm of the number of slots of naive Bayes.
pub(super) const SLOT_BITS: u32 = 20;
/// Binary logarithm of the number of features of the logistic expert.
pub(super) const FEATURE_BITS: u32 = 18;

/// The hash of a token: FNV-1a with 64 bits over family, header name and text, its bits mixed at the end (the finisher of
/// MurmurHash3).
pub(super) fn token(family: Family, of: &str, text: &str) -> u64 {
    let hash = bytes(0xcbf2_9ce4_8422_2325 ^ ((family as u64 + 1) << 56), of.as_bytes());
    mix(bytes(hash ^ 0xff, text.as_bytes()))
}

/// The slot of a token: the top bits of its hash.
pub(super) fn slot(hash: u64) -> u32 {
    (hash >> (64 - SLOT_BITS)) as u32
}

/// The feature of a token: bits of its hash that its slot has little of.
pub(super) fn feature(hash: u64) -> u32 {
    ((hash << 13) >> (64 - FEATURE_BITS)) as u32
}

/// The feature of four bytes of a text; `of` tells texts apart.
pub(super) fn gram(of: u64, four: u32) -> u32 {
    ((u64::from(four) | (of << 32)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - FEATURE_BITS)) as u32
}

/// A digest of a message's bytes, to deal messages into folds by what they are and not by their order.
pub(super) fn digest(raw: &[u8]) -> u64 {
    mix(bytes(0xcbf2_9ce4_8422_2325, raw))
}

/// A number from which all others follow, for orders that look like chance and are the same each time.
pub(super) fn shuffled(digest: u64, pass: u64) -> u64 {
    mix(digest ^ pass.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}

fn bytes(mut hash: u64, bytes: &[u8]) -> u64 {
    for byte in bytes {
        hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash
}

fn mix(mut hash: u64) -> u64 {
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash = (hash ^ (hash >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    hash ^ (hash >> 33)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hashes_do_not_change_with_machine_or_version() {
        // Written down, since every model depends on them: a change here is a change of `VERSION`.
        assert_eq!(VERSION, 3);
        let hashes = [token(Family::Body, "", "hello"), token(Family::Header, "x-mailer", "hello")];
        assert_eq!(hashes.map(slot), [1_036_454, 1_037_348]);
        assert_eq!(hashes.map(feature), FIRST_FEATURES);
        assert_eq!([gram(1, u32::from_le_bytes(*b"free")), gram(2, u32::from_le_bytes(*b"free"))], FIRST_GRAMS);
        assert_ne!(token(Family::Subject, "", "hello"), token(Family::Body, "", "hello"));
    }

    const FIRST_FEATURES: [u32; 2] = [78_256, 75_124];
    const FIRST_GRAMS: [u32; 2] = [117_764, 248_110];
}

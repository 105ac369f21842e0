//! Which header fields a message may have, asked of their names. Nearly all that rules ask for are not there.

use crate::facts::spamassassin::Node;

/// The names of the header fields, as numbers below 256: a name whose number is not among them is no field's.
pub(super) struct Names([u64; 4]);

impl Names {
    pub(super) fn of(root: Option<&Node>) -> Names {
        let mut names = Names([0; 4]);
        for field in root.map(|root| root.fields.as_slice()).unwrap_or_default() {
            let (word, bit) = Names::number(&field.name);
            if let Some(word) = names.0.get_mut(word) {
                *word |= 1 << bit;
            }
        }
        names
    }

    /// Where the bit of a name is, whatever its case.
    fn number(name: &str) -> (usize, u8) {
        let low = |byte: Option<&u8>| byte.map_or(0, u8::to_ascii_lowercase);
        let bytes = name.as_bytes();
        let middle = low(bytes.get(bytes.len() / 2));
        let ends = low(bytes.first()).wrapping_mul(5) ^ low(bytes.last()).wrapping_mul(11);
        let number =
            ends ^ middle.wrapping_mul(23) ^ bytes.len().to_le_bytes().first().map_or(0, |it| it.wrapping_mul(37));
        (usize::from(number >> 6), number & 63)
    }

    pub(super) fn may_have(&self, name: &str) -> bool {
        let (word, bit) = Names::number(name);
        self.0.get(word).is_some_and(|word| word & 1 << bit != 0)
    }
}

//! Which header fields a message may have, asked of their names. Nearly all that rules ask for are not there.

use crate::facts::spamassassin::Node;

/// The names of the header fields, as numbers below 256: a name whose number is not among them is no field's.
pub(super) struct Names {
    known: [u64; 4],
    /// The number of each field's name.
    fields: Vec<u8>,
}

impl Names {
    pub(super) fn of(root: Option<&Node>) -> Names {
        let mut names = Names { known: [0; 4], fields: Vec::new() };
        let Some(root) = root else { return names };
        names.fields.reserve(root.fields.len());
        for field in root.fields.iter() {
            let number = Names::number(field.name);
            if let Some(word) = names.known.get_mut(usize::from(number >> 6)) {
                *word |= 1 << (number & 63);
            }
            names.fields.push(number);
        }
        names
    }

    /// The number of a name, whatever its case.
    fn number(name: &[u8]) -> u8 {
        let low = |byte: Option<&u8>| byte.map_or(0, u8::to_ascii_lowercase);
        let middle = low(name.get(name.len() / 2));
        let ends = low(name.first()).wrapping_mul(5) ^ low(name.last()).wrapping_mul(11);
        let length = name.len().to_le_bytes().first().map_or(0, |it| it.wrapping_mul(37));
        ends ^ middle.wrapping_mul(23) ^ length
    }

    /// The fields that may be of a name, in their order.
    pub(super) fn like(&self, name: &[u8]) -> impl DoubleEndedIterator<Item = usize> + use<'_> {
        let number = Names::number(name);
        let is_known = self.known.get(usize::from(number >> 6)).is_some_and(|word| word & 1 << (number & 63) != 0);
        let fields = if is_known { self.fields.as_slice() } else { &[] };
        memchr::memchr_iter(number, fields)
    }
}

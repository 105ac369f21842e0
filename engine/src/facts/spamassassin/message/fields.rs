//! The header fields of a part, in two texts: as rules read them one a line, and as they were written. Takes names and values, gives
//! fields as slices of these; what rules ask of all fields, or of one, is there without another copy.

use std::ops::Range;

use super::super::decode;

/// One header field.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HeaderField<'n> {
    /// As written; UTF-8.
    pub(crate) name: &'n [u8],
    /// Behind the colon, folds and line end included.
    pub(crate) raw: &'n [u8],
    /// Unfolded, trimmed, encoded words decoded.
    pub(crate) value: &'n [u8],
    /// The value with a line end.
    pub(crate) ended: &'n [u8],
}

impl HeaderField<'_> {
    /// Whether this is its name, whatever the case. Nearly always it is the same, too.
    pub(crate) fn is_named(&self, name: &str) -> bool {
        self.name == name.as_bytes() || self.name.eq_ignore_ascii_case(name.as_bytes())
    }
}

/// Where a field is. Each begins where the one before ends.
#[derive(Clone, Copy, Debug)]
struct Ends {
    name: usize,
    line: usize,
    raw: usize,
}

/// The fields of a part, in their order.
#[derive(Debug, Default)]
pub(crate) struct Fields {
    /// `name: value` and a line end, each.
    lines: Vec<u8>,
    /// `name:raw`, each.
    raws: Vec<u8>,
    ends: Vec<Ends>,
}

impl Fields {
    /// With room for some fields, and for their bytes.
    pub(super) fn with_room(fields: usize, bytes: usize) -> Fields {
        Fields { lines: Vec::with_capacity(bytes), raws: Vec::with_capacity(bytes), ends: Vec::with_capacity(fields) }
    }

    pub(super) fn push(&mut self, name: &[u8], raw: &[u8]) {
        let name = String::from_utf8_lossy(name);
        let name = name.as_bytes();
        self.raws.extend_from_slice(name);
        self.raws.push(b':');
        self.raws.extend_from_slice(raw);
        self.lines.extend_from_slice(name);
        self.lines.extend_from_slice(b": ");
        decode::header_into(raw, name, &mut self.lines);
        self.lines.push(b'\n');
        self.ends.push(Ends { name: name.len(), line: self.lines.len(), raw: self.raws.len() });
    }

    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// Where a field begins in both texts.
    fn start(&self, number: usize) -> (usize, usize) {
        let before = number.checked_sub(1).and_then(|before| self.ends.get(before));
        before.map_or((0, 0), |before| (before.line, before.raw))
    }

    pub(crate) fn get(&self, number: usize) -> Option<HeaderField<'_>> {
        let ends = self.ends.get(number)?;
        let (line, raw) = self.start(number);
        let (name, value) = self.lines.get(line..ends.line)?.split_at_checked(ends.name)?;
        let ended = value.get(2..)?;
        let value = ended.get(..ended.len().checked_sub(1)?)?;
        Some(HeaderField { name, raw: self.raws.get(raw + ends.name + 1..ends.raw)?, value, ended })
    }

    pub(crate) fn iter(&self) -> impl DoubleEndedIterator<Item = HeaderField<'_>> {
        (0..self.ends.len()).filter_map(|number| self.get(number))
    }

    /// The fields of a range, one a line.
    pub(crate) fn lines(&self, range: Range<usize>) -> &[u8] {
        self.lines.get(self.start(range.start).0..self.start(range.end).0).unwrap_or_default()
    }

    /// The same as they were written.
    pub(crate) fn raws(&self, range: Range<usize>) -> &[u8] {
        self.raws.get(self.start(range.start).1..self.start(range.end).1).unwrap_or_default()
    }

    /// How many fields from the first on take some bytes at most, one a line.
    pub(crate) fn within(&self, bytes: usize) -> usize {
        match self.lines.len() <= bytes {
            true => self.ends.len(),
            false => self.ends.partition_point(|ends| ends.line <= bytes),
        }
    }
}

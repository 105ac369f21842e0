//! A range of bytes in a message.

/// A half-open range of bytes. Messages are at most 4 GiB long, so offsets are `u32`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Span {
    pub(crate) start: u32,
    pub(crate) end: u32,
}

impl Span {
    /// The range `start..end`; an end before the start, or beyond 4 GiB, is brought back.
    pub(crate) fn new(start: usize, end: usize) -> Span {
        let start = u32::try_from(start).unwrap_or(u32::MAX);
        let end = u32::try_from(end).unwrap_or(u32::MAX);
        Span { start, end: end.max(start) }
    }

    pub(crate) fn len(self) -> usize {
        (self.end - self.start) as usize
    }

    /// The bytes of the range; empty where it lies outside of `bytes`.
    pub(crate) fn of(self, bytes: &[u8]) -> &[u8] {
        bytes.get(self.start as usize..self.end as usize).unwrap_or_default()
    }
}

//! Borrowed text, perhaps seen through `lowerAscii()` or `upperAscii()`. Mapping happens while bytes are read, so that
//! nothing is allocated; every loop over a text is paid for.

use std::cmp::Ordering;

use memchr::{memchr2_iter, memmem};

/// Why an evaluation stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stop {
    /// What CEL calls an error: an absent fact, a division by zero, an index beyond the end.
    Error,
    /// The steps ran out.
    Steps,
}

/// Steps that are left.
#[derive(Debug)]
pub(super) struct Purse(pub(super) u64);

impl Purse {
    /// Pays for work over `bytes` bytes or items.
    #[inline]
    pub(super) fn pay(&mut self, bytes: usize) -> Result<(), Stop> {
        match self.0.checked_sub(bytes as u64) {
            Some(left) => {
                self.0 = left;
                Ok(())
            }
            None => {
                self.0 = 0;
                Err(Stop::Steps)
            }
        }
    }
}

/// Most code points of texts whose distance is asked for.
const LONGEST_COMPARED: usize = 100;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Case {
    AsIs,
    Lower,
    Upper,
}

/// A text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'v> {
    text: &'v str,
    case: Case,
}

impl<'v> Text<'v> {
    pub(super) fn plain(text: &'v str) -> Text<'v> {
        Text { text, case: Case::AsIs }
    }

    pub(super) fn lower(self) -> Text<'v> {
        Text { case: Case::Lower, ..self }
    }

    pub(super) fn upper(self) -> Text<'v> {
        Text { case: Case::Upper, ..self }
    }

    /// The text where it is seen as it stands: what the checker asks of texts that are handed on whole.
    pub(super) fn as_is(self) -> Option<&'v str> {
        (self.case == Case::AsIs).then_some(self.text)
    }

    /// Its length in bytes; mapping the case of ASCII letters does not change it.
    pub(super) fn len(self) -> usize {
        self.text.len()
    }

    /// Its length in code points.
    pub(super) fn code_points(self, purse: &mut Purse) -> Result<usize, Stop> {
        purse.pay(self.len())?;
        Ok(self.text.chars().count())
    }

    fn byte(self, byte: u8) -> u8 {
        match self.case {
            Case::AsIs => byte,
            Case::Lower => byte.to_ascii_lowercase(),
            Case::Upper => byte.to_ascii_uppercase(),
        }
    }

    fn bytes(self) -> impl DoubleEndedIterator<Item = u8> {
        self.text.bytes().map(move |byte| self.byte(byte))
    }

    /// A range of bytes, in the same case; `None` where it cuts a character.
    pub(super) fn slice(self, start: usize, end: usize) -> Option<Text<'v>> {
        Some(Text { text: self.text.get(start..end)?, ..self })
    }

    /// The byte offset of the code point `index`; the length of the text for the one past the last.
    pub(super) fn offset(self, index: i64, purse: &mut Purse) -> Result<usize, Stop> {
        let index = usize::try_from(index).map_err(|_| Stop::Error)?;
        purse.pay(index.min(self.len()))?;
        let mut starts = self.text.char_indices().map(|(at, _)| at).chain([self.len()]);
        starts.nth(index).ok_or(Stop::Error)
    }

    /// How many code points stand before a byte offset.
    pub(super) fn index(self, offset: usize, purse: &mut Purse) -> Result<i64, Stop> {
        purse.pay(offset)?;
        let before = self.text.get(..offset).ok_or(Stop::Error)?;
        i64::try_from(before.chars().count()).map_err(|_| Stop::Error)
    }

    pub(super) fn trim(self, purse: &mut Purse) -> Result<Text<'v>, Stop> {
        let text = self.text.trim();
        purse.pay(self.len() - text.len())?;
        Ok(Text { text, ..self })
    }

    pub(super) fn equals(self, other: Text<'_>, purse: &mut Purse) -> Result<bool, Stop> {
        if self.len() != other.len() {
            return Ok(false);
        }
        purse.pay(self.len())?;
        Ok(match (self.case, other.case) {
            (Case::AsIs, Case::AsIs) => self.text == other.text,
            _ => self.bytes().eq(other.bytes()),
        })
    }

    /// How many letters have to be put in, taken out or replaced to make one text of the other (Levenshtein). An error for texts
    /// of more than [`LONGEST_COMPARED`] code points: names and hosts are shorter.
    pub(super) fn distance(self, other: Text<'_>, purse: &mut Purse) -> Result<i64, Stop> {
        let (length, other_length) = (self.code_points(purse)?, other.code_points(purse)?);
        if length > LONGEST_COMPARED || other_length > LONGEST_COMPARED {
            return Err(Stop::Error);
        }
        purse.pay((length + 1) * (other_length + 1))?;
        // What the heads of `other` are away from the head of `self` at hand: one row of the table, made over and over.
        let mut row = [0i64; LONGEST_COMPARED + 1];
        row.iter_mut().zip(0..).for_each(|(cell, number)| *cell = number);
        for (number, letter) in (1..).zip(self.letters()) {
            let (mut diagonal, mut left) = (number - 1, number);
            let mut cells = row.iter_mut();
            if let Some(first) = cells.next() {
                *first = number;
            }
            for (cell, other) in cells.zip(other.letters()) {
                let replaced = diagonal + i64::from(letter != other);
                diagonal = *cell;
                *cell = replaced.min(diagonal + 1).min(left + 1);
                left = *cell;
            }
        }
        row.get(other_length).copied().ok_or(Stop::Error)
    }

    fn letters(self) -> impl Iterator<Item = char> {
        self.text.chars().map(move |it| match self.case {
            Case::AsIs => it,
            Case::Lower => it.to_ascii_lowercase(),
            Case::Upper => it.to_ascii_uppercase(),
        })
    }

    /// By code points, which in UTF-8 is by bytes.
    pub(super) fn order(self, other: Text<'_>, purse: &mut Purse) -> Result<Ordering, Stop> {
        purse.pay(self.len().min(other.len()))?;
        Ok(match (self.case, other.case) {
            (Case::AsIs, Case::AsIs) => self.text.cmp(other.text),
            _ => self.bytes().cmp(other.bytes()),
        })
    }

    pub(super) fn starts_with(self, head: Text<'_>, purse: &mut Purse) -> Result<bool, Stop> {
        match self.text.as_bytes().get(..head.len()) {
            Some(here) => self.same(here, head, purse),
            None => Ok(false),
        }
    }

    pub(super) fn ends_with(self, tail: Text<'_>, purse: &mut Purse) -> Result<bool, Stop> {
        match self.len().checked_sub(tail.len()).and_then(|at| self.text.as_bytes().get(at..)) {
            Some(here) => self.same(here, tail, purse),
            None => Ok(false),
        }
    }

    /// Whether a piece of this text, seen in its case, is `other`; they are equally long.
    fn same(self, here: &[u8], other: Text<'_>, purse: &mut Purse) -> Result<bool, Stop> {
        purse.pay(here.len())?;
        Ok(match (self.case, other.case) {
            (Case::AsIs, Case::AsIs) => here == other.text.as_bytes(),
            _ => here.iter().map(|byte| self.byte(*byte)).eq(other.bytes()),
        })
    }

    /// The byte offset of the first `needle` that begins at `from` or later. What is passed over is paid for, up to the
    /// end of what is found, and afterwards: whoever cuts a text into pieces would else pay for the rest at each piece.
    /// A purse that is too small is overdrawn by one pass at most, since nothing is searched after it.
    pub(super) fn find(self, needle: Text<'_>, from: usize, purse: &mut Purse) -> Result<Option<usize>, Stop> {
        let Some(rest) = self.text.as_bytes().get(from..) else { return Ok(None) };
        let found = self.find_in(rest, needle, purse)?;
        purse.pay(found.map_or(rest.len(), |at| at.saturating_add(needle.len())))?;
        Ok(found.map(|at| from.saturating_add(at)))
    }

    fn find_in(self, rest: &[u8], needle: Text<'_>, purse: &mut Purse) -> Result<Option<usize>, Stop> {
        let Some(first) = needle.bytes().next() else { return Ok(Some(0)) };
        if let (Case::AsIs, Some(needle)) = (self.case, needle.as_is()) {
            return Ok(memmem::find(rest, needle.as_bytes()));
        }
        for at in memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), rest) {
            let Some(here) = rest.get(at..).and_then(|rest| rest.get(..needle.len())) else { break };
            if self.same(here, needle, purse)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// The byte offset of the last `needle` that begins at `upto` or earlier.
    pub(super) fn rfind(self, needle: Text<'_>, upto: usize, purse: &mut Purse) -> Result<Option<usize>, Stop> {
        let Some(last) = self.len().checked_sub(needle.len()) else { return Ok(None) };
        let end = upto.min(last) + needle.len();
        let Some(head) = self.text.as_bytes().get(..end) else { return Ok(None) };
        purse.pay(head.len())?;
        let Some(first) = needle.bytes().next() else { return Ok(Some(end)) };
        if let (Case::AsIs, Some(needle)) = (self.case, needle.as_is()) {
            return Ok(memmem::rfind(head, needle.as_bytes()));
        }
        for at in memchr2_iter(first.to_ascii_lowercase(), first.to_ascii_uppercase(), head).rev() {
            let Some(here) = head.get(at..).and_then(|rest| rest.get(..needle.len())) else { continue };
            if self.same(here, needle, purse)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    /// The first of a sorted slice that is not before this text, if it is this text.
    pub(super) fn within(self, sorted: &[Box<str>], purse: &mut Purse) -> Result<bool, Stop> {
        let mut failed = None;
        let found = sorted.binary_search_by(|probe| {
            Text::plain(probe).order(self, purse).unwrap_or_else(|stop| {
                failed = Some(stop);
                Ordering::Equal
            })
        });
        failed.map_or(Ok(found.is_ok()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::{Purse, Stop, Text};

    fn purse() -> Purse {
        Purse(10_000)
    }

    #[test]
    fn mapped_texts_compare_as_mapped() {
        let text = Text::plain("Käse BAR");
        assert!(text.lower().equals(Text::plain("käse bar"), &mut purse()).unwrap());
        assert!(!text.lower().equals(Text::plain("Käse bar"), &mut purse()).unwrap());
        assert!(text.upper().equals(Text::plain("KäSE BAR"), &mut purse()).unwrap());
        assert!(text.upper().ends_with(Text::plain("bar").upper(), &mut purse()).unwrap());
        assert_eq!(text.lower().find(Text::plain("bar"), 0, &mut purse()).unwrap(), Some(6));
        assert_eq!(text.lower().find(Text::plain("BAR"), 0, &mut purse()).unwrap(), None);
        assert_eq!(text.lower().rfind(Text::plain("b"), 20, &mut purse()).unwrap(), Some(6));
        assert!(text.lower().within(&["bar".into(), "käse bar".into()], &mut purse()).unwrap());
    }

    #[test]
    fn searching_at_the_edges() {
        let text = Text::plain("abcabc");
        assert_eq!(text.find(Text::plain("abc"), 1, &mut purse()).unwrap(), Some(3));
        assert_eq!(text.find(Text::plain(""), 6, &mut purse()).unwrap(), Some(6));
        assert_eq!(text.find(Text::plain("abcabcd"), 0, &mut purse()).unwrap(), None);
        assert_eq!(text.rfind(Text::plain("abc"), 2, &mut purse()).unwrap(), Some(0));
        assert_eq!(text.rfind(Text::plain("abc"), 3, &mut purse()).unwrap(), Some(3));
    }

    #[test]
    fn long_texts_are_paid_for() {
        let long = "x".repeat(1_000);
        let mut purse = Purse(1_500);
        assert_eq!(Text::plain(&long).find(Text::plain("y"), 0, &mut purse), Ok(None));
        assert_eq!(Text::plain(&long).equals(Text::plain(&long), &mut purse), Err(Stop::Steps));
    }
}

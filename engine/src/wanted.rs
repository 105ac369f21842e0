//! What the loaded rules, lists and models read. The builder computes it; `unpack` and `gather` make only that.

use std::ops::BitOr;

/// A set of groups of facts. Each fact in `facts/names.rs` names the groups that it needs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted(u32);

impl Wanted {
    /// Facts that cost nothing: size, direction, recipients of the envelope, defects of the header.
    pub(crate) const NOTHING: Wanted = Wanted(0);
    /// The header fields of the message itself, decoded.
    pub(crate) const HEADERS: Wanted = Wanted(1);
    /// Addresses parsed: From, To and the like.
    pub(crate) const PEOPLE: Wanted = Wanted(1 << 1);
    /// Received fields parsed.
    pub(crate) const ROUTE: Wanted = Wanted(1 << 2);
    /// The visible text of the body; HTML is parsed for it.
    pub(crate) const VISIBLE: Wanted = Wanted(1 << 3);
    /// The visible text, folded.
    pub(crate) const FOLDED: Wanted = Wanted(1 << 4);
    /// Text that HTML hides, forms, scripts, images.
    pub(crate) const HTML: Wanted = Wanted(1 << 5);
    /// The body's text before HTML is stripped.
    pub(crate) const SOURCE: Wanted = Wanted(1 << 6);
    /// Links in text and HTML.
    pub(crate) const LINKS: Wanted = Wanted(1 << 7);
    /// Files: parts decoded, their kinds known, archives opened.
    pub(crate) const FILES: Wanted = Wanted(1 << 8);
    /// SHA-256 of every file.
    pub(crate) const HASHES: Wanted = Wanted(1 << 9);
    /// The scripts that the body is written in.
    pub(crate) const SCRIPT: Wanted = Wanted(1 << 10);
    /// The shape of the MIME tree: types, charsets, encodings, boundaries.
    pub(crate) const SHAPE: Wanted = Wanted(1 << 11);
    /// Defects of every part, decoded to find them.
    pub(crate) const DEFECTS: Wanted = Wanted(1 << 12);
    /// The bytes of every item, for detectors of content.
    pub(crate) const BYTES: Wanted = Wanted(1 << 13);
    /// The message as SpamAssassin's rules see it.
    pub(crate) const SPAMASSASSIN: Wanted = Wanted(1 << 14);
    /// What the visible text quotes, and what its writer wrote now.
    pub(crate) const QUOTES: Wanted = Wanted(1 << 15);
    /// The sender of the envelope, taken apart.
    pub(crate) const RETURN_PATH: Wanted = Wanted(1 << 16);
    /// Everything: what `tamis facts` prints.
    pub(crate) const ALL: Wanted = Wanted(u32::MAX);

    /// The groups of all of `sets`.
    pub(crate) const fn union(sets: &[Wanted]) -> Wanted {
        let (mut all, mut rest) = (0, sets);
        while let [first, tail @ ..] = rest {
            all |= first.0;
            rest = tail;
        }
        Wanted(all)
    }

    /// Whether any group of `other` is in the set.
    pub(crate) fn any(self, other: Wanted) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Wanted {
    type Output = Wanted;
    fn bitor(self, other: Wanted) -> Wanted {
        Wanted(self.0 | other.0)
    }
}

//! Running text put together from pieces, as a reader sees it: blanks collapsed, blocks on lines of their own.

use crate::text::entities;

/// A text under construction.
#[derive(Debug, Default)]
pub(super) struct Flow {
    out: String,
    /// What stands between the text so far and the next word.
    gap: Gap,
    /// The piece of source that may be the start of a character reference; the next piece decides.
    held: String,
    most: usize,
    cut: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Gap {
    #[default]
    None,
    Blank,
    Line,
}

impl Flow {
    /// A text of at most `most` bytes.
    pub(super) fn new(most: usize) -> Flow {
        Flow { most, ..Flow::default() }
    }

    /// Adds source text, its character references decoded. Pieces of one text node may break anywhere; `last` ends it.
    pub(super) fn source(&mut self, piece: &str, last: bool) {
        if self.held.is_empty() && !piece.contains('&') {
            return self.plain(piece);
        }
        let mut whole = std::mem::take(&mut self.held);
        whole.push_str(piece);
        if !last {
            let open = whole.rfind('&').filter(|at| is_open(whole.get(*at..).unwrap_or_default()));
            if let Some(at) = open {
                self.held = whole.split_off(at);
            }
        }
        let mut decoded = String::with_capacity(whole.len());
        entities::decode_into(&whole, false, &mut decoded);
        self.plain(&decoded);
    }

    /// Adds decoded text.
    pub(super) fn plain(&mut self, text: &str) {
        if self.cut {
            return;
        }
        let mut words = text.split(is_blank);
        let Some(first) = words.next() else { return };
        self.word(first);
        for word in words {
            self.gap(Gap::Blank);
            self.word(word);
        }
    }

    /// The next word stands apart: by a blank, or on a new line.
    pub(super) fn gap(&mut self, gap: Gap) {
        self.gap = self.gap.max(gap);
    }

    /// Whether it has no word yet.
    pub(super) fn is_empty(&self) -> bool {
        self.out.is_empty()
    }

    /// Where the next word will start.
    pub(super) fn offset(&self) -> usize {
        if self.out.is_empty() || self.gap == Gap::None { self.out.len() } else { self.out.len() + 1 }
    }

    /// Where the last word ended.
    pub(super) fn end(&self) -> usize {
        self.out.len()
    }

    /// The text from an offset on.
    pub(super) fn since(&self, offset: usize) -> &str {
        self.out.get(offset..).unwrap_or_default()
    }

    /// The text, and whether more was to come than it could hold.
    pub(super) fn finish(mut self) -> (String, bool) {
        self.source("", true);
        (self.out, self.cut)
    }

    fn word(&mut self, word: &str) {
        if word.is_empty() || self.cut {
            return;
        }
        if self.out.len() + word.len() + 1 > self.most {
            let room = self.most.saturating_sub(self.out.len() + 1);
            let end = (0..=room.min(word.len())).rev().find(|at| word.is_char_boundary(*at)).unwrap_or(0);
            self.cut = true;
            if let Some(head) = word.get(..end).filter(|head| !head.is_empty()) {
                self.append(head);
            }
            return;
        }
        self.append(word);
    }

    fn append(&mut self, word: &str) {
        match self.gap {
            _ if self.out.is_empty() => {}
            Gap::None => {}
            Gap::Blank => self.out.push(' '),
            Gap::Line => self.out.push('\n'),
        }
        self.gap = Gap::None;
        self.out.push_str(word);
    }
}

/// Whether the text, which starts with `&`, may go on as a character reference.
fn is_open(text: &str) -> bool {
    text.len() <= entities::LONGEST && text.bytes().skip(1).all(|byte| byte == b'#' || byte.is_ascii_alphanumeric())
}

/// Blanks that a reader sees as one blank. The no-break space is among them: senders pad words with it.
fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r' | '\x0c' | '\u{a0}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn collect(pieces: &[&str]) -> String {
        let mut flow = Flow::new(1000);
        for (index, piece) in pieces.iter().enumerate() {
            flow.source(piece, index + 1 == pieces.len());
        }
        flow.finish().0
    }

    #[test]
    fn blanks_collapse() {
        assert_eq!(collect(&["  a \r\n\t b&nbsp; c ", "  d"]), "a b c d");
        assert_eq!(collect(&["Via", "gra"]), "Viagra");
    }

    #[test]
    fn references_may_break_anywhere() {
        assert_eq!(collect(&["R&am", "p;D &#", "x41; &", "lt;"]), "R&D A <");
        assert_eq!(collect(&["R&", "D &amp"]), "R&D &");
    }

    #[test]
    fn lines_and_the_cut() {
        let mut flow = Flow::new(9);
        flow.gap(Gap::Line);
        flow.plain("one");
        flow.gap(Gap::Blank);
        flow.gap(Gap::Line);
        assert_eq!(flow.offset(), 4);
        flow.plain("zwölf");
        assert_eq!(flow.finish(), ("one\nzwöl".into(), true));
    }
}

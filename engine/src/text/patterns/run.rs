//! Long runs of bytes of one class that a pattern must contain, such as the lines of `^[^\r\n]{998}`: a text is looked through in steps of
//! that length. Takes trees, gives yes or no of texts.

use regex_syntax::hir::{Class, Hir, HirKind};

/// The class, and how many bytes.
#[derive(Debug)]
pub(crate) struct Run {
    has: [bool; 256],
    length: usize,
}

impl Run {
    /// The longest of a pattern, if it has `least` bytes.
    pub(crate) fn of(hir: &Hir, least: u32) -> Option<Run> {
        match hir.kind() {
            HirKind::Capture(capture) => Run::of(&capture.sub, least),
            HirKind::Concat(parts) => parts.iter().filter_map(|part| Run::of(part, least)).max_by_key(|run| run.length),
            HirKind::Repetition(it) if it.min >= least => {
                let HirKind::Class(class) = it.sub.kind() else { return None };
                let ranges: Vec<(u32, u32)> = match class {
                    Class::Bytes(class) => {
                        class.ranges().iter().map(|it| (it.start().into(), it.end().into())).collect()
                    }
                    // A character has a byte at least; beyond ASCII any.
                    Class::Unicode(class) => {
                        let last = |c: char| if c.is_ascii() { c.into() } else { 0xFF };
                        class.ranges().iter().map(|it| (u32::from(it.start()).min(0x80), last(it.end()))).collect()
                    }
                };
                let mut has = [false; 256];
                for (byte, slot) in (0u32..).zip(&mut has) {
                    *slot = ranges.iter().any(|(start, end)| (start..=end).contains(&&byte));
                }
                Some(Run { has, length: it.min as usize })
            }
            _ => None,
        }
    }

    /// Whether a text has such a run.
    pub(crate) fn is_in(&self, text: &[u8]) -> bool {
        let mut from = 0usize;
        while let Some(bytes) = text.get(from..).and_then(|rest| rest.get(..self.length)) {
            match bytes.iter().rposition(|byte| self.has.get(usize::from(*byte)) != Some(&true)) {
                Some(at) => from = from.saturating_add(at).saturating_add(1),
                None => return true,
            }
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_are_found_where_they_are() {
        let of = |pattern: &str| {
            Run::of(&regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).unwrap(), 64)
        };
        assert!(of(r"[^\n]{63}").is_none() && of(r"x|\d{99}").is_none());
        let run = of(r"(?m)^([^\n]{70,99})x").unwrap();
        for before in 0..150 {
            let text = |length: usize| format!("{}\n{}\n", "a".repeat(before % 70), "é".repeat(length));
            assert!(run.is_in(text(35).as_bytes()) && !run.is_in(text(34).as_bytes()), "{before}");
        }
        assert!(!run.is_in(b"") && of(r"(?-u:[\x80-\xff]{64})").unwrap().is_in(&[0xE9; 64]));
    }
}

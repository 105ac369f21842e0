//! Lines, whatever ends them: CRLF, LF, or a lone CR.

use memchr::{memchr, memchr_iter, memchr2, memrchr};

use super::choice::{Choice, Choices};
use crate::defect::DefectKind;

/// Longest line that RFC 5322, section 2.1.1, allows, in bytes without its end.
const LONGEST: usize = 998;

/// A line of `raw`: where its text ends, and where the next line begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) start: usize,
    pub(super) end: usize,
    pub(super) next: usize,
}

impl Line {
    pub(super) fn text(self, raw: &[u8]) -> &[u8] {
        raw.get(self.start..self.end).unwrap_or_default()
    }
}

/// The line that begins at `start`; `None` at the end of the message.
pub(super) fn line_at(raw: &[u8], start: usize) -> Option<Line> {
    let rest = raw.get(start..).filter(|rest| !rest.is_empty())?;
    let Some(length) = memchr2(b'\r', b'\n', rest) else {
        return Some(Line { start, end: raw.len(), next: raw.len() });
    };
    let end = start + length;
    let pair = rest.get(length) == Some(&b'\r') && rest.get(length + 1) == Some(&b'\n');
    Some(Line { start, end, next: end + 1 + usize::from(pair) })
}

/// The same, where a carriage return alone may be text: then only line feeds end lines, and those before one are left out.
#[inline]
pub(super) fn line_in(raw: &[u8], start: usize, choices: Choices) -> Option<Line> {
    if choices.taken == 0 { line_at(raw, start) } else { line_otherwise(raw, start, choices) }
}

fn line_otherwise(raw: &[u8], start: usize, choices: Choices) -> Option<Line> {
    if choices.takes(Choice::CrBeforeEnd) {
        let mut line = line_at(raw, start)?;
        let returns = raw.get(line.end..)?.iter().take_while(|byte| **byte == b'\r').count();
        if raw.get(line.end + returns) == Some(&b'\n') {
            line.next = line.end + returns + 1;
        }
        return Some(line);
    }
    if !choices.takes(Choice::CrIsText) {
        return line_at(raw, start);
    }
    let rest = raw.get(start..).filter(|rest| !rest.is_empty())?;
    let length = memchr(b'\n', rest);
    let end = length.unwrap_or(rest.len());
    let text = rest.get(..end).unwrap_or_default();
    let returns = text.iter().rev().take_while(|byte| **byte == b'\r').count();
    Some(Line { start, end: start + end - returns, next: start + end + usize::from(length.is_some()) })
}

/// Whether a line ends at a carriage return that another one follows, and a line feed that.
pub(super) fn ends_twice(raw: &[u8], line: Line) -> bool {
    raw.get(line.end..).is_some_and(|rest| rest.starts_with(b"\r\r"))
}

/// Where the text before `at` ends once the line end right before `at` is taken off: it belongs to the delimiter that
/// follows (RFC 2046, section 5.1.1).
pub(super) fn before_line_end(raw: &[u8], from: usize, at: usize) -> usize {
    match raw.get(from..at).unwrap_or_default() {
        [.., b'\r', b'\n'] => at - 2,
        [.., b'\r' | b'\n'] => at - 1,
        _ => at,
    }
}

/// Where the first line starts that is too long, of lines that all end with so many bytes, of which the last is a line feed. A line feed
/// among so many bytes says that all lines before it are short enough: most are not looked at.
fn first_long(raw: &[u8], end_bytes: usize) -> Option<usize> {
    let mut start = 0;
    while let Some(window) = raw.get(start..start + LONGEST + end_bytes) {
        match memrchr(b'\n', window) {
            Some(at) => start += at + 1,
            None => return Some(start),
        }
    }
    // What nothing ends.
    let rest = raw.get(start..).unwrap_or_default();
    (rest.len() > LONGEST && memchr(b'\n', rest).is_none()).then_some(start)
}

/// Whether each carriage return stands before a line feed, and each line feed behind one. Three passes over all bytes, sixteen or more at
/// once, take a quarter of what one over all lines does.
fn are_pairs(raw: &[u8]) -> bool {
    let count = |byte: u8| memchr_iter(byte, raw).count();
    // Sums of one byte each let the processor count so.
    let pairs = |(these, next): (&[u8], &[u8])| {
        let is_pair = |(one, other): (&u8, &u8)| u8::from(*one == b'\r') & u8::from(*other == b'\n');
        usize::from(these.iter().zip(next).map(is_pair).fold(0u8, u8::wrapping_add))
    };
    let returns = count(b'\r');
    returns == count(b'\n')
        && returns == raw.chunks(255).zip(raw.get(1..).unwrap_or_default().chunks(255)).map(pairs).sum::<usize>()
}

/// What is wrong with the lines of the whole message: each kind once, with the offset where it is first seen.
pub(super) fn defects(raw: &[u8]) -> Vec<(DefectKind, usize)> {
    // Nearly always line ends are all of one kind.
    let end_bytes = if memchr(b'\r', raw).is_none() { Some(1) } else { are_pairs(raw).then_some(2) };
    let mut found = match end_bytes {
        Some(end_bytes) => first_long(raw, end_bytes).map(|at| (DefectKind::LineTooLong, at)).into_iter().collect(),
        None => by_lines(raw),
    };
    found.extend(memchr(0, raw).map(|at| (DefectKind::NulByte, at)));
    found
}

/// The same line by line, but for bytes that may be in none.
fn by_lines(raw: &[u8]) -> Vec<(DefectKind, usize)> {
    let (mut pairs, mut bare, mut long) = (false, None, None);
    let mut line_start = 0;
    for end in memchr_iter(b'\n', raw) {
        let pair = end.checked_sub(1).and_then(|before| raw.get(before)) == Some(&b'\r');
        pairs |= pair;
        if !pair && bare.is_none() {
            bare = Some(end);
        }
        if end - line_start > LONGEST + usize::from(pair) && long.is_none() {
            long = Some(line_start);
        }
        line_start = end + 1;
    }
    if raw.len() - line_start > LONGEST && long.is_none() {
        long = Some(line_start);
    }
    let cr = memchr_iter(b'\r', raw).find(|at| raw.get(at + 1) != Some(&b'\n')).map(|at| (DefectKind::BareCr, at));
    let lf = bare.filter(|_| pairs).map(|at| (DefectKind::BareLf, at));
    [cr, lf, long.map(|at| (DefectKind::LineTooLong, at))].into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_long_line() {
        let text = |lengths: &[usize]| lengths.iter().map(|length| "a".repeat(*length)).collect::<Vec<_>>().join("\n");
        for (lengths, expected) in [
            (&[][..], None),
            (&[998, 0, 998, 1, 500, 500, 998], None),
            (&[998, 0, 998, 1, 500, 500, 999], Some(3_003)),
            (&[0, 10, 999, 0, 2_000], Some(12)),
            (&[400, 400, 400, 1_500], Some(1_203)),
            (&[999], Some(0)),
        ] {
            assert_eq!(first_long(text(lengths).as_bytes(), 1), expected, "{lengths:?}");
            let long = defects(text(lengths).as_bytes()).iter().map(|(_, at)| *at).next();
            assert_eq!(long, expected, "{lengths:?}");
        }
    }

    #[test]
    fn what_is_wrong_is_what_a_look_at_each_line_finds() {
        let near: [String; 3] = [996, 997, 998].map(|length| "a".repeat(length));
        let mut seed = 7u64;
        let mut next = |most: usize| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) as usize % most
        };
        let mut kinds = std::collections::BTreeSet::new();
        for round in 0..6_000 {
            // Of one kind of line ends, or of all.
            let ends = [&["\n"][..], &["\r\n"], &["\r\n", "\r\n", "\n", "\r", "\r\r\n"]][round % 3];
            let mut text = String::new();
            for _ in 0..next(7) {
                text.push_str([&near[next(3)], "a", "", "bcd"][next(4)]);
                text.push_str([ends[next(ends.len())], "", "a"][[0, 0, 0, 1, 2][next(5)]]);
            }
            let found = defects(text.as_bytes());
            assert_eq!(found, by_lines(text.as_bytes()), "{:?}", text.replace("aaaaaaaaaa", "*"));
            kinds.extend(found.iter().map(|(kind, _)| format!("{kind:?}")));
        }
        assert_eq!(kinds.len(), 3, "{kinds:?}");
    }
}

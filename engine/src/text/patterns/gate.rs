//! What may stand right around what was noted of a pattern: a byte before it, two behind it. Takes tables of what is asked at such places and
//! what was noted, gives a few words to be asked before them: of a thousand places a message nearly half are told so, and where tables are
//! is seldom in the near caches.

use super::table::Table;
use crate::text::sequences::{Bytes, Sequence, add, bytes, group};

/// States at the ends of all that is noted, and steps to get there, behind which nothing is told.
const MOST_STATES: usize = 64;
const MOST_STEPS: usize = 1 << 16;
/// Any byte, or none.
const ANY: u64 = u64::MAX;

/// By groups of bytes, as bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    before: u64,
    behind: [u64; 2],
}

/// The group of a byte, as a bit.
fn bit(byte: u8) -> u64 {
    1 << group(byte)
}

impl Gate {
    /// Of texts of which one begins where a table is asked, and of what stands before there. `None` where that would tell nothing, or
    /// is too much.
    pub(super) fn of(table: &Table, before: Option<&Table>, texts: &[Sequence]) -> Option<Gate> {
        let mut left = MOST_STEPS;
        let mut gate = Gate { before: 0, behind: [0; 2] };
        let steps = table.steps();
        for (start, preceding) in table.all_starts() {
            let mut ends = Vec::new();
            for text in texts {
                let mut states = vec![start];
                for class in text {
                    let mut next = Vec::new();
                    for state in states {
                        next.extend(bytes(class).map(|byte| table.step(state, byte)).filter(|it| *it != Table::DEAD));
                        left = left.checked_sub(bytes(class).count())?;
                    }
                    next.sort_unstable();
                    next.dedup();
                    states = next;
                }
                ends.extend(states);
            }
            if !ends.is_empty() {
                gate.before |= preceding.into_iter().fold(0, |all, byte| all | bit(byte));
            }
            ends.sort_unstable();
            ends.dedup();
            left = left.checked_sub(ends.len().checked_mul(steps.len().checked_mul(steps.len())?)?)?;
            if ends.len() > MOST_STATES {
                return None;
            }
            for state in ends {
                let mut behind = [0; 2];
                for (byte, groups) in &steps {
                    match table.step(state, *byte) {
                        Table::DEAD => {}
                        told if told < Table::FIRST => behind = [behind[0] | groups, ANY],
                        next => {
                            let second = steps.iter().filter(|(byte, _)| table.step(next, *byte) != Table::DEAD);
                            behind = [behind[0] | groups, second.fold(behind[1], |all, (_, groups)| all | groups)];
                        }
                    }
                }
                gate.behind = [gate.behind[0] | behind[0], gate.behind[1] | behind[1]];
            }
        }
        gate.before &= before.map_or(ANY, |table| preceding(table, texts));
        (gate != Gate { before: ANY, behind: [ANY; 2] }).then_some(gate)
    }

    /// Whether what stands around a part of a text may. At its beginning and its end anything may.
    #[inline]
    pub(crate) fn lets(&self, text: &[u8], from: usize, to: usize) -> bool {
        let [next, second] = self.behind;
        let is_in = |groups: u64, byte: Option<&u8>| byte.is_none_or(|byte| groups & bit(*byte) != 0);
        let before = from.checked_sub(1).and_then(|at| text.get(at));
        let mut behind = text.get(to..).unwrap_or_default().iter();
        is_in(next, behind.next()) && is_in(second, behind.next()) && is_in(self.before, before)
    }
}

/// What may stand before one of several texts, by a table that is read backwards.
fn preceding(table: &Table, texts: &[Sequence]) -> u64 {
    let steps = table.steps();
    let mut first = Bytes::default();
    for class in texts.iter().filter_map(|text| text.first()) {
        add(&mut first, class);
    }
    let before = |byte: u8| match table.start(Some(byte)) {
        Table::DEAD => 0,
        state if state < Table::FIRST => ANY,
        state => {
            let alive = steps.iter().filter(|(byte, _)| table.step(state, *byte) != Table::DEAD);
            alive.fold(0, |all, (_, groups)| all | groups)
        }
    };
    bytes(&first).fold(0, |all, byte| all | before(byte))
}

#[cfg(test)]
mod tests {
    use super::super::{May, Probe};
    use crate::text::sequences::folded;

    fn parsed(pattern: &str) -> regex_syntax::hir::Hir {
        regex_syntax::ParserBuilder::new().unicode(false).utf8(false).build().parse(pattern).unwrap()
    }

    /// A gate keeps out nothing that a probe says may be, and much of what it says may not.
    #[test]
    fn what_a_probe_lets_pass_a_gate_does() {
        let words = ["cat", "Cat", "dog", " ", "s", "\n", "-", "8", ": ", "a"];
        let mut state = 5u64;
        for (before, pattern, noted) in [
            ("", r"\bcats?\b", &["cat"][..]),
            ("", r"(?i)(?:cat|dog)s? ?[0-9]", &["cat", "dog"]),
            (r"(?m:^)[0-9a]+[ -]?", r"cats?:? [^\n]{0,30}dog", &["cat"]),
            (r"(?:^|\n)", r"(?i)cat.*\z", &["cat"]),
            ("[0-9]", "cat|dog-", &["cat", "dog-"]),
            ("", "(?i)cat", &["cat"]),
        ] {
            let probe = Probe::of(&parsed(pattern), true, b"").unwrap().standing_behind(&parsed(before));
            let gate = probe.gate(&noted.iter().map(|text| folded(text.as_bytes())).collect::<Vec<_>>());
            let mut told = [0; 3];
            for _ in 0..3_000 {
                let mut text = Vec::new();
                for _ in 0..7 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    text.extend_from_slice(words[(state >> 33) as usize % words.len()].as_bytes());
                }
                for noted in noted {
                    for at in 0..text.len().saturating_sub(noted.len()) {
                        let to = at + noted.len();
                        if text[at..to].eq_ignore_ascii_case(noted.as_bytes()) {
                            let lets = gate.is_none_or(|gate| gate.lets(&text, at, to));
                            let may = probe.at(&text, at, false).0 != May::Not;
                            assert!(lets || !may, "{pattern} at {at} in {:?}", String::from_utf8_lossy(&text));
                            told[if may { 2 } else { usize::from(lets) }] += 1;
                        }
                    }
                }
            }
            let is_sure = gate.is_none();
            assert!(told[2] > 0 && (is_sure || told[0] > 2 * told[1]), "{pattern}: {told:?}");
            assert_eq!(is_sure, pattern == "(?i)cat");
        }
    }
}

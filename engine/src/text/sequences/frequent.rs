//! Sequences that mail is full of, which are looked for by rows of bits and not by ways. Takes sequences with how often mail has what is noted of
//! them, takes those out for which that costs less.

use super::fold::{Part, WIDTH, weight_of};
use super::known::Knowns;
use super::rows::{Begun, MOST, Rows};

/// How many there may be, and what rows for so many cost for each byte of a text, in nanoseconds.
const ROWS: [(usize, f64); 4] = [(64, 2.2), (128, 3.3), (256, 6.0), (MOST, 12.0)];
/// What it costs to look one up by ways, memory that is waited for with it, and to ask of a byte whether there is any of these. With SpamAssassin's
/// rules texts of less than a kilobyte take half as long as where the first of these was 50.
const LOOK: f64 = 130.0;
const ASKED: f64 = 3.0;

/// A sequence by its number, in groups as bits, and what is noted of it.
#[derive(Debug)]
pub(super) struct Drafted {
    pub(super) number: u32,
    pub(super) groups: Vec<u64>,
    pub(super) part: Part,
}

/// Those that are looked for by rows.
#[derive(Debug)]
pub(super) struct Frequent {
    rows: Rows,
    known: Knowns,
}

impl Frequent {
    /// Takes them out of all, where there are any.
    pub(super) fn taken(all: &mut Vec<Drafted>, known: &Knowns) -> Option<Frequent> {
        all.sort_by(|one, other| other.part.often.total_cmp(&one.part.often));
        let rest = all.split_off(how_many(all));
        let taken = std::mem::replace(all, rest);
        if taken.is_empty() {
            return None;
        }
        let starts: Vec<usize> = taken.iter().map(start).collect();
        let groups = |(it, start): (&Drafted, &usize)| it.groups.get(*start..).unwrap_or_default().to_vec();
        let groups: Vec<Vec<u64>> = taken.iter().zip(&starts).map(groups).collect();
        let rows = Rows::new(&groups.iter().map(Vec::as_slice).collect::<Vec<_>>());
        Some(Frequent { rows, known: known.some(taken.iter().map(|it| it.number).zip(starts)) })
    }

    /// Hands on where one was looked for, its owner, and where it begins and ends.
    pub(super) fn search(&self, text: &[u8], begun: &mut Begun, each: &mut impl FnMut(usize, u32, usize, usize)) {
        self.rows.search(text, begun, |at, number| {
            if let Some((known, from)) = self.known.at(number, text, at) {
                each(at, known.owner, from, from + usize::from(known.length));
            }
        });
    }
}

/// How many of sequences, the most frequent first, are best looked for by rows.
fn how_many(all: &[Drafted]) -> usize {
    let often = |it: &[Drafted]| it.iter().map(|it| it.part.often).sum::<f64>();
    let by_ways = |rest: &[Drafted]| if rest.is_empty() { 0.0 } else { ASKED + LOOK * often(rest) };
    let cost = |(most, cost): (usize, f64)| (cost + all.get(most..).map_or(0.0, by_ways), most.min(all.len()));
    let ways = std::iter::once((by_ways(all), 0)).chain(ROWS.map(cost));
    ways.min_by(|one, other| one.0.total_cmp(&other.0)).map_or(0, |(_, count)| count)
}

/// Where the four classes of a sequence begin that mail has least often one behind the other.
fn start(sequence: &Drafted) -> usize {
    if sequence.part.width == WIDTH {
        return sequence.part.before;
    }
    let often = |at: &usize| sequence.groups.iter().skip(*at).take(WIDTH).map(|it| weight_of(*it)).product::<f64>();
    let starts = 0..=sequence.groups.len().saturating_sub(WIDTH);
    starts.min_by(|one, other| often(one).total_cmp(&often(other))).unwrap_or(0)
}

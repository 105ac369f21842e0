//! Bytes by groups, so that four of them, one behind the other, are a small number; and which four of a sequence mail has least often.

use std::collections::{HashMap, HashSet};
use std::sync::OnceLock;

use super::needs::weight;
use super::pairs;
use super::sets::{Bytes, bytes};

/// Bits of the number of a group.
pub(super) const GROUP_BITS: u32 = 6;
/// How many groups there are.
pub(super) const GROUPS: u32 = 1 << GROUP_BITS;
/// Most groups that are looked up together.
pub(super) const WIDTH: usize = 4;
/// And fewest.
pub(super) const SHORTEST: usize = 2;
/// In how many ways they may be spelled.
const MOST_WAYS: u64 = 300;
/// So many sequences are compared in the time that the search takes from one place to the next.
const COMPARED: f64 = 1.0 / 8.0;
/// How far from what is looked up another class is asked at once, in bytes: what is near is in the caches.
const FARTHEST: usize = 24;
/// In how many bytes of mail what is looked up may be seen once.
const SELDOM: f64 = 1.0 / 20.0;
/// How often what these words are made of is seen at least, by bytes of mail.
const COMMON: f64 = 1.0 / 500.0;
/// Words and what else mail is full of.
const COMMON_TEXT: &str = " the and to of you in for is this your that it on with be are or have as not will if can we from all by at an our has \
    please email e-mail mail free just more get my but about time what no one who out up so do when there any was they here how like new \
    which only now use very make other them these click been want need would into than most some over business information receive send \
    list people money their after first best also http://www. https://www. .com/ .net/ .org/ href=\" subject: message-id: <a href= <br> \
    <font size= color= face= </font> <td width= <table border= received: from by with esmtp id -0700 +0000 2002 \
    content-type: text/plain charset= content-transfer-encoding: quoted-printable 000 .... ---- ____ ==== **** able ation ing ment ";

/// The groups of all bytes.
#[expect(clippy::indexing_slicing, reason = "the compiler runs it, and iterators it cannot")]
const OF: [u8; 256] = {
    let mut of = [0; 256];
    let mut byte = 0;
    while byte < of.len() {
        of[byte] = plain(byte as u8);
        byte += 1;
    }
    of
};

/// The group of a byte: each letter, whatever its case, and each digit is one.
pub(crate) fn group(byte: u8) -> u32 {
    u32::from(OF.get(usize::from(byte)).copied().unwrap_or_default())
}

const fn plain(byte: u8) -> u8 {
    match byte {
        b'a'..=b'z' => byte - b'a',
        b'A'..=b'Z' => byte - b'A',
        b'0'..=b'9' => 26 + (byte - b'0'),
        b' ' | b'\t'..=b'\r' => 36,
        0x80.. => 37 + ((byte - 0x80) >> 3),
        b'<' | b'>' => 53,
        b'"' | b'=' => 54,
        b'&' | b';' => 55,
        b'-' | b'_' => 56,
        b'.' => 57,
        b':' | b'/' => 58,
        b'@' | b'%' | b'#' => 59,
        b'$' | b'!' | b'*' | b'+' => 60,
        b'(' | b')' | b'|' | b'[' | b']' => 61,
        b'!'..=b'~' => 62,
        _ => 63,
    }
}

/// The groups that a class has bytes of, as bits.
pub(super) fn groups(class: &Bytes) -> u64 {
    bytes(class).fold(0, |all, byte| all | (1 << group(byte)))
}

/// The next way, by the one before it and a byte.
pub(super) fn next_way(way: u32, group: u32) -> u32 {
    ((way << GROUP_BITS) | group) & (GROUPS.pow(WIDTH as u32) - 1)
}

/// The way at a place of a text; behind its end it does not count.
#[inline(always)]
pub(super) fn way(text: &[u8], at: usize) -> u32 {
    let rest = text.get(at..).unwrap_or_default();
    match rest.first_chunk::<WIDTH>() {
        Some(bytes) => bytes.iter().fold(0, |way, byte| (way << GROUP_BITS) | group(*byte)),
        None => (0..WIDTH).fold(0, |way, at| next_way(way, rest.get(at).map_or(0, |byte| group(*byte)))),
    }
}

/// How often mail has each group.
fn weights() -> &'static [f64; GROUPS as usize] {
    static WEIGHTS: OnceLock<[f64; GROUPS as usize]> = OnceLock::new();
    WEIGHTS.get_or_init(|| {
        let mut weights = [0.0; GROUPS as usize];
        for byte in 0..=255u8 {
            if let Some(slot) = weights.get_mut(group(byte) as usize) {
                *slot += weight(byte);
            }
        }
        weights
    })
}

/// The ways that are in `COMMON_TEXT`.
fn common() -> &'static HashSet<u32> {
    static COMMON: OnceLock<HashSet<u32>> = OnceLock::new();
    COMMON.get_or_init(|| {
        let ways = COMMON_TEXT.bytes().scan(0, |way, byte| {
            *way = next_way(*way, group(byte));
            Some(*way)
        });
        ways.skip(WIDTH - 1).collect()
    })
}

/// What of a sequence is looked up: its classes from one on, so many, and all ways in which their groups are spelled.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) before: usize,
    pub(super) width: usize,
    pub(super) ways: Vec<u32>,
    /// At about how many of mail's places one of them is.
    pub(super) often: f64,
}

/// Of a sequence in groups, as bits, the part that mail has least often: of `WIDTH` groups, or of fewer where these are spelled in too
/// many ways. `first` is the first place that it may begin at, `load` says of how many sequences a way of some width is. Behind a sequence that is
/// one class shorter anything may stand.
pub(super) fn rarest(sequence: &[u64], first: usize, load: &HashMap<(usize, u32), u32>) -> Part {
    let mut part = Part { before: first, width: SHORTEST, ways: Vec::new(), often: 0.0 };
    for width in (SHORTEST..=(sequence.len() + 1).clamp(SHORTEST, WIDTH)).rev() {
        part.width = width;
        let places = |before: usize| (before..).take(width).map(|at| sequence.get(at).copied().unwrap_or(u64::MAX));
        let ways = |before: usize| places(before).fold(1u64, |all, groups| all * u64::from(groups.count_ones()));
        let last = sequence.len().saturating_sub(width).max(first);
        let mut least = f64::INFINITY;
        for before in (first..=last).filter(|before| width == SHORTEST || ways(*before) <= MOST_WAYS) {
            let mut spelled = vec![0u32];
            for groups in places(before) {
                let mut longer = Vec::with_capacity(spelled.len() * groups.count_ones() as usize);
                for group in bits(groups) {
                    longer.extend(spelled.iter().map(|way| (way << GROUP_BITS) | group));
                }
                spelled = longer;
            }
            let often: f64 = spelled.iter().map(|way| weight_of_way(*way, width)).sum();
            let (mut crowd, mut commons) = (0, 0u32);
            for way in &spelled {
                crowd = crowd.max(load.get(&(width, *way)).copied().unwrap_or(0));
                commons += u32::from(width == WIDTH && common().contains(way));
            }
            // A way that many sequences have is dear where it is seen.
            let often = often.max(COMMON * f64::from(commons));
            let cost = often * (1.0 + COMPARED * f64::from(crowd));
            if cost < least {
                least = cost;
                (part.before, part.ways, part.often) = (before, spelled, often);
            }
        }
        if !part.ways.is_empty() {
            break;
        }
    }
    part
}

/// Of what stands beside a part of a sequence, the groups that mail has least often, and their place, seen from the first of the part.
/// Where there is nothing, those of the part's first class.
pub(super) fn rarest_beside(sequence: &[u64], before: usize, width: usize) -> (i16, u64) {
    let beside = |place: &usize| (place.abs_diff(before) < FARTHEST) && !(before..before + width).contains(place);
    let weight = |place: &usize| sequence.get(*place).map_or(1.0, |groups| weight_of(*groups));
    let rarest = (0..sequence.len()).filter(beside).min_by(|one, other| weight(one).total_cmp(&weight(other)));
    let place = rarest.unwrap_or(before);
    let distance = i16::try_from(place.abs_diff(before)).unwrap_or(0);
    let groups = sequence.get(place).copied().unwrap_or(u64::MAX);
    (if place < before { -distance } else { distance }, groups)
}

/// Whether a few of a sequence's classes, one behind the other, are seldom in mail: words of any letters are not.
pub(super) fn tells(sequence: &[Bytes]) -> bool {
    let groups: Vec<f64> = sequence.iter().map(|class| weight_of(groups(class))).collect();
    groups.windows(WIDTH.min(groups.len()).max(1)).any(|it| it.iter().product::<f64>() < SELDOM)
}

/// How often mail has a way of a width.
pub(super) fn weight_of_way(way: u32, width: usize) -> f64 {
    let mut groups = (0..width).rev().map(|place| (way >> (GROUP_BITS as usize * place)) % GROUPS);
    let first = groups.next().unwrap_or_default();
    groups.fold((pairs::single(first), first), |(often, last), group| (often * pairs::follows(last, group), group)).0
}

/// How often mail has one of some groups.
pub(super) fn weight_of(groups: u64) -> f64 {
    bits(groups).filter_map(|group| weights().get(group as usize)).sum()
}

/// The numbers of the bits of a word.
fn bits(mut word: u64) -> impl Iterator<Item = u32> {
    std::iter::from_fn(move || {
        let bit = (word != 0).then(|| word.trailing_zeros())?;
        word &= word - 1;
        Some(bit)
    })
}

#[cfg(test)]
mod tests {
    use super::super::sets::class;
    use super::*;

    #[test]
    fn the_rarest_part_is_noted() {
        let of = |text: &str| text.bytes().map(|byte| 1 << group(byte)).collect::<Vec<_>>();
        let rarest = |sequence: &[u64]| {
            let part = super::rarest(sequence, 0, &HashMap::new());
            (part.before, part.width, part.ways.len())
        };
        assert_eq!(rarest(&of("the quizzes")), (4, 4, 1), "quiz");
        assert_eq!(rarest(&of("would quest")), (3, 4, 1), "`ld q`: words of mail seldom end and begin so");
        assert_eq!(rarest(&of("qui")), (0, 4, GROUPS as usize));
        assert_eq!(rarest(&of("q")), (0, 2, GROUPS as usize));
        assert_eq!(
            rarest(&[u64::MAX, 1, 3, u64::MAX, u64::MAX]),
            (1, 3, 2 * GROUPS as usize),
            "of fewer where there are too many ways"
        );
    }

    #[test]
    fn words_of_any_letters_do_not_tell() {
        let letters = class("abcdefghijklmnopqrstuvwxyz");
        assert!(!tells(&[letters; 8]));
        assert!(tells(&[letters, class("01234"), letters]) && tells(&[class("q")]) && !tells(&[class(" ")]));
    }

    #[test]
    fn letters_are_the_same_whatever_their_case() {
        assert_eq!(group(b'q'), group(b'Q'));
        assert_ne!(group(b'q'), group(b'p'));
        assert!((0..=255u8).all(|byte| group(byte) < GROUPS));
    }
}

//! Where a pattern matches: the search by either engine, with its limits.

use std::ops::Range;

use fancy_regex::RegexInput;
use regex_automata::meta::Regex;
use regex_automata::util::syntax;
use regex_automata::{Anchored, Input};
use regex_syntax::hir::Hir;

use super::words::Words;
use super::{
    Compiled, Found, LARGEST_TAIL, LONGEST_WORD, MOST_MATCHES, MOST_OF_LINES, MOST_STARTS, Pattern, syntax_of,
};
use crate::text::patterns::{Gate, May, Probe, coarse, literals};
use crate::text::sequences::{self, folded};

impl Pattern {
    /// Whether it is found in a text.
    pub(in crate::detect::spamassassin) fn is_match(&self, text: &[u8]) -> bool {
        self.search(text, 1).count > 0
    }

    /// The same for a pattern that is asked a few times and thrown away: what makes later searches cheaper is not made.
    pub(in crate::detect::spamassassin) fn search_once(&self, text: &[u8]) -> Found {
        let found = |it: bool| Found { count: u32::from(it), ..Found::default() };
        match self.compiled() {
            Some(Compiled::Plain(regex)) => found(regex.search_half(&Input::new(text)).is_some()),
            Some(Compiled::Fancy(exact)) => match fancy(self.coarse(), exact, text, 0..text.len()) {
                Ok(it) => found(it.is_some()),
                Err(GaveUp) => Found { gave_up: true, ..Found::default() },
            },
            None => Found { gave_up: true, ..Found::default() },
        }
    }

    /// Whether it matches nothing at all: what a field that is not there comes to.
    pub(in crate::detect::spamassassin) fn matches_empty(&self) -> bool {
        *self.empty.get_or_init(|| self.is_match(b""))
    }

    /// Counts its matches in a text, up to `most`.
    pub(in crate::detect::spamassassin) fn search(&self, text: &[u8], most: u32) -> Found {
        self.search_within(text, 0..text.len(), most)
    }

    /// The same for the value of a field, which may be nothing at all.
    pub(in crate::detect::spamassassin) fn in_field(&self, text: &[u8], most: u32) -> Found {
        match text.is_empty() {
            true => Found { count: u32::from(self.matches_empty()), ..Found::default() },
            false => self.search(text, most),
        }
    }

    /// The same for matches that lie in a range of the text; what stands around it is seen by look-around and anchors.
    pub(in crate::detect::spamassassin) fn search_within(&self, text: &[u8], range: Range<usize>, most: u32) -> Found {
        let mut found = Found::default();
        let end_of_range = range.end.min(text.len());
        if self.only_at_start {
            match if range.start > 0 { May::Not } else { self.may_begin_at(text, 0, false).0 } {
                May::Not => return found,
                // There is no other.
                May::Surely if end_of_range == text.len() => {
                    found.count = u32::from(most > 0);
                    return found;
                }
                _ => {}
            }
        }
        let mut left = range.len().saturating_mul(MOST_OF_LINES);
        let range = match self.begins_lines {
            true => match self.first_line(text, range.start..end_of_range, &mut left) {
                Some(start) => start..range.end,
                None => return found,
            },
            false => range,
        };
        if !self.may_match(text, &range) {
            return found;
        }
        if let Some(words) = self.words().filter(|_| most > 1) {
            found.count = words.count(text.get(range.start..end_of_range).unwrap_or_default(), most.min(MOST_MATCHES));
            return found;
        }
        let Some(compiled) = self.compiled() else {
            found.gave_up = true;
            return found;
        };
        let mut at = range.start;
        while found.count < most.min(MOST_MATCHES) && at <= end_of_range {
            let next = match compiled {
                Compiled::Plain(regex) => {
                    let input = Input::new(text).range(at..end_of_range).anchored(Anchored::No);
                    if self.shortest > 0 && !self.captures {
                        // Where it starts costs a second search; where it ends is enough.
                        regex.search_half(&input).map(|half| (half.offset(), half.offset()))
                    } else {
                        regex.search(&input).map(|it| (it.start(), it.end()))
                    }
                }
                Compiled::Fancy(exact) => {
                    let next = match self.begins_lines {
                        true => self.fancy_by_lines(exact, text, at..end_of_range, &mut left),
                        false => fancy(self.coarse(), exact, text, at..end_of_range),
                    };
                    match next {
                        Ok(next) => next,
                        Err(GaveUp) => {
                            found.gave_up = true;
                            return found;
                        }
                    }
                }
            };
            let Some((start, end)) = next else { break };
            found.count += 1;
            at = match self.shortest > 0 {
                true => end.max(at + 1),
                false if end > at || start > at => end.max(start + usize::from(end == start)),
                false => at + 1,
            };
        }
        found
    }

    /// The texts that it matches, where these are few and all that it says.
    fn words(&self) -> Option<&Words> {
        let make = || {
            if self.text.fancy || self.captures || self.longest? > LONGEST_WORD {
                return None;
            }
            Words::of(&syntax::parse_with(&self.text.relaxed, &syntax_of()).ok()?)
        };
        self.words.get_or_init(make).as_ref()
    }

    /// Whether its matches in pieces of a text, which end behind blanks, are those in the whole.
    pub(in crate::detect::spamassassin) fn is_counted_in_pieces(&self) -> bool {
        self.words().is_some_and(|words| !words.goes_on_behind_blanks)
    }

    /// The next match of a pattern that goes back and begins where lines do: a search for its coarse form reads each byte for that.
    fn fancy_by_lines(
        &self,
        exact: &fancy_regex::Regex,
        text: &[u8],
        range: Range<usize>,
        left: &mut usize,
    ) -> Result<Option<(usize, usize)>, GaveUp> {
        let mut from = range.start;
        for _ in 0..MOST_STARTS {
            let Some(start) = self.first_line(text, from..range.end, left) else { return Ok(None) };
            match exact.find_input(RegexInput::new(text).from_pos(start).anchored(true)) {
                Ok(Some(it)) => return Ok(Some((it.start(), it.end()))),
                Ok(None) => from = start + 1,
                Err(_) => return Err(GaveUp),
            }
            if *left == 0 || from > range.end {
                break;
            }
        }
        fancy(self.coarse(), exact, text, from..range.end.max(from))
    }

    /// The first place at which a match may begin, where that is the beginning of a line: a line mostly says no with its first bytes, of
    /// which `left` are read at most.
    fn first_line(&self, text: &[u8], range: Range<usize>, left: &mut usize) -> Option<usize> {
        let line_end = |from: usize| memchr::memchr(b'\n', text.get(from..range.end)?).map(|end| from + end);
        let mut begun = if range.start == 0 { Some(0) } else { line_end(range.start - 1).map(|end| end + 1) };
        while let Some(at) = begun {
            let end = line_end(at);
            let is_too_short = self.line_ends == Some(0) && end.unwrap_or(range.end) < at.saturating_add(self.shortest);
            if !is_too_short {
                let (may, read) = if *left > 0 { self.may_begin_at(text, at, false) } else { (May::Perhaps, 0) };
                *left = left.saturating_sub(read);
                if may != May::Not {
                    return Some(at);
                }
            }
            begun = end.map(|end| end + 1);
        }
        None
    }

    /// What one of its literals begins with, whichever it is.
    fn known(&self) -> &[u8] {
        let mut literals = self.literals.iter().flatten();
        let first = literals.next().map(Vec::as_slice).unwrap_or_default();
        literals.fold(first, |common, literal| {
            let length = common.iter().zip(literal).take_while(|(one, other)| one == other).count();
            common.get(..length).unwrap_or_default()
        })
    }

    fn probe(&self) -> Option<&Probe> {
        self.probe.get_or_init(|| Probe::of(&self.tree()?, !self.text.fancy, self.known())).as_ref()
    }

    fn tail(&self) -> Option<&Probe> {
        let make = || {
            let hir = self.tree()?;
            if coarse::size(&hir) > LARGEST_TAIL {
                return None;
            }
            let tail = match self.literals {
                Some(_) => literals::required(&hir, true)?.tail,
                None => sequences::of(&hir, true)?.tail,
            };
            let (tail, before) = tail.hirs();
            Some(Probe::of(&tail, false, self.known())?.standing_behind(&before))
        };
        self.tail.get_or_init(make).as_ref()
    }

    /// What may stand around what is noted of it, where a match begins there, or its tail.
    pub(in crate::detect::spamassassin) fn gate(&self, tail: bool) -> Option<Gate> {
        let probe = if tail { self.tail() } else { self.probe() };
        match (&self.literals, &self.sequences) {
            (Some(literals), _) => probe?.gate(&literals.iter().map(|it| folded(it)).collect::<Vec<_>>()),
            (None, Some(needs)) => probe?.gate(&needs.sequences),
            (None, None) => None,
        }
    }

    /// Whether a match may begin at a place, for less than a search costs; and how many bytes were read. `is_known`: one of its literals
    /// stands there.
    pub(in crate::detect::spamassassin) fn may_begin_at(&self, text: &[u8], at: usize, is_known: bool) -> (May, usize) {
        match self.probe() {
            Some(probe) => probe.at(text, at, is_known),
            None if self.may_be_coarse(text, &(at..text.len()), Anchored::Yes) => (May::Perhaps, 64),
            None => (May::Not, 64),
        }
    }

    /// Whether what is from a place on may be the tail of a match; and how many bytes were read.
    pub(in crate::detect::spamassassin) fn may_go_on_at(&self, text: &[u8], at: usize, is_known: bool) -> (May, usize) {
        self.tail().map_or((May::Perhaps, 0), |tail| tail.at(text, at, is_known))
    }

    /// Whether what is from a place on may be the tail of a match, where something must come several times: of all of them but the last, each
    /// of which another follows. `None` where that is not told apart.
    pub(in crate::detect::spamassassin) fn may_come_at(
        &self,
        text: &[u8],
        at: usize,
        is_known: bool,
    ) -> Option<(bool, usize)> {
        let tail = self.tail().filter(|tail| tail.asks_once())?;
        let (may, read) = tail.once_at(text, at, is_known);
        Some((may != May::Not, read))
    }

    /// Whether a match begins at a place where one may.
    pub(in crate::detect::spamassassin) fn begins_at(&self, text: &[u8], at: usize) -> Found {
        let range = at.min(text.len())..text.len();
        let found = |count| Found { count: u32::from(count), ..Found::default() };
        if !self.may_echo(text, &range, true) {
            return found(false);
        }
        match self.compiled() {
            Some(Compiled::Plain(regex)) => {
                found(regex.search_half(&Input::new(text).range(range).anchored(Anchored::Yes)).is_some())
            }
            // The coarse form said that it may.
            Some(Compiled::Fancy(exact)) => match exact.find_input(RegexInput::new(text).from_pos(at).anchored(true)) {
                Ok(it) => found(it.is_some()),
                Err(_) => Found { gave_up: true, ..Found::default() },
            },
            None => Found { gave_up: true, ..Found::default() },
        }
    }

    /// Whether its matches are counted by trying the beginnings of lines: a match tells where it ends, which is never where it begins.
    pub(in crate::detect::spamassassin) fn counts_by_lines(&self) -> bool {
        self.lines().is_some() && self.shortest > 0 && !self.text.fancy && !self.captures
    }

    /// The match that begins at a place, and where it ends, of a pattern whose matches are counted so.
    pub(in crate::detect::spamassassin) fn first_at(&self, text: &[u8], at: usize) -> (Found, usize) {
        let Some(Compiled::Plain(regex)) = self.compiled() else {
            return (Found { gave_up: true, ..Found::default() }, at);
        };
        let input = Input::new(text).range(at.min(text.len())..text.len()).anchored(Anchored::Yes);
        let end = regex.search_half(&input).map(|half| half.offset());
        (Found { count: u32::from(end.is_some()), ..Found::default() }, end.unwrap_or(at))
    }

    /// A pattern that matches wherever it does, and is no larger.
    pub(in crate::detect::spamassassin) fn coarse_hir(&self) -> Option<Hir> {
        let hir = self.tree()?;
        Some(if self.has_coarse { coarse::of(&hir) } else { hir })
    }

    /// Whether its probe, or that of its tail, is still to be made.
    pub(in crate::detect::spamassassin) fn has_no_probe(&self, tail: bool) -> bool {
        if tail { self.tail.get().is_none() } else { self.probe.get().is_none() }
    }

    /// Where the match of a text begins and ends, for who shows it.
    pub(in crate::detect::spamassassin) fn place(&self, text: &[u8]) -> Option<(usize, usize)> {
        match self.compiled()? {
            Compiled::Plain(regex) => regex.find(text).map(|it| (it.start(), it.end())),
            Compiled::Fancy(exact) => fancy(self.coarse(), exact, text, 0..text.len()).ok()?,
        }
    }

    /// The groups of the first match, the whole first.
    pub(in crate::detect::spamassassin) fn groups(&self, text: &[u8]) -> Option<Vec<Option<(usize, usize)>>> {
        match self.compiled()? {
            Compiled::Plain(regex) => {
                let mut captures = regex.create_captures();
                regex.captures(text, &mut captures);
                captures.is_match().then(|| captures.iter().map(|it| it.map(|span| (span.start, span.end))).collect())
            }
            Compiled::Fancy(exact) => {
                // Most texts have none, which costs a tenth so.
                if self.coarse().is_some_and(|guard| guard.search_half(&Input::new(text)).is_none()) {
                    return None;
                }
                let captures = exact.captures(text).ok()??;
                Some((0..captures.len()).map(|number| captures.get(number).map(|it| (it.start(), it.end()))).collect())
            }
        }
    }
}

/// A search took more steps than it may.
struct GaveUp;

/// The next match of a pattern that goes back, from `at` on. It is tried only where the relaxed pattern matches: trying it on each
/// byte took half of all the time that rules took.
fn fancy(
    guard: Option<&Regex>,
    exact: &fancy_regex::Regex,
    text: &[u8],
    range: Range<usize>,
) -> Result<Option<(usize, usize)>, GaveUp> {
    let Some(guard) = guard else {
        return exact
            .find_from_pos(text, range.start)
            .map(|it| it.map(|it| (it.start(), it.end())))
            .map_err(|_| GaveUp);
    };
    let mut from = range.start;
    for _ in 0..MOST_STARTS {
        let Some(may) = guard.search(&Input::new(text).range(from..range.end)) else { return Ok(None) };
        let input = RegexInput::new(text).from_pos(may.start()).anchored(true);
        match exact.find_input(input) {
            Ok(Some(it)) => return Ok(Some((it.start(), it.end()))),
            Ok(None) => from = may.start() + 1,
            Err(_) => return Err(GaveUp),
        }
        if from > range.end {
            return Ok(None);
        }
    }
    exact.find_from_pos(text, from).map(|it| it.map(|it| (it.start(), it.end()))).map_err(|_| GaveUp)
}

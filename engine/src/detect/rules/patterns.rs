//! Many patterns over one text: one pass over literals that the patterns must contain, and the pattern itself
//! only where one of its literals was seen and the bytes around it do not say no (`near.rs`), in a window around it where the pattern's
//! length is bounded. A pattern of several pieces, such as `order.{0,400}refund`, is looked at only if the text has a literal of each: with
//! the stock rules that halves the cost of the wording rules. Patterns without a literal share the pass, by short sequences of byte
//! classes, such as `[1i]ag`; those that have neither are asked together whether any of them may match (`union.rs`). Never one `RegexSet`,
//! which collapses to milliseconds a message.

#[cfg(test)]
mod tests;

use regex_syntax::hir::Hir;

use super::lazy::Lazy;
use super::near::Near;
use super::reading::{self, Form, Needed, Over};
use super::union::Union;
use crate::text::patterns::unfolded;
use crate::text::sequences::{Sequence, Sieve, SieveMemory};

/// Windows of one pattern in one text that may fail before the rest of the text is searched as a whole, so that a text
/// full of a literal costs no more than one pass.
const MOST_WINDOWS: u32 = 32;
/// Longest match for which a window pays; longer ones search the text.
const LONGEST_WINDOW: usize = 1_000;
/// Places of one pattern in one text that are noted one by one, and of all patterns together.
const MOST_PLACES: u32 = 4_096;
const MOST_CANDIDATES: usize = 1 << 17;
/// For each byte of a text so many may be read around the places of one pattern, and so many at least, before the rest is searched as a
/// whole.
const MOST_TRIED: usize = 2;
const LEAST_TRIED: usize = 4_096;

/// Patterns without a literal that are worth looking for their sequences: the pass takes as much more as the search for three of them.
const FEWEST_SHARED: usize = 4;

/// So many bytes of literals are few.
const FEW_BYTES: usize = 8 << 10;

/// The long s and the Kelvin sign: letters that case folding takes for `s` and `k`, and the pass does not. A text that
/// holds one is searched pattern by pattern.
const FOLDED_LETTERS: [&[u8]; 2] = ["\u{17f}".as_bytes(), "\u{212a}".as_bytes()];

/// A pattern.
#[derive(Debug)]
pub(super) struct Pattern {
    regex: Lazy,
    /// What it is searched in.
    pub(super) form: Form,
    /// The longest match, in bytes, where it has a bound for which a window pays.
    longest: Option<u32>,
    slow_boundary: bool,
    /// Where its matches lie, seen from what is noted.
    near: Near,
    /// How many pieces it has of which a text must have a literal each.
    needs: u8,
    /// These literals, the most telling piece first; they move into the sieve.
    pieces: Vec<Vec<Vec<u8>>>,
    /// Where it has none, sequences of byte classes of which every match contains one; they move into the sieve.
    sequences: Vec<Sequence>,
    /// How many of these a match contains at least.
    times: u32,
}

impl Pattern {
    /// Reads a pattern. Letters match whatever their case unless it says `(?-i)`.
    pub(super) fn compile(text: &str, over: Over) -> Result<Pattern, String> {
        let (hir, form) = reading::read(text, over)?;
        let longest = hir.properties().maximum_len().filter(|longest| *longest <= LONGEST_WINDOW);
        let longest = longest.and_then(|longest| u32::try_from(longest).ok());
        let slow_boundary = hir.properties().look_set().contains_word_unicode();
        let needed = reading::needed(&unfolded(&hir), false);
        let near = Near::of(&needed);
        let Needed { pieces, sequences, times, .. } = needed;
        let needs = if sequences.is_empty() { u8::try_from(pieces.len()).unwrap_or(u8::MAX) } else { 1 };
        let regex = Lazy::new(text, over, &hir)?;
        Ok(Pattern { regex, form, longest, slow_boundary, near, needs, pieces, sequences, times })
    }

    /// Whether it has a literal or a sequence that every match contains and few texts do; else it is searched in each message.
    pub(super) fn is_noted(&self) -> bool {
        self.needs > 0
    }

    /// Whether it has a word boundary that does not stand beside an ASCII letter: on text beyond ASCII only the slow engines know
    /// these.
    pub(super) fn has_slow_boundary(&self) -> bool {
        self.slow_boundary
    }

    /// Its tree, made anew.
    pub(super) fn tree(&self) -> Option<Hir> {
        self.regex.tree()
    }

    /// Literals as in `pieces`, of fewer bytes, made anew: few sets of patterns need them.
    fn few_pieces(&self) -> Vec<Vec<Vec<u8>>> {
        self.regex.few_pieces(self.form)
    }

    /// Compiles it if it is not yet; false where that fails.
    pub(super) fn compiles(&self) -> bool {
        self.regex.get().is_some()
    }

    fn find(&self, text: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
        self.regex.find(text, from, to)
    }
}

/// The patterns for one text.
#[derive(Debug, Default)]
pub(super) struct Patterns {
    patterns: Vec<Pattern>,
    /// What is looked for in one pass.
    sieve: Sieve,
    /// Which pattern each set of literals or sequences is of, and which of its pieces.
    owners: Vec<(u32, u8)>,
    /// Patterns without either.
    always: Union,
}

/// What a search knows of one pattern.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    /// How often its first piece was seen.
    count: u32,
    /// Which of its pieces were seen, as bits; none of one that is done with.
    pieces: u8,
    /// Windows that had nothing.
    windows: u8,
    /// Bytes that were read around its places.
    tried: u32,
}

/// What a search keeps while it goes over one text.
#[derive(Debug, Default)]
pub(super) struct Progress {
    states: Vec<State>,
    /// Where the first piece of a pattern was seen: pattern, start, end.
    candidates: Vec<(u32, u32, u32)>,
    /// Bytes that the patterns themselves read in the last text.
    pub(super) read: u64,
    /// The caller's clock, where somebody wants to know what compiling costs.
    pub(super) clock: Option<fn() -> u64>,
    /// What compiling took in the last text: pattern, time.
    pub(super) compiled: Vec<(u32, u64)>,
}

/// What is compiled is no part of what a search takes.
struct Timer<'p> {
    clock: Option<fn() -> u64>,
    compiled: &'p mut Vec<(u32, u64)>,
}

impl Timer<'_> {
    fn make(&mut self, number: u32, is_new: bool, make: impl FnOnce()) {
        if let Some(clock) = self.clock.filter(|_| is_new) {
            let began = clock();
            make();
            self.compiled.push((number, clock().saturating_sub(began)));
        }
    }
}

/// Of each pattern the literals of fewer bytes, where those of all together are few.
fn few_pieces(patterns: &[Pattern]) -> Option<Vec<Vec<Vec<Vec<u8>>>>> {
    let (mut all, mut bytes) = (Vec::new(), 0usize);
    for it in patterns {
        let few = it.few_pieces();
        let pieces = if few.is_empty() { &it.pieces } else { &few };
        bytes += pieces.iter().flatten().map(Vec::len).sum::<usize>();
        if bytes > FEW_BYTES {
            return None;
        }
        all.push(few);
    }
    Some(all)
}

impl Patterns {
    pub(super) fn new(mut patterns: Vec<Pattern>) -> Patterns {
        let (mut owners, mut always) = (Vec::new(), Vec::new());
        let mut sieve = Sieve::default();
        let is_shared = |it: &Pattern| !it.sequences.is_empty() && it.few_pieces().is_empty();
        let share = patterns.iter().filter(|it| is_shared(it)).count() >= FEWEST_SHARED;
        // Few literals and nothing else are an automaton that fits into the caches, and windows around them suffice.
        let few = if share { None } else { few_pieces(&patterns) };
        let mut few = few.into_iter().flatten();
        for (number, pattern) in (0u32..).zip(&mut patterns) {
            let few_pieces = match few.next() {
                Some(pieces) => pieces,
                None if pattern.pieces.is_empty() && !share => pattern.few_pieces(),
                None => Vec::new(),
            };
            if !few_pieces.is_empty() {
                pattern.needs = u8::try_from(few_pieces.len()).unwrap_or(u8::MAX);
                (pattern.pieces, pattern.near, pattern.times) = (few_pieces, Near::default(), 1);
                pattern.sequences = Vec::new();
            }
            if !pattern.is_noted() || !(pattern.sequences.is_empty() || share) {
                always.push(number);
                continue;
            }
            let mut owner = |piece: u8| {
                owners.push((number, piece));
                u32::try_from(owners.len() - 1).unwrap_or(u32::MAX)
            };
            let sequences = std::mem::take(&mut pattern.sequences);
            if !sequences.is_empty() {
                sieve.add(owner(0), &sequences);
            }
            for (piece, set) in (0u8..).zip(std::mem::take(&mut pattern.pieces)) {
                sieve.add_literals(owner(piece), set);
            }
        }
        sieve.finish();
        let always = Union::new(always, &patterns);
        patterns.shrink_to_fit();
        owners.shrink_to_fit();
        Patterns { patterns, sieve, owners, always }
    }

    pub(super) fn get(&self, number: u32) -> Option<&Pattern> {
        self.patterns.get(number as usize)
    }

    /// How many patterns there are.
    pub(super) fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Hands each pattern that matches, and where it does first, to `found`. A pattern for which `wanted` is false is
    /// passed over.
    pub(super) fn search(
        &self,
        text: &[u8],
        sieving: &mut SieveMemory,
        progress: &mut Progress,
        wanted: impl Fn(u32) -> bool,
        mut found: impl FnMut(u32, usize, usize),
    ) {
        let Progress { states, candidates, read, clock, compiled } = progress;
        *read = 0;
        compiled.clear();
        let mut timer = Timer { clock: *clock, compiled };
        let find = |number: u32, from: usize, to: usize, timer: &mut Timer<'_>, read: &mut u64| {
            let pattern = self.get(number)?;
            timer.make(number, pattern.regex.is_new(), || {
                pattern.compiles();
            });
            *read = read.saturating_add(to.min(text.len()).saturating_sub(from) as u64);
            pattern.find(text, from, to)
        };
        if has_folded_letter(text) {
            for number in (0u32..).take(self.patterns.len()).filter(|number| wanted(*number)) {
                if let Some((start, end)) = find(number, 0, text.len(), &mut timer, read) {
                    found(number, start, end);
                }
            }
            return;
        }
        for number in self.always.to_be_tried(text, read, &self.patterns).filter(|number| wanted(*number)) {
            if let Some((start, end)) = find(number, 0, text.len(), &mut timer, read) {
                found(number, start, end);
            }
        }
        states.clear();
        states.resize(self.patterns.len(), State::default());
        candidates.clear();
        self.sieve.search(text, sieving, |owner, start, end| {
            let Some((number, piece)) = self.owners.get(owner as usize).copied() else { return };
            let Some(state) = states.get_mut(number as usize) else { return };
            state.pieces |= 1 << piece;
            if piece > 0 {
                return;
            }
            if state.count == 0 || (state.count < MOST_PLACES && candidates.len() < MOST_CANDIDATES) {
                let place = |at| u32::try_from(at).unwrap_or(u32::MAX);
                candidates.push((number, place(start), place(end)));
                state.count = state.count.saturating_add(1);
            } else {
                state.count = u32::MAX;
            }
        });
        let most_tried = text.len().saturating_mul(MOST_TRIED).saturating_add(LEAST_TRIED);
        for (number, start, end) in candidates.iter().copied() {
            let (Some(pattern), Some(state)) = (self.patterns.get(number as usize), states.get_mut(number as usize))
            else {
                continue;
            };
            if state.count < pattern.times || state.pieces.count_ones() != u32::from(pattern.needs) || !wanted(number) {
                continue;
            }
            let (start, end) = (start as usize, end as usize);
            // Of more places than are noted each would have to be asked, and where nothing tells them apart they are all alike.
            let most = if pattern.near.tells() { MOST_PLACES } else { MOST_WINDOWS };
            let mut is_whole = state.count > most || u32::from(state.windows) >= MOST_WINDOWS;
            if !is_whole {
                timer.make(number, pattern.near.is_new(), || pattern.near.prepare(|| pattern.tree()));
                let (may, bytes) = pattern.near.may_match(text, start, || pattern.tree());
                *read = read.saturating_add(bytes as u64);
                state.tried = state.tried.saturating_add(u32::try_from(bytes).unwrap_or(u32::MAX));
                is_whole = state.tried as usize > most_tried;
                if !may && !is_whole {
                    continue;
                }
            }
            let first = pattern.near.first(end);
            let result = match pattern.longest.filter(|_| !is_whole) {
                Some(longest) => {
                    state.windows = state.windows.saturating_add(1);
                    let longest = longest as usize;
                    let from = first.max(end.saturating_sub(longest));
                    let to = end.saturating_add(longest);
                    match find(number, from, to, &mut timer, read) {
                        // Its end, or that of one that begins before it, may lie behind the window.
                        Some((start, _)) if start.saturating_add(longest) > to && to < text.len() => {
                            find(number, from, start.saturating_add(longest), &mut timer, read)
                        }
                        found => found,
                    }
                }
                None => {
                    state.pieces = 0;
                    find(number, first, text.len(), &mut timer, read)
                }
            };
            if let Some((start, end)) = result {
                state.pieces = 0;
                found(number, start, end);
            }
        }
    }
}

/// Whether a text holds one of `FOLDED_LETTERS`. Most texts have not even their first bytes.
fn has_folded_letter(text: &[u8]) -> bool {
    let [first, second] = FOLDED_LETTERS.map(|letter| letter.first().copied().unwrap_or_default());
    let Some(at) = memchr::memchr2(first, second, text) else { return false };
    let rest = text.get(at..).unwrap_or_default();
    FOLDED_LETTERS.iter().any(|letter| memchr::memmem::find(rest, letter).is_some())
}

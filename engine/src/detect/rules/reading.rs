//! A pattern's text -> its tree, the form of a text that it is searched in, and what every match must contain.

use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind};

use super::blanks;
use crate::text::patterns::{literals, never_matches};
use crate::text::sequences::{self, Ahead, Sequence, Tail};

/// Shortest literal that is worth a look; shorter ones stand in every text.
const SHORTEST_OF_FEW: usize = 3;
/// Most literals of one pattern.
const MOST_LITERALS: usize = 64;
/// Shortest literal of a piece beside the first.
const SHORTEST: usize = 4;
/// Most pieces of one pattern of which a text must have a literal each. More exclude hardly any text.
const MOST_PIECES: usize = 4;

/// The form of a text that a pattern is searched in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Form {
    /// As it is.
    AsIs,
    /// With each run of white space as one blank.
    Flat,
}

/// What kind of text a pattern is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Over {
    /// Bytes of any kind.
    Bytes,
    /// Text in which white space is as its author meant it, such as HTML before it is read.
    Source,
    /// Text for the eye.
    Text,
}

/// Reads a pattern. Letters match whatever their case unless it says `(?-i)`.
pub(super) fn read(text: &str, over: Over) -> Result<(Hir, Form), String> {
    let hir = parse(text, over, true)?;
    let form = if over == Over::Text && !blanks::matter(&hir) { Form::Flat } else { Form::AsIs };
    let hir = suited(hir, form);
    if never_matches(&hir) {
        return Err("the pattern can never match".into());
    }
    if hir.properties().minimum_len().is_none_or(|least| least == 0) {
        return Err("the pattern matches the empty text, which is everywhere".into());
    }
    Ok((hir, form))
}

fn parse(text: &str, over: Over, any_case: bool) -> Result<Hir, String> {
    let unicode = over != Over::Bytes;
    let config = syntax::Config::new().case_insensitive(any_case).unicode(unicode).utf8(false).nest_limit(50);
    syntax::parse_with(text, &config).map_err(|error| error.to_string())
}

fn suited(hir: Hir, form: Form) -> Hir {
    if form == Form::Flat { blanks::ascii_words(blanks::bounded(hir)) } else { hir }
}

/// What every match of a pattern contains.
#[derive(Debug, Default)]
pub(super) struct Needed {
    /// Sets of literals of which it has one each, in lower case; the most telling first.
    pub(super) pieces: Vec<Vec<Vec<u8>>>,
    /// Where there are none, sequences of byte classes of which it has one,
    pub(super) sequences: Vec<Sequence>,
    /// and how many of them at least.
    pub(super) times: u32,
    /// What of it stands before the first piece or the sequence, in bytes.
    pub(super) ahead: Ahead,
    /// The pattern from a part on that holds it, and what of that stands before it; the tail is empty without `with_tails`.
    pub(super) tail: Tail,
    pub(super) tail_ahead: Ahead,
}

/// Of a tree in which letters of any case are bytes.
pub(super) fn needed(hir: &Hir, with_tails: bool) -> Needed {
    if let Some(first) = literals::required(hir, with_tails) {
        let (ahead, tail, tail_ahead) = (first.ahead, first.tail, first.tail_ahead);
        let pieces = if with_tails { Vec::new() } else { pieces(hir, first.texts) };
        return Needed { pieces, sequences: Vec::new(), times: 1, ahead, tail, tail_ahead };
    }
    let Some(it) = sequences::of(hir, with_tails) else { return Needed::default() };
    let sequences::Needs { sequences, times, ahead, tail, tail_ahead } = it;
    Needed { pieces: Vec::new(), sequences, times, ahead, tail, tail_ahead }
}

/// The most telling set of literals, and those of other parts of the pattern that it does not come to.
fn pieces(hir: &Hir, first: Vec<Vec<u8>>) -> Vec<Vec<Vec<u8>>> {
    let mut others = match hir.kind() {
        HirKind::Capture(capture) => return pieces(&capture.sub, first),
        HirKind::Concat(parts) => parts.iter().filter_map(|part| literals::required(part, false)).collect(),
        _ => Vec::new(),
    };
    let has = |text: &[u8], set: &[Vec<u8>]| set.iter().any(|it| memchr::memmem::find(text, it).is_some());
    let tells = |text: &Vec<u8>| text.len() >= SHORTEST && !literals::is_common(text);
    others.retain(|it| it.texts.iter().all(tells) && !first.iter().all(|text| has(text, &it.texts)));
    // Stable: of equal pieces the first in the pattern counts.
    others.sort_by_key(|it| std::cmp::Reverse(worth(&it.texts)));
    let others = others.into_iter().map(|it| it.texts);
    std::iter::once(first).chain(others).take(MOST_PIECES).collect()
}

/// How telling a set of literals is: by its shortest, then by how few there are.
fn worth(set: &[Vec<u8>]) -> (usize, usize) {
    (set.iter().map(Vec::len).min().unwrap_or(0), usize::MAX - set.len())
}

/// For the pieces of a pattern that follow each other, literals of which every match contains one, the most telling first; few bytes,
/// which an automaton of few patterns finds for less than what is asked more exactly.
pub(super) fn few_pieces(text: &str, over: Over, form: Form) -> Vec<Vec<Vec<u8>>> {
    // The literals of the pattern as written: the automaton folds their case itself.
    parse(text, over, false).map(|hir| few_pieces_of(&suited(hir, form))).unwrap_or_default()
}

fn few_pieces_of(hir: &Hir) -> Vec<Vec<Vec<u8>>> {
    let mut found = match hir.kind() {
        HirKind::Capture(capture) => return few_pieces_of(&capture.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(few_required).collect(),
        _ => Vec::from_iter(few_required(hir)),
    };
    // Stable: of equal pieces the first in the pattern counts.
    found.sort_by_key(|set| std::cmp::Reverse(worth(set)));
    found.truncate(MOST_PIECES);
    found
}

/// Literals of which every match contains at least one; `None` where there are none that are long enough.
fn few_required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    // Patterns nest no deeper than the parser lets them.
    let found = match hir.kind() {
        HirKind::Literal(literal) => vec![ascii_run(&literal.0).to_vec()],
        HirKind::Capture(capture) => few_required(&capture.sub)?,
        HirKind::Repetition(repetition) if repetition.min > 0 => few_required(&repetition.sub)?,
        HirKind::Concat(parts) => parts.iter().filter_map(few_required).max_by_key(|set| worth(set))?,
        HirKind::Alternation(ways) => {
            let mut all = Vec::new();
            for way in ways {
                all.extend(few_required(way)?);
            }
            all
        }
        _ => return None,
    };
    let fits = !found.is_empty() && found.len() <= MOST_LITERALS && found.iter().all(|it| it.len() >= SHORTEST_OF_FEW);
    fits.then_some(found)
}

/// The longest run of ASCII in a literal: other letters have cases that the automaton does not know.
fn ascii_run(literal: &[u8]) -> &[u8] {
    literal.split(|byte| !byte.is_ascii()).max_by_key(|run| run.len()).unwrap_or_default()
}

//! A pattern's text -> its tree, the form of a text that it is searched in, and the literals that every match must contain.

use regex_automata::util::syntax;
use regex_syntax::hir::{Hir, HirKind};

use super::blanks;
use crate::text::patterns::never_matches;

/// Shortest literal that is worth a look; shorter ones stand in every text.
const SHORTEST: usize = 3;
/// Most literals of one pattern.
const MOST_LITERALS: usize = 64;
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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

/// For the pieces of a pattern that follow each other, literals of which every match contains one, the most telling first.
pub(super) fn pieces(text: &str, over: Over, form: Form) -> Vec<Vec<Vec<u8>>> {
    // The literals of the pattern as written: the automaton folds their case itself.
    parse(text, over, false).map(|hir| pieces_of(&suited(hir, form))).unwrap_or_default()
}

fn pieces_of(hir: &Hir) -> Vec<Vec<Vec<u8>>> {
    let mut found = match hir.kind() {
        HirKind::Capture(capture) => return pieces_of(&capture.sub),
        HirKind::Concat(parts) => parts.iter().filter_map(required).collect(),
        _ => Vec::from_iter(required(hir)),
    };
    // Stable: of equal pieces the first in the pattern counts.
    found.sort_by_key(|set| std::cmp::Reverse(worth(set)));
    found.truncate(MOST_PIECES);
    found
}

/// How telling a set of literals is: by its shortest, then by how few there are.
fn worth(set: &[Vec<u8>]) -> (usize, usize) {
    (set.iter().map(Vec::len).min().unwrap_or(0), usize::MAX - set.len())
}

/// Literals of which every match contains at least one; `None` where there are none that are long enough.
fn required(hir: &Hir) -> Option<Vec<Vec<u8>>> {
    // Patterns nest no deeper than the parser lets them.
    let found = match hir.kind() {
        HirKind::Literal(literal) => vec![ascii_run(&literal.0).to_vec()],
        HirKind::Capture(capture) => required(&capture.sub)?,
        HirKind::Repetition(repetition) if repetition.min > 0 => required(&repetition.sub)?,
        HirKind::Concat(parts) => parts.iter().filter_map(required).max_by_key(|set| worth(set))?,
        HirKind::Alternation(ways) => {
            let mut all = Vec::new();
            for way in ways {
                all.extend(required(way)?);
            }
            all
        }
        _ => return None,
    };
    let fits = !found.is_empty() && found.len() <= MOST_LITERALS && found.iter().all(|it| it.len() >= SHORTEST);
    fits.then_some(found)
}

/// The longest run of ASCII in a literal: other letters have cases that the automaton does not know.
fn ascii_run(literal: &[u8]) -> &[u8] {
    literal.split(|byte| !byte.is_ascii()).max_by_key(|run| run.len()).unwrap_or_default()
}

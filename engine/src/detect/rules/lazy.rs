//! A pattern that is compiled at first use: of a rule set most are never needed in a process that judges one message, and
//! compiling the stock rules took half of what opening an engine cost. Takes its text and tree, gives matches; of the two only the
//! text is kept, which is a hundredth of the tree.

use std::sync::OnceLock;

use regex_automata::Input;
use regex_automata::meta::{Config, Regex};
use regex_automata::util::primitives::StateID;
use regex_syntax::hir::{Capture, Class, Hir, HirKind, Look, Repetition};
use regex_syntax::utf8::Utf8Sequences;

use super::reading::{self, Form, Over};

/// Largest compiled pattern, in bytes.
const COMPILED_BYTES: usize = 2 << 20;
/// What is said of a larger one.
pub(super) const TOO_LARGE: &str = "the pattern is too large once compiled";
/// More than a state of the compiled pattern and the way to it take.
const STATE_BYTES: usize = 2 * size_of::<[StateID; 8]>();

/// A pattern, and its program once that was needed.
#[derive(Debug)]
pub(super) struct Lazy {
    text: Box<str>,
    over: Over,
    /// `None` where the compiler refuses it, which `new` has ruled out.
    program: OnceLock<Option<Regex>>,
    /// Of a pattern with word boundaries that only slow engines know on text beyond ASCII, the same without them; and of others nothing.
    guard: Option<OnceLock<Option<Regex>>>,
}

impl Lazy {
    /// Refuses a pattern whose program would be too large. What might be is compiled at once, to know.
    pub(super) fn new(text: &str, over: Over, hir: &Hir) -> Result<Lazy, String> {
        let program = match states(hir).saturating_mul(STATE_BYTES) > COMPILED_BYTES {
            true => OnceLock::from(Some(compile(hir)?)),
            false => OnceLock::new(),
        };
        let guard = hir.properties().look_set().contains_word_unicode().then(OnceLock::new);
        Ok(Lazy { text: text.into(), over, program, guard })
    }

    /// Whether it is still to be compiled.
    pub(super) fn is_new(&self) -> bool {
        self.program.get().is_none()
    }

    /// Where it matches in a range of a text first.
    pub(super) fn find(&self, text: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
        let input = Input::new(text).span(from..to.min(text.len()));
        // Slow engines took a quarter of all the time of SpamAssassin's patterns, and nearly always found nothing.
        if let Some(guard) = &self.guard
            && !text.get(input.get_range()).is_some_and(<[u8]>::is_ascii)
        {
            let made = || compile(&without_boundaries(&self.tree()?)).ok();
            if guard.get_or_init(made).as_ref().is_some_and(|guard| guard.search_half(&input).is_none()) {
                return None;
            }
        }
        self.get()?.search(&input).map(|found| (found.start(), found.end()))
    }

    /// Its tree.
    pub(super) fn tree(&self) -> Option<Hir> {
        Some(reading::read(&self.text, self.over).ok()?.0)
    }

    /// Its literals of few bytes, as written.
    pub(super) fn few_pieces(&self, form: Form) -> Vec<Vec<Vec<u8>>> {
        reading::few_pieces(&self.text, self.over, form)
    }

    /// Its program.
    pub(super) fn get(&self) -> Option<&Regex> {
        let compiled = || compile(&self.tree()?).ok();
        self.program.get_or_init(compiled).as_ref()
    }
}

fn compile(hir: &Hir) -> Result<Regex, String> {
    let config = Config::new().nfa_size_limit(Some(COMPILED_BYTES)).utf8_empty(false);
    let compiled = Regex::builder().configure(config).build_from_hir(hir);
    compiled.map_err(|error| match error.size_limit() {
        Some(_) => TOO_LARGE.to_owned(),
        None => error.to_string(),
    })
}

/// A tree without boundaries of words: it matches wherever the tree does. Patterns nest no deeper than the parser lets them.
fn without_boundaries(hir: &Hir) -> Hir {
    let all = |parts: &[Hir]| parts.iter().map(without_boundaries).collect();
    match hir.kind() {
        HirKind::Look(look) if !matches!(look, Look::Start | Look::End | Look::StartLF | Look::EndLF) => Hir::empty(),
        HirKind::Capture(it) => Hir::capture(Capture { sub: Box::new(without_boundaries(&it.sub)), ..it.clone() }),
        HirKind::Repetition(it) => {
            Hir::repetition(Repetition { sub: Box::new(without_boundaries(&it.sub)), ..it.clone() })
        }
        HirKind::Concat(parts) => Hir::concat(all(parts)),
        HirKind::Alternation(ways) => Hir::alternation(all(ways)),
        _ => hir.clone(),
    }
}

/// At least as many states as the program of a pattern has.
fn states(hir: &Hir) -> usize {
    // Patterns nest no deeper than the parser lets them.
    match hir.kind() {
        HirKind::Empty | HirKind::Look(_) => 1,
        HirKind::Literal(literal) => literal.0.len(),
        HirKind::Class(Class::Bytes(class)) => class.ranges().len().saturating_add(2),
        HirKind::Class(Class::Unicode(class)) => {
            let ranges = class.ranges().iter();
            let sequences = ranges.flat_map(|it| Utf8Sequences::new(it.start(), it.end()));
            sequences.map(|it| it.len()).sum::<usize>().saturating_add(2)
        }
        HirKind::Capture(capture) => states(&capture.sub).saturating_add(2),
        HirKind::Repetition(repetition) => {
            let times = repetition.max.unwrap_or(repetition.min).max(repetition.min).max(1);
            states(&repetition.sub).saturating_add(3).saturating_mul((times as usize).saturating_add(1))
        }
        HirKind::Concat(parts) | HirKind::Alternation(parts) => {
            parts.iter().map(states).fold(2, |sum, it| sum.saturating_add(it).saturating_add(1))
        }
    }
}

#[cfg(test)]
mod tests {
    use regex_automata::nfa::thompson::{self, WhichCaptures};

    use super::*;

    fn lazy(pattern: &str) -> Result<Lazy, String> {
        Lazy::new(pattern, Over::Source, &reading::read(pattern, Over::Source).unwrap().0)
    }

    #[test]
    fn what_is_small_waits_and_what_is_too_large_is_refused_at_once() {
        let small = lazy("next of (kin|ki[nm]){1,20}").unwrap();
        assert!(small.program.get().is_none());
        assert!(small.get().unwrap().is_match("next of kim"));
        // Might be too large, and is not.
        assert!(lazy(r"\w{20}").unwrap().program.get().is_some());
        assert!(lazy(r"\w{900}").is_err());
        assert!(lazy(r"(?:(?:a{100}){100}){100}").is_err());
    }

    #[test]
    fn what_cannot_match_without_boundaries_is_not_asked_with_them() {
        let word = lazy(r"\bkin\b|x{2,}\B").unwrap();
        let find = |text: &str| word.find(text.as_bytes(), 0, text.len());
        assert_eq!(find("é dear é"), None);
        assert!(word.program.get().is_none(), "the guard alone was asked");
        assert_eq!(find("é kin é"), Some((3, 6)));
        assert_eq!(find("ékin é, xx"), None);
        assert_eq!(find("ékin é, xxxé"), Some((10, 13)));
        assert_eq!(find("kin"), Some((0, 3)));
    }

    /// What waits must never turn out too large.
    #[test]
    fn the_bound_is_above_what_compilers_make() {
        for pattern in [
            "a",
            "abc|abd|x",
            r"\w",
            r"\W{3}",
            r"(?i)[a-zß]{7}",
            r"(?:a?b*c+){9}",
            r"(a|b|c|d){2,30}",
            r"\bx\b.{0,400}y",
            r"[^\x00-\x7f]{12}",
            r"\p{L}\p{Greek}?",
            r"(?s:.){77}",
            r"(?-u:[\x80-\xff]{40})",
            r"(?i)straße{0,5}",
        ] {
            let hir = regex_syntax::ParserBuilder::new().utf8(false).build().parse(pattern).unwrap();
            for (reverse, captures) in [(false, WhichCaptures::All), (true, WhichCaptures::None)] {
                let config = thompson::Config::new().reverse(reverse).utf8(false).which_captures(captures);
                let program = thompson::Compiler::new().configure(config).build_from_hir(&hir).unwrap();
                let bound = states(&hir) * STATE_BYTES;
                assert!(program.memory_usage() <= bound + 1024, "{pattern}: {} {bound}", program.memory_usage());
            }
        }
    }
}

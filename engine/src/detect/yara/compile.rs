//! Units -> compiled rules. Takes units, gives rules and the problems of whoever wrote them; what is broken is left out,
//! and the rest loads. Compiled rules can be kept between runs: [`key`] says what they hang on.

use sha2::{Digest, Sha256};
use yara_x::{Compiler, Rules, SourceCode};

use super::source::{Piece, Unit};
use crate::error::Problem;

/// Of the crate: kept rules of another version are made anew. A test holds it against Cargo.lock.
pub(super) const VERSION: &str = "1.22.1";

/// Modules that YARA rules may ask for and that are not built in: rules that need one are left out, with a note.
const ABSENT: &[&str] = &[
    "pe",
    "dotnet",
    "macho",
    "crx",
    "dex",
    "cuckoo",
    "magic",
    "vt",
    "olecf",
    "vba",
    "msi",
    "zip",
    "console",
    "androguard",
];

/// The first rule of all. After a time-out yara-x takes the rule behind the last one that it finished for the slow one, and
/// does not forget the last one of the item before: a rule with none before it would never be named.
const FIRST: &str = "rule first { condition: depth == -1 }";

/// What the compiler gave.
pub(super) struct Compiled {
    /// None where nothing may be executed that was written.
    pub(super) rules: Option<Rules>,
    pub(super) problems: Vec<Problem>,
    pub(super) notes: Vec<Problem>,
}

/// The name of a unit's namespace.
pub(super) fn namespace(number: usize) -> String {
    number.to_string()
}

/// Compiles.
pub(super) fn compile(units: &[Unit]) -> Compiled {
    let mut problems = Vec::new();
    let mut compiler = Compiler::new();
    compiler.enable_includes(false).relaxed_re_syntax(true);
    for module in ABSENT {
        compiler.ignore_module(*module);
    }
    for (name, depth) in super::scan::GLOBALS {
        let defined = if *depth { compiler.define_global(name, 0i64) } else { compiler.define_global(name, "") };
        if let Err(wrong) = defined {
            problems.push(Problem::file("yara", format!("the global {name} cannot be defined: {wrong}")));
        }
    }
    compiler.new_namespace("tamis");
    if let Err(wrong) = compiler.add_source(FIRST) {
        problems.push(Problem::file("yara", wrong.to_string()));
    }
    for (number, unit) in units.iter().enumerate() {
        compiler.new_namespace(&namespace(number));
        for piece in &unit.pieces {
            let before = compiler.errors().len();
            let masked = piece.masked();
            if compiler.add_source(SourceCode::from(masked.as_str()).with_origin(&piece.source)).is_ok() {
                continue;
            }
            for error in compiler.errors().get(before..).unwrap_or_default() {
                let spans: Vec<_> = error.labels().map(|it| (it.span().range(), it.text().to_owned())).collect();
                problems.push(problem(piece, error.title(), &spans, remedy(error.code())));
            }
        }
    }
    let mut notes = Vec::new();
    for warning in compiler.warnings() {
        let labels: Vec<_> = warning
            .labels()
            .map(|it| (it.origin().unwrap_or_default().to_owned(), it.span().range(), it.text().to_owned()))
            .collect();
        let origin = labels.first().map(|(origin, ..)| origin.as_str()).unwrap_or_default();
        let piece = units.iter().flat_map(|unit| &unit.pieces).find(|piece| piece.source == origin);
        let spans: Vec<_> = labels.iter().map(|(_, span, text)| (span.clone(), text.clone())).collect();
        match piece {
            Some(piece) => notes.push(problem(piece, warning.title(), &spans, "")),
            None => notes.push(Problem::file("yara", warning.title())),
        }
    }
    // The last step makes memory executable, and yara-x panics where that is refused.
    let rules = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| compiler.build())).ok();
    if rules.is_none() {
        let problem = Problem::file("yara", "the rules cannot be compiled to machine code");
        problems.push(problem.remedy("systemd's MemoryDenyWriteExecute= has to be off, or yara.enabled"));
    }
    Compiled { rules, problems, notes }
}

fn remedy(code: &str) -> &'static str {
    match code {
        "E100" => "the modules at hand are math, string, hash, time, elf and lnk",
        _ => "",
    }
}

/// The compiler's report, as one of ours: file, line, the line itself with what is meant marked.
fn problem(piece: &Piece, title: &str, labels: &[(std::ops::Range<usize>, String)], remedy: &str) -> Problem {
    let told: Vec<&str> = labels.iter().map(|(_, text)| text.as_str()).filter(|text| !text.is_empty()).collect();
    let message = if told.is_empty() { title.to_owned() } else { format!("{title}: {}", told.join("; ")) };
    let span = labels.first().map(|(span, _)| span.clone()).unwrap_or(0..0);
    Problem::span(&piece.source, &piece.text, span.start, span.end, message).remedy(remedy)
}

/// A digest of all that compiled rules hang on.
pub(super) fn key(units: &[Unit]) -> String {
    let mut digest = Sha256::new();
    let mut add = |text: &str| {
        digest.update((text.len() as u64).to_le_bytes());
        digest.update(text);
    };
    add(VERSION);
    add(FIRST);
    add(env!("CARGO_PKG_VERSION"));
    for (name, _) in super::scan::GLOBALS {
        add(name);
    }
    for (number, unit) in units.iter().enumerate() {
        add(&namespace(number));
        unit.pieces.iter().for_each(|piece| add(&piece.masked()));
    }
    digest.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

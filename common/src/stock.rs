//! The stock rules, scores and model, inside the program: `tamis scan` needs no file. Takes nothing, gives texts and
//! bytes; the build script lists the files.

mod files {
    include!(concat!(env!("OUT_DIR"), "/stock.rs"));
}

/// What stands before the name of a stock file in errors and reasons: it has no path.
pub const PREFIX: &str = "stock:";

/// The stock rule files: name and text.
pub fn rules() -> impl Iterator<Item = (&'static str, &'static str)> {
    files::FILES.iter().copied().filter(|(name, _)| *name != SCORES)
}

/// The stock YARA files: name and text.
pub fn yara() -> impl Iterator<Item = (&'static str, &'static str)> {
    files::YARA.iter().copied()
}

/// The stock scores: name and text.
pub fn scores() -> impl Iterator<Item = (&'static str, &'static str)> {
    files::FILES.iter().copied().filter(|(name, _)| *name == SCORES)
}

/// The stock Bayes model, where there is one: name and bytes.
pub fn model() -> Option<(&'static str, &'static [u8])> {
    files::MODEL
}

const SCORES: &str = "scores.toml";

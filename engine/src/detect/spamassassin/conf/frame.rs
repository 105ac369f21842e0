//! A line of a `.cf` file as problems show it.

use crate::detect::spamassassin::settings;
use crate::error::Problem;

/// What of a line a note is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Part {
    Key,
    /// What stands behind the key and the name of a rule, where there is that much.
    Rest,
}

/// A line as frames show it.
pub(super) fn in_a_frame(line: &str) -> String {
    line.trim_end().chars().take(300).map(|it| if it == '\t' { ' ' } else { it }).collect()
}

/// A problem with a line of a file, and where in it.
pub(in super::super) fn problem(
    source: &str,
    number: u32,
    line: &str,
    part: Part,
    message: String,
    remedy: &str,
) -> Problem {
    let line = in_a_frame(line);
    // Each word begins where a blank, or nothing, stands before it.
    let mut blank = true;
    let starts = line.char_indices().filter(|(_, it)| std::mem::replace(&mut blank, *it == ' ') && *it != ' ');
    let key = line.split_whitespace().next().unwrap_or_default();
    let words = if settings::NAMED.contains(&key) { 3 } else { 2 };
    let starts: Vec<usize> = starts.map(|(at, _)| at).take(words).collect();
    let start = if part == Part::Key { starts.first() } else { starts.last() }.copied().unwrap_or(0);
    let meant = line.get(start..).unwrap_or_default();
    let meant = if part == Part::Key { meant.split(' ').next().unwrap_or_default() } else { meant };
    let count = |text: &str| u32::try_from(text.chars().count()).unwrap_or(u32::MAX);
    Problem {
        source: source.to_owned(),
        line: number,
        column: count(line.get(..start).unwrap_or_default()).saturating_add(1),
        length: count(meant).max(1),
        text: line,
        message,
        remedy: remedy.to_owned(),
    }
}

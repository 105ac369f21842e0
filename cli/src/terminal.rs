//! What goes to a person: lines, colour, progress. Colour and progress bars only on a terminal.

use std::borrow::Cow;
use std::io::{IsTerminal, Write};
use std::path::PathBuf;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use tamis_common::mails::Mails;
use tamis_common::print;
use tamis_engine::{Action, Problem};

/// Prints to standard output; a reader that has gone away ends the program in peace.
pub(crate) fn say(line: &str) {
    if writeln!(std::io::stdout().lock(), "{line}").is_err() {
        std::process::exit(0);
    }
}

/// Tells what is no mistake, and may be none of what was meant.
pub(crate) fn note<'p>(notes: impl IntoIterator<Item = &'p Problem>) {
    notes.into_iter().for_each(|it| eprintln!("note: {}", print::safe_lines(&it.to_string())));
}

/// `text` in the colour of an action, on a terminal that wants colour.
pub(crate) fn colour(action: Action, text: &str) -> Cow<'_, str> {
    if !std::io::stdout().is_terminal() || std::env::var_os("NO_COLOR").is_some() {
        return Cow::Borrowed(text);
    }
    let code = match action {
        Action::Accept => 32,
        Action::Tag => 33,
        Action::Quarantine | Action::Defer => 35,
        _ => 31,
    };
    Cow::Owned(format!("\u{1b}[{code}m{text}\u{1b}[0m"))
}

/// A bar over the messages below `paths`, on standard error if that is a terminal. `rows` says that lines are printed
/// meanwhile: on a terminal they show progress enough, and would run into the bar.
pub(crate) fn progress(paths: &[PathBuf], what: &'static str, rows: bool) -> ProgressBar {
    if !std::io::stderr().is_terminal() || rows && std::io::stdout().is_terminal() {
        return ProgressBar::hidden();
    }
    let (files, _) = Mails::measure(paths);
    let bar = ProgressBar::with_draw_target(Some(files), ProgressDrawTarget::stderr_with_hz(10));
    let style = "{msg} [{bar:40}] {human_pos} of {human_len}, {eta} left";
    bar.set_style(
        ProgressStyle::with_template(style).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> "),
    );
    bar.set_message(what);
    bar
}

//! The `tamis` program. Exit codes: 0 nothing wrong, 1 something found, 2 error. Results to stdout, talk to stderr.

mod engine;
mod message;
mod rules;
mod scan;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Reads mail messages and says what to do with them, and why.
#[derive(Parser)]
#[command(version, about, subcommand_required = true)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Judges messages: files, folders, mailboxes, Maildirs, `-` for standard input
    Scan(scan::Scan),
    /// One verdict, readable: every reason, and what moved the Bayes score
    Explain(message::One),
    /// Every fact that rules can see
    Facts(message::One),
    /// Every item that the engine saw
    Parts(message::One),
    /// Fits a Bayes model to labelled messages
    Train(train::Train),
    /// Checks and lists rules
    Rules(rules::Rules),
}

fn main() -> ExitCode {
    let result = match Program::parse().command {
        Command::Scan(it) => it.run(),
        Command::Explain(it) => it.explain(),
        Command::Facts(it) => it.facts(),
        Command::Parts(it) => it.parts(),
        Command::Train(it) => it.run(),
        Command::Rules(it) => it.run(),
    };
    match result {
        Ok(found) => ExitCode::from(u8::from(found)),
        Err(message) => {
            eprintln!("tamis: {}", tamis_common::print::safe_lines(&message));
            ExitCode::from(2)
        }
    }
}

/// Prints to standard output; a reader that has gone away ends the program in peace.
fn say(line: &str) {
    use std::io::Write;
    if writeln!(std::io::stdout().lock(), "{line}").is_err() {
        std::process::exit(0);
    }
}

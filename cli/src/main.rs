//! The `tamis` program. Exit codes: 0 nothing wrong, 1 something found, 2 error. Results to stdout, talk to stderr.

mod config;
mod diff;
mod engine;
mod evaluate;
mod explain;
mod learn;
mod list_edit;
mod lists;
mod one;
mod parts;
mod picture;
mod replay;
mod rules;
mod scan;
mod serve;
mod terminal;
mod train;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// For huge pages, which .cargo/config.toml asks for: a message reads little of what rules keep, and that from all over it.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Reads mail messages and says what to do with them, and why.
#[derive(Parser)]
#[command(
    version,
    about,
    subcommand_required = true,
    after_help = "Exit codes: 0 nothing wrong, 1 something found (a message not accepted, a failed test), 2 error.",
    after_long_help = "Exit codes: 0 nothing wrong, 1 something found (a message not accepted, a failed test), 2 error.\n\n\
        Examples:\n  \
        tamis scan ~/Maildir                        a verdict for each message\n  \
        tamis explain suspicious.eml                every reason, with its place and evidence\n  \
        tamis rules test --rules my-rules           runs the examples of your rules\n  \
        tamis evaluate --ham good/ --spam bad/      how well it tells your mail apart"
)]
struct Program {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Judges messages: files, folders, mailboxes, Maildirs, `-` for standard input
    Scan(scan::Scan),
    /// One verdict, readable: every reason, and what moved the Bayes score
    Explain(explain::Explain),
    /// Every fact that rules can see
    Facts(one::Facts),
    /// Every item that the engine saw: parts, attachments, files in archives
    Parts(parts::Parts),
    /// Fits a Bayes model to labelled messages
    Train(train::Train),
    /// Adds messages to the model in use, and takes them back
    Learn(learn::Learn),
    /// Scores and learns messages in the order in which they came
    Replay(replay::Replay),
    /// How well labelled messages are told apart
    Evaluate(evaluate::Evaluate),
    /// Checks, tests, lists and shows rules
    Rules(rules::Rules),
    /// Checks block and allow lists, and looks things up in them
    Lists(lists::Lists),
    /// Shows and checks the configuration
    Config(config::Configuration),
    /// Runs the milter for Postfix
    Serve(serve::Serve),
}

fn main() -> ExitCode {
    let result = match Program::parse().command {
        Command::Scan(it) => it.run(),
        Command::Explain(it) => it.run(),
        Command::Facts(it) => it.run(),
        Command::Parts(it) => it.run(),
        Command::Train(it) => it.run(),
        Command::Learn(it) => it.run(),
        Command::Replay(it) => it.run(),
        Command::Evaluate(it) => it.run(),
        Command::Rules(it) => it.run(),
        Command::Lists(it) => it.run(),
        Command::Config(it) => it.run(),
        Command::Serve(it) => it.run(),
    };
    match result {
        Ok(found) => ExitCode::from(u8::from(found)),
        Err(message) => {
            eprintln!("tamis: {}", tamis_common::print::safe_lines(&message));
            ExitCode::from(2)
        }
    }
}

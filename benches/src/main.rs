//! Runs one workload and prints what it counted and what it took, a name and a number a line. benches/run.py calls it with
//! what benches/definitions/ says, and holds the counts against what is expected.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser};

/// As in `tamis`. Allocations are counted, and instructions with them, by the memory of the system.
#[cfg(all(target_os = "linux", target_arch = "x86_64", not(feature = "allocations")))]
#[global_allocator]
static MEMORY: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

#[cfg(feature = "allocations")]
mod allocations;
mod bayes;
mod clock;
mod lists;
mod scan;

#[derive(Parser)]
#[command(version, about = "Runs one workload and prints what it counted and what it took")]
enum Bench {
    /// Scans messages several times: CPU time of each, counts of all
    Scan(scan::Scan),
    /// Scans messages and adds up what each stage takes
    Stages(Mail),
    /// What the model costs beyond parsing: to classify, to learn, to read
    Bayes(bayes::Bayes),
    /// Builds a list of made-up entries and looks subjects up in it
    Lists(lists::Lists),
    /// Counts allocations, message by message
    #[cfg(feature = "allocations")]
    Allocations(Mail),
}

/// Which mail, and what judges it.
#[derive(Args)]
struct Mail {
    /// The configuration of Tamis to judge by
    #[arg(long)]
    config: PathBuf,
    /// Takes only each Nth message
    #[arg(long, default_value_t = 1)]
    every: usize,
    /// Files and folders of mail
    #[arg(required = true)]
    paths: Vec<PathBuf>,
}

fn main() -> ExitCode {
    let done = match Bench::parse() {
        Bench::Scan(it) => it.run(),
        Bench::Stages(it) => scan::stages(&it),
        Bench::Bayes(it) => it.run(),
        Bench::Lists(it) => it.run(),
        #[cfg(feature = "allocations")]
        Bench::Allocations(it) => allocations::run(&it),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("tamis-bench: {error}");
            ExitCode::from(2)
        }
    }
}

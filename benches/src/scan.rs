//! Scanning: CPU time of each message, the sums of what was found, and the time of each stage.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use clap::Args;
use tamis_common::config::Config;
use tamis_common::mails::{Job, Mails};
use tamis_engine::{Answers, Engine, Worker};

use crate::{Mail, clock};

/// Scans messages several times.
#[derive(Args)]
pub(crate) struct Scan {
    #[arg(long, default_value_t = 1)]
    threads: usize,
    /// How often; of each message the least time counts
    #[arg(long, default_value_t = 1)]
    passes: usize,
    /// A file or folder of mail that is scanned before the first pass, and not counted: what comes behind it was not seen before, and
    /// finds what a server that has run for a while has made of its rules
    #[arg(long)]
    warm_up: Vec<PathBuf>,
    /// Writes CPU nanoseconds and size of each message into this file
    #[arg(long)]
    raw: Option<PathBuf>,
    #[command(flatten)]
    mail: Mail,
}

/// What one message was, and took.
struct One {
    path: String,
    nanoseconds: u64,
    counts: BTreeMap<String, u64>,
}

impl Mail {
    /// The engine that the configuration describes. It starts no threads of its own, so that a thread's time is all.
    pub(crate) fn engine(&self) -> Result<(Config, Engine), String> {
        let config = Config::find(Some(&self.config)).map_err(|error| error.to_string())?;
        let engine = config.builder().build().map_err(|error| error.to_string())?;
        Ok((config, engine))
    }

    /// The messages, still to be read.
    pub(crate) fn jobs(&self, config: &Config) -> Result<impl Iterator<Item = Job> + Send + use<>, String> {
        Ok(mails(&self.paths, config)?.step_by(self.every.max(1)))
    }
}

fn mails(paths: &[PathBuf], config: &Config) -> Result<Mails, String> {
    let most = config.limits.message_bytes.saturating_add(1);
    Mails::open(paths, most).map_err(|wrong| wrong.iter().map(|it| it.to_string()).collect::<Vec<_>>().join("\n"))
}

impl Scan {
    /// Runs it.
    pub(crate) fn run(&self) -> Result<(), String> {
        let (config, engine) = self.mail.engine()?;
        let mut kept: Vec<One> = Vec::new();
        for pass in 0..self.passes.max(1) {
            let (mut number, mut failed) = (0, None);
            let began = clock::wall();
            let warm_up = if pass == 0 { self.warm_up.as_slice() } else { &[] };
            let jobs = mails(warm_up, &config)?.map(|job| (false, job));
            let jobs = jobs.chain(self.mail.jobs(&config)?.map(|job| (true, job)));
            let work = |worker: &mut Worker<'_>, (counts, job): (bool, Job)| (counts, one(worker, job));
            engine.run_many(jobs, self.threads, work, |(counts, result)| {
                if !counts {
                    failed = result.err().or(failed.take());
                    return;
                }
                match (result, pass) {
                    (Ok(it), 0) => kept.push(it),
                    (Ok(it), _) => match kept.get_mut(number) {
                        Some(first) if first.path == it.path && first.counts == it.counts => {
                            first.nanoseconds = first.nanoseconds.min(it.nanoseconds);
                        }
                        _ => failed = Some(format!("{}: another result than in the first pass", it.path)),
                    },
                    (Err(error), _) => failed = Some(error),
                }
                number += 1;
            });
            if let Some(error) = failed {
                return Err(error);
            }
            println!("wall_ns {}", clock::wall() - began);
        }
        let mut sums: BTreeMap<&str, u64> = BTreeMap::new();
        for (name, count) in kept.iter().flat_map(|one| &one.counts) {
            *sums.entry(name).or_default() += count;
        }
        sums.iter().for_each(|(name, count)| println!("count {name} {count}"));
        println!("cpu_ns {}", kept.iter().map(|one| one.nanoseconds).sum::<u64>());
        println!("peak_bytes {}", clock::memory("VmHWM")?);
        let Some(path) = &self.raw else { return Ok(()) };
        let mut raw = "cpu_ns,bytes\n".to_owned();
        for one in &kept {
            let bytes = one.counts.get("bytes").copied().unwrap_or_default();
            let _ = writeln!(raw, "{},{bytes}", one.nanoseconds);
        }
        std::fs::write(path, raw).map_err(|error| format!("{} cannot be written: {error}", path.display()))
    }
}

/// One message: read, and then, by the clock, scanned.
fn one(worker: &mut Worker<'_>, job: Job) -> Result<One, String> {
    let message = job.load().map_err(|error| error.to_string())?;
    let mut mail = tamis_engine::Mail::new(&message.raw);
    mail.whole_size = Some(message.size);
    let began = clock::cpu()?;
    let examined = worker.examine(&mail);
    let findings = examined.findings().len() as u64;
    let verdict = worker.judge(examined, &Answers::new());
    let nanoseconds = clock::cpu()?.saturating_sub(began);
    let counts = [
        ("messages".to_owned(), 1),
        ("bytes".to_owned(), verdict.bytes),
        ("items".to_owned(), u64::from(verdict.items)),
        ("readings".to_owned(), u64::from(verdict.readings)),
        ("findings".to_owned(), findings),
        ("defects".to_owned(), verdict.defects.len() as u64),
        ("incomplete".to_owned(), verdict.incomplete.len() as u64),
        (verdict.action.to_string(), 1),
    ];
    Ok(One { path: message.path, nanoseconds, counts: counts.into() })
}

/// The time of each stage, in a pass of its own so that the reading of clocks is in no other figure; by wall time, so the
/// shares say more than the sums.
pub(crate) fn stages(mail: &Mail) -> Result<(), String> {
    let (config, engine) = mail.engine()?;
    let mut worker = engine.worker();
    worker.keep_stage_times(clock::wall);
    let mut policy = 0;
    for job in mail.jobs(&config)? {
        let message = job.load().map_err(|error| error.to_string())?;
        let examined = worker.examine(&tamis_engine::Mail::new(&message.raw));
        let began = clock::wall();
        worker.judge(examined, &Answers::new());
        policy += clock::wall() - began;
    }
    worker.stage_times().iter().for_each(|(name, taken)| println!("stage {name} {taken}"));
    println!("stage policy {policy}");
    Ok(())
}

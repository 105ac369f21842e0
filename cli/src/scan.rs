//! `tamis scan`: one line a message.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use tamis_common::mails::{Job, Mails, Unreadable};
use tamis_common::{json, print};
use tamis_engine::{Action, Answers, Verdict};

use crate::engine::{Transport, With};
use crate::terminal::{colour, progress, say};

/// Judges messages.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  \
    tamis scan ~/Maildir                                   one line a message\n  \
    tamis scan --json mail/ | jq 'select(.action != \"accept\")'\n  \
    tamis scan - < message.eml\n  \
    tamis scan --client-ip 192.0.2.7 --helo mx.example.com --from a@example.com --to b@example.net message.eml\n\n\
    docs/json.md has every field of the JSON.")]
pub(crate) struct Scan {
    /// Files, folders, mailboxes, Maildirs; `-` is standard input
    #[arg(required = true)]
    paths: Vec<PathBuf>,
    /// JSON Lines in place of a table
    #[arg(long)]
    json: bool,
    /// With --json, adds the names of all rules that hit, those that weigh nothing too
    #[arg(long, requires = "json")]
    findings: bool,
    /// Leaves out what varies from run to run
    #[arg(long)]
    stable: bool,
    /// How many threads scan [default: as many as there are cores]
    #[arg(long, value_name = "N")]
    threads: Option<std::num::NonZeroUsize>,
    #[command(flatten)]
    with: With,
    #[command(flatten)]
    transport: Transport,
}

/// Every failure, a line each.
pub(crate) fn all(failures: Vec<Unreadable>) -> String {
    failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

impl Scan {
    /// Scans; true where a message is not accepted.
    pub(crate) fn run(self) -> Result<bool, String> {
        let mut config = self.with.config()?;
        config.threads = self.threads.map_or(config.threads, |threads| threads.get());
        let threads = config.scan_threads();
        let engine = crate::engine::build(config.builder().leaf_threads(threads))?;
        let passed = engine.cf_mistakes().count() + engine.cf_unsupported().count();
        if passed > 0 {
            eprintln!("note: {passed} lines of .cf files are wrong or not supported; tamis rules check names them");
        }
        let mails = Mails::open(&self.paths, config.limits.message_bytes).map_err(all)?;
        let passed_over = mails.passed_over();
        let bar = progress(&self.paths, "scanning", true);
        if !self.json {
            say(&format!("{:<11}{:>7} {:>6}  {:<44} why", "action", "score", "spam", "message"));
        }
        let began = Instant::now();
        let (mut actions, mut bytes, mut failed) = (BTreeMap::<Action, u64>::new(), 0, 0);
        engine.run_many(
            mails,
            threads,
            |worker, job: Job| {
                job.load().map(|message| {
                    let began = Instant::now();
                    worker.find_all(self.findings);
                    let examined = worker.examine(&self.transport.mail(&message));
                    let findings = self.findings.then(|| json::findings(examined.findings()));
                    let verdict = worker.judge(examined, &Answers::new());
                    let elapsed = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
                    (message.path, verdict, findings, elapsed)
                })
            },
            |result| {
                bar.inc(1);
                match result {
                    Ok((path, verdict, findings, elapsed)) => {
                        *actions.entry(verdict.action).or_default() += 1;
                        bytes += verdict.bytes;
                        if self.json {
                            let elapsed = (!self.stable).then_some(elapsed);
                            let Some(findings) = findings else { return say(&json::line(&path, &verdict, elapsed)) };
                            let mut line = json::verdict(&path, &verdict, elapsed);
                            if let Some(object) = line.as_object_mut() {
                                object.insert("findings".into(), findings);
                            }
                            say(&line.to_string());
                        } else {
                            say(&line(&path, &verdict));
                        }
                    }
                    Err(failure) => {
                        failed += 1;
                        if self.json {
                            say(&json::error(&failure.path, &failure.message).to_string());
                        }
                        bar.suspend(|| eprintln!("tamis: {failure}"));
                    }
                }
            },
        );
        bar.finish_and_clear();
        let messages: u64 = actions.values().sum();
        let seconds = began.elapsed().as_secs_f64().max(1e-9);
        let each: Vec<String> = actions.iter().map(|(action, count)| format!("{count} {action}")).collect();
        let megabytes = bytes as f64 / 1e6;
        let speed = match self.stable {
            true => String::new(),
            false => format!(", {:.0} messages/s, {:.1} MB/s", messages as f64 / seconds, megabytes / seconds),
        };
        let notes = match passed_over.count() {
            0 => String::new(),
            count => format!("; {count} other files passed over"),
        };
        eprintln!("{messages} messages, {megabytes:.1} MB{speed}: {}{notes}", each.join(", "));
        match failed {
            0 => Ok(actions.keys().any(|action| *action != Action::Accept)),
            _ => Err(format!("{failed} message(s) could not be read")),
        }
    }
}

/// A row of the table.
fn line(path: &str, verdict: &Verdict) -> String {
    let spam = verdict.spam_probability.map_or(String::new(), |it| format!("{:.1}%", it * 100.0));
    let mut why: Vec<String> =
        verdict.reasons.iter().take(3).map(|it| format!("{} {:+.1}", it.rule, it.score)).collect();
    why.extend(verdict.incomplete.first().map(|gap| format!("not all read: {}", gap.limit.name())));
    // The end of a path tells messages apart.
    let start = path.char_indices().rev().nth(43).map_or(0, |(at, _)| at);
    let shown = print::safe(path.get(start..).unwrap_or(path)).into_owned();
    let row = format!("{:>7.1} {spam:>6}  {shown:<44} {}", verdict.score, why.join(", "));
    let action = format!("{:<11}", verdict.action.name());
    format!("{}{}", colour(verdict.action, &action), print::safe(row.trim_end()))
}

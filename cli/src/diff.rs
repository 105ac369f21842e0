//! `tamis rules diff`: what a change of rules, of the configuration or of the program does to verdicts.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::{Value, json};
use tamis_common::diff::{Change, Diff as Found, Kind, Shift, diff};
use tamis_common::mails::{Job, Mails};
use tamis_common::print;
use tamis_common::recorded::{self, Recorded};

use crate::engine::{Transport, With};
use crate::terminal::{progress, say};

/// Judges mail twice, and shows what differs.
#[derive(Args)]
#[command(
    after_help = "Exit codes: 0 nothing differs, 1 something does, 2 error.",
    after_long_help = "Examples:\n  \
    tamis rules diff --after-rules my-rules ~/mail                  what my rules add to the stock rules\n  \
    tamis rules diff --before-rules old --after-rules new ~/mail    what became of my rules\n  \
    tamis rules diff --before-config a.toml --after-config b.toml ~/mail\n\n\
    Against another version of the program, or mail that took long:\n  \
    tamis scan --json --stable ~/mail > then.jsonl                  with the one version\n  \
    tamis rules diff --before then.jsonl ~/mail                     with the other, in the same folder\n\n\
    Messages with another action come first, then those with another score, then those with the same score for other \
    reasons; each time the score that moved furthest first. Messages are the same where their paths are. \
    Exit codes: 0 nothing differs, 1 something does, 2 error."
)]
pub(crate) struct Diff {
    /// Files, folders and mailboxes of messages
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Recorded verdicts in place of judging: from `tamis scan --json`, or like corpus/verdicts.txt
    #[arg(long, value_name = "FILE", conflicts_with_all = ["before_config", "before_rules"])]
    before: Option<PathBuf>,
    /// The same for the second time; with both no mail is judged
    #[arg(long, value_name = "FILE", conflicts_with_all = ["after_config", "after_rules"])]
    after: Option<PathBuf>,
    /// The configuration for the first time only
    #[arg(long, value_name = "FILE")]
    before_config: Option<PathBuf>,
    /// The configuration for the second time only
    #[arg(long, value_name = "FILE")]
    after_config: Option<PathBuf>,
    /// Adds rules for the first time only
    #[arg(long, value_name = "PATH")]
    before_rules: Vec<PathBuf>,
    /// Adds rules for the second time only
    #[arg(long, value_name = "PATH")]
    after_rules: Vec<PathBuf>,
    /// JSON Lines in place of tables; docs/json.md has the fields
    #[arg(long)]
    json: bool,
    /// How many messages of a kind, and how many rules, a table shows
    #[arg(long, value_name = "N", default_value_t = 30, conflicts_with = "json")]
    most: usize,
    #[command(flatten)]
    with: With,
    #[command(flatten)]
    transport: Transport,
}

impl Diff {
    /// Runs the command; true where something differs.
    pub(crate) fn run(self) -> Result<bool, String> {
        self.check()?;
        let mut unread = 0;
        let before = match &self.before {
            Some(file) => recorded::file(file)?,
            None => self.judge(self.before_config.as_deref(), &self.before_rules, &mut unread)?,
        };
        let after = match &self.after {
            Some(file) => recorded::file(file)?,
            None => self.judge(self.after_config.as_deref(), &self.after_rules, &mut unread)?,
        };
        let found = diff(&before, &after);
        match self.json {
            true => show_json(&found),
            false => show(&found, self.most),
        }
        match unread {
            _ if found.both == 0 && !found.is_any() => Err("there was no message to compare".into()),
            0 if found.both == 0 => Err(
                "no message was judged both times: paths are compared as they are written, so name the mail as it was \
                 named when the verdicts were recorded, from the same folder"
                    .into(),
            ),
            0 => Ok(found.is_any()),
            _ => Err("messages could not be read, and are not compared".into()),
        }
    }

    /// What is asked for must make sense before mail is judged for minutes.
    fn check(&self) -> Result<(), String> {
        let (before, after) = (self.before.is_some(), self.after.is_some());
        let differs = self.before_config.is_some() || self.after_config.is_some();
        let differs = differs || !self.before_rules.is_empty() || !self.after_rules.is_empty();
        if !before && !after && !differs {
            return Err("nothing differs between the two times\n  help: --before FILE names recorded verdicts; \
                        --before-rules, --after-rules, --before-config and --after-config what to judge with"
                .into());
        }
        match (before && after, self.paths.is_empty()) {
            (true, false) => Err("with --before and --after no mail is judged\n  help: leave the paths out".into()),
            (false, true) => Err("there is no mail to judge\n  help: name files, folders or mailboxes".into()),
            _ if !before && !after && self.paths.iter().any(|path| path.as_os_str() == "-") => {
                Err("standard input can be read once, and mail is judged twice\n  help: name a file".into())
            }
            _ => Ok(()),
        }
    }

    /// Judges all messages. What could not be read is told, once a message, and counted.
    fn judge(&self, config: Option<&Path>, rules: &[PathBuf], unread: &mut u64) -> Result<Vec<Recorded>, String> {
        let (config, engine) = self.with.but(config, rules).engine()?;
        let mails = Mails::open(&self.paths, config.limits.message_bytes).map_err(crate::scan::all)?;
        let bar = progress(&self.paths, "judging", false);
        let (mut all, tell) = (Vec::new(), *unread == 0);
        engine.run_many(
            mails,
            config.scan_threads(),
            |worker, job: Job| {
                job.load().map(|message| {
                    let verdict = worker.scan(&self.transport.mail(&message));
                    Recorded::of(&message.path, &verdict)
                })
            },
            |result| {
                bar.inc(1);
                match result {
                    Ok(one) => all.push(one),
                    Err(failure) => {
                        *unread += 1;
                        if tell {
                            bar.suspend(|| eprintln!("tamis: {failure}"));
                        }
                    }
                }
            },
        );
        bar.finish_and_clear();
        Ok(all)
    }
}

/// The tables, and a sentence at their end.
fn show(found: &Found<'_>, most: usize) {
    for (kind, title) in [
        (Kind::Action, "Another action"),
        (Kind::Score, "The same action, another score"),
        (Kind::Reasons, "The same score, other reasons"),
    ] {
        let count = found.of(kind).count();
        if count == 0 {
            continue;
        }
        say(&format!("{title}: {count}"));
        for change in found.of(kind).take(most) {
            say(&format!("  {}", row(change)));
        }
        rest(count, most);
        say("");
    }
    if !found.rules.is_empty() {
        say(&format!("{:>9} {:>7} {:>7} {:>7} {:>9}  rule", "before", "after", "gained", "lost", "rescored"));
        for (name, hits) in found.rules.iter().take(most) {
            let name = print::safe(name);
            let (gained, lost) = (sign('+', hits.gained), sign('-', hits.lost));
            say(&format!("{:>9} {:>7} {gained:>7} {lost:>7} {:>9}  {name}", hits.before, hits.after, hits.rescored));
        }
        rest(found.rules.len(), most);
        say("");
    }
    for (what, paths) in [("before", &found.gone), ("after", &found.new)] {
        if !paths.is_empty() {
            say(&format!("Judged {what} only: {}", paths.len()));
            paths.iter().take(most).for_each(|path| say(&format!("  {}", print::safe(path))));
            rest(paths.len(), most);
            say("");
        }
    }
    let (stricter, milder) = turns(found);
    let other = found.changes.len() as u64;
    let once = match found.gone.len() + found.new.len() {
        0 => String::new(),
        once => format!("; {once} judged once only"),
    };
    say(&format!(
        "{} messages: {} with another action ({stricter} stricter, {milder} milder), {} with another score, {} with other \
         reasons, {} as before{once}",
        found.both,
        stricter + milder,
        found.of(Kind::Score).count(),
        found.of(Kind::Reasons).count(),
        found.both.saturating_sub(other),
    ));
}

fn rest(count: usize, most: usize) {
    if count > most {
        say(&format!("  ... and {} more (--most N)", count - most));
    }
}

fn sign(sign: char, count: u64) -> String {
    if count == 0 { String::new() } else { format!("{sign}{count}") }
}

/// Messages with a stricter action, and with a milder one.
fn turns(found: &Found<'_>) -> (usize, usize) {
    let (stricter, all) =
        (found.of(Kind::Action).filter(|it| it.after.action > it.before.action), found.of(Kind::Action));
    let stricter = stricter.count();
    (stricter, all.count() - stricter)
}

/// A message of the tables: action, score, path, and what makes the difference.
fn row(change: &Change<'_>) -> String {
    let (before, after) = (change.before, change.after);
    let action = match change.kind {
        Kind::Action => format!("{} -> {}", before.action, after.action),
        _ => after.action.to_string(),
    };
    let score = match change.kind {
        Kind::Reasons => format!("{:.1}", after.score),
        _ => format!("{:.1} -> {:.1}", before.score, after.score),
    };
    let shifts = change.shifts();
    let mut why: Vec<String> = shifts.iter().take(4).map(shift).collect();
    if shifts.len() > why.len() {
        why.push(format!("and {} more", shifts.len() - why.len()));
    }
    format!("{action:<20} {score:>14}  {}  {}", print::safe(&after.path), print::safe(&why.join(", ")))
}

/// `+rule 2.0` where it hits now, `-rule 2.0` where it did, `rule 2.0 -> 3.0` where it weighs something else.
fn shift((rule, before, after): &Shift<'_>) -> String {
    match (before, after) {
        (None, Some(after)) => format!("+{rule} {after:.1}"),
        (Some(before), None) => format!("-{rule} {before:.1}"),
        // The tenths that are shown may be the same.
        (Some(before), Some(after)) if (before - after).abs() < 0.1 => format!("{rule} {before:.3} -> {after:.3}"),
        (before, after) => format!("{rule} {:.1} -> {:.1}", before.unwrap_or(0.0), after.unwrap_or(0.0)),
    }
}

fn show_json(found: &Found<'_>) {
    let said = |it: &Recorded| json!({"action": it.action.name(), "score": it.score});
    for change in &found.changes {
        let reasons = change.shifts().into_iter();
        let reasons = reasons.map(|(rule, before, after)| json!({"rule": rule, "before": before, "after": after}));
        say(&json!({
            "type": "change",
            "kind": change.kind.name(),
            "path": change.after.path,
            "before": said(change.before),
            "after": said(change.after),
            "reasons": reasons.collect::<Vec<Value>>(),
        })
        .to_string());
    }
    for (rule, hits) in &found.rules {
        say(&json!({
            "type": "rule",
            "rule": rule,
            "before": hits.before,
            "after": hits.after,
            "gained": hits.gained,
            "lost": hits.lost,
            "rescored": hits.rescored,
        })
        .to_string());
    }
    let (stricter, milder) = turns(found);
    say(&json!({
        "type": "summary",
        "messages": found.both,
        "stricter": stricter,
        "milder": milder,
        "rescored": found.of(Kind::Score).count(),
        "other_reasons": found.of(Kind::Reasons).count(),
        "before_only": found.gone,
        "after_only": found.new,
    })
    .to_string());
}

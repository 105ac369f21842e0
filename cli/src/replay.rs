//! `tamis replay`: a run that learns as it goes: each message is scored, then learned.

use std::fmt::Write;
use std::path::PathBuf;

use clap::Args;
use tamis_common::mails::Mails;
use tamis_common::print;
use tamis_common::reduce::Kept;
use tamis_engine::{EngineBuilder, Label, Learner, Limits, Mail};

use crate::engine::build;
use crate::evaluate::{By, Scored, report};
use crate::picture::{Beside, Curve, page};
use crate::terminal::say;
use crate::train::Whole;

/// Messages in the order in which they came, each scored before it is learned.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  \
    tamis replay corpus/index                       lines `ham PATH` or `spam PATH`, in the order of arrival\n  \
    tamis replay corpus/index --picture curves.html the learning curve and the ROC curve, to look at\n\n\
    Starts with an empty model, or with --model. Paths are relative to the index. A line a message: LABEL SCORE PATH; the \
    measures follow on standard error.")]
pub(crate) struct Replay {
    /// The index
    index: PathBuf,
    /// Starts from this model in place of an empty one
    #[arg(long, value_name = "FILE")]
    model: Option<PathBuf>,
    /// Looks only at the header fields that are named in this file, one a line: `Subject`, `Content-*`
    #[arg(long, value_name = "FILE")]
    keep_headers: Option<PathBuf>,
    /// Which score counts
    #[arg(long, value_enum, default_value_t = By::Bayes)]
    by: By,
    /// Draws the ROC and learning curves into this file: HTML, or SVG alone by its name
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
}

impl Replay {
    /// Replays.
    pub(crate) fn run(self) -> Result<bool, String> {
        let shown = print::from_path(&self.index).into_owned();
        let text = std::fs::read_to_string(&self.index).map_err(|error| format!("{shown}: cannot be read: {error}"))?;
        let folder = self.index.parent().unwrap_or(std::path::Path::new(""));
        let mut entries = Vec::new();
        for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
            let wrong = || format!("{shown}:{}: write `ham PATH` or `spam PATH`", number + 1);
            let (label, path) = line.trim().split_once([' ', '\t']).ok_or_else(wrong)?;
            let label = match label.to_ascii_lowercase().as_str() {
                "ham" => Label::Ham,
                "spam" => Label::Spam,
                _ => return Err(wrong()),
            };
            entries.push((label, folder.join(path.trim())));
        }
        let kept = self.keep_headers.as_deref().map(Kept::file).transpose()?;
        let picture = self.picture.as_deref().map(Whole::create).transpose()?;
        let mut learner = match &self.model {
            None => Learner::new(),
            Some(path) => {
                let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", print::from_path(path)))?;
                Learner::from_model(&bytes).map_err(|wrong| format!("{}: {wrong}", print::from_path(path)))?
            }
        };
        let limits = Limits::default();
        let engine = build(EngineBuilder::new().limits(limits.clone()))?;
        let mut worker = engine.worker();
        let mut scored = Vec::with_capacity(entries.len());
        for (label, path) in entries {
            let mut mails = Mails::open(std::slice::from_ref(&path), limits.message_bytes).map_err(crate::scan::all)?;
            let job = mails.next().ok_or_else(|| format!("{}: there is no message", print::from_path(&path)))?;
            let message = job.load().map_err(|failure| failure.to_string())?;
            let raw = kept.as_ref().map(|kept| kept.reduce(&message.raw)).unwrap_or(message.raw);
            let tokens = worker.token_set(&Mail::new(&raw));
            let scores = learner.score(&tokens);
            let score = match self.by {
                By::Bayes => scores.log_odds,
                By::NaiveBayes => scores.naive_bayes,
                By::Logistic => scores.logistic.unwrap_or_default(),
                By::Total | By::Rules => {
                    return Err("replay scores by the model: --by bayes, naive-bayes, logistic".into());
                }
            };
            learner.learn(&tokens, label);
            let mut line = String::new();
            let _ = write!(line, "{} {score} {}", crate::evaluate::name(label), print::safe(&message.path));
            say(&line);
            scored.push(Scored { score, label, path: message.path });
        }
        let report = report(&scored, 0.0, self.by)?;
        eprintln!("{report}");
        if let Some(picture) = picture {
            let name = print::safe(&shown).into_owned();
            let curve = Curve { name, scores: scored.iter().map(|it| (it.score, it.label)).collect() };
            picture.write(page(&[curve], &report, self.picture.as_deref(), Beside::Learning).as_bytes())?;
        }
        Ok(false)
    }
}

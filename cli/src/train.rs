//! `tamis train`: labelled messages -> a model file and its card.

use std::path::{Path, PathBuf};

use clap::Args;
use tamis_common::config::Config;
use tamis_common::mails::Mails;
use tamis_common::measure::{Confusion, one_minus_roca_percent};
use tamis_common::reduce::Kept;
use tamis_common::{print, time};
use tamis_engine::{Engine, EngineBuilder, Label, Mail, TokenSet, TrainedModel, Trainer};

use crate::terminal::{progress, say};

/// Labelled messages.
#[derive(Args)]
pub(crate) struct Labelled {
    /// Wanted mail: files, folders, mailboxes, Maildirs
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub(crate) ham: Vec<PathBuf>,
    /// Unwanted mail
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    pub(crate) spam: Vec<PathBuf>,
    /// Looks only at the header fields that are named in this file, one a line: `Subject`, `Content-*`
    #[arg(long, value_name = "FILE")]
    keep_headers: Option<PathBuf>,
}

impl Labelled {
    /// The header fields that stay; none where all do.
    pub(crate) fn kept(&self) -> Result<Option<Kept>, String> {
        self.keep_headers.as_deref().map(Kept::file).transpose()
    }

    /// Does `work` for each message on all threads, and hands over what came of it, ham first. Every failure is told at the
    /// end, as one error.
    pub(crate) fn each<R: Send>(
        &self,
        engine: &Engine,
        config: &Config,
        what: &'static str,
        work: impl Fn(&mut tamis_engine::Worker<'_>, &str, &Mail<'_>) -> R + Sync,
        mut done: impl FnMut(R, Label),
    ) -> Result<(), String> {
        let kept = self.kept()?;
        let mut failures = Vec::new();
        for (paths, label) in [(&self.ham, Label::Ham), (&self.spam, Label::Spam)] {
            let mails = Mails::open(paths, config.limits.message_bytes).map_err(crate::scan::all)?;
            let bar = progress(paths, what, false);
            engine.run_many(
                mails,
                config.scan_threads(),
                |worker, job| {
                    job.load().map(|message| {
                        let reduced = kept.as_ref().map(|kept| kept.reduce(&message.raw));
                        work(worker, &message.path, &Mail::new(reduced.as_deref().unwrap_or(&message.raw)))
                    })
                },
                |result| {
                    bar.inc(1);
                    match result {
                        Ok(it) => done(it, label),
                        Err(failure) => failures.push(failure.to_string()),
                    }
                },
            );
            bar.finish_and_clear();
        }
        if failures.is_empty() { Ok(()) } else { Err(failures.join("\n")) }
    }

    /// The tokens of all messages.
    pub(crate) fn tokens(&self, config: &Config) -> Result<Vec<(TokenSet, Label)>, String> {
        let engine = crate::engine::build(EngineBuilder::new().limits(config.limits.clone()))?;
        let mut found = Vec::new();
        self.each(
            &engine,
            config,
            "reading",
            |worker, _, mail| worker.token_set(mail),
            |tokens, label| {
                found.push((tokens, label));
            },
        )?;
        Ok(found)
    }
}

/// Fits a Bayes model.
#[derive(Args)]
#[command(
    after_long_help = "Example:\n  tamis train --ham ~/Maildir/.Archive --spam ~/Maildir/.Junk --out own.model\n\n\
    The same messages, in any order, give the same file. The card says how well the model does on messages that it had not \
    learned (five folds). Use it by --model own.model, or as `model` in [bayes] of the configuration."
)]
pub(crate) struct Train {
    #[command(flatten)]
    mail: Labelled,
    /// Where to write the model
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
}

impl Train {
    /// Trains, writes the model and prints its card.
    pub(crate) fn run(self) -> Result<bool, String> {
        let place = Whole::create(&self.out)?;
        let mut trainer = Trainer::new();
        for (tokens, label) in self.mail.tokens(&Config::default())? {
            trainer.learn(tokens, label);
        }
        let model = trainer.fit()?;
        place.write(&model.bytes)?;
        say(&card(&self.out, &model));
        Ok(false)
    }
}

/// What the model is and how well it does, for whoever keeps it.
fn card(out: &Path, model: &TrainedModel) -> String {
    let by = |expert: usize| -> Vec<(f64, Label)> {
        model.held_out.iter().map(|(scores, label)| (scores.get(expert).copied().unwrap_or(0.0), *label)).collect()
    };
    let together = by(0);
    let confusion = Confusion::at(0.0, &together);
    let percent = |it: Option<f64>| it.map_or("-".to_owned(), |it| format!("{it:.3} %"));
    let command: Vec<String> = std::env::args().skip(1).collect();
    let seconds = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).map_or(0, |it| it.as_secs());
    let today = time::to_text(i64::try_from(seconds).unwrap_or(0));
    format!(
        "model           {} ({} bytes)\n\
         learned         {} ham, {} spam\n\
         when            {}\n\
         by              tamis {} ({})\n\
         held out        five folds, each message scored by a model that had not learned it\n\
         1-ROCA          {} (naive Bayes alone {}, logistic expert alone {})\n\
         LAM             {}\n\
         ham taken       {} of {}, at log-odds 0\n\
         spam missed     {} of {}",
        print::safe(&print::from_path(out)),
        model.bytes.len(),
        confusion.ham(),
        confusion.spam(),
        today.split('T').next().unwrap_or_default(),
        print::safe(&command.join(" ")),
        env!("CARGO_PKG_VERSION"),
        percent(one_minus_roca_percent(&together)),
        percent(one_minus_roca_percent(&by(1))),
        percent(one_minus_roca_percent(&by(2))),
        percent(confusion.lam_percent()),
        confusion.ham_lost,
        confusion.ham(),
        confusion.spam_missed,
        confusion.spam(),
    )
}

/// A file that is there whole or not at all: written beside its place, and moved there at the end. Made at the start, so
/// that a folder that cannot be written to is told before an hour's work.
pub(crate) struct Whole {
    beside: PathBuf,
    place: PathBuf,
}

impl Whole {
    pub(crate) fn create(place: &Path) -> Result<Whole, String> {
        let mut beside = place.as_os_str().to_owned();
        beside.push(".part");
        let beside = PathBuf::from(beside);
        let cannot = |error: std::io::Error| format!("{}: cannot be written: {error}", print::from_path(place));
        if place.is_dir() {
            return Err(format!("{}: cannot be written: it is a folder", print::from_path(place)));
        }
        std::fs::File::create(&beside).map_err(cannot)?;
        Ok(Whole { beside, place: place.to_owned() })
    }

    pub(crate) fn write(self, bytes: &[u8]) -> Result<(), String> {
        let written = std::fs::write(&self.beside, bytes).and_then(|()| std::fs::rename(&self.beside, &self.place));
        written.map_err(|error| format!("{}: cannot be written: {error}", print::from_path(&self.place)))
    }
}

impl Drop for Whole {
    fn drop(&mut self) {
        // There is nothing to remove once it is in its place.
        let _ = std::fs::remove_file(&self.beside);
    }
}

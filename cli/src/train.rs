//! `tamis train`: labelled messages -> a model file.

use std::path::PathBuf;

use clap::Args;
use tamis_common::mails::Mails;
use tamis_engine::{EngineBuilder, Label, Limits, Mail, Trainer};

/// Fits a Bayes model.
#[derive(Args)]
pub(crate) struct Train {
    /// Wanted mail
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    ham: Vec<PathBuf>,
    /// Unwanted mail
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    spam: Vec<PathBuf>,
    /// Where to write the model
    #[arg(long, value_name = "MODEL")]
    out: PathBuf,
}

impl Train {
    /// Trains, and says how well the model does on messages that it had not learned.
    pub(crate) fn run(self) -> Result<bool, String> {
        let engine = EngineBuilder::new().build().map_err(|error| error.to_string())?;
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let mut trainer = Trainer::new();
        for (paths, label) in [(&self.ham, Label::Ham), (&self.spam, Label::Spam)] {
            let mails = Mails::open(paths, Limits::default().message_bytes)
                .map_err(|failures| failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
            let mut failures = Vec::new();
            engine.run_many(
                mails,
                threads,
                |worker, job| job.load().map(|message| worker.token_set(&Mail::new(&message.raw))),
                |result| match result {
                    Ok(tokens) => trainer.learn(tokens, label),
                    Err(failure) => failures.push(failure.to_string()),
                },
            );
            if !failures.is_empty() {
                return Err(failures.join("\n"));
            }
        }
        let messages = trainer.len();
        let model = trainer.fit()?;
        std::fs::write(&self.out, &model.bytes).map_err(|error| format!("{}: {error}", self.out.display()))?;
        let wrong = |class: Label| {
            model
                .held_out
                .iter()
                .filter(|(score, label)| *label == class && (*score > 0.0) == (class == Label::Ham))
                .count()
        };
        crate::say(&format!(
            "{messages} messages, {} bytes; held out in five folds: {} ham taken for spam, {} spam missed",
            model.bytes.len(),
            wrong(Label::Ham),
            wrong(Label::Spam)
        ));
        Ok(false)
    }
}

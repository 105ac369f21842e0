//! `tamis evaluate`: how well labelled messages are told apart.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tamis_common::config::{Config, Model};
use tamis_common::measure::{
    Confusion, HAM_BELOW, SPAM_FROM, interval, one_minus_roca_percent, reliability, share_interval,
};
use tamis_common::print;
use tamis_engine::{Engine, Label, Trainer, Verdict};

use crate::engine::{With, build};
use crate::picture::{Beside, Curve, page};
use crate::terminal::say;
use crate::train::{Labelled, Whole};

/// How many of the worst mistakes of each class are shown.
const WORST: usize = 10;

/// How well labelled messages are told apart.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  \
    tamis evaluate --ham good/ --spam bad/                     rules, lists and model together\n  \
    tamis evaluate --ham good/ --spam bad/ --by bayes --folds 5  a model of this mail, by cross-validation\n  \
    tamis evaluate --ham good/ --spam bad/ --scores scores.txt   LABEL SCORE PATH, a line a message\n\n\
    1-ROCA % is the chance that a message of ham scores above one of spam; LAM % averages the shares of ham lost and spam \
    missed. Lower is better for both. In brackets: 95 % intervals, as if the messages had been drawn at random.")]
pub(crate) struct Evaluate {
    #[command(flatten)]
    mail: Labelled,
    /// Which score counts
    #[arg(long, value_enum, default_value_t = By::Total)]
    by: By,
    /// Writes LABEL SCORE PATH a line
    #[arg(long, value_name = "FILE")]
    scores: Option<PathBuf>,
    /// Scores each message by a model that learned the other K-1 parts, in place of the configured model
    #[arg(long, value_name = "K", value_parser = clap::value_parser!(u64).range(2..=100))]
    folds: Option<u64>,
    /// Draws the ROC curve, and with --by bayes how often what was said was so, into this file: HTML, or SVG alone by its name
    #[arg(long, value_name = "FILE")]
    picture: Option<PathBuf>,
    #[command(flatten)]
    with: With,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// The score of the verdict: rules and model
    Total,
    /// The log-odds of the model: of all its experts together
    Bayes,
    /// The log-odds of naive Bayes alone
    NaiveBayes,
    /// The log-odds of the logistic expert alone
    Logistic,
    /// The score of the rules alone
    Rules,
}

/// A message with its score.
pub(crate) struct Scored {
    pub(crate) score: f64,
    pub(crate) label: Label,
    pub(crate) path: String,
}

impl Evaluate {
    /// Measures.
    pub(crate) fn run(self) -> Result<bool, String> {
        let mut config = self.with.config()?;
        if self.by == By::Rules {
            if self.folds.is_some() {
                return Err("--folds is for the model, and --by rules leaves it out".into());
            }
            config.model = Model::Off;
        }
        let file = self.scores.as_deref().map(Whole::create).transpose()?;
        let picture = self.picture.as_deref().map(Whole::create).transpose()?;
        let scored = match self.folds {
            None => self.score(&config, &build(config.builder())?, |_| true)?,
            Some(folds) => self.by_folds(&config, folds)?,
        };
        if let Some(file) = file {
            let mut out = String::new();
            for it in &scored {
                let _ = writeln!(out, "{} {} {}", name(it.label), it.score, print::safe(&it.path));
            }
            file.write(out.as_bytes())?;
        }
        let threshold = match self.by {
            By::Bayes | By::NaiveBayes | By::Logistic => 0.0,
            By::Total | By::Rules => config.policy.inbound.tag.unwrap_or(5.0),
        };
        let report = report(&scored, threshold, self.by)?;
        say(&report);
        if let Some(picture) = picture {
            let scores = scored.iter().map(|it| (it.score, it.label)).collect();
            let name = self.by.to_possible_value().map_or(String::new(), |it| it.get_name().to_owned());
            let beside = if self.by == By::Bayes { Beside::Reliability } else { Beside::Nothing };
            let page = page(&[Curve { name, scores }], &report, self.picture.as_deref(), beside);
            picture.write(page.as_bytes())?;
        }
        Ok(false)
    }

    /// Scores the messages whose digest `wanted` takes.
    fn score(
        &self,
        config: &Config,
        engine: &Engine,
        wanted: impl Fn(u64) -> bool + Sync,
    ) -> Result<Vec<Scored>, String> {
        let mut scored = Vec::new();
        self.mail.each(
            engine,
            config,
            "scoring",
            |worker, path, mail| {
                if !wanted(digest(mail.raw)) {
                    return Ok(None);
                }
                let verdict = worker.scan(mail);
                self.of(&verdict).map(|score| Some((score, path.to_owned())))
            },
            |result: Result<Option<(f64, String)>, String>, label| {
                scored.push(result.map(|it| it.map(|(score, path)| Scored { score, label, path })));
            },
        )?;
        scored.into_iter().filter_map(Result::transpose).collect()
    }

    fn of(&self, verdict: &Verdict) -> Result<f64, String> {
        match self.by {
            By::Total | By::Rules => Ok(verdict.score),
            By::Bayes => verdict.bayes_score.ok_or_else(no_model),
            By::NaiveBayes => verdict.naive_bayes_score.ok_or_else(no_model),
            By::Logistic => verdict.logistic_score.ok_or_else(no_model),
        }
    }

    fn by_folds(&self, config: &Config, folds: u64) -> Result<Vec<Scored>, String> {
        let tokens = self.mail.tokens(config)?;
        let mut scored = Vec::new();
        for fold in 0..folds {
            let mut trainer = Trainer::new();
            for (tokens, label) in tokens.iter().filter(|(tokens, _)| tokens.digest() % folds != fold) {
                trainer.learn(tokens.clone(), *label);
            }
            let model = trainer.fit().map_err(|error| format!("part {} of {folds}: {error}", fold + 1))?;
            let engine = build(config.builder().model_bytes("fold", model.bytes))?;
            scored.extend(self.score(config, &engine, |digest| digest % folds == fold)?);
        }
        Ok(scored)
    }
}

fn no_model() -> String {
    "there is no model to score by\n  help: name one by --model".into()
}

/// What deals messages into folds: the same for the same message, wherever it lies.
fn digest(raw: &[u8]) -> u64 {
    tamis_engine::TokenSet::digest_of(raw)
}

pub(crate) fn name(label: Label) -> &'static str {
    match label {
        Label::Ham => "ham",
        Label::Spam => "spam",
    }
}

/// The figures as text.
pub(crate) fn report(scored: &[Scored], threshold: f64, by: By) -> Result<String, String> {
    let scores: Vec<(f64, Label)> = scored.iter().map(|it| (it.score, it.label)).collect();
    // A score that equals a threshold reaches it; log-odds of 0 are no sign of spam.
    let by_model = matches!(by, By::Bayes | By::NaiveBayes | By::Logistic);
    let least = if by_model { threshold } else { threshold - 1e-9 };
    let confusion = Confusion::at(least, &scores);
    if confusion.ham() == 0 || confusion.spam() == 0 {
        return Err("both ham and spam are needed, and one of them has no messages".into());
    }
    let what = match by {
        By::Total => "score",
        By::Bayes => "log-odds of the model",
        By::NaiveBayes => "log-odds of naive Bayes",
        By::Logistic => "log-odds of the logistic expert",
        By::Rules => "score of the rules",
    };
    let (from, below) = if by_model { ("above", "not above") } else { ("from", "below") };
    let mut out = format!(
        "{} ham and {} spam, by the {what}; spam is what is {from} {threshold}\n\n\
         {:<22}{:>8}{:>8}\n{:<22}{:>8}{:>8}\n{:<22}{:>8}{:>8}\n\n",
        confusion.ham(),
        confusion.spam(),
        "",
        "ham",
        "spam",
        format!("{below} {threshold}"),
        confusion.ham_kept,
        confusion.spam_missed,
        format!("{from} {threshold}"),
        confusion.ham_lost,
        confusion.spam_caught,
    );
    let share = |out: &mut String, what: &str, count: u64, of: u64| {
        let (low, high) = share_interval(count, of).unwrap_or_default();
        let percent = 100.0 * count as f64 / of.max(1) as f64;
        let _ = writeln!(
            out,
            "{what:<20} {count:>6} of {of:<6} {percent:>7.3} %  [{:.3} - {:.3}]",
            100.0 * low,
            100.0 * high
        );
    };
    let wrong = confusion.ham_lost + confusion.spam_missed;
    share(&mut out, "misclassified", wrong, confusion.ham() + confusion.spam());
    share(&mut out, "ham taken for spam", confusion.ham_lost, confusion.ham());
    share(&mut out, "spam missed", confusion.spam_missed, confusion.spam());
    let lam = |scores: &[(f64, Label)]| Confusion::at(least, scores).lam_percent();
    if by == By::Bayes {
        // Three answers, at thresholds that hold on mail of other sites and years as well: docs/why/bayes.md.
        let count = |label, wanted: &dyn Fn(f64) -> bool| {
            scores.iter().filter(|it| it.1 == label && wanted(it.0)).count() as u64
        };
        let _ = writeln!(
            out,
            "\nwith a band between, where the model is not sure: spam from {SPAM_FROM}, ham below {HAM_BELOW}"
        );
        share(&mut out, "ham taken for spam", count(Label::Ham, &|it| it >= SPAM_FROM), confusion.ham());
        share(&mut out, "spam taken for ham", count(Label::Spam, &|it| it < HAM_BELOW), confusion.spam());
        let unsure = |it: f64| (HAM_BELOW..SPAM_FROM).contains(&it);
        share(&mut out, "ham not sure", count(Label::Ham, &unsure), confusion.ham());
        share(&mut out, "spam not sure", count(Label::Spam, &unsure), confusion.spam());
        out.push('\n');
    }
    if by == By::Bayes {
        let _ = writeln!(out, "probability said      messages  mean said     spam, %  [95 %]");
        for it in reliability(&scores) {
            let (low, high) = share_interval(it.spam, it.messages).unwrap_or_default();
            let percent = |share: f64| 100.0 * share;
            let _ = writeln!(
                out,
                "{:<5} to {:<12} {:>8} {:>9.2} % {:>10.2}   [{:.2} - {:.2}]",
                it.from,
                it.below.min(1.0),
                it.messages,
                percent(it.said),
                percent(it.spam as f64 / it.messages.max(1) as f64),
                percent(low),
                percent(high)
            );
        }
        out.push('\n');
    }
    let mut measure = |what: &str, value: Option<f64>, bounds: Option<(f64, f64)>| {
        let (low, high) = bounds.unwrap_or_default();
        let _ = writeln!(out, "{what:<37} {:>7.3} %  [{low:.3} - {high:.3}]", value.unwrap_or(0.0));
    };
    measure("LAM", confusion.lam_percent(), interval(&scores, lam));
    measure("1-ROCA", one_minus_roca_percent(&scores), interval(&scores, one_minus_roca_percent));
    for (label, title) in [(Label::Ham, "worst ham"), (Label::Spam, "worst spam")] {
        let mut worst: Vec<&Scored> =
            scored.iter().filter(|it| it.label == label && (it.score > least) == (label == Label::Ham)).collect();
        worst.sort_by(|a, b| match label {
            Label::Ham => b.score.total_cmp(&a.score),
            Label::Spam => a.score.total_cmp(&b.score),
        });
        if !worst.is_empty() {
            let _ = writeln!(out, "\n{title}");
        }
        for it in worst.iter().take(WORST) {
            let _ = writeln!(out, "{:>9.2}  {}", it.score, print::safe(&it.path));
        }
    }
    Ok(out.trim_end().to_owned())
}

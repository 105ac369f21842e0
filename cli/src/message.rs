//! `tamis explain`, `facts` and `parts`: one message, looked at closely.

use std::path::PathBuf;

use clap::Args;
use tamis_common::mails::Mails;
use tamis_common::{json, print};
use tamis_engine::{FactValue, Limits, Mail};

use crate::engine::With;
use crate::say;

/// One message.
#[derive(Args)]
pub(crate) struct One {
    /// The message; `-` is standard input
    file: PathBuf,
    /// JSON in place of text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    with: With,
}

impl One {
    fn read(&self) -> Result<Vec<u8>, String> {
        let paths = std::slice::from_ref(&self.file);
        let mut mails = Mails::open(paths, Limits::default().message_bytes)
            .map_err(|failures| failures.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
        let job = mails.next().ok_or("there is no message")?;
        Ok(job.load().map_err(|failure| failure.to_string())?.raw)
    }

    /// Every reason with its place, and the tokens that moved the Bayes score.
    pub(crate) fn explain(self) -> Result<bool, String> {
        let (engine, raw) = (self.with.engine(1)?, self.read()?);
        let (mut worker, mail) = (engine.worker(), Mail::new(&raw));
        let verdict = worker.scan(&mail);
        if self.json {
            say(&json::verdict(&self.file.display().to_string(), &verdict, None).to_string());
            return Ok(false);
        }
        say(&format!("{} with a score of {:.1}", verdict.action, verdict.score));
        for reason in &verdict.reasons {
            say(&format!("\n  {:+.1}  {}: {}", reason.score, reason.rule, print::safe(&reason.explanation)));
            let place = &reason.place;
            say(&format!("        in {} {} at {}", print::safe(&place.path), place.view, place.offset));
            say(&format!("        {}", print::safe(&reason.evidence)));
            say(&format!("        without this reason the score would be {:.1}", reason.without));
        }
        if let (Some(probability), Some(score)) = (verdict.spam_probability, verdict.bayes_score) {
            say(&format!("\nBayes: probability of spam {probability:.4} (log-odds {score:.2})"));
            for token in worker.tokens(&mail, 15) {
                let text = print::safe(&token.token).into_owned();
                say(&format!("  {:+.3}  {text}  ({} ham, {} spam)", token.weight, token.ham, token.spam));
            }
        }
        for defect in &verdict.defects {
            say(&format!("\ndefect {}: {}", defect.kind.name(), defect.kind.explanation()));
        }
        for gap in &verdict.incomplete {
            say(&format!("\nnot looked at ({}): {}", gap.limit.name(), print::safe(&gap.explanation)));
        }
        Ok(false)
    }

    /// Every fact by its name.
    pub(crate) fn facts(self) -> Result<bool, String> {
        let (engine, raw) = (self.with.engine(1)?, self.read()?);
        let facts = engine.worker().facts(&Mail::new(&raw));
        if self.json {
            say(&json::facts(&facts).to_string());
        } else {
            facts.iter().for_each(|(name, value)| fact(name, value));
        }
        Ok(false)
    }

    /// Every item with its path, kind, size, name and hash.
    pub(crate) fn parts(self) -> Result<bool, String> {
        let (engine, raw) = (self.with.engine(1)?, self.read()?);
        let (defects, gaps) = engine.worker().items(&Mail::new(&raw), |item| {
            let hash: String = item.sha256.iter().flatten().map(|byte| format!("{byte:02x}")).collect();
            let path = match &*item.place.path {
                "" => "(message)",
                path => path,
            };
            let names = item.names.join(", ");
            say(&format!(
                "{:>4}  {:<30} {:<12} {:>10}  {:<24} {} {hash}",
                item.place.item,
                print::safe(path),
                item.kind,
                item.size,
                item.declared_type,
                print::safe(&names)
            ));
        });
        defects.iter().for_each(|it| say(&format!("defect {} in {}", it.kind.name(), print::safe(&it.place.path))));
        for gap in &gaps {
            let path = print::safe(&gap.place.path).into_owned();
            say(&format!("not looked at ({}) in {path}: {}", gap.limit.name(), print::safe(&gap.explanation)));
        }
        Ok(false)
    }
}

fn fact(name: &str, value: &FactValue) {
    match value {
        FactValue::Absent => {}
        FactValue::Record(fields) => fields.iter().for_each(|(inner, value)| fact(&format!("{name}.{inner}"), value)),
        FactValue::List(list) => {
            list.iter().enumerate().for_each(|(number, value)| fact(&format!("{name}[{number}]"), value));
        }
        FactValue::Bool(it) => say(&format!("{name} = {it}")),
        FactValue::Int(it) => say(&format!("{name} = {it}")),
        FactValue::Timestamp(it) => say(&format!("{name} = {}", tamis_common::time::to_text(*it))),
        FactValue::Text(it) => say(&format!("{} = \"{}\"", print::safe(name), print::safe(it))),
        _ => {}
    }
}

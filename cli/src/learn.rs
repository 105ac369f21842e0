//! `tamis learn`: adds messages to the model in use, and takes them back.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use tamis_common::learned::{Outcome, Store, Writer};
use tamis_common::mails::Mails;
use tamis_common::reduce::Kept;
use tamis_common::{print, time};
use tamis_engine::{EngineBuilder, Label, Mail, TokenSet};

use crate::engine::{With, build};
use crate::terminal::{progress, say};

/// Teaches the model in use.
#[derive(Args)]
#[command(after_long_help = "Examples:\n  \
    tamis learn spam ~/Maildir/.Junk               learns what lies there, each message once\n  \
    tamis learn ham missed.eml                     also takes it back as spam, if it was learned as that\n  \
    tamis learn spam wrong.eml --forget            takes a message back\n  \
    tamis learn spam - --attached <report.eml      learns the messages that are attached to a user's report\n  \
    tamis learn --list                             what was learned, by whom, and when\n  \
    tamis learn --forget-id 0123456789abcdef0123456789abcdef\n  \
    tamis learn ham news.eml --user ann@example.com  counts for ann's mail alone\n  \
    tamis learn --merge other-host/learned         learns what another host has learned\n\n\
    What is learned lies beside the model, or where learned in [bayes] of the configuration says; tamis scan and a running \
    tamis serve use it from then on. Several may learn at once. docs/learning.md has more.")]
pub(crate) struct Learn {
    /// What the messages are
    #[arg(required_unless_present_any = ["list", "forget_id", "merge"])]
    label: Option<What>,
    /// Files, folders, mailboxes, Maildirs, `-` for standard input
    #[arg(required_unless_present_any = ["list", "forget_id", "merge"])]
    paths: Vec<PathBuf>,
    /// Takes the messages back, whatever they were learned as
    #[arg(long)]
    forget: bool,
    /// Takes back the message of this number, which --list shows; it need not be there any more
    #[arg(long, value_name = "ID", conflicts_with_all = ["label", "paths", "list"])]
    forget_id: Vec<String>,
    /// Lists what was learned, the oldest first
    #[arg(long, conflicts_with_all = ["label", "paths"])]
    list: bool,
    /// Learns what lies in another folder of what was learned: that of another host, or of a user. What is known here stays as
    /// it is
    #[arg(long, value_name = "FOLDER", conflicts_with_all = ["label", "paths", "list", "forget_id"])]
    merge: Vec<PathBuf>,
    /// Learns the messages that are attached, in place of the messages
    #[arg(long)]
    attached: bool,
    /// Learns only from the header fields that are named in this file, one a line: `Subject`, `Content-*`
    #[arg(long, value_name = "FILE")]
    keep_headers: Option<PathBuf>,
    /// Who learns, for --list, in place of the message's path
    #[arg(long, value_name = "TEXT")]
    source: Option<String>,
    #[command(flatten)]
    with: With,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum What {
    /// Wanted mail
    Ham,
    /// Unwanted mail
    Spam,
}

impl Learn {
    /// Learns.
    pub(crate) fn run(self) -> Result<bool, String> {
        let config = self.with.config()?;
        let store = config.user.as_ref().map_or_else(|| config.learned_store(), |user| config.user_store(user)).ok_or(
            "there is no place to keep what is learned\n  help: set learned in [bayes] of the configuration to a folder, and \
             model to a model",
        )?;
        if self.list {
            return list(&store);
        }
        // What a user had learned stands on what the site has learned until now.
        let base = match config.user {
            Some(_) => config.site_model()?.map(|(_, model)| model),
            None => config.model_bytes()?,
        };
        let mut writer = store.write(base.as_deref())?;
        let cannot = |error: std::io::Error| format!("{}: {error}", print::from_path(store.folder()));
        for id in &self.forget_id {
            let bytes = from_hex(id)
                .ok_or_else(|| format!("{}: a number has 32 digits and letters a to f", print::safe(id)))?;
            let done = writer.forget(&bytes, time::now()).map_err(cannot)?;
            say(&format!("{id}: {}", word(done)));
        }
        if !self.merge.is_empty() {
            return merge(&self.merge, writer, &store);
        }
        let Some(label) = self.label else {
            writer.finish()?;
            return Ok(false);
        };
        let label = if label == What::Ham { Label::Ham } else { Label::Spam };
        let kept = self.keep_headers.as_deref().map(Kept::file).transpose()?;
        let engine = build(EngineBuilder::new().limits(config.limits.clone()))?;
        let mails = Mails::open(&self.paths, config.limits.message_bytes).map_err(crate::scan::all)?;
        let bar = progress(&self.paths, "learning", false);
        let (mut failures, mut counts) = (Vec::new(), [0u64; 4]);
        let mut broken = None;
        engine.run_many(
            mails,
            config.scan_threads(),
            |worker, job| {
                job.load().map(|message| {
                    let raw = kept.as_ref().map(|kept| kept.reduce(&message.raw)).unwrap_or(message.raw);
                    let mut raws = vec![raw];
                    if self.attached {
                        raws = worker.attached(&Mail::new(&raws.remove(0)));
                    }
                    (message.path, raws.iter().map(|raw| worker.token_set(&Mail::new(raw))).collect::<Vec<TokenSet>>())
                })
            },
            |result| {
                bar.inc(1);
                let (path, tokens) = match result {
                    Ok(it) => it,
                    Err(failure) => return failures.push(failure.to_string()),
                };
                if tokens.is_empty() {
                    failures.push(format!("{}: no message is attached", print::safe(&path)));
                }
                let source = self.source.as_deref().unwrap_or(&path);
                for tokens in tokens {
                    let done = match self.forget {
                        true => writer.forget(&tokens.id(), time::now()),
                        false => writer.learn(tokens, label, source, time::now()),
                    };
                    match done {
                        Ok(outcome) => {
                            if let Some(count) = counts.get_mut(outcome as usize) {
                                *count += 1;
                            }
                        }
                        Err(error) => broken = broken.take().or(Some(error)),
                    }
                }
            },
        );
        bar.finish_and_clear();
        if let Some(error) = broken {
            return Err(cannot(error));
        }
        finish(counts, writer, &store)?;
        if failures.is_empty() { Ok(false) } else { Err(failures.join("\n")) }
    }
}

/// Learns what other stores have learned, and keeps who had it learned, and when.
fn merge(folders: &[PathBuf], mut writer: Writer, store: &Store) -> Result<bool, String> {
    let mut counts = [0u64; 4];
    for folder in folders {
        let same = |path: &std::path::Path| std::fs::canonicalize(path).ok();
        if same(folder).is_some() && same(folder) == same(store.folder()) {
            return Err(format!("{}: is what is learned here already", print::from_path(folder)));
        }
        if !folder.join("state").is_file() {
            return Err(format!(
                "{}: nothing that tamis learn learned lies there\n  help: name the folder that has the file state",
                print::from_path(folder)
            ));
        }
        for (entry, tokens) in Store::new(folder).messages()? {
            let done = match writer.label(&entry.id) {
                Some(_) => Outcome::Unchanged,
                None => writer
                    .learn(tokens, entry.label, &entry.source, entry.at)
                    .map_err(|error| format!("{}: {error}", print::from_path(store.folder())))?,
            };
            if let Some(count) = counts.get_mut(done as usize) {
                *count += 1;
            }
        }
    }
    finish(counts, writer, store)?;
    Ok(false)
}

/// Makes what was done safe on disk, and says what it was.
fn finish(counts: [u64; 4], writer: Writer, store: &Store) -> Result<(), String> {
    let [ham, spam] = writer.learner().messages();
    writer.finish()?;
    let [learned, relabelled, forgotten, unchanged] = counts;
    say(&format!(
        "learned {learned}, learned anew with the other label {relabelled}, forgotten {forgotten}, nothing to do for \
         {unchanged}\nthe model counts {ham} ham and {spam} spam; what it learned lies in {}",
        print::safe(&print::from_path(store.folder()))
    ));
    Ok(())
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Learned => "learned",
        Outcome::Relabelled => "learned anew with the other label",
        Outcome::Forgotten => "forgotten",
        Outcome::Unchanged => "not known",
    }
}

fn list(store: &Store) -> Result<bool, String> {
    for entry in store.entries()? {
        let id: String = entry.id.iter().map(|byte| format!("{byte:02x}")).collect();
        let label = if entry.label == Label::Ham { "ham " } else { "spam" };
        say(&format!("{id} {label} {} {}", time::to_text(entry.at), print::safe(&entry.source)));
    }
    Ok(false)
}

fn from_hex(text: &str) -> Option<[u8; 16]> {
    let mut id = [0; 16];
    let digits = text.as_bytes();
    if digits.len() != 32 {
        return None;
    }
    for (byte, pair) in id.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(id)
}

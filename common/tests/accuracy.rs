//! How well the Bayes score does on real mail that it has not learned, and that the stock model is what its card says.
//!
//! `corpus/fetch.sh` gets the mail. Without it these tests say that they looked at nothing, and with
//! `TAMIS_REQUIRE_CORPUS=1`, which `./test.sh` sets, they fail.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use sha2::{Digest, Sha256};
use tamis_common::mails::Mails;
use tamis_common::measure::{Confusion, one_minus_roca_percent};
use tamis_common::reduce::Kept;
use tamis_engine::{EngineBuilder, Experts, Label, Limits, Mail, TokenSet, Trainer};

/// A message of the corpus: what it was learned from or scored by, and the first digit of its file's SHA-256.
struct Sample {
    tokens: TokenSet,
    label: Label,
    digit: u8,
}

/// Where `corpus/fetch.sh` puts the mail.
fn corpus() -> Option<PathBuf> {
    let root = std::env::var_os("TAMIS_CORPORA")
        .map(PathBuf::from)
        .or_else(|| std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/tamis-corpora")))?;
    let corpus = root.join("spamassassin");
    if corpus.is_dir() {
        return Some(corpus);
    }
    assert!(std::env::var_os("TAMIS_REQUIRE_CORPUS").is_none(), "{} is missing: run corpus/fetch.sh", corpus.display());
    eprintln!("nothing was looked at: {} is missing, and corpus/fetch.sh gets it", corpus.display());
    None
}

fn read(kept: Option<&Kept>) -> Option<Vec<Sample>> {
    let corpus = corpus()?;
    let engine = EngineBuilder::new().build().unwrap();
    let mut samples = Vec::new();
    for (folder, label) in [("ham", Label::Ham), ("spam", Label::Spam)] {
        let mails = Mails::open(&[corpus.join(folder)], Limits::default().message_bytes).unwrap();
        engine.run_many(
            mails,
            2,
            |worker, job| {
                let message = job.load().unwrap();
                // A message that lies in a file with a `From ` line is read without it; the digest is the file's.
                let file = std::fs::read(message.file.as_ref().unwrap()).unwrap();
                let digit = Sha256::digest(&file)[0] >> 4;
                let raw = kept.map_or(message.raw.clone(), |kept| kept.reduce(&message.raw));
                Sample { tokens: worker.token_set(&Mail::new(&raw)), label, digit }
            },
            |sample| samples.push(sample),
        );
    }
    assert_eq!(samples.len(), 6_046, "the corpus has 6,046 messages");
    Some(samples)
}

/// The tokens of all messages, made once.
fn whole() -> Option<&'static [Sample]> {
    static WHOLE: OnceLock<Option<Vec<Sample>>> = OnceLock::new();
    WHOLE.get_or_init(|| read(None)).as_deref()
}

fn train<'s>(samples: impl Iterator<Item = &'s Sample>) -> Vec<u8> {
    let mut trainer = Trainer::new();
    samples.for_each(|sample| trainer.learn(sample.tokens.clone(), sample.label));
    trainer.fit().unwrap().bytes
}

/// 1-ROCA % and LAM % of the half that was not learned.
fn split(samples: &[Sample], name: &str, experts: Experts) -> (f64, f64) {
    let model = train(samples.iter().filter(|it| it.digit < 8));
    let engine = EngineBuilder::new().model_bytes("half", model).experts(experts).build().unwrap();
    let worker = engine.worker();
    let scores: Vec<(f64, Label)> = samples
        .iter()
        .filter(|it| it.digit >= 8)
        .map(|it| (worker.score_tokens(&it.tokens).unwrap(), it.label))
        .collect();
    assert!(scores.len() > 2_500, "{} messages are no half", scores.len());
    let (roca, at_zero) = (one_minus_roca_percent(&scores).unwrap(), Confusion::at(0.0, &scores));
    let lam = at_zero.lam_percent().unwrap();
    println!(
        "{name}: 1-ROCA {roca:.4} %, LAM {lam:.3} %, ham taken for spam {} of {}, spam missed {} of {}",
        at_zero.ham_lost,
        at_zero.ham(),
        at_zero.spam_missed,
        at_zero.spam()
    );
    (roca, lam)
}

#[test]
fn half_of_the_corpus_tells_the_other_half_apart() {
    let Some(samples) = whole() else { return };
    let (roca, lam) = split(samples, "whole", Experts::All);
    assert!(roca <= 0.045, "1-ROCA {roca} %");
    assert!(lam <= 0.9, "LAM {lam} %");
    let (roca, _) = split(samples, "whole, naive Bayes alone", Experts::NaiveBayes);
    assert!(roca <= 0.06, "1-ROCA {roca} %");
}

/// What is left when fields that mailing lists and collectors wrote are taken out: only what the sender says.
#[test]
fn half_of_the_corpus_tells_the_other_half_apart_by_what_the_sender_wrote() {
    let kept = Kept::text("From\nReply-To\nSubject\nMIME-Version\nContent-*").unwrap();
    let Some(samples) = read(Some(&kept)) else { return };
    let (roca, lam) = split(&samples, "reduced", Experts::All);
    assert!(roca <= 0.055, "1-ROCA {roca} %");
    assert!(lam <= 1.1, "LAM {lam} %");
}

#[test]
fn the_stock_model_is_what_training_gives() {
    let Some(samples) = whole() else { return };
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../models/stock/spamassassin.model");
    assert!(
        train(samples.iter()) == std::fs::read(file).unwrap(),
        "what tokens are made of has changed: train the stock model anew as models/stock/README.md says, and look at \
         its card"
    );
}

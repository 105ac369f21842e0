//! What the statistical model costs beyond parsing: to classify by each choice of experts, to learn, and to read it. CPU time of
//! this thread; of each message the least of several passes.

use std::collections::BTreeMap;

use clap::Args;
use tamis_common::config::Config;
use tamis_common::mails::Message;
use tamis_engine::{Engine, EngineBuilder, Experts, Label, Learner, Mail, OwnModel};

use crate::clock;

/// Classifies and learns messages by the model of the configuration.
#[derive(Args)]
pub(crate) struct Bayes {
    /// How often; of each message the least time counts
    #[arg(long, default_value_t = 3)]
    passes: usize,
    /// Messages below a folder of this name are learned as spam, all others as ham
    #[arg(long, default_value = "spam")]
    spam_folder: String,
    #[command(flatten)]
    mail: crate::Mail,
}

/// Sums of the least times, in nanoseconds, by what took them.
type Times = BTreeMap<&'static str, Vec<u64>>;

impl Bayes {
    /// Runs it.
    pub(crate) fn run(&self) -> Result<(), String> {
        let config = Config::find(Some(&self.mail.config)).map_err(|error| error.to_string())?;
        let (name, bytes) = config.current_model()?.ok_or("there is no model: name one in [bayes]")?;
        let messages = self.messages(&config)?;
        let mut times = Times::new();
        for _ in 0..self.passes.max(1) {
            for (what, experts) in [("classify-all", Experts::All), ("classify-naive-bayes", Experts::NaiveBayes)] {
                let engine = engine(&config, &name, &bytes, experts)?;
                classify(&engine, &messages, what, &mut times);
            }
            let engine = engine(&config, &name, &bytes, Experts::All)?;
            self.learn(&engine, &bytes, &messages, &mut times)?;
        }
        let read = (0..11).map(|_| {
            let began = clock::cpu()?;
            let model = OwnModel::read(&name, &bytes, Experts::All).map_err(|error| error.to_string())?;
            let took = clock::cpu()?.saturating_sub(began);
            drop(model);
            Ok(took)
        });
        let read: Vec<u64> = read.collect::<Result<_, String>>()?;
        let before = clock::memory("VmRSS")?;
        let models: Vec<OwnModel> = (0..8)
            .map(|_| OwnModel::read(&name, &bytes, Experts::All).map_err(|error| error.to_string()))
            .collect::<Result<_, String>>()?;
        let memory = clock::memory("VmRSS")?.saturating_sub(before) / models.len().max(1) as u64;
        println!("messages {}", messages.len());
        println!("bytes {}", messages.iter().map(|it| it.raw.len()).sum::<usize>());
        for (what, of_each) in &times {
            let sum: u64 = of_each.iter().sum();
            println!("{what}-ns {}", sum / messages.len().max(1) as u64);
        }
        println!("read-ns {}", read.iter().min().copied().unwrap_or_default());
        println!("model-bytes {}", bytes.len());
        println!("model-memory {memory}");
        Ok(())
    }

    fn messages(&self, config: &Config) -> Result<Vec<Message>, String> {
        let loaded = self.mail.jobs(config)?.map(|job| job.load().map_err(|failure| failure.to_string()));
        loaded.collect()
    }

    /// What learning takes beyond parsing: making of a message what is learned of it, and learning that.
    fn learn(&self, engine: &Engine, model: &[u8], messages: &[Message], times: &mut Times) -> Result<(), String> {
        let mut worker = engine.worker();
        worker.keep_stage_times(cpu);
        let mut learner = Learner::from_model(model)?;
        let parsing = |times: Vec<(&'static str, u64)>| -> u64 {
            times.iter().filter(|it| matches!(it.0, "mime" | "unpack" | "facts")).map(|it| it.1).sum()
        };
        for (number, message) in messages.iter().enumerate() {
            let is_spam = message.path.split('/').any(|folder| folder == self.spam_folder);
            let label = if is_spam { Label::Spam } else { Label::Ham };
            let before = parsing(worker.stage_times());
            let began = cpu();
            let tokens = worker.token_set(&Mail::new(&message.raw));
            let made = cpu();
            let parsed = parsing(worker.stage_times()).saturating_sub(before);
            let learning = cpu();
            learner.learn(&tokens, label);
            let learned = cpu().saturating_sub(learning);
            least(times, "learn", number, made.saturating_sub(began).saturating_sub(parsed) + learned);
            least(times, "learn-only", number, learned);
        }
        Ok(())
    }
}

/// An engine with nothing but a model.
fn engine(config: &Config, name: &str, bytes: &[u8], experts: Experts) -> Result<Engine, String> {
    let builder = EngineBuilder::new().limits(config.limits.clone()).experts(experts);
    builder.model_bytes(name, bytes).build().map_err(|error| error.to_string())
}

/// Scans messages, and takes what the stage of the model took.
fn classify(engine: &Engine, messages: &[Message], what: &'static str, times: &mut Times) {
    let mut worker = engine.worker();
    worker.keep_stage_times(cpu);
    let of_model = |times: Vec<(&'static str, u64)>| times.iter().find(|it| it.0 == "bayes").map_or(0, |it| it.1);
    for (number, message) in messages.iter().enumerate() {
        let before = of_model(worker.stage_times());
        worker.scan(&Mail::new(&message.raw));
        least(times, what, number, of_model(worker.stage_times()).saturating_sub(before));
    }
}

fn least(times: &mut Times, what: &'static str, number: usize, took: u64) {
    let of_each = times.entry(what).or_default();
    match of_each.get_mut(number) {
        Some(least) => *least = took.min(*least),
        None => of_each.push(took),
    }
}

/// The CPU time of this thread; a clock that fails stands still.
fn cpu() -> u64 {
    clock::cpu().unwrap_or_default()
}

//! Rules, lists, model and limits -> [`Engine`]. All errors of whoever writes them are found here, and all of them are
//! told at once.

use std::path::Path;
use std::sync::{Arc, OnceLock};

use sha2::{Digest, Sha256};

use crate::detect::lists::{ListEffect, ListKind, ListSource, Lists};
use crate::detect::reputation::{DnsList, Reputation};
use crate::detect::rules::{RuleSource, Rules};
use crate::detect::{Detectors, bayes};
use crate::engine::Engine;
use crate::error::{BuildError, Problem, nearest};
use crate::input::Networks;
use crate::limits::Limits;
use crate::load;
use crate::policy::{Known, Policy, PolicySettings, ScoreSource};
use crate::verdict::Versions;

/// Collects what an engine is made of. Nothing is loaded by itself: an engine without rules finds nothing.
#[derive(Clone, Debug, Default)]
pub struct EngineBuilder {
    limits: Limits,
    networks: Networks,
    settings: PolicySettings,
    rules: Vec<RuleSource>,
    scores: Vec<ScoreSource>,
    lists: Vec<ListSource>,
    model: Option<(String, Vec<u8>)>,
    disabled: Vec<(String, Problem)>,
    overrides: Vec<(String, f64, Problem)>,
    dns_lists: Vec<DnsList>,
    leaf_threads: usize,
    problems: Vec<Problem>,
}

impl EngineBuilder {
    /// Nothing loaded, default limits and thresholds.
    pub fn new() -> EngineBuilder {
        EngineBuilder::default()
    }

    /// What a message may cost.
    pub fn limits(mut self, limits: Limits) -> EngineBuilder {
        self.limits = limits;
        self
    }

    /// Own networks and trusted relays.
    pub fn networks(mut self, networks: Networks) -> EngineBuilder {
        self.networks = networks;
        self
    }

    /// Thresholds and actions.
    pub fn policy(mut self, settings: PolicySettings) -> EngineBuilder {
        self.settings = settings;
        self
    }

    /// Adds a file of rules, TOML; `source` is its name for errors.
    pub fn rules_text(mut self, source: impl Into<String>, text: impl Into<String>) -> EngineBuilder {
        self.rules.push(RuleSource { source: source.into(), text: text.into() });
        self
    }

    /// Adds a file of scores, TOML.
    pub fn scores_text(mut self, source: impl Into<String>, text: impl Into<String>) -> EngineBuilder {
        self.scores.push(ScoreSource { source: source.into(), text: text.into() });
        self
    }

    /// Adds a file of rules, or all `.toml` files below a folder; those named `scores.toml` are scores.
    pub fn rules_path(mut self, path: impl AsRef<Path>) -> EngineBuilder {
        match load::files(path.as_ref(), "toml") {
            Ok(files) => {
                for file in files {
                    let source = file.display().to_string();
                    self = match load::text(&file) {
                        Ok(text) if file.file_name().is_some_and(|name| name == "scores.toml") => {
                            self.scores_text(source, text)
                        }
                        Ok(text) => self.rules_text(source, text),
                        Err(error) => self.failed(error),
                    };
                }
                self
            }
            Err(error) => self.failed(error),
        }
    }

    /// Adds a list.
    pub fn list(mut self, list: ListSource) -> EngineBuilder {
        self.lists.push(list);
        self
    }

    /// Adds a list from a file.
    pub fn list_path(self, name: &str, kind: ListKind, effect: ListEffect, path: impl AsRef<Path>) -> EngineBuilder {
        match load::text(path.as_ref()) {
            Ok(text) => {
                let source = path.as_ref().display().to_string();
                self.list(ListSource { name: name.into(), kind, effect, source, text })
            }
            Err(error) => self.failed(error),
        }
    }

    /// The Bayes model; `source` is its name for errors.
    pub fn model_bytes(mut self, source: impl Into<String>, bytes: impl Into<Vec<u8>>) -> EngineBuilder {
        self.model = Some((source.into(), bytes.into()));
        self
    }

    /// The Bayes model, from a file.
    pub fn model_path(self, path: impl AsRef<Path>) -> EngineBuilder {
        match load::bytes(path.as_ref()) {
            Ok(bytes) => self.model_bytes(path.as_ref().display().to_string(), bytes),
            Err(error) => self.failed(error),
        }
    }

    /// Leaves a rule out. `origin` says where that was written; it becomes the error when there is no such rule.
    pub fn disable_rule(mut self, rule: impl Into<String>, origin: Problem) -> EngineBuilder {
        self.disabled.push((rule.into(), origin));
        self
    }

    /// Gives a rule another score. `origin` as in [`disable_rule`](EngineBuilder::disable_rule).
    pub fn score_rule(mut self, rule: impl Into<String>, score: f64, origin: Problem) -> EngineBuilder {
        self.overrides.push((rule.into(), score, origin));
        self
    }

    /// Asks a DNS block list about the client of each message.
    pub fn dns_list(mut self, list: DnsList) -> EngineBuilder {
        self.dns_lists.push(list);
        self
    }

    /// Lets large messages be decoded and hashed on this many threads of the engine's own, made when first needed.
    /// Without it, or with 0 or 1, the engine starts no thread.
    pub fn leaf_threads(mut self, threads: usize) -> EngineBuilder {
        self.leaf_threads = threads;
        self
    }

    /// Compiles everything. Gives every problem, not only the first.
    pub fn build(self) -> Result<Engine, BuildError> {
        let (engine, problems) = self.build_what_works();
        if problems.is_empty() { Ok(engine) } else { Err(BuildError { problems }) }
    }

    /// Compiles what can be compiled, and gives the problems of the rest.
    pub fn build_what_works(mut self) -> (Engine, Vec<Problem>) {
        let mut problems = std::mem::take(&mut self.problems);
        let versions = self.versions();

        let disabled: Vec<String> = self.disabled.iter().map(|(rule, _)| rule.clone()).collect();
        let (rules, wrong) = Rules::compile(&self.rules, &disabled);
        problems.extend(wrong);
        for (rule, origin) in self.disabled.iter().filter(|(rule, _)| rules.absent().contains(rule)) {
            let remedy = match nearest(rule, rules.rules().iter().map(|known| known.name.as_str())) {
                near if near.is_empty() => "tamis rules list shows the names".to_owned(),
                near => near,
            };
            problems.push(Problem { message: format!("there is no rule {rule}"), remedy, ..origin.clone() });
        }
        let (lists, wrong) = Lists::compile(&self.lists);
        problems.extend(wrong);
        let model = self.model.and_then(|(source, bytes)| match bayes::Model::read(&bytes) {
            Ok(model) => Some(model),
            Err(wrong) => {
                problems.push(
                    Problem::file(source, wrong).remedy("train it anew: tamis train --ham ... --spam ... --out ..."),
                );
                None
            }
        });

        let list_names: Vec<&str> = self.lists.iter().map(|list| list.name.as_str()).collect();
        let dns_rules: Vec<&str> = self.dns_lists.iter().map(|list| list.rule.as_str()).collect();
        // A broken rule is one problem already; that it has a score is not another.
        let named: Vec<(&str, &str)> = (rules.rules().iter().map(|rule| (rule.name.as_str(), rule.what.as_str())))
            .chain(rules.broken().iter().map(|name| (name.as_str(), "")))
            .collect();
        let known = Known { rules: &named, disabled: &disabled, dns_rules: &dns_rules, lists: &list_names };
        let (policy, wrong) = Policy::compile(self.settings, &self.scores, &known, &self.overrides);
        problems.extend(wrong);

        let detectors = Detectors { lists, rules, bayes: model, reputation: Reputation { lists: self.dns_lists } };
        let engine = Engine {
            wanted: detectors.wanted() | policy.wanted(),
            limits: self.limits,
            networks: self.networks,
            detectors,
            policy,
            versions,
            leaf_threads: self.leaf_threads,
            leaves: OnceLock::new(),
        };
        (engine, problems)
    }

    fn failed(mut self, error: BuildError) -> EngineBuilder {
        self.problems.extend(error.problems);
        self
    }

    /// Digests of what goes in, so that a verdict says which rules and model it was made by.
    fn versions(&self) -> Versions {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        };
        self.rules.iter().for_each(|file| add(&file.text));
        self.scores.iter().for_each(|file| add(&file.text));
        self.lists.iter().for_each(|list| {
            add(&list.name);
            add(&list.text);
        });
        self.disabled.iter().for_each(|(rule, _)| add(rule));
        self.overrides.iter().for_each(|(rule, score, _)| add(&format!("{rule}={score}")));
        let model = self.model.as_ref().map_or(String::new(), |(_, bytes)| short(&Sha256::digest(bytes)));
        Versions {
            engine: Arc::from(env!("CARGO_PKG_VERSION")),
            rules: short(&digest.finalize()).into(),
            model: model.into(),
        }
    }
}

fn short(digest: &[u8]) -> String {
    digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect()
}

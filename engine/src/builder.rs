//! Rules, lists, model and limits -> [`Engine`]. All errors of whoever writes them are found here, and all of them are
//! told at once.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::detect::Detectors;
use crate::detect::bayes::{self, Experts};
use crate::detect::lists::{ListEffect, ListKind, ListSource, Lists};
use crate::detect::reputation::{DnsList, Reputation};
use crate::detect::rules::{RuleSource, Rules};
use crate::detect::spamassassin::{self, CfSource};
use crate::detect::yara::{self, Included, Store, Yara};
use crate::engine::{Digests, Engine};
use crate::error::{BuildError, Problem, nearest};
use crate::input::Networks;
use crate::limits::Limits;
use crate::load;
use crate::policy::{Known, Policy, PolicySettings, ScoreSource};
use crate::threads::Threads;

/// Collects what an engine is made of. Nothing is loaded by itself: an engine without rules finds nothing.
#[derive(Clone, Debug, Default)]
pub struct EngineBuilder {
    limits: Limits,
    networks: Networks,
    settings: PolicySettings,
    rules: Vec<RuleSource>,
    cf: Vec<CfSource>,
    scores: Vec<ScoreSource>,
    lists: Vec<ListSource>,
    now: Option<i64>,
    model: Option<(String, Vec<u8>)>,
    experts: Experts,
    disabled: Vec<(String, Problem)>,
    overrides: Vec<(String, f64, Problem)>,
    dns_lists: Vec<DnsList>,
    leaf_threads: usize,
    yara: Vec<(yara::Unit, Digested)>,
    yara_skip: yara::Skip,
    no_yara: bool,
    yara_cache: Option<load::Cache>,
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

    /// Adds a file of SpamAssassin's rules; `source` is its name for errors. What it says wrong is no error of the build:
    /// [`Engine::cf_mistakes`] tells.
    pub fn cf_bytes(mut self, source: impl Into<String>, bytes: impl Into<Vec<u8>>) -> EngineBuilder {
        self.cf.push(CfSource { source: source.into(), bytes: bytes.into() });
        self
    }

    /// Adds a file of scores, TOML.
    pub fn scores_text(mut self, source: impl Into<String>, text: impl Into<String>) -> EngineBuilder {
        self.scores.push(ScoreSource { source: source.into(), text: text.into() });
        self
    }

    /// Adds a file of rules, or all `.toml`, `.cf`, `.yar` and `.yara` files below a folder; those named `scores.toml` are
    /// scores. A YARA file that another one of the folder includes does not count once more by itself.
    pub fn rules_path(mut self, path: impl AsRef<Path>) -> EngineBuilder {
        match load::files(path.as_ref(), &["toml", "cf", "yar", "yara"]) {
            Ok(files) => {
                let (yara, rest) = files.into_iter().partition(|file| load::has_extension(file, &["yar", "yara"]));
                self = self.yara_files(path.as_ref(), yara);
                for file in rest {
                    let source = file.display().to_string();
                    if load::has_extension(&file, &["cf"]) {
                        self = match load::bytes(&file) {
                            Ok(bytes) => self.cf_bytes(source, bytes),
                            Err(error) => self.failed(error),
                        };
                        continue;
                    }
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

    /// Adds a YARA file or, below a folder, all `.yar` and `.yara` files, one namespace each.
    pub fn yara_path(self, path: impl AsRef<Path>) -> EngineBuilder {
        match load::files(path.as_ref(), &["yar", "yara"]) {
            Ok(files) => self.yara_files(path.as_ref(), files),
            Err(error) => self.failed(error),
        }
    }

    /// Adds YARA rules; `source` is their name for errors. They cannot include files.
    pub fn yara_text(mut self, source: impl Into<String>, text: impl Into<String>) -> EngineBuilder {
        let source = source.into();
        let file = Included { identity: source.clone(), source, text: text.into() };
        let mut read = |_: &Included, _: &str| Err("rules that are no file can include none".to_owned());
        let digested = Digested(file.text.clone());
        self.yara.push((yara::Unit::read(file, &mut read, &mut self.problems), digested));
        self
    }

    /// Keeps compiled YARA rules in a folder, so that large sets load in a fraction of the time. Small sets are not kept.
    pub fn yara_cache(mut self, folder: impl Into<PathBuf>) -> EngineBuilder {
        self.yara_cache = Some(load::Cache { folder: folder.into() });
        self
    }

    /// No YARA rule counts, wherever it comes from: YARA files are not even read. An engine built so never touches what
    /// YARA needs: fault handlers, a clock thread, executable pages.
    pub fn without_yara(mut self) -> EngineBuilder {
        self.no_yara = true;
        self
    }

    /// Items that YARA leaves out: those of fewer than `below` bytes (32 unless told otherwise), and images of more than
    /// `images_above` (none is left out unless told so).
    pub fn yara_skip(mut self, below: u32, images_above: Option<u32>) -> EngineBuilder {
        self.yara_skip = yara::Skip { below, images_above };
        self
    }

    /// Adds YARA files, without those that others of them include. Includes stay below `root`.
    fn yara_files(mut self, root: &Path, files: Vec<PathBuf>) -> EngineBuilder {
        if self.no_yara {
            return self;
        }
        let root = if files == [root] { root.parent().unwrap_or(Path::new("")) } else { root };
        let root = if root.as_os_str().is_empty() { Path::new(".") } else { root };
        let mut units = Vec::new();
        for file in files {
            match load::text(&file) {
                Ok(text) => {
                    let mut digested = Digested(text.clone());
                    let file = Included { identity: load::identity(&file), source: file.display().to_string(), text };
                    let identity = file.identity.clone();
                    let mut read = |from: &Included, name: &str| {
                        let path = load::beside(root, Path::new(&from.source), name)?;
                        let text = load::text(&path).map_err(|wrong| wrong.to_string())?;
                        digested.0.push_str(&text);
                        Ok(Included { identity: load::identity(&path), source: path.display().to_string(), text })
                    };
                    let unit = yara::Unit::read(file, &mut read, &mut self.problems);
                    units.push((identity, unit, digested));
                }
                Err(error) => self = self.failed(error),
            }
        }
        let included: Vec<String> = units.iter().flat_map(|(_, unit, _)| unit.included.iter().cloned()).collect();
        for (identity, unit, digested) in units {
            if !included.contains(&identity) {
                self.yara.push((unit, digested));
            }
        }
        self
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

    /// The time, in seconds since 1970-01-01 UTC: list entries that ended before are left out. Without it, an entry that
    /// ends is held against the time at which a message was received, where that is known.
    pub fn now(mut self, seconds: i64) -> EngineBuilder {
        self.now = Some(seconds);
        self
    }

    /// The Bayes model; `source` is its name for errors.
    pub fn model_bytes(mut self, source: impl Into<String>, bytes: impl Into<Vec<u8>>) -> EngineBuilder {
        self.model = Some((source.into(), bytes.into()));
        self
    }

    /// Which experts of the model count.
    pub fn experts(mut self, experts: Experts) -> EngineBuilder {
        self.experts = experts;
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

    /// Lets large messages be decoded and hashed on this many threads of the engine's own, made when first needed, and many rules
    /// be read on as many, four at most, which end when it is built. Without it, or with 0 or 1, the engine starts no thread.
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
        let digests = self.digests();

        let disabled: Vec<String> = self.disabled.iter().map(|(rule, _)| rule.clone()).collect();
        let readers = Threads::new(self.leaf_threads.min(MOST_READERS));
        let (rules, wrong) = Rules::compile(&self.rules, &disabled, &readers);
        problems.extend(wrong);
        let large = self.yara.iter().map(|(_, text)| text.0.len()).sum::<usize>() >= KEEP_BYTES;
        let store = self.yara_cache.as_ref().filter(|_| large).map(|cache| cache as &dyn Store);
        let units: Vec<yara::Unit> = match self.no_yara {
            true => Vec::new(),
            false => self.yara.into_iter().map(|(unit, _)| unit).collect(),
        };
        let (yara, wrong) = Yara::compile(&units, &disabled, self.yara_skip, store);
        problems.extend(wrong);
        let own: Vec<(String, f64)> = self.overrides.iter().map(|(rule, score, _)| (rule.clone(), *score)).collect();
        let choices = spamassassin::Choices { disabled: &disabled, scores: &own, bayes: self.model.is_some() };
        let cf = match spamassassin::compile(&self.cf, &choices, &readers) {
            Ok(cf) => cf,
            Err(problem) => {
                problems.push(problem);
                spamassassin::SpamAssassin::default()
            }
        };
        for rule in cf.rules().iter().filter(|rule| {
            rules.rules().iter().any(|it| it.name == rule.name) || yara.rules().iter().any(|it| it.name == rule.name)
        }) {
            let mut problem =
                Problem::file(&rule.source, format!("there is a rule {} that is not SpamAssassin's", rule.name));
            problem.line = rule.line;
            problems.push(problem.remedy("rename one of them"));
        }
        let all_names = || {
            let toml = rules.rules().iter().map(|rule| rule.name.as_str());
            let cf = cf.rules().iter().map(|rule| rule.name.as_str());
            toml.chain(yara.rules().iter().map(|rule| rule.name.as_str())).chain(cf)
        };
        for rule in yara.rules().iter().filter(|rule| rules.rules().iter().any(|toml| toml.name == rule.name)) {
            let mut problem = Problem::file(&rule.source, format!("there is a rule {} that is not YARA's", rule.name));
            problem.line = rule.line;
            problems.push(problem.remedy("rename one of them"));
        }
        let no_yara = |rule: &String| yara.rules().iter().all(|it| it.name != *rule) && !yara.broken().contains(rule);
        let no_cf = |rule: &String| cf.rules().iter().all(|it| it.name != *rule);
        let absent = |rule: &String| rules.absent().contains(rule) && no_yara(rule) && no_cf(rule);
        for (rule, origin) in self.disabled.iter().filter(|(rule, _)| absent(rule)) {
            let remedy = match nearest(rule, all_names()) {
                near if near.is_empty() => "tamis rules list shows the names".to_owned(),
                near => near,
            };
            problems.push(Problem { message: format!("there is no rule {rule}"), remedy, ..origin.clone() });
        }
        let (lists, wrong) = Lists::compile(&self.lists, self.now);
        problems.extend(wrong);
        let model = self.model.and_then(|(source, bytes)| match bayes::Model::read(&bytes, self.experts) {
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
        let explained: Vec<String> = yara.rules().iter().map(|rule| rule.explanation()).collect();
        let named: Vec<(&str, &str)> = (rules.rules().iter().map(|rule| (rule.name.as_str(), rule.what.as_str())))
            .chain(yara.rules().iter().zip(&explained).map(|(rule, what)| (rule.name.as_str(), what.as_str())))
            .chain(cf.rules().iter().map(|rule| (rule.name.as_str(), rule.description.as_str())))
            .chain(rules.broken().iter().chain(yara.broken()).map(|name| (name.as_str(), "")))
            .collect();
        // Rules that serve others weigh nothing.
        let weighty = cf.rules().iter().filter(|rule| !rule.name.starts_with("__"));
        let defaults: Vec<(&str, Option<f64>, &str)> = (yara.rules().iter())
            .map(|rule| (rule.name.as_str(), rule.weight, yara::GROUP))
            .chain(weighty.map(|rule| (rule.name.as_str(), Some(cf.score(&rule.name)), spamassassin::GROUP)))
            .collect();
        let known = Known {
            rules: &named,
            defaults: &defaults,
            disabled: &disabled,
            dns_rules: &dns_rules,
            lists: &list_names,
        };
        let (policy, wrong) = Policy::compile(self.settings, &self.scores, &known, &self.overrides);
        problems.extend(wrong);

        let detectors = Detectors {
            lists,
            rules: Arc::new(rules),
            bayes: model.map(Arc::new),
            reputation: Arc::new(Reputation { lists: self.dns_lists }),
            yara: Arc::new(yara),
            spamassassin: Arc::new(cf),
        };
        let engine = Engine {
            wanted: detectors.wanted() | policy.wanted(),
            limits: self.limits,
            networks: self.networks,
            versions: digests.versions(detectors.lists.identity()),
            digests,
            detectors,
            policy: Arc::new(policy),
            threads: Threads::new(self.leaf_threads),
        };
        (engine, problems)
    }

    /// Adds a mistake that was found before the builder could see it: building fails with it.
    pub fn problem(mut self, problem: Problem) -> EngineBuilder {
        self.problems.push(problem);
        self
    }

    fn failed(mut self, error: BuildError) -> EngineBuilder {
        self.problems.extend(error.problems);
        self
    }

    /// Digests of what goes in, so that a verdict says which rules and model it was made by.
    fn digests(&self) -> Digests {
        let mut digest = Sha256::new();
        let mut add = |text: &str| {
            digest.update((text.len() as u64).to_le_bytes());
            digest.update(text);
        };
        self.rules.iter().for_each(|file| add(&file.text));
        self.yara.iter().for_each(|(_, file)| add(&file.0));
        self.cf.iter().for_each(|file| add(&String::from_utf8_lossy(&file.bytes)));
        self.scores.iter().for_each(|file| add(&file.text));
        self.disabled.iter().for_each(|(rule, _)| add(rule));
        self.overrides.iter().for_each(|(rule, score, _)| add(&format!("{rule}={score}")));
        Digests {
            rules: digest.finalize().into(),
            model: self.model.as_ref().map(|(_, bytes)| Sha256::digest(bytes).into()),
        }
    }
}

/// The text of a YARA file and of what it includes, for the digest of the rules.
#[derive(Clone, Debug, Default)]
struct Digested(String);

/// Most threads that read rules: a third of loading is done by one whatever their number, and each keeps memory of its own (16 took 108 MB for
/// 10,000 rules where 4 took 94).
const MOST_READERS: usize = 4;

/// Smaller sets of YARA rules compile as fast as they would be read.
const KEEP_BYTES: usize = 64 << 10;

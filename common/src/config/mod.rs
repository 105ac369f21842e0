//! The configuration: one TOML file, every key optional. Takes text, gives settings with the origin of each, or every
//! mistake with file, line and the nearest known name; never builds an engine out of a file with mistakes.
//!
//! `keys.rs` is the list of what can be set: reading, `tamis config show` and docs/configuration.md all come from it.

mod keys;
mod lists;
mod read;
mod recipients;
mod serve;
mod show;
#[cfg(test)]
mod tests;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use tamis_engine::{
    BuildError, EngineBuilder, Experts, Limits, ListEffect, ListKind, Networks, PolicySettings, Problem,
};

use crate::learned::Store;
use crate::stock;

pub use serve::{Logging, Milter, Serve, Socket};
pub use show::{defaults, resolved};

/// Where the configuration lies when nobody says otherwise.
pub const SYSTEM_FILE: &str = "/etc/tamis/tamis.toml";

/// A list as the configuration names it.
#[derive(Clone, Debug, PartialEq)]
pub struct List {
    /// Its name; its rule is `list-NAME`.
    pub name: String,
    /// What its entries are.
    pub kind: ListKind,
    /// What a hit means.
    pub effect: ListEffect,
    /// Its files, as they are to be opened.
    pub paths: Vec<PathBuf>,
}

/// Which Bayes model counts.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Model {
    /// The one inside the program.
    #[default]
    Stock,
    /// None.
    Off,
    /// One from a file.
    File(PathBuf),
}

/// YARA.
#[derive(Clone, Debug, PartialEq)]
pub struct Yara {
    /// Whether any YARA rule counts, stock or own.
    pub enabled: bool,
    /// Files and folders of YARA rules, beside those in `rules.paths`.
    pub paths: Vec<PathBuf>,
    /// Items of fewer bytes are left out.
    pub least_bytes: u32,
    /// Images of more bytes are left out; `None`: none is.
    pub images_above: Option<u32>,
    /// Where compiled rules are kept.
    pub cache: Cache,
}

impl Default for Yara {
    fn default() -> Yara {
        Yara { enabled: true, paths: Vec::new(), least_bytes: 32, images_above: None, cache: Cache::Home }
    }
}

/// Where compiled YARA rules are kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Cache {
    /// `$XDG_CACHE_HOME/tamis`, else `~/.cache/tamis`.
    #[default]
    Home,
    /// Nowhere: they are compiled at each start.
    Off,
    /// In this folder.
    Folder(PathBuf),
}

impl Cache {
    /// The folder, if there is to be one.
    pub fn folder(&self) -> Option<PathBuf> {
        match self {
            Cache::Off => None,
            Cache::Folder(folder) => Some(folder.clone()),
            Cache::Home => {
                let variable = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
                let home = variable("XDG_CACHE_HOME").or_else(|| Some(variable("HOME")?.join(".cache")));
                home.map(|home| home.join("tamis"))
            }
        }
    }
}

/// Where what is learned in place is kept.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Learned {
    /// Beside the model's file; for the stock model in the state folder of the user, where a door says what that is.
    #[default]
    Auto,
    /// Nowhere: nothing is learned.
    Off,
    /// In this folder.
    Folder(PathBuf),
}

/// Learning from messages whose verdict is clear without the model.
#[derive(Clone, Debug, PartialEq)]
pub struct LearnByUse {
    /// Whether it is done.
    pub enabled: bool,
    /// From this score on, the model's points not counted, a message is learned as spam.
    pub spam_from: f64,
    /// Up to this score, the model's points not counted, and where something speaks for it, as ham.
    pub ham_below: f64,
    /// Messages of each class that are learned in an hour at most; of one sender's domain a twentieth.
    pub most_an_hour: u32,
}

impl Default for LearnByUse {
    fn default() -> LearnByUse {
        LearnByUse { enabled: false, spam_from: 12.0, ham_below: 0.0, most_an_hour: 60 }
    }
}

/// Everything that can be set.
#[derive(Clone, Debug)]
pub struct Config {
    /// The file it was read from; none where nothing was read.
    pub source: Option<String>,
    /// What a message may cost.
    pub limits: Limits,
    /// How many threads scan; 0 is one a core.
    pub threads: usize,
    /// Own networks and trusted relays.
    pub networks: Networks,
    /// Thresholds, actions and recipients.
    pub policy: PolicySettings,
    /// Whether the stock rules count.
    pub stock_rules: bool,
    /// Files and folders of further rules.
    pub rule_paths: Vec<PathBuf>,
    /// Rules that are left out, with the place where that stands.
    pub disable: Vec<(String, Problem)>,
    /// Scores of rules, with the place where each stands.
    pub scores: Vec<(String, f64, Problem)>,
    /// Block and allow lists.
    pub lists: Vec<List>,
    /// The Bayes model.
    pub model: Model,
    /// Which of the model's experts count.
    pub experts: Experts,
    /// Where what is learned in place is kept.
    pub learned: Learned,
    /// How many learned messages can be taken back.
    pub keep_learned: usize,
    /// After how many learned messages all counts are halved; 0 for never.
    pub fade_after: u32,
    /// The folder of what single users had learned; none where nobody has a model of his own.
    pub users: Option<PathBuf>,
    /// Whose model counts in place of the site's, where he has one.
    pub user: Option<String>,
    /// Learning from messages whose verdict is clear without the model.
    pub learn_by_use: LearnByUse,
    /// Where the user keeps what programs learn: `$XDG_STATE_HOME`, else `~/.local/state`. Only [`find`](Config::find) sets
    /// it, so that a library reads no environment.
    pub state_home: Option<PathBuf>,
    /// What YARA looks at, and with which rules.
    pub yara: Yara,
    /// What `tamis serve` does.
    pub serve: Serve,
    /// Paths in the file are relative to this folder.
    base: PathBuf,
    /// The line of each key that the file sets, by its full name (`scan.depth`).
    lines: BTreeMap<String, u32>,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            source: None,
            limits: Limits::default(),
            threads: 0,
            networks: Networks::default(),
            policy: PolicySettings::default(),
            stock_rules: true,
            rule_paths: Vec::new(),
            disable: Vec::new(),
            scores: Vec::new(),
            lists: Vec::new(),
            model: Model::Stock,
            experts: Experts::All,
            learned: Learned::Auto,
            keep_learned: 20_000,
            fade_after: 0,
            users: None,
            user: None,
            learn_by_use: LearnByUse::default(),
            state_home: None,
            yara: Yara::default(),
            serve: Serve::default(),
            base: PathBuf::new(),
            lines: BTreeMap::new(),
        }
    }
}

/// How many messages of one user count: each is learned anew on the site's model whenever that changes.
const MOST_OF_USER: usize = 2_000;

/// The name of a user's folder: the address in lower case, without what stands behind a `+`, and with `%XX` for what is no
/// letter, digit, `@`, `-`, `_`, or `.` inside. None where there is nothing left, or it is too long for a name.
fn user_folder(user: &str) -> Option<String> {
    let (local, domain) = user.rsplit_once('@').map_or((user, None), |(local, domain)| (local, Some(domain)));
    let plain = match local.split_once('+') {
        Some((before, _)) if !before.is_empty() => before,
        _ => local,
    };
    let mut name = String::new();
    let whole = format!("{plain}{}{}", if domain.is_some() { "@" } else { "" }, domain.unwrap_or_default());
    for letter in whole.to_lowercase().bytes() {
        match letter {
            b'.' if name.is_empty() => name.push_str("%2e"),
            b'a'..=b'z' | b'0'..=b'9' | b'@' | b'-' | b'_' | b'.' => name.push(char::from(letter)),
            _ => name.push_str(&format!("%{letter:02x}")),
        }
    }
    (!name.is_empty() && name.len() <= 200).then_some(name)
}

impl Config {
    /// Finds and reads the configuration: `named` if given, else `$TAMIS_CONFIG`, else [`SYSTEM_FILE`] if it is there, else
    /// the defaults. A file that is named and cannot be read is an error.
    pub fn find(named: Option<&Path>) -> Result<Config, BuildError> {
        let variable = std::env::var_os("TAMIS_CONFIG").filter(|value| !value.is_empty()).map(PathBuf::from);
        let config = match named.map(Path::to_owned).or(variable) {
            Some(path) => Config::file(&path),
            None if Path::new(SYSTEM_FILE).exists() => Config::file(Path::new(SYSTEM_FILE)),
            None => Ok(Config::default()),
        };
        let folder = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        let state_home = folder("XDG_STATE_HOME").or_else(|| Some(folder("HOME")?.join(".local/state")));
        config.map(|config| Config { state_home, ..config })
    }

    /// Reads a file.
    pub fn file(path: &Path) -> Result<Config, BuildError> {
        let shown = crate::print::from_path(path).into_owned();
        let cannot = |message: String, remedy: &str| BuildError::from(Problem::file(&shown, message).remedy(remedy));
        let bytes = std::fs::read(path)
            .map_err(|error| cannot(format!("cannot be read: {error}"), "check the path and its permissions"))?;
        let text = String::from_utf8(bytes).map_err(|_| cannot("is not UTF-8".into(), "save the file as UTF-8"))?;
        Config::text(&shown, &text, path.parent().unwrap_or(Path::new("")))
    }

    /// Reads text; `source` names it in errors, and paths in it are relative to `base`.
    pub fn text(source: &str, text: &str, base: &Path) -> Result<Config, BuildError> {
        let (config, problems) = read::read(source, text, base);
        if problems.is_empty() { Ok(config) } else { Err(BuildError { problems }) }
    }

    /// A builder with everything that is set here; what a caller adds comes behind it.
    pub fn builder(&self) -> EngineBuilder {
        let mut builder = EngineBuilder::new()
            .limits(self.limits.clone())
            .networks(self.networks.clone())
            .policy(self.policy.clone());
        if self.stock_rules {
            for (name, text) in stock::rules() {
                builder = builder.rules_text(format!("{}{name}", stock::PREFIX), text);
            }
            for (name, text) in stock::scores() {
                builder = builder.scores_text(format!("{}{name}", stock::PREFIX), text);
            }
        }
        if self.yara.enabled {
            builder = builder.yara_skip(self.yara.least_bytes, self.yara.images_above);
            if let Some(folder) = self.yara.cache.folder() {
                builder = builder.yara_cache(folder);
            }
            if self.stock_rules {
                for (name, text) in stock::yara() {
                    builder = builder.yara_text(format!("{}{name}", stock::PREFIX), text);
                }
            }
            for path in &self.yara.paths {
                builder = builder.yara_path(path);
            }
        } else {
            builder = builder.without_yara();
        }
        for path in &self.rule_paths {
            builder = builder.rules_path(path);
        }
        for (rule, origin) in &self.disable {
            builder = builder.disable_rule(rule, origin.clone());
        }
        for (rule, score, origin) in &self.scores {
            builder = builder.score_rule(rule, *score, origin.clone());
        }
        for list in &self.lists {
            for path in &list.paths {
                builder = builder.list_path(&list.name, list.kind, list.effect, path);
            }
        }
        builder = builder.experts(self.experts);
        if let Some(user) = &self.user {
            return match self.current_model() {
                Ok(Some((name, model))) => builder.model_bytes(name, model),
                Ok(None) => builder,
                Err(wrong) => builder
                    .problem(Problem::file(user, wrong).remedy("tamis learn --user makes it anew, in a new folder")),
            };
        }
        if let Some(store) = self.learned_store() {
            let name = store.folder().display().to_string();
            match store.model() {
                Ok(Some(model)) => return builder.model_bytes(name, model),
                Ok(None) => {}
                Err(wrong) => return builder.problem(Problem::file(name, wrong).remedy("tamis learn makes it anew")),
            }
        }
        match (&self.model, stock::model()) {
            (Model::File(path), _) => builder.model_path(path),
            (Model::Stock, Some((name, bytes))) => builder.model_bytes(format!("{}{name}", stock::PREFIX), bytes),
            (Model::Stock, None) | (Model::Off, _) => builder,
        }
    }

    /// Where what is learned in place is kept; none where nothing is to be learned, or there is no place for it.
    pub fn learned_store(&self) -> Option<Store> {
        let folder = match (&self.learned, &self.model) {
            (Learned::Off, _) | (_, Model::Off) => return None,
            (Learned::Folder(folder), _) => folder.clone(),
            (Learned::Auto, Model::File(path)) => {
                let mut name = path.as_os_str().to_owned();
                name.push(".learned");
                name.into()
            }
            (Learned::Auto, Model::Stock) => self.state_home.as_ref()?.join("tamis/learned"),
        };
        Some(Store::new(folder).keep(self.keep_learned).fade_after(self.fade_after))
    }

    /// Where what one user had learned is kept; none where users have no models of their own. An address is the same with and
    /// without what stands behind a `+`, and in whatever case.
    pub fn user_store(&self, user: &str) -> Option<Store> {
        let folder = self.users.as_ref().filter(|_| self.model != Model::Off)?;
        let name = user_folder(user)?;
        Some(Store::new(folder.join(name)).keep(self.keep_learned.min(MOST_OF_USER)).of_user())
    }

    /// The model that counts: as configured, with what was learned since, by the site and by the user, and its name for errors.
    pub fn current_model(&self) -> Result<Option<(String, Vec<u8>)>, String> {
        let site = self.site_model()?;
        if let (Some(user), Some((_, model))) = (&self.user, &site)
            && let Some(store) = self.user_store(user)
            && let Some(own) = store.model_over(model)?
        {
            return Ok(Some((store.folder().display().to_string(), own)));
        }
        Ok(site)
    }

    /// The model of those who have none of their own.
    pub fn site_model(&self) -> Result<Option<(String, Vec<u8>)>, String> {
        if let Some(store) = self.learned_store()
            && let Some(model) = store.model()?
        {
            return Ok(Some((store.folder().display().to_string(), model)));
        }
        Ok(self.model_bytes()?.map(|bytes| ("the model".to_owned(), bytes)))
    }

    /// The bytes of the model that is configured, without what was learned since.
    pub fn model_bytes(&self) -> Result<Option<Vec<u8>>, String> {
        match &self.model {
            Model::Off => Ok(None),
            Model::Stock => Ok(stock::model().map(|(_, bytes)| bytes.to_vec())),
            Model::File(path) => std::fs::read(path)
                .map(Some)
                .map_err(|error| format!("{}: cannot be read: {error}", crate::print::from_path(path))),
        }
    }

    /// How many threads scan: as set, else one a core.
    pub fn scan_threads(&self) -> usize {
        match self.threads {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            threads => threads,
        }
    }
}

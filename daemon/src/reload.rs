//! Changed files -> another engine. Takes a configuration and what its files were, gives an engine made of what they are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use tamis_common::config::{Config, Model};
use tamis_engine::{Engine, ListSource};

/// How files were when they were last looked at.
pub(crate) type Seen = BTreeMap<PathBuf, Option<(u64, Option<SystemTime>)>>;

/// Files that a look goes through at most.
const MOST_FILES: usize = 100_000;

/// How all files are that an engine is made of.
pub(crate) fn look(config: &Config, named: Option<&Path>) -> Seen {
    let mut seen = Seen::new();
    let mut paths: Vec<PathBuf> = config.rule_paths.iter().chain(&config.yara.paths).cloned().collect();
    paths.extend(config.lists.iter().flat_map(|list| list.paths.iter().cloned()));
    paths.extend(named.map(Path::to_owned));
    if let Model::File(path) = &config.model {
        paths.push(path.clone());
    }
    paths.extend(learned(config));
    while let Some(path) = paths.pop() {
        if seen.len() >= MOST_FILES || seen.contains_key(&path) {
            continue;
        }
        let data = std::fs::metadata(&path).ok();
        if data.as_ref().is_some_and(std::fs::Metadata::is_dir) {
            // A link may lead in a circle, and the engine does not follow one either.
            let entries = std::fs::read_dir(&path).into_iter().flatten().flatten();
            paths.extend(entries.filter(|it| it.file_type().is_ok_and(|kind| !kind.is_symlink())).map(|it| it.path()));
        }
        seen.insert(path, data.map(|it| (it.len(), it.modified().ok())));
    }
    seen
}

/// The files whose change means that something was learned.
fn learned(config: &Config) -> Vec<PathBuf> {
    config.learned_store().map_or(Vec::new(), |store| store.files())
}

/// The configuration anew, and an engine made of it. Where only files of lists changed, everything else is shared.
pub(crate) fn engine(
    read: &dyn Fn() -> Result<Config, String>,
    current: &Engine,
    config: &Config,
    before: &Seen,
    after: &Seen,
) -> Result<(Config, Engine), String> {
    let changed: Vec<&PathBuf> =
        after.iter().filter(|(path, seen)| before.get(*path) != Some(*seen)).map(|it| it.0).collect();
    // The model learns often, and everything else stays as it is.
    let taught = learned(config);
    let inside = |path: &Path| config.learned_store().is_some_and(|store| path.starts_with(store.folder()));
    let others = |seen: &Seen| seen.keys().filter(|path| !inside(path)).count();
    if !changed.is_empty() && changed.iter().all(|path| taught.contains(path)) && others(before) == others(after) {
        let (name, model) = config.current_model()?.ok_or("there is no model")?;
        let engine = current.with_model(&name, &model, config.experts).map_err(|wrong| wrong.to_string())?;
        return Ok((config.clone(), engine));
    }
    let same_files = before.len() == after.len() && before.keys().eq(after.keys());
    let list_of = |path: &Path| config.lists.iter().find(|list| list.paths.iter().any(|it| it == path));
    if same_files && !changed.is_empty() && changed.iter().all(|path| list_of(path).is_some()) {
        let mut engine: Option<Engine> = None;
        for path in changed {
            let Some(list) = list_of(path) else { continue };
            let text = std::fs::read_to_string(path)
                .map_err(|error| format!("{}: cannot be read: {error}", tamis_common::print::from_path(path)))?;
            let source = ListSource {
                name: list.name.clone(),
                kind: list.kind,
                effect: list.effect,
                source: path.display().to_string(),
                text,
            };
            let from = engine.as_ref().unwrap_or(current);
            engine = Some(from.with_list_file(&source).map_err(|wrong| wrong.to_string())?);
        }
        if let Some(engine) = engine {
            return Ok((config.clone(), engine));
        }
    }
    let config = read()?;
    let engine = build(&config)?;
    Ok((config, engine))
}

/// An engine of a configuration.
pub(crate) fn build(config: &Config) -> Result<Engine, String> {
    let builder = config.builder().now(tamis_common::time::now()).leaf_threads(config.scan_threads());
    builder.build().map_err(|wrong| wrong.to_string())
}

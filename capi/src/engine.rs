//! Engines: configuration text in, handles out.

use std::ffi::c_char;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use ::tamis_engine::Engine;
use tamis_common::config::{Cache, Config, Model};

use crate::borrow::{Out, bytes};
use crate::handle::Registry;
use crate::options::{self, Log, Options, tamis_log_level, tamis_options};
use crate::status::{Fault, guard, guard_or, tamis_status};

/// Rules, lists, model and limits, compiled. Immutable: any number of threads may use one at once. Scans keep what they
/// need of it, so that it may be freed while they run.
pub struct tamis_engine(());

/// An engine and what the library knows of it.
pub(crate) struct Opened {
    pub(crate) engine: Arc<Engine>,
    /// Bytes of a message that are kept.
    pub(crate) message_bytes: usize,
    pub(crate) log: Log,
    process: u32,
    rules: std::ffi::CString,
    model: std::ffi::CString,
}

impl Opened {
    /// After a fork the child has no thread of the engine's, and must not use what they left.
    pub(crate) fn same_process(&self) -> Result<(), Fault> {
        match self.process == std::process::id() {
            true => Ok(()),
            false => Err(Fault::new(tamis_status::TAMIS_FORKED, "open the engine again in the child process")),
        }
    }
}

static ENGINES: Registry<Opened> = Registry::new(2);

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn live() -> usize {
    ENGINES.live()
}

pub(crate) fn of(handle: *const tamis_engine) -> Result<Arc<Opened>, Fault> {
    ENGINES.get(handle).ok_or_else(|| Fault::handle("engine"))
}

/// Opens an engine from a configuration: `config_len` bytes of TOML text in UTF-8, every key optional, none of them
/// needed (docs/configuration.md). Relative paths are a mistake; see tamis_options_set_base_dir(). Stock rules and model
/// are inside the library. Nothing is read but the files that the configuration names.
///
/// Gives TAMIS_CONFIG where anything is wrong, and all that is wrong by tamis_last_error(), each mistake with file, line
/// and remedy. `*out` is NULL then. Free the engine with tamis_engine_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_engine_open(
    config: *const c_char,
    config_len: usize,
    out: *mut *mut tamis_engine,
) -> tamis_status {
    // SAFETY: the same promises of the caller; NULL options are fine.
    unsafe { tamis_engine_open_with(std::ptr::null(), config, config_len, out) }
}

/// The same, with options; NULL: none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_engine_open_with(
    options: *const tamis_options,
    config: *const c_char,
    config_len: usize,
    out: *mut *mut tamis_engine,
) -> tamis_status {
    guard(|| {
        let out = Out::new("out", out)?;
        out.set(std::ptr::null_mut());
        let options = options::of(options)?;
        let text = std::str::from_utf8(bytes("config", config.cast(), config_len)?)
            .map_err(|_| Fault::new(tamis_status::TAMIS_CONFIG, "the configuration is not UTF-8"))?;
        let opened = open(&options, text).map_err(|problems| {
            options.log.line(tamis_log_level::TAMIS_LOG_ERROR, &problems);
            Fault::new(tamis_status::TAMIS_CONFIG, problems)
        })?;
        out.set(ENGINES.insert(opened).ok_or_else(|| Fault::new(tamis_status::TAMIS_RESOURCES, "too many engines"))?);
        Ok(())
    })
}

fn open(options: &Options, text: &str) -> Result<Opened, String> {
    let base = options.base.as_deref().unwrap_or(Path::new(""));
    let mut config = Config::text("configuration", text, base).map_err(|wrong| wrong.to_string())?;
    // Where that is only the environment knows, which a library does not ask.
    if config.yara.cache == Cache::Home {
        config.yara.cache = Cache::Off;
    }
    if let Some(path) = paths(&config).into_iter().find(|path| !path.is_absolute()) {
        let remedy = "write it from / on, or set the folder that it starts from by tamis_options_set_base_dir()";
        return Err(format!("configuration: {} is a relative path\n  help: {remedy}", path.display()));
    }
    if options.without_yara || cfg!(not(feature = "yara")) {
        config.yara.enabled = false;
    }
    let mut builder = config.builder().now(tamis_common::time::now());
    if options.leaf_threads > 0 {
        builder = builder.leaf_threads(options.leaf_threads);
    }
    // The configuration has no key for DNS lists yet: a list for tests of questions and answers.
    #[cfg(feature = "test-hooks")]
    if text.starts_with("# test-hooks: dns") {
        builder = builder.dns_list(::tamis_engine::DnsList { zone: "bl.example".into(), rule: "dns-bl".into() });
    }
    let engine = builder.build().map_err(|wrong| wrong.to_string())?;
    if !engine.yara_rules().is_empty() && !is_first_process() {
        let line = "this process was forked from one that opened an engine with YARA: yara_seconds does not count here";
        options.log.line(tamis_log_level::TAMIS_LOG_WARNING, line);
    }
    for note in engine.list_notes() {
        options.log.line(tamis_log_level::TAMIS_LOG_NOTE, &note.to_string());
    }
    let versions = engine.versions();
    Ok(Opened {
        rules: crate::borrow::c_text(&versions.rules),
        model: crate::borrow::c_text(&versions.model),
        message_bytes: usize::try_from(config.limits.message_bytes).unwrap_or(usize::MAX),
        log: options.log,
        process: std::process::id(),
        engine: Arc::new(engine),
    })
}

/// Whether no process that this one was forked from has opened an engine with YARA: yara-x starts its clock once, and a
/// child has none of its parent's threads.
fn is_first_process() -> bool {
    static FIRST: AtomicU32 = AtomicU32::new(0);
    let process = std::process::id();
    let first = FIRST.compare_exchange(0, process, Ordering::Relaxed, Ordering::Relaxed);
    first.is_ok() || first == Err(process)
}

/// All paths of a configuration.
fn paths(config: &Config) -> Vec<&PathBuf> {
    let mut all: Vec<&PathBuf> = config.rule_paths.iter().chain(&config.yara.paths).collect();
    all.extend(config.lists.iter().flat_map(|list| &list.paths));
    if let Model::File(path) = &config.model {
        all.push(path);
    }
    if let Cache::Folder(path) = &config.yara.cache {
        all.push(path);
    }
    all
}

/// One more handle for the same engine, which is there until both are freed. For a host that swaps engines: under its own
/// lock a thread takes a handle of its own of the current one, and uses it after the lock.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_engine_share(engine: *const tamis_engine, out: *mut *mut tamis_engine) -> tamis_status {
    guard(|| {
        let out = Out::new("out", out)?;
        out.set(std::ptr::null_mut());
        let opened = of(engine)?;
        opened.same_process()?;
        let handle = ENGINES.share(opened);
        out.set(handle.ok_or_else(|| Fault::new(tamis_status::TAMIS_RESOURCES, "too many engines"))?);
        Ok(())
    })
}

/// Frees a handle of an engine. Scans that were made of it go on. NULL is fine, and so is a handle that was freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_engine_free(engine: *mut tamis_engine) {
    let _ = guard(|| {
        drop(ENGINES.remove(engine));
        Ok(())
    });
}

/// A digest of the engine's rules, scores and lists, in hexadecimal digits: equal rules, equal text. Stays valid until the
/// last handle of the engine is freed; NULL where it is no engine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_engine_rules_version(engine: *const tamis_engine) -> *const c_char {
    guard_or(std::ptr::null(), || Ok(of(engine)?.rules.as_ptr()))
}

/// The same of its model; empty where it has none.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_engine_model_version(engine: *const tamis_engine) -> *const c_char {
    guard_or(std::ptr::null(), || Ok(of(engine)?.model.as_ptr()))
}

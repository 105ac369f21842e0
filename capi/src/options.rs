//! How an engine is to be opened.

use std::ffi::{CString, c_char, c_int, c_void};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use crate::borrow::{Out, c_text, text};
use crate::handle::Registry;
use crate::status::{Fault, guard, tamis_status};

/// How an engine is to be opened: what is not in the configuration. Made by tamis_options_new(); belongs to one thread at
/// a time; may be used for several engines.
pub struct tamis_options(());

/// How much a log line matters. Numbers are never used again for something else.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum tamis_log_level {
    /// Something did not work.
    TAMIS_LOG_ERROR = 1,
    /// Something worked less well than it should: a time-out, a message that was not looked at wholly in time.
    TAMIS_LOG_WARNING = 2,
    /// Something that whoever keeps the configuration may want to know.
    TAMIS_LOG_NOTE = 3,
}

/// Receives log lines: `user_data` as it was given, the level (a tamis_log_level), and one line of text without a line
/// break, which is valid during the call. It is called on the thread that made the call which has something to say, on
/// several threads at once if several do. It must not call into Tamis and must not unwind.
pub type tamis_log_callback =
    Option<unsafe extern "C" fn(user_data: *mut c_void, level: c_int, message: *const c_char)>;

/// Where log lines go.
#[derive(Clone, Copy, Default)]
pub(crate) struct Log {
    callback: tamis_log_callback,
    user_data: usize,
}

impl Log {
    pub(crate) fn line(&self, level: tamis_log_level, text: &str) {
        let Some(callback) = self.callback else { return };
        let line: CString = c_text(&text.replace(['\n', '\r'], " | "));
        let user_data = std::ptr::with_exposed_provenance_mut(self.user_data);
        // SAFETY: the caller promised, by tamis_options_set_log(), that the function may be called so from any thread as
        // long as an engine that was opened with it lives.
        unsafe { callback(user_data, level as c_int, line.as_ptr()) }
    }
}

#[derive(Clone, Default)]
pub(crate) struct Options {
    pub(crate) base: Option<PathBuf>,
    pub(crate) without_yara: bool,
    pub(crate) leaf_threads: usize,
    pub(crate) log: Log,
}

static OPTIONS: Registry<Mutex<Options>> = Registry::new(1);

#[cfg(any(test, feature = "fuzzing"))]
pub(crate) fn live() -> usize {
    OPTIONS.live()
}

/// The options behind a handle; those of nobody's where it is NULL.
pub(crate) fn of(handle: *const tamis_options) -> Result<Options, Fault> {
    if handle.is_null() {
        return Ok(Options::default());
    }
    let mut found = Options::default();
    with(handle, |options| {
        found = options.clone();
        Ok(())
    })?;
    Ok(found)
}

fn with(handle: *const tamis_options, change: impl FnOnce(&mut Options) -> Result<(), Fault>) -> Result<(), Fault> {
    let options: Arc<Mutex<Options>> = OPTIONS.get(handle).ok_or_else(|| Fault::handle("options"))?;
    change(&mut *Fault::try_lock("options", &options)?)
}

/// Makes options with nothing set. Free them with tamis_options_free().
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_options_new(out: *mut *mut tamis_options) -> tamis_status {
    guard(|| {
        let out = Out::new("out", out)?;
        out.set(std::ptr::null_mut());
        let handle = OPTIONS.insert(Mutex::default());
        out.set(handle.ok_or_else(|| Fault::new(tamis_status::TAMIS_RESOURCES, "too many options"))?);
        Ok(())
    })
}

/// Frees options. Engines that were opened with them stay as they are. NULL is fine.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_options_free(options: *mut tamis_options) {
    let _ = guard(|| {
        drop(OPTIONS.remove(options));
        Ok(())
    });
}

/// The folder that relative paths in the configuration start from; must be absolute. Without it a relative path in the
/// configuration is a mistake, since a library does not know where its host's files are.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_options_set_base_dir(options: *mut tamis_options, path: *const c_char) -> tamis_status {
    guard(|| {
        let path = PathBuf::from(text("path", path)?);
        if !path.is_absolute() {
            return Err(Fault::new(tamis_status::TAMIS_ARGUMENT, "path is not absolute"));
        }
        with(options, |options| {
            options.base = Some(path);
            Ok(())
        })
    })
}

/// Whether YARA rules count (1, as without this call) or not (0). Without them the engine touches no signal handler,
/// starts no thread and needs no executable page.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_options_set_yara(options: *mut tamis_options, on: c_int) -> tamis_status {
    guard(|| {
        with(options, |options| {
            options.without_yara = on == 0;
            Ok(())
        })
    })
}

/// How many threads of its own the engine may start, for large messages and to read many rules; 0, as without this call: none. At most 64.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_options_set_threads(options: *mut tamis_options, threads: u32) -> tamis_status {
    guard(|| {
        if threads > 64 {
            return Err(Fault::new(tamis_status::TAMIS_ARGUMENT, "threads is over 64"));
        }
        with(options, |options| {
            options.leaf_threads = threads as usize;
            Ok(())
        })
    })
}

/// Where log lines go; NULL: nowhere, as without this call. `callback` and what `user_data` points to must stay valid
/// until the last engine, scan and verdict of these options is freed.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn tamis_options_set_log(
    options: *mut tamis_options,
    callback: tamis_log_callback,
    user_data: *mut c_void,
) -> tamis_status {
    guard(|| {
        with(options, |options| {
            options.log = Log { callback, user_data: user_data.expose_provenance() };
            Ok(())
        })
    })
}

//! What a call says of itself. Takes results and panics, gives statuses and the text behind them.

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, CString, c_char};
use std::panic::AssertUnwindSafe;
use std::sync::{Mutex, MutexGuard, Once, TryLockError};

use ::tamis_engine::Action;

use crate::borrow::c_text;

/// What became of a call. Never what became of the message: that is in the verdict.
///
/// Numbers are never used again for something else; there may be more in later versions.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum tamis_status {
    /// It did what it says.
    TAMIS_OK = 0,
    /// An argument is NULL, not UTF-8 or out of range. Nothing was changed.
    TAMIS_ARGUMENT = 1,
    /// The handle was freed, was never made, or is of another kind. Nothing was changed.
    TAMIS_HANDLE = 2,
    /// The call does not fit what was called before, such as to feed a scan that is finished. Nothing was changed.
    TAMIS_ORDER = 3,
    /// Another thread is using the handle right now. Nothing was changed.
    TAMIS_BUSY = 4,
    /// The configuration, or a file that it names, has mistakes: tamis_last_error() has all of them.
    TAMIS_CONFIG = 5,
    /// The message is longer than the limit. Its head was kept and will be judged; `incomplete` names the limit. Feeding on
    /// is allowed and keeps nothing more.
    TAMIS_TRUNCATED = 6,
    /// There is no such entry: the index is beyond the last one, or what was asked for is absent.
    TAMIS_ABSENT = 7,
    /// The process was forked after the engine was opened: open the engine again in the child.
    TAMIS_FORKED = 8,
    /// A fault inside Tamis was caught. The handle is poisoned: free it, and treat the message as not judged.
    TAMIS_PANIC = 9,
    /// The handle is poisoned by an earlier TAMIS_PANIC: free it.
    TAMIS_POISONED = 10,
    /// There are too many handles, or the operating system refuses a thread.
    TAMIS_RESOURCES = 11,
}

/// What to do with a message, from the mildest to the most severe. Numbers are never used again for something else.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum tamis_action {
    /// No action: the call had no verdict to take it from.
    TAMIS_ACTION_NONE = 0,
    /// Deliver it.
    TAMIS_ACTION_ACCEPT = 1,
    /// Deliver it, marked.
    TAMIS_ACTION_TAG = 2,
    /// Keep it where a person can look at it.
    TAMIS_ACTION_QUARANTINE = 3,
    /// Refuse it, so that the sender learns of it.
    TAMIS_ACTION_REJECT = 4,
    /// Take it and drop it.
    TAMIS_ACTION_DISCARD = 5,
    /// Ask the sender to try again later.
    TAMIS_ACTION_DEFER = 6,
}

/// The number of an action. A new one of the engine's is deferred until it has a number: no mail is lost.
pub(crate) fn action(action: Action) -> tamis_action {
    match action {
        Action::Accept => tamis_action::TAMIS_ACTION_ACCEPT,
        Action::Tag => tamis_action::TAMIS_ACTION_TAG,
        Action::Quarantine => tamis_action::TAMIS_ACTION_QUARANTINE,
        Action::Reject => tamis_action::TAMIS_ACTION_REJECT,
        Action::Discard => tamis_action::TAMIS_ACTION_DISCARD,
        _ => tamis_action::TAMIS_ACTION_DEFER,
    }
}

/// Why a call did not do what it says.
#[derive(Debug)]
pub(crate) struct Fault {
    status: tamis_status,
    message: String,
}

impl Fault {
    pub(crate) fn new(status: tamis_status, message: impl Into<String>) -> Fault {
        Fault { status, message: message.into() }
    }

    pub(crate) fn handle(what: &str) -> Fault {
        let message = format!("{what} is NULL, was freed, or is no such handle");
        Fault::new(tamis_status::TAMIS_HANDLE, message)
    }

    /// What one thread at a time may use. A panic while it is held poisons it: what is half done is not used again.
    pub(crate) fn try_lock<'m, T>(what: &str, mutex: &'m Mutex<T>) -> Result<MutexGuard<'m, T>, Fault> {
        mutex.try_lock().map_err(|error| match error {
            TryLockError::Poisoned(_) => Fault::new(
                tamis_status::TAMIS_POISONED,
                format!("an earlier call with this {what} had a fault: free it"),
            ),
            TryLockError::WouldBlock => {
                Fault::new(tamis_status::TAMIS_BUSY, format!("another thread uses this {what}"))
            }
        })
    }

    pub(crate) fn absent() -> Fault {
        Fault::new(tamis_status::TAMIS_ABSENT, "there is no such entry")
    }
}

thread_local! {
    static LAST: RefCell<CString> = RefCell::default();
    /// Whether this thread is inside of a call.
    static INSIDE: Cell<bool> = const { Cell::new(false) };
}

/// Runs a call. A panic ends here: nothing unwinds into C.
pub(crate) fn guard(call: impl FnOnce() -> Result<(), Fault>) -> tamis_status {
    // The fuzzer's own hook tells what it found.
    if cfg!(not(feature = "fuzzing")) {
        quiet();
    }
    let before = INSIDE.replace(true);
    let result = std::panic::catch_unwind(AssertUnwindSafe(call));
    INSIDE.set(before);
    let fault = match result {
        Ok(Ok(())) => return tamis_status::TAMIS_OK,
        Ok(Err(fault)) => fault,
        Err(payload) => {
            let text = payload.downcast_ref::<&str>().map(|it| (*it).to_owned());
            let text = text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default();
            Fault::new(tamis_status::TAMIS_PANIC, format!("a fault inside Tamis was caught: {text}"))
        }
    };
    remember(&fault.message);
    fault.status
}

/// The same for calls that give a value: `none` where there is none.
pub(crate) fn guard_or<T>(none: T, call: impl FnOnce() -> Result<T, Fault>) -> T {
    let mut value = none;
    guard(|| {
        value = call()?;
        Ok(())
    });
    value
}

fn remember(message: &str) {
    // A thread that is ending has no last error any more.
    let _ = LAST.try_with(|last| *last.borrow_mut() = c_text(message));
}

/// A panic inside of a call, or on a thread of ours, is caught and told by a status: nothing is printed into the host's
/// standard error. Panics elsewhere go to whoever was told of them before.
fn quiet() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if INSIDE.try_with(Cell::get).unwrap_or(false) {
                return;
            }
            if !std::thread::current().name().is_some_and(|name| name.starts_with("tamis-")) {
                before(info);
            }
        }));
    });
}

/// The text of what went wrong in this thread's last call that failed; empty where none did. Stays valid until this
/// thread's next call that fails, or its end.
#[unsafe(no_mangle)]
pub extern "C" fn tamis_last_error() -> *const c_char {
    LAST.try_with(|last| last.try_borrow().map_or(c"".as_ptr(), |last| last.as_ptr())).unwrap_or(c"".as_ptr())
}

/// One sentence about a status. Never NULL; stays valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn tamis_status_text(status: i32) -> *const c_char {
    let text = match status {
        0 => c"done",
        1 => c"an argument is NULL, not UTF-8 or out of range",
        2 => c"the handle was freed, was never made, or is of another kind",
        3 => c"the call does not fit what was called before",
        4 => c"another thread is using the handle",
        5 => c"the configuration has mistakes",
        6 => c"the message is longer than the limit; its head was kept",
        7 => c"there is no such entry",
        8 => c"the process was forked after the engine was opened",
        9 => c"a fault inside Tamis was caught; the handle is poisoned",
        10 => c"the handle is poisoned by an earlier fault",
        11 => c"too many handles, or no more threads",
        _ => c"unknown status",
    };
    text.as_ptr()
}

/// The name of an action, as verdicts print it: `accept`, `tag`, `quarantine`, `reject`, `discard`, `defer`; `none` for
/// every other number. Never NULL; stays valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn tamis_action_name(action: i32) -> *const c_char {
    let name = match action {
        1 => c"accept",
        2 => c"tag",
        3 => c"quarantine",
        4 => c"reject",
        5 => c"discard",
        6 => c"defer",
        _ => c"none",
    };
    name.as_ptr()
}

/// The version of the library, such as `0.1.0`. Never NULL; stays valid for ever.
#[unsafe(no_mangle)]
pub extern "C" fn tamis_version() -> *const c_char {
    VERSION.as_ptr()
}

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(text) => text,
    Err(_) => c"",
};

/// The version of the interface: the number behind `libtamis.so`. It grows when something of this header changes or goes,
/// and stays when something is added. Compare it with TAMIS_ABI_VERSION of the header.
#[unsafe(no_mangle)]
pub extern "C" fn tamis_abi_version() -> u32 {
    TAMIS_ABI_VERSION
}

/// The version of the interface that this header describes.
pub const TAMIS_ABI_VERSION: u32 = 0;

//! The worker that each thread keeps. Takes an engine and work, runs the work on a worker of this thread.
//!
//! A worker borrows its engine, keeps buffers and YARA scanners from message to message, and cannot leave its thread. C
//! knows nothing of all that: the worker of the engine that a thread used last stays with the thread.

use std::cell::RefCell;
use std::mem::ManuallyDrop;
use std::sync::Arc;

use ::tamis_engine::{Engine, Worker};

/// A worker and the engine that it borrows.
struct Kept {
    worker: ManuallyDrop<Worker<'static>>,
    engine: Arc<Engine>,
}

impl Kept {
    fn new(engine: Arc<Engine>) -> Kept {
        let borrowed: *const Engine = Arc::as_ptr(&engine);
        // SAFETY: the engine does not move, since it lies behind the `Arc`, and lives until `Kept::drop` has dropped the
        // worker, since `engine` keeps it and is private to this type. Nobody gets the worker for longer than a borrow of
        // `self` (`run` hands it to a closure that is generic over its lifetime).
        let worker = unsafe { &*borrowed }.worker();
        Kept { worker: ManuallyDrop::new(worker), engine }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        // SAFETY: nobody uses the worker after this, and it is dropped only here.
        unsafe { ManuallyDrop::drop(&mut self.worker) }
    }
}

thread_local! {
    static KEPT: RefCell<Option<Kept>> = const { RefCell::new(None) };
}

/// Runs work on this thread's worker of an engine.
pub(crate) fn run<R>(engine: &Arc<Engine>, work: impl for<'w> FnOnce(&'w mut Worker<'_>) -> R) -> R {
    // A thread that is ending keeps nothing any more, and makes a worker for this message alone.
    let kept = KEPT.try_with(|kept| kept.try_borrow_mut().ok().and_then(|mut kept| kept.take())).ok().flatten();
    let mut kept =
        kept.filter(|kept| Arc::ptr_eq(&kept.engine, engine)).unwrap_or_else(|| Kept::new(Arc::clone(engine)));
    // Where the work panics, the worker is dropped, and not used again.
    let result = work(&mut kept.worker);
    let _ = KEPT.try_with(|slot| {
        if let Ok(mut slot) = slot.try_borrow_mut() {
            *slot = Some(kept);
        }
    });
    result
}

/// Frees what this thread keeps: buffers and YARA scanners of the engine that it used last, and that engine itself where
/// all its handles are freed. For a thread that goes on without scanning; at the end of a thread it happens by itself.
#[unsafe(no_mangle)]
pub extern "C" fn tamis_thread_release() {
    let _ = crate::status::guard(|| {
        let _ = KEPT.try_with(|kept| kept.try_borrow_mut().ok().and_then(|mut kept| kept.take()));
        Ok(())
    });
}

//! Threads of the engine's own, where its host lets it have some. Takes how many, gives a pool, and does work of many pieces on it: in the
//! order of the pieces, and the same as on one thread.

use std::sync::OnceLock;

use rayon::ThreadPool;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

/// Fewer pieces of work than so many start no threads.
const FEW: usize = 400;

/// So many threads, which are made when they are first needed: a host that has few rules and scans small mail has none of them.
#[derive(Debug, Default)]
pub(crate) struct Threads {
    count: usize,
    pool: OnceLock<Option<ThreadPool>>,
}

impl Threads {
    /// None for 0 and 1: all is done on the thread at hand then.
    pub(crate) fn new(count: usize) -> Threads {
        Threads { count, pool: OnceLock::new() }
    }

    /// As many others.
    pub(crate) fn others(&self) -> Threads {
        Threads::new(self.count)
    }

    /// The pool; none where there are no threads, or none to be had.
    pub(crate) fn pool(&self) -> Option<&ThreadPool> {
        let make = || match self.count {
            0 | 1 => None,
            count => {
                let builder = rayon::ThreadPoolBuilder::new().num_threads(count);
                builder.thread_name(|number| format!("tamis-leaf-{number}")).build().ok()
            }
        };
        self.pool.get_or_init(make).as_ref()
    }

    /// What becomes of each piece, in their order.
    pub(crate) fn map<T: Send, R: Send>(&self, pieces: Vec<T>, each: impl Fn(T) -> R + Sync + Send) -> Vec<R> {
        match self.pool_for(pieces.len()) {
            Some(pool) => pool.install(|| pieces.into_par_iter().map(each).collect()),
            None => pieces.into_iter().map(each).collect(),
        }
    }

    /// The pool, where there is enough to do for several threads.
    pub(crate) fn pool_for(&self, pieces: usize) -> Option<&ThreadPool> {
        if pieces < FEW { None } else { self.pool() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_comes_back_in_its_order_whoever_did_it() {
        for (count, pieces) in [(0, 2 * FEW), (1, 2 * FEW), (3, 2 * FEW), (3, FEW - 1)] {
            let threads = Threads::new(count);
            let names = threads.map((0..pieces).collect(), |piece| {
                (piece * 2, std::thread::current().name().is_some_and(|name| name.starts_with("tamis-leaf-")))
            });
            assert!((0..pieces).map(|piece| piece * 2).eq(names.iter().map(|(piece, _)| *piece)));
            assert_eq!(names.iter().all(|(_, own)| *own), count > 1 && pieces >= FEW);
            assert_eq!(names.iter().any(|(_, own)| *own), count > 1 && pieces >= FEW);
        }
    }
}

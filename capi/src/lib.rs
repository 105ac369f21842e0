//! libtamis: the verdict as a C library.
//!
//! Takes what C hands over, gives handles, statuses and strings; judges nothing itself. The header, `include/tamis.h`, is
//! the manual; it is made of the comments here by `capi/header.sh`.
//!
//!     status    what a call says of itself, and the text of what went wrong
//!     handle    numbers that look like pointers, so that a stale one is an error and no crash
//!     borrow    pointers of the caller's, in and out
//!     options   how an engine is to be opened
//!     engine    engines
//!     worker    the worker that each thread keeps
//!     clock     deadlines
//!     scan      messages on their way in
//!     examined  messages that wait for answers of the network
//!     verdict   what came out

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod borrow;
mod clock;
mod engine;
mod examined;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzzing;
mod handle;
mod options;
mod scan;
mod status;
mod verdict;
mod worker;

pub use engine::*;
pub use examined::*;
pub use options::*;
pub use scan::*;
pub use status::*;
pub use verdict::*;
pub use worker::*;

/// Handles that were not freed: of options, engines, scans, examined messages and verdicts.
#[cfg(any(test, feature = "fuzzing"))]
fn live() -> [usize; 5] {
    [options::live(), engine::live(), scan::live(), examined::live(), verdict::live()]
}

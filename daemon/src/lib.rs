//! What `tamis serve` runs: a milter for Postfix and sendmail.
//!
//! ```text
//! packet    bytes -> commands of the milter protocol
//! reply     replies -> bytes
//! session   commands -> messages, and what must be answered at once
//! authres   Authentication-Results -> what servers that we believe say
//! pool      messages -> verdicts, on scan threads behind a bounded queue
//! answer    verdicts -> header fields and the answer
//! learn     messages that somebody says are ham or spam -> the store of what was learned
//! reload    changed files -> another engine
//! log, metrics    what a postmaster reads
//! room      how much memory messages take together
//! quarantine      messages -> a folder of ours
//! serve, connection, watch    sockets and signals, sessions, changed files: where all of it comes together
//! told      what became of a message -> its log line and counts
//! http, request    the same over HTTP, and metrics
//! ```
//!
//! Nothing here judges mail, and nothing here is read from a message but what the protocol needs.

pub mod answer;
pub mod authres;
mod connection;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod http;
mod learn;
pub mod log;
pub mod metrics;
pub mod packet;
mod pool;
mod quarantine;
mod reload;
pub mod reply;
mod request;
pub mod room;
mod serve;
pub mod session;
mod told;
mod users;
mod watch;

pub use serve::{Options, run};

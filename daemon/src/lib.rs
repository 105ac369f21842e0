//! What `tamis serve` runs: a milter for Postfix and sendmail.
//!
//! ```text
//! packet    bytes -> commands of the milter protocol
//! reply     replies -> bytes
//! session   commands -> messages, and what must be answered at once
//! authres   Authentication-Results -> what servers that we believe say
//! pool      messages -> verdicts, on scan threads behind a bounded queue
//! answer    verdicts -> header fields and the answer
//! reload    changed files -> another engine
//! log, metrics    what a postmaster reads
//! serve     sockets, signals, sessions: where all of it comes together
//! ```
//!
//! Nothing here judges mail, and nothing here is read from a message but what the protocol needs.

pub mod answer;
pub mod authres;
mod http;
pub mod log;
pub mod metrics;
pub mod packet;
mod pool;
mod reload;
pub mod reply;
mod serve;
pub mod session;

pub use serve::{Options, run};

//! Tamis reads a mail message and says what to do with it, and why.
//!
//! ```text
//! bytes + envelope      Mail       what the caller hands us
//!       v mime          Tree       spans into the raw bytes; defects noted; never fails
//!       v unpack        Content    a flat list of items: decoded parts, files in archives, text and links of HTML
//!       v facts         Facts      everything a detector may know, typed and named
//!       v detect        Finding    lists, rules, yara, bayes, shape: none knows another
//!       v policy        Verdict    weights, caps, lists that outrank them -> action, with reasons in order
//! ```
//!
//! ```
//! use tamis_engine::{Action, EngineBuilder, Mail};
//!
//! let engine = EngineBuilder::new()
//!     .rules_text("mine.toml", r#"
//!         [rule.advance-fee]
//!         what = "A next of kin wants to transfer money"
//!         why  = "The opening of an advance-fee fraud"
//!         in   = "body"
//!         any  = ["next of kin"]
//!         hit  = ["text: I am the next of kin"]
//!         miss = ["text: our kindergarten"]
//!     "#)
//!     .build()?;
//! let mut worker = engine.worker();
//! let verdict = worker.scan(&Mail::new(b"Subject: hello\r\n\r\nI am the next of kin.\r\n"));
//! assert_eq!(verdict.reasons[0].rule.as_ref(), "advance-fee");
//! assert_eq!(verdict.action, Action::Accept); // one point is not enough to act on
//! # Ok::<(), tamis_engine::BuildError>(())
//! ```
//!
//! Promises: scanning never fails, never panics, and is bounded in time and memory by [`Limits`], counted and not
//! timed; what was not looked at is in [`Verdict::incomplete`]. Same bytes, same engine, same answers: the same verdict,
//! on any number of threads. The engine has no network, no files (but to load), no clock and no unsafe code.
//!
//! An [`Engine`] is built once ([`EngineBuilder`]), shared by threads, and swapped whole. Each thread makes itself a
//! [`Worker`]. [`Worker::scan`] judges without asking anybody; a caller that has a network takes
//! [`Worker::examine`], answers its questions, and lets any worker [`judge`](Worker::judge).

#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::string_slice, clippy::panic)
)]
#![cfg_attr(not(feature = "yara"), allow(dead_code, reason = "what only YARA reads"))]

mod builder;
mod defect;
mod detect;
mod direction;
mod engine;
mod error;
mod facts;
mod finding;
mod fit;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod incomplete;
mod input;
mod label;
mod limits;
mod load;
mod many;
mod mime;
mod place;
mod policy;
mod scratch;
mod stages;
mod text;
mod threads;
mod unpack;
mod verdict;
mod wanted;
mod worker;

pub use builder::EngineBuilder;
pub use defect::{Defect, DefectKind};
pub use detect::bayes::{ExpertScores, Experts, Learned, Learner, TokenSet, TokenWeight};
pub use detect::lists::{ListEffect, ListHit, ListKind, ListSize, ListSource, ListSubject};
pub use detect::reputation::DnsList;
pub use detect::rules::{ConditionCost, PatternCost, Rule, RuleSource};
pub use detect::spamassassin::{CfCost, CfExample, CfPatterns, CfRule};
pub use detect::yara::YaraRule;
pub use direction::Direction;
pub use engine::{Engine, OwnModel};
pub use error::{BuildError, Problem, nearest};
pub use facts::show::{FactValue, facts_document};
pub use finding::{Effect, Finding};
pub use fit::{TrainedModel, Trainer};
pub use incomplete::{Incomplete, Limit};
pub use input::{Answer, Answers, AuthResults, Envelope, Mail, Network, Networks, Question};
pub use label::Label;
pub use limits::Limits;
pub use place::{Place, Readings, View};
pub use policy::{DirectionPolicy, PolicySettings, Profile, ScoreSource};
pub use verdict::{Action, Reason, RecipientResult, Verdict, Versions, Work};
pub use worker::{Examined, ItemView, Seen, Times, Worker};

//! What every door of Tamis needs: where messages lie, stock rules and model, the verdict as JSON, measures, safe
//! printing.
//!
//! Takes paths, texts and what the engine gives; gives messages, engines and text for people and programs. Judges
//! nothing itself, and never speaks to the network.

pub mod config;
pub mod diff;
pub mod expect;
#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
pub mod json;
pub mod learned;
pub mod mails;
mod mbox;
pub mod measure;
pub mod print;
pub mod recorded;
pub mod reduce;
pub mod ruletest;
pub mod stock;
pub mod time;

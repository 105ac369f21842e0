//! Conditions from text to truth, and to the errors that their authors see.

mod differential;
pub(crate) mod facts;
mod faults;
mod generate;
mod hostile;
mod meaning;
mod reads;
mod shared;

use super::text::Stop;
use super::{Condition, Origin};
use crate::error::Problem;
use crate::facts::Facts;

/// Far more steps than any test needs.
const STEPS: u64 = 10_000_000;

fn compile(condition: &str) -> Result<Condition, Problem> {
    Condition::compile(condition, Origin { source: "test.toml", text: condition, start: 0 })
}

/// The outcome over some facts, with every rule asked for hit whose name begins with `yes`.
fn outcome(condition: &str, facts: &Facts<'_>) -> Result<bool, Stop> {
    let condition = compile(condition).unwrap_or_else(|problem| panic!("{problem}"));
    let hits: Vec<bool> = condition.hits().iter().map(|name| name.starts_with("yes")).collect();
    condition.run(facts, &|index| hits[index], &mut STEPS.clone())
}

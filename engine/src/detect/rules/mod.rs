//! What rule authors wrote. Takes facts, gives findings: patterns over texts (`in`, `any`, `all`) and conditions over
//! facts (`when`). Everything is compiled and typed when loaded; at scan time there are no errors.

pub(crate) mod condition;

use crate::error::Problem;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::limits::Budget;
use crate::wanted::Wanted;

/// A file of rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSource {
    /// The file's name, for errors and for the paths of examples.
    pub source: String,
    /// Its text, TOML.
    pub text: String,
}

/// A rule as its author wrote it, for `tamis rules list|show|test`.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Rule {
    /// Its name.
    pub name: String,
    /// What is seen, in one sentence.
    pub what: String,
    /// Why it matters, in one sentence.
    pub why: String,
    /// The text that patterns look at: `body`, `subject`, `header:NAME`, `link`, `file-name`, `raw`, or a fact's name;
    /// empty for a rule without patterns.
    pub text: String,
    /// Patterns of which one is enough.
    pub any: Vec<String>,
    /// Patterns that all have to be there.
    pub all: Vec<String>,
    /// The condition; empty where there is none.
    pub when: String,
    /// Examples that it must hit: paths relative to the file, or `text: ...`.
    pub hit: Vec<String>,
    /// Examples that it must miss.
    pub miss: Vec<String>,
    /// The file it stands in.
    pub source: String,
    /// The line of its heading, counted from 1.
    pub line: u32,
}

/// All rules, compiled.
#[derive(Debug, Default)]
pub(crate) struct Rules {
    rules: Vec<Rule>,
}

/// What the rules keep from message to message.
#[derive(Debug, Default)]
pub(crate) struct Memory {}

impl Rules {
    /// Compiles rules. `disabled` names rules that are left out, as if they were not there. A broken rule is a problem,
    /// and the others are compiled.
    pub(crate) fn compile(_sources: &[RuleSource], _disabled: &[String]) -> (Rules, Vec<Problem>) {
        (Rules::default(), Vec::new())
    }

    /// The facts that the rules at hand read.
    pub(crate) fn wanted(&self) -> Wanted {
        Wanted::NOTHING
    }

    /// The rules, in the order of their files.
    pub(crate) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Adds a finding for each rule that hits.
    pub(crate) fn run(
        &self,
        _facts: &Facts<'_>,
        _memory: &mut Memory,
        _budget: &mut Budget<'_>,
        _findings: &mut Vec<Finding>,
    ) {
    }
}

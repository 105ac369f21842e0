//! Malformed and unfinished messages: each defect is a finding `defect-NAME`, each limit reached a finding
//! `incomplete-NAME`. Without a score of their own they weigh nothing, and are not reasons.

use crate::facts::Facts;
use crate::finding::Finding;

/// Adds the findings.
pub(crate) fn run(_facts: &Facts<'_>, _findings: &mut Vec<Finding>) {}

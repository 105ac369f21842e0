//! Malformed and unfinished messages: each kind of defect is a finding `defect-NAME`, each limit reached a finding
//! `incomplete-NAME`, at the first place where it was met. Takes facts and the limits reached, gives findings; never
//! weighs them: without a score of their own they weigh nothing, and are not reasons.

use std::collections::BTreeMap;

use crate::facts::Facts;
use crate::finding::Finding;
use crate::incomplete::Incomplete;

/// Adds the findings. `reached` is the purse's own note, and not a fact, since rules may have reached a limit too.
#[inline(never)] // benches/instructions.py finds it by its name
pub(crate) fn run(facts: &Facts<'_>, reached: &[Incomplete], findings: &mut Vec<Finding>) {
    for defect in &facts.first_defects {
        let name = defect.kind.name();
        let mut finding = Finding::new(format!("defect-{name}"), defect.place.clone(), name);
        finding.explanation = Some(defect.kind.explanation().into());
        findings.push(finding);
    }
    let mut first = BTreeMap::new();
    for gap in reached {
        first.entry(gap.limit).or_insert(gap);
    }
    for (limit, gap) in first {
        let mut finding = Finding::new(format!("incomplete-{}", limit.name()), gap.place.clone(), limit.name());
        finding.explanation = Some(gap.explanation.clone());
        findings.push(finding);
    }
}

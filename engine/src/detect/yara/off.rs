//! What stands in for YARA where the engine is built without it: nothing is looked for, and a note says so.

use std::marker::PhantomData;

use super::{Included, Skip, YaraRule};
use crate::error::Problem;
use crate::facts::Facts;
use crate::finding::Finding;
use crate::limits::Budget;
use crate::wanted::Wanted;

/// A file that is not read.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unit {
    pub(crate) source: String,
    pub(crate) rules: Vec<YaraRule>,
    pub(crate) included: Vec<String>,
}

impl Unit {
    pub(crate) fn read(
        file: Included,
        _: &mut dyn FnMut(&Included, &str) -> Result<Included, String>,
        _: &mut Vec<Problem>,
    ) -> Unit {
        Unit { source: file.source, ..Unit::default() }
    }
}

/// No rules.
#[derive(Debug, Default)]
pub(crate) struct Yara {
    notes: Vec<Problem>,
}

/// Nothing to keep.
#[derive(Debug, Default)]
pub(crate) struct Memory<'e> {
    engine: PhantomData<&'e ()>,
}

impl Yara {
    pub(crate) fn compile(units: &[Unit], _: &[String], _: Skip, _: Option<&dyn super::Store>) -> (Yara, Vec<Problem>) {
        let note =
            |unit: &Unit| Problem::file(&unit.source, "this program is built without YARA: the file is not read");
        (Yara { notes: units.iter().map(note).collect() }, Vec::new())
    }

    pub(crate) fn rules(&self) -> &[YaraRule] {
        &[]
    }

    pub(crate) fn notes(&self) -> &[Problem] {
        &self.notes
    }

    pub(crate) fn broken(&self) -> &[String] {
        &[]
    }

    pub(crate) fn wanted(&self) -> Wanted {
        Wanted::NOTHING
    }

    pub(crate) fn run<'e>(&'e self, _: &Facts<'_>, _: &mut Memory<'e>, _: &mut Budget<'_>, _: &mut Vec<Finding>) {}
}

impl Memory<'_> {
    pub(crate) fn keep_times(&mut self, _: fn() -> u64) {}

    pub(crate) fn taken(&self) -> u64 {
        0
    }

    pub(crate) fn times(&self, _: &Yara) -> Vec<(String, u64)> {
        Vec::new()
    }
}

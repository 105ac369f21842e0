//! Compiled rules over the bytes of a message. Takes facts, gives findings; bounded by size, by matches and by
//! yara-x's own clock, and what was not looked at is noted.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use yara_x::{ScanError, Scanner};

use super::compile::{self, Compiled};
use super::source::Unit;
use super::{PREFIX, Skip, Store, YaraRule};
use crate::error::Problem;
use crate::facts::Facts;
use crate::facts::bytes::ItemBytes;
use crate::finding::Finding;
use crate::incomplete::Limit;
use crate::limits::{Budget, Limits};
use crate::text::show::evidence;
use crate::wanted::Wanted;

/// What rules can ask of an item beside its bytes; true for numbers.
pub(super) const GLOBALS: &[(&str, bool)] = &[
    ("filename", false),
    ("extension", false),
    ("mime_type", false),
    ("path", false),
    ("kind", false),
    ("depth", true),
];

/// Steps that a byte costs: with some hundreds of rules it is passed over at 250 MB/s and more.
const STEPS: u64 = 4;

/// After as many items, or bytes, it is looked up how long YARA has taken for the message.
const ITEMS_A_LOOK: u32 = 32;
const BYTES_A_LOOK: u64 = 256 << 10;

/// All YARA rules, compiled.
#[derive(Default)]
pub(crate) struct Yara {
    compiled: Option<yara_x::Rules>,
    rules: Vec<YaraRule>,
    /// The names of the rules, shared with findings.
    names: Vec<Arc<str>>,
    /// Of each namespace, the rules by identifier, as indices into `rules`.
    by_identifier: Vec<BTreeMap<String, usize>>,
    /// Indices of rules that the configuration leaves out.
    disabled: BTreeSet<usize>,
    broken: Vec<String>,
    notes: Vec<Problem>,
    skip: Skip,
}

impl fmt::Debug for Yara {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Yara").field("rules", &self.rules.len()).finish_non_exhaustive()
    }
}

/// What YARA keeps from message to message: the scanner, which borrows the rules and cannot move.
#[derive(Default)]
pub(crate) struct Memory<'e> {
    scanner: Option<Scanner<'e>>,
    /// Where somebody wants to know what rules cost: his clock, and what YARA took by it.
    clock: Option<fn() -> u64>,
    taken: u64,
}

impl fmt::Debug for Memory<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Memory").field("scanner", &self.scanner.is_some()).finish()
    }
}

impl Memory<'_> {
    /// From now on the times of rules add up over messages.
    pub(crate) fn keep_times(&mut self, clock: fn() -> u64) {
        self.clock = Some(clock);
    }

    /// What YARA took in all.
    pub(crate) fn taken(&self) -> u64 {
        self.taken
    }

    /// The nanoseconds that rules took, the slowest first; those under a tenth of a second in all are left out.
    pub(crate) fn times(&self, yara: &Yara) -> Vec<(String, u64)> {
        let Some(scanner) = &self.scanner else { return Vec::new() };
        let nanoseconds = |taken: Duration| u64::try_from(taken.as_nanos()).unwrap_or(u64::MAX);
        yara.slowest(scanner, usize::MAX).into_iter().map(|(name, taken)| (name, nanoseconds(taken))).collect()
    }
}

impl Yara {
    /// Compiles. `disabled` names rules that are never to hit; `store` keeps what large files compile to.
    pub(crate) fn compile(
        units: &[Unit],
        disabled: &[String],
        skip: Skip,
        store: Option<&dyn Store>,
    ) -> (Yara, Vec<Problem>) {
        let mut yara = Yara { skip, ..Yara::default() };
        if units.is_empty() {
            return (yara, Vec::new());
        }
        let mut problems = Vec::new();
        let key = store.map(|store| (store, compile::key(units)));
        let kept = key.as_ref().and_then(|(store, key)| yara_x::Rules::deserialize(store.get(key)?).ok());
        let compiled = match kept {
            Some(rules) => rules,
            None => {
                let Compiled { rules, problems: wrong, notes } = compile::compile(units);
                let Some(rules) = rules else { return (yara, wrong) };
                if let (true, Some((store, key)), Ok(bytes)) = (wrong.is_empty(), key, rules.serialize()) {
                    store.put(&key, &bytes);
                }
                problems.extend(wrong);
                yara.notes = notes;
                rules
            }
        };
        let works: BTreeSet<(&str, &str)> = compiled.iter().map(|rule| (rule.namespace(), rule.identifier())).collect();
        let mut files: BTreeMap<&str, BTreeSet<usize>> = BTreeMap::new();
        for (number, unit) in units.iter().enumerate() {
            for rule in unit.rules.iter().filter(|rule| !rule.is_private) {
                files.entry(&rule.identifier).or_default().insert(number);
            }
        }
        let mut seen: BTreeMap<String, String> = BTreeMap::new();
        for (number, unit) in units.iter().enumerate() {
            let namespace = compile::namespace(number);
            let mut by_identifier = BTreeMap::new();
            for rule in unit.rules.iter().filter(|rule| !rule.is_private) {
                let alone = files.get(rule.identifier.as_str()).is_none_or(|files| files.len() < 2);
                let name = match alone {
                    true => format!("{PREFIX}{}", rule.identifier),
                    false => format!("{PREFIX}{}-{}", stem(&unit.source), rule.identifier),
                };
                if !works.contains(&(namespace.as_str(), rule.identifier.as_str())) {
                    yara.broken.push(name);
                    continue;
                }
                let here = format!("{}:{}", rule.source, rule.line);
                if let Some(first) = seen.insert(name.clone(), here.clone()) {
                    let mut problem =
                        Problem::file(&rule.source, format!("the rule {name} is there already, in {first}"));
                    problem.line = rule.line;
                    problems.push(problem.remedy("rename the rule, or its file"));
                    continue;
                }
                by_identifier.insert(rule.identifier.clone(), yara.rules.len());
                if disabled.contains(&name) {
                    yara.disabled.insert(yara.rules.len());
                }
                yara.names.push(name.as_str().into());
                yara.rules.push(YaraRule { name, ..rule.clone() });
            }
            yara.by_identifier.push(by_identifier);
        }
        yara.compiled = (!yara.rules.is_empty()).then_some(compiled);
        (yara, problems)
    }

    /// The rules, in the order of their files; private ones are not among them.
    pub(crate) fn rules(&self) -> &[YaraRule] {
        &self.rules
    }

    /// What is no mistake, and worth a look: slow patterns, modules that are not built in.
    pub(crate) fn notes(&self) -> &[Problem] {
        &self.notes
    }

    /// Rules that are there and broken, or need a module that is not built in.
    pub(crate) fn broken(&self) -> &[String] {
        &self.broken
    }

    /// The facts that it reads.
    pub(crate) fn wanted(&self) -> Wanted {
        match self.compiled {
            Some(_) => Wanted::BYTES | Wanted::FILES | Wanted::VISIBLE,
            None => Wanted::NOTHING,
        }
    }

    /// Adds a finding for each rule that hits.
    pub(crate) fn run<'e>(
        &'e self,
        facts: &Facts<'_>,
        memory: &mut Memory<'e>,
        budget: &mut Budget<'_>,
        findings: &mut Vec<Finding>,
    ) {
        let Some(compiled) = &self.compiled else { return };
        let began = memory.clock.map(|clock| clock());
        if let (Some(scanner), None) = (&mut memory.scanner, memory.clock) {
            scanner.clear_profiling_data();
        }
        let limits = budget.limits;
        let mut found: BTreeMap<usize, Finding> = BTreeMap::new();
        let mut clock = Clock { seconds: limits.yara_seconds, items: 0, bytes: 0 };
        for item in &facts.bytes {
            if self.is_left_out(item) {
                continue;
            }
            let most = limits.yara_item_bytes as usize;
            let bytes = item.bytes.get(..most).unwrap_or(item.bytes);
            if bytes.len() < item.bytes.len() {
                let explanation =
                    format!("the item has {} bytes, and YARA looked at the first {most}", item.bytes.len());
                budget.note(Limit::YaraSize, item.place(0, 0), explanation);
            }
            if !budget.work((bytes.len() as u64).saturating_mul(STEPS), || item.place(0, 0)) {
                break;
            }
            let mut scanner = memory.scanner.take().unwrap_or_else(|| scanner(compiled, limits));
            tell(&mut scanner, item);
            scanner.set_timeout(Duration::from_secs(u64::from(clock.seconds.max(1))));
            // A panic in a dependency is no reason to lose a message: the item is noted, the scanner is not used again.
            let result = catch_unwind(AssertUnwindSafe(|| self.look(&mut scanner, item, bytes, &mut found)));
            let over = match result {
                Ok(Ok(())) => clock.look(bytes.len(), || self.slowest(&scanner, 3), limits.yara_seconds),
                Ok(Err(ScanError::Timeout)) => Some(self.slowest(&scanner, 3)),
                Ok(Err(wrong)) => {
                    budget.note(Limit::YaraFailed, item.place(0, 0), format!("YARA gave the item up: {wrong}"));
                    None
                }
                Err(_) => {
                    budget.note(Limit::YaraFailed, item.place(0, 0), "YARA gave the item up".into());
                    continue;
                }
            };
            if let Some(slowest) = over {
                let named = |(name, _): &(String, Duration)| format!(", most of it in the rule {name}");
                let rule = slowest.first().map_or_else(String::new, named);
                let explanation = format!(
                    "YARA took the {} s that it may take for a message{rule}; what of the message was not looked at by \
                     then was not looked at by YARA",
                    limits.yara_seconds
                );
                budget.note(Limit::YaraTime, item.place(0, 0), explanation);
                if memory.clock.is_some() {
                    memory.scanner = Some(scanner);
                }
                break;
            }
            memory.scanner = Some(scanner);
        }
        findings.extend(found.into_values());
        if let (Some(clock), Some(began)) = (memory.clock, began) {
            memory.taken = memory.taken.saturating_add(clock().saturating_sub(began));
        }
    }

    fn is_left_out(&self, item: &ItemBytes<'_>) -> bool {
        let size = item.bytes.len() as u64;
        let large = |most| item.is_image && size > u64::from(most);
        size < u64::from(self.skip.below) || size == 0 || self.skip.images_above.is_some_and(large)
    }

    /// Scans one item. Of a rule the first item that it hits counts.
    fn look(
        &self,
        scanner: &mut Scanner<'_>,
        item: &ItemBytes<'_>,
        bytes: &[u8],
        found: &mut BTreeMap<usize, Finding>,
    ) -> Result<(), ScanError> {
        let results = scanner.scan(bytes)?;
        for rule in results.matching_rules() {
            let Some(number) = self.number(rule.namespace(), rule.identifier()) else { continue };
            if found.contains_key(&number) || self.disabled.contains(&number) {
                continue;
            }
            let first =
                rule.patterns().filter_map(|pattern| pattern.matches().next()).min_by_key(|it| it.range().start);
            let (place, shown) = match first {
                Some(first) => (item.place(first.range().start, first.range().len()), evidence(first.data())),
                // Of a rule without patterns that matched, the file's name is what there is to show.
                None => (item.place(0, 0), evidence(item.name.as_bytes())),
            };
            let Some(name) = self.names.get(number) else { continue };
            found.insert(number, Finding::new(Arc::clone(name), place, shown));
        }
        Ok(())
    }

    fn number(&self, namespace: &str, identifier: &str) -> Option<usize> {
        let rules = self.by_identifier.get(namespace.parse::<usize>().ok()?)?;
        rules.get(identifier).copied()
    }

    /// The rules that took longest since the times were cleared, with their times; only those over a tenth of a second.
    fn slowest(&self, scanner: &Scanner<'_>, most: usize) -> Vec<(String, Duration)> {
        let slowest = scanner.slowest_rules(most);
        let name = |namespace: &str, rule: &str| {
            let number = self.number(namespace, rule);
            // Private rules have no name of their own.
            number.and_then(|it| self.names.get(it)).map_or_else(|| format!("{PREFIX}{rule}"), ToString::to_string)
        };
        let taken = |it: &yara_x::ProfilingData<'_>| it.condition_exec_time.saturating_add(it.pattern_matching_time);
        slowest.iter().map(|it| (name(it.namespace, it.rule), taken(it))).collect()
    }
}

/// How long YARA may go on with a message. Time-outs hold for one item, so the time of the items before is taken off.
struct Clock {
    seconds: u16,
    items: u32,
    bytes: u64,
}

impl Clock {
    /// After an item of `bytes`: the slowest rules, if all time is used up.
    fn look(
        &mut self,
        bytes: usize,
        slowest: impl FnOnce() -> Vec<(String, Duration)>,
        most: u16,
    ) -> Option<Vec<(String, Duration)>> {
        self.items += 1;
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.items < ITEMS_A_LOOK && self.bytes < BYTES_A_LOOK {
            return None;
        }
        (self.items, self.bytes) = (0, 0);
        let slowest = slowest();
        let taken: Duration = slowest.iter().fold(Duration::ZERO, |sum, (_, taken)| sum.saturating_add(*taken));
        let taken = u16::try_from(taken.as_secs()).unwrap_or(u16::MAX);
        self.seconds = most.saturating_sub(taken);
        (self.seconds == 0).then_some(slowest)
    }
}

fn scanner<'e>(rules: &'e yara_x::Rules, limits: &Limits) -> Scanner<'e> {
    let mut scanner = Scanner::new(rules);
    scanner.max_matches_per_pattern(limits.yara_matches as usize);
    // A pattern that is only asked whether it is there need not be found twice.
    scanner.fast_scan(true);
    scanner
}

/// Tells the rules what the item is.
fn tell(scanner: &mut Scanner<'_>, item: &ItemBytes<'_>) {
    for (name, text) in [
        ("filename", item.name),
        ("extension", item.extension.as_str()),
        ("mime_type", item.declared_type),
        ("path", &*item.path),
        ("kind", item.kind),
    ] {
        // They are defined with these types, so this cannot fail.
        let _ = scanner.set_global(name, text);
    }
    let _ = scanner.set_global("depth", i64::from(item.depth));
}

/// A file's name without folder and extension, fit for a rule's name.
fn stem(source: &str) -> String {
    let stem = Path::new(source.rsplit(':').next().unwrap_or(source)).file_stem();
    let fit = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    stem.map(|it| it.to_string_lossy().chars().map(fit).collect()).unwrap_or_default()
}

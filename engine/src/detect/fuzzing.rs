//! Fuzz targets of what authors of rules, lists and models write; see `crate::fuzzing`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

pub(crate) use super::bayes::fuzzing::model;
use super::lists::{ListEffect, ListKind, ListSource, Lists};
use super::rules::condition::{Condition, Kept, Origin, share};
use super::rules::{self, RuleSource, Rules};
use super::spamassassin;
use crate::error::Problem;
use crate::facts::fuzzing::{with_message, with_sample};
use crate::limits::{Budget, Limits};
use crate::threads::Threads;

/// What is said of a text lies in the text.
fn check(problem: &Problem, text: &str) {
    assert!(problem.line as usize <= text.split('\n').count() + 1, "{problem:?}");
    assert!(!problem.message.is_empty());
    assert!(problem.to_string().len() < 10_000);
}

/// A rule file: compiled as far as it goes, and run over a message.
pub(crate) fn rules(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let (rules, problems) =
        Rules::compile(&[RuleSource { source: "a.toml".into(), text: text.into() }], &[], &Threads::default());
    problems.iter().chain(rules.notes()).for_each(|problem| check(problem, text));
    with_sample(|facts| {
        let limits = Limits::default();
        let run = |memory: &mut rules::Memory| {
            let mut findings = Vec::new();
            let mut budget = Budget::new(&limits, None);
            rules.run(facts, memory, &mut budget, &mut findings);
            (findings.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>(), budget.spent())
        };
        let mut memory = rules::Memory::default();
        let first = run(&mut memory);
        assert_eq!(run(&mut memory), first);
    });
}

/// A `.cf` file: read as far as it goes, and run over a message.
pub(crate) fn cf(data: &[u8]) {
    let compiled = compile_cf(data);
    let lines = data.split(|byte| *byte == b'\n').count();
    for (_, problem) in compiled.notes() {
        assert!(problem.line as usize <= lines && !problem.message.is_empty(), "{problem:?}");
    }
    with_sample(|facts| {
        let limits = Limits::default();
        let run = |memory: &mut spamassassin::Memory| {
            let mut findings = Vec::new();
            let mut budget = Budget::new(&limits, None);
            compiled.run(facts, memory, &mut budget, &mut findings);
            findings.iter().map(|it| format!("{it:?}")).collect::<Vec<_>>()
        };
        let mut memory = spamassassin::Memory::default();
        let first = run(&mut memory);
        assert_eq!(run(&mut memory), first);
        // Whether or not every rule is tried, those that can have a score say the same.
        memory.find_all(true);
        let mut all = run(&mut memory);
        let subs: Vec<String> =
            compiled.rules().iter().map(|it| it.name.clone()).filter(|it| it.starts_with("__")).collect();
        all.retain(|it| subs.iter().all(|sub| !it.contains(&format!("{sub:?}"))));
        // Trying all may spend the budget where the few that are needed do not.
        assert!(all == first || all.is_empty(), "{first:?} {all:?}");
    });
}

fn compile_cf(data: &[u8]) -> spamassassin::SpamAssassin {
    let source = spamassassin::CfSource { source: "a.cf".into(), bytes: data.to_vec() };
    spamassassin::compile(&[source], &spamassassin::Choices::default(), &Threads::default()).unwrap()
}

/// Any bytes as a message, through rules of every kind and every function.
pub(crate) fn cf_message(data: &[u8]) {
    thread_local! {
        static RULES: spamassassin::SpamAssassin = compile_cf(include_bytes!("spamassassin/every.cf"));
    }
    RULES.with(|rules| {
        with_message(data, |facts, budget| {
            let mut run = |all: bool| {
                let (mut memory, mut findings) = (spamassassin::Memory::default(), Vec::new());
                memory.find_all(all);
                rules.run(facts, &mut memory, budget, &mut findings);
                findings.retain(|it| !it.rule.starts_with("__"));
                findings
            };
            let (needed, all) = (run(false), run(true));
            assert!(needed.len() <= rules.rules().len());
            // Where the budget lets both run, they say the same.
            assert!(needed == all || all.is_empty(), "{needed:?} {all:?}");
        });
    });
}

/// A condition: compiled, and asked twice over a message.
pub(crate) fn condition(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Condition::compile(text, Origin { source: "a.toml", text, start: 0 }) {
        Err(problem) => check(&problem, text),
        Ok(condition) => with_sample(|facts| {
            let ask = |mut steps: u64| {
                let before = steps;
                let (outcome, seen) = condition.evaluate(facts, &|hit| hit % 2 == 0, &mut steps, &mut []);
                assert!(steps <= before);
                format!("{outcome:?} {seen:?} {steps}")
            };
            assert_eq!(ask(100_000), ask(100_000));
            ask(10);
            // Beside itself, so that all that is worth it is shared, it comes to the same.
            let again = |()| Condition::compile(text, Origin { source: "a.toml", text, start: 0 });
            let Ok(mut both) = [(); 2].map(again).into_iter().collect::<Result<Vec<Condition>, _>>() else { return };
            let mut kept = vec![Kept::Nothing; share(both.iter_mut())];
            let mut left = 100_000;
            let expected = condition.evaluate(facts, &|hit| hit % 2 == 0, &mut left, &mut []);
            for it in both.iter().filter(|_| left > 70_000) {
                let found = it.evaluate(facts, &|hit| hit % 2 == 0, &mut 100_000, &mut kept);
                assert_eq!(found, expected, "{text}");
            }
        }),
    }
}

/// A list, of the kind that the first byte picks: compiled, looked up by its own lines, and run over a message.
pub(crate) fn lists(data: &[u8]) {
    const KINDS: &[ListKind] =
        &[ListKind::Domains, ListKind::Addresses, ListKind::Urls, ListKind::Networks, ListKind::Hashes];
    let Some((first, rest)) = data.split_first() else { return };
    let Ok(text) = std::str::from_utf8(rest) else { return };
    let kind = KINDS[usize::from(*first) % KINDS.len()];
    let source =
        ListSource { name: "a".into(), kind, effect: ListEffect::Block, source: "a.txt".into(), text: text.into() };
    let (lists, problems) = Lists::compile(&[source], None);
    problems.iter().chain(lists.notes()).for_each(|problem| check(problem, text));
    let lines = text.split('\n').count();
    for line in text.lines().take(30) {
        for hit in lists.lookup(line) {
            assert!(hit.line >= 1 && hit.line as usize <= lines, "{hit:?}");
        }
    }
    with_sample(|facts| {
        let mut findings = Vec::new();
        lists.run(facts, &mut findings);
    });
}

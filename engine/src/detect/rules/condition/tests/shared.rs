//! What conditions share is evaluated once, and what they come to stays what it was.

use super::facts::sample;
use super::generate::Generator;
use super::{STEPS, compile};
use crate::detect::rules::condition::{Condition, Kept, Outcome, share};

fn all(conditions: &[&str]) -> (Vec<Condition>, usize) {
    let mut compiled: Vec<Condition> = conditions.iter().map(|it| compile(it).unwrap()).collect();
    let kept = share(compiled.iter_mut());
    (compiled, kept)
}

/// The steps of each, evaluated one after the other over one message.
fn steps(conditions: &[&str]) -> (Vec<u64>, usize) {
    let facts = sample();
    let (compiled, count) = all(conditions);
    let mut kept = vec![Kept::Nothing; count];
    let steps = compiled.iter().map(|condition| {
        let mut left = STEPS;
        condition.evaluate(&facts, &|_| false, &mut left, &mut kept);
        STEPS - left
    });
    (steps.collect(), count)
}

#[test]
fn what_is_equal_is_evaluated_once() {
    let search = r#"body.visible.contains("nowhere to be found")"#;
    let (taken, kept) = steps(&[search, search, &format!("size > 1 && {search}"), &format!("!({search}) && size > 2")]);
    assert_eq!(kept, 1);
    assert!(taken[0] > 20 && taken[1..].iter().all(|it| *it <= 12), "{taken:?}");
    // Loops and numbers, too.
    let count = r#"links.filter(l, l.host == "x.example").size()"#;
    let (taken, kept) = steps(&[&format!("{count} > 1"), &format!("{count} == 7"), &format!("{count} < 0")]);
    assert_eq!(kept, 1);
    assert!(taken[1] < taken[0] && taken[1] == taken[2], "{taken:?}");
    // What does not depend on the loop that it stands in is evaluated before its second round.
    assert_eq!(steps(&[r#"links.exists(l, l.host == "x" || subject.contains("y"))"#]).1, 1);
}

#[test]
fn cheap_terms_go_first() {
    let dear = r#"body.visible.contains("nowhere to be found")"#;
    let (taken, _) = steps(&[&format!("{dear} && size < 0"), &format!("size < 0 && {dear}")]);
    assert!(taken[0] == taken[1] && taken[0] <= 6, "{taken:?}");
    // One that comes to false decides wherever it stands, also beside an error.
    let facts = sample();
    let (compiled, count) =
        all(&[r#"header["no-such"].contains("x") && size < 0"#, r#"!(size < 0 && header["none"] == "")"#]);
    let mut kept = vec![Kept::Nothing; count];
    let mut outcome = |at: usize| compiled[at].evaluate(&facts, &|_| false, &mut STEPS.clone(), &mut kept).0;
    assert_eq!((outcome(0), outcome(1)), (Outcome::False, Outcome::True));
}

#[test]
fn what_is_not_equal_or_not_worth_it_is_not_shared() {
    for conditions in [
        [r#"subject.contains("a")"#, r#"subject.contains("b")"#],
        ["size > 1", "size > 1"],
        [r#"links.exists(l, l.host.contains("x"))"#, r#"files.exists(l, l.name.contains("x"))"#],
        [r#"hit("a") || hit("b") || hit("c") || hit("d")"#, r#"hit("e") || hit("f") || hit("g") || hit("h")"#],
    ] {
        assert_eq!(steps(&conditions).1, 0, "{conditions:?}");
    }
    // A condition as a whole, with what is in it: one value is enough.
    let both = r#"subject.contains("a") && subject.contains("b")"#;
    assert_eq!(steps(&[both, both]).1, 1);
    assert_eq!(steps(&[both, both, r#"subject.contains("a")"#]).1, 2);
}

/// Whatever is shared, and in whatever order: truth and evidence are those of the condition by itself.
#[test]
fn conditions_come_to_the_same_with_and_without() {
    let facts = sample();
    let (mut shared, mut true_ones) = (0, 0);
    for seed in 0..150 {
        let mut generator = Generator::new(seed * 7_919);
        let mut texts: Vec<String> = Vec::new();
        while texts.len() < 12 {
            let text = generator.condition();
            if compile(&text).is_ok() {
                texts.push(text);
            }
        }
        // Some of them are parts of others.
        for at in 0..6 {
            texts.push(format!("({}) && ({})", texts[at], texts[at + 6]));
            texts.push(format!("!({}) || ({})", texts[at + 6], texts[at]));
        }
        let texts: Vec<&str> = texts.iter().map(String::as_str).filter(|it| compile(it).is_ok()).collect();
        let (compiled, count) = all(&texts);
        shared += count;
        let mut kept = vec![Kept::Nothing; count];
        for (condition, text) in compiled.iter().zip(&texts) {
            let alone = compile(text).unwrap();
            let hits: Vec<bool> = alone.hits().iter().map(|name| name.starts_with("yes")).collect();
            let hit = |index: usize| hits[index];
            let expected = alone.evaluate(&facts, &hit, &mut STEPS.clone(), &mut []);
            let found = condition.evaluate(&facts, &hit, &mut STEPS.clone(), &mut kept);
            assert_eq!(found, expected, "{text}");
            true_ones += usize::from(expected.0 == Outcome::True);
        }
    }
    assert!(shared > 300 && true_ones > 300, "{shared} {true_ones}");
}

//! Conditions and messages that want to cost too much: stacks, time and memory stay bounded, and the author is told.

use super::facts::{empty, link, sample};
use super::{Stop, compile, outcome};

#[track_caller]
fn refused(condition: &str, message: &str) {
    let problem = compile(condition).expect_err("it should be refused");
    assert!(problem.message.contains(message), "{problem}");
    // What is shown of a long line stays short.
    assert!(problem.to_string().len() < 1_000);
}

#[test]
fn deep_conditions_are_refused_without_recursion() {
    let deep = 100_000;
    refused(&format!("{}true{}", "(".repeat(deep), ")".repeat(deep)), "nests more than 60");
    refused(&format!("{}1{} == []", "[".repeat(deep), "]".repeat(deep)), "nests more than 60");
    refused(&"size(".repeat(deep), "nests more than 60");
    refused(&format!("links{} == 1", "[0]".repeat(deep)), "nests more than 60");
    refused(&format!("links{}", ".host".repeat(deep)), "nests more than 60");
    refused(&format!("1{}", " == 1".repeat(deep)), "nests more than 60");
    refused(&format!("links{}", ".filter(x, true)".repeat(deep)), "nests more than 60");
    refused(&"links.exists(x, ".repeat(deep), "nests more than 60");
    // As deep as is allowed, in text and in macros.
    assert_eq!(outcome(&format!("{}true{}", "(".repeat(60), ")".repeat(60)), &empty()), Ok(true));
    let loops = |count: usize| format!("{}true{}", "[1].exists(x, ".repeat(count), ")".repeat(count));
    assert_eq!(outcome(&loops(8), &empty()), Ok(true));
    refused(&loops(9), "more than 8 loops");
}

#[test]
fn long_chains_are_flat() {
    let terms = 100_000;
    let chain = |term: &str, operator: &str| vec![term; terms].join(operator);
    assert_eq!(outcome(&chain("false", " || "), &empty()), Ok(false));
    assert_eq!(outcome(&chain("true", "&&"), &empty()), Ok(true));
    assert_eq!(outcome(&format!("{} == {terms}", chain("1", "+")), &empty()), Ok(true));
    assert_eq!(outcome(&format!("{} == 1", chain("1", "*")), &empty()), Ok(true));
    assert_eq!(outcome(&format!("{}true", "false ? false : ".repeat(terms)), &empty()), Ok(true));
    assert_eq!(outcome(&format!("{}true", "!".repeat(terms)), &empty()), Ok(true));
    assert_eq!(outcome(&format!("{}1 == 1", "-".repeat(terms)), &empty()), Ok(true));
    assert_eq!(outcome(&format!("7 in [{}]", chain("1", ",")), &empty()), Ok(false));
    assert_eq!(outcome(&format!("size([{}]) == {terms}", chain("[]", ",")), &empty()), Ok(true));
    assert_eq!(outcome(&format!("({}) == []", chain("[]", "+")), &empty()), Ok(true));
    assert_eq!(outcome(&format!("{} != ''", chain("'a'", "+")), &empty()), Ok(true));
}

#[test]
fn loops_in_loops_are_stopped() {
    let mut facts = empty();
    facts.links = (0..2_000).map(|_| link("http", "a.example", "a.example", "")).collect();
    for condition in [
        "links.all(a, links.all(b, links.all(c, a.host == b.host && b.host == c.host)))",
        "links.map(a, links.map(b, links.filter(c, c.host == b.host))).all(x, x.all(y, y.size() > 0))",
        // Each goes through its list once for its errors and once for its elements.
        "links.filter(a, 1 / a.port == 0 || links.filter(b, 1 / b.port == 0 || true).size() > 0).size() > 0",
        "links.map(a, a.port) + links.map(a, links.map(b, b.port)[1999]) == links.map(a, a.port)",
    ] {
        assert_eq!(outcome(condition, &facts), Err(Stop::Steps), "{condition}");
    }
    // The same shape over a message of real size is no matter.
    facts.links.truncate(20);
    assert_eq!(outcome("links.all(a, links.all(b, links.all(c, a.host == c.host)))", &facts), Ok(true));
}

#[test]
fn long_texts_cost_steps() {
    let mut facts = empty();
    facts.subject = "a".repeat(1 << 20);
    facts.people.from.name = facts.subject.clone();
    let used = |condition: &str| {
        let mut steps = u64::MAX;
        let _ = compile(condition).unwrap().run(&facts, &|_| false, &mut steps);
        u64::MAX - steps
    };
    for condition in [
        "subject == from.name",
        "subject < from.name",
        "subject.contains('b')",
        "subject.contains(from.name)",
        "subject.lowerAscii().contains('b')",
        "subject.matches('b')",
        "subject.size() > 5",
        "subject.startsWith(from.name)",
        "subject.indexOf('b') == 1",
        "subject.substring(1000000) == ''",
        "subject in ['a', from.name]",
        "domain(subject) == ''",
        "subject.split('b').size() == 0",
        "int(subject) == 1",
    ] {
        let used = used(condition);
        assert!((900_000..5_000_000).contains(&used), "{condition}: {used}");
    }
    // The worst text for a search that starts again at each letter: it is stopped, not quadratic.
    let worst = "subject.lowerAscii().contains('aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab')";
    assert_eq!(outcome(worst, &facts), Err(Stop::Steps));
    // And one with a list of constants looks at no more than their length.
    assert!(used("subject in ['a', 'b', 'c', 'd']") < 100);
}

#[test]
fn a_split_text_is_paid_for_once_and_not_once_a_piece() {
    let mut facts = empty();
    facts.subject = "some words, ".repeat(50_000);
    let length = facts.subject.len() as u64;
    for (condition, pieces) in [
        ("subject.split(',').size() == 50001", 50_001),
        ("subject.split('').size() > 7", length),
        ("subject.lowerAscii().split(',').size() == 50001", 50_001),
        ("subject.split(', ').exists(w, w == 'nothing')", 50_001),
    ] {
        let mut steps = u64::MAX;
        assert_eq!(compile(condition).unwrap().run(&facts, &|_| false, &mut steps), Ok(!condition.contains("exists")));
        let used = u64::MAX - steps;
        assert!((pieces..3 * length + 10 * pieces).contains(&used), "{condition}: {used}");
    }
    // It still stops where the steps end.
    let split = compile("subject.split(',').size() == 50001").unwrap();
    assert_eq!(split.run(&facts, &|_| false, &mut 100_000), Err(Stop::Steps));
}

#[test]
fn running_out_of_steps_is_no_error_that_another_term_outweighs() {
    let facts = sample();
    for condition in ["subject.matches('x') || true", "links.exists(l, l.host.matches('x') || true)", "!hit('no')"] {
        let condition = compile(condition).unwrap();
        assert_eq!(condition.run(&facts, &|_| false, &mut 1), Err(Stop::Steps));
    }
}

#[test]
fn huge_constants_are_no_matter() {
    let long = "x".repeat(1 << 20);
    assert_eq!(outcome(&format!("subject.contains('{long}')"), &sample()), Ok(false));
    assert_eq!(outcome(&format!("size('{long}') == 1048576"), &sample()), Ok(true));
    refused(&format!("subject.matches('{}')", "(a{1000}){1000}"), "too large");
    refused(&format!("subject.matches('{}')", "(".repeat(10_000)), "pattern is broken");
    refused(&format!("{long} == 1"), "no fact named");
    refused(&format!("'{long}"), "no closing");
    let many: Vec<_> = (0..50_000).map(|n| format!("'{n}.example'")).collect();
    assert_eq!(outcome(&format!("from.domain in [{}]", many.join(",")), &sample()), Ok(false));
}

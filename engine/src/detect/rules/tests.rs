use crate::{EngineBuilder, Mail, Problem};

fn problems(text: &str) -> Vec<Problem> {
    EngineBuilder::new().rules_text("r.toml", text).build().err().map(|it| it.problems).unwrap_or_default()
}

fn hits(rules: &str, mail: &str) -> Vec<(String, String)> {
    let engine = EngineBuilder::new().rules_text("r.toml", rules).build().unwrap();
    let examined = engine.worker().examine(&Mail::new(mail.as_bytes()));
    examined.findings().iter().map(|it| (it.rule.to_string(), it.evidence.clone())).collect()
}

fn names(rules: &str, mail: &str) -> Vec<String> {
    hits(rules, mail).into_iter().map(|(name, _)| name).collect()
}

fn rule(name: &str, rest: &str) -> String {
    format!("[rule.{name}]\nwhat = 'w'\nwhy = 'y'\n{rest}\n")
}

const MAIL: &str =
    "From: a@a.example\nSubject: Urgent invoice\nX-Mailer: Bulk 1.0\n\nPay the 5 million dollars. Transfer NOW.\n";

#[test]
fn patterns_look_where_they_are_told() {
    for (text, pattern, hit) in [
        ("subject", "urgent", true),
        ("subject", "million", false),
        ("body", "MILLION (US )?dollars", true),
        ("body", "(?-i)transfer", false),
        ("header:X-Mailer", "^bulk", true),
        ("header:x-other", "bulk", false),
        ("raw", "Subject: Urgent", true),
        ("from.domain", "a\\.example$", true),
        ("headers.name", "^x-mailer$", true),
    ] {
        let rules = rule("r", &format!("in = '{text}'\nany = ['{pattern}']"));
        assert_eq!(names(&rules, MAIL), if hit { vec!["r"] } else { vec![] }, "{text} {pattern}");
    }
    let all =
        rule("r", "in = 'body'\nany = ['nothing', 'million']\nall = ['transfer', 'pay']\nwhen = 'from.local == \"a\"'");
    assert_eq!(hits(&all, MAIL), [("r".to_owned(), "Pay the 5 million dollars. Transf".to_owned())]);
    assert!(names(&all.replace("'pay'", "'play'"), MAIL).is_empty());
    assert!(names(&all.replace("\"a\"", "\"b\""), MAIL).is_empty());
}

#[test]
fn rules_ask_for_hits_of_others_in_any_order() {
    let rules = rule("last", "when = 'hit(\"middle\") && !hit(\"never\")'")
        + &rule("middle", "when = 'hit(\"_first\")'")
        + &rule("_first", "in = 'subject'\nany = ['urgent']")
        + &rule("never", "in = 'subject'\nany = ['calm down']");
    assert_eq!(names(&rules, MAIL), ["last", "middle", "_first"]);
}

#[test]
fn mistakes_are_named_with_line_and_remedy() {
    let one = |text: &str| {
        let found = problems(text);
        assert_eq!(found.len(), 1, "{text}: {found:?}");
        let problem = found.into_iter().next().unwrap();
        (problem.line, problem.message, problem.remedy)
    };
    let (line, message, remedy) = one(&rule("r", "in = 'body'\nanny = ['x']\nany = ['xyz']"));
    assert_eq!((line, message.as_str(), remedy.as_str()), (5, "a rule has no key \"anny\"", "did you mean \"any\"?"));
    let (line, message, remedy) = one(&rule("r", "when = 'lynks.size() > 1'"));
    assert_eq!((line, remedy.as_str()), (4, "did you mean \"links\"?"), "{message}");
    let (line, _, remedy) = one(&rule("r", "in = 'bodie'\nany = ['xyz']"));
    assert_eq!((line, remedy.as_str()), (4, "did you mean \"body\"?"));
    assert!(one(&rule("r", "in = 'body'\nany = ['(']")).1.starts_with("not a pattern: "));
    assert_eq!(one(&rule("r", "when = 'hit(\"other\")'")).1, "there is no rule \"other\"");
    assert!(one(&rule("R", "when = 'true'")).1.contains("no name for a rule"));
    assert!(one(&rule("r", "")).1.contains("looks at nothing"));
    assert!(one("[rule.r]\nwhat = 'w'\nwhen = 'true'\n").1.contains("does not say why"));
    assert!(one(&(rule("r", "when = 'true'") + "[rule.r]\n")).0 > 0);
    assert!(one("[rules.r]\nwhat = 'w'\n").2.contains("did you mean"));
    let circle = rule("a", "when = 'hit(\"b\")'") + &rule("b", "when = 'hit(\"a\")'");
    assert_eq!(problems(&circle).len(), 2);
}

#[test]
fn a_broken_rule_does_not_keep_the_others_out() {
    let text = rule("broken", "when = 'nonsense'") + &rule("sound", "when = 'true'");
    let (engine, problems) = EngineBuilder::new().rules_text("r.toml", text).build_what_works();
    assert_eq!((problems.len(), engine.rules().len()), (1, 1));
    let again = rule("r", "when = 'true'");
    let (_, problems) =
        EngineBuilder::new().rules_text("a.toml", &*again).rules_text("b.toml", again).build_what_works();
    assert_eq!(problems[0].message, "the rule r is there already, in a.toml:1");
}

#[test]
fn a_rule_that_runs_too_long_is_named() {
    let mut mail = String::from("From: a@a.example\n\n");
    for n in 0..1_900 {
        mail.push_str(&format!("http://h{n}.example/ "));
    }
    let rules = rule("slow", "when = 'links.all(a, links.all(b, a.host != \"x\" && b.host != \"y\"))'");
    let engine = EngineBuilder::new().rules_text("r.toml", rules).build().unwrap();
    let verdict = engine.worker().scan(&Mail::new(mail.as_bytes()));
    assert_eq!(verdict.incomplete[0].explanation, "the rule slow needs more than 2000000 steps");
}

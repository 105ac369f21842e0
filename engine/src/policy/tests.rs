//! What findings come to. The properties hold for any findings and any scores; the examples say what is meant.

use proptest::prelude::*;

use super::*;
use crate::finding::Effect;
use crate::incomplete::Limit;
use crate::place::Place;

const SCORES: &str = "
[group.links]
what = \"Links that mislead\"
cap = 5
[group.links.scores]
a = 4.0
b = 3
c = -1.5
[group.words]
[group.words.scores]
d = 0.1
e = 0.2
bayes = 2
defect-bare-cr = 1.5
watched = 0
";

const RULES: &[(&str, &str)] =
    &[("a", "What a sees"), ("b", ""), ("c", ""), ("d", ""), ("e", ""), ("plain", ""), ("watched", ""), ("_x", "")];

fn known() -> Known<'static> {
    Known {
        rules: RULES,
        disabled: &[],
        dns_rules: &["dns-bl"],
        defaults: &[],
        lists: &["in", "out", "block", "allow"],
    }
}

fn source(text: &str) -> ScoreSource {
    ScoreSource { source: "scores.toml".into(), text: text.into() }
}

fn policy(settings: PolicySettings) -> Policy {
    let (policy, problems) = Policy::compile(settings, &[source(SCORES)], &known(), &[]);
    assert_eq!(problems, []);
    policy
}

fn problems(texts: &[&str]) -> Vec<String> {
    let sources: Vec<ScoreSource> = texts.iter().map(|text| source(text)).collect();
    let (_, problems) = Policy::compile(PolicySettings::default(), &sources, &known(), &[]);
    problems.iter().map(|problem| format!("{}: {}; {}", problem.line, problem.message, problem.remedy)).collect()
}

fn rule(name: &str) -> Finding {
    Finding::new(name, Place::message(), "")
}

fn with(effect: Effect, name: &str, subject: &str) -> Finding {
    Finding { effect, explanation: Some("told".into()), ..Finding::new(name, Place::header("from"), subject) }
}

fn decide(policy: &Policy, findings: &[Finding], recipients: &[&str], incomplete: &[Incomplete]) -> Verdict {
    let recipients: Vec<String> = recipients.iter().map(|address| (*address).into()).collect();
    policy.decide(&Case {
        direction: Direction::Inbound,
        recipients: &recipients,
        findings,
        defects: &[],
        incomplete,
        spam_probability: None,
        bayes_score: None,
        naive_bayes_score: None,
        logistic_score: None,
        items: 1,
        readings: 1,
        bytes: 0,
        work: Work::default(),
        versions: &Versions { engine: "".into(), rules: "".into(), model: "".into() },
    })
}

fn scan(findings: &[Finding]) -> Verdict {
    decide(&policy(PolicySettings::default()), findings, &[], &[])
}

fn told(verdict: &Verdict) -> Vec<(&str, f64)> {
    verdict.reasons.iter().map(|reason| (reason.rule.as_ref(), reason.score)).collect()
}

#[test]
fn sums_are_exact_and_reasons_come_the_weightiest_first() {
    let verdict = scan(&[rule("d"), rule("e"), rule("plain")]);
    assert_eq!(verdict.score, 1.3);
    assert_eq!(told(&verdict), [("plain", 1.0), ("e", 0.2), ("d", 0.1)]);
    assert_eq!(scan(&[rule("d"), rule("e")]).score, 0.3);
    assert_eq!(verdict.reasons[1].group.as_ref(), "words");
    assert_eq!(verdict.reasons[1].without, 1.1);
    assert_eq!(scan(&[rule("a")]).reasons[0].explanation, "What a sees");
}

#[test]
fn a_group_over_its_cap_keeps_its_strongest_rules() {
    let verdict = scan(&[rule("b"), rule("a")]);
    assert_eq!(verdict.score, 5.0);
    assert_eq!(told(&verdict), [("a", 4.0), ("b", 1.0)]);
    // Without a, b counts whole.
    assert_eq!(verdict.reasons.iter().map(|reason| reason.without).collect::<Vec<_>>(), [3.0, 4.0]);
    // What speaks against is summed before the cap.
    let verdict = scan(&[rule("b"), rule("a"), rule("c")]);
    assert_eq!(verdict.score, 5.0);
    assert_eq!(told(&verdict), [("a", 4.0), ("b", 2.5), ("c", -1.5)]);
}

#[test]
fn a_cap_bounds_below_too() {
    let text = "[group.g]\ncap = 1.0\n[group.g.scores]\na = -2.0\nb = -0.5\nc = 0.2";
    let (policy, _) = Policy::compile(PolicySettings::default(), &[source(text)], &known(), &[]);
    let verdict = decide(&policy, &[rule("a"), rule("b"), rule("c")], &[], &[]);
    assert_eq!(verdict.score, -1.0);
    assert_eq!(told(&verdict), [("a", -1.2), ("c", 0.2), ("b", 0.0)]);
}

#[test]
fn a_rule_counts_once_where_it_weighs_most_or_comes_first() {
    let at = |offset| Finding { place: Place::raw(offset, 1), ..rule("a") };
    let verdict = scan(&[at(9), at(3), at(7)]);
    assert_eq!((verdict.score, verdict.reasons[0].place.offset), (4.0, 3));
    let graded = |grade, offset| Finding {
        effect: Effect::Graded(grade),
        ..Finding { place: Place::raw(offset, 1), ..rule("bayes") }
    };
    let verdict = scan(&[graded(0.5, 1), graded(1.25, 2)]);
    assert_eq!((verdict.score, verdict.reasons[0].place.offset), (2.5, 2));
}

#[test]
fn what_weighs_nothing_is_no_reason_unless_somebody_watches_it() {
    let verdict = scan(&[
        rule("_x"),
        rule("defect-epilogue"),
        rule("incomplete-depth"),
        rule("watched"),
        Finding { effect: Effect::Graded(0.0), ..rule("bayes") },
        Finding { effect: Effect::Graded(f64::NAN), ..rule("plain") },
    ]);
    assert_eq!(told(&verdict), [("watched", 0.0)]);
    assert_eq!(told(&scan(&[rule("defect-bare-cr")])), [("defect-bare-cr", 1.5)]);
    assert!(policy(PolicySettings::default()).wanted().any(Wanted::DEFECTS));
}

#[test]
fn thresholds_include_their_value() {
    let points = |grade| {
        let finding = Finding { effect: Effect::Graded(grade), ..rule("plain") };
        scan(&[finding]).action
    };
    assert_eq!([4.9999, 5.0, 14.9999, 15.0].map(points), [Action::Accept, Action::Tag, Action::Tag, Action::Reject]);
    assert_eq!(points(4.99999), Action::Tag, "what is printed is what is compared");
}

#[test]
fn what_was_not_looked_at_has_an_action_of_its_own() {
    let mut settings = PolicySettings::default();
    settings.inbound.incomplete = Action::Quarantine;
    let gap = Incomplete { limit: Limit::Depth, place: Place::message(), explanation: String::new() };
    let policy = policy(settings);
    let action = |findings: &[Finding], gaps: &[Incomplete]| decide(&policy, findings, &[], gaps).action;
    let heavy = Finding { effect: Effect::Graded(20.0), ..rule("plain") };
    assert_eq!(action(&[], &[]), Action::Accept);
    assert_eq!(action(&[], std::slice::from_ref(&gap)), Action::Quarantine);
    assert_eq!(action(&[heavy], std::slice::from_ref(&gap)), Action::Reject);
}

#[test]
fn lists_outrank_scores_and_block_outranks_allow() {
    let heavy = || Finding { effect: Effect::Graded(50.0), ..rule("plain") };
    let allow = |narrow, subject| with(Effect::Allow(narrow), "list-allow", subject);
    let block = |narrow, subject| with(Effect::Block(narrow), "list-block", subject);
    let (all, domain) = (u16::MAX, 2);

    let verdict = scan(&[heavy(), allow(domain, "a@b.example")]);
    assert_eq!((verdict.action, verdict.score), (Action::Accept, 50.0));
    assert_eq!(told(&verdict), [("list-allow", 0.0), ("plain", 50.0)]);

    let verdict = scan(&[block(domain, "a@b.example")]);
    assert_eq!((verdict.action, verdict.score), (Action::Reject, 0.0));

    // Of equal width, or of different subjects: block.
    for (its, subject) in [(domain, "a@b.example"), (all, "c@d.example")] {
        let verdict = scan(&[allow(its, subject), block(domain, "a@b.example")]);
        assert_eq!(verdict.action, Action::Reject, "{its} {subject}");
        assert_eq!(told(&verdict), [("list-block", 0.0), ("list-allow", 0.0)]);
        assert_eq!(verdict.reasons[1].explanation, "told; list-block outranks it");
    }
    // Narrower, and of the same subject: allow, for this entry alone.
    let verdict = scan(&[allow(all, "a@b.example"), block(domain, "a@b.example")]);
    assert_eq!(verdict.action, Action::Accept);
    assert_eq!(told(&verdict), [("list-allow", 0.0), ("list-block", 0.0)]);
    assert_eq!(verdict.reasons[1].explanation, "told; list-allow outranks it");
    let link =
        Finding { place: Place::message().at(crate::place::View::Visible, 1, 1), ..block(domain, "a@b.example") };
    assert_eq!(scan(&[allow(all, "a@b.example"), link]).action, Action::Reject);
    // An entry that was passed over is told, and does nothing.
    let verdict = scan(&[with(Effect::Graded(0.0), "list-allow", "a@b.example"), block(domain, "a@b.example")]);
    assert_eq!(verdict.action, Action::Reject);
    assert_eq!(verdict.reasons[1].explanation, "told");
}

#[test]
fn a_block_entry_never_makes_a_message_milder() {
    let mut settings = PolicySettings::default();
    settings.inbound.block = Action::Tag;
    let heavy = Finding { effect: Effect::Graded(50.0), ..rule("plain") };
    let policy = policy(settings);
    assert_eq!(decide(&policy, &[with(Effect::Block(1), "list-block", "x")], &[], &[]).action, Action::Tag);
    assert_eq!(decide(&policy, &[heavy, with(Effect::Block(1), "list-block", "x")], &[], &[]).action, Action::Reject);
}

#[test]
fn monitor_only_accepts_and_says_what_it_would_have_done() {
    let mut settings = PolicySettings::default();
    settings.inbound.monitor_only = true;
    let policy = policy(settings);
    let recipient = |grade| {
        let finding = Finding { effect: Effect::Graded(grade), ..rule("plain") };
        let verdict = decide(&policy, &[finding], &[], &[]);
        (verdict.action, verdict.recipients[0].unmonitored)
    };
    assert_eq!(recipient(1.0), (Action::Accept, Some(Action::Accept)));
    assert_eq!(recipient(6.0), (Action::Tag, Some(Action::Tag)));
    assert_eq!(recipient(60.0), (Action::Tag, Some(Action::Reject)));
    assert_eq!(scan(&[]).recipients[0].unmonitored, None);
}

#[test]
fn each_recipient_is_judged_by_the_first_profile_that_fits() {
    let profile = |name: &str, recipients: &[&str]| Profile {
        name: name.into(),
        recipients: recipients.iter().map(|recipient| (*recipient).into()).collect(),
        ..Profile::default()
    };
    let settings = PolicySettings {
        profiles: vec![
            Profile { reject: Some(None), tag: Some(Some(1.0)), ..profile("abuse", &["abuse@b.example"]) },
            Profile { reject: Some(Some(3.0)), ..profile("strict", &["@B.example"]) },
            Profile { lists: Some(vec![]), ..profile("free", &["abuse@b.example", "x@c.example"]) },
            Profile { lists: Some(vec!["out".into()]), ..profile("some", &["y@c.example"]) },
        ],
        ..PolicySettings::default()
    };
    let policy = policy(settings);
    let four = [rule("a")];
    let verdict = decide(&policy, &four, &["Abuse@b.Example", "z@b.example", "x@c.example", "z@b.example"], &[]);
    let results: Vec<_> =
        verdict.recipients.iter().map(|recipient| (recipient.address.as_str(), recipient.action)).collect();
    assert_eq!(
        results,
        [("Abuse@b.Example", Action::Tag), ("z@b.example", Action::Reject), ("x@c.example", Action::Accept)]
    );
    assert_eq!(verdict.action, Action::Accept, "the mildest is safe for all");

    // A list that does not count for one recipient still explains what happens to another.
    let block = [with(Effect::Block(1), "list-in", "x")];
    let verdict = decide(&policy, &block, &["x@c.example", "y@c.example", "q@c.example"], &[]);
    let actions: Vec<_> = verdict.recipients.iter().map(|recipient| recipient.action).collect();
    assert_eq!(actions, [Action::Accept, Action::Accept, Action::Reject]);
    assert_eq!(told(&verdict), [("list-in", 0.0)]);
    assert_eq!(told(&decide(&policy, &block, &["x@c.example", "y@c.example"], &[])), []);
}

#[test]
fn without_recipients_there_is_one_result_without_address() {
    let verdict = scan(&[rule("a")]);
    assert_eq!(verdict.recipients.len(), 1);
    assert_eq!((verdict.recipients[0].address.as_str(), verdict.recipients[0].score), ("", 4.0));
}

#[test]
fn mistakes_in_scores_are_told_with_line_and_remedy() {
    let expected: [(&str, &str); 13] = [
        ("[groups.x]", "1: unknown key groups; did you mean \"group\"?"),
        ("[group.x]\ncpa = 3", "2: unknown key cpa; did you mean \"cap\"?"),
        ("[group.x]\ncap = -1", "2: the cap of group x is -1; write a number from 0 up"),
        ("[group.x]\ncap = nan", "2: the cap of group x is NaN; write a number"),
        ("[group.x]\ncap = \"8\"", "2: cap must be a number, and is of type string; "),
        ("[group.x]\nwhat = 8", "2: what must be a text, and is of type integer; "),
        ("[group.x]\nscores = 8", "2: scores must be a table"),
        ("[group.x.scores]\nplane = 8", "2: there is no rule plane; did you mean \"plain\"?"),
        (
            "[group.x.scores]\ndefect-bare-rc = 8",
            "2: there is no rule defect-bare-rc; did you mean \"defect-bare-cr\"?",
        ),
        ("[group.x.scores]\n_x = 8", "2: the rule _x has a score; rules whose names begin with _ weigh nothing"),
        ("[group.x.scores]\nlist-block = 8", "2: the list list-block has a score; lists outrank scores"),
        ("[group.x.scores]\na = inf", "2: the score of a is inf; write a finite number"),
        ("[group.x.scores]\na = 1\n[group.y.scores]\na = 2", "4: a is scored in group x and in group y; keep one"),
    ];
    for (text, told) in expected {
        let problems = problems(&[text]);
        assert_eq!(problems.len(), 1, "{text}: {problems:?}");
        assert!(problems[0].starts_with(told), "{text}: {problems:?}");
    }
    assert!(problems(&["[group.x\n"])[0].starts_with("1: "));
    let many = problems(&["[group.x]\ncap = -1\n[group.x.scores]\nz-rule-of-nobody = 1\n[group.a]\nbad = 1"]);
    assert_eq!(many.iter().map(|problem| &problem[..1]).collect::<Vec<_>>(), ["2", "4", "6"]);
}

#[test]
fn known_names_may_be_scored() {
    let text = "[group.x.scores]\nbayes = 1\ndefect-epilogue = 1\nincomplete-depth = 1\ndns-bl = 1\nplain = 1";
    assert_eq!(problems(&[text]), [""; 0]);
    let off = ["gone".to_owned()];
    let known = Known { disabled: &off, ..known() };
    let (_, problems) =
        Policy::compile(PolicySettings::default(), &[source("[group.x.scores]\ngone = 1")], &known, &[]);
    assert_eq!(problems, []);
}

#[test]
fn later_files_and_the_configuration_outrank_earlier_ones() {
    let later = "[group.links]\ncap = 9\n[group.mine.scores]\nb = 7";
    let origin = Problem::file("tamis.toml", "");
    let overrides = [
        ("a".to_owned(), 6.5, origin.clone()),
        ("nobody".to_owned(), 1.0, origin.clone()),
        ("d".into(), f64::NAN, origin),
    ];
    let (policy, problems) =
        Policy::compile(PolicySettings::default(), &[source(SCORES), source(later)], &known(), &overrides);
    let weight = |rule: &str| (policy.weight(rule).score, policy.weight(rule).group.to_string());
    assert_eq!(weight("a"), (6.5, "links".into()));
    assert_eq!(weight("b"), (7.0, "mine".into()));
    assert_eq!(weight("plain"), (1.0, String::new()));
    assert_eq!(weight("_x"), (0.0, String::new()));
    assert_eq!(decide(&policy, &[rule("a"), rule("c")], &[], &[]).score, 5.0);
    let told: Vec<_> = problems.iter().map(|problem| (problem.source.as_str(), problem.message.as_str())).collect();
    assert_eq!(told, [("tamis.toml", "there is no rule nobody"), ("tamis.toml", "the score of d is NaN")]);
}

#[test]
fn settings_that_cannot_work_are_told() {
    let mut settings = PolicySettings::default();
    settings.inbound.reject = Some(f64::NAN);
    settings.profiles.push(Profile {
        name: "p".into(),
        recipients: vec!["b.example".into()],
        lists: Some(vec!["blok".into()]),
        ..Profile::default()
    });
    let (_, problems) = Policy::compile(settings, &[], &known(), &[]);
    let told: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "inbound: the threshold reject is not a finite number\n  help: write a number, or leave the action out",
            "profile p: \"b.example\" is no recipient\n  help: write @b.example for a domain, name@b.example for one \
             address",
            "profile p: there is no list blok\n  help: did you mean \"block\"?",
        ]
    );
}

/// Any finding of a handful of rules and lists, at a handful of places.
fn any_finding() -> impl Strategy<Value = Finding> {
    let effects = prop_oneof![
        4 => Just(None),
        2 => (-3.0..6.0f64).prop_map(|grade| Some(Effect::Graded(grade))),
    ];
    let scored = (prop::sample::select(vec!["a", "b", "c", "d", "e", "plain", "bayes", "watched"]), effects, 0u64..4)
        .prop_map(|(name, effect, offset)| Finding {
            effect: effect.unwrap_or(Effect::Weighted),
            place: Place::raw(offset, 1),
            ..rule(name)
        });
    let listed = (any::<bool>(), 1u16..4, prop::sample::select(vec!["s@x.example", "t@y.example"])).prop_map(
        |(allow, narrow, subject)| {
            if allow {
                with(Effect::Allow(narrow), "list-allow", subject)
            } else {
                with(Effect::Block(narrow), "list-block", subject)
            }
        },
    );
    prop_oneof![6 => scored, 1 => listed]
}

proptest! {
    #[test]
    fn the_order_of_findings_changes_nothing(
        (findings, shuffled) in prop::collection::vec(any_finding(), 0..12)
            .prop_flat_map(|findings| (Just(findings.clone()), Just(findings).prop_shuffle())),
    ) {
        prop_assert_eq!(scan(&findings), scan(&shuffled));
    }

    #[test]
    fn reasons_add_up_to_the_score_and_groups_keep_their_caps(findings in prop::collection::vec(any_finding(), 0..12)) {
        let verdict = scan(&findings);
        let sum: f64 = verdict.reasons.iter().map(|reason| reason.score).sum();
        prop_assert!((sum - verdict.score).abs() < 1e-9, "{} {}", sum, verdict.score);
        let links: f64 = verdict.reasons.iter().filter(|reason| &*reason.group == "links").map(|reason| reason.score).sum();
        prop_assert!(links.abs() <= 5.0 + 1e-9);
        prop_assert!(verdict.reasons.iter().all(|reason| reason.score.abs() <= 100.0));
    }

    #[test]
    fn without_a_reason_the_score_is_what_it_says(findings in prop::collection::vec(any_finding(), 0..12)) {
        for reason in scan(&findings).reasons {
            let rest: Vec<Finding> = findings.iter().filter(|finding| finding.rule != reason.rule).cloned().collect();
            prop_assert_eq!(scan(&rest).score, reason.without);
        }
    }

    #[test]
    fn a_rule_that_weighs_something_never_makes_the_verdict_milder(
        findings in prop::collection::vec(any_finding(), 0..12),
        grade in 0.0..30.0f64,
    ) {
        let before = scan(&findings);
        // A rule that is not there yet: one that is counts once, and a grade may take the place of another.
        let mut more = findings;
        more.push(Finding { effect: Effect::Graded(grade), ..rule("dns-bl") });
        let after = scan(&more);
        prop_assert!(after.score >= before.score);
        prop_assert!(after.action >= before.action);
    }

    #[test]
    fn the_verdict_is_the_mildest_of_the_recipients(
        findings in prop::collection::vec(any_finding(), 0..12),
        recipients in prop::collection::vec(prop::sample::select(vec!["a@b.example", "c@b.example", "d@e.example"]), 0..5),
    ) {
        let settings = PolicySettings {
            profiles: vec![
                Profile { recipients: vec!["a@b.example".into()], reject: Some(Some(2.0)), ..Profile::default() },
                Profile { recipients: vec!["@b.example".into()], lists: Some(vec![]), ..Profile::default() },
            ],
            ..PolicySettings::default()
        };
        let verdict = decide(&policy(settings), &findings, &recipients, &[]);
        prop_assert_eq!(Some(verdict.action), verdict.recipients.iter().map(|recipient| recipient.action).min());
        let distinct: BTreeSet<_> = recipients.iter().collect();
        prop_assert_eq!(verdict.recipients.len(), distinct.len().max(1));
    }
}

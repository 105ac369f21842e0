//! `tamis rules diff`: what differs between two sets of rules, two configurations, or a recording and now.

mod support;

use std::fs;

use support::{HAM, RULE, SCORES, SPAM, folder, lines, repository, tamis_in};

/// A ham and a spam, rules under `old` and `new`, and a message whose name would command a terminal.
fn mail() -> tempfile::TempDir {
    folder(&[
        ("mail/a.eml", HAM),
        ("mail/b.eml", SPAM),
        ("mail/c\u{1b}[31m.eml", SPAM),
        ("old/won.toml", RULE),
        ("old/scores.toml", "[group.mine.scores]\nwon = 0.25\n"),
        ("new/won.toml", RULE),
        ("new/scores.toml", SCORES),
        ("mild.toml", "[rules.scores]\nno-date = 0.25\n"),
        ("off.toml", "[rules]\ndisable = ['no-date', 'no-message-id']\n"),
    ])
}

#[test]
fn messages_with_another_action_come_first_and_rules_are_counted() {
    let folder = mail();
    let diff = |arguments: &[&str]| tamis_in(folder.path(), &[&["rules", "diff"][..], arguments].concat(), "");
    let ran = diff(&["mail", "--before-rules", "old", "--after-rules", "new"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let rows: Vec<&str> = ran.out.lines().collect();
    assert_eq!(rows[0], "Another action: 2");
    assert!(
        rows[1].starts_with("  accept -> tag ") && rows[1].ends_with("  mail/b.eml  won 0.2 -> 6.0"),
        "{}",
        ran.out
    );
    assert!(rows[2].contains("mail/c\\u{1b}[31m.eml") && !ran.out.contains('\u{1b}'), "{}", ran.out);
    let rule: Vec<&str> = rows.iter().find(|row| row.ends_with("  won")).unwrap().split_whitespace().collect();
    assert_eq!(rule, ["2", "2", "2", "won"], "{}", ran.out);
    let summary = "3 messages: 2 with another action (2 stricter, 0 milder), 0 with another score, 0 with other reasons, 1 as \
                   before";
    assert_eq!(*rows.last().unwrap(), summary);

    let ran = diff(&["mail", "--before-rules", "new", "--after-rules", "new"]);
    assert_eq!(ran.code, 0);
    assert!(
        ran.out.starts_with("3 messages: 0 with another action") && ran.out.ends_with(" 3 as before\n"),
        "{}",
        ran.out
    );
}

#[test]
fn configurations_are_compared_and_a_table_can_be_cut() {
    let folder = mail();
    let arguments =
        ["rules", "diff", "mail", "--before-config", "mild.toml", "--after-config", "off.toml", "--most", "1"];
    let ran = tamis_in(folder.path(), &arguments, "");
    assert_eq!(ran.code, 1, "{}", ran.err);
    assert!(ran.out.starts_with("The same action, another score: 2\n"), "{}", ran.out);
    assert!(ran.out.contains("-no-message-id 1.0, -no-date 0.2"), "{}", ran.out);
    assert_eq!(ran.out.matches("  ... and 1 more (--most N)\n").count(), 2, "{}", ran.out);
}

#[test]
fn a_recording_is_compared_with_now_and_with_another() {
    let folder = mail();
    let tamis = |arguments: &[&str]| tamis_in(folder.path(), arguments, "");
    let record = |name: &str, rules: &str| {
        let ran = tamis(&["scan", "--json", "--stable", "--rules", rules, "mail"]);
        fs::write(folder.path().join(name), ran.out).unwrap();
    };
    record("old.jsonl", "old");
    record("new.jsonl", "new");
    assert_eq!(tamis(&["rules", "diff", "--before", "old.jsonl", "--rules", "old", "mail"]).code, 0);
    let now = tamis(&["rules", "diff", "--before", "old.jsonl", "--rules", "new", "mail"]);
    let both = tamis(&["rules", "diff", "--before", "old.jsonl", "--after", "new.jsonl"]);
    assert_eq!((now.code, both.code), (1, 1), "{}{}", now.err, both.err);
    assert!(now.out == both.out && now.out.starts_with("Another action: 2\n"), "{}", both.out);
    let back = tamis(&["rules", "diff", "--before", "new.jsonl", "--after-rules", "old", "mail/a.eml", "mail/b.eml"]);
    assert!(back.out.contains("  tag -> accept ") && back.out.contains("Judged before only: 1\n"), "{}", back.out);
    assert!(back.out.contains("(0 stricter, 1 milder)"), "{}", back.out);

    let json = tamis(&["rules", "diff", "--before", "old.jsonl", "--after", "new.jsonl", "--json"]);
    let found = lines(&json.out);
    assert_eq!((json.code, found.len()), (1, 4), "{}", json.out);
    assert_eq!((found[0]["type"].as_str(), found[0]["kind"].as_str()), (Some("change"), Some("action")));
    assert_eq!(
        (found[0]["before"]["action"].as_str(), found[0]["after"]["action"].as_str()),
        (Some("accept"), Some("tag"))
    );
    assert_eq!(found[0]["reasons"][0], serde_json::json!({"rule": "won", "before": 0.25, "after": 6.0}));
    assert_eq!((found[2]["type"].as_str(), found[2]["rescored"].as_u64()), (Some("rule"), Some(2)));
    assert_eq!((found[3]["messages"].as_u64(), found[3]["stricter"].as_u64()), (Some(3), Some(2)));
}

#[test]
fn help_fits_a_screen_and_long_help_has_examples() {
    let help = |flag| tamis_in(&repository(), &["rules", "diff", flag], "").out;
    assert!(help("-h").lines().count() <= 40, "{}", help("-h"));
    assert!(help("--help").contains("Examples:") && help("--help").contains("Exit codes: "));
}

/// `corpus/verdicts.txt` is what the golden test writes of the same verdicts: both are read alike.
#[test]
fn verdicts_for_people_and_for_programs_are_read_alike() {
    let ran = tamis_in(&repository(), &["rules", "diff", "--before", "corpus/verdicts.txt", "corpus"], "");
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let messages: u64 = ran.out.split_whitespace().next().unwrap().parse().unwrap();
    assert!(messages >= 150, "{}", ran.out);
}

#[test]
fn what_makes_no_sense_is_told_before_anything_is_judged() {
    let folder = mail();
    fs::write(folder.path().join("bad.jsonl"), "{\"type\":\"error\",\"path\":\"a\",\"message\":\"b\"}\nx\n").unwrap();
    fs::write(folder.path().join("else.jsonl"), "").unwrap();
    let cases: &[(&[&str], &[&str])] = &[
        (&["mail"], &["nothing differs between the two times", "--before FILE"]),
        (&["--after-rules", "new"], &["there is no mail to judge"]),
        (&["--before", "bad.jsonl", "mail"], &["bad.jsonl:2: is no JSON", "tamis scan --json --stable"]),
        (&["--before", "nowhere.jsonl", "mail"], &["nowhere.jsonl: cannot be read"]),
        (&["--before", "else.jsonl", "--after", "else.jsonl", "mail"], &["leave the paths out"]),
        (&["--before", "else.jsonl", "--after", "else.jsonl"], &["there was no message to compare"]),
        (&["--after-rules", "new", "-"], &["standard input can be read once"]),
        (&["--after-rules", "nowhere", "mail"], &["nowhere"]),
        (&["--after-rules", "new", "nowhere"], &["nowhere: there is no such file or folder"]),
        (&["--before", "a", "--before-rules", "b", "mail"], &["--before", "cannot be used with"]),
    ];
    for (arguments, told) in cases {
        let ran = tamis_in(folder.path(), &[&["rules", "diff"][..], arguments].concat(), "");
        assert_eq!(ran.code, 2, "{arguments:?}: {}{}", ran.out, ran.err);
        for part in *told {
            assert!(ran.err.contains(part), "{arguments:?}: {part:?} is not in\n{}", ran.err);
        }
    }
    // Recorded elsewhere, so that no path is the same.
    let ran = tamis_in(folder.path(), &["scan", "--json", "--stable", "mail/a.eml"], "");
    fs::write(folder.path().join("then.jsonl"), ran.out.replace("mail/", "elsewhere/")).unwrap();
    let ran = tamis_in(folder.path(), &["rules", "diff", "--before", "then.jsonl", "mail"], "");
    assert!(ran.code == 2 && ran.err.contains("no message was judged both times"), "{}{}", ran.out, ran.err);
}

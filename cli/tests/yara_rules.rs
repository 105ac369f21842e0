//! `tamis rules` over YARA rules: they are checked, tested, listed, shown and profiled like those of TOML.

mod support;

use support::{HAM, RULE, Ran, SPAM, folder, tamis_in};

const PRIZE: &str = r#"
rule prize
{
    meta:
        description = "A prize of millions"
        author = "Ann Example"
        licence = "CC0-1.0"
        weight = 4.5
        hit = "text: You won a prize of 5 million dollars"
        hit = "prize.txt"
        miss = "text: The prize of the exhibition"
    strings:
        $prize = "prize of 5 million"
    condition:
        $prize
}
"#;
const PLAIN: &str = "rule monday\n{\n    strings:\n        $a = \"See you on Monday\"\n    condition:\n        $a\n}\n";

/// `tamis rules COMMAND` over the rules in `rules/` of a folder, and no others.
fn rules(folder: &tempfile::TempDir, arguments: &[&str]) -> Ran {
    let all = [&["rules"][..], arguments, &["--rules", "rules", "--no-stock-rules"]].concat();
    tamis_in(folder.path(), &all, "")
}

fn good() -> tempfile::TempDir {
    folder(&[
        ("rules/prize.yar", PRIZE),
        ("rules/prize.txt", "You won a prize of 5 million dollars, in a file of its own.\n"),
        ("rules/plain.yara", PLAIN),
        ("rules/won.toml", RULE),
        ("mail/a.eml", HAM),
        ("mail/b.eml", SPAM),
    ])
}

#[test]
fn each_broken_file_is_named_with_its_line_and_no_other() {
    let folder = good();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write("rules/broken.yar", "rule one\n{\n    condition:\n        tru\n}\n");
    write("rules/unclosed.yar", "rule two\n{\n    strings:\n        $a = \"x\n    condition:\n        $a\n}\n");
    for command in ["check", "list", "test"] {
        let ran = rules(&folder, &[command]);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{command}: {}", ran.err);
        for told in ["rules/broken.yar:4:", "tru", "rules/unclosed.yar:4:"] {
            assert!(ran.err.contains(told), "{command}: {told}: {}", ran.err);
        }
        assert!(!ran.err.contains("prize.yar") && !ran.err.contains("plain.yara"), "{command}: {}", ran.err);
    }
    for name in ["rules/broken.yar", "rules/unclosed.yar"] {
        std::fs::remove_file(folder.path().join(name)).unwrap();
    }
    let ran = rules(&folder, &["check"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "1 rules and 2 YARA rules, no mistakes\n", ""));
}

#[test]
fn a_rule_for_a_module_that_is_not_built_in_is_noted() {
    let folder = good();
    let rule = "import \"pe\"\n\nrule program\n{\n    condition:\n        pe.is_pe\n}\n";
    std::fs::write(folder.path().join("rules/program.yar"), rule).unwrap();
    let ran = rules(&folder, &["check"]);
    assert!(ran.code == 0 && ran.err.contains("rules/program.yar:") && ran.err.contains("pe"), "{}", ran.err);
    assert!(!rules(&folder, &["list"]).out.contains("yara-program"));
}

#[test]
fn list_has_both_kinds_with_scores_and_groups() {
    let ran = rules(&good(), &["list"]);
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows.len(), 3, "{}", ran.out);
    assert!(rows.contains(&vec!["yara-prize", "4.5", "yara", "A", "prize", "of", "millions"]), "{}", ran.out);
    assert!(rows.contains(&vec!["yara-monday", "1.0", "yara"]), "{}", ran.out);
    assert!(rows.iter().any(|row| row[..2] == ["won", "1.0"]), "{}", ran.out);
}

#[test]
fn show_prints_the_rule_with_its_metadata_and_the_score_that_counts() {
    let folder = good();
    let ran = rules(&folder, &["show", "yara-prize", "won"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let told = [
        "// rules/prize.yar:2, score 4.5, group yara: yara-prize",
        "weight = 4.5",
        "author = \"Ann Example\"",
        "licence = \"CC0-1.0\"",
        "hit = \"prize.txt\"",
        "$prize = \"prize of 5 million\"",
        "[rule.won]",
    ];
    for part in told {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    // A score of the configuration outranks the metadata.
    std::fs::write(folder.path().join("t.toml"), "[rules.scores]\nyara-prize = 2.0\n").unwrap();
    let ran = rules(&folder, &["show", "yara-prize", "--config", "t.toml"]);
    assert!(ran.out.contains("score 2.0, group yara") && ran.out.contains("weight = 4.5"), "{}{}", ran.out, ran.err);
    let ran = rules(&folder, &["show", "yara-prise"]);
    assert!(ran.code == 2 && ran.err.contains("did you mean \"yara-prize\"?"), "{}", ran.err);
}

#[test]
fn test_runs_the_examples_that_must_hit_and_those_that_must_miss() {
    let folder = good();
    assert_eq!(rules(&folder, &["test"]).out, "3 rules, 5 examples: all as they say\n");
    assert_eq!(rules(&folder, &["test", "yara-prize"]).out, "1 rules, 3 examples: all as they say\n");

    let wrong = PRIZE.replace("text: The prize", "text: The prize of 5 million").replace("prize.txt", "nowhere.txt");
    let wrong = wrong.replace("text: You won a prize of 5 million dollars", "text: You lost");
    std::fs::write(folder.path().join("rules/prize.yar"), wrong).unwrap();
    let ran = rules(&folder, &["test"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    for told in [
        "rules/prize.yar:2: yara-prize: \"text: You lost\": should hit, and misses",
        "rules/prize.yar:2: yara-prize: \"nowhere.txt\": rules/nowhere.txt: ",
        "rules/prize.yar:2: yara-prize: \"text: The prize of 5 million of the exhibition\": should miss, and hits",
        "3 rules, 5 examples: 3 not as they say",
    ] {
        assert!(ran.out.contains(told), "{told}: {}", ran.out);
    }
}

#[test]
fn profile_has_a_row_for_each_rule_of_either_kind_with_its_hits() {
    let ran = rules(&good(), &["profile", "mail"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["us/message", "share", "hits", "rule"], "{}", ran.out);
    let row =
        |name: &str| rows.iter().find(|row| row.last() == Some(&name)).unwrap_or_else(|| panic!("{name}: {}", ran.out));
    for (name, hits) in [("won", "1"), ("yara-prize", "1"), ("yara-monday", "1")] {
        let row = row(name);
        // YARA's clock tells only of rules that took long in all; TOML's of every rule.
        let timed = row[0].parse::<f64>().is_ok_and(|it| it >= 0.0) && row[1].ends_with('%');
        assert!(timed || name.starts_with("yara-") && row[..2] == ["-", "-"], "{row:?}");
        assert_eq!(row[2], hits, "{row:?}");
    }
    assert!(ran.out.lines().any(|line| line.ends_with("  YARA in all")), "{}", ran.out);
    assert!(ran.out.lines().last().unwrap().starts_with("2 messages, "), "{}", ran.out);
    assert!(rules(&good(), &["profile", "nowhere"]).err.contains("there is no such file or folder"));
}

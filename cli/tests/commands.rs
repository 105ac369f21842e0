//! Each command as its user types it: what it prints, its exit code, and what it says of mistakes.

mod support;

use std::fs;

use serde_json::Value;
use support::{HAM, RULE, SCORES, SPAM, folder, lines, repository, tamis_in};

#[test]
fn scan_reads_files_folders_mailboxes_maildirs_and_standard_input() {
    let mbox = format!("From a@b Thu Aug 22 12:36:23 2002\n{HAM}\nFrom a@b Thu Aug 22 12:36:23 2002\n{SPAM}\n");
    let folder = folder(&[
        ("a.eml", HAM),
        ("in.mbox", &mbox),
        ("Maildir/cur/1:2,S", HAM),
        ("Maildir/new/2", SPAM),
        ("Maildir/tmp/3", SPAM),
        ("rules/won.toml", RULE),
        ("rules/scores.toml", SCORES),
    ]);
    let with = ["scan", "--json", "--stable", "--rules", "rules"];
    let scan = |paths: &[&str], input: &str| {
        let ran = tamis_in(folder.path(), &[&with[..], paths].concat(), input);
        let verdicts: Vec<(String, String)> = lines(&ran.out)
            .iter()
            .map(|it| (it["path"].as_str().unwrap().to_owned(), it["action"].as_str().unwrap().to_owned()))
            .collect();
        (ran.code, verdicts)
    };
    let is = |path: &str, action: &str| (path.to_owned(), action.to_owned());
    assert_eq!(scan(&["a.eml"], ""), (0, vec![is("a.eml", "accept")]));
    assert_eq!(scan(&["-"], SPAM), (1, vec![is("-", "tag")]));
    assert_eq!(scan(&["in.mbox"], ""), (1, vec![is("in.mbox#1", "accept"), is("in.mbox#2", "tag")]));
    assert_eq!(scan(&["Maildir"], ""), (1, vec![is("Maildir/cur/1:2,S", "accept"), is("Maildir/new/2", "tag")]));
    let (code, all) = scan(&["."], "");
    assert_eq!((code, all.len()), (1, 5), "{all:?}");
}

#[test]
fn scan_prints_a_table_and_a_summary() {
    let folder = folder(&[("a.eml", HAM), ("b.eml", SPAM), ("rules/won.toml", RULE), ("rules/scores.toml", SCORES)]);
    let ran = tamis_in(folder.path(), &["scan", "--stable", "--rules", "rules", "a.eml", "b.eml"], "");
    let rows: Vec<&str> = ran.out.lines().collect();
    assert!(rows[0].starts_with("action ") && rows[0].ends_with(" why"), "{rows:?}");
    assert!(rows[1].starts_with("accept ") && rows[1].contains("a.eml"), "{rows:?}");
    assert!(rows[2].starts_with("tag ") && rows[2].contains("b.eml") && rows[2].contains("won +6.0"), "{rows:?}");
    assert_eq!(ran.err, "2 messages, 0.0 MB: 1 accept, 1 tag\n");
    assert!(!ran.out.contains('\u{1b}'), "no colour where there is no terminal");
}

#[test]
fn one_thread_and_many_say_the_same_to_the_byte() {
    let scan =
        |threads| tamis_in(&repository(), &["scan", "--json", "--stable", "--threads", threads, "corpus"], "").out;
    let one = scan("1");
    assert!(one.lines().count() > 100);
    for threads in ["2", "7"] {
        assert!(scan(threads) == one, "{threads} threads");
    }
}

#[test]
fn a_message_that_cannot_be_read_does_not_stop_the_run() {
    let folder = folder(&[("mail/a.eml", HAM)]);
    std::os::unix::fs::symlink("nowhere", folder.path().join("mail/0.eml")).unwrap();
    std::os::unix::fs::symlink("/proc/self/mem", folder.path().join("mail/b.eml")).unwrap();
    let ran = tamis_in(folder.path(), &["scan", "--json", "mail"], "");
    assert_eq!(ran.code, 2, "{}", ran.err);
    let verdicts = lines(&ran.out);
    assert!(verdicts.iter().any(|it| it["type"] == "verdict" && it["path"] == "mail/a.eml"));
    let error = verdicts.iter().find(|it| it["type"] == "error").unwrap();
    assert!(error["message"].as_str().unwrap().contains("cannot be read"), "{error}");
}

#[test]
fn the_envelope_reaches_the_facts() {
    let folder = folder(&[("a.eml", HAM)]);
    let envelope = ["--client-ip", "192.0.2.7", "--helo", "mx.one.example", "--from", "<ann@one.example>", "--to"];
    let rest = ["bob@two.example", "--to", "eve@two.example", "--auth-user", "ann", "--direction", "outbound", "a.eml"];
    let arguments = [&["facts", "--json"][..], &envelope, &rest].concat();
    let ran = tamis_in(folder.path(), &arguments, "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let facts: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(facts["envelope"]["auth_user"], "ann");
    assert_eq!(facts["client"]["ip"], "192.0.2.7");
    assert_eq!(facts["direction"], "outbound");
    let ran = tamis_in(folder.path(), &[&["scan", "--json"][..], &envelope, &rest].concat(), "");
    assert_eq!(lines(&ran.out)[0]["recipients"].as_array().unwrap().len(), 2);
    let ran = tamis_in(folder.path(), &["scan", "--client-ip", "192.0.2.777", "a.eml"], "");
    assert!(ran.code == 2 && ran.err.contains("192.0.2.777"), "{}", ran.err);
}

/// The words that moved the model, with their counts, for people and for programs.
#[test]
fn explain_says_what_moved_the_model() {
    let folder = folder(&[("b.eml", SPAM)]);
    let ran = tamis_in(folder.path(), &["explain", "b.eml"], "");
    assert!(ran.out.contains("naive Bayes alone ") && ran.out.contains("logistic expert alone "), "{}", ran.out);
    let value = &lines(&tamis_in(folder.path(), &["explain", "b.eml", "--json"], "").out)[0];
    let tokens = value["tokens"].as_array().unwrap();
    assert!(tokens.len() > 5 && tokens.len() <= 200, "{}", tokens.len());
    let weight = |at: usize| tokens[at]["weight"].as_f64().unwrap();
    assert!(weight(0).abs() >= weight(1).abs() && weight(1) != 0.0);
    assert!(tokens.iter().any(|it| it["ham"].as_u64().unwrap() + it["spam"].as_u64().unwrap() > 0));
    let off = [("b.eml", SPAM), ("off.toml", "[bayes]\nmodel = false\n")];
    let ran = tamis_in(support::folder(&off).path(), &["explain", "b.eml", "--json", "--config", "off.toml"], "");
    assert!(lines(&ran.out)[0].get("tokens").is_none());
}

#[test]
fn explain_says_what_each_reason_weighs() {
    let folder = folder(&[("b.eml", SPAM), ("rules/won.toml", RULE), ("rules/scores.toml", SCORES)]);
    let ran = tamis_in(folder.path(), &["explain", "--rules", "rules", "b.eml"], "");
    assert_eq!(ran.code, 1);
    for part in ["tag with a score of", "+6.0  won  [mine]", "without this reason: accept", "Bayes: ", "looked at"] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
}

#[test]
fn parts_extracts_files_and_none_escapes() {
    let message = "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: \
                   application/octet-stream\nContent-Disposition: attachment; filename=\"../../escaped.bin\"\n\none\n--b\n\
                   Content-Type: application/octet-stream; name=\"/etc/passwd\"\n\ntwo\n--b--\n";
    let folder = folder(&[("a.eml", message), ("keep", "")]);
    let ran = tamis_in(folder.path(), &["parts", "a.eml", "--extract", "deep/er", "--json"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut names: Vec<String> = fs::read_dir(folder.path().join("deep/er"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    assert_eq!(names, ["0001-escaped.bin", "0002-passwd"]);
    assert_eq!(fs::read(folder.path().join("deep/er/0001-escaped.bin")).unwrap(), b"one");
    assert!(!folder.path().join("escaped.bin").exists());
    let all: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(all["items"][1]["names"][0], "../../escaped.bin");
    assert_eq!(all["items"][1]["file"], "0001-escaped.bin");
    // A second run finds its files there, and says so rather than overwrite.
    let ran = tamis_in(folder.path(), &["parts", "a.eml", "--extract", "deep/er"], "");
    assert!(ran.code == 2 && ran.err.contains("0001-escaped.bin"), "{}", ran.err);
}

#[test]
fn rules_are_checked_tested_listed_and_shown() {
    let folder = folder(&[("rules/won.toml", RULE), ("rules/scores.toml", SCORES)]);
    let rules = |arguments: &[&str]| tamis_in(folder.path(), &[&["rules"][..], arguments].concat(), "");
    let mine = ["--rules", "rules", "--no-stock-rules"];
    let ran = rules(&[&["check"][..], &mine].concat());
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("1 rules, no mistakes\n", ""));
    fs::write(folder.path().join("slow.toml"), RULE.replace("'you won'", "'[a-z]{9}'")).unwrap();
    let ran = rules(&["check", "--no-stock-rules", "--rules", "slow.toml"]);
    assert!(ran.code == 0 && ran.err.contains("slow.toml:5:") && ran.err.contains("searched in each"), "{}", ran.err);
    assert_eq!(rules(&[&["test"][..], &mine].concat()).out, "1 rules, 2 examples: all as they say\n");
    assert!(rules(&[&["list"][..], &mine].concat()).out.starts_with("won "));
    let shown = rules(&[&["show", "won"][..], &mine].concat()).out;
    assert!(shown.contains("score 6.0, group mine") && shown.contains("any  = ['you won']"), "{shown}");

    fs::write(folder.path().join("rules/won.toml"), RULE.replace("text: you want", "text: you won't, you won"))
        .unwrap();
    let ran = rules(&[&["test"][..], &mine].concat());
    assert_eq!(ran.code, 2, "a quote ends the text: {}", ran.out);
    fs::write(folder.path().join("rules/won.toml"), RULE.replace("text: you want", "text: You Won")).unwrap();
    let ran = rules(&[&["test"][..], &mine].concat());
    assert_eq!(ran.code, 1);
    assert!(ran.out.starts_with("rules/won.toml:1: won: \"text: You Won\": should miss, and hits\n"), "{}", ran.out);
    let ran = rules(&["show", "link-throug-shortener"]);
    assert!(ran.code == 2 && ran.err.contains("did you mean \"link-through-shortener\"?"), "{}", ran.err);
}

#[test]
fn lists_are_checked_and_looked_up() {
    let config = "[lists.bad]\nkind = 'domains'\neffect = 'block'\npath = 'bad.txt'\n";
    let folder =
        folder(&[("t.toml", config), ("bad.txt", "# ours\nbad.example\n"), ("wrong.txt", "a.example\nb c d\n")]);
    let lists = |arguments: &[&str]| tamis_in(folder.path(), &[&["lists"][..], arguments].concat(), "");
    let ran = lists(&["lookup", "--config", "t.toml", "www.bad.example", "good.example"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("www.bad.example: blocked by bad (bad.txt:2): bad.example"), "{}", ran.out);
    assert!(ran.out.contains("good.example: in no list"), "{}", ran.out);
    let ran = lists(&["check", "--config", "t.toml"]);
    assert_eq!((ran.code, ran.err.as_str()), (0, ""));
    fs::write(folder.path().join("twice.txt"), "a.example\na.example\n").unwrap();
    let ran = lists(&["check", "--kind", "domains", "twice.txt"]);
    assert!(ran.code == 0 && ran.err.contains("twice.txt:2"), "{}", ran.err);
    let ran = lists(&["check", "--kind", "domains", "wrong.txt"]);
    assert!(ran.code == 2 && ran.err.contains("wrong.txt:2"), "{}", ran.err);
}

#[test]
fn lists_are_added_to_and_taken_from() {
    let config = "[lists.bad]\nkind = 'domains'\neffect = 'block'\npath = ['long.txt', 'hot.txt']\n";
    let folder = folder(&[("t.toml", config), ("long.txt", "a.example\n*.b.example # feed\n"), ("hot.txt", "# ours")]);
    let lists = |arguments: &[&str]| {
        tamis_in(folder.path(), &[&["lists"][..], arguments, &["--config", "t.toml"]].concat(), "")
    };
    let hot = || fs::read_to_string(folder.path().join("hot.txt")).unwrap();
    let add = lists(&["add", "bad", "c.example", "--until", "2099-01-31", "--reason", "ticket 7"]);
    assert_eq!((add.code, add.out.as_str()), (0, "hot.txt:2: c.example until=2099-01-31 # ticket 7\n"), "{}", add.err);
    let ran = lists(&["lookup", "x.c.example"]);
    assert_eq!(ran.out, "x.c.example: blocked by bad (hot.txt:2): c.example until 2099-01-31 # ticket 7\n");
    // Its own line goes; what a longer file has gets an exception.
    assert_eq!(lists(&["remove", "bad", "c.example"]).code, 0);
    assert_eq!(hot(), "# ours\n");
    assert_eq!(lists(&["remove", "bad", "x.b.example", "--reason", "asked for"]).code, 0);
    assert_eq!(hot(), "# ours\n!x.b.example # asked for\n");
    let ran = lists(&["lookup", "x.b.example"]);
    assert_eq!(ran.code, 0);
    let told = "x.b.example: left alone by bad (hot.txt:2): !x.b.example # asked for\n\
                x.b.example: also covered by bad (long.txt:2): *.b.example # feed\n";
    assert_eq!(ran.out, told);
    // What is wrong is told, and nothing is written.
    for (arguments, error) in [
        (&["add", "bad", "no domain"][..], "more than one word"),
        (&["add", "bad", "d.example", "--until", "soon"], "until=soon is no date"),
        (&["add", "bad", "d.example", "--reason", "a\nevil.example"], "one line"),
        (&["add", "bda", "d.example"], "did you mean \"bad\"?"),
        (&["remove", "bad", "d.example"], "d.example is not on the list bad"),
    ] {
        let ran = lists(arguments);
        assert!(ran.code == 2 && ran.err.contains(error), "{arguments:?}: {}", ran.err);
    }
    assert_eq!(hot(), "# ours\n!x.b.example # asked for\n");
}

#[test]
fn the_configuration_is_shown_with_origins() {
    let folder = folder(&[("t.toml", "[actions.inbound]\ntag = 4.5\n")]);
    let ran = tamis_in(folder.path(), &["config", "show", "--config", "t.toml"], "");
    assert!(ran.out.lines().any(|line| line.starts_with("tag = 4.5 ") && line.ends_with("# t.toml:2")), "{}", ran.out);
    assert!(tamis_in(folder.path(), &["config", "show", "--defaults"], "").out.contains("[actions.outbound]"));
    assert_eq!(tamis_in(folder.path(), &["config", "check", "--config", "t.toml"], "").code, 0);
}

#[test]
fn training_and_evaluation() {
    let mut files = Vec::new();
    for number in 0..30 {
        files.push((
            format!("ham/{number}.eml"),
            format!("Subject: m{number}\n\nminutes of the meeting number {number}\n"),
        ));
        files.push((format!("spam/{number}.eml"), format!("Subject: s{number}\n\ncheap pills and prizes {number}\n")));
    }
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    let run = |arguments: &[&str]| tamis_in(folder.path(), arguments, "");
    let mail = ["--ham", "ham", "--spam", "spam"];
    let ran = run(&[&["train", "--out", "m.model"][..], &mail].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("learned         30 ham, 30 spam"), "{}", ran.out);
    let ran = run(&[&["evaluate", "--by", "bayes", "--model", "m.model", "--scores", "s.txt"][..], &mail].concat());
    assert!(ran.out.starts_with("30 ham and 30 spam, by the log-odds of the model"), "{} {}", ran.out, ran.err);
    let scores = fs::read_to_string(folder.path().join("s.txt")).unwrap();
    assert_eq!(scores.lines().count(), 60);
    assert!(scores.lines().next().unwrap().starts_with("ham -") && scores.contains("ham/0.eml"), "{scores}");
    for by in ["total", "rules"] {
        assert_eq!(run(&[&["evaluate", "--by", by, "--model", "m.model"][..], &mail].concat()).code, 0);
    }
    let ran = run(&[&["evaluate", "--by", "bayes", "--folds", "5", "--picture", "p.svg"][..], &mail].concat());
    assert!(ran.code == 0 && ran.out.contains("1-ROCA"), "{}", ran.err);
    // Each message is in one group of what was said; the picture has a point for each group.
    let groups = ran.out.lines().skip_while(|line| !line.starts_with("probability said")).skip(1);
    let counts: Vec<u64> = groups.map_while(|line| line.split_whitespace().nth(3)?.parse().ok()).collect();
    assert_eq!(counts.iter().sum::<u64>(), 60, "{}", ran.out);
    let picture = fs::read_to_string(folder.path().join("p.svg")).unwrap();
    assert!(picture.starts_with("<svg") && picture.matches("<circle").count() == counts.len(), "{picture}");
    // Without the body, and without a subject that repeats, nothing is left to learn from.
    fs::write(folder.path().join("kept.txt"), "Nothing\n").unwrap();
    let ran = run(&[&["train", "--out", "k.model", "--keep-headers", "kept.txt"][..], &mail].concat());
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_ne!(fs::read(folder.path().join("k.model")).unwrap(), fs::read(folder.path().join("m.model")).unwrap());
    assert!(
        fs::read_dir(folder.path()).unwrap().all(|entry| entry
            .unwrap()
            .path()
            .extension()
            .is_none_or(|it| it != "part"))
    );
}

/// Each a message that names file, line and remedy, exit code 2, and nothing half done.
#[test]
fn mistakes_are_told_with_file_line_and_remedy() {
    let rule = |when: &str| {
        format!("[rule.a]\nwhat = 'w'\nwhy = 'y'\nwhen = '{when}'\nhit = ['text: x']\nmiss = ['text: y']\n")
    };
    let folder = folder(&[
        ("a.eml", HAM),
        ("broken.toml", &rule("links.exists(l, l.host ==)")),
        ("fact.toml", &rule("links.exists(l, l.hots == \"x\")")),
        ("key.toml", "[scan]\n\ndephs = 3\n"),
        ("list.toml", "[lists.a]\nkind = 'domains'\neffect = 'block'\npath = 'nowhere.txt'\n"),
        ("off.toml", "[rules]\ndisable = ['no-dat']\n"),
        ("bad.model", "not a model"),
    ]);
    let cases: &[(&[&str], &[&str])] = &[
        (&["scan", "--jsno", "a.eml"], &["--jsno", "--json"]),
        (&["sacn", "a.eml"], &["sacn", "scan"]),
        (&["scan", "nowhere"], &["nowhere", "there is no such file or folder"]),
        (&["scan", "a.eml", "--rules", "broken.toml"], &["broken.toml:4:", "links.exists(l, l.host ==)", "^"]),
        (&["scan", "a.eml", "--rules", "fact.toml"], &["fact.toml:4:", "hots", "did you mean \"host\"?"]),
        (&["rules", "check", "--rules", "fact.toml"], &["fact.toml:4:", "did you mean \"host\"?"]),
        (&["scan", "a.eml", "--config", "key.toml"], &["key.toml:3:1: unknown key dephs", "did you mean \"depth\"?"]),
        (&["scan", "a.eml", "--config", "nowhere.toml"], &["nowhere.toml: cannot be read"]),
        (&["scan", "a.eml", "--config", "list.toml"], &["nowhere.txt", "cannot be read"]),
        (&["scan", "a.eml", "--config", "off.toml"], &["off.toml:2:", "no-dat", "did you mean \"no-date\"?"]),
        (&["scan", "a.eml", "--model", "bad.model"], &["bad.model", "train it anew"]),
        (&["scan", "a.eml", "--threads", "0"], &["--threads"]),
        (
            &["train", "--ham", "a.eml", "--spam", "nowhere", "--out", "m"],
            &["nowhere", "there is no such file or folder"],
        ),
        (&["train", "--ham", "a.eml", "--spam", "a.eml", "--out", "no/m"], &["no/m", "cannot be written"]),
        (&["train", "--ham", "a.eml", "--spam", "a.eml", "--out", "m"], &["1 messages of ham are too few"]),
        (&["evaluate", "--ham", "a.eml", "--spam", "a.eml", "--by", "byes"], &["byes", "bayes"]),
        (&["facts", "nowhere"], &["nowhere", "there is no such file or folder"]),
    ];
    for (arguments, told) in cases {
        let ran = tamis_in(folder.path(), arguments, "");
        assert_eq!(ran.code, 2, "{arguments:?}: {}{}", ran.out, ran.err);
        assert_eq!(ran.out, "", "{arguments:?}");
        for part in *told {
            assert!(ran.err.contains(part), "{arguments:?}: {part:?} is not in\n{}", ran.err);
        }
        assert!(!ran.err.contains("panicked"));
    }
    assert!(!folder.path().join("m").exists() && !folder.path().join("m.part").exists());
}

#[test]
fn an_unreadable_folder_is_told_before_anything_is_scanned() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder(&[("a.eml", HAM), ("closed/b.eml", HAM)]);
    let closed = folder.path().join("closed");
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(&closed).is_ok() {
        // The superuser reads everything: a file in the folder's place is as unreadable as a folder gets.
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
        let ran = tamis_in(folder.path(), &["scan", "a.eml", "a.eml/below"], "");
        assert!(ran.code == 2 && ran.err.contains("a.eml/below") && ran.out.is_empty(), "{}{}", ran.out, ran.err);
        return;
    }
    let ran = tamis_in(folder.path(), &["scan", "a.eml", "closed"], "");
    assert!(ran.code == 2 && ran.err.contains("closed: must not be read") && ran.out.is_empty(), "{}", ran.err);
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn help_fits_a_screen_and_long_help_has_examples() {
    let folder = folder(&[]);
    for command in ["", "scan", "explain", "facts", "parts", "train", "evaluate", "rules", "lists", "config"] {
        let with = |help| {
            let arguments: Vec<&str> = [command, help].into_iter().filter(|it| !it.is_empty()).collect();
            tamis_in(folder.path(), &arguments, "").out
        };
        let (short, long) = (with("-h"), with("--help"));
        assert!(short.lines().count() <= 40, "{command}: {} lines", short.lines().count());
        assert!(long.contains("Example"), "{command}: {long}");
    }
}

#[test]
fn rules_check_compiles_all_patterns_and_profile_tells_what_they_cost() {
    let large = "body LARGE /(?:[ab]{900}){900}/ # x\nheader NEVER Subject =~ /foo^bar/\nbody FINE /next of kin/\nshortcircuit FINE spam\n";
    let toml = "[rule.words]\nwhat = 'w'\nwhy = 'y'\nin = 'body'\nany = ['millions?', 'no such']\n\
                [rule.size]\nwhat = 'w'\nwhy = 'y'\nwhen = 'size > 1 && body.visible.contains(\"x\")'\n";
    let folder = folder(&[("a.cf", large), ("a.toml", toml), ("mail/a.eml", HAM), ("mail/b.eml", SPAM)]);
    let ran = tamis_in(folder.path(), &["rules", "check", "--no-stock-rules", "--rules", "a.cf"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("3 SpamAssassin rules: 2 of 3 supported;"), "{}", ran.out);
    for frame in [
        "unsupported: a.cf:1:12: rule LARGE: the pattern is too large\n  1 | body LARGE /(?:[ab]{900}){900}/\n                 ^^^^^^^^^^^^^^^^^^^^\n",
        "unsupported: a.cf:4:19: rule FINE: shortcircuit is not done",
        "help: write: score FINE 100\n",
        "note: a.cf:2:14: rule NEVER: the pattern can never match\n",
    ] {
        assert!(ran.err.contains(frame), "{frame}\n{}", ran.err);
    }
    assert!(!ran.err.contains("rule FINE: the pattern"), "{}", ran.err);
    let ran = tamis_in(folder.path(), &["rules", "profile", "--no-stock-rules", "--rules", "a.toml", "mail"], "");
    let rows =
        |head: &str| ran.out.lines().skip_while(|it| !it.ends_with(head)).skip(1).take(1).next().unwrap_or_default();
    assert!(rows("  condition").ends_with("size") && rows("  condition").contains(" 2  "), "{}", ran.out);
    assert!(rows("  pattern, compiled at first use").ends_with("words: millions?"), "{}", ran.out);
    assert!(!ran.out.contains("no such"), "what no message needs is not compiled: {}", ran.out);
}

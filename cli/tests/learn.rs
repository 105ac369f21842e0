//! Learning in place, as its user types it; and that nothing is lost when it is killed.

mod support;

use std::process::{Command, Stdio};
use std::time::Duration;

use support::{HAM, SPAM, folder, lines, repository, tamis_in};

/// The log-odds of one message.
fn score(folder: &std::path::Path, arguments: &[&str]) -> f64 {
    let ran = tamis_in(folder, &[&["scan", "--json", "--stable"], arguments].concat(), "");
    lines(&ran.out)[0]["bayes_score"].as_f64().unwrap()
}

#[test]
fn what_is_learned_counts_from_then_on_and_can_be_taken_back() {
    let folder = folder(&[("ham/1.eml", HAM), ("spam/1.eml", SPAM), ("probe.eml", SPAM)]);
    let here = folder.path();
    let before = score(here, &["probe.eml"]);
    let ran = tamis_in(here, &["learn", "spam", "spam"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.starts_with("learned 1, learned anew with the other label 0, forgotten 0, nothing to do for 0\n"));
    let after = score(here, &["probe.eml"]);
    assert!(after > before, "{before} {after}");

    // Again: nothing changes. As ham: it is the other way round.
    assert!(tamis_in(here, &["learn", "spam", "probe.eml"], "").out.contains("nothing to do for 1"));
    assert!((score(here, &["probe.eml"]) - after).abs() < 1e-9);
    assert!(tamis_in(here, &["learn", "ham", "probe.eml"], "").out.contains("with the other label 1"));
    assert!(score(here, &["probe.eml"]) < after);

    // It is listed, and taken back by its number, without the message.
    let list = tamis_in(here, &["learn", "--list"], "").out;
    let words: Vec<&str> = list.split_whitespace().collect();
    assert_eq!((words.len(), words[1], words[3]), (4, "ham", "probe.eml"), "{list}");
    std::fs::remove_file(here.join("spam/1.eml")).unwrap();
    let ran = tamis_in(here, &["learn", "--forget-id", words[0]], "");
    assert_eq!(ran.out, format!("{}: forgotten\n", words[0]));
    assert_eq!(tamis_in(here, &["learn", "--list"], "").out, "");
    assert!((score(here, &["probe.eml"]) - before).abs() < 0.3, "{before} {}", score(here, &["probe.eml"]));

    // A message that is not known is not forgotten, and that is no error.
    let ran = tamis_in(here, &["learn", "ham", "ham", "--forget"], "");
    assert_eq!((ran.code, ran.out.contains("nothing to do for 1")), (0, true), "{}", ran.out);
}

/// A model of one's own has what it learns beside it.
#[test]
fn each_model_learns_for_itself() {
    let folder = folder(&[("ham/1.eml", HAM), ("spam/1.eml", SPAM)]);
    let here = folder.path();
    std::fs::copy(repository().join("models/stock/spamassassin.model"), here.join("own.model")).unwrap();
    let ran = tamis_in(here, &["learn", "spam", "ham", "--model", "own.model"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(here.join("own.model.learned/state").exists());
    let stock = score(here, &["ham"]);
    assert!(score(here, &["ham", "--model", "own.model"]) > stock);
    // Where the configuration says that nothing is to be learned, that is said.
    std::fs::write(here.join("off.toml"), "[bayes]\nlearned = false\n").unwrap();
    let ran = tamis_in(here, &["learn", "spam", "spam", "--config", "off.toml"], "");
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("there is no place to keep what is learned"), "{}", ran.err);
}

/// What one user had learned counts for his mail alone, on top of what the site knows by then.
#[test]
fn a_user_has_a_model_of_his_own() {
    let folder = folder(&[("offers.eml", SPAM), ("other.eml", HAM), ("site.toml", "[bayes]\nusers = \"users\"\n")]);
    let here = folder.path();
    let of = |user: &str, message: &str| match user {
        "" => score(here, &["--config", "site.toml", message]),
        user => score(here, &["--config", "site.toml", "--user", user, message]),
    };
    let learn = |arguments: &[&str]| {
        let ran = tamis_in(here, &[&["learn", "--config", "site.toml"], arguments].concat(), "");
        assert_eq!(ran.code, 0, "{}", ran.err);
        ran.out
    };
    let before = of("", "offers.eml");
    learn(&["ham", "offers.eml", "--user", "Ann@Site.example"]);
    // He who taught it, however his address is written; nobody else, and not the site.
    assert!(of("ann+shops@site.example", "offers.eml") < before - 0.5);
    assert!((of("bob@site.example", "offers.eml") - before).abs() < 1e-9);
    assert!((of("", "offers.eml") - before).abs() < 1e-9);
    assert_eq!(learn(&["--list"]), "");
    assert!(learn(&["--list", "--user", "ann@site.example"]).ends_with("offers.eml\n"));
    // What the site learns later counts for him as well.
    let other = of("ann@site.example", "other.eml");
    learn(&["spam", "other.eml"]);
    assert!(of("ann@site.example", "other.eml") > other);
    // Taken back, he has the site's again.
    learn(&["ham", "offers.eml", "--forget", "--user", "ann@site.example"]);
    assert!((of("ann@site.example", "offers.eml") - of("", "offers.eml")).abs() < 0.3);
    // Where users have no models that is said.
    let ran = tamis_in(here, &["learn", "ham", "offers.eml", "--user", "ann@site.example"], "");
    assert!(ran.code == 2 && ran.err.contains("set users in [bayes]"), "{}", ran.err);
}

/// Two hosts that learned apart: one learns what the other has, each message once.
#[test]
fn what_another_host_learned_is_merged() {
    let folder = folder(&[
        ("a.eml", HAM),
        ("b.eml", SPAM),
        ("one.toml", "[bayes]\nlearned = \"one\"\n"),
        ("two.toml", "[bayes]\nlearned = \"two\"\n"),
    ]);
    let here = folder.path();
    let learn = |arguments: &[&str]| tamis_in(here, &[&["learn"], arguments].concat(), "");
    learn(&["ham", "a.eml", "--config", "one.toml"]);
    learn(&["spam", "a.eml", "--config", "two.toml"]);
    learn(&["spam", "b.eml", "--config", "two.toml", "--source", "ann"]);
    for (learned, unchanged) in [(1, 1), (0, 2)] {
        let ran = learn(&["--merge", "two", "--config", "one.toml"]);
        let said = format!(
            "learned {learned}, learned anew with the other label 0, forgotten 0, nothing to do for {unchanged}\n"
        );
        assert!(ran.code == 0 && ran.out.starts_with(&said), "{}{}", ran.out, ran.err);
    }
    // What was known stays as it was; who had the rest learned is known.
    let list = learn(&["--list", "--config", "one.toml"]).out;
    assert!(list.contains(" ham ") && list.ends_with("ann\n") && list.lines().count() == 2, "{list}");
    let ran = learn(&["--merge", "nowhere", "--config", "one.toml"]);
    assert!(ran.code == 2 && ran.err.contains("nowhere: nothing that tamis learn learned lies there"), "{}", ran.err);
    let ran = learn(&["--merge", "one", "--config", "one.toml"]);
    assert!(ran.code == 2 && ran.err.contains("is what is learned here already"), "{}", ran.err);
}

/// What users forward when they report is learned, not their own words.
#[test]
fn attached_messages() {
    let report = format!(
        "From: user@site.example\nSubject: Fwd: spam\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n\
         --b\nContent-Type: text/plain\n\nPlease block this.\n--b\nContent-Type: message/rfc822\n\n{SPAM}\n--b--\n"
    );
    let folder = folder(&[("report.eml", &report), ("plain.eml", HAM), ("original.eml", SPAM)]);
    let here = folder.path();
    let ran = tamis_in(here, &["learn", "spam", "-", "--attached", "--source", "report by user"], &report);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(tamis_in(here, &["learn", "--list"], "").out.ends_with("report by user\n"));
    // The message that was attached is known when it comes by itself.
    assert!(tamis_in(here, &["learn", "spam", "original.eml"], "").out.contains("nothing to do for 1"));
    let ran = tamis_in(here, &["learn", "spam", "plain.eml", "--attached"], "");
    assert_eq!((ran.code, ran.err.as_str()), (2, "tamis: plain.eml: no message is attached\n"));
}

/// Killed at any instant, what was learned is whole, and learning goes on from there.
#[test]
fn killed_while_learning() {
    let files: Vec<(String, String)> = (0..400)
        .map(|number| {
            (format!("m/{number:03}.eml"), format!("From: a{number}@b.example\nSubject: s{number}\n\nText {number}\n"))
        })
        .collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    let here = folder.path();
    let mut seen = Vec::new();
    for number in 0..12u64 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_tamis"))
            .args(["learn", "spam", "m"])
            .current_dir(here)
            .env_remove("TAMIS_CONFIG")
            .env("XDG_STATE_HOME", here.join("state"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        std::thread::sleep(Duration::from_millis(20 + 15 * number));
        let _ = child.kill();
        let _ = child.wait();
        let ran = tamis_in(here, &["learn", "--list"], "");
        assert_eq!(ran.code, 0, "{}", ran.err);
        seen.push(ran.out.lines().count());
        // Nothing that was there is gone.
        assert!(seen.is_sorted(), "{seen:?}");
        assert!(score(here, &["m/000.eml"]).is_finite());
    }
    assert_eq!(tamis_in(here, &["learn", "spam", "m"], "").code, 0);
    assert_eq!(tamis_in(here, &["learn", "--list"], "").out.lines().count(), 400);
}

#[test]
fn a_run_that_learns_as_it_goes() {
    let mut files = Vec::new();
    let mut index = String::new();
    for number in 0..60 {
        let (label, text) = if number % 2 == 0 { ("ham", HAM) } else { ("spam", SPAM) };
        files.push((format!("{number}.eml"), text.replace("bob", &format!("bob{number}"))));
        index += &format!("{label} {number}.eml\n");
    }
    files.push(("index".into(), index));
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let folder = folder(&files);
    let ran = tamis_in(folder.path(), &["replay", "index", "--picture", "curves.html"], "");
    assert_eq!(ran.code, 0, "{}", ran.err);
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split(' ').collect()).collect();
    assert_eq!((rows.len(), rows[0][0], rows[59][0], rows[59][2]), (60, "ham", "spam", "59.eml"));
    assert!(
        rows[58][1].parse::<f64>().unwrap() < 0.0 && rows[59][1].parse::<f64>().unwrap() > 0.0,
        "{:?}",
        &rows[58..]
    );
    assert!(ran.err.contains("30 ham and 30 spam") && ran.err.contains("1-ROCA"), "{}", ran.err);
    let page = std::fs::read_to_string(folder.path().join("curves.html")).unwrap();
    assert!(page.contains("<svg") && page.matches("<polyline").count() == 2 && page.contains("1-ROCA"));
    std::fs::write(folder.path().join("index"), "ham 0.eml\nperhaps 1.eml\n").unwrap();
    let ran = tamis_in(folder.path(), &["replay", "index"], "");
    assert_eq!((ran.code, ran.err.as_str()), (2, "tamis: index:2: write `ham PATH` or `spam PATH`\n"));
}

//! Rules over whole messages.

use super::*;
use crate::facts::fuzzing::with_message;
use crate::threads::Threads;

fn compiled(text: &str) -> SpamAssassin {
    let source = CfSource { source: "a.cf".into(), bytes: text.into() };
    compile(&[source], &Choices::default(), &Threads::default()).unwrap()
}

fn hits(rules: &SpamAssassin, message: &str) -> Vec<String> {
    with_message(message.as_bytes(), |facts, budget| {
        let mut run = |all: bool| {
            let (mut memory, mut findings) = (Memory::default(), Vec::new());
            memory.find_all(all);
            rules.run(facts, &mut memory, budget, &mut findings);
            findings.iter().map(|it| it.rule.to_string()).collect::<Vec<_>>()
        };
        let (needed, mut all) = (run(false), run(true));
        let found = all.clone();
        all.retain(|it| !it.starts_with("__"));
        assert_eq!(needed, all, "where only what a score hangs on is tried");
        found
    })
}

const MESSAGE: &str = "Received: from mail.sender.example (mail.sender.example [192.0.2.7]) by mx.example.com (Postfix) with ESMTP id A1\n\
    \tfor <bob@example.com>; Mon, 1 Jan 2024 10:00:00 +0000\n\
    From: \"Anna\" <anna@gmail.com>\nTo: bob@example.com\nReply-To: other@hotmail.com\n\
    Subject: =?utf-8?q?Urgent_invoice?=\nDate: Mon, 1 Jan 2024 10:00:00 +0000\nMIME-Version: 1.0\n\
    Content-Type: multipart/alternative; boundary=b\n\n--b\n\nPay the invoice\nnow, dear friend.\n\nSecond paragraph.\n--b\n\
    Content-Type: text/html\n\n<html><p>Pay <a href=\"http://evil.example.com/x?e=bob@example.com\">https://bank.example.org</a></html>\n--b--\n";

#[test]
fn every_kind_of_rule_hits_and_misses() {
    let rules = compiled(
        "util_rb_tld com org example\nfreemail_domains gmail.com hotmail.com\n\
         header A Subject =~ /^Urgent invoice$/\nheader B Subject =~ /=?utf/\nheader C Subject:raw =~ /=\\?utf/\n\
         header D X-None !~ /./\nheader E X-None =~ /none/ [if-unset: none]\nheader F exists:Reply-To\n\
         header G From:addr =~ /^anna\\@gmail\\.com$/\nheader H From:name =~ /^Anna$/\n\
         body I /invoice now, dear/\nbody J /friend\\. Second/\nrawbody K /invoice\\nnow/\nfull L /^--b--$/m\n\
         uri M m{^http://evil\\.example\\.com/}\nmimeheader N Content-Type =~ /html/\n\
         meta O A && (I + K > 1) && !J\nmeta P J\nbody Q eval:html_tag_exists('a')\n\
         header R eval:check_freemail_from()\nbody S eval:check_https_http_mismatch('1','10')\n\
         header T X-Spam-Relays-Untrusted =~ /^\\[ ip=192\\.0\\.2\\.7 rdns=mail\\.sender\\.example /\n\
         header __TO To:addr =~ /(?<WHO>.*)/\nuri U m|e=%{WHO}|\nbody V /e/\ntflags V multiple maxhits=5\nmeta W V == 5\n\
         header X Received =~ /bob/\nscore X 0\nuri_detail Y type =~ /^a$/ text =~ /bank/ domain =~ /^example\\.com$/\n",
    );
    assert_eq!(rules.notes(), []);
    let found = hits(&rules, MESSAGE);
    let expected = [
        "A", "C", "D", "E", "F", "G", "H", "I", "K", "L", "M", "N", "O", "Q", "R", "S", "T", "__TO", "U", "V", "W", "Y",
    ];
    assert_eq!(found, expected);
}

#[test]
fn what_is_left_out_is_told() {
    let rules = compiled(
        "body A /(?R)/\nmeta B A && C\nheader D eval:check_nonsense()\nmeta E F\nmeta F E\nbody G /[/\nscore H 3\n\
         body I /same/\nbody J /same/\nheader K eval:check_rbl('x','y')\ntflags K net\nrequired_score 5\nmeta L K\n",
    );
    let told = |nature: Nature| {
        let notes = rules.notes().iter().filter(|(it, _)| *it == nature);
        notes.map(|(_, problem)| (problem.line, problem.message.clone())).collect::<Vec<_>>()
    };
    let lines = |nature: Nature| told(nature).iter().map(|(line, _)| *line).collect::<Vec<_>>();
    assert_eq!(lines(Nature::Unsupported), [1, 3]);
    assert_eq!(lines(Nature::Mistake), [4, 5, 6], "what Perl would not take either is the author's mistake");
    let remarks = told(Nature::Remark);
    for wanted in [
        "B depends on what is not supported: A",
        "asks for C",
        "H has a score",
        "J looks for the same as I",
        "required_score",
    ] {
        assert!(remarks.iter().any(|(_, message)| message.contains(wanted)), "{wanted}: {remarks:?}");
    }
    assert!(hits(&rules, MESSAGE).is_empty());
}

#[test]
fn scores_are_those_of_the_set() {
    let source = CfSource {
        source: "a.cf".into(),
        bytes: "body A /x/\nscore A 1 2 3 4\nbody T_B /x/\nbody C /x/\ntflags C nice".into(),
    };
    for (bayes, expected) in [(false, 1.0), (true, 3.0)] {
        let rules =
            compile(std::slice::from_ref(&source), &Choices { bayes, ..Choices::default() }, &Threads::default())
                .unwrap();
        assert_eq!((rules.score("A"), rules.score("T_B"), rules.score("C")), (expected, 0.01, -1.0));
    }
}

#[test]
fn a_pattern_that_runs_away_is_named() {
    let away = r"(?:a|aa)+(?<!a)c";
    let rules = compiled(&format!(
        "body BODY /{away}/\nrawbody RAW /{away}/\nfull FULL /{away}/\nuri URI m{{{away}}}\nheader HEAD Subject =~ /{away}/\n\
         header NEG Subject !~ /{away}/\nmimeheader MIME X-Part =~ /{away}/\nmimeheader ALL X-Part =~ /{away}/\ntflags ALL concat\n\
         mimeheader NMIME X-Part !~ /{away}/\nuri_detail NDETAIL raw !~ /{away}/\nuri_detail DETAIL raw =~ /{away}/\nheader CAP Subject =~ /(?<WHO>{away})/\n\
         uri USES /%{{WHO}}|http/\nbody B /bc/\nbody NEAR /(?:a|aa){{1,9}}(?<!a)c/\nmeta META BODY || B\n",
    ));
    let run = "a".repeat(300);
    let message = format!("Subject: {run}c\nX-Part: {run}c\n\n{run}c bc http://x.example/{run}c\n");
    with_message(message.as_bytes(), |facts, budget| {
        let mut findings = Vec::new();
        rules.run(facts, &mut Memory::default(), budget, &mut findings);
        let found: Vec<&str> = findings.iter().map(|it| &*it.rule).collect();
        assert_eq!(found, ["B", "META"], "the others go on, and a rule that gave up does not hit");
        let mut named: Vec<&str> =
            budget.reached.iter().map(|gap| gap.explanation.split(' ').nth(2).unwrap_or_default()).collect();
        named.sort_unstable();
        assert_eq!(
            named,
            ["ALL", "BODY", "CAP", "DETAIL", "FULL", "HEAD", "MIME", "NDETAIL", "NEG", "NMIME", "RAW", "URI"]
        );
    });
}

#[test]
fn every_pattern_is_compiled_for_who_checks_rules() {
    let large = "(?:[ab]{900}){900}";
    let rules = compiled(&format!(
        "body A /{large}/\n\theader  B  Subject !~ /{large}/ # x\nheader C X =~ /{large}/\nscore C 0\n\
         mimeheader D Content-Type =~ /{large}/\nuri_detail E text =~ /{large}/\nbody FINE /next of (?:kin|friend)/\n\
         body G /(?!x)(?:a+)+b/\nbody H /\\x{{100}}/\nheader I Subject =~ /x*/\nrawbody J /foo^bar/\nbody K /^bar$/m\n\
         body L /./\nscore L 0\nbody M /./\nmeta N A && !FINE\nmeta O FINE\n",
    ));
    assert_eq!(rules.notes().iter().filter(|(nature, _)| *nature != Nature::Remark).count(), 0, "{:?}", rules.notes());
    let found = rules.look_at_patterns();
    let lines = |found: &[Problem]| found.iter().map(|it| (it.line, it.column)).collect::<Vec<_>>();
    assert_eq!(lines(&found.refused), [(1, 8), (2, 13), (3, 10), (5, 14), (6, 14)]);
    assert_eq!(
        found.refused[1].to_string().lines().take(3).collect::<Vec<_>>(),
        [
            "a.cf:2:13: rule B: the pattern is too large",
            "  2 |  header  B  Subject !~ /(?:[ab]{900}){900}/",
            "                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
        ]
    );
    let told: Vec<(u32, &str)> =
        found.notes.iter().map(|it| (it.line, it.message.split_once(": ").unwrap_or_default().1)).collect();
    let expected = [
        (8, "the pattern goes back"),
        (9, "the pattern can never match"),
        (10, "the pattern matches every text"),
        (11, "the pattern can never match"),
        (15, "every body text is searched"),
        (16, "it depends on what is too large: A"),
    ];
    assert_eq!(told.len(), expected.len(), "{told:?}");
    assert!(told.iter().zip(expected).all(|(one, other)| one.0 == other.0 && one.1.starts_with(other.1)), "{told:?}");
}

#[test]
fn what_shortcircuit_would_do_is_told() {
    let rules = compiled(
        "body A /x/\nbody B /y/\npriority A -100\nshortcircuit A on\nshortcircuit B off\nifplugin Mail::SpamAssassin::Plugin::Shortcircuit\n\
         shortcircuit B spam\nendif\nifplugin No::Such\nshortcircuit B ham\nendif\nshortcircuit A\npriority B soon\n",
    );
    let told: Vec<(u32, Nature)> = rules.notes().iter().map(|(nature, it)| (it.line, *nature)).collect();
    let (unsupported, mistake) = (Nature::Unsupported, Nature::Mistake);
    assert_eq!(told, [(4, unsupported), (7, unsupported), (12, mistake), (13, mistake)], "{:?}", rules.notes());
    assert!(rules.notes()[1].1.remedy.contains("score B 100"), "{:?}", rules.notes());
}

/// The file that holds a rule of every kind and calls every function.
#[test]
fn every_function_is_there() {
    let rules = compiled(include_str!("every.cf"));
    let wrong: Vec<_> = rules.notes().iter().filter(|(nature, _)| *nature != Nature::Remark).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(rules.rules().iter().filter(|rule| rule.kind == "eval").count() > 90);
    let found = hits(&rules, MESSAGE);
    assert!(found.len() > 40, "{found:?}");
}

use crate::{EngineBuilder, FactValue, Limits, Mail, Problem};

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
fn a_score_or_a_hit_of_a_broken_rule_is_no_second_mistake() {
    let text = rule("broken", "when = 'nonsense'")
        + &rule("twisted", "in = 'body'\nany = ['(']")
        + &rule("asks", "when = 'hit(\"broken\") || hit(\"twisted\")'");
    let scores = "[group.g.scores]\nbroken = 2\ntwisted = 1\nasks = 1\n";
    let build = |scores: &str| {
        EngineBuilder::new().rules_text("r.toml", &*text).scores_text("scores.toml", scores).build_what_works()
    };
    let (engine, problems) = build(scores);
    let lines: Vec<_> = problems.iter().map(|it| (it.source.as_str(), it.line)).collect();
    assert_eq!(lines, [("r.toml", 4), ("r.toml", 9)], "{problems:?}");
    assert_eq!(engine.rules().iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["asks"]);
    // A name that is nowhere is still one.
    let (_, problems) = build("[group.g.scores]\nbrokn = 2\n");
    assert_eq!(problems.last().unwrap().source, "scores.toml");
    assert_eq!(problems.len(), 3);
}

#[test]
fn a_rule_that_runs_too_long_is_named_and_the_others_go_on() {
    let mut mail = String::from("From: a@a.example\n\n");
    for n in 0..1_900 {
        mail.push_str(&format!("http://h{n}.example/ "));
    }
    let slow = "when = 'links.all(a, links.all(b, a.host != \"x\" && b.host != \"y\"))'";
    let rules = rule("slow", slow)
        + &rule("asks", "when = 'hit(\"slow\") || size(links) > 1000'")
        + &rule("slower", slow)
        + &rule("words", "in = 'from.address'\nany = ['a.example']")
        + &rule("last", "when = 'hit(\"words\") && !hit(\"slower\")'");
    let engine = EngineBuilder::new().rules_text("r.toml", &*rules).build().unwrap();
    let examined = engine.worker().examine(&Mail::new(mail.as_bytes()));
    let found: Vec<&str> = examined.findings().iter().map(|it| &*it.rule).filter(|it| !it.contains("e-")).collect();
    assert_eq!(found, ["asks", "words", "last"]);
    let gaps: Vec<_> = engine.worker().scan(&Mail::new(mail.as_bytes())).incomplete.into_iter().collect();
    let told: Vec<&str> = gaps.iter().map(|it| it.explanation.as_str()).collect();
    assert_eq!(told, ["the rule slow needs more than 2000000 steps", "the rule slower needs more than 2000000 steps"]);

    // The message's own steps end everything, as ever: with room for one such rule, not for two.
    let limits = Limits { steps: 3_000_000, ..Limits::default() };
    let engine = EngineBuilder::new().limits(limits).rules_text("r.toml", &*rules).build().unwrap();
    let verdict = engine.worker().scan(&Mail::new(mail.as_bytes()));
    let told: Vec<&str> = verdict.incomplete.iter().map(|it| it.explanation.as_str()).collect();
    assert_eq!(told.last(), Some(&"the message needs more than 3000000 steps of work"), "{told:?}");
    assert!(!verdict.reasons.iter().any(|it| &*it.rule == "last"));
}

#[test]
fn a_blank_in_a_pattern_is_any_white_space() {
    let rules = rule("kin", "in = 'body'\nany = ['next of kin']")
        + &rule("some", "in = 'body'\nany = ['million (?:us )?dollars.{1,20}mine']")
        + &rule("spaces", "in = 'subject'\nany = ['pay  now', '\\s{4}\\w+$']")
        + &rule("subject", "in = 'subject'\nany = ['pay now']")
        + &rule("mailer", "in = 'header:x-mailer'\nany = ['^the bat$']")
        + &rule("file", "in = 'file-name'\nany = ['my file']");
    let found = |body: &str| names(&rules, &format!("From: a@a.example\nSubject: x\n\n{body}\n"));
    for body in [
        "the next of kin is",
        "the next of\nkin is",
        "the next\r\nof\r\nkin is",
        "the next \t of   kin is",
        "the next\u{a0}of\u{a0}\u{2003} kin is",
        "the next of\n\n\nkin is",
        "the NEXT\nOF kin is",
    ] {
        let mail = format!("From: a@a.example\nContent-Type: text/plain; charset=utf-8\n\n{body}\n");
        let found = names(&rules, &mail);
        assert_eq!(found.first().map(String::as_str), Some("kin"), "{body:?}");
        assert!(found.iter().skip(1).all(|it| it.starts_with("defect-")), "{found:?}");
    }
    for body in ["the nextof kin is", "the next. of kin", "next of\n> kin"] {
        assert_eq!(found(body), [""; 0], "{body:?}");
    }
    let html = "From: a@a.example\nContent-Type: text/html\n\n<p>the <b>next</b>&nbsp;of<br>kin, 5 million\ndollars are<br>all mine";
    assert_eq!(names(&rules, html), ["kin", "some"]);

    let subject = |subject: &str| names(&rules, &format!("From: a@a.example\nSubject: {subject}\n\nx\n"));
    assert_eq!(subject("please pay\n now"), ["subject"]);
    assert_eq!(subject("please pay  now"), ["spaces", "subject"], "a pattern about blanks sees the blanks");
    assert_eq!(subject("hello     xqzk"), ["spaces"]);
    assert_eq!(subject("hello xqzk"), [""; 0]);
    assert_eq!(names(&rules, "From: a@a.example\nX-Mailer: The\n  Bat\n\nx\n"), ["mailer"]);
    // Letters that only case folding takes for s and k.
    let words = rule("w", "in = 'body'\nany = ['\\bkiss kin\\b']");
    let mail =
        "From: a@a.example\nContent-Type: text/plain; charset=utf-8\n\nü \u{212a}i\u{17f}\u{17f}\n\u{212a}in ü\n";
    assert_eq!(hits(&words, mail), [("w".into(), "ü \u{212a}i\u{17f}\u{17f}\n\u{212a}in ü".into())]);
    // Text as it was sent is looked at as it was sent.
    let raw = rule("raw", "in = 'raw'\nany = ['next of kin']");
    assert_eq!(names(&raw, "From: a@a.example\n\nnext of\nkin\n"), [""; 0]);
    assert_eq!(names(&raw, "From: a@a.example\n\nnext of kin\n"), ["raw"]);
}

#[test]
fn places_in_a_text_with_white_space_are_places_in_the_text_itself() {
    let text = "An\n\nempty line,\u{a0} a  gap: Next\u{a0}\nof   kin\u{2003}here, next of kin.";
    let mail = format!("From: a@a.example\nContent-Type: text/plain; charset=utf-8\n\n{text}\n");
    let rules = rule("kin", "in = 'body'\nany = ['next of kin']\nall = ['^an\\b']");
    let engine = EngineBuilder::new().rules_text("r.toml", rules).build().unwrap();
    let mut worker = engine.worker();
    let examined = worker.examine(&Mail::new(mail.as_bytes()));
    let place = &examined.findings()[0].place;
    let visible = match worker.facts(&Mail::new(mail.as_bytes())).into_iter().find(|(name, _)| name == "body") {
        Some((_, FactValue::Record(body))) => match body.into_iter().find(|(name, _)| name == "visible") {
            Some((_, FactValue::Text(text))) => text,
            _ => panic!(),
        },
        _ => panic!(),
    };
    let seen = &visible[place.offset as usize..(place.offset + place.length) as usize];
    assert_eq!((seen, place.view.to_string().as_str()), ("Next\u{a0}\nof kin", "visible"));
    assert!(examined.findings()[0].evidence.contains(seen));
}

/// View, offset, length and evidence of what a condition saw in a message with links, a file and some header fields.
fn seen(when: &str) -> (String, u64, u64, String) {
    let mail = "From: Ann <ann@a.example>\nReply-To: b@b.example\nTo: c@c.example, d@d.example\nSubject: Pay the bill now\n\
        X-Mailer: Bulk 1.0\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n\
        <a href=\"http://x.example/\">http://y.example</a> and <a href=\"http://192.0.2.1/login\">here</a> we pay\n\
        --b\nContent-Type: application/pdf; name=a.pdf.exe\nContent-Disposition: attachment\n\nMZ\n--b--\n";
    let rules = rule("r", &format!("when = '{when}'")) + &rule("other", "in = 'subject'\nany = ['the bill']");
    let engine = EngineBuilder::new().rules_text("r.toml", rules).build().unwrap_or_else(|wrong| panic!("{wrong}"));
    let examined = engine.worker().examine(&Mail::new(mail.as_bytes()));
    let finding = examined.findings().iter().find(|it| &*it.rule == "r").unwrap_or_else(|| panic!("{when}"));
    let place = &finding.place;
    (format!("{}{}", place.path, place.view), place.offset, place.length, finding.evidence.clone())
}

#[test]
fn a_condition_says_where_it_saw_what_it_saw() {
    let view = |when: &str| {
        let (view, _, _, evidence) = seen(when);
        (view, evidence)
    };
    let is = |view: &str, evidence: &str| (view.to_owned(), evidence.to_owned());
    let shown = "http://y.example -> http://x.example/";
    let (view_of_link, offset, length, evidence) =
        seen("links.exists(l, l.shown_host != \"\" && l.shown_host != l.host)");
    assert!(view_of_link.ends_with("visible"));
    assert_eq!((offset, length, evidence.as_str()), (0, 16, shown));
    let (_, offset, _, evidence) = seen("size(links) == 2 && links.exists(l, l.is_ip)");
    assert_eq!((offset, evidence.as_str()), (21, "here -> http://192.0.2.1/login"));
    // The element on which `all` fails, and the one that a filter leaves.
    assert_eq!(view("!links.all(l, !l.is_ip)").1, "here -> http://192.0.2.1/login");
    assert_eq!(view("links.filter(l, l.is_ip).size() == 1").1, "here -> http://192.0.2.1/login");
    assert_eq!(
        view("links.filter(l, l.is_ip).map(l, l.host).exists(h, h != \"\")").1,
        "here -> http://192.0.2.1/login"
    );
    // Of loops in loops the outermost; a file by its name.
    assert_eq!(view("files.exists(f, links.exists(l, l.is_ip))").1, "a.pdf.exe");
    assert_eq!(view("files.exists(f, f.names.exists(n, n.endsWith(\".exe\")))").1, "a.pdf.exe");
    assert_eq!(view("headers.exists(h, h.name == \"x-mailer\")"), is("header:x-mailer", "X-Mailer: Bulk 1.0"));
    assert_eq!(view("to.exists(p, p.domain == \"d.example\")"), is("header:to", "d@d.example"));
    // Terms over facts and fields.
    assert_eq!(seen("subject.contains(\"bill\")"), ("header:subject".into(), 8, 4, "Pay the bill now".into()));
    assert_eq!(seen("subject.matches(\"b[i]ll\")"), ("header:subject".into(), 8, 4, "Pay the bill now".into()));
    assert_eq!(view("header[\"x-mailer\"].startsWith(\"Bulk\")"), is("header:x-mailer", "X-Mailer: Bulk 1.0"));
    assert_eq!(view("\"x-mailer\" in header"), is("header:x-mailer", "X-Mailer: Bulk 1.0"));
    assert_eq!(view("size > 1 && from.name == \"Ann\""), is("header:from", "Ann"));
    assert_eq!(view("!reply_to_agrees"), is("header:reply-to", "b@b.example"));
    let (view_of_text, offset, length, evidence) = seen("body.visible.contains(\"we pay\")");
    assert!(view_of_text.ends_with("visible") && evidence.ends_with("here we pay"), "{evidence}");
    assert_eq!((offset, length), (26, 6));
    // Where another rule saw it.
    assert_eq!(seen("hit(\"other\") && size > 1"), ("header:subject".into(), 4, 8, "Pay the bill now".into()));
}

#[test]
fn a_condition_about_the_whole_message_says_so() {
    for when in ["size > 1", "size(links) == 2", "!links.exists(l, l.port == 7)", "!hit(\"other\") || size > 1", "true"]
    {
        assert_eq!(seen(when), ("raw".into(), 0, 0, when.into()), "{when}");
    }
    // What was looked at and did not decide is not shown.
    let (_, _, _, evidence) = seen("links.exists(l, l.is_ip && l.port == 7) || size(links) > 1");
    assert!(evidence.starts_with("links.exists"), "{evidence}");
    let (_, _, _, evidence) = seen("!links.exists(l, l.is_ip) || subject.contains(\"Pay\")");
    assert_eq!(evidence, "Pay the bill now");
}

#[test]
fn patterns_without_a_literal_are_noted_and_load() {
    let text = rule("cheap", "in = 'body'\nany = ['next of kin', 'a{0,3}bcd']")
        + &rule("dear", "in = 'body'\nall = ['next of kin', '[0-9]{3,}', '\\w+ \\w+']");
    let engine = EngineBuilder::new().rules_text("r.toml", text).build().unwrap();
    let notes: Vec<_> = engine.rule_notes().iter().map(|it| (it.line, it.column, it.length)).collect();
    assert_eq!(notes, [(10, 36, 9)], "of three digits in a row each match has a sequence that is rare enough");
    assert!(engine.rule_notes()[0].to_string().contains("rule dear: this pattern is searched in each message"));
    // A boundary beside an ASCII letter costs nothing, and one beside anything else does.
    let text = rule("r", "in = 'body'\nany = ['\\bnext of\\b', 'next\\W*\\b.kin', 'n\\x65xt(?-u:\\b).kin']");
    let engine = EngineBuilder::new().rules_text("r.toml", text).build().unwrap();
    let notes: Vec<_> = engine.rule_notes().iter().map(|it| (it.column, it.message.contains("boundary"))).collect();
    assert_eq!(notes, [(23, true)], "{:?}", engine.rule_notes());
}

#[test]
fn patterns_that_cannot_be_used_are_named_where_they_stand() {
    let found = problems(&rule("r", "in = 'body'\nany = ['fine', '\\w{900}', 'foo^bar']\nall = ['[^\\s\\S]']"));
    let told: Vec<(u32, u32, &str)> = found.iter().map(|it| (it.line, it.column, it.message.as_str())).collect();
    let never = "not a pattern: the pattern can never match";
    assert_eq!(told, [(5, 16, "the pattern is too large once compiled"), (5, 27, never), (6, 8, never)], "{found:?}");
    assert!(found[0].remedy.contains("repeat less often"));
    // What loads can be compiled, all of it.
    let engine = EngineBuilder::new()
        .rules_text("r.toml", rule("r", "in = 'body'\nany = ['fine', '\\w{20}', '^a']"))
        .build()
        .unwrap();
    assert_eq!(engine.rule_patterns(), []);
}

#[test]
fn what_a_pattern_takes_at_its_first_use_is_told() {
    fn clock() -> u64 {
        use std::sync::atomic::{AtomicU64, Ordering};
        static TICKS: AtomicU64 = AtomicU64::new(0);
        TICKS.fetch_add(1, Ordering::Relaxed)
    }
    let rules = rule("a", "in = 'body'\nany = ['never here', 'million']\nall = ['transfer']")
        + &rule("same", "in = 'body'\nany = ['million']")
        + &rule("steps", "when = 'size(subject) > 1'");
    let engine = EngineBuilder::new().rules_text("r.toml", rules).build().unwrap();
    let mut worker = engine.worker();
    worker.keep_times(clock);
    let examined = worker.examine(&Mail::new(MAIL.as_bytes()));
    assert_eq!(examined.findings().len(), 3);
    worker.examine(&Mail::new(MAIL.as_bytes()));
    let times = worker.times();
    let told: Vec<_> = times.first_use.iter().map(|it| (it.rule.as_str(), it.pattern.as_str(), it.first_use)).collect();
    assert_eq!(told, [("a", "million", 1), ("a", "transfer", 1)], "once, and what no message needs never");
    let steps: Vec<_> = times.conditions.iter().map(|it| (it.name.as_str(), it.evaluated, it.steps > 4)).collect();
    assert_eq!(steps, [("steps", 2, true)]);
}

/// What a reply quotes does not hit a rule about what its writer says, in text and in HTML; and where it was seen is said.
#[test]
fn quoted_and_current_text_are_apart() {
    let rules = rule("now", "in = 'body.current'\nany = ['send the money']")
        + &rule("before", "in = 'body.quoted'\nany = ['send the money']")
        + &rule("answer", "when = 'size(body.quoted) > 0 && !body.current.contains(\"money\")'");
    let head = "From: a@a.example\nSubject: Re: x\n";
    let html = "Content-Type: text/html\n\n<p>Never!</p><div>On 1 Jan Ann wrote:</div><blockquote>You must<p>send the money</blockquote>";
    let outlook = "Content-Type: text/html\n\n<p>Never!<p><b>From:</b> Ann<br><b>Sent:</b> today<br><b>Subject:</b> x<p>Send the money";
    for (rest, expected) in [
        ("\nPlease send the money.\n", &["now"][..]),
        ("\nNever!\n\nOn 1 Jan Ann <ann@a.example> wrote:\n> send the money\n", &["before", "answer"]),
        ("\n> Shall I?\nYes, send the money.\n", &["now"]),
        ("\nNever!\n-----Original Message-----\nsend the money\n", &["before", "answer"]),
        (html, &["before", "answer"]),
        (outlook, &["before", "answer"]),
        (&html.replace("Never!", "Send the money."), &["now", "before"]),
        ("Content-Type: text/html\n\n<p>&gt; send the money", &["now"]),
    ] {
        assert_eq!(names(&rules, &format!("{head}{rest}")), expected, "{rest}");
    }
    let engine = EngineBuilder::new().rules_text("r.toml", &*rules).build().unwrap();
    let mail = format!("{head}\nNever ever!\n> But send the money\n");
    let examined = engine.worker().examine(&Mail::new(mail.as_bytes()));
    let place = &examined.findings()[0].place;
    assert_eq!((place.offset, place.length), ("Never ever!\n> But ".len() as u64, "send the money".len() as u64));
}

/// The examples of the manual, as they stand there.
#[test]
fn what_the_manual_shows_is_what_loads() {
    let manual = include_str!("../../../../docs/rules.md");
    let blocks: Vec<&str> =
        manual.split("```toml\n").skip(1).map(|rest| rest.split("```").next().unwrap_or_default()).collect();
    let (scores, rules): (Vec<&str>, Vec<&str>) = blocks.into_iter().partition(|it| it.starts_with("[group."));
    assert!((rules.len(), scores.len()) == (2, 1));
    let mut builder = EngineBuilder::new().scores_text("scores.toml", scores[0]);
    for (number, text) in rules.iter().enumerate() {
        builder = builder.rules_text(format!("docs/rules.md, example {number}"), *text);
    }
    let engine = builder.build().unwrap_or_else(|wrong| panic!("{wrong}"));
    assert_eq!(engine.rule_score("grant-wording"), (3.0, "wording".into()));
    let mut worker = engine.worker();
    let mut found = |body: &str| {
        let mail = format!("From: Ann <ann@gmail.com>\nTo: b@b.example\nSubject: s\nMessage-ID: <1@a>\n\n{body}\n");
        let examined = worker.examine(&Mail::new(mail.as_bytes()));
        examined.findings().iter().map(|it| it.rule.to_string()).collect::<Vec<_>>()
    };
    let mails = engine.rules()[0].hit[0].strip_prefix("text: ").and_then(|it| it.lines().next());
    assert_eq!(found(mails.unwrap()), ["grant-wording", "_new-sender"]);
    assert_eq!(found(engine.rules()[0].miss[0].strip_prefix("text: ").unwrap()), ["_new-sender"]);
    // What the table of texts names is there.
    for row in manual.lines().filter_map(|line| line.strip_prefix("| `\"")) {
        let text = row.split('"').next().unwrap().replace("NAME", "x-mailer");
        let rules = rule("r", &format!("in = '{text}'\nany = ['xyz']"));
        assert_eq!(problems(&rules), [], "{text}");
    }
    assert!(manual.contains(&format!("{} of its own", "2,000,000")) && super::RULE_STEPS == 2_000_000);
}

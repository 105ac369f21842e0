//! The joints of the engine, proved through its public names: what may cross threads, what is asked and answered
//! outside, what is not made because nobody wants it, and how a scan ends early.

use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use tamis_engine::{
    Answer, Answers, DnsList, Engine, EngineBuilder, Envelope, Examined, Limit, Mail, Question, Verdict,
};

const HTML: &[u8] = b"From: a@a.example\r\nSubject: urgent invoice\r\nMIME-Version: 1.0\r\n\
    Content-Type: text/html\r\n\r\n<p>Pay the <a href=\"http://b.example/\">invoice</a> now</p>\r\n";

fn rule(name: &str, text: &str, pattern: &str) -> String {
    format!("[rule.{name}]\nwhat = \"w\"\nwhy = \"y\"\nin = \"{text}\"\nany = ['{pattern}']\n")
}

fn rules(verdict: &Verdict) -> Vec<&str> {
    verdict.reasons.iter().map(|reason| reason.rule.as_ref()).collect()
}

#[test]
fn engine_is_shared_and_what_was_examined_travels() {
    fn shared<T: Send + Sync>() {}
    fn travels<T: Send + 'static>() {}
    shared::<Engine>();
    travels::<Examined>();
    travels::<Verdict>();
    travels::<Answers>();
    // That a worker does not travel is a compile-fail example at `Worker`.
}

/// Looks names up in a table, in the place of a resolver.
fn table(question: &Question) -> Answer {
    match question {
        Question::DnsAddress(name) if name == "99.2.0.192.bl.example" => {
            Answer::Addresses(vec![IpAddr::from([127, 0, 0, 2])])
        }
        Question::DnsAddress(_) => Answer::Addresses(Vec::new()),
        _ => Answer::Unknown,
    }
}

#[test]
fn a_block_list_is_asked_for_and_answered_on_another_thread() {
    let engine = EngineBuilder::new()
        .dns_list(DnsList { zone: "bl.example".into(), rule: "client-in-bl-example".into() })
        .build()
        .unwrap();
    for (client, listed) in [("192.0.2.99", true), ("192.0.2.98", false)] {
        let mut mail = Mail::new(HTML);
        mail.envelope = Envelope { client_ip: client.parse().ok(), ..Envelope::default() };
        let examined = engine.worker().examine(&mail);
        assert_eq!(examined.questions().len(), 1, "{client}");

        // Without an answer the question is neutral.
        assert_eq!(rules(&engine.worker().judge(examined.clone(), &Answers::new())), Vec::<&str>::new());

        let verdict = std::thread::scope(|scope| {
            let engine = &engine;
            let answered = scope.spawn(move || {
                let mut answers = Answers::new();
                for question in examined.questions() {
                    answers.insert(question.clone(), table(question));
                }
                (examined, answers)
            });
            let (examined, answers) = answered.join().unwrap();
            scope.spawn(move || engine.worker().judge(examined, &answers)).join().unwrap()
        });
        let expected = if listed { vec!["client-in-bl-example"] } else { vec![] };
        assert_eq!(rules(&verdict), expected, "{client}");
    }
}

#[test]
fn html_is_parsed_only_for_who_wants_it() {
    let subject = EngineBuilder::new().rules_text("a.toml", rule("in-subject", "subject", "urgent")).build().unwrap();
    let verdict = subject.worker().scan(&Mail::new(HTML));
    assert_eq!(rules(&verdict), ["in-subject"]);
    assert_eq!((verdict.work.html_parsed, verdict.work.decoded), (0, 0));

    let body = EngineBuilder::new().rules_text("a.toml", rule("in-body", "body", "invoice now")).build().unwrap();
    let verdict = body.worker().scan(&Mail::new(HTML));
    assert_eq!(rules(&verdict), ["in-body"]);
    assert_eq!(verdict.work.html_parsed, 1);
}

#[test]
fn the_stop_flag_ends_a_scan_early() {
    let engine = EngineBuilder::new().rules_text("a.toml", rule("in-body", "body", "invoice")).build().unwrap();
    let stop = AtomicBool::new(true);
    let mut mail = Mail::new(HTML);
    mail.stop = Some(&stop);
    let verdict = engine.worker().scan(&mail);
    let limits: Vec<Limit> = verdict.incomplete.iter().map(|gap| gap.limit).collect();
    assert_eq!(limits, [Limit::Deadline]);
    assert_eq!(rules(&verdict), Vec::<&str>::new());

    // The same worker is as good as new.
    let mut worker = engine.worker();
    worker.scan(&mail);
    stop.store(false, Ordering::Relaxed);
    let verdict = worker.scan(&mail);
    assert_eq!((verdict.incomplete.len(), rules(&verdict)), (0, vec!["in-body"]));
}

#[test]
fn the_stop_flag_is_read_in_the_middle_of_a_scan() {
    // Parts enough that a scan takes far longer than the wait below, on any machine.
    let mut raw = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n".to_vec();
    for n in 0..4_000 {
        raw.extend_from_slice(b"--b\r\nContent-Type: text/html\r\n\r\n");
        raw.extend(format!("<p>part {n} <a href='http://h{n}.example/'>here</a></p>\r\n").repeat(120).bytes());
    }
    raw.extend_from_slice(b"--b--\r\n");
    let engine = EngineBuilder::new()
        .rules_text("a.toml", rule("in-links", "link", "nowhere"))
        .rules_text("b.toml", rule("in-body", "body", "nowhere"))
        .build()
        .unwrap();
    let stop = AtomicBool::new(false);
    let mut mail = Mail::new(&raw);
    mail.stop = Some(&stop);
    let verdict = std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(5));
            stop.store(true, Ordering::Relaxed);
        });
        engine.worker().scan(&mail)
    });
    assert!(verdict.incomplete.iter().any(|gap| gap.limit == Limit::Deadline), "{:?}", verdict.incomplete);
}

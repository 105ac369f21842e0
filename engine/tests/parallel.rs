//! The same verdict whatever runs beside it: one thread or many, large messages on every thread at once, line ends of
//! either kind, run after run.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use tamis_engine::{Engine, EngineBuilder, Mail};

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The stock rules, with threads of the engine's own for large messages.
fn engine(leaf_threads: usize) -> Engine {
    EngineBuilder::new().rules_path(repository().join("rules")).leaf_threads(leaf_threads).build().unwrap()
}

/// Our own messages.
fn messages() -> Vec<Vec<u8>> {
    let mut folders = vec![repository().join("corpus")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            match path.extension() {
                _ if path.is_dir() => folders.push(path),
                Some(extension) if extension == "eml" => files.push(path),
                _ => {}
            }
        }
    }
    files.sort();
    assert!(files.len() >= 3, "only {} messages", files.len());
    files.into_iter().map(|file| std::fs::read(file).unwrap()).collect()
}

/// A message of several megabytes with many kinds of parts.
fn large(seed: u32) -> Vec<u8> {
    let mut raw = format!(
        "From: a{seed}@a.example\r\nTo: b@b.example\r\nSubject: large {seed}\r\nMIME-Version: 1.0\r\n\
         Content-Type: multipart/mixed; boundary=\"=_b{seed}\"\r\n\r\n"
    );
    for part in 0..6 {
        let _ = write!(raw, "--=_b{seed}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<html><body>");
        for line in 0..4_000 {
            let _ = write!(raw, "<p>Line {line} of {part}: <a href=\"http://h{line}.example/\">look</a></p>\r\n");
        }
        let _ = write!(
            raw,
            "</body></html>\r\n--=_b{seed}\r\nContent-Type: application/octet-stream; name=f{part}.bin\r\n\
             Content-Transfer-Encoding: base64\r\n\r\n"
        );
        for line in 0..5_000u32 {
            let word = (line.wrapping_mul(2_654_435_761) ^ seed).to_string();
            let _ = write!(raw, "{:A<76}\r\n", word.replace(char::is_whitespace, ""));
        }
    }
    let _ = write!(raw, "--=_b{seed}--\r\n");
    raw.into_bytes()
}

#[test]
fn one_thread_and_many_agree() {
    let engine = engine(0);
    let messages = messages();
    let mails: Vec<Mail<'_>> = messages.iter().map(|raw| Mail::new(raw)).collect();
    let alone = engine.scan_many(&mails, 1);
    assert_eq!(alone.len(), mails.len());
    for threads in [2, 5] {
        assert_eq!(engine.scan_many(&mails, threads), alone, "{threads} threads");
    }
    // A worker that has seen other mail judges as a new one does, and another engine of the same rules as this one.
    let again: Vec<_> = mails.iter().map(|mail| engine.worker().scan(mail)).collect();
    assert_eq!(again, alone);
    assert_eq!(self::engine(3).scan_many(&mails, 2), alone);
}

#[test]
fn large_messages_on_every_thread_at_once_agree_with_one_alone() {
    let messages: Vec<Vec<u8>> = (0..8).map(large).collect();
    let mails: Vec<Mail<'_>> = messages.iter().map(|raw| Mail::new(raw)).collect();
    let plain = engine(0);
    let alone: Vec<_> = mails.iter().map(|mail| plain.worker().scan(mail)).collect();
    assert!(alone.iter().all(|verdict| verdict.items > 12 && verdict.work.decoded >= 6), "{:?}", alone[0].work);
    let threaded = engine(4);
    assert_eq!(threaded.scan_many(&mails, 4), alone);
    assert_eq!(threaded.scan_many(&mails, 1), alone);
}

#[test]
fn line_ends_do_not_matter_where_the_content_is_the_same() {
    let engine = engine(0);
    let mut worker = engine.worker();
    let mut compared = 0;
    for raw in messages() {
        let text = |raw: &[u8]| {
            raw.split(|byte| *byte == b'\n')
                .map(|line| line.strip_suffix(b"\r").unwrap_or(line).to_vec())
                .collect::<Vec<_>>()
        };
        let lines = text(&raw);
        // A lone CR is content of its own; what comes of it depends on the line ends around it.
        if lines.iter().any(|line| line.contains(&b'\r')) {
            continue;
        }
        let (lf, crlf) = (lines.join(&b"\n"[..]), lines.join(&b"\r\n"[..]));
        let (lf, crlf) = (worker.scan(&Mail::new(&lf)), worker.scan(&Mail::new(&crlf)));
        let reasons = |verdict: &tamis_engine::Verdict| {
            verdict
                .reasons
                .iter()
                .map(|it| (it.rule.clone(), it.score.to_bits(), it.evidence.clone()))
                .collect::<Vec<_>>()
        };
        assert_eq!((lf.action, lf.score, reasons(&lf)), (crlf.action, crlf.score, reasons(&crlf)));
        assert_eq!((lf.items, lf.readings), (crlf.items, crlf.readings));
        compared += 1;
    }
    assert!(compared >= 3, "only {compared} messages compared");
}

/// Many rules of either kind, broken ones, and such as look for the same, among them.
fn many_rules() -> (String, String) {
    let (mut toml, mut cf) = (String::new(), String::new());
    for number in 0..900 {
        let pattern = match number % 90 {
            7 => "kin(d".to_owned(),
            8 => "(?=look)around".to_owned(),
            9 => "x*".to_owned(),
            // Rules that look for the same share a pattern.
            10 | 11 => "next of kin".to_owned(),
            _ => format!("word{number} .{{0,20}}kin{number}"),
        };
        let text = ["body", "subject", "raw"][number % 3];
        let all = if number % 5 == 0 { format!("\"and{number}\", ") } else { String::new() };
        let _ = write!(
            toml,
            "[rule.made-{number}]\nwhat = \"w\"\nwhy = \"w\"\nin = \"{text}\"\nany = ['''{pattern}''', '''also{number}''']\nall = [{all}\"and\"]\n"
        );
    }
    cf.push_str("replace_start <\nreplace_end >\nreplace_tag A [a@]\nreplace_rules MADE_3 MADE_13\n");
    for number in 0..1_300 {
        let _ = match number % 130 {
            1 => writeln!(cf, "header MADE_{number} Subject =~ /^w(?:ord{number}|x)/i"),
            2 => writeln!(cf, "header MADE_{number} exists:X-Made"),
            3 => writeln!(cf, "body MADE_{number} /w<A>rd{number}/"),
            4 => writeln!(cf, "body MADE_{number} /w(ord/"),
            5 => writeln!(cf, "mimeheader MADE_{number} Content-Type =~ /text.plain/i"),
            6 => writeln!(cf, "rawbody MADE_{number} /kin(?{{1}})/"),
            7 => writeln!(cf, "meta MADE_{number} MADE_0 && MADE_{}", number + 1),
            8 => writeln!(cf, "uri MADE_{number} m,^https?://h{number}\\.,"),
            9 => writeln!(cf, "header __MADE_{number} From:addr =~ /^(?<WHO{number}>[^@]+)/"),
            10 => writeln!(cf, "uri MADE_{number} /%{{WHO{}}}/", number - 1),
            11 => writeln!(cf, "body MADE_{number} /next of kin/\nscore MADE_{number} 0"),
            12 => writeln!(cf, "full MADE_{number} /no delimiter"),
            _ => writeln!(cf, "body MADE_{number} /\\bword{number}\\b.{{0,20}}kin/i"),
        };
    }
    (toml, cf)
}

#[test]
fn many_rules_are_the_same_whoever_reads_them() {
    let (toml, cf) = many_rules();
    let of = |threads: usize| {
        let builder = EngineBuilder::new().rules_text("a.toml", toml.as_str()).cf_bytes("a.cf", cf.as_str());
        builder.leaf_threads(threads).build_what_works()
    };
    let (alone, problems) = of(0);
    assert!(problems.len() >= 25, "{problems:?}");
    let (many, problems_of_many) = of(3);
    assert_eq!(problems_of_many, problems);
    let told = |engine: &Engine| {
        let of_cf = |it: &tamis_engine::CfRule| (it.name.clone(), it.supported);
        (
            engine.rules().iter().map(|rule| rule.name.clone()).collect::<Vec<_>>(),
            engine.rule_notes().to_vec(),
            engine.cf_rules().iter().map(of_cf).collect::<Vec<_>>(),
            engine.cf_mistakes().chain(engine.cf_unsupported()).chain(engine.cf_remarks()).cloned().collect::<Vec<_>>(),
        )
    };
    let all = told(&alone);
    assert!(
        all.0.len() > 800 && all.2.len() == 1_300 && all.3.len() >= 20,
        "{} {} {}",
        all.0.len(),
        all.2.len(),
        all.3.len()
    );
    assert_eq!(told(&many), all);
    let raw = b"From: kin9@a.example\r\nSubject: word1 kin\r\nX-Made: 1\r\nContent-Type: text/plain\r\n\r\n\
        And the next of kin: word15 with kin15, and also4, and30 word30 kin30. W@rd3 word20 kin http://h8.example/kin9\r\n";
    let mail = Mail::new(raw);
    let verdict = alone.worker().scan(&mail);
    let hits: Vec<&str> = verdict.reasons.iter().map(|it| &*it.rule).collect();
    for rule in ["made-30", "made-11", "made-101", "MADE_1", "MADE_2", "MADE_20", "MADE_8", "MADE_10"] {
        assert!(hits.contains(&rule), "{rule} not in {hits:?}");
    }
    assert_eq!(many.worker().scan(&mail), verdict);
}

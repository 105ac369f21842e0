//! Facts from bytes: what is wanted and nothing else is made, line ends do not matter, hostile messages stay cheap.

use std::fmt::Write;
use std::path::Path;

use super::names::{Record, RecordType, Type};
use super::show::{self, FactValue};
use super::{Facts, gather};
use crate::incomplete::Limit;
use crate::input::{Mail, Networks};
use crate::limits::{Budget, Limits};
use crate::mime;
use crate::place::View;
use crate::scratch::Scratch;
use crate::unpack;
use crate::wanted::Wanted;

fn with_facts<R>(raw: &[u8], wanted: Wanted, limits: &Limits, then: impl FnOnce(&Facts<'_>, &Budget<'_>) -> R) -> R {
    let mut budget = Budget::new(limits, None);
    let mail = Mail::new(raw);
    let tree = mime::parse(raw, &mut budget);
    let content = unpack::open_all(raw, tree, wanted, &mut Scratch::default(), &mut budget, None);
    let facts = gather(&mail, &content, &Networks::default(), wanted, &mut budget);
    then(&facts, &budget)
}

/// The messages of our own.
fn messages() -> Vec<Vec<u8>> {
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/small")];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|it| it == "eml") {
                files.push(path);
            }
        }
    }
    files.sort();
    assert!(files.len() >= 20);
    files.iter().map(|path| std::fs::read(path).unwrap()).collect()
}

/// A fact of the message itself, or of one of its records: `size`, `body.visible`.
fn fact(facts: &Facts<'_>, name: &str) -> FactValue {
    let (first, rest) = name.split_once('.').unwrap_or((name, ""));
    let all = show::all(facts);
    let value = all.into_iter().find(|(known, _)| known == first).unwrap().1;
    match value {
        FactValue::Record(fields) if !rest.is_empty() => fields.into_iter().find(|(known, _)| known == rest).unwrap().1,
        value => value,
    }
}

#[test]
fn a_fact_is_the_same_whether_or_not_more_is_wanted() {
    let mut names = Vec::new();
    for name in RecordType::Message.names() {
        match name.kind {
            Type::Record(record) => {
                for field in record.names() {
                    names.push((format!("{}.{}", name.name, field.name), name.wants | field.wants));
                }
            }
            // How much was looked at hangs on what is wanted.
            _ if matches!(name.name, "defects" | "incomplete" | "items") => {}
            Type::List(super::names::Element::Record(record)) => {
                let fields = record.names().iter().fold(name.wants, |wants, field| wants | field.wants);
                names.push((name.name.to_owned(), fields));
            }
            _ => names.push((name.name.to_owned(), name.wants)),
        }
    }
    let limits = Limits::default();
    let mut made = 0;
    for raw in messages() {
        for (name, wants) in &names {
            let all = with_facts(&raw, Wanted::ALL, &limits, |facts, _| fact(facts, name));
            let some = with_facts(&raw, *wants, &limits, |facts, _| fact(facts, name));
            assert_eq!(some, all, "{name} of {}", String::from_utf8_lossy(&raw));
            made += usize::from(!matches!(&all, FactValue::Text(text) if text.is_empty()));
        }
    }
    assert!(made > 1_000);
}

#[test]
fn what_is_not_wanted_is_not_made() {
    let raw = b"From: a@example.com\nReceived: by x\nSubject: s\nContent-Type: text/html\n\n<a href=http://example.com/>x</a>";
    with_facts(raw, Wanted::NOTHING, &Limits::default(), |facts, _| {
        assert!(facts.headers.is_empty() && facts.subject.is_empty() && facts.people.from.address.is_empty());
        assert!(facts.route.hops.is_empty() && facts.links.is_empty() && facts.parts.is_empty());
        assert!(facts.body.visible.text.is_empty() && facts.body.source.text.is_empty());
    });
    with_facts(raw, Wanted::LINKS, &Limits::default(), |facts, _| {
        assert_eq!(facts.links.len(), 1);
        assert!(facts.headers.is_empty() && facts.body.folded.text.is_empty() && facts.body.hidden.text.is_empty());
    });
}

#[test]
fn line_ends_do_not_matter() {
    let names = ["from", "to", "subject", "body", "links", "html", "hops", "message_id", "date"];
    for raw in messages() {
        let lf = String::from_utf8_lossy(&raw).replace("\r\n", "\n");
        let crlf = lf.replace('\n', "\r\n");
        let of = |raw: &str| {
            with_facts(raw.as_bytes(), Wanted::ALL, &Limits::default(), |facts, _| {
                names.map(|name| match fact(facts, name) {
                    // The source is as it stands, line ends included.
                    FactValue::Record(fields) => {
                        FactValue::Record(fields.into_iter().filter(|(name, _)| name != "source").collect())
                    }
                    value => value,
                })
            })
        };
        assert_eq!(of(&lf), of(&crlf), "{lf}");
    }
}

#[test]
fn a_place_in_a_joined_text_is_one_in_its_piece() {
    let raw = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nFirst  TEXT\n--b\nContent-Type: text/html\n\n<p>second</p><p>third\n--b--\n";
    with_facts(raw, Wanted::ALL, &Limits::default(), |facts, _| {
        for (view, text, at) in [
            (&facts.body.visible, "First TEXT\nsecond\nthird", View::Visible),
            (&facts.body.folded, "first text second third", View::Folded),
        ] {
            assert_eq!(view.text, text);
            let start = text.find("third").unwrap();
            let place = view.place(start, text.len());
            assert_eq!((&*place.path, place.view, place.offset, place.length), ("2", at, 7, 5));
            let place = view.place(0, 5);
            assert_eq!((&*place.path, place.offset, place.length), ("1", 0, 5));
            assert_eq!(view.place(6, 20).length, 5, "cut at its piece");
        }
    });
}

#[test]
fn a_single_text_is_borrowed() {
    with_facts(b"Subject: x\n\nPlain text\nof two lines", Wanted::VISIBLE, &Limits::default(), |facts, _| {
        assert!(matches!(facts.body.visible.text, std::borrow::Cow::Borrowed("Plain text\nof two lines")));
    });
}

#[test]
fn texts_and_links_over_the_limit_are_cut_and_noted() {
    let limits = Limits { text_bytes: 100, links: 3, ..Limits::default() };
    let raw = format!("Subject: x\n\n{}", "é www.a.example www.b.example www.c.example www.d.example. ".repeat(20));
    with_facts(raw.as_bytes(), Wanted::ALL, &limits, |facts, budget| {
        assert!(facts.body.visible.text.len() <= 100 && facts.body.folded.text.len() <= 100);
        assert_eq!(facts.links.len(), 3);
        let limits: Vec<Limit> = budget.reached.iter().map(|gap| gap.limit).collect();
        assert!(limits.contains(&Limit::Text) && limits.contains(&Limit::Links), "{limits:?}");
        assert_eq!(facts.incomplete, ["links", "text"]);
    });
    let under = with_facts(b"\n\nwww.a.example", Wanted::ALL, &limits, |facts, _| facts.incomplete.clone());
    assert!(under.is_empty());
}

#[test]
fn hostile_messages_stay_cheap() {
    let start = std::time::Instant::now();
    let many = |each: &dyn Fn(usize) -> String, count: usize| (0..count).fold(String::new(), |text, n| text + &each(n));
    let html = "Content-Type: text/html\n\n";
    let mut addresses = String::from("To: ");
    let mut received = String::new();
    for n in 0..5_000 {
        let _ = write!(addresses, "a{n}@example.com, ");
        let _ =
            writeln!(received, "Received: from a{n} ([203.0.113.{}]) by b; Mon, 2 Jun 2025 10:00:00 +0000", n % 256);
    }
    for raw in [
        format!("\n{}", "www.".repeat(1 << 18)),
        format!("\n{}", "http://".repeat(1 << 17)),
        format!("\n{}", "\u{430}a".repeat(1 << 18)),
        format!("\n{}", "\u{fdfa}".repeat(1 << 18)),
        format!("\na{}", "\u{300}".repeat(1 << 19)),
        format!("{html}{}", many(&|n| format!("<a href=http://h{n}.example/>www.h{n}.example</a>"), 20_000)),
        format!("{html}{}", "<a href=http://h.example/>x</a>".repeat(30_000)),
        format!("{html}<a href='http://{}@h.example/'>x</a>", "a".repeat(1 << 20)),
        format!("Subject: {}\n\n", "a@".repeat(100_000)),
        format!("From: \"{}\" <a@example.com>\n\n", "a@".repeat(100_000)),
        format!("{addresses}\n\n"),
        format!("{received}\n"),
    ] {
        let each = std::time::Instant::now();
        with_facts(raw.as_bytes(), Wanted::ALL, &Limits::default(), |facts, _| assert!(facts.links.len() <= 2_000));
        let head: String = raw.chars().take(60).collect();
        assert!(each.elapsed().as_secs() < 10, "{head:?} took {:?}", each.elapsed());
    }
    assert!(start.elapsed().as_secs() < 60);
}

#[test]
fn every_record_shows_its_own_names() {
    with_facts(b"From: a@example.com\n\nx", Wanted::ALL, &Limits::default(), |facts, _| {
        for name in RecordType::Person.names() {
            assert!(!matches!((name.get)(Record::Person(&facts.people.from)), super::names::Value::Absent));
            assert!(matches!((name.get)(Record::Message(facts)), super::names::Value::Absent), "{}", name.name);
        }
    });
}

/// Quoted and current text together are what a reader sees, however often they change and whatever their lines are.
#[test]
fn quoted_and_current_text_leave_nothing_out() {
    let head = "From: a@a.example\nTo: b@b.example\n\n";
    let alternating: String = (0..30_000).map(|n| format!("> old {n}\nnew {n}\n")).collect();
    let many: String = (0..60_000).map(|n| format!("line {n}\n")).collect();
    let labels = "From: a\n".repeat(20_000);
    let mut hostile =
        vec![alternating, many, labels, "-".repeat(100_000), ">".repeat(100_000), "--\n:\n> ".repeat(9_000)];
    hostile = hostile.into_iter().map(|text| format!("{head}{text}\n")).collect();
    let own = messages().into_iter();
    for raw in own.chain(hostile.into_iter().map(String::into_bytes)) {
        with_facts(&raw, Wanted::ALL, &Limits::default(), |facts, budget| {
            let body = &facts.body;
            assert!(body.current.pieces.len() + body.quoted.pieces.len() <= 5_000);
            let lines = |text: &str| text.lines().filter(|it| !it.trim().is_empty()).count();
            let (all, apart) = (lines(&body.visible.text), lines(&body.current.text) + lines(&body.quoted.text));
            assert!(apart >= all || !budget.reached.is_empty(), "{apart} of {all}");
            for view in [&body.current, &body.quoted] {
                for (piece, next) in view.pieces.iter().zip(view.pieces.iter().skip(1)) {
                    let text = view.text.get(piece.start as usize..next.start as usize - 1).unwrap();
                    let place = view.place(piece.start as usize, next.start as usize);
                    let of = body.visible.pieces.iter().find(|it| it.item == piece.item).unwrap();
                    let at = of.start as usize + usize::try_from(place.offset).unwrap();
                    assert!(body.visible.text.get(at..).unwrap().starts_with(text));
                }
            }
        });
    }
}

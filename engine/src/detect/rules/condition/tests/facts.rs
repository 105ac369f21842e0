//! A message's facts made by hand, for tests of whatever reads facts.

use std::borrow::Cow;

use crate::direction::Direction;
use crate::facts::{Body, EnvelopeFacts, Facts, File, Header, HtmlFacts, Link, People, Person, Route, TextView};
use crate::place::View;

/// Facts of a message of which nothing is known.
pub(crate) fn empty() -> Facts<'static> {
    Facts {
        session: None,
        spamassassin: None,
        raw: b"",
        size: 0,
        direction: Direction::Inbound,
        received_at: None,
        auth: &[],
        envelope: EnvelopeFacts::default(),
        headers: Vec::new(),
        people: People { recipients_named: true, ..People::default() },
        route: Route::default(),
        subject: String::new(),
        subject_folded: String::new(),
        date: None,
        date_zone: None,
        message_id: String::new(),
        body: Body::default(),
        html: HtmlFacts::default(),
        links: Vec::new(),
        images: Vec::new(),
        files: Vec::new(),
        bytes: Vec::new(),
        parts: Vec::new(),
        defects: Vec::new(),
        first_defects: Vec::new(),
        incomplete: Vec::new(),
        readings: 1,
        items: 1,
    }
}

/// Facts of a message with something in most places: three links, two files, headers of which two have one name.
pub(crate) fn sample() -> Facts<'static> {
    let mut facts = empty();
    facts.size = 4_321;
    facts.received_at = Some(1_795_490_100); // 2026-11-24T03:15:00Z
    facts.envelope.helo = "mail.example.net".into();
    facts.envelope.recipients = texts(&["b@b.example", "c@b.example"]);
    facts.headers = vec![
        header("from", "Ann <ann@a.example>"),
        header("received", "from mail.example.net"),
        header("received", "from other.example.net"),
        header("x-mailer", "The Käse Mailer"),
    ];
    facts.people.from = person("Ann", "ann@a.example");
    facts.people.from.is_free_mail = true;
    facts.people.from_count = 1;
    facts.people.to = vec![person("", "b@b.example"), person("Ünal", "c@b.example")];
    facts.subject = "Ça va? URGENT offer 100%".into();
    facts.subject_folded = "ca va? urgent offer 100%".into();
    facts.message_id = "1@a.example".into();
    facts.date = Some(1_795_486_500); // an hour before
    facts.body = Body {
        visible: TextView {
            text: Cow::Borrowed("Please transfer 5 million dollars to the next of kin"),
            view: View::Visible,
            pieces: Vec::new(),
        },
        words: 10,
        script: "Latin".into(),
        scripts: texts(&["Cyrillic", "Latin"]),
        has_plain: true,
        ..Body::default()
    };
    facts.links = vec![
        link("https", "www.a.example", "a.example", "www.a.example"),
        link("http", "evil.example.net", "example.net", "bank.example.com"),
        Link { is_ip: true, port: 8_080, ..link("http", "192.0.2.1", "192.0.2.1", "") },
    ];
    facts.files = vec![
        File {
            name: "invoice.pdf.exe".into(),
            names: texts(&["invoice.pdf.exe", "invoice.pdf"]),
            extension: "exe".into(),
            extensions: texts(&["exe", "pdf"]),
            kind: "executable".into(),
            size: 2_048,
            is_disguised: true,
            ..File::default()
        },
        File { name: "notes.txt".into(), kind: "text".into(), extension: "txt".into(), size: 7, ..File::default() },
    ];
    facts.defects = texts(&["bare-cr", "no-boundary"]);
    facts
}

pub(crate) fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(|text| (*text).to_owned()).collect()
}

pub(crate) fn header(name: &str, value: &str) -> Header {
    Header { name: name.into(), written_name: name.into(), value: value.into(), raw: value.into() }
}

pub(crate) fn person(name: &str, address: &str) -> Person {
    let (local, host) = address.split_once('@').unwrap_or((address, ""));
    Person {
        name: name.into(),
        address: address.into(),
        local: local.into(),
        host: host.into(),
        domain: host.into(),
        ..Person::default()
    }
}

pub(crate) fn link(scheme: &str, host: &str, domain: &str, shown: &str) -> Link {
    Link {
        url: format!("{scheme}://{host}/path"),
        scheme: scheme.into(),
        host: host.into(),
        domain: domain.into(),
        path: "/path".into(),
        shown: shown.into(),
        shown_host: shown.into(),
        shown_domain: crate::text::host::registrable(shown).into(),
        in_html: true,
        ..Link::default()
    }
}

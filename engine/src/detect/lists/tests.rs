//! What lists find, and what they pass over.

use super::*;
use crate::facts::{Client, EnvelopeFacts, File, Link, Person};
use crate::input::{AuthResults, Mail};
use crate::limits::{Budget, Limits};

fn list(name: &str, kind: ListKind, effect: ListEffect, text: &str) -> ListSource {
    ListSource { name: name.into(), kind, effect, source: format!("{name}.txt"), text: text.into() }
}

fn compile(sources: &[ListSource]) -> Lists {
    let (lists, problems) = Lists::compile(sources);
    assert_eq!(problems, []);
    lists
}

fn person(address: &str) -> Person {
    let (local, host) = address.split_once('@').unwrap();
    Person { address: address.into(), local: local.into(), host: host.into(), ..Person::default() }
}

/// The findings for a message with these facts set.
fn found(lists: &Lists, auth: &[AuthResults], set: impl FnOnce(&mut Facts<'_>)) -> Vec<Finding> {
    let limits = Limits::default();
    let mut budget = Budget::new(&limits, None);
    let mut mail = Mail::new(b"");
    mail.auth = auth.to_vec();
    let tree = crate::mime::parse(b"", &mut budget);
    let content = crate::unpack::open_all(b"", tree, Wanted::NOTHING, &mut Default::default(), &mut budget, None);
    let mut facts = crate::facts::gather(&mail, &content, &Default::default(), Wanted::NOTHING, &mut budget);
    set(&mut facts);
    let mut findings = Vec::new();
    lists.run(&facts, &mut findings);
    findings
}

fn fails(method: &str) -> AuthResults {
    AuthResults { method: method.into(), result: "fail".into(), domain: "b.example".into() }
}

#[test]
fn a_block_list_of_domains_looks_at_senders_and_links() {
    let lists = compile(&[list("bad", ListKind::Domains, ListEffect::Block, "\nexample.net\n")]);
    let places: Vec<_> = found(&lists, &[], |facts| {
        facts.people.from = person("a@mail.example.net");
        facts.people.reply_to = person("a@example.net");
        facts.people.sender = person("a@notexample.net");
        facts.envelope = EnvelopeFacts { from: person("a@example.net.example"), ..EnvelopeFacts::default() };
        facts.links = ["www.example.org", "www.example.net", "example.net"]
            .map(|host| Link { host: host.into(), url: format!("http://{host}/"), ..Link::default() })
            .into();
    })
    .into_iter()
    .map(|finding| (finding.place.view.to_string(), finding.evidence, finding.effect))
    .collect();
    assert_eq!(
        places,
        [
            ("header:from".into(), "a@mail.example.net".into(), Effect::Block(2)),
            ("header:reply-to".into(), "a@example.net".into(), Effect::Block(2)),
            ("visible".into(), "http://www.example.net/".into(), Effect::Block(2)),
        ]
    );
}

#[test]
fn an_allow_list_believes_from_and_the_envelope_alone() {
    let lists = compile(&[
        list("partners", ListKind::Domains, ListEffect::Allow, "# ours\nexample.net # all of it\n"),
        list("friends", ListKind::Addresses, ListEffect::Allow, "a@example.net\n"),
    ]);
    let findings = found(&lists, &[], |facts| {
        facts.people.from = person("A@example.net");
        facts.people.reply_to = person("a@example.net");
        facts.links = vec![Link { host: "example.net".into(), ..Link::default() }];
    });
    let effects: Vec<_> = findings.iter().map(|finding| (finding.rule.as_ref(), finding.effect)).collect();
    assert_eq!(effects, [("list-partners", Effect::Allow(2)), ("list-friends", Effect::Allow(u16::MAX))]);
    assert_eq!(
        findings[0].explanation.as_deref(),
        Some("List partners (partners.txt:2) allows example.net, which covers an address in From")
    );
    let only_reply = found(&lists, &[], |facts| facts.people.reply_to = person("a@example.net"));
    assert_eq!(only_reply, []);
}

#[test]
fn an_allow_entry_does_not_count_for_who_is_not_who_he_says() {
    let lists = compile(&[list("partners", ListKind::Domains, ListEffect::Allow, "example.net")]);
    let both = |facts: &mut Facts<'_>| {
        facts.people.from = person("a@example.net");
        facts.envelope.from = person("b@example.net");
    };
    let effects = |auth: &[AuthResults]| -> Vec<Effect> {
        found(&lists, auth, both).into_iter().map(|finding| finding.effect).collect()
    };
    let (counts, does_not) = (Effect::Allow(2), Effect::Graded(0.0));
    assert_eq!(effects(&[]), [counts, counts]);
    assert_eq!(effects(&[fails("DMARC")]), [does_not, does_not]);
    assert_eq!(effects(&[fails("spf")]), [counts, does_not]);
    assert_eq!(effects(&[fails("dkim")]), [counts, counts]);
    let told = found(&lists, &[fails("dmarc")], both).remove(0).explanation.unwrap();
    assert!(told.ends_with("It does not count: the message fails DMARC"), "{told}");

    let several = found(&lists, &[], |facts| {
        facts.people.from = person("a@example.net");
        facts.people.from_count = 2;
    });
    assert_eq!(several[0].effect, does_not);
}

#[test]
fn clients_links_and_files_are_looked_up() {
    let lists = compile(&[
        list("nets", ListKind::Networks, ListEffect::Block, "192.0.2.0/24\n192.0.2.128/25\n2001:db8::/32\n"),
        list("urls", ListKind::Urls, ListEffect::Block, "http://example.net/bad\n"),
        list("files", ListKind::Hashes, ListEffect::Block, &"ab".repeat(32)),
    ]);
    let client = |ip: &str| Client { address: ip.parse().ok(), ip: ip.into(), ..Client::default() };
    let findings = found(&lists, &[], |facts| {
        facts.route.client = client("192.0.2.200");
        facts.links = ["/badly", "/", "/bad/a.exe"]
            .map(|path| Link { host: "example.net".into(), path: path.into(), url: path.into(), ..Link::default() })
            .into();
        facts.files = vec![File { digest: Some([0xab; 32]), sha256: "ab".repeat(32), ..File::default() }];
    });
    let seen: Vec<_> = findings.iter().map(|finding| (finding.rule.as_ref(), finding.evidence.as_str())).collect();
    let digest = "ab".repeat(32);
    assert_eq!(seen, [("list-nets", "192.0.2.200"), ("list-urls", "/bad/a.exe"), ("list-files", digest.as_str())]);
    let told = findings[0].explanation.as_deref().unwrap();
    assert_eq!(told, "List nets (nets.txt:2) blocks 192.0.2.128/25, which covers the client that sent the message");
    assert_eq!(found(&lists, &[], |facts| facts.route.client = client("192.0.3.1")), []);
    assert_eq!(found(&lists, &[], |facts| facts.route.client = client("2001:db8:7::1")).len(), 1);
}

#[test]
fn a_subject_is_looked_up_by_its_form() {
    let lists = compile(&[
        list("domains", ListKind::Domains, ListEffect::Block, "example.net\nzip"),
        list("addresses", ListKind::Addresses, ListEffect::Allow, "a@example.net"),
        list("nets", ListKind::Networks, ListEffect::Block, "192.0.2.0/24"),
        list("urls", ListKind::Urls, ListEffect::Block, "example.net/x\nexample.net:81\n192.0.2.9"),
        list("files", ListKind::Hashes, ListEffect::Block, &"ab".repeat(32)),
    ]);
    let hits = |subject: &str| -> Vec<String> {
        lists.lookup(subject).iter().map(|hit| format!("{}:{} {}", hit.list, hit.line, hit.entry)).collect()
    };
    assert_eq!(hits("WWW.example.net"), ["domains:1 example.net"]);
    assert_eq!(hits("a.zip"), ["domains:2 zip"]);
    assert_eq!(hits("A@Example.net"), ["domains:1 example.net", "addresses:1 a@example.net"]);
    assert_eq!(hits("b@example.org"), [""; 0]);
    assert_eq!(hits("https://example.net/x/y?z"), ["domains:1 example.net", "urls:1 example.net/x"]);
    assert_eq!(hits("http://example.net:81/y"), ["domains:1 example.net", "urls:2 example.net:81/"]);
    assert_eq!(hits("192.0.2.9"), ["nets:1 192.0.2.0/24", "urls:3 192.0.2.9/"]);
    assert_eq!(hits("192.0.2.0/25"), ["nets:1 192.0.2.0/24"]);
    assert_eq!(hits("192.0.0.0/16"), [""; 0]);
    assert_eq!(hits(&"AB".repeat(32)), [format!("files:1 {}", "ab".repeat(32))]);
    assert_eq!(hits(""), [""; 0]);
}

#[test]
fn every_address_of_a_sender_s_field_is_blocked_and_none_but_the_first_allows() {
    let lists = compile(&[
        list("bad", ListKind::Domains, ListEffect::Block, "bad.example"),
        list("good", ListKind::Addresses, ListEffect::Allow, "ann@good.example"),
    ]);
    let told = |set: &dyn Fn(&mut Facts<'_>)| -> Vec<String> {
        let findings = found(&lists, &[], set);
        findings.iter().map(|it| format!("{} {} {:?}", it.rule, it.evidence, it.effect)).collect()
    };
    // Blocked wherever the address stands, once a field.
    let more: [(&str, &str); 5] = [
        ("from", "b@good.example"),
        ("from", "c@bad.example"),
        ("from", "d@bad.example"),
        ("reply-to", "e@mail.bad.example"),
        ("sender", "f@notbad.example"),
    ];
    let several = told(&|facts| {
        facts.people.from = person("ann@good.example");
        facts.people.from_count = 4;
        facts.people.more_senders = more.map(|(field, address)| (field, person(address))).into();
    });
    assert_eq!(
        several,
        [
            "list-bad c@bad.example Block(2)",
            "list-bad e@mail.bad.example Block(2)",
            "list-good ann@good.example Graded(0.0)",
        ]
    );
    // A second address of From is no way to be let in.
    let smuggled = told(&|facts| {
        facts.people.from = person("x@other.example");
        facts.people.from_count = 2;
        facts.people.more_senders = vec![("from", person("ann@good.example"))];
    });
    assert_eq!(smuggled, [""; 0]);
}

#[test]
fn a_look_up_gives_every_entry_the_narrowest_first() {
    let lists = compile(&[
        list("domains", ListKind::Domains, ListEffect::Block, "example\nmail.example.example\nexample.example"),
        list("nets", ListKind::Networks, ListEffect::Block, "192.0.0.0/16\n192.0.2.0/24\n2001:db8::/32"),
        list("urls", ListKind::Urls, ListEffect::Block, "a.example/x\na.example/x/y\na.example\na.example:81/x"),
    ]);
    let hits = |subject: &str| -> Vec<String> {
        lists.lookup(subject).iter().map(|hit| format!("{}:{} {}", hit.list, hit.line, hit.entry)).collect()
    };
    let domains = ["domains:2 mail.example.example", "domains:3 example.example", "domains:1 example"];
    assert_eq!(hits("smtp.mail.example.example"), domains);
    assert_eq!(hits("someone@smtp.mail.example.example"), domains);
    assert_eq!(hits("192.0.2.7"), ["nets:2 192.0.2.0/24", "nets:1 192.0.0.0/16"]);
    assert_eq!(hits("2001:db8::7"), ["nets:3 2001:db8::/32"]);
    assert_eq!(
        hits("https://a.example:81/x/y/z"),
        [
            "domains:1 example",
            "urls:4 a.example:81/x",
            "urls:2 a.example/x/y",
            "urls:1 a.example/x",
            "urls:3 a.example/"
        ]
    );
    assert_eq!(hits("notexample"), [""; 0]);
}

#[test]
fn entries_that_stand_twice_or_against_each_other_are_noted() {
    let (lists, problems) = Lists::compile(&[
        list("good", ListKind::Domains, ListEffect::Allow, "a.example\nb.example # ours\nmail.c.example\nA.example.\n"),
        list("bad", ListKind::Domains, ListEffect::Block, "b.example\nc.example\n"),
        list("in", ListKind::Networks, ListEffect::Allow, "192.0.2.0/24\n2001:db8::/32\n192.0.2.0/24\n"),
        list("out", ListKind::Networks, ListEffect::Block, "2001:db8::/32\n192.0.2.0/25\n"),
        list("addresses", ListKind::Addresses, ListEffect::Block, "x@a.example\nX@A.example\n"),
    ]);
    assert_eq!(problems, []);
    let told: Vec<_> = lists.notes().iter().map(|it| (it.source.as_str(), it.line, it.message.as_str())).collect();
    assert_eq!(
        told,
        [
            ("good.txt", 4, "the entry stands in line 1 already"),
            ("in.txt", 3, "the entry stands in line 1 already"),
            ("addresses.txt", 2, "the entry stands in line 1 already"),
            ("good.txt", 2, "b.example is allowed here, and blocked by list bad (bad.txt:1): the block counts"),
            ("in.txt", 2, "2001:db8::/32 is allowed here, and blocked by list out (out.txt:1): the block counts"),
        ]
    );
    let note = &lists.notes()[3];
    assert_eq!((note.column, note.length, note.remedy.as_str()), (1, 9, "take one of the two out"));
    // A narrower entry is an exception, and no contradiction; and nobody reads a thousand notes.
    let many = "a.example\n".repeat(1_000);
    let (lists, _) = Lists::compile(&[list("many", ListKind::Domains, ListEffect::Block, &many)]);
    assert_eq!(lists.notes().len(), 21);
    assert_eq!(lists.notes()[20].message, "979 more entries stand twice");
}

#[test]
fn of_equal_entries_the_first_line_is_named() {
    for (kind, entry) in [
        (ListKind::Domains, "example.net".to_owned()),
        (ListKind::Addresses, "a@example.net".into()),
        (ListKind::Networks, "192.0.2.0/24".into()),
        (ListKind::Urls, "example.net/x".into()),
        (ListKind::Hashes, "ab".repeat(32)),
    ] {
        let lists = compile(&[list("l", kind, ListEffect::Block, &format!("#\n{entry}\n{entry}\n"))]);
        assert_eq!(lists.lookup(&entry).first().map(|hit| hit.line), Some(2), "{kind:?}");
    }
}

#[test]
fn lists_that_cannot_mean_what_they_say_are_refused() {
    let refused = |sources: &[ListSource], expected: &str| {
        let (_, problems) = Lists::compile(sources);
        assert!(problems.iter().any(|problem| problem.to_string().contains(expected)), "{problems:?}");
    };
    refused(&[list("l", ListKind::Urls, ListEffect::Allow, "example.net/x")], "allow senders or networks instead");
    refused(&[list("l", ListKind::Hashes, ListEffect::Allow, "")], "allow senders or networks instead");
    refused(&[list("my list", ListKind::Urls, ListEffect::Block, "")], "cannot be the name of a list");
    let twice = [
        list("l", ListKind::Domains, ListEffect::Block, "a.example"),
        list("l", ListKind::Domains, ListEffect::Allow, "b.example"),
    ];
    refused(&twice, "both allows and blocks");
}

#[test]
fn only_what_lists_look_at_is_wanted() {
    let wanted = |kind, effect| compile(&[list("l", kind, effect, "")]).wanted();
    assert_eq!(compile(&[]).wanted(), Wanted::NOTHING);
    assert!(!wanted(ListKind::Domains, ListEffect::Allow).any(Wanted::LINKS));
    assert!(wanted(ListKind::Domains, ListEffect::Block).any(Wanted::LINKS));
    assert!(!wanted(ListKind::Networks, ListEffect::Block).any(Wanted::PEOPLE | Wanted::LINKS | Wanted::FILES));
}

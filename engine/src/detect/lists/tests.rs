//! What lists find, and what they pass over.

use super::*;
use crate::facts::{Client, EnvelopeFacts, File, Link, Person};
use crate::input::{AuthResults, Mail};
use crate::limits::{Budget, Limits};

fn list(name: &str, kind: ListKind, effect: ListEffect, text: &str) -> ListSource {
    ListSource { name: name.into(), kind, effect, source: format!("{name}.txt"), text: text.into() }
}

fn compile(sources: &[ListSource]) -> Lists {
    let (lists, problems) = Lists::compile(sources, None);
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
        Some("List partners (partners.txt:2) allows example.net (all of it), which covers an address in From")
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
    let (lists, problems) = Lists::compile(
        &[
            list(
                "good",
                ListKind::Domains,
                ListEffect::Allow,
                "a.example\nb.example # ours\nmail.c.example\nA.example.\n",
            ),
            list("bad", ListKind::Domains, ListEffect::Block, "b.example\nc.example\n"),
            list("in", ListKind::Networks, ListEffect::Allow, "192.0.2.0/24\n2001:db8::/32\n192.0.2.0/24\n"),
            list("out", ListKind::Networks, ListEffect::Block, "2001:db8::/32\n192.0.2.0/25\n"),
            list("addresses", ListKind::Addresses, ListEffect::Block, "x@a.example\nX@A.example\n"),
        ],
        None,
    );
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
    let (lists, _) = Lists::compile(&[list("many", ListKind::Domains, ListEffect::Block, &many)], None);
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
        let (_, problems) = Lists::compile(sources, None);
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

/// What a list says of subjects: `name:line` of the entry that counts, or `-`.
fn said(lists: &Lists, subjects: &[&str]) -> Vec<String> {
    let counts = |subject: &&str| {
        let hits = lists.lookup(subject);
        let first = hits.iter().find(|hit| hit.counts);
        first.map_or("-".into(), |hit| format!("{}{}", if hit.except { "!" } else { "" }, hit.line))
    };
    subjects.iter().map(counts).collect()
}

#[test]
fn a_wildcard_covers_what_is_below_and_not_the_name_itself() {
    let block = |kind, text| compile(&[list("l", kind, ListEffect::Block, text)]);
    let domains = block(ListKind::Domains, "*.a.example\nb.a.example\n*.b.a.example\n");
    let subjects = ["a.example", "x.a.example", "y.x.a.example", "b.a.example", "c.b.a.example", "xa.example"];
    assert_eq!(said(&domains, &subjects), ["-", "1", "1", "2", "3", "-"]);
    let entries: Vec<_> = domains.lookup("c.b.a.example").into_iter().map(|hit| hit.entry).collect();
    assert_eq!(entries, ["*.b.a.example", "b.a.example", "*.a.example"]);

    let addresses = block(ListKind::Addresses, "*@a.example\nnews-*@a.example\nnews-1@a.example\n*-bounce@b.example\n");
    let subjects =
        ["x@a.example", "News-2@a.example", "news-1@a.example", "x@sub.a.example", "a-bounce@b.example", "b@b.example"];
    assert_eq!(said(&addresses, &subjects), ["1", "2", "3", "-", "4", "-"]);

    let urls = block(ListKind::Urls, "*.a.example/bad\nx.a.example/bad\n*.a.example:81/\n");
    let subjects = [
        "http://a.example/bad",
        "http://y.a.example/bad/2",
        "http://y.a.example/badly",
        "http://x.a.example/bad",
        "http://y.a.example:81/",
        "http://y.a.example:82/bad",
    ];
    assert_eq!(said(&urls, &subjects), ["-", "1", "-", "2", "3", "1"]);
    assert_eq!(urls.lookup("http://z.y.a.example/bad/x")[0].entry, "*.a.example/bad");
}

#[test]
fn an_exception_takes_from_wider_entries_wherever_they_stand() {
    let digest = "ab".repeat(32);
    for (kind, text, more, subjects, expected) in [
        (
            ListKind::Domains,
            "a.example\n!ok.a.example\nbad.ok.a.example",
            "!gone.example\n",
            vec!["a.example", "ok.a.example", "x.ok.a.example", "bad.ok.a.example"],
            vec!["1", "!2", "!2", "3"],
        ),
        (
            ListKind::Addresses,
            "*@a.example\n!ann@a.example\n!news-*@a.example",
            "",
            vec!["bob@a.example", "ann@a.example", "news-1@a.example"],
            vec!["1", "!2", "!3"],
        ),
        (
            ListKind::Networks,
            "192.0.2.0/24\n!192.0.2.7\n2001:db8::/32\n!2001:db8:7::/48",
            "",
            vec!["192.0.2.6", "192.0.2.7", "2001:db8::7", "2001:db8:7::7"],
            vec!["1", "!2", "3", "!4"],
        ),
        (
            ListKind::Urls,
            "a.example/x\n!a.example/x/ok\n*.b.example\n!c.b.example",
            "",
            vec!["http://a.example/x/y", "http://a.example/x/ok?1", "http://d.b.example/", "http://c.b.example/x"],
            vec!["1", "!2", "3", "!4"],
        ),
        (ListKind::Hashes, digest.as_str(), "", vec![digest.as_str()], vec!["1"]),
    ] {
        let block = |name: &str, text| ListSource { source: name.into(), ..list("l", kind, ListEffect::Block, text) };
        let lists = compile(&[block("long.txt", text), block("short.txt", more)]);
        assert_eq!(said(&lists, &subjects), expected, "{kind:?}");
        // The same, and each first entry taken out by a file beside it.
        let first = text.split('\n').next().unwrap();
        let lists = lists.with(&block("short.txt", &format!("#\n#\n#\n#\n#\n!{first}"))).unwrap();
        assert_eq!(said(&lists, &subjects[..1]), ["!6"], "{kind:?}");
    }
    let lists = compile(&[list("bad", ListKind::Domains, ListEffect::Block, "a.example\n!ok.a.example")]);
    assert_eq!(found(&lists, &[], |facts| facts.people.from = person("x@ok.a.example")), []);
    assert_eq!(found(&lists, &[], |facts| facts.people.from = person("x@nok.a.example")).len(), 1);
}

#[test]
fn an_entry_ends_and_the_wider_one_counts_again() {
    let text = "a.example # all\nb.a.example until=2026-11-24 # only today: ticket 7\n!c.a.example until=2026-11-23";
    let sources = [list("l", ListKind::Domains, ListEffect::Block, text)];
    let told = |lists: &Lists, now: Option<i64>, host: &str| -> Vec<String> {
        let findings = found(lists, &[], |facts| {
            facts.received_at = now;
            facts.people.from = person(&format!("x@{host}"));
        });
        findings.into_iter().filter_map(|it| it.explanation).collect()
    };
    let lists = compile(&sources);
    let today = Some(1_795_521_600);
    let today_only = ["List l (l.txt:2) blocks b.a.example (only today: ticket 7), which covers an address in From"];
    let all = ["List l (l.txt:1) blocks a.example (all), which covers an address in From"];
    assert_eq!(told(&lists, today, "b.a.example"), today_only);
    assert_eq!(told(&lists, None, "b.a.example"), today_only);
    assert_eq!(told(&lists, Some(1_795_564_800), "b.a.example"), all);
    assert_eq!(told(&lists, today, "c.a.example"), all);
    assert_eq!(told(&lists, Some(1_795_392_000), "c.a.example"), [""; 0]);
    // What has ended when lists are read is left out, and told.
    let (lists, problems) = Lists::compile(&sources, Some(1_795_564_800));
    assert_eq!(problems, []);
    assert_eq!(lists.notes()[0].message, "2 entries have ended, and do not count");
    assert_eq!((lists.sizes()[0].entries, lists.sizes()[0].ended), (1, 2));
}

#[test]
fn of_equal_entries_that_which_lasts_counts() {
    let text =
        "a.example until=2026-01-01\na.example until=2028-01-01\na.example until=2027-01-01\nb.example\n!b.example\n";
    let lists = compile(&[list("l", ListKind::Domains, ListEffect::Block, text)]);
    assert_eq!(said(&lists, &["a.example", "b.example"]), ["2", "!5"]);
    assert_eq!(lists.lookup("a.example")[0].until, Some(1_830_384_000));
    let notes: Vec<_> = lists.notes().iter().map(|it| (it.line, it.message.as_str())).collect();
    let again = "the entry stands in line 2 again, and lasts longer there";
    let before = "the entry stands in line 2 already";
    let except = "line 5 makes an exception of the entry, and counts";
    assert_eq!(notes, [(1, again), (3, before), (4, except)]);
}

#[test]
fn reasons_are_kept_once_and_cut() {
    let long = "é".repeat(300);
    let text = format!("a.example # feed 1\nb.example # feed 1\nc.example # {long}\nd.example\n");
    let lists = compile(&[list("l", ListKind::Domains, ListEffect::Block, &text)]);
    let reason = |name: &str| lists.lookup(name)[0].reason.clone();
    assert_eq!(
        (reason("a.example"), reason("b.example"), reason("d.example")),
        ("feed 1".into(), "feed 1".into(), "".into())
    );
    assert_eq!(reason("c.example"), "é".repeat(100));
    let digest = "ab".repeat(32);
    let named = compile(&[list("l", ListKind::Hashes, ListEffect::Block, &format!("{digest}  bad.exe"))]);
    assert_eq!(named.lookup(&digest)[0].reason, "bad.exe");
}

#[test]
fn one_file_is_read_anew_and_the_others_stay() {
    let source = |name: &str, text: &str| ListSource {
        source: name.into(),
        ..list("l", ListKind::Domains, ListEffect::Block, text)
    };
    let before = compile(&[source("long.txt", "a.example\nb.example"), source("hot.txt", "c.example")]);
    let after = before.with(&source("hot.txt", "d.example\n!b.example")).unwrap();
    let subjects = ["a.example", "b.example", "c.example", "d.example"];
    assert_eq!(said(&before, &subjects), ["1", "2", "1", "-"]);
    assert_eq!(said(&after, &subjects), ["1", "!2", "-", "1"]);
    assert!(Arc::ptr_eq(&before.lists[0].files[0], &after.lists[0].files[0]));
    // The same as if all were read anew; a mistake leaves what was there.
    let anew = compile(&[source("long.txt", "a.example\nb.example"), source("hot.txt", "d.example\n!b.example")]);
    assert!(anew.identity().eq(after.identity()) && !anew.identity().eq(before.identity()));
    assert_eq!(after.with(&source("hot.txt", "two words")).unwrap_err()[0].line, 1);
    assert!(after.with(&ListSource { name: "m".into(), ..source("m.txt", "") }).is_err());
}

#[test]
fn a_domain_with_too_many_patterns_is_refused() {
    let text: String = (0..300).map(|number| format!("a{number}-*@a.example\n")).collect();
    let (_, problems) = Lists::compile(&[list("l", ListKind::Addresses, ListEffect::Block, &text)], None);
    assert_eq!(problems[0].message, "a.example has over 256 addresses with wildcards");
}

#[test]
fn a_digest_is_found_wherever_it_stands() {
    use sha2::{Digest, Sha256};
    let evenly: Vec<[u8; 32]> = (0u32..3_000).map(|number| Sha256::digest(number.to_le_bytes()).into()).collect();
    // A file of digests that were chosen: all at one end.
    let crowded: Vec<[u8; 32]> =
        evenly.iter().map(|digest| [&[0u8; 4], &digest[4..]].concat().try_into().unwrap()).collect();
    let hex = |digest: &[u8; 32]| -> String { digest.iter().map(|byte| format!("{byte:02x}")).collect() };
    for digests in [&evenly, &crowded] {
        let (here, away) = digests.split_at(2_500);
        let text: String = here.iter().map(|digest| hex(digest) + "\n").collect();
        let lists = compile(&[list("l", ListKind::Hashes, ListEffect::Block, &text)]);
        for (line, digest) in (1u32..).zip(here) {
            assert_eq!(lists.lookup(&hex(digest))[0].line, line);
        }
        assert!(away.iter().chain([&[0; 32], &[0xff; 32]]).all(|digest| lists.lookup(&hex(digest)).is_empty()));
    }
}

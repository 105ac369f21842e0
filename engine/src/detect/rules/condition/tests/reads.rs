//! What a condition reads of a message, and where a rule's `in` may lead.

use super::compile;
use crate::detect::rules::condition::text_path;
use crate::wanted::Wanted;

#[test]
fn a_condition_wants_what_it_names() {
    let wanted = |condition: &str| compile(condition).unwrap().wanted();
    assert_eq!(wanted("size > 1 && direction == 'inbound'"), Wanted::NOTHING);
    assert_eq!(wanted("subject != ''"), Wanted::HEADERS);
    assert_eq!(wanted("links.exists(l, l.is_ip) || body.words > 3"), Wanted::LINKS | Wanted::VISIBLE);
    // The field of an element adds to what its list wants, through whatever leads to it.
    let hashes = Wanted::FILES | Wanted::HASHES;
    assert_eq!(wanted("files.exists(f, f.sha256 == 'a')"), hashes);
    assert_eq!(wanted("files.filter(f, f.size > 0)[0].sha256 == 'a'"), hashes);
    assert_eq!(wanted("files.map(f, [f]).exists(l, l.exists(f, f.sha256 == 'a'))"), hashes);
    // What is asked for is read, even where the answer is known before.
    assert_eq!(wanted("false && has(date.time)"), Wanted::HEADERS);
}

#[test]
fn each_rule_is_asked_for_once() {
    let condition = compile("hit('a') || hit('b') && hit('a')").unwrap();
    assert_eq!(condition.hits(), ["a", "b"]);
}

#[test]
fn paths_lead_to_texts() {
    let path = |path: &str| Some(text_path(path)?.iter().map(|name| name.name).collect::<Vec<_>>());
    assert_eq!(path("subject"), Some(vec!["subject"]));
    assert_eq!(path("from.name"), Some(vec!["from", "name"]));
    assert_eq!(path("links.shown"), Some(vec!["links", "shown"]));
    assert_eq!(path("files.names"), Some(vec!["files", "names"]));
    assert_eq!(path("defects"), Some(vec!["defects"]));
    for other in ["size", "links", "from", "header", "links.is_ip", "subject.name", "nothing", "", "from.", "date.time"]
    {
        assert_eq!(path(other), None, "{other}");
    }
}

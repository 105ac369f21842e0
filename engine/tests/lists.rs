//! Lists from end to end: the messages and lists under `corpus/small/lists`.

use std::path::{Path, PathBuf};

use tamis_engine::{Action, AuthResults, Engine, EngineBuilder, ListEffect, ListKind, Mail, Verdict};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus/small/lists")
}

fn engine(lists: &[(&str, ListKind, ListEffect)]) -> Engine {
    lists
        .iter()
        .fold(EngineBuilder::new(), |builder, (name, kind, effect)| {
            builder.list_path(name, *kind, *effect, folder().join(format!("{name}.txt")))
        })
        .build()
        .unwrap_or_else(|wrong| panic!("{wrong}"))
}

fn scan(engine: &Engine, message: &str, auth: &[AuthResults]) -> Verdict {
    let raw = std::fs::read(folder().join(message)).unwrap();
    let mut mail = Mail::new(&raw);
    mail.auth = auth.to_vec();
    engine.worker().scan(&mail)
}

/// Rule, view and line of each reason.
fn told(verdict: &Verdict) -> Vec<String> {
    let line = |explanation: &str| {
        let (_, rest) = explanation.split_once(".txt:").unwrap();
        rest.split(|c: char| !c.is_ascii_digit()).next().unwrap().to_owned()
    };
    verdict
        .reasons
        .iter()
        .map(|reason| format!("{} {} {}", reason.rule, reason.place.view, line(&reason.explanation)))
        .collect()
}

const DOMAINS: (&str, ListKind, ListEffect) = ("block-domains", ListKind::Domains, ListEffect::Block);
const NETWORKS: (&str, ListKind, ListEffect) = ("block-networks", ListKind::Networks, ListEffect::Block);
const URLS: (&str, ListKind, ListEffect) = ("block-urls", ListKind::Urls, ListEffect::Block);
const PARTNER: (&str, ListKind, ListEffect) = ("allow-addresses", ListKind::Addresses, ListEffect::Allow);

#[test]
fn senders_and_clients_are_blocked() {
    let verdict = scan(&engine(&[DOMAINS, NETWORKS]), "blocked-sender.eml", &[]);
    assert_eq!(verdict.action, Action::Reject);
    assert_eq!(told(&verdict), ["list-block-domains header:from 2", "list-block-networks raw 1"]);
    assert_eq!(verdict.score, 0.0);
    assert_eq!(scan(&engine(&[DOMAINS, NETWORKS]), "blocked-url.eml", &[]).action, Action::Accept);
}

#[test]
fn the_narrower_entry_lets_a_partner_through_unless_he_is_made_up() {
    let engine = engine(&[DOMAINS, PARTNER]);
    let verdict = scan(&engine, "allowed-partner.eml", &[]);
    assert_eq!(verdict.action, Action::Accept);
    assert_eq!(told(&verdict), ["list-allow-addresses header:from 1", "list-block-domains header:from 2"]);
    assert!(verdict.reasons[1].explanation.ends_with("list-allow-addresses outranks it"));

    let fails = AuthResults { method: "dmarc".into(), result: "fail".into(), domain: "example.net".into() };
    let verdict = scan(&engine, "allowed-partner.eml", &[fails]);
    assert_eq!(verdict.action, Action::Reject);
    assert_eq!(told(&verdict), ["list-block-domains header:from 2", "list-allow-addresses header:from 1"]);
    assert!(verdict.reasons[1].explanation.ends_with("It does not count: the message fails DMARC"));
}

#[test]
fn a_link_is_found_in_its_normal_form() {
    let verdict = scan(&engine(&[URLS]), "blocked-url.eml", &[]);
    assert_eq!(verdict.action, Action::Reject);
    assert_eq!(told(&verdict), ["list-block-urls visible 1"]);
    assert!(verdict.reasons[0].evidence.ends_with("/b.zip"), "{}", verdict.reasons[0].evidence);
    assert_eq!(scan(&engine(&[URLS]), "blocked-sender.eml", &[]).action, Action::Accept);
}

#[test]
fn what_lists_do_not_look_at_is_not_made() {
    let work = |lists: &[(&str, ListKind, ListEffect)]| scan(&engine(lists), "blocked-url.eml", &[]).work.html_parsed;
    assert_eq!([work(&[NETWORKS, PARTNER]), work(&[URLS])], [0, 1]);
}

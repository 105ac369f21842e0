//! Functions that ask about relays.

use std::net::{IpAddr, Ipv4Addr};

use super::{Arguments, State};
use crate::detect::spamassassin::relays::{Relay, is_private};

pub(super) fn all_trusted(it: &State<'_>, _: &Arguments) -> bool {
    let relays = it.context.relays();
    !relays.trusted.is_empty() && relays.untrusted.is_empty() && relays.unparseable == 0
}

pub(super) fn none(it: &State<'_>, _: &Arguments) -> bool {
    let relays = it.context.relays();
    relays.trusted.is_empty() && relays.untrusted.is_empty() && relays.unparseable == 0
}

fn is_public_v4(text: &str) -> Option<Ipv4Addr> {
    text.parse::<Ipv4Addr>().ok().filter(|_| !is_private(text))
}

pub(super) fn helo_mismatch(it: &State<'_>, _: &Arguments) -> bool {
    it.context.relays().untrusted.iter().any(|relay| match (is_public_v4(&relay.helo), is_public_v4(&relay.ip)) {
        // Of one network of 256 it is no matter.
        (Some(helo), Some(ip)) => helo.octets().get(..3) != ip.octets().get(..3),
        _ => false,
    })
}

pub(super) fn numeric_helo(it: &State<'_>, _: &Arguments) -> bool {
    it.context.relays().untrusted.first().is_some_and(|relay| is_public_v4(&relay.helo).is_some())
}

pub(super) fn sender_no_reverse(it: &State<'_>, _: &Arguments) -> bool {
    it.context.relays().untrusted.last().is_some_and(|relay| relay.rdns.contains('.') && !relay.is_private)
}

const DOTCOM: &[&str] = &[
    "lycos.com",
    "lycos.co.uk",
    "hotmail.com",
    "localhost.com",
    "excite.com",
    "caramail.com",
    "cs.com",
    "aol.com",
    "msn.com",
    "yahoo.com",
    "drizzle.com",
];

pub(super) fn no_rdns_dotcom(it: &State<'_>, _: &Arguments) -> bool {
    // The last relay that is not private decides.
    let relay = it.context.relays().untrusted.iter().rfind(|relay| !relay.is_private);
    relay.is_some_and(|relay| {
        let helo = relay.helo.to_ascii_lowercase();
        let known = DOTCOM
            .iter()
            .any(|name| helo.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.')));
        known && relay.no_reverse_dns
    })
}

/// The last two or three labels of a name.
fn domain(name: &str) -> String {
    if !name.contains(|it: char| it.is_ascii_alphabetic()) {
        return name.to_owned();
    }
    let parts: Vec<&str> = name.split('.').collect();
    let last = parts.last().copied().unwrap_or_default();
    let keep = match parts.len() {
        2.. if last.len() >= 3 || ["ie", "fr", "de"].iter().any(|it| last.contains(it)) => 2,
        3.. => 3,
        _ => parts.len(),
    };
    parts.get(parts.len() - keep..).unwrap_or_default().join(".")
}

/// Words with dots between, two dots at least or a word of some length: a name, and not an address.
fn is_name(text: &str) -> bool {
    let fine = |it: char| it.is_ascii_alphanumeric() || "_.-".contains(it);
    let word = |it: char| it.is_ascii_alphanumeric() || it == '_';
    let head = text.chars().take_while(|it| word(*it)).count();
    let tail = text.chars().rev().take_while(|it| word(*it)).count();
    // `^\w+(?:[\w.-]+\.)+\w+$`
    head > 0
        && tail > 0
        && text.chars().all(fine)
        && text.rfind('.').is_some_and(|at| text.len() - at - 1 == tail && at >= 2)
}

/// How often a relay's name is not that under which the next one speaks, and how often a HELO of numbers is another address.
fn forged(it: &State<'_>) -> (u32, u32) {
    let relays = &it.context.relays().untrusted;
    let (mut from, mut helo) = (0, 0);
    let name = |relay: &Relay| {
        let it = domain(&relay.rdns.to_ascii_lowercase());
        let local = (it == "localhost" || it == "localhost.localdomain") && relay.ip == "127.0.0.1";
        (!local).then_some(it)
    };
    for (number, relay) in relays.iter().enumerate() {
        let by = domain(&relay.by.to_ascii_lowercase());
        if !is_name(&by) {
            continue;
        }
        if let (Ok(said), Ok(is)) = (relay.helo.parse::<Ipv4Addr>(), relay.ip.parse::<Ipv4Addr>())
            && said.octets().get(..2) != is.octets().get(..2)
            && !is_private(&relay.helo)
        {
            helo += 1;
        }
        let previous = number.checked_sub(1).and_then(|before| relays.get(before)).and_then(name);
        if let Some(previous) = previous
            && is_name(&previous)
            && by != previous
            && !(by == "msn.com" && previous == "hotmail.com")
        {
            from += 1;
        }
    }
    (from, helo)
}

pub(super) fn forged_trail(it: &State<'_>, _: &Arguments) -> bool {
    forged(it).0 > 1
}

pub(super) fn forged_ip_helo(it: &State<'_>, _: &Arguments) -> bool {
    forged(it).1 > 0
}

pub(super) fn envelope_matches(it: &State<'_>, _: &Arguments) -> bool {
    let sender = it.header("EnvelopeFrom:addr");
    let Some((_, domain)) = sender.rsplit_once('@').filter(|(_, domain)| domain.contains('.')) else { return false };
    let settings = it.context.settings;
    let domain = settings.registered(&domain.to_ascii_lowercase());
    let relays = it.context.relays();
    let candidates = match relays.untrusted.first() {
        Some(first) => std::slice::from_ref(first),
        None => relays.trusted.as_slice(),
    };
    let mut names = candidates.iter().map(|relay| relay.rdns.to_ascii_lowercase()).filter(|name| !name.is_empty());
    names.any(|name| name.parse::<IpAddr>().is_err() && settings.registered(&name) == domain)
}

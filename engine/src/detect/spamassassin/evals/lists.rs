//! Functions that ask lists of addresses, subjects and hosts.

use super::{Arguments, State};

/// Whether a sender is welcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Welcome {
    Yes,
    No,
    /// The address is listed, and another relay hands its mail over.
    Forged,
}

fn fits(it: &State<'_>, list: &str, address: &str) -> bool {
    it.context.settings.addresses.get(list).is_some_and(|list| list.fits(&address.to_ascii_lowercase()))
}

pub(super) fn from_in(it: &State<'_>, list: &str) -> bool {
    it.context.settings.addresses.contains_key(list)
        && it.context.senders().iter().any(|address| fits(it, list, address))
}

pub(super) fn to_in(it: &State<'_>, list: &str) -> bool {
    it.context.settings.addresses.contains_key(list)
        && it.context.recipients().iter().any(|address| fits(it, list, address))
}

pub(super) fn from_in_list(it: &State<'_>, arguments: &Arguments) -> bool {
    from_in(it, arguments.text(0))
}

pub(super) fn to_in_list(it: &State<'_>, arguments: &Arguments) -> bool {
    to_in(it, arguments.text(0))
}

pub(super) fn reply_to_in_list(it: &State<'_>, arguments: &Arguments) -> bool {
    let address = it.header("Reply-To:addr");
    !address.is_empty() && fits(it, arguments.text(0), &address)
}

/// Whether a sender's address is listed with the relay that handed the message over.
fn relayed(it: &State<'_>, list: &str) -> Welcome {
    let Some(list) = it.context.settings.relayed.get(list) else { return Welcome::No };
    let relays = it.context.relays();
    let candidates = match relays.untrusted.first() {
        Some(first) => std::slice::from_ref(first),
        None => relays.trusted.as_slice(),
    };
    if candidates.is_empty() {
        return Welcome::No;
    }
    let mut forged = false;
    for address in it.context.senders() {
        let address = address.to_ascii_lowercase();
        for (_, domain) in list.iter().filter(|(glob, _)| super::super::globs::fits(glob, &address)) {
            let handed =
                candidates.iter().any(|relay| match domain.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                    Some(ip) => {
                        relay.ip == ip
                            || (ip.matches('.').count() < 3
                                && relay.ip.starts_with(&format!("{}.", ip.trim_end_matches('.'))))
                    }
                    None => {
                        let name = relay.rdns.to_ascii_lowercase();
                        name.strip_suffix(domain.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
                    }
                });
            if handed {
                return Welcome::Yes;
            }
            forged |= !fits(it, "welcomelist_allows_relays", &address);
        }
    }
    if forged { Welcome::Forged } else { Welcome::No }
}

pub(super) fn welcome(it: &State<'_>) -> Welcome {
    match from_in(it, "welcomelist_from") {
        true => Welcome::Yes,
        false => relayed(it, "welcomelist_from_rcvd"),
    }
}

pub(super) fn default_welcome(it: &State<'_>) -> Welcome {
    relayed(it, "def_welcomelist_from_rcvd")
}

pub(super) fn subject_in(it: &State<'_>, list: &str) -> bool {
    let Some(list) = it.context.settings.addresses.get(list) else { return false };
    let subject = it.header("Subject").to_ascii_lowercase();
    !subject.is_empty() && list.within(&subject)
}

pub(super) fn uri_host_listed(it: &State<'_>, arguments: &Arguments) -> bool {
    uri_host_in(it, arguments.text(0))
}

pub(super) fn uri_host_in(it: &State<'_>, list: &str) -> bool {
    let Some(list) = it.context.settings.uri_hosts.get(list) else { return false };
    let uris = it
        .context
        .uris()
        .all
        .iter()
        .filter(|(uri, _)| !uri.get(..7).is_some_and(|head| head.eq_ignore_ascii_case("mailto:")));
    uris.flat_map(|(_, uri)| &uri.hosts).any(|(host, _)| {
        // The most special entry decides.
        let mut name = host.as_str();
        loop {
            if let Some(counts) = list.get(name) {
                return *counts;
            }
            match memchr::memchr(b'.', name.as_bytes()).and_then(|at| name.get(at + 1..)) {
                Some(rest) => name = rest,
                None => return false,
            }
        }
    })
}

pub(super) fn has_bounce_relays(it: &State<'_>) -> bool {
    it.context.settings.addresses.get("welcomelist_bounce_relays").is_some_and(|list| !list.is_empty())
}

pub(super) fn bounce_relays(it: &State<'_>, _: &Arguments) -> bool {
    let Some(list) = it.context.settings.addresses.get("welcomelist_bounce_relays").filter(|list| !list.is_empty())
    else {
        return false;
    };
    let names_one = |line: &str| {
        let start = line.trim_start_matches(['>', ' ']);
        start.get(..9).is_some_and(|head| head.eq_ignore_ascii_case("received:"))
            && line.split_whitespace().skip(1).any(|word| word.contains('.') && list.fits(&word.to_ascii_lowercase()))
    };
    if it.context.views.body.iter().any(|line| names_one(&String::from_utf8_lossy(line))) {
        return true;
    }
    let body = it.context.raw.get(it.context.views.message.body_at..).unwrap_or_default();
    // Received fields of the message that came back, with their folds.
    let mut field = String::new();
    for line in body.split(|byte| *byte == b'\n') {
        let line = String::from_utf8_lossy(line);
        if !line.starts_with([' ', '\t']) {
            if names_one(&field) {
                return true;
            }
            field.clear();
        }
        if field.len() < 8_192 {
            field.push_str(&line);
        }
    }
    names_one(&field)
}

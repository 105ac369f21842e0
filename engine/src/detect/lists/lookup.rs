//! Looking one subject up, outside a message: for `tamis lists lookup`, for hosts that ask before a message is there, and
//! for what is measured. Takes a subject's text, gives entries.

use super::names::Hit;
use super::table::Table;
use super::{ListEffect, ListHit, Lists, line, url};
use crate::input::Network;
use crate::text::{host, show};

/// What can stand on a list: a domain, a mail address, an IP address or network, a URL or a SHA-256 digest, told apart by
/// its form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListSubject(Kind);

/// Each in its normal form. A host and a network may be a URL, too: `example.com` and `192.0.2.1`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Digest([u8; 32]),
    Network(Network, Option<String>),
    Address(String),
    Host(String, Option<String>),
    Url { url: String, host: Option<String> },
    Nothing,
}

impl ListSubject {
    /// Reads a subject. What has no form that a list could have is on none.
    pub fn read(text: &str) -> ListSubject {
        let text = text.trim();
        if let Some(digest) = line::digest(text) {
            return ListSubject(Kind::Digest(digest));
        }
        let url = line::url(text).ok().map(|(url, _)| url);
        if let Some(network) = Network::parse(text) {
            return ListSubject(Kind::Network(network, url));
        }
        if let Ok(address) = line::address(text) {
            return ListSubject(Kind::Address(address));
        }
        if let Some(host) = host::ascii(text) {
            return ListSubject(Kind::Host(host, url));
        }
        let Some(url) = url else { return ListSubject(Kind::Nothing) };
        let host = url::host(&url);
        let literal = Network::parse(host.trim_matches(['[', ']'])).is_some();
        let host = (!literal).then(|| host.to_owned());
        ListSubject(Kind::Url { url, host })
    }

    /// What covers it in one file; the narrowest of each kind of entry first.
    fn look(&self, table: &Table) -> Vec<Hit> {
        let both = |mut hits: Vec<Hit>, others: Vec<Hit>| {
            hits.extend(others);
            hits
        };
        match &self.0 {
            Kind::Digest(digest) => table.digests(digest),
            Kind::Network(network, url) => both(table.networks(network), table.urls_of(url.as_deref())),
            Kind::Address(address) => {
                let host = address.rsplit('@').next().unwrap_or_default();
                both(table.addresses(address), table.domains(host))
            }
            Kind::Host(host, url) => both(table.domains(host), table.urls_of(url.as_deref())),
            Kind::Url { url, host } => {
                both(table.urls_of(Some(url)), host.as_deref().map(|host| table.domains(host)).unwrap_or_default())
            }
            Kind::Nothing => Vec::new(),
        }
    }
}

impl Lists {
    /// Every entry that covers `subject`. In the order of the lists; of one list the narrowest first, which is the one that
    /// counts.
    pub(crate) fn lookup(&self, subject: &str) -> Vec<ListHit> {
        let subject = ListSubject::read(subject);
        let mut found = Vec::new();
        for list in &self.lists {
            for (index, (hit, file)) in list.covering(self.now, |table| subject.look(table)).into_iter().enumerate() {
                let (reason, until) = file.table.told(&hit);
                found.push(ListHit {
                    list: list.name.clone(),
                    effect: list.effect,
                    source: file.source.clone(),
                    line: hit.value.line(),
                    except: hit.value.except(),
                    reason: show::evidence(reason.as_bytes()),
                    until: (until != 0).then_some(i64::from(until)),
                    counts: index == 0,
                    entry: hit.entry.to_string(),
                });
            }
        }
        found
    }

    /// What the first list that has `subject` does with it.
    pub(crate) fn listed(&self, subject: &ListSubject) -> Option<ListEffect> {
        let has = |list: &&super::List| list.entry(self.now, |table| subject.look(table)).is_some();
        self.lists.iter().find(has).map(|list| list.effect)
    }
}

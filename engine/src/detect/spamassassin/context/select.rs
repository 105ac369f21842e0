//! What selectors give: fields by name, and what modifiers make of their values.

use std::borrow::Cow;

use super::Context;
use super::special::Special;
use crate::detect::spamassassin::domains;
use crate::facts::spamassassin::decode;

/// What stands behind the name of a selector.
#[derive(Clone, Copy, Debug, Default)]
struct Modifiers {
    raw: bool,
    address: bool,
    name: bool,
    host: bool,
    domain: bool,
    ip: bool,
    reversed: bool,
    first: bool,
    last: bool,
}

/// The name of a selector, and the modifiers behind it.
pub(super) fn parts_of(selector: &str) -> (&str, &str) {
    let colon = memchr::memchr(b':', selector.as_bytes());
    colon.and_then(|at| Some((selector.get(..at)?, selector.get(at + 1..)?))).unwrap_or((selector, ""))
}

impl<'m> Context<'m> {
    pub(super) fn select(&self, selector: &str) -> Vec<Cow<'m, [u8]>> {
        let (name, modifiers) = parts_of(selector);
        let mut it = Modifiers::default();
        for modifier in modifiers.as_bytes().split(|byte| *byte == b':') {
            match modifier {
                b"raw" => it.raw = true,
                b"addr" => it.address = true,
                b"name" => it.name = true,
                b"host" => it.host = true,
                b"domain" => (it.host, it.domain) = (true, true),
                b"ip" => it.ip = true,
                b"revip" => (it.ip, it.reversed) = (true, true),
                b"first" => it.first = true,
                b"last" => it.last = true,
                _ => {}
            }
        }
        let mut values = match self.special(name, it.raw) {
            Special::All(values) => return values,
            Special::Values(values) => values,
            Special::Field => {
                let raw = it.raw || it.address || it.name;
                self.fields(name).map(|field| Cow::Borrowed(if raw { field.raw } else { field.ended })).collect()
            }
        };
        if it.first {
            values.truncate(1);
        } else if it.last && values.len() > 1 {
            values.drain(..values.len() - 1);
        }
        if it.address || it.name {
            values = self.address_parts(&values, it);
        }
        if it.host {
            return values
                .iter()
                .filter_map(|value| self.host(&String::from_utf8_lossy(value), it))
                .map(|host| Cow::Owned(host.into_bytes()))
                .collect();
        }
        if it.ip {
            return values
                .iter()
                .filter_map(|value| self.ip(value, it.reversed))
                .map(|ip| Cow::Owned(ip.into_bytes()))
                .collect();
        }
        values
    }

    fn address_parts(&self, values: &[Cow<'m, [u8]>], it: Modifiers) -> Vec<Cow<'m, [u8]>> {
        let mut found = Vec::new();
        for value in values {
            for address in self.addresses(value.clone()).iter() {
                if it.address {
                    found.extend(address.address.as_ref().map(|it| Cow::Owned(it.as_bytes().to_vec())));
                    continue;
                }
                let Some(phrase) = &address.phrase else { continue };
                if it.raw {
                    found.push(Cow::Owned(phrase.as_bytes().to_vec()));
                    continue;
                }
                let decoded = decode::decode_words(phrase.as_bytes(), b"");
                let text = String::from_utf8_lossy(&decoded);
                let tidy = text.split_whitespace().collect::<Vec<_>>().join(" ");
                let bare = tidy.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\'')).unwrap_or(&tidy);
                found.push(Cow::Owned(bare.as_bytes().to_vec()));
            }
        }
        found
    }

    fn host(&self, text: &str, it: Modifiers) -> Option<String> {
        let host = if it.address {
            text.rsplit_once('@').map(|(_, host)| host.split_whitespace().next().unwrap_or_default().to_owned())
        } else {
            let is_host = |word: &&str| {
                let bare = word.trim_end_matches(['.', '>', ')', ',', ';']);
                domains::is_fqdn(bare) && self.settings.is_domain(bare)
            };
            let words = || text.split(|it: char| it.is_whitespace() || "<>()[],;:\"".contains(it));
            let behind_at = words().filter_map(|word| word.rsplit_once('@').map(|(_, host)| host)).find(is_host);
            behind_at.or_else(|| words().find(is_host)).map(|host| host.trim_end_matches('.').to_owned())
        };
        let host = host.filter(|host| !host.is_empty())?;
        Some(if it.domain { self.settings.registered(&host) } else { host })
    }

    fn ip(&self, value: &[u8], reversed: bool) -> Option<String> {
        let groups = self.formats.ip.groups(value)?;
        let (start, end) = groups.get(1).copied().flatten()?;
        let ip = String::from_utf8_lossy(value.get(start..end)?).into_owned();
        if !reversed {
            return Some(ip);
        }
        let mut parts: Vec<&str> = ip.split('.').collect();
        parts.reverse();
        Some(parts.join("."))
    }
}

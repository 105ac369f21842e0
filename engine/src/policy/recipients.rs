//! Which recipient is judged by which profile. Takes addresses, gives numbers of profiles.

use std::collections::BTreeMap;

use super::Profile;
use crate::text::host;

/// The recipients that profiles name, in lower case, with the number of the first profile that names them.
#[derive(Debug, Default)]
pub(super) struct Directory {
    profiles: BTreeMap<String, usize>,
}

impl Directory {
    pub(super) fn new(profiles: &[Profile]) -> Directory {
        let mut directory = Directory::default();
        for (number, profile) in profiles.iter().enumerate() {
            for recipient in &profile.recipients {
                directory.profiles.entry(normal(recipient)).or_insert(number);
            }
        }
        directory
    }

    /// The first profile that fits an address: by the whole address or by its domain.
    pub(super) fn profile(&self, address: &str) -> Option<usize> {
        if self.profiles.is_empty() {
            return None;
        }
        let address = normal(address);
        let domain = address.rfind('@').and_then(|at| self.profiles.get(address.get(at..)?));
        self.profiles.get(&address).into_iter().chain(domain).min().copied()
    }
}

/// An address in lower case, its domain in ASCII.
fn normal(address: &str) -> String {
    match address.rsplit_once('@').map(|(local, domain)| (local, host::ascii(domain))) {
        Some((local, Some(domain))) => format!("{}@{domain}", local.to_lowercase()),
        _ => address.to_lowercase(),
    }
}

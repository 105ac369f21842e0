//! Lists of addresses in which `*` stands for anything and `?` for one character.

use std::collections::BTreeSet;

/// A list of globs. Plain entries are looked up, the others tried one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Globs {
    plain: BTreeSet<String>,
    /// What stands behind the `*` of `*@host`: nearly all globs are such.
    hosts: BTreeSet<String>,
    globs: BTreeSet<String>,
}

/// `@host` of `*@host`.
fn host_of(entry: &str) -> Option<&str> {
    entry.strip_prefix('*').filter(|rest| rest.starts_with('@') && !rest.contains(['*', '?']))
}

impl Globs {
    pub(super) fn extend(&mut self, entries: impl IntoIterator<Item = String>) {
        for entry in entries {
            match host_of(&entry) {
                Some(host) => self.hosts.insert(host.to_owned()),
                None if entry.contains(['*', '?']) => self.globs.insert(entry),
                None => self.plain.insert(entry),
            };
        }
    }

    pub(super) fn remove(&mut self, entries: impl IntoIterator<Item = String>) {
        for entry in entries {
            if let Some(host) = host_of(&entry) {
                self.hosts.remove(host);
            }
            self.plain.remove(&entry);
            self.globs.remove(&entry);
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.plain.is_empty() && self.hosts.is_empty() && self.globs.is_empty()
    }

    /// Whether a text in lower case is in the list.
    pub(super) fn fits(&self, text: &str) -> bool {
        // Most globs begin with `*@`. Where there is one `@` what follows has to fit, and that nearly always ends at its first letter.
        let host = text.split_once('@').map(|(_, host)| host).filter(|host| !host.contains('@'));
        let fits_glob = |glob: &String| match (host, glob.strip_prefix("*@")) {
            (Some(host), Some(rest)) => fits(rest, host),
            _ => fits(glob, text),
        };
        self.plain.contains(text)
            || text.match_indices('@').any(|(at, _)| text.get(at..).is_some_and(|host| self.hosts.contains(host)))
            || self.globs.iter().any(fits_glob)
    }

    /// Whether any entry stands somewhere in a text in lower case.
    pub(super) fn within(&self, text: &str) -> bool {
        self.plain.iter().chain(&self.hosts).any(|entry| text.contains(entry.as_str()))
            || self.globs.iter().any(|glob| fits(&format!("*{glob}*"), text))
    }
}

/// Whether a whole text fits a glob.
pub(super) fn fits(glob: &str, text: &str) -> bool {
    // Most globs begin or end otherwise than the text does.
    if glob.bytes().next().is_some_and(|byte| !matches!(byte, b'*' | b'?') && text.bytes().next() != Some(byte)) {
        return false;
    }
    if !text.ends_with(glob.rsplit(['*', '?']).next().unwrap_or_default()) {
        return false;
    }
    let (glob, text) = (glob.as_bytes(), text.as_bytes());
    let (mut at, mut here) = (0, 0);
    let mut star = None;
    while here < text.len() {
        match glob.get(at) {
            Some(b'*') => {
                star = Some((at, here));
                at += 1;
            }
            Some(byte) if *byte == b'?' || text.get(here) == Some(byte) => {
                at += 1;
                here += 1;
            }
            _ => match star {
                Some((glob_at, text_at)) => {
                    star = Some((glob_at, text_at + 1));
                    (at, here) = (glob_at + 1, text_at + 1);
                }
                None => return false,
            },
        }
    }
    glob.get(at..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs_fit() {
        let mut list = Globs::default();
        list.extend(["*@a.example", "b?@c.example", "d@e.example", "*@f.*"].map(str::to_owned));
        for (address, expected) in [
            ("x@a.example", true),
            ("bx@c.example", true),
            ("b@c.example", false),
            ("d@e.example", true),
            ("xd@e.example", false),
            ("x@f.example", true),
            ("@f.", true),
            ("x@g.f.example", false),
            ("x@f.example@g", true),
            ("f.example", false),
        ] {
            assert_eq!(list.fits(address), expected, "{address}");
        }
        assert!(list.within("to d@e.example now"));
    }
}

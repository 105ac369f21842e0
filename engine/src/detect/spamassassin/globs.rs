//! Lists of addresses in which `*` stands for anything and `?` for one character.

use std::collections::BTreeMap;

use super::words::Words;

/// Longest domain that is looked up.
const LONGEST_DOMAIN: usize = 254;

/// A list of globs. Plain entries are looked up, the others tried one by one.
#[derive(Clone, Debug, Default)]
pub(super) struct Globs {
    plain: Words,
    /// What stands behind the `*` of `*@host`: nearly all globs are such.
    hosts: Words,
    /// What stands behind the last `*` of `*@*.domain`.
    domains: Words,
    /// The others, by what stands behind their `*@`.
    globs: BTreeMap<Start, Vec<String>>,
}

/// The letter behind the `*@` of a glob; `None` for one that does not begin so.
type Start = Option<u8>;

fn start_of(glob: &str) -> Start {
    glob.strip_prefix("*@").and_then(|rest| rest.bytes().next()).filter(|byte| !matches!(byte, b'*' | b'?'))
}

/// `@host` of `*@host`.
fn host_of(entry: &str) -> Option<&str> {
    entry.strip_prefix('*').filter(|rest| rest.starts_with('@') && !rest.contains(['*', '?']))
}

/// `.domain` of `*@*.domain`.
fn domain_of(entry: &str) -> Option<&str> {
    let domain = entry.strip_prefix("*@*").filter(|rest| rest.starts_with('.') && !rest.contains(['*', '?']));
    domain.filter(|domain| domain.len() <= LONGEST_DOMAIN)
}

impl Globs {
    pub(super) fn extend(&mut self, entries: impl IntoIterator<Item = String>) {
        for entry in entries {
            match (host_of(&entry), domain_of(&entry)) {
                (Some(host), _) => drop(self.hosts.insert(host.to_owned())),
                (_, Some(domain)) => drop(self.domains.insert(domain.to_owned())),
                _ if entry.contains(['*', '?']) => self.globs.entry(start_of(&entry)).or_default().push(entry),
                _ => drop(self.plain.insert(entry)),
            }
        }
    }

    pub(super) fn remove(&mut self, entries: impl IntoIterator<Item = String>) {
        for entry in entries {
            if let Some(host) = host_of(&entry) {
                self.hosts.remove(host);
            }
            if let Some(domain) = domain_of(&entry) {
                self.domains.remove(domain);
            }
            self.plain.remove(&entry);
            if let Some(globs) = self.globs.get_mut(&start_of(&entry)) {
                globs.retain(|glob| *glob != entry);
            }
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.plain.is_empty()
            && self.hosts.is_empty()
            && self.domains.is_empty()
            && self.globs.values().all(Vec::is_empty)
    }

    /// Whether a text in lower case is in the list.
    pub(super) fn fits(&self, text: &str) -> bool {
        // Most globs begin with `*@`. Where there is one `@` what follows has to fit, and what begins otherwise is not asked.
        let first = memchr::memchr(b'@', text.as_bytes());
        let behind = first.and_then(|at| text.get(at + 1..)).unwrap_or_default();
        let has_one = first.is_some() && memchr::memchr(b'@', behind.as_bytes()).is_none();
        let host = has_one.then_some(behind);
        let fits_glob = |glob: &String| match (host, glob.strip_prefix("*@")) {
            (Some(host), Some(rest)) => fits(rest, host),
            _ => fits(glob, text),
        };
        let domains = || {
            let at = first.filter(|_| !self.domains.is_empty())?;
            // What is longer is in no list, however many dots it has.
            let host = text.get(at.max(text.floor_char_boundary(text.len().saturating_sub(LONGEST_DOMAIN)))..)?;
            memchr::memchr_iter(b'.', host.as_bytes()).find_map(|at| self.domains.get(host.get(at..)?))
        };
        self.plain.contains(text)
            || domains().is_some()
            || memchr::memchr_iter(b'@', text.as_bytes())
                .any(|at| text.get(at..).is_some_and(|host| self.hosts.contains(host)))
            || match host {
                Some(host) => {
                    let of = |start: Start| self.globs.get(&start).into_iter().flatten();
                    let like = host.bytes().next().into_iter().flat_map(|byte| of(Some(byte)));
                    like.chain(of(None)).any(fits_glob)
                }
                None => self.globs.values().flatten().any(fits_glob),
            }
    }

    /// Whether any entry stands somewhere in a text in lower case.
    pub(super) fn within(&self, text: &str) -> bool {
        self.plain.iter().chain(&self.hosts).any(|entry| text.contains(entry.as_str()))
            || self.domains.iter().any(|domain| fits(&format!("*@*{domain}*"), text))
            || self.globs.values().flatten().any(|glob| fits(&format!("*{glob}*"), text))
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
        list.extend(["*@a.example", "b?@c.example", "d@e.example", "*@f.*", "*@*.h"].map(str::to_owned));
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
            ("x@g.h", true),
            ("x@i.g.h", true),
            ("@.h", true),
            ("g.h", false),
            ("x@h", false),
            ("x.h@g", false),
        ] {
            assert_eq!(list.fits(address), expected, "{address}");
        }
        assert!(list.within("to d@e.example now") && list.within("to x@g.h now") && !list.within("to x@h now"));
        list.remove(["*@*.h".to_owned()]);
        assert!(!list.fits("x@g.h"));
    }
}

//! The addresses that a message names, in text and HTML, as `uri` rules see them: as written, and as a browser would follow them.
//! Takes the views, gives each address with where it stands and its cleaned forms.

mod forms;
mod written;

use std::collections::{BTreeMap, BTreeSet};

pub(super) use self::forms::Redirectors;
use self::forms::canonical;
use self::written::{in_text, whole};
use super::settings::Settings;
use crate::facts::spamassassin::{Lines, Views};

/// Longest address.
const LONGEST: usize = 8_192;
/// Most addresses of a message.
const MOST: usize = 5_000;
/// What is known of an address.
#[derive(Clone, Debug, Default)]
pub(super) struct Uri {
    /// Tags, and `parsed` for what stands in text; sorted.
    pub(super) types: Vec<&'static str>,
    pub(super) cleaned: Vec<String>,
    pub(super) anchors: Vec<String>,
    /// Hosts with their registered domains; sorted.
    pub(super) hosts: Vec<(String, String)>,
}

/// The addresses of a message.
#[derive(Debug, Default)]
pub(super) struct Uris {
    pub(super) all: BTreeMap<String, Uri>,
    pub(super) truncated: bool,
    /// All cleaned forms, each once, in pieces.
    pub(super) lines: Lines,
}

/// Gathers them.
pub(super) fn gather(views: &Views, settings: &Settings, redirectors: &Redirectors) -> Uris {
    let mut uris = Uris::default();
    let mut seen = BTreeSet::new();
    for line in views.body.iter() {
        in_text(line, |raw, kind| {
            if seen.len() < MOST
                && seen.insert(raw.to_owned())
                && let Some((uri, types)) = whole(raw, kind, settings)
            {
                uris.add(&uri, types, true, settings, redirectors);
            }
        });
    }
    for (_, html) in &views.htmls {
        uris.truncated |= html.uri_truncated;
        for (uri, found) in html.uris.iter().take(MOST) {
            if uris.add(uri, &found.types, false, settings, redirectors)
                && let Some(known) = uris.all.get_mut(uri)
            {
                for anchor in &found.anchors {
                    if !known.anchors.contains(anchor) {
                        known.anchors.push(anchor.clone());
                    }
                }
            }
        }
    }
    // DKIM signatures name domains; those are no addresses that rules of `uri` see.
    let mut cleaned: Vec<&str> = uris.all.values().flat_map(|uri| &uri.cleaned).map(String::as_str).collect();
    cleaned.sort_unstable();
    cleaned.dedup();
    let mut lines = Lines::default();
    lines.text.reserve(cleaned.iter().map(|uri| uri.len()).sum());
    cleaned.into_iter().for_each(|uri| lines.push(uri.as_bytes()));
    uris.lines = lines;
    uris
}

impl Uris {
    fn add(
        &mut self,
        uri: &str,
        types: &[&'static str],
        must_be_domain: bool,
        settings: &Settings,
        redirectors: &Redirectors,
    ) -> bool {
        if self.all.len() >= MOST {
            return false;
        }
        // It leads to the same again.
        if let Some(known) = self.all.get_mut(uri) {
            if must_be_domain && known.hosts.is_empty() {
                return false;
            }
            for it in types {
                if let Err(at) = known.types.binary_search(it) {
                    known.types.insert(at, it);
                }
            }
            return true;
        }
        let mut cleaned = canonical(uri, settings, redirectors);
        let mut hosts = Vec::new();
        for clean in &mut cleaned {
            if clean.len() > LONGEST {
                self.truncated = true;
                clean.truncate(clean.floor_char_boundary(LONGEST));
            }
            if let Some((domain, host)) = settings.of_uri(clean)
                && let Err(at) = hosts.binary_search_by(|(known, _): &(String, String)| known.cmp(&host))
            {
                hosts.insert(at, (host, domain));
            }
        }
        if cleaned.is_empty() || (must_be_domain && hosts.is_empty()) {
            return false;
        }
        self.all.insert(uri.to_owned(), Uri { types: types.to_vec(), cleaned, hosts, anchors: Vec::new() });
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        let mut it = Settings::default();
        it.tlds.extend(["com", "org", "uk"].map(str::to_owned));
        it
    }

    fn found(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        in_text(text.as_bytes(), |raw, kind| {
            all.extend(whole(raw, kind, &settings()).map(|(uri, _)| uri.into_owned()));
        });
        all
    }

    #[test]
    fn addresses_in_text() {
        assert_eq!(found("see http://a.com/x, or (www.b.org)."), ["http://a.com/x", "http://www.b.org"]);
        assert_eq!(found("mail a.b@c.com now; e-mail:d@e.org"), ["mailto:a.b@c.com", "mailto:d@e.org"]);
        assert_eq!(found("visit example.com/path?x=1 or example.invalid or 3.5"), ["http://example.com/path?x=1"]);
        assert_eq!(found("the end.The start"), Vec::<String>::new());
        assert_eq!(found("<HTTP://A.COM>"), ["HTTP://A.COM"]);
    }

    #[test]
    fn cleaned_forms() {
        let clean = |uri: &str| {
            let mut all = canonical(uri, &settings(), &Redirectors::default());
            all.sort();
            all
        };
        assert_eq!(clean("http://%77ww.a.com?x"), ["http://%77ww.a.com?x", "http://www.a.com/?x"]);
        assert_eq!(clean("http:/a.com/"), ["http://a.com/", "http:/a.com/"]);
        assert_eq!(clean("http://a.com/r?u=http://b.org/&c"), ["http://a.com/r?u=http://b.org/&c", "http://b.org/"]);
        assert_eq!(clean("http://3232235777/"), ["http://192.168.1.1/", "http://3232235777/"]);
        assert_eq!(clean("mailto:a@b.com?subject=x"), ["mailto:a@b.com", "mailto:a@b.com?subject=x"]);
        assert_eq!(clean("http://foo"), ["http://foo", "http://www.foo.com"]);
    }
}

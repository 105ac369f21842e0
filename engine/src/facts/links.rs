//! Where a message leads: the links, forms and images of its HTML, attached documents included, and the addresses in its
//! text.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::sync::Arc;

use super::{Link, TextView, known};
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::place::Place;
use crate::text::url::Url;
use crate::text::{host, links as text_links};
use crate::unpack::{Content, Document, Item, Text};

/// Longest piece of an address that is kept. Hosts are found whatever the length of what stands before them.
const KEEP_BYTES: usize = 2_048;

/// The links and the images of a message, in its order.
pub(super) fn gather(content: &Content<'_>, visible: &TextView<'_>, budget: &mut Budget<'_>) -> (Vec<Link>, Vec<Link>) {
    let most = budget.limits.links as usize;
    let (mut links, mut images) = (Collector::new(most), Collector::new(most));
    for (number, item) in (0..).zip(&content.items) {
        let Text::Html(document) = &item.text else { continue };
        let source = Source { number, item, in_html: true };
        if !budget.work(document.visible.len() as u64, || item.place(number)) {
            break;
        }
        for link in &document.links {
            // A place on the same page leads nowhere.
            if !link.target.trim_start().is_empty() && !link.target.trim_start().starts_with('#') {
                links.add(&source, "anchor", &link.target, &link.shown, link.offset);
            }
        }
        for (kind, targets) in [("form", &document.forms), ("refresh", &document.refreshes)] {
            targets
                .iter()
                .filter(|target| !target.is_empty())
                .for_each(|target| links.add(&source, kind, target, "", 0));
        }
        document.remote_images.iter().for_each(|target| images.add(&source, "image", target, "", 0));
    }
    add_text(content, visible, &mut links, budget);
    for (collector, what) in [(&links, "links"), (&images, "images")] {
        if collector.full {
            let explanation = format!("the message has more than {most} different {what}; the first were read");
            budget.note_once(Limit::Links, Place::message, explanation);
        }
    }
    // Stable: what a form adds stays behind the anchor that stands at the same place.
    links.found.sort_by_key(|link| (link.item, link.offset));
    (links.found, images.found)
}

/// Adds the addresses in text. Where a link covers the text, the reader is led where the link goes, and the text is only
/// what is shown.
fn add_text(content: &Content<'_>, visible: &TextView<'_>, links: &mut Collector, budget: &mut Budget<'_>) {
    let ends = visible.pieces.iter().skip(1).map(|next| next.start as usize).chain([visible.text.len()]);
    for (piece, end) in visible.pieces.iter().zip(ends) {
        let Some(item) = content.items.get(piece.item as usize) else { continue };
        let text = visible.text.get(piece.start as usize..end).unwrap_or_default();
        if !budget.work(text.len() as u64, || item.place(piece.item)) {
            return;
        }
        let covered = match &item.text {
            Text::Html(document) => covered(document),
            _ => Vec::new(),
        };
        let source = Source { number: piece.item, item, in_html: matches!(item.text, Text::Html(_)) };
        text_links::find(text, |offset, address| {
            let before = covered.partition_point(|(start, _)| *start <= offset);
            let is_covered = before.checked_sub(1).and_then(|at| covered.get(at)).is_some_and(|(_, end)| offset < *end);
            if !is_covered {
                links.add(&source, "text", address, address, u32::try_from(offset).unwrap_or(u32::MAX));
            }
            !links.full
        });
    }
}

/// The ranges of the visible text that links cover, sorted and without overlap.
fn covered(document: &Document) -> Vec<(usize, usize)> {
    let range = |start: u32, len: usize| (start as usize, (start as usize).saturating_add(len));
    let mut ranges: Vec<_> = document.links.iter().map(|link| range(link.offset, link.shown.len())).collect();
    ranges.sort_unstable();
    let mut reached = 0;
    for (_, end) in &mut ranges {
        reached = reached.max(*end);
        *end = reached;
    }
    ranges
}

/// What links are found in.
struct Source<'c> {
    number: u32,
    item: &'c Item,
    in_html: bool,
}

/// Links, each target once a text shown.
struct Collector {
    found: Vec<Link>,
    /// The number of a link by the hash of its target and shown text. Never walked through, so its order has no say.
    known: HashMap<u64, usize>,
    hasher: RandomState,
    most: usize,
    /// Whether there were more than may be.
    full: bool,
}

impl Collector {
    fn new(most: usize) -> Collector {
        Collector { found: Vec::new(), known: HashMap::new(), hasher: RandomState::new(), most, full: false }
    }

    fn add(&mut self, source: &Source<'_>, kind: &'static str, target: &str, shown: &str, offset: u32) {
        if self.full {
            return;
        }
        let hash = self.hasher.hash_one((target, shown));
        if let Some(link) = self.known.get(&hash).and_then(|number| self.found.get(*number))
            && link.url == head(target)
            && link.shown == shown
        {
            return;
        }
        if self.found.len() >= self.most {
            self.full = true;
            return;
        }
        self.known.insert(hash, self.found.len());
        self.found.push(link(source, kind, target, shown, offset));
    }
}

fn link(source: &Source<'_>, kind: &'static str, target: &str, shown: &str, offset: u32) -> Link {
    let url = Url::split(target);
    let domain = if url.is_ip { url.host.as_str() } else { host::registrable(&url.host) }.to_owned();
    let shown_host = shown_host(shown);
    let is_bare = kind == "text" && url.scheme.is_empty();
    Link {
        url: head(target).to_owned(),
        // Mail programs open what has no scheme with this one.
        scheme: if is_bare { "http".to_owned() } else { url.scheme },
        shown: shown.to_owned(),
        shown_domain: if host::ip(&shown_host).is_some() {
            shown_host.clone()
        } else {
            host::registrable(&shown_host).to_owned()
        },
        shown_host,
        is_ip: url.is_ip,
        has_user: url.has_user,
        is_punycode: host::is_punycode(&url.host),
        is_look_alike: host::is_look_alike(&url.host),
        is_shortener: known::is_shortener(&domain),
        domain,
        host: url.host,
        port: url.port,
        path: head(&url.path).to_owned(),
        query: head(&url.query).to_owned(),
        in_html: source.in_html,
        kind,
        item: source.number,
        path_of_item: Arc::clone(&source.item.path),
        offset,
        readings: Some(source.item.readings),
    }
}

fn head(text: &str) -> &str {
    text.get(..text.floor_char_boundary(KEEP_BYTES)).unwrap_or(text)
}

/// The host that a shown text names: that of the first web address in it, or the text as a whole where it is a host.
fn shown_host(shown: &str) -> String {
    if !shown.contains('.') {
        return String::new();
    }
    let mut named = String::new();
    text_links::find(shown, |_, address| {
        let url = Url::split(address);
        let is_web = url.scheme != "mailto" && !url.host.is_empty();
        if is_web {
            named = url.host;
        }
        !is_web
    });
    if !named.is_empty() {
        return named;
    }
    let bare = shown.trim_matches(|c: char| !c.is_alphanumeric());
    // Far longer than any host in any script.
    if bare.len() > host::HOST_BYTES * 4 || bare.contains(|c: char| c.is_whitespace() || c == '@') {
        return String::new();
    }
    let bare = host::normal(bare);
    let is_host = host::is_valid(&bare) && host::has_known_suffix(&bare) && !known::is_file_suffix(&bare);
    if is_host { bare.into_owned() } else { String::new() }
}

#[cfg(test)]
mod tests {
    use super::shown_host;

    #[test]
    fn the_host_that_a_text_names() {
        assert_eq!(shown_host("http://Www.Example.com/login"), "www.example.com");
        assert_eq!(shown_host("Log in at www.example.com/now!"), "www.example.com");
        assert_eq!(shown_host(" bank.example. "), "bank.example");
        assert_eq!(shown_host("«bücher.example»"), "xn--bcher-kva.example");
        assert_eq!(shown_host("https://203.0.113.7/"), "203.0.113.7");
    }

    #[test]
    fn texts_that_name_no_host() {
        for text in [
            "",
            "Click here",
            "info@bank.example",
            "report.zip",
            "README.md",
            "setup.sh",
            "Log in. Now",
            "version 2.0",
            "1.2.3.4",
            "a.nosuchtld",
            "mailto:a@bank.example",
        ] {
            assert_eq!(shown_host(text), "", "{text}");
        }
    }
}

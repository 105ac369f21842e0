//! The addresses that tags name. Takes tags with their attributes.

use super::super::tokens::Attribute;
use super::super::uri;
use super::{LONGEST_URI, Renderer};

impl Renderer {
    pub(super) fn push_uri(&mut self, tag: &'static str, uri: &str) {
        let uri = self.tidy_uri(uri);
        if uri.is_empty() {
            return;
        }
        let starts = |scheme: &&str| uri.get(..scheme.len()).is_some_and(|head| head.eq_ignore_ascii_case(scheme));
        let target = match ["data:", "mailto:", "file:", "cid:", "tel:"].iter().any(starts) {
            true => uri,
            false => uri::target(&self.base, &uri),
        };
        if !target.is_empty() {
            let types = &mut self.html.uris.entry(target).or_default().types;
            if let Err(at) = types.binary_search(&tag) {
                types.insert(at, tag);
            }
        }
    }

    pub(super) fn tidy_uri(&mut self, uri: &str) -> String {
        let uri = uri.trim_matches(|it: char| it.is_whitespace() || it == '\u{A0}');
        // No text has more characters than bytes.
        let longest = if uri.len() > LONGEST_URI { uri.char_indices().nth(LONGEST_URI) } else { None };
        match longest {
            Some((at, _)) => {
                self.html.uri_truncated = true;
                uri.get(..at).unwrap_or_default().to_owned()
            }
            None => uri.to_owned(),
        }
    }

    pub(super) fn addresses(&mut self, tag: &'static str, attributes: &[Attribute<'_>]) {
        let value = |name: &str| {
            // `<a foo/href=...>` is taken for what it means.
            let is_odd = |key: &str| {
                let mut slashes = memchr::memchr_iter(b'/', key.as_bytes());
                !key.starts_with('/') && slashes.any(|at| key.get(at + 1..).is_some_and(|rest| rest.starts_with(name)))
            };
            let odd = matches!(name, "href" | "src").then(|| attributes.iter().find(|(key, _)| is_odd(key)));
            let plain = attributes.iter().find(|(key, _)| key == name);
            odd.flatten().or(plain).map(|(_, value)| value.as_ref())
        };
        match tag {
            "body" | "table" | "tr" | "td" => value("background").into_iter().for_each(|uri| self.push_uri(tag, uri)),
            "a" | "area" | "link" => {
                if let Some(uri) = value("href") {
                    match uri.contains('\u{FEFF}') {
                        true => self.push_uri(tag, &uri.replace('\u{FEFF}', "")),
                        false => self.push_uri(tag, uri),
                    }
                }
                value("data-saferedirecturl").into_iter().for_each(|uri| self.push_uri(tag, uri));
            }
            "img" | "frame" | "iframe" | "embed" | "script" | "bgsound" => {
                value("src").into_iter().for_each(|uri| self.push_uri(tag, uri));
            }
            "form" => value("action").into_iter().for_each(|uri| self.push_uri(tag, uri)),
            "base" => {
                let Some(uri) = value("href").filter(|uri| !uri.is_empty()) else { return };
                let uri = self.tidy_uri(uri);
                self.push_uri(tag, &uri);
                let lower = uri.to_ascii_lowercase();
                if ["http:", "https:", "ftp:"].iter().any(|scheme| lower.starts_with(scheme)) {
                    self.base = uri::without_file(&uri);
                }
            }
            "meta" => {
                let refreshes = value("http-equiv").is_some_and(|it| it.to_ascii_lowercase().contains("refresh"));
                let Some(content) = value("content").filter(|_| refreshes) else { return };
                let lower = content.to_ascii_lowercase();
                let Some(at) = lower
                    .rfind("url")
                    .filter(|at| lower.get(at + 3..).is_some_and(|rest| rest.trim_start().starts_with('=')))
                else {
                    return;
                };
                let rest = content.get(at + 3..).unwrap_or_default().trim_start().strip_prefix('=').unwrap_or_default();
                self.push_uri(tag, rest.split(';').next().unwrap_or_default().trim());
            }
            _ => {}
        }
    }
}

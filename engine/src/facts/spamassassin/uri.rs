//! Addresses relative to a base (RFC 3986, section 5), as leniently as SpamAssassin reads them.

/// An address taken apart.
#[derive(Clone, Copy, Debug, Default)]
struct Parts<'u> {
    scheme: Option<&'u str>,
    authority: Option<&'u str>,
    path: &'u str,
    query: Option<&'u str>,
    fragment: Option<&'u str>,
}

fn split(uri: &str) -> Parts<'_> {
    let mut parts = Parts::default();
    let mut rest = uri;
    if let Some(at) = rest.find([':', '/', '?', '#'])
        && at > 0
        && rest.get(at..).is_some_and(|it| it.starts_with(':'))
    {
        parts.scheme = rest.get(..at);
        rest = rest.get(at + 1..).unwrap_or_default();
    }
    if let Some(behind) = rest.strip_prefix("//") {
        let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
        parts.authority = behind.get(..end);
        rest = behind.get(end..).unwrap_or_default();
    }
    if let Some((before, fragment)) = rest.split_once('#') {
        parts.fragment = Some(fragment);
        rest = before;
    }
    if let Some((before, query)) = rest.split_once('?') {
        parts.query = Some(query);
        rest = before;
    }
    parts.path = rest;
    parts
}

/// A path without `.` and `..`.
fn without_dots(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let owned;
    let mut rest = path;
    if let Some(behind) = rest.strip_prefix("../").or_else(|| rest.strip_prefix("./")) {
        owned = format!("/{behind}");
        rest = &owned;
    }
    while !rest.is_empty() {
        if let Some(behind) = rest.strip_prefix("/./") {
            rest = rest.get(rest.len() - behind.len() - 1..).unwrap_or_default();
        } else if rest == "/." {
            rest = "/";
        } else if rest == "/.." || rest.starts_with("/../") {
            let keep = out.rfind('/').unwrap_or(0);
            out.truncate(keep);
            rest = if rest == "/.." { "/" } else { rest.get(3..).unwrap_or_default() };
        } else {
            let start = usize::from(rest.starts_with('/'));
            let end = rest.get(start..).and_then(|it| it.find('/')).map_or(rest.len(), |at| start + at);
            out.push_str(rest.get(..end).unwrap_or_default());
            rest = rest.get(end..).unwrap_or_default();
        }
    }
    out
}

/// Where `uri` leads in a document at `base`, which may be empty.
pub(crate) fn target(base: &str, uri: &str) -> String {
    let (base, mut it) = (split(base), split(uri));
    if it.scheme.is_some() && it.scheme == base.scheme {
        it.scheme = None;
    }
    let (scheme, authority, path, query);
    if it.scheme.is_some() {
        (scheme, authority, path, query) = (it.scheme, it.authority, without_dots(it.path), it.query);
    } else if it.authority.is_some() {
        (scheme, authority, path, query) = (base.scheme, it.authority, without_dots(it.path), it.query);
    } else if it.path.is_empty() {
        (scheme, authority, path, query) = (base.scheme, base.authority, base.path.to_owned(), it.query.or(base.query));
    } else {
        let merged = if it.path.starts_with('/') {
            it.path.to_owned()
        } else if base.authority.is_some() && base.path.is_empty() {
            format!("/{}", it.path)
        } else {
            let folder = base.path.rfind('/').map_or("", |at| base.path.get(..=at).unwrap_or_default());
            format!("{folder}{}", it.path)
        };
        (scheme, authority, path, query) = (base.scheme, base.authority, without_dots(&merged), it.query);
    }
    let mut out = String::with_capacity(uri.len() + 8);
    match (scheme, authority) {
        (Some(scheme), _) => {
            out.push_str(scheme);
            out.push(':');
        }
        (None, Some(authority)) => {
            let lower = authority.to_ascii_lowercase();
            if numbered(&lower, "www") {
                out.push_str("http:");
            } else if numbered(&lower, "ftp") {
                out.push_str("ftp:");
            }
        }
        _ => {}
    }
    if let Some(authority) = authority {
        out.push_str("//");
        out.push_str(authority);
    }
    out.push_str(&path);
    for (sign, part) in [('?', query), ('#', it.fragment)] {
        if let Some(part) = part {
            out.push(sign);
            out.push_str(part);
        }
    }
    out
}

/// `www.`, `www2.`, ...
fn numbered(text: &str, word: &str) -> bool {
    text.strip_prefix(word).is_some_and(|rest| rest.trim_start_matches(|it: char| it.is_ascii_digit()).starts_with('.'))
}

/// A base address without the file at its end, with a slash there.
pub(super) fn without_file(uri: &str) -> String {
    let mut out = uri.to_owned();
    let host_at = uri.find(':').map_or(0, |at| {
        let slashes = uri.bytes().skip(at + 1).take_while(|byte| *byte == b'/').take(2).count();
        at + 1 + slashes
    });
    let path_at = uri.get(host_at..).and_then(|rest| rest.find('/')).map(|at| host_at + at);
    if let Some(path_at) = path_at {
        let file_at = uri.rfind('/').unwrap_or(path_at).max(path_at) + 1;
        let file = uri.get(file_at..).unwrap_or_default();
        if let Some((name, extension)) = file.split_once('.')
            && !name.is_empty()
            && (2..=4).contains(&extension.len())
            && !extension.contains('.')
        {
            out.truncate(file_at);
        }
    }
    if !out.ends_with('/') {
        out.push('/');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_resolved() {
        assert_eq!(target("", "http://a.example/b/../c?d#e"), "http://a.example/c?d#e");
        assert_eq!(target("", "www.a.example"), "www.a.example");
        assert_eq!(target("", "//www.a.example/x"), "http://www.a.example/x");
        assert_eq!(target("http://a.example/d/", "x"), "http://a.example/d/x");
        assert_eq!(target("http://a.example", "x"), "http://a.example/x");
        assert_eq!(target("http://a.example/d/e", "/x/./y/.."), "http://a.example/x/");
        assert_eq!(without_file("http://a.example/d/f.html"), "http://a.example/d/");
        assert_eq!(without_file("http://a.example"), "http://a.example/");
    }
}

//! Addresses in HTML: cleaned as browsers clean them, and resolved against `<base>`.

/// Longest address that is kept. Longer ones are cut: what they name stands at their front.
const ADDRESS_BYTES: usize = 8 << 10;

/// An address as a browser reads it: blanks around it, and tabs and line ends in it, do not count.
pub(super) fn clean(address: &str) -> String {
    let trimmed = address.trim_matches(|c: char| c <= ' ');
    let kept = trimmed.chars().filter(|c| !matches!(c, '\t' | '\n' | '\r'));
    let mut out = String::with_capacity(trimmed.len().min(ADDRESS_BYTES));
    for character in kept {
        if out.len() + character.len_utf8() > ADDRESS_BYTES {
            break;
        }
        out.push(character);
    }
    out
}

/// Whether it names a host to fetch from.
pub(super) fn is_remote(address: &str) -> bool {
    let scheme = scheme(address).unwrap_or_default();
    scheme.eq_ignore_ascii_case("http") || scheme.eq_ignore_ascii_case("https") || address.starts_with("//")
}

/// The address, resolved against the document's base where it is relative. Without a base a relative address stays.
pub(super) fn resolve(base: Option<&str>, address: String) -> String {
    let Some(base) = base.filter(|_| scheme(&address).is_none() && !address.starts_with('#')) else { return address };
    let Some((scheme, after)) = base.split_once("://") else { return address };
    if address.starts_with("//") {
        return format!("{scheme}:{address}");
    }
    let host_end = after.find(['/', '?', '#']).unwrap_or(after.len());
    let (host, rest) = after.split_at_checked(host_end).unwrap_or((after, ""));
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let folder = match (address.starts_with('/'), address.starts_with('?')) {
        (true, _) => "",
        (_, true) => path,
        _ => path.rsplit_once('/').map_or("", |(folder, _)| folder),
    };
    let slash = if address.starts_with('/') || address.starts_with('?') { "" } else { "/" };
    format!("{scheme}://{host}{folder}{slash}{address}")
}

/// What stands before the colon, where that is a scheme.
fn scheme(address: &str) -> Option<&str> {
    let (scheme, _) = address.split_once(':')?;
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    (scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(legal)).then_some(scheme)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn relative_addresses_are_resolved() {
        let base = Some("http://a.example/x/y.html?q#f");
        for (address, resolved) in [
            ("z.html", "http://a.example/x/z.html"),
            ("/z", "http://a.example/z"),
            ("//b.example/z", "http://b.example/z"),
            ("?q=2", "http://a.example/x/y.html?q=2"),
            ("https://c.example", "https://c.example"),
            ("mailto:a@b.example", "mailto:a@b.example"),
            ("#here", "#here"),
        ] {
            assert_eq!(resolve(base, address.into()), resolved);
        }
        assert_eq!(resolve(Some("http://a.example"), "z".into()), "http://a.example/z");
        assert_eq!(resolve(None, "z".into()), "z");
        assert_eq!(resolve(Some("nonsense"), "z".into()), "z");
    }

    #[test]
    fn cleaned_and_cut() {
        assert_eq!(clean(" \x01ht\ntp://a.\texample/ b "), "http://a.example/ b");
        assert_eq!(clean(&"é".repeat(10_000)).len(), ADDRESS_BYTES);
        assert!(is_remote("HTTP://a.example") && is_remote("//a.example"));
        assert!(!is_remote("cid:1") && !is_remote("data:image/png,x") && !is_remote("a.png"));
    }
}

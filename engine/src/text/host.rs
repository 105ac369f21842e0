//! Host names: their registrable domain, and whether one imitates another.

/// The registrable domain of a host name in lower case (`mail.example.co.uk` -> `example.co.uk`), by the public suffix
/// list; the host itself where it has none.
pub(crate) fn registrable(host: &str) -> &str {
    psl::domain_str(host).unwrap_or(host)
}

/// A host name in lower case and ASCII, internationalised labels in punycode, without the root's dot; `None` where it
/// is no host name.
pub(crate) fn ascii(host: &str) -> Option<String> {
    let host = host.strip_suffix('.').unwrap_or(host);
    let ascii = idna::domain_to_ascii_cow(host.as_bytes(), idna::AsciiDenyList::URL).ok()?;
    (!ascii.is_empty() && !ascii.split('.').any(str::is_empty)).then(|| ascii.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_become_lower_case_ascii() {
        assert_eq!(ascii("Mail.Example.COM.").as_deref(), Some("mail.example.com"));
        assert_eq!(ascii("bücher.example").as_deref(), Some("xn--bcher-kva.example"));
        assert_eq!(ascii("foo_bar.example").as_deref(), Some("foo_bar.example"));
        for wrong in ["", ".", "a..example", "two words.example", "a/b.example", "a@b.example"] {
            assert_eq!(ascii(wrong), None, "{wrong}");
        }
    }
}

//! Host names: their registrable domain, and whether one imitates another.

/// The registrable domain of a host name in lower case (`mail.example.co.uk` -> `example.co.uk`), by the public suffix
/// list; the host itself where it has none.
pub(crate) fn registrable(host: &str) -> &str {
    psl::domain_str(host).unwrap_or(host)
}

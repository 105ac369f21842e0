//! Addresses of From, To and the like (RFC 5322, section 3.4).

use mailparse::MailAddr;

use super::text;
use crate::mime::charset::to_utf8;
use crate::text::window::front;

/// Longest field that is taken apart, in bytes: room for hundreds of addresses.
const FIELD_BYTES: usize = 64 << 10;
/// Most addresses of one field.
const MOST: usize = 1_000;

/// An address as it stands in From, To and the like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Address {
    /// The display name, decoded; empty where there is none.
    pub(crate) name: String,
    /// `local@domain`, the domain in lower case and without quotes or comments; empty where it is not an address.
    pub(crate) address: String,
}

/// The addresses of a field, groups flattened, in order.
pub(crate) fn addresses(value: &[u8]) -> Vec<Address> {
    let head = front(value, FIELD_BYTES);
    let (text, _) = to_utf8(None, head);
    // One blank for a line end of either form, so that an address which was folded is the same with both.
    let flat = text.replace("\r\n", " ").replace(['\r', '\n'], " ");
    let mut found = Vec::new();
    match mailparse::addrparse(&flat) {
        Ok(list) => {
            for entry in list.iter() {
                match entry {
                    MailAddr::Single(it) => found.push(address(it.display_name.as_deref(), &it.addr)),
                    MailAddr::Group(group) => {
                        found.extend(group.addrs.iter().map(|it| address(it.display_name.as_deref(), &it.addr)));
                    }
                }
            }
        }
        Err(_) => lenient(&flat, &mut found),
    }
    found.truncate(MOST);
    found
}

fn address(name: Option<&str>, address: &str) -> Address {
    let name = name.map(|name| text(name.as_bytes())).unwrap_or_default();
    Address { name, address: normal(address) }
}

/// The address with its domain in lower case; empty where it has no `@`.
fn normal(address: &str) -> String {
    let address = address.trim().trim_matches(['<', '>', '"', '\'']);
    match address.rsplit_once('@') {
        Some((local, domain)) if !local.is_empty() && !domain.is_empty() => {
            format!("{local}@{}", domain.trim_end_matches('.').to_lowercase())
        }
        _ => String::new(),
    }
}

/// What a mail program makes of a field that breaks the grammar: what stands in angle brackets, else words with an `@`.
fn lenient(value: &str, found: &mut Vec<Address>) {
    let mut rest = value;
    while let Some((before, after)) = rest.split_once('<') {
        let Some((inside, tail)) = after.split_once('>') else { break };
        let name = before.trim_matches([' ', '\t', ',', ';', '"']);
        let address = normal(inside);
        if !address.is_empty() {
            found.push(Address { name: text(name.as_bytes()), address });
        }
        rest = tail;
        if found.len() >= MOST {
            return;
        }
    }
    if found.is_empty() {
        let words = value.split([' ', '\t', ',', ';', '<', '>', '"', '(', ')']);
        let addresses = words.filter(|word| word.contains('@')).map(normal).filter(|it| !it.is_empty());
        found.extend(addresses.take(MOST).map(|address| Address { name: String::new(), address }));
    }
    if found.is_empty() && !value.trim().is_empty() {
        found.push(Address { name: text(value.as_bytes()), address: String::new() });
    }
}

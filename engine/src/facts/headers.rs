//! The header fields of the message itself: decoded, and those that every message should have.

use std::sync::Arc;

use super::Header;
use crate::mime::{Field, fields};
use crate::text::fold;
use crate::unpack::Content;

/// The message's own header fields, where they stand.
pub(super) struct Fields<'s> {
    raw: &'s [u8],
    fields: &'s [Field],
}

impl<'s> Fields<'s> {
    pub(super) fn of(content: &'s Content<'_>) -> Fields<'s> {
        let tree = content.trees.first();
        let fields = tree.and_then(|tree| tree.parts.first().map(|root| tree.fields_of(root))).unwrap_or_default();
        Fields { raw: content.raw, fields }
    }

    /// The raw values of all fields of this name, in order.
    pub(super) fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'s [u8]> + 'n {
        self.fields.iter().filter(move |field| field.is(self.raw, name)).map(|field| field.value.of(self.raw))
    }

    /// The raw value of the first field of this name: what mail programs show, where there are several.
    pub(super) fn first(&self, name: &str) -> Option<&'s [u8]> {
        self.all(name).next()
    }
}

/// What the header says.
#[derive(Default)]
pub(super) struct HeaderFacts {
    pub(super) headers: Vec<Header>,
    pub(super) subject: String,
    pub(super) subject_folded: String,
    pub(super) date: Option<i64>,
    pub(super) date_zone: Option<i32>,
    pub(super) message_id: String,
}

pub(super) fn gather(from: &Fields<'_>) -> HeaderFacts {
    let headers = from.fields.iter().map(|field| header(from.raw, field)).collect::<Vec<_>>();
    let value = |name: &str| headers.iter().find(|header| &*header.name == name).map(|header| header.value.as_str());
    let subject = value("subject").unwrap_or_default().to_owned();
    let message_id = value("message-id").unwrap_or_default();
    let message_id = message_id.strip_prefix('<').unwrap_or(message_id);
    let message_id = message_id.strip_suffix('>').unwrap_or(message_id).to_owned();
    let date = from.first("date").and_then(fields::date);
    HeaderFacts {
        subject_folded: fold::fold(&subject),
        subject,
        date: date.map(|(seconds, _)| seconds),
        date_zone: date.map(|(_, zone)| zone),
        message_id,
        headers,
    }
}

fn header(raw: &[u8], field: &Field) -> Header {
    let written = String::from_utf8_lossy(field.name.of(raw));
    let value = field.value.of(raw);
    Header {
        name: Arc::from(written.to_ascii_lowercase()),
        value: fields::text(value),
        raw: String::from_utf8_lossy(value).into_owned(),
        written_name: written.into_owned(),
    }
}

//! Selectors that are no field: all header fields or a stretch of them, relays, several fields as one.

use super::Context;
use crate::facts::spamassassin::message::HeaderField;

impl Context<'_> {
    pub(super) fn special(&self, name: &str, raw: bool) -> Special {
        let lower = name.to_ascii_lowercase();
        match (name, lower.as_str()) {
            ("ALL", _) => Special::All(self.all(raw)),
            ("ALL-TRUSTED", _) => Special::All(self.all_between(None, Some(self.relays().trusted_fields), raw)),
            ("ALL-INTERNAL", _) => Special::All(self.all_between(None, Some(self.relays().internal_fields), raw)),
            ("ALL-UNTRUSTED", _) => Special::All(self.all_between(Some(self.relays().trusted_fields), None, raw)),
            ("ALL-EXTERNAL", _) => Special::All(self.all_between(Some(self.relays().internal_fields), None, raw)),
            (_, "envelopefrom") => {
                Special::Values(self.envelope_from().map(|from| from.as_bytes().to_vec()).into_iter().collect())
            }
            (_, "x-spam-relays-untrusted") => Special::Values(vec![self.relays().untrusted_text.clone().into_bytes()]),
            (_, "x-spam-relays-trusted") => Special::Values(vec![self.relays().trusted_text.clone().into_bytes()]),
            (_, "x-spam-relays-external") => Special::Values(vec![self.relays().external_text.clone().into_bytes()]),
            (_, "x-spam-relays-internal") => Special::Values(vec![self.relays().internal_text.clone().into_bytes()]),
            (_, "tocc") => Special::Values(self.several(&["to", "cc"], raw)),
            ("MESSAGEID", _) => Special::Values(
                self.several(&["x-message-id", "resent-message-id", "x-original-message-id", "message-id"], raw),
            ),
            _ => Special::Field,
        }
    }

    pub(super) fn several(&self, names: &[&str], raw: bool) -> Vec<Vec<u8>> {
        let value = |field: &HeaderField| if raw { unfolded(&field.raw) } else { with_end(&field.value) };
        names.iter().flat_map(|name| self.fields(name).map(value)).collect()
    }

    /// All header fields that the message is told to have: decoded, they end where they would be too long.
    pub(in super::super) fn all_fields(&self, raw: bool) -> impl Iterator<Item = &HeaderField> {
        let mut size = 0usize;
        self.root().into_iter().flat_map(|root| &root.fields).take_while(move |field| {
            size = size.saturating_add(field.name.len() + field.value.len() + 3);
            raw || size <= 65_536
        })
    }

    /// All header fields, one a line.
    pub(super) fn all(&self, raw: bool) -> Vec<Vec<u8>> {
        self.all_fields(raw).map(|field| line(field, raw)).collect()
    }

    /// The same as one text.
    pub(super) fn all_joined(&self, raw: bool) -> Option<Vec<u8>> {
        let first = self.all_fields(raw).next()?;
        let needs_end = raw && !first.raw.ends_with(b"\n");
        let mut text = Vec::with_capacity(self.all_fields(raw).map(|it| it.name.len() + it.raw.len() + 4).sum());
        for (number, field) in self.all_fields(raw).enumerate() {
            if needs_end && number > 0 {
                text.push(b'\n');
            }
            push_line(field, raw, &mut text);
        }
        Some(text)
    }

    /// The header fields from one Received field to another.
    pub(super) fn all_between(&self, from: Option<usize>, to: Option<usize>, raw: bool) -> Vec<Vec<u8>> {
        let mut seen: Option<usize> = None;
        let mut found = Vec::new();
        for field in self.all_fields(raw) {
            if field.name.eq_ignore_ascii_case("received") {
                seen = Some(seen.map_or(0, |number| number + 1));
            }
            let at_least = from.is_none_or(|from| seen.is_some_and(|seen| from <= seen));
            let below = to.is_none_or(|to| seen.is_none_or(|seen| seen < to));
            if at_least && below {
                found.push(line(field, raw));
            } else if to.is_some() && seen == to {
                found.push(line(field, raw));
                break;
            }
        }
        found
    }
}

fn push_line(field: &HeaderField, raw: bool, text: &mut Vec<u8>) {
    text.extend_from_slice(field.name.as_bytes());
    if raw {
        text.push(b':');
        text.extend_from_slice(&field.raw);
    } else {
        text.extend_from_slice(b": ");
        text.extend_from_slice(&field.value);
        text.push(b'\n');
    }
}

fn line(field: &HeaderField, raw: bool) -> Vec<u8> {
    let mut line = Vec::with_capacity(field.name.len() + 3 + if raw { field.raw.len() } else { field.value.len() });
    push_line(field, raw, &mut line);
    line
}

pub(super) enum Special {
    /// Values to which no modifier applies.
    All(Vec<Vec<u8>>),
    Values(Vec<Vec<u8>>),
    Field,
}

pub(super) fn with_end(value: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(value.len() + 1);
    out.extend_from_slice(value);
    out.push(b'\n');
    out
}

/// A raw value with its folds as blanks.
pub(super) fn unfolded(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\n', rest) {
        let (before, behind) = rest.split_at(at);
        out.extend_from_slice(before);
        let blanks = behind.iter().skip(1).take_while(|byte| byte.is_ascii_whitespace()).count();
        out.push(if blanks > 0 { b' ' } else { b'\n' });
        rest = behind.get(1 + blanks..).unwrap_or_default();
    }
    out.extend_from_slice(rest);
    out
}

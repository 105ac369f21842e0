//! Selectors that are no field: all header fields or a stretch of them, relays, several fields as one.

use std::borrow::Cow;
use std::ops::Range;

use super::Context;
use crate::facts::spamassassin::message::HeaderField;

/// Most bytes of all header fields that a message is told to have, where they are decoded.
const MOST_BYTES: usize = 65_536;

impl<'m> Context<'m> {
    pub(super) fn special(&self, name: &str, raw: bool) -> Special<'m> {
        if let Some(range) = self.stretch(name, raw) {
            return Special::All(self.lines_of(range, raw));
        }
        let relays = |text: fn(&super::Relays) -> &str| vec![Cow::Owned(text(self.relays()).as_bytes().to_vec())];
        let is = |other: &str| name.eq_ignore_ascii_case(other);
        if is("EnvelopeFrom") {
            Special::Values(self.envelope_from().map(|from| Cow::Owned(from.as_bytes().to_vec())).into_iter().collect())
        } else if is("X-Spam-Relays-Untrusted") {
            Special::Values(relays(|it| &it.untrusted_text))
        } else if is("X-Spam-Relays-Trusted") {
            Special::Values(relays(|it| &it.trusted_text))
        } else if is("X-Spam-Relays-External") {
            Special::Values(relays(|it| &it.external_text))
        } else if is("X-Spam-Relays-Internal") {
            Special::Values(relays(|it| &it.internal_text))
        } else if is("ToCc") {
            Special::Values(self.several(&["To", "Cc"], raw))
        } else if name == "MESSAGEID" {
            let names = ["X-Message-Id", "Resent-Message-Id", "X-Original-Message-Id", "Message-Id"];
            Special::Values(self.several(&names, raw))
        } else {
            Special::Field
        }
    }

    pub(super) fn several(&self, names: &[&str], raw: bool) -> Vec<Cow<'m, [u8]>> {
        let value = |field: HeaderField<'m>| match raw {
            true => Cow::Owned(unfolded(field.raw)),
            false => Cow::Borrowed(field.ended),
        };
        names.iter().flat_map(|name| self.fields(name).map(value)).collect()
    }

    /// How many header fields the message is told to have: decoded, they end where they would be too long.
    fn told(&self, raw: bool) -> usize {
        self.root().map_or(0, |root| if raw { root.fields.len() } else { root.fields.within(MOST_BYTES) })
    }

    /// All header fields that the message is told to have.
    pub(in super::super) fn all_fields(&self, raw: bool) -> impl Iterator<Item = HeaderField<'m>> {
        let most = self.told(raw);
        self.root().into_iter().flat_map(|root| root.fields.iter()).take(most)
    }

    /// The header fields that a name of all of them, or of a stretch of them, stands for.
    fn stretch(&self, name: &str, raw: bool) -> Option<Range<usize>> {
        match name {
            "ALL" => Some(0..self.told(raw)),
            "ALL-TRUSTED" => Some(self.up_to(self.relays().trusted_fields, raw)),
            "ALL-INTERNAL" => Some(self.up_to(self.relays().internal_fields, raw)),
            "ALL-UNTRUSTED" => Some(self.from(self.relays().trusted_fields, raw)),
            "ALL-EXTERNAL" => Some(self.from(self.relays().internal_fields, raw)),
            _ => None,
        }
    }

    /// The header fields as far as a Received field goes.
    fn up_to(&self, number: usize, raw: bool) -> Range<usize> {
        let told = self.told(raw);
        0..self.received_at(number).map_or(told, |at| told.min(at + 1))
    }

    /// The header fields from a Received field on.
    fn from(&self, number: usize, raw: bool) -> Range<usize> {
        let told = self.told(raw);
        self.received_at(number).map_or(told, |at| told.min(at))..told
    }

    /// Where a Received field is among the header fields.
    fn received_at(&self, number: usize) -> Option<usize> {
        self.numbers("Received").nth(number)
    }

    fn lines_of(&self, range: Range<usize>, raw: bool) -> Vec<Cow<'m, [u8]>> {
        let Some(root) = self.root() else { return Vec::new() };
        let line = |at: usize| if raw { root.fields.raws(at..at + 1) } else { root.fields.lines(at..at + 1) };
        range.map(|at| Cow::Borrowed(line(at))).collect()
    }

    /// All header fields or a stretch of them as one text, which is there already, where a selector is for that; `None` within where
    /// there are none.
    pub(super) fn stretch_joined(&self, selector: &str) -> Option<Option<&'m [u8]>> {
        let (name, raw) = selector.strip_suffix(":raw").map_or((selector, false), |name| (name, true));
        let range = self.stretch(name, raw)?;
        let fields = &self.root()?.fields;
        // A raw field may have been cut before its line end: then there is one more between any two.
        if raw && fields.get(range.start).is_some_and(|first| !first.raw.ends_with(b"\n")) {
            return None;
        }
        Some((!range.is_empty()).then(|| if raw { fields.raws(range) } else { fields.lines(range) }))
    }
}

pub(super) enum Special<'m> {
    /// Values to which no modifier applies.
    All(Vec<Cow<'m, [u8]>>),
    Values(Vec<Cow<'m, [u8]>>),
    Field,
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

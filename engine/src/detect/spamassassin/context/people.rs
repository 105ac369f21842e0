//! Whom a message is from and to, by its envelope and its header fields.

use std::borrow::Cow;
use std::collections::BTreeSet;

use super::Context;
use crate::detect::spamassassin::domains;
use crate::input::Envelope;

impl Context<'_> {
    /// The sender of the envelope: as the session gave it, else as header fields tell it.
    pub(in super::super) fn envelope_from(&self) -> Option<&str> {
        self.envelope.get_or_init(|| self.find_envelope_from()).as_deref()
    }

    pub(super) fn find_envelope_from(&self) -> Option<String> {
        let first = |name: &str| {
            let field = self.fields(name).next()?;
            self.addresses(Cow::Borrowed(field.raw)).iter().find_map(|it| it.address.clone())
        };
        if let Some(header) = &self.settings.envelope_header {
            return first(header).filter(|from| from.contains('@') || from.is_empty());
        }
        if let Some(given) = self.facts.session.and_then(|session| session.mail_from.clone()) {
            return Some(given);
        }
        let relays = self.relays();
        if let Some(hop) = relays.untrusted.first().or(relays.trusted.last())
            && let Some(from) = &hop.envelope_from
            && (from.is_empty() || from.find('@').is_some_and(|at| at > 0))
        {
            return Some(from.clone());
        }
        if first("x-sender").is_some_and(|it| it.contains('@'))
            && self.fields("Received").any(|field| memchr::memmem::find(field.value, b"(fetchmail").is_some())
        {
            return None;
        }
        // Below a Received field such a field is of an earlier journey.
        let below = |name: &str| {
            let (received, last) = (self.numbers("Received").next(), self.numbers(name).next_back());
            received.zip(last).is_some_and(|(received, last)| received < last)
        };
        if let Some(from) = first("x-envelope-from") {
            return (!below("x-envelope-from")).then_some(from);
        }
        for name in ["envelope-sender", "return-path"] {
            if let Some(from) = first(name)
                && !below(name)
            {
                return Some(from);
            }
        }
        None
    }

    /// All addresses that the message says it is from.
    pub(in super::super) fn senders(&self) -> &BTreeSet<String> {
        self.senders.get_or_init(|| self.find_senders())
    }

    fn find_senders(&self) -> BTreeSet<String> {
        let resent = self.texts("Resent-From:first:addr");
        if !resent.is_empty() {
            return resent.into_iter().collect();
        }
        let selectors =
            ["From:addr", "Envelope-Sender:addr", "Resent-Sender:addr", "X-Envelope-From:addr", "EnvelopeFrom:addr"];
        let all = selectors.iter().flat_map(|selector| self.texts(selector));
        all.filter(|it| !it.is_empty()).map(|it| squeezed(&it)).collect()
    }

    /// All addresses that the message is to.
    pub(in super::super) fn recipients(&self) -> &BTreeSet<String> {
        self.recipients.get_or_init(|| self.find_recipients())
    }

    fn find_recipients(&self) -> BTreeSet<String> {
        let mut resent = self.texts("Resent-To:first:addr");
        resent.extend(self.texts("Resent-Cc:first:addr"));
        if !resent.is_empty() {
            return resent.into_iter().collect();
        }
        let selectors = [
            "To:addr",
            "Apparently-To:addr",
            "Delivered-To:addr",
            "Envelope-Recipients:addr",
            "Apparently-Resent-To:addr",
            "X-Envelope-To:addr",
            "Envelope-To:addr",
            "X-Delivered-To:addr",
            "X-Original-To:addr",
            "X-Rcpt-To:addr",
            "X-Real-To:addr",
            "Cc:addr",
        ];
        let mut all: BTreeSet<String> = selectors.iter().flat_map(|it| self.texts(it)).collect();
        for field in self.fields("Received").take(3) {
            let text = String::from_utf8_lossy(field.value);
            if let Some((_, rest)) = text.split_once(" for ")
                && let Some((address, _)) = rest.split_once(';')
            {
                let address = address.trim_start_matches('<').trim_end_matches('>');
                if address.split_once('@').is_some_and(|(_, host)| domains::is_fqdn(host)) {
                    all.insert(address.to_owned());
                }
            }
        }
        all
    }
}

/// The Received field of a session, as Postfix writes it; `None` where the client is not known.
pub(super) fn received_of(session: &Envelope) -> Option<String> {
    let ip = session.client_ip?;
    let word = |text: &Option<String>, without: &str| {
        let text: String = text.as_deref().unwrap_or_default().chars().filter(|it| it.is_ascii_graphic()).collect();
        if text.is_empty() { without.to_owned() } else { text }
    };
    let (helo, name) = (word(&session.helo, "unknown"), word(&session.client_name, "unknown"));
    let protocol = if session.auth_user.is_some() { "ESMTPSA" } else { "ESMTP" };
    Some(format!("from {helo} ({name} [{ip}]) by localhost (Postfix) with {protocol} id 0"))
}

/// Dots in a row as one.
pub(super) fn squeezed(text: &str) -> String {
    let mut before = ' ';
    let mut out = text.to_owned();
    out.retain(|it| {
        let keep = it != '.' || before != '.';
        before = it;
        keep
    });
    out
}

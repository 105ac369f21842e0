//! `[[recipients]]`: recipients that are judged otherwise.

use tamis_engine::{Profile, nearest};
use toml::Spanned;
use toml::de::DeValue;

use super::read::{Reader, entries};
use super::value::{self, Given, Read, wrong};

const KEYS: &[&str] = &["name", "for", "tag", "quarantine", "reject", "monitor_only", "lists"];

pub(super) fn read(reader: &mut Reader<'_>, given: &[Spanned<DeValue<'_>>]) {
    for (number, entry) in given.iter().enumerate() {
        let DeValue::Table(table) = entry.get_ref() else {
            reader.wrong(entry.span(), "an entry of recipients is no table", "write [[recipients]] and its keys below");
            continue;
        };
        let mut profile = Profile { name: format!("number {}", number + 1), ..Profile::default() };
        // The name first: lines of the other keys are kept under it.
        if let Some((_, _, given)) = entries(table).find(|(key, ..)| *key == "name") {
            match value::text(given) {
                Ok(name) => profile.name = name.to_owned(),
                Err(wrong) => reader.refused("name", wrong),
            }
        }
        for (key, span, given) in entries(table) {
            let result = match key {
                "name" => Ok(()),
                "for" => addresses(given).map(|it| profile.recipients = it),
                "tag" => value::threshold(given).map(|it| profile.tag = Some(it)),
                "quarantine" => value::threshold(given).map(|it| profile.quarantine = Some(it)),
                "reject" => value::threshold(given).map(|it| profile.reject = Some(it)),
                "monitor_only" => value::boolean(given).map(|it| profile.monitor_only = Some(it)),
                "lists" => value::texts(given)
                    .map(|it| profile.lists = Some(it.into_iter().map(|(name, _)| name.to_owned()).collect())),
                _ => {
                    let remedy = match nearest(key, KEYS.iter().copied()) {
                        near if near.is_empty() => format!("known here: {}", KEYS.join(", ")),
                        near => near,
                    };
                    reader.wrong(span, format!("unknown key {key} in [[recipients]]"), remedy);
                    continue;
                }
            };
            match result {
                Ok(()) => reader.set(&format!("recipients.{}.{key}", profile.name), span),
                Err(wrong) => reader.refused(key, wrong),
            }
        }
        if !entries(table).any(|(key, ..)| key == "for") {
            let message = format!("recipients {} are for nobody", profile.name);
            reader.wrong(entry.span(), message, "add for = [\"name@example.com\", \"@example.org\"]");
        }
        reader.config.policy.profiles.push(profile);
    }
}

fn addresses(given: Given<'_, '_>) -> Read<Vec<String>> {
    let each = |(text, span): (&str, _)| match text.rsplit_once('@') {
        Some((_, domain)) if !domain.is_empty() => Ok(text.to_owned()),
        _ => Err(wrong(
            span,
            format!("{text:?}, which is no recipient"),
            "write @example.com for a domain, name@example.com for one address",
        )),
    };
    value::texts(given)?.into_iter().map(each).collect()
}

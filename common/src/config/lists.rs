//! `[lists.NAME]`: block and allow lists.

use tamis_engine::{ListEffect, ListKind, nearest};
use toml::de::{DeTable, DeValue};

use super::List;
use super::read::{Reader, entries};
use super::value;

const KEYS: &[&str] = &["kind", "effect", "path"];
/// The names of kinds, as files write them.
pub(super) const KINDS: &[(&str, ListKind)] = &[
    ("domains", ListKind::Domains),
    ("addresses", ListKind::Addresses),
    ("networks", ListKind::Networks),
    ("urls", ListKind::Urls),
    ("hashes", ListKind::Hashes),
];
/// The names of effects.
pub(super) const EFFECTS: &[(&str, ListEffect)] = &[("block", ListEffect::Block), ("allow", ListEffect::Allow)];

pub(super) fn read(reader: &mut Reader<'_>, table: &DeTable<'_>) {
    let mut found = Vec::new();
    for (name, span, given) in entries(table) {
        let DeValue::Table(list) = given.get_ref() else {
            reader.wrong(span, format!("the list {name} is no section"), format!("write [lists.{name}]"));
            continue;
        };
        let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if name.is_empty() || !name.bytes().all(fits) {
            reader.wrong(span.clone(), format!("{name:?} is no name for a list"), "lower-case words joined by -");
        }
        let (mut kind, mut effect, mut paths) = (None, None, None);
        for (key, span, given) in entries(list) {
            let base = reader.config.base.clone();
            let result = match key {
                "kind" => value::one_of(given, KINDS).map(|it| kind = Some(it)),
                "effect" => value::one_of(given, EFFECTS).map(|it| effect = Some(it)),
                "path" => value::paths(given, &base).map(|it| paths = Some(it)),
                _ => {
                    let remedy = match nearest(key, KEYS.iter().copied()) {
                        near if near.is_empty() => format!("known here: {}", KEYS.join(", ")),
                        near => near,
                    };
                    reader.wrong(span, format!("unknown key {key} in [lists.{name}]"), remedy);
                    continue;
                }
            };
            match result {
                Ok(()) => reader.set(&format!("lists.{name}.{key}"), span),
                Err(wrong) => reader.refused(key, wrong),
            }
        }
        for key in KEYS.iter().filter(|key| !entries(list).any(|(it, ..)| it == **key)) {
            let remedy = match *key {
                "kind" => "kind = \"domains\", \"addresses\", \"networks\", \"urls\" or \"hashes\"",
                "effect" => "effect = \"block\" or \"allow\"",
                _ => "path = \"FILE\"",
            };
            reader.wrong(span.clone(), format!("the list {name} has no {key}"), format!("add {remedy}"));
        }
        if let (Some(kind), Some(effect), Some(paths)) = (kind, effect, paths) {
            found.push((span.start, List { name: name.to_owned(), kind, effect, paths }));
        }
    }
    found.sort_by_key(|(start, _)| *start);
    reader.config.lists.extend(found.into_iter().map(|(_, list)| list));
}

//! A value in the file -> what a key takes. Each reader gives the value, or what is wrong and where.

use std::ops::Range;
use std::path::{Path, PathBuf};

use tamis_engine::{Action, Network, nearest};
use toml::Spanned;
use toml::de::DeValue;

/// A value with its place.
pub(super) type Given<'v, 't> = &'v Spanned<DeValue<'t>>;
/// What is wrong, what to do about it, and where.
pub(super) struct Wrong {
    pub(super) span: Range<usize>,
    pub(super) message: String,
    pub(super) remedy: String,
}
pub(super) type Read<T> = Result<T, Wrong>;

pub(super) fn wrong(span: Range<usize>, message: impl Into<String>, remedy: impl Into<String>) -> Wrong {
    Wrong { span, message: message.into(), remedy: remedy.into() }
}

/// The wrong type.
fn type_of(given: Given<'_, '_>, wanted: &str) -> Wrong {
    wrong(given.span(), format!("of type {}", given.get_ref().type_str()), format!("write {wanted}"))
}

/// A whole number between two bounds.
pub(super) fn whole(given: Given<'_, '_>, least: u64, most: u64) -> Read<u64> {
    let range = format!("a whole number from {least} to {most}");
    let DeValue::Integer(number) = given.get_ref() else { return Err(type_of(given, &range)) };
    u64::from_str_radix(number.as_str(), number.radix())
        .ok()
        .filter(|number| (least..=most).contains(number))
        .ok_or_else(|| wrong(given.span(), number.as_str(), format!("write {range}")))
}

/// A finite number.
pub(super) fn number(given: Given<'_, '_>) -> Read<f64> {
    let found = match given.get_ref() {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok().map(|it| it as f64),
        DeValue::Float(number) => number.as_str().parse::<f64>().ok(),
        _ => return Err(type_of(given, "a number")),
    };
    found
        .filter(|number| number.is_finite())
        .ok_or_else(|| wrong(given.span(), "not a finite number", "write a number such as 5.0"))
}

/// A threshold: a number, or `false` for never.
pub(super) fn threshold(given: Given<'_, '_>) -> Read<Option<f64>> {
    match given.get_ref() {
        DeValue::Boolean(false) => Ok(None),
        DeValue::Integer(_) | DeValue::Float(_) => number(given).map(Some),
        _ => Err(type_of(given, "a number, or false for never")),
    }
}

pub(super) fn boolean(given: Given<'_, '_>) -> Read<bool> {
    match given.get_ref() {
        DeValue::Boolean(it) => Ok(*it),
        _ => Err(type_of(given, "true or false")),
    }
}

pub(super) fn text<'v>(given: Given<'v, '_>) -> Read<&'v str> {
    match given.get_ref() {
        DeValue::String(it) => Ok(it),
        _ => Err(type_of(given, "a text in quotes")),
    }
}

/// A list of texts, each with its place; a single text counts as a list of one.
pub(super) fn texts<'v>(given: Given<'v, '_>) -> Read<Vec<(&'v str, Range<usize>)>> {
    match given.get_ref() {
        DeValue::String(it) => Ok(vec![(it, given.span())]),
        DeValue::Array(entries) => entries.iter().map(|entry| Ok((text(entry)?, entry.span()))).collect(),
        _ => Err(type_of(given, "a list of texts: [\"...\", \"...\"]")),
    }
}

/// One of some names.
pub(super) fn one_of<T: Copy>(given: Given<'_, '_>, known: &[(&'static str, T)]) -> Read<T> {
    let found = text(given)?;
    known.iter().find(|(name, _)| *name == found).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        let near = nearest(found, names.iter().copied());
        let all = format!("one of {}", names.join(", "));
        wrong(given.span(), format!("{found:?}"), if near.is_empty() { all } else { format!("{near} It is {all}") })
    })
}

pub(super) fn action(given: Given<'_, '_>) -> Read<Action> {
    let known: Vec<(&'static str, Action)> = Action::ALL.iter().map(|it| (it.name(), *it)).collect();
    one_of(given, &known)
}

pub(super) fn networks(given: Given<'_, '_>) -> Read<Vec<Network>> {
    let parse = |(text, span): (&str, Range<usize>)| {
        Network::parse(text).ok_or_else(|| {
            wrong(
                span,
                format!("{text:?} is no network"),
                "write 192.0.2.0/24, 2001:db8::/32 or a single address, without bits beyond the prefix",
            )
        })
    };
    texts(given)?.into_iter().map(parse).collect()
}

/// Paths, relative to `base`.
pub(super) fn paths(given: Given<'_, '_>, base: &Path) -> Read<Vec<PathBuf>> {
    texts(given)?.into_iter().map(|(text, span)| path(text, span, base)).collect()
}

pub(super) fn path(text: &str, span: Range<usize>, base: &Path) -> Read<PathBuf> {
    if text.is_empty() {
        return Err(wrong(span, "an empty path", "name a file or a folder"));
    }
    Ok(base.join(text))
}

//! Parameters as programs find them that look for the name alone, or give up where the grammar is broken.

use super::forms::{decoded, percent};

/// How many times a name is looked for in a field.
const MOST: usize = 8;

/// Whether a field has a file name that programs may take apart differently: comments, escapes, quotes that do not match,
/// blanks without quotes, a NUL.
pub(in crate::mime) fn is_odd(field: &[u8]) -> bool {
    let Some(at) = field.windows(4).position(|it| it.eq_ignore_ascii_case(b"name")) else { return false };
    let field = field.get(at..).unwrap_or_default();
    // In quotes there is one way to read it, and of a plain word too.
    let is_plain = |at: usize| {
        let value = field.get(at + 5..).unwrap_or_default();
        let word = value.iter().take_while(|byte| byte.is_ascii_graphic() && **byte != b';').count();
        value.starts_with(b"\"") || matches!(value.get(word), None | Some(b';' | b'\r' | b'\n'))
    };
    let named = memchr::memmem::find_iter(field, b"name=").any(|at| !is_plain(at));
    let quotes = memchr::memchr_iter(b'"', field).count();
    named || field.iter().any(|byte| matches!(byte, b'(' | b'\\' | 0)) || quotes % 2 == 1
}

/// What stands behind every `NAME=` in a field: up to the closing quote, to the semicolon, to the blank, and with or without
/// quotes; and its pieces (RFC 2231), each alone and joined as they come.
pub(in crate::mime) fn loose(text: &str, name: &str) -> Vec<String> {
    let lower = text.to_ascii_lowercase();
    let mut found = Vec::new();
    let mut pieces: Vec<(&str, &str)> = Vec::new();
    let mut whole_pieces: Vec<(&str, &str)> = Vec::new();
    for (at, _) in lower.match_indices(name).take(MOST) {
        let rest = text.get(at + name.len()..).unwrap_or_default();
        let number = rest.get(..rest.find(|it: char| !(it == '*' || it.is_ascii_digit())).unwrap_or(rest.len()));
        let number = number.unwrap_or_default();
        let rest = rest.get(number.len()..).unwrap_or_default().trim_start();
        let Some(value) = rest.strip_prefix('=').map(str::trim_start) else { continue };
        let quoted = value.strip_prefix(['"', '\'']);
        let quote = value.chars().next().filter(|_| quoted.is_some()).unwrap_or('"');
        let inner = quoted.unwrap_or(value);
        let to_quote = if quoted.is_some() { inner.split(quote).next().unwrap_or_default() } else { "" };
        let to_semicolon = inner.split(';').next().unwrap_or_default();
        let word = inner.split([';', ' ', '\t', ',', '"', '\'', '\0', '(']).next().unwrap_or_default();
        let unquoted: String = to_semicolon.chars().filter(|it| !matches!(it, '"' | '\'' | '\\')).collect();
        // With what stands behind its closing quote.
        let closing = quoted.and_then(|inner| inner.find(quote)).map_or(0, |end| end + 1);
        let behind = value.get(closing..).unwrap_or_default();
        let whole = value.get(..closing + behind.find(';').unwrap_or(behind.len())).unwrap_or_default().trim();
        if !number.is_empty() {
            pieces.push((number, if quoted.is_some() { to_quote } else { word }));
            let is_clean = quoted.is_some_and(|inner| inner.find(quote).is_some_and(|end| end + 2 == whole.len()));
            whole_pieces.push((number, if is_clean { to_quote } else { whole }));
        }
        let to_nul = value.split('\0').next().unwrap_or_default();
        // Quotes that are closed right before the semicolon are no part of the name for anybody.
        let clean = quoted.is_some_and(|inner| inner.find(quote).is_some_and(|end| end + 2 == whole.len()));
        let (with_quotes, inner_all) = if clean { ("", "") } else { (whole, to_semicolon.trim()) };
        let to_nul = if to_nul.len() < value.len() { to_nul } else { "" };
        for form in [to_quote, word, unquoted.trim(), inner_all, with_quotes, to_nul] {
            if !form.is_empty() {
                found.push(form.to_owned());
            }
        }
    }
    if pieces.len() > 1 {
        let all: String = pieces.iter().map(|(_, text)| *text).collect();
        let is_last = |at: usize, number: &str| !pieces.iter().skip(at + 1).any(|(other, _)| *other == number);
        let last =
            pieces.iter().enumerate().filter(|(at, (number, _))| is_last(*at, number)).map(|(_, (_, text))| *text);
        let last: String = last.collect();
        let charset = all.splitn(3, '\'').nth(2).unwrap_or(&all).to_owned();
        found.extend([decoded("", &percent(&charset)), all, last]);
        // What stands behind a closing quote is part of a piece for some, who put them in the order of their numbers.
        if whole_pieces != pieces {
            let value = |(number, text): &(&str, &str)| match number.ends_with('*') {
                true => decoded("", &percent(text.splitn(3, '\'').nth(2).unwrap_or(text))),
                false => (*text).to_owned(),
            };
            let in_turn: String = whole_pieces.iter().map(value).collect();
            whole_pieces.sort_by_key(|(number, _)| number.trim_matches('*').parse::<u32>().unwrap_or(u32::MAX));
            let in_order: String = whole_pieces.iter().map(value).collect();
            let last: String = whole_pieces
                .chunk_by(|(one, _), (other, _)| one == other)
                .filter_map(|same| same.last().map(value))
                .collect();
            found.extend([in_turn, in_order, last]);
        }
    }
    found
}

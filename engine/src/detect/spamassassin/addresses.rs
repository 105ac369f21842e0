//! Addresses in header fields, as SpamAssassin finds them. Takes the raw value of a field, gives names and addresses. The grammar is
//! that of Mail::SpamAssassin::Util 4.0.1 (Apache-2.0): it decides what `From:addr` and `From:name` are.

use std::borrow::Cow;

use super::pattern::Pattern;

/// Longest field that is taken apart.
const LONGEST: usize = 8_192;
/// Most addresses of one field.
const MOST: usize = 1_000;

/// One address with its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) address: Option<String>,
    pub(super) phrase: Option<String>,
}

const MAIL: &str = r#"(?:"(?:|(?:[^"\\]++|\\.)*+)"|[^\@\s<>()\[\],:;]+)\@(?:[^"\s<>()\[\],:;]+|\[[\d:.]+\])"#;
const PHRASE: &str = r#"(?:"(?:|(?:[^"\\]++|\\.)*+)"|[^",;<]++)+"#;

/// The patterns, compiled at first use.
#[derive(Debug)]
pub(super) struct Grammar {
    entry: Pattern,
    whole: Pattern,
    within: Pattern,
}

impl Grammar {
    pub(super) fn new() -> Result<Grammar, String> {
        let entry = format!(
            r#"^\s*(?:(?:({PHRASE})\s*)?<\s*([^>\@]*\S+|\s*)\s*>(?:\s*<\s*(?:(?:"(?:|(?:[^"\\]++|\\.)*+)")?\S+|\s*)\s*>)*|(?:({MAIL})|({PHRASE})))(?:\s*\(((?:|(?:[^()\\]++|\\.)*+))\))?\s*(?:[,;]|\z)"#
        );
        Ok(Grammar {
            entry: Pattern::capturing(entry.as_bytes(), "is")?,
            whole: Pattern::new(format!("^{MAIL}$").as_bytes(), "i")?,
            within: Pattern::capturing(format!("<({MAIL})>").as_bytes(), "i")?,
        })
    }

    /// The addresses of a field.
    pub(super) fn parse(&self, field: &str) -> Vec<Address> {
        let text = field.get(..field.floor_char_boundary(LONGEST)).unwrap_or_default().trim_end();
        let unescaped = if text.contains('\\') { Cow::Owned(text.replace("\\\\", "")) } else { Cow::Borrowed(text) };
        let mut text = unescaped.as_ref();
        // `display: a@b, c@d;` is a group.
        if let Some((name, rest)) = text.split_once(':')
            && !name.is_empty()
            && !name.contains(['"', '(', ')', '<', '>'])
        {
            text = rest.trim_start();
        }
        let mut found = Vec::new();
        if text.trim().is_empty() {
            return found;
        }
        if let Some(simple) = simple(text) {
            return vec![simple];
        }
        let mut at = 0;
        while found.len() < MOST
            && let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty())
        {
            if let Some((simple, length)) = simple_entry(rest) {
                found.push(simple);
                at += length;
                continue;
            }
            let Some(groups) = self.entry.groups(rest.as_bytes()) else { break };
            let group = |number: usize| {
                let (start, end) = groups.get(number).copied().flatten()?;
                rest.get(start..end).map(str::to_owned)
            };
            let end = groups.first().copied().flatten().map_or(0, |(_, end)| end);
            if end == 0 {
                break;
            }
            found.push(self.entry_of(group(1).or_else(|| group(4)), group(2), group(3), group(5)));
            at += end;
        }
        let rest = text.get(at..).unwrap_or_default();
        if rest.contains('@') {
            let mut from = 0;
            while found.len() < MOST
                && let Some(piece) = rest.get(from..)
                && let Some(groups) = self.within.groups(piece.as_bytes())
            {
                if let Some((start, end)) = groups.get(1).copied().flatten()
                    && let Some(address) = piece.get(start..end)
                    && is_valid(address)
                {
                    found.push(Address { address: Some(shortened(address)), phrase: None });
                }
                from += groups.first().copied().flatten().map_or(piece.len(), |(_, end)| end.max(1));
            }
        }
        found
    }

    fn entry_of(
        &self,
        phrase: Option<String>,
        enclosed: Option<String>,
        bare: Option<String>,
        comment: Option<String>,
    ) -> Address {
        let mut address = match enclosed {
            Some(text) => {
                let text = without_comments(&text);
                self.whole.is_match(text.as_bytes()).then_some(text)
            }
            None => bare,
        };
        address = address.filter(|it| is_valid(it));
        let mut phrase = phrase.map(|it| unquoted(&it));
        if let Some(text) = phrase.clone() {
            let host_is_valid = || text.split_once('@').is_some_and(|(_, host)| super::domains::is_fqdn(host));
            if address.is_none() && self.whole.is_match(text.as_bytes()) && is_valid(&text) && host_is_valid() {
                address = phrase.take();
            } else if text.is_empty() || address.as_deref() == Some(text.as_str()) {
                phrase = None;
            }
        }
        Address { address: address.map(|it| shortened(&it)), phrase: phrase.or(comment) }
    }
}

/// A simple entry of a list, and how far it goes. Where no blank follows the comma the grammar may read on behind it.
fn simple_entry(rest: &str) -> Option<(Address, usize)> {
    let end = rest.find(',')?;
    if !matches!(rest.as_bytes().get(end + 1), None | Some(b' ' | b'\t' | b'\n')) {
        return None;
    }
    let entry = rest.get(..end)?.trim_end_matches([' ', '\t', '\n', '\r']);
    Some((simple(entry)?, end + 1))
}

/// `a@b.example`, `<a@b.example>`, `A Name <a@b.example>`, `"A Name" <a@b.example>` or `a@b.example (A Name)`, in plain letters: what
/// most fields are, and the grammar takes a hundred times as long for. `None` for anything else.
fn simple(text: &str) -> Option<Address> {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r']);
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'+' | b'-' | b'=');
    let is_phrase = |byte: u8| byte.is_ascii_alphanumeric() || b" ._+-='!?&/#*%|".contains(&byte);
    let (phrase, address) = match text.strip_suffix('>') {
        Some(rest) => rest.split_once('<')?,
        None => ("", text),
    };
    let is_address = |address: &str| {
        address.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && !host.is_empty() && local.bytes().all(is_plain) && host.bytes().all(is_plain)
        })
    };
    if let Some((bare, comment)) = address.split_once(" (").filter(|_| phrase.is_empty()) {
        let comment = comment.strip_suffix(')').filter(|it| it.bytes().all(is_phrase))?;
        let is_simple = address.len() == text.len() && is_address(bare);
        return is_simple.then(|| Address { address: Some(bare.to_owned()), phrase: Some(comment.to_owned()) });
    }
    if !is_address(address) {
        return None;
    }
    if let Some((inside, blanks)) = phrase.strip_prefix('"').and_then(|rest| rest.split_once('"')) {
        let is_quoted = |byte: u8| is_phrase(byte) || matches!(byte, b',' | b'(' | b')' | b'[' | b']');
        if inside.is_empty() || !inside.bytes().all(is_quoted) || !blanks.bytes().all(|byte| byte == b' ') {
            return None;
        }
        return Some(Address { address: Some(address.to_owned()), phrase: Some(format!("{inside}{blanks}")) });
    }
    if !phrase.bytes().all(is_phrase) {
        return None;
    }
    let phrase = Some(phrase.to_owned()).filter(|it| !it.is_empty() && it != address);
    Some(Address { address: Some(address.to_owned()), phrase })
}

fn is_valid(address: &str) -> bool {
    !address.starts_with("\"\"@") && address.matches('"').count() != 1
}

/// As far as a second `@`.
fn shortened(address: &str) -> String {
    match address.match_indices('@').nth(1) {
        Some((at, _)) => address.get(..at).unwrap_or_default().to_owned(),
        None => address.to_owned(),
    }
}

/// Text without what stands in parentheses.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find('(') {
        let behind = rest.get(open + 1..).unwrap_or_default();
        let close = behind.find(['(', ')']).filter(|at| behind.get(*at..).is_some_and(|it| it.starts_with(')')));
        match close {
            Some(close) => {
                out.push_str(rest.get(..open).unwrap_or_default());
                rest = behind.get(close + 1..).unwrap_or_default();
            }
            None => {
                out.push_str(rest.get(..=open).unwrap_or_default());
                rest = behind;
            }
        }
    }
    out.push_str(rest);
    out
}

/// A phrase without its quotes, and without comments outside of them.
fn unquoted(phrase: &str) -> String {
    let mut out = String::with_capacity(phrase.len());
    let mut rest = phrase;
    loop {
        let Some(open) = rest.find('"') else {
            out.push_str(&without_comments(rest));
            return out;
        };
        out.push_str(&without_comments(rest.get(..open).unwrap_or_default()));
        let mut inside = rest.get(open + 1..).unwrap_or_default().chars();
        loop {
            match inside.next() {
                Some('\\') => out.extend(inside.next()),
                Some('"') | None => break,
                Some(it) => out.push(it),
            }
        }
        rest = inside.as_str();
        if rest.is_empty() {
            return out;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first entry of a text as the grammar reads it, and how far it goes.
    fn entry(grammar: &Grammar, text: &str) -> (Address, Option<(usize, usize)>) {
        let groups = grammar.entry.groups(text.as_bytes()).unwrap();
        let group = |number: usize| {
            let (start, end) = groups.get(number).copied().flatten()?;
            text.get(start..end).map(str::to_owned)
        };
        (grammar.entry_of(group(1).or_else(|| group(4)), group(2), group(3), group(5)), groups[0])
    }

    #[test]
    fn simple_fields_are_read_as_the_grammar_reads_them() {
        let grammar = Grammar::new().unwrap();
        let mut seen = 0;
        for name in [
            "",
            "Foo ",
            "Foo Blah ",
            "  Foo",
            "F. O'O ",
            "a=b ",
            "Foo\n",
            "Foo - Bar / x ",
            "a@b.example ",
            " ",
            "\"Foo\" ",
            "\"Foo Bar\"",
            " \" Foo, Bar (x) [y] \"  ",
            "\"\" ",
            "\" \" ",
            "\"a.b\" c ",
            "\"a\\\"b\" ",
            "\"(\" ",
            "x \"Foo\" ",
            "\"a\"b\" ",
        ] {
            for address in [
                "a@b.example",
                "<a@b.example>",
                "<a.b+c@d>",
                "< a@b.example>",
                "<>",
                "a_b@c-d.example",
                "<a@b@c>",
                "a@b.example (Foo Bar)",
                "a@b.example ()",
                "a@b.example ( x) ",
                "a@b.example  (x)",
                "a@b.example (x) (y)",
                "<a@b.example> (x)",
                "<a@b.example (x)>",
                "a@b (x\\)",
                "a@b.example (a@b.example)",
            ] {
                let text = format!("{name}{address}");
                let Some(simple) = simple(&text) else { continue };
                seen += 1;
                assert_eq!((simple, Some((0, text.len()))), entry(&grammar, &text), "{text:?}");
            }
        }
        assert!(seen > 30, "{seen}");
    }

    #[test]
    fn simple_entries_are_read_as_the_grammar_reads_them() {
        let grammar = Grammar::new().unwrap();
        let entries =
            ["a@b.example", " <c@d.example>", "\n\tA B <e@f>", " \"A B\" <g@h> ", "x@y (z)", " <a@b", "", " \"a", "u"];
        let mut seen = 0;
        for one in entries {
            for (separator, other) in [", ", ",", " ,\n ", ";"].iter().flat_map(|it| entries.map(|other| (it, other))) {
                let text = format!("{one}{separator}{other}");
                let Some((simple, length)) = simple_entry(&text) else { continue };
                seen += 1;
                assert_eq!((simple, Some((0, length))), entry(&grammar, &text), "{text:?}");
            }
        }
        assert!(seen > 80, "{seen}");
    }

    #[test]
    fn addresses_and_names() {
        let grammar = Grammar::new().unwrap();
        let of = |text: &str| {
            let shown = |it: &Option<String>| it.clone().unwrap_or_else(|| "-".into());
            grammar
                .parse(text)
                .iter()
                .map(|it| format!("{}|{}", shown(&it.phrase), shown(&it.address)))
                .collect::<Vec<_>>()
        };
        assert_eq!(of("a@b.example"), ["-|a@b.example"]);
        assert_eq!(of(" Foo Blah <a@b.example>\n"), ["Foo Blah |a@b.example"]);
        assert_eq!(of("\"Blah, Foo\" <a@b.example>, c@d.example (Bar)"), ["Blah, Foo |a@b.example", "Bar|c@d.example"]);
        assert_eq!(of("display: a@b.example, c@d.example;"), ["-|a@b.example", "-|c@d.example"]);
        assert_eq!(of("Foo <>"), ["Foo |-"]);
        assert_eq!(of("a@b.example <a@b.example>"), ["a@b.example |a@b.example"]);
        assert_eq!(of("undisclosed-recipients:;"), Vec::<String>::new());
    }
}

//! One line of a `.cf` file: words, comments, and what a rule looks at.

use super::{Test, is_rule_name, shown};

/// The first word of a text, and the rest.
pub(in super::super) fn word(text: &str) -> Option<(&str, &str)> {
    let text = text.trim_start();
    if text.is_empty() {
        return None;
    }
    let (first, rest) = text.split_once(|it: char| it.is_ascii_whitespace()).unwrap_or((text, ""));
    Some((first, rest.trim_start()))
}

/// A line without its comment; `\#` is a number sign.
pub(super) fn without_comment(line: &str) -> String {
    if !line.contains('#') {
        return line.to_owned();
    }
    let mut out = String::with_capacity(line.len());
    let mut before = ' ';
    for it in line.chars() {
        if it == '#' {
            if before != '\\' {
                break;
            }
            out.pop();
        }
        out.push(it);
        before = it;
    }
    out
}

/// What stands behind the name of a rule.
pub(super) fn parse_test(key: &str, text: &str) -> Result<Test, String> {
    // Older files write rbleval.
    let eval = text.strip_prefix("rbl").unwrap_or(text).strip_prefix("eval:");
    if let Some(call) = eval.filter(|_| matches!(key, "header" | "body" | "rawbody" | "full")) {
        let (function, arguments) = parse_call(call)?;
        return Ok(Test::Eval { function, arguments });
    }
    match key {
        "meta" => Ok(Test::Meta(text.to_owned())),
        "body" => Ok(Test::Body(text.to_owned())),
        "rawbody" => Ok(Test::Rawbody(text.to_owned())),
        "full" => Ok(Test::Full(text.to_owned())),
        "uri" => Ok(Test::Uri(text.to_owned())),
        "uri_detail" => Ok(Test::UriDetail(text.to_owned())),
        _ => {
            if let Some(selector) = text.strip_prefix("exists:") {
                return Ok(Test::HeaderExists(selector.trim_end_matches(':').to_owned()));
            }
            let at = text.find(['=', '!', ' ', '\t']).ok_or("write NAME =~ /pattern/")?;
            let (selector, rest) = text.split_at(at);
            let rest = rest.trim_start();
            let (negated, pattern) = match (rest.strip_prefix("=~"), rest.strip_prefix("!~")) {
                (Some(pattern), _) => (false, pattern.trim_start()),
                (_, Some(pattern)) => (true, pattern.trim_start()),
                _ => return Err("write NAME =~ /pattern/, NAME !~ /pattern/ or exists:NAME".into()),
            };
            let (pattern, unset) = match pattern.rfind("[if-unset:").filter(|_| pattern.ends_with(']')) {
                Some(at) => {
                    let inside = pattern.get(at + 10..pattern.len() - 1).unwrap_or_default().trim_start();
                    (pattern.get(..at).unwrap_or_default().trim_end(), Some(inside.to_owned()))
                }
                None => (pattern, None),
            };
            let selector = selector.trim_end_matches(':').to_owned();
            if selector.is_empty() || pattern.is_empty() {
                return Err("write NAME =~ /pattern/".into());
            }
            let pattern = pattern.to_owned();
            Ok(match key {
                "mimeheader" => Test::MimeHeader { selector, negated, unset: unset.unwrap_or_default(), pattern },
                _ => Test::Header { selector, negated, unset, pattern },
            })
        }
    }
}

/// `function('one', 2)`.
pub(super) fn parse_call(text: &str) -> Result<(String, Vec<String>), String> {
    let text = text.trim();
    let (function, rest) = match text.split_once('(') {
        Some((function, rest)) => (function.trim(), rest.trim_end().strip_suffix(')').ok_or("the call is not closed")?),
        None => (text, ""),
    };
    if !is_rule_name(function) {
        return Err(format!("{} is no function", shown(function)));
    }
    let mut arguments = Vec::new();
    let mut rest = rest.trim_start();
    while !rest.is_empty() {
        let (argument, behind) = match rest.chars().next() {
            Some(quote @ ('\'' | '"')) => {
                let inside = rest.get(1..).unwrap_or_default();
                // A quote ends where a comma or the end stands behind it, so that patterns may hold quotes.
                let end = inside.match_indices(quote).map(|(at, _)| at).find(|at| {
                    let behind = inside.get(at + 1..).unwrap_or_default().trim_start();
                    behind.is_empty() || behind.starts_with(',')
                });
                let end = end.ok_or("an argument's quote is not closed")?;
                (inside.get(..end).unwrap_or_default(), inside.get(end + 1..).unwrap_or_default())
            }
            _ => {
                let end = rest.find(',').unwrap_or(rest.len());
                (rest.get(..end).unwrap_or_default().trim_end(), rest.get(end..).unwrap_or_default())
            }
        };
        arguments.push(argument.to_owned());
        rest = behind.trim_start();
        rest = rest.strip_prefix(',').unwrap_or(rest).trim_start();
    }
    Ok((function.to_owned(), arguments))
}

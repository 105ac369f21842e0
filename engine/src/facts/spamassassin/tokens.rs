//! HTML as Perl's HTML::Parser cuts it: tags with attributes, text, comments, declarations. Takes text, hands out tokens;
//! linear, and never fails. Beside the reader of `unpack/html/`, which does what browsers do: rules of `.cf` files count tags and
//! comments that browsers repair.

use std::borrow::Cow;

use crate::text::entities;

/// A name and a value. Nearly all are as they stand in the text.
pub(super) type Attribute<'t> = (Cow<'t, str>, Cow<'t, str>);

/// A piece of a document.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    /// A tag's name in lower case, and its attributes, names in lower case, values decoded, the first of each name.
    Start(Cow<'t, str>, &'t [Attribute<'t>]),
    End(Cow<'t, str>),
    Text(&'t str, Decode),
    Comment(&'t str),
    Declaration(&'t str),
}

/// Whether character references of a text are to be decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decode {
    Yes,
    No,
}

/// Elements whose content is text up to their end tag, and whether references in it stay.
const LITERAL: &[(&str, Decode)] = &[
    ("script", Decode::No),
    ("style", Decode::No),
    ("xmp", Decode::No),
    ("iframe", Decode::No),
    ("plaintext", Decode::No),
    ("title", Decode::Yes),
    ("textarea", Decode::Yes),
];
/// Attributes of one tag that are read.
const MOST_ATTRIBUTES: usize = 200;

/// Hands each token of `text` to `each`.
pub(super) fn read(text: &str, mut each: impl FnMut(Token<'_>)) {
    let mut attributes = Vec::new();
    let bytes = text.as_bytes();
    let piece = |from: usize, to: usize| text.get(from..to).unwrap_or_default();
    let mut at = 0;
    let mut from = 0;
    // From here on no `-->` and no quote is found, so that nobody looks again.
    let mut no_comment_end = usize::MAX;
    while let Some(found) = memchr::memchr(b'<', bytes.get(at..).unwrap_or_default()) {
        let open = at + found;
        let next = bytes.get(open + 1).copied().unwrap_or_default();
        if !(next.is_ascii_alphabetic() || matches!(next, b'/' | b'!' | b'?')) {
            // A text of its own, as Perl has it.
            if open > from {
                each(Token::Text(piece(from, open), Decode::Yes));
            }
            from = open;
            at = open + 1;
            continue;
        }
        if open > from {
            each(Token::Text(piece(from, open), Decode::Yes));
        }
        let rest_to_end = |from: usize| {
            memchr::memchr(b'>', bytes.get(from..).unwrap_or_default()).map_or(bytes.len(), |at| from + at + 1)
        };
        let end = match next {
            b'!' => {
                let rest = bytes.get(open + 2..).unwrap_or_default();
                if rest.starts_with(b"--") {
                    let closed = (open < no_comment_end).then(|| comment_end(bytes, open + 4)).flatten();
                    if closed.is_none() {
                        no_comment_end = no_comment_end.min(open);
                    }
                    let end = closed.unwrap_or_else(|| rest_to_end(open + 2));
                    each(Token::Comment(piece(open, end)));
                    end
                } else if rest.starts_with(b"[CDATA[") {
                    let inside = open + 9;
                    let close = memchr::memmem::find(bytes.get(inside..).unwrap_or_default(), b"]]>");
                    let end = close.map_or(bytes.len(), |at| inside + at);
                    each(Token::Text(piece(inside, end), Decode::No));
                    (end + 3).min(bytes.len())
                } else {
                    let end = rest_to_end(open + 2);
                    match rest.get(..7).is_some_and(|word| word.eq_ignore_ascii_case(b"doctype")) {
                        true => each(Token::Declaration(piece(open, end))),
                        false => each(Token::Comment(piece(open, end))),
                    }
                    end
                }
            }
            b'?' => rest_to_end(open + 2),
            b'/' => {
                let name_end = name_end(bytes, open + 2);
                let end = rest_to_end(open + 2);
                if bytes.get(open + 2).is_some_and(u8::is_ascii_alphabetic) && bytes.get(end - 1) == Some(&b'>') {
                    each(Token::End(lower(piece(open + 2, name_end.min(end)))));
                } else {
                    each(Token::Comment(piece(open, end)));
                }
                end
            }
            _ => match start_tag(text, open, &mut attributes) {
                Some((name, end)) => {
                    let literal = LITERAL.iter().find(|(literal, _)| *literal == name);
                    each(Token::Start(name, &attributes));
                    match literal {
                        Some((name, decode)) => literal_text(text, end, name, *decode, &mut each),
                        None => end,
                    }
                }
                None => {
                    each(Token::Comment(piece(open, bytes.len())));
                    bytes.len()
                }
            },
        };
        from = end;
        at = end;
    }
    if from < bytes.len() {
        each(Token::Text(piece(from, bytes.len()), Decode::Yes));
    }
}

/// In lower case.
fn lower(text: &str) -> Cow<'_, str> {
    match text.bytes().any(|byte| byte.is_ascii_uppercase()) {
        true => Cow::Owned(text.to_ascii_lowercase()),
        false => Cow::Borrowed(text),
    }
}

fn is_space(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x0B
}

/// Where a comment ends, behind `--`, blanks and `>`.
fn comment_end(bytes: &[u8], from: usize) -> Option<usize> {
    let from = from.saturating_sub(2);
    let mut finder = memchr::memmem::find_iter(bytes.get(from..)?, b"--").map(|at| from + at);
    finder.find_map(|at| {
        // `<!-->` and `<!--->` are comments whole.
        let mut end = at + 2;
        while bytes.get(end) == Some(&b'-') {
            end += 1;
        }
        while bytes.get(end).is_some_and(|byte| is_space(*byte)) {
            end += 1;
        }
        (bytes.get(end) == Some(&b'>')).then_some(end + 1)
    })
}

fn name_end(bytes: &[u8], from: usize) -> usize {
    let length = bytes.iter().skip(from).take_while(|byte| !is_space(**byte) && **byte != b'>').count();
    from + length
}

/// A start tag at `open`: name, where it ends, and its attributes instead of those before. `None` where it does not end.
fn start_tag<'t>(text: &'t str, open: usize, attributes: &mut Vec<Attribute<'t>>) -> Option<(Cow<'t, str>, usize)> {
    let bytes = text.as_bytes();
    let mut at = name_end(bytes, open + 1);
    let name = lower(text.get(open + 1..at)?);
    attributes.clear();
    let skip = |at: &mut usize| {
        while bytes.get(*at).is_some_and(|byte| is_space(*byte)) {
            *at += 1;
        }
    };
    loop {
        skip(&mut at);
        let byte = *bytes.get(at)?;
        if byte == b'>' {
            return Some((name, at + 1));
        }
        let start = at;
        at += 1;
        while bytes.get(at).is_some_and(|byte| !is_space(*byte) && !matches!(byte, b'>' | b'=')) {
            at += 1;
        }
        let key = lower(text.get(start..at)?);
        let behind = at;
        skip(&mut at);
        let value = if bytes.get(at) == Some(&b'=') {
            at += 1;
            skip(&mut at);
            match bytes.get(at)? {
                quote @ (b'"' | b'\'') => {
                    let inside = at + 1;
                    let end = inside + memchr::memchr(*quote, bytes.get(inside..)?)?;
                    at = end + 1;
                    text.get(inside..end)?
                }
                _ => {
                    let start = at;
                    while bytes.get(at).is_some_and(|byte| !is_space(*byte) && *byte != b'>') {
                        at += 1;
                    }
                    text.get(start..at)?
                }
            }
        } else {
            at = behind;
            text.get(start..behind)?
        };
        if attributes.len() < MOST_ATTRIBUTES && attributes.iter().all(|(known, _)| *known != key) {
            let value = if value.contains('&') {
                let mut decoded = String::with_capacity(value.len());
                decode_into(value, true, &mut decoded);
                Cow::Owned(decoded)
            } else {
                Cow::Borrowed(value)
            };
            attributes.push((key, value));
        }
    }
}

/// The text of an element that holds nothing else, and its end tag; gives where it ends. Without an end tag script and style end
/// at once, and title is as if it had ended where the next tag starts.
fn literal_text(
    text: &str,
    from: usize,
    name: &'static str,
    decode: Decode,
    each: &mut impl FnMut(Token<'_>),
) -> usize {
    let bytes = text.as_bytes();
    let mut at = from;
    while let Some(found) = memchr::memchr(b'<', bytes.get(at..).unwrap_or_default()) {
        let open = at + found;
        let rest = bytes.get(open..).unwrap_or_default();
        let is_end = rest.get(1) == Some(&b'/')
            && rest.get(2..2 + name.len()).is_some_and(|it| it.eq_ignore_ascii_case(name.as_bytes()));
        let mut end = open + 2 + name.len();
        while is_end && bytes.get(end).is_some_and(|byte| is_space(*byte)) {
            end += 1;
        }
        if is_end && bytes.get(end) == Some(&b'>') {
            if open > from {
                each(Token::Text(text.get(from..open).unwrap_or_default(), decode));
            }
            each(Token::End(Cow::Borrowed(name)));
            return end + 1;
        }
        at = open + 1;
    }
    if matches!(name, "title" | "textarea") {
        let rest = bytes.get(from..).unwrap_or_default();
        let end = from + memchr::memchr(b'<', rest).unwrap_or(rest.len());
        if end > from {
            each(Token::Text(text.get(from..end).unwrap_or_default(), decode));
        }
        each(Token::End(Cow::Borrowed(name)));
        return end;
    }
    if matches!(name, "script" | "style") {
        each(Token::End(Cow::Borrowed(name)));
        return from;
    }
    each(Token::Text(text.get(from..).unwrap_or_default(), decode));
    bytes.len()
}

/// Decodes character references as Perl does: numbers are code points, be they control characters.
pub(super) fn decode_into(text: &str, attribute: bool, out: &mut String) {
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        out.push_str(before);
        let number = after.strip_prefix('#').and_then(|digits| {
            let (digits, radix, skipped) = match digits.strip_prefix(['x', 'X']) {
                Some(digits) => (digits, 16, 2),
                None => (digits, 10, 1),
            };
            let length = digits.bytes().take_while(|byte| char::from(*byte).is_digit(radix)).count();
            let value = u32::from_str_radix(digits.get(..length)?, radix).ok()?;
            let semicolon = usize::from(digits.get(length..)?.starts_with(';'));
            Some((char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER), skipped + length + semicolon))
        });
        if let Some((it, used)) = number {
            out.push(it);
            rest = after.get(used..).unwrap_or_default();
            continue;
        }
        // A name, and what stands behind it up to the next reference.
        let end = after.find('&').unwrap_or(after.len());
        let start = text.len() - after.len() - 1;
        let (to, behind) = (start + 1 + end, after.get(end..).unwrap_or_default());
        entities::decode_into(text.get(start..to).unwrap_or_default(), attribute, out);
        rest = behind;
    }
    out.push_str(rest);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(text: &str) -> String {
        let mut out = Vec::new();
        read(text, |token| {
            out.push(match token {
                Token::Start(name, attributes) => {
                    let all: Vec<String> = attributes.iter().map(|(key, value)| format!("{key}={value}")).collect();
                    format!("S[{name}]{}", all.join(","))
                }
                Token::End(name) => format!("E[{name}]"),
                Token::Text(text, Decode::Yes) => {
                    let mut decoded = String::new();
                    decode_into(text, false, &mut decoded);
                    format!("T[{decoded}]")
                }
                Token::Text(text, Decode::No) => format!("T[{text}]"),
                Token::Comment(text) => format!("C[{text}]"),
                Token::Declaration(text) => format!("D[{text}]"),
            });
        });
        out.join("")
    }

    /// What HTML::Parser 3.81 gives.
    #[test]
    fn documents_are_cut_as_perl_cuts_them() {
        for (text, expected) in [
            ("a < b <c <1 x", "T[a ]T[< b ]C[<c <1 x]"),
            ("<br/>", "S[br/]"),
            ("<a/href=\"x\">k</a/>", "S[a/href=\"x\"]T[k]E[a/]"),
            ("<img src=a src=b x>", "S[img]src=a,x=x"),
            ("<a href='x'y>", "S[a]href=x,y=y"),
            ("<!-- a > b", "C[<!-- a >]T[ b]"),
            ("<!-- a -- > b", "C[<!-- a -- >]T[ b]"),
            ("<!>x<!-->y-->z", "C[<!>]T[x]C[<!-->]T[y-->z]"),
            ("<![if gte mso 9]>x<![endif]>", "C[<![if gte mso 9]>]T[x]C[<![endif]>]"),
            ("<!foo bar>z", "C[<!foo bar>]T[z]"),
            ("<title>a&amp;b</title>", "S[title]T[a&b]E[title]"),
            ("<title>a <b>c", "S[title]T[a ]E[title]S[b]T[c]"),
            ("<style>x &amp; <b></style>y", "S[style]T[x &amp; <b>]E[style]T[y]"),
            ("<script>a</scr</script >b", "S[script]T[a</scr]E[script]T[b]"),
            ("&#150;&eacute;&eacuteabc &copyx &unknown; &#x41", "T[\u{96}ééabc ©x &unknown; A]"),
            ("<!DOCTYPE html>", "D[<!DOCTYPE html>]"),
            ("<?xml a?>b>c", "T[b>c]"),
            ("<![CDATA[x<y]]>z", "T[x<y]T[z]"),
            ("</>q</p class=x>", "C[</>]T[q]E[p]"),
            ("<p\n<b>x", "S[p]<b=<bT[x]"),
            ("<a href=\"x>y", "C[<a href=\"x>y]"),
        ] {
            assert_eq!(tokens(text), expected, "{text}");
        }
    }
}

//! Addresses in running text, found as mail programs find them when they make text clickable.
//!
//! Found are `http://`, `https://`, `ftp://` and `mailto:`, hosts that begin with `www.`, and `host.tld/...` where the
//! suffix exists. Each byte is passed over a small fixed number of times, whatever the text.

use super::host;

/// Hands every address in `text` to `each`, with its offset, in order, until `each` gives false.
pub(crate) fn find(text: &str, mut each: impl FnMut(usize, &str) -> bool) {
    let mut from = 0;
    // Every address has a dot or a colon; most words have neither.
    while let Some(hint) = text.as_bytes().get(from..).and_then(|rest| memchr::memchr2(b'.', b':', rest)) {
        let hint = from + hint;
        let before = text.get(from..hint).unwrap_or_default();
        let start = before.rfind(ends_token).map_or(from, |at| {
            at + from + before.get(at..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8)
        });
        let end = text.get(hint..).and_then(|rest| rest.find(ends_token)).map_or(text.len(), |at| hint + at);
        let token = text.get(start..end).unwrap_or_default();
        if !in_token(token, start, &mut each) {
            return;
        }
        from = end;
    }
}

/// Blanks, brackets that enclose addresses, quotes, and all punctuation beyond ASCII.
fn ends_token(c: char) -> bool {
    match c {
        '<' | '>' | '"' | '`' | '{' | '}' | '|' | '\u{7f}' => true,
        _ if c.is_ascii() => c <= ' ',
        _ => !(c.is_alphanumeric()),
    }
}

fn in_token(token: &str, offset: usize, each: &mut impl FnMut(usize, &str) -> bool) -> bool {
    let mut open: Option<usize> = None;
    for colon in memchr::memchr_iter(b':', token.as_bytes()) {
        let slashes = token.as_bytes().get(colon + 1..).is_some_and(|rest| rest.starts_with(b"//"));
        let Some(start) = scheme_start(token, colon).filter(|_| slashes) else { continue };
        let fresh = match open {
            None => true,
            // A second address in one token counts where it stands apart, and is part of the first otherwise.
            Some(_) => token.as_bytes().get(start.wrapping_sub(1)).is_some_and(|byte| b",;()[]'*".contains(byte)),
        };
        if fresh {
            if let Some(first) = open
                && !give(token, first, start, offset, each)
            {
                return false;
            }
            open = Some(start);
        }
    }
    if let Some(start) = open {
        return give(token, start, token.len(), offset, each);
    }
    match without_slashes(token) {
        Some(start) => give(token, start, token.len(), offset, each),
        None => true,
    }
}

fn give(token: &str, start: usize, end: usize, offset: usize, each: &mut impl FnMut(usize, &str) -> bool) -> bool {
    let address = trimmed(token.get(start..end).unwrap_or_default());
    // A scheme and nothing behind it is no address.
    let empty = address.ends_with("//") || address.ends_with(':') || !address.contains([':', '.']);
    empty || each(offset + start, address)
}

/// Where the scheme starts whose `://` is at `colon`.
fn scheme_start(token: &str, colon: usize) -> Option<usize> {
    let before = token.get(..colon)?;
    ["https", "http", "ftp"].iter().find_map(|scheme| {
        let start = before.len().checked_sub(scheme.len())?;
        before.get(start..).filter(|written| written.eq_ignore_ascii_case(scheme)).map(|_| start)
    })
}

/// Where an address starts that is written without `://`.
fn without_slashes(token: &str) -> Option<usize> {
    let start = token.find(|c: char| c.is_alphanumeric())?;
    let rest = token.get(start..)?;
    let begins = |with: &str| rest.get(..with.len()).is_some_and(|head| head.eq_ignore_ascii_case(with));
    if begins("mailto:") {
        return rest.contains('@').then_some(start);
    }
    let end = rest.find(['/', '?', '#', ':', '\\']).unwrap_or(rest.len());
    let (name, after) = rest.split_at_checked(end)?;
    // `www.` may follow a word of a script that is written without blanks.
    let www = name.char_indices().find(|(at, c)| {
        matches!(c, 'w' | 'W')
            && name.get(*at..*at + 4).is_some_and(|head| head.eq_ignore_ascii_case("www."))
            && name.get(..*at).and_then(|before| before.chars().next_back()).is_none_or(|c| !c.is_ascii())
    });
    let (at, is_address) = match www {
        Some((at, _)) => (at, true),
        None => (0, after.starts_with('/') && after.len() > 1),
    };
    let name = host::normal(trimmed(name.get(at..)?));
    (is_address && host::is_valid(&name) && host::has_known_suffix(&name)).then_some(start + at)
}

/// Without the punctuation of the sentence around it. A closing bracket stays where the address has its opening one.
fn trimmed(address: &str) -> &str {
    let count = |wanted| address.bytes().filter(|byte| *byte == wanted).count();
    let (mut round, mut square) = (None, None);
    let mut rest = address;
    while let Some(&last) = rest.as_bytes().last() {
        let cut = match last {
            b'.' | b',' | b';' | b':' | b'!' | b'?' | b'\'' | b'*' | b'_' | b'~' | b'(' | b'[' => true,
            b')' => surplus(round.get_or_insert_with(|| count(b')').saturating_sub(count(b'(')))),
            b']' => surplus(square.get_or_insert_with(|| count(b']').saturating_sub(count(b'[')))),
            _ => false,
        };
        let Some(shorter) = rest.get(..rest.len() - 1).filter(|_| cut) else { break };
        rest = shorter;
    }
    rest
}

fn surplus(left: &mut usize) -> bool {
    let some = *left > 0;
    *left = left.saturating_sub(1);
    some
}

#[cfg(test)]
mod tests {
    use super::find;

    fn found(text: &str) -> Vec<String> {
        let mut all = Vec::new();
        find(text, |offset, address| {
            assert!(text.get(offset..).is_some_and(|rest| rest.starts_with(address)), "{offset} {address}");
            all.push(address.to_owned());
            true
        });
        all
    }

    #[test]
    fn addresses_in_sentences() {
        assert_eq!(
            found("See http://www.example.com/a. Or (HTTPS://example.net/b_(c)), now!"),
            ["http://www.example.com/a", "HTTPS://example.net/b_(c)"]
        );
        assert_eq!(
            found("<http://example.com/?a=1&b=2> \"ftp://example.org\""),
            ["http://example.com/?a=1&b=2", "ftp://example.org"]
        );
        assert_eq!(
            found("www.example.com, WWW.EXAMPLE.NET/x? example.org/path; bit.ly/abc"),
            ["www.example.com", "WWW.EXAMPLE.NET/x", "example.org/path", "bit.ly/abc"]
        );
        assert_eq!(found("mailto:a@example.com [http://example.com]"), ["mailto:a@example.com", "http://example.com"]);
        assert_eq!(
            found("http://a.example,http://b.example/r?u=http://c.example"),
            ["http://a.example", "http://b.example/r?u=http://c.example"]
        );
        assert_eq!(found("请访问http://example.com/x。谢谢 看www.example.com吧"), ["http://example.com/x"]);
        assert_eq!(found("看www.example.com/x，谢谢"), ["www.example.com/x"]);
        assert_eq!(
            found("http://203.0.113.7:8080/x http://[2001:db8::1]/"),
            ["http://203.0.113.7:8080/x", "http://[2001:db8::1]/"]
        );
    }

    #[test]
    fn what_is_no_address() {
        for text in [
            "",
            ".",
            ":",
            "http://",
            "http:// x",
            "see www. for more",
            "and/or e.g. this.",
            "src/main.rs",
            "1.5/2",
            "a@example.com",
            "example.com",
            "www.nosuchtld9",
            "10:30",
            "mailto:",
            "Mr.Smith/Jones",
            "file://x",
            "x://y.example",
            "awww.example.com",
            "http://.",
            "...",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn hostile_text_takes_linear_time() {
        let start = std::time::Instant::now();
        for piece in [
            "www.",
            "http://",
            "www. ",
            "http://a.example ",
            "a.b/",
            "((((",
            "http://x)",
            ",http://",
            "请.",
            "x:",
            "\u{a0}.",
        ] {
            let text = piece.repeat((1 << 20) / piece.len());
            let mut count = 0;
            find(&text, |_, _| {
                count += 1;
                true
            });
            assert!(count <= text.len() / 4, "{piece}");
        }
        // Some tens of milliseconds each where linear; quadratic work over a mebibyte would take minutes.
        assert!(start.elapsed().as_secs() < 20);
    }
}

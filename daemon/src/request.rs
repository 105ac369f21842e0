//! The head of an HTTP request (RFC 9112): bytes -> method, path and how many bytes of body follow. Does no input or output,
//! and takes one way of writing a request where the standard has several, so that nobody in front of us can read it otherwise.

/// Request line and header fields.
pub(crate) const HEAD_BYTES: usize = 16 << 10;

/// What a head says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) method: String,
    pub(crate) path: String,
    /// Bytes of the body.
    pub(crate) length: usize,
    /// The client waits to be told that it may send the body.
    pub(crate) asks_first: bool,
}

/// Why a request is not served: a status, and a word on it.
pub(crate) type Refused = (&'static str, &'static str);

/// Where the head ends, with its empty line. `seen` bytes were looked at before.
pub(crate) fn end(bytes: &[u8], seen: usize) -> Result<Option<usize>, Refused> {
    let from = seen.saturating_sub(3);
    let found = bytes.get(from..).unwrap_or_default().windows(4).position(|it| it == b"\r\n\r\n");
    match found {
        Some(at) if from + at < HEAD_BYTES => Ok(Some(from + at + 4)),
        None if bytes.len() <= HEAD_BYTES => Ok(None),
        _ => Err(("431 Request Header Fields Too Large", "the header is too long")),
    }
}

/// Whether `byte` may stand in a token (RFC 9110, section 5.6.2).
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

/// The parameters behind a path, decoded: `?as=spam&user=ann%40site.example`. None where they are malformed.
pub(crate) fn parameters(query: &str) -> Option<Vec<(String, String)>> {
    let query = match query.strip_prefix('?') {
        None if query.is_empty() => return Some(Vec::new()),
        query => query?,
    };
    let pairs = query.split('&').map(|it| {
        let (name, value) = it.split_once('=')?;
        Some((name.to_owned(), decoded(value)?))
    });
    pairs.collect()
}

/// `%XX` as the byte that it stands for. A `+` stays: addresses have it.
fn decoded(value: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(value.len());
    let mut rest = value.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digits = [rest.next()?, rest.next()?];
                // from_str_radix takes a sign, too
                let text = std::str::from_utf8(&digits).ok().filter(|_| digits.iter().all(u8::is_ascii_hexdigit))?;
                u8::from_str_radix(text, 16).ok()?
            }
            byte => byte,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Reads a head, up to and with its empty line.
pub(crate) fn head(bytes: &[u8]) -> Result<Head, Refused> {
    let bad = |why| ("400 Bad Request", why);
    let text = std::str::from_utf8(bytes).map_err(|_| bad("the header is not in UTF-8"))?;
    let text = text.strip_suffix("\r\n\r\n").ok_or(bad("the header has no end"))?;
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let (Some(method), Some(path), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(bad("no request of HTTP/1.1"));
    };
    // RFC 9112, section 3: a method is a token, a target has no control characters. A lone CR is a line break to some.
    if method.is_empty()
        || !method.bytes().all(is_token)
        || path.is_empty()
        || !path.bytes().all(|it| it.is_ascii_graphic())
    {
        return Err(bad("a malformed request line"));
    }
    let (mut length, mut asks_first) = (None, false);
    for line in lines {
        // No field goes on in the next line, no blank stands before a colon, and no line break comes alone.
        let Some((name, value)) = line.split_once(':') else { return Err(bad("a header field without a colon")) };
        if name.is_empty() || !name.bytes().all(is_token) || value.bytes().any(|it| it < b' ' && it != b'\t') {
            return Err(bad("a malformed header field"));
        }
        let value = value.trim_matches([' ', '\t']);
        match name.to_ascii_lowercase().as_str() {
            "transfer-encoding" => return Err(("411 Length Required", "send the message with a Content-Length")),
            "content-length" => {
                // Digits alone: `+5` and `5, 5` are read otherwise by others.
                let digits = !value.is_empty() && value.bytes().all(|it| it.is_ascii_digit());
                let number = value.parse().ok().filter(|_| digits).ok_or(bad("Content-Length is no number"))?;
                if length.replace(number).is_some() {
                    return Err(bad("Content-Length stands twice"));
                }
            }
            "expect" => asks_first = value.eq_ignore_ascii_case("100-continue"),
            _ => {}
        }
    }
    Ok(Head { method: method.to_owned(), path: path.to_owned(), length: length.unwrap_or(0), asks_first })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status(fields: &str) -> &'static str {
        head(format!("POST /scan HTTP/1.1\r\nHost: a\r\n{fields}\r\n").as_bytes()).map_or_else(|it| it.0, |_| "200 OK")
    }

    #[test]
    fn parameters_of_a_path() {
        let one = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(parameters(""), Some(vec![]));
        assert_eq!(
            parameters("?as=spam&user=ann+x%40a.example"),
            Some(vec![one("as", "spam"), one("user", "ann+x@a.example")])
        );
        for bad in ["?", "?as", "as=spam", "?user=%4", "?user=%+1", "?user=%ff", "?a=b&"] {
            assert_eq!(parameters(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_request_is_read() {
        let read = head(b"POST /scan HTTP/1.1\r\nhost: a\r\nCONTENT-length:\t12 \r\nExpect: 100-Continue\r\n\r\n");
        let expected = Head { method: "POST".into(), path: "/scan".into(), length: 12, asks_first: true };
        assert_eq!(read, Ok(expected));
    }

    #[test]
    fn what_can_be_read_in_two_ways_is_refused() {
        assert_eq!(status("Content-Length: 5\r\n"), "200 OK");
        for fields in [
            "Content-Length: 5\r\nContent-Length: 5\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 0x5\r\n",
            "Content-Length: \r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Content-Length : 5\r\n",
            " Content-Length: 5\r\n",
            "X: y\r\n Content-Length: 5\r\n",
            "X: y\nContent-Length: 5\r\n",
            "X: y\rContent-Length: 5\r\n",
            "no colon\r\n",
            ": 5\r\n",
        ] {
            assert_eq!(status(fields), "400 Bad Request", "{fields:?}");
        }
        for fields in ["Transfer-Encoding: chunked\r\n", "Content-Length: 5\r\nTransfer-Encoding: identity\r\n"] {
            assert_eq!(status(fields), "411 Length Required", "{fields:?}");
        }
        for line in
            ["GET /", "GET / HTTP/2.0", "GET  / HTTP/1.1", "GET / HTTP/1.1 x", "", "GET\t/\tHTTP/1.1", " / HTTP/1.1"]
        {
            assert!(head(format!("{line}\r\n\r\n").as_bytes()).is_err(), "{line:?}");
        }
        assert!(head(b"GET /a%0Ab HTTP/1.1\r\n\r\n").is_ok());
        for path in ["/a\nb", "/a\rb", "/a\0", "/a\tb", "/\u{85}"] {
            assert!(head(format!("GET {path} HTTP/1.1\r\n\r\n").as_bytes()).is_err(), "{path:?}");
        }
    }

    #[test]
    fn the_end_is_found_in_any_pieces_and_a_head_without_end_is_given_up() {
        let bytes = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nbody";
        for cut in 0..bytes.len() {
            let found = end(&bytes[..cut], cut.saturating_sub(1)).unwrap();
            assert_eq!(found, (cut == 27).then_some(27), "{cut}");
            if found.is_some() {
                break;
            }
        }
        assert_eq!(end(bytes, 0), Ok(Some(27)));
        assert!(end(&vec![b'a'; HEAD_BYTES + 1], 0).is_err());
    }
}

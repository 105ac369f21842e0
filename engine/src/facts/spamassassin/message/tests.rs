use super::*;

fn types(raw: &str) -> Vec<String> {
    read(raw.as_bytes())
        .leaves()
        .map(|(_, node)| format!("{}:{}", node.media_type, String::from_utf8_lossy(&node.body)))
        .collect()
}

#[test]
fn parts_are_told_apart() {
    let raw = "Content-Type: multipart/mixed; boundary=\"b\"\n\npreamble\n--b\n\nhello\n--b\nContent-Type: text/html\n\n<p>\n\n--b--\n";
    assert_eq!(types(raw), ["text/plain:hello", "text/html:<p>\n"]);
    assert_eq!(types("Subject: x\n\nbody\n"), ["text/plain:body\n"]);
    assert_eq!(types("Content-Type: multipart/mixed\n\nbody\n"), ["text/plain:body\n"]);
}

#[test]
fn lines_between_delimiters_are_a_part() {
    let of = |body: &str| types(&format!("Content-Type: multipart/mixed; boundary=b\n\n{body}"));
    let text = "--b\n\none\n--bc\n --b\n--b-\n\ntwo\n";
    assert_eq!(of(&format!("{text}--b--\n")), ["text/plain:one\n--bc\n --b\n--b-\n\ntwo"]);
    assert_eq!(of(text), [format!("text/plain:{}", &text[5..])], "nothing closes it");
    assert_eq!(of("--b\n\none\n--b"), ["text/plain:one"], "the last line has no end");
    assert_eq!(of("--b\n\none\n--b \t\n\ntwo\n--b--"), ["text/plain:one", "text/plain:two"]);
    assert_eq!(of("--b--\n--b\n\none\n--b--\n"), ["text/plain:one"], "what closes does not open");
    assert_eq!(of("none\n\nof them\n"), ["text/plain:none\n\nof them\n"]);
    // A line of 2,048 bytes with its end stays, and what is longer is cut.
    let (fits, long) = ("x".repeat(LONGEST_LINE - 1), "y".repeat(LONGEST_LINE));
    assert_eq!(of(&format!("--b\n\n{fits}\n\n{fits}\n--b--\n")), [format!("text/plain:{fits}\n\n{fits}")]);
    assert_eq!(of(&format!("--b\n\n{fits}\na\n{long}\n--b--\n")), [format!("text/plain:{fits}\na\n{long}\n")]);
    let oddities =
        |body: &str| read(format!("Content-Type: multipart/mixed; boundary=b\n\n{body}").as_bytes()).oddities;
    assert!(oddities("--b\n\none\n--b--\n..\nmore").mime_epilogue_exists);
    assert!(!oddities("--b\n\none\n--b--\n..\n").mime_epilogue_exists);
    assert!(oddities("--b\n\none\n").missing_boundary && !oddities("--b\n\none\n--b--\n").missing_boundary);
    assert!(oddities("--b\nno field\n--b--\n").missing_mime_headers);
    assert!(!oddities("--b\nA: field\n\none\n--b\nB: other\n\ntwo\n--b--\n").missing_mime_headers);
}

#[test]
fn a_message_within_is_looked_into() {
    let raw = "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: message/rfc822\n\nSubject: in\nContent-Type: text/html\n\nx\n--b--\n";
    assert_eq!(types(raw), ["text/html:x"]);
}

#[test]
fn header_fields_end_in_many_ways() {
    let message = read(b"From a@b Mon\r\nSubject: =?utf-8?q?a=20b?=\r\n c\r\nX : y\r\n\r\nbody\r\n");
    let root = message.root().unwrap();
    assert_eq!(root.field("subject"), Some(&b"a b c"[..]));
    assert_eq!(root.field("x"), Some(&b"y"[..]));
    assert_eq!(root.body, b"body\n");
    assert!(read(b"Subject: x\n").oddities.missing_head_body_separator);
    assert!(!read(b"Subject: x\n\n").oddities.missing_head_body_separator);
}

#[test]
fn fields_stand_in_two_texts() {
    let message = read(b"A: x\n\ty\nB : z\n\nbody\n");
    let fields = &message.root().unwrap().fields;
    assert_eq!((fields.len(), fields.within(7), fields.within(6)), (2, 1, 0));
    assert_eq!(fields.lines(0..2), b"A: x y\nB: z\n");
    assert_eq!(fields.raws(0..2), b"A: x\n\ty\nB: z\n");
    assert_eq!((fields.lines(1..2), fields.raws(1..2)), (&b"B: z\n"[..], &b"B: z\n"[..]));
    assert!(fields.lines(2..2).is_empty() && fields.get(2).is_none());
    let it = fields.get(1).unwrap();
    assert_eq!((it.name, it.raw, it.value, it.ended), (&b"B"[..], &b" z\n"[..], &b"z"[..], &b"z\n"[..]));
    assert!(it.is_named("B") && it.is_named("b") && !it.is_named("A"));
}

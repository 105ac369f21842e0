use super::*;

impl Parameters {
    fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name)?.first().map(String::as_str)
    }
}

fn values(text: &str, name: &str) -> Vec<String> {
    read(text).values.remove(name).unwrap_or_default()
}

fn defects(text: &str) -> Vec<&'static str> {
    read(text).defects.iter().map(|kind| kind.name()).collect()
}

#[test]
fn well_formed_ones() {
    for (text, kind, name, value) in [
        ("Text/Plain", "text/plain", "x", None),
        ("text/plain; charset=utf-8", "text/plain", "charset", Some("utf-8")),
        ("text/plain;CHARSET = \"utf-8\" ;", "text/plain", "charset", Some("utf-8")),
        ("text (a) / plain (b; x=1); x=2", "text/plain", "x", Some("2")),
        ("a/b; x=\"a;b\\\"c\"", "a/b", "x", Some("a;b\"c")),
        ("a/b; x=\"\"", "a/b", "x", Some("")),
        ("a/b; boundary==_abc=", "a/b", "boundary", Some("=_abc=")),
        ("a/b; x=y (comment)", "a/b", "x", Some("y")),
        ("a/b; x*=utf-8'en'b%C3%BCcher", "a/b", "x", Some("bücher")),
        ("a/b; x*1=\" c\"; x*0*=iso-8859-1''%E9%20; x*2*=%e8", "a/b", "x", Some("é  cè")),
    ] {
        let it = read(text);
        assert_eq!((it.kind.as_str(), it.get(name)), (kind, value), "{text}");
        assert_eq!(it.defects, [], "{text}");
    }
}

#[test]
fn malformed_ones_as_mail_programs_take_them() {
    for (text, kind, name, value) in [
        ("text/plain charset=utf-8", "text/plain", "charset", "utf-8"),
        ("a/b; charset=utf-8 name=\"x\"", "a/b", "name", "x"),
        ("a/b; name=\"x\" charset=utf-8", "a/b", "charset", "utf-8"),
        ("a/b; name=\"x; charset=utf-8", "a/b", "name", "x"),
        ("a/b; name=\"x; charset=utf-8", "a/b", "charset", "utf-8"),
        ("filename=x.txt junk; size=3", "", "filename", "x.txt junk"),
        ("a/b; junk; x=1", "a/b", "x", "1"),
        ("a/b; \"junk\"; x=1", "a/b", "x", "1"),
        ("a/b; =2; x=1", "a/b", "x", "1"),
        ("a/b; x*a=1", "a/b", "x*a", "1"),
        ("a/b; x*=%41b", "a/b", "x", "Ab"),
        ("a/b; x*0=a; x*2=c", "a/b", "x", "ac"),
        ("a/b; x*1=a; x*2=c", "a/b", "x", "ac"),
    ] {
        let it = read(text);
        assert_eq!((it.kind.as_str(), it.get(name)), (kind, Some(value)), "{text}");
        let plain = text.starts_with("filename");
        assert_eq!(it.defects.is_empty(), plain, "{text}");
    }
    assert_eq!(read("a/b; x=(never closed").get("x"), Some("(never closed"));
    assert_eq!(read("").kind, "");
}

#[test]
fn the_first_counts_and_all_are_kept() {
    assert_eq!(values("a/b; boundary=X; boundary=Y", "boundary"), ["X", "Y"]);
    assert_eq!(defects("a/b; boundary=X; boundary=Y"), ["duplicate-boundary"]);
    for text in ["a/b; boundary=X; boundary*0=Y", "a/b; boundary=X; boundary*=''Y"] {
        assert_eq!(values(text, "boundary"), ["X", "Y"], "{text}");
        assert_eq!(defects(text), ["duplicate-boundary"], "{text}");
    }
    assert_eq!(values("a/b; boundary*0=Y; boundary=X", "boundary"), ["Y", "X"]);
    assert_eq!(values("a; filename=a.txt; filename=a.exe", "filename"), ["a.txt", "a.exe"]);
    assert_eq!(defects("a; filename=a.txt; filename=a.exe"), ["duplicate-parameter"]);
    assert_eq!(defects("a; filename*0=a; filename*0=b"), ["duplicate-parameter"]);
    // Both forms of a name side by side are honest; the one with a charset is meant.
    assert_eq!(values("a; filename=\"b?.txt\"; filename*=utf-8''b%C3%BC.txt", "filename"), ["bü.txt", "b?.txt"]);
    assert_eq!(defects("a; filename=\"b?.txt\"; filename*=utf-8''b%C3%BC.txt"), [""; 0]);
}

#[test]
fn names_in_more_than_one_reading() {
    assert_eq!(values("a; filename=report(1).pdf", "filename"), ["report(1).pdf", "report.pdf"]);
    assert_eq!(values("a; filename=report (1).pdf", "filename"), ["report .pdf"]);
    assert_eq!(values("a; filename=\"C:\\dir\\a.exe\"", "filename"), ["C:\\dir\\a.exe", "C:dira.exe"]);
    assert_eq!(values("a; filename=\"a.txt\".exe", "filename"), ["a.txt.exe", "a.txt"]);
    assert_eq!(values("a; filename=my own report.pdf; x=1", "filename"), ["my own report.pdf"]);
    // Python takes what has two single quotes for a value with a charset.
    assert_eq!(values("a; filename=utf-8'en'b%2eexe", "filename"), ["utf-8'en'b%2eexe", "b.exe"]);
    let folded = values("a; filename='one.exe' Content-Transfer-Encoding: base64", "filename");
    assert!(folded.contains(&"Content-Transfer-Encoding".to_owned()), "{folded:?}");
    assert_eq!(values("a; filename=Bob's.pdf", "filename"), ["Bob's.pdf"]);
    assert_eq!(values("a; filename=\"'a'b.exe\"", "filename"), ["'a'b.exe"]);
    // Of a boundary the strict reading counts.
    assert_eq!(values("a/b; boundary=X(c)", "boundary"), ["X", "X(c)"]);
    let names = |name: &str| file_names(name).collect::<Vec<_>>();
    assert_eq!(names("=?utf-8?B?YsO8Y2hlcg==?=.pdf"), ["bücher.pdf"]);
    assert_eq!(names("=?utf-8?q?one?= =?utf-8?q?=2Eexe?="), ["one.exe", "one .exe"]);
}

proptest::proptest! {
    #[test]
    fn any_text_is_read(text in "[a-c0-1*=;\"\\\\() %'/é\t-]{0,60}") {
        read(&text);
    }
}

#[test]
fn hostile_fields_take_one_pass() {
    let most = 16 << 10;
    for piece in ["(", "a(", "a (", "\"", "\\", "x*1=a;", "x*1*=%41;", "x=", " a", "a=b ", ";;", "=?a?", "/ ", "x*="] {
        let text = format!("a/b; {}", piece.repeat(most / piece.len()));
        let started = std::time::Instant::now();
        for _ in 0..20 {
            read(&text);
        }
        // A quadratic reader takes seconds; this is far from what a busy machine can add.
        assert!(started.elapsed().as_millis() < 2_000, "{piece:?}: {:?}", started.elapsed());
    }
    let pieces: String = (0..1500).rev().map(|n| format!("x*{n}=a;")).collect();
    assert_eq!(read(&format!("a/b;{pieces}")).get("x").map(str::len), Some(1500));
}

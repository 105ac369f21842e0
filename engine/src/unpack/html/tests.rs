//! Documents, as readers see them.

use super::reader::is_block;
use super::*;

fn read(html: &str) -> Document {
    parse(html, 1 << 20).0
}

#[test]
fn what_a_reader_sees() {
    let it = read("<html><title>no</title><style>p{}</style><body><p>One <b>t</b>wo&nbsp;&amp; three<p>four<br>five");
    assert_eq!(it.visible, "One two & three\nfour\nfive");
    assert_eq!(it.hidden, "");
    assert_eq!(read("no tags at all").visible, "no tags at all");
    assert_eq!(read("<table><tr><td>a<td>b</tr><tr><td>c</table>").visible, "a b\nc");
    assert_eq!(read("a<!-- x -->b").visible, "ab");
}

#[test]
fn what_is_hidden() {
    for html in [
        "<p>seen <span style='display:none'>lost</span></p>",
        "<p>seen <font color=#ffffff>lost</font></p>",
        "<body bgcolor=black><font color=black>lost</font><font color=white>seen</font>",
        "<p>seen</p><div style='font-size:0px'><b>lost</b></div>",
        "<p>seen</p><div hidden>lost</div>",
        "<p>seen<p style='display:none'>lost<p>",
    ] {
        let it = read(html);
        assert_eq!((it.visible.trim(), it.hidden.trim()), ("seen", "lost"), "{html}");
    }
    let honest =
        read("<div style='color:#fff;background:#003366'>seen</div><td bgcolor=navy><font color=white>too</td>");
    assert_eq!(honest.hidden, "");
}

#[test]
fn links_with_what_they_show() {
    let it = read(
        "<base href='http://a.example/x/'><a href='y?a=1&amp;b=2'>click <b>me</b></a> text <a href=http://b.example>\
         <img src='http://c.example/p.png' alt='logo'></a><a name=z>no</a><area href=q>",
    );
    let links: Vec<_> = it.links.iter().map(|link| (link.target.as_str(), link.shown.as_str())).collect();
    assert_eq!(
        links,
        [("http://a.example/x/y?a=1&b=2", "click me"), ("http://b.example", "logo"), ("http://a.example/x/q", "")]
    );
    assert_eq!(it.remote_images, ["http://c.example/p.png"]);
    assert_eq!(&it.visible[it.links[0].offset as usize..][..8], "click me");
}

#[test]
fn what_a_document_does() {
    let it = read(
        "<form action='http://a.example/post'><input type=PASSWORD></form><script>x()</script><img onload='x()'>\
         <iframe src=x></iframe><meta http-equiv=refresh content='0; URL=http://b.example/'>",
    );
    assert_eq!(it.forms, ["http://a.example/post"]);
    assert_eq!((it.password_inputs, it.scripts, it.embeds), (1, 2, 1));
    assert_eq!(it.refreshes, ["http://b.example/"]);
    assert_eq!(it.visible, "");
}

#[test]
fn hostile_documents_end() {
    let nested = "<div>".repeat(100_000) + "deep";
    assert_eq!(parse(&nested, 100).0.visible, "deep");
    let attributes = format!("<a {}>x</a>", "b=c ".repeat(200_000));
    assert!(parse(&attributes, 100).0.visible.len() <= 1);
    assert!(parse(&"<".repeat(1 << 20), 100).0.visible.len() <= 100);
    let (long, cut) = parse(&"word ".repeat(1000), 100);
    assert!(long.visible.len() <= 100 && cut);
}

#[test]
fn the_charset_of_the_head() {
    assert_eq!(meta_charset(b"<meta charset=\"UTF-8\">").as_deref(), Some("utf-8"));
    assert_eq!(meta_charset(b"<meta content='text/html; charset=koi8-r'>").as_deref(), Some("koi8-r"));
    assert_eq!(meta_charset(b"<meta charset=utf-16le>").as_deref(), Some("utf-8"));
    assert_eq!(meta_charset(b"<p>charset</p>"), None);
}

#[test]
fn blocks_are_sorted() {
    assert!(is_block("br") && is_block("ul") && is_block("address") && !is_block("b"));
}

#[test]
fn what_a_style_sheet_hides() {
    for html in [
        "<style>.x{display:none}</style><p>seen<p class='a x'>lost",
        "<style>#x{visibility:hidden}</style><p>seen<p id=x>lost",
        "<style>b{font-size:0}</style><p>seen <b>lost</b>",
        "<style>p.x{opacity:0}</style><p>seen<p class=x>lost",
        "<style>.x{color:#fff}</style><p>seen<p class=x>lost",
        "<style>body{background:black;color:white}.x{color:black}</style><body><p>seen<p class=x>lost",
        "<STYLE type=text/css>.x{display:none!important}</STYLE><p>seen<p class=x style='display:block'>lost",
        // Behind the text that it hides, and with another element of raw text between.
        "<p>seen<p class=x>lost<style>.x{display:none}</style>",
        "<style></style><p>seen<p class=x>lost<style>.x{display:none}</style>",
    ] {
        let it = read(html);
        assert_eq!((it.visible.trim(), it.hidden.trim()), ("seen", "lost"), "{html}");
    }
    for html in [
        "<!-- <style>.x{display:none}</style> --><p>seen<p class=x>too",
        "<style media=print>.x{display:none}</style><p>seen<p class=x>too",
        "<style>@media (max-width:480px){.x{display:none}}</style><p>seen<p class=x>too",
        "<style>.x{display:none}</style><p>seen<p class=x style='display:block'>too",
        "<style>.x{color:#fff} table .x{background:#036}</style><p>seen<p class=x>too",
        "<style>.x{font-size:0} .x td{font-size:14px}</style><p>seen<table class=x><tr><td>too</table>",
        "<style></style><iframe>.x{display:none}</iframe><p>seen<p class=x>too",
        "<textarea><style>.x{display:none}</style></textarea><p>seen<p class=x>too",
    ] {
        let it = read(html);
        assert_eq!((it.visible.trim(), it.hidden.trim()), ("seen\ntoo", ""), "{html}");
    }
}

#[test]
fn ends_that_are_left_out() {
    for (html, visible, hidden) in [
        ("<p hidden>lost<div>seen</div>", "seen", "lost"),
        ("<table><tr><td hidden>lost<tr><td>seen</table>", "seen", "lost"),
        ("<table><tr hidden><td>lost<tr><td>seen</table>", "seen", "lost"),
        ("<ul><li hidden><b>lost<li>seen</ul>", "seen", "lost"),
        ("<a href=x hidden>lost<a href=y>seen</a>", "seen", "lost"),
        ("<div hidden>lost<p>lost", "", "lost\nlost"),
        ("<p hidden><button><div>lost</div>", "", "lost"),
        ("<ul hidden><li>lost<ul><li>lost</ul></ul>seen", "seen", "lost\nlost"),
        ("<div hidden><table><tr><td>lost</table></div>seen", "seen", "lost"),
    ] {
        let it = read(html);
        assert_eq!((it.visible.trim(), it.hidden.trim()), (visible, hidden), "{html}");
    }
    let it = read("<a href=x>one<a href=y>two");
    let links: Vec<_> = it.links.iter().map(|link| (link.target.as_str(), link.shown.as_str())).collect();
    assert_eq!(links, [("x", "one"), ("y", "two")]);
}

#[test]
fn text_below_a_million_elements_is_read() {
    for open in ["<div>", "<i>", "<svg><foreignObject>", "<a href=x>"] {
        let (it, cut) = parse(&(open.repeat((4 << 20) / open.len() - 10) + "deep"), 100);
        assert_eq!((it.visible.trim(), cut), ("deep", false), "{open}");
    }
}

#[test]
fn what_is_kept_is_bounded() {
    let base = format!("<base href='http://a.example/{}/'>", "x".repeat(8000));
    let it = read(&(base + &"<a href=y>z</a>".repeat(10_000)));
    let kept: usize = it.links.iter().map(|link| link.target.len()).sum();
    assert!((4 << 20..5 << 20).contains(&kept), "{kept}");
}

/// Documents made to be dear: what is repeated, after what.
const DEAR: &[(&str, &str)] = &[
    ("<b>", "<i></b><b>"),
    ("", "<"),
    ("", "<br>"),
    ("", "<a href=x>y</a>"),
    ("<a href=x>", "<img alt=x>"),
    ("", "<b style=color:red;opacity:1>x</b>"),
    ("<script>", "</"),
    ("", "<a b c d e f g h i j k l m n o p>"),
    ("", "&amp;"),
    ("", "<div>"),
    ("<style>.x{color:red}</style>", "<b class='x y z'>"),
    ("<p>x<style>.x{color:red}</style>", "<b class='x y z x y z x y z x y z'>x</b>"),
    ("<style>.x{color:red} .y .x{color:blue}</style>", "<b id=x class='x'>"),
];

#[test]
fn dear_documents_pay_for_it() {
    for (front, piece) in DEAR {
        let html = front.to_string() + &piece.repeat((4 << 20) / piece.len());
        assert!(steps(html.as_bytes()) >= 40 * html.len() as u64);
        let (_, _) = parse(&html, 1 << 20);
    }
    // An honest newsletter pays little of the whole.
    let honest =
        "<tr><td style='padding:0'><a href='http://a.example/1'>A line of text to read</a></td></tr>\n".repeat(1_000);
    assert!(steps(honest.as_bytes()) < 10_000_000);
}

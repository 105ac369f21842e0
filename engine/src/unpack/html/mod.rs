//! HTML -> [`Document`]: what a reader sees, what is hidden from one, and where it leads. Takes UTF-8, feeds it to
//! `lol_html` in pieces, keeps no tree: a stack of what each open element does to the text in it is enough.

mod address;
mod flow;
mod style;

use std::cell::RefCell;
use std::rc::Rc;

use lol_html::html_content::{Element, TextType};
use lol_html::{
    DocumentContentHandlers, ElementContentHandlers, HtmlRewriter, MemorySettings, Selector, Settings, end_tag,
};

use self::flow::{Flow, Gap};
use self::style::{Colour, Ground, Paint};
use super::content::{Document, DocumentLink};
use crate::text::entities;

/// How much memory the parser may take for one document; it holds one token at a time, and its stack of elements.
const PARSER_BYTES: usize = 16 << 20;
/// Links, forms and the like of one document beyond this number are counted, not kept.
const MOST_KEPT: usize = 10_000;
/// Longest text of a link that is kept, in bytes.
const SHOWN_BYTES: usize = 500;
/// How deep elements may nest before deeper ones count as their parents: a stack of such depth is an attack.
const MOST_OPEN: usize = 5_000;

/// What an element does to the text in it.
#[derive(Clone, Copy)]
struct Open {
    tag: Tag,
    gone: bool,
    invisible: bool,
    tiny: bool,
    colour: Option<Colour>,
    transparent: bool,
    ground: Ground,
}

/// Elements that this reader treats in their own way.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Tag {
    Link,
    /// Ends where the next of its kind begins, or its parent ends.
    Item(u8),
    Other,
}

struct Reader {
    document: Document,
    visible: Flow,
    hidden: Flow,
    open: Vec<Open>,
    base: Option<String>,
    /// The link whose text is being read: index, start in the visible text, and the text of pictures in it.
    link: Option<(usize, usize, String)>,
}

/// The charset that a document's head declares, for a part whose header does not.
pub(super) fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..1024.min(bytes.len())).unwrap_or_default().to_ascii_lowercase();
    let at = memchr::memmem::find(&head, b"charset=")?;
    let rest = head.get(at + 8..)?;
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let label: Vec<u8> =
        rest.iter().copied().take_while(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b':')).collect();
    String::from_utf8(label).ok().filter(|label| (2..=40).contains(&label.len()))
}

/// Reads a document, of which at most `most` bytes of visible and of hidden text are kept. The flag says that there was
/// more, or that the parser needed more memory than it may have.
pub(super) fn parse(html: &str, most: usize) -> (Document, bool) {
    let reader = Rc::new(RefCell::new(Reader {
        document: Document::default(),
        visible: Flow::new(most),
        hidden: Flow::new(most),
        open: Vec::new(),
        base: None,
        link: None,
    }));
    let whole = feed(html, &reader);
    let mut reader = reader.borrow_mut();
    reader.end_link();
    let (visible, cut) = std::mem::take(&mut reader.visible).finish();
    let (hidden, hidden_cut) = std::mem::take(&mut reader.hidden).finish();
    let mut document = std::mem::take(&mut reader.document);
    document.visible = visible;
    document.hidden = hidden;
    (document, cut || hidden_cut || !whole)
}

/// Runs the parser; false where it gave up.
fn feed(html: &str, reader: &Rc<RefCell<Reader>>) -> bool {
    let Ok(everything) = "*".parse::<Selector>() else { return false };
    let (elements, texts, comments) = (Rc::clone(reader), Rc::clone(reader), Rc::clone(reader));
    let element = move |element: &mut Element<'_, '_>| {
        let depth = elements.borrow_mut().start(element);
        if let Some(depth) = depth.filter(|_| element.can_have_content()) {
            let elements = Rc::clone(&elements);
            let is_block = is_block(&element.tag_name());
            // An end that the document leaves out is not told; the parent's end closes what is open in it.
            element.on_end_tag(end_tag!(move |_| {
                elements.borrow_mut().end(depth, is_block);
                Ok(())
            }))?;
        }
        Ok(())
    };
    let settings = Settings::new()
        .with_memory_settings(
            MemorySettings::new()
                .with_max_allowed_memory_usage(PARSER_BYTES)
                .with_preallocated_parsing_buffer_size(1024),
        )
        .with_strict(false)
        .append_element_content_handler((
            std::borrow::Cow::Owned(everything),
            ElementContentHandlers::default().element(element),
        ))
        .append_document_content_handler(
            DocumentContentHandlers::default()
                .text(move |text: &mut lol_html::html_content::TextChunk<'_>| {
                    texts.borrow_mut().text(text.as_str(), text.text_type(), text.last_in_text_node());
                    Ok(())
                })
                .comments(move |comment: &mut lol_html::html_content::Comment<'_>| {
                    let bytes = u32::try_from(comment.text().len()).unwrap_or(u32::MAX);
                    let mut reader = comments.borrow_mut();
                    reader.document.comment_bytes = reader.document.comment_bytes.saturating_add(bytes);
                    Ok(())
                }),
        );
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    for piece in html.as_bytes().chunks(32 << 10) {
        if rewriter.write(piece).is_err() {
            return false;
        }
    }
    rewriter.end().is_ok()
}

impl Reader {
    /// An element begins. Gives its place on the stack.
    fn start(&mut self, element: &Element<'_, '_>) -> Option<usize> {
        let name = element.tag_name();
        self.document.elements = self.document.elements.saturating_add(1);
        let mut open = self.open.last().copied().unwrap_or(Open {
            tag: Tag::Other,
            gone: false,
            invisible: false,
            tiny: false,
            colour: None,
            transparent: false,
            ground: Ground::Colour([255, 255, 255]),
        });
        open.tag = match name.as_str() {
            "a" | "area" => Tag::Link,
            "p" => Tag::Item(0),
            "li" => Tag::Item(1),
            "td" | "th" => Tag::Item(2),
            "tr" => Tag::Item(3),
            "option" => Tag::Item(4),
            _ => Tag::Other,
        };
        if let (Tag::Item(_), Some(above)) = (open.tag, self.open.last()) {
            if above.tag == open.tag {
                self.open.pop();
                let parent = self.open.last().copied();
                open = Open { tag: open.tag, ..parent.unwrap_or(Open { gone: false, invisible: false, ..open }) };
            }
        }
        self.attributes(element, &name, &mut open);
        if is_block(&name) {
            self.gap(Gap::Line);
        } else if matches!(name.as_str(), "td" | "th" | "img") {
            self.gap(Gap::Blank);
        }
        self.special(element, &name, &mut open);
        if !element.can_have_content() || self.open.len() >= MOST_OPEN {
            return None;
        }
        self.open.push(open);
        Some(self.open.len() - 1)
    }

    /// An element ends, and with it all that is open in it.
    fn end(&mut self, depth: usize, is_block: bool) {
        let link = self.open.get(depth..).unwrap_or_default().iter().any(|open| open.tag == Tag::Link);
        self.open.truncate(depth);
        if link {
            self.end_link();
        }
        if is_block {
            self.gap(Gap::Line);
        }
    }

    /// Text, or what stands where a browser shows none.
    fn text(&mut self, text: &str, kind: TextType, last: bool) {
        match kind {
            TextType::Data | TextType::PlainText | TextType::CDataSection => {}
            // Titles and text areas: only the title is not part of the page, and it is no text of the mail either.
            TextType::RCData => return,
            TextType::RawText | TextType::ScriptData => return,
        }
        let flow = match self.open.last() {
            Some(open) if is_hidden(open) => &mut self.hidden,
            _ => &mut self.visible,
        };
        flow.source(text, last);
    }

    fn gap(&mut self, gap: Gap) {
        self.visible.gap(gap);
        self.hidden.gap(gap);
    }

    /// What every element may say of its look, and its event handlers.
    fn attributes(&mut self, element: &Element<'_, '_>, name: &str, open: &mut Open) {
        for attribute in element.attributes() {
            let key = attribute.name();
            let value = || decoded(&attribute.value());
            match key.as_str() {
                "style" => {
                    let images = &mut self.document.remote_images;
                    let style = style::parse(&value(), |url| remote_image(images, url));
                    open.gone |= style.gone;
                    open.invisible = style.invisible.unwrap_or(open.invisible);
                    open.tiny = style.tiny.unwrap_or(open.tiny);
                    open.colour = style.colour.or(open.colour);
                    open.transparent = style.transparent.unwrap_or(open.transparent);
                    open.ground = style.ground.unwrap_or(open.ground);
                }
                "hidden" => open.gone = true,
                "bgcolor" => match style::colour(&value().to_ascii_lowercase()) {
                    Some(Paint::Colour(colour)) => open.ground = Ground::Colour(colour),
                    _ => open.ground = Ground::Unknown,
                },
                "background" => {
                    open.ground = Ground::Unknown;
                    remote_image(&mut self.document.remote_images, &value());
                }
                // A class may paint the ground anew; who knows it can read what we think is hidden.
                "class" if !matches!(name, "p" | "span" | "font" | "a") => {}
                "color" if name == "font" => {
                    if let Some(Paint::Colour(colour)) = style::colour(&value().to_ascii_lowercase()) {
                        open.colour = Some(colour);
                        open.transparent = false;
                    }
                }
                "text" if name == "body" => {
                    if let Some(Paint::Colour(colour)) = style::colour(&value().to_ascii_lowercase()) {
                        open.colour = Some(colour);
                    }
                }
                handler if handler.len() > 3 && handler.starts_with("on") => {
                    self.document.scripts = self.document.scripts.saturating_add(1);
                }
                _ => {}
            }
        }
    }

    /// What single elements do.
    fn special(&mut self, element: &Element<'_, '_>, name: &str, open: &mut Open) {
        let attribute = |name: &str| element.get_attribute(name).map(|value| decoded(&value));
        let document = &mut self.document;
        match name {
            "a" | "area" => {
                self.end_link();
                if let Some(target) = attribute("href") {
                    self.start_link(&target);
                }
                if name == "area" {
                    self.end_link();
                }
            }
            "base" => self.base = self.base.take().or_else(|| attribute("href").map(|base| address::clean(&base))),
            "form" => keep(&mut document.forms, attribute("action").map(|it| address::clean(&it)).unwrap_or_default()),
            "input" => {
                let kind = attribute("type").unwrap_or_default();
                document.password_inputs += u32::from(kind.trim().eq_ignore_ascii_case("password"));
            }
            "script" => document.scripts = document.scripts.saturating_add(1),
            "iframe" | "frame" | "object" | "embed" | "applet" => document.embeds = document.embeds.saturating_add(1),
            "img" => {
                if let Some(source) = attribute("src") {
                    remote_image(&mut document.remote_images, &source);
                }
                if let (Some((_, _, shown)), Some(text)) = (&mut self.link, attribute("alt")) {
                    if shown.len() < SHOWN_BYTES {
                        shown.push_str(text.trim());
                    }
                }
            }
            "meta" => {
                let refresh = attribute("http-equiv").is_some_and(|it| it.trim().eq_ignore_ascii_case("refresh"));
                if let Some(content) = attribute("content").filter(|_| refresh) {
                    let lower = content.to_ascii_lowercase();
                    if let Some(target) = lower.find("url=").and_then(|at| content.get(at + 4..)) {
                        keep(&mut document.refreshes, address::clean(target.trim_matches(['"', '\''])));
                    }
                }
            }
            "noscript" | "template" | "noframes" => open.gone = true,
            _ => {}
        }
    }

    fn start_link(&mut self, target: &str) {
        if self.document.links.len() >= MOST_KEPT {
            return;
        }
        let target = address::resolve(self.base.as_deref(), address::clean(target));
        let start = self.visible.offset();
        let offset = u32::try_from(start).unwrap_or(u32::MAX);
        self.link = Some((self.document.links.len(), start, String::new()));
        self.document.links.push(DocumentLink { target, shown: String::new(), offset });
    }

    fn end_link(&mut self) {
        let Some((number, start, pictures)) = self.link.take() else { return };
        let text = self.visible.since(start).trim();
        let shown = if text.is_empty() { pictures.as_str() } else { text };
        let end = (0..=shown.len().min(SHOWN_BYTES)).rev().find(|at| shown.is_char_boundary(*at)).unwrap_or(0);
        let shown = shown.get(..end).unwrap_or_default().to_owned();
        if let Some(link) = self.document.links.get_mut(number) {
            link.shown = shown;
        }
    }
}

fn is_hidden(open: &Open) -> bool {
    let unseen = match (open.colour, open.ground) {
        (Some(text), Ground::Colour(ground)) => style::same(text, ground),
        _ => false,
    };
    open.gone || open.invisible || open.tiny || open.transparent || unseen
}

fn remote_image(images: &mut Vec<String>, source: &str) {
    let source = address::clean(source);
    if address::is_remote(&source) {
        keep(images, source);
    }
}

fn keep(list: &mut Vec<String>, value: String) {
    if list.len() < MOST_KEPT {
        list.push(value);
    }
}

/// An attribute's value with its character references decoded.
fn decoded(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    entities::decode_into(value, true, &mut out);
    out
}

/// Elements that stand on lines of their own.
fn is_block(name: &str) -> bool {
    const BLOCKS: &[&str] = &[
        "address",
        "article",
        "aside",
        "blockquote",
        "body",
        "br",
        "caption",
        "center",
        "dd",
        "div",
        "dl",
        "dt",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "html",
        "li",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "tbody",
        "tfoot",
        "thead",
        "title",
        "tr",
        "ul",
    ];
    BLOCKS.binary_search(&name).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(html: &str) -> Document {
        parse(html, 1 << 20).0
    }

    #[test]
    fn what_a_reader_sees() {
        let it =
            read("<html><title>no</title><style>p{}</style><body><p>One <b>t</b>wo&nbsp;&amp; three<p>four<br>five");
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
        assert_eq!(meta_charset(b"<p>charset</p>"), None);
    }

    #[test]
    fn blocks_are_sorted() {
        assert!(is_block("br") && is_block("ul") && is_block("address") && !is_block("b"));
    }
}

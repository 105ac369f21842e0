//! HTML as SpamAssassin renders it, and what it counts on the way. Takes a document's text, gives the text that `body` rules see,
//! the addresses that `uri` rules see, and the numbers that its rules of HTML ask for.

mod addresses;
mod elements;
mod style;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use self::elements::{ELEMENTS, KNOWN, STYLED};
use self::style::Style;
use super::tokens::{self, Attribute, Decode, Token};

/// Longest address that is kept.
pub(super) const LONGEST_URI: usize = 8_192;

/// Styles that may be open at once.
const MOST_STYLES: usize = 2_000;

/// An address in HTML, and where it stands.
#[derive(Debug, Default)]
pub(crate) struct HtmlUri {
    /// The tags that name it: `a`, `img`, ...; sorted.
    pub(crate) types: Vec<&'static str>,
    /// The texts that lead to it.
    pub(crate) anchors: Vec<String>,
}

/// What is known of one HTML document.
#[derive(Debug, Default)]
pub(crate) struct Html {
    pub(crate) rendered: String,
    pub(crate) uris: BTreeMap<String, HtmlUri>,
    pub(crate) uri_truncated: bool,
    /// How many of each tag were open when the document ended; every tag that was seen.
    pub(crate) inside: BTreeMap<String, i32>,
    pub(crate) comments: Vec<String>,
    pub(crate) scripts: Vec<String>,
    pub(crate) titles: Vec<String>,
    pub(crate) anchors: Vec<String>,
    pub(crate) charsets: String,
    /// Yes and no by name: `font_low_contrast`, `embeds`, ...
    pub(crate) flags: BTreeSet<&'static str>,
    /// Numbers by name: `length`, `min_size`, `ratio`, ...
    pub(crate) numbers: BTreeMap<&'static str, f64>,
}

/// Renders a document. `bytes` is its size before its charset was decoded.
pub(super) fn render(text: &str, bytes: usize) -> Html {
    let prepared = prepare(text);
    let mut renderer = Renderer {
        counts: vec![None; KNOWN],
        base_font: 3,
        sizes: (3, 3),
        styles: vec![Style::plain()],
        ..Renderer::default()
    };
    renderer.html.rendered.reserve(prepared.len() / 2);
    tokens::read(&prepared, |token| renderer.token(token));
    renderer.finish(text.chars().count(), bytes)
}

/// What is replaced before a document is cut.
fn prepare(text: &str) -> Cow<'_, str> {
    let has = |text: &str, what: &str| memchr::memmem::find(text.as_bytes(), what.as_bytes()).is_some();
    let mut text = without_hard_blanks(text);
    if has(&text, "\u{201C}") || has(&text, "\u{201D}") {
        text = Cow::Owned(text.replace(['\u{201C}', '\u{201D}'], "\""));
    }
    if !has(&text, "/>") {
        return text;
    }
    // `<br />` loses its slash.
    let bytes = text.as_bytes();
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for at in memchr::memchr_iter(b'<', bytes) {
        let name = bytes.iter().skip(at + 1).take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        let end = at + 1 + name;
        let blanks = bytes.iter().skip(end).take_while(|byte| byte.is_ascii_whitespace()).count();
        if name > 0 && bytes.get(end + blanks..).is_some_and(|rest| rest.starts_with(b"/>")) {
            out.push_str(text.get(from..end).unwrap_or_default());
            from = end + blanks + 1;
        }
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// `&nbsp;` as blanks. `replace` takes a dozen times as long to find that there are none, and for what there is.
fn without_hard_blanks(text: &str) -> Cow<'_, str> {
    const HARD: &str = "&nbsp;";
    let mut found = memchr::memmem::find_iter(text.as_bytes(), HARD).peekable();
    if found.peek().is_none() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut from = 0;
    for at in found {
        out.push_str(text.get(from..at).unwrap_or_default());
        out.push(' ');
        from = at + HARD.len();
    }
    out.push_str(text.get(from..).unwrap_or_default());
    Cow::Owned(out)
}

/// Whether certain tags are open; asked for each text.
#[derive(Default)]
struct Within {
    anchor: bool,
    script: bool,
    style: bool,
    title: bool,
}

#[derive(Default)]
struct Renderer {
    html: Html,
    /// How many of each known tag are open, of those that were seen: what becomes of `inside`, where the others are from the start.
    counts: Vec<Option<i32>>,
    within: Within,
    /// Where the last piece of text starts, and what it is.
    last: usize,
    last_white: bool,
    last_invisible: bool,
    has_text: bool,
    styles: Vec<Style>,
    /// How many styles of each tag are open.
    open: [usize; STYLED.len()],
    base_font: i32,
    sizes: (i32, i32),
    tags: u32,
    elements: u32,
    tags_seen: u32,
    elements_seen: u32,
    closed_extra: u32,
    obfuscation: u32,
    backhair: BTreeSet<(usize, usize)>,
    base: String,
    anchor: String,
    image_area: f64,
}

/// What is skipped and squeezed in text.
fn is_white(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

/// How many bytes are such. Sums of one byte each let the processor count sixteen at once.
fn white_bytes(text: &[u8]) -> usize {
    let of = |piece: &[u8]| piece.iter().fold(0u8, |sum, byte| sum.wrapping_add(u8::from(is_white(*byte))));
    text.chunks(255).map(|piece| usize::from(of(piece))).sum()
}

/// Pieces of words: everything but blanks and ASCII punctuation.
fn is_letter(it: char) -> bool {
    !it.is_whitespace() && !it.is_ascii_punctuation()
}

impl Renderer {
    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Start(name, attributes) => self.tag(&name, attributes, true),
            Token::End(name) => self.tag(&name, &[], false),
            Token::Text(text, Decode::No) => self.text(text),
            Token::Text(text, Decode::Yes) => {
                if text.contains('&') {
                    let mut decoded = String::with_capacity(text.len());
                    tokens::decode_into(text, false, &mut decoded);
                    self.text(&decoded);
                } else {
                    self.text(text);
                }
            }
            Token::Comment(text) => self.html.comments.push(text.to_owned()),
            Token::Declaration(_) => {
                self.elements += 1;
                self.tags += 1;
                self.html.inside.insert("!doctype".to_owned(), 0);
            }
        }
    }

    fn tag(&mut self, tag: &str, attributes: &[Attribute<'_>], opens: bool) {
        let namespaced = {
            let rest = tag.strip_prefix("o:").or_else(|| {
                let rest = tag.strip_prefix("st")?;
                rest.strip_prefix(|it: char| it.is_ascii_digit())?.strip_prefix(':')
            });
            rest.is_some_and(|rest| {
                let rest = rest.strip_suffix('/').unwrap_or(rest);
                !rest.is_empty() && rest.chars().all(|it| it.is_alphanumeric() || it == '_' || it == '-')
            })
        };
        let number = elements::number(tag);
        let is_element = number.is_some_and(|number| number < ELEMENTS.len());
        let (first, count) = match number.and_then(|number| self.counts.get_mut(number)) {
            Some(count) => (count.is_none(), count.get_or_insert(0)),
            None => (!self.html.inside.contains_key(tag), self.html.inside.entry(tag.to_owned()).or_default()),
        };
        if is_element || namespaced {
            self.elements += 1;
            self.elements_seen += u32::from(first);
        }
        self.tags += 1;
        self.tags_seen += u32::from(first);
        *count += if opens { 1 } else { -1 };
        if *count < 0 {
            *count = 0;
            self.closed_extra += 1;
        }
        let is_open = *count > 0;
        match tag {
            "a" => self.within.anchor = is_open,
            "script" => self.within.script = is_open,
            "style" => self.within.style = is_open,
            "title" => self.within.title = is_open,
            _ => {}
        }
        let Some(name) = number.filter(|_| !namespaced).and_then(elements::name) else { return };
        if let Some(styled) = STYLED.iter().find(|it| **it == tag) {
            self.style(styled, attributes, opens);
        }
        match tag {
            "br" | "div" => self.white("\n"),
            "li" | "th" | "td" | "dt" | "dd" | "embed" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.white(" "),
            "p" | "hr" | "blockquote" | "pre" | "listing" | "plaintext" | "xmp" | "title" => self.white("\n\n"),
            _ => {}
        }
        if opens {
            self.addresses(name, attributes);
            self.tests(tag, attributes);
        }
    }

    fn text(&mut self, text: &str) {
        if self.within.script {
            self.html.scripts.push(text.to_owned());
            return;
        }
        if self.within.style {
            return;
        }
        if self.within.anchor {
            if let Some(last) = self.html.uris.get_mut(&self.anchor).and_then(|uri| uri.anchors.last_mut()) {
                last.push_str(text);
            }
            if let Some(last) = self.html.anchors.last_mut() {
                last.push_str(text);
            }
        }
        if self.within.title
            && let Some(last) = self.html.titles.last_mut()
        {
            last.push_str(text);
        }
        let tells = text.bytes().any(|it| !is_white(it));
        let invisible = tells && self.unreadable();
        if self.has_text {
            let before = self.html.rendered.get(self.last..).unwrap_or_default();
            let starts = text.chars().next().is_some_and(is_letter);
            if starts && before.chars().next_back().is_some_and(is_letter) {
                self.obfuscation += 1;
            }
            let tail = before.chars().rev().take_while(|it| is_letter(*it)).take(8).count();
            let stop = before.chars().rev().nth(tail);
            if (1..=7).contains(&tail) && stop != Some('_') {
                let head = text.chars().take_while(|it| is_letter(*it)).take(8).count();
                if (1..=7).contains(&head) && text.chars().nth(head) != Some('_') {
                    self.backhair.insert((tail, head));
                }
            }
        }
        let start = self.html.rendered.len();
        let skips = self.has_text && !invisible && self.last_white;
        let bytes = text.as_bytes();
        let (mut from, mut at) = (0, 0);
        while let Some(byte) = bytes.get(at) {
            // Single blanks stay among the text that is copied at once.
            if !is_white(*byte) || (*byte == b' ' && at > 0 && bytes.get(at + 1).is_some_and(|it| !is_white(*it))) {
                at += 1;
                continue;
            }
            self.html.rendered.push_str(text.get(from..at).unwrap_or_default());
            if !(skips && at == 0) {
                self.html.rendered.push(' ');
            }
            while bytes.get(at).is_some_and(|it| is_white(*it)) {
                at += 1;
            }
            from = at;
        }
        self.html.rendered.push_str(text.get(from..).unwrap_or_default());
        (self.last, self.last_white, self.last_invisible, self.has_text) = (start, false, invisible, true);
    }

    fn white(&mut self, text: &str) {
        if self.has_text
            && !self.last_white
            && !self.last_invisible
            && self.html.rendered.len() > self.last
            && self.html.rendered.ends_with(' ')
        {
            self.html.rendered.pop();
        }
        self.last = self.html.rendered.len();
        self.html.rendered.push_str(text);
        (self.last_white, self.last_invisible, self.has_text) = (true, false, true);
    }

    fn tests(&mut self, tag: &str, attributes: &[Attribute<'_>]) {
        let value = |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref());
        match tag {
            "font" if value("face").is_some_and(|face| !super::colours::is_font_name(face)) => {
                self.html.flags.insert("font_face_bad");
            }
            "img" => {
                if self.within.anchor {
                    if let Some(last) = self.html.uris.get_mut(&self.anchor).and_then(|uri| uri.anchors.last_mut()) {
                        last.push_str("<img>\n");
                    }
                    if let Some(last) = self.html.anchors.last_mut() {
                        last.push_str("<img>\n");
                    }
                }
                if let (Some(width), Some(height)) = (value("width"), value("height")) {
                    self.image_area += extent(width, 8.0) * extent(height, 6.0);
                }
            }
            "form" if value("action").is_some_and(|action| action.to_ascii_lowercase().contains("mailto:")) => {
                self.html.flags.insert("form_action_mailto");
            }
            "object" | "embed" => {
                self.html.flags.insert("embeds");
            }
            "a" => {
                self.anchor = value("href").map(|uri| self.tidy_uri(uri)).unwrap_or_default();
                self.html.uris.entry(self.anchor.clone()).or_default().anchors.push(String::new());
                self.html.anchors.push(String::new());
            }
            "title" => self.html.titles.push(String::new()),
            "meta" => {
                let is_type = value("http-equiv").is_some_and(|it| it.to_ascii_lowercase().contains("content-type"));
                if let Some(content) = value("content").filter(|_| is_type)
                    && let Some(charset) = super::decode::content_type(content).charset
                {
                    if !self.html.charsets.is_empty() {
                        self.html.charsets.push(' ');
                    }
                    self.html.charsets.push_str(&charset);
                }
            }
            _ => {}
        }
    }

    fn finish(mut self, length: usize, bytes: usize) -> Html {
        for (name, count) in elements::names().zip(&self.counts) {
            if let Some(count) = count {
                self.html.inside.insert(name.to_owned(), *count);
            }
        }
        let rendered = self.html.rendered.chars().count();
        let mut blanks = white_bytes(self.html.rendered.as_bytes());
        if !self.html.rendered.is_ascii() {
            blanks += self.html.rendered.chars().filter(|it| !it.is_ascii() && it.is_whitespace()).count();
        }
        let mut put = |name: &'static str, value: f64| self.html.numbers.insert(name, value);
        put("html", 1.0);
        put("length", length as f64);
        put("image_area", self.image_area);
        put("min_size", f64::from(self.sizes.0));
        put("max_size", f64::from(self.sizes.1));
        put("html_length", rendered as f64);
        put("non_space_len", (rendered - blanks) as f64);
        if bytes > 0 {
            put("ratio", (bytes as f64 - rendered as f64) / bytes as f64);
        }
        let of = |part: u32, whole: u32| f64::from(part) / f64::from(whole);
        if self.tags > 0 {
            put("closed_extra_ratio", of(self.closed_extra, self.tags));
            if self.elements > 0 {
                put("bad_tag_ratio", of(self.tags - self.elements, self.tags));
            }
            if self.obfuscation > 0 {
                put("obfuscation_ratio", of(self.obfuscation, self.tags));
            }
        }
        if self.tags_seen > 0 && self.elements_seen > 0 {
            put("non_element_ratio", of(self.tags_seen - self.elements_seen, self.tags_seen));
        }
        if !self.backhair.is_empty() {
            put("backhair_count", self.backhair.len() as f64);
        }
        // Anchors without an address are no addresses.
        self.html
    }
}

/// The number at the start of a text.
fn leading_number(text: &str) -> Option<i32> {
    let sign = usize::from(text.starts_with('-'));
    let digits = text.bytes().skip(sign).take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return None;
    }
    text.get(..sign + digits.min(6))?.parse().ok()
}

/// The width or height of an image: a number, or a percentage in units of `percent`.
fn extent(text: &str, percent: f64) -> f64 {
    let (digits, factor) = match text.strip_suffix('%') {
        Some(digits) => (digits, percent),
        None => (text, 1.0),
    };
    let value = match !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        true => digits.parse::<f64>().unwrap_or(0.0) * factor,
        false => 0.0,
    };
    if value <= 0.0 { 200.0 } else { value }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_rendered() {
        let it = render("<html><p>Hello  <b>W</b>orld<br/>next<div>a &amp; b</div></html>", 64);
        assert_eq!(it.rendered, "\n\nHello World\nnext\na & b\n");
        assert_eq!(it.inside.get("html"), Some(&0));
    }

    #[test]
    fn addresses_and_anchors() {
        let it = render(
            "<a href=' http://a.example/x '>see <img src=cid:1></a><base href=\"http://b.example/d/f.html\"><a href=y>",
            9,
        );
        let uri = it.uris.get("http://a.example/x").unwrap();
        assert_eq!(uri.anchors, ["see <img>\n"]);
        assert!(it.uris.contains_key("http://b.example/d/y") && it.uris.contains_key("cid:1"));
    }

    #[test]
    fn what_cannot_be_read_is_noted() {
        assert!(render("<font color=white>x</font>", 9).flags.contains("font_low_contrast"));
        assert!(render("<span style='color: #fefefe'>x", 9).flags.contains("font_low_contrast"));
        assert!(render("<font color=nocolour>x", 9).flags.contains("font_invalid_color"));
        assert!(!render("<font color=red>x", 9).flags.contains("font_low_contrast"));
    }
}

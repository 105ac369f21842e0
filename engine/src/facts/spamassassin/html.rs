//! HTML as SpamAssassin renders it, and what it counts on the way. Takes a document's text, gives the text that `body` rules see,
//! the addresses that `uri` rules see, and the numbers that its rules of HTML ask for.

use std::collections::{BTreeMap, BTreeSet};

use super::colours::{Colour, background, named};
use super::tokens::{self, Decode, Token};

/// Longest address that is kept.
pub(super) const LONGEST_URI: usize = 8_192;

const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "applet",
    "area",
    "b",
    "base",
    "basefont",
    "bdo",
    "big",
    "blockquote",
    "body",
    "br",
    "button",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "dir",
    "div",
    "dl",
    "dt",
    "em",
    "fieldset",
    "font",
    "form",
    "frame",
    "frameset",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "isindex",
    "kbd",
    "label",
    "legend",
    "li",
    "link",
    "map",
    "menu",
    "meta",
    "nobr",
    "noframes",
    "noscript",
    "object",
    "ol",
    "optgroup",
    "option",
    "p",
    "param",
    "pre",
    "q",
    "s",
    "samp",
    "script",
    "select",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "x-sigsep",
    "x-tab",
];
const TRICKS: &[&str] = &["bgsound", "embed", "listing", "plaintext", "xmp"];
const STYLED: &[&str] =
    &["a", "basefont", "big", "body", "div", "font", "marquee", "p", "small", "span", "table", "td", "th", "tr"];
/// Styles that may be open at once.
const MOST_STYLES: usize = 2_000;

/// An address in HTML, and where it stands.
#[derive(Debug, Default)]
pub(crate) struct HtmlUri {
    /// The tags that name it: `a`, `img`, ...
    pub(crate) types: BTreeSet<String>,
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
    let mut renderer = Renderer { base_font: 3, sizes: (3, 3), styles: vec![Style::plain()], ..Renderer::default() };
    tokens::read(&prepared, |token| renderer.token(token));
    renderer.finish(text.chars().count(), bytes)
}

/// What is replaced before a document is cut.
fn prepare(text: &str) -> String {
    let mut text = text.replace("&nbsp;", " ");
    if text.contains(['\u{201C}', '\u{201D}']) {
        text = text.replace(['\u{201C}', '\u{201D}'], "\"");
    }
    if !text.contains("/>") {
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
    out
}

/// How text looks where a tag is open.
#[derive(Clone, Debug)]
struct Style {
    tag: String,
    foreground: Colour,
    background: Colour,
    size: i32,
    hidden: bool,
    invisible: bool,
}

impl Style {
    fn plain() -> Style {
        Style {
            tag: "default".to_owned(),
            foreground: Colour::Rgb([0, 0, 0]),
            background: Colour::Rgb([255, 255, 255]),
            size: 3,
            hidden: false,
            invisible: false,
        }
    }
}

#[derive(Default)]
struct Renderer {
    html: Html,
    /// Where the last piece of text starts, and what it is.
    last: usize,
    last_white: bool,
    last_invisible: bool,
    has_text: bool,
    styles: Vec<Style>,
    /// How many styles of each tag are open.
    open: BTreeMap<String, usize>,
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

/// Pieces of words: everything but blanks and ASCII punctuation.
fn is_letter(it: char) -> bool {
    !it.is_whitespace() && !it.is_ascii_punctuation()
}

impl Renderer {
    fn token(&mut self, token: Token<'_>) {
        match token {
            Token::Start(name, attributes) => self.tag(&name, &attributes, true),
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

    fn is_inside(&self, tag: &str) -> bool {
        self.html.inside.get(tag).is_some_and(|count| *count > 0)
    }

    fn tag(&mut self, tag: &str, attributes: &[(String, String)], opens: bool) {
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
        let is_element = ELEMENTS.binary_search(&tag).is_ok();
        let first = !self.html.inside.contains_key(tag);
        if is_element || namespaced {
            self.elements += 1;
            self.elements_seen += u32::from(first);
        }
        self.tags += 1;
        self.tags_seen += u32::from(first);
        let count = match self.html.inside.get_mut(tag) {
            Some(count) => count,
            None => self.html.inside.entry(tag.to_owned()).or_default(),
        };
        *count += if opens { 1 } else { -1 };
        if *count < 0 {
            *count = 0;
            self.closed_extra += 1;
        }
        if namespaced || !(is_element || TRICKS.contains(&tag)) {
            return;
        }
        if STYLED.contains(&tag) {
            self.style(tag, attributes, opens);
        }
        match tag {
            "br" | "div" => self.white("\n"),
            "li" | "th" | "td" | "dt" | "dd" | "embed" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => self.white(" "),
            "p" | "hr" | "blockquote" | "pre" | "listing" | "plaintext" | "xmp" | "title" => self.white("\n\n"),
            _ => {}
        }
        if opens {
            self.addresses(tag, attributes);
            self.tests(tag, attributes);
        }
    }

    fn style(&mut self, tag: &str, attributes: &[(String, String)], opens: bool) {
        let tag = if tag == "th" { "td" } else { tag };
        if !opens {
            if tag != "body" {
                self.close(tag, |_| true);
            }
            return;
        }
        let value = |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        if tag == "basefont"
            && let Some(size) = value("size").and_then(|size| leading_number(size.trim_start()))
        {
            self.base_font = size;
            return;
        }
        match tag {
            "td" => self.close(tag, |top| matches!(top, "font" | "td")),
            "tr" => self.close(tag, |top| matches!(top, "font" | "td" | "tr")),
            _ => {}
        }
        if self.styles.len() >= MOST_STYLES {
            return;
        }
        let parent = self.styles.last().cloned().unwrap_or_else(Style::plain);
        let mut new = Style { tag: tag.to_owned(), ..parent.clone() };
        match tag {
            "big" => new.size += 1,
            "small" => new.size -= 1,
            _ => {
                for (name, value) in attributes {
                    match (tag, name.as_str()) {
                        ("body", "text") | ("basefont" | "font", "color") => new.foreground = named(value),
                        ("basefont" | "font", "size") => {
                            let size = value.trim_start();
                            if size.starts_with(['+', '-']) {
                                let plain = size.strip_prefix('+').unwrap_or(size);
                                if let Some(by) = leading_number(plain) {
                                    new.size = self.base_font.saturating_add(by);
                                }
                            } else if let Some(size) = leading_number(size) {
                                new.size = size;
                            }
                        }
                        ("a" | "div" | "p" | "span" | "table" | "td" | "tr", "style") => {
                            declarations(value, &mut new, &parent)
                        }
                        _ => continue,
                    }
                    if new.size > self.sizes.1 {
                        self.sizes.1 = new.size;
                    } else if new.size < self.sizes.0 {
                        self.sizes.0 = new.size;
                    }
                }
            }
        }
        *self.open.entry(new.tag.clone()).or_default() += 1;
        self.styles.push(new);
    }

    /// Ends styles up to the last one of `tag`, as long as `may` says so of each; none where `tag` is not open. A cell ends
    /// cells, where all of them may go.
    fn close(&mut self, tag: &str, may: impl Fn(&str) -> bool) {
        if self.open.get(tag).is_none_or(|count| *count == 0) {
            return;
        }
        let is_table = !may("p");
        while let Some(top) = self.styles.last() {
            if self.styles.len() <= 1 || !may(&top.tag) {
                break;
            }
            let found = top.tag == tag;
            if let Some(count) = self.open.get_mut(&top.tag) {
                *count = count.saturating_sub(1);
            }
            self.styles.pop();
            if found && !is_table {
                break;
            }
        }
    }

    /// Whether text at hand could not be read; notes why.
    fn unreadable(&mut self) -> bool {
        let Some(style) = self.styles.last() else { return false };
        match (style.foreground, style.background) {
            (Colour::Rgb(front), Colour::Rgb(back)) => {
                let weight = [0.2126, 0.7152, 0.0722];
                let parts = front.iter().zip(back).zip(weight).map(|((one, other), weight)| {
                    let part = weight * (f64::from(*one) - f64::from(other));
                    part * part
                });
                if parts.sum::<f64>().sqrt() < 12.0 {
                    self.html.flags.insert("font_low_contrast");
                    return true;
                }
            }
            (front, back) if front == back => {
                self.html.flags.insert("font_low_contrast");
                return true;
            }
            (Colour::Invalid, _) | (_, Colour::Invalid) => {
                self.html.flags.insert("font_invalid_color");
                return true;
            }
            _ => {}
        }
        style.size <= 1 || style.hidden || style.invisible
    }

    fn text(&mut self, text: &str) {
        if self.is_inside("script") {
            self.html.scripts.push(text.to_owned());
            return;
        }
        if self.is_inside("style") {
            return;
        }
        if self.is_inside("a") {
            if let Some(last) = self.html.uris.get_mut(&self.anchor).and_then(|uri| uri.anchors.last_mut()) {
                last.push_str(text);
            }
            if let Some(last) = self.html.anchors.last_mut() {
                last.push_str(text);
            }
        }
        if self.is_inside("title")
            && let Some(last) = self.html.titles.last_mut()
        {
            last.push_str(text);
        }
        let tells = text.chars().any(|it| !matches!(it, ' ' | '\t' | '\n' | '\r' | '\u{0C}' | '\u{0B}'));
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
        let mut blank = false;
        for it in text.chars() {
            let white = matches!(it, ' ' | '\t' | '\n' | '\r' | '\u{0C}' | '\u{0B}');
            if !white {
                self.html.rendered.push(it);
            } else {
                let skipped = skips && self.html.rendered.len() == start;
                if !blank && !skipped {
                    self.html.rendered.push(' ');
                }
            }
            blank = white;
        }
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

    fn push_uri(&mut self, tag: &str, uri: &str) {
        let uri = self.tidy_uri(uri);
        if uri.is_empty() {
            return;
        }
        let lower: String = uri.chars().take(8).collect::<String>().to_ascii_lowercase();
        let target = match ["data:", "mailto:", "file:", "cid:", "tel:"].iter().any(|scheme| lower.starts_with(scheme))
        {
            true => uri,
            false => super::uri::target(&self.base, &uri),
        };
        if !target.is_empty() {
            self.html.uris.entry(target).or_default().types.insert(tag.to_owned());
        }
    }

    fn tidy_uri(&mut self, uri: &str) -> String {
        let uri = uri.trim_matches(|it: char| it.is_whitespace() || it == '\u{A0}');
        match uri.char_indices().nth(LONGEST_URI) {
            Some((at, _)) => {
                self.html.uri_truncated = true;
                uri.get(..at).unwrap_or_default().to_owned()
            }
            None => uri.to_owned(),
        }
    }

    fn addresses(&mut self, tag: &str, attributes: &[(String, String)]) {
        let value = |name: &str| {
            let suffix = format!("/{name}");
            // `<a foo/href=...>` is taken for what it means.
            let odd = matches!(name, "href" | "src")
                .then(|| attributes.iter().find(|(key, _)| key.contains(&suffix) && !key.starts_with('/')));
            let plain = attributes.iter().find(|(key, _)| key == name);
            odd.flatten().or(plain).map(|(_, value)| value.clone())
        };
        match tag {
            "body" | "table" | "tr" | "td" => value("background").iter().for_each(|uri| self.push_uri(tag, uri)),
            "a" | "area" | "link" => {
                if let Some(uri) = value("href") {
                    self.push_uri(tag, &uri.replace('\u{FEFF}', ""));
                }
                value("data-saferedirecturl").iter().for_each(|uri| self.push_uri(tag, uri));
            }
            "img" | "frame" | "iframe" | "embed" | "script" | "bgsound" => {
                value("src").iter().for_each(|uri| self.push_uri(tag, uri));
            }
            "form" => value("action").iter().for_each(|uri| self.push_uri(tag, uri)),
            "base" => {
                let Some(uri) = value("href").filter(|uri| !uri.is_empty()) else { return };
                let uri = self.tidy_uri(&uri);
                self.push_uri(tag, &uri);
                let lower = uri.to_ascii_lowercase();
                if ["http:", "https:", "ftp:"].iter().any(|scheme| lower.starts_with(scheme)) {
                    self.base = super::uri::without_file(&uri);
                }
            }
            "meta" => {
                let refreshes = value("http-equiv").is_some_and(|it| it.to_ascii_lowercase().contains("refresh"));
                let Some(content) = value("content").filter(|_| refreshes) else { return };
                let lower = content.to_ascii_lowercase();
                let Some(at) = lower
                    .rfind("url")
                    .filter(|at| lower.get(at + 3..).is_some_and(|rest| rest.trim_start().starts_with('=')))
                else {
                    return;
                };
                let rest = content.get(at + 3..).unwrap_or_default().trim_start().strip_prefix('=').unwrap_or_default();
                self.push_uri(tag, rest.split(';').next().unwrap_or_default().trim());
            }
            _ => {}
        }
    }

    fn tests(&mut self, tag: &str, attributes: &[(String, String)]) {
        let value = |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        match tag {
            "font" if value("face").is_some_and(|face| !super::colours::is_font_name(face)) => {
                self.html.flags.insert("font_face_bad");
            }
            "img" => {
                if self.is_inside("a") {
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
        let rendered = self.html.rendered.chars().count();
        let blanks = self.html.rendered.chars().filter(|it| it.is_whitespace()).count();
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

/// The declarations of a style attribute.
fn declarations(text: &str, new: &mut Style, parent: &Style) {
    for part in text.split(';') {
        let Some((name, value)) = part.split_once(':') else { continue };
        let name = name.trim_start().to_ascii_lowercase();
        let value = value.trim();
        if value.is_empty() {
            continue;
        }
        match name.as_str() {
            "color" | "background-color" => {
                let value = value.to_ascii_lowercase();
                let value =
                    match value.strip_suffix("important").map(str::trim_end).and_then(|rest| rest.strip_suffix('!')) {
                        Some(rest) => rest.trim_end().to_owned(),
                        None => value,
                    };
                let colour = match value.as_str() {
                    "inherit" => continue,
                    "transparent" => Colour::Transparent,
                    value if value.contains("rgb") => {
                        let numbers: String = value.chars().filter(|it| it.is_ascii_digit() || *it == ',').collect();
                        let mut parts = numbers.split(',').map(|it| it.parse::<u32>().unwrap_or(0).min(255));
                        let mut next = || u8::try_from(parts.next().unwrap_or(0)).unwrap_or(255);
                        Colour::Rgb([next(), next(), next()])
                    }
                    value => named(value),
                };
                match name.as_str() {
                    "color" => new.foreground = colour,
                    _ => new.background = colour,
                }
            }
            "background" if !part.trim_start().starts_with(|it: char| it.is_ascii_uppercase()) => {
                if let Some(colour) = background(&value.to_ascii_lowercase()) {
                    new.background = colour;
                }
            }
            "display" => new.hidden = value.eq_ignore_ascii_case("none"),
            "visibility" => new.invisible = value.eq_ignore_ascii_case("hidden"),
            _ => {}
        }
    }
    if new.background == Colour::Transparent {
        new.background = parent.background;
    }
    if new.foreground == Colour::Transparent {
        new.foreground = new.background;
    }
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

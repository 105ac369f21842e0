//! What the parser tells of a document, put together: texts, links, forms, and what each open element does to them.

use lol_html::html_content::{Element, TextType};

use super::flow::{Flow, Gap};
use super::scope::Scope;
use super::sheet::{self, Sheet};
use super::style::{self, Colour, Ground, Paint, Style};
use super::{Document, DocumentLink, address};
use crate::text::entities;

/// Links, forms and the like of one document beyond this number are not kept.
const MOST_KEPT: usize = 10_000;
/// Nor beyond so many bytes of addresses: a short source can name a long base ten thousand times.
const KEPT_BYTES: usize = 4 << 20;
/// Longest text of a link that is kept, in bytes.
const SHOWN_BYTES: usize = 500;
/// How deep elements may nest before deeper ones count as their parents: a stack of such depth is an attack.
const MOST_OPEN: usize = 5_000;

/// What an element does to the text in it.
#[derive(Clone, Copy)]
struct Open {
    is_link: bool,
    scope: Scope,
    gone: bool,
    invisible: bool,
    tiny: bool,
    colour: Option<Colour>,
    transparent: bool,
    ground: Ground,
}

impl Default for Open {
    /// Before any element: black on white.
    fn default() -> Open {
        Open {
            is_link: false,
            scope: Scope::default(),
            gone: false,
            invisible: false,
            tiny: false,
            colour: None,
            transparent: false,
            ground: Ground::Colour([255, 255, 255]),
        }
    }
}

impl Open {
    fn apply(&mut self, style: Style) {
        self.gone |= style.is_gone();
        self.invisible = style.invisible.unwrap_or(self.invisible);
        self.tiny = style.tiny.unwrap_or(self.tiny);
        self.colour = style.colour.or(self.colour);
        self.transparent = style.transparent.unwrap_or(self.transparent);
        self.ground = style.ground.unwrap_or(self.ground);
    }

    fn is_hidden(&self) -> bool {
        let unseen = match (self.colour, self.ground) {
            (Some(text), Ground::Colour(ground)) => style::same(text, ground),
            _ => false,
        };
        self.gone || self.invisible || self.tiny || self.transparent || unseen
    }
}

/// A document while it is read.
pub(super) struct Reader {
    document: Document,
    visible: Flow,
    hidden: Flow,
    open: Vec<Open>,
    base: Option<String>,
    /// The link whose text is being read: index, start in the visible text, and the text of pictures in it.
    link: Option<(usize, usize, String)>,
    /// The outermost `<blockquote>` that is open: its place on the stack, and where its visible text starts.
    quote: Option<(usize, usize)>,
    /// Bytes of the addresses kept so far.
    kept: usize,
    sheet: Sheet,
    /// The text of the `<style>` element that is being read.
    css: Option<String>,
    /// Whether all sheets are known from an earlier pass.
    knows_sheets: bool,
    /// Whether a sheet came behind text that it may speak of.
    is_late: bool,
}

impl Reader {
    /// For a document of which nothing is known; at most `most` bytes of visible and of hidden text are kept.
    pub(super) fn new(most: usize) -> Reader {
        Reader {
            document: Document::default(),
            visible: Flow::new(most),
            hidden: Flow::new(most),
            open: Vec::new(),
            base: None,
            link: None,
            quote: None,
            kept: 0,
            sheet: Sheet::default(),
            css: None,
            knows_sheets: false,
            is_late: false,
        }
    }

    /// For a document whose style sheets were read before.
    pub(super) fn knowing(most: usize, sheet: Sheet) -> Reader {
        Reader { sheet, knows_sheets: true, ..Reader::new(most) }
    }

    /// What was read, whether more was to come than may be kept, and the style sheets if one came behind text.
    pub(super) fn finish(&mut self) -> (Document, bool, Option<Sheet>) {
        self.end_link();
        self.end_quote(0);
        let (visible, cut) = std::mem::take(&mut self.visible).finish();
        let (hidden, hidden_cut) = std::mem::take(&mut self.hidden).finish();
        let mut document = std::mem::take(&mut self.document);
        // Where nothing follows, a link without text stands at the end, not behind the blank that would come.
        let end = u32::try_from(visible.len()).unwrap_or(u32::MAX);
        document.links.iter_mut().for_each(|link| link.offset = link.offset.min(end));
        document.visible = visible;
        document.hidden = hidden;
        let late = self.is_late.then(|| std::mem::take(&mut self.sheet));
        (document, cut || hidden_cut, late)
    }

    /// The parser lost track of the open elements: text that follows counts as seen.
    pub(super) fn forget_open(&mut self) {
        self.end(0, false);
    }

    /// Counts its bytes, without carriage returns: rules compare the sum, and either line end is to give the same.
    pub(super) fn comment(&mut self, text: &str) {
        let bytes = text.bytes().filter(|byte| *byte != b'\r').count();
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX);
        self.document.comment_bytes = self.document.comment_bytes.saturating_add(bytes);
    }

    /// An element begins. Gives its place on the stack.
    pub(super) fn start(&mut self, element: &Element<'_, '_>) -> Option<usize> {
        let name = element.tag_name();
        self.document.elements = self.document.elements.saturating_add(1);
        self.css = None;
        if let Some(depth) = self.open.last().and_then(|open| open.scope.closed_by(&name)) {
            self.end(depth, false);
        }
        let mut open = self.open.last().copied().unwrap_or_default();
        open.is_link = matches!(name.as_str(), "a" | "area");
        open.scope.begin(&name, self.open.len());
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
        if name == "blockquote" && self.quote.is_none() {
            self.quote = Some((self.open.len(), self.visible.offset()));
        }
        self.open.push(open);
        Some(self.open.len() - 1)
    }

    /// An element ends, and with it all that is open in it.
    pub(super) fn end(&mut self, depth: usize, is_block: bool) {
        let link = self.open.get(depth..).unwrap_or_default().iter().any(|open| open.is_link);
        self.open.truncate(depth);
        self.end_quote(depth);
        if link {
            self.end_link();
        }
        if is_block {
            self.gap(Gap::Line);
        }
    }

    /// Text, or what stands where a browser shows none.
    pub(super) fn text(&mut self, text: &str, kind: TextType, last: bool) {
        match kind {
            TextType::RawText if self.css.is_some() => return self.style_sheet(text, last),
            TextType::Data | TextType::PlainText | TextType::CDataSection => {}
            // Titles and text areas: only the title is not part of the page, and it is no text of the mail either.
            TextType::RCData => return,
            TextType::RawText | TextType::ScriptData => return,
        }
        let flow = match self.open.last() {
            Some(open) if open.is_hidden() => &mut self.hidden,
            _ => &mut self.visible,
        };
        flow.source(text, last);
    }

    fn gap(&mut self, gap: Gap) {
        self.visible.gap(gap);
        self.hidden.gap(gap);
    }

    /// A piece of the text of a `<style>` element.
    fn style_sheet(&mut self, text: &str, last: bool) {
        let Some(css) = &mut self.css else { return };
        css.push_str(text);
        if last && !self.knows_sheets {
            let css = self.css.take().unwrap_or_default();
            let added = self.sheet.add(&css);
            self.is_late |= added && !(self.visible.is_empty() && self.hidden.is_empty());
            let images = &mut self.document.remote_images;
            let kept = &mut self.kept;
            style::addresses(&css, &mut |url| remote_image(images, kept, url));
        }
    }

    /// What every element may say of its look, and its event handlers.
    fn attributes(&mut self, element: &Element<'_, '_>, name: &str, open: &mut Open) {
        // What attributes of old HTML say, and then style: later ones go over earlier ones.
        let mut hints = Style::default();
        let (mut class, mut id, mut own) = (String::new(), String::new(), [Style::default(); 2]);
        for attribute in element.attributes() {
            let key = attribute.name();
            let value = || decoded(&attribute.value());
            match key.as_str() {
                "style" => {
                    let images = &mut self.document.remote_images;
                    let kept = &mut self.kept;
                    own = style::parse(&value(), |url| remote_image(images, kept, url));
                }
                "class" if !self.sheet.is_empty() => class = value(),
                "id" if !self.sheet.is_empty() => id = value(),
                "hidden" => hints.display = Some(false),
                "bgcolor" => match style::colour(&value().to_ascii_lowercase()) {
                    Some(Paint::Colour(colour)) => hints.ground = Some(Ground::Colour(colour)),
                    _ => hints.ground = Some(Ground::Unknown),
                },
                "background" => {
                    hints.ground = Some(Ground::Unknown);
                    remote_image(&mut self.document.remote_images, &mut self.kept, &value());
                }
                "color" if name == "font" => {
                    if let Some(Paint::Colour(colour)) = style::colour(&value().to_ascii_lowercase()) {
                        (hints.colour, hints.transparent) = (Some(colour), Some(false));
                    }
                }
                "text" if name == "body" => {
                    if let Some(Paint::Colour(colour)) = style::colour(&value().to_ascii_lowercase()) {
                        hints.colour = Some(colour);
                    }
                }
                handler if handler.len() > 3 && handler.starts_with("on") => {
                    self.document.scripts = self.document.scripts.saturating_add(1);
                }
                _ => {}
            }
        }
        let [sheet, sheet_important] = self.sheet.of(name, &id, &class);
        let [own, own_important] = own;
        let layers = [sheet, own, sheet_important, own_important];
        open.apply(layers.into_iter().fold(hints, |below, above| above.over(below)));
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
            "form" => keep(
                &mut document.forms,
                &mut self.kept,
                attribute("action").map(|it| address::clean(&it)).unwrap_or_default(),
            ),
            "input" => {
                let kind = attribute("type").unwrap_or_default();
                document.password_inputs += u32::from(kind.trim().eq_ignore_ascii_case("password"));
            }
            "script" => document.scripts = document.scripts.saturating_add(1),
            "iframe" | "frame" | "object" | "embed" | "applet" => document.embeds = document.embeds.saturating_add(1),
            "img" => {
                if let Some(source) = attribute("src") {
                    remote_image(&mut document.remote_images, &mut self.kept, &source);
                }
                if let (Some((_, _, shown)), Some(text)) = (&mut self.link, attribute("alt"))
                    && shown.len() < SHOWN_BYTES
                {
                    shown.push_str(text.trim());
                }
            }
            "meta" => {
                let refresh = attribute("http-equiv").is_some_and(|it| it.trim().eq_ignore_ascii_case("refresh"));
                if let Some(content) = attribute("content").filter(|_| refresh) {
                    let lower = content.to_ascii_lowercase();
                    if let Some(target) = lower.find("url=").and_then(|at| content.get(at + 4..)) {
                        keep(&mut document.refreshes, &mut self.kept, address::clean(target.trim_matches(['"', '\''])));
                    }
                }
            }
            "noscript" | "template" | "noframes" => open.gone = true,
            "style" => {
                let css =
                    attribute("type").is_none_or(|it| it.trim().is_empty() || it.eq_ignore_ascii_case("text/css"));
                let media = attribute("media").unwrap_or_default();
                if css && (media.trim().is_empty() || sheet::is_everywhere(&media)) {
                    self.css = Some(String::new());
                }
            }
            _ => {}
        }
    }

    fn start_link(&mut self, target: &str) {
        if self.document.links.len() >= MOST_KEPT || self.kept >= KEPT_BYTES {
            return;
        }
        let target = address::resolve(self.base.as_deref(), address::clean(target));
        self.kept += target.len();
        let start = self.visible.offset();
        let offset = u32::try_from(start).unwrap_or(u32::MAX);
        self.link = Some((self.document.links.len(), start, String::new()));
        self.document.links.push(DocumentLink { target, shown: String::new(), offset });
    }

    /// The `<blockquote>` that is open ends where it stands at this place of the stack, or above it.
    fn end_quote(&mut self, depth: usize) {
        let Some((_, start)) = self.quote.take_if(|(at, _)| *at >= depth) else { return };
        let range = (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(self.visible.end()).unwrap_or(u32::MAX));
        if range.0 < range.1 && self.document.quotes.len() < MOST_KEPT {
            self.document.quotes.push(range);
        }
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

fn remote_image(images: &mut Vec<String>, kept: &mut usize, source: &str) {
    let source = address::clean(source);
    if address::is_remote(&source) {
        keep(images, kept, source);
    }
}

fn keep(list: &mut Vec<String>, kept: &mut usize, value: String) {
    if list.len() < MOST_KEPT && *kept < KEPT_BYTES {
        *kept += value.len();
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
pub(super) fn is_block(name: &str) -> bool {
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

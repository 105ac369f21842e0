//! HTML -> [`Document`]: what a reader sees, what is hidden from one, and where it leads. Takes UTF-8, feeds it to
//! `lol_html` in pieces, keeps no tree: a stack of what each open element does to the text in it is enough.

mod address;
mod flow;
mod reader;
mod scope;
mod sheet;
mod style;

#[cfg(test)]
mod tests;

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use lol_html::html_content::Element;
use lol_html::{
    DocumentContentHandlers, ElementContentHandlers, HtmlRewriter, MemorySettings, Selector, Settings, end_tag,
};

use self::reader::{Reader, is_block};
use self::sheet::Sheet;
use super::content::{Document, DocumentLink};

/// How much memory the parser may take for one document; it holds one token at a time, and its stack of elements.
const PARSER_BYTES: usize = 16 << 20;
/// How much source the parser is handed at a time.
const PIECE_BYTES: usize = 32 << 10;

/// Steps for each byte of a document, and besides for each `<` in it that begins something, and for each that does not.
/// Measured on documents of 4 MiB made to be dear: a byte takes up to 28 ns (attributes), a tag up to 650 ns (elements
/// that are never closed), and a `<` that is none up to 70 ns.
const STEPS_A_BYTE: u64 = 40;
const STEPS_A_TAG: u64 = 800;
const STEPS_A_SIGN: u64 = 100;

/// What parsing a document may cost: three times as much where there is a style sheet, whose rules are looked up for
/// each element, and which may have to be known before the text.
pub(super) fn steps(html: &[u8]) -> u64 {
    let begins = |at: usize| matches!(html.get(at + 1), Some(b'a'..=b'z' | b'A'..=b'Z' | b'/' | b'!' | b'?'));
    let signs = memchr::memchr_iter(b'<', html).map(|at| if begins(at) { STEPS_A_TAG } else { STEPS_A_SIGN });
    let once = (html.len() as u64).saturating_mul(STEPS_A_BYTE).saturating_add(signs.sum());
    if has_sheet(html) { once.saturating_mul(3) } else { once }
}

/// Whether a `<style>` element may begin anywhere.
fn has_sheet(html: &[u8]) -> bool {
    memchr::memchr_iter(b'<', html)
        .any(|at| html.get(at + 1..at + 6).is_some_and(|name| name.eq_ignore_ascii_case(b"style")))
}

/// The charset that a document's head declares, for a part whose header does not.
pub(super) fn meta_charset(bytes: &[u8]) -> Option<String> {
    let head = bytes.get(..1024.min(bytes.len())).unwrap_or_default().to_ascii_lowercase();
    let at = memchr::memmem::find(&head, b"charset=")?;
    let rest = head.get(at + 8..)?;
    let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
    let label: Vec<u8> =
        rest.iter().copied().take_while(|it| it.is_ascii_alphanumeric() || matches!(it, b'-' | b'_' | b':')).collect();
    let label = String::from_utf8(label).ok().filter(|label| (2..=40).contains(&label.len()))?;
    // The label was read byte by byte, so the document is not in UTF-16, whatever it says (HTML, section 13.2.3.2).
    Some(if label.starts_with("utf-16") { "utf-8".to_owned() } else { label })
}

/// Reads a document, of which at most `most` bytes of visible and of hidden text are kept. The flag says that there was
/// more, or that the parser needed more memory than it may have.
pub(super) fn parse(html: &str, most: usize) -> (Document, bool) {
    let (document, cut, late) = read(html, Reader::new(most));
    match late {
        // A style sheet behind the text that it hides: with the sheet known, once more from the start.
        Some(sheet) => {
            let (document, cut, _) = read(html, Reader::knowing(most, sheet));
            (document, cut)
        }
        None => (document, cut),
    }
}

fn read(html: &str, reader: Reader) -> (Document, bool, Option<Sheet>) {
    let reader = Rc::new(RefCell::new(reader));
    let mut whole = true;
    let mut rest = html.as_bytes();
    let mut gave_up_at = None;
    // Elements that nest in hundreds of thousands need more memory than the parser may have. A new one goes on from the
    // piece that was too much; what it skips for good is a token that is too large by itself.
    while let ControlFlow::Break(left) = feed(rest, &reader) {
        reader.borrow_mut().forget_open();
        let again = gave_up_at == Some(left.len());
        gave_up_at = Some(left.len());
        rest = left;
        if again {
            whole = false;
            rest = rest.get(PIECE_BYTES..).unwrap_or_default();
        }
    }
    let (document, cut, late) = reader.borrow_mut().finish();
    (document, cut || !whole, late)
}

/// Runs the parser; where it gives up, gives the source from the piece on that was too much for it.
fn feed<'h>(html: &'h [u8], reader: &Rc<RefCell<Reader>>) -> ControlFlow<&'h [u8]> {
    let Ok(everything) = "*".parse::<Selector>() else { return ControlFlow::Continue(()) };
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
                    comments.borrow_mut().comment(&comment.text());
                    Ok(())
                }),
        );
    let mut rewriter = HtmlRewriter::new(settings, |_: &[u8]| {});
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at_checked(PIECE_BYTES).unwrap_or((rest, &[]));
        if rewriter.write(piece).is_err() {
            return ControlFlow::Break(rest);
        }
        rest = after;
    }
    match rewriter.end() {
        Ok(()) => ControlFlow::Continue(()),
        Err(_) => ControlFlow::Break(&[]),
    }
}

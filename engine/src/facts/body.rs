//! The text of a message: of all its text parts that are not attached, alternatives and messages within included.

use std::borrow::Cow;
use std::sync::Arc;

use super::{Body, Piece, TextView, quotes};
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::mime::charset;
use crate::place::View;
use crate::text::fold;
use crate::text::letters::Letters;
use crate::text::tidy::tidy;
use crate::unpack::{Content, Item, Origin, Text};
use crate::wanted::Wanted;

pub(super) fn gather<'s>(content: &'s Content<'_>, wanted: Wanted, budget: &mut Budget<'_>) -> Body<'s> {
    let mut body = Body::default();
    let texts = inline_texts(content);
    for (_, item) in &texts {
        body.has_html |= matches!(item.text, Text::Html(_));
        body.has_plain |= !matches!(item.text, Text::Html(_)) && matches!(item.declared.as_str(), "" | "text/plain");
    }
    if wanted.any(Wanted::VISIBLE | Wanted::FOLDED | Wanted::SCRIPT | Wanted::LINKS | Wanted::QUOTES) {
        body.visible = join(View::Visible, &texts, budget, |item| match &item.text {
            Text::Html(document) => Cow::Borrowed(document.visible.as_str()),
            Text::Plain(text) => tidy(text),
            _ => match content.text(item) {
                Some(Cow::Borrowed(text)) => tidy(text),
                text => Cow::Owned(tidy(&text.unwrap_or_default()).into_owned()),
            },
        });
    }
    if wanted.any(Wanted::VISIBLE | Wanted::SCRIPT) {
        let letters = Letters::count(&body.visible.text);
        body.words = letters.words;
        (body.script, body.scripts) = letters.scripts();
    }
    if wanted.any(Wanted::FOLDED) {
        body.folded = folded(&body.visible, budget);
    }
    if wanted.any(Wanted::QUOTES) {
        (body.current, body.quoted) = quotes::split(&body.visible, content, budget);
    }
    if wanted.any(Wanted::HTML) {
        body.hidden = join(View::Hidden, &texts, budget, |item| match &item.text {
            Text::Html(document) => Cow::Borrowed(document.hidden.as_str()),
            _ => Cow::Borrowed(""),
        });
    }
    if wanted.any(Wanted::SOURCE) {
        body.source = join(View::Decoded, &texts, budget, |item| match &item.text {
            Text::Html(_) => charset::to_utf8(item.charset.as_deref(), content.bytes(item)).0,
            Text::Plain(text) => Cow::Borrowed(text),
            _ => content.text(item).unwrap_or_default(),
        });
    }
    body
}

/// The items that a reader sees as text in place, with their numbers. What stands in a file does not count, be it a
/// message in an archive.
fn inline_texts<'s>(content: &'s Content<'_>) -> Vec<(u32, &'s Item)> {
    let mut texts = Vec::new();
    // Whether each item is a file, or in one.
    let mut in_file = Vec::with_capacity(content.items.len());
    for (number, item) in (0..).zip(&content.items) {
        let parent = item.parent.and_then(|parent| in_file.get(parent as usize)).copied().unwrap_or(false);
        let file = parent || matches!(item.origin, Origin::Member | Origin::Inline);
        in_file.push(file);
        if !file && !item.attached && !matches!(item.text, Text::None) {
            texts.push((number, item));
        }
    }
    texts
}

/// Texts of several items as one, each on lines of its own; borrowed where there is only one.
fn join<'s>(
    view: View,
    texts: &[(u32, &'s Item)],
    budget: &mut Budget<'_>,
    text_of: impl Fn(&'s Item) -> Cow<'s, str>,
) -> TextView<'s> {
    let mut joined = TextView { text: Cow::Borrowed(""), view, pieces: Vec::new() };
    for &(number, item) in texts {
        let text = text_of(item);
        if text.is_empty() {
            continue;
        }
        if !budget.work(text.len() as u64, || item.place(number)) {
            break;
        }
        let start = if joined.text.is_empty() {
            joined.text = text;
            0
        } else {
            let whole = joined.text.to_mut();
            whole.push('\n');
            let start = whole.len();
            whole.push_str(&text);
            start
        };
        joined.pieces.push(Piece {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            from: 0,
            item: number,
            path: Arc::clone(&item.path),
            readings: item.readings,
        });
        if cut(&mut joined, budget) {
            break;
        }
    }
    joined
}

/// The visible text, folded piece by piece, so that each knows where it comes from.
fn folded(visible: &TextView<'_>, budget: &mut Budget<'_>) -> TextView<'static> {
    let mut text = String::new();
    let mut pieces = Vec::with_capacity(visible.pieces.len());
    let ends = visible.pieces.iter().skip(1).map(|next| next.start as usize).chain([visible.text.len()]);
    for (piece, end) in visible.pieces.iter().zip(ends) {
        let from = visible.text.get(piece.start as usize..end).unwrap_or_default();
        // Folding a character costs up to ten times what a byte does elsewhere.
        if !budget.work(from.len() as u64 * 2, || visible.place(piece.start as usize, end)) {
            break;
        }
        if !text.is_empty() && !text.ends_with(' ') {
            text.push(' ');
        }
        let start = u32::try_from(text.len()).unwrap_or(u32::MAX);
        fold::fold_into(from, &mut text);
        pieces.push(Piece {
            start,
            from: 0,
            item: piece.item,
            path: Arc::clone(&piece.path),
            readings: piece.readings,
        });
    }
    let mut folded = TextView { text: Cow::Owned(text), view: View::Folded, pieces };
    cut(&mut folded, budget);
    folded
}

/// Cuts a text to the limit, and notes it.
fn cut(view: &mut TextView<'_>, budget: &mut Budget<'_>) -> bool {
    let most = budget.limits.text_bytes as usize;
    if view.text.len() <= most {
        return false;
    }
    let end = view.text.floor_char_boundary(most);
    let explanation = format!(
        "the {} text has {} bytes or more, and the limit is {most}; its head was read",
        view.view,
        view.text.len()
    );
    budget.note(Limit::Text, view.place(end, view.text.len()), explanation);
    match &mut view.text {
        Cow::Borrowed(text) => *text = text.get(..end).unwrap_or_default(),
        Cow::Owned(text) => text.truncate(end),
    }
    view.pieces.retain(|piece| (piece.start as usize) < end);
    true
}

//! What the HTML of a message does, summed over its documents, attached ones included: a page with a form that asks for
//! a password is no better for being a file.

use super::HtmlFacts;
use crate::unpack::{Content, Text};

pub(super) fn gather(content: &Content<'_>) -> HtmlFacts {
    let mut sum = HtmlFacts::default();
    for item in &content.items {
        let Text::Html(document) = &item.text else { continue };
        sum.forms.extend_from_slice(&document.forms);
        sum.refreshes.extend_from_slice(&document.refreshes);
        sum.password_inputs = sum.password_inputs.saturating_add(document.password_inputs);
        sum.scripts = sum.scripts.saturating_add(document.scripts);
        let images = u32::try_from(document.remote_images.len()).unwrap_or(u32::MAX);
        sum.remote_images = sum.remote_images.saturating_add(images);
        sum.embeds = sum.embeds.saturating_add(document.embeds);
        sum.elements = sum.elements.saturating_add(document.elements);
        sum.comment_bytes = sum.comment_bytes.saturating_add(document.comment_bytes);
    }
    sum
}

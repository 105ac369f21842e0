//! Where facts stand in a message, and what is shown of them.

use crate::facts::Facts;
use crate::place::{Place, View};
use crate::text::show::evidence;

/// How much of a text is shown around what was seen in it, in bytes to either side.
const CONTEXT_BYTES: usize = 16;

/// The place of a fact by its names: `["from", "name"]`. `owner` is the number of the element where the first name is a
/// list, and `range` what was seen of the text where it is one. `None` where nothing better than the message as a whole
/// can be said.
pub(super) fn of_fact(
    facts: &Facts<'_>,
    names: &[&str],
    owner: Option<usize>,
    range: Option<(usize, usize)>,
) -> Option<Place> {
    let (start, end) = range.unwrap_or((0, 0));
    let header = |name: &str, view: Option<View>| {
        let place = Place::header(name);
        let view = view.unwrap_or_else(|| place.view.clone());
        place.at(view, start as u64, end.saturating_sub(start) as u64)
    };
    // A field that is taken apart keeps no way back to its text.
    let whole = |name: &str| Some(Place::header(name));
    match names {
        ["subject"] => Some(header("subject", None)),
        ["subject_folded"] => Some(header("subject", Some(View::Folded))),
        ["message_id"] => whole("message-id"),
        ["date", ..] => whole("date"),
        ["from", ..] | ["from_count"] => whole("from"),
        ["sender", ..] => whole("sender"),
        ["reply_to", ..] | ["reply_to_agrees"] => whole("reply-to"),
        ["return_path", ..] | ["return_path_agrees"] | ["envelope", "from", ..] => whole("return-path"),
        ["to", ..] | ["recipients_named"] => whole("to"),
        ["cc", ..] => whole("cc"),
        ["hops", ..] => whole("received"),
        ["headers", "value"] => facts.headers.get(owner?).map(|it| header(&it.name, None)),
        ["headers", ..] => facts.headers.get(owner?).and_then(|it| whole(&it.name)),
        ["links", ..] => facts.links.get(owner?).map(|link| link.place()),
        ["images", ..] => facts.images.get(owner?).map(|link| link.place()),
        ["files", ..] => facts.files.get(owner?).map(|file| file.place()),
        ["defects"] => facts.first_defects.get(owner?).map(|defect| defect.place.clone()),
        ["body", view] if range.is_some() => match *view {
            "visible" => Some(facts.body.visible.place(start, end)),
            "folded" => Some(facts.body.folded.place(start, end)),
            "hidden" => Some(facts.body.hidden.place(start, end)),
            "current" => Some(facts.body.current.place(start, end)),
            "quoted" => Some(facts.body.quoted.place(start, end)),
            "source" => Some(facts.body.source.place(start, end)),
            _ => None,
        },
        _ => None,
    }
}

/// Whether a fact, by its first two names, has a place without being an element of a list.
pub(super) fn has_place(first: &str, second: Option<&str>) -> bool {
    match first {
        "body" => matches!(second, Some("visible" | "folded" | "hidden" | "current" | "quoted" | "source")),
        "envelope" => second == Some("from"),
        _ => WITH_PLACE.contains(&first),
    }
}

/// What [`of_fact`] knows the place of without a number; `defects` once one is named.
const WITH_PLACE: &[&str] = &[
    "subject",
    "subject_folded",
    "message_id",
    "date",
    "from",
    "from_count",
    "sender",
    "reply_to",
    "reply_to_agrees",
    "return_path",
    "return_path_agrees",
    "to",
    "recipients_named",
    "cc",
    "hops",
    "defects",
];

/// A range of a text, with a little of what stands around it.
pub(super) fn around(text: &[u8], start: usize, end: usize) -> String {
    let from = floor(text, start.saturating_sub(CONTEXT_BYTES));
    let to = floor(text, end.saturating_add(CONTEXT_BYTES).min(text.len()));
    evidence(text.get(from..to).unwrap_or_default()).trim().to_owned()
}

/// The start of the character that `at` lies in.
fn floor(text: &[u8], at: usize) -> usize {
    let tail = |at: usize| text.get(at).is_some_and(|byte| byte & 0xC0 == 0x80);
    (at.saturating_sub(3)..=at).rev().find(|at| !tail(*at)).unwrap_or(at)
}

//! The names of elements that SpamAssassin knows, and what it makes of some.

pub(super) const ELEMENTS: &[&str] = &[
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
pub(super) const STYLED: [&str; 14] =
    ["a", "basefont", "big", "body", "div", "font", "marquee", "p", "small", "span", "table", "td", "th", "tr"];

/// How many elements and tricks there are.
pub(super) const KNOWN: usize = ELEMENTS.len() + TRICKS.len();

/// Where the elements of each first letter start.
const STARTS: [usize; 27] = starts();

#[expect(clippy::indexing_slicing, reason = "runs when compiled, over constants")]
const fn starts() -> [usize; 27] {
    let mut starts = [0; 27];
    let (mut letter, mut at) = (0, 0);
    while letter < 27 {
        while at < ELEMENTS.len() && ((ELEMENTS[at].as_bytes()[0] - b'a') as usize) < letter {
            at += 1;
        }
        starts[letter] = at;
        letter += 1;
    }
    starts
}

/// The number of an element; behind them come the tricks.
pub(super) fn number(tag: &str) -> Option<usize> {
    let letter = usize::from(tag.bytes().next()?.checked_sub(b'a')?);
    let (start, end) = (STARTS.get(letter).copied()?, STARTS.get(letter + 1).copied()?);
    let found = ELEMENTS.get(start..end)?.iter().position(|it| *it == tag).map(|at| start + at);
    found.or_else(|| TRICKS.iter().position(|it| *it == tag).map(|at| ELEMENTS.len() + at))
}

/// The name of a number.
pub(super) fn name(number: usize) -> Option<&'static str> {
    let tricks = || TRICKS.get(number.checked_sub(ELEMENTS.len())?);
    ELEMENTS.get(number).or_else(tricks).copied()
}

/// All names, in the order of their numbers.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    ELEMENTS.iter().chain(TRICKS).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_names() {
        let all: Vec<Option<usize>> = names().map(number).collect();
        assert_eq!(all, (0..KNOWN).map(Some).collect::<Vec<_>>());
        assert!(names().eq((0..=KNOWN).filter_map(name)));
        assert!(["", "xx", "{", "B", "z", "\u{E9}"].iter().all(|it| number(it).is_none()));
    }
}

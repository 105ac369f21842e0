//! Style sheets, as far as they decide whether text can be seen: rules whose selector is a tag, a class, an identifier, or
//! a tag with one of those. No cascade beyond order and `!important`.
//!
//! A selector that asks for more, or a rule that counts on some screens only, may not be in force: such rules never
//! hide text here, and undo what hides it. What is shown anywhere is seen.

use std::collections::HashMap;

use super::style::{self, Ground, Style};

/// Most source of all sheets of one document that is read, in bytes. Honest mail has up to 100 KB.
const SHEET_BYTES: usize = 256 << 10;
/// Most selectors that are kept.
const MOST_RULES: usize = 4_000;
/// Most classes of one element that are looked up.
const MOST_CLASSES: usize = 32;
/// How deep conditional blocks may nest.
const MOST_NESTED: usize = 8;

/// What sheets say of elements. Declarations come in two layers: plain ones, and those marked important.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// By selector: `td`, `.x`, `td.x`, `#x`, `td#x`, `*`; with the place of the last rule that has it.
    sure: HashMap<String, (usize, [Style; 2])>,
    /// By the last part of the selector: what may undo hiding.
    perhaps: HashMap<String, [Style; 2]>,
    bytes: usize,
    rules: usize,
}

impl Sheet {
    pub(super) fn is_empty(&self) -> bool {
        self.sure.is_empty() && self.perhaps.is_empty()
    }

    /// Reads a sheet; true where a rule came of it.
    pub(super) fn add(&mut self, css: &str) -> bool {
        let room = SHEET_BYTES.saturating_sub(self.bytes);
        let css = css.get(..css.floor_char_boundary(room.min(css.len()))).unwrap_or_default();
        self.bytes += css.len();
        let before = self.rules;
        let css = style::without_comments(css);
        // Whether each block that is open counts on some screens only.
        let mut around: Vec<bool> = Vec::new();
        let mut rest = css.as_ref();
        while let Some(at) = rest.find(['{', '}', ';']) {
            let (prelude, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
            let mark = after.as_bytes().first().copied();
            let prelude = prelude.trim().trim_start_matches("<!--").trim_start_matches("-->").trim();
            rest = after.get(1..).unwrap_or_default();
            match (mark, prelude.strip_prefix('@')) {
                (Some(b'}'), _) => {
                    around.pop();
                }
                (Some(b'{'), Some(rule)) => {
                    let (name, condition) = rule.split_once([' ', '(']).unwrap_or((rule, ""));
                    let groups = ["media", "supports", "layer", "container"];
                    if !groups.iter().any(|group| name.eq_ignore_ascii_case(group)) {
                        rest = rest.get(block_end(rest) + 1..).unwrap_or_default();
                        continue;
                    }
                    if around.len() >= MOST_NESTED {
                        break;
                    }
                    let plain = name.eq_ignore_ascii_case("media") && is_everywhere(condition);
                    around.push(!plain || around.last() == Some(&true));
                }
                (Some(b'{'), None) => {
                    let end = block_end(rest);
                    let styles = style::parse(rest.get(..end).unwrap_or_default(), |_| {});
                    for selector in prelude.split(',') {
                        self.rule(selector.trim(), styles, around.last() == Some(&true));
                    }
                    rest = rest.get(end + 1..).unwrap_or_default();
                }
                _ => {}
            }
        }
        self.rules > before
    }

    fn rule(&mut self, selector: &str, styles: [Style; 2], conditional: bool) {
        if self.rules >= MOST_RULES || selector.is_empty() || styles == [Style::default(); 2] {
            return;
        }
        self.rules += 1;
        match key(selector).filter(|_| !conditional) {
            Some(key) => {
                let entry = self.sure.entry(key).or_default();
                entry.0 = self.rules;
                let [plain, important] = styles;
                let [plain_below, important_below] = entry.1;
                entry.1 = [plain.over(plain_below), important.over(important_below)];
            }
            None => {
                let entry = self.perhaps.entry(last_part(selector)).or_default();
                let [plain, important] = styles.map(undoing);
                let [plain_below, important_below] = *entry;
                *entry = [plain.over(plain_below), important.over(important_below)];
            }
        }
    }

    /// What the sheets say of an element: plain, and important.
    pub(super) fn of(&self, tag: &str, id: &str, classes: &str) -> [Style; 2] {
        if self.is_empty() {
            return [Style::default(); 2];
        }
        let classes: Vec<&str> = classes.split_ascii_whitespace().take(MOST_CLASSES).collect();
        let id = id.trim();
        let mut found = [Style::default(); 2];
        let mut lay = |styles: Option<&[Style; 2]>| {
            if let Some([plain, important]) = styles {
                let [plain_below, important_below] = found;
                found = [plain.over(plain_below), important.over(important_below)];
            }
        };
        let sure = |key: &str| self.sure.get(key).map(|(_, styles)| styles);
        lay(sure("*"));
        lay(sure(tag));
        for with_tag in ["", tag] {
            let keys = classes.iter().map(|class| format!("{with_tag}.{class}"));
            let mut matching: Vec<&(usize, [Style; 2])> = keys.filter_map(|key| self.sure.get(&key)).collect();
            matching.sort_by_key(|(place, _)| *place);
            matching.into_iter().for_each(|(_, styles)| lay(Some(styles)));
        }
        if !id.is_empty() {
            lay(sure(&format!("#{id}")));
            lay(sure(&format!("{tag}#{id}")));
        }
        if !self.perhaps.is_empty() {
            lay(self.perhaps.get("*"));
            lay(self.perhaps.get(tag));
            classes.iter().for_each(|class| lay(self.perhaps.get(&format!(".{class}"))));
            lay(self.perhaps.get(&format!("#{id}")));
        }
        found
    }
}

/// Whether a media query takes in the screen of any reader.
pub(super) fn is_everywhere(query: &str) -> bool {
    query.split(',').any(|one| matches!(one.trim().to_ascii_lowercase().as_str(), "all" | "screen" | "only screen"))
}

/// The key of a selector that is simple enough to be sure of.
fn key(selector: &str) -> Option<String> {
    let selector = selector.strip_prefix('*').filter(|rest| !rest.is_empty()).unwrap_or(selector);
    if selector == "*" {
        return Some(selector.to_owned());
    }
    let at = selector.find(['.', '#']).unwrap_or(selector.len());
    let (tag, rest) = selector.split_at_checked(at)?;
    let name = rest.get(1..).unwrap_or_default();
    let plain = |text: &str| text.chars().all(|it| it.is_alphanumeric() || matches!(it, '-' | '_'));
    (plain(tag) && plain(name) && rest.is_empty() == name.is_empty()).then(|| tag.to_ascii_lowercase() + rest)
}

/// What the element itself must be for a selector of several parts: its first class or identifier, else its tag.
fn last_part(selector: &str) -> String {
    let last = selector.rsplit([' ', '>', '+', '~']).next().unwrap_or_default();
    let last = last.split([':', '[']).next().unwrap_or_default();
    match last.find(['.', '#']).and_then(|at| last.get(at..)) {
        Some(part) => {
            let end = part.get(1..).and_then(|name| name.find(['.', '#'])).map_or(part.len(), |end| end + 1);
            part.get(..end).unwrap_or_default().to_owned()
        }
        None if last.is_empty() => "*".to_owned(),
        None => last.to_ascii_lowercase(),
    }
}

/// What a rule that may not be in force can undo. A colour, or a ground, that may be there leaves the ground unknown.
fn undoing(style: Style) -> Style {
    let shown = |it: Option<bool>| it.filter(|shown| *shown);
    let not = |it: Option<bool>| it.filter(|hidden| !*hidden);
    let unknown = style.ground.is_some() || style.colour.is_some();
    Style {
        display: shown(style.display),
        faint: not(style.faint),
        away: false,
        invisible: not(style.invisible),
        tiny: not(style.tiny),
        colour: None,
        transparent: not(style.transparent),
        ground: unknown.then_some(Ground::Unknown),
    }
}

/// Where the block ends in whose inside `css` begins, strings and nested blocks skipped; its end where it never does.
fn block_end(css: &str) -> usize {
    let (mut depth, mut quote, mut escaped) = (0u32, None, false);
    for (at, byte) in css.bytes().enumerate() {
        if std::mem::take(&mut escaped) {
            continue;
        }
        match (byte, quote) {
            (b'\\', _) => escaped = true,
            // A string ends with its line, closed or not.
            (b'\n', _) => quote = None,
            (it, Some(open)) if it == open => quote = None,
            (_, Some(_)) => {}
            (b'"' | b'\'', None) => quote = Some(byte),
            (b'{', None) => depth += 1,
            (b'}', None) if depth == 0 => return at,
            (b'}', None) => depth -= 1,
            _ => {}
        }
    }
    css.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gone(css: &str, tag: &str, id: &str, class: &str) -> bool {
        let mut sheet = Sheet::default();
        sheet.add(css);
        let [plain, important] = sheet.of(tag, id, class);
        important.over(plain).is_gone()
    }

    #[test]
    fn selectors_that_are_sure() {
        for css in [
            ".x{display:none}",
            "td.x , p {display:none}",
            "#i{opacity:0}",
            "td#i{display:none!important}",
            "TD{display:none}",
            "*{display:none}",
            "@import url(x);/* .x{} */ .x /* y */ {color:red;display:none",
            "@media screen { .x{display:none} }",
            "@font-face{src:url('a}b')} .x{display:none}",
            "<!-- .x{display:none} -->",
            ".x{display:block} .y{content:'}'} .x{display:none}",
        ] {
            assert!(gone(css, "td", "i", "a x"), "{css}");
        }
        for css in [
            "",
            ".X{display:none}",
            ".xx{display:none}",
            "p.x{display:none}",
            ".y .x{display:none}",
            ".x:hover{display:none}",
            ".x.y{display:none}",
            "@media (max-width:480px) { .x{display:none} }",
            "@media print{.x{display:none}}",
            ".x{display:none} .x{display:block}",
            ".x{display:none} .y .x{display:block}",
            ".x{display:none} @media (max-width:480px) { .x{display:block!important} }",
            "@keyframes a { from { opacity:0 } } ",
        ] {
            assert!(!gone(css, "td", "i", "a x"), "{css}");
        }
    }

    #[test]
    fn parts_of_selectors() {
        assert_eq!(key("*.x").as_deref(), Some(".x"));
        assert_eq!(key("TD.x").as_deref(), Some("td.x"));
        for none in [".", "a b", ".x.y", "a>b", "a[b]", ".x:hover", ""] {
            assert_eq!(key(none).filter(|key| !key.is_empty()), None, "{none}");
        }
        for (selector, part) in [("a .x.y:hover", ".x"), ("#i > TD", "td"), ("a [b]", "*"), (".é:b", ".é")] {
            assert_eq!(last_part(selector), part);
        }
        assert!(is_everywhere("all") && is_everywhere("print, screen") && !is_everywhere("screen and (x:y)"));
    }

    proptest::proptest! {
        #[test]
        fn any_sheet_is_read(css in "[a-b.#*{};:,@()'\"/!\\\\é -]{0,60}", more in "[.a{}; ]{0,20}") {
            let mut sheet = Sheet::default();
            sheet.add(&css);
            sheet.add(&more);
            sheet.of("a", "b", "a b é");
        }
    }

    #[test]
    fn hostile_sheets_end() {
        for piece in ["{", "}", "@media x{", ".x{", "a,", "/*", "'", "@x{{", ".a{b:c}", "\\"] {
            let mut sheet = Sheet::default();
            sheet.add(&piece.repeat((1 << 20) / piece.len()));
            assert!(sheet.rules <= MOST_RULES);
        }
    }
}

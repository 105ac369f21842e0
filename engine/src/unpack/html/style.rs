//! Style, as far as it decides whether text can be seen. Takes a declaration block, gives what it says about display,
//! size and colour.

use std::borrow::Cow;

/// A colour, as red, green and blue.
pub(super) type Colour = [u8; 3];

/// The colour that text stands on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ground {
    Colour(Colour),
    /// A picture, or what a style sheet says: nobody can tell whether text on it is seen.
    Unknown,
}

/// What a declaration block says. Absent where it says nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Style {
    /// `display`: false for none.
    pub(super) display: Option<bool>,
    /// `opacity`: true for so little that nobody sees it.
    pub(super) faint: Option<bool>,
    /// Moved or clipped out of sight.
    pub(super) away: bool,
    /// `visibility`: true for hidden; elements within may be visible again.
    pub(super) invisible: Option<bool>,
    /// `font-size`: true for a size that nobody can read; elements within may be large again.
    pub(super) tiny: Option<bool>,
    pub(super) colour: Option<Colour>,
    /// The text has no colour at all.
    pub(super) transparent: Option<bool>,
    pub(super) ground: Option<Ground>,
}

impl Style {
    /// Whether the element and all in it are not shown, whatever the elements in it say.
    pub(super) fn is_gone(&self) -> bool {
        self.display == Some(false) || self.faint == Some(true) || self.away
    }

    /// This one laid over another.
    pub(super) fn over(self, below: Style) -> Style {
        Style {
            display: self.display.or(below.display),
            faint: self.faint.or(below.faint),
            away: self.away || below.away,
            invisible: self.invisible.or(below.invisible),
            tiny: self.tiny.or(below.tiny),
            colour: self.colour.or(below.colour),
            transparent: self.transparent.or(below.transparent),
            ground: self.ground.or(below.ground),
        }
    }
}

/// Longest style that is read. Honest ones stay under 1,000 bytes.
const STYLE_BYTES: usize = 8 << 10;

/// Reads a declaration block, and hands each `url(...)` in it to `address`. Gives what its plain declarations say, and
/// what those say that are marked important.
pub(super) fn parse(block: &str, mut address: impl FnMut(&str)) -> [Style; 2] {
    let (mut plain, mut important) = (Style::default(), Style::default());
    let mut clipped = false;
    let mut flat = false;
    let end = (0..=STYLE_BYTES.min(block.len())).rev().find(|at| block.is_char_boundary(*at)).unwrap_or(0);
    let block = &*without_comments(block.get(..end).unwrap_or_default());
    for declaration in block.split(';') {
        let Some((name, value)) = declaration.split_once(':') else { continue };
        let name = name.trim().to_ascii_lowercase();
        let lower = value.to_ascii_lowercase();
        let (value_text, mark) = lower.split_once('!').unwrap_or((&lower, ""));
        let value_text = value_text.trim();
        let style = if mark.trim() == "important" { &mut important } else { &mut plain };
        match name.as_str() {
            "display" => style.display = Some(value_text != "none"),
            "mso-hide" => style.away |= value_text == "all",
            "opacity" => style.faint = Some(is_faint(value_text)),
            "visibility" => style.invisible = Some(matches!(value_text, "hidden" | "collapse")),
            "font-size" => style.tiny = Some(is_tiny(value_text)),
            "overflow" => clipped |= value_text == "hidden",
            "height" | "max-height" | "width" | "max-width" => flat |= is_zero(value_text),
            "left" | "top" | "text-indent" | "margin-left" | "margin-top" => style.away |= is_far_out(value_text),
            "color" => match colour(value_text) {
                Some(Paint::Colour(it)) => (style.colour, style.transparent) = (Some(it), Some(false)),
                Some(Paint::Transparent) => style.transparent = Some(true),
                None => {}
            },
            "background" | "background-color" => {
                style.ground = if value_text.contains("url(") || value_text.contains("gradient") {
                    Some(Ground::Unknown)
                } else {
                    value_text.split_whitespace().find_map(colour).and_then(|paint| match paint {
                        Paint::Colour(it) => Some(Ground::Colour(it)),
                        Paint::Transparent => None,
                    })
                }
                .or(style.ground);
            }
            "background-image" if value_text != "none" => style.ground = Some(Ground::Unknown),
            _ => {}
        }
    }
    // A box without height that clips what stands out of it: the usual way to hide a mail's preview text.
    plain.away |= clipped && flat;
    addresses(block, &mut address);
    [plain, important]
}

/// The text with its comments taken out; one that never ends takes all that follows with it.
pub(super) fn without_comments(css: &str) -> Cow<'_, str> {
    if !css.contains("/*") {
        return Cow::Borrowed(css);
    }
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    while let Some((before, comment)) = rest.split_once("/*") {
        out.push_str(before);
        rest = comment.split_once("*/").map_or("", |(_, after)| after);
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// Hands each `url(...)` of a style, or of a style sheet, to `address`.
pub(super) fn addresses(css: &str, address: &mut impl FnMut(&str)) {
    let mut rest = css;
    while let Some(at) = find_url(rest) {
        let after = rest.get(at + 4..).unwrap_or_default();
        let Some((inside, following)) = after.split_once(')') else { return };
        address(inside.trim().trim_matches(['"', '\'']));
        rest = following;
    }
}

fn find_url(css: &str) -> Option<usize> {
    memchr::memchr_iter(b'(', css.as_bytes())
        .filter_map(|at| at.checked_sub(3))
        .find(|at| css.as_bytes().get(*at..at + 3).is_some_and(|name| name.eq_ignore_ascii_case(b"url")))
}

/// What a colour paints.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Paint {
    Colour(Colour),
    Transparent,
}

/// A colour as CSS and HTML write it, in lower case; absent where it is none that we know.
pub(super) fn colour(text: &str) -> Option<Paint> {
    let text = text.trim();
    if let Some(hex) = text.strip_prefix('#') {
        return hex_colour(hex);
    }
    if let Some(list) = text.strip_prefix("rgba(").or_else(|| text.strip_prefix("rgb(")) {
        let mut channels = list.trim_end_matches(')').split([',', ' ', '/']).filter(|part| !part.is_empty());
        let mut colour = [0; 3];
        for channel in &mut colour {
            *channel = byte(channels.next()?)?;
        }
        let see_through = channels.next().and_then(number).is_some_and(|(alpha, _)| alpha < 0.05);
        return Some(if see_through { Paint::Transparent } else { Paint::Colour(colour) });
    }
    if text == "transparent" {
        return Some(Paint::Transparent);
    }
    if let Ok(index) = NAMED.binary_search_by_key(&text, |(name, _)| name) {
        return NAMED.get(index).map(|(_, [r, g, b])| Paint::Colour([*r, *g, *b]));
    }
    // `bgcolor=ffffff`, as HTML attributes may have it.
    (text.len() == 6).then(|| hex_colour(text)).flatten()
}

fn hex_colour(hex: &str) -> Option<Paint> {
    let digits: Option<Vec<u8>> = hex.chars().map(|c| c.to_digit(16).and_then(|d| u8::try_from(d).ok())).collect();
    match *digits?.as_slice() {
        [_, _, _, 0] => Some(Paint::Transparent),
        [r, g, b] | [r, g, b, _] => Some(Paint::Colour([r * 17, g * 17, b * 17])),
        [_, _, _, _, _, _, 0, 0] => Some(Paint::Transparent),
        [r, s, g, h, b, c] | [r, s, g, h, b, c, _, _] => Some(Paint::Colour([r * 16 + s, g * 16 + h, b * 16 + c])),
        _ => None,
    }
}

fn byte(channel: &str) -> Option<u8> {
    let (value, unit) = number(channel)?;
    let value = if unit == "%" { value * 2.55 } else { value };
    // In range by the clamp, so the cast cuts nothing off.
    Some(value.clamp(0.0, 255.0) as u8)
}

/// Whether text of one colour cannot be told from its ground.
pub(super) fn same(text: Colour, ground: Colour) -> bool {
    let difference: u32 = text.iter().zip(ground).map(|(a, b)| u32::from(a.abs_diff(b))).sum();
    difference <= SAME_COLOUR
}

/// Sum of the differences of red, green and blue up to which a reader sees no text: #fff on #fafafa is 15.
const SAME_COLOUR: u32 = 15;

/// A number and its unit.
fn number(text: &str) -> Option<(f32, &str)> {
    let text = text.trim();
    let end = text.find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '-' | '+'))).unwrap_or(text.len());
    let (value, unit) = text.split_at_checked(end)?;
    Some((value.parse().ok()?, unit.trim()))
}

fn is_faint(opacity: &str) -> bool {
    number(opacity).is_some_and(|(value, unit)| match unit {
        "" => value < 0.05,
        "%" => value < 5.0,
        _ => false,
    })
}

fn is_tiny(size: &str) -> bool {
    match number(size) {
        Some((value, "px" | "pt" | "")) => value <= 1.0,
        Some((value, "em" | "rem" | "vw" | "vh")) => value < 0.1,
        Some((value, "%")) => value < 10.0,
        _ => false,
    }
}

fn is_zero(size: &str) -> bool {
    number(size).is_some_and(|(value, unit)| value == 0.0 || (value <= 1.0 && unit == "px"))
}

/// Moved out of every window.
fn is_far_out(distance: &str) -> bool {
    number(distance).is_some_and(|(value, unit)| match unit {
        "px" | "pt" | "" => value <= -500.0,
        "em" | "rem" => value <= -40.0,
        _ => false,
    })
}

/// The colours that mail names, sorted.
const NAMED: &[(&str, Colour)] = &[
    ("aliceblue", [240, 248, 255]),
    ("aqua", [0, 255, 255]),
    ("azure", [240, 255, 255]),
    ("beige", [245, 245, 220]),
    ("black", [0, 0, 0]),
    ("blue", [0, 0, 255]),
    ("brown", [165, 42, 42]),
    ("crimson", [220, 20, 60]),
    ("cyan", [0, 255, 255]),
    ("darkblue", [0, 0, 139]),
    ("darkgray", [169, 169, 169]),
    ("darkgreen", [0, 100, 0]),
    ("darkred", [139, 0, 0]),
    ("fuchsia", [255, 0, 255]),
    ("ghostwhite", [248, 248, 255]),
    ("gold", [255, 215, 0]),
    ("gray", [128, 128, 128]),
    ("green", [0, 128, 0]),
    ("grey", [128, 128, 128]),
    ("honeydew", [240, 255, 240]),
    ("ivory", [255, 255, 240]),
    ("lavender", [230, 230, 250]),
    ("lightblue", [173, 216, 230]),
    ("lightgray", [211, 211, 211]),
    ("lightgrey", [211, 211, 211]),
    ("lightyellow", [255, 255, 224]),
    ("lime", [0, 255, 0]),
    ("magenta", [255, 0, 255]),
    ("maroon", [128, 0, 0]),
    ("mintcream", [245, 255, 250]),
    ("navy", [0, 0, 128]),
    ("olive", [128, 128, 0]),
    ("orange", [255, 165, 0]),
    ("pink", [255, 192, 203]),
    ("purple", [128, 0, 128]),
    ("red", [255, 0, 0]),
    ("silver", [192, 192, 192]),
    ("snow", [255, 250, 250]),
    ("teal", [0, 128, 128]),
    ("white", [255, 255, 255]),
    ("whitesmoke", [245, 245, 245]),
    ("yellow", [255, 255, 0]),
];

#[cfg(test)]
mod tests {
    use super::*;

    fn read(block: &str) -> Style {
        let [plain, important] = parse(block, |_| {});
        important.over(plain)
    }

    #[test]
    fn what_hides_text() {
        for block in [
            "display:none",
            "color: red; DISPLAY : none !important",
            "opacity:0",
            "opacity:0%",
            "display:/**/none",
            "display:block; display:none",
            "display:none!important; display:block",
            "mso-hide:all",
            "max-height:0px; overflow:hidden",
            "position:absolute; left:-9999px",
        ] {
            assert!(read(block).is_gone(), "{block}");
        }
        for block in [
            "display:block",
            "opacity:0.9",
            "max-height:0",
            "height:20px;overflow:hidden",
            "left:-2px",
            "display:none;display:block",
            "",
        ] {
            assert!(!read(block).is_gone(), "{block}");
        }
        assert_eq!(read("visibility:hidden").invisible, Some(true));
        assert_eq!(read("font-size:0").tiny, Some(true));
        assert_eq!(read("font-size:1px").tiny, Some(true));
        assert_eq!(read("font-size:11px").tiny, Some(false));
        assert_eq!(read("font-size:1em").tiny, Some(false));
    }

    #[test]
    fn colours_in_every_notation() {
        let white = Some(Paint::Colour([255, 255, 255]));
        for text in ["#fff", "#ffffff", "white", "rgb(255,255,255)", "rgb(100% 100% 100%)", "ffffff", "#fffe"] {
            assert_eq!(colour(text), white, "{text}");
        }
        assert_eq!(colour("rgba(0,0,0,0)"), Some(Paint::Transparent));
        assert_eq!(colour("#12345600"), Some(Paint::Transparent));
        for text in ["", "#", "#ff", "inherit", "nosuch", "rgb(1,2)", "#ééé"] {
            assert_eq!(colour(text), None, "{text}");
        }
        assert!(same([255, 255, 255], [250, 250, 250]));
        assert!(!same([255, 255, 255], [238, 238, 238]));
        assert!(NAMED.is_sorted_by(|a, b| a.0 < b.0));
    }

    #[test]
    fn grounds_and_addresses() {
        assert_eq!(read("background:#000 no-repeat").ground, Some(Ground::Colour([0, 0, 0])));
        let mut seen = Vec::new();
        let [style, _] = parse("background-image: URL( 'http://a.example/x.png' )", |url| seen.push(url.to_string()));
        assert_eq!(style.ground, Some(Ground::Unknown));
        assert_eq!(seen, ["http://a.example/x.png"]);
    }
}

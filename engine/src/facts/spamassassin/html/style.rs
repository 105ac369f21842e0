//! How text looks where a tag is open: sizes, colours, and whether it can be read. Takes tags with their attributes.

use super::super::colours::{Colour, background, named};
use super::super::tokens::Attribute;
use super::elements::STYLED;
use super::{MOST_STYLES, Renderer, leading_number};

/// How text looks where a tag is open.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    tag: &'static str,
    foreground: Colour,
    background: Colour,
    size: i32,
    hidden: bool,
    invisible: bool,
}

impl Style {
    pub(super) fn plain() -> Style {
        Style {
            tag: "default",
            foreground: Colour::Rgb([0, 0, 0]),
            background: Colour::Rgb([255, 255, 255]),
            size: 3,
            hidden: false,
            invisible: false,
        }
    }
}

impl Renderer {
    /// How many styles of a tag are open.
    fn open(&mut self, tag: &str) -> Option<&mut usize> {
        self.open.get_mut(STYLED.iter().position(|it| *it == tag)?)
    }

    pub(super) fn style(&mut self, tag: &'static str, attributes: &[Attribute<'_>], opens: bool) {
        let tag = if tag == "th" { "td" } else { tag };
        if !opens {
            if tag != "body" {
                self.close(tag, |_| true);
            }
            return;
        }
        let value = |name: &str| attributes.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_ref());
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
        let parent = self.styles.last().copied().unwrap_or_else(Style::plain);
        let mut new = Style { tag, ..parent };
        match tag {
            "big" => new.size += 1,
            "small" => new.size -= 1,
            _ => {
                for (name, value) in attributes {
                    match (tag, name.as_ref()) {
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
        if let Some(count) = self.open(tag) {
            *count += 1;
        }
        self.styles.push(new);
    }

    /// Ends styles up to the last one of `tag`, as long as `may` says so of each; none where `tag` is not open. A cell ends
    /// cells, where all of them may go.
    pub(super) fn close(&mut self, tag: &str, may: impl Fn(&str) -> bool) {
        if self.open(tag).is_none_or(|count| *count == 0) {
            return;
        }
        let is_table = !may("p");
        while let Some(top) = self.styles.last().copied() {
            if self.styles.len() <= 1 || !may(top.tag) {
                break;
            }
            let found = top.tag == tag;
            if let Some(count) = self.open(top.tag) {
                *count = count.saturating_sub(1);
            }
            self.styles.pop();
            if found && !is_table {
                break;
            }
        }
    }

    /// Whether text at hand could not be read; notes why.
    pub(super) fn unreadable(&mut self) -> bool {
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

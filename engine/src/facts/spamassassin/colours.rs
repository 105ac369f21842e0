//! Colours and fonts as HTML names them.

/// A colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Colour {
    Rgb([u8; 3]),
    Transparent,
    Invalid,
}

/// A colour by its name or number.
pub(super) fn named(text: &str) -> Colour {
    let text = text.trim().to_ascii_lowercase();
    if let Ok(at) = NAMES.binary_search_by_key(&text.as_str(), |(name, _)| name) {
        let [_, red, green, blue] = NAMES.get(at).map_or(0, |(_, code)| *code).to_be_bytes();
        return Colour::Rgb([red, green, blue]);
    }
    if let Some(numbers) = text.strip_prefix("rgb(").and_then(|rest| rest.strip_suffix(')')) {
        let parts: Vec<&str> = numbers.split(',').map(str::trim).collect();
        let [red, green, blue] = parts.as_slice() else { return Colour::Invalid };
        let part = |text: &str| match text.strip_suffix('%') {
            Some(percent) => percent.parse::<f64>().ok().map(|it| (it / 100.0 * 255.0) as u8),
            None => text.parse::<u32>().ok().map(|it| u8::try_from(it.min(255)).unwrap_or(255)),
        };
        return match (part(red), part(green), part(blue)) {
            (Some(red), Some(green), Some(blue)) => Colour::Rgb([red, green, blue]),
            _ => Colour::Invalid,
        };
    }
    let Some(digits) = text.strip_prefix('#') else { return Colour::Invalid };
    if !digits.bytes().all(|byte| matches!(byte, b'#' | b'0'..=b'9' | b'a'..=b'f')) {
        return Colour::Invalid;
    }
    let mut digits: String = digits.chars().filter(|it| *it != '#').take(6).collect();
    if (4..6).contains(&digits.len()) {
        digits.truncate(3);
    }
    while !digits.is_empty() && !digits.len().is_multiple_of(3) {
        digits.push('0');
    }
    let code = u32::from_str_radix(&digits, 16).unwrap_or(0);
    let [_, red, green, blue] = match digits.len() {
        3 => {
            let [_, _, high, low] = code.to_be_bytes();
            [0, (high & 15) * 17, (low >> 4) * 17, (low & 15) * 17]
        }
        _ => code.to_be_bytes(),
    };
    Colour::Rgb([red, green, blue])
}

/// The colour that a `background` declaration ends in: the first of its last layer.
pub(super) fn background(value: &str) -> Option<Colour> {
    let mut layer: Vec<String> = vec![String::new()];
    let (mut depth, mut quote) = (false, None);
    for it in value.chars() {
        match (quote, depth, it) {
            (Some(open), _, _) => {
                quote = (it != open).then_some(open);
                layer.last_mut()?.push(it);
            }
            (None, _, '"' | '\'') => {
                quote = Some(it);
                layer.last_mut()?.push(it);
            }
            (None, false, ' ') => layer.push(String::new()),
            (None, false, ',') => layer = vec![String::new()],
            (None, _, _) => {
                depth = (depth || it == '(') && it != ')';
                layer.last_mut()?.push(it);
                if it == ')' {
                    layer.push(String::new());
                }
            }
        }
    }
    layer.iter().filter(|it| !it.is_empty()).map(|it| named(it)).find(|it| *it != Colour::Invalid)
}

/// Whether a `face` lists fonts as people name them: words of letters, perhaps in quotes, with commas between.
pub(super) fn is_font_name(face: &str) -> bool {
    let face = face.strip_suffix('\n').unwrap_or(face);
    let face = face.strip_suffix(';').unwrap_or(face);
    face.split(',').enumerate().all(|(number, name)| {
        let name = name.trim_start();
        let opens: &[char] = if number == 0 { &['"', '\'', '.'] } else { &['"', '\''] };
        let name = name.strip_prefix(opens).unwrap_or(name);
        let name = name.strip_suffix(['"', '\'']).unwrap_or(name);
        let name = name.strip_suffix(|it: char| it.is_ascii_digit()).unwrap_or(name);
        let inner = |it: char| it.is_ascii_alphabetic() || it == ' ' || it == '-';
        name.len() >= 2
            && name.chars().all(inner)
            && name.ends_with(|it: char| it.is_ascii_alphabetic())
            && (name.starts_with(|it: char| it.is_ascii_alphabetic()) || (number == 0 && name.starts_with(' ')))
    })
}

/// The names of CSS, sorted.
const NAMES: &[(&str, u32)] = &[
    ("aliceblue", 0xf0f8ff),
    ("antiquewhite", 0xfaebd7),
    ("aqua", 0x00ffff),
    ("aquamarine", 0x7fffd4),
    ("azure", 0xf0ffff),
    ("beige", 0xf5f5dc),
    ("bisque", 0xffe4c4),
    ("black", 0x000000),
    ("blanchedalmond", 0xffebcd),
    ("blue", 0x0000ff),
    ("blueviolet", 0x8a2be2),
    ("brown", 0xa52a2a),
    ("burlywood", 0xdeb887),
    ("cadetblue", 0x5f9ea0),
    ("chartreuse", 0x7fff00),
    ("chocolate", 0xd2691e),
    ("coral", 0xff7f50),
    ("cornflowerblue", 0x6495ed),
    ("cornsilk", 0xfff8dc),
    ("crimson", 0xdc143c),
    ("cyan", 0x00ffff),
    ("darkblue", 0x00008b),
    ("darkcyan", 0x008b8b),
    ("darkgoldenrod", 0xb8860b),
    ("darkgray", 0xa9a9a9),
    ("darkgreen", 0x006400),
    ("darkgrey", 0xa9a9a9),
    ("darkkhaki", 0xbdb76b),
    ("darkmagenta", 0x8b008b),
    ("darkolivegreen", 0x556b2f),
    ("darkorange", 0xff8c00),
    ("darkorchid", 0x9932cc),
    ("darkred", 0x8b0000),
    ("darksalmon", 0xe9967a),
    ("darkseagreen", 0x8fbc8f),
    ("darkslateblue", 0x483d8b),
    ("darkslategray", 0x2f4f4f),
    ("darkslategrey", 0x2f4f4f),
    ("darkturquoise", 0x00ced1),
    ("darkviolet", 0x9400d3),
    ("deeppink", 0xff1493),
    ("deepskyblue", 0x00bfff),
    ("dimgray", 0x696969),
    ("dimgrey", 0x696969),
    ("dodgerblue", 0x1e90ff),
    ("firebrick", 0xb22222),
    ("floralwhite", 0xfffaf0),
    ("forestgreen", 0x228b22),
    ("fuchsia", 0xff00ff),
    ("gainsboro", 0xdcdcdc),
    ("ghostwhite", 0xf8f8ff),
    ("gold", 0xffd700),
    ("goldenrod", 0xdaa520),
    ("gray", 0x808080),
    ("green", 0x008000),
    ("greenyellow", 0xadff2f),
    ("grey", 0x808080),
    ("honeydew", 0xf0fff0),
    ("hotpink", 0xff69b4),
    ("indianred", 0xcd5c5c),
    ("indigo", 0x4b0082),
    ("ivory", 0xfffff0),
    ("khaki", 0xf0e68c),
    ("lavender", 0xe6e6fa),
    ("lavenderblush", 0xfff0f5),
    ("lawngreen", 0x7cfc00),
    ("lemonchiffon", 0xfffacd),
    ("lightblue", 0xadd8e6),
    ("lightcoral", 0xf08080),
    ("lightcyan", 0xe0ffff),
    ("lightgoldenrodyellow", 0xfafad2),
    ("lightgray", 0xd3d3d3),
    ("lightgreen", 0x90ee90),
    ("lightgrey", 0xd3d3d3),
    ("lightpink", 0xffb6c1),
    ("lightsalmon", 0xffa07a),
    ("lightseagreen", 0x20b2aa),
    ("lightskyblue", 0x87cefa),
    ("lightslategray", 0x778899),
    ("lightslategrey", 0x778899),
    ("lightsteelblue", 0xb0c4de),
    ("lightyellow", 0xffffe0),
    ("lime", 0x00ff00),
    ("limegreen", 0x32cd32),
    ("linen", 0xfaf0e6),
    ("magenta", 0xff00ff),
    ("maroon", 0x800000),
    ("mediumaquamarine", 0x66cdaa),
    ("mediumblue", 0x0000cd),
    ("mediumorchid", 0xba55d3),
    ("mediumpurple", 0x9370db),
    ("mediumseagreen", 0x3cb371),
    ("mediumslateblue", 0x7b68ee),
    ("mediumspringgreen", 0x00fa9a),
    ("mediumturquoise", 0x48d1cc),
    ("mediumvioletred", 0xc71585),
    ("midnightblue", 0x191970),
    ("mintcream", 0xf5fffa),
    ("mistyrose", 0xffe4e1),
    ("moccasin", 0xffe4b5),
    ("navajowhite", 0xffdead),
    ("navy", 0x000080),
    ("oldlace", 0xfdf5e6),
    ("olive", 0x808000),
    ("olivedrab", 0x6b8e23),
    ("orange", 0xffa500),
    ("orangered", 0xff4500),
    ("orchid", 0xda70d6),
    ("palegoldenrod", 0xeee8aa),
    ("palegreen", 0x98fb98),
    ("paleturquoise", 0xafeeee),
    ("palevioletred", 0xdb7093),
    ("papayawhip", 0xffefd5),
    ("peachpuff", 0xffdab9),
    ("peru", 0xcd853f),
    ("pink", 0xffc0cb),
    ("plum", 0xdda0dd),
    ("powderblue", 0xb0e0e6),
    ("purple", 0x800080),
    ("red", 0xff0000),
    ("rosybrown", 0xbc8f8f),
    ("royalblue", 0x4169e1),
    ("saddlebrown", 0x8b4513),
    ("salmon", 0xfa8072),
    ("sandybrown", 0xf4a460),
    ("seagreen", 0x2e8b57),
    ("seashell", 0xfff5ee),
    ("sienna", 0xa0522d),
    ("silver", 0xc0c0c0),
    ("skyblue", 0x87ceeb),
    ("slateblue", 0x6a5acd),
    ("slategray", 0x708090),
    ("slategrey", 0x708090),
    ("snow", 0xfffafa),
    ("springgreen", 0x00ff7f),
    ("steelblue", 0x4682b4),
    ("tan", 0xd2b48c),
    ("teal", 0x008080),
    ("thistle", 0xd8bfd8),
    ("tomato", 0xff6347),
    ("turquoise", 0x40e0d0),
    ("violet", 0xee82ee),
    ("wheat", 0xf5deb3),
    ("white", 0xffffff),
    ("whitesmoke", 0xf5f5f5),
    ("yellow", 0xffff00),
    ("yellowgreen", 0x9acd32),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours() {
        assert!(NAMES.is_sorted());
        assert_eq!(named(" White "), Colour::Rgb([255, 255, 255]));
        assert_eq!(named("#0f8"), Colour::Rgb([0, 255, 136]));
        assert_eq!(named("#00FF88"), Colour::Rgb([0, 255, 136]));
        assert_eq!(named("rgb(1, 2, 3)"), Colour::Rgb([1, 2, 3]));
        assert_eq!(named("ffffff"), Colour::Invalid);
        assert_eq!(background("url(a b) no-repeat #fff, red"), Some(Colour::Rgb([255, 0, 0])));
    }

    #[test]
    fn fonts() {
        assert!(is_font_name("Arial, 'Times New Roman', sans-serif") && is_font_name("Wingdings2"));
        assert!(!is_font_name("宋体") && !is_font_name("a,,b") && !is_font_name("x_y"));
    }
}

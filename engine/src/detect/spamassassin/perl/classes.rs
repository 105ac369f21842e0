//! Classes of bytes, `[...]`: sets of the 256 bytes, read and written.

use super::Reader;

impl Reader<'_> {
    /// A class, behind its bracket.
    pub(super) fn class(&mut self) -> Result<(), String> {
        let negated = self.peek(0) == Some(b'^');
        self.at += usize::from(negated);
        let mut set = [false; 256];
        let mut first = true;
        loop {
            let byte = self.peek(0).ok_or("a class is not closed")?;
            if byte == b']' && !first {
                self.at += 1;
                break;
            }
            first = false;
            let low = self.member(&mut set)?;
            // A range has characters at both ends; `\w-.` is three members.
            let (Some(low), Some(b'-')) = (low, self.peek(0)) else { continue };
            if self.peek(1).is_none_or(|byte| byte == b']') {
                continue;
            }
            let before = self.at;
            self.at += 1;
            let mut aside = [false; 256];
            match self.member(&mut aside)? {
                Some(high) if high >= low => add_range(&mut set, low, high),
                Some(_) => return Err("a range of a class runs backwards".into()),
                None => self.at = before,
            }
        }
        if self.flags.fold {
            fold(&mut set);
        }
        if negated {
            set.iter_mut().for_each(|it| *it = !*it);
        }
        let text = class_text(&set);
        self.atom(&text);
        Ok(())
    }

    /// One member of a class; its code where it is a single character, which may be beyond bytes.
    pub(super) fn member(&mut self, set: &mut [bool; 256]) -> Result<Option<u32>, String> {
        let byte = self.peek(0).ok_or("a class is not closed")?;
        if byte == b'[' && matches!(self.peek(1), Some(b':')) {
            let end = self.rest().windows(2).skip(2).position(|pair| pair == b":]").map(|at| at + 2);
            if let Some(end) = end {
                let name = String::from_utf8_lossy(self.rest().get(2..end).unwrap_or_default()).into_owned();
                let (negated, name) = match name.strip_prefix('^') {
                    Some(name) => (true, name.to_owned()),
                    None => (false, name),
                };
                if let Some(posix) = posix(&name) {
                    for (slot, code) in set.iter_mut().zip(0u8..=255) {
                        *slot |= posix(code) != negated;
                    }
                    self.at += end + 2;
                    return Ok(None);
                }
                return Err(format!("[:{name}:] is no class"));
            }
        }
        self.at += 1;
        if byte != b'\\' {
            add_range(set, u32::from(byte), u32::from(byte));
            return Ok(Some(u32::from(byte)));
        }
        let escaped = self.peek(0).ok_or("a class is not closed")?;
        match escaped {
            b'd' | b'D' | b'w' | b'W' | b's' | b'S' | b'h' | b'H' | b'v' | b'V' => {
                self.at += 1;
                set.iter_mut().zip(named_set(escaped)).for_each(|(slot, also)| *slot |= also);
                Ok(None)
            }
            b'b' => {
                self.at += 1;
                add_range(set, 8, 8);
                Ok(Some(8))
            }
            b'E' | b'Q' => {
                self.at += 1;
                Ok(None)
            }
            b'p' | b'P' | b'N' => Err(format!(r"\{} is not supported: patterns run over bytes", char::from(escaped))),
            b'1'..=b'7' => {
                let code = self.number(8, 3);
                add_range(set, code, code);
                Ok(Some(code))
            }
            _ => match self.code()? {
                Some(code) => {
                    add_range(set, u32::from(code), u32::from(code));
                    Ok(Some(u32::from(code)))
                }
                None => Ok(Some(256)),
            },
        }
    }
}

fn add_range(set: &mut [bool; 256], low: u32, high: u32) {
    let (low, high) = (low as usize, (high as usize).min(255));
    set.iter_mut().enumerate().filter(|(code, _)| (low..=high).contains(code)).for_each(|(_, slot)| *slot = true);
}

fn fold(set: &mut [bool; 256]) {
    for upper in b'A'..=b'Z' {
        let lower = upper.to_ascii_lowercase();
        let either = set.get(usize::from(upper)) == Some(&true) || set.get(usize::from(lower)) == Some(&true);
        for code in [upper, lower] {
            if let Some(slot) = set.get_mut(usize::from(code)) {
                *slot = either;
            }
        }
    }
}

pub(super) fn named_set(name: u8) -> [bool; 256] {
    let mut set = [false; 256];
    for (slot, byte) in set.iter_mut().zip(0u8..=255) {
        let inside = match name.to_ascii_lowercase() {
            b'd' => byte.is_ascii_digit(),
            b'w' => byte.is_ascii_alphanumeric() || byte == b'_',
            b's' => byte == b' ' || (9..=13).contains(&byte),
            b'h' => matches!(byte, b'\t' | b' ' | 0xA0),
            b'v' => (10..=13).contains(&byte) || byte == 0x85,
            // `\N`: anything but a line end.
            _ => byte == b'\n',
        };
        *slot = inside != name.is_ascii_uppercase();
    }
    set
}

fn posix(name: &str) -> Option<fn(u8) -> bool> {
    Some(match name {
        "alpha" => |byte| byte.is_ascii_alphabetic(),
        "digit" => |byte| byte.is_ascii_digit(),
        "alnum" => |byte| byte.is_ascii_alphanumeric(),
        "upper" => |byte| byte.is_ascii_uppercase(),
        "lower" => |byte| byte.is_ascii_lowercase(),
        "punct" => |byte| byte.is_ascii_punctuation(),
        "space" => |byte| byte == b' ' || (9..=13).contains(&byte),
        "blank" => |byte| byte == b' ' || byte == b'\t',
        "cntrl" => |byte| byte.is_ascii_control(),
        "graph" => |byte| byte.is_ascii_graphic(),
        "print" => |byte| byte.is_ascii_graphic() || byte == b' ',
        "xdigit" => |byte| byte.is_ascii_hexdigit(),
        "word" => |byte| byte.is_ascii_alphanumeric() || byte == b'_',
        "ascii" => |byte| byte.is_ascii(),
        _ => return None,
    })
}

/// A set of bytes as a class.
pub(super) fn class_text(set: &[bool; 256]) -> String {
    let mut text = String::from("[");
    let mut code = 0usize;
    while code < 256 {
        if set.get(code) != Some(&true) {
            code += 1;
            continue;
        }
        let start = code;
        while set.get(code + 1) == Some(&true) {
            code += 1;
        }
        push_member(&mut text, start);
        if code > start {
            text.push('-');
            push_member(&mut text, code);
        }
        code += 1;
    }
    if text.len() == 1 { r"[^\x00-\xFF]".to_owned() } else { text + "]" }
}

fn push_member(text: &mut String, code: usize) {
    match u8::try_from(code) {
        Ok(byte) if byte.is_ascii_alphanumeric() => text.push(char::from(byte)),
        _ => text.push_str(&format!("\\x{code:02X}")),
    }
}

//! What follows a backslash: classes, references, codes of bytes.

use super::Reader;
use super::classes::{class_text, named_set};
use crate::detect::spamassassin::echo::REFERENCE;

impl Reader<'_> {
    /// A reference is anything in the relaxed form, in a group that says to what it is one: `echo` reads it.
    pub(super) fn refer(&mut self, reference: &str) {
        self.fancy = true;
        let number = reference.strip_prefix("(?:\\").and_then(|rest| rest.strip_suffix(')'));
        let relaxed = match number.and_then(|number| number.parse::<u16>().ok()) {
            Some(number) => format!("(?P<{REFERENCE}{number}_{}>[\\x00-\\xFF]*)", self.out.relaxed.len()),
            None => r"(?:[\x00-\xFF]*)".to_owned(),
        };
        self.atom2(reference, &relaxed);
    }

    /// What follows a backslash, outside of a class.
    pub(super) fn escape(&mut self) -> Result<(), String> {
        let byte = self.peek(0).ok_or("the pattern ends in a backslash")?;
        match byte {
            b'd' | b'D' | b'w' | b'W' | b's' | b'S' | b'h' | b'H' | b'v' | b'V' | b'N' => {
                self.at += 1;
                let class = class_text(&named_set(byte));
                self.atom(&class);
            }
            b'b' | b'B' => {
                self.at += 1;
                if self.peek(0) == Some(b'{') {
                    return Err(r"a Unicode boundary, \b{...}, is not supported".into());
                }
                self.atom(if byte == b'b' { r"\b" } else { r"\B" });
            }
            b'A' => {
                self.at += 1;
                self.atom(r"\A");
            }
            b'z' => {
                self.at += 1;
                self.atom(r"\z");
            }
            b'Z' => {
                self.at += 1;
                let lines = std::mem::replace(&mut self.flags.lines, false);
                self.end_of_text();
                self.flags.lines = lines;
            }
            b'R' => {
                self.at += 1;
                self.atom(r"(?:\r\n|[\x0A-\x0D\x85])");
            }
            b'K' => self.at += 1,
            b'Q' => {
                self.at += 1;
                while let Some(byte) = self.peek(0) {
                    if self.rest().starts_with(br"\E") {
                        self.at += 2;
                        break;
                    }
                    self.at += 1;
                    self.literal(byte);
                }
            }
            b'E' => self.at += 1,
            b'1'..=b'9' => {
                let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
                let number: u32 = std::str::from_utf8(self.rest().get(..digits).unwrap_or_default())
                    .ok()
                    .and_then(|text| text.parse().ok())
                    .unwrap_or(u32::MAX);
                if number < 10 || number <= self.captures {
                    self.at += digits;
                    // In a group, so that a digit behind it is not part of it.
                    self.refer(&format!(r"(?:\{number})"));
                } else {
                    match self.code()? {
                        Some(byte) => self.literal(byte),
                        None => self.never(),
                    }
                }
            }
            b'g' | b'k' => return self.reference(byte),
            b'G' => return Err(r"\G is not supported".into()),
            b'p' | b'P' | b'X' => {
                return Err(format!(r"\{} is not supported: patterns run over bytes", char::from(byte)));
            }
            _ => match self.code()? {
                Some(byte) => self.literal(byte),
                None => self.never(),
            },
        }
        Ok(())
    }

    pub(super) fn never(&mut self) {
        self.atom(r"[^\x00-\xFF]");
    }

    /// `\g1`, `\g{-1}`, `\k<name>`.
    pub(super) fn reference(&mut self, kind: u8) -> Result<(), String> {
        self.at += 1;
        let close = match self.peek(0) {
            Some(b'{') => b'}',
            Some(b'<') => b'>',
            Some(b'\'') => b'\'',
            _ => 0,
        };
        let name = if close == 0 {
            let digits = self.rest().iter().take_while(|byte| byte.is_ascii_digit() || **byte == b'-').count();
            let name = String::from_utf8_lossy(self.rest().get(..digits).unwrap_or_default()).into_owned();
            self.at += digits;
            name
        } else {
            self.at += 1;
            let end = self.rest().iter().position(|byte| *byte == close).ok_or("a reference is not closed")?;
            let name = String::from_utf8_lossy(self.rest().get(..end).unwrap_or_default()).into_owned();
            self.at += end + 1;
            name
        };
        let number = name.parse::<i64>().ok().map(|it| if it < 0 { i64::from(self.captures) + 1 + it } else { it });
        match number {
            Some(number) if number > 0 => self.refer(&format!(r"(?:\{number})")),
            None if !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') => {
                self.refer(&format!(r"\k<{name}>"));
            }
            _ => return Err(format!(r"\{}{name} refers to no group", char::from(kind))),
        }
        Ok(())
    }

    /// The byte that an escape stands for; `None` for a character that no byte is.
    pub(super) fn code(&mut self) -> Result<Option<u8>, String> {
        let byte = self.peek(0).ok_or("the pattern ends in a backslash")?;
        self.at += 1;
        let value = match byte {
            b'n' => 0x0A,
            b't' => 0x09,
            b'r' => 0x0D,
            b'f' => 0x0C,
            b'e' => 0x1B,
            b'a' => 0x07,
            b'c' => {
                let letter = self.peek(0).ok_or(r"\c needs a letter behind it")?;
                self.at += 1;
                u32::from(letter.to_ascii_uppercase() ^ 0x40)
            }
            b'x' => {
                if self.peek(0) == Some(b'{') {
                    let end = self.rest().iter().position(|byte| *byte == b'}').ok_or(r"\x{ is not closed")?;
                    let digits =
                        String::from_utf8_lossy(self.rest().get(1..end).unwrap_or_default()).trim().replace('_', "");
                    self.at += end + 1;
                    if digits.is_empty() {
                        0
                    } else {
                        u32::from_str_radix(&digits, 16).map_err(|_| format!(r"\x{{{digits}}} is no number"))?
                    }
                } else {
                    self.number(16, 2)
                }
            }
            b'o' if self.peek(0) == Some(b'{') => {
                let end = self.rest().iter().position(|byte| *byte == b'}').ok_or(r"\o{ is not closed")?;
                let digits = String::from_utf8_lossy(self.rest().get(1..end).unwrap_or_default()).trim().to_owned();
                self.at += end + 1;
                u32::from_str_radix(&digits, 8).map_err(|_| format!(r"\o{{{digits}}} is no number"))?
            }
            b'0'..=b'7' => {
                self.at -= 1;
                self.number(8, 3)
            }
            other => u32::from(other),
        };
        Ok(u8::try_from(value).ok())
    }

    pub(super) fn number(&mut self, radix: u32, most: usize) -> u32 {
        let mut value = 0u32;
        for _ in 0..most {
            let Some(digit) = self.peek(0).and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            self.at += 1;
            value = value.saturating_mul(radix).saturating_add(digit);
        }
        value
    }
}

//! Groups: captures, look-around, atoms, flags, comments, branches.

use super::{DEEPEST, Flags, Group, Reader};

impl Reader<'_> {
    pub(super) fn open(&mut self) -> Result<(), String> {
        if self.groups.len() >= DEEPEST {
            return Err(format!("groups nest deeper than {DEEPEST} levels"));
        }
        let start = self.out.lengths();
        let outer = self.flags;
        let rest = self.rest();
        if rest.starts_with(b"*") {
            return Err("a backtracking verb, (*...), is not supported".into());
        }
        if !rest.starts_with(b"?") {
            self.captures += 1;
            let open = if self.keep_captures { "(" } else { "(?:" };
            return self.group(start, outer, open, false, 0);
        }
        for (sign, open) in [("?=", "(?="), ("?!", "(?!"), ("?<=", "(?<="), ("?<!", "(?<!")] {
            if rest.starts_with(sign.as_bytes()) {
                self.fancy = true;
                return self.group(start, outer, open, true, sign.len());
            }
        }
        if rest.starts_with(b"?>") {
            self.fancy = true;
            return self.group(start, outer, "(?>", false, 2);
        }
        if rest.starts_with(b"?#") {
            let end = rest.iter().position(|byte| *byte == b')').ok_or("a comment is not closed")?;
            self.at += end + 1;
            return Ok(());
        }
        if rest.starts_with(b"?|") {
            if self.keep_captures {
                return Err("a branch reset, (?|...), with references to groups is not supported".into());
            }
            return self.group(start, outer, "(?:", false, 2);
        }
        let named = [("?<", b'>'), ("?'", b'\''), ("?P<", b'>')]
            .into_iter()
            .find(|(sign, _)| rest.starts_with(sign.as_bytes()));
        if let Some((sign, close)) = named {
            let name = rest.get(sign.len()..).unwrap_or_default();
            let end = name.iter().position(|byte| *byte == close).ok_or("the name of a group is not closed")?;
            let name = String::from_utf8_lossy(name.get(..end).unwrap_or_default()).into_owned();
            if !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') || name.is_empty() {
                return Err(format!("{name:?} is no name of a group"));
            }
            self.captures += 1;
            let skip = sign.len() + end + 1;
            let open = if self.keep_captures { format!("(?<{name}>") } else { "(?:".to_owned() };
            return self.group(start, outer, &open, false, skip);
        }
        if let Some(reference) = rest.strip_prefix(b"?P=") {
            let end = reference.iter().position(|byte| *byte == b')').ok_or("a reference is not closed")?;
            let name = String::from_utf8_lossy(reference.get(..end).unwrap_or_default()).into_owned();
            self.at += 3 + end + 1;
            self.refer(&format!(r"\k<{name}>"));
            return Ok(());
        }
        let letters: Vec<u8> = rest
            .iter()
            .skip(1)
            .take_while(|byte| byte.is_ascii_lowercase() || matches!(byte, b'-' | b'^'))
            .copied()
            .collect();
        let behind = rest.get(letters.len() + 1).copied();
        let letters = String::from_utf8_lossy(&letters).into_owned();
        let known = letters.chars().all(|letter| "^-imsxnpadlu".contains(letter));
        match behind {
            Some(b':') if known => {
                self.flags = self.flags.with(&letters);
                let open = match (self.flags.fold, outer.fold) {
                    (true, false) => "(?i:",
                    (false, true) => "(?-i:",
                    _ => "(?:",
                };
                self.groups.push(Group { flags: outer, start, looks: false });
                self.out.push(open, open, self.silent > 0);
                self.at += letters.len() + 2;
                self.atom = None;
                Ok(())
            }
            Some(b')') if known && !letters.is_empty() => {
                self.flags = self.flags.with(&letters);
                match (self.flags.fold, outer.fold) {
                    (true, false) => self.out.push("(?i)", "(?i)", self.silent > 0),
                    (false, true) => self.out.push("(?-i)", "(?-i)", self.silent > 0),
                    _ => {}
                }
                self.at += letters.len() + 2;
                Ok(())
            }
            _ => {
                let shown: String = String::from_utf8_lossy(rest).chars().take(4).collect();
                Err(format!("the construct ({shown}... is not supported"))
            }
        }
    }

    pub(super) fn group(
        &mut self,
        start: (usize, usize),
        flags: Flags,
        open: &str,
        looks: bool,
        skip: usize,
    ) -> Result<(), String> {
        // What looks around is an empty group in the relaxed form, so that a quantifier behind it has something to be for.
        let relaxed = if looks || open.starts_with("(?>") || open.starts_with("(?<") { "(?:" } else { open };
        self.out.push(open, relaxed, self.silent > 0);
        self.silent += u32::from(looks);
        self.groups.push(Group { flags, start, looks });
        self.at += skip;
        self.atom = None;
        Ok(())
    }

    pub(super) fn close(&mut self) -> Result<(), String> {
        let group = self.groups.pop().ok_or("a parenthesis is closed that was not opened")?;
        self.silent -= u32::from(group.looks);
        self.out.push(")", ")", self.silent > 0);
        self.flags = group.flags;
        self.atom = Some(group.start);
        Ok(())
    }
}

//! Perl's patterns, in the syntax of `regex` and `fancy_regex`. Takes what stands between the delimiters, gives the same
//! pattern over bytes; what cannot be said is an error that names it, never a pattern that means something else.
//!
//! Two forms come out at once. `exact` matches what Perl matches. `relaxed` is a pattern without look-around, references and
//! atoms that matches at least as much: it tells where the exact one could match, and what each match contains.
//!
//! Patterns run over bytes, as SpamAssassin's do: letters fold in ASCII alone, `.` is a byte, `\x{2019}` never matches.

use super::echo::REFERENCE;

/// How deep groups may nest; `regex_syntax` has the same limit.
const DEEPEST: usize = 100;

/// A pattern in both forms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Translated {
    pub(super) exact: String,
    /// Whether `exact` needs an engine that goes back.
    pub(super) fancy: bool,
    pub(super) relaxed: String,
    /// How many groups Perl counts, where references to them are kept.
    pub(super) groups: u32,
}

/// Takes a delimited pattern apart: what stands between the delimiters, and the flags.
pub(super) fn delimited(text: &str) -> Result<(&str, &str), String> {
    let (rest, close) = if let Some(rest) = text.strip_prefix('/') {
        (rest, '/')
    } else {
        let rest = text.strip_prefix("qr").or_else(|| text.strip_prefix('m'));
        let rest = rest.ok_or("the pattern has no delimiters: write /.../ or m{...}")?;
        let open = rest.chars().next().filter(|it| !it.is_alphanumeric() && *it != '_' && *it != '\\');
        let open = open.ok_or("the pattern has no delimiters: write /.../ or m{...}")?;
        let close = match open {
            '{' => '}',
            '(' => ')',
            '<' => '>',
            '[' => ']',
            other => other,
        };
        (rest.strip_prefix(open).unwrap_or_default(), close)
    };
    let end = rest.rfind(close).ok_or_else(|| format!("the pattern does not end in {close}"))?;
    let (pattern, flags) =
        (rest.get(..end).unwrap_or_default(), rest.get(end + close.len_utf8()..).unwrap_or_default());
    if let Some(wrong) = flags.chars().find(|flag| !"imsxnpadluogc".contains(*flag)) {
        return Err(format!("{wrong:?} behind the pattern is no flag"));
    }
    Ok((pattern, flags))
}

/// Translates a pattern with the flags behind it.
pub(super) fn translate(pattern: &[u8], flags: &str) -> Result<Translated, String> {
    translated(pattern, flags, has_references(pattern))
}

/// The same, with groups that can be asked for.
pub(super) fn translate_with_groups(pattern: &[u8], flags: &str) -> Result<Translated, String> {
    translated(pattern, flags, true)
}

fn translated(pattern: &[u8], flags: &str, keep_captures: bool) -> Result<Translated, String> {
    let mut reader = Reader {
        text: pattern,
        at: 0,
        flags: Flags::default().with(flags),
        groups: Vec::new(),
        out: Forms::default(),
        fancy: false,
        captures: 0,
        keep_captures,
        silent: 0,
        atom: None,
    };
    if reader.flags.fold {
        reader.out.push("(?i)", "(?i)", false);
    }
    while reader.at < pattern.len() {
        reader.item()?;
    }
    if !reader.groups.is_empty() {
        return Err("a parenthesis is not closed".into());
    }
    let Forms { exact, relaxed } = reader.out;
    Ok(Translated { exact, fancy: reader.fancy, relaxed, groups: reader.captures })
}

/// Whether anything in the pattern could refer to a group. Wrongly yes only costs.
fn has_references(pattern: &[u8]) -> bool {
    let mut escaped = false;
    for (at, byte) in pattern.iter().enumerate() {
        if escaped {
            escaped = false;
            if matches!(byte, b'1'..=b'9' | b'g' | b'k') {
                return true;
            }
        } else if *byte == b'\\' {
            escaped = true;
        } else if pattern.get(at..).is_some_and(|rest| rest.starts_with(b"(?P=") || rest.starts_with(b"(?(")) {
            return true;
        }
    }
    false
}

#[derive(Clone, Copy, Debug, Default)]
struct Flags {
    fold: bool,
    lines: bool,
    dot_all: bool,
    extended: bool,
}

impl Flags {
    fn with(mut self, letters: &str) -> Flags {
        let mut on = true;
        for letter in letters.chars() {
            match letter {
                '^' => self = Flags::default(),
                '-' => on = false,
                'i' => self.fold = on,
                'm' => self.lines = on,
                's' => self.dot_all = on,
                'x' => self.extended = on,
                _ => {}
            }
        }
        self
    }
}

/// Both forms as they grow.
#[derive(Default)]
struct Forms {
    exact: String,
    relaxed: String,
}

impl Forms {
    fn push(&mut self, exact: &str, relaxed: &str, silent: bool) {
        self.exact.push_str(exact);
        if !silent {
            self.relaxed.push_str(relaxed);
        }
    }

    fn lengths(&self) -> (usize, usize) {
        (self.exact.len(), self.relaxed.len())
    }
}

/// A group that is open.
struct Group {
    flags: Flags,
    start: (usize, usize),
    /// It looks around: nothing of it is in the relaxed form.
    looks: bool,
}

struct Reader<'p> {
    text: &'p [u8],
    at: usize,
    flags: Flags,
    groups: Vec<Group>,
    out: Forms,
    fancy: bool,
    captures: u32,
    keep_captures: bool,
    /// How many groups that look around are open.
    silent: u32,
    /// Where the last thing starts that a quantifier could be for.
    atom: Option<(usize, usize)>,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> Option<u8> {
        self.text.get(self.at.saturating_add(ahead)).copied()
    }

    fn rest(&self) -> &[u8] {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Writes something that a quantifier may follow.
    fn atom(&mut self, text: &str) {
        self.atom2(text, text);
    }

    fn atom2(&mut self, exact: &str, relaxed: &str) {
        self.atom = Some(self.out.lengths());
        self.out.push(exact, relaxed, self.silent > 0);
    }

    fn literal(&mut self, byte: u8) {
        let mut text = String::new();
        push_byte(&mut text, byte);
        self.atom(&text);
    }

    fn item(&mut self) -> Result<(), String> {
        let Some(byte) = self.peek(0) else { return Ok(()) };
        self.at += 1;
        match byte {
            b'\\' => self.escape(),
            b'[' => self.class(),
            b'(' => self.open(),
            b')' => self.close(),
            b'|' => {
                self.atom = None;
                self.out.push("|", "|", self.silent > 0);
                Ok(())
            }
            b'.' => {
                self.atom(if self.flags.dot_all { r"[\x00-\xFF]" } else { r"[\x00-\x09\x0B-\xFF]" });
                Ok(())
            }
            b'^' => {
                self.atom(if self.flags.lines { "(?m:^)" } else { r"\A" });
                Ok(())
            }
            b'$' => {
                self.end_of_text();
                Ok(())
            }
            b'*' | b'+' | b'?' => self.quantifier(byte),
            b'{' => match self.braces() {
                Some(range) if self.atom.is_some() => self.repeat(&range),
                Some(range) => Err(format!("{range} stands behind nothing that it could repeat")),
                None => {
                    self.literal(b'{');
                    Ok(())
                }
            },
            b'#' if self.flags.extended => {
                while self.peek(0).is_some_and(|byte| byte != b'\n') {
                    self.at += 1;
                }
                Ok(())
            }
            _ if self.flags.extended && byte.is_ascii_whitespace() => Ok(()),
            _ => {
                self.literal(byte);
                Ok(())
            }
        }
    }

    /// `$` without `/m`: the end, or a line end that is the last byte. Where nothing can follow it, that byte may as well be
    /// taken along, which needs no look ahead.
    fn end_of_text(&mut self) {
        if self.flags.lines {
            self.atom("(?m:$)");
        } else if is_tail(self.rest(), self.groups.len()) {
            self.atom(r"(?:\n?\z)");
        } else {
            self.fancy = true;
            self.atom2(r"(?=\n?\z)", "(?:)");
        }
    }

    fn quantifier(&mut self, byte: u8) -> Result<(), String> {
        if self.atom.is_none() {
            return Err(format!("{} stands behind nothing that it could repeat", char::from(byte)));
        }
        self.repeat(&char::from(byte).to_string())
    }

    /// `{2}`, `{2,}`, `{2,3}`, `{,3}` behind its brace, as a quantifier; `None` where the brace means itself.
    fn braces(&mut self) -> Option<String> {
        let end = self.rest().iter().position(|byte| *byte == b'}')?;
        let inside = std::str::from_utf8(self.text.get(self.at..self.at + end)?).ok()?;
        let (low, high) = match inside.split_once(',') {
            Some((low, high)) => (low.trim(), Some(high.trim())),
            None => (inside.trim(), None),
        };
        let number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && text.len() <= 5;
        if !number(low) || !number(high.unwrap_or("0")) || (low.is_empty() && high.is_none_or(str::is_empty)) {
            return None;
        }
        self.at += end + 1;
        let low = if low.is_empty() { "0" } else { low };
        Some(match high {
            None => format!("{{{low}}}"),
            Some(high) => format!("{{{low},{high}}}"),
        })
    }

    fn repeat(&mut self, range: &str) -> Result<(), String> {
        let Some((exact, _)) = self.atom.take() else { return Ok(()) };
        match self.peek(0) {
            Some(b'?') => {
                self.at += 1;
                let lazy = format!("{range}?");
                self.out.push(&lazy, &lazy, self.silent > 0);
            }
            Some(b'+') => {
                self.at += 1;
                self.fancy = true;
                self.out.exact.insert_str(exact, "(?>");
                self.out.push(&format!("{range})"), range, self.silent > 0);
            }
            _ => self.out.push(range, range, self.silent > 0),
        }
        Ok(())
    }

    fn open(&mut self) -> Result<(), String> {
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

    fn group(
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

    fn close(&mut self) -> Result<(), String> {
        let group = self.groups.pop().ok_or("a parenthesis is closed that was not opened")?;
        self.silent -= u32::from(group.looks);
        self.out.push(")", ")", self.silent > 0);
        self.flags = group.flags;
        self.atom = Some(group.start);
        Ok(())
    }

    /// A reference is anything in the relaxed form, in a group that says to what it is one: `echo` reads it.
    fn refer(&mut self, reference: &str) {
        self.fancy = true;
        let number = reference.strip_prefix("(?:\\").and_then(|rest| rest.strip_suffix(')'));
        let relaxed = match number.and_then(|number| number.parse::<u16>().ok()) {
            Some(number) => format!("(?P<{REFERENCE}{number}_{}>[\\x00-\\xFF]*)", self.out.relaxed.len()),
            None => r"(?:[\x00-\xFF]*)".to_owned(),
        };
        self.atom2(reference, &relaxed);
    }

    /// What follows a backslash, outside of a class.
    fn escape(&mut self) -> Result<(), String> {
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

    fn never(&mut self) {
        self.atom(r"[^\x00-\xFF]");
    }

    /// `\g1`, `\g{-1}`, `\k<name>`.
    fn reference(&mut self, kind: u8) -> Result<(), String> {
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
    fn code(&mut self) -> Result<Option<u8>, String> {
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

    fn number(&mut self, radix: u32, most: usize) -> u32 {
        let mut value = 0u32;
        for _ in 0..most {
            let Some(digit) = self.peek(0).and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            self.at += 1;
            value = value.saturating_mul(radix).saturating_add(digit);
        }
        value
    }

    /// A class, behind its bracket.
    fn class(&mut self) -> Result<(), String> {
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
    fn member(&mut self, set: &mut [bool; 256]) -> Result<Option<u32>, String> {
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

fn named_set(name: u8) -> [bool; 256] {
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
fn class_text(set: &[bool; 256]) -> String {
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

fn push_byte(text: &mut String, byte: u8) {
    match byte {
        b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => text.push(char::from(byte)),
        b' ' | b'_' | b'"' | b'\'' | b'<' | b'>' | b'=' | b',' | b';' | b':' | b'@' | b'%' | b'!' | b'/' | b'`' => {
            text.push(char::from(byte));
        }
        _ => text.push_str(&format!("\\x{byte:02X}")),
    }
}

/// Whether nothing can follow in a match: only groups end, and what is left are other ways of groups that are open.
fn is_tail(rest: &[u8], mut open: usize) -> bool {
    let mut at = 0;
    while let Some(byte) = rest.get(at) {
        match byte {
            b')' => {
                open = open.saturating_sub(1);
                at += 1;
                // A quantifier behind the group.
                while matches!(rest.get(at), Some(b'?' | b'+' | b'*')) {
                    at += 1;
                }
            }
            b'|' if open == 0 => return true,
            b'|' => {
                // On to the end of the group.
                let mut depth = 0usize;
                let mut in_class = false;
                loop {
                    match rest.get(at) {
                        None => return true,
                        Some(b'\\') => at += 1,
                        Some(b'[') if !in_class => {
                            in_class = true;
                            if rest.get(at + 1) == Some(&b'^') {
                                at += 1;
                            }
                            if rest.get(at + 1) == Some(&b']') {
                                at += 1;
                            }
                        }
                        Some(b']') if in_class => in_class = false,
                        Some(b'(') if !in_class => depth += 1,
                        Some(b')') if !in_class && depth > 0 => depth -= 1,
                        Some(b')') if !in_class => break,
                        _ => {}
                    }
                    at += 1;
                }
            }
            _ => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    fn exact(pattern: &str) -> String {
        translate(pattern.as_bytes(), "").unwrap().exact
    }

    #[test]
    fn what_perl_and_regex_read_differently_is_said_in_other_words() {
        assert_eq!(exact(r"\<a\>"), "<a>");
        assert_eq!(exact(r"a++b"), "(?>a+)b");
        assert_eq!(exact(r"(?:ab){2,}+c"), "(?>(?:ab){2,})c");
        assert_eq!(exact(r"\101\0\12"), r"A\x00\x0A");
        assert_eq!(exact(r"(a)\1{2}"), r"(a)(?:\1){2}");
        assert_eq!(exact(r"a{b"), r"a\x7Bb");
        assert_eq!(exact(r"a{,3}"), "a{0,3}");
        assert_eq!(exact(r"x$"), r"x(?:\n?\z)");
        assert_eq!(exact(r"(?:x$|y)"), r"(?:x(?:\n?\z)|y)");
        assert_eq!(exact(r"(?:x$|y)z"), r"(?:x(?=\n?\z)|y)z");
        assert_eq!(exact(r"\x{2019}"), r"[^\x00-\xFF]");
        assert_eq!(exact(r"[\w.-]"), r"[\x2D-\x2E0-9A-Z\x5Fa-z]");
        assert_eq!(exact(r"[^]a]"), r"[\x00-\x5C\x5E-\x60b-\xFF]");
        assert_eq!(exact(r"\Qa.b\E."), r"a\x2Eb[\x00-\x09\x0B-\xFF]");
        let folded = translate(
            br"a # note
            [b-c]",
            "xi",
        )
        .unwrap();
        assert_eq!(folded.exact, "(?i)a[B-Cb-c]");
    }

    #[test]
    fn the_relaxed_form_has_no_look_around() {
        let it = translate(br"(?<!x)foo(?=(?:bar|$))(?!a(?:b)c)\1++", "").unwrap();
        assert!(it.fancy);
        assert_eq!(it.relaxed, r"(?:)foo(?:)(?:)(?P<reference_1_15>[\x00-\xFF]*)+");
    }

    #[test]
    fn what_cannot_be_said_is_refused_by_name() {
        for (pattern, word) in [
            (r"(?R)", "(?R)"),
            (r"(*FAIL)", "verb"),
            (r"\p{Lu}", "\\p"),
            (r"(a", "parenthesis"),
            (r"a)", "parenthesis"),
            (r"*a", "behind nothing"),
            (r"[b-a]", "backwards"),
            (r"[a", "class"),
            (r"(?{die})", "(?{di"),
            ("a\\", "backslash"),
        ] {
            let error = translate(pattern.as_bytes(), "").unwrap_err();
            assert!(error.contains(word), "{pattern}: {error}");
        }
    }

    #[test]
    fn delimiters() {
        assert_eq!(delimited("/a/i"), Ok(("a", "i")));
        assert_eq!(delimited("m{a{2}}x"), Ok(("a{2}", "x")));
        assert_eq!(delimited("m'a'"), Ok(("a", "")));
        assert!(delimited("a").is_err() && delimited("/a").is_err() && delimited("/a/y").is_err());
    }
}

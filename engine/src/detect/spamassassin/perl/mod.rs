//! Perl's patterns, in the syntax of `regex` and `fancy_regex`. Takes what stands between the delimiters, gives the same
//! pattern over bytes; what cannot be said is an error that names it, never a pattern that means something else.
//!
//! Two forms come out at once. `exact` matches what Perl matches. `relaxed` is a pattern without look-around, references and
//! atoms that matches at least as much: it tells where the exact one could match, and what each match contains.
//!
//! Patterns run over bytes, as SpamAssassin's do: letters fold in ASCII alone, `.` is a byte, `\x{2019}` never matches.

mod classes;
mod escapes;
mod groups;

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

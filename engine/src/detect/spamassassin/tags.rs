//! `replace_tag` and friends: names in patterns that stand for pieces of patterns.

use std::collections::BTreeMap;

/// Passes over one pattern: tags may stand in tags.
const MOST_PASSES: usize = 6;
/// Longest pattern that may come out.
const LONGEST: usize = 2_000_000;

/// What `.cf` files say about tags.
#[derive(Clone, Debug)]
pub(super) struct Tags {
    pub(super) start: String,
    pub(super) end: String,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) before: BTreeMap<String, String>,
    pub(super) between: BTreeMap<String, String>,
    pub(super) behind: BTreeMap<String, String>,
}

impl Default for Tags {
    fn default() -> Tags {
        let empty = BTreeMap::new;
        Tags { start: "<".into(), end: ">".into(), tags: empty(), before: empty(), between: empty(), behind: empty() }
    }
}

impl Tags {
    /// The pattern with its tags replaced. `flagged` says whether flags stand before it, which counts as text.
    pub(super) fn replace(&self, pattern: &str, flagged: bool) -> Result<String, String> {
        let mut text = pattern.to_owned();
        for _ in 0..MOST_PASSES {
            let mut again = false;
            let before = self.take(&mut text, "pre ").and_then(|name| self.before.get(&name));
            let behind = self.take(&mut text, "post ").and_then(|name| self.behind.get(&name));
            let between = self.take(&mut text, "inter ").and_then(|name| self.between.get(&name));
            let mut pieces = split(&text);
            for (number, piece) in pieces.iter_mut().enumerate() {
                let tag = self.tag(piece).map(str::to_owned);
                match tag {
                    Some(tag) => {
                        let value = self.tags.get(&tag);
                        again |= value.is_some_and(|value| value.contains('<') && value.contains('>'));
                        let whole = format!("{}{tag}{}", self.start, self.end);
                        let inner = match value {
                            Some(value) => piece.replace(&whole, value),
                            None => piece.clone(),
                        };
                        let (before, behind) = (before.map_or("", String::as_str), behind.map_or("", String::as_str));
                        *piece = format!("{before}{inner}{behind}");
                    }
                    // Between two tags that touch; the first piece is empty only without flags.
                    None if piece.is_empty() && (number > 0 || !flagged) => {
                        piece.push_str(between.map_or("", String::as_str));
                    }
                    None => {}
                }
            }
            text = pieces.concat();
            if text.len() > LONGEST {
                return Err(format!("with its tags replaced, the pattern is longer than {LONGEST} bytes"));
            }
            if !again {
                break;
            }
        }
        Ok(text)
    }

    /// Takes `<pre NAME>` out of a pattern, and gives the name.
    fn take(&self, text: &mut String, word: &str) -> Option<String> {
        let open = format!("{}{word}", self.start);
        let at = text.find(&open)?;
        let length = text.get(at + open.len()..)?.find(&self.end)?;
        let name = text.get(at + open.len()..at + open.len() + length)?.to_owned();
        text.replace_range(at..at + open.len() + length + self.end.len(), "");
        Some(name)
    }

    /// The name of the tag in a piece.
    fn tag<'p>(&self, piece: &'p str) -> Option<&'p str> {
        let at = piece.find(&self.start)? + self.start.len();
        let rest = piece.get(at..)?;
        let length =
            rest.char_indices().skip(1).find(|(at, _)| rest.get(*at..).is_some_and(|it| it.starts_with(&self.end)))?.0;
        rest.get(..length)
    }
}

/// Text and what stands in angle brackets, in turns.
fn split(text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((open, close)) = bracket(rest) {
        pieces.push(rest.get(..open).unwrap_or_default().to_owned());
        pieces.push(rest.get(open..close).unwrap_or_default().to_owned());
        rest = rest.get(close..).unwrap_or_default();
    }
    if !rest.is_empty() {
        pieces.push(rest.to_owned());
    }
    pieces
}

/// The first `<...>` without brackets in it.
fn bracket(text: &str) -> Option<(usize, usize)> {
    let mut open = None;
    for (at, it) in text.char_indices() {
        match (it, open) {
            ('<', _) => open = Some(at),
            ('>', Some(start)) if at > start + 1 => return Some((start, at + 1)),
            ('>', _) => open = None,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_are_replaced() {
        let mut tags = Tags::default();
        tags.tags.insert("A".into(), "[a4]".into());
        tags.tags.insert("W".into(), "<A>b".into());
        tags.between.insert("SP".into(), "\\s?".into());
        tags.behind.insert("P2".into(), "{1,2}".into());
        assert_eq!(tags.replace("x<A>y", true).unwrap(), "x[a4]y");
        assert_eq!(tags.replace("<W>", true).unwrap(), "[a4]b");
        assert_eq!(tags.replace("<inter SP><post P2><A><A>(?<!z)", true).unwrap(), "[a4]{1,2}\\s?[a4]{1,2}(?<!z)");
        assert_eq!(tags.replace("(?<name>x)<B>", true).unwrap(), "(?<name>x)<B>");
    }
}

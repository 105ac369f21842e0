//! Words and letters of a text, counted. Takes text, gives numbers and the names of scripts.

use unicode_script::{Script, UnicodeScript};

/// How many words a text has, and how many letters of each script.
pub(crate) struct Letters {
    pub(crate) words: u32,
    latin: u32,
    others: Vec<(Script, u32)>,
}

impl Letters {
    /// Counts them.
    pub(crate) fn count(text: &str) -> Letters {
        let mut letters = Letters { words: 0, latin: 0, others: Vec::new() };
        let mut in_word = false;
        let mut rest = text.as_bytes();
        let mut at = 0;
        while let Some((&byte, after)) = rest.split_first() {
            let (is_word, len) = if byte.is_ascii() {
                letters.latin += u32::from(byte.is_ascii_alphabetic());
                (byte.is_ascii_alphanumeric(), 1)
            } else {
                let c = text.get(at..).and_then(|rest| rest.chars().next()).unwrap_or_default();
                letters.add(c);
                // An apostrophe is part of a word in either form; a mark belongs to its letter.
                (c.is_alphanumeric() || c == '\u{2019}' || c.script() == Script::Inherited, c.len_utf8())
            };
            letters.words += u32::from(is_word && !in_word);
            in_word = is_word || (in_word && byte == b'\'');
            rest = after.get(len - 1..).unwrap_or_default();
            at += len;
        }
        letters
    }

    fn add(&mut self, c: char) {
        let script = c.script();
        if !c.is_alphabetic() || matches!(script, Script::Common | Script::Inherited | Script::Unknown) {
            return;
        }
        if script == Script::Latin {
            self.latin += 1;
            return;
        }
        match self.others.iter_mut().find(|(known, _)| *known == script) {
            Some((_, count)) => *count += 1,
            None => self.others.push((script, 1)),
        }
    }

    /// The script of most letters, and all of them, sorted.
    pub(crate) fn scripts(mut self) -> (String, Vec<String>) {
        if self.latin > 0 {
            self.others.push((Script::Latin, self.latin));
        }
        let mut counted: Vec<(&str, u32)> = self.others.iter().map(|(script, n)| (script.full_name(), *n)).collect();
        counted.sort_unstable();
        // Of equals the first in the alphabet.
        let most = counted.iter().rev().max_by_key(|(_, count)| *count).map(|(name, _)| (*name).to_owned());
        (most.unwrap_or_default(), counted.iter().map(|(name, _)| (*name).to_owned()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Letters;

    #[test]
    fn words_are_counted() {
        for (text, words) in [
            ("", 0),
            ("... --- !", 0),
            ("one", 1),
            ("it's two", 2),
            ("it\u{2019}s two", 2),
            ("e-mail 24/7", 4),
            ("naïve e\u{301}te\u{301}", 2),
            ("привет, мир", 2),
            ("a\nb\n\nc", 3),
        ] {
            assert_eq!(Letters::count(text).words, words, "{text}");
        }
    }

    #[test]
    fn scripts_are_counted_by_letters() {
        let scripts = |text: &str| Letters::count(text).scripts();
        assert_eq!(scripts("12:30 !"), (String::new(), vec![]));
        assert_eq!(scripts("naïve"), ("Latin".into(), vec!["Latin".into()]));
        assert_eq!(scripts("привет from мир"), ("Cyrillic".into(), vec!["Cyrillic".into(), "Latin".into()]));
        assert_eq!(scripts("漢字かなab").0, "Han", "of equals the first in the alphabet");
        assert_eq!(scripts("😀 ½ a").1, ["Latin"], "symbols are of no script");
    }
}

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
        for run in text.as_bytes().chunk_by(|one, next| one.is_ascii() == next.is_ascii()) {
            if run.is_ascii() {
                in_word = letters.ascii(run, in_word);
                continue;
            }
            for c in std::str::from_utf8(run).unwrap_or_default().chars() {
                let script = c.script();
                letters.add(c, script);
                // An apostrophe is part of a word in either form; a mark belongs to its letter.
                let is_word = c.is_alphanumeric() || c == '\u{2019}' || script == Script::Inherited;
                letters.words += u32::from(is_word && !in_word);
                in_word = is_word;
            }
        }
        letters
    }

    fn ascii(&mut self, run: &[u8], mut in_word: bool) -> bool {
        for &byte in run {
            // Without branches: there are as many kinds of bytes as the predictor can be wrong about.
            let letter = (byte | 0x20).wrapping_sub(b'a') < 26;
            let is_word = letter | (byte.wrapping_sub(b'0') < 10);
            self.latin += u32::from(letter);
            self.words += u32::from(is_word & !in_word);
            in_word = is_word | (in_word & (byte == b'\''));
        }
        in_word
    }

    fn add(&mut self, c: char, script: Script) {
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

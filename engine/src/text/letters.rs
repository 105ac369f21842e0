//! Words and letters of a text, counted. Takes text, gives numbers and the names of scripts.

use unicode_script::{Script, UnicodeScript};

/// How many words a text has, and how many letters of each script.
pub(crate) struct Letters {
    pub(crate) words: u32,
    latin: u32,
    others: Vec<(Script, u32)>,
}

/// How many bytes can be counted in eight bits.
const EIGHT_BITS: usize = 255;

fn is_letter(byte: u8) -> bool {
    (byte | 0x20).wrapping_sub(b'a') < 26
}

fn is_word(byte: u8) -> bool {
    is_letter(byte) | (byte.wrapping_sub(b'0') < 10)
}

impl Letters {
    /// Counts them.
    pub(crate) fn count(text: &str) -> Letters {
        let mut letters = Letters { words: 0, latin: 0, others: Vec::new() };
        let mut in_word = false;
        let mut rest = text;
        while !rest.is_empty() {
            let is_high = |byte: u8| !byte.is_ascii();
            let ascii = if rest.is_ascii() { None } else { rest.bytes().position(is_high) }.unwrap_or(rest.len());
            let (run, after) = rest.split_at_checked(ascii).unwrap_or((rest, ""));
            in_word = letters.ascii(run.as_bytes(), in_word);
            let end = after.bytes().position(|byte| byte.is_ascii()).unwrap_or(after.len());
            let (run, after) = after.split_at_checked(end).unwrap_or((after, ""));
            for c in run.chars() {
                let script = c.script();
                letters.add(c, script);
                // An apostrophe is part of a word in either form; a mark belongs to its letter.
                let is_word = c.is_alphanumeric() || c == '\u{2019}' || script == Script::Inherited;
                letters.words += u32::from(is_word && !in_word);
                in_word = is_word;
            }
            rest = after;
        }
        letters
    }

    /// Counts a run of ASCII, and says whether it ends in a word. Words are counted by their first letters, of all places alike and so
    /// many at a time, as if an apostrophe parted words; what is too many for that is taken off again. Byte by byte it took four
    /// times the instructions.
    fn ascii(&mut self, run: &[u8], in_word: bool) -> bool {
        let Some((first, later)) = run.split_first() else { return in_word };
        self.latin += u32::from(is_letter(*first));
        self.words += u32::from(is_word(*first) & !in_word);
        for (bytes, before) in later.chunks(EIGHT_BITS).zip(run.chunks(EIGHT_BITS)) {
            let (mut latin, mut words) = (0u8, 0u8);
            for (byte, before) in bytes.iter().zip(before) {
                latin += u8::from(is_letter(*byte));
                words += u8::from(is_word(*byte) & !is_word(*before));
            }
            self.latin += u32::from(latin);
            self.words += u32::from(words);
        }
        // Whether the word before a place goes on there, over the apostrophes between.
        let goes_on = |to: usize| {
            let before = run.get(..to).unwrap_or_default().iter().rev().find(|byte| **byte != b'\'');
            before.map_or(in_word, |byte| is_word(*byte))
        };
        for at in memchr::memchr_iter(b'\'', run) {
            let begins = run.get(at.saturating_add(1)).is_some_and(|byte| is_word(*byte));
            self.words = self.words.saturating_sub(u32::from(begins && goes_on(at)));
        }
        goes_on(run.len())
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
            ("rock''n'roll '' 'tis o''", 3),
            ("'a ''b '", 2),
            ("\u{e9}'a \u{e9}''", 2),
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

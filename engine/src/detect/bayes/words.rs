//! Text -> words, in lower case. Scripts that are written without blanks give pairs of neighbours.

/// Longest word, in characters; longer ones count by their beginning and their length.
pub(super) const LONGEST: usize = 32;

/// Punctuation that may stand inside a word.
fn is_inner(letter: char) -> bool {
    matches!(letter, '\'' | '-' | '_' | '.' | '$' | '%' | '!' | '@' | '*')
}

/// Scripts that are written without blanks: their words are pairs of neighbours.
fn is_unspaced(letter: char) -> bool {
    matches!(letter as u32, 0x2E80..=0x9FFF | 0xAC00..=0xD7AF | 0xF900..=0xFAFF | 0x0E00..=0x0EFF | 0x20000..=0x3FFFF)
}

/// Hands each word of a text to `each`, in lower case, until it says to stop.
pub(super) fn words(text: &str, mut each: impl FnMut(&str) -> bool) {
    let mut word = String::with_capacity(64);
    // Where the word ends without punctuation at its end, and how many characters it has till there.
    let (mut end, mut count) = (0, 0usize);
    let mut pending = 0usize;
    let mut before: Option<char> = None;
    for letter in text.chars().chain(std::iter::once(' ')) {
        let unspaced = !letter.is_ascii() && is_unspaced(letter);
        if !unspaced && (letter.is_ascii_alphanumeric() || (!letter.is_ascii() && letter.is_alphanumeric())) {
            if letter.is_ascii() {
                word.push(letter.to_ascii_lowercase());
            } else {
                word.extend(letter.to_lowercase());
            }
            count += 1 + std::mem::take(&mut pending);
            end = word.len();
            before = None;
            continue;
        }
        if is_inner(letter) && end > 0 {
            word.push(letter);
            pending += 1;
            continue;
        }
        if end > 0 {
            word.truncate(end);
            if count > LONGEST {
                let head: String = word.chars().take(3).collect();
                word = format!("{head}+{}", count / 10);
            }
            let goes_on = count < 2 || each(&word);
            word.clear();
            (end, count, pending) = (0, 0, 0);
            if !goes_on {
                return;
            }
        }
        if unspaced {
            if let Some(before) = before {
                word.push(before);
                word.push(letter);
                let goes_on = each(&word);
                word.clear();
                if !goes_on {
                    return;
                }
            }
            before = Some(letter);
        } else {
            before = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Vec<String> {
        let mut found = Vec::new();
        words(text, |word| {
            found.push(word.to_owned());
            true
        });
        found
    }

    #[test]
    fn words_of_every_script() {
        assert_eq!(list("Don't PAY $9.99, it's free!!! a"), ["don't", "pay", "9.99", "it's", "free"]);
        assert_eq!(list("Ärger mit Übung"), ["ärger", "mit", "übung"]);
        assert_eq!(list("中文邮件 ok"), ["中文", "文邮", "邮件", "ok"]);
        assert_eq!(list("ขอบคุณ"), ["ขอ", "อบ", "บค", "คุ", "ุณ"]);
        assert_eq!(list("안녕하세요"), ["안녕", "녕하", "하세", "세요"]);
        assert_eq!(list(&"x".repeat(45)), ["xxx+4"]);
        assert_eq!(list("user@host.example v1.a*g"), ["user@host.example", "v1.a*g"]);
        assert_eq!(list("... -- !"), Vec::<String>::new());
    }
}

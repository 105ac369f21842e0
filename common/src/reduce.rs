//! Messages with some header fields taken out. Takes a message and the names of fields that stay, gives a message.
//!
//! For measurements: fields that a collector, a mailing list or another filter wrote give a message's label away, and a
//! figure without them says how a filter does on what the sender wrote. The body stays as it is.

use std::path::Path;

/// Names of header fields that stay.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kept {
    /// In lower case; a name that ends in `*` is the beginning of names.
    names: Vec<String>,
}

impl Kept {
    /// Reads a file: one name a line, or the beginning of names and `*`; `#` begins a comment.
    pub fn file(path: &Path) -> Result<Kept, String> {
        let shown = crate::print::from_path(path);
        let text = std::fs::read_to_string(path).map_err(|error| format!("{shown}: cannot be read: {error}"))?;
        Kept::text(&text).map_err(|(line, error)| format!("{shown}:{line}: {error}"))
    }

    /// Reads the text of such a file; an error names its line.
    pub fn text(text: &str) -> Result<Kept, (usize, String)> {
        let mut names = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let name = line.split('#').next().unwrap_or("").trim().trim_end_matches(':').to_ascii_lowercase();
            let body = name.strip_suffix('*').unwrap_or(&name);
            if !body.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'*') {
                return Err((
                    number + 1,
                    format!("{:?} is no header field's name; write Subject or Content-*", line.trim()),
                ));
            }
            if !name.is_empty() {
                names.push(name);
            }
        }
        match names.is_empty() {
            true => Err((1, "no header field is named; write one a line".into())),
            false => Ok(Kept { names }),
        }
    }

    fn keeps(&self, name: &[u8]) -> bool {
        let name = name.to_ascii_lowercase();
        self.names.iter().any(|kept| match kept.strip_suffix('*') {
            Some(beginning) => name.starts_with(beginning.as_bytes()),
            None => name == kept.as_bytes(),
        })
    }

    /// The message with only these fields in its own header.
    pub fn reduce(&self, raw: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(raw.len());
        let (mut rest, mut keep) = (raw, false);
        while let Some(length) = rest.iter().position(|byte| *byte == b'\n').map(|at| at + 1) {
            let (line, behind) = rest.split_at(length);
            if line == b"\n" || line == b"\r\n" {
                break;
            }
            if !line.starts_with(b" ") && !line.starts_with(b"\t") {
                let name = line.split(|byte| *byte == b':').next().unwrap_or(line);
                keep = self.keeps(name);
            }
            if keep {
                out.extend_from_slice(line);
            }
            rest = behind;
        }
        out.extend_from_slice(rest);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_named_fields_stay_with_all_their_lines() {
        let kept = Kept::text("# these\nSubject\ncontent-*  # MIME\n").unwrap();
        let raw =
            b"X-Spam: yes\r\n and more\r\nsubject: a\r\n b\r\nContent-Type: text/plain\r\nTo: b\r\n\r\nX-Body: c\r\n";
        assert_eq!(
            kept.reduce(raw).as_slice(),
            b"subject: a\r\n b\r\nContent-Type: text/plain\r\n\r\nX-Body: c\r\n".as_slice()
        );
        assert_eq!(kept.reduce(b"To: x\n\ny"), b"\ny");
        assert_eq!(kept.reduce(b"no header"), b"no header");
    }

    #[test]
    fn a_file_that_names_nothing_is_a_mistake() {
        assert_eq!(Kept::text("# nothing\n").unwrap_err().0, 1);
        assert_eq!(Kept::text("Subject\nwith blank\n").unwrap_err().0, 2);
    }
}

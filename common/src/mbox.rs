//! Mailboxes in one file: many messages, each after a line `From SENDER DATE`. Takes a stream, gives one message after
//! another; never holds more than one, nor more of it than the limit.
//!
//! A separator is a line that begins `From ` and names a time of day, stands at the start or after a blank line, and is
//! followed by a header field: three signs, because many a message quotes a `From ` line. A file with one separator is one
//! message and keeps that line, which is part of what was handed in. In a mailbox of several, the separators and the
//! blank line before each are the mailbox's own, and one `>` is taken off `>From `, `>>From ` and so on (mboxrd; mboxo
//! wrote only the first of these, so what a sender himself began with `>From ` loses its `>` there).

use std::io::{self, BufRead, Read};

/// One message, whole or its head.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Split {
    /// Its bytes, at most as many as the limit.
    pub(crate) raw: Vec<u8>,
    /// How many bytes it has.
    pub(crate) size: u64,
    /// Its number in the mailbox, counted from 1; 0 for a file that is one message.
    pub(crate) number: u64,
}

/// Reads messages from a stream.
#[derive(Debug)]
pub(crate) struct Splitter<R> {
    input: R,
    most: usize,
    /// The separator that the next message follows, and the line after it: read to look ahead.
    separator: Vec<u8>,
    line: Vec<u8>,
    number: u64,
    state: State,
}

#[derive(Debug, PartialEq, Eq)]
enum State {
    New,
    Reading,
    Ended,
}

/// How much of a line is looked at as a whole; a longer one comes in pieces.
const LINE_BYTES: usize = 64 << 10;
/// Room for a message from the start: most are no longer.
const ROOM: usize = 8 << 10;

impl<R: BufRead> Splitter<R> {
    /// Keeps at most `most` bytes of a message.
    pub(crate) fn new(input: R, most: usize) -> Splitter<R> {
        Splitter { input, most, separator: Vec::new(), line: Vec::new(), number: 0, state: State::New }
    }

    /// The next message; `None` at the end. A stream without a byte is one empty message.
    pub(crate) fn next(&mut self) -> io::Result<Option<Split>> {
        match self.state {
            State::Ended => return Ok(None),
            State::Reading => {}
            State::New => {
                self.state = State::Reading;
                read_line(&mut self.input, &mut self.line)?;
                if is_separator(&self.line) {
                    self.separator = std::mem::take(&mut self.line);
                    read_line(&mut self.input, &mut self.line)?;
                }
            }
        }
        let separator = std::mem::take(&mut self.separator);
        let mut line = std::mem::take(&mut self.line);
        let mut message = Gathered::new(self.most);
        if self.number == 0 {
            // Taken off again when it turns out to be a mailbox.
            message.add(&separator);
        }
        // A blank line waits until what follows shows whether it belongs to the message or to the mailbox.
        let (mut line_starts, mut blank, mut next) = (true, Vec::new(), Vec::new());
        while !line.is_empty() {
            if !separator.is_empty() && line_starts && !blank.is_empty() && is_separator(&line) {
                read_line(&mut self.input, &mut next)?;
                if is_header_field(&next) {
                    self.separator = line;
                    self.line = next;
                    self.number += 1;
                    let own = if self.number == 1 { separator.len() } else { 0 };
                    return Ok(Some(message.of_mailbox(own, self.number)));
                }
                message.add(&blank);
                message.add(&line);
                blank.clear();
                std::mem::swap(&mut line, &mut next);
                continue;
            }
            message.add(&blank);
            blank.clear();
            let is_blank = line_starts && matches!(line.as_slice(), b"\n" | b"\r\n");
            line_starts = line.ends_with(b"\n");
            if is_blank {
                std::mem::swap(&mut blank, &mut line);
            } else {
                message.add(&line);
            }
            read_line(&mut self.input, &mut line)?;
        }
        self.state = State::Ended;
        if self.number > 0 {
            self.number += 1;
            return Ok(Some(message.of_mailbox(0, self.number)));
        }
        message.add(&blank);
        Ok(Some(Split { raw: message.raw, size: message.size, number: 0 }))
    }
}

/// Reads the next line with its end, or a piece of a long one, in place of the line before; nothing at the end of the stream.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>) -> io::Result<()> {
    line.clear();
    input.take(LINE_BYTES as u64).read_until(b'\n', line)?;
    Ok(())
}

/// A message as it grows: its head, and the size of all of it.
#[derive(Debug)]
struct Gathered {
    raw: Vec<u8>,
    size: u64,
    most: usize,
}

impl Gathered {
    fn new(most: usize) -> Gathered {
        Gathered { raw: Vec::with_capacity(ROOM.min(most)), size: 0, most }
    }

    fn add(&mut self, bytes: &[u8]) {
        self.size += bytes.len() as u64;
        let room = self.most.saturating_sub(self.raw.len()).min(bytes.len());
        self.raw.extend_from_slice(&bytes[..room]);
    }

    /// As a message of a mailbox: without the `own` bytes of the separator, and with `From ` lines as their sender wrote them.
    fn of_mailbox(self, own: usize, number: u64) -> Split {
        let mut raw = Vec::with_capacity(self.raw.len());
        let mut taken = own as u64;
        for line in self.raw.get(own..).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
            let marks = line.iter().take_while(|byte| **byte == b'>').count();
            let quoted = marks > 0 && line[marks..].starts_with(b"From ");
            taken += u64::from(quoted);
            raw.extend_from_slice(&line[usize::from(quoted)..]);
        }
        Split { raw, size: self.size - taken, number }
    }
}

/// Whether a line separates messages: `From someone@example.org  Thu Aug 22 12:36:23 2002`.
fn is_separator(line: &[u8]) -> bool {
    let is_time = |three: &[u8]| three[0].is_ascii_digit() && three[1] == b':' && three[2].is_ascii_digit();
    line.starts_with(b"From ") && line.len() < 1_000 && line.windows(3).any(is_time)
}

/// Whether a line begins a header field: printable characters, then a colon.
fn is_header_field(line: &[u8]) -> bool {
    let name = line.iter().take_while(|byte| byte.is_ascii_graphic() && **byte != b':').count();
    name > 0 && line.get(name) == Some(&b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(text: &str) -> Vec<(u64, String)> {
        let mut splitter = Splitter::new(text.as_bytes(), 1 << 20);
        let mut found = Vec::new();
        while let Some(split) = splitter.next().unwrap() {
            assert_eq!(split.size, split.raw.len() as u64);
            found.push((split.number, String::from_utf8(split.raw).unwrap()));
        }
        assert_eq!(splitter.next().unwrap(), None);
        found
    }

    const ONE: &str = "From a@a.example Thu Aug 22 12:36:23 2002\n";

    #[test]
    fn a_mailbox_comes_apart_at_its_separators() {
        let text =
            format!("{ONE}Subject: 1\n\nhello\n>From here\n>>From there\n\n{ONE}Subject: 2\n\n\n{ONE}Subject: 3\n\n");
        assert_eq!(
            split(&text),
            [
                (1, "Subject: 1\n\nhello\nFrom here\n>From there\n".to_owned()),
                (2, "Subject: 2\n\n".to_owned()),
                (3, "Subject: 3\n".to_owned()),
            ]
        );
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(split(&crlf).len(), 3);
        assert_eq!(split(&crlf)[1].1, "Subject: 2\r\n\r\n");
    }

    #[test]
    fn one_message_keeps_every_byte() {
        for text in [
            "",
            "\n",
            "Subject: x\n\nFrom here on\n\n",
            &format!("{ONE}Subject: 1\n\n>From here\n\n\n"),
            // Quoted in a body: no blank line before, no header field after, no time.
            &format!("{ONE}Subject: 1\n\nhe wrote\n{ONE}To: x\n"),
            &format!("{ONE}Subject: 1\n\n{ONE}is what he wrote\n\n"),
            &format!("{ONE}Subject: 1\n\nFrom Rome with love\nTo: x\n"),
            // Not at the start: no mailbox.
            &format!("Subject: 1\n\nforwarded\n\n{ONE}Subject: 2\n"),
        ] {
            assert_eq!(split(text), [(0, text.to_owned())]);
        }
    }

    #[test]
    fn long_messages_are_counted_and_not_kept() {
        let text = format!("Subject: x\n\n{}", "x".repeat(300_000));
        let split = Splitter::new(text.as_bytes(), 1_000).next().unwrap().unwrap();
        assert_eq!((split.raw.len(), split.size), (1_000, text.len() as u64));
        assert!(text.as_bytes().starts_with(&split.raw));
    }
}

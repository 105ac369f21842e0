//! What the filter says: bits of the negotiation, and replies as bytes. Takes values, gives packets; several replies go
//! into one buffer, so that they leave in one write.

/// What a filter may do (`SMFIF_*`).
pub mod actions {
    /// Add and insert header fields.
    pub const ADD_HEADERS: u32 = 0x01;
    /// Take recipients out of the envelope.
    pub const DELETE_RECIPIENT: u32 = 0x08;
    /// Change and delete header fields.
    pub const CHANGE_HEADERS: u32 = 0x10;
    /// Put the message on hold.
    pub const QUARANTINE: u32 = 0x20;
}

/// What need not be sent, or not be answered (`SMFIP_*`).
pub mod steps {
    /// HELO needs no answer, and so on.
    pub const NO_REPLY_CONNECT: u32 = 0x1000;
    /// As above.
    pub const NO_REPLY_HELO: u32 = 0x2000;
    /// As above.
    pub const NO_REPLY_MAIL: u32 = 0x4000;
    /// As above.
    pub const NO_REPLY_RECIPIENT: u32 = 0x8000;
    /// As above.
    pub const NO_REPLY_HEADER: u32 = 0x80;
    /// As above.
    pub const NO_REPLY_END_OF_HEADERS: u32 = 0x4_0000;
    /// Unknown commands are not sent.
    pub const NO_UNKNOWN: u32 = 0x100;
    /// DATA is not sent.
    pub const NO_DATA: u32 = 0x200;
    /// The filter may say that it has seen enough of the body.
    pub const SKIP: u32 = 0x400;
    /// Values of header fields come with the blanks in front of them.
    pub const LEADING_SPACE: u32 = 0x10_0000;
}

/// Replies on their way out.
#[derive(Debug, Default)]
pub struct Replies {
    /// Packets, one behind the other.
    pub bytes: Vec<u8>,
    /// Whether the server takes values as they are, and puts no blank of its own in front of them.
    leading_space: bool,
}

impl Replies {
    fn packet(&mut self, letter: u8, pieces: &[&[u8]]) {
        let length: usize = 1 + pieces.iter().map(|it| it.len()).sum::<usize>();
        self.bytes.extend_from_slice(&u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        self.bytes.push(letter);
        pieces.iter().for_each(|it| self.bytes.extend_from_slice(it));
    }

    /// Version, actions and steps that are used.
    pub fn negotiate(&mut self, version: u32, actions: u32, steps: u32) {
        self.leading_space = steps & steps::LEADING_SPACE != 0;
        self.packet(b'O', &[&version.to_be_bytes(), &actions.to_be_bytes(), &steps.to_be_bytes()]);
    }

    /// Go on.
    pub fn proceed(&mut self) {
        self.packet(b'c', &[]);
    }

    /// Take the message as it is.
    pub fn accept(&mut self) {
        self.packet(b'a', &[]);
    }

    /// Take the message and drop it.
    pub fn discard(&mut self) {
        self.packet(b'd', &[]);
    }

    /// No more of the body is needed.
    pub fn skip(&mut self) {
        self.packet(b's', &[]);
    }

    /// Still at work.
    pub fn progress(&mut self) {
        self.packet(b'p', &[]);
    }

    /// A reply of SMTP: three digits, an enhanced status code (RFC 3463), and text.
    pub fn smtp(&mut self, code: u16, status: &str, text: &str) {
        // A percent sign is one of a format to sendmail, and a line break would end the reply.
        let plain: String = text.chars().filter(|c| !c.is_control()).collect();
        let line = format!("{code} {status} {}", plain.replace('%', "%%"));
        self.packet(b'y', &[line.as_bytes(), &[0]]);
    }

    /// A header field behind the others.
    pub fn add_header(&mut self, name: &str, value: &str) {
        let blank = self.blank();
        self.packet(b'h', &[name.as_bytes(), &[0], blank, value.as_bytes(), &[0]]);
    }

    /// Another value for the field of this name that is the `number`th from the top, counted from 1.
    pub fn change_header(&mut self, number: u32, name: &[u8], value: &[u8]) {
        let blank = self.blank();
        self.packet(b'm', &[&number.to_be_bytes(), name, &[0], blank, value, &[0]]);
    }

    /// The field of this name that is the `number`th from the top goes.
    pub fn delete_header(&mut self, number: u32, name: &[u8]) {
        self.packet(b'm', &[&number.to_be_bytes(), name, &[0, 0]]);
    }

    /// What stands between the colon and a value. Filters of users look for `X-Spam-Flag: YES`, with it.
    fn blank(&self) -> &'static [u8] {
        if self.leading_space { b" " } else { b"" }
    }

    /// A recipient is taken out of the envelope.
    pub fn delete_recipient(&mut self, address: &str) {
        self.packet(b'-', &[b"<", address.as_bytes(), b">\0"]);
    }

    /// The message goes on hold, with a reason.
    pub fn quarantine(&mut self, reason: &str) {
        self.packet(b'q', &[reason.replace('\0', "").as_bytes(), &[0]]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replies_are_packets() {
        let mut replies = Replies::default();
        replies.delete_header(2, b"X");
        replies.smtp(550, "5.7.1", "100 % spam\r\n250 ok");
        replies.accept();
        let line = b"y550 5.7.1 100 %% spam250 ok\0";
        let expected = [b"\0\0\0\x08m\0\0\0\x02X\0\0\0\0\0\x1d".as_slice(), line, b"\0\0\0\x01a"].concat();
        assert_eq!(replies.bytes, expected, "{}", String::from_utf8_lossy(&replies.bytes));
    }

    #[test]
    fn one_blank_stands_before_a_value() {
        for (steps, expected) in [(0, b"hX\0yes\0".as_slice()), (steps::LEADING_SPACE, b"hX\0 yes\0")] {
            let mut replies = Replies::default();
            replies.negotiate(6, 0, steps);
            replies.bytes.clear();
            replies.add_header("X", "yes");
            assert_eq!(replies.bytes.get(4..).unwrap(), expected);
        }
    }
}

//! The milter protocol, version 6: bytes -> [`Command`]s. Takes bytes as they come, gives whole commands; does no input
//! or output, and never keeps more than one packet.
//!
//! A packet is a length (4 bytes, most significant first), a letter, and as many bytes less one. What is what is told by
//! sendmail's `include/libmilter/mfdef.h`, and by Postfix's `src/milter/milter8.c`.

/// A body chunk is at most 64 KB, and a header of Postfix's 100 KB; more was never negotiated.
pub const MOST_BYTES: usize = 1 << 20;

/// What a mail server says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// `O`: version, actions and protocol steps that the server offers.
    Negotiate {
        /// The protocol's version.
        version: u32,
        /// What the filter may do.
        actions: u32,
        /// What can be left out.
        steps: u32,
    },
    /// `D`: macros for the command that follows, by its letter.
    Macros(u8, Vec<(String, String)>),
    /// `C`: the client's name and address.
    Connect {
        /// As the server verified it; in brackets where it could not.
        host: String,
        /// Absent for anything but TCP.
        address: Option<std::net::IpAddr>,
    },
    /// `H`
    Helo(String),
    /// `M`: MAIL FROM, and its parameters.
    Mail(String),
    /// `R`: RCPT TO, and its parameters.
    Recipient(String),
    /// `T`
    Data,
    /// `L`: a header field; the value with all its blanks, where that was negotiated.
    Header(Vec<u8>, Vec<u8>),
    /// `N`
    EndOfHeaders,
    /// `B`
    Body(Vec<u8>),
    /// `E`, which may bring the last piece of the body.
    EndOfMessage(Vec<u8>),
    /// `A`: the message is given up, the session goes on.
    Abort,
    /// `K`: the client is gone, the connection serves another one.
    QuitKeep,
    /// `Q`
    Quit,
    /// `U`, and letters that no version has: to be passed over.
    Unknown,
}

/// Why a session has to end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed(pub String);

/// Bytes on their way to commands.
#[derive(Debug, Default)]
pub struct Decoder {
    bytes: Vec<u8>,
    start: usize,
}

impl Decoder {
    /// Takes bytes as they came.
    pub fn push(&mut self, bytes: &[u8]) {
        if self.start > 0 {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
        self.bytes.extend_from_slice(bytes);
    }

    /// The next whole command, if there is one.
    pub fn command(&mut self) -> Result<Option<Command>, Malformed> {
        let waiting = self.bytes.get(self.start..).unwrap_or_default();
        let Some((length, rest)) = waiting.split_first_chunk::<4>() else { return Ok(None) };
        let length = u32::from_be_bytes(*length) as usize;
        if length == 0 || length > MOST_BYTES {
            return Err(Malformed(format!("a packet of {length} bytes")));
        }
        let Some(packet) = rest.get(..length) else { return Ok(None) };
        let command = command(packet)?;
        self.start += 4 + length;
        Ok(Some(command))
    }

    /// Bytes that wait for the rest of their packet.
    pub fn waiting(&self) -> usize {
        self.bytes.len() - self.start
    }
}

fn command(packet: &[u8]) -> Result<Command, Malformed> {
    let Some((letter, data)) = packet.split_first() else { return Err(Malformed("an empty packet".into())) };
    let malformed = |what: &str| Malformed(format!("{what} is malformed ({} bytes)", data.len()));
    Ok(match letter {
        b'O' => {
            let mut numbers =
                data.chunks_exact(4).map(|it| it.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)));
            match (numbers.next(), numbers.next(), numbers.next()) {
                (Some(version), Some(actions), Some(steps)) => Command::Negotiate { version, actions, steps },
                _ => return Err(malformed("the negotiation")),
            }
        }
        b'D' => {
            let (letter, rest) = data.split_first().ok_or_else(|| malformed("a list of macros"))?;
            let mut words = strings(rest).into_iter().map(text);
            let mut pairs = Vec::new();
            while let (Some(name), Some(value)) = (words.next(), words.next()) {
                // `{name}` and `n` are the same sort of thing.
                let bare = name.strip_prefix('{').and_then(|it| it.strip_suffix('}')).unwrap_or(&name);
                pairs.push((bare.to_owned(), value));
            }
            Command::Macros(*letter, pairs)
        }
        b'C' => connect(data).ok_or_else(|| malformed("the connection"))?,
        b'H' => Command::Helo(first(data)),
        b'M' => Command::Mail(first(data)),
        b'R' => Command::Recipient(first(data)),
        b'T' => Command::Data,
        b'L' => {
            let end = data.iter().position(|byte| *byte == 0).ok_or_else(|| malformed("a header field"))?;
            let (name, value) = data.split_at(end);
            let value = value.get(1..).unwrap_or_default();
            Command::Header(name.to_vec(), value.strip_suffix(&[0]).unwrap_or(value).to_vec())
        }
        b'N' => Command::EndOfHeaders,
        b'B' => Command::Body(data.to_vec()),
        b'E' => Command::EndOfMessage(data.to_vec()),
        b'A' => Command::Abort,
        b'K' => Command::QuitKeep,
        b'Q' => Command::Quit,
        _ => Command::Unknown,
    })
}

fn connect(data: &[u8]) -> Option<Command> {
    let end = data.iter().position(|byte| *byte == 0)?;
    let (host, rest) = data.split_at(end);
    let (family, rest) = rest.get(1..)?.split_first()?;
    let address = match family {
        // A port of two bytes, then the address.
        b'4' | b'6' => {
            let written = first(rest.get(2..)?);
            let bare = written.strip_prefix("IPv6:").unwrap_or(&written);
            Some(bare.parse().ok()?)
        }
        _ => None,
    };
    Some(Command::Connect { host: text(host), address })
}

/// Texts with a NUL behind each.
fn strings(data: &[u8]) -> Vec<&[u8]> {
    data.strip_suffix(&[0]).unwrap_or(data).split(|byte| *byte == 0).collect()
}

/// The first of them.
fn first(data: &[u8]) -> String {
    text(data.split(|byte| *byte == 0).next().unwrap_or_default())
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn packet(letter: u8, data: &[u8]) -> Vec<u8> {
        let mut bytes = u32::try_from(data.len() + 1).unwrap().to_be_bytes().to_vec();
        bytes.push(letter);
        bytes.extend_from_slice(data);
        bytes
    }

    fn all(bytes: &[u8], step: usize) -> Result<Vec<Command>, Malformed> {
        let (mut decoder, mut found) = (Decoder::default(), Vec::new());
        for piece in bytes.chunks(step.max(1)) {
            decoder.push(piece);
            while let Some(command) = decoder.command()? {
                found.push(command);
            }
        }
        Ok(found)
    }

    #[test]
    fn a_session_as_postfix_speaks_it() {
        let session = [
            packet(b'O', &[0, 0, 0, 6, 0, 0, 1, 0xff, 0, 0x1f, 0xff, 0xff]),
            packet(b'D', b"Cj\0mail.example\0{daemon_name}\0smtpd\0"),
            packet(b'C', b"client.example\x004\x04\xd2192.0.2.1\0"),
            packet(b'C', b"client.example\x006\x04\xd2IPv6:2001:db8::1\0"),
            packet(b'C', b"localhost\0U"),
            packet(b'M', b"<a@b.example>\0SIZE=7\0"),
            packet(b'L', b"Subject\0 a\n\tb\0"),
            packet(b'B', b"x\0y"),
            packet(b'E', b""),
            packet(b'Q', b""),
        ]
        .concat();
        let expected = [
            Command::Negotiate { version: 6, actions: 0x1ff, steps: 0x1f_ffff },
            Command::Macros(b'C', vec![("j".into(), "mail.example".into()), ("daemon_name".into(), "smtpd".into())]),
            Command::Connect { host: "client.example".into(), address: "192.0.2.1".parse().ok() },
            Command::Connect { host: "client.example".into(), address: "2001:db8::1".parse().ok() },
            Command::Connect { host: "localhost".into(), address: None },
            Command::Mail("<a@b.example>".into()),
            Command::Header(b"Subject".to_vec(), b" a\n\tb".to_vec()),
            Command::Body(b"x\0y".to_vec()),
            Command::EndOfMessage(Vec::new()),
            Command::Quit,
        ];
        for step in [1, 2, 7, 10_000] {
            assert_eq!(all(&session, step).as_deref(), Ok(expected.as_slice()), "{step}");
        }
    }

    #[test]
    fn what_is_no_packet_ends_the_session() {
        for wrong in [
            vec![0, 0, 0, 0, b'Q'],
            vec![0xff, 0xff, 0xff, 0xff, b'Q'],
            packet(b'O', b"short"),
            packet(b'L', b"no value"),
            packet(b'C', b"host"),
            packet(b'C', b"host\x004\x00\x00nonsense\0"),
            packet(b'D', b""),
        ] {
            assert!(all(&wrong, 100).is_err(), "{wrong:?}");
        }
        assert_eq!(all(&packet(b'?', b"x"), 3), Ok(vec![Command::Unknown]));
    }

    proptest! {
        #[test]
        fn any_bytes_in_any_pieces_give_the_same(bytes in prop::collection::vec(any::<u8>(), 0..300), step in 1usize..40) {
            prop_assert_eq!(all(&bytes, step).ok(), all(&bytes, 1000).ok());
        }
    }
}

//! One connection of a mail server: commands in, replies and messages out. Takes commands, keeps what is known of client,
//! envelope and message; does no input or output, and judges nothing.

use std::net::IpAddr;
use std::sync::Arc;

use tamis_engine::Networks;

use crate::packet::{Command, Malformed};
use crate::reply::{Replies, actions, steps};
use crate::room::{Held, Room};

/// What this filter wants; a server that offers less gets less.
const ACTIONS: u32 = actions::ADD_HEADERS | actions::CHANGE_HEADERS | actions::QUARANTINE;
/// Steps that are left out or not answered, and how values of header fields come.
const STEPS: u32 = steps::NO_REPLY_CONNECT
    | steps::NO_REPLY_HELO
    | steps::NO_REPLY_MAIL
    | steps::NO_REPLY_HEADER
    | steps::NO_REPLY_END_OF_HEADERS
    | steps::NO_UNKNOWN
    | steps::NO_DATA
    | steps::SKIP
    | steps::LEADING_SPACE;
/// Recipients of one message that are kept; Postfix sends at most 1,000.
const MOST_RECIPIENTS: usize = 100_000;
/// Bytes of their addresses.
const RECIPIENT_BYTES: usize = 4 << 20;
/// Macros that are kept of one command.
const MACRO_BYTES: usize = 16 << 10;

/// What a session needs to know.
pub struct Rules<'r> {
    /// Who is inside.
    pub networks: &'r Networks,
    /// Bytes of a message that are kept.
    pub message_bytes: usize,
    /// A number for the profile that judges a recipient.
    pub profile: &'r (dyn Fn(&str) -> usize + Sync),
    /// Whether recipients may be taken out of the envelope: there is a folder for quarantined messages.
    pub delete_recipients: bool,
    /// What the messages of all sessions may take.
    pub room: &'r Arc<Room>,
}

/// A message as it was handed over, with its envelope.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Message {
    /// As much as is kept.
    pub raw: Vec<u8>,
    /// Its share of the memory for messages.
    pub held: Held,
    /// There was no memory for it: of `raw` nothing is kept.
    pub no_room: bool,
    /// Its size, as far as it was sent.
    pub size: u64,
    /// The client's address.
    pub client: Option<IpAddr>,
    /// The client's name, where the server verified it.
    pub client_name: Option<String>,
    /// What it said in HELO.
    pub helo: Option<String>,
    /// Without angle brackets.
    pub mail_from: Option<String>,
    /// Without angle brackets.
    pub recipients: Vec<String>,
    /// Who authenticated.
    pub auth_user: Option<String>,
    /// Whether the session is encrypted.
    pub tls: bool,
    /// From own users to outside.
    pub outbound: bool,
    /// The server's queue id, where it told one.
    pub queue_id: String,
    /// Header fields by name, in order: what is there to be taken out.
    pub fields: Vec<Vec<u8>>,
    /// Values of `Authentication-Results`.
    pub auth_results: Vec<String>,
    /// The first subject, with the blanks in front of it.
    pub subject: Option<Vec<u8>>,
}

/// What is to happen now.
#[derive(Debug, PartialEq)]
pub enum Step {
    /// Nothing, or only what the replies say.
    Go,
    /// The message is whole: judge it.
    Judge(Box<Message>),
    /// The session is over.
    Close,
}

/// The state of a connection.
#[derive(Debug, Default)]
pub struct Session {
    negotiated: bool,
    steps: u32,
    actions: u32,
    client: Option<IpAddr>,
    client_name: Option<String>,
    helo: Option<String>,
    tls: bool,
    message: Message,
    profile: Option<usize>,
    one_answer: bool,
    recipient_bytes: usize,
    in_body: bool,
    skipped: bool,
    auth_user: Option<String>,
}

impl Session {
    /// Takes a command; what is to be answered goes into `replies`.
    pub fn take(&mut self, command: Command, rules: &Rules<'_>, replies: &mut Replies) -> Result<Step, Malformed> {
        if let Command::Negotiate { version, actions, steps } = command {
            return self.negotiate(version, actions, steps, rules, replies);
        }
        if !self.negotiated && !matches!(command, Command::Quit | Command::QuitKeep) {
            return Err(Malformed("a command before the negotiation".into()));
        }
        match command {
            Command::Negotiate { .. } => {}
            Command::Macros(letter, pairs) => self.macros(letter, pairs),
            Command::Connect { host, address } => {
                *self = Session { tls: self.tls, ..self.anew() };
                self.client = address;
                // In brackets: it could not be verified.
                self.client_name = Some(host).filter(|host| !host.starts_with('[') && host != "unknown");
                self.answer(steps::NO_REPLY_CONNECT, replies);
            }
            Command::Helo(name) => {
                self.helo = Some(name);
                self.answer(steps::NO_REPLY_HELO, replies);
            }
            Command::Mail(from) => {
                let auth_user = self.auth_user.take();
                let queue_id = std::mem::take(&mut self.message.queue_id);
                self.forget();
                // Postfix knows a queue id before DATA only of mail that comes from no SMTP client, but from `sendmail` or a
                // queue: there is nobody then who could send the message once more.
                self.one_answer = queue_id.is_empty();
                self.message.queue_id = queue_id;
                self.message.mail_from = Some(bare(&from));
                self.message.outbound = auth_user.is_some() || self.client.is_some_and(|ip| rules.networks.is_own(ip));
                self.message.auth_user = auth_user;
                self.answer(steps::NO_REPLY_MAIL, replies);
            }
            Command::Recipient(to) => self.recipient(bare(&to), rules, replies),
            Command::Data | Command::Unknown => replies.proceed(),
            Command::Header(name, value) => {
                self.header(name, value, rules);
                self.answer(steps::NO_REPLY_HEADER, replies);
            }
            Command::EndOfHeaders => {
                self.body(b"\r\n", rules);
                self.in_body = true;
                self.answer(steps::NO_REPLY_END_OF_HEADERS, replies);
            }
            Command::Body(bytes) => {
                self.body(&bytes, rules);
                let full = self.message.raw.len() >= rules.message_bytes;
                if (full || self.message.no_room) && !self.skipped && self.steps & steps::SKIP != 0 {
                    self.skipped = true;
                    replies.skip();
                } else {
                    replies.proceed();
                }
            }
            Command::EndOfMessage(bytes) => {
                if !self.in_body {
                    self.body(b"\r\n", rules);
                }
                self.body(&bytes, rules);
                let message = std::mem::take(&mut self.message);
                self.message.auth_user.clone_from(&message.auth_user);
                self.auth_user.clone_from(&message.auth_user);
                self.forget();
                return Ok(Step::Judge(Box::new(Message {
                    client: self.client,
                    client_name: self.client_name.clone(),
                    helo: self.helo.clone(),
                    tls: self.tls,
                    ..message
                })));
            }
            Command::Abort => self.forget(),
            Command::QuitKeep => *self = self.anew(),
            Command::Quit => return Ok(Step::Close),
        }
        Ok(Step::Go)
    }

    /// Whether recipients may be taken out of the envelope.
    pub fn may_delete_recipients(&self) -> bool {
        self.actions & actions::DELETE_RECIPIENT != 0
    }

    /// Whether a message is under way, so that ending now would lose an answer.
    pub fn is_busy(&self) -> bool {
        self.message.mail_from.is_some()
    }

    /// The connection as it was after the negotiation.
    fn anew(&self) -> Session {
        Session { negotiated: true, steps: self.steps, actions: self.actions, ..Session::default() }
    }

    fn forget(&mut self) {
        self.message = Message::default();
        self.profile = None;
        self.recipient_bytes = 0;
        self.in_body = false;
        self.skipped = false;
    }

    fn negotiate(
        &mut self,
        version: u32,
        actions: u32,
        steps: u32,
        rules: &Rules<'_>,
        replies: &mut Replies,
    ) -> Result<Step, Malformed> {
        if !(2..100).contains(&version) {
            return Err(Malformed(format!("version {version}")));
        }
        if actions & ACTIONS != ACTIONS {
            return Err(Malformed(format!("actions {actions:#x} are too few: headers and quarantine are needed")));
        }
        self.negotiated = true;
        self.steps = steps & STEPS;
        let more = if rules.delete_recipients { actions::DELETE_RECIPIENT } else { 0 };
        self.actions = ACTIONS | (actions & more);
        replies.negotiate(version.min(6), self.actions, self.steps);
        Ok(Step::Go)
    }

    /// Answers a command, unless it was agreed that it is not answered.
    fn answer(&self, unanswered: u32, replies: &mut Replies) {
        if self.steps & unanswered == 0 {
            replies.proceed();
        }
    }

    fn macros(&mut self, letter: u8, pairs: Vec<(String, String)>) {
        let mut room = MACRO_BYTES;
        for (name, value) in pairs {
            room = room.saturating_sub(value.len());
            if room == 0 {
                return;
            }
            match (name.as_str(), letter) {
                ("i", _) => self.message.queue_id = value,
                ("tls_version", _) => self.tls = !value.is_empty(),
                ("auth_authen", b'M') => self.auth_user = Some(value).filter(|user| !user.is_empty()),
                _ => {}
            }
        }
    }

    fn recipient(&mut self, address: String, rules: &Rules<'_>, replies: &mut Replies) {
        let profile = (rules.profile)(&address);
        self.recipient_bytes = self.recipient_bytes.saturating_add(address.len());
        if self.message.recipients.len() >= MOST_RECIPIENTS || self.recipient_bytes > RECIPIENT_BYTES {
            return replies.smtp(452, "4.5.3", "Too many recipients");
        }
        // One message gets one answer. Who is judged otherwise gets a message of his own: the client sends it next.
        if *self.profile.get_or_insert(profile) != profile && self.one_answer {
            return replies.smtp(452, "4.5.3", "This recipient is judged by other rules: send the message once more");
        }
        self.message.recipients.push(address);
        self.answer(steps::NO_REPLY_RECIPIENT, replies);
    }

    fn header(&mut self, name: Vec<u8>, value: Vec<u8>, rules: &Rules<'_>) {
        let mut field = name.clone();
        field.push(b':');
        // A server that knows nothing of leading space has taken one away.
        if self.steps & steps::LEADING_SPACE == 0 {
            field.push(b' ');
        }
        // Folded lines come with a bare line feed.
        let mut before = 0;
        for byte in &value {
            if *byte == b'\n' && before != b'\r' {
                field.push(b'\r');
            }
            field.push(*byte);
            before = *byte;
        }
        field.extend_from_slice(b"\r\n");
        self.body(&field, rules);
        // Beyond any honest number of fields their names are not kept, nor are they in the engine; nor is what lies beyond
        // the size that is read.
        let has_room = self.message.size <= rules.message_bytes as u64;
        if has_room && self.message.fields.len() < 100_000 {
            if name.eq_ignore_ascii_case(b"authentication-results") && self.message.auth_results.len() < 100 {
                self.message.auth_results.push(String::from_utf8_lossy(&value).into_owned());
            }
            if name.eq_ignore_ascii_case(b"subject") && self.message.subject.is_none() {
                self.message.subject = Some(value);
            }
            self.message.fields.push(name);
        }
    }

    /// Adds bytes of the message, as far as they are kept.
    fn body(&mut self, bytes: &[u8], rules: &Rules<'_>) {
        let message = &mut self.message;
        message.size = message.size.saturating_add(bytes.len() as u64);
        let room = rules.message_bytes.saturating_sub(message.raw.len()).min(bytes.len());
        if !message.no_room && message.held.more(rules.room, room) {
            message.raw.extend_from_slice(bytes.get(..room).unwrap_or_default());
        } else if !message.no_room {
            message.no_room = true;
            message.raw = Vec::new();
            message.held = Held::default();
        }
    }
}

/// An address without angle brackets.
fn bare(address: &str) -> String {
    let address = address.trim();
    address.strip_prefix('<').and_then(|rest| rest.strip_suffix('>')).unwrap_or(address).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(networks: &Networks) -> Rules<'_> {
        static ROOM: std::sync::LazyLock<Arc<Room>> = std::sync::LazyLock::new(|| Arc::new(Room::new(1 << 20)));
        let profile = &|address: &str| usize::from(address.starts_with("abuse"));
        Rules { networks, message_bytes: 1_000, profile, delete_recipients: false, room: &ROOM }
    }

    fn negotiated(steps: u32) -> Session {
        let mut session = Session::default();
        let negotiate = Command::Negotiate { version: 6, actions: 0x1ff, steps };
        session.take(negotiate, &rules(&Networks::default()), &mut Replies::default()).unwrap();
        session
    }

    fn run(session: &mut Session, commands: Vec<Command>) -> (Vec<u8>, Option<Message>) {
        let networks =
            Networks { own: vec![tamis_engine::Network::parse("192.0.2.0/24").unwrap()], trusted: Vec::new() };
        let mut replies = Replies::default();
        let mut judged = None;
        for command in commands {
            if let Step::Judge(message) = session.take(command, &rules(&networks), &mut replies).unwrap() {
                judged = Some(*message);
            }
        }
        // Every reply here is of one letter, or a line of SMTP.
        let mut letters = Vec::new();
        let mut rest = replies.bytes.as_slice();
        while let Some((length, tail)) = rest.split_first_chunk::<4>() {
            letters.push(tail[0]);
            rest = &tail[u32::from_be_bytes(*length) as usize..];
        }
        (letters, judged)
    }

    fn message() -> Vec<Command> {
        vec![
            Command::Mail("<a@b.example>".into()),
            Command::Recipient("<c@d.example>".into()),
            Command::Header(b"Subject".to_vec(), b"  a\n\tb".to_vec()),
            Command::EndOfHeaders,
            Command::Body(b"x\r\n".to_vec()),
            Command::EndOfMessage(b"y".to_vec()),
        ]
    }

    #[test]
    fn a_message_is_put_together_to_the_byte_and_only_what_must_be_is_answered() {
        let mut session = negotiated(u32::MAX);
        let (letters, judged) = run(&mut session, message());
        assert_eq!(letters, b"cc", "recipient and body");
        let judged = judged.unwrap();
        assert_eq!(judged.raw, b"Subject:  a\r\n\tb\r\n\r\nx\r\ny");
        assert_eq!(judged.recipients, ["c@d.example"]);
        assert!(!judged.outbound);
        // A server that can leave nothing out gets an answer to all but the end.
        let (letters, judged) = run(&mut negotiated(0), message());
        assert_eq!(letters, b"ccccc");
        assert!(judged.unwrap().raw.starts_with(b"Subject:   a"));
        // The connection serves the next message.
        let (_, judged) = run(&mut session, message());
        assert!(judged.is_some() && !session.is_busy());
    }

    #[test]
    fn own_networks_and_authenticated_users_send_outwards() {
        let connect = |ip: &str| Command::Connect { host: "h.example".into(), address: ip.parse().ok() };
        let outbound =
            |commands: Vec<Command>| run(&mut negotiated(u32::MAX), [commands, message()].concat()).1.unwrap().outbound;
        assert!(outbound(vec![connect("192.0.2.9")]));
        assert!(!outbound(vec![connect("198.51.100.9")]));
        let user = Command::Macros(b'M', vec![("auth_authen".into(), "joe".into())]);
        assert!(outbound(vec![connect("198.51.100.9"), user.clone()]));
        let nobody = Command::Macros(b'M', vec![("auth_authen".into(), String::new())]);
        assert!(!outbound(vec![connect("198.51.100.9"), nobody]));
        // Another client on the same connection is not that user.
        assert!(!outbound(vec![user, Command::QuitKeep, connect("198.51.100.9")]));
    }

    #[test]
    fn recipients_of_another_profile_come_again() {
        let mut commands = message();
        commands.insert(2, Command::Recipient("<abuse@d.example>".into()));
        let (letters, judged) = run(&mut negotiated(u32::MAX), commands);
        assert_eq!(letters, b"cyc");
        assert_eq!(judged.unwrap().recipients, ["c@d.example"]);
    }

    #[test]
    fn beyond_the_limit_the_rest_is_not_wanted() {
        let mut commands = message();
        commands.insert(4, Command::Body(vec![b'z'; 2_000]));
        let (letters, judged) = run(&mut negotiated(u32::MAX), commands);
        assert_eq!(letters, b"csc");
        let judged = judged.unwrap();
        assert_eq!((judged.raw.len(), judged.size), (1_000, 2_000 + 23));
    }

    #[test]
    fn nothing_goes_before_the_negotiation() {
        let networks = Networks::default();
        let mut replies = Replies::default();
        assert!(Session::default().take(Command::Helo("x".into()), &rules(&networks), &mut replies).is_err());
        let few = Command::Negotiate { version: 6, actions: 1, steps: 0 };
        assert!(Session::default().take(few, &rules(&networks), &mut replies).is_err());
        assert_eq!(replies.bytes, b"");
    }
}

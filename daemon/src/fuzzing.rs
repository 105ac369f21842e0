//! What fuzzing runs of the daemon: as `tamis_engine::fuzzing` has it for parsers. `fuzz/` calls it by name, and the test below
//! replays what it found once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::sync::Arc;

use tamis_engine::Networks;

use crate::packet::{Command, Decoder, MOST_BYTES, Malformed};
use crate::reply::Replies;
use crate::room::Room;
use crate::session::{Message, Rules, Session, Step};
use crate::{authres, request};

/// A target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of the daemon.
pub const TARGETS: &[Target] = &[("milter", milter), ("authres", auth), ("http", http)];

/// Commands of a stream that comes in pieces of `step` bytes, and how it ended.
fn commands(bytes: &[u8], step: usize) -> (Vec<Command>, Option<Malformed>) {
    let (mut decoder, mut found) = (Decoder::default(), Vec::new());
    for piece in bytes.chunks(step.max(1)) {
        decoder.push(piece);
        loop {
            match decoder.command() {
                Ok(Some(command)) => found.push(command),
                Ok(None) => break,
                Err(wrong) => return (found, Some(wrong)),
            }
        }
        assert!(decoder.waiting() < MOST_BYTES + 4, "more is kept than one packet");
    }
    (found, None)
}

/// A connection: the first byte says how it is cut, the rest is what the server sends.
fn milter(data: &[u8]) {
    let Some((step, bytes)) = data.split_first() else { return };
    let (found, wrong) = commands(bytes, bytes.len());
    assert_eq!(commands(bytes, usize::from(*step)), (found.clone(), wrong), "pieces make a difference");
    let room = Arc::new(Room::new(3_000));
    let mut session = Session::default();
    let mut replies = Replies::default();
    let networks = Networks::default();
    let profile = |address: &str| address.len() % 2;
    let rules = Rules {
        networks: &networks,
        message_bytes: 2_000,
        profile: &profile,
        delete_recipients: step % 2 == 0,
        room: &room,
    };
    let mut waiting: Vec<Message> = Vec::new();
    for command in found {
        let is_last = command == Command::Quit;
        match session.take(command, &rules, &mut replies) {
            Ok(Step::Judge(message)) => {
                assert!(message.raw.len() <= 2_000 && (message.no_room || message.size >= message.raw.len() as u64));
                assert!(!message.no_room || message.raw.is_empty());
                waiting.push(*message);
                // What is judged goes; a few are under way at once.
                if waiting.len() > 2 {
                    waiting.remove(0);
                }
            }
            Ok(Step::Close) => assert!(is_last),
            Ok(Step::Go) => {}
            Err(_) => break,
        }
        assert!(room.used() <= 3_000);
    }
    drop((waiting, session));
    assert_eq!(room.used(), 0, "what was taken is not given back");
    // Replies are whole packets, one behind the other.
    let mut rest = replies.bytes.as_slice();
    while let Some((length, tail)) = rest.split_first_chunk::<4>() {
        rest = &tail[u32::from_be_bytes(*length) as usize..];
    }
    assert!(rest.is_empty());
}

/// A field of `Authentication-Results`.
fn auth(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let found = authres::results([text.as_ref()], &["mx.example".to_owned()]);
    assert!(found.len() <= 100);
    assert!(found.is_empty() || text.to_ascii_lowercase().contains("mx.example"));
}

/// The head of a request, as it comes and in two pieces.
fn http(data: &[u8]) {
    let Some((cut, bytes)) = data.split_first() else { return };
    let found = request::end(bytes, 0);
    let cut = usize::from(*cut).min(bytes.len());
    if let (Ok(None), Ok(Some(end))) = (request::end(&bytes[..cut], 0), &found) {
        assert_eq!(request::end(bytes, cut), Ok(Some(*end)));
    }
    let Ok(Some(end)) = found else { return };
    if let Ok(head) = request::head(&bytes[..end]) {
        assert!(!head.method.contains(' ') && !head.path.contains(['\r', '\n']) && bytes[..end].ends_with(b"\r\n\r\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::TARGETS;
    use std::path::Path;

    #[test]
    fn nothing_that_was_found_comes_back() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions");
        for (name, target) in TARGETS {
            target(b"");
            let Ok(files) = std::fs::read_dir(folder.join(name)) else { continue };
            for file in files {
                let path = file.unwrap().path();
                println!("{}", path.display());
                target(&std::fs::read(&path).unwrap());
            }
        }
    }
}

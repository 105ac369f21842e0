//! Who sends a message, as lists see it. Takes facts, gives addresses with their places and what speaks against
//! believing them.

use crate::facts::{Facts, Person};
use crate::place::Place;
use crate::text::show::EVIDENCE_BYTES;

const FROM: &str = "an address in From";
const ENVELOPE: &str = "the envelope sender";
const SENDER: &str = "an address in Sender";
const REPLY_TO: &str = "an address in Reply-To";

/// One of those whom a message names as its sender.
#[derive(Debug)]
pub(super) struct Sender<'f> {
    /// `an address in From`, `the envelope sender`, ...
    pub(super) what: &'static str,
    /// In lower case; the host alone where there is no local part.
    pub(super) address: String,
    pub(super) host: &'f str,
    pub(super) place: Place,
    /// `None`: this one only says something, and an allow list does not listen. `Some(None)`: an allow list listens.
    /// `Some(Some(_))`: it would, but for a doubt.
    pub(super) vouches: Option<Option<Doubt>>,
}

/// Why an allow list does not believe a sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Doubt {
    /// The caller says that DMARC failed: the From field is not to be believed, nor what goes with it.
    Dmarc,
    /// The caller says that SPF failed: the client may not use the envelope sender's domain.
    Spf,
    /// Evidence is cut at `EVIDENCE_BYTES`, and a finding is told from another's by it.
    TooLong,
    /// From names several senders, of whom any may be made up.
    Several,
}

/// The senders that a message names: every address of From, Sender and Reply-To, and the envelope's. Only the first of
/// From and the envelope's can be vouched for, since only they are what authentication checks.
pub(super) fn senders<'f>(facts: &'f Facts<'_>) -> Vec<Sender<'f>> {
    let failed = |method: &str| {
        facts
            .auth
            .iter()
            .any(|auth| auth.method.eq_ignore_ascii_case(method) && auth.result.eq_ignore_ascii_case("fail"))
    };
    let dmarc = failed("dmarc").then_some(Doubt::Dmarc);
    let several = (facts.people.from_count > 1).then_some(Doubt::Several);
    let spf = failed("spf").then_some(Doubt::Spf);
    let people = &facts.people;
    let more = people.more_senders.iter().map(|(field, person)| {
        let what = match *field {
            "from" => FROM,
            "sender" => SENDER,
            _ => REPLY_TO,
        };
        (what, *field, person, None)
    });
    [
        (FROM, "from", &people.from, Some(dmarc.or(several))),
        (ENVELOPE, "return-path", &facts.envelope.from, Some(dmarc.or(spf))),
        (SENDER, "sender", &people.sender, None),
        (REPLY_TO, "reply-to", &people.reply_to, None),
    ]
    .into_iter()
    .chain(more)
    .filter(|(_, _, person, _)| !person.host.is_empty())
    .map(|(what, field, person, vouches)| {
        let address = address(person);
        let too_long = (address.len() > EVIDENCE_BYTES).then_some(Doubt::TooLong);
        Sender {
            what,
            host: &person.host,
            place: Place::header(field),
            vouches: vouches.map(|doubt| doubt.or(too_long)),
            address,
        }
    })
    .collect()
}

/// The address as lists write it: mailboxes are told apart by case nowhere in practice.
fn address(person: &Person) -> String {
    match person.local.as_str() {
        "" => person.host.clone(),
        local => format!("{}@{}", local.to_lowercase(), person.host),
    }
}

//! Content -> [`Facts`]. Everything a detector may know, typed and named. Takes content, envelope and settings, gives
//! facts; makes only what is wanted; a fact that a message does not have is empty or absent, never an error.
//!
//! `names.rs` is the vocabulary over these types: what rules can say. A fact that is not there does not exist for rules.

mod body;
pub(crate) mod bytes;
mod files;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) mod fuzzing;
mod headers;
mod html;
mod known;
mod links;
pub(crate) mod names;
mod parts;
mod people;
mod quotes;
mod route;
pub(crate) mod show;
pub(crate) mod spamassassin;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use crate::defect::Defect;
use crate::direction::Direction;
use crate::input::{AuthResults, Envelope, Mail, Networks};
use crate::limits::Budget;
use crate::place::{Place, Readings, View};
use crate::unpack::Content;
use crate::wanted::Wanted;

/// What is known of a message.
#[derive(Debug)]
pub(crate) struct Facts<'s> {
    pub(crate) raw: &'s [u8],
    /// Size in bytes as handed in.
    pub(crate) size: u64,
    pub(crate) direction: Direction,
    pub(crate) received_at: Option<i64>,
    pub(crate) auth: &'s [AuthResults],
    pub(crate) envelope: EnvelopeFacts,
    pub(crate) headers: Vec<Header>,
    pub(crate) people: People,
    pub(crate) route: Route,
    pub(crate) subject: String,
    pub(crate) subject_folded: String,
    /// The Date field, in seconds since 1970-01-01 UTC.
    pub(crate) date: Option<i64>,
    /// The time-zone of the Date field, in minutes east of UTC.
    pub(crate) date_zone: Option<i32>,
    pub(crate) message_id: String,
    pub(crate) body: Body<'s>,
    pub(crate) html: HtmlFacts,
    pub(crate) links: Vec<Link>,
    /// What HTML fetches from elsewhere to show it.
    pub(crate) images: Vec<Link>,
    pub(crate) files: Vec<File>,
    /// What detectors of content look at; no rule can name it.
    pub(crate) bytes: Vec<bytes::ItemBytes<'s>>,
    /// The shape of the MIME tree, in order.
    pub(crate) parts: Vec<PartFacts>,
    /// Names of the defects seen, each once, sorted.
    pub(crate) defects: Vec<String>,
    /// The first defect of each kind, for its place; in the order of `defects`.
    pub(crate) first_defects: Vec<Defect>,
    /// Names of the limits reached, each once, sorted.
    pub(crate) incomplete: Vec<String>,
    pub(crate) readings: u32,
    pub(crate) items: u32,
    /// What the session gave, where there was one.
    pub(crate) session: Option<&'s Envelope>,
    /// What `.cf` rules look at; no condition can name it.
    pub(crate) spamassassin: Option<Box<spamassassin::Views>>,
}

/// The envelope, as rules see it: text where there is something, empty text where not.
#[derive(Debug, Default)]
pub(crate) struct EnvelopeFacts {
    pub(crate) from: Person,
    /// Whether a return path is known, from the envelope or the field; the null sender is known and empty.
    pub(crate) has_from: bool,
    pub(crate) recipients: Vec<String>,
    pub(crate) helo: String,
    pub(crate) auth_user: String,
    pub(crate) tls: bool,
}

/// One header field of the message itself.
#[derive(Debug, Default)]
pub(crate) struct Header {
    /// In lower case.
    pub(crate) name: Arc<str>,
    /// As the sender wrote it.
    pub(crate) written_name: String,
    /// Decoded and unfolded.
    pub(crate) value: String,
    /// As it stands in the message, folding included; bytes that are not UTF-8 replaced.
    pub(crate) raw: String,
}

/// An address, taken apart.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    /// The display name.
    pub(crate) name: String,
    /// `local@domain`, the domain in lower case.
    pub(crate) address: String,
    pub(crate) local: String,
    /// In lower case; internationalised names in their ASCII form.
    pub(crate) host: String,
    /// The registrable domain of `host`.
    pub(crate) domain: String,
    /// Whether `domain` gives mailboxes to everybody (gmail.com, gmx.de, ...).
    pub(crate) is_free_mail: bool,
    /// The address that the display name contains, where it contains one; empty otherwise.
    pub(crate) name_address: String,
}

/// Who the header says the message is from and to.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) from: Person,
    /// How many addresses stand in From.
    pub(crate) from_count: u32,
    pub(crate) sender: Person,
    pub(crate) reply_to: Person,
    /// The further addresses of From, Sender and Reply-To, of all fields of these names, with the field's name.
    pub(crate) more_senders: Vec<(&'static str, Person)>,
    pub(crate) to: Vec<Person>,
    pub(crate) cc: Vec<Person>,
    /// Whether every recipient of the envelope stands in To or Cc; true where the envelope is unknown.
    pub(crate) recipients_named: bool,
    /// Whether From and the return path are of one registrable domain; true where either is unknown.
    pub(crate) return_path_agrees: bool,
    /// Whether From and Reply-To are of one registrable domain; true where either is unknown.
    pub(crate) reply_to_agrees: bool,
}

/// How the message came.
#[derive(Debug, Default)]
pub(crate) struct Route {
    /// The Received fields, the newest first.
    pub(crate) hops: Vec<Hop>,
    /// The first host outside of own networks and trusted relays: from the envelope, else from the Received fields.
    pub(crate) client: Client,
}

/// One Received field.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hop {
    pub(crate) helo: String,
    pub(crate) name: String,
    /// Empty where there is none.
    pub(crate) ip: String,
    pub(crate) by: String,
    pub(crate) with: String,
    pub(crate) time: Option<i64>,
    /// Whether the address is private, loopback or link-local.
    pub(crate) is_private: bool,
    /// Whether the address is in an own network or of a trusted relay.
    pub(crate) is_trusted: bool,
}

/// The host that handed the message to us or to a relay that we trust.
#[derive(Clone, Debug, Default)]
pub(crate) struct Client {
    pub(crate) address: Option<IpAddr>,
    /// `address` as text; empty where unknown.
    pub(crate) ip: String,
    pub(crate) name: String,
    pub(crate) helo: String,
    /// The registrable domain of `name`.
    pub(crate) domain: String,
    pub(crate) is_own: bool,
}

/// The text of the message's body.
#[derive(Debug, Default)]
pub(crate) struct Body<'s> {
    /// Decoded and in UTF-8, HTML and all.
    pub(crate) source: TextView<'s>,
    /// What a reader sees.
    pub(crate) visible: TextView<'s>,
    /// The visible text, folded.
    pub(crate) folded: TextView<'s>,
    /// Text that HTML hides.
    pub(crate) hidden: TextView<'s>,
    /// Of the visible text what the writer wrote now, and what he quotes.
    pub(crate) current: TextView<'s>,
    pub(crate) quoted: TextView<'s>,
    /// The script that most letters of the visible text are in (`Latin`, `Cyrillic`, `Han`, ...); empty without any.
    pub(crate) script: String,
    /// All scripts of the visible text, sorted.
    pub(crate) scripts: Vec<String>,
    /// Words in the visible text.
    pub(crate) words: u32,
    /// Whether there is a part of plain text, and one of HTML.
    pub(crate) has_plain: bool,
    pub(crate) has_html: bool,
}

/// A text made of the texts of several items, which remembers where each piece comes from.
#[derive(Debug)]
pub(crate) struct TextView<'s> {
    pub(crate) text: Cow<'s, str>,
    /// The view of the items that the text stands in.
    pub(crate) view: View,
    /// Where each piece starts, ascending.
    pub(crate) pieces: Vec<Piece>,
}

impl Default for TextView<'_> {
    fn default() -> Self {
        TextView { text: Cow::Borrowed(""), view: View::Visible, pieces: Vec::new() }
    }
}

/// A piece of a [`TextView`].
#[derive(Debug)]
pub(crate) struct Piece {
    /// Offset in the text.
    pub(crate) start: u32,
    /// Where it starts in the view of its item.
    pub(crate) from: u32,
    pub(crate) item: u32,
    pub(crate) path: Arc<str>,
    pub(crate) readings: Readings,
}

impl TextView<'_> {
    /// The place of a range of the text. A range that crosses into the next piece is cut where its first piece ends.
    pub(crate) fn place(&self, start: usize, end: usize) -> Place {
        let after = self.pieces.partition_point(|piece| piece.start as usize <= start);
        let Some(piece) = after.checked_sub(1).and_then(|at| self.pieces.get(at)) else {
            return Place::message().at(self.view.clone(), start as u64, end.saturating_sub(start) as u64);
        };
        let end = self.pieces.get(after).map_or(end, |next| end.min(next.start as usize));
        let item = Place::item(piece.item, Arc::clone(&piece.path), piece.readings);
        item.at(
            self.view.clone(),
            (start - piece.start as usize + piece.from as usize) as u64,
            end.saturating_sub(start) as u64,
        )
    }
}

/// What the HTML of the body does, summed over its documents.
#[derive(Debug, Default)]
pub(crate) struct HtmlFacts {
    pub(crate) forms: Vec<String>,
    pub(crate) password_inputs: u32,
    pub(crate) scripts: u32,
    pub(crate) remote_images: u32,
    pub(crate) embeds: u32,
    pub(crate) refreshes: Vec<String>,
    pub(crate) elements: u32,
    pub(crate) comment_bytes: u32,
}

/// A link, in HTML or in text.
#[derive(Debug, Default)]
pub(crate) struct Link {
    /// The target as written.
    pub(crate) url: String,
    /// In lower case: `http`, `https`, `mailto`, ...
    pub(crate) scheme: String,
    /// In lower case, internationalised names in their ASCII form; empty where there is none.
    pub(crate) host: String,
    /// The registrable domain of `host`; the address for an IP literal.
    pub(crate) domain: String,
    /// 0 where none is written.
    pub(crate) port: u32,
    pub(crate) path: String,
    pub(crate) query: String,
    /// The text that a reader sees.
    pub(crate) shown: String,
    /// The host that the shown text names; empty where it names none.
    pub(crate) shown_host: String,
    pub(crate) shown_domain: String,
    /// The host is an IP address, in any notation that browsers take (dotted, integer, hex, octal).
    pub(crate) is_ip: bool,
    /// The address has a user name before the host.
    pub(crate) has_user: bool,
    /// A label of the host is in punycode.
    pub(crate) is_punycode: bool,
    /// The host mixes scripts, or reads as another host once look-alikes are folded.
    pub(crate) is_look_alike: bool,
    /// The domain shortens addresses (bit.ly, ...).
    pub(crate) is_shortener: bool,
    /// From HTML; else from text.
    pub(crate) in_html: bool,
    /// `anchor`, `text`, `form`, `refresh` or `image`: what it stands in.
    pub(crate) kind: &'static str,
    pub(crate) item: u32,
    pub(crate) path_of_item: Arc<str>,
    pub(crate) offset: u32,
    pub(crate) readings: Option<Readings>,
}

impl Link {
    /// Where the link is shown.
    pub(crate) fn place(&self) -> Place {
        Place::item(self.item, Arc::clone(&self.path_of_item), self.readings.unwrap_or(Readings::FIRST)).at(
            View::Visible,
            u64::from(self.offset),
            self.shown.len() as u64,
        )
    }
}

/// A file: an attachment, an inline image, a member of an archive.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// The likeliest name; empty where it has none.
    pub(crate) name: String,
    /// Every plausible name.
    pub(crate) names: Vec<String>,
    /// The last extension of `name`, in lower case, without dot.
    pub(crate) extension: String,
    /// All extensions of all names, in lower case, without dots, sorted.
    pub(crate) extensions: Vec<String>,
    /// The declared media type.
    pub(crate) declared_type: String,
    /// What the content is: the lower-case name of its kind (`zip`, `executable`, `pdf`, ..., `unknown`).
    pub(crate) kind: String,
    pub(crate) size: u64,
    /// In lower-case hex; empty where not wanted or not decoded.
    pub(crate) sha256: String,
    pub(crate) digest: Option<[u8; 32]>,
    pub(crate) is_encrypted: bool,
    pub(crate) is_attached: bool,
    /// Neither the declared type nor the name fits the content.
    pub(crate) is_disguised: bool,
    /// There is a reading of the message that shows no file of its kind in its place.
    pub(crate) is_hidden: bool,
    /// The path of the archive that holds it; empty for a part of the message.
    pub(crate) archive: String,
    pub(crate) path: Arc<str>,
    pub(crate) depth: u32,
    pub(crate) item: u32,
    pub(crate) readings: Option<Readings>,
}

impl File {
    /// The file as a whole.
    pub(crate) fn place(&self) -> Place {
        Place::item(self.item, Arc::clone(&self.path), self.readings.unwrap_or(Readings::FIRST))
    }
}

/// One part of the MIME tree, as its header describes it.
#[derive(Debug, Default)]
pub(crate) struct PartFacts {
    pub(crate) media_type: String,
    pub(crate) charset: String,
    /// The transfer encoding as written, in lower case.
    pub(crate) encoding: String,
    pub(crate) boundary: String,
    pub(crate) disposition: String,
    /// Parameters of Content-Type, `name=value`, in order.
    pub(crate) parameters: Vec<String>,
    /// File names that the header gives.
    pub(crate) names: Vec<String>,
    pub(crate) depth: u32,
    pub(crate) path: Arc<str>,
}

/// Gathers what is wanted.
#[inline(never)] // benches/instructions.py finds it by its name
pub(crate) fn gather<'s>(
    mail: &'s Mail<'_>,
    content: &'s Content<'_>,
    networks: &Networks,
    wanted: Wanted,
    budget: &mut Budget<'_>,
) -> Facts<'s> {
    let fields = headers::Fields::of(content);
    let wants_sender = wanted.any(Wanted::RETURN_PATH | Wanted::PEOPLE);
    let envelope = people::envelope(mail, wants_sender.then_some(&fields));
    let header = if wanted.any(Wanted::HEADERS) { headers::gather(&fields) } else { headers::HeaderFacts::default() };
    let people = if wanted.any(Wanted::PEOPLE) { people::gather(&fields, &envelope) } else { People::default() };
    let route = if wanted.any(Wanted::ROUTE) { route::gather(mail, &fields, networks) } else { Route::default() };
    let body = body::gather(content, wanted, budget);
    let (links, images) =
        if wanted.any(Wanted::LINKS) { links::gather(content, &body.visible, budget) } else { Default::default() };
    // Stable, so that of each kind the first in the message stays. Kinds sort like their names.
    let mut first_defects: Vec<&Defect> = content.defects.iter().collect();
    first_defects.sort_by_key(|defect| defect.kind);
    first_defects.dedup_by_key(|defect| defect.kind);
    let mut incomplete: Vec<&str> = budget.reached.iter().map(|gap| gap.limit.name()).collect();
    incomplete.sort_unstable();
    incomplete.dedup();
    Facts {
        raw: content.raw,
        size: mail.size(),
        direction: mail.direction,
        received_at: mail.received_at,
        auth: &mail.auth,
        envelope,
        headers: header.headers,
        people,
        route,
        subject: header.subject,
        subject_folded: header.subject_folded,
        date: header.date,
        date_zone: header.date_zone,
        message_id: header.message_id,
        body,
        html: if wanted.any(Wanted::HTML) { html::gather(content) } else { HtmlFacts::default() },
        links,
        images,
        files: if wanted.any(Wanted::FILES | Wanted::HASHES) { files::gather(content) } else { Vec::new() },
        bytes: if wanted.any(Wanted::BYTES) { bytes::gather(content) } else { Vec::new() },
        parts: if wanted.any(Wanted::SHAPE) { parts::gather(content) } else { Vec::new() },
        defects: first_defects.iter().map(|defect| defect.kind.name().to_owned()).collect(),
        first_defects: first_defects.into_iter().cloned().collect(),
        incomplete: incomplete.iter().map(|name| (*name).to_owned()).collect(),
        readings: u32::try_from(content.readings.len()).unwrap_or(u32::MAX),
        items: u32::try_from(content.items.len()).unwrap_or(u32::MAX),
        session: Some(&mail.envelope),
        spamassassin: wanted.any(Wanted::SPAMASSASSIN).then(|| Box::new(spamassassin::gather(content.raw, budget))),
    }
}

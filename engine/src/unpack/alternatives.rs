//! Other ways to decode an item: another encoding than the one that counts first, or another repair of a broken one. Each
//! distinct outcome is an item of its own, and a reading of its own.

use super::{Content, Data, Item, Origin, defect, index};
use crate::defect::DefectKind;
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::mime::transfer::{self, Repair};
use crate::mime::{self, Encoding, PartKind};
use crate::place::{Place, Readings};
use crate::text::span::Span;
use crate::text::window::front;

/// How far into a content is looked for what encoding it is in.
const GLANCE_BYTES: usize = 16 << 10;
/// How many items of a message are there only because they can be decoded another way.
const MOST_ALTERNATIVES: usize = 64;
/// How many times the message's size such items may hold; of a small message, as many bytes.
const MOST_CONTENT: usize = 4;
const LEAST_CONTENT: usize = 64 << 10;
/// The same for what is decoded to find out whether it is another content: a broken part has a dozen ways, and may stand
/// in many readings.
const MOST_TRIED: usize = 16;
const LEAST_TRIED: usize = 1 << 20;

impl Content<'_> {
    /// A reading like the first of item `number`, but for `what`; `None` where there are as many as are kept apart. The
    /// same difference is the same reading for all items.
    pub(super) fn fork(&mut self, number: usize, what: &[&'static str], budget: &mut Budget<'_>) -> Option<usize> {
        let base = self.items.get(number)?.readings.first();
        if let Some((_, _, known)) = self.forks.iter().find(|(from, how, _)| *from == base && how == what) {
            return Some(*known);
        }
        let fork = self.readings.len();
        if fork >= Readings::MOST {
            let explanation = format!("{fork} readings were looked at, and there are more");
            budget.note_once(Limit::Readings, Place::message, explanation);
            return None;
        }
        let mut all = self.readings.get(base).cloned().unwrap_or_default();
        all.extend_from_slice(what);
        self.readings.push(all);
        self.forks.push((base, what.to_vec(), fork));
        for item in &mut self.items {
            if item.readings.contains(base) {
                item.readings = item.readings.union(Readings::only(fork));
            }
        }
        Some(fork)
    }

    /// The bytes of a part as they are encoded.
    fn encoded(&self, item: &Item) -> &[u8] {
        let Origin::Part(tree, _) = item.origin else { return &[] };
        let Some(part) = self.part(item) else { return &[] };
        match self.bases.get(tree as usize) {
            Some(None) => part.body.of(self.raw),
            Some(Some(buffer)) => self.buffers.get(*buffer as usize).map(|it| part.body.of(it)).unwrap_or_default(),
            None => &[],
        }
    }
}

/// Whether a line ends in blanks, which quoted-printable has to encode.
fn ends_in_blanks(bytes: &[u8]) -> bool {
    let blank = |line: &[u8]| matches!(line.trim_ascii_end().len(), kept if kept > 0 && line.get(kept..).is_some_and(|it| it.contains(&b' ') || it.contains(&b'\t')));
    bytes.split(|byte| *byte == b'\n').any(blank)
}

/// Decodes item `number`, which is decoded the first way already, in each other way. `broken` says that this was malformed.
pub(super) fn add(content: &mut Content<'_>, number: usize, broken: bool, budget: &mut Budget<'_>) {
    let Some(item) = content.items.get(number) else { return };
    let Some(part) = content.part(item).filter(|part| part.kind == PartKind::Leaf) else { return };
    // Once for each: what is decoded another way has no other ways.
    if item.alternative {
        return;
    }
    let bytes = content.encoded(item);
    let taken = part.encoding;
    let mut ways: Vec<(Encoding, Repair, &'static str)> = Vec::new();
    for encoding in &part.encodings {
        ways.push((*encoding, Repair::default(), "another Content-Transfer-Encoding counts"));
    }
    let named = !part.encodings.is_empty();
    let glance = front(bytes, GLANCE_BYTES);
    let unclear = !(part.media_type.starts_with("multipart/") || part.media_type.starts_with("message/"));
    let mut guessed = None;
    if unclear
        && taken != Encoding::Base64
        && !part.encodings.contains(&Encoding::Base64)
        && transfer::is_base64(glance)
    {
        guessed = Some(Encoding::Base64);
    } else {
        // Broken base64, or a file that says it is not encoded.
        let doubtful = (taken == Encoding::Base64 && broken) || (taken == Encoding::Identity && item.attached);
        if unclear && doubtful && transfer::is_quoted_printable(glance) {
            guessed = Some(Encoding::QuotedPrintable);
        }
    }
    if let Some(encoding) = guessed {
        ways.push((encoding, Repair::default(), "content that looks encoded is decoded, whatever its header says"));
    }
    let in_base64 = (taken == Encoding::Base64 && broken) || ways.iter().any(|(it, ..)| *it == Encoding::Base64);
    if in_base64 {
        ways.extend(Repair::BASE64.iter().map(|(repair, what)| (Encoding::Base64, *repair, *what)));
    }
    let is_plain = taken == Encoding::Base64 && !transfer::begins_as_base64(glance);
    if broken && !named && (is_plain || memchr::memmem::find(glance, b"begin ").is_some()) {
        ways.push((Encoding::Identity, Repair::default(), "the content is taken as it stands"));
    }
    let quoted =
        (taken == Encoding::QuotedPrintable && broken) || ways.iter().any(|it| it.0 == Encoding::QuotedPrintable);
    if quoted {
        ways.extend(Repair::QUOTED.iter().map(|(repair, what)| (Encoding::QuotedPrintable, *repair, *what)));
    }
    if item.attached && ends_in_blanks(bytes) && (taken == Encoding::QuotedPrintable || quoted) {
        ways.push((
            Encoding::QuotedPrintable,
            Repair::TRIM,
            "broken quoted-printable: blanks at line ends are dropped",
        ));
    }
    if ways.is_empty() {
        return;
    }
    if let (Some(_), false) = (guessed, named) {
        defect(content, number, DefectKind::EncodingMismatch, 0);
    }
    // By their lengths without carriage returns, so that either line end has the same ways.
    let size = mime::length(content.raw);
    let room = size.saturating_mul(MOST_CONTENT).max(LEAST_CONTENT);
    let tries = size.saturating_mul(MOST_TRIED).max(LEAST_TRIED);
    let mut made: Vec<Vec<u8>> = Vec::new();
    // Encodings that the content does not break: there is nothing to repair.
    let mut whole: Vec<Encoding> = Vec::new();
    for (encoding, repair, what) in ways {
        if whole.contains(&encoding) && repair != Repair::TRIM {
            continue;
        }
        let Some(item) = content.items.get(number) else { return };
        let bytes = content.encoded(item);
        let most = usize::try_from(budget.bytes_left()).unwrap_or(usize::MAX);
        let place = item.place(index(number));
        let tried = content.alternative_tries.saturating_add(mime::length(bytes));
        if tried > tries {
            let explanation = "so much was decoded another way that the rest was not".to_owned();
            return budget.note_once(Limit::Readings, || place.clone(), explanation);
        }
        if !budget.work((bytes.len() as u64).saturating_mul(8).saturating_add(1), || place.clone()) {
            return;
        }
        let mut out = Vec::new();
        let (defects, cut) = transfer::decode_as(encoding, repair, bytes, &mut out, most);
        if repair == Repair::default() && defects.is_empty() {
            whole.push(encoding);
        }
        content.alternative_tries = tried;
        let Some(item) = content.items.get(number) else { return };
        let blank = out.trim_ascii().is_empty();
        if blank || out == content.bytes(item) || made.contains(&out) {
            continue;
        }
        let held = content.alternative_bytes.saturating_add(mime::length(&out));
        if content.alternatives >= MOST_ALTERNATIVES || held > room {
            let explanation = format!("{MOST_ALTERNATIVES} contents were decoded another way, and there are more");
            return budget.note_once(Limit::Readings, || place.clone(), explanation);
        }
        content.alternatives += 1;
        content.alternative_bytes = held;
        budget.spend_bytes(out.len() as u64);
        if cut {
            let explanation = format!("the message decodes to more than {} bytes", budget.limits.unpacked_bytes);
            budget.note_once(Limit::Bytes, || place.clone(), explanation);
        }
        if !budget.item(|| place.clone()) {
            return;
        }
        made.push(out.clone());
        let fork = content.fork(number, &[what], budget);
        let only = Readings::only(fork.unwrap_or(Readings::MOST));
        let Some(item) = content.items.get_mut(number) else { return };
        if fork.is_some() {
            item.readings = item.readings.without(only);
        }
        let other = Item {
            parent: item.parent,
            depth: item.depth,
            path: item.path.clone(),
            origin: item.origin,
            names: item.names.clone(),
            declared: item.declared.clone(),
            charset: item.charset.clone(),
            attached: item.attached,
            kind: super::Kind::Unknown,
            encoding: Encoding::Identity,
            alternative: true,
            data: Data::Buffer(index(content.buffers.len()), Span::new(0, out.len())),
            size: out.len() as u64,
            cut,
            encrypted: false,
            disguised: false,
            sha256: None,
            text: super::Text::None,
            readings: only,
        };
        content.buffers.push(out);
        content.items.push(other);
    }
}

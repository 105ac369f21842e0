//! A closer look at items: decoded, known for what they are, hashed, their text made. Tasks of single items, which run
//! side by side where a message is large; their results are put together in the items' order.

use std::borrow::Cow;
use std::ops::Range;

use rayon::iter::{IntoParallelIterator, ParallelIterator};
use sha2::{Digest, Sha256};

use super::alternatives;
use super::{BODY, Content, Data, FILES, Item, Kind, Origin, Text, defect, fit, html, index, sniff};
use crate::defect::{Defect, DefectKind};
use crate::incomplete::Limit;
use crate::limits::Budget;
use crate::mime::charset::Read;
use crate::mime::{self, Encoding};
use crate::place::{Place, View};
use crate::scratch::Scratch;
use crate::text::span::Span;
use crate::text::window::front;
use crate::wanted::Wanted;

/// Facts for which HTML is parsed.
const DOCUMENT: Wanted = Wanted::union(&[Wanted::VISIBLE, Wanted::FOLDED, Wanted::HTML, Wanted::LINKS, Wanted::SCRIPT]);

/// Side by side from this many bytes on in one round.
const PARALLEL_BYTES: usize = 128 << 10;

/// Runs `task` over `jobs`, in the pool where there is one and the work is worth it.
fn each<J: Send, R: Send>(
    jobs: Vec<J>,
    bytes: usize,
    leaves: Option<&rayon::ThreadPool>,
    task: impl Fn(J) -> R + Sync + Send,
) -> Vec<R> {
    match leaves {
        Some(pool) if jobs.len() > 1 && bytes >= PARALLEL_BYTES => {
            pool.install(|| jobs.into_par_iter().map(task).collect())
        }
        _ => jobs.into_iter().map(task).collect(),
    }
}

struct Decode {
    number: usize,
    encoding: Encoding,
    most: usize,
    buffer: Vec<u8>,
}

/// Undoes the transfer encodings of the parts among `items`.
pub(super) fn decode(
    content: &mut Content<'_>,
    items: Range<usize>,
    wanted: Wanted,
    scratch: &mut Scratch,
    budget: &mut Budget<'_>,
    leaves: Option<&rayon::ThreadPool>,
) {
    let mut jobs = Vec::new();
    let mut total = 0;
    for number in items.clone() {
        let Some(item) = content.items.get(number) else { continue };
        let is_text = !item.attached || item.declared.starts_with("text/") || is_wrapped(item);
        let encoding = item.encoding;
        if encoding == Encoding::Identity || !(wanted.any(FILES) || (wanted.any(BODY) && is_text)) {
            continue;
        }
        let place = item.place(index(number));
        let packed = content.bytes(item).len();
        // What the output is at most is paid for before it is made, so that one thread and many pay the same.
        let bound = match encoding {
            Encoding::QuotedPrintable => packed,
            // A line that lost the blanks at its end: three bytes from a count and a line end.
            Encoding::Uuencode => packed.saturating_mul(3) / 2 + 3,
            _ => packed / 4 * 3 + 3,
        };
        let most = usize::try_from(budget.bytes_left()).unwrap_or(usize::MAX);
        if most < bound {
            let explanation = format!("the message decodes to more than {} bytes", budget.limits.unpacked_bytes);
            budget.note_once(Limit::Bytes, || place.clone(), explanation);
        }
        budget.spend_bytes(bound.min(most) as u64);
        if !budget.work((packed as u64).saturating_mul(STEPS_A_BYTE_DECODED), || place.clone()) {
            return;
        }
        total += packed;
        jobs.push(Decode { number, encoding, most: bound.min(most), buffer: scratch.buffer() });
    }
    let shared = &*content;
    let done = each(jobs, total, leaves, |mut job| {
        let bytes = shared.items.get(job.number).map(|item| shared.bytes(item)).unwrap_or_default();
        let (defects, cut) = mime::transfer::decode(job.encoding, bytes, &mut job.buffer, job.most);
        (job.number, job.buffer, defects, cut)
    });
    let mut broken = Vec::new();
    for (number, buffer, defects, cut) in done {
        if !defects.is_empty() {
            broken.push(number);
        }
        content.work.decoded += 1;
        let length = buffer.len();
        content.buffers.push(buffer);
        let data = Data::Buffer(index(content.buffers.len() - 1), Span::new(0, length));
        // What is malformed stands in the encoded bytes, before they are replaced.
        for (kind, offset) in defects {
            let place = encoded_place(content, number, offset);
            content.defects.push(Defect { kind, place });
        }
        if let Some(item) = content.items.get_mut(number) {
            item.data = data;
            item.encoding = Encoding::Identity;
            item.size = length as u64;
            item.cut |= cut;
        }
    }
    for number in items {
        let is_broken = broken.contains(&number);
        if matches!(content.items.get(number).map(|item| item.origin), Some(Origin::Part(..))) && wanted.any(FILES) {
            alternatives::add(content, number, is_broken, budget);
        }
    }
}

/// Where a byte of an item that is still encoded stands: in the raw message, or in the decoded item that holds it.
fn encoded_place(content: &Content<'_>, number: usize, offset: usize) -> Place {
    let Some(item) = content.items.get(number) else { return Place::message() };
    let place = item.place(index(number));
    match item.data {
        Data::Raw(span) => place.at(View::Raw, u64::from(span.start).saturating_add(offset as u64), 0),
        Data::Buffer(_, span) => {
            let holder = item.parent.and_then(|parent| Some((parent, content.items.get(parent as usize)?)));
            let Some((parent, holder)) = holder else { return place };
            let start = match holder.data {
                Data::Buffer(_, within) => span.start.saturating_sub(within.start),
                _ => span.start,
            };
            holder.place(parent).at(View::Decoded, u64::from(start).saturating_add(offset as u64), 0)
        }
        Data::Closed => place,
    }
}

/// A message or multipart that was encoded as a whole.
fn is_wrapped(item: &Item) -> bool {
    item.declared.starts_with("multipart/") || matches!(item.declared.as_str(), "message/rfc822" | "message/global")
}

/// What a look at one item found.
struct Looked {
    number: usize,
    kind: Kind,
    text: Text,
    sha256: Option<[u8; 32]>,
    defects: Vec<DefectKind>,
    /// The charset that its text was read in, where that is not the declared one.
    charset: Option<&'static str>,
    /// Neither the declared type nor a name fits the content.
    disguised: bool,
    /// Text or document was longer than the limit.
    cut: bool,
    parsed: bool,
}

/// Finds out what the items are, hashes files, and makes the text of texts.
pub(super) fn look(
    content: &mut Content<'_>,
    items: Range<usize>,
    wanted: Wanted,
    budget: &mut Budget<'_>,
    leaves: Option<&rayon::ThreadPool>,
) {
    if !(wanted.any(FILES) || wanted.any(BODY)) {
        return;
    }
    let most = budget.limits.text_bytes as usize;
    let shared = &*content;
    let mut jobs = Vec::new();
    let mut total = 0;
    for number in items {
        let Some(item) = shared.items.get(number) else { continue };
        let job = Look::of(shared, number, item, wanted, most);
        if !budget.work(job.steps, || item.place(index(number))) {
            break;
        }
        total += shared.bytes(item).len();
        jobs.push(job);
    }
    let done = each(jobs, total, leaves, |job| look_at(shared, job, most));
    for looked in done {
        content.work.html_parsed += u32::from(looked.parsed);
        content.work.hashed += u32::from(looked.sha256.is_some());
        let Some(item) = content.items.get_mut(looked.number) else { continue };
        item.kind = looked.kind;
        item.text = looked.text;
        item.sha256 = looked.sha256;
        item.disguised = looked.disguised;
        if let Some(charset) = looked.charset {
            item.charset = Some(charset.to_owned());
        }
        let (disguised, alternative) = (item.disguised, item.alternative);
        if looked.cut {
            let place: Place = item.place(index(looked.number));
            budget.note(Limit::Text, place, format!("a text has more than {most} bytes"));
        }
        if disguised {
            defect(content, looked.number, DefectKind::TypeMismatch, 0);
        }
        // What a wrong way of decoding makes of a text is no fault of the sender's.
        for kind in looked.defects.into_iter().filter(|_| !alternative) {
            defect(content, looked.number, kind, 0);
        }
    }
}

/// What is to be done with one item.
struct Look {
    number: usize,
    kind: Kind,
    hash: bool,
    reading: Reading,
    steps: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Reading {
    None,
    Plain,
    /// HTML whose text nobody wants: it is one, and is not parsed.
    Unparsed,
    Html,
}

impl Look {
    fn of(content: &Content<'_>, number: usize, item: &Item, wanted: Wanted, most: usize) -> Look {
        let bytes = content.bytes(item);
        let kind = match item.data {
            Data::Closed => Kind::Unknown,
            _ => sniff::kind(bytes, &item.declared, item.names.first().map_or("", String::as_str)),
        };
        let kind = if is_zip_within(content, item, kind) { Kind::Unknown } else { kind };
        let is_file = item.attached || item.origin == Origin::Member || !item.names.is_empty();
        // The digest of a head would pass for that of a file.
        let hash = wanted.any(Wanted::HASHES) && is_file && item.data != Data::Closed && !item.cut;
        let shown = !item.attached && (item.declared.is_empty() || item.declared.starts_with("text/"));
        let readable = shown || matches!(kind, Kind::Html | Kind::Svg);
        let is_html = item.declared == "text/html" || matches!(kind, Kind::Html | Kind::Svg);
        let reading = match is_html {
            _ if !readable || !wanted.any(BODY) || sniff::is_binary(kind) => Reading::None,
            true if wanted.any(DOCUMENT) => Reading::Html,
            true => Reading::Unparsed,
            false => Reading::Plain,
        };
        let length = bytes.len() as u64;
        let mut steps = length;
        if hash {
            steps = steps.saturating_add(length.saturating_mul(STEPS_A_BYTE_HASHED));
        }
        if reading == Reading::Html {
            steps = steps.saturating_add(html::steps(head(bytes, reading, most)));
        }
        Look { number, kind, hash, reading, steps }
    }
}

/// Whether what looks like a zip is a stream of a document with one somewhere in it.
pub(super) fn is_zip_within(content: &Content<'_>, item: &Item, kind: Kind) -> bool {
    let holder = item.parent.filter(|_| item.origin == Origin::Member).and_then(|it| content.items.get(it as usize));
    kind == Kind::Zip && holder.is_some_and(|it| it.kind == Kind::Ole) && !sniff::is_zip_to_the_end(content.bytes(item))
}

/// Base64 with junk at every other byte takes 16 ns a byte, and clean one 2.
const STEPS_A_BYTE_DECODED: u64 = 8;
/// SHA-256 takes up to 4 ns a byte where the processor does not help.
const STEPS_A_BYTE_HASHED: u64 = 3;

/// As much of an item as is read for its text. A document costs more than a text, and its source may be four times as
/// long as what it may show.
fn head(bytes: &[u8], reading: Reading, most: usize) -> &[u8] {
    let longest = if reading == Reading::Plain { most } else { most.saturating_mul(4) };
    front(bytes, longest)
}

fn look_at(content: &Content<'_>, job: Look, most: usize) -> Looked {
    let Look { number, kind, hash, reading, .. } = job;
    let mut looked = Looked {
        number,
        kind,
        text: Text::None,
        sha256: None,
        defects: Vec::new(),
        charset: None,
        disguised: false,
        cut: false,
        parsed: false,
    };
    let Some(item) = content.items.get(number) else { return looked };
    let bytes = content.bytes(item);
    // An encrypted document of the new kind keeps its name, and is an OLE file.
    let locked = || kind == Kind::Ole && sniff::is_encrypted_office(bytes);
    let fits = |kind: Kind| !fit::disagrees(kind, &item.declared, &item.names);
    looked.disguised = !(fits(kind) || fits(Kind::OfficeXml) && locked());
    if hash {
        looked.sha256 = Some(Sha256::digest(bytes).into());
    }
    if reading == Reading::None {
        return looked;
    }
    let head = head(bytes, reading, most);
    looked.cut = head.len() < bytes.len();
    let is_html = reading != Reading::Plain;
    let label = item.charset.clone().or_else(|| if is_html { html::meta_charset(head) } else { None });
    let Read { text, defect, guessed } = mime::charset::read(label.as_deref(), head);
    // A cut goes through characters, which is no fault of the sender's.
    looked.defects.extend(defect.filter(|_| !looked.cut));
    looked.defects.extend(guessed.map(|_| DefectKind::CharsetGuessed));
    looked.charset = guessed;
    if reading == Reading::Html {
        let (document, cut) = html::parse(&text, most);
        looked.cut |= cut;
        looked.parsed = true;
        looked.text = Text::Html(Box::new(document));
    } else if !is_html {
        looked.text = match text {
            Cow::Borrowed(text) if text.len() == bytes.len() => Text::Same,
            text => Text::Plain(text.into_owned()),
        };
    }
    looked
}

//! The content: a flat list of items, each decoded once.

use std::borrow::Cow;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::defect::Defect;
use crate::mime::{Encoding, Part, Tree};
use crate::place::{Place, Readings};
use crate::text::span::Span;
use crate::verdict::Work;

/// Everything that a message holds, as a flat list.
///
/// Item 0 is the message itself; its parts and all that was unpacked from them follow in the order in which a reader
/// meets them: a container before what it holds.
#[derive(Debug)]
pub(crate) struct Content<'s> {
    /// The message's bytes, cut to the limit.
    pub(crate) raw: &'s [u8],
    /// The message's own tree first; then one for each message that had to be decoded before it could be parsed.
    pub(crate) trees: Vec<Tree>,
    /// The buffer that each tree's spans are in; `None` for the raw message.
    pub(crate) bases: Vec<Option<u32>>,
    pub(crate) items: Vec<Item>,
    /// Decoded bytes, each once; `Data::Buffer` points here.
    pub(crate) buffers: Vec<Vec<u8>>,
    /// What is malformed, in the tree and in the items, with places that name items.
    pub(crate) defects: Vec<Defect>,
    /// The distinct readings of the whole message, by number: what is done otherwise in each. The first is strict.
    pub(crate) readings: Vec<Vec<&'static str>>,
    /// Readings that differ from another in how contents are decoded: from which one, in what, and their number.
    pub(crate) forks: Vec<(usize, Vec<&'static str>, usize)>,
    /// How many items are there only because they can be decoded another way.
    pub(crate) alternatives: usize,
    pub(crate) alternative_bytes: usize,
    /// How many bytes were decoded to find them.
    pub(crate) alternative_tries: usize,
    pub(crate) work: Work,
}

impl Content<'_> {
    /// An item's decoded bytes.
    pub(crate) fn bytes(&self, item: &Item) -> &[u8] {
        match item.data {
            Data::Closed => &[],
            Data::Raw(span) => span.of(self.raw),
            Data::Buffer(index, span) => {
                self.buffers.get(index as usize).map(|buffer| span.of(buffer)).unwrap_or_default()
            }
        }
    }

    /// Every reading of the message.
    pub(crate) fn all_readings(&self) -> Readings {
        self.items.first().map_or(Readings::FIRST, |message| message.readings)
    }

    /// The MIME part that an item comes from.
    pub(crate) fn part(&self, item: &Item) -> Option<&Part> {
        let Origin::Part(tree, part) = item.origin else { return None };
        self.trees.get(tree as usize)?.parts.get(part as usize)
    }

    /// An item's text as a reader sees it; `None` where it has none.
    pub(crate) fn text<'c>(&'c self, item: &'c Item) -> Option<Cow<'c, str>> {
        match &item.text {
            Text::None => None,
            Text::Plain(text) => Some(Cow::Borrowed(text)),
            Text::Same => std::str::from_utf8(self.bytes(item)).ok().map(Cow::Borrowed),
            Text::Html(document) => Some(Cow::Borrowed(&document.visible)),
        }
    }
}

/// One thing to look at: a part of the message, or a file from an archive.
#[derive(Debug)]
pub(crate) struct Item {
    /// The item that holds it.
    pub(crate) parent: Option<u32>,
    /// Containers around it; 0 for the message itself.
    pub(crate) depth: u16,
    /// `2`, `2/report.zip/eicar.com`, ...; empty for the message itself.
    pub(crate) path: Arc<str>,
    pub(crate) origin: Origin,
    /// Every plausible file name, the likeliest first.
    pub(crate) names: Vec<String>,
    /// The media type that the header declares, in lower case; empty for archive members and where none is declared.
    pub(crate) declared: String,
    /// The charset that the header declares.
    pub(crate) charset: Option<String>,
    /// Whether a reader sees it as an attached file, and not as text in place.
    pub(crate) attached: bool,
    /// What its bytes are.
    pub(crate) kind: Kind,
    /// How its bytes are encoded, until they are decoded.
    pub(crate) encoding: Encoding,
    /// It is an earlier item, decoded another way.
    pub(crate) alternative: bool,
    pub(crate) data: Data,
    /// Its decoded size in bytes, as stated where it could not be decoded.
    pub(crate) size: u64,
    /// A limit cut it: its bytes are the head of it.
    pub(crate) cut: bool,
    pub(crate) encrypted: bool,
    /// Neither the declared type nor a name fits the content.
    pub(crate) disguised: bool,
    /// Of the decoded bytes; absent where nobody wants it, and where the item could not be decoded, or not wholly.
    pub(crate) sha256: Option<[u8; 32]>,
    pub(crate) text: Text,
    pub(crate) readings: Readings,
}

impl Item {
    /// The item as a whole, as a place.
    pub(crate) fn place(&self, number: u32) -> Place {
        Place::item(number, Arc::clone(&self.path), self.readings)
    }

    /// Of its bytes, for whoever asks: a scan hashes files alone, and not texts in place. `None` where they are not
    /// all there.
    pub(crate) fn digest(&self, bytes: &[u8]) -> Option<[u8; 32]> {
        let whole = !self.cut && self.data != Data::Closed && self.origin != Origin::Message;
        self.sha256.or_else(|| whole.then(|| Sha256::digest(bytes).into()))
    }
}

/// Where an item comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The message itself.
    Message,
    /// A MIME part: indices into `Content::trees` and `Tree::parts`.
    Part(u32, u32),
    /// A file that stands uuencoded in a text.
    Inline,
    /// A file in an archive.
    Member,
}

/// Where an item's bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Data {
    /// Nowhere: it could not be unpacked.
    Closed,
    /// In the message as it came.
    Raw(Span),
    /// In a buffer of `Content::buffers`.
    Buffer(u32, Span),
}

/// An item's text.
#[derive(Debug)]
pub(crate) enum Text {
    /// It has none, or nobody wants it.
    None,
    /// Its bytes are the text: valid UTF-8.
    Same,
    /// Decoded from its charset.
    Plain(String),
    /// From HTML.
    Html(Box<Document>),
}

/// What an HTML document shows, hides and does.
#[derive(Debug, Default)]
pub(crate) struct Document {
    /// What a reader sees: tags removed, entities decoded, blocks on lines of their own, blanks collapsed.
    pub(crate) visible: String,
    /// Text that style hides: display, visibility, size, opacity, colour on the same colour.
    pub(crate) hidden: String,
    /// `<blockquote>` elements: where their visible text begins and ends, ascending; those within another one left out.
    pub(crate) quotes: Vec<(u32, u32)>,
    pub(crate) links: Vec<DocumentLink>,
    /// `<form>` elements: the action as written.
    pub(crate) forms: Vec<String>,
    /// `<input type=password>` elements.
    pub(crate) password_inputs: u32,
    /// `<script>` elements and event-handler attributes.
    pub(crate) scripts: u32,
    /// Images that are fetched from elsewhere: the address as written.
    pub(crate) remote_images: Vec<String>,
    /// `<iframe>`, `<object>`, `<embed>`, `<applet>` elements.
    pub(crate) embeds: u32,
    /// `<meta http-equiv=refresh>`: the address as written.
    pub(crate) refreshes: Vec<String>,
    /// Elements in all.
    pub(crate) elements: u32,
    /// Comments in all, in bytes.
    pub(crate) comment_bytes: u32,
}

/// A link in an HTML document.
#[derive(Debug, Default)]
pub(crate) struct DocumentLink {
    /// The target as written, entities decoded, resolved against `<base>`.
    pub(crate) target: String,
    /// The text that a reader sees for it, blanks collapsed; cut at 500 bytes.
    pub(crate) shown: String,
    /// Where its text starts in `Document::visible`.
    pub(crate) offset: u32,
}

macro_rules! kinds {
    ($($kind:ident = $name:literal,)*) => {
        /// What a file's bytes are, by their content.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub(crate) enum Kind { $($kind,)* }

        impl Kind {
            /// All of them.
            pub(crate) const ALL: &'static [Kind] = &[$(Kind::$kind,)*];

            /// The name that rules and verdicts use.
            pub(crate) fn name(self) -> &'static str {
                match self { $(Kind::$kind => $name,)* }
            }
        }
    };
}

kinds! {
    Unknown = "unknown",
    Empty = "empty",
    Text = "text",
    Html = "html",
    Xml = "xml",
    Svg = "svg",
    Rtf = "rtf",
    Script = "script",
    Macro = "macro",
    Message = "message",
    Multipart = "multipart",
    Zip = "zip",
    Gzip = "gzip",
    Tar = "tar",
    Bzip2 = "bzip2",
    Xz = "xz",
    Zstd = "zstd",
    SevenZip = "7z",
    Rar = "rar",
    Cab = "cab",
    Arj = "arj",
    Lzh = "lzh",
    Ace = "ace",
    Iso = "iso",
    Ole = "ole",
    OfficeXml = "office-xml",
    OpenDocument = "open-document",
    Pdf = "pdf",
    PostScript = "postscript",
    Shortcut = "shortcut",
    Executable = "executable",
    Elf = "elf",
    MachO = "mach-o",
    Java = "java",
    Flash = "flash",
    OneNote = "onenote",
    Tnef = "tnef",
    Calendar = "calendar",
    Vcard = "vcard",
    Png = "png",
    Jpeg = "jpeg",
    Gif = "gif",
    Bmp = "bmp",
    Webp = "webp",
    Tiff = "tiff",
    Icon = "icon",
    Audio = "audio",
    Video = "video",
    Font = "font",
    Pgp = "pgp",
    Certificate = "certificate",
}

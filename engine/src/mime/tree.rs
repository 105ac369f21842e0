//! The tree: spans into the raw bytes, and what is wrong with them. It owns no content.

use std::ops::Range;
use std::sync::Arc;

use crate::defect::Defect;
use crate::place::Readings;
use crate::text::span::Span;

/// A parsed message: header fields and parts as spans into its bytes.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    /// The header fields of all parts; `Part::fields` says which belong to which.
    pub(crate) fields: Vec<Field>,
    /// The parts in the order in which they start; the first is the message itself.
    pub(crate) parts: Vec<Part>,
    /// Each other reading of the whole message, as a tree of its own; readings are numbered in this order, from 1 on.
    pub(crate) others: Vec<Tree>,
    /// What is done otherwise in this reading.
    pub(crate) taken: Vec<&'static str>,
    /// What is malformed. Places are relative to the bytes parsed: item 0, view raw.
    pub(crate) defects: Vec<Defect>,
}

impl Tree {
    /// The header fields of a part.
    pub(crate) fn fields_of(&self, part: &Part) -> &[Field] {
        self.fields.get(part.fields.start as usize..part.fields.end as usize).unwrap_or_default()
    }
}

/// A header field: its name without the colon, and its value as it stands, folding included.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Field {
    pub(crate) name: Span,
    /// From after the colon to before the line end that ends the field.
    pub(crate) value: Span,
}

impl Field {
    /// Whether the field has this name, whatever the case.
    pub(crate) fn is(&self, raw: &[u8], name: &str) -> bool {
        self.name.of(raw).eq_ignore_ascii_case(name.as_bytes())
    }
}

/// What a part consists of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PartKind {
    /// Content of its own.
    Leaf,
    /// Parts between boundaries.
    Multipart,
    /// A message/rfc822 that stands there unencoded, walked in place: its one child is that message.
    Message,
}

/// How a part's content is encoded for transport (RFC 2045, section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Encoding {
    /// 7bit, 8bit, binary, none, or one that nobody knows.
    Identity,
    Base64,
    QuotedPrintable,
    /// x-uuencode and its other names.
    Uuencode,
}

/// One part: the message itself, or a part of a multipart, or a message within.
#[derive(Clone, Debug)]
pub(crate) struct Part {
    pub(crate) kind: PartKind,
    /// Containers around it; 0 for the message itself.
    pub(crate) depth: u16,
    /// `1`, `2.1`, ... as in IMAP section numbers; empty for the message itself unless it is a leaf, which is `1`.
    pub(crate) path: Arc<str>,
    /// Indices into `Tree::fields`.
    pub(crate) fields: Range<u32>,
    /// Its header, the blank line left out.
    pub(crate) header: Span,
    /// Its content, without the line end that belongs to the next delimiter.
    pub(crate) body: Span,
    /// Media type in lower case, `text/plain`; what RFC 2045 assumes where none is declared.
    pub(crate) media_type: String,
    /// Whether the media type was declared.
    pub(crate) declared: bool,
    /// The `charset` parameter as written.
    pub(crate) charset: Option<String>,
    /// The `boundary` parameter, of a multipart.
    pub(crate) boundary: Option<String>,
    /// All parameters of Content-Type, names in lower case, values decoded, in order.
    pub(crate) parameters: Vec<(String, String)>,
    /// `attachment`, `inline`, ... in lower case; empty where not declared.
    pub(crate) disposition: String,
    /// Every file name that the header gives, `filename` before `name`, decoded, without repeats.
    pub(crate) names: Vec<String>,
    pub(crate) encoding: Encoding,
    /// Other encodings that some program would take it for.
    pub(crate) encodings: Vec<Encoding>,
    /// Whether an earlier reading has the same part: it is told once.
    pub(crate) known: bool,
    /// The readings in which the part is there.
    pub(crate) readings: Readings,
}

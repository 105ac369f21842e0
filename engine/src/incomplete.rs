//! What was not looked at, and why. No gap is silent: each limit that cuts a scan short is one of these in the verdict.

use crate::place::Place;

/// The limit, or the obstacle, that kept content from being looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Limit {
    /// More unpacked bytes than `Limits::unpacked_bytes`.
    Bytes,
    /// The caller's stop flag was set.
    Deadline,
    /// Containers nested deeper than `Limits::depth`.
    Depth,
    /// Content that needs a password.
    Encrypted,
    /// More header fields, or longer ones, than `Limits::headers` and `Limits::header_bytes`.
    Headers,
    /// More items than `Limits::items`.
    Items,
    /// More links than `Limits::links`.
    Links,
    /// A message longer than `Limits::message_bytes`.
    MessageSize,
    /// More MIME parts than `Limits::parts`.
    Parts,
    /// A container that unpacks to more than `Limits::ratio` times its size.
    Ratio,
    /// More distinct readings than are kept apart.
    Readings,
    /// More work than `Limits::steps`.
    Steps,
    /// More text in one view than `Limits::text_bytes`.
    Text,
    /// A kind of container that is recognised, and cannot be opened.
    Unsupported,
    /// YARA gave an item up, for a reason that is no limit.
    YaraFailed,
    /// An item larger than `Limits::yara_item_bytes`.
    YaraSize,
    /// YARA took longer than `Limits::yara_seconds`.
    YaraTime,
}

impl Limit {
    /// All of them, in alphabetical order of their names.
    pub const ALL: &'static [Limit] = &[
        Limit::Bytes,
        Limit::Deadline,
        Limit::Depth,
        Limit::Encrypted,
        Limit::Headers,
        Limit::Items,
        Limit::Links,
        Limit::MessageSize,
        Limit::Parts,
        Limit::Ratio,
        Limit::Readings,
        Limit::Steps,
        Limit::Text,
        Limit::Unsupported,
        Limit::YaraFailed,
        Limit::YaraSize,
        Limit::YaraTime,
    ];

    /// The name that verdicts print and rules use.
    pub fn name(self) -> &'static str {
        match self {
            Limit::Bytes => "bytes",
            Limit::Deadline => "deadline",
            Limit::Depth => "depth",
            Limit::Encrypted => "encrypted",
            Limit::Headers => "headers",
            Limit::Items => "items",
            Limit::Links => "links",
            Limit::MessageSize => "message-size",
            Limit::Parts => "parts",
            Limit::Ratio => "ratio",
            Limit::Readings => "readings",
            Limit::Steps => "steps",
            Limit::Text => "text",
            Limit::Unsupported => "unsupported",
            Limit::YaraFailed => "yara-failed",
            Limit::YaraSize => "yara-size",
            Limit::YaraTime => "yara-time",
        }
    }
}

/// One gap: which limit, where, and a sentence with the numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Incomplete {
    /// The limit that was reached.
    pub limit: Limit,
    /// The item that was not looked at, or not wholly.
    pub place: Place,
    /// One sentence for a person, with the limit's value.
    pub explanation: String,
}

//! What is wrong with a message, named.
//!
//! A parser of ours never fails: whatever is malformed becomes a [`Defect`] with a [`Place`]. Its name is a fact that
//! rules can see (`"bare-cr" in defects`), and a finding `defect-NAME` that a score can be given.

use crate::place::Place;

macro_rules! defects {
    ($($(#[$_doc:meta])* $variant:ident = $name:literal : $what:literal,)*) => {
        /// A named malformation. Alphabetical; `docs/defects.md` lists them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum DefectKind { $(#[doc = $what] $variant,)* }

        impl DefectKind {
            /// All of them, in alphabetical order.
            pub const ALL: &'static [DefectKind] = &[$(DefectKind::$variant,)*];

            /// The name that verdicts print and rules use.
            pub fn name(self) -> &'static str {
                match self { $(DefectKind::$variant => $name,)* }
            }

            /// One sentence: what was seen.
            pub fn explanation(self) -> &'static str {
                match self { $(DefectKind::$variant => $what,)* }
            }
        }
    };
}

defects! {
    ArchiveDamaged = "archive-damaged": "An archive breaks off or contradicts itself",
    ArchiveNameEscapes = "archive-name-escapes": "A name inside an archive leads out of it (absolute, or with ..)",
    BareCr = "bare-cr": "A carriage return without a line feed",
    BareLf = "bare-lf": "A line feed without a carriage return in a message that otherwise uses both",
    Base64Junk = "base64-junk": "Bytes outside the alphabet inside base64",
    Base64Padding = "base64-padding": "Base64 padding that is missing, in the middle, or followed by data",
    BinhexMalformed = "binhex-malformed": "A file in BinHex that breaks off or has no header",
    BoundaryEmpty = "boundary-empty": "A multipart whose boundary is missing or empty",
    BoundaryMissing = "boundary-missing": "A multipart in which its boundary never occurs",
    BoundaryUnclosed = "boundary-unclosed": "A multipart without its closing delimiter",
    CharsetGuessed = "charset-guessed": "Text whose charset is not declared, or plainly not the declared one",
    CharsetMalformed = "charset-malformed": "Text with bytes that its charset does not have",
    CharsetUnknown = "charset-unknown": "A charset that nobody has registered",
    DateMalformed = "date-malformed": "A Date field that is not a date",
    DuplicateBoundary = "duplicate-boundary": "More than one boundary parameter, or an inner boundary equal to an outer one",
    DuplicateHeader = "duplicate-header": "A header field twice that may stand once",
    DuplicateParameter = "duplicate-parameter": "A parameter twice in one header field",
    EightBitHeader = "eight-bit-header": "Bytes over 127 in a header field",
    EncodedContainer = "encoded-container": "A multipart or message with an encoding that its kind may not have",
    EncodedWordMalformed = "encoded-word-malformed": "An encoded word (RFC 2047) that cannot be decoded",
    EncodingMalformed = "encoding-malformed": "A Content-Transfer-Encoding that is not one plain name: two, none, quotes, comments",
    EncodingMismatch = "encoding-mismatch": "Content that is plainly in another transfer encoding than its header says",
    EncodingUnknown = "encoding-unknown": "A transfer encoding that nobody has registered",
    Epilogue = "epilogue": "Text after the last delimiter of a multipart",
    HeaderMalformed = "header-malformed": "A line among the header fields that is none",
    HeaderNul = "header-nul": "A NUL byte in a header field",
    HeaderUnterminated = "header-unterminated": "Header fields that the blank line never ends",
    LineTooLong = "line-too-long": "A line of over 998 bytes (RFC 5322, 2.1.1)",
    MboxFrom = "mbox-from": "A mailbox separator (From ...) before the header fields",
    MessageTruncated = "message-truncated": "A message longer than the limit, of which the head was read",
    NulByte = "nul-byte": "A NUL byte in the body",
    ParameterMalformed = "parameter-malformed": "A header parameter that breaks the grammar (RFC 2045, 2231)",
    Preamble = "preamble": "Text before the first delimiter of a multipart",
    QuotedPrintableMalformed = "quoted-printable-malformed": "An escape in quoted-printable that is none",
    TypeMalformed = "type-malformed": "A Content-Type that is no type",
    TypeMismatch = "type-mismatch": "Content that is not what its declared type or its name says",
    UuencodeMalformed = "uuencode-malformed": "A uuencoded file that breaks off or has bad lines",
    YencMalformed = "yenc-malformed": "A file in yEnc that breaks off",
}

/// A malformation and where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Defect {
    /// What is wrong.
    pub kind: DefectKind,
    /// Where.
    pub place: Place,
}

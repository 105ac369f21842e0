//! The functions that conditions may call, as one table: what each is named, takes and gives. The checker resolves
//! calls by it; `calls.rs` has what they do. Forms that need more than types (`size`, `matches`, `hit`, `split`, and the
//! macros) are in `check_calls.rs`.

use super::moment::Part;
use super::types::Ty;

/// What a function does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Function {
    Contains,
    StartsWith,
    EndsWith,
    LowerAscii,
    UpperAscii,
    Trim,
    CharAt,
    IndexOf,
    LastIndexOf,
    Substring,
    /// Conversions to a type that the value may have already.
    Same,
    ToInt,
    ToDouble,
    ToText,
    ToBool,
    ToTimestamp,
    ToDuration,
    Time(Part),
    Domain,
    Under,
    Distance,
    LooksLike,
}

/// What a function takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    Text,
    /// Text as it stands, not through `lowerAscii()` or `upperAscii()`.
    Plain,
    Bool,
    Int,
    Double,
    Timestamp,
    Duration,
}

impl Takes {
    pub(super) fn takes(self, ty: &Ty) -> bool {
        match self {
            Takes::Text => ty.is_text(),
            Takes::Plain => *ty == Ty::Text,
            Takes::Bool => *ty == Ty::Bool,
            Takes::Int => *ty == Ty::Int,
            Takes::Double => *ty == Ty::Double,
            Takes::Timestamp => *ty == Ty::Timestamp,
            Takes::Duration => *ty == Ty::Duration,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Takes::Text | Takes::Plain => "text",
            Takes::Bool => "bool",
            Takes::Int => "int",
            Takes::Double => "double",
            Takes::Timestamp => "timestamp",
            Takes::Duration => "duration",
        }
    }
}

/// One way to call a function.
pub(super) struct Signature {
    pub(super) name: &'static str,
    /// What stands before the point; `None` for a function that stands by itself.
    pub(super) on: Option<Takes>,
    pub(super) takes: &'static [Takes],
    pub(super) gives: Ty,
    pub(super) function: Function,
    /// Whether it can end in an error.
    pub(super) fallible: bool,
}

const fn method(
    name: &'static str,
    on: Takes,
    takes: &'static [Takes],
    gives: Ty,
    function: Function,
    fallible: bool,
) -> Signature {
    Signature { name, on: Some(on), takes, gives, function, fallible }
}

const fn plain(
    name: &'static str,
    takes: &'static [Takes],
    gives: Ty,
    function: Function,
    fallible: bool,
) -> Signature {
    Signature { name, on: None, takes, gives, function, fallible }
}

/// The methods of time: with and without a zone on a timestamp, and those of a duration.
macro_rules! times {
    ($($name:literal $part:ident)*; $($of_duration:literal $unit:ident)*) => {
        const TIMES: &[Signature] = &[
            $(method($name, Takes::Timestamp, &[], Ty::Int, Function::Time(Part::$part), false),
              method($name, Takes::Timestamp, &[Takes::Plain], Ty::Int, Function::Time(Part::$part), true),)*
            $(method($of_duration, Takes::Duration, &[], Ty::Int, Function::Time(Part::$unit), false),)*
        ];
    };
}

times! {
    "getFullYear" FullYear  "getMonth" Month  "getDate" Date  "getDayOfMonth" DayOfMonth  "getDayOfWeek" DayOfWeek
    "getDayOfYear" DayOfYear  "getHours" Hours  "getMinutes" Minutes  "getSeconds" Seconds
    "getMilliseconds" Milliseconds;
    "getHours" Hours  "getMinutes" Minutes  "getSeconds" Seconds  "getMilliseconds" Milliseconds
}

const FUNCTIONS: &[Signature] = &[
    method("contains", Takes::Text, &[Takes::Text], Ty::Bool, Function::Contains, false),
    method("startsWith", Takes::Text, &[Takes::Text], Ty::Bool, Function::StartsWith, false),
    method("endsWith", Takes::Text, &[Takes::Text], Ty::Bool, Function::EndsWith, false),
    method("lowerAscii", Takes::Text, &[], Ty::Mapped, Function::LowerAscii, false),
    method("upperAscii", Takes::Text, &[], Ty::Mapped, Function::UpperAscii, false),
    method("trim", Takes::Text, &[], Ty::Text, Function::Trim, false),
    method("charAt", Takes::Text, &[Takes::Int], Ty::Text, Function::CharAt, true),
    method("indexOf", Takes::Text, &[Takes::Text], Ty::Int, Function::IndexOf, false),
    method("indexOf", Takes::Text, &[Takes::Text, Takes::Int], Ty::Int, Function::IndexOf, true),
    method("lastIndexOf", Takes::Text, &[Takes::Text], Ty::Int, Function::LastIndexOf, false),
    method("lastIndexOf", Takes::Text, &[Takes::Text, Takes::Int], Ty::Int, Function::LastIndexOf, true),
    method("substring", Takes::Text, &[Takes::Int], Ty::Text, Function::Substring, true),
    method("substring", Takes::Text, &[Takes::Int, Takes::Int], Ty::Text, Function::Substring, true),
    plain("int", &[Takes::Int], Ty::Int, Function::Same, false),
    plain("int", &[Takes::Double], Ty::Int, Function::ToInt, true),
    plain("int", &[Takes::Plain], Ty::Int, Function::ToInt, true),
    plain("int", &[Takes::Timestamp], Ty::Int, Function::ToInt, false),
    plain("double", &[Takes::Double], Ty::Double, Function::Same, false),
    plain("double", &[Takes::Int], Ty::Double, Function::ToDouble, false),
    plain("double", &[Takes::Plain], Ty::Double, Function::ToDouble, true),
    plain("string", &[Takes::Text], Ty::Text, Function::Same, false),
    plain("string", &[Takes::Bool], Ty::Text, Function::ToText, false),
    plain("bool", &[Takes::Bool], Ty::Bool, Function::Same, false),
    plain("bool", &[Takes::Plain], Ty::Bool, Function::ToBool, true),
    plain("timestamp", &[Takes::Timestamp], Ty::Timestamp, Function::Same, false),
    plain("timestamp", &[Takes::Int], Ty::Timestamp, Function::ToTimestamp, true),
    plain("timestamp", &[Takes::Plain], Ty::Timestamp, Function::ToTimestamp, true),
    plain("duration", &[Takes::Duration], Ty::Duration, Function::Same, false),
    plain("duration", &[Takes::Plain], Ty::Duration, Function::ToDuration, true),
    // Ours, not CEL's: what rules on mail ask most.
    plain("domain", &[Takes::Plain], Ty::Text, Function::Domain, false),
    plain("under", &[Takes::Text, Takes::Text], Ty::Bool, Function::Under, false),
    plain("distance", &[Takes::Text, Takes::Text], Ty::Int, Function::Distance, true),
    plain("looks_like", &[Takes::Plain, Takes::Plain], Ty::Bool, Function::LooksLike, false),
];

/// All ways to call functions.
pub(super) fn signatures() -> impl Iterator<Item = &'static Signature> {
    FUNCTIONS.iter().chain(TIMES)
}

/// Forms that the checker knows by name, and whether they stand behind a point.
pub(super) const FORMS: &[(&str, bool)] = &[
    ("all", true),
    ("exists", true),
    ("exists_one", true),
    ("filter", true),
    ("map", true),
    ("split", true),
    ("size", true),
    ("size", false),
    ("matches", true),
    ("matches", false),
    ("has", false),
    ("hit", false),
];

/// What CEL has and conditions leave out, with the reason.
pub(super) const LEFT_OUT: &[(&str, &str)] = &[
    ("replace", NEW_TEXT),
    ("join", NEW_TEXT),
    ("reverse", NEW_TEXT),
    ("format", NEW_TEXT),
    ("quote", NEW_TEXT),
    ("uint", "every number here is an int or a double"),
    ("bytes", "every fact is text"),
    ("type", "types are known before a rule runs"),
    ("dyn", "types are known before a rule runs"),
    ("sort", "lists are gone through, and never made whole"),
    ("distinct", "lists are gone through, and never made whole"),
];

const NEW_TEXT: &str = "it makes new text, and conditions never allocate";

/// What other languages call the functions that are here.
pub(super) const OTHER_NAMES: &[(&str, &str)] = &[
    ("any", "list.exists(x, ...)"),
    ("levenshtein", "distance(text, text)"),
    ("edit_distance", "distance(text, text)"),
    ("similar", "looks_like(text, text), distance(text, text) < 3"),
    ("some", "list.exists(x, ...)"),
    ("every", "list.all(x, ...)"),
    ("count", "list.filter(x, ...).size()"),
    ("length", "size(...)"),
    ("len", "size(...)"),
    ("lower", "text.lowerAscii()"),
    ("upper", "text.upperAscii()"),
    ("toLowerCase", "text.lowerAscii()"),
    ("toUpperCase", "text.upperAscii()"),
    ("match", "text.matches(\"pattern\")"),
    ("includes", "text.contains(\"...\"), value in list"),
    ("now", "received.time"),
];

//! What a header says of the content below it: type, boundary, encoding, names. Takes fields, gives a description; which of two
//! that contradict each other counts is a choice.

use encoding_rs::WINDOWS_1252;

use super::choice::{Choice, Choices};
use super::encoding;
use super::parameters::{self, Parameters};
use super::tree::{Encoding, Field};
use crate::defect::DefectKind;
use crate::text::names::bounded;
use crate::text::window::front;

/// Longest structured field that is taken apart, in bytes: beyond it, the rest is left out and noted.
const STRUCTURED_BYTES: usize = 16 << 10;

/// What a header says of the content below it.
#[derive(Debug, Default)]
pub(super) struct Description {
    pub(super) media_type: String,
    pub(super) declared: bool,
    pub(super) charset: Option<String>,
    pub(super) boundary: Option<String>,
    /// Its field is in bytes that are no UTF-8, and was read as windows-1252.
    pub(super) is_latin: bool,
    pub(super) parameters: Vec<(String, String)>,
    pub(super) disposition: String,
    pub(super) names: Vec<String>,
    pub(super) encoding: Option<Encoding>,
    /// Others that some program would take.
    pub(super) encodings: Vec<Encoding>,
    /// Bytes of the fields that were taken apart.
    pub(super) bytes: usize,
    pub(super) defects: Vec<(DefectKind, usize)>,
}

impl Description {
    /// The boundary as its delimiters have it.
    pub(super) fn boundary_bytes(&self) -> Vec<u8> {
        let text = self.boundary.as_deref().unwrap_or_default().trim_end();
        if self.is_latin { WINDOWS_1252.encode(text).0.into_owned() } else { text.as_bytes().to_vec() }
    }
}

/// How many fields of one name are read; which of them counts is a choice.
const MOST_NAMED: usize = 4;
const ENCODING: &[u8] = b"content-transfer-encoding";
/// How many boundaries are told apart.
const MOST_BOUNDARIES: usize = 4;

/// Reads Content-Type and its friends. Of fields that stand twice the first counts, or the last; file names of all of them
/// are kept.
pub(super) fn describe(raw: &[u8], fields: &[Field], choices: &mut Choices) -> Description {
    let mut it = Description::default();
    // Of many fields few are meant: they are looked for once.
    let is_meant = |field: &&Field| {
        let name = field.name.of(raw);
        name.get(..8).is_some_and(|name| name.eq_ignore_ascii_case(b"content-"))
    };
    let meant: Vec<Field> = fields.iter().filter(is_meant).copied().collect();
    let fields = meant.as_slice();
    let all = |name: &'static str| fields.iter().filter(move |field| field.is(raw, name)).take(MOST_NAMED);
    let mut names = Vec::new();
    for (index, field) in all("content-disposition").enumerate() {
        let mut parsed = parameters(raw, field, &mut it.defects);
        it.bytes += field.value.len().min(STRUCTURED_BYTES);
        names.extend(parsed.values.remove("filename").unwrap_or_default());
        if index == 0 {
            it.disposition = parsed.kind;
        }
    }
    let mut types: Vec<Parameters> = Vec::new();
    for (index, field) in all("content-type").enumerate() {
        it.is_latin |= std::str::from_utf8(field.value.of(raw)).is_err();
        let parsed = parameters(raw, field, &mut it.defects);
        it.bytes += field.value.len().min(STRUCTURED_BYTES);
        names.extend(parsed.values.get("name").cloned().unwrap_or_default());
        if index == 0 && !is_type(&parsed.kind) {
            it.defects.push((DefectKind::TypeMalformed, field.value.start as usize));
        }
        types.push(parsed);
    }
    let broken = [DefectKind::ParameterMalformed, DefectKind::DuplicateParameter];
    let is_broken = it.defects.iter().any(|(kind, _)| broken.contains(kind));
    for field in all("content-disposition").chain(all("content-type")) {
        if is_broken || parameters::is_odd(field.value.of(raw)) {
            names.extend(parameters::loose(&structured(raw, field, &mut Vec::new()), "name"));
        }
    }
    for name in names.iter().flat_map(|name| parameters::file_names(name)).filter(|name| !name.is_empty()) {
        if it.names.len() < MOST_NAMES && !it.names.contains(&name) {
            it.names.push(name);
        }
    }
    let last = types.len() > 1 && choices.other(Choice::TypeLast);
    let chosen = if last { types.len() - 1 } else { 0 };
    if let Some(parsed) = types.get(chosen) {
        it.declared = is_type(&parsed.kind);
        if it.declared {
            it.media_type.clone_from(&parsed.kind);
        }
        it.boundary = boundary(raw, fields, &types, chosen, &mut it, choices);
        it.charset = parsed.values.get("charset").and_then(|all| all.first()).cloned();
        it.charset = it.charset.map(|charset| bounded(charset.trim().to_owned())).filter(|it| !it.is_empty());
    }
    if chosen < types.len() {
        let values = types.swap_remove(chosen).values;
        it.parameters = values
            .into_iter()
            .filter_map(|(name, all)| Some((bounded(name), bounded(all.into_iter().next()?))))
            .collect();
    }
    let mut declared = Vec::new();
    for field in all("content-transfer-encoding") {
        declared.push((structured(raw, field, &mut it.defects), field.value.start as usize));
    }
    // A name with something behind it is another one, but not for everybody.
    let nearly = |field: &&Field| {
        let name = field.name.of(raw);
        name.len() > ENCODING.len() && name.get(..ENCODING.len()).is_some_and(|it| it.eq_ignore_ascii_case(ENCODING))
    };
    let mut nearly_named = Vec::new();
    for field in fields.iter().filter(nearly).take(MOST_NAMED) {
        nearly_named.push(structured(raw, field, &mut Vec::new()));
        it.defects.push((DefectKind::EncodingMalformed, field.name.start as usize));
    }
    if let Some((first, at)) = declared.first() {
        let value = without_comments(first);
        it.encoding = encoding::named(value.split([';', ' ', '\t']).find(|word| !word.is_empty()).unwrap_or_default());
        if it.encoding.is_none() {
            it.defects.push((DefectKind::EncodingUnknown, *at));
        }
        if let Some((_, at)) = declared.iter().find(|(value, _)| !is_token(value.trim())) {
            it.defects.push((DefectKind::EncodingMalformed, *at));
        }
        let taken = it.encoding.unwrap_or(Encoding::Identity);
        it.encodings =
            encoding::others(taken, declared.iter().map(|(value, _)| value).chain(&nearly_named).map(String::as_str));
    } else if !nearly_named.is_empty() {
        it.encodings = encoding::others(Encoding::Identity, nearly_named.iter().map(String::as_str));
    }
    it
}

/// The boundary that counts: of a multipart the first that is given, in whatever form, or another.
fn boundary(
    raw: &[u8],
    fields: &[Field],
    types: &[Parameters],
    chosen: usize,
    it: &mut Description,
    choices: &mut Choices,
) -> Option<String> {
    let given = |parsed: &Parameters| parsed.values.get("boundary").cloned().unwrap_or_default();
    let mut candidates = types.get(chosen).map(given).unwrap_or_default();
    let is_multipart = it.media_type.starts_with("multipart/");
    for (index, parsed) in types.iter().enumerate() {
        if index != chosen {
            candidates.extend(given(parsed));
        }
    }
    let malformed = [DefectKind::ParameterMalformed, DefectKind::DuplicateBoundary, DefectKind::TypeMalformed];
    let is_odd = candidates.iter().any(|candidate| candidate.contains(['"', '\\']));
    let is_hidden = || {
        let fields = fields.iter().filter(|field| field.is(raw, "content-type"));
        let name = b"boundary";
        let named = |value: &[u8], at: usize| {
            let before = value.get(at.saturating_sub(name.len())..at).unwrap_or_default();
            before.eq_ignore_ascii_case(name)
        };
        let holds = |value: &[u8]| memchr::memchr_iter(b'=', value).any(|at| named(value, at));
        fields.take(MOST_NAMED).any(|field| holds(field.value.of(raw)))
    };
    let is_empty = candidates.is_empty();
    if it.defects.iter().any(|(kind, _)| malformed.contains(kind))
        || is_odd
        || (is_empty && (is_multipart || is_hidden()))
    {
        let fields = fields.iter().filter(|field| field.is(raw, "content-type")).take(MOST_NAMED);
        fields.for_each(|field| {
            candidates.extend(parameters::loose(&structured(raw, field, &mut Vec::new()), "boundary"))
        });
    }
    let mut distinct: Vec<String> = Vec::new();
    for candidate in candidates {
        if distinct.len() < MOST_BOUNDARIES && !distinct.contains(&candidate) {
            distinct.push(candidate);
        }
    }
    let other = distinct.len() > 1 && choices.other(Choice::BoundarySecond);
    let third = distinct.len() > 2 && choices.other(Choice::BoundaryThird);
    let at = (usize::from(other) + 2 * usize::from(third)).min(distinct.len().saturating_sub(1));
    if !is_multipart {
        let is_nearly =
            !distinct.is_empty() || it.media_type.is_empty() && types.get(chosen)?.kind.contains("multipart");
        if !(is_nearly && choices.other(Choice::AsMultipart)) {
            return None;
        }
        "multipart/mixed".clone_into(&mut it.media_type);
        it.declared = true;
    }
    distinct.into_iter().nth(at)
}

fn is_type(text: &str) -> bool {
    text.split_once('/').is_some_and(|(kind, sub)| is_token(kind) && is_token(sub))
}

/// Most names of one part that are kept.
const MOST_NAMES: usize = 16;

fn parameters(raw: &[u8], field: &Field, defects: &mut Vec<(DefectKind, usize)>) -> Parameters {
    let parsed = parameters::read(&structured(raw, field, defects));
    defects.extend(parsed.defects.iter().map(|kind| (*kind, field.value.start as usize)));
    parsed
}

/// A structured field as text: unfolded, and cut to a size that every parser takes in a moment.
fn structured(raw: &[u8], field: &Field, defects: &mut Vec<(DefectKind, usize)>) -> String {
    let value = field.value.of(raw);
    let head = front(value, STRUCTURED_BYTES);
    if head.len() < value.len() {
        defects.push((DefectKind::ParameterMalformed, field.value.start as usize));
    }
    let (text, _) = super::charset::to_utf8(None, head);
    match memchr::memchr2(b'\r', b'\n', text.as_bytes()) {
        Some(_) => text.chars().filter(|letter| !matches!(letter, '\r' | '\n')).collect(),
        None => text.into_owned(),
    }
}

/// The text without comments (RFC 5322, section 3.2.2); one that never ends is left in place.
fn without_comments(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let (mut depth, mut quoted, mut escaped) = (0u32, false, false);
    let mut opened_at = 0;
    for (at, letter) in text.char_indices() {
        let plain = !std::mem::take(&mut escaped);
        match letter {
            '\\' if plain && (quoted || depth > 0) => escaped = true,
            '"' if plain && depth == 0 => quoted = !quoted,
            '(' if plain && !quoted => {
                if depth == 0 {
                    opened_at = at;
                }
                depth += 1;
                continue;
            }
            ')' if plain && depth > 0 => {
                depth -= 1;
                continue;
            }
            _ => {}
        }
        if depth == 0 {
            out.push(letter);
        }
    }
    if depth > 0 {
        out.push_str(text.get(opened_at..).unwrap_or_default());
    }
    out.trim().to_owned()
}

fn is_token(text: &str) -> bool {
    let parts = |byte| matches!(byte, b'(' | b')' | b'<'..=b'@' | b',' | b'/' | b':' | b';' | b'"' | b'['..=b']');
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic() && !parts(byte))
}

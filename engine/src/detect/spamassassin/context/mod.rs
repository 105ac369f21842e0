//! One message as rules ask for it: header fields by selector, relays, addresses in text. Made anew for each message; what is asked
//! for twice is kept.

mod names;
mod people;
mod select;
mod special;

use std::borrow::Cow;
use std::cell::{OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use super::addresses::{Address, Grammar};
use super::pattern::Pattern;
use super::relays::{self, Relays};
use super::settings::Settings;
use super::uris::{self, Redirectors, Uris};
use crate::facts::Facts;
use crate::facts::spamassassin::message::HeaderField;
use crate::facts::spamassassin::{Html, Node, Views};

use self::names::Names;
use self::people::received_of;
use self::select::parts_of;

/// Patterns of our own, compiled once.
#[derive(Debug)]
pub(super) struct Formats {
    pub(super) grammar: Grammar,
    pub(super) relays: relays::Reader,
    pub(super) ip: Pattern,
    pub(super) evals: BTreeMap<&'static str, Pattern>,
}

impl Formats {
    /// They are the same for all rules: made once, since compiling them takes many times as long as most rule files.
    pub(super) fn shared() -> Result<&'static Formats, String> {
        static SHARED: OnceLock<Result<Formats, String>> = OnceLock::new();
        SHARED.get_or_init(Formats::new).as_ref().map_err(String::clone)
    }

    fn new() -> Result<Formats, String> {
        Ok(Formats {
            grammar: Grammar::new()?,
            relays: relays::Reader::new().ok_or("the formats of Received cannot be compiled")?,
            ip: Pattern::capturing(
                br"(?<!\.)\b((?:\d{1,3}\.){3}\d{1,3}|(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f]{0,4})\b(?!\.)",
                "i",
            )?,
            evals: super::evals::patterns()?,
        })
    }
}

/// What a selector gives.
type Values<'m> = std::rc::Rc<Vec<Cow<'m, [u8]>>>;

/// What addresses a value has.
type Addresses = std::rc::Rc<Vec<Address>>;

/// A message.
pub(super) struct Context<'m> {
    pub(super) views: &'m Views,
    pub(super) raw: &'m [u8],
    pub(super) settings: &'m Settings,
    pub(super) formats: &'m Formats,
    facts: &'m Facts<'m>,
    redirectors: &'m Redirectors,
    relays: OnceCell<Relays>,
    uris: OnceCell<Uris>,
    envelope: OnceCell<Option<String>>,
    senders: OnceCell<BTreeSet<String>>,
    recipients: OnceCell<BTreeSet<String>>,
    /// By selector. They are so few that to look through them takes less than a tree does.
    values: RefCell<Vec<(String, Values<'m>)>>,
    /// The values of a field that is not there, which most are that are asked for.
    nothing: Values<'m>,
    names: Names,
    parsed: RefCell<BTreeMap<Cow<'m, [u8]>, Addresses>>,
}

/// Whether a selector is one; the error says why not.
pub(super) fn check(selector: &str) -> Result<(), String> {
    let mut parts = selector.split(':');
    let name = parts.next().unwrap_or_default();
    if name.is_empty() || !name.chars().all(|it| it.is_ascii_alphanumeric() || "_.-".contains(it)) {
        return Err(format!("{selector:?} is no name of a header field"));
    }
    for modifier in parts {
        if !matches!(modifier, "raw" | "addr" | "name" | "host" | "domain" | "ip" | "revip" | "first" | "last") {
            return Err(format!("{modifier:?} is no modifier of a header field"));
        }
    }
    Ok(())
}

/// Whether a selector is no more than the name of a field.
pub(super) fn is_field(selector: &str) -> bool {
    !selector.contains(':') && !is_special(selector)
}

fn is_special(name: &str) -> bool {
    SPECIAL.iter().any(|it| it.eq_ignore_ascii_case(name))
}

/// Bytes as text. Nearly all are UTF-8, and stay where they are then.
fn as_text(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

/// Names that mean more than a field, some of them in this spelling only.
const SPECIAL: &[&str] = &[
    "ALL",
    "ALL-TRUSTED",
    "ALL-INTERNAL",
    "ALL-UNTRUSTED",
    "ALL-EXTERNAL",
    "EnvelopeFrom",
    "X-Spam-Relays-Untrusted",
    "X-Spam-Relays-Trusted",
    "X-Spam-Relays-External",
    "X-Spam-Relays-Internal",
    "ToCc",
    "MESSAGEID",
];

impl<'m> Context<'m> {
    pub(super) fn new(
        facts: &'m Facts<'m>,
        views: &'m Views,
        settings: &'m Settings,
        formats: &'m Formats,
        redirectors: &'m Redirectors,
    ) -> Context<'m> {
        Context {
            views,
            raw: facts.raw,
            settings,
            formats,
            facts,
            redirectors,
            relays: OnceCell::new(),
            uris: OnceCell::new(),
            envelope: OnceCell::new(),
            senders: OnceCell::new(),
            recipients: OnceCell::new(),
            values: RefCell::default(),
            nothing: std::rc::Rc::default(),
            names: Names::of(views.message.root()),
            parsed: RefCell::default(),
        }
    }

    fn root(&self) -> Option<&'m Node> {
        self.views.message.root()
    }

    /// The header fields of a name.
    pub(super) fn fields<'n>(
        &'n self,
        name: &'n str,
    ) -> impl DoubleEndedIterator<Item = HeaderField<'m>> + use<'m, 'n> {
        let fields = self.root().map(|root| &root.fields);
        let all = self.names.like(name.as_bytes()).filter_map(move |at| fields?.get(at));
        all.filter(move |field| field.is_named(name))
    }

    /// Where the header fields of a name are among all.
    fn numbers<'n>(&'n self, name: &'n str) -> impl DoubleEndedIterator<Item = usize> + use<'m, 'n> {
        let fields = self.root().map(|root| &root.fields);
        let is = move |at: &usize| fields.and_then(|it| it.get(*at)).is_some_and(|it| it.is_named(name));
        self.names.like(name.as_bytes()).filter(is)
    }

    /// The relays.
    pub(super) fn relays(&self) -> &Relays {
        self.relays.get_or_init(|| {
            // What our own server will write of the session is not in the message yet.
            let session = self.facts.session.and_then(received_of);
            let fields = self.fields("Received").map(|field| field.value);
            let received: Vec<&[u8]> = session.as_deref().map(str::as_bytes).into_iter().chain(fields).collect();
            let mut originating = Vec::new();
            for name in &self.settings.originating {
                if let Some(field) = self.fields(name).next_back()
                    && let Some(groups) = self.formats.ip.groups(field.value)
                    && let Some((start, end)) = groups.get(1).copied().flatten()
                {
                    originating
                        .push(String::from_utf8_lossy(field.value.get(start..end).unwrap_or_default()).into_owned());
                }
            }
            self.formats.relays.read(&received, &originating, self.settings)
        })
    }

    /// The addresses that the text names.
    pub(super) fn uris(&self) -> &Uris {
        self.uris.get_or_init(|| uris::gather(self.views, self.settings, self.redirectors))
    }

    /// HTML documents.
    pub(super) fn htmls(&self) -> impl Iterator<Item = &'m Html> + use<'m> {
        self.views.htmls.iter().map(|(_, html)| html)
    }

    /// The addresses in a field's value.
    pub(super) fn addresses(&self, value: Cow<'m, [u8]>) -> Addresses {
        if let Some(known) = self.parsed.borrow().get(&value) {
            return std::rc::Rc::clone(known);
        }
        let found = std::rc::Rc::new(self.formats.grammar.parse(&String::from_utf8_lossy(&value)));
        self.parsed.borrow_mut().insert(value, std::rc::Rc::clone(&found));
        found
    }

    /// What a selector gives: one value a field, or one an address.
    pub(super) fn get(&self, selector: &str) -> Values<'m> {
        if let Some((_, known)) = self.values.borrow().iter().find(|(known, _)| known == selector) {
            return std::rc::Rc::clone(known);
        }
        let (name, _) = parts_of(selector);
        if self.fields(name).next().is_none() && !is_special(name) {
            return std::rc::Rc::clone(&self.nothing);
        }
        let value = std::rc::Rc::new(self.select(selector));
        self.values.borrow_mut().push((selector.to_owned(), std::rc::Rc::clone(&value)));
        value
    }

    /// All values of a selector as one text, as header rules see it; `None` where there is none.
    pub(super) fn joined(&self, selector: &str) -> Option<Cow<'_, [u8]>> {
        match selector {
            "X-Spam-Relays-Untrusted" => return Some(Cow::Borrowed(self.relays().untrusted_text.as_bytes())),
            "X-Spam-Relays-External" => return Some(Cow::Borrowed(self.relays().external_text.as_bytes())),
            _ => {}
        }
        if selector.starts_with("ALL")
            && let Some(joined) = self.stretch_joined(selector)
        {
            return joined.map(Cow::Borrowed);
        }
        let values = self.get(selector);
        let first = values.first()?;
        if values.len() == 1 {
            return Some(first.clone());
        }
        let separator: &[u8] = if first.ends_with(b"\n") { b"" } else { b"\n" };
        Some(Cow::Owned(values.join(separator)))
    }

    /// The same for a selector that is no more than the name of a field.
    pub(super) fn joined_fields(&self, name: &str) -> Option<Cow<'m, [u8]>> {
        let mut fields = self.fields(name);
        let first = fields.next()?;
        let Some(second) = fields.next() else { return Some(Cow::Borrowed(first.ended)) };
        let more = self.fields(name).map(|field| field.ended.len()).sum();
        let mut text = Vec::with_capacity(more);
        [first, second].into_iter().chain(fields).for_each(|field| text.extend_from_slice(field.ended));
        Some(Cow::Owned(text))
    }

    /// All values as one text, or the first where the selector asks for addresses or names; empty where there is none.
    pub(super) fn text(&self, selector: &str) -> Cow<'m, str> {
        if is_field(selector) {
            return match self.joined_fields(selector) {
                Some(Cow::Borrowed(value)) => String::from_utf8_lossy(value),
                value => Cow::Owned(as_text(value.unwrap_or_default().into_owned())),
            };
        }
        let values = self.get(selector);
        let one = selector.contains(':') && !selector.ends_with(":raw") || selector == "EnvelopeFrom";
        let mut bytes = if one { values.first().cloned().unwrap_or_default().into_owned() } else { values.concat() };
        if one && bytes.ends_with(b"\n") {
            bytes.pop();
        }
        Cow::Owned(as_text(bytes))
    }

    /// The texts of a selector.
    pub(super) fn texts(&self, selector: &str) -> Vec<String> {
        if is_field(selector) {
            return self.fields(selector).map(|field| as_text(field.ended.to_vec())).collect();
        }
        self.get(selector).iter().map(|value| as_text(value.to_vec())).collect()
    }
}

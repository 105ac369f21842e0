//! The vocabulary: every fact that rules can name, with its type, its meaning, and what it costs to make.
//!
//! One table, longer than other files because it is one thing. The condition compiler resolves names against it, `in`
//! of a rule finds its texts here, `docs/facts.md` is generated from it, and `tamis facts` prints by it.

use super::{Client, EnvelopeFacts, Facts, File, Header, Hop, HtmlFacts, Link, PartFacts, Person};
use crate::input::AuthResults;
use crate::wanted::Wanted;

/// The type of a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    Bool,
    Int,
    Text,
    Timestamp,
    /// Texts by a text key: `header["x-mailer"]`.
    Map,
    Record(RecordType),
    List(Element),
}

/// What a list of facts holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Element {
    Text,
    Record(RecordType),
}

/// A fact's value, borrowed from [`Facts`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Value<'f> {
    /// The message does not have it: `has()` is false, and a condition that reads it is false as a whole.
    Absent,
    Bool(bool),
    Int(i64),
    Text(&'f str),
    /// Seconds since 1970-01-01 UTC.
    Timestamp(i64),
    /// Header fields by name in lower case; of several, the first.
    Map(&'f [Header]),
    Record(Record<'f>),
    List(List<'f>),
}

/// A list of facts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum List<'f> {
    Texts(&'f [String]),
    Headers(&'f [Header]),
    Hops(&'f [Hop]),
    Links(&'f [Link]),
    Files(&'f [File]),
    Parts(&'f [PartFacts]),
    Persons(&'f [Person]),
    Auth(&'f [AuthResults]),
}

impl<'f> List<'f> {
    pub(crate) fn len(self) -> usize {
        match self {
            List::Texts(list) => list.len(),
            List::Headers(list) => list.len(),
            List::Hops(list) => list.len(),
            List::Links(list) => list.len(),
            List::Files(list) => list.len(),
            List::Parts(list) => list.len(),
            List::Persons(list) => list.len(),
            List::Auth(list) => list.len(),
        }
    }

    pub(crate) fn get(self, index: usize) -> Option<Value<'f>> {
        match self {
            List::Texts(list) => list.get(index).map(|text| Value::Text(text)),
            List::Headers(list) => list.get(index).map(|it| Value::Record(Record::Header(it))),
            List::Hops(list) => list.get(index).map(|it| Value::Record(Record::Hop(it))),
            List::Links(list) => list.get(index).map(|it| Value::Record(Record::Link(it))),
            List::Files(list) => list.get(index).map(|it| Value::Record(Record::File(it))),
            List::Parts(list) => list.get(index).map(|it| Value::Record(Record::Part(it))),
            List::Persons(list) => list.get(index).map(|it| Value::Record(Record::Person(it))),
            List::Auth(list) => list.get(index).map(|it| Value::Record(Record::Auth(it))),
        }
    }
}

/// One name of the vocabulary.
pub(crate) struct Name {
    pub(crate) name: &'static str,
    pub(crate) kind: Type,
    /// One sentence, for `docs/facts.md`.
    pub(crate) what: &'static str,
    /// What has to be made for it. The fields of a list's elements add to what the list wants.
    pub(crate) wants: Wanted,
    /// Its value in the record that has it; `Absent` for a record of another type.
    pub(crate) get: for<'f> fn(Record<'f>) -> Value<'f>,
}

fn int(n: impl TryInto<i64>) -> Value<'static> {
    Value::Int(n.try_into().unwrap_or(i64::MAX))
}

fn time(seconds: Option<i64>) -> Value<'static> {
    seconds.map_or(Value::Absent, Value::Timestamp)
}

macro_rules! vocabulary {
    ($($(#[doc = $record_what:literal])* $record:ident ($inner:ty) {
        $($name:ident : $kind:expr, $wants:expr, $what:literal, |$it:ident| $get:expr;)*
    })*) => {
        /// The types of records.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum RecordType { $($record,)* }

        /// A record of facts.
        #[derive(Clone, Copy, Debug)]
        pub(crate) enum Record<'f> { $($record(&'f $inner),)* }

        impl RecordType {
            pub(crate) const ALL: &'static [RecordType] = &[$(RecordType::$record,)*];

            pub(crate) fn title(self) -> &'static str {
                match self { $(RecordType::$record => stringify!($record),)* }
            }

            pub(crate) fn what(self) -> &'static str {
                match self { $(RecordType::$record => concat!($($record_what,)*).trim_ascii(),)* }
            }

            /// Its names, in the order in which they are shown.
            pub(crate) fn names(self) -> &'static [Name] {
                match self { $(RecordType::$record => const { &[$(Name {
                    name: stringify!($name),
                    kind: $kind,
                    what: $what,
                    wants: $wants,
                    get: |record| match record {
                        Record::$record($it) => $get,
                        #[allow(unreachable_patterns)]
                        _ => Value::Absent,
                    },
                },)*] },)* }
            }
        }
    };
}

impl RecordType {
    pub(crate) fn name(self, name: &str) -> Option<&'static Name> {
        self.names().iter().find(|known| known.name == name)
    }
}

const TEXTS: Type = Type::List(Element::Text);
const PERSON: Type = Type::Record(RecordType::Person);

vocabulary! {
    /// The message as a whole: these names stand by themselves in a condition.
    Message(Facts<'f>) {
        size: Type::Int, Wanted::NOTHING, "Size of the message in bytes", |m| int(m.size);
        direction: Type::Text, Wanted::NOTHING, "`inbound` or `outbound`", |m| Value::Text(m.direction.name());
        envelope: Type::Record(RecordType::Envelope), Wanted::NOTHING, "The SMTP envelope", |m| Value::Record(Record::Envelope(&m.envelope));
        received: Type::Record(RecordType::Received), Wanted::NOTHING, "When the message reached us", |m| Value::Record(Record::Received(m));
        auth: Type::List(Element::Record(RecordType::Auth)), Wanted::NOTHING, "Authentication results that the caller vouches for", |m| Value::List(List::Auth(m.auth));
        from: PERSON, Wanted::PEOPLE, "The first address of From", |m| Value::Record(Record::Person(&m.people.from));
        from_count: Type::Int, Wanted::PEOPLE, "How many addresses stand in From", |m| int(m.people.from_count);
        sender: PERSON, Wanted::PEOPLE, "The address of Sender", |m| Value::Record(Record::Person(&m.people.sender));
        reply_to: PERSON, Wanted::PEOPLE, "The first address of Reply-To", |m| Value::Record(Record::Person(&m.people.reply_to));
        return_path: PERSON, Wanted::RETURN_PATH, "The envelope sender, else the Return-Path field", |m| Value::Record(Record::Person(&m.envelope.from));
        to: Type::List(Element::Record(RecordType::Person)), Wanted::PEOPLE, "The addresses of To", |m| Value::List(List::Persons(&m.people.to));
        cc: Type::List(Element::Record(RecordType::Person)), Wanted::PEOPLE, "The addresses of Cc", |m| Value::List(List::Persons(&m.people.cc));
        recipients_named: Type::Bool, Wanted::PEOPLE, "Every envelope recipient stands in To or Cc (true where the envelope is unknown)", |m| Value::Bool(m.people.recipients_named);
        return_path_agrees: Type::Bool, Wanted::PEOPLE, "From and return path are of one registrable domain (true where either is unknown)", |m| Value::Bool(m.people.return_path_agrees);
        reply_to_agrees: Type::Bool, Wanted::PEOPLE, "From and Reply-To are of one registrable domain (true where either is unknown)", |m| Value::Bool(m.people.reply_to_agrees);
        hops: Type::List(Element::Record(RecordType::Hop)), Wanted::ROUTE, "The Received fields, the newest first", |m| Value::List(List::Hops(&m.route.hops));
        client: Type::Record(RecordType::Client), Wanted::ROUTE, "The first host outside of own networks and trusted relays", |m| Value::Record(Record::Client(&m.route.client));
        header: Type::Map, Wanted::HEADERS, "Header fields by name in lower case, decoded; of several, the first: `header[\"x-mailer\"]`, `\"x-mailer\" in header`", |m| Value::Map(&m.headers);
        headers: Type::List(Element::Record(RecordType::Header)), Wanted::HEADERS, "All header fields, in order", |m| Value::List(List::Headers(&m.headers));
        subject: Type::Text, Wanted::HEADERS, "The Subject, decoded", |m| Value::Text(&m.subject);
        subject_folded: Type::Text, Wanted::HEADERS, "The Subject with case, look-alikes and invisible characters folded", |m| Value::Text(&m.subject_folded);
        message_id: Type::Text, Wanted::HEADERS, "The Message-ID without angle brackets", |m| Value::Text(&m.message_id);
        date: Type::Record(RecordType::Date), Wanted::HEADERS, "The Date field", |m| Value::Record(Record::Date(m));
        body: Type::Record(RecordType::Body), Wanted::NOTHING, "The text of the message", |m| Value::Record(Record::Body(&m.body));
        html: Type::Record(RecordType::Html), Wanted::HTML, "What the HTML does, summed over its documents, attached ones included", |m| Value::Record(Record::Html(&m.html));
        links: Type::List(Element::Record(RecordType::Link)), Wanted::LINKS, "Links in HTML and in text, each target once a text shown; where forms and refreshes lead, too", |m| Value::List(List::Links(&m.links));
        images: Type::List(Element::Record(RecordType::Link)), Wanted::LINKS, "Images that HTML fetches from elsewhere, each address once", |m| Value::List(List::Links(&m.images));
        files: Type::List(Element::Record(RecordType::File)), Wanted::FILES, "Attachments, inline files, and members of archives", |m| Value::List(List::Files(&m.files));
        parts: Type::List(Element::Record(RecordType::Part)), Wanted::SHAPE, "The parts of the MIME tree, as their headers describe them", |m| Value::List(List::Parts(&m.parts));
        defects: TEXTS, Wanted::DEFECTS, "Names of what is malformed, each once: `\"bare-cr\" in defects` (docs/defects.md)", |m| Value::List(List::Texts(&m.defects));
        incomplete: TEXTS, Wanted::NOTHING, "Names of the limits that were reached before detection (docs/limits.md)", |m| Value::List(List::Texts(&m.incomplete));
        readings: Type::Int, Wanted::NOTHING, "How many distinct readings of the message there are", |m| int(m.readings);
        items: Type::Int, Wanted::NOTHING, "How many items were looked at", |m| int(m.items);
    }

    /// The SMTP envelope. Empty where the caller did not say.
    Envelope(EnvelopeFacts) {
        from: PERSON, Wanted::RETURN_PATH, "The envelope sender, else the Return-Path field", |e| Value::Record(Record::Person(&e.from));
        has_from: Type::Bool, Wanted::RETURN_PATH, "A return path is known, from the envelope or the field; the null sender is known and empty", |e| Value::Bool(e.has_from);
        recipients: TEXTS, Wanted::NOTHING, "The envelope recipients", |e| Value::List(List::Texts(&e.recipients));
        helo: Type::Text, Wanted::NOTHING, "What the client said in HELO or EHLO", |e| Value::Text(&e.helo);
        auth_user: Type::Text, Wanted::NOTHING, "The user that the client authenticated as", |e| Value::Text(&e.auth_user);
        tls: Type::Bool, Wanted::NOTHING, "The session was encrypted", |e| Value::Bool(e.tls);
    }

    /// When the message reached us.
    Received(Facts<'f>) {
        time: Type::Timestamp, Wanted::NOTHING, "When; absent where the caller did not say", |m| time(m.received_at);
    }

    /// The Date field.
    Date(Facts<'f>) {
        time: Type::Timestamp, Wanted::HEADERS, "When; absent where there is no date, or it is malformed", |m| time(m.date);
        zone_minutes: Type::Int, Wanted::HEADERS, "The time zone, in minutes east of UTC; absent like `time`", |m| m.date_zone.map_or(Value::Absent, int);
    }

    /// An address, taken apart. All texts are empty where there is none.
    Person(Person) {
        name: Type::Text, Wanted::NOTHING, "The display name, decoded", |p| Value::Text(&p.name);
        address: Type::Text, Wanted::NOTHING, "local@domain, the domain in lower case", |p| Value::Text(&p.address);
        local: Type::Text, Wanted::NOTHING, "What stands before the @", |p| Value::Text(&p.local);
        host: Type::Text, Wanted::NOTHING, "What stands after the @, in lower case and ASCII", |p| Value::Text(&p.host);
        domain: Type::Text, Wanted::NOTHING, "The registrable domain of `host`", |p| Value::Text(&p.domain);
        is_free_mail: Type::Bool, Wanted::NOTHING, "The domain gives mailboxes to everybody", |p| Value::Bool(p.is_free_mail);
        name_address: Type::Text, Wanted::NOTHING, "An address inside the display name", |p| Value::Text(&p.name_address);
    }

    /// One authentication result (RFC 8601), from the caller; a field of that name in the message proves nothing.
    Auth(AuthResults) {
        method: Type::Text, Wanted::NOTHING, "`spf`, `dkim`, `dmarc`, `arc`", |a| Value::Text(&a.method);
        result: Type::Text, Wanted::NOTHING, "`pass`, `fail`, `softfail`, `neutral`, `none`, `temperror`, `permerror`, `policy`", |a| Value::Text(&a.result);
        domain: Type::Text, Wanted::NOTHING, "The domain that was checked", |a| Value::Text(&a.domain);
    }

    /// One Received field.
    Hop(Hop) {
        helo: Type::Text, Wanted::NOTHING, "What the client called itself", |h| Value::Text(&h.helo);
        name: Type::Text, Wanted::NOTHING, "The client's name as looked up by the server", |h| Value::Text(&h.name);
        ip: Type::Text, Wanted::NOTHING, "The client's address", |h| Value::Text(&h.ip);
        by: Type::Text, Wanted::NOTHING, "The server that wrote the field", |h| Value::Text(&h.by);
        with: Type::Text, Wanted::NOTHING, "The protocol, in upper case", |h| Value::Text(&h.with);
        time: Type::Timestamp, Wanted::NOTHING, "When; absent where it cannot be read", |h| time(h.time);
        is_private: Type::Bool, Wanted::NOTHING, "The address is private, loopback or link-local", |h| Value::Bool(h.is_private);
        is_trusted: Type::Bool, Wanted::NOTHING, "The address is in an own network or of a trusted relay", |h| Value::Bool(h.is_trusted);
    }

    /// The first host outside of own networks and trusted relays: the one that can be judged.
    Client(Client) {
        ip: Type::Text, Wanted::NOTHING, "Its address", |c| Value::Text(&c.ip);
        name: Type::Text, Wanted::NOTHING, "Its name, as looked up by the server that it spoke to", |c| Value::Text(&c.name);
        helo: Type::Text, Wanted::NOTHING, "What it called itself", |c| Value::Text(&c.helo);
        domain: Type::Text, Wanted::NOTHING, "The registrable domain of `name`", |c| Value::Text(&c.domain);
        is_own: Type::Bool, Wanted::NOTHING, "It is in one of our own networks", |c| Value::Bool(c.is_own);
    }

    /// A header field of the message itself.
    Header(Header) {
        name: Type::Text, Wanted::NOTHING, "In lower case", |h| Value::Text(&h.name);
        written_name: Type::Text, Wanted::NOTHING, "As written", |h| Value::Text(&h.written_name);
        value: Type::Text, Wanted::NOTHING, "Decoded and unfolded", |h| Value::Text(&h.value);
        raw: Type::Text, Wanted::NOTHING, "As it stands, folding included", |h| Value::Text(&h.raw);
    }

    /// The text of the message: of all its text parts that a reader sees in place.
    Body(super::Body<'f>) {
        source: Type::Text, Wanted::union(&[Wanted::SOURCE, Wanted::VISIBLE]), "Decoded, HTML and all", |b| Value::Text(&b.source.text);
        visible: Type::Text, Wanted::VISIBLE, "What a reader sees; blanks collapsed", |b| Value::Text(&b.visible.text);
        folded: Type::Text, Wanted::FOLDED, "What a reader sees, with case, look-alikes and invisible characters folded", |b| Value::Text(&b.folded.text);
        hidden: Type::Text, Wanted::HTML, "Text that HTML hides", |b| Value::Text(&b.hidden.text);
        current: Type::Text, Wanted::union(&[Wanted::QUOTES, Wanted::VISIBLE]), "Of what a reader sees, what the writer wrote now: all that is not `quoted`", |b| Value::Text(&b.current.text);
        quoted: Type::Text, Wanted::union(&[Wanted::QUOTES, Wanted::VISIBLE]), "Of what a reader sees, what is quoted: lines behind `>`, `<blockquote>`, what follows `-----Original Message-----` or a header that was copied into the text", |b| Value::Text(&b.quoted.text);
        script: Type::Text, Wanted::SCRIPT, "The script of most letters: `Latin`, `Cyrillic`, `Han`, ...", |b| Value::Text(&b.script);
        scripts: TEXTS, Wanted::SCRIPT, "All scripts, sorted", |b| Value::List(List::Texts(&b.scripts));
        words: Type::Int, Wanted::VISIBLE, "Words that a reader sees", |b| int(b.words);
        has_plain: Type::Bool, Wanted::VISIBLE, "There is a part of plain text", |b| Value::Bool(b.has_plain);
        has_html: Type::Bool, Wanted::VISIBLE, "There is a part of HTML", |b| Value::Bool(b.has_html);
    }

    /// What the HTML of the message does, summed over its documents, attached ones included.
    Html(HtmlFacts) {
        forms: TEXTS, Wanted::HTML, "The actions of its forms", |h| Value::List(List::Texts(&h.forms));
        password_inputs: Type::Int, Wanted::HTML, "Fields that ask for a password", |h| int(h.password_inputs);
        scripts: Type::Int, Wanted::HTML, "Scripts and event handlers", |h| int(h.scripts);
        remote_images: Type::Int, Wanted::HTML, "Images fetched from elsewhere", |h| int(h.remote_images);
        embeds: Type::Int, Wanted::HTML, "Frames, objects, applets", |h| int(h.embeds);
        refreshes: TEXTS, Wanted::HTML, "Addresses that it goes to by itself", |h| Value::List(List::Texts(&h.refreshes));
        elements: Type::Int, Wanted::HTML, "Elements", |h| int(h.elements);
        comment_bytes: Type::Int, Wanted::HTML, "Bytes of comments, without carriage returns", |h| int(h.comment_bytes);
    }

    /// A link in HTML or in text.
    Link(Link) {
        url: Type::Text, Wanted::NOTHING, "The target as written", |l| Value::Text(&l.url);
        scheme: Type::Text, Wanted::NOTHING, "In lower case", |l| Value::Text(&l.scheme);
        host: Type::Text, Wanted::NOTHING, "In lower case and ASCII", |l| Value::Text(&l.host);
        domain: Type::Text, Wanted::NOTHING, "The registrable domain of `host`", |l| Value::Text(&l.domain);
        port: Type::Int, Wanted::NOTHING, "0 where none is written", |l| int(l.port);
        path: Type::Text, Wanted::NOTHING, "The path", |l| Value::Text(&l.path);
        query: Type::Text, Wanted::NOTHING, "The query, without `?`", |l| Value::Text(&l.query);
        shown: Type::Text, Wanted::NOTHING, "The text that a reader sees; empty for forms and for images", |l| Value::Text(&l.shown);
        shown_host: Type::Text, Wanted::NOTHING, "The host that the shown text names", |l| Value::Text(&l.shown_host);
        shown_domain: Type::Text, Wanted::NOTHING, "The registrable domain of `shown_host`", |l| Value::Text(&l.shown_domain);
        is_ip: Type::Bool, Wanted::NOTHING, "The host is an IP address, in any notation", |l| Value::Bool(l.is_ip);
        has_user: Type::Bool, Wanted::NOTHING, "There is a user name before the host", |l| Value::Bool(l.has_user);
        is_punycode: Type::Bool, Wanted::NOTHING, "A label of the host is in punycode", |l| Value::Bool(l.is_punycode);
        is_look_alike: Type::Bool, Wanted::NOTHING, "The host mixes scripts, or imitates another by look-alike letters", |l| Value::Bool(l.is_look_alike);
        is_shortener: Type::Bool, Wanted::NOTHING, "The domain shortens addresses", |l| Value::Bool(l.is_shortener);
        in_html: Type::Bool, Wanted::NOTHING, "It stands in HTML", |l| Value::Bool(l.in_html);
        kind: Type::Text, Wanted::NOTHING, "What it stands in: `anchor`, `text`, `form` (its action), `refresh` (where the page goes by itself), `image`", |l| Value::Text(l.kind);
    }

    /// An attachment, an inline file, or a member of an archive.
    File(File) {
        name: Type::Text, Wanted::NOTHING, "The likeliest name", |f| Value::Text(&f.name);
        names: TEXTS, Wanted::NOTHING, "Every plausible name", |f| Value::List(List::Texts(&f.names));
        extension: Type::Text, Wanted::NOTHING, "The last extension of `name`, in lower case", |f| Value::Text(&f.extension);
        extensions: TEXTS, Wanted::NOTHING, "All extensions of all names, sorted", |f| Value::List(List::Texts(&f.extensions));
        declared_type: Type::Text, Wanted::NOTHING, "The declared media type", |f| Value::Text(&f.declared_type);
        kind: Type::Text, Wanted::NOTHING, "What the content is (docs/facts.md lists the kinds)", |f| Value::Text(&f.kind);
        size: Type::Int, Wanted::NOTHING, "Decoded size in bytes", |f| int(f.size);
        sha256: Type::Text, Wanted::HASHES, "SHA-256 in lower-case hex", |f| Value::Text(&f.sha256);
        is_encrypted: Type::Bool, Wanted::NOTHING, "It needs a password", |f| Value::Bool(f.is_encrypted);
        is_attached: Type::Bool, Wanted::NOTHING, "A reader sees it as an attached file", |f| Value::Bool(f.is_attached);
        is_disguised: Type::Bool, Wanted::NOTHING, "Its content is not what its type and name say", |f| Value::Bool(f.is_disguised);
        is_hidden: Type::Bool, Wanted::NOTHING, "Some program that reads the message differently shows no file of its kind for it (docs/readings.md)", |f| Value::Bool(f.is_hidden);
        archive: Type::Text, Wanted::NOTHING, "The path of the archive that holds it", |f| Value::Text(&f.archive);
        path: Type::Text, Wanted::NOTHING, "Its path in the message", |f| Value::Text(&f.path);
        depth: Type::Int, Wanted::NOTHING, "Containers around it", |f| int(f.depth);
    }

    /// A part of the MIME tree, as its header describes it.
    Part(PartFacts) {
        media_type: Type::Text, Wanted::NOTHING, "In lower case", |p| Value::Text(&p.media_type);
        charset: Type::Text, Wanted::NOTHING, "In lower case", |p| Value::Text(&p.charset);
        encoding: Type::Text, Wanted::NOTHING, "The transfer encoding as written, in lower case", |p| Value::Text(&p.encoding);
        boundary: Type::Text, Wanted::NOTHING, "The boundary", |p| Value::Text(&p.boundary);
        disposition: Type::Text, Wanted::NOTHING, "In lower case", |p| Value::Text(&p.disposition);
        parameters: TEXTS, Wanted::NOTHING, "Parameters of Content-Type: name=value", |p| Value::List(List::Texts(&p.parameters));
        names: TEXTS, Wanted::NOTHING, "Every plausible file name that its header gives; of a message or a multipart too", |p| Value::List(List::Texts(&p.names));
        depth: Type::Int, Wanted::NOTHING, "Containers around it", |p| int(p.depth);
        path: Type::Text, Wanted::NOTHING, "Its path in the message", |p| Value::Text(&p.path);
    }
}

//! Every key with a fixed name: what it takes, its default's reason, how it is read and how it is shown. In the order in
//! which `tamis config show` prints them.

use std::path::Path;

use tamis_engine::{DirectionPolicy, Experts, Network};

use super::value::{self, Given, Read};
use super::{Cache, Config, Learned, Model, serve};

/// A key with a fixed name.
pub(super) struct Key {
    /// `scan`, `actions.inbound`, ...
    pub(super) section: &'static str,
    pub(super) name: &'static str,
    /// Why one would set it, and why the default is what it is.
    pub(super) why: &'static str,
    pub(super) set: fn(&mut Config, Given<'_, '_>) -> Read<()>,
    /// The value as TOML.
    pub(super) get: fn(&Config) -> String,
}

/// A section, in the order in which they are shown.
pub(super) struct Section {
    pub(super) name: &'static str,
    pub(super) what: &'static str,
    /// How an entry looks, for sections whose keys are chosen by whoever writes the file.
    pub(super) example: &'static str,
}

pub(super) const SECTIONS: &[Section] = &[
    Section {
        name: "scan",
        what: "What one message may cost. Beyond it the verdict says `incomplete`: docs/limits.md",
        example: "",
    },
    Section { name: "networks", what: "Who is inside: the client is the first host outside of these", example: "" },
    Section { name: "actions.inbound", what: "What scores lead to, for mail that comes in", example: "" },
    Section { name: "actions.outbound", what: "What scores lead to, for mail that goes out", example: "" },
    Section {
        name: "recipients",
        what: "Recipients that are judged otherwise; the first entry that fits counts",
        example: "[[recipients]]\nname = \"abuse desk\"            # for errors\nfor = [\"abuse@example.com\", \"@lab.example.com\"]\n\
                  reject = false                 # tag, quarantine, reject, monitor_only as in [actions]\n\
                  lists = [\"blocked\"]            # the lists that count for them; all, where it is left out",
    },
    Section { name: "rules", what: "Which rules count: docs/rules.md", example: "" },
    Section {
        name: "rules.scores",
        what: "Other scores for rules, stock or own, without copying them",
        example: "link-through-shortener = 0.5",
    },
    Section {
        name: "lists",
        what: "Block and allow lists, one section each: docs/lists.md",
        example: "[lists.blocked]\nkind = \"domains\"               # domains, addresses, networks, urls, hashes\n\
                  effect = \"block\"               # block, allow\npath = \"blocked-domains.txt\"    # one file, or a list of files",
    },
    Section {
        name: "yara",
        what: "YARA rules over attachments and everything unpacked: docs/yara.md. Its limits are yara_* in [scan]",
        example: "",
    },
    Section { name: "bayes", what: "The statistical score", example: "" },
    Section { name: "milter", what: "tamis serve as a filter for Postfix: docs/deploy.md", example: "" },
    Section { name: "http", what: "tamis serve over HTTP", example: "" },
    Section { name: "log", what: "What tamis serve writes to standard error", example: "" },
    Section { name: "state", what: "What tamis serve keeps up to date", example: "" },
];

macro_rules! limit {
    ($field:ident, $type:ty, $least:expr, $why:expr) => {
        Key {
            section: "scan",
            name: stringify!($field),
            why: $why,
            set: |config, given| {
                let most = u64::from(<$type>::MAX).min(i64::MAX as u64);
                config.limits.$field = <$type>::try_from(value::whole(given, $least, most)?).unwrap_or(<$type>::MAX);
                Ok(())
            },
            get: |config| config.limits.$field.to_string(),
        }
    };
}

macro_rules! networks {
    ($field:ident, $why:expr) => {
        Key {
            section: "networks",
            name: stringify!($field),
            why: $why,
            set: |config, given| {
                config.networks.$field = value::networks(given)?;
                Ok(())
            },
            get: |config| list(config.networks.$field.iter().map(network)),
        }
    };
}

macro_rules! action {
    ($direction:ident, $section:expr, $field:ident, $read:path, $show:path, $why:expr) => {
        Key {
            section: $section,
            name: stringify!($field),
            why: $why,
            set: |config, given| {
                config.policy.$direction.$field = $read(given)?;
                Ok(())
            },
            get: |config| $show(&config.policy.$direction),
        }
    };
}

/// The keys of both directions are the same.
macro_rules! actions {
    ($direction:ident, $section:expr, $tag:expr, $quarantine:expr) => {
        [
            action!($direction, $section, tag, value::threshold, show_tag, $tag),
            action!($direction, $section, quarantine, value::threshold, show_quarantine, $quarantine),
            action!($direction, $section, reject, value::threshold, show_reject,
                "From this score on, refuse the message. No single stock rule reaches it"),
            action!($direction, $section, discard, value::threshold, show_discard,
                "From this score on, drop the message without a word. Nobody learns of a mistake, so it is off"),
            action!($direction, $section, block, value::action, show_block,
                "What a hit on a block list leads to: accept, tag, quarantine, defer, reject, discard"),
            action!($direction, $section, incomplete, value::action, show_incomplete,
                "The mildest action for a message that was not looked at wholly. Encrypted archives are honest often, so \
                 it is accept"),
            action!($direction, $section, differing_readings, value::action, show_differing_readings,
                "The mildest action for a message that mail programs read differently (docs/readings.md). Few honest ones \
                 do, so quarantine is for the careful"),
            action!($direction, $section, monitor_only, value::boolean, show_monitor_only,
                "Judge and say so, but do nothing stricter than tag: for the first weeks"),
        ]
    };
}

fn shown(threshold: Option<f64>) -> String {
    threshold.map_or("false".into(), |it| format!("{it:?}"))
}
fn show_tag(it: &DirectionPolicy) -> String {
    shown(it.tag)
}
fn show_quarantine(it: &DirectionPolicy) -> String {
    shown(it.quarantine)
}
fn show_reject(it: &DirectionPolicy) -> String {
    shown(it.reject)
}
fn show_discard(it: &DirectionPolicy) -> String {
    shown(it.discard)
}
fn show_block(it: &DirectionPolicy) -> String {
    format!("{:?}", it.block.name())
}
fn show_incomplete(it: &DirectionPolicy) -> String {
    format!("{:?}", it.incomplete.name())
}
fn show_differing_readings(it: &DirectionPolicy) -> String {
    format!("{:?}", it.differing_readings.name())
}
fn show_monitor_only(it: &DirectionPolicy) -> String {
    it.monitor_only.to_string()
}

fn network(network: &Network) -> String {
    format!("{}/{}", network.address(), network.prefix())
}

/// Texts as a TOML list.
pub(super) fn list(texts: impl Iterator<Item = impl AsRef<str>>) -> String {
    let quoted: Vec<String> = texts.map(|text| quote(text.as_ref())).collect();
    format!("[{}]", quoted.join(", "))
}

/// A text as TOML.
pub(super) fn quote(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

pub(super) fn path(path: &Path) -> String {
    crate::print::from_path(path).into_owned()
}

const SCAN: [Key; 15] = [
    Key {
        section: "scan",
        name: "threads",
        why: "How many messages are scanned at once; 0 is one a core",
        set: |config, given| {
            config.threads = usize::try_from(value::whole(given, 0, 1024)?).unwrap_or(usize::MAX);
            Ok(())
        },
        get: |config| config.threads.to_string(),
    },
    limit!(message_bytes, u32, 1024, "Bytes of a message that are read. Mail servers accept less: Postfix 10 MB"),
    limit!(headers, u32, 1, "Header fields of one part. Real mail stays under 200"),
    limit!(header_bytes, u32, 1024, "Bytes of the header fields of one part. Postfix cuts at 100 KB"),
    limit!(parts, u32, 1, "MIME parts. A digest of a busy mailing list has hundreds"),
    limit!(depth, u16, 1, "How deep parts and archives may nest, together. Honest forwards reach 10"),
    limit!(items, u32, 1, "Everything that is looked at: parts and files in archives"),
    limit!(unpacked_bytes, u64, 1024, "Bytes that decoding and unpacking may produce; a scan's memory hangs on it"),
    limit!(ratio, u32, 1, "How many times its size a container may unpack to, above 1 MiB. Text packs to a twentieth"),
    limit!(text_bytes, u32, 1024, "Bytes of one text that rules and Bayes see"),
    limit!(links, u32, 1, "Different links that are taken apart"),
    limit!(steps, u64, 1_000_000, "Bytes passed over by any loop. The default is about two seconds"),
    limit!(yara_item_bytes, u32, 1024, "Bytes of one item that YARA looks at"),
    limit!(yara_matches, u32, 1, "Matches of one YARA pattern in one item that are kept. Rules count to some hundreds"),
    limit!(
        yara_seconds,
        u16,
        2,
        "Seconds that YARA may take for a message. Its clock ticks once a second, so 2 is the least"
    ),
];

const NETWORKS: [Key; 2] = [
    networks!(own, "Our own networks, such as \"192.0.2.0/24\": mail from there is ours"),
    networks!(
        trusted,
        "Relays whose Received fields are believed, beside our own networks: backup MX, mailing-list hosts"
    ),
];

const INBOUND: [Key; 8] = actions!(
    inbound,
    "actions.inbound",
    "From this score on, deliver the message marked. false: never",
    "From this score on, keep it where a person can look at it. Few sites have such a place, so it is off"
);

const OUTBOUND: [Key; 8] = actions!(
    outbound,
    "actions.outbound",
    "From this score on, send the message marked. Marking our own mail helps nobody, so it is off",
    "From this score on, hold it: a customer's machine may have been broken into"
);

const RULES: [Key; 3] = [
    Key {
        section: "rules",
        name: "stock",
        why: "Whether the rules inside the program count",
        set: |config, given| {
            config.stock_rules = value::boolean(given)?;
            Ok(())
        },
        get: |config| config.stock_rules.to_string(),
    },
    Key {
        section: "rules",
        name: "paths",
        why: "Files of own rules, or folders with such files, relative to this file",
        set: |config, given| {
            config.rule_paths = value::paths(given, &config.base)?;
            Ok(())
        },
        get: |config| list(config.rule_paths.iter().map(|it| path(it))),
    },
    Key {
        section: "rules",
        name: "disable",
        why: "Rules that do not count, by name; tamis rules list shows the names",
        // Read where the places of its entries are at hand: read.rs.
        set: |_, given| value::texts(given).map(|_| ()),
        get: |config| list(config.disable.iter().map(|(rule, _)| rule)),
    },
];

const YARA: [Key; 5] = [
    Key {
        section: "yara",
        name: "enabled",
        why: "Whether YARA rules count at all, stock or own",
        set: |config, given| {
            config.yara.enabled = value::boolean(given)?;
            Ok(())
        },
        get: |config| config.yara.enabled.to_string(),
    },
    Key {
        section: "yara",
        name: "paths",
        why: "Files of YARA rules, or folders with such files, relative to this file. Those in rules.paths count too",
        set: |config, given| {
            config.yara.paths = value::paths(given, &config.base)?;
            Ok(())
        },
        get: |config| list(config.yara.paths.iter().map(|it| path(it))),
    },
    Key {
        section: "yara",
        name: "least_bytes",
        why: "Items of fewer bytes are left out, to save time on mail of many small parts. 0: none is",
        set: |config, given| {
            config.yara.least_bytes = u32::try_from(value::whole(given, 0, u64::from(u32::MAX))?).unwrap_or(u32::MAX);
            Ok(())
        },
        get: |config| config.yara.least_bytes.to_string(),
    },
    Key {
        section: "yara",
        name: "images_above",
        why: "Images of more bytes are left out; false: none is. A picture can hold an archive behind it, so it is off",
        set: |config, given| {
            config.yara.images_above = match given.get_ref() {
                toml::de::DeValue::Boolean(false) => None,
                _ => Some(u32::try_from(value::whole(given, 0, u64::from(u32::MAX))?).unwrap_or(u32::MAX)),
            };
            Ok(())
        },
        get: |config| config.yara.images_above.map_or("false".into(), |it| it.to_string()),
    },
    Key {
        section: "yara",
        name: "cache",
        why: "Where large sets of rules are kept compiled: \"home\" is $XDG_CACHE_HOME/tamis or ~/.cache/tamis, false is \
              nowhere, else a folder relative to this file. Only we may be able to write to it",
        set: |config, given| {
            config.yara.cache = match given.get_ref() {
                toml::de::DeValue::Boolean(false) => Cache::Off,
                _ => match value::text(given)? {
                    "home" => Cache::Home,
                    folder => Cache::Folder(value::path(folder, given.span(), &config.base)?),
                },
            };
            Ok(())
        },
        get: |config| match &config.yara.cache {
            Cache::Home => "\"home\"".into(),
            Cache::Off => "false".into(),
            Cache::Folder(folder) => quote(&path(folder)),
        },
    },
];

const BAYES: [Key; 10] = [
    Key {
        section: "bayes",
        name: "model",
        why: "\"stock\", false for none, or the file that tamis train wrote, relative to this file",
        set: |config, given| {
            config.model = match given.get_ref() {
                toml::de::DeValue::Boolean(false) => Model::Off,
                _ => match value::text(given)? {
                    "stock" => Model::Stock,
                    file => Model::File(value::path(file, given.span(), &config.base)?),
                },
            };
            Ok(())
        },
        get: |config| match &config.model {
            Model::Stock => "\"stock\"".into(),
            Model::Off => "false".into(),
            Model::File(file) => quote(&path(file)),
        },
    },
    Key {
        section: "bayes",
        name: "experts",
        why: "\"all\": naive Bayes and logistic regression; \"naive-bayes\": that alone, which makes four times as many mistakes",
        set: |config, given| {
            config.experts = match value::text(given)? {
                "all" => Experts::All,
                "naive-bayes" => Experts::NaiveBayes,
                other => return Err(value::wrong(given.span(), other, "write \"all\" or \"naive-bayes\"")),
            };
            Ok(())
        },
        get: |config| match config.experts {
            Experts::All => "\"all\"".into(),
            Experts::NaiveBayes => "\"naive-bayes\"".into(),
        },
    },
    Key {
        section: "bayes",
        name: "learned",
        why: "Where tamis learn keeps what it learns: a folder; \"auto\": FILE.learned beside the model's file, tamis/learned in \
              the user's state folder for the stock model; false: nothing is learned",
        set: |config, given| {
            config.learned = match given.get_ref() {
                toml::de::DeValue::Boolean(false) => Learned::Off,
                _ => match value::text(given)? {
                    "auto" => Learned::Auto,
                    folder => Learned::Folder(value::path(folder, given.span(), &config.base)?),
                },
            };
            Ok(())
        },
        get: |config| match &config.learned {
            Learned::Auto => "\"auto\"".into(),
            Learned::Off => "false".into(),
            Learned::Folder(folder) => quote(&path(folder)),
        },
    },
    Key {
        section: "bayes",
        name: "keep_learned",
        why: "How many of the latest learned messages can be listed and taken back; each takes about 4 KB",
        set: |config, given| {
            config.keep_learned = value::whole(given, 1, 1_000_000)? as usize;
            Ok(())
        },
        get: |config| config.keep_learned.to_string(),
    },
    Key {
        section: "bayes",
        name: "fade_after",
        why: "After so many learned messages all counts are halved, so that old mail counts less; 0: never",
        set: |config, given| {
            config.fade_after = value::whole(given, 0, 1_000_000_000)? as u32;
            Ok(())
        },
        get: |config| config.fade_after.to_string(),
    },
    Key {
        section: "bayes",
        name: "users",
        why: "A folder of what single users had learned (tamis learn --user): mail to one of them is judged by the site's model and \
              that; false: all have the site's",
        set: |config, given| {
            config.users = match given.get_ref() {
                toml::de::DeValue::Boolean(false) => None,
                _ => Some(value::path(value::text(given)?, given.span(), &config.base)?),
            };
            Ok(())
        },
        get: |config| config.users.as_ref().map_or("false".into(), |folder| quote(&path(folder))),
    },
    Key {
        section: "bayes",
        name: "learn_by_use",
        why: "Whether tamis serve learns messages whose verdict is clear without the model: docs/learning.md",
        set: |config, given| value::boolean(given).map(|found| config.learn_by_use.enabled = found),
        get: |config| config.learn_by_use.enabled.to_string(),
    },
    Key {
        section: "bayes",
        name: "learn_spam_from",
        why: "By use: the score, the model's points not counted, from which a message is learned as spam",
        set: |config, given| value::number(given).map(|found| config.learn_by_use.spam_from = found),
        get: |config| format!("{:?}", config.learn_by_use.spam_from),
    },
    Key {
        section: "bayes",
        name: "learn_ham_below",
        why: "By use: the score up to which a message is learned as ham, if something speaks for it: that it goes out, an allow \
              list, a rule below 0",
        set: |config, given| value::number(given).map(|found| config.learn_by_use.ham_below = found),
        get: |config| format!("{:?}", config.learn_by_use.ham_below),
    },
    Key {
        section: "bayes",
        name: "learn_most_an_hour",
        why: "By use: messages of ham, and of spam, an hour; of one sender's domain a twentieth, so that nobody teaches us alone",
        set: |config, given| {
            config.learn_by_use.most_an_hour = value::whole(given, 1, 1_000_000)? as u32;
            Ok(())
        },
        get: |config| config.learn_by_use.most_an_hour.to_string(),
    },
];

/// All of them.
pub(super) fn all() -> impl Iterator<Item = &'static Key> {
    const ALL: [&[Key]; 11] = [
        &SCAN,
        &NETWORKS,
        &INBOUND,
        &OUTBOUND,
        &RULES,
        &YARA,
        &BAYES,
        &serve::MILTER,
        &serve::HTTP,
        &serve::LOG,
        &serve::STATE,
    ];
    ALL.into_iter().flatten()
}

//! Lists on real mail: what the compiled tables find in the ham of SpamAssassin's public corpus, held against a search
//! that goes through the entries one by one. The entries are taken from the same mail, so that many of them hit.
//!
//! Passed over where the corpus is not at hand (`corpus/fetch.sh`), unless `TAMIS_REQUIRE_CORPUS=1` asks for it.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::path::PathBuf;

use tamis_engine::{Engine, EngineBuilder, FactValue, ListEffect, ListKind, ListSource, Mail};

/// Every how many-th message is looked at.
const STEP: usize = 5;

/// What a message names, as its facts say.
#[derive(Default)]
struct Named {
    /// Addresses of senders, in lower case.
    senders: Vec<String>,
    /// Host, path and query of links.
    links: Vec<(String, String, String)>,
    client: Option<Ipv4Addr>,
    digests: Vec<String>,
}

fn messages() -> Option<Vec<Vec<u8>>> {
    let folder = PathBuf::from(std::env::var_os("HOME")?).join(".cache/tamis-corpora/spamassassin/ham");
    let Ok(entries) = std::fs::read_dir(&folder) else {
        assert!(
            std::env::var_os("TAMIS_REQUIRE_CORPUS").is_none_or(|it| it != "1"),
            "{} is not there",
            folder.display()
        );
        eprintln!("{} is not there: passed over", folder.display());
        return None;
    };
    let mut paths: Vec<PathBuf> = entries.map(|it| it.unwrap().path()).filter(|it| it.is_file()).collect();
    paths.sort();
    Some(paths.into_iter().step_by(STEP).map(|path| std::fs::read(path).unwrap()).collect())
}

fn at<'f>(facts: &'f [(String, FactValue)], name: &str) -> &'f FactValue {
    &facts.iter().find(|(known, _)| known == name).unwrap_or_else(|| panic!("no fact {name}")).1
}

fn inner<'f>(value: &'f FactValue, name: &str) -> &'f FactValue {
    match value {
        FactValue::Record(fields) => at(fields, name),
        other => panic!("{name} of {other:?}"),
    }
}

fn text<'f>(value: &'f FactValue, name: &str) -> &'f str {
    match inner(value, name) {
        FactValue::Text(text) => text,
        other => panic!("{name}: {other:?}"),
    }
}

fn list(value: &FactValue) -> &[FactValue] {
    match value {
        FactValue::List(list) => list,
        other => panic!("{other:?}"),
    }
}

fn named(engine: &Engine, raw: &[u8]) -> Named {
    let facts = engine.worker().facts(&Mail::new(raw));
    let mut named = Named::default();
    for sender in ["from", "sender", "reply_to", "return_path"] {
        let person = at(&facts, sender);
        if !text(person, "host").is_empty() {
            named.senders.push(format!("{}@{}", text(person, "local").to_lowercase(), text(person, "host")));
        }
    }
    for header in list(at(&facts, "headers")) {
        // Fields that hold several addresses, or that stand twice, as people read them: what stands in angle brackets.
        if ["from", "sender", "reply-to"].contains(&text(header, "name")) {
            for piece in text(header, "value").split('<').skip(1) {
                if let Some((address, _)) = piece.split_once('>').filter(|(it, _)| it.contains('@') && it.is_ascii()) {
                    named.senders.push(address.trim().to_lowercase());
                }
            }
        }
    }
    named.links = list(at(&facts, "links"))
        .iter()
        .map(|link| (text(link, "host").to_owned(), text(link, "path").to_owned(), text(link, "query").to_owned()))
        .collect();
    named.client = text(at(&facts, "client"), "ip").parse().ok();
    named.digests = list(at(&facts, "files")).iter().map(|file| text(file, "sha256").to_owned()).collect();
    named
}

/// The entries, of each kind in the order of their lines.
struct Entries(BTreeMap<&'static str, Vec<String>>);

impl Entries {
    fn from(messages: &[Named]) -> Entries {
        let mut all: BTreeMap<&'static str, Vec<String>> = BTreeMap::new();
        let mut add = |kind, entry: String| {
            let entries = all.entry(kind).or_default();
            if !entry.is_empty() && !entries.contains(&entry) {
                entries.push(entry);
            }
        };
        for (number, message) in messages.iter().enumerate() {
            if number % 6 == 0 {
                for address in message.senders.iter().filter(|it| plain(it)) {
                    let host = address.rsplit('@').next().unwrap();
                    add("addresses", address.clone());
                    // Now the host and now the name above it, so that narrow and wide entries stand side by side.
                    for domain in
                        [host, host.split_once('.').map_or("", |it| it.1)].into_iter().filter(|it| is_name(it))
                    {
                        add("domains", domain.to_owned());
                    }
                }
            }
            if number % 9 == 0 {
                for (host, path, _) in
                    message.links.iter().filter(|(host, path, _)| is_name(host) && plain(path)).take(3)
                {
                    let segment = path.trim_start_matches('/').split('/').next().unwrap();
                    add("urls", format!("{host}/{segment}"));
                }
            }
            if let Some(client) = message.client.filter(|_| number % 5 == 0) {
                let [a, b, c, d] = client.octets();
                add(
                    "networks",
                    if number % 2 == 0 { format!("{a}.{b}.{c}.0/24") } else { format!("{a}.{b}.{c}.{d}/32") },
                );
                add("networks", format!("{a}.{b}.0.0/16"));
            }
            message.digests.iter().filter(|_| number % 2 == 0).for_each(|digest| add("hashes", digest.clone()));
        }
        Entries(all)
    }

    fn engine(&self) -> Engine {
        let kinds = [
            ("domains", ListKind::Domains),
            ("addresses", ListKind::Addresses),
            ("urls", ListKind::Urls),
            ("networks", ListKind::Networks),
            ("hashes", ListKind::Hashes),
        ];
        let mut builder = EngineBuilder::new();
        for (name, kind) in kinds {
            builder = builder.list(ListSource {
                name: name.into(),
                kind,
                effect: ListEffect::Block,
                source: format!("{name}.txt"),
                text: self.0.get(name).map(|it| it.join("\n")).unwrap_or_default(),
            });
        }
        builder.build().unwrap_or_else(|wrong| panic!("{wrong}"))
    }

    /// The list names that have to hit, by going through the entries.
    fn naive(&self, message: &Named) -> Vec<&'static str> {
        let below = |host: &str, domain: &str| host == domain || host.ends_with(&format!(".{domain}"));
        let hosts = || {
            let senders = message.senders.iter().map(|it| it.rsplit('@').next().unwrap());
            senders.chain(message.links.iter().map(|(host, _, _)| host.as_str()))
        };
        let of_url = |entry: &str, (host, path, _query): &(String, String, String)| {
            let (name, segment) = entry.split_once('/').unwrap();
            let path = path.trim_start_matches('/');
            host == name && (segment.is_empty() || path == segment || path.starts_with(&format!("{segment}/")))
        };
        let of_network = |entry: &str| {
            let (network, prefix) = entry.split_once('/').unwrap();
            let network: u32 = network.parse::<Ipv4Addr>().unwrap().into();
            let shift = 32 - prefix.parse::<u32>().unwrap();
            message.client.is_some_and(|client| u32::from(client) >> shift == network >> shift)
        };
        let mut hits = Vec::new();
        for (name, entries) in &self.0 {
            let hit = |entry: &String| match *name {
                "domains" => hosts().any(|host| below(host, entry)),
                "addresses" => message.senders.contains(entry),
                "urls" => message.links.iter().any(|link| of_url(entry, link)),
                "networks" => of_network(entry),
                _ => message.digests.contains(entry),
            };
            if entries.iter().any(hit) {
                hits.push(*name);
            }
        }
        hits
    }
}

/// A host name with a dot, and no address.
fn is_name(host: &str) -> bool {
    let last = host.rsplit_once('.').map_or("", |it| it.1);
    plain(host) && !host.contains('@') && !last.is_empty() && last.bytes().all(|it| it.is_ascii_alphabetic())
}

/// Letters, digits and signs that no normal form changes.
fn plain(text: &str) -> bool {
    !text.contains("..")
        && !text.contains("//")
        && text.bytes().all(|it| it.is_ascii_alphanumeric() || b"@/.-_".contains(&it))
}

#[test]
fn lists_find_in_real_mail_what_a_plain_search_finds() {
    let Some(raw) = messages() else { return };
    let facts_of = EngineBuilder::new().build().unwrap();
    let messages: Vec<Named> = raw.iter().map(|raw| named(&facts_of, raw)).collect();
    let entries = Entries::from(&messages);
    let engine = entries.engine();
    let mut worker = engine.worker();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for (raw, message) in raw.iter().zip(&messages) {
        let examined = worker.examine(&Mail::new(raw));
        let mut found: Vec<&str> = examined.findings().iter().filter_map(|it| it.rule.strip_prefix("list-")).collect();
        found.sort_unstable();
        found.dedup();
        let shown = String::from_utf8_lossy(raw.get(..400).unwrap_or(raw)).into_owned();
        assert_eq!(found, entries.naive(message), "{:?} {:?}\n{shown}", message.senders, message.client);
        for finding in examined.findings().iter().filter(|it| it.rule.starts_with("list-")) {
            *seen.entry(finding.rule.to_string()).or_default() += 1;
            // The line that is named holds an entry that a look-up of the same subject gives, and gives first.
            let told = finding.explanation.as_deref().unwrap();
            let line: u32 = told.split(".txt:").nth(1).unwrap().split(')').next().unwrap().parse().unwrap();
            let kind = finding.rule.strip_prefix("list-").unwrap();
            if plain(&finding.evidence) {
                let hits = engine.lists_lookup(&finding.evidence);
                let first = hits.iter().find(|hit| hit.list == kind);
                assert_eq!(first.map(|hit| hit.line), Some(line), "{told}: {}", finding.evidence);
            }
        }
    }
    for (kind, entries) in &entries.0 {
        let hits = seen.get(&format!("list-{kind}")).copied().unwrap_or_default();
        println!("{kind}: {} entries, {hits} findings in {} messages", entries.len(), raw.len());
        assert!(hits > 10, "{kind} is not tried: {hits}");
    }
}

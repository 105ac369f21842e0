//! The settings of `.cf` files that are no rules: lists of addresses and hosts, networks, top-level domains, free mail. Takes key
//! and value, keeps what rules ask for; settings that steer what Tamis does another way, or not at all, have no effect and are told.

use std::collections::BTreeMap;

use super::conf::bytes_of;
use super::globs::Globs;
use super::perl;
use super::words::{WordMap, Words};
use crate::input::Network;

/// What became of a setting.
pub(super) enum Taken {
    Yes,
    /// Known, and without effect.
    Idle,
    Wrong(String),
    Unknown,
}

/// What rules ask for.
#[derive(Debug, Default)]
pub(super) struct Settings {
    /// Lists of addresses by name; `*` and `?` stand for anything.
    pub(super) addresses: BTreeMap<String, Globs>,
    /// Addresses with the relay that has to hand their mail over.
    pub(super) relayed: BTreeMap<String, Vec<(String, String)>>,
    /// Hosts of addresses in text, by list: false takes one out.
    pub(super) uri_hosts: BTreeMap<String, WordMap<bool>>,
    pub(super) freemail: Words,
    pub(super) freemail_globs: Globs,
    pub(super) freemail_exempt: Words,
    pub(super) freemail_most: (usize, usize),
    pub(super) tlds: Words,
    pub(super) two_level: Words,
    pub(super) three_level: Words,
    /// Patterns of addresses that lead on to the address in their first group.
    pub(super) redirectors: Vec<String>,
    pub(super) trusted: Option<Vec<(Network, bool)>>,
    pub(super) internal: Option<Vec<(Network, bool)>>,
    pub(super) msa: Vec<(Network, bool)>,
    pub(super) originating: Vec<String>,
    pub(super) envelope_header: Option<String>,
    pub(super) locales: Vec<String>,
}

/// Keys behind which the name of a rule stands, or of a tag.
pub(super) const NAMED: &[&str] = &[
    "header",
    "body",
    "rawbody",
    "full",
    "uri",
    "mimeheader",
    "uri_detail",
    "meta",
    "score",
    "describe",
    "tflags",
    "test",
    "priority",
    "shortcircuit",
    "replace_tag",
    "replace_pre",
    "replace_inter",
    "replace_post",
];

/// The other keys that are taken, in their present spelling; for remedies.
pub(super) const KEYS: &[&str] = &[
    "replace_rules",
    "welcomelist_from",
    "welcomelist_from_rcvd",
    "welcomelist_to",
    "welcomelist_subject",
    "welcomelist_uri_host",
    "welcomelist_bounce_relays",
    "welcomelist_allows_relays",
    "unwelcomelist_from",
    "unwelcomelist_from_rcvd",
    "blocklist_from",
    "blocklist_to",
    "blocklist_subject",
    "blocklist_uri_host",
    "unblocklist_from",
    "more_spam_to",
    "all_spam_to",
    "enlist_addrlist",
    "enlist_uri_host",
    "delist_uri_host",
    "freemail_domains",
    "freemail_welcomelist",
    "trusted_networks",
    "internal_networks",
    "msa_networks",
    "clear_trusted_networks",
    "originating_ip_headers",
    "envelope_sender_header",
    "util_rb_tld",
    "util_rb_2tld",
    "util_rb_3tld",
    "redirector_pattern",
    "ok_locales",
    "required_score",
    "report_safe",
    "rewrite_header",
    "loadplugin",
];

/// Beginnings of settings that are known and have no effect: what Tamis does by its own configuration (headers, thresholds,
/// learning, lists of DNS), and how SpamAssassin runs.
const IDLE: &[&str] = &[
    "add_header",
    "adsp_",
    "allow_",
    "always_trust_",
    "arc_",
    "askdns",
    "asn_",
    "auto_",
    "bayes_",
    "body_part_scan_size",
    "check_mx_",
    "clear_headers",
    "clear_report_",
    "clear_uridnsbl_",
    "clear_unsafe_",
    "dcc_",
    "def_welcomelist_auth",
    "def_welcomelist_from_dkim",
    "def_welcomelist_from_spf",
    "dkim_",
    "dmarc_",
    "dns_",
    "enable_compat",
    "fns_",
    "fold_headers",
    "geodb_",
    "has_",
    "hashbl_",
    "header_address_parser",
    "ignore_",
    "internal_",
    "language",
    "learn",
    "loadplugin",
    "lock_",
    "max_",
    "meta_",
    "normalize_charset",
    "num_check_",
    "ok_languages",
    "parse_dkim_uris",
    "phishing_",
    "pyzor_",
    "rawbody_part_",
    "razor_",
    "rbl_",
    "redirector_",
    "remove_header",
    "report",
    "required_score",
    "reuse",
    "rewrite_header",
    "skip_",
    "spamcop_",
    "spamtrap_",
    "spf_",
    "sql_",
    "subjprefix",
    "tbirdurire",
    "textcat_",
    "time_limit",
    "timelog",
    "track_",
    "tryplugin",
    "txrep_",
    "unsafe_report",
    "unwelcomelist_auth",
    "uridnsbl",
    "uridnssub",
    "urinsrhs",
    "urinfullnsrhs",
    "urirhs",
    "urifullnsrhs",
    "urihost",
    "url_shortener",
    "use_",
    "user_",
    "util_rb",
    "version_tag",
    "welcomelist_auth",
    "welcomelist_from_dkim",
    "welcomelist_from_spf",
    "envelope_sender_",
    "dkim",
    "inactive_languages",
    "score_set",
    "freemail_",
    "hostname",
    "def_welcomelist",
    "ldap_",
];

impl Settings {
    /// Takes a setting, in any spelling of it.
    pub(super) fn set(&mut self, key: &str, value: &str) -> Taken {
        let key = key.replace("whitelist", "welcomelist").replace("blacklist", "blocklist");
        let words = || value.split_ascii_whitespace();
        let lower = || words().map(str::to_ascii_lowercase);
        let missing = |what: &str| Taken::Wrong(format!("{key} needs {what}"));
        match key.as_str() {
            "welcomelist_from"
            | "blocklist_from"
            | "welcomelist_to"
            | "blocklist_to"
            | "more_spam_to"
            | "all_spam_to"
            | "welcomelist_bounce_relays"
            | "welcomelist_allows_relays" => {
                if value.is_empty() {
                    return missing("an address");
                }
                self.addresses.entry(key).or_default().extend(lower());
            }
            "welcomelist_subject" | "blocklist_subject" => {
                self.addresses.entry(key).or_default().extend([value.to_ascii_lowercase()]);
            }
            "unwelcomelist_from" | "unblocklist_from" => {
                let list = key.strip_prefix("un").unwrap_or_default().to_owned();
                self.addresses.entry(list).or_default().remove(lower());
            }
            "welcomelist_from_rcvd" | "def_welcomelist_from_rcvd" => {
                let mut both = lower();
                match (both.next(), both.next()) {
                    (Some(address), Some(domain)) => self.relayed.entry(key).or_default().push((address, domain)),
                    _ => return missing("an address and the domain of a relay"),
                }
            }
            "unwelcomelist_from_rcvd" => {
                let gone: Words = lower().collect();
                for list in self.relayed.values_mut() {
                    list.retain(|(address, _)| !gone.contains(address));
                }
            }
            "enlist_addrlist" => match listed(value) {
                Some((list, rest)) => {
                    let entries = rest.split_ascii_whitespace().map(str::to_ascii_lowercase);
                    self.addresses.entry(list.to_owned()).or_default().extend(entries);
                }
                None => return missing("(LIST) address ..."),
            },
            "enlist_uri_host" | "delist_uri_host" | "blocklist_uri_host" | "welcomelist_uri_host" => {
                let (list, rest) = match key.as_str() {
                    "blocklist_uri_host" => ("BLOCK", value),
                    "welcomelist_uri_host" => ("WELCOME", value),
                    _ => match listed(value) {
                        Some(both) => both,
                        None => return missing("(LIST) host ..."),
                    },
                };
                for host in rest.split_ascii_whitespace().map(str::to_ascii_lowercase) {
                    let (host, counts) = match host.strip_prefix('!') {
                        Some(host) => (host.to_owned(), false),
                        None => (host, true),
                    };
                    let hosts = self.uri_hosts.entry(list.to_owned()).or_default();
                    match key.as_str() {
                        "delist_uri_host" => drop(hosts.remove(&host)),
                        _ => drop(hosts.insert(host, counts)),
                    }
                }
            }
            "freemail_domains" => {
                for domain in lower() {
                    match domain.contains(['*', '?']) {
                        true => self.freemail_globs.extend([format!("*@{domain}")]),
                        false => drop(self.freemail.insert(domain)),
                    }
                }
            }
            "freemail_welcomelist" => self.freemail_exempt.extend(lower()),
            "freemail_max_body_emails" | "freemail_max_body_freemails" => match value.trim().parse::<usize>() {
                Ok(most) if key.ends_with("body_emails") => self.freemail_most.0 = most.max(1),
                Ok(most) => self.freemail_most.1 = most.max(1),
                Err(_) => return missing("a number"),
            },
            "util_rb_tld" => self.tlds.extend(lower()),
            "util_rb_2tld" => self.two_level.extend(lower()),
            "util_rb_3tld" => self.three_level.extend(lower()),
            "clear_util_rb" => {
                self.tlds.clear();
                self.two_level.clear();
                self.three_level.clear();
            }
            "redirector_pattern" => {
                if let Err(why) =
                    perl::delimited(value).and_then(|(text, flags)| perl::translate(&bytes_of(text), flags))
                {
                    return Taken::Wrong(why);
                }
                self.redirectors.push(value.to_owned());
            }
            "trusted_networks" | "internal_networks" | "msa_networks" => {
                let list = match key.as_str() {
                    "trusted_networks" => self.trusted.get_or_insert_default(),
                    "internal_networks" => self.internal.get_or_insert_default(),
                    _ => &mut self.msa,
                };
                for word in words() {
                    match network(word) {
                        Some(network) => list.push(network),
                        None => return Taken::Wrong(format!("{word} is no network")),
                    }
                }
            }
            "clear_trusted_networks" => self.trusted = None,
            "clear_internal_networks" => self.internal = None,
            "clear_msa_networks" => self.msa.clear(),
            "originating_ip_headers" => {
                for name in words() {
                    if !self.originating.iter().any(|known| known.eq_ignore_ascii_case(name)) {
                        self.originating.push(name.to_owned());
                    }
                }
            }
            "clear_originating_ip_headers" => self.originating.clear(),
            "envelope_sender_header" => self.envelope_header = Some(value.trim_end_matches(':').to_owned()),
            "ok_locales" => self.locales = lower().collect(),
            _ if IDLE.iter().any(|start| key.starts_with(start)) => return Taken::Idle,
            _ => return Taken::Unknown,
        }
        Taken::Yes
    }
}

/// `(LIST) entries`.
fn listed(value: &str) -> Option<(&str, &str)> {
    let (list, rest) = value.trim_start().strip_prefix('(')?.split_once(')')?;
    (!list.is_empty() && !rest.trim().is_empty()).then_some((list, rest))
}

/// `10/8`, `192.0.2.1`, `!10.1/16`, `2001:db8::/32`, `[::1]`: missing octets are 0, and a short address without a length is a
/// network of its octets. The flag says whether it is taken out.
fn network(text: &str) -> Option<(Network, bool)> {
    let (text, out) = match text.strip_prefix('!') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    let text = text.replace(['[', ']'], "");
    if text.contains(':') {
        return Some((Network::parse(&text)?, out));
    }
    let (address, length) = match text.split_once('/') {
        Some((address, length)) => (address, Some(length.to_owned())),
        None => (text.as_str(), None),
    };
    let mut octets: Vec<&str> = address.trim_end_matches('.').split('.').collect();
    let given = octets.len();
    octets.resize(4, "0");
    let length = length.unwrap_or_else(|| (given * 8).to_string());
    let address: std::net::Ipv4Addr = octets.join(".").parse().ok()?;
    let bits: u32 = length.parse().ok().filter(|bits| *bits <= 32)?;
    let mask = u32::MAX.checked_shl(32 - bits).unwrap_or(0);
    let first = std::net::Ipv4Addr::from(u32::from(address) & mask);
    Some((Network::parse(&format!("{first}/{bits}"))?, out))
}

/// Whether an address is in a list of networks, the more special entry first: the last one that has it decides, and what takes
/// out wins.
pub(super) fn contains(list: &[(Network, bool)], ip: std::net::IpAddr) -> bool {
    let has = |out: bool| list.iter().any(|(network, taken)| *taken == out && network.contains(ip));
    has(false) && !has(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_are_taken() {
        let mut it = Settings::default();
        assert!(matches!(it.set("whitelist_from", "*@A.example b@c.example"), Taken::Yes));
        assert!(it.addresses["welcomelist_from"].fits("x@a.example"));
        assert!(matches!(it.set("unwhitelist_from", "*@a.example"), Taken::Yes));
        assert!(!it.addresses["welcomelist_from"].fits("x@a.example"));
        assert!(matches!(it.set("enlist_uri_host", "(X) a.example !b.a.example"), Taken::Yes));
        assert!(!it.uri_hosts["X"]["b.a.example"]);
        assert!(matches!(it.set("trusted_networks", "10/8 192.168.1 !10.1.0.0/16 ::1"), Taken::Yes));
        let trusted = it.trusted.as_deref().unwrap();
        assert!(contains(trusted, "10.2.3.4".parse().unwrap()) && contains(trusted, "192.168.1.9".parse().unwrap()));
        assert!(!contains(trusted, "10.1.3.4".parse().unwrap()));
        assert!(matches!(it.set("bayes_path", "/x"), Taken::Idle) && matches!(it.set("nonsense", ""), Taken::Unknown));
        assert!(matches!(it.set("trusted_networks", "x"), Taken::Wrong(_)));
    }
}

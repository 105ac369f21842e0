//! What only the network knows of the client: DNS block lists. Asks, and reads the answers; never looks up.
//!
//! A list is a zone (RFC 5782): `192.0.2.99` is on `bl.example` if `99.2.0.192.bl.example` has an address. An answer
//! that did not come is neutral, so a list that is down neither blocks nor frees anybody.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::facts::Facts;
use crate::finding::Finding;
use crate::input::{Answer, Answers, Question};
use crate::place::Place;
use crate::wanted::Wanted;

/// A DNS block list (RFC 5782).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DnsList {
    /// The zone, without a trailing dot.
    pub zone: String,
    /// The rule that a hit is a finding of.
    pub rule: String,
}

/// The block lists to ask.
#[derive(Debug, Default)]
pub(crate) struct Reputation {
    pub(crate) lists: Vec<DnsList>,
}

impl Reputation {
    pub(crate) fn wanted(&self) -> Wanted {
        if self.lists.is_empty() { Wanted::NOTHING } else { Wanted::ROUTE }
    }

    /// The names to be looked up for the client's address; none where it is unknown, our own, or one that no list can
    /// know.
    #[inline(never)] // benches/instructions.py finds it by its name
    pub(crate) fn ask(&self, facts: &Facts<'_>) -> Vec<Question> {
        let client = &facts.route.client;
        let Some(ip) = client.address.map(|ip| ip.to_canonical()) else { return Vec::new() };
        if client.is_own || !is_public(ip) {
            return Vec::new();
        }
        let reversed = reversed(ip);
        self.lists.iter().map(|list| Question::DnsAddress(format!("{reversed}.{}", list.zone))).collect()
    }

    /// Adds a finding for each list that has the client.
    pub(crate) fn judge(&self, asked: &[Question], answers: &Answers, findings: &mut Vec<Finding>) {
        for list in &self.lists {
            // The client is read back off the question, so that what is judged is what was asked.
            let hit = asked.iter().find_map(|question| {
                let Question::DnsAddress(name) = question;
                let client = client_of(name.strip_suffix(list.zone.as_str())?.strip_suffix('.')?)?;
                let Answer::Addresses(addresses) = answers.answer(question) else { return None };
                // The smallest, since resolvers shuffle and the verdict must not.
                let code = addresses.iter().filter(|address| is_listing(**address)).min()?;
                Some((name, client, code))
            });
            if let Some((name, client, code)) = hit {
                let mut finding =
                    Finding::new(list.rule.as_str(), Place::message(), format!("{name} has the address {code}"));
                finding.explanation = Some(format!("The client {client} is on the block list {}", list.zone));
                findings.push(finding);
            }
        }
    }
}

/// Whether an answer means "listed": an address of 127.0.0.0/8, but for 127.255.255.0/24, by which lists say that they
/// do not want to be asked by this resolver. Other addresses come from resolvers that answer for every name.
fn is_listing(answer: IpAddr) -> bool {
    matches!(answer, IpAddr::V4(v4) if v4.is_loopback() && !matches!(v4.octets(), [127, 255, 255, _]))
}

/// Whether an address belongs to one host on the internet. Lists know no others, and would learn of our networks.
fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let shared = matches!(v4.octets(), [100, 64..=127, ..]);
            let void = matches!(v4.octets(), [0 | 240..=255, ..]);
            !(v4.is_private() || v4.is_loopback() || v4.is_link_local() || v4.is_multicast() || shared || void)
        }
        // 2000::/3 is all that is handed out to hosts.
        IpAddr::V6(v6) => v6.octets().first().is_some_and(|first| first >> 5 == 1),
    }
}

/// The labels that stand before a zone: octets of IPv4, nibbles of IPv6, the last first.
fn reversed(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            format!("{d}.{c}.{b}.{a}")
        }
        IpAddr::V6(v6) => {
            let mut out = String::with_capacity(64);
            for byte in v6.octets().iter().rev() {
                let dot = if out.is_empty() { "" } else { "." };
                let _ = write!(out, "{dot}{:x}.{:x}", byte & 15, byte >> 4);
            }
            out
        }
    }
}

/// The address that the labels before a zone stand for; `None` where they stand for none.
fn client_of(labels: &str) -> Option<IpAddr> {
    let count = labels.split('.').count();
    let forward = labels.rsplit('.');
    match count {
        4 => {
            let octets = forward.map(|label| label.parse::<u8>().ok()).collect::<Option<Vec<u8>>>()?;
            Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(octets).ok()?)))
        }
        32 => {
            let nibbles = forward.map(|label| u128::from_str_radix(label, 16).ok().filter(|nibble| *nibble < 16));
            let bits = nibbles.collect::<Option<Vec<u128>>>()?.into_iter().fold(0, |bits, nibble| bits << 4 | nibble);
            Some(IpAddr::V6(Ipv6Addr::from(bits)))
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V6: &str = "b.a.9.8.7.6.5.0.4.0.0.0.3.0.0.0.2.0.0.0.1.0.0.0.0.0.0.0.1.2.3.4";

    fn reputation() -> Reputation {
        let list = |zone: &str, rule: &str| DnsList { zone: zone.into(), rule: rule.into() };
        Reputation { lists: vec![list("bl.example", "dns-bl"), list("two.bl.example", "dns-two")] }
    }

    fn asked(ip: &str) -> Vec<Question> {
        let reversed = reversed(ip.parse().unwrap());
        ["bl.example", "two.bl.example"].map(|zone| Question::DnsAddress(format!("{reversed}.{zone}"))).into()
    }

    fn judged(ip: &str, zone: usize, answer: Answer) -> Vec<Finding> {
        let questions = asked(ip);
        let mut answers = Answers::new();
        answers.insert(questions[zone].clone(), answer);
        let mut findings = Vec::new();
        reputation().judge(&questions, &answers, &mut findings);
        findings
    }

    fn addresses(addresses: &[&str]) -> Answer {
        Answer::Addresses(addresses.iter().map(|address| address.parse().unwrap()).collect())
    }

    #[test]
    fn names_are_those_of_the_standard() {
        assert_eq!(reversed("192.0.2.99".parse().unwrap()), "99.2.0.192");
        // The example of RFC 5782, section 2.4.
        assert_eq!(reversed("4321:0:1:2:3:4:567:89ab".parse().unwrap()), V6);
        for ip in ["192.0.2.99", "4321:0:1:2:3:4:567:89ab", "2001:db8::1"] {
            let ip = ip.parse().unwrap();
            assert_eq!(client_of(&reversed(ip)), Some(ip));
        }
        for wrong in ["", "1.2.3", "1.2.3.256", "1.2.3.4.5", &V6.replace('b', "g"), &V6.replace('b', "10")] {
            assert_eq!(client_of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_listed_client_is_a_finding_of_that_list_alone() {
        let findings = judged("192.0.2.99", 0, addresses(&["127.0.0.4", "127.0.0.2"]));
        assert_eq!(findings.len(), 1);
        assert_eq!(findings[0].rule.as_ref(), "dns-bl");
        assert_eq!(findings[0].evidence, "99.2.0.192.bl.example has the address 127.0.0.2");
        assert_eq!(findings[0].explanation.as_deref(), Some("The client 192.0.2.99 is on the block list bl.example"));
        let findings = judged("2001:db8::1", 1, addresses(&["127.0.0.2"]));
        assert_eq!(findings.iter().map(|finding| finding.rule.as_ref()).collect::<Vec<_>>(), ["dns-two"]);
    }

    #[test]
    fn no_answer_an_error_code_and_a_lying_resolver_are_neutral() {
        assert_eq!(judged("192.0.2.99", 0, Answer::Unknown), []);
        assert_eq!(judged("192.0.2.99", 0, addresses(&[])), []);
        assert_eq!(judged("192.0.2.99", 0, addresses(&["127.255.255.254"])), []);
        assert_eq!(judged("192.0.2.99", 0, addresses(&["203.0.113.7", "::1"])), []);
        let mut findings = Vec::new();
        reputation().judge(&asked("192.0.2.99"), &Answers::new(), &mut findings);
        assert_eq!(findings, []);
    }

    #[test]
    fn lists_are_asked_about_public_addresses_alone() {
        for public in ["192.0.2.1", "100.63.0.1", "172.32.0.1", "223.255.255.1", "2001:db8::1", "3fff::1"] {
            assert!(is_public(public.parse().unwrap()), "{public}");
        }
        for private in [
            "10.0.0.1",
            "172.16.0.1",
            "192.168.1.1",
            "127.0.0.1",
            "169.254.0.1",
            "100.64.0.1",
            "0.1.2.3",
            "224.0.0.1",
            "255.255.255.255",
            "::1",
            "::",
            "fe80::1",
            "fc00::1",
            "ff02::1",
        ] {
            assert!(!is_public(private.parse().unwrap()), "{private}");
        }
    }
}

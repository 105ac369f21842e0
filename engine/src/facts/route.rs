//! How a message came: its Received fields, and the first host outside of own networks and trusted relays.

use std::net::IpAddr;

use super::headers::Fields;
use super::{Client, Hop, Route};
use crate::input::{Envelope, Mail, Networks};
use crate::mime::fields::{self, Received};
use crate::text::host;

pub(super) fn gather(mail: &Mail<'_>, header: &Fields<'_>, networks: &Networks) -> Route {
    let received: Vec<Received> = header.all("received").map(fields::received).collect();
    let client = client(&mail.envelope, &received, networks);
    let hops = received.into_iter().map(|it| hop(it, networks)).collect();
    Route { hops, client }
}

/// Whether a host is outside: neither ours, nor a relay of ours, nor at an address that only our side can have.
fn is_outside(ip: IpAddr, networks: &Networks) -> bool {
    !networks.is_trusted(ip) && !host::is_private(ip)
}

/// The host that can be judged: whoever handed the message to us or to a relay that we trust. What older fields say is
/// hearsay, so the first host outside ends the search. Where all are inside, it is the client of the envelope.
fn client(envelope: &Envelope, received: &[Received], networks: &Networks) -> Client {
    let of_envelope = |ip: Option<IpAddr>| {
        let name = envelope.client_name.as_deref().unwrap_or_default();
        named(ip, name, envelope.helo.as_deref().unwrap_or_default(), networks)
    };
    if envelope.client_ip.is_some_and(|ip| is_outside(ip, networks)) {
        return of_envelope(envelope.client_ip);
    }
    let outside = received.iter().find(|hop| hop.ip.is_some_and(|ip| is_outside(ip, networks)));
    match outside {
        Some(hop) => named(hop.ip, &hop.name, &hop.helo, networks),
        None => of_envelope(envelope.client_ip),
    }
}

fn named(ip: Option<IpAddr>, name: &str, helo: &str, networks: &Networks) -> Client {
    let name = host::normal(name).into_owned();
    Client {
        address: ip,
        ip: ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default(),
        domain: host::registrable(&name).to_owned(),
        name,
        helo: helo.to_owned(),
        is_own: ip.is_some_and(|ip| networks.is_own(ip)),
    }
}

fn hop(received: Received, networks: &Networks) -> Hop {
    Hop {
        ip: received.ip.map(|ip| ip.to_canonical().to_string()).unwrap_or_default(),
        is_private: received.ip.is_some_and(host::is_private),
        is_trusted: received.ip.is_some_and(|ip| networks.is_trusted(ip)),
        helo: received.helo,
        name: received.name,
        by: received.by,
        with: received.with,
        time: received.time,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::input::Network;

    fn networks() -> Networks {
        let network = |text| Network::parse(text).unwrap();
        Networks { own: vec![network("192.0.2.0/24")], trusted: vec![network("198.51.100.25")] }
    }

    fn hops(ips: &[&str]) -> Vec<Received> {
        let hop = |ip: &&str| Received {
            ip: ip.parse().ok(),
            helo: format!("helo-{ip}"),
            name: "Mail.Example.com".into(),
            ..Received::default()
        };
        ips.iter().map(hop).collect()
    }

    fn envelope(ip: &str) -> Envelope {
        Envelope { client_ip: ip.parse().ok(), helo: Some("said".into()), ..Envelope::default() }
    }

    #[test]
    fn the_client_of_the_envelope_comes_first() {
        let client = client(&envelope("203.0.113.9"), &hops(&["203.0.113.1"]), &networks());
        assert_eq!((client.ip.as_str(), client.helo.as_str(), client.is_own), ("203.0.113.9", "said", false));
    }

    #[test]
    fn inner_hosts_are_stepped_over() {
        let received = hops(&["192.0.2.4", "10.0.0.1", "none", "198.51.100.25", "203.0.113.1", "203.0.113.2"]);
        for inner in ["", "192.0.2.7", "198.51.100.25", "127.0.0.1"] {
            let client = client(&envelope(inner), &received, &networks());
            assert_eq!((client.ip.as_str(), client.helo.as_str()), ("203.0.113.1", "helo-203.0.113.1"), "{inner}");
            assert_eq!((client.name.as_str(), client.domain.as_str()), ("mail.example.com", "example.com"));
        }
        let near = client(&envelope(""), &hops(&["198.51.100.26", "203.0.113.1"]), &networks());
        assert_eq!(near.ip, "198.51.100.26", "a neighbour of the trusted relay is a stranger");
    }

    #[test]
    fn mail_from_inside_has_its_own_client() {
        let inside = client(&envelope("192.0.2.7"), &hops(&["192.0.2.4"]), &networks());
        assert_eq!((inside.ip.as_str(), inside.is_own), ("192.0.2.7", true));
        let unknown = client(&Envelope::default(), &[], &networks());
        assert_eq!((unknown.address, unknown.is_own), (None, false));
    }

    #[test]
    fn hops_say_where_they_were() {
        let marks = |ip: &str| {
            let hop = hop(hops(&[ip]).swap_remove(0), &networks());
            (hop.ip, hop.is_private, hop.is_trusted)
        };
        assert_eq!(marks("::ffff:10.0.0.1"), ("10.0.0.1".into(), true, false));
        assert_eq!(marks("198.51.100.25"), ("198.51.100.25".into(), false, true));
        assert_eq!(marks("nothing"), (String::new(), false, false));
    }
}

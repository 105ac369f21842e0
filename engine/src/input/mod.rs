//! What the caller hands us: the message's bytes, and what is known of its transport. Takes plain data, gives plain
//! data; never reads a clock, a file or the network.

mod questions;

use std::net::IpAddr;
use std::sync::atomic::AtomicBool;

pub use questions::{Answer, Answers, Question};

use crate::direction::Direction;

/// The SMTP envelope and the client that brought the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Envelope {
    /// Address of the SMTP client.
    pub client_ip: Option<IpAddr>,
    /// Host name of the client as the mail server verified it.
    pub client_name: Option<String>,
    /// What the client said in HELO or EHLO.
    pub helo: Option<String>,
    /// MAIL FROM, without angle brackets; `Some("")` is the null sender of a bounce.
    pub mail_from: Option<String>,
    /// RCPT TO, without angle brackets, in order.
    pub rcpt_to: Vec<String>,
    /// The user that the client authenticated as.
    pub auth_user: Option<String>,
    /// Whether the session was encrypted.
    pub tls: bool,
}

/// One result of an authentication check that the caller vouches for, as in `Authentication-Results` (RFC 8601).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuthResults {
    /// `spf`, `dkim`, `dmarc`, `arc`.
    pub method: String,
    /// `pass`, `fail`, `softfail`, `neutral`, `none`, `temperror`, `permerror`, `policy`.
    pub result: String,
    /// The domain that was checked.
    pub domain: String,
}

/// A message to be judged.
///
/// Borrows the message's bytes; everything else is small and owned.
#[derive(Clone, Debug)]
pub struct Mail<'a> {
    /// The message, header and body, with any line ends.
    pub raw: &'a [u8],
    /// The message's size in bytes where the caller holds only its head in `raw`, because the rest is over the limit.
    pub whole_size: Option<u64>,
    /// Which way it goes.
    pub direction: Direction,
    /// Its envelope.
    pub envelope: Envelope,
    /// When it was received, in seconds since 1970-01-01 UTC; unknown, facts that compare with it are absent.
    pub received_at: Option<i64>,
    /// Authentication results that the caller vouches for.
    pub auth: Vec<AuthResults>,
    /// Set by the caller, from any thread, to end the scan early; the verdict then says `deadline` under `incomplete`.
    pub stop: Option<&'a AtomicBool>,
}

impl<'a> Mail<'a> {
    /// An inbound message of which nothing is known but its bytes.
    pub fn new(raw: &'a [u8]) -> Mail<'a> {
        Mail {
            raw,
            whole_size: None,
            direction: Direction::Inbound,
            envelope: Envelope::default(),
            received_at: None,
            auth: Vec::new(),
            stop: None,
        }
    }

    /// The message's size in bytes, whether or not all of it is at hand.
    pub fn size(&self) -> u64 {
        (self.raw.len() as u64).max(self.whole_size.unwrap_or(0))
    }
}

/// Networks that the configuration names.
#[derive(Clone, Debug, Default)]
pub struct Networks {
    /// Our own: a message from there is outbound, and no hop in them is "outside".
    pub own: Vec<Network>,
    /// Relays whose `Received` fields are believed.
    pub trusted: Vec<Network>,
}

impl Networks {
    /// Whether `ip` is in one of our own networks.
    pub fn is_own(&self, ip: IpAddr) -> bool {
        self.own.iter().any(|network| network.contains(ip))
    }

    /// Whether what `ip` says of earlier hops is believed: own networks and trusted relays.
    pub fn is_trusted(&self, ip: IpAddr) -> bool {
        self.is_own(ip) || self.trusted.iter().any(|network| network.contains(ip))
    }
}

/// An IPv4 or IPv6 network in CIDR notation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

impl Network {
    /// Reads `192.0.2.0/24`, `2001:db8::/32` or a single address. `None` where it is neither, or where bits are set
    /// beyond the prefix.
    pub fn parse(text: &str) -> Option<Network> {
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address.parse::<IpAddr>().ok()?, Some(prefix.parse::<u8>().ok()?)),
            None => (text.parse::<IpAddr>().ok()?, None),
        };
        let longest = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(longest);
        let network = Network { address, prefix };
        (prefix <= longest && bits(address) & !network.mask() == 0).then_some(network)
    }

    /// Whether `ip` lies in the network; an IPv4 address written as `::ffff:a.b.c.d` counts as the IPv4 address.
    pub fn contains(&self, ip: IpAddr) -> bool {
        let ip = ip.to_canonical();
        ip.is_ipv4() == self.address.is_ipv4() && bits(ip) & self.mask() == bits(self.address)
    }

    /// The network's first address.
    pub fn address(&self) -> IpAddr {
        self.address
    }

    /// The length of its prefix, in bits.
    pub fn prefix(&self) -> u8 {
        self.prefix
    }

    fn mask(&self) -> u128 {
        let width = if self.address.is_ipv4() { 32 } else { 128 };
        let host = u32::from(width - self.prefix.min(width));
        let all = if width == 32 { u128::from(u32::MAX) } else { u128::MAX };
        all.checked_shl(host).unwrap_or(0) & all
    }
}

fn bits(ip: IpAddr) -> u128 {
    match ip {
        IpAddr::V4(ip) => u128::from(u32::from(ip)),
        IpAddr::V6(ip) => u128::from(ip),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let ten = Network::parse("10.0.0.0/8").unwrap();
        assert!(ten.contains("10.255.0.1".parse().unwrap()));
        assert!(ten.contains("::ffff:10.1.2.3".parse().unwrap()));
        assert!(!ten.contains("11.0.0.1".parse().unwrap()));
        assert!(Network::parse("0.0.0.0/0").unwrap().contains("203.0.113.9".parse().unwrap()));
        let documentation = Network::parse("2001:db8::/32").unwrap();
        assert!(documentation.contains("2001:db8:1::1".parse().unwrap()));
        assert!(!documentation.contains("2001:db9::1".parse().unwrap()));
        for wrong in ["10.0.0.1/8", "10.0.0.0/33", "2001:db8::/129", "ten", "10.0.0.0/", ""] {
            assert_eq!(Network::parse(wrong), None, "{wrong}");
        }
    }
}

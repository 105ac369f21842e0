//! Block lists of made-up entries: what building one takes in time and memory, and what a look-up costs, through
//! `Engine::listed`.

use std::fmt::Write as _;

use clap::{Args, ValueEnum};
use tamis_engine::{EngineBuilder, ListEffect, ListKind, ListSource, ListSubject};

use crate::clock;

/// Builds a list and looks subjects up in it.
#[derive(Args)]
pub(crate) struct Lists {
    #[arg(long)]
    kind: Kind,
    #[arg(long)]
    entries: u64,
    /// How many subjects that are on the list, and as many that are not
    #[arg(long)]
    lookups: u64,
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, ValueEnum)]
enum Kind {
    Domains,
    Addresses,
    Networks,
    Urls,
    Hashes,
}

impl Kind {
    /// Entry number `n`, the same in every run; those of other seeds are others.
    fn entry(self, seed: u64, n: u64, into: &mut String) {
        let a = mixed(seed ^ n.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let b = mixed(a);
        let (word, host) = (a >> 20, b >> 40);
        let _ = match self {
            Kind::Domains => write!(into, "{word:x}.{host:x}.example"),
            Kind::Addresses => write!(into, "{word:x}@{host:x}.example"),
            // Of one size and never the same twice, so that none covers another; the last bit of the net tells the seeds apart
            Kind::Networks => {
                let net = (n << 1 | (seed & 1)) as u32;
                let [_, a, b, c] = net.to_be_bytes();
                write!(into, "2001:db8:{:x}{a:02x}:{b:02x}{c:02x}::/64", net >> 24)
            }
            Kind::Urls => write!(into, "https://{host:x}.example/{word:x}/index.html"),
            Kind::Hashes => write!(into, "{a:016x}{b:016x}{:016x}{:016x}", mixed(b), mixed(b ^ a)),
        };
    }

    /// What is looked up to find, or not to find, entry number `n`.
    fn subject(self, seed: u64, n: u64) -> String {
        let mut text = String::new();
        self.entry(seed, n, &mut text);
        match self {
            Kind::Networks => text.replace("::/64", "::1"),
            _ => text,
        }
    }

    fn kind(self) -> ListKind {
        match self {
            Kind::Domains => ListKind::Domains,
            Kind::Addresses => ListKind::Addresses,
            Kind::Networks => ListKind::Networks,
            Kind::Urls => ListKind::Urls,
            Kind::Hashes => ListKind::Hashes,
        }
    }
}

/// A number that looks like chance (splitmix64).
fn mixed(n: u64) -> u64 {
    let n = (n ^ (n >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let n = (n ^ (n >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    n ^ (n >> 31)
}

impl Lists {
    /// Runs it.
    pub(crate) fn run(&self) -> Result<(), String> {
        let mut text = String::new();
        for n in 0..self.entries {
            self.kind.entry(self.seed, n, &mut text);
            text.push('\n');
        }
        println!("text_bytes {}", text.len());
        let list = ListSource {
            name: "made-up".into(),
            kind: self.kind.kind(),
            effect: ListEffect::Block,
            source: "made-up.txt".into(),
            text: std::mem::take(&mut text),
        };
        let began = clock::cpu()?;
        let engine = EngineBuilder::new().list(list).build().map_err(|error| error.to_string())?;
        println!("build_ns {}", clock::cpu()?.saturating_sub(began));
        println!("memory_bytes {}", clock::memory("VmRSS")?);
        println!("peak_bytes {}", clock::memory("VmHWM")?);
        let sizes = engine.list_sizes();
        println!("list_bytes {}", sizes.iter().map(|it| it.bytes as u64).sum::<u64>());
        println!("count entries {}", sizes.iter().map(|it| it.entries as u64).sum::<u64>());
        for (what, seed) in [("hits", self.seed), ("misses", self.seed + 1)] {
            let numbers = (0..self.lookups).map(|n| mixed(n) % self.entries.max(1));
            let subjects: Vec<ListSubject> = numbers.map(|n| ListSubject::read(&self.kind.subject(seed, n))).collect();
            let began = clock::cpu()?;
            let found = subjects.iter().filter(|subject| engine.listed(subject).is_some()).count();
            println!("{what}_ns {}", clock::cpu()?.saturating_sub(began));
            println!("count {what}_found {found}");
        }
        Ok(())
    }
}

//! Tests of unpacking. Archives and encodings are composed here, so that no file of the repository holds what virus
//! scanners look for.

mod any;
mod bombs;
pub(crate) mod build;
mod found;
mod kinds;
mod limits;
mod ole;
mod threads;
mod zips;

use std::sync::OnceLock;

use sha2::{Digest, Sha256};

use super::*;
use crate::limits::Limits;
use crate::mime;

/// The test file of all virus scanners, in two halves.
fn eicar() -> &'static [u8] {
    static WHOLE: OnceLock<Vec<u8>> = OnceLock::new();
    WHOLE.get_or_init(|| {
        [r"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD", "-ANTIVIRUS-TEST-FILE!$H+H*"].concat().into_bytes()
    })
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

/// An item, as tests look at it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    path: String,
    names: Vec<String>,
    kind: Kind,
    size: u64,
    sha256: Option<[u8; 32]>,
    bytes: Vec<u8>,
    depth: u16,
    attached: bool,
    encrypted: bool,
    disguised: bool,
    cut: bool,
    text: Option<String>,
}

/// All of a message: its items, defects and gaps.
#[derive(Debug, PartialEq, Eq)]
struct All {
    items: Vec<Seen>,
    defects: Vec<&'static str>,
    gaps: Vec<Limit>,
    opened: u32,
}

impl All {
    fn paths(&self) -> Vec<&str> {
        self.items.iter().map(|item| item.path.as_str()).collect()
    }

    fn at(&self, path: &str) -> &Seen {
        self.items.iter().find(|item| item.path == path).unwrap_or_else(|| panic!("{path} of {:?}", self.paths()))
    }

    /// The limits reached, each once.
    fn limits(&self) -> Vec<Limit> {
        let mut limits = self.gaps.clone();
        limits.sort_unstable();
        limits.dedup();
        limits
    }
}

fn open_with(raw: &[u8], limits: &Limits, wanted: Wanted, leaves: Option<&rayon::ThreadPool>) -> All {
    let mut budget = Budget::new(limits, None);
    let tree = mime::parse(raw, &mut budget);
    let content = open_all(raw, tree, wanted, &mut Scratch::default(), &mut budget, leaves);
    let seen = |item: &Item| Seen {
        path: item.path.to_string(),
        names: item.names.clone(),
        kind: item.kind,
        size: item.size,
        sha256: item.sha256,
        bytes: content.bytes(item).to_vec(),
        depth: item.depth,
        attached: item.attached,
        encrypted: item.encrypted,
        disguised: item.disguised,
        cut: item.cut,
        text: content.text(item).map(|text| text.into_owned()),
    };
    let mut defects: Vec<_> = content.defects.iter().map(|it| it.kind.name()).collect();
    defects.sort_unstable();
    defects.dedup();
    All {
        items: content.items.iter().map(seen).collect(),
        defects,
        gaps: budget.reached.iter().map(|gap| gap.limit).collect(),
        opened: content.work.opened,
    }
}

fn open_within(raw: &[u8], limits: &Limits) -> All {
    open_with(raw, limits, Wanted::ALL, None)
}

fn opened(raw: &[u8]) -> All {
    open_within(raw, &Limits::default())
}

/// Holds the item at `path` against the whole of what must be there.
fn assert_is(all: &All, path: &str, kind: Kind, bytes: &[u8]) {
    let item = all.at(path);
    assert_eq!(item.bytes, bytes, "{path}");
    assert_eq!((item.kind, item.size, item.sha256), (kind, bytes.len() as u64, Some(sha256(bytes))), "{path}");
}

//! [`Tree`](crate::mime::Tree) -> [`Content`]. Takes a tree and the budget, gives a flat list of items; never fails,
//! never recurses: containers wait on a worklist, and no opener calls another.

pub(crate) mod content;

#[allow(unused_imports)]
pub(crate) use content::{Content, Data, Document, DocumentLink, Item, Kind, Origin, Text};

use crate::limits::Budget;
use crate::mime::Tree;
use crate::scratch::Scratch;
use crate::verdict::Work;
use crate::wanted::Wanted;

/// Opens everything that the message holds, as far as anybody wants it and the budget goes.
pub(crate) fn open_all<'s>(
    raw: &'s [u8],
    tree: Tree,
    _wanted: Wanted,
    _scratch: &mut Scratch,
    _budget: &mut Budget<'_>,
    _leaves: Option<&rayon::ThreadPool>,
) -> Content<'s> {
    let readings = tree.readings;
    Content {
        raw,
        trees: vec![tree],
        items: Vec::new(),
        buffers: Vec::new(),
        defects: Vec::new(),
        readings,
        work: Work::default(),
    }
}

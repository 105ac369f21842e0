//! Ends that a document leaves out: which start tags end which open elements (HTML, section 13.2.6). A paragraph ends
//! where a block begins, a row where the next one does, and with it a cell that is still open.

/// Kinds of elements whose end may be left out.
const PARAGRAPH: usize = 0;
const ITEM: usize = 1;
const CELL: usize = 2;
const ROW: usize = 3;
const SECTION: usize = 4;
const OPTION: usize = 5;
const TERM: usize = 6;
const LINK: usize = 7;

/// Where on the stack the nearest open element of each kind is, as far as a start tag may end it.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scope([Option<u16>; 8]);

impl Scope {
    /// The lowest place on the stack that the start of an element ends, with all that is above.
    pub(super) fn closed_by(&self, name: &str) -> Option<usize> {
        let kinds: &[usize] = match name {
            "li" => &[ITEM, PARAGRAPH],
            "td" | "th" => &[CELL],
            "tr" => &[CELL, ROW],
            "tbody" | "thead" | "tfoot" => &[CELL, ROW, SECTION],
            "option" | "optgroup" => &[OPTION],
            "dd" | "dt" => &[TERM, PARAGRAPH],
            "a" => &[LINK],
            _ if ends_paragraph(name) => &[PARAGRAPH],
            _ => return None,
        };
        let places = kinds.iter().filter_map(|kind| self.0.get(*kind).copied().flatten());
        places.min().map(usize::from)
    }

    /// An element begins at `place`: it is the nearest of its kind, and some keep what is around them from being ended
    /// by what is in them.
    pub(super) fn begin(&mut self, name: &str, place: usize) {
        let place = u16::try_from(place).ok();
        let (shut, own): (&[usize], Option<usize>) = match name {
            "p" => (&[], Some(PARAGRAPH)),
            "li" => (&[], Some(ITEM)),
            "td" | "th" => (&[PARAGRAPH, ITEM, TERM, LINK], Some(CELL)),
            "tr" => (&[], Some(ROW)),
            "tbody" | "thead" | "tfoot" => (&[], Some(SECTION)),
            "option" => (&[], Some(OPTION)),
            "dd" | "dt" => (&[], Some(TERM)),
            "a" => (&[], Some(LINK)),
            "table" => (&[PARAGRAPH, ITEM, TERM, CELL, ROW, SECTION], None),
            "ul" | "ol" | "menu" => (&[ITEM], None),
            "dl" => (&[TERM], None),
            "select" => (&[OPTION], None),
            "caption" | "button" | "object" | "marquee" | "template" | "applet" => {
                (&[PARAGRAPH, ITEM, TERM, LINK], None)
            }
            _ => return,
        };
        for kind in shut {
            self.set(*kind, None);
        }
        if let Some(kind) = own {
            self.set(kind, place);
        }
    }

    fn set(&mut self, kind: usize, place: Option<u16>) {
        if let Some(slot) = self.0.get_mut(kind) {
            *slot = place;
        }
    }
}

/// Elements at whose start a paragraph ends. A table is among them for documents that declare a type, and most do not;
/// without, it stands in the paragraph, whose style goes on.
fn ends_paragraph(name: &str) -> bool {
    matches!(
        name,
        "address"
            | "article"
            | "aside"
            | "blockquote"
            | "center"
            | "details"
            | "dialog"
            | "dir"
            | "div"
            | "dl"
            | "fieldset"
            | "figcaption"
            | "figure"
            | "footer"
            | "form"
            | "h1"
            | "h2"
            | "h3"
            | "h4"
            | "h5"
            | "h6"
            | "header"
            | "hgroup"
            | "hr"
            | "listing"
            | "main"
            | "menu"
            | "nav"
            | "ol"
            | "p"
            | "pre"
            | "search"
            | "section"
            | "summary"
            | "ul"
            | "xmp"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What ends what: names of open elements, and the start tag; gives how many stay open.
    fn stay(open: &[&str], name: &str) -> usize {
        let mut scope = Scope::default();
        open.iter().enumerate().for_each(|(place, name)| scope.begin(name, place));
        scope.closed_by(name).unwrap_or(open.len())
    }

    #[test]
    fn ends_that_are_left_out() {
        assert_eq!(stay(&["body", "p"], "div"), 1);
        assert_eq!(stay(&["body", "p", "b"], "p"), 1);
        assert_eq!(stay(&["body", "p"], "b"), 2);
        assert_eq!(stay(&["body", "p", "button"], "div"), 3);
        assert_eq!(stay(&["table", "tr", "td", "p"], "tr"), 1);
        assert_eq!(stay(&["table", "tr", "td", "p"], "td"), 2);
        assert_eq!(stay(&["table", "tbody", "tr", "td"], "tbody"), 1);
        assert_eq!(stay(&["table", "tr", "td", "table"], "tr"), 4);
        assert_eq!(stay(&["ul", "li", "b"], "li"), 1);
        assert_eq!(stay(&["ul", "li", "ul"], "li"), 3);
        assert_eq!(stay(&["a", "b"], "a"), 0);
        assert_eq!(stay(&["p"], "table"), 1);
    }
}

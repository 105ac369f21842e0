//! Reads rules, scores, lists and models from disk. The only file of the engine that names `std::fs`; scanning never
//! comes here.

use std::fs;
use std::path::{Path, PathBuf};

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

/// The files below `path` whose names end in `.extension`, sorted; `path` itself where it is a file.
pub(crate) fn files(path: &Path, extension: &str) -> Result<Vec<PathBuf>, BuildError> {
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
            } else if entry.path().extension().is_some_and(|found| found == extension) {
                found.push(entry.path());
            }
        }
    }
    found.sort();
    Ok(found)
}

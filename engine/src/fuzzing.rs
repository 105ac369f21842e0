//! What fuzzing runs: one function a parser, which takes any bytes and panics where a promise is broken. `fuzz/` calls them
//! by name, and the test below replays what it found once (`fuzz/regressions/NAME/`), so both run the same. Each stage
//! has its own in its `fuzzing.rs`. In no documentation, and in no build but of tests and of the feature `fuzzing`.

use crate::detect::fuzzing as detect;
use crate::mime::fuzzing as mime;
use crate::unpack::fuzzing as unpack;

pub use crate::facts::fuzzing::spamassassin;

/// A target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// The targets of the engine; `tamis_common::fuzzing` has those that need stock rules and configuration.
pub const TARGETS: &[Target] = &[
    ("mime", mime::tree),
    ("headers", mime::headers),
    ("base64", mime::base64),
    ("quoted-printable", mime::quoted_printable),
    ("uuencode", mime::uuencode),
    ("yenc", mime::yenc),
    ("binhex", mime::binhex),
    ("utf-7", mime::utf7),
    ("charsets", mime::charsets),
    ("html", unpack::html),
    ("gzip", unpack::gzip),
    ("zip", unpack::zip),
    ("tar", unpack::tar),
    ("ole", unpack::ole),
    ("message", unpack::message),
    ("rules", detect::rules),
    ("cel", detect::condition),
    ("lists", detect::lists),
    ("model", detect::model),
    ("cf", detect::cf),
    ("cf-message", detect::cf_message),
];

#[cfg(test)]
mod tests {
    use super::TARGETS;
    use std::path::Path;

    /// Every file that was a crash once, through the target that it crashed.
    #[test]
    fn nothing_that_was_found_comes_back() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions");
        for (name, target) in TARGETS {
            target(b"");
            let Ok(files) = std::fs::read_dir(folder.join(name)) else { continue };
            for file in files {
                let path = file.unwrap().path();
                if path.extension().is_none_or(|it| it != "md") {
                    println!("{}", path.display());
                    target(&std::fs::read(&path).unwrap());
                }
            }
        }
    }
}

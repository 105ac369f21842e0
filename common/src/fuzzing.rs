//! What fuzzing runs of whole messages and configuration: as `tamis_engine::fuzzing` has it for single parsers. `fuzz/`
//! calls them by name, and the test below replays what it found once.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic)]

use std::cell::RefCell;
use std::path::Path;
use std::sync::OnceLock;

use tamis_engine::{Engine, Limits, Mail, View, Worker};

use crate::config::{self, Config};
use crate::json;

/// A target: its name, and what it does with an input.
pub type Target = (&'static str, fn(&[u8]));

/// The targets that need stock rules or the configuration.
pub const TARGETS: &[Target] = &[("config", configuration), ("scan", scan)];

/// A configuration: read, shown, and every mistake in it told.
fn configuration(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    match Config::text("tamis.toml", text, Path::new("/etc/tamis")) {
        Ok(config) => assert!(config::resolved(&config).ends_with('\n')),
        Err(error) => {
            assert!(!error.problems.is_empty());
            for problem in &error.problems {
                assert!(problem.line as usize <= text.split('\n').count() + 1, "{problem:?}");
                assert!(problem.to_string().len() < 10_000);
            }
        }
    }
}

/// Stock rules and model, with limits at which a bomb costs the fuzzer little.
fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| {
        let mut limits = Limits::default();
        limits.unpacked_bytes = 2 << 20;
        limits.items = 500;
        limits.steps = 200_000_000;
        let text = "[networks]\nown = ['198.51.100.0/25']\ntrusted = ['198.51.100.128/25']";
        Config::text("fuzz", text, Path::new("")).unwrap().builder().limits(limits).build().unwrap()
    })
}

/// A message, some of them scanned by two workers that saw different mail before.
fn scan(data: &[u8]) {
    thread_local! {
        static WORKERS: RefCell<(Worker<'static>, Worker<'static>)> =
            RefCell::new((engine().worker(), engine().worker()));
    }
    WORKERS.with_borrow_mut(|(one, other)| {
        let mail = Mail::new(data);
        let verdict = one.scan(&mail);
        // Of some, since it takes three times as long.
        if data.len().is_multiple_of(8) {
            other.scan(&Mail::new(data.get(data.len() / 2..).unwrap_or_default()));
            assert_eq!(other.scan(&mail), verdict);
        }

        assert!(verdict.score.is_finite() && verdict.bayes_score.is_none_or(f64::is_finite));
        assert!(verdict.spam_probability.is_some_and(|it| (0.0..=1.0).contains(&it)));
        assert!(verdict.reasons.iter().all(|reason| reason.score.is_finite() && reason.without.is_finite()));
        let shown = json::verdict("a.eml", &verdict, None).to_string();
        assert!(shown.starts_with('{') && serde_json::from_str::<serde_json::Value>(&shown).is_ok());

        let mut sizes = Vec::new();
        one.items(&mail, |item| sizes.push(item.bytes.len() as u64));
        let places = (verdict.reasons.iter().map(|it| &it.place))
            .chain(verdict.defects.iter().map(|it| &it.place))
            .chain(verdict.incomplete.iter().map(|it| &it.place));
        for place in places {
            assert!(place.item < verdict.items.max(1), "{place:?} of {}", verdict.items);
            let end = place.offset.checked_add(place.length).unwrap();
            match place.view {
                View::Raw => assert!(end <= data.len() as u64, "{place:?}"),
                View::Decoded => assert!(end <= sizes[place.item as usize], "{place:?}"),
                _ => {}
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::TARGETS;
    use std::path::{Path, PathBuf};

    fn regressions() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/regressions")
    }

    /// Every file that was a crash once, through the target that it crashed.
    #[test]
    fn nothing_that_was_found_comes_back() {
        for (name, target) in TARGETS {
            target(b"");
            let Ok(files) = std::fs::read_dir(regressions().join(name)) else { continue };
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

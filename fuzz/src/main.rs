//! All fuzz targets as one program: libFuzzer's `main`, and the target that `TAMIS_FUZZ_TARGET` names. What a target does
//! stands beside the parser that it runs (`fuzzing.rs` in engine and common), where `cargo test` replays it.

#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;

type Target = fn(&[u8]);

static TARGET: OnceLock<Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("TAMIS_FUZZ_TARGET").unwrap_or_default();
        let doors = tamis_common::fuzzing::TARGETS.iter().chain(tamis::fuzzing::TARGETS).chain(tamis_daemon::fuzzing::TARGETS);
        let mut all = tamis_engine::fuzzing::TARGETS.iter().chain(doors);
        match all.clone().find(|(known, _)| *known == name) {
            Some((_, target)) => TARGET.get_or_init(|| *target),
            None => {
                let known: Vec<&str> = all.by_ref().map(|(known, _)| *known).collect();
                eprintln!("TAMIS_FUZZ_TARGET is one of {}", known.join(" "));
                std::process::exit(2);
            }
        };
    },
    |data: &[u8]| {
        if let Some(target) = TARGET.get() {
            target(data);
        }
    }
);

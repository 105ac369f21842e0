//! Where the program's memory comes from: .cargo/config.toml is read by whoever builds in this tree, and by nobody else.

#![cfg(all(target_os = "linux", target_arch = "x86_64"))]

use std::process::Command;

#[test]
fn it_is_asked_for_in_huge_pages() {
    let mut tamis = Command::new(env!("CARGO_BIN_EXE_tamis"));
    tamis.arg("--version").env("_RJEM_MALLOC_CONF", "confirm_conf:true");
    let told = String::from_utf8(tamis.output().unwrap().stderr).unwrap();
    for wanted in ["thp:always", "metadata_thp:always", "dirty_decay_ms:600000"] {
        let line = format!("Set conf value: {wanted}\n");
        assert!(told.contains(&line), "built without .cargo/config.toml? {wanted} is missing: {told:?}");
    }
}

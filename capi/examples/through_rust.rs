//! What benches/capi.c does, through the engine of Rust in place of C: for benches/capi.py, which compares the two.

#![allow(clippy::unwrap_used)]

use std::io::Read;
use std::path::Path;

use tamis_common::config::Config;
use tamis_engine::{Action, Mail};

/// CPU seconds of this thread, as Linux counts them.
fn cpu_seconds() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    text.split(' ').next().and_then(|it| it.parse::<f64>().ok()).unwrap_or(f64::NAN) / 1e9
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let list = std::fs::read_to_string(arguments.next().unwrap()).unwrap();
    let config = Config::text("configuration", &arguments.next().unwrap_or_default(), Path::new("")).unwrap();
    let engine = config.builder().build().unwrap();
    let mut worker = engine.worker();
    let mut message = Vec::new();
    let (mut count, mut accepted) = (0, 0);
    let before = cpu_seconds();
    for path in list.lines() {
        message.clear();
        std::fs::File::open(path).unwrap().read_to_end(&mut message).unwrap();
        let verdict = worker.scan(&Mail::new(&message));
        accepted += usize::from(verdict.action == Action::Accept);
        count += 1;
    }
    let cpu = cpu_seconds() - before;
    println!("\"messages\": {count}, \"cpu\": {cpu:.4}, \"accepted\": {accepted}");
}

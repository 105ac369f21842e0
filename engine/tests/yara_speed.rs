//! How much of yara-x's own speed is left, and what large attachments cost. Figures and no promises of every machine, so it
//! is run by hand:
//!
//!     cargo test --release -p tamis-engine --test yara_speed -- --ignored --nocapture
#![cfg(feature = "yara")]

use std::path::{Path, PathBuf};

use tamis_engine::{Engine, EngineBuilder, Mail};

/// Seconds that this thread has run.
fn cpu() -> f64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    text.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9
}

fn best(mut work: impl FnMut()) -> f64 {
    (0..3)
        .map(|_| {
            let began = cpu();
            work();
            cpu() - began
        })
        .fold(f64::MAX, f64::min)
}

/// Rules like those of the measurements in LIBRARIES: two texts, bytes with jumps and an expression each.
fn rules(count: u32) -> String {
    let mut state = 0x2545_f491_u32;
    let mut next = |most: u32| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state % most
    };
    let mut word = || -> String { (0..8).map(|_| char::from(b'a' + next(26) as u8)).collect() };
    (0..count)
        .map(|n| {
            let (a, b, c) = (word(), word(), word());
            let hex: String = word().bytes().map(|byte| format!("{byte:02X} ")).collect();
            format!(
                "rule r{n} {{ strings: $a = \"{a}\" $b = \"{b}\" nocase $c = {{ {hex}[2-8] 4D 5A 90 00 }} \
                 $d = /{c}[0-9]{{2,8}}\\.(exe|dll)/ condition: any of them }}\n"
            )
        })
        .collect()
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        match entry.path() {
            path if path.is_dir() => files(&path, found),
            path => found.push(path),
        }
    }
}

fn scan(engine: &Engine, mails: &[Vec<u8>]) -> f64 {
    let mut worker = engine.worker();
    best(|| {
        mails.iter().for_each(|raw| {
            worker.examine(&Mail::new(raw));
        })
    })
}

/// Seconds that YARA takes within the engine, and that yara-x takes for the same bytes, without the visible texts.
fn compare(what: &str, mails: &[Vec<u8>]) -> f64 {
    let rules = rules(300);
    let with = EngineBuilder::new().yara_text("r.yar", &rules).build().unwrap();
    // Reads as much of the message, and looks for nothing.
    let toml = "[rule.a]\nwhat = 'w'\nwhy = 'y'\nwhen = 'size(files) > 9999 && body.visible == \"x\"'\n";
    let without = EngineBuilder::new().rules_text("r.toml", toml).build().unwrap();
    let mut items: Vec<Vec<u8>> = Vec::new();
    for raw in mails {
        without.worker().items(&Mail::new(raw), |item| items.push(item.bytes.to_vec()));
    }
    items.retain(|bytes| bytes.len() >= 32);
    let bytes: usize = items.iter().map(Vec::len).sum();
    let compiled = yara_x::compile(rules.as_str()).unwrap();
    let mut scanner = yara_x::Scanner::new(&compiled);
    let alone = best(|| {
        items.iter().for_each(|bytes| {
            let _ = scanner.scan(bytes).unwrap();
        })
    });
    let (full, base) = (scan(&with, mails), scan(&without, mails));
    let ours = full - base;
    println!(
        "{what}: {} messages, {} items, {:.1} MB: yara-x alone {:.3} s ({:.0} MB/s), in the engine {:.3} s: {:.0} % of its speed",
        mails.len(),
        items.len(),
        bytes as f64 / 1e6,
        alone,
        bytes as f64 / 1e6 / alone,
        ours,
        alone / ours * 100.0,
    );
    alone / ours
}

#[test]
#[ignore = "figures of this machine"]
fn most_of_the_speed_of_yara_x_is_left() {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    for corpus in ["spamassassin", "modern"] {
        let mut found = Vec::new();
        files(&home.join(".cache/tamis-corpora").join(corpus), &mut found);
        found.sort();
        let mails: Vec<Vec<u8>> = found.iter().step_by(4).filter_map(|path| std::fs::read(path).ok()).collect();
        if mails.len() > 100 {
            assert!(compare(corpus, &mails) >= 0.6);
        }
    }
    let attachments: Vec<Vec<u8>> = (0..4).map(|n| attachment(n, 5 << 20)).collect();
    assert!(compare("attachments of 5 MB", &attachments) >= 0.6);
}

/// A message with random bytes attached, in base64.
fn attachment(seed: u64, bytes: usize) -> Vec<u8> {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut raw =
        b"Subject: x\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=a.bin\r\n\
        Content-Transfer-Encoding: base64\r\n\r\n"
            .to_vec();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64 ^ (seed << 7);
    for n in 0..bytes / 3 * 4 {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        raw.push(LETTERS[(state >> 20 & 63) as usize]);
        if n % 76 == 75 {
            raw.extend_from_slice(b"\r\n");
        }
    }
    raw
}

#[test]
#[ignore = "figures of this machine"]
fn random_attachments_are_decoded_hashed_and_scanned_fast() {
    let mails: Vec<Vec<u8>> = (0..4).map(|n| attachment(n, 10 << 20)).collect();
    let megabytes = mails.iter().map(Vec::len).sum::<usize>() as f64 / 1e6;
    let hashed = "[rule.a]\nwhat = 'w'\nwhy = 'y'\nwhen = 'files.exists(f, f.sha256 == \"x\")'\n";
    for count in [0, 15, 300] {
        let mut builder = EngineBuilder::new().rules_text("r.toml", hashed);
        if count > 0 {
            builder = builder.yara_text("r.yar", rules(count));
        }
        let engine = builder.build().unwrap();
        let taken = scan(&engine, &mails);
        println!("{count} YARA rules: {megabytes:.1} MB of mail in {taken:.3} s: {:.0} MB/s", megabytes / taken);
    }
}

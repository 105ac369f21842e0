#!/usr/bin/env bash
# All tests of Tamis. One profile, release, so that heavy dependencies are compiled once for programs and tests.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$*"; }

step 'format'
cargo fmt --all --check

# What can panic on outside bytes is an error in the engine (the list is in engine/src/lib.rs); other lints are advice still.
step 'lints'
cargo clippy --quiet --release --workspace --all-targets

step 'mail to measure on'
corpus/fetch.sh

step 'tests'
TAMIS_REQUIRE_CORPUS=1 cargo test --release --workspace

#!/usr/bin/env bash
# All tests of Tamis. One profile, release, so that heavy dependencies are compiled once for programs and tests.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$*"; }

step 'format'
cargo fmt --all --check

step 'lints'
cargo clippy --quiet --release --workspace --all-targets -- --deny warnings

step 'documents'
RUSTDOCFLAGS='--deny warnings' cargo doc --quiet --release --workspace --no-deps

step 'mail to measure on'
corpus/fetch.sh

step 'tests'
# Properties are asked of the same inputs each time, so that a change is judged by itself; .ci/nightly draws new ones.
export PROPTEST_RNG_SEED=${PROPTEST_RNG_SEED:-1}
TAMIS_REQUIRE_CORPUS=1 cargo test --release --workspace

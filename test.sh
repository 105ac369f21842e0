#!/usr/bin/env bash
# All tests of Tamis. One profile, release, so that heavy dependencies are compiled once for programs and tests.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$*"; }

step 'format'
cargo fmt --all --check

step 'tests'
cargo test --release --workspace

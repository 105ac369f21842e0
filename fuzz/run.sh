#!/usr/bin/env bash
# Fuzzes, on the stable toolchain:
#
#   fuzz/run.sh TARGET|all [--runs N | --minutes M]
#
# Each target goes on from its kept corpus in ${TAMIS_FUZZ:-~/.cache/tamis-fuzz}/TARGET, which is seeded from the repository,
# and adds a line to fuzz/records/DATE.md (TAMIS_FUZZ_RECORD names another file). An execution that takes over
# TAMIS_FUZZ_TIMEOUT seconds (10) of wall time counts as found: give it more on a machine that has other things to do. TAMIS_FUZZ_LONGEST
# is how long an input may become, in bytes: short ones are many more a minute. What
# crashes is made small and put into
# fuzz/regressions/TARGET/, where plain `cargo test` replays it. TAMIS_FUZZ_SEED makes mutations the same each time. Exit: 0 nothing found, 1 something found, 2 error.
set -euo pipefail
cd "$(dirname "$0")"

readonly TARGETS='mime headers base64 quoted-printable uuencode yenc binhex utf-7 charsets html gzip zip tar ole message rules cel lists
  cf cf-message model config scan capi milter authres http'
readonly HOST=$(rustc -vV | sed -n 's/^host: //p')
readonly KEPT=${TAMIS_FUZZ:-$HOME/.cache/tamis-fuzz}
readonly RECORD=${TAMIS_FUZZ_RECORD:-records/$(date +%F).md}

usage() { echo "usage: fuzz/run.sh TARGET|all [--runs N | --minutes M]" >&2; echo "targets: "$TARGETS >&2; exit 2; }

case "${1:-}" in
  all) chosen=$TARGETS ;;
  *) chosen=${1:-}; [[ -n $chosen && " $(echo $TARGETS) " == *" $chosen "* ]] || usage ;;
esac
case "${2:---runs}" in
  --runs) limit="-runs=${3:-1000000}" ;;
  --minutes) limit="-max_total_time=$((${3:-1} * 60))" ;;
  *) usage ;;
esac

# What `cargo fuzz` sets, without its sanitizer, which needs nightly: counters on every edge, and operands of comparisons. The latter take
# over half of all time where mail is taken apart: once mutations find little more by them, TAMIS_FUZZ_COMPARES=0 leaves them out, in a
# folder of its own.
export RUSTFLAGS="--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table"
if [[ ${TAMIS_FUZZ_COMPARES:-1} == 0 ]]; then
  export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}/without-compares
else
  RUSTFLAGS+=" -Cllvm-args=-sanitizer-coverage-trace-compares"
fi
# Only what is ours or takes mail apart is steered by: see there.
export RUSTC_WRAPPER=$PWD/rustc-without-counters
# The flags are for the target alone, not for build scripts: that is what --target is for.
cargo build --quiet --release --locked --target "$HOST"
program=${CARGO_TARGET_DIR:-target}/$HOST/release/tamis-fuzz
python3 seed.py "$KEPT"

# Runs the target with arguments of libFuzzer's.
fuzzer() { TAMIS_FUZZ_TARGET=$1 nice -n 15 "$program" "${@:2}"; }

record() {
  mkdir -p "$(dirname "$RECORD")"
  [[ -e $RECORD ]] || printf '%s\n' "# Fuzzing, $(date +%F)" '' \
    "By \`fuzz/run.sh\`, one process; $(rustc -V); $(sed -n 's/^model name.*: //p' /proc/cpuinfo | head -1)." '' \
    '| target | executions | edges | features | corpus | found | seconds | commit |' '|---|---:|---:|---:|---:|---:|---:|---|' \
    >"$RECORD"
  echo "| $* |" >>"$RECORD"
}

found=0
for target in $chosen; do
  artifacts=$KEPT/artifacts/$target
  log=$KEPT/artifacts/$target.log
  mkdir -p "$artifacts" "$KEPT/$target"
  words=()
  [[ ! -e $KEPT/words/$target ]] || words=("-dict=$KEPT/words/$target")
  longest=16384
  # What the kept corpus has that is longer is read as far as that.
  case "$target" in cel | headers | utf-7 | model | capi | authres | http | message | scan) longest=2048 ;; rules | html | cf-message | yenc | binhex | lists | cf | config | milter | base64 | quoted-printable | uuencode | charsets) longest=4096 ;; esac
  longest=${TAMIS_FUZZ_LONGEST:-$longest}
  before=$(ls "$artifacts" | wc -l)
  started=$(date +%s)
  status=0
  fuzzer "$target" "$limit" ${TAMIS_FUZZ_SEED:+"-seed=$TAMIS_FUZZ_SEED"} "${words[@]}" -max_len="$longest" -timeout="${TAMIS_FUZZ_TIMEOUT:-10}" -rss_limit_mb=2048 -print_final_stats=1 \
    -artifact_prefix="$artifacts/" "$KEPT/$target" >"$log" 2>&1 || status=$?
  seconds=$(($(date +%s) - started))
  last=$(grep -aE '^#[0-9]+.*cov: ' "$log" | tail -1)
  number() { sed -nE "s/.* $1: ([0-9]+).*/\1/p" <<<"$last"; }
  runs=$(sed -nE 's/^stat::number_of_executed_units: *([0-9]+)/\1/p' "$log")
  runs=${runs:-$(sed -nE 's/^#([0-9]+).*/\1/p' <<<"$last")}
  crashes=$(($(ls "$artifacts" | wc -l) - before))
  [[ $status -eq 0 || $crashes -gt 0 ]] || { tail -20 "$log" >&2; exit 2; }
  commit=$(git describe --always --dirty --exclude '*')
  record "$target | ${runs:-0} | $(number cov) | $(number ft) | $(number corp) | $crashes | $seconds | $commit"
  printf '%-18s %10s executions, %s edges, %s features, %s found, %s s\n' "$target" "${runs:-0}" "$(number cov)" \
    "$(number ft)" "$crashes" "$seconds"
  if [[ $crashes -gt 0 ]]; then
    found=1
    mkdir -p "regressions/$target"
    for artifact in $(ls -t "$artifacts"/* | head -"$crashes"); do
      small=regressions/$target/$(basename "$artifact")
      # A slow unit or one that needs too much memory stays as it is: making it small would change what it shows.
      [[ $artifact == */crash-* ]] && fuzzer "$target" -minimize_crash=1 -runs=20000 -exact_artifact_path="$small" \
        "$artifact" >/dev/null 2>&1 || true
      [[ -e $small ]] || cp "$artifact" "$small"
      echo "  fuzz/$small"
    done
    grep -aE -A4 'panicked at|ERROR: libFuzzer' "$log" | head -12
  fi
done
exit $found

#!/usr/bin/env bash
# What the C library promises and cargo cannot see: the header is that of the sources, only tamis_* is exported, nothing of
# the recorded ABI is changed or gone, and the tests in C find no error of memory and no leak, under AddressSanitizer and
# valgrind. Builds the library without YARA and with test-hooks, in a target folder of its own.
#
#   capi/check.sh              all of it
#   capi/check.sh header|exports|abi|broken|asan|valgrind...
#   capi/check.sh record       records the ABI, after something was added: abi/
#
# Needs a C and C++ compiler with AddressSanitizer, valgrind, and abidw and abidiff (Debian: abigail-tools).
set -euo pipefail
cd "$(dirname "$0")"
readonly HERE=$PWD
export CARGO_TARGET_DIR=${TAMIS_CAPI_TARGET:-${CARGO_TARGET_DIR:-$HERE/../target}/capi-check}
readonly LIBRARY=$CARGO_TARGET_DIR/release/libtamis.so
readonly WORK=$CARGO_TARGET_DIR/check
readonly STRICT=(-Wall -Wextra -Wpedantic -Werror -O1 -g)

step() { printf '== capi: %s\n' "$*"; }
failed() { printf 'capi/check.sh: %s\n' "$*" >&2; exit 1; }
need() { command -v "$1" >/dev/null || failed "$1 is missing: install the package $2"; }

build() {
  mkdir -p "$WORK"
  # abidw reads the types of the interface out of the debug information.
  cargo build --quiet --release --locked -p tamis-capi --no-default-features --features test-hooks \
    --config profile.release.package.tamis-capi.debug=2
}

# Functions and variables that the library exports, one a line.
exported() { nm -D --defined-only "$1" | awk '{ print $3 }' | sort; }

# Numbers of enums and constants of the header, one a line: what abidiff does not look at, since C passes some as int.
numbers() { sed -nE 's/^ *(TAMIS_[A-Z0-9_]+) = ([0-9]+),$/\1 \2/p; s/^#define (TAMIS_[A-Z_]+) ([0-9]+)$/\1 \2/p' "$1"; }

header() {
  step 'the header is that of the sources'
  CARGO_TARGET_DIR=${CARGO_TARGET_DIR%/capi-check} ./header.sh --check
}

exports() {
  step 'only tamis_* is exported'
  others=$(exported "$LIBRARY" | grep -v '^tamis_' || true)
  [[ -z $others ]] || failed "also exported: $others. Make it private, or name it tamis_."
  in_header=$(grep -oE '\btamis_[a-z_]+\(' include/tamis.h | tr -d '(' | sort -u)
  missing=$(comm -23 <(exported "$LIBRARY") <(echo "$in_header"))
  [[ -z $missing ]] || failed "exported, and not in the header: $missing. Run capi/header.sh."
}

# What the library at $1 and the header at $2 change of what is recorded in the folder $3.
abi_of() {
  need abidiff abigail-tools
  gone=$(comm -23 "$3/symbols" <(exported "$1"))
  [[ -z $gone ]] || failed "functions are gone: $gone. Put them back, or, if it must be, raise TAMIS_ABI_VERSION and the \
SONAME in build.rs, record anew, and say so in CHANGELOG.md."
  changed=$(comm -23 <(sort "$3/numbers") <(numbers "$2" | sort))
  [[ -z $changed ]] || failed "numbers changed or are gone: $changed. A number keeps its meaning for ever: give them back."
  # 4 is a change of any kind, 8 one that breaks: additions are told above by lists that grew.
  status=0
  abidiff --no-added-syms "$3/libtamis.abi" "$1" >"$WORK/abidiff" || status=$?
  ((status == 0)) || { cat "$WORK/abidiff" >&2; failed 'signatures or structures changed (above). New members go to the end
of a structure, before that nothing moves. If it only grew, record it: capi/check.sh record'; }
}

abi() {
  step 'nothing of the recorded ABI changed'
  abi_of "$LIBRARY" include/tamis.h abi
  new=$(comm -13 abi/symbols <(exported "$LIBRARY"); comm -13 <(sort abi/numbers) <(numbers include/tamis.h | sort))
  [[ -z $new ]] || failed "new, and not recorded: $new. Run capi/check.sh record, and commit abi/."
}

# That the check of the ABI can fail: held against records of which this library has lost something.
broken() {
  step 'a function that is gone, a number or a structure that changed fails the check'
  local other=$WORK/other
  rm -rf "$other" && cp -r abi "$other"
  must_fail() {
    (abi_of "$LIBRARY" include/tamis.h "$other") >/dev/null 2>"$WORK/told" && failed "the check did not see: $1"
    grep -q "$2" "$WORK/told" || failed "the check told something else of: $1"
    cp abi/* "$other"
  }
  echo tamis_verdict_zeal >>"$other/symbols"
  must_fail 'a function that is gone' tamis_verdict_zeal
  sed -i 's/^TAMIS_FORKED .*/TAMIS_FORKED 99/' "$other/numbers"
  must_fail 'a number that changed' TAMIS_FORKED
  # As if a member had been put in before others.
  sed -i "/name='tamis_reason'/,/<.class-decl>/s/layout-offset-in-bits='64'/layout-offset-in-bits='128'/" \
    "$other/libtamis.abi"
  must_fail 'a structure that changed' tamis_reason
}

record() {
  need abidw abigail-tools
  mkdir -p abi
  exported "$LIBRARY" >abi/symbols
  numbers include/tamis.h >abi/numbers
  # The types as C sees them: of a program that uses all of the header, since Rust's own names are another matter.
  abidw --no-show-locs --no-corpus-path --no-comp-dir-path "$LIBRARY" >abi/libtamis.abi
}

# Runs the tests in C with a way to compile, and a command in front.
programs() {
  local flags=$1 front=$2 many=$3 name source compiler
  folder=$(mktemp -d "$WORK/run.XXXXXX")
  # By the name that programs ask for, which cargo does not give it.
  ln -s "$LIBRARY" "$folder/libtamis.so.0"
  find "$(cd ..; pwd)/corpus" -name '*.eml' | sort >"$folder/messages"
  for source in tests/c/*.c tests/c/*.cpp; do
    name=$(basename "$source")
    compiler=(${CC:-cc} -std=c99)
    [[ $name == *.cpp ]] && compiler=(${CXX:-c++} -std=c++11)
    # shellcheck disable=SC2086
    "${compiler[@]}" "${STRICT[@]}" $flags -I include "$source" -o "$folder/$name.out" -L "${LIBRARY%/*}" \
      "-Wl,-rpath,$folder" -ltamis -lpthread -lm
    status=0
    # shellcheck disable=SC2086
    $front "$folder/$name.out" ../corpus plain "$many" "$folder" >"$folder/out" 2>&1 || status=$?
    [[ $status -eq 0 && ! -s $folder/out ]] || { cat "$folder/out" >&2; failed "$name: exit $status (above)"; }
  done
  rm -r "$folder"
}

asan() {
  step 'the tests in C under AddressSanitizer'
  # A fault that process.c makes on purpose is its own to handle.
  ASAN_OPTIONS=detect_leaks=1:handle_segv=0:allocator_may_return_null=1 programs -fsanitize=address '' all
}

valgrind_() {
  step 'the tests in C under valgrind'
  need valgrind valgrind
  # Not `possible`: a child that leaves by _exit has tables of its parent's, which are pointed to in their middle.
  programs '' 'valgrind --quiet --leak-check=full --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect --error-exitcode=9 --fair-sched=yes' few
}

build
[[ $# -gt 0 ]] || set -- header exports abi broken asan valgrind
for each in "$@"; do
  case $each in
    header | exports | abi | broken | asan | record) "$each" ;;
    valgrind) valgrind_ ;;
    *) failed "no check is called $each: header exports abi broken asan valgrind record" ;;
  esac
done

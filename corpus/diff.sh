#!/usr/bin/env bash
# What a change does to verdicts: those of an older commit against those of the tree as it is.
#
#   corpus/diff.sh [COMMIT]            over corpus/, against corpus/verdicts.txt of that commit (default: HEAD^)
#   corpus/diff.sh COMMIT PATH...      over any mail; builds the old commit once, and keeps its program
#
# The first takes a second: the commit's own verdicts are in git. TAMIS names the program (default: target/release/tamis,
# which is built). Exit codes are those of `tamis rules diff`: 0 nothing differs, 1 something does, 2 error.
set -euo pipefail
here=$PWD
cd "$(dirname "$0")/.."
commit=${1:-HEAD^}
shift || true
target=${CARGO_TARGET_DIR:-$PWD/target}

# A shallow clone has no parent, and the first commit none at all: no error, since there is nothing to compare with.
if ! old=$(git rev-parse --verify --quiet "$commit^{commit}"); then
  [[ $commit == HEAD^ ]] || { echo "corpus/diff.sh: there is no commit $commit here" >&2; exit 2; }
  echo 'corpus/diff.sh: the parent commit is not here (a shallow clone?), so there is nothing to compare with'
  exit 0
fi

kept=$target/diff
mkdir -p "$kept"
if [[ $# -gt 0 && ! -x $kept/tamis-$old ]]; then
  # In the same target folder the dependencies are not compiled again. The program that is there stands aside meanwhile.
  program=$target/release/tamis own=$kept/own
  tidy() {
    git worktree remove --force "$kept/tree" 2>/dev/null || true
    [[ ! -e $own ]] || mv -f "$own" "$program"
  }
  trap tidy EXIT
  [[ ! -e $program ]] || mv "$program" "$own"
  git worktree add --quiet --force --detach "$kept/tree" "$old"
  (cd "$kept/tree" && CARGO_TARGET_DIR=$target cargo build --quiet --release) || exit 2
  mv "$program" "$kept/tamis-$old"
  tidy
fi
if [[ -z ${TAMIS:-} ]]; then
  cargo build --quiet --release || exit 2
  TAMIS=$target/release/tamis
fi

before=$(mktemp "$kept/before.XXXXXX")
trap 'rm -f "$before"' EXIT
if [[ $# -gt 0 ]]; then
  cd "$here"
  status=0
  "$kept/tamis-$old" scan --json --stable "$@" >"$before" || status=$?
  [[ $status -le 1 ]] || exit 2
else
  git show "$old:corpus/verdicts.txt" >"$before" || exit 2
  set -- corpus
fi
"$TAMIS" rules diff --before "$before" "$@"

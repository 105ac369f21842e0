#!/usr/bin/env bash
# Installs the C library, into any prefix:
#
#   capi/install.sh [PREFIX] [CARGO OPTIONS...]      default /usr/local; DESTDIR=... is put in front of it, for packages
#   capi/install.sh /usr --no-default-features       without YARA
#
# libtamis.so.0.1.0 and its links, libtamis.a, tamis.h, tamis.pc, tamis(3). LIBDIR=lib/x86_64-linux-gnu is where a
# distribution wants libraries, below the prefix; `lib` otherwise. TAMIS_BUILT=FOLDER takes libraries that were built there.
set -euo pipefail
cd "$(dirname "$0")"

readonly PREFIX=$(realpath -ms "${1:-/usr/local}")
shift $(($# > 0 ? 1 : 0))
readonly LIBDIR=$PREFIX/${LIBDIR:-lib}
readonly VERSION=$(sed -n 's/^version = "\(.*\)"$/\1/p' ../Cargo.toml | head -1)
readonly ABI=$(sed -n 's/^#define TAMIS_ABI_VERSION //p' include/tamis.h)
built=${TAMIS_BUILT:-}
if [[ -z $built ]]; then
  target=${CARGO_TARGET_DIR:-../target}
  # Built otherwise it would lie where tests expect the whole one, and cargo would not notice.
  [[ $# -eq 0 ]] || target=$target/capi-install
  cargo build --release --locked -p tamis-capi --target-dir "$target" "$@"
  built=$target/release
fi
readonly ROOT=${DESTDIR:-}
readonly REAL=libtamis.so.$ABI.$VERSION

install -d "$ROOT$LIBDIR/pkgconfig" "$ROOT$PREFIX/include" "$ROOT$PREFIX/share/man/man3"
install -m 755 "$built/libtamis.so" "$ROOT$LIBDIR/$REAL"
strip --strip-unneeded "$ROOT$LIBDIR/$REAL"
ln -sf "$REAL" "$ROOT$LIBDIR/libtamis.so.$ABI"
ln -sf "libtamis.so.$ABI" "$ROOT$LIBDIR/libtamis.so"
install -m 644 "$built/libtamis.a" "$ROOT$LIBDIR/libtamis.a"
strip --strip-debug "$ROOT$LIBDIR/libtamis.a"
install -m 644 include/tamis.h "$ROOT$PREFIX/include/tamis.h"
install -m 644 man/tamis.3 "$ROOT$PREFIX/share/man/man3/tamis.3"
cat >"$ROOT$LIBDIR/pkgconfig/tamis.pc" <<EOF
prefix=${PREFIX// /\\ }
libdir=${LIBDIR// /\\ }
includedir=${PREFIX// /\\ }/include

Name: tamis
Description: The content filter for mail, as a library
Version: $VERSION
Cflags: -I\${includedir}
Libs: -L\${libdir} -ltamis
Libs.private: -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc
EOF
echo "installed libtamis $VERSION into $ROOT$PREFIX"

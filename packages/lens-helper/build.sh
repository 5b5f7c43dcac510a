#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the helper: build.sh OUT. CC chooses the compiler, CFLAGS replaces the flags of the release build.
set -eu
[ $# -eq 1 ] || { echo 'usage: build.sh OUT' >&2; exit 2; }
case $1 in /*) out=$1 ;; *) out=$PWD/$1 ;; esac
cd "$(dirname "$0")/src"
CC=${CC:-cc}
command -v "$CC" >/dev/null 2>&1 || {
  echo "\"$CC\" is not installed: install the Debian packages gcc and libc6-dev" >&2
  exit 3
}
if ! printf '#include <stdio.h>\nint main(void){return 0;}\n' | "$CC" -static -x c - -o /dev/null 2>/dev/null; then
  echo "\"$CC\" cannot link a static program: install the Debian package libc6-dev" >&2
  exit 3
fi
LC_ALL=C
export LC_ALL
# Without a build id, symbols and paths the same compiler gives the same bytes wherever the sources are.
release='-static -Os -ffunction-sections -fdata-sections -fstack-protector-strong -Wl,--gc-sections -Wl,--build-id=none -s'
# shellcheck disable=SC2086
"$CC" -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror ${CFLAGS:-$release} -o "$out" *.c

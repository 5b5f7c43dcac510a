#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `npm pack` makes a library that scans by itself: what is compiled from the sources, and the engine's Ruby files. prepack
# puts them into this folder, postpack takes away again what lies elsewhere too.
set -eu
cd "$(dirname "$0")"

clean() { rm -rf engine LICENSE; }

case ${1:-} in
  prepack)
    clean
    tsc -b tsconfig.build.json
    ../engine/copy.sh engine
    cp ../../LICENSE .
    ;;
  postpack) clean ;;
  *) echo 'usage: pack.sh prepack|postpack (npm calls it)' >&2; exit 2 ;;
esac

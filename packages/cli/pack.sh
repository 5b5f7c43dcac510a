#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `npm pack` makes one file that installs by itself: beside the command it holds core, which is published nowhere else,
# and the engine's Ruby files with their lockfile. prepack puts them into this folder, postpack takes them away again.
set -eu
cd "$(dirname "$0")"
root=../..
core=lib/node_modules/@cinc-scan/core

clean() { rm -rf lib/node_modules engine starters LICENSE README.md; }

case ${1:-} in
  prepack)
    clean
    (cd "$root" && npm run --silent build)
    mkdir -p "$core" engine/bin
    cp "$root/packages/core/package.json" "$core"
    cp -R "$root/packages/core/lib" "$core/lib"
    cp "$root/packages/engine/Gemfile" "$root/packages/engine/Gemfile.lock" engine
    cp "$root"/packages/engine/bin/*.rb engine/bin
    cp -R "$root/packages/engine/lib" engine/lib
    cp -R "$root/examples/ci" starters
    cp "$root/LICENSE" "$root/README.md" .
    ;;
  postpack) clean ;;
  *) echo 'usage: pack.sh prepack|postpack (npm calls it)' >&2; exit 2 ;;
esac

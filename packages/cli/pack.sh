#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `npm pack` makes one file that installs by itself: the command with all that it needs of npm, and the engine's Ruby
# files with their lockfile. prepack puts them into this folder, postpack takes away again what lies elsewhere too.
set -eu
cd "$(dirname "$0")"
root=../..

clean() { rm -rf engine starters LICENSE README.md; }

case ${1:-} in
  prepack)
    clean
    (cd "$root" && npm run --silent build:command)
    ../engine/copy.sh engine
    cp -R "$root/examples/ci" starters
    cp "$root/LICENSE" "$root/README.md" .
    ;;
  postpack) clean ;;
  *) echo 'usage: pack.sh prepack|postpack (npm calls it)' >&2; exit 2 ;;
esac

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# `npm pack` makes one file: the service, the process that scans, and the engine's Ruby files with their lockfile. prepack
# puts them into this folder, postpack takes away again what lies elsewhere too.
set -eu
cd "$(dirname "$0")"
root=../..

clean() { rm -rf engine LICENSE; }

case ${1:-} in
  prepack)
    clean
    (cd "$root" && npm run --silent build:service)
    ../engine/copy.sh engine
    cp "$root/LICENSE" .
    ;;
  postpack) clean ;;
  *) echo 'usage: pack.sh prepack|postpack (npm calls it)' >&2; exit 2 ;;
esac

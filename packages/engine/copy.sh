#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# copy.sh FOLDER: puts the engine's Ruby files with their lockfile there, for a package that brings the engine along.
set -eu
here=$(dirname "$0")
mkdir -p "$1/bin"
cp "$here/Gemfile" "$here/Gemfile.lock" "$1"
cp "$here"/bin/*.rb "$1/bin"
cp -R "$here/lib" "$1/lib"

#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#   kubectl.sh    make sure that there is a kubectl the embedded cluster understands, and print the folder it is in
# It speaks exec over WebSocket, as kubectl does since 1.30; Debian 12's own is older. Where none is on PATH, Debian 13's
# package is fetched with apt, from the mirror this machine uses already, and unpacked into the cache; nothing is installed.
set -euo pipefail
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cinc-scan
oldest=30
fail() { printf 'kubectl.sh: %s\n' "$*" >&2; exit 2; }

minor_of() { # kubectl
  "$1" version --client -o json 2>/dev/null | sed -n 's/.*"gitVersion": *"v1\.\([0-9]*\)\..*/\1/p' | head -n 1
}

suffices() { # kubectl
  local minor; minor=$(minor_of "$1")
  [ -n "$minor" ] && [ "$minor" -ge "$oldest" ]
}

fetch() { # work
  local work=$1 mirror apt package
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Origin: Debian' 'Component: main' |
    grep -v security | head -n 1)
  [ -n "$mirror" ] || fail 'apt knows no mirror of Debian'
  mkdir -p "$work/lists/partial" "$work/root"
  : >"$work/status" # what is installed here, a kubectl of another origin perhaps, is not asked
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror trixie main" >"$work/sources.list"
  apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/nonexistent
    -o "Dir::State::lists=$work/lists" -o "Dir::State::status=$work/status" -o "Dir::Cache::pkgcache=" -o "Dir::Cache::srcpkgcache=" -o APT::Sandbox::User=root)
  "${apt[@]}" update >&2
  (cd "$work" && "${apt[@]}" download kubectl >&2)
  package=$(echo "$work"/kubectl_*.deb)
  [ -f "$package" ] || fail 'apt did not fetch the package'
  dpkg-deb -x "$package" "$work/root"
}

for folder in $(dirname "$(command -v kubectl || echo /nonexistent/kubectl)") "$cache"/kubectl-*/usr/bin; do
  if [ -x "$folder/kubectl" ] && suffices "$folder/kubectl"; then
    printf '%s\n' "$folder"
    exit 0
  fi
done

command -v apt-get >/dev/null && command -v dpkg-deb >/dev/null || fail "kubectl 1.$oldest or later is needed on PATH"
printf '▸ fetching kubectl of Debian 13\n' >&2
mkdir -p "$cache"
work=$(mktemp -d "$cache/kubectl.XXXX")
trap 'rm -rf "$work"' EXIT
fetch "$work"
suffices "$work/root/usr/bin/kubectl" || fail 'the package has no kubectl that runs here'
target=$cache/kubectl-$(dpkg-deb -f "$work"/kubectl_*.deb Version | tr -c 'A-Za-z0-9.\n' -)
rm -rf "$target"
mv "$work/root" "$target"
printf '%s\n' "$target/usr/bin"

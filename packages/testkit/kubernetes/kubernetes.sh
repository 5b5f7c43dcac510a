#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
#   ./dev kubernetes build           compile Kubernetes 1.20.2 from Debian's source package: once, about 9 minutes on 2 cores
#   ./dev kubernetes up              start a cluster of one node with the test images; says where its kubeconfig is
#   ./dev kubernetes exec CMD…       run a command where its API server can be reached, and nothing else
#   ./dev kubernetes kubectl ARG…    kubectl as its administrator
#   ./dev kubernetes image ARCHIVE…  load image archives into it
#   ./dev kubernetes archive DIR     write the test images as archives, for loading into another cluster
#   ./dev kubernetes down            stop it and forget its data; what was compiled stays
#   ./dev kubernetes left            tell what there is of it: processes, mounts, network namespace, cgroups, files
#
# The whole node lives in namespaces of its own (PID, mount, network). Its first process is an idle init: when that one
# ends, the kernel ends every daemon and container with it and drops their mounts, however they were interrupted.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
home=${XDG_CACHE_HOME:-$HOME/.cache}/cinc-scan/kubernetes
name=cinc-scan-k8s # of the network namespace and of the cgroup
network=10.210 # the first half of every address
run=$home/run log=$home/log
kubeconfig=$home/kubeconfig # of the administrator; there while the cluster is up

say() { printf '\033[36m▸\033[0m %s\n' "$*" >&2; }
fail() { printf 'kubernetes: %s\n' "$*" >&2; exit 2; }

. "$here/build.sh"
. "$here/identities.sh"
. "$here/node.sh"

require_machine() {
  [ "$(id -u)" = 0 ] || fail 'a node needs root'
  [ "$(uname -s)" = Linux ] || fail 'a node needs Linux'
  if [ "$(stat -fc %T /sys/fs/cgroup)" = cgroup2fs ] || [ ! -d /sys/fs/cgroup/memory ]; then
    fail "Kubernetes $version needs cgroup v1 and this machine runs cgroup v2: name a cluster of yours in CINC_SCAN_TEST_KUBECONFIG instead (docs/compatibility.md says how)"
  fi
}

require_commands() {
  local missing=() tool
  for tool; do command -v "$tool" >/dev/null || missing+=("$tool"); done
  [ ${#missing[@]} = 0 ] || fail "not installed: ${missing[*]} (Debian packages: $(packages_for up))"
}

require_space() { # MiB
  local free
  free=$(df -Pm "$home" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$1" ] || fail "$home has $free MiB left; $1 MiB are needed"
}

packages_for() { # up | build
  echo etcd-server containerd runc containernetworking-plugins catatonit iproute2 util-linux curl jq openssl
  [ "$1" = up ] || echo golang-1.19-go golang-github-modern-go-reflect2-dev make rsync dpkg-dev
}

# One change at a time. The kernel frees the lock with its holder, so nothing that stays may inherit it (9>&-).
lock() {
  exec 9>"$home/lock"
  flock --nonblock 9 && return
  say "waiting for another './dev kubernetes' to finish"
  flock 9
}

up() {
  require_space 2048
  require_machine
  require_commands etcd containerd runc ctr ip nsenter unshare catatonit curl jq openssl
  lock
  require_build
  if running; then
    say 'Kubernetes is up already'
    load_images "$@"
  else
    stop_node
    make_identities
    start_node "$@"
  fi
  say "Kubernetes $version is up; its kubeconfig, for use within './dev kubernetes exec': $kubeconfig"
}

down() {
  require_machine
  lock
  stop_node
}

require_up() {
  [ -f "$kubeconfig" ] && [ -e "/run/netns/$name" ] || fail "no cluster is up: './dev kubernetes up' starts one"
}

# Only the network is another one: files, processes and cgroups stay those of the caller. No proxy leads out of it.
inside() {
  env -u http_proxy -u https_proxy -u all_proxy -u HTTP_PROXY -u HTTPS_PROXY -u ALL_PROXY \
    nsenter --net="/run/netns/$name" -- "$@" 9>&-
}

main() {
  local command=${1:-help}
  [ $# -gt 0 ] && shift
  case $command in
    build | up | image | down | exec | kubectl) [ "$(id -u)" = 0 ] || fail 'a node needs root' ;;&
    build | up | image | down) umask 022; mkdir -p "$home" "$log" ;;&
    packages) packages_for "${1:-up}" | xargs ;;
    built) is_built ;;
    build) lock; build ;;
    up) up "$@" ;;
    image) require_up; lock; load_images "$@" ;;
    down) down ;;
    left) left ;;
    exec) require_up; KUBECONFIG=$kubeconfig inside "$@" ;;
    kubectl) require_up; command -v kubectl >/dev/null || fail 'kubectl is not installed'; inside kubectl --kubeconfig "$kubeconfig" "$@" ;;
    *) sed -n '3,10s/^# \{0,3\}//p' "${BASH_SOURCE[0]}"; [ "$command" = help ] || exit 2 ;;
  esac
}

main "$@"

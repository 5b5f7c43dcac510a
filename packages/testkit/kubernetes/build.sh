# SPDX-License-Identifier: Apache-2.0
# Compiles Kubernetes from the source package of Debian 12, whose binary package holds kubectl alone.
# Sourced by kubernetes.sh.
version=1.20.2
source_digest=b83c0780efb182d928dc63d46488a847f161f04e40a94b96bf5247dd671ecdfc # of the upstream tarball, any Debian revision
build_revision=1 # raised when this file changes what comes out
programs=(kube-apiserver kube-controller-manager kube-scheduler kubelet)
bin=$home/$version-${source_digest:0:12}-$build_revision

# Folders get their name when they are whole; the digests tell what has changed since.
is_built() { [ -f "$bin/digests" ] && (cd "$bin" && sha256sum --check --status --strict digests); }

require_build() {
  is_built && return
  [ ! -e "$bin" ] || say 'the compiled Kubernetes is damaged'
  build
}

build() {
  if is_built; then return; fi
  require_space 3072
  [ "$(. /etc/os-release && echo "${ID:-}-${VERSION_CODENAME:-}")" = debian-bookworm ] ||
    fail "Kubernetes $version is compiled from Debian 12's source package, with Debian 12's Go; name a cluster of yours in CINC_SCAN_TEST_KUBECONFIG instead"
  [ "$(dpkg --print-architecture)" = amd64 ] || fail 'tried on amd64 only'
  [ -x /usr/lib/go-1.19/bin/go ] && [ -d /usr/share/gocode/src/github.com/modern-go/reflect2 ] && command -v make rsync dpkg-source >/dev/null ||
    fail "not installed, some of: $(packages_for build | xargs)"
  discard_builds
  local work
  work=$(mktemp -d "$home/build.XXXXXX")
  fetch_source "$work"
  mend_source "$work/source"
  say "compiling Kubernetes $version, once: about 9 minutes on 2 cores (log: $log/build.log)"
  compile "$work" >"$log/build.log" 2>&1 || { tail -n 20 "$log/build.log" >&2; fail 'Kubernetes does not compile'; }
  keep "$work"
  discard_builds
}

# Builds that were interrupted. Go writes its caches without write permission.
discard_builds() {
  local left
  for left in "$home"/build.*; do
    [ -d "$left" ] || continue
    chmod -R u+w "$left"
    rm -rf "$left"
  done
}

fetch_source() { # work
  local work=$1 mirror apt
  mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' 'Codename: bookworm' | head -n 1)
  [ -n "$mirror" ] || fail 'apt knows no mirror of Debian 12'
  mkdir -p "$work/lists/partial"
  echo "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror bookworm main" >"$work/sources.list"
  apt=(apt-get -qq -o "Dir::Etc::sourcelist=$work/sources.list" -o Dir::Etc::sourceparts=/nonexistent
    -o "Dir::State::lists=$work/lists" -o APT::Sandbox::User=root)
  "${apt[@]}" update
  (cd "$work" && "${apt[@]}" source --download-only kubernetes) >/dev/null
  echo "$source_digest $(echo "$work"/kubernetes_*.orig.tar.gz)" | sha256sum --check --status ||
    fail "Debian's source package is not the Kubernetes $version that this was written for"
  (cd "$work" && dpkg-source --no-check --extract ./*.dsc source) >/dev/null 2>&1
}

# The vendored reflect2 reads the layout of Go's maps and crashes with Go 1.18 and later; Debian packages a newer one.
mend_source() { # source
  local vendored=$1/vendor/github.com/modern-go/reflect2
  find "$vendored" -type f \( -name '*.go' -o -name '*.s' \) -delete
  cp /usr/share/gocode/src/github.com/modern-go/reflect2/*.{go,s} "$vendored/"
  rm -f "$vendored"/*_test.go
}

compile() { # work
  local work=$1 source=$1/source
  mkdir -p "$source/.go/src/k8s.io"
  ln -sfn ../../.. "$source/.go/src/k8s.io/kubernetes"
  (cd "$source" && env -u GOTOOLCHAIN HOME="$work" TMPDIR="$work" PATH="/usr/lib/go-1.19/bin:$PATH" GOFLAGS=-mod=vendor GO111MODULE=off \
    GOPATH="$source/.go" CGO_ENABLED=0 make WHAT="${programs[*]/#/cmd/}") 9>&-
}

keep() { # work
  local work=$1
  mkdir "$work/bin"
  (cd "$work/source/_output/local/bin/linux/amd64" && cp "${programs[@]}" "$work/bin/")
  (cd "$work/bin" && sha256sum "${programs[@]}" >digests)
  rm -rf "$bin"
  mv "$work/bin" "$bin"
}

# SPDX-License-Identifier: Apache-2.0
# The node: its namespaces, its daemons, its images, its end. Sourced by kubernetes.sh.
daemons=(etcd containerd kube-apiserver kube-controller-manager kube-scheduler kubelet)
socket=$run/containerd.sock

# Processes in the node's network namespace: its init, its daemons, and whatever `exec` runs there. Pods have their own.
processes() { if [ -e "/run/netns/$name" ]; then ip netns pids "$name"; fi; }

running() {
  local names daemon
  names=$(processes | while read -r pid; do cat "/proc/$pid/comm" 2>/dev/null || true; done)
  for daemon in "${daemons[@]}"; do grep -qFx "${daemon:0:15}" <<<"$names" || return 1; done # as much as the kernel keeps
  [ -f "$kubeconfig" ] && node_ready
}

ask() { # path
  inside curl -sS --fail --noproxy '*' --max-time 5 --cacert "$pki/ca.crt" --cert "$pki/admin.crt" --key "$pki/admin.key" "https://$server:443$1" 2>/dev/null
}
api_alive() { [ "$(ask /livez)" = ok ]; }
node_ready() { ask /api/v1/nodes/node1 | jq -e 'any(.status.conditions[]; .type == "Ready" and .status == "True")' >/dev/null 2>&1; }
containerd_alive() { ctr -a "$socket" version >/dev/null 2>&1; }
default_account() { ask /api/v1/namespaces/default/serviceaccounts/default >/dev/null; }

await() { # daemon seconds condition
  local end=$((SECONDS + $2))
  until "$3"; do
    [ "$SECONDS" -lt "$end" ] || { tail -n 15 "$log/$1.log" >&2; fail "$1 is not ready after $2 s; its log: $log/$1.log"; }
    sleep 0.2
  done
}

start_node() { # archive…
  local loading
  make_cgroups
  make_network
  start_init
  write_configuration
  start etcd etcd --data-dir "$run/etcd" --unsafe-no-fsync --listen-client-urls http://127.0.0.1:2379 \
    --advertise-client-urls http://127.0.0.1:2379 --listen-peer-urls http://127.0.0.1:2380
  start containerd containerd --config "$run/containerd.toml"
  start_control_plane
  await containerd 30 containerd_alive
  load_pause
  load_images "$@" & # which takes as long as the API server does to come up
  loading=$!
  await kube-apiserver 60 api_alive
  start kubelet "$bin/kubelet" --config="$run/kubelet.yaml" --kubeconfig="$pki/kubelet.kubeconfig" --container-runtime=remote \
    --container-runtime-endpoint="unix://$socket" --hostname-override=node1 --node-ip="$server" --root-dir="$run/kubelet"
  await kubelet 60 node_ready
  await kube-controller-manager 60 default_account
  wait "$loading" || fail 'the test images do not load'
  install -m 600 "$pki/admin.kubeconfig" "$kubeconfig"
}

start_control_plane() {
  # Port 443 on every address, so that the service address, which is one of the node's, leads to it without kube-proxy.
  start kube-apiserver "$bin/kube-apiserver" --etcd-servers=http://127.0.0.1:2379 --bind-address=0.0.0.0 --secure-port=443 \
    --advertise-address="$server" --service-cluster-ip-range="$network.64.0/24" --client-ca-file="$pki/ca.crt" \
    --tls-cert-file="$pki/apiserver.crt" --tls-private-key-file="$pki/apiserver.key" \
    --service-account-key-file="$pki/tokens.pub" --service-account-signing-key-file="$pki/tokens.key" \
    --service-account-issuer=https://kubernetes.default.svc --authorization-mode=Node,RBAC \
    --enable-admission-plugins=NodeRestriction --allow-privileged --kubelet-preferred-address-types=InternalIP \
    --kubelet-certificate-authority="$pki/ca.crt" --kubelet-client-certificate="$pki/apiserver-to-kubelet.crt" \
    --kubelet-client-key="$pki/apiserver-to-kubelet.key"
  start kube-controller-manager "$bin/kube-controller-manager" --kubeconfig="$pki/controller-manager.kubeconfig" --leader-elect=false \
    --service-account-private-key-file="$pki/tokens.key" --root-ca-file="$pki/ca.crt" --use-service-account-credentials
  start kube-scheduler "$bin/kube-scheduler" --kubeconfig="$pki/scheduler.kubeconfig" --leader-elect=false
}

# A part of the hierarchy for this node alone: another kubelet on the machine would tidy away pods it does not know.
make_cgroups() {
  local controller
  for controller in /sys/fs/cgroup/*/; do
    [ "$(stat -fc %T "$controller")" = cgroupfs ] || continue
    mkdir -p "$controller$name"
  done
  cat /sys/fs/cgroup/cpuset/cpuset.cpus >"/sys/fs/cgroup/cpuset/$name/cpuset.cpus"
  cat /sys/fs/cgroup/cpuset/cpuset.mems >"/sys/fs/cgroup/cpuset/$name/cpuset.mems"
}

# Linked to nothing outside: the default route exists because the API server wants one.
make_network() {
  ip netns add "$name"
  inside sh -euc "
    ip link set lo up
    ip link add node0 type veth peer name node1
    ip address add $server/24 dev node0
    ip address add $service/32 dev lo
    ip link set node0 up
    ip link set node1 up
    ip route add default dev node0
    echo 1 >/proc/sys/net/ipv4/ip_forward"
}

start_init() {
  # Not by `ip netns exec`: it mounts another /sys, without cgroups.
  detach init nsenter --net="/run/netns/$name" unshare --mount --pid --fork --mount-proc catatonit -P
  until init=$(pgrep_init); do sleep 0.05; done
  in_node sh -euc "
    private() { mkdir -p \"\$1\" \"$run/private\$1\"; mount --bind \"$run/private\$1\" \"\$1\"; }
    for folder in /var/lib/cni /var/lib/kubelet /var/log/pods /var/log/containers /run/containerd; do private \$folder; done
    # What a kubelet sets for the whole machine, it finds set.
    keep() { echo \"\$2\" >\"$run/private/\${1##*/}\"; mount --bind \"$run/private/\${1##*/}\" \"/proc/sys/\$1\"; }
    keep vm/overcommit_memory 1
    keep vm/panic_on_oom 0
    keep kernel/panic 10
    keep kernel/panic_on_oops 1
    keep kernel/keys/root_maxkeys 1000000
    keep kernel/keys/root_maxbytes 25000000"
}

# The init is the one process of the node that is the first in its PID namespace.
pgrep_init() {
  local pid
  for pid in $(processes); do
    if [ "$(cat "/proc/$pid/comm" 2>/dev/null)" = catatonit ] && grep -q '^NSpid:.*[[:space:]]1$' "/proc/$pid/status" 2>/dev/null; then
      echo "$pid"
      return
    fi
  done
  return 1
}

in_node() { nsenter --target "$init" --mount --pid --net -- "$@" 9>&-; }

start() { # daemon command…
  local daemon=$1
  shift
  detach "$daemon" nsenter --target "$init" --mount --pid --net -- "$@"
}

# By exec: a shell that stays would keep the lock.
detach() { # log command…
  (exec 9>&- setsid "${@:2}") >"$log/$1.log" 2>&1 </dev/null &
}

write_configuration() {
  mkdir -p "$run/cni"
  cat >"$run/containerd.toml" <<C
version = 2
root = "$run/containerd"
state = "$run/containerd-state"
[grpc]
  address = "$socket"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "$name.test/pause:1"
  restrict_oom_score_adj = true
  disable_apparmor = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$run/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "$(snapshotter)"
  [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
    runtime_type = "io.containerd.runc.v2"
C
  jq -n --arg subnet "$network.128.0/17" --arg data "$run/addresses" '{cniVersion: "0.4.0", name: "pods",
    plugins: [{type: "ptp", ipam: {type: "host-local", dataDir: $data, ranges: [[{subnet: $subnet}]], routes: [{dst: "0.0.0.0/0"}]}}]}' >"$run/cni/pods.conflist"
  cat >"$run/kubelet.yaml" <<C
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $server
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $pki/ca.crt}}
authorization: {mode: Webhook}
tlsCertFile: $pki/kubelet.crt
tlsPrivateKeyFile: $pki/kubelet.key
cgroupDriver: cgroupfs
cgroupRoot: /$name
failSwapOn: false
enforceNodeAllocatable: []
evictionHard: {}
nodeStatusUpdateFrequency: 1s
makeIPTablesUtilChains: false
resolvConf: ""
C
}

# Overlays where the machine can, or a copy of the image for each container.
snapshotter() {
  local probe=$run/overlay
  mkdir -p "$probe"/{lower,upper,work,merged}
  if in_node sh -c "mount -t overlay overlay -o lowerdir=$probe/lower,upperdir=$probe/upper,workdir=$probe/work $probe/merged && umount $probe/merged" 2>/dev/null; then
    echo overlayfs
  else
    echo native
  fi
}

# The container that holds a pod's namespaces.
load_pause() {
  local work=$run/pause
  mkdir -p "$work"
  tar -cf "$work/layer.tar" -C /usr/bin catatonit
  jq -nc --arg layer "sha256:$(sha256sum "$work/layer.tar" | cut -d' ' -f1)" '{architecture: "amd64", os: "linux",
    config: {Entrypoint: ["/catatonit", "-P"]}, rootfs: {type: "layers", diff_ids: [$layer]}, history: [{}]}' >"$work/config.json"
  jq -nc --arg tag "$name.test/pause:1" '[{Config: "config.json", RepoTags: [$tag], Layers: ["layer.tar"]}]' >"$work/manifest.json"
  tar -cf "$work/pause.tar" -C "$work" manifest.json config.json layer.tar
  load_image "$work/pause.tar"
}

load_image() { # archive
  ctr -a "$socket" -n k8s.io images import --snapshotter "$(sed -n 's/.*snapshotter = "\(.*\)"/\1/p' "$run/containerd.toml")" "$1" >/dev/null
}

# An archive carries the digest of its content in its name: one that was loaded need not be looked at again.
load_images() { # archive…
  local archive mark
  mkdir -p "$run/loaded"
  for archive; do
    [ -f "$archive" ] || fail "no such archive: $archive"
    mark=$run/loaded/$(basename "$archive")
    if [ "$archive" -ot "$mark" ]; then continue; fi
    say "loading $(basename "$archive" .tar)"
    load_image "$archive" && touch "$mark"
  done
}

# Safe at any point of a start or of another stop.
stop_node() {
  local pids tries=100
  rm -f "$kubeconfig"
  while pids=$(processes) && [ -n "$pids" ]; do
    # shellcheck disable=SC2086 # one word each
    kill -9 $pids 2>/dev/null || true
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "these processes do not end: $pids"
    sleep 0.05
  done
  [ ! -e "/run/netns/$name" ] || ip netns delete "$name"
  remove_cgroups
  rm -rf "$run"
}

# What there is of a node, a line each.
left() {
  pgrep --full --list-name "$home/(run|$version)" || [ $? = 1 ]
  ls -d "/run/netns/$name" "$run" "$kubeconfig" 2>/dev/null || true
  find /sys/fs/cgroup -mindepth 2 -maxdepth 2 -type d -name "$name" 2>/dev/null || true # those of others come and go
  grep -hsF "$home" /proc/[0-9]*/mountinfo | sort -u || true
}

# A group can go when the last process in it has, which takes the kernel a moment.
remove_cgroups() {
  local tries=100
  while [ -n "$(find /sys/fs/cgroup -mindepth 2 -maxdepth 2 -type d -name "$name")" ]; do
    find /sys/fs/cgroup -mindepth 2 -maxdepth 2 -type d -name "$name" -exec find {} -depth -type d \; | xargs -r rmdir 2>/dev/null || true
    tries=$((tries - 1))
    [ $tries -gt 0 ] || fail "a cgroup of the node does not go: $(find /sys/fs/cgroup -mindepth 2 -maxdepth 2 -type d -name "$name" | xargs)"
    sleep 0.05
  done
}

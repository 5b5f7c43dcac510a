# SPDX-License-Identifier: Apache-2.0
# Certificates and kubeconfigs of the cluster's parts, made anew at each start. Sourced by kubernetes.sh.
pki=$run/pki
server=$network.0.1 service=$network.64.1

make_identities() {
  (
    umask 077
    mkdir -p "$pki"
    cd "$pki"
    openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 30 -subj /CN=cinc-scan-test-ca
    certify apiserver /CN=kube-apiserver "IP:$server,IP:127.0.0.1,IP:$service,DNS:kubernetes.default.svc"
    certify admin /O=system:masters/CN=admin DNS:admin
    certify apiserver-to-kubelet /O=system:masters/CN=apiserver-to-kubelet DNS:apiserver
    certify controller-manager /CN=system:kube-controller-manager DNS:controller-manager
    certify scheduler /CN=system:kube-scheduler DNS:scheduler
    certify kubelet /O=system:nodes/CN=system:node:node1 "DNS:node1,IP:$server"
    openssl genrsa -out tokens.key 2048
    openssl rsa -in tokens.key -pubout -out tokens.pub
    local who
    for who in admin controller-manager scheduler kubelet; do write_kubeconfig "$who" >"$who.kubeconfig"; done
  ) >"$log/identities.log" 2>&1 || fail "no certificates: see $log/identities.log"
}

certify() { # name subject alternative-names
  openssl req -newkey rsa:2048 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2"
  openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out "$1.crt" \
    -extfile <(printf 'subjectAltName=%s\nextendedKeyUsage=serverAuth,clientAuth\n' "$3")
}

write_kubeconfig() { # name
  cat <<Y
apiVersion: v1
kind: Config
current-context: $name
clusters: [{name: $name, cluster: {server: "https://$server:443", certificate-authority-data: $(base64 -w0 ca.crt)}}]
contexts: [{name: $name, context: {cluster: $name, user: $1}}]
users: [{name: $1, user: {client-certificate-data: $(base64 -w0 "$1.crt"), client-key-data: $(base64 -w0 "$1.key")}}]
Y
}

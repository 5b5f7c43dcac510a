#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The scanners of the deploy stage, on what runs. It needs a kubeconfig, and the folder of uploads in UPLOADS.
set -u
failed=0
rm -rf results && mkdir results || exit 5

# The log of a Job, which has to be this one's: one of the run before would answer at once.
kubectl delete job kube-bench -n kube-bench --ignore-not-found --wait
kubectl apply -f ci/kube-bench-job.yml
# With a time limit: a Job that failed never completes. Its result is missing then, and says why nobody looked.
if kubectl wait --for=condition=Complete --timeout=300s job/kube-bench -n kube-bench; then
  cinc-scan companion --tool kube-bench -o results/kube-bench.json --capture -- \
    kubectl logs job/kube-bench -n kube-bench || failed=$?
else
  kubectl describe job kube-bench -n kube-bench
fi

cinc-scan companion --tool kubescape -o results/kubescape.json -- \
  kubescape scan framework nsa -f json -o results/kubescape.json --keep-local || failed=$?

cinc-scan companion --tool kubesec -o results/kubesec.json --capture -- kubesec scan deploy/web.yml -f json || failed=$?

# Without the option it says OK of files beyond its limits.
cinc-scan companion --tool clamav -o results/clamscan.txt --capture -- \
  clamscan -r --stdout -z --alert-exceeds-max=yes "$UPLOADS" || failed=$?

# Our own look into the containers. Its findings count with all others; what it could not reach is an error here.
cinc-scan scan deployment/web -n shop --profile ./profile --report hdf --report-only -o results/cinc-scan || failed=$?

exit "$failed"

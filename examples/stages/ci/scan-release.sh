#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The scanners of the release stage, on every image: IMAGE_TAG says which.
set -u
failed=0
rm -rf results && mkdir results || exit 5

# Once, and not for each image.
trivy image --download-db-only || failed=$?

for name in web api; do
  image="registry.example.org/shop/$name:$IMAGE_TAG"
  cinc-scan companion --tool trivy -o "results/trivy-$name.json" -- \
    trivy image --skip-db-update -f json -o "results/trivy-$name.json" "$image" || failed=$?
  # It ends with 0 also where the report could not be had.
  cinc-scan companion --tool clair -o "results/clair-$name.json" --capture -- \
    clairctl report -o json "$image" || failed=$?
done

exit "$failed"

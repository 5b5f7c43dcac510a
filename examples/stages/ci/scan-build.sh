#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The scanners of the build stage. `companion` keeps what no result tells: exit code, errors, times. It ends with 0 whatever
# came of a scanner; `cinc-scan consolidate` judges them all.
set -u
failed=0
rm -rf results && mkdir results || exit 5

# Without the limits findings come and go: by default it shows 50 of a linter, and 3 that are alike.
cinc-scan companion --tool golangci-lint -o results/golangci-lint.json -- \
  golangci-lint run --output.json.path=results/golangci-lint.json --max-issues-per-linter=0 --max-same-issues=0 ||
  failed=$?

# Without an analysis there is nothing to test: then this result is missing, and its source did not look.
if fossa analyze; then
  cinc-scan companion --tool fossa -o results/fossa.json --capture -- fossa test --format json || failed=$?
fi

# With the exit code for warnings that for a file that it could not parse would be hidden.
cinc-scan companion --tool sarif -o results/brakeman.sarif -- \
  brakeman --quiet --no-pager --no-exit-on-warn -f sarif -o results/brakeman.sarif . || failed=$?

exit "$failed"

#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# One stage on any machine: sh ci/stage.sh build|release|deploy
# Ends with 0, 3 (findings), or 4 (somebody could not look), and with 2 where it was called wrongly.
set -u
failed=0
sh "ci/scan-$1.sh" || failed=$?
code=0
cinc-scan consolidate --sources "$1.sources.yml" --fail-on high --report html,markdown,junit,codequality || code=$?
# A scanner that could not be started outranks findings, as everywhere.
case $code in
  0 | 3) [ "$failed" = 0 ] || code=$failed ;;
esac
exit "$code"

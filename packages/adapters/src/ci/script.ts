// SPDX-License-Identifier: Apache-2.0
// The shell text of every adapter that runs a shell: constant, POSIX, safe under `set -eu` and `bash -eo pipefail`, and
// without: where some systems run on after a failure, another command on the PATH would take the place of the one asked for.
// Values come by environment, are never pasted, and are not shown: they could be commands of the system that reads the log.
import { longestRunId } from '@cinc-scan/core';

const digest =
  'process.stdout.write("sha512-"+require("crypto").createHash("sha512").update(require("fs").readFileSync(process.argv[1])).digest("base64"))';

/** Puts the command on the PATH, from one tarball whose digest was checked. Nothing to do where none was asked for. */
export const installScript = `if [ -n "\${CINC_SCAN_VERSION:-}\${CINC_SCAN_PACKAGE:-}" ]; then
  home="$PWD/.cinc-scan"
  { rm -rf "$home" && mkdir -p "$home" && echo '{}' >"$home/package.json"; } || exit 5
  # A folder is named from here; npm runs in one of its own, where no .npmrc of the checkout chooses a registry.
  from="\${CINC_SCAN_PACKAGE:-cinc-scan@$CINC_SCAN_VERSION}"
  case "$from" in
    *://*) ;;
    . | .. | ./* | ../* | [!/]*.tgz) from="$PWD/$from" ;;
  esac
  package=$(cd "$home" && npm pack --silent --ignore-scripts --pack-destination "$home" -- "$from") || {
    echo 'cinc-scan: the package of CINC_SCAN_PACKAGE or CINC_SCAN_VERSION could not be fetched' >&2
    exit 5
  }
  if [ -n "\${CINC_SCAN_INTEGRITY:-}" ]; then
    found=$(node -e '${digest}' "$home/$package")
    if [ "$found" != "$CINC_SCAN_INTEGRITY" ]; then
      echo "cinc-scan: the package is $found, which is not the value of CINC_SCAN_INTEGRITY" >&2
      exit 5
    fi
  fi
  (cd "$home" && npm install --global --prefix "$home" --ignore-scripts --no-audit --no-fund --silent "$home/$package") || {
    echo 'cinc-scan: the package of CINC_SCAN_PACKAGE or CINC_SCAN_VERSION could not be installed' >&2
    exit 5
  }
  PATH="$home/bin:$PATH"
  export PATH
fi
`;

/** Which of the two: with a file of sources a job consolidates what other scanners left. Blank is not given. */
const chooseScript = `work=scan
case "\${CINC_SCAN_SOURCES:-}" in *[![:space:]]*) work=consolidate ;; esac
`;

/**
 * Scans or consolidates, hands the outputs on in the platform's words, and leaves the code in `code`. A job that is cancelled signals
 * the whole group: the scan revokes its grant and ends, and this shell waits for that.
 */
export function scanScript(outputs: string): string {
  return `trap : INT TERM
code=0
${chooseScript}cinc-scan "$work" || code=$?
${outputs} || code=$?
`;
}

export const tellOutputs = (form: string, to?: string): string =>
  `cinc-scan outputs --code "$code" --as ${form}${to === undefined ? '' : ` --to ${to}`}`;

/**
 * Where installing and scanning are steps of their own, each in a shell of its own. Only what this job installed: a
 * repository could bring such a folder, and with it a program that gets the secrets.
 */
export const installedPath = `if [ -n "\${CINC_SCAN_VERSION:-}\${CINC_SCAN_PACKAGE:-}" ]; then
  PATH="$PWD/.cinc-scan/bin:$PATH"
fi
`;

/**
 * Takes back what a killed scan left. Its own failure changes no result; a consolidation leaves nothing in a cluster, and of
 * what a scan service makes the service takes care.
 */
const sweep = `case "\${CINC_SCAN_SOURCES:-}\${CINC_SCAN_SERVER:-}" in
  *[![:space:]]*) ;;
  *) cinc-scan sweep --run "$CINC_SCAN_RUN_ID" || true ;;
esac
`;

/** For a step that runs whatever happened. */
export const sweepScript = `${installedPath}${sweep}`;

/** Install, scan, tell, end as the scan did. */
export const wholeScript = (outputs: string): string =>
  `${installScript}${scanScript(outputs)}exit "$code"
`;

const longestChecksum = 10;

/**
 * A run id of a build's own name, in the letters that Kubernetes takes; the same in the scan and in the sweep. Of a name
 * that is too long stays its end, where builds are numbered, and a checksum of it all: two builds never share one.
 */
export function runIdScript(prefix: string, name: string): string {
  const room = longestRunId - `${prefix}-`.length;
  return `build=$(printf %s "${name}" | tr '[:upper:]' '[:lower:]' | tr -c 'a-z0-9' -)
if [ "\${#build}" -gt ${room} ]; then
  build="$(printf %s "${name}" | cksum | cut -d' ' -f1)-$(printf %s "$build" | tail -c ${room - longestChecksum - 1})"
fi
CINC_SCAN_RUN_ID="${prefix}-$build"
export CINC_SCAN_RUN_ID
`;
}

/** In a pod of its own: once that is killed nothing runs there, so what is left is taken back before the end. */
export const podScript = (outputs: string): string =>
  `${scanScript(outputs)}${sweep}exit "$code"
`;

// SPDX-License-Identifier: Apache-2.0
// The shell text of every adapter that runs a shell: constant, POSIX, safe under `set -eu` and `bash -eo pipefail`.
// Values come by environment and are never pasted.

const digest =
  'process.stdout.write("sha512-"+require("crypto").createHash("sha512").update(require("fs").readFileSync(process.argv[1])).digest("base64"))';

/** Puts the command on the PATH, from one tarball whose digest was checked. Nothing to do where none was asked for. */
export const installScript = `if [ -n "\${CINC_SCAN_VERSION:-}\${CINC_SCAN_PACKAGE:-}" ]; then
  home="$PWD/.cinc-scan"
  rm -rf "$home"
  mkdir -p "$home"
  package=$(npm pack --silent --pack-destination "$home" -- "\${CINC_SCAN_PACKAGE:-cinc-scan@$CINC_SCAN_VERSION}")
  if [ -n "\${CINC_SCAN_INTEGRITY:-}" ]; then
    found=$(node -e '${digest}' "$home/$package")
    if [ "$found" != "$CINC_SCAN_INTEGRITY" ]; then
      echo "cinc-scan: the package is $found, expected $CINC_SCAN_INTEGRITY" >&2
      exit 5
    fi
  fi
  npm install --global --prefix "$home" --ignore-scripts --no-audit --no-fund --silent "$home/$package"
  PATH="$home/bin:$PATH"
  export PATH
fi
`;

/**
 * Scans, hands the outputs on in the platform's words, and leaves the code in `code`. A job that is cancelled signals
 * the whole group: the scan revokes its grant and ends, and this shell waits for that.
 */
export function scanScript(outputs: string): string {
  return `trap : INT TERM
code=0
cinc-scan scan || code=$?
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

/** For a step that runs whatever happened: takes back what a killed scan left. Its own failure changes no result. */
export const sweepScript = `${installedPath}cinc-scan sweep --run "$CINC_SCAN_RUN_ID" || true
`;

/** Install, scan, tell, end as the scan did. */
export const wholeScript = (outputs: string): string =>
  `${installScript}${scanScript(outputs)}exit "$code"
`;

/** A run id of a build's own name, in the letters that Kubernetes takes; the same in the scan and in the sweep. */
export const runIdScript = (prefix: string, variable: string): string =>
  `CINC_SCAN_RUN_ID="${prefix}-$(printf %s "\${${variable}:-}" | tr '[:upper:]' '[:lower:]' | tr -c 'a-z0-9' - | tail -c 45)"
export CINC_SCAN_RUN_ID
`;

/** In a pod of its own: once that is killed nothing runs there, so what is left is taken back before the end. */
export const podScript = (outputs: string): string =>
  `${scanScript(outputs)}cinc-scan sweep --run "$CINC_SCAN_RUN_ID" || true
exit "$code"
`;

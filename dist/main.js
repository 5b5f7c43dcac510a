// SPDX-License-Identifier: Apache-2.0
// The main step. It says first that it is there, and loads the rest afterwards.
process.stdout.write('cinc-scan: loading\n');
const { runMain } = await import('./action.js');
process.exitCode = await runMain({ home: import.meta.dirname, loadArtifactClient: () => import('./artifact.js') });
export {};

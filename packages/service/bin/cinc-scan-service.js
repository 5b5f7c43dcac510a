#!/usr/bin/env node
// SPDX-License-Identifier: Apache-2.0
// Plain and old-fashioned on purpose: an older Node has to be able to read it, and say so.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(`cinc-scan-service needs Node.js 24 or later; this is ${process.versions.node}.\n`);
  process.exitCode = 2;
} else {
  import('../dist/cinc-scan-service.js');
}

// SPDX-License-Identifier: Apache-2.0
// `npm run build:service`: makes packages/service/dist/: the service, and the process that scans for it. What npm installs
// beside it stays apart: the embedded database is files that no bundle takes in.
import { readFileSync } from 'node:fs';
import { buildProgram } from './build-program.ts';
import { parseObject } from './licenses.ts';

const { dependencies } = parseObject(
  readFileSync(new URL('../packages/service/package.json', import.meta.url), 'utf8'),
);

await buildProgram({
  folder: 'packages/service',
  entries: { 'cinc-scan-service': 'main.ts', 'scan-process': 'executors/scan-process.ts' },
  node: 'node24',
  external: Object.keys(dependencies ?? {}),
});

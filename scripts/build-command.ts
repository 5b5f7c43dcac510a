// SPDX-License-Identifier: Apache-2.0
// `npm run build:command`: makes packages/cli/dist/, the command with all that it needs of npm: one file that is read at
// each start, and one that is read where there is a proxy. It starts in half the time, installs without dependencies, and is
// what the tests start.
import { buildProgram } from './build-program.ts';

await buildProgram({ folder: 'packages/cli', entries: { 'cinc-scan': 'main.ts' }, node: 'node22.19' });

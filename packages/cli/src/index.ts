// SPDX-License-Identifier: Apache-2.0
export { runCli } from './cli.ts';
export type { Terminal } from './terminal.ts';

// SPDX-License-Identifier: Apache-2.0
import { listenForCancel as listen } from '@cinc-scan/core';
import type { Terminal } from './terminal.ts';

/** On a line of its own: the terminal has just shown ^C. */
export const listenForCancel = ({ signals, stderr }: Terminal, first?: string): ReturnType<typeof listen> =>
  listen(signals, text => stderr.write(`\n${text}\n`), first);

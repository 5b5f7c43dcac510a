// SPDX-License-Identifier: Apache-2.0
import { Secrets } from '@cinc-scan/core';
import { InertOutput } from './inert-output.ts';
import type { Surroundings, Terminal } from './terminal.ts';

// Before anything is understood: an error in the arguments is told in the format that they ask for.
const asksForJson = /(?:^|\0)--log-format(?:=|\0)json(?:\0|$)/u;

/** Nothing that is said to people or written to a log is a command or a secret. */
export function toTerminal(given: Surroundings, args: string[]): Terminal {
  const secrets = new Secrets();
  const isJson = given.environment['CINC_SCAN_LOG_FORMAT'] === 'json' || asksForJson.test(args.join('\0'));
  return {
    ...given,
    stdout: new InertOutput(given.stdout, secrets),
    stderr: new InertOutput(given.stderr, secrets),
    data: given.stdout,
    secrets,
    log: { format: isJson ? 'json' : 'text' },
  };
}

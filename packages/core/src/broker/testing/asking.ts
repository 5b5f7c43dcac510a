// SPDX-License-Identifier: Apache-2.0
// Scripts of the broker, asked of the shells of this machine.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { type LookAnswer, lookScript, parseLook } from '../look-script.ts';
import { parseRead, type ReadAnswer, readScript } from '../read-script.ts';

export const shells: [string[]][] = [[['dash']], [['bash']], [['busybox', 'ash']]];
export const nobody = 65_534;

export interface Asker {
  shell: string[];
  uid?: number;
}

export function execute({ shell: [program = '', ...args], uid }: Asker, command: string): SpawnSyncReturns<Buffer> {
  const user = uid === undefined ? {} : { uid, gid: uid };
  return spawnSync(program, [...args, '-c', command], { ...user, timeout: 20_000, maxBuffer: 1 << 28 });
}

export const toAnswer = ({ status, stdout, stderr }: SpawnSyncReturns<Buffer>) => ({
  status: status ?? -1,
  stdout,
  stderr,
  truncated: false,
});

export function lookAt(asker: Asker, path: string, before = ''): LookAnswer {
  const script = lookScript(path);
  return parseLook(toAnswer(execute(asker, `${before}${script.command}`)), script);
}

/** `before` defines functions in place of tools. */
export function readAt(asker: Asker, path: string, before = ''): ReadAnswer {
  const script = readScript(path);
  return parseRead(toAnswer(execute(asker, `${before}${script.command}`)), script);
}

// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface Finished {
  code: number | null;
  text: string;
}

/** Runs a program to its end; a program that is not there fails. Both outputs, as they came. */
export async function finish(
  command: string,
  args: string[],
  { cwd, env = {}, input = '' }: { cwd?: string; env?: Record<string, string>; input?: string } = {},
): Promise<Finished> {
  const child = spawn(command, args, {
    ...(cwd !== undefined && { cwd }),
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd ?? '/nonexistent', LC_ALL: 'C.UTF-8', ...env },
  });
  let text = '';
  for (const output of [child.stdout, child.stderr])
    output.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
  child.stdin.on('error', () => undefined); // it may end without reading
  child.stdin.end(input);
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, text };
}

/** NAME=value lines, without the prefix of our names, in lower case. */
export function readLines(text: string, pattern = /^CINC_(\w+)=(.*)$/gm): Record<string, string> {
  return Object.fromEntries(
    [...text.matchAll(pattern)].map(([, name = '', value = '']) => [name.toLowerCase().replaceAll('_', '-'), value]),
  );
}

// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';
import { Client } from './support.ts';

const folder = temporaryFolder();
afterAll(() => folder[Symbol.dispose]());

test('the demonstration of the service has two teams with a history each and a schedule, and leaves nothing', async () => {
  const script = join(root, 'packages/testkit/src/service-demo.ts');
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--disable-warning=ExperimentalWarning', script, '--port', '0'],
    { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, TMPDIR: folder.path } },
  );
  const ended = once(child, 'exit');
  let output = '';
  const ready = new Promise<void>((resolve, reject) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      if (output.includes('Ctrl-C')) resolve();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
    void ended.then(() => reject(new Error(output)));
  });
  try {
    await ready;
    const [, url = ''] = /ready at (\S+?)\.\s/.exec(output) ?? [];
    const keyOf = (name: string) => new RegExp(`^  ${name} +(cs_\\w+)$`, 'm').exec(output)?.[1] ?? '';
    const scans = async (team: string) => {
      const client = new Client(url, keyOf(team));
      const { items } = await client.call<{ items: { state: string; verdict: string | null }[] }>('GET', '/scans');
      return items.map(({ state, verdict }) => verdict ?? state).toSorted();
    };
    expect(await scans('shop')).toEqual(['fail', 'failed', 'pass']);
    expect(await scans('bank')).toHaveLength(2);
    const { items } = await new Client(url, keyOf('shop')).call<{ items: { name: string; next: string[] }[] }>(
      'GET',
      '/schedules',
    );
    expect(items.map(({ name, next }) => [name, next.length])).toEqual([['nightly', 5]]);
  } finally {
    child.kill('SIGINT');
  }
  expect(await ended).toEqual([0, null]);
  expect(readdirSync(folder.path)).toEqual([]);
});

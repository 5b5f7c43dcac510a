// SPDX-License-Identifier: Apache-2.0
// The program as it is shipped, on what a service left behind.
import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import { openDatabase } from '../../packages/service/src/store/open-database.ts';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';
import { Client, startService } from './support.ts';

const folder = temporaryFolder();
const at = (name: string) => join(folder.path, name);
afterAll(() => {
  folder[Symbol.dispose]();
});

function program(...args: string[]) {
  const script = join(root, 'packages/service/bin/cinc-scan-service.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args, '--data', at('one')], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'], HOME: folder.path },
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('the doctor believes a service until somebody changes its audit log, and makes a key where nobody has one', async () => {
  writeFileSync(at('kubeconfig'), 'apiVersion: v1\nkind: Config\n');
  const place = { folder: folder.path, kubeconfigPath: at('kubeconfig') };
  const first = await startService(place, 'one');
  const operator = new Client(first.url, first.key ?? '');
  await operator.call('POST', '/teams', { name: 'shop', title: 'Shop', days: 1 });
  expect(program('doctor')).toMatchObject({ status: 2, stderr: expect.stringMatching(/^SERVICE_IN_USE/) });
  await first.stop();
  const whole = program('doctor');
  expect(whole).toMatchObject({ status: 0, stderr: '' });
  const [, anchor = ''] = /up to (\d+:[0-9a-f]{64})/.exec(whole.stdout) ?? [];
  expect(program('doctor', '--audit-anchor', anchor)).toMatchObject({ status: 0 });

  const made = program('key', '--name', 'recovery', '--days', '2');
  const [, key = ''] = /shown this once: (cs_\S+)\n$/.exec(made.stdout) ?? [];
  const second = await startService(place, 'one');
  expect(await new Client(second.url, key).call('GET', '/me')).toMatchObject({ name: 'recovery', role: 'operator' });
  await second.stop();
  expect(program('key', '--days', '400')).toMatchObject({ status: 2, stderr: expect.stringMatching(/^INPUT_INVALID/) });

  {
    await using database = await openDatabase({ kind: 'folder', folder: at('one') });
    await database.kysely.updateTable('audit_entry').set({ action: 'nothing' }).where('n', '=', 2).execute();
  }
  const broken = program('doctor', '--audit-anchor', anchor);
  expect(broken.status).toBe(5);
  expect(broken.stdout).toMatch(/^broken {5}audit log: entry 2 of 20\S+, of team \S+: it was changed/m);
  expect(broken.stdout).toMatch(/^fine {7}schema/m);
});

test('where there is no service there is nothing to look over', () => {
  expect(spawnProgramIn('elsewhere')).toMatchObject({
    status: 5,
    stderr: expect.stringMatching(/There is no service/),
  });
});

function spawnProgramIn(name: string) {
  const script = join(root, 'packages/service/bin/cinc-scan-service.js');
  return spawnSync(process.execPath, [script, 'doctor', '--data', at(name)], { encoding: 'utf8' });
}

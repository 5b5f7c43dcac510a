// SPDX-License-Identifier: Apache-2.0
// Where plain InSpec loses its report, answers for the wrong machine, or never ends.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, type HdfJson, readHdf, readScanJson, root, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';

const cluster = await openTestCluster();
const fixture = (name: string) => join(root, 'test/fixtures/profiles', name);
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
}, 300_000);
afterAll(() => cluster.close());

const scan = (profile: string, ...args: string[]) =>
  cincScan(cluster, ['scan', 'web', '-n', namespace, '-p', fixture(profile), ...args]);

/** The statuses of each control. */
function statuses(ran: Transcript): Record<string, string[]> {
  const hdf: HdfJson | undefined = [...readHdf(ran).values()][0];
  const controls = hdf?.profiles.flatMap(profile => profile.controls) ?? [];
  return Object.fromEntries(controls.map(({ id, results }) => [id, results.map(({ status }) => status)]));
}

test('one control that cannot be put in words costs no other', async () => {
  const found = statuses(await scan('beyond-plain'));
  expect(found).toMatchObject({
    'file symbol': ['failed'],
    'file number': ['failed'],
    'file list': ['failed'],
    'file pathname': ['passed'],
    'file nul': ['failed'],
    'no limit': ['passed', 'passed', 'passed', 'passed'],
    'a shell that ends itself': ['passed', 'passed'],
    'wide command': ['passed'],
    'bytes described': ['failed', 'passed', 'passed', 'passed', 'passed', 'failed'],
    numbers: ['passed'],
    after: ['passed'],
  });
});

test('what a profile leaves behind keeps no scan from its end, and what it starts here is not started', async () => {
  const ran = await scan('left-behind', '--timeout', '120s');
  expect(statuses(ran)).toEqual({
    'a process': ['skipped'],
    'a program': ['skipped'],
    'a thread': ['passed'],
    'a thread that asks': ['passed'],
    'a process that asks': ['skipped'],
    'an end': ['passed'],
    'in the container': ['passed'],
    after: ['passed'],
  });
});

describe('a profile that asks the network from Ruby', () => {
  test('is not answered by the machine that scans', async () => {
    const contacts: string[] = [];
    await using server = createServer(socket => {
      contacts.push('a connection');
      socket.end('HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n');
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const port = address === null || typeof address === 'string' ? 0 : address.port;
    const ran = await scan('network', '--input', `port=${port}`);
    const { 'of the container': here, ...others } = statuses(ran);
    expect(here).toEqual(['passed']);
    expect(Object.keys(others).length).toBe(16);
    expect(new Set(Object.values(others).flat())).toEqual(new Set(['skipped']));
    expect(contacts).toEqual([]);
    expect(readScanJson(ran).targets[0]?.observation?.notSeen).toBeGreaterThan(10);
  });
});

test('a request that curl in the container gets no answer to is an error', async () => {
  const ran = await scan('requests');
  expect(statuses(ran)).toEqual({
    answered: ['passed', 'passed', 'passed'],
    refused: ['failed', 'failed', 'failed'],
    'too slow': ['failed'],
    'asked in the body': ['failed'],
  });
  const results = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles[0]?.controls[1]?.results ?? []);
  for (const { message } of results) expect(message).toContain('curl: (7) Failed to connect');
});

describe('the file by which InSpec recognizes a container', () => {
  test('is not invented', async () => {
    const ran = await scan('unusual/marker');
    expect(statuses(ran)).toEqual({ 'no file of Docker': ['passed', 'passed'], virtualization: ['passed'] });
  });

  test('is answered for on request, and the manifest says so', async () => {
    const ran = await scan('unusual/marker', '--container-marker', 'docker');
    expect(statuses(ran)).toEqual({ 'no file of Docker': ['failed', 'passed'], virtualization: ['skipped'] });
    expect(readScanJson(ran).targets[0]?.observation).toMatchObject({ virtual: ['/.dockerenv'] });
  });
});

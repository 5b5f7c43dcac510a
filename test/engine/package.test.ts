// SPDX-License-Identifier: Apache-2.0
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineSettings, findEngine } from '@cinc-scan/core';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { ActionUse } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { makeCertificates } from '../support/certificates.ts';
import { profiles, root } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { makeEnginePackage } from '../support/engine-package.ts';

builtDist();
const folder = mkdtempSync(join(tmpdir(), 'cst-engine-'));
const name = 'cinc-auditor_5.24.24-1_amd64.deb';
let bytes = Buffer.alloc(0);
let sha256 = '';
const asked: string[] = [];
/** Statuses to answer first. */
const failures: number[] = [];

const server = createServer(makeCertificates(folder), (request, response) => {
  const path = request.url ?? '';
  asked.push(path);
  const failure = failures.shift();
  if (failure !== undefined) return response.writeHead(failure, { location: '/elsewhere.deb' }).end();
  if (path === '/moved.deb') return response.writeHead(302, { location: `/${name}` }).end();
  if (path === '/leak.deb') return response.writeHead(302, { location: `http://127.0.0.1:9/${name}` }).end();
  if (path === '/short.deb') {
    response.writeHead(200, { 'content-length': bytes.length }).write(bytes.subarray(0, 1000));
    return setTimeout(() => response.destroy(), 10);
  }
  return response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
});

let url = '';
beforeAll(async () => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  bytes = readFileSync(await makeEnginePackage(folder));
  sha256 = createHash('sha256').update(bytes).digest('hex');
});
beforeEach(() => {
  asked.length = 0;
  failures.length = 0;
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

function settings(path: string, more: Partial<EngineSettings> = {}): EngineSettings {
  return {
    choice: 'download',
    directory: join(root, 'packages/engine'),
    cacheDirectory: mkdtempSync(join(folder, 'cache-')),
    path: process.env['PATH'] ?? '',
    installEnvironment: {},
    package: { url: `${url}/${path}`, sha256, caFile: join(folder, 'ca.pem') },
    ...more,
  };
}

describe('a package from an address', () => {
  test('is fetched once, unpacked, and run without anything of the Ruby of the machine', async () => {
    const wanted = settings('moved.deb');
    const { kind, command, env } = await findEngine(wanted);
    expect(kind).toBe('download');
    const script = 'require "inspec"; puts Inspec::VERSION, $LOADED_FEATURES';
    const [version, ...loaded] = execFileSync(command, ['-e', script], { env }).toString().trim().split('\n');
    expect(version).toBe('5.24.24');
    expect(loaded.filter(path => path.startsWith('/') && !path.startsWith(wanted.cacheDirectory))).toEqual([]);
    expect((await findEngine(wanted)).command).toBe(command);
    expect(asked).toEqual(['/moved.deb', `/${name}`]);
  });

  test('is asked for again where the server fails for a moment', async () => {
    failures.push(503, 503);
    await findEngine(settings(name));
    expect(asked).toHaveLength(3);
  });

  test('may lie on this machine', async () => {
    const path = join(folder, name);
    const found = await findEngine(settings('', { package: { url: path, sha256, caFile: undefined } }));
    expect(found.kind).toBe('download');
    expect(asked).toEqual([]);
  });

  test('is what auto takes where it is named and no auditor is installed', async () => {
    expect(existsSync('/opt/cinc-auditor')).toBe(false);
    expect((await findEngine(settings(name, { choice: 'auto' }))).kind).toBe('download');
  });
});

describe('refused, and nothing is left of it', () => {
  test.each([
    ['a redirect away from https', 'leak.deb', 'ENGINE_MISSING'],
    ['a package that ends early', 'short.deb', 'ENGINE_MISSING'],
    ['a form that it cannot unpack', 'package.rpm', 'INPUT_INVALID'],
  ])('%s', async (_what, path, code) => {
    const wanted = settings(path);
    await expect(findEngine(wanted)).rejects.toMatchObject({ code });
    expect(readdirSync(wanted.cacheDirectory)).toEqual([]);
  });

  test.each([
    ['another digest', { sha256: 'a'.repeat(64) }, 'ENGINE_UNTRUSTED'],
    ['a digest that is none', { sha256: 'latest' }, 'INPUT_INVALID'],
    ['plain http', { url: `http://127.0.0.1:9/${name}` }, 'INPUT_INVALID'],
    ['a server that nobody vouches for', { caFile: undefined }, 'ENGINE_MISSING'],
  ])('%s', async (_what, part, code) => {
    const wanted = settings(name);
    const other = { ...wanted, package: { url: `${url}/${name}`, sha256, caFile: join(folder, 'ca.pem'), ...part } };
    await expect(findEngine(other)).rejects.toMatchObject({ code });
    expect(readdirSync(wanted.cacheDirectory)).toEqual([]);
  });

  test('download without a package', async () => {
    const wanted = settings(name, { package: undefined });
    await expect(findEngine(wanted)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  });

  test('a package with the right digest that is no CINC Auditor', async () => {
    const path = join(folder, 'other_1.0.0_all.tar.gz');
    mkdirSync(join(folder, 'other'));
    writeFileSync(join(folder, 'other/readme'), 'no auditor');
    execFileSync('tar', ['-czf', path, '-C', join(folder, 'other'), '.']);
    const digest = createHash('sha256').update(readFileSync(path)).digest('hex');
    const wanted = settings('', { package: { url: path, sha256: digest, caFile: undefined } });
    await expect(findEngine(wanted)).rejects.toMatchObject({ code: 'ENGINE_MISSING' });
    expect(readdirSync(wanted.cacheDirectory)).toEqual([]);
  });
});

test('the action scans with it, and keeps it in the tool cache for the next run', async () => {
  const cluster = await openTestCluster();
  try {
    const namespace = await cluster.namespace();
    await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
    const place = installAction(cluster.folder);
    const inputs = { profile: profiles.firstLook, namespace, targets: 'web', engine: 'download' };
    const mirror = { 'engine-url': `${url}/${name}`, 'engine-sha256': sha256, 'engine-ca': join(folder, 'ca.pem') };
    const env = { RUNNER_TOOL_CACHE: join(folder, 'tools'), CINC_SCAN_CACHE: join(folder, 'cache') };
    for (let run = 0; run < 2; run += 1) {
      const main = await new ActionUse(cluster, place, { inputs: { ...inputs, ...mirror }, env }).main();
      expect(main.log).toMatch(/PASS \(exit 0\)/);
    }
    expect(asked).toEqual([`/${name}`]);
    expect(readdirSync(join(folder, 'tools/cinc-auditor'))).toEqual([`5.24.24-s${sha256.slice(0, 16)}`]);
    await cluster.expectNothingLeft();
  } finally {
    await cluster.close();
  }
});

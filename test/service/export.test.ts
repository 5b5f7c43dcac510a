// SPDX-License-Identifier: Apache-2.0
// All that a team owns, as one file: readable with other people's programs, without a secret, and taken by another service.
import { execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { parseReportSpec, writeReports } from '@cinc-scan/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFixture, sampleAudited, sampleModel } from '../../packages/core/src/report/testing/sample-model.ts';
import { serveApi, type TestApi } from '../../packages/service/src/testing/api-server.ts';
import { openTestStore, type TestStore } from '../../packages/service/src/testing/stores.ts';
import { makeObjects, type Owned } from '../../packages/service/src/testing/team-objects.ts';
import { makeWorld, type World } from '../../packages/service/src/testing/world.ts';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';

const program = join(root, 'packages/service/bin/cinc-scan-service.js');
const folder = temporaryFolder();
const at = (...names: string[]) => join(folder.path, ...names);

interface Place {
  parts: TestStore;
  world: World;
  served: TestApi;
}
let here: Place;
let there: Place;
let owned: Owned;

async function open(): Promise<Place> {
  const parts = await openTestStore(undefined);
  return { parts, world: await makeWorld(parts), served: await serveApi(parts) };
}

beforeAll(async () => {
  here = await open();
  there = await open();
  owned = await makeObjects(here.parts, here.world);
  mkdirSync(at('run'));
  const model = sampleModel([sampleAudited({ text: readFixture('mix.json') })]);
  const place = { outputDir: at('run'), workspace: at('run'), stdout: () => undefined };
  await writeReports(model, ['html', 'hdf', 'scan'].map(parseReportSpec), place);
  expect(await run(here, ['import', at('run'), '--cluster', 'east'])).toMatchObject({ code: 0 });
  expect(await run(here, ['export', '-o', at('shop.tar.zst')])).toMatchObject({ code: 0, stderr: '' });
  mkdirSync(at('unpacked'));
  // By nobody's reader but tar's own.
  execFileSync('tar', ['-x', '-C', at('unpacked')], { input: zstdDecompressSync(readFileSync(at('shop.tar.zst'))) });
});
afterAll(async () => {
  for (const { served, parts } of [here, there]) {
    await served[Symbol.asyncDispose]();
    await parts[Symbol.asyncDispose]();
  }
  folder[Symbol.dispose]();
});

async function run({ served, world }: Place, [command = '', ...args]: string[], key = world.keys.shop) {
  const child = spawn(process.execPath, [program, command, '--server', served.url, ...args], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'] ?? '', CINC_SCAN_SERVER_TOKEN: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

const linesOf = (list: string): Record<string, unknown>[] =>
  readdirSync(at('unpacked', list))
    .toSorted()
    .flatMap(name =>
      readFileSync(at('unpacked', list, name), 'utf8')
        .trimEnd()
        .split('\n'),
    )
    .map(line => JSON.parse(line) as Record<string, unknown>);

describe('an export', () => {
  test('holds what the team owns, and says what it is and what is in it', () => {
    const json = (name: string) => JSON.parse(readFileSync(at('unpacked', name), 'utf8')) as Record<string, unknown>;
    expect(json('manifest.json')).toMatchObject({ format: 'cinc-scan-export', version: 1, team: 'shop' });
    expect(linesOf('team')).toMatchObject([{ name: 'shop', title: 'SHOP' }]);
    expect(linesOf('members')).toMatchObject([{ name: 'admin of shop', role: 'admin' }, { role: 'viewer' }]);
    expect(linesOf('keys').map(({ name }) => name)).toEqual(['admin of shop', 'x']);
    expect(linesOf('clusters')).toMatchObject([{ name: 'east', namespaces: ['shop', 'till'] }]);
    expect(linesOf('profiles').map(({ name }) => name)).toEqual(['base', 'mine']);
    expect(linesOf('thresholds')).toMatchObject([{ name: 'half', content: 'compliance.min: 50\n' }]);
    expect(linesOf('issuers')).toMatchObject([{ name: 'ci-of-shop' }]);
    expect(linesOf('token-rules')).toMatchObject([{ name: 'main' }]);
    expect(linesOf('sign-in-rules')).toMatchObject([{ name: 'ops-of-shop' }]);
    const scans = linesOf('scans');
    expect(scans.map(({ state }) => state).toSorted((one, other) => String(one).localeCompare(String(other)))).toEqual([
      'cancelled',
      'done',
      'queued',
    ]);
    expect(linesOf('findings').some(({ fingerprint }) => fingerprint === owned.finding)).toBe(true);
    expect(linesOf('findings').every(({ sources, history }) => Array.isArray(sources) && Array.isArray(history))).toBe(
      true,
    );
    expect(linesOf('audit').map(({ action }) => action)).toEqual(
      expect.arrayContaining(['scan.import', 'team.export']),
    );
    const lists = json('complete.json')['lists'] as { path: string; sha256: string }[];
    for (const { path, sha256 } of lists)
      expect([
        path,
        createHash('sha256')
          .update(readFileSync(at('unpacked', path)))
          .digest('hex'),
      ]).toEqual([path, sha256]);
    const contents = readdirSync(at('unpacked/contents'));
    expect(json('complete.json')['contents']).toBe(contents.length);
    for (const name of contents)
      expect(
        createHash('sha256')
          .update(readFileSync(at('unpacked/contents', name)))
          .digest('hex'),
      ).toBe(name);
    const reports = scans.flatMap(({ reports: of }) => of as { content: string }[]);
    for (const { content } of reports) expect(contents).toContain(content);
  });

  test('holds no secret, no hash of one, and nothing of another team', async () => {
    const whole = zstdDecompressSync(readFileSync(at('shop.tar.zst'))).toString('latin1');
    const found = await here.parts.database.kysely.selectFrom('api_key').select('hash').execute();
    const hashes = found.map(({ hash }) => Buffer.from(hash));
    expect(hashes.length).toBeGreaterThan(2);
    const secrets = [
      ...Object.values(here.world.keys).map(key => key.slice(-32)),
      ...hashes.flatMap(hash => [hash.toString('hex'), hash.toString('base64'), hash.toString('latin1')]),
    ];
    for (const secret of secrets) expect(whole.includes(secret)).toBe(false);
    expect(whole).toContain(here.world.shop.principal);
    for (const mark of [here.world.bank.team, here.world.bank.principal, 'admin of bank'])
      expect(whole.includes(mark)).toBe(false);
  });

  test('is for administrators, and each is in the audit log', async () => {
    const { code, stderr } = await run(here, ['export', '-o', at('none')], 'cs_nonsense');
    expect([code, stderr]).toEqual([4, expect.stringContaining('SERVICE_FORBIDDEN')]);
    expect(readdirSync(folder.path)).not.toContain('none');
  });

  test('is taken by another service, once', async () => {
    const first = await run(there, ['import', at('shop.tar.zst')]);
    expect(first).toMatchObject({ code: 0, stdout: expect.stringContaining('1 new, 0 unchanged, 0 refused\n') });
    const again = await run(there, ['import', at('shop.tar.zst'), at('run'), '--cluster', 'east']);
    expect(again.stdout).toContain('0 new, 2 unchanged, 0 refused\n');
    const of = async ({ served, world }: Place) => {
      const { body } = await served.client.call('GET', '/findings?limit=200&profile=baseline', {
        key: world.keys.shop,
      });
      return (body['items'] as { fingerprint: string; status: string }[]).map(
        ({ fingerprint, status }) => `${fingerprint} ${status}`,
      );
    };
    expect((await of(there)).length).toBeGreaterThan(0);
    expect(await of(there)).toEqual(await of(here));
  });

  test.each<[what: string, damage: (tar: Buffer) => Buffer]>([
    ['cut off', tar => tar.subarray(0, tar.length - 4096)],
    ['changed', tar => Buffer.from(tar.toString('latin1').replace('"state": "queued"', '"state": "quaked"'), 'latin1')],
    ['followed by something', tar => Buffer.concat([tar, Buffer.alloc(512, 'x')])],
    ['something else', () => Buffer.from('not an archive at all')],
    [
      'with a name that leads elsewhere',
      tar => {
        const head = Buffer.from(tar.subarray(0, 512));
        head.fill(0, 0, 100).write('../manifest.js');
        head.fill(' ', 148, 156);
        head.write(
          `${head
            .reduce((sum, byte) => sum + byte, 0)
            .toString(8)
            .padStart(6, '0')}\0 `,
          148,
        );
        return Buffer.concat([head, tar.subarray(512)]);
      },
    ],
  ])('that is %s is refused as a whole', async (_, damage) => {
    writeFileSync(
      at('damaged.tar.zst'),
      zstdCompressSync(damage(zstdDecompressSync(readFileSync(at('shop.tar.zst'))))),
    );
    const { code, stderr } = await run(there, ['import', at('damaged.tar.zst')]);
    expect([code, stderr]).toEqual([2, expect.stringContaining('EXPORT_INVALID')]);
    rmSync(at('damaged.tar.zst'));
  });
});

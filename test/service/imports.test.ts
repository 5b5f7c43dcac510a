// SPDX-License-Identifier: Apache-2.0
// Runs that the service did not make, in the history of a team: what is said of them, and what is refused.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parseReportSpec, type ReportModel, writeReports } from '@cinc-scan/core';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import {
  readFixture,
  sampleAudited,
  sampleModel,
  sampleTarget,
  sampleUnreached,
} from '../../packages/core/src/report/testing/sample-model.ts';
import { serveApi, type TestApi } from '../../packages/service/src/testing/api-server.ts';
import { openTestStore, type TestStore } from '../../packages/service/src/testing/stores.ts';
import { makeWorld, type World } from '../../packages/service/src/testing/world.ts';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';

const program = join(root, 'packages/service/bin/cinc-scan-service.js');
const folder = temporaryFolder();
let parts: TestStore;
let world: World;
let served: TestApi;

beforeAll(async () => {
  parts = await openTestStore(undefined);
  world = await makeWorld(parts);
  served = await serveApi(parts);
});
afterAll(async () => {
  await served[Symbol.asyncDispose]();
  await parts[Symbol.asyncDispose]();
  folder[Symbol.dispose]();
});

const at = (...names: string[]) => join(folder.path, ...names);

/** What the command leaves in its output folder. */
async function leave(name: string, model: ReportModel): Promise<string> {
  mkdirSync(at(name), { recursive: true });
  const specs = ['html', 'hdf', 'scan'].map(parseReportSpec);
  await writeReports(model, specs, { outputDir: at(name), workspace: at(name), stdout: () => undefined });
  return at(name);
}

interface When {
  id: string;
  day: string;
}

const on = (model: ReportModel, { id, day }: When): ReportModel => ({
  ...model,
  run: { id, started: `${day}T10:00:00.000Z`, finished: `${day}T10:01:00.000Z`, seconds: 60 },
});

const failing = () => sampleModel([sampleAudited({ text: readFixture('mix.json') })]);
const passing = () => sampleModel([sampleAudited({ text: readFixture('clean.json') })]);
const blind = () => sampleModel([sampleUnreached()]);

/** The shipped program, as somebody with a key of the team. */
async function run(args: string[], key = world.keys.shop) {
  const child = spawn(process.execPath, [program, 'import', '--server', served.url, ...args], {
    cwd: folder.path,
    env: { PATH: process.env['PATH'] ?? '', CINC_SCAN_SERVER_TOKEN: key },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: child.exitCode, stdout, stderr };
}

interface Scan {
  id: string;
  state: string;
  verdict: string | null;
  error: { code: string } | null;
  runId: string;
  origin: string;
  imported: { kind: string; name: string; by: string; tool: object; cluster: string } | null;
}

async function scans(key = world.keys.shop): Promise<Scan[]> {
  const { body } = await served.client.call('GET', '/scans?limit=200', { key });
  return body['items'] as Scan[];
}

const counts = async () => {
  const { kysely } = parts.database;
  const audit = await kysely.selectFrom('audit_entry').select('n').execute();
  const events = await kysely.selectFrom('finding_event').select('id').execute();
  return { scans: (await scans()).length, audit: audit.length, events: events.length };
};

interface Post {
  name: string;
  files: { path: string; content: string }[];
  [other: string]: unknown;
}

const post = (body: Post, key = world.keys.shop) => served.client.call('POST', '/scans/import', { key, body });

const filesOf = (path: string) =>
  readdirSync(path)
    .filter(name => name.endsWith('.json'))
    .map(name => ({ path: name, content: readFileSync(join(path, name), 'utf8') }));

describe('run folders', () => {
  test('become scans of the history, with the verdict that they had, and say where they come from', async () => {
    await leave('runs/monday', on(failing(), { id: 'monday', day: '2026-02-02' }));
    await leave('runs/week/tuesday', on(passing(), { id: 'tuesday', day: '2026-02-03' }));
    await leave('runs/week/wednesday', on(blind(), { id: 'wednesday', day: '2026-02-04' }));
    const { code, stdout, stderr } = await run(['runs', '--cluster', 'east']);
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain('3 new, 0 unchanged, 0 refused\n');
    const all = await scans();
    expect(all.map(({ runId, state, verdict, error }) => [runId, state, verdict, error?.code])).toEqual([
      ['wednesday', 'failed', null, 'TARGET_NOT_FOUND'],
      ['tuesday', 'done', 'pass', undefined],
      ['monday', 'done', 'fail', undefined],
    ]);
    for (const { origin, imported } of all)
      expect([origin, imported]).toEqual([
        'imported',
        {
          kind: 'run',
          name: expect.stringMatching(/^runs\//),
          at: expect.any(String),
          by: 'admin of shop',
          tool: { name: 'cinc-scan', version: '0.1.0' },
          cluster: 'prod',
        },
      ]);
    const { text: page } = await served.client.call('GET', `/scans/${all[2]?.id}/results?format=html`, {
      key: world.keys.shop,
    });
    expect(page).toContain('<!doctype html>');
    const { body } = await served.client.call('GET', '/findings?limit=200', { key: world.keys.shop });
    expect((body['items'] as { workload: string; cluster: string }[])[0]).toMatchObject({
      workload: 'deployment/web',
      cluster: 'east',
    });
    expect(await scans(world.keys.bank)).toEqual([]);
  });

  test('sent again change nothing, whatever they are called', async () => {
    const before = await counts();
    cpSync(at('runs'), at('copied'), { recursive: true });
    expect(await run(['runs', 'copied/monday', '--cluster', 'east'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 new, 4 unchanged, 0 refused\n'),
    });
    expect(await counts()).toEqual(before);
  });

  test('that are older than the last look change none of its findings', async () => {
    const list = async () => {
      const { body } = await served.client.call('GET', '/findings?limit=200', { key: world.keys.shop });
      return (body['items'] as { rule: string; status: string }[]).map(({ rule, status }) => `${rule} ${status}`);
    };
    const before = await list();
    expect(before.length).toBeGreaterThan(0);
    await leave('earlier', on(passing(), { id: 'earlier', day: '2026-01-01' }));
    expect((await run(['earlier', '--cluster', 'east'])).stdout).toContain('1 new');
    expect(await list()).toEqual(before);
  });

  test('at one moment twice are one scan', async () => {
    await leave('twice', on(failing(), { id: 'twice', day: '2026-02-05' }));
    const body = { name: 'twice', cluster: 'east', files: filesOf(at('twice')) };
    const answers = await Promise.all([1, 2, 3, 4].map(() => post(body)));
    expect(
      answers.map(({ body: { kind } }) => String(kind)).toSorted((one, other) => one.localeCompare(other)),
    ).toEqual(['new', 'unchanged', 'unchanged', 'unchanged']);
    expect(new Set(answers.map(({ body: { id } }) => id)).size).toBe(1);
  });

  type Damage = [what: string, code: string, damage: (folder: string) => void];
  const manifestOf = (path: string) => readFileSync(join(path, 'scan.json'), 'utf8');
  const resultIn = (path: string) =>
    readdirSync(path).find(name => name.endsWith('.json') && name !== 'scan.json') ?? 'no result';
  const edit = (path: string, change: (text: string) => string) =>
    writeFileSync(join(path, 'scan.json'), change(manifestOf(path)));

  test.each<Damage>([
    ['cut off', 'RUN_INVALID', path => edit(path, manifest => manifest.slice(0, 900))],
    ['without its results', 'RUN_INVALID', path => rmSync(join(path, resultIn(path)))],
    [
      'with a result that was changed',
      'RUN_INVALID',
      path => {
        const file = join(path, resultIn(path));
        writeFileSync(file, readFileSync(file, 'utf8').replace('"failed"', '"passed"'));
      },
    ],
    [
      'of a later version',
      'RUN_VERSION',
      path => edit(path, text_ => text_.replace(/"schemaVersion": ?\d+/, '"schemaVersion":99')),
    ],
    ['that has not finished', 'RUN_UNFINISHED', path => edit(path, text_ => text_.replace('"finished"', '"running"'))],
    [
      'whose verdict was changed',
      'RUN_INVALID',
      path =>
        edit(path, manifest => {
          const scan = JSON.parse(manifest) as { gate: object; exitCode: number };
          return JSON.stringify({
            ...scan,
            exitCode: 0,
            gate: { ...scan.gate, verdict: 'pass', reason: 'pass', exit: 0 },
          });
        }),
    ],
    [
      'whose controls were counted otherwise',
      'RUN_INVALID',
      path => edit(path, manifest => manifest.replaceAll(/"status": ?"failed"/g, '"status":"passed"')),
    ],
    [
      'from tomorrow',
      'RUN_INVALID',
      path =>
        edit(path, manifest =>
          manifest
            .replace('"finished":"2026-02-06', '"finished":"2126-02-06')
            .replace('"finished": "2026-02-06', '"finished": "2126-02-06'),
        ),
    ],
    ['of something else', 'RUN_INVALID', path => writeFileSync(join(path, 'scan.json'), '{"scans":[]}')],
    [
      'whose manifest is a link',
      'INPUT_INVALID',
      path => {
        rmSync(join(path, 'scan.json'));
        symlinkSync('/etc/hostname', join(path, 'scan.json'));
      },
    ],
  ])('%s are refused by name, and nothing of them is kept', async (what, code, damage) => {
    const name = `damaged ${what}`;
    damage(await leave(name, on(failing(), { id: 'damaged', day: '2026-02-06' })));
    const before = await counts();
    const { code: exit, stderr } = await run([name, '--cluster', 'east']);
    expect(exit).toBe(2);
    expect(stderr).toContain(code);
    expect(stderr).toContain(name);
    expect(await counts()).toEqual(before);
  });

  test('of namespaces that the team has not, or of no cluster of it, are refused', async () => {
    const target = sampleTarget('ledger-0', { namespace: 'bank' });
    const model = sampleModel([sampleAudited({ text: readFixture('mix.json'), target })]);
    await leave('foreign', on(model, { id: 'foreign', day: '2026-02-07' }));
    const files = filesOf(at('foreign'));
    for (const cluster of ['east', 'west'])
      expect(await post({ name: 'foreign', cluster, files })).toMatchObject({
        status: 404,
        body: { code: 'SERVICE_NOT_FOUND' },
      });
  });

  test.each<[what: string, change: (files: Post['files']) => Post['files']]>([
    ['a path', files => files.map(file => ({ ...file, path: `../${file.path}` }))],
    ['a file of another run', files => [...files, { path: 'other.json', content: readFixture('regression-now.json') }]],
    ['a name twice', files => [...files, ...files]],
    ['nothing', () => []],
  ])('with %s are refused', async (_, change) => {
    const files = change(filesOf(at('runs/monday')));
    const before = await counts();
    expect((await post({ name: 'x', cluster: 'east', files })).status).toBe(422);
    expect(await counts()).toEqual(before);
  });
});

describe('result files', () => {
  test('are judged here: strictly, or by the threshold that is named', async () => {
    writeFileSync(at('old-results.json'), readFixture('mix.json'));
    const strict = await run(['old-results.json', '--cluster', 'east']);
    expect(strict).toMatchObject({ code: 0, stdout: expect.stringMatching(/^new old-results\.json: fail /) });
    const half = await run(['old-results.json', '--cluster', 'east', '--threshold', 'half']);
    expect(half.stdout).toMatch(/^new /);
    const [id = ''] = /[0-9a-f-]{36}/.exec(half.stdout) ?? [];
    const { body } = await served.client.call('GET', `/scans/${id}`, { key: world.keys.shop });
    expect(body).toMatchObject({ origin: 'imported', imported: { kind: 'results', name: 'old-results.json' } });
    const again = await run(['old-results.json', '--cluster', 'east']);
    expect(again.stdout).toContain('0 new, 1 unchanged');
  });

  test.each(['no-results.json', 'not-json.json', 'no-profiles.json'])(
    'of which nothing can be said (%s) are never a pass',
    async name => {
      writeFileSync(at(name), readFixture(name));
      const { code, stdout, stderr } = await run([name, '--cluster', 'east']);
      if (code === 0) expect(stdout).toMatch(/^new \S+: failed /);
      else expect(stderr).toMatch(/refused .*(RESULT|RUN)_INVALID/);
    },
  );
});

test('a folder without a run is no success, and neither is what nobody was asked', async () => {
  mkdirSync(at('empty'));
  expect(await run(['empty'])).toMatchObject({ code: 2, stderr: expect.stringContaining('holds no run') });
  expect(await run(['runs/monday'], 'cs_nonsense')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('SERVICE_KEY_INVALID'),
  });
});

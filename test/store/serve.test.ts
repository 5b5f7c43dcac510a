// SPDX-License-Identifier: Apache-2.0
// `cinc-scan serve` over a store of consolidated runs, beside runs of the auditor.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { command, commandHere, gateFixtures, startCommand, temporaryFolder } from '../support/command.ts';

const root = resolve(import.meta.dirname, '../..');
const folder = temporaryFolder();
const inside = (name: string) => join(folder.path, name);
let started: ReturnType<typeof startCommand>;
let base = '';

const web = { id: 'web', tool: 'trivy', area: 'images', target: 'host:web', file: 'web.json' };
const secret = 'what-only-the-scanner-saw';

async function keep(scope: string): Promise<string> {
  writeFileSync(inside('cinc-scan.sources.yml'), JSON.stringify({ scope, sources: [web] }));
  const before = places();
  await commandHere(['consolidate', '--store', 'kept', '--state-missing', 'seed'], { cwd: folder.path });
  return places().find(each => !before.includes(each)) ?? '';
}

const places = (): string[] =>
  readdirSync(folder.path, { recursive: true, encoding: 'utf8' })
    .filter(name => name.endsWith('/consolidation.json'))
    .map(dirname);

const runs: Record<string, string> = {};
const hostile = '<img src=x onerror=alert(1)>';

beforeAll(async () => {
  const sample = readFileSync(join(root, 'packages/companions/fixtures/trivy/image-v2.json'), 'utf8');
  writeFileSync(inside('web.json'), sample.replace(/^\{/, `{"Note": ${JSON.stringify(secret)},`));
  for (const [name, scope] of Object.entries({ prod: 'prod', later: 'prod', test: 'test' }))
    runs[name] = await keep(scope);
  const copy = (name: string, to: string) => cpSync(inside(runs[name] ?? ''), inside(to), { recursive: true });
  copy('test', 'kept/test/2026/01/02/changed');
  writeFileSync(inside('kept/test/2026/01/02/changed/report.html'), '<script>alert(1)</script>');
  copy('test', 'kept/test/2026/01/02/unfinished');
  rmSync(inside('kept/test/2026/01/02/unfinished/consolidation.json'));
  copy('test', 'kept/test/2026/01/02/odd');
  writeFileSync(inside('kept/test/2026/01/02/odd/consolidation.json'), '{"version": 2}');
  copy('test', 'kept/test/2026/01/02/hostile');
  const path = inside('kept/test/2026/01/02/hostile/consolidation.json');
  writeFileSync(path, readFileSync(path, 'utf8').replaceAll('"test"', JSON.stringify(hostile)));
  mkdirSync(inside('kept/scan'));
  await command(['report', '-i', join(gateFixtures, 'clean.json'), '--report', 'hdf,html,scan', '-o', 'kept/scan'], {
    cwd: folder.path,
  });
  started = startCommand(['serve', 'kept', '--port', '0'], { cwd: folder.path });
  await new Promise<void>((listening, failed) => {
    started.child.stdout.on('data', () => {
      base = /http:\S+(?=\/)/.exec(started.transcript.stdout)?.[0] ?? '';
      if (base !== '') listening();
    });
    void started.ended.then(({ stderr }) => failed(new Error(stderr)));
  });
});
afterAll(async () => {
  started.child.kill('SIGTERM');
  await started.ended;
  folder[Symbol.dispose]();
});

const get = async (path: string) => {
  const answer = await fetch(`${base}${path}`);
  return { status: answer.status, text: await answer.text(), policy: answer.headers.get('content-security-policy') };
};
const pageOf = (place: string) => `/runs/${place.replace(/^kept\//, '')}/report.html`;

test('the list has every run by scope, the newest first, and the runs of the auditor', async () => {
  const { status, text } = await get('/');
  expect(status).toBe(200);
  const rows = [...text.matchAll(/<td>(prod|test)<\/td><th scope="row"><a href="([^"]+)"/g)].map(
    ([, scope, href]) => `${scope} ${href}`,
  );
  const sameRun = ['changed', 'odd', 'hostile', 'unfinished'].map(
    name => `test ${pageOf(`kept/test/2026/01/02/${name}`)}`,
  );
  expect(rows.filter(row => !sameRun.includes(row))).toEqual([
    `prod ${pageOf(runs['later'] ?? '')}`,
    `prod ${pageOf(runs['prod'] ?? '')}`,
    `test ${pageOf(runs['test'] ?? '')}`,
  ]);
  expect(text).toContain('/runs/scan/report.html');
  expect(text).toContain('not finished: its manifest is not there');
  expect(text).toContain('its manifest cannot be read');
  expect(text).not.toContain(hostile);
  expect(text).not.toMatch(/raw|\/hdf\//);
});

test('a run shows the very page that it left', async () => {
  const { status, text, policy } = await get(pageOf(runs['prod'] ?? ''));
  expect(status).toBe(200);
  expect(text).toBe(readFileSync(inside(`${runs['prod']}/report.html`), 'utf8'));
  expect(policy).toContain("default-src 'none'");
});

test.each([
  ['changed', 422, 'is not the one that the run has left'],
  ['odd', 422, 'the manifest of this run is none'],
  ['unfinished', 404, 'has not finished'],
])('a run that was %s is not shown', async (name, status, why) => {
  const page = await get(pageOf(`kept/test/2026/01/02/${name}`));
  expect(page).toMatchObject({ status, text: expect.stringContaining(why) });
  expect(page.text).not.toContain('script');
});

test('what scanners left is shown by nothing, also where a store is served from within', async () => {
  const place = (runs['prod'] ?? '').replace(/^kept\//, '');
  for (const path of [
    `/runs/${place}/raw/web/report.html`,
    `/runs/${place}/raw/web/web.json`,
    `/runs/${place}/raw/report.html`,
  ])
    expect((await get(path)).status).toBe(404);
  for (const served of [dirname(place), place, 'test/2026/01/02/unfinished']) {
    const inner = startCommand(['serve', inside(`kept/${served}`), '--port', '0'], { cwd: folder.path });
    const address = await new Promise<string>(listening =>
      inner.child.stdout.on('data', () => listening(/http:\S+/.exec(inner.transcript.stdout)?.[0] ?? '')),
    );
    const list = await (await fetch(address)).text();
    expect(list).not.toContain('raw');
    for (const [, href] of list.matchAll(/href="([^"]+)"/g))
      expect(await (await fetch(new URL(href ?? '', address))).text()).not.toContain(secret);
    inner.child.kill('SIGTERM');
    await inner.ended;
  }
});

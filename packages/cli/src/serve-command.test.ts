// SPDX-License-Identifier: Apache-2.0
import { copyFileSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { command, gateFixtures, startCommand, temporaryFolder } from '../../../test/support/command.ts';

const folder = temporaryFolder();
const inside = (name: string) => join(folder.path, name);
let started: ReturnType<typeof startCommand>;
let base = new URL('http://127.0.0.1');

const version1 = join(gateFixtures, '../scan/version-1.json');
const hostile = '<img src=x onerror=alert(1)>';

async function makeRuns(): Promise<void> {
  const make = (file: string, name: string, reports: string) =>
    command(['report', '-i', join(gateFixtures, file), '--report', reports, '-o', `runs/${name}`], {
      cwd: folder.path,
    });
  await make('clean.json', 'good', 'hdf,scan');
  await make('mix.json', 'bad', 'hdf,html,scan');
  mkdirSync(inside(`runs/${hostile}`));
  copyFileSync(join(gateFixtures, 'mix.json'), inside(`runs/${hostile}/r.json`));
  mkdirSync(inside('runs/lost'));
  const lost = JSON.parse(readFileSync(inside('runs/good/scan.json'), 'utf8')) as Record<string, unknown>;
  const error = { code: 'TARGET_LOST', message: 'It went away', hint: '' };
  const place = { cluster: 'prod', namespace: 'shop', selector: 'web' };
  const nothing = { profile: null, profileRef: null, observation: null, judgement: null, comparison: null, hdf: null };
  const named = { identity: 'prod/shop/web', name: 'shop/web/app', target: place, outcome: 'unreached' };
  const target = { ...named, ...nothing, result: 'error', error, counts: null, compliance: null };
  const gate = { ...(lost['gate'] as object), verdict: 'error', exit: 4, reason: 'TARGET_LOST' };
  writeFileSync(inside('runs/lost/scan.json'), JSON.stringify({ ...lost, targets: [target], gate, exitCode: 4 }));
  mkdirSync(inside('runs/early'));
  copyFileSync(version1, inside('runs/early/scan.json'));
  mkdirSync(inside('runs/late'));
  writeFileSync(inside('runs/late/scan.json'), JSON.stringify({ ...lost, schemaVersion: 99 }));
  mkdirSync(inside('runs/praised'));
  const bad = JSON.parse(readFileSync(inside('runs/bad/scan.json'), 'utf8')) as Record<string, unknown>;
  const praise = { ...(bad['gate'] as object), verdict: 'pass', exit: 0, reason: 'pass' };
  writeFileSync(inside('runs/praised/scan.json'), JSON.stringify({ ...bad, gate: praise, exitCode: 0 }));
  mkdirSync(inside('runs/killed'));
  copyFileSync(join(gateFixtures, 'clean.json'), inside('runs/killed/r.json'));
  writeFileSync(inside('runs/killed/scan.json'), '{"state": "running"}');
  writeFileSync(inside('secret.json'), '{"secret": "of somebody else"}');
  symlinkSync(folder.path, inside('runs/out'));
  mkdirSync(inside('runs/planted'));
  symlinkSync(inside('secret.json'), inside('runs/planted/report.html'));
}

beforeAll(async () => {
  await makeRuns();
  started = startCommand(['serve', 'runs', '--port', '0'], { cwd: folder.path });
  await new Promise<void>((resolve, reject) => {
    started.child.stdout.on('data', () => {
      const url = /http:\S+/.exec(started.transcript.stdout)?.[0];
      if (url !== undefined) base = new URL(url);
      if (url !== undefined) resolve();
    });
    void started.ended.then(({ stderr }) => reject(new Error(stderr)));
  });
});
afterAll(async () => {
  started.child.kill('SIGKILL');
  await started.ended;
  folder[Symbol.dispose]();
});

interface Reply {
  status: number;
  headers: Record<string, unknown>;
  text: string;
}

/** The path as it is, without a client that tidies it first. */
function ask(path: string, method = 'GET', headers: Record<string, string> = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: '127.0.0.1', port: base.port, path, method, headers }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', (part: string) => (text += part));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text }));
    });
    sent.on('error', reject).end();
  });
}

describe('serve', () => {
  test('has a main landmark, and no icon without an error', async () => {
    const { text } = await ask('/');
    expect(text).toMatch(/<body>\n<main>\n<h1>[^]*<\/main>\n<\/body>/);
    expect(await ask('/favicon.ico')).toMatchObject({ status: 204, text: '' });
  });

  test('lists the runs with their verdicts', async () => {
    const { status, text } = await ask('/');
    expect(status).toBe(200);
    const rows = text.match(/<tr><th scope="row">.*<\/tr>/g) ?? [];
    expect(rows.filter(row => row.includes('good')).join()).toMatch(/class="pass">PASS/);
    expect(rows.filter(row => row.includes('bad')).join()).toMatch(/class="fail">FAIL.*below-threshold.*55\.55 %/);
    expect(rows.filter(row => row.includes('lost')).join()).toMatch(/class="error">ERROR.*TARGET_LOST/);
    expect(text).not.toContain('<img');
  });

  test('shows the page that a run wrote, and makes one where it wrote none', async () => {
    const bad = await ask('/runs/bad/report.html');
    expect(bad.text).toBe(readFileSync(inside('runs/bad/report.html'), 'utf8'));
    const good = await ask('/runs/good/report.html');
    expect(good.text).toContain('<span class="word">PASS');
    const odd = await ask(`/runs/${encodeURIComponent(hostile)}/report.html`);
    expect(odd.status).toBe(200);
    expect(odd.text).toContain('f-high');
  });

  test('keeps what could not be looked at an error on the page, too', async () => {
    const { text } = await ask('/runs/lost/report.html');
    expect(text).toContain('<span class="word">ERROR');
    expect(text).toContain('It went away');
  });

  test('lists a run of the first layout, and shows by name that its judgement was not kept', async () => {
    const rows = (await ask('/')).text.match(/<tr><th scope="row">.*<\/tr>/g) ?? [];
    expect(rows.filter(row => row.includes('early')).join()).toMatch(/class="error">ERROR.*TARGET_NOT_FOUND.*55\.55 %/);
    const { status, text } = await ask('/runs/early/report.html');
    expect([status, text]).toEqual([422, expect.stringMatching(/^RUN_VERSION: layout 1 does not keep/)]);
  });

  test('refuses by name a run of a later layout, and one whose verdict is better than its targets', async () => {
    expect(await ask('/runs/late/report.html')).toMatchObject({
      status: 422,
      text: expect.stringMatching(/^RUN_VERSION: layout 99 is of a later version/),
    });
    expect(await ask('/runs/praised/report.html')).toMatchObject({
      status: 422,
      text: expect.stringMatching(/^RUN_INVALID: the verdict pass does not fit the target/),
    });
  });

  test('makes no pass of a run that has not finished', async () => {
    const { text } = await ask('/runs/killed/report.html');
    expect(text).toContain('<span class="word">ERROR');
    expect(text).toContain('has not finished');
  });

  test('gives every page a policy under which nothing foreign runs', async () => {
    for (const path of ['/', '/runs/bad/report.html', '/runs/good/report.html', '/nowhere']) {
      const { headers } = await ask(path);
      expect(headers['content-security-policy']).toMatch(
        /^default-src 'none'; style-src 'sha256-[^']+'; script-src 'sha256-[^']+';/,
      );
      expect(headers['content-security-policy']).not.toContain('unsafe');
      expect(headers).toMatchObject({ 'x-content-type-options': 'nosniff', 'cache-control': 'no-store' });
    }
  });

  const closed = [
    '/../secret.json',
    '/runs/../../secret.json',
    '/runs/..%2f..%2fsecret.json/report.html',
    '/runs/%2e%2e/report.html',
    '/runs/out/report.html',
    '/runs/out/runs/good/report.html',
    '/runs/planted/report.html',
    '/runs/good/scan.json',
    '/runs//etc/passwd',
    '//etc/passwd',
    '/runs/good/report.html%00.txt',
    '/\\..\\secret.json',
  ];
  test.each(closed)('opens nothing for %s', async path => {
    const { status, text } = await ask(path);
    expect(status).toBe(404);
    expect(text).not.toContain('somebody else');
  });

  test('answers to names of this machine alone, so that no site can read through a name of its own', async () => {
    for (const host of [
      'evil.example',
      `evil.example:${base.port}`,
      '127.0.0.1:1',
      `127.0.0.1.evil.example:${base.port}`,
    ])
      expect((await ask('/', 'GET', { host })).status).toBe(421);
    expect((await ask('/', 'GET', { host: `LOCALHOST:${base.port}` })).status).toBe(200);
  });

  test('reads only', async () => {
    for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])
      expect(await ask('/', method)).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    expect(await ask('/', 'HEAD')).toMatchObject({ status: 200, text: '' });
  });

  test('listens on this machine alone', () => {
    expect(base.hostname).toBe('127.0.0.1');
  });

  test('ends when it is interrupted', async () => {
    const own = startCommand(['serve', 'runs', '--port', '0'], { cwd: folder.path });
    await new Promise(resolve => own.child.stdout.once('data', resolve));
    own.child.kill('SIGINT');
    expect(await own.ended).toMatchObject({ code: 0 });
  });

  const refused: [string, string[], RegExp][] = [
    ['a folder that is none', ['serve', 'nowhere'], /nowhere is not a folder/],
    ['a port that is none', ['serve', 'runs', '--port', '99999'], /--port: expected/],
    ['no folder', ['serve'], /missing required argument/],
  ];
  test.each(refused)('refuses %s', async (_, args, message) => {
    const { code, stderr } = await command(args, { cwd: folder.path });
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });
});

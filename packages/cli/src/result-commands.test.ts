// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { command, commandHere, gateFixtures, temporaryFolder } from '../../../test/support/command.ts';

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());
const fixture = (name: string) => join(gateFixtures, name);
const inside = (name: string) => join(folder.path, name);
const read = (name: string) => readFileSync(inside(name), 'utf8');
const parse = (text: string) => JSON.parse(text) as Record<string, unknown>;
const here = (args: string[]) => commandHere(args, { cwd: folder.path });

function place(name: string, text: string): string {
  writeFileSync(inside(name), text);
  return inside(name);
}

describe('threshold generate', () => {
  test('writes what the results just meet: the worse ones no longer do', async () => {
    const { code } = await here(['threshold', 'generate', '-i', fixture('mix.json'), '-o', 'threshold.yml']);
    expect(code).toBe(0);
    const judge = (name: string) => here(['gate', '-i', fixture(name), '-T', inside('threshold.yml')]);
    expect((await judge('mix.json')).code).toBe(0);
    expect((await judge('overlay.json')).code).toBe(3);
  });

  test('prints it without a file, with room for worse', async () => {
    const strict = await here(['threshold', 'generate', '-i', fixture('mix.json')]);
    const loose = await here(['threshold', 'generate', '-i', fixture('mix.json'), '--margin', '5']);
    expect(strict.stdout).toMatch(/compliance:\n {2}min: 55/);
    expect(loose.stdout).toMatch(/compliance:\n {2}min: 50/);
  });

  const refused: [name: string, args: string[], message: RegExp][] = [
    ['without results', [], /required option '-i/],
    ['from a missing file', ['-i', 'none.json'], /hdf-unreadable: none\.json: there is no such file/],
    ['from results without controls', ['-i', join(gateFixtures, 'no-controls.json')], /nothing-checked/],
    ['with a margin that is no number', ['-i', 'x.json', '--margin', '-1'], /--margin|unknown option/],
    ['with a broken margin', ['-i', 'x.json', '--margin', '1.5'], /--margin: expected a whole number/],
  ];
  test.each(refused)('%s is refused', async (_, args, message) => {
    const { code, stdout, stderr } = await here(['threshold', 'generate', ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(message);
  });
});

describe('report', () => {
  test('as a process converts and merges results of several files, and exits with 0 whatever they say', async () => {
    const files = [fixture('mix.json'), fixture('clean.json')];
    const args = ['report', '-i', ...files, '--report', 'html:page.html', '--report', 'csv,scan', '-o', 'out'];
    const { code, stdout } = await command(args, { cwd: folder.path });
    expect(code).toBe(0);
    expect(stdout.trim().split('\n').toSorted()).toEqual(['out/results.csv', 'out/scan.json', 'page.html']);
    const scan = parse(read('out/scan.json'));
    expect(scan).toMatchObject({ state: 'finished', exitCode: 0, gate: { verdict: 'fail', exit: 3 } });
    expect(scan['targets']).toHaveLength(2);
    expect(read('page.html')).toContain('results/mix/fixture');
  });

  test('writes one page where no report is named', async () => {
    await here(['report', '-i', fixture('mix.json')]);
    expect(readdirSync(inside('cinc-scan-results'))).toEqual(['report.html']);
  });

  test('gates where a threshold is given', async () => {
    const args = ['report', '-i', fixture('mix.json'), '-q', '--report', 'junit-gate:-'];
    const below = await here([...args, '-I', '99']);
    expect(below.code).toBe(3);
    expect(below.stdout).toContain('compliance.min');
    expect((await here([...args, '-I', '50'])).code).toBe(0);
    expect((await here([...args, '-I', '99', '--report-only'])).code).toBe(0);
    expect(await here([...args, '-I', 'nope: 1'])).toMatchObject({ code: 2, stdout: '' });
  });

  test('makes no pass of results that cannot be judged', async () => {
    const { code } = await here(['report', '-i', fixture('no-controls.json'), fixture('clean.json')]);
    expect(code).toBe(2);
    expect(existsSync(inside('cinc-scan-results/report.html'))).toBe(true);
  });

  const refused: [name: string, args: string[], message: RegExp][] = [
    ['files that are no results, all of them named', ['-i', 'a.json', 'b.json'], /a\.json: .*; b\.json: /],
    ['an unknown report', ['-i', fixture('mix.json'), '--report', 'pdf'], /unknown report "pdf"/],
    ['a trend without a page', ['-i', fixture('mix.json'), '--report', 'csv', '--trend', '.'], /Only the HTML report/],
    ['a trend of no folder', ['-i', fixture('mix.json'), '--trend', 'nowhere'], /--trend nowhere cannot be read/],
    [
      'two checklists on standard output',
      ['-i', fixture('mix.json'), fixture('clean.json'), '--report', 'hdf:-'],
      /has 2 files/,
    ],
  ];
  test.each(refused)('refuses %s', async (_, args, message) => {
    const { code, stderr } = await here(['report', ...args]);
    expect(code).toBe(2);
    expect(stderr).toMatch(message);
  });

  test('shows earlier runs as a trend, and says which manifests it could not use', async () => {
    for (const [name, file] of Object.entries({ one: 'mix.json', two: 'two-thirds.json' }))
      await here(['report', '-i', fixture(file), '--report', 'scan', '-o', `runs/${name}`]);
    mkdirSync(inside('runs/broken'));
    place('runs/broken/scan.json', '{"state": "running"}');
    symlinkSync(inside('runs'), inside('runs/loop'));
    const { code, stderr } = await here([
      'report',
      '-i',
      fixture('clean.json'),
      '--trend',
      inside('runs'),
      '--report',
      'html:p.html',
    ]);
    expect(code).toBe(0);
    expect(stderr).toMatch(/! trend: .*runs\/broken\/scan\.json was left out: .*not finished/);
    const page = read('p.html');
    expect(page).toContain('Compliance over 3 runs');
    expect(page).toContain('66.66 %');
    expect(page).toContain('was left out');
  });

  test('knows targets from the manifest beside the results, if it tells of these very bytes', async () => {
    const hdf = readFileSync(fixture('mix.json'), 'utf8');
    const annotated = parse(hdf);
    const target = {
      cluster: 'prod',
      namespace: 'shop',
      pod: 'web-1',
      podUid: 'u',
      container: 'app',
      containerId: 'x://1',
      restartCount: 0,
      image: 'web:1',
      owner: { kind: 'Deployment', name: 'web' },
    };
    const facts = {
      target,
      profile: { name: 'baseline', source: './p', sha256: 'b' },
      lens: 'exec',
      view: 'full',
      run: { id: 'run-7', started: '2026-01-01T00:00:00Z' },
      tool: { name: 'cinc-scan', version: '0' },
    };
    mkdirSync(inside('earlier'));
    place('earlier/first.json', JSON.stringify({ ...annotated, passthrough: { cincScan: facts } }));
    await here(['report', '-i', inside('earlier/first.json'), '--report', 'hdf,scan', '-o', 'run']);
    const [name = ''] = readdirSync(inside('run')).filter(each => each !== 'scan.json');
    expect(name).toBe('shop_web-1_app.json');
    // Without what the file says itself, the manifest has to know it.
    const bare = place(`run/${name}`, hdf);
    const show = () => here(['report', '-i', bare, '--report', 'scan', '-o', 'again']);
    const unlisted = await show();
    expect(unlisted).toMatchObject({ code: 2, stdout: '' });
    expect(unlisted.stderr).toMatch(/scan\.json next to it does not list it as it is/);
    const manifest = read('run/scan.json');
    place(
      'run/scan.json',
      manifest.replace(/"sha256": "[0-9a-f]{64}"/g, `"sha256": "${createHash('sha256').update(hdf).digest('hex')}"`),
    );
    expect(await show()).toMatchObject({ code: 0 });
    expect(parse(read('again/scan.json'))).toMatchObject({
      run: { id: 'run-7' },
      targets: [{ name: 'shop/web-1/app' }],
    });
  });

  test('cannot be led out of the folder by names in the results', async () => {
    const hostile = inside('evil.json');
    copyFileSync(fixture('mix.json'), hostile);
    const text = readFileSync(hostile, 'utf8').replaceAll('"target_id": "fixture"', '"target_id": "../../../etc/x"');
    writeFileSync(hostile, text.replaceAll('"target_id":"fixture"', '"target_id":"../../../etc/x"'));
    const { code } = await here(['report', '-i', hostile, '--report', 'hdf', '-o', 'out']);
    expect(code).toBe(0);
    const names = readdirSync(inside('out'));
    expect(names).toHaveLength(1);
    expect(names[0]).not.toContain('/');
    expect(statSync(join(inside('out'), names[0] ?? '')).isFile()).toBe(true);
  });
});

describe('attest', () => {
  const list = (more = {}) =>
    JSON.stringify([
      {
        control_id: 's-med',
        explanation: 'seen',
        frequency: 'annually',
        status: 'passed',
        updated: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10),
        updated_by: 'Ada',
        ...more,
      },
    ]);
  const attest = (...more: string[]) =>
    here(['attest', '-i', fixture('mix.json'), '--attestations', inside('list.json'), '-o', 'new.json', ...more]);

  test('writes new results in which the skipped control has what a person found', async () => {
    place('list.json', list());
    const before = readFileSync(fixture('mix.json'), 'utf8');
    expect(await attest()).toEqual({ code: 0, stdout: '', stderr: '' });
    expect(readFileSync(fixture('mix.json'), 'utf8')).toBe(before);
    expect((await here(['gate', '-i', inside('new.json'), '-I', 'skipped.total.max: 0'])).code).toBe(0);
    expect((await here(['gate', '-i', inside('new.json'), '-I', '66'])).code).toBe(0);
  });

  test('warns of what changed nothing', async () => {
    place('list.json', list({ control_id: 'nowhere' }));
    expect(await attest()).toMatchObject({ code: 0, stderr: expect.stringMatching(/! "nowhere": no such control/) });
    place('list.json', list({ updated: '2020-01-01' }));
    expect((await attest()).stderr).toContain('has expired');
  });

  test('refuses attestations that would never end, and writes nothing', async () => {
    place('list.json', list({ frequency: '5h' }));
    const { code, stderr } = await attest();
    expect(code).toBe(2);
    expect(stderr).toMatch(/attestation-invalid: .*list\.json: "s-med": frequency: expected/);
    expect(existsSync(inside('new.json'))).toBe(false);
  });

  test('refuses to write over what it reads, by whatever name', async () => {
    place('list.json', list());
    copyFileSync(fixture('mix.json'), inside('in.json'));
    symlinkSync(inside('in.json'), inside('link.json'));
    for (const output of ['in.json', './link.json', 'list.json']) {
      const { code, stderr } = await here([
        'attest',
        '-i',
        inside('in.json'),
        '--attestations',
        inside('list.json'),
        '-o',
        output,
      ]);
      expect(code).toBe(2);
      expect(stderr).toContain('is the input');
    }
  });

  test('tells of results and attestations that are both of no use', async () => {
    const { code, stderr } = await here(['attest', '-i', 'a.json', '--attestations', 'b.yml', '-o', 'c.json']);
    expect(code).toBe(2);
    expect(stderr).toContain('a.json: there is no such file');
    expect(stderr).toContain('b.yml: there is no such file');
  });
});

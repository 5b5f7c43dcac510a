// SPDX-License-Identifier: Apache-2.0
// Runs over all sources, kept where others find them: `cinc-scan consolidate --store`.
import { createHash } from 'node:crypto';
import { copyFileSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import S3rver from 's3rver';
import { command, commandHere, temporaryFolder } from '../support/command.ts';
import { FakeBuckets, fakeAddress, fakeCredentials, otherCredentials, type Service } from '../support/fake-buckets.ts';

const root = resolve(import.meta.dirname, '../..');
let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
  sources({});
  copyFileSync(join(root, 'packages/companions/fixtures/trivy/image-v2.json'), inside('web.json'));
});
afterEach(() => folder[Symbol.dispose]());

const inside = (name: string) => join(folder.path, name);
const text = (name: string) => readFileSync(inside(name), 'utf8');
const json = (content: string) => JSON.parse(content) as Record<string, unknown>;
const web = { id: 'web', tool: 'trivy', area: 'images', target: 'host:web', file: 'web.json' };
const sources = (document: object) =>
  writeFileSync(inside('cinc-scan.sources.yml'), JSON.stringify({ scope: 'prod', sources: [web], ...document }));
const seed = ['--state-missing', 'seed'];
const here = (...args: string[]) => commandHere(['consolidate', ...args], { cwd: folder.path });
const files = (name: string) =>
  readdirSync(inside(name), { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => relative(inside(name), join(entry.parentPath, entry.name)))
    .toSorted();
const runsIn = (name: string) => files(name).filter(each => each.endsWith('/consolidation.json'));

const schema = (name: string) => {
  const ajv = addFormats.default(new Ajv2020.default({ strict: false }));
  return ajv.compile(json(readFileSync(join(root, `docs/schemas/${name}.schema.json`), 'utf8')));
};

describe('in a folder', () => {
  test('a run has its place by scope, day and name, with a manifest that fits all its files', async () => {
    const ran = await command(['consolidate', '--store', 'kept', ...seed], { cwd: folder.path });
    expect(ran).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/[✗]/) });
    const [manifest = ''] = runsIn('kept');
    const at = String((json(text('cinc-scan-findings/findings.json'))['run'] as Record<string, unknown>)['at']);
    expect(manifest).toMatch(
      new RegExp(`^prod/${at.slice(0, 10).replaceAll('-', '/')}/[0-9TZ]+/consolidation\\.json$`),
    );
    const place = manifest.replace('/consolidation.json', '');
    expect(ran.stdout).toContain(`kept in ${inside('kept')}/${place}\n`);
    const read = json(text(`kept/${manifest}`));
    expect([schema('consolidation')(read), read['exitCode']]).toEqual([true, 0]);
    const listed = read['files'] as { path: string; sha256: string; bytes: number; isPrivate: boolean }[];
    expect(listed.map(({ path, isPrivate }) => `${path}${isPrivate ? ' private' : ''}`)).toEqual([
      'hdf/web.json',
      'raw/web/web.json private',
      'findings.json',
      'report.html',
    ]);
    for (const { path, sha256, bytes } of listed) {
      const content = readFileSync(inside(`kept/${place}/${path}`));
      expect([createHash('sha256').update(content).digest('hex'), content.length]).toEqual([sha256, bytes]);
    }
    expect(files('kept')).toHaveLength(listed.length + 2);
    expect(text(`kept/${place}/raw/web/web.json`)).toBe(text('web.json'));
    expect((statSync(inside(`kept/${place}/raw/web/web.json`)).mode & 0o777).toString(8)).toBe('600');
    expect((statSync(inside(`kept/${place}/findings.json`)).mode & 0o777).toString(8)).toBe('644');
    expect(text(`kept/${place}/findings.json`)).toBe(text('cinc-scan-findings/findings.json'));
  });

  test('the state of the scope is found by the next run, and raw files stay out if that is asked for', async () => {
    expect((await here('--store', 'kept', ...seed)).code).toBe(0);
    writeFileSync(inside('web.json'), text('web.json').replace('CVE-2019-1549', 'CVE-2026-1'));
    const ran = await here('--store', 'kept', '--omit-raw', '--fail-on-new', 'low');
    expect(ran.code).toBe(3);
    expect(ran.stdout).toContain('new: medium CVE-2026-1 in host:web');
    expect(runsIn('kept')).toHaveLength(2);
    expect(files('kept').filter(name => name.includes('/raw/'))).toHaveLength(1);
    expect(json(text('kept/prod/state.json'))['runs']).toHaveLength(2);
  });

  test('of two runs at once both have their folder, and the state has those that say so', async () => {
    expect((await here('--store', 'kept', ...seed)).code).toBe(0);
    const both = [1, 2].map(number =>
      command(['consolidate', '--store', 'kept', '-o', `out${number}`], { cwd: folder.path }),
    );
    const ended = await Promise.all(both);
    expect(runsIn('kept')).toHaveLength(3);
    const codes = ended.map(({ code }) => code);
    expect(codes).toContain(0);
    for (const { code, stderr } of ended)
      expect([0, 4]).toContain(code === 4 && !stderr.includes('STATE_CONFLICT') ? stderr : code);
    const { runs } = json(text('kept/prod/state.json'));
    expect(runs).toHaveLength(1 + codes.filter(code => code === 0).length);
    expect(files('kept').filter(name => /\.(?:tmp|lock)/.test(name))).toEqual([]);
  });

  test.each(['../up', '/etc', 'a/b', '.hidden', 'a\\b', 'x\u0000y', '-x'])('the scope %j is none', async scope => {
    sources({ scope });
    expect(await here('--store', 'kept', ...seed)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('SOURCES_INVALID'),
    });
  });

  test('a result whose name leads upwards stays below the folder of its run', async () => {
    sources({ sources: [{ ...web, file: '../*/w*.json' }] });
    copyFileSync(inside('web.json'), inside('w%2e%2e\u202e<b>.json'));
    expect((await here('--store', 'kept', ...seed, 'w%2e%2e\u202e<b>.json')).code).toBe(2); // no source looks there
    sources({ sources: [{ ...web, file: 'w*.json' }] });
    expect((await here('--store', 'kept', ...seed)).code).toBe(0);
    const raw = files('kept').filter(name => name.includes('/raw/'));
    expect(raw.map(name => name.replace(/^.*raw/, 'raw'))).toEqual(['raw/web/w_2e_2e__b_.json', 'raw/web/web.json']);
  });
});

describe.each<Service>(['s3', 'gs', 'azblob'])('in %s', service => {
  let fake: FakeBuckets;
  beforeEach(async () => {
    fake = await FakeBuckets.start(service);
  });
  afterEach(() => fake[Symbol.dispose]());

  const at = fakeAddress[service];
  const call = (...args: string[]) => ['consolidate', '--store', at, '--store-endpoint', fake.endpoint, ...args];
  const options = () => ({ cwd: folder.path, env: fakeCredentials[service] });
  const run = (...args: string[]) => commandHere(call(...args), options());
  const stateKey = 'a/b/prod/state.json';
  const state = () => json(fake.objects.get(stateKey)?.bytes.toString() ?? '{}');
  const manifests = () => [...fake.objects].filter(([key]) => key.endsWith('/consolidation.json'));
  /** Somebody else writes the state just before this run does. */
  const meanwhile = (times: number, content: () => string) => {
    let left = times;
    fake.fault = ({ method, key }) => {
      if (method === 'PUT' && key === stateKey && left-- > 0)
        fake.objects.set(key, { bytes: Buffer.from(content()), version: service === 'gs' ? `9${left}` : `"9${left}"` });
      return undefined;
    };
  };

  test('the shipped command keeps runs and their state, the manifest after all else and the state last', async () => {
    const first = await command(call(...seed), options());
    expect(first).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/[✗]/) });
    const puts = fake.asked
      .filter(line => line.startsWith('PUT') && !line.endsWith('.probe'))
      .map(line => line.replace(/.*\//, ''));
    expect(puts).toEqual(['web.json', 'web.json', 'findings.json', 'report.html', 'consolidation.json', 'state.json']);
    const second = await command(call('--fail-on-new', 'low'), { ...options(), env: otherCredentials[service] });
    expect(second).toMatchObject({ code: 0, stderr: expect.not.stringMatching(/[✗]/) });
    expect(second.stdout).toContain('4 known');
    expect([manifests().length, (state()['runs'] as unknown[]).length]).toEqual([2, 2]);
  });

  test('a run that finds the state changed compares again, and tells what that says', async () => {
    await run(...seed);
    writeFileSync(inside('web.json'), text('web.json').replace('CVE-2019-1549', 'CVE-2026-1'));
    expect((await run('--fail-on-new', 'low')).code).toBe(3);
    const theirs = JSON.stringify(state());
    fake.objects.delete(stateKey);
    meanwhile(1, () => theirs);
    const ran = await run('--fail-on-new', 'low', '--state-missing', 'all-new');
    expect(ran.code).toBe(0); // they know it already
    expect(ran.stdout).toContain('0 new');
    expect(state()['runs']).toHaveLength(3);
    const told = manifests().map(([, { bytes }]) => json(bytes.toString()));
    expect(told.at(-1)).toMatchObject({ exitCode: 0, counts: { status: { new: 0, known: 4 } } });
    const [key = ''] = manifests().at(-1) ?? [];
    const stored = fake.objects.get(key.replace('consolidation', 'findings'))?.bytes.toString();
    expect(stored).toBe(text('cinc-scan-findings/findings.json'));
  });

  test('an older run leaves a newer state alone, and is an error when its reports are there', async () => {
    await run(...seed);
    const newer = JSON.stringify({ ...state(), at: '2999-01-01T00:00:00Z' });
    meanwhile(1, () => newer);
    const ran = await run('--report', 'json:-');
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(/STATE_CONFLICT .*an older run says nothing about a newer state/);
    expect(fake.objects.get(stateKey)?.bytes.toString()).toBe(newer);
    expect(json(text('cinc-scan-findings/findings.json'))).toMatchObject({ exitCode: 4, verdict: 'error' });
    expect(json(manifests().at(-1)?.[1].bytes.toString() ?? '')).toMatchObject({ exitCode: 4, verdict: 'error' });
    expect(ran.stdout.match(/STATE_CONFLICT/g)).toHaveLength(1); // it is printed once
  });

  test('a state that never stands still is given up', async () => {
    await run(...seed);
    const theirs = JSON.stringify(state());
    meanwhile(99, () => theirs);
    const ran = await run();
    expect([ran.code, ran.stderr]).toEqual([4, expect.stringContaining('STATE_CONFLICT')]);
    expect(fake.asked.filter(line => line === `PUT ${stateKey}`)).toHaveLength(6);
  });

  test.each([
    ['of another scope', (content: string) => content.replace('"scope":"prod"', '"scope":"test"')],
    ['that was cut off', (content: string) => content.slice(0, -40)],
    ['of a newer run', (content: string) => content.replace(/"at":"\d+/, '"at":"2999')],
    ['that is none', () => '<html>'],
  ])('a state %s is refused and stays as it is', async (_what, change) => {
    await run(...seed);
    const changed = change(JSON.stringify(state()));
    fake.objects.set(stateKey, { bytes: Buffer.from(changed), version: service === 'gs' ? '77' : '"77"' });
    const ran = await run();
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('BASELINE_INVALID')]);
    expect(fake.objects.get(stateKey)?.bytes.toString()).toBe(changed);
    expect(manifests()).toHaveLength(1);
  });

  test.each([
    ['reading the state', ({ method, key }: { method: string; key: string }) => method === 'GET' && key === stateKey],
    ['listing', ({ method, key }: { method: string; key: string }) => method === 'GET' && key === ''],
    ['a result', ({ key }: { key: string }) => key.includes('/raw/')],
    ['the manifest', ({ key }: { key: string }) => key.endsWith('consolidation.json')],
    ['the state', ({ method, key }: { method: string; key: string }) => method === 'PUT' && key === stateKey],
  ])('a refusal at %s is exit 4 with all reports, and no word of a credential', async (what, isAt) => {
    fake.fault = asked => (isAt(asked) ? { kind: 'status', status: 403, code: 'AccessDenied' } : undefined);
    const ran = await run(...seed, '--fail-on-new', 'low');
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(/✗ STORE_FAILED \w+:\/\/.* it answered 403 \(AccessDenied\)/);
    const findings = text('cinc-scan-findings/findings.json');
    expect(json(findings)).toMatchObject({
      exitCode: 4,
      reasons: expect.arrayContaining([expect.stringContaining('STORE_FAILED')]),
    });
    expect(text('cinc-scan-findings/report.html')).toContain('STORE_FAILED');
    expect(ran.stdout + ran.stderr + findings).not.toMatch(/hunter2|sig=/);
    const toldElsewhere = manifests().map(([, { bytes }]) => json(bytes.toString())['exitCode']);
    expect(toldElsewhere).toEqual(what === 'the state' ? [4] : []);
    expect(state()).toEqual({});
  });

  test('a state alone may lie in a bucket, too', async () => {
    const alone = ['consolidate', '--state', `${at}/mine.json`, '--store-endpoint', fake.endpoint];
    expect((await commandHere([...alone, ...seed], options())).code).toBe(0);
    expect((await commandHere([...alone, '--fail-on-new', 'low'], options())).stdout).toContain('4 known');
    expect([...fake.objects.keys()].filter(key => !key.endsWith('.probe'))).toEqual(['a/b/mine.json']);
  });

  test('an address or credential that is none is refused before anything is read or written', async () => {
    const ran = await commandHere(call(...seed), { cwd: folder.path });
    expect([ran.code, ran.stderr]).toEqual([2, expect.stringContaining('INPUT_INVALID')]);
    expect(files('.').toSorted()).toEqual(['cinc-scan-findings/outputs.json', 'cinc-scan.sources.yml', 'web.json']);
    expect(fake.asked).toEqual([]);
  });
});

describe('on a server that ignores conditions', () => {
  test('runs are kept, and a state only if the user vouches for it', async () => {
    const server = new S3rver({
      address: '127.0.0.1',
      port: 0,
      silent: true,
      directory: inside('buckets'),
      configureBuckets: [{ name: 'results', configs: [] }],
    });
    const { port } = await server.run();
    try {
      const env = {
        AWS_ACCESS_KEY_ID: 'S3RVER',
        AWS_SECRET_ACCESS_KEY: 'S3RVER',
        AWS_ENDPOINT_URL_S3: `http://127.0.0.1:${port}`,
      };
      const run = (...args: string[]) =>
        command(['consolidate', '--store', 's3://results/scans', ...args], { cwd: folder.path, env });
      const refused = await run(...seed);
      expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('ignores the conditions')]);
      expect(refused.stderr).toContain('--state-unguarded');
      expect((await run(...seed, '--state-unguarded')).code).toBe(0);
      const known = await run('--state-unguarded', '--fail-on-new', 'low');
      expect([known.code, known.stdout]).toEqual([0, expect.stringContaining('4 known')]);
      expect((await run('--state', 'state.json', ...seed)).code).toBe(0);
    } finally {
      await server.close();
    }
  });
});

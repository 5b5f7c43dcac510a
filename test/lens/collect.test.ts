// SPDX-License-Identifier: Apache-2.0
// `cinc-scan collect` against a container whose results are as they should be, and as they should not.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod, testImage } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, type Transcript } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';

const cluster = await openTestCluster();
let namespace = '';

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const outputs = (code: number) => `${JSON.stringify({ verdict: 'fail', 'exit-code': code })}\n`;

interface Listed {
  name: string;
  bytes: number;
  sha256: string;
}

const listed = (name: string, text: string): Listed => ({ name, bytes: Buffer.byteLength(text), sha256: sha256(text) });
const marker = (files: Listed[], more: Record<string, unknown> = {}) =>
  `${JSON.stringify({ version: 1, run: 'planted', exitCode: 3, files, ...more })}\n`;

const report = 'result\u0000 of a scan\n'.repeat(100);
const large = '\u0000'.repeat(400_000);
const good = [listed('outputs.json', outputs(3)), listed('a_b.json', report)];
const files = { 'outputs.json': outputs(3), 'a_b.json': report };

/** What lies in a folder of the container, by the folder's name. */
const planted: Record<string, Record<string, string>> = {
  intact: { ...files, 'unlisted.txt': 'not collected', 'complete.json': marker(good) },
  truncated: { ...files, 'a_b.json': report.slice(0, -1), 'complete.json': marker(good) },
  longer: { ...files, 'a_b.json': `${report}x`, 'complete.json': marker(good) },
  tampered: { ...files, 'a_b.json': report.replace('scan', 'scam'), 'complete.json': marker(good) },
  missing: { 'outputs.json': outputs(3), 'complete.json': marker(good) },
  'without-outputs': { 'a_b.json': report, 'complete.json': marker([listed('a_b.json', report)]) },
  'other-exit-code': { ...files, 'complete.json': marker(good, { exitCode: 0 }) },
  'no-exit-code': { ...files, 'complete.json': marker(good, { exitCode: 1 }) },
  'up-and-out': { ...files, 'complete.json': marker([...good, listed('../a_b.json', report)]) },
  absolute: { ...files, 'complete.json': marker([...good, listed('/etc/passwd', report)]) },
  hidden: { ...files, 'complete.json': marker([...good, listed('.a', report)]) },
  twice: { ...files, 'complete.json': marker([...good, listed('A_B.json', report)]) },
  'its-own-marker': { ...files, 'complete.json': marker([...good, listed('complete.json', report)]) },
  'too-large': { ...files, 'complete.json': marker([...good, { ...listed('x', ''), bytes: 1024 * 1024 }]) },
  'half-a-marker': { ...files, 'complete.json': marker(good).slice(0, 100) },
  'more-in-marker': { ...files, 'complete.json': marker(good, { more: true }) },
  'no-marker': files,
  linked: { 'outputs.json': outputs(3), 'complete.json': marker(good) },
  'linked-marker': files,
  late: files,
  large: {
    'outputs.json': outputs(3),
    'complete.json': marker([listed('outputs.json', outputs(3)), listed('large.json', large)]),
  },
};

const place = (folder: string, name: string, text: string) =>
  `/bin/busybox base64 -d >/r/${folder}/${name} <<'END'\n${Buffer.from(text).toString('base64')}\nEND`;

const script = [
  ...Object.entries(planted).flatMap(([folder, contents]) => [
    `/bin/busybox mkdir -p /r/${folder}`,
    ...Object.entries(contents).map(([name, text]) => place(folder, name, text)),
  ]),
  '/bin/busybox ln -s /r/intact/a_b.json /r/linked/a_b.json',
  '/bin/busybox ln -s /r/intact/complete.json /r/linked-marker/complete.json',
  `/bin/busybox head -c ${large.length} /dev/zero >/r/large/large.json`,
  'exec /cinc-scan/helper idle --ignore-stdin',
].join('\n');

beforeAll(async () => {
  namespace = await cluster.namespace();
  const command = ['/bin/busybox', 'sh', '-c', script];
  const container = { name: 'cinc-scan-sidecar', image: testImage('tools'), command, imagePullPolicy: 'IfNotPresent' };
  const app = { name: 'app', image: testImage('busybox'), imagePullPolicy: 'IfNotPresent' };
  await createPod(cluster.api, { name: 'web', namespace, containers: {}, spec: { containers: [app, container] } });
});

const collect = (folder: string, args: string[] = [], cwd = folderWith(cluster, {})): Promise<Transcript> =>
  cincScan(cluster, ['collect', 'web', '-n', namespace, '-o', 'out', '--folder', `/r/${folder}`, ...args], { cwd });

const collected = ({ cwd }: Transcript) =>
  existsSync(join(cwd, 'out')) ? readdirSync(join(cwd, 'out')).toSorted() : [];

describe('cinc-scan collect', () => {
  test('brings what the marker lists, byte for byte, and ends like the scan did', async () => {
    const ran = await collect('intact');
    expect({ code: ran.code, collected: collected(ran) }).toEqual({
      code: 3,
      collected: ['a_b.json', 'complete.json', 'outputs.json'],
    });
    expect(readFileSync(join(ran.cwd, 'out/a_b.json'), 'utf8')).toBe(report);
    expect(ran.stdout).toMatch(/2 files of run planted .* exit code 3/);
    expect(readdirSync(ran.cwd)).toEqual(['out']); // no folder of its own is left
  });

  test('replaces what it brought before, and nothing else', async () => {
    const first = await collect('intact');
    writeFileSync(join(first.cwd, 'out/a_b.json'), 'changed since');
    expect((await collect('intact', [], first.cwd)).code).toBe(3);
    expect(readFileSync(join(first.cwd, 'out/a_b.json'), 'utf8')).toBe(report);
    writeFileSync(join(first.cwd, 'out/other.json'), 'of someone else');
    const third = await collect('intact', [], first.cwd);
    expect({ code: third.code, error: /OUTPUT_UNWRITABLE .*other\.json/.test(third.stderr) }).toEqual({
      code: 2,
      error: true,
    });
  });

  const refused: [folder: string, message: RegExp][] = [
    ['truncated', /a_b\.json of \S+ has 1799 bytes instead of 1800/],
    ['longer', /has more than 1800 bytes/],
    ['tampered', /is not what it was when it was written/],
    ['missing', /is missing/],
    ['without-outputs', /outputs\.json of \S+ is missing/],
    ['other-exit-code', /does not say that the scan ended with 0/],
    ['no-exit-code', /exitCode/],
    ['up-and-out', /files\.2\.name/],
    ['absolute', /files\.2\.name/],
    ['hidden', /files\.2\.name/],
    ['twice', /it lists the same file twice/],
    ['its-own-marker', /it lists the same file twice/],
    ['too-large', /more than the limit/],
    ['half-a-marker', /is not trustworthy/],
    ['more-in-marker', /is not trustworthy/],
    ['linked', /is a link/],
    ['linked-marker', /is a link/],
  ];

  test.each(refused)('refuses results that are %s, and keeps none of them', async (folder, message) => {
    const ran = await collect(folder, ['--max-size', '1', '--access', 'existing']);
    expect(ran.stderr).toMatch(/cinc-scan: TARGET_CORRUPT/);
    expect(ran.stderr.replaceAll(/\s+/g, ' ')).toMatch(message);
    expect({ code: ran.code, collected: collected(ran), cwd: readdirSync(ran.cwd) }).toEqual({
      code: 4,
      collected: [],
      cwd: ['out'],
    });
  });

  test('keeps what it brought before where the new results are refused', async () => {
    const { cwd } = await collect('intact');
    const second = await collect('tampered', [], cwd);
    expect({ code: second.code, collected: collected(second) }).toEqual({
      code: 4,
      collected: ['a_b.json', 'complete.json', 'outputs.json'],
    });
  });

  test('does not wait longer than it was told for a scan that is not complete', async () => {
    const ran = await collect('no-marker', ['--timeout', '2s']);
    expect(ran.stderr).toMatch(/TARGET_TIMEOUT .*not complete within 2 s: there is no complete\.json yet/);
    expect({ code: ran.code, collected: collected(ran) }).toEqual({ code: 4, collected: [] });
  });

  test('waits for a scan that is complete later', async () => {
    const collecting = collect('late');
    const finish = `${place('late', 'draft', marker(good))}\n/bin/busybox mv /r/late/draft /r/late/complete.json`;
    const profile = folderWith(cluster, {
      'p/inspec.yml': 'name: finish\nversion: 1.0.0\n',
      'p/controls/a.rb': `control 'finish' do\n  describe(command(${JSON.stringify(finish)})) { its('exit_status') { should eq 0 } }\nend\n`,
    });
    const args = [
      'scan',
      'web',
      '-n',
      namespace,
      '-c',
      'cinc-scan-sidecar',
      '-p',
      join(profile, 'p'),
      '--lens',
      'exec',
    ];
    expect((await cincScan(cluster, args)).code).toBe(0);
    const ran = await collecting;
    expect({ code: ran.code, files: collected(ran).length }).toEqual({ code: 3, files: 3 });
  });

  test('tells a pod, a container or tools that are not there', async () => {
    const args = ['-n', namespace, '-o', 'out', '--timeout', '2s'];
    expect((await cincScan(cluster, ['collect', 'gone', ...args])).stderr).toMatch(/TARGET_NOT_FOUND|CLUSTER_REFUSED/);
    expect((await collect('intact', ['--container', 'gone', '--timeout', '2s'])).code).toBe(4);
    expect((await cincScan(cluster, ['collect', 'deployment/web', ...args])).code).toBe(2);
  });

  test('does not write through a link that leads out of the workspace', async () => {
    const cwd = folderWith(cluster, {});
    const outside = folderWith(cluster, {});
    mkdirSync(join(outside, 'there'));
    symlinkSync(join(outside, 'there'), join(cwd, 'out'));
    const ran = await collect('intact', [], cwd);
    expect({ code: ran.code, outside: readdirSync(join(outside, 'there')) }).toEqual({ code: 2, outside: [] });
  });

  const cut = (times: number) =>
    cluster.embedded?.faults.add({
      match: { path: /exec\?.*large\.json/ },
      action: { kind: 'cut', afterBytes: 100_000 },
      times,
    });

  embeddedTest('asks once more for a file whose stream broke, and takes no part of it', async () => {
    using fault = cut(1);
    const ran = await collect('large');
    expect({ code: ran.code, hits: fault?.hits }).toEqual({ code: 3, hits: 1 });
    expect(readFileSync(join(ran.cwd, 'out/large.json'), 'utf8') === large).toBe(true);
  });

  embeddedTest('keeps nothing where the stream breaks again', async () => {
    using fault = cut(2);
    const ran = await collect('large');
    expect({ code: ran.code, collected: collected(ran), hits: fault?.hits }).toEqual({
      code: 4,
      collected: [],
      hits: 2,
    });
    expect(ran.stderr).toMatch(/TARGET_LOST/);
  });
});

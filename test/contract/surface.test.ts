// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { load, loadAll } from 'js-yaml';
import { makeAccount, operatorRules } from '../support/accounts.ts';
import { cincScan, profiles, readScanJson, root, type Transcript } from '../support/cinc-scan.ts';
import { isEmbedded, openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { readOutputs, reportsOf, scratchLeft } from '../support/refusal.ts';

const cluster = await openTestCluster();
const tiny = join(root, 'test/fixtures/profiles/tiny');
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
  await createPod(cluster.api, { name: 'bad', namespace, containers: { app: 'debian-defects' } });
});
beforeEach(() => cluster.embedded?.requests.clear());
afterEach(async () => {
  await cluster.expectNothingLeft();
  expect(scratchLeft(cluster)).toEqual([]);
});
afterAll(() => cluster.close());

const scanArgs = (...more: string[]) => ['scan', 'web', '-n', namespace, '-p', tiny, ...more];
// oxlint-disable-next-line no-control-regex -- what must not be there
const controls = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;

describe('how much is said', () => {
  test('with -q is nothing at all, and the reports are written as ever', async () => {
    const ran = await cincScan(cluster, scanArgs('-q'));
    expect({ ...ran, cwd: '' }).toEqual({ code: 0, signal: null, stdout: '', stderr: '', cwd: '' });
    expect(reportsOf(ran)).toEqual(expect.arrayContaining(['outputs.json', 'scan.json', 'summary.md']));
  });

  test('without an option is the stages and the table, in plain text where there is no terminal', async () => {
    const ran = await cincScan(cluster, scanArgs());
    expect(ran.stderr.split('\n').filter(line => line.startsWith('●'))).toHaveLength(6);
    expect(ran.stderr).not.toMatch(/a-command/);
    expect(ran.stdout).toMatch(/cinc-scan: PASS \(exit 0\)/);
    expect(ran.stdout + ran.stderr).not.toMatch(controls);
  });

  test('with -v is each object, session and control too', async () => {
    const { stderr } = await cincScan(cluster, scanArgs('-v'));
    expect(stderr).toMatch(/create Role /);
    expect(stderr).toMatch(/session into \S+\/web\/app \(exec\)/);
    expect(stderr).toMatch(/✓ a-command /);
  });

  test('with --debug is what the engine prints too', async () => {
    const noisy = folderWith(cluster, {
      'p/inspec.yml': 'name: noisy\nversion: 1.0.0\n',
      'p/controls/a.rb': "puts 'a word from the profile'\ncontrol 'a' do\n  describe(1) { it { should eq 1 } }\nend\n",
    });
    const args = ['scan', 'web', '-n', namespace, '-p', join(noisy, 'p')];
    expect((await cincScan(cluster, [...args, '--debug'])).stderr).toMatch(/a word from the profile/);
    const quiet = await cincScan(cluster, args);
    expect(quiet.stdout + quiet.stderr).not.toMatch(/a word from the profile/);
  });

  test('is coloured only where it is asked for', async () => {
    expect((await cincScan(cluster, scanArgs(), { env: { FORCE_COLOR: '1' } })).stderr).toContain('\u001b[36m');
    const both = await cincScan(cluster, scanArgs(), { env: { FORCE_COLOR: '1', NO_COLOR: '1' } });
    expect(both.stderr).not.toContain('\u001b');
  });
});

type Line = Record<string, unknown>;

const linesOf = ({ stderr }: Transcript): Line[] =>
  stderr
    .trim()
    .split('\n')
    .map(line => JSON.parse(line) as Line);

describe('the log for machines (--log-format json)', () => {
  test('is JSON line by line, with an audit trail of what was made, deleted and opened', async () => {
    const lines = linesOf(await cincScan(cluster, scanArgs('--log-format', 'json', '--run-id', 'trail')));
    const kinds = ['ServiceAccount', 'Role', 'RoleBinding'];
    const trail = lines.filter(line => line['event'] === 'object' || line['event'] === 'session');
    const object = (verb: string) => (kind: string) => ({
      event: 'object',
      verb,
      object: { kind, namespace, name: 'cinc-scan-trail' },
    });
    expect(trail).toMatchObject([
      ...kinds.map(object('create')),
      { event: 'session', target: `${namespace}/web/app`, lens: 'exec' },
      ...kinds.toReversed().map(object('delete')),
    ]);
    for (const line of lines) {
      expect(line).toMatchObject({ tool: 'cinc-scan', run: 'trail', event: expect.any(String) });
      expect(Number.isNaN(Date.parse(String(line['time'])))).toBe(false);
    }
  });

  test('stays so with a report on standard output', async () => {
    const ran = await cincScan(cluster, scanArgs('--log-format', 'json', '--report', 'scan:-'));
    expect(linesOf(ran).length).toBeGreaterThan(5);
    expect(JSON.parse(ran.stdout)).toMatchObject({ state: 'finished', exitCode: 0 });
  });

  test('tells each control at debug level', async () => {
    const lines = linesOf(await cincScan(cluster, scanArgs('--log-format', 'json', '--debug')));
    const told = lines.filter(line => line['event'] === 'control').map(line => line['control']);
    expect(told).toEqual(['a-command', 'a-file']);
  });
});

describe('help', () => {
  test('of the program names its commands and where to start', async () => {
    const ran = await cincScan(cluster, ['--help']);
    expect(ran.code).toBe(0);
    expect(ran.stderr).toBe('');
    for (const command of ['scan', 'doctor']) expect(ran.stdout).toMatch(new RegExp(`^  ${command} `, 'm'));
    expect(ran.stdout).toMatch(/Start here:/);
  });

  test('of scan groups its options, and tells defaults, variables, examples and exit codes', async () => {
    const { stdout, code } = await cincScan(cluster, ['scan', '--help']);
    expect(code).toBe(0);
    for (const heading of ['What to scan:', 'When it passes:', 'With which rights:', 'Examples:', 'Exit codes:'])
      expect(stdout).toContain(heading);
    expect(stdout).toMatch(/--timeout <duration>[^]*default: 10m; env:\s+CINC_SCAN_TIMEOUT/);
    for (const each of ['0', '2', '3', '4', '5', '129', '130', '143'])
      expect(stdout).toMatch(new RegExp(`^  ${each} +\\w`, 'm'));
  });

  test('and --version is the version of the package', async () => {
    const text = readFileSync(join(root, 'packages/cli/package.json'), 'utf8');
    const { version } = JSON.parse(text) as { version: string };
    expect((await cincScan(cluster, ['--version'])).stdout).toBe(`${version}\n`);
  });
});

describe('inputs', () => {
  test('come from flags over variables over cinc-scan.yml', async () => {
    const file = [
      `namespace: ${namespace}`,
      'targets: web',
      `profile: [${tiny}]`,
      'output-dir: from-file',
      'run-id: from-file',
      'timeout: 5m',
      'controls: a-file',
    ].join('\n');
    const cwd = folderWith(cluster, { 'cinc-scan.yml': file });
    const env = { CINC_SCAN_RUN_ID: 'from-env', CINC_SCAN_OUTPUT_DIR: 'from-env', CINC_SCAN_TARGETS: '' };
    const ran = await cincScan(cluster, ['scan', '-o', 'from-flag'], { cwd, env });
    expect(ran.code).toBe(0);
    expect(readdirSync(cwd).toSorted()).toEqual(['cinc-scan.yml', 'from-flag']);
    const { request, run } = readScanJson(ran, 'from-flag') as unknown as { request: Line; run: Line };
    expect(run['id']).toBe('from-env');
    expect(request).toMatchObject({ timeout: 300, controls: ['a-file'], 'output-dir': 'from-flag' });
  });

  test('can come from another file, named by flag or variable', async () => {
    const text = `targets: web\nnamespace: ${namespace}\nprofile: ${tiny}\n`;
    const cwd = folderWith(cluster, { 'ci/scan.yml': text });
    expect((await cincScan(cluster, ['scan', '--config', 'ci/scan.yml'], { cwd })).code).toBe(0);
    expect((await cincScan(cluster, ['scan'], { cwd, env: { CINC_SCAN_CONFIG: 'ci/scan.yml' } })).code).toBe(0);
  });

  test('of the profile come from files and pairs, relative to the working folder', async () => {
    const cwd = folderWith(cluster, {
      'in.yml': 'word: from-file\nother: kept\n',
      'p/inspec.yml': 'name: p\nversion: 1.0.0\ninputs:\n- {name: word, value: unset}\n- {name: other, value: unset}\n',
      'p/controls/a.rb':
        "control 'a' do\n  describe([input('word'), input('other')]) { it { should eq ['from-pair', 'kept'] } }\nend\n",
    });
    const args = ['scan', 'web', '-n', namespace, '-p', 'p', '--input-file', 'in.yml', '--input', 'word=from-pair'];
    const ran = await cincScan(cluster, args, { cwd });
    expect({ code: ran.code, text: ran.code === 0 ? '' : ran.stdout }).toEqual({ code: 0, text: '' });
  });
});

describe('reports on standard output', () => {
  test('stand there alone', async () => {
    const ran = await cincScan(cluster, scanArgs('--report', 'hdf:-', '--report', 'junit'));
    expect(JSON.parse(ran.stdout)).toMatchObject({ profiles: [{ name: 'tiny' }] });
    expect(ran.stderr).toMatch(/PASS \(exit 0\)/);
    expect(reportsOf(ran)).toContain('junit.xml');
  });

  test('are not told a second time on standard error', async () => {
    const ran = await cincScan(cluster, scanArgs('--report', 'console:-', '--report', 'junit'));
    expect(ran.stdout).toMatch(/PASS \(exit 0\)/);
    expect(ran.stderr).not.toMatch(/Compliance|PASS/);
    expect(ran.stderr).toContain('junit.xml');
    expect(ran.code).toBe(0);
  });

  test('and elsewhere where a path says so', async () => {
    const ran = await cincScan(cluster, scanArgs('--report', 'markdown:notes/scan.md'));
    expect(readFileSync(join(ran.cwd, 'notes/scan.md'), 'utf8')).toMatch(/tiny/);
    expect(readOutputs(ran)['report-markdown']).toBe('notes/scan.md');
  });
});

describe('exit codes and outputs', () => {
  const ending = () =>
    folderWith(cluster, {
      'inspec.yml': 'name: ending\nversion: 1.0.0\n',
      'controls/a.rb': "control 'a' do\n  describe('x') { it { exit!(0) } }\nend\n",
    });
  const defects = () => ['scan', 'bad', '-n', namespace, '-p', profiles.firstLook];
  const ends: [name: string, args: () => string[], code: number, outputs: Record<string, unknown>][] = [
    ['0 where every control passes', () => scanArgs(), 0, { verdict: 'pass', compliance: 100 }],
    ['3 where one fails', defects, 3, { verdict: 'fail' }],
    ['0 where one fails, with --report-only', () => [...defects(), '--report-only'], 0, { verdict: 'fail' }],
    [
      '0 where one fails, and the threshold allows it',
      () => [...defects(), '--threshold', '0'],
      0,
      { verdict: 'pass' },
    ],
    ['3 for a bare number that is not reached', () => [...defects(), '--threshold', '100'], 3, { verdict: 'fail' }],
    [
      '4 where one of two targets is missing',
      () => [...scanArgs(), 'gone'],
      4,
      { verdict: 'error', reason: 'TARGET_NOT_FOUND' },
    ],
    [
      '2 where a value makes no sense',
      () => scanArgs('--profile', '/nonexistent'),
      2,
      { verdict: 'error', reason: 'PROFILE_MISSING' },
    ],
    [
      '2 where no control is left to check',
      () => scanArgs('--controls', 'nope'),
      2,
      { verdict: 'error', reason: 'NOTHING_SELECTED' },
    ],
    [
      '5 where the profile ends the engine',
      () => ['scan', 'web', '-n', namespace, '-p', ending()],
      5,
      { verdict: 'error' },
    ],
  ];
  // oxlint-disable-next-line max-params -- the columns of the table
  test.each(ends)('%s', async (_name, args, code, outputs) => {
    const ran = await cincScan(cluster, args());
    expect({ code: ran.code, text: ran.code === code ? '' : ran.stdout + ran.stderr }).toEqual({ code, text: '' });
    expect(readOutputs(ran)).toMatchObject({ 'exit-code': code, ...outputs });
    expect(readOutputs(ran)['run-id']).toBeDefined();
  });
});

describe('a dry run', () => {
  test('says what would be audited and made, and touches nothing', async () => {
    const ran = await cincScan(cluster, scanArgs('--dry-run', '--run-id', 'dry'));
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`#   ${namespace}/web/app (cinc-scan.test/debian:1)`);
    const objects = loadAll(ran.stdout).filter(each => each !== null) as { kind: string; metadata: { name: string } }[];
    expect(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(
      ['ServiceAccount', 'Role', 'RoleBinding'].map(kind => `${kind} cinc-scan-dry`),
    );
    expect(existsSync(join(ran.cwd, 'cinc-scan-results'))).toBe(false);
    const asked = (cluster.embedded?.requests.all() ?? []).filter(({ user }) => user === 'kubernetes-admin');
    expect(asked.length > 0 || !isEmbedded).toBe(true);
    const changing = asked.filter(({ method, path }) => method !== 'GET' && !path.includes('accessreviews'));
    expect(changing).toEqual([]);
    expect(asked.filter(({ path }) => path.endsWith('/exec'))).toEqual([]);
  });

  test('exits as the scan would where something that was named is missing', async () => {
    const ran = await cincScan(cluster, ['scan', 'gone', '-n', namespace, '-p', tiny, '--dry-run']);
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(/TARGET_NOT_FOUND: There is no pod\/gone/);
  });
});

describe('cinc-scan doctor', () => {
  test('finds everything in order where it is', async () => {
    const ran = await cincScan(cluster, ['doctor', '-n', namespace]);
    expect(
      ran.stdout
        .split('\n')
        .filter(line => line.startsWith('✓'))
        .map(line => line.split(':')[0]),
    ).toEqual([
      '✓ Engine',
      '✓ Jail for profile code',
      '✓ Kubeconfig',
      '✓ API server',
      `✓ Namespace ${namespace}`,
      `✓ Permissions in namespace ${namespace}`,
    ]);
    expect(ran.code).toBe(0);
  });

  test('names each missing permission and the Role that mends it', async () => {
    const rules = operatorRules.filter(rule => !rule.resources.includes('rolebindings'));
    const { kubeconfigPath } = await makeAccount(cluster, namespace, rules);
    const ran = await cincScan(cluster, ['doctor', '-n', namespace, '--kubeconfig', kubeconfigPath]);
    expect(ran.code).toBe(4);
    expect(ran.stdout).toMatch(/✗ Permissions in namespace \S+: CLUSTER_FORBIDDEN: .*create rolebindings/);
    const role = load(ran.stdout.slice(ran.stdout.indexOf('rules:')).replaceAll(/^ {4}/gm, ''));
    expect(role).toMatchObject({ rules: expect.arrayContaining([expect.objectContaining({ resources: ['roles'] })]) });
  });

  test('goes on after what fails, and says what to do', async () => {
    const ran = await cincScan(cluster, ['doctor', '--engine', 'system']);
    expect(ran.code).toBe(5);
    expect(ran.stdout).toMatch(/✗ Engine: ENGINE_MISSING: .*\n {4}\S/);
    expect(ran.stdout).toMatch(/✓ API server/);
  });

  test('stops at a server that does not answer', async () => {
    const kubeconfig =
      'apiVersion: v1\nkind: Config\ncurrent-context: c\ncontexts: [{name: c, context: {cluster: c, user: u}}]\n';
    const cwd = folderWith(cluster, {
      kubeconfig: `${kubeconfig}clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1'}}]\nusers: [{name: u, user: {token: t}}]\n`,
    });
    const ran = await cincScan(cluster, ['doctor', '--kubeconfig', 'kubeconfig'], { cwd });
    expect(ran.code).toBe(4);
    expect(ran.stdout).toMatch(/✗ API server: CLUSTER_UNREACHABLE: .*127\.0\.0\.1:1/);
  });
});

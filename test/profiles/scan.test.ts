// SPDX-License-Identifier: Apache-2.0
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, type RunOptions, readHdf, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { found, manifest } from '../support/findings.ts';
import { folderWith } from '../support/folder.ts';
import { controlText, makeRepository, profileFiles, tarOfFolder, writeFiles } from '../support/profiles.ts';
import { expectRefused } from '../support/refusal.ts';

const cluster = await openTestCluster();
let namespace = '';
let folder = '';

beforeAll(async () => {
  folder = folderWith(cluster, {});
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const scan = (args: string[], options: RunOptions = {}): Promise<Transcript> =>
  cincScan(cluster, ['scan', 'web', '-n', namespace, '-q', ...args], options);

const made = (name: string, more: Omit<Parameters<typeof profileFiles>[0], 'name'> = {}): string =>
  writeFiles(join(folder, name), profileFiles({ name, ...more }));

describe('several profiles from several places', () => {
  test('are run one by one, and scan.json pins each', async () => {
    const repository = join(folder, 'repository');
    const base = join(folder, 'base-repository');
    const baseCommit = makeRepository(base, profileFiles({ name: 'base' }));
    const metadata = `depends:\n  - {name: base, git: "file://${base}", tag: v1}\n`;
    const local = made('overlay', { metadata, controls: `include_controls 'base'\n${controlText('overlay-1')}` });
    const commit = makeRepository(repository, profileFiles({ name: 'committed' }));
    const packed = tarOfFolder(made('packed'));
    const archive = join(folder, 'packed.tar.gz');
    writeFileSync(archive, packed);
    const sources = [local, `git+file://${repository}#ref=main`, archive];
    const ran = await scan(sources.flatMap(source => ['-p', source]));
    expect(ran.code).toBe(0);
    expect(found(ran)).toMatchObject({
      overlay: { 'overlay-1': ['passed'] },
      base: { 'base-1': ['passed'] },
      committed: { 'committed-1': ['passed'] },
      packed: { 'packed-1': ['passed'] },
    });
    expect(manifest(ran).profiles.map(({ name, source, commit: of }) => [name, source, of])).toEqual([
      ['overlay', local, null],
      ['committed', `git+file://${repository}#ref=main`, commit],
      ['packed', archive, null],
    ]);
    expect(manifest(ran).profiles[0]?.dependencies).toMatchObject([{ name: 'base', commit: baseCommit }]);
  });

  test('are waived by one file, which may name the controls of any', async () => {
    const failing = "describe file('/nope') do\n    it { should exist }\n  end";
    const [one, two] = ['one', 'two'].map(name =>
      made(`waived-${name}`, { controls: controlText(`waived-${name}`, failing) }),
    );
    const waiver = (id: string) => `${id}:\n  run: false\n  justification: accepted\n  expiration_date: 2099-01-01\n`;
    const cwd = folderWith(cluster, {
      'w.yml': waiver('waived-one'),
      'both.yml': waiver('waived-one') + waiver('waived-two'),
    });
    const half = await scan(['-p', one ?? '', '-p', two ?? '', '--waivers', 'w.yml'], { cwd });
    expect(half.code).toBe(3);
    expect(manifest(half).warnings).toEqual([]);
    const both = await scan(['-p', one ?? '', '-p', two ?? '', '--waivers', 'both.yml'], { cwd });
    expect(both.code).toBe(0);
    const titles = [...readHdf(both).values()].flatMap(hdf =>
      hdf.profiles.flatMap(({ controls }) => controls.map(({ impact }) => impact)),
    );
    expect(titles).toEqual([0.5, 0.5]);
  });
});

describe('a profile in a ConfigMap', () => {
  const create = (name: string, content: Record<string, unknown>) =>
    cluster.api.call('POST', `/api/v1/namespaces/${namespace}/configmaps`, {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace },
      ...content,
    });

  test('is run, be it files or an archive', async () => {
    const { 'inspec.yml': metadata, 'controls/all.rb': controls } = profileFiles({
      name: 'mapped',
      controls: `${controlText('mapped-1')}\ncontrol 'mapped-2' do\n  describe(greeting) do\n    its('text') { should eq 'hello' }\n  end\nend\n`,
    });
    const library = "class Greeting < Inspec.resource(1)\n  name 'greeting'\n  def text = 'hello'\nend\n";
    await create('files', {
      data: { 'inspec.yml': metadata, 'all.rb': controls, libraries__greeting: '', 'libraries__greeting.rb': library },
    });
    const ran = await scan(['-p', 'configmap:files']);
    expect(found(ran)).toEqual({ mapped: { 'mapped-1': ['passed'], 'mapped-2': ['passed'] } });
    expect(manifest(ran).profiles[0]).toMatchObject({
      name: 'mapped',
      source: 'configmap:files',
      sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    await create('packed', { binaryData: { 'profile.tar.gz': tarOfFolder(made('in-archive')).toString('base64') } });
    expect(found(await scan(['-p', `configmap:${namespace}/packed`]))).toEqual({
      'in-archive': { 'in-archive-1': ['passed'] },
    });
  });

  test('that is not there, or holds none, is refused', async () => {
    expectRefused(await scan(['-p', 'configmap:nope']), {
      code: 'PROFILE_MISSING',
      exit: 2,
      message: /no ConfigMap nope in namespace/,
      remedy: /\S/,
    });
    await create('other', { data: { 'settings.yml': 'a: 1' } });
    expectRefused(await scan(['-p', 'configmap:other']), {
      code: 'PROFILE_REFUSED',
      exit: 2,
      message: /neither an inspec\.yml nor one archive/,
      remedy: /docs\/profiles\.md/,
    });
  });
});

describe('a profile that a pod names', () => {
  const annotated = async (name: string, profile: string) => {
    const pod = { name, namespace, containers: { app: 'busybox' } };
    await createPod(cluster.api, pod);
    const path = `/api/v1/namespaces/${namespace}/pods/${name}`;
    await cluster.api.call('PATCH', path, { metadata: { annotations: { 'cinc-scan.dev/profile': profile } } });
  };
  const scanPods = (pods: string[], args: string[]) =>
    cincScan(cluster, ['scan', ...pods, '-n', namespace, '-q', ...args]);
  let allowed = '';
  let strange = '';

  beforeAll(async () => {
    allowed = made('allowed/one');
    strange = made('strange');
    await annotated('asking', allowed);
    await annotated('greedy', `${allowed} ${strange}`);
    await annotated('sneaky', `${folder}/allowed/../strange`);
  });

  test('is ignored unless the operator allows it', async () => {
    expect(found(await scanPods(['asking'], ['-p', made('named')]))).toEqual({ named: { 'named-1': ['passed'] } });
  });

  test('is run in addition where it is allowed, and another one is an error of that pod alone', async () => {
    const ran = await scanPods(
      ['asking', 'greedy', 'sneaky', 'web'],
      ['-p', made('named'), '--annotated-profiles', `${folder}/allowed/*`],
    );
    const outcomes = manifest(ran).targets.map(({ profile, error }) => profile ?? error?.code);
    expect(outcomes.toSorted((a = '', b = '') => (a < b ? -1 : 1))).toEqual([
      'PROFILE_NOT_ALLOWED',
      'PROFILE_NOT_ALLOWED',
      'allowed/one',
      'named',
      'named',
    ]);
    expect(
      manifest(ran)
        .targets.map(({ error }) => error?.message ?? '')
        .join('\n'),
    ).toContain(`names the profile ${JSON.stringify(strange)}, which is not allowed`);
    expect(ran.code).toBe(4);
  });

  test('is left out where the filters match nothing of it', async () => {
    const args = ['-p', made('named'), '--annotated-profiles', allowed, '--controls', 'named-1'];
    const ran = await scanPods(['asking'], args);
    expect(found(ran)).toEqual({ named: { 'named-1': ['passed'] } });
    expect(manifest(ran).warnings).toEqual(['Profile allowed/one is not run: the filters match none of its controls']);
    expect(ran.code).toBe(0);
  });

  test('may be all there is, and a pod that names none was not looked at', async () => {
    const ran = await scanPods(['asking', 'web'], ['--annotated-profiles', allowed]);
    expect(manifest(ran).targets.map(({ profile, error }) => profile ?? error?.code)).toEqual(
      expect.arrayContaining(['allowed/one', 'PROFILE_NOT_ALLOWED']),
    );
    expect(ran.code).toBe(4);
  });

  test('is never one of any host or folder', async () => {
    for (const pattern of ['*', 'https://*', 'git+https://git.example.org*', '/*/x'])
      expectRefused(await scanPods(['asking'], ['--annotated-profiles', pattern]), {
        code: 'INPUT_INVALID',
        exit: 2,
        message: /annotated-profiles: expected/,
        remedy: /\S/,
      });
  });
});

test('a profile that packs what it depends on runs alike, and without its sources', async () => {
  const base = makeRepository(join(folder, 'pack-base'), profileFiles({ name: 'pack-base' }));
  const metadata = `depends:\n  - {name: pack-base, git: "file://${join(folder, 'pack-base')}", commit: ${base}, version: '~> 1.2'}\n`;
  const profile = made('pack', { metadata, controls: `include_controls 'pack-base'\n${controlText('pack-1')}` });
  const out = join(folder, 'packed-folder');
  const packed = await cincScan(cluster, ['profile', 'vendor', profile, '--out', out]);
  expect(packed).toMatchObject({ code: 0, stdout: expect.stringContaining(`commit ${base}`) });
  rmSync(join(folder, 'pack-base'), { recursive: true });
  const ran = await scan(['-p', out, '--offline']);
  expect(found(ran)).toEqual({
    pack: { 'pack-1': ['passed'], 'pack-base-1': [] },
    'pack-base': { 'pack-base-1': ['passed'] },
  });
  expectRefused(await cincScan(cluster, ['profile', 'vendor', profile, '--out', out]), {
    code: 'OUTPUT_UNWRITABLE',
    exit: 2,
    message: /is not empty|cannot/,
    remedy: /\S/,
  });
});

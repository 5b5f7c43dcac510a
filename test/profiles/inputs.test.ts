// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, type RunOptions, type Transcript } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { found, manifest } from '../support/findings.ts';
import { folderWith } from '../support/folder.ts';
import { controlText, profileFiles, writeFiles } from '../support/profiles.ts';
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

describe('inputs of the profile', () => {
  const metadata = `inputs:
  - {name: limit, type: Numeric, required: true}
  - {name: secret_word, type: String, sensitive: true, value: nothing}
  - {name: color, type: String, value: blue}
`;
  const controls = `control 'limit' do
  describe(input('limit')) { it { should cmp <= 10 } }
  describe(input('secret_word')) { it { should_not be_empty } }
  describe(input('inline', value: 3)) { it { should cmp > 2 } }
end
`;
  let profile = '';
  beforeAll(() => {
    profile = made('inputs', { metadata, controls });
  });
  const refusal = { code: 'PROFILE_INPUT_INVALID', exit: 2, remedy: /profile inspect/ };

  embeddedTest('are checked before anything is made in the cluster', async () => {
    cluster.embedded?.requests.clear();
    expectRefused(await scan(['-p', profile]), { ...refusal, message: /required and have no value: limit/ });
    expectRefused(await scan(['-p', profile, '--input', 'limit=many']), {
      ...refusal,
      message: /limit: expected Numeric, got String/,
    });
    const secret = await scan(['-p', profile, '--input', 'limit=1', '--input', 'secret_word=[hunter2222]']);
    expectRefused(secret, { ...refusal, message: /secret_word: expected String, got Array/ });
    expect(secret.stderr).not.toContain('hunter2222');
    expect([...(cluster.embedded?.requests ?? [])].filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  test('come from files, flags and the environment, in this order', async () => {
    const cwd = folderWith(cluster, { 'i.yml': 'limit: 11\ncolor: red\n' });
    expect((await scan(['-p', profile, '--input-file', 'i.yml'], { cwd })).code).toBe(3);
    expect((await scan(['-p', profile, '--input-file', 'i.yml', '--input', 'limit=5'], { cwd })).code).toBe(0);
    expect((await scan(['-p', profile], { env: { CINC_SCAN_INPUT: 'limit=5\ncolor=green' } })).code).toBe(0);
    const file = join(cwd, 'i.yml');
    expect(
      (await scan(['-p', profile], { env: { CINC_SCAN_INPUT_FILE: file, CINC_SCAN_INPUT: 'inline=4' } })).code,
    ).toBe(3);
  });

  test('that no profile has are told, and sensitive ones are in no report', async () => {
    const ran = await scan([
      '-p',
      profile,
      '-p',
      made('plain'),
      '--input',
      'limit=5',
      '--input',
      'limmit=6',
      '--input',
      'inline=7',
      '--input',
      'secret_word=hunter2222',
      '--report',
      'html,markdown',
    ]);
    expect(manifest(ran).warnings.filter(text => text.startsWith('inputs'))).toEqual([
      'inputs: no profile has "limmit"',
    ]);
    const results = join(ran.cwd, 'cinc-scan-results');
    const reports = readdirSync(results).filter(name => !name.startsWith('.'));
    expect(reports).toContain('scan.json');
    for (const name of reports)
      expect({ name, leaks: readFileSync(join(results, name), 'utf8').includes('hunter2222') }).toEqual({
        name,
        leaks: false,
      });
  });
});

describe('filters', () => {
  const controls = ['f-1', 'f-2', 'g-1']
    .map(id => controlText(id).replace("tag nist: ['CM-6']", `tag nist: ['CM-6']\n  tag group: '${id[0]}'`))
    .join('\n');
  let one = '';
  let two = '';
  beforeAll(() => {
    one = made('filtered', { controls });
    two = made('unfiltered');
  });

  test.each([
    [['--controls', 'f-1'], ['f-1']],
    [
      ['--controls', '/^f-/'],
      ['f-1', 'f-2'],
    ],
    [['--tags', 'g'], ['g-1']],
    [
      ['--tags', 'group'],
      ['f-1', 'f-2', 'g-1'],
    ],
    [
      ['--controls', 'f-1', '--tags', 'g'],
      ['f-1', 'g-1'],
    ],
  ])('%p select %p', async (args, ids) => {
    const ran = await scan(['-p', one, ...args]);
    expect(Object.keys(found(ran)['filtered'] ?? {}).toSorted()).toEqual(ids);
    expect(ran.code).toBe(0);
  });

  const nothing = { code: 'NOTHING_SELECTED', exit: 2, remedy: /profile inspect/ };
  test('that match nothing are an error, and never a pass', async () => {
    expectRefused(await scan(['-p', one, '--controls', 'nope']), {
      ...nothing,
      message: /controls: nothing in filtered matches "nope"/,
    });
    expectRefused(await scan(['-p', one, '--controls', 'f-1,f-3']), { ...nothing, message: /matches "f-3"/ });
    expectRefused(await scan(['-p', one, '--tags', 'nope']), {
      ...nothing,
      message: /tags: nothing in filtered matches "nope"/,
    });
    expectRefused(await scan(['-p', one, '--controls', '/(/']), {
      code: 'PROFILE_INVALID',
      exit: 2,
      message: /RegexpError/,
      remedy: /\S/,
    });
  });

  test('leave out a profile of which they match nothing, and say so', async () => {
    const ran = await scan(['-p', one, '-p', two, '--controls', 'f-2']);
    expect(found(ran)).toEqual({ filtered: { 'f-2': ['passed'] } });
    expect(manifest(ran).warnings).toEqual(['Profile unfiltered is not run: the filters match none of its controls']);
  });
});

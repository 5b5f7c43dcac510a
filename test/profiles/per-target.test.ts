// SPDX-License-Identifier: Apache-2.0
// Options for some targets: each pod its own container, each target its own profiles, and every mistake an error.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, type RunOptions, readScanJson, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { manifest } from '../support/findings.ts';
import { folderWith } from '../support/folder.ts';
import { objections } from '../support/law.ts';
import { controlText, profileFiles, writeFiles } from '../support/profiles.ts';
import { expectRefused } from '../support/refusal.ts';

const cluster = await openTestCluster();
let namespace = '';
const made: Record<string, string> = {};

beforeAll(async () => {
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox', proxy: 'busybox' } });
  await createPod(cluster.api, { name: 'db', namespace, containers: { main: 'busybox', backup: 'busybox' } });
  await createPod(cluster.api, { name: 'one', namespace, containers: { only: 'busybox' }, labels: { tier: 'batch' } });
  for (const name of ['base', 'extra']) {
    const controls = controlText('shared') + controlText(`${name}-1`);
    made[name] = writeFiles(join(folderWith(cluster, {}), name), profileFiles({ name, controls }));
  }
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const config = (...entries: string[]) =>
  `profile: ${made['base']}\nper-target:\n${entries.map(each => `  - ${each}\n`).join('')}`;
const own = () => [
  '{match: pod/web, container: app}',
  '{match: {selector: pod/d*}, container: main}',
  `{match: {container: main, namespace: ${namespace}}, profile: [${made['extra']}, ${made['base']}]}`,
  `{match: {labels: {tier: batch}}, profile: ${made['extra']}}`,
  `{match: pod/*, profile: ${made['base']}}`,
];

interface Asked extends RunOptions {
  file: string;
}
const scan = (pods: string[], { file, ...options }: Asked, ...more: string[]): Promise<Transcript> =>
  cincScan(cluster, ['scan', ...pods, '-n', namespace, ...more], {
    cwd: folderWith(cluster, { 'cinc-scan.yml': file }),
    ...options,
  });

/** With which profile each container was audited, or why not. */
const audited = (ran: Transcript): string[] =>
  readScanJson(ran)
    .targets.map(({ name, error }, index) => {
      const profile = manifest(ran).targets[index]?.profile;
      return `${name.replace(/^[^/]*\//, '')}: ${error?.code ?? profile}`;
    })
    .toSorted();

describe('what a configuration file says of some targets', () => {
  test('gives each pod its container and each target its profiles, and stands in the manifest', async () => {
    const ran = await scan(['web', 'db', 'one'], { file: config(...own()) });
    expect({ code: ran.code, found: audited(ran) }).toEqual({
      code: 0,
      found: ['db/main: base', 'db/main: extra', 'one/only: extra', 'web/app: base'],
    });
    expect(manifest(ran).request['per-target']).toEqual([
      { match: { selector: 'pod/web' }, container: 'app' },
      { match: { selector: 'pod/d*' }, container: 'main' },
      { match: { container: 'main', namespace }, profile: [made['extra'], made['base']] },
      { match: { labels: { tier: 'batch' } }, profile: [made['extra']] },
      { match: { selector: 'pod/*' }, profile: [made['base']] },
    ]);
    expect(manifest(ran).warnings).toEqual([
      `Not looked at: ${namespace}/web/proxy (per-target[0] (selector: pod/web) names app), ${namespace}/db/backup (per-target[1] (selector: pod/d*) names main)`,
    ]);
  });

  test('is shown by a dry run, and what no target needs is told', async () => {
    const unused = '{match: deployment/gone, profile: ./nowhere, container: x}'.replace(
      './nowhere',
      made['base'] ?? '',
    );
    const ran = await scan(['web', 'db'], { file: config(...own(), unused) }, '--dry-run');
    expect(ran.code).toBe(0);
    expect(ran.stdout).toContain(`#   ${namespace}/web/app (cinc-scan.test/busybox:1) with base\n`);
    expect(ran.stdout).toContain(`#   ${namespace}/db/main (cinc-scan.test/busybox:1) with extra, base\n`);
    expect(ran.stderr).toContain('per-target[3] (label tier=batch) matches no target of this run');
    expect(ran.stderr).toContain('per-target[5] (selector: deployment/gone) matches no target of this run');
  });

  test('is outranked by what is said of all targets, which is told', async () => {
    const file = config(...own());
    const flagged = await scan(['web'], { file }, '-c', 'proxy', '-p', made['extra'] ?? '');
    expect({ code: flagged.code, found: audited(flagged) }).toEqual({ code: 0, found: ['web/proxy: extra'] });
    expect(manifest(flagged).warnings).toEqual(
      expect.arrayContaining([
        'per-target: container does not count, since --container is given for all targets',
        'per-target: profile does not count, since --profile is given for all targets',
      ]),
    );
    const set = await scan(['web', 'db'], { file, env: { CINC_SCAN_PROFILE: made['base'] ?? '' } });
    expect(audited(set)).toEqual(['db/main: base', 'web/app: base']);
    expect(manifest(set).warnings.join('\n')).toMatch(/profile does not count, since CINC_SCAN_PROFILE is given/);
  });

  test('leaves a target unreached that has no profile, no such container, or none of its controls chosen', async () => {
    const without = `per-target:\n  - {match: pod/one, profile: ${made['extra']}}\n  - {match: pod/web, container: gone}\n`;
    const ran = await scan(['web', 'one', 'db'], { file: without }, '-q');
    expect(ran.code).toBe(4);
    expect(audited(ran)).toEqual(['db/main: CONTAINER_UNNAMED', 'one/only: extra', 'web/gone: TARGET_NOT_FOUND']);
    const nothing = await scan(['one', 'web'], { file: without.replace('gone', 'app') }, '-q');
    expect(audited(nothing)).toEqual(['one/only: extra', 'web/app: PROFILE_NOT_ALLOWED']);
    const filtered = await scan(['one', 'web'], { file: config(...own()) }, '-q', '--controls', 'extra-1');
    const found = ['one/only: extra', 'web/app: CONTROLS_MISSING'];
    expect({ code: filtered.code, found: audited(filtered) }).toEqual({ code: 5, found });
    const each = await scan(['one', 'web'], { file: config(...own()) }, '-q', '--controls', 'extra-1,base-1');
    expect({ code: each.code, found: audited(each) }).toEqual({ code: 0, found: ['one/only: extra', 'web/app: base'] });
  });

  test('is held against the manifest by the judge of the tests', async () => {
    const { cwd } = await scan(['one', 'db'], { file: config(...own().toSpliced(3, 1)) }, '-q');
    const path = join(cwd, 'cinc-scan-results/scan.json');
    expect(objections(cwd, 'cinc-scan-results')).toEqual([]);
    const text = readFileSync(path, 'utf8');
    const found = JSON.parse(text) as { targets: { profile: string }[] };
    const changed = { ...found, targets: found.targets.map(each => ({ ...each, profile: 'base' })) };
    writeFileSync(path, JSON.stringify(changed));
    expect(objections(cwd, 'cinc-scan-results').join()).toMatch(/db\/main: it was not audited with .*extra/);
  });
});

describe('a mistake in it is refused before anything is made', () => {
  const mistakes: [what: string, text: string, why: RegExp][] = [
    ['an unknown option', '{match: pod/web, contaner: app}', /per-target\[0\]\.contaner is not a key here/],
    ['an unknown condition', '{match: {pods: web}, container: app}', /per-target\[0\]\.match\.pods is not a key here/],
    [
      'a selector without a kind',
      '{match: web, container: app}',
      /per-target\[0\]\.match\.selector: expected kind\/name/,
    ],
    ['no condition', '{match: {}, container: app}', /per-target\[0\]\.match: matches every target/],
    ['no option', '{match: pod/web}', /per-target\[0\]: expected container or profile/],
    [
      'a container that is no name',
      '{match: pod/web, container: A_b}',
      /per-target\[0\]\.container: expected up to 63/,
    ],
    [
      'a container twice',
      '{match: {container: a}, container: b}',
      /match\.container: is not a condition here, where the container/,
    ],
    ['a profile as a condition', '{match: {profile: a}, profile: ./b}', /match\.profile: is not a condition here/],
    ['an empty list', '{match: pod/web, profile: []}', /per-target\[0\]\.profile: Too small/],
  ];
  test.each(mistakes)('%s', async (...[, entry, why]) => {
    const ran = await scan(['web'], { file: config(entry) });
    expectRefused(ran, { code: 'INPUT_INVALID', exit: 2, message: why, remedy: /Correct the value/ });
  });

  test('no list, and a profile that nobody could fetch', async () => {
    const none = await scan(['web'], { file: `profile: ${made['base']}\nper-target:\n` });
    expectRefused(none, { code: 'INPUT_INVALID', exit: 2, message: /per-target: .*array/, remedy: /Correct/ });
    const nowhere = await scan(['web'], { file: config('{match: deployment/x, profile: ./nowhere}') }, '-c', 'app');
    expectRefused(nowhere, { code: 'PROFILE_MISSING', exit: 2, message: /nowhere/, remedy: /\S/ });
    const flagged = await cincScan(cluster, ['scan', 'web', '-n', namespace], { env: { CINC_SCAN_PER_TARGET: 'x' } });
    expectRefused(flagged, { code: 'INPUT_UNKNOWN', exit: 2, message: /CINC_SCAN_PER_TARGET/, remedy: /\S/ });
  });
});

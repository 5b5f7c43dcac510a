// SPDX-License-Identifier: Apache-2.0
// What the jail is on other machines than the one of the tests: other users, older kernels, containers.
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { program, startProgram } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';

const cluster = await openTestCluster();
afterAll(() => cluster.close());

const without = (calls: string) => ['ruby', join(import.meta.dirname, 'without.rb'), calls];
const landlock = 'landlock_create_ruleset,landlock_add_rule,landlock_restrict_self';
const asUser = ['unshare', '--user', '--map-user=1000', '--map-group=1000'];
/** As root of a container without any capability, where no namespace can be made. */
const confined = [
  'unshare',
  '--user',
  '--map-root-user',
  'sh',
  '-c',
  'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --bounding-set=-all --inh-caps=-all "$@"',
  'sh',
];

const names = 'within reach of the machine that scanned: names of its files; without limit: disk space';
const machines: [machine: string, start: string[], jail: RegExp][] = [
  ['root', [], /: full, by namespaces, own user, no privileges, Landlock, limits, seccomp$/],
  ['another user', asUser, /: full, by namespaces, no privileges, Landlock, limits, seccomp$/],
  [
    'root of a confined container',
    confined,
    new RegExp(`: partial \\(${names}\\), by .*Landlock.*; namespaces \\(user\\): `),
  ],
  ['root of an older kernel', without(landlock), /: full, by namespaces, own user, no privileges, limits, seccomp$/],
  [
    'another user of an older kernel',
    [...without(landlock), ...asUser],
    /: full, by namespaces, no privileges, limits, seccomp$/,
  ],
  [
    'a confined container of an older kernel',
    [...without(landlock), ...confined],
    /: none \(.*its files, names of its files.*\), by .*; Landlock: /,
  ],
  [
    'a kernel without seccomp',
    without('seccomp'),
    /: none \(.*its network, its processes, its programs, rights of the user.*\), by namespaces/,
  ],
];

describe('cinc-scan doctor', () => {
  test.each(machines)('says what the jail is for %s', async (...[, start, jail]) => {
    const ran = await startProgram(cluster, [...start, ...program, 'doctor']).ended;
    const [line] = ran.stdout.split('\n').filter(each => each.includes('Jail for profile code'));
    expect(line).toMatch(jail);
  });

  test('fails where less can be had than is demanded, and says what is missing', async () => {
    const ran = await startProgram(cluster, [...confined, ...program, 'doctor', '--require-jail', 'full']).ended;
    expect(ran.stdout).toMatch(/✗ Jail for profile code: JAIL_TOO_WEAK: .*does not keep names, disk \(namespaces/);
    expect(ran.code).toBe(5);
    const enough = await startProgram(cluster, [...confined, ...program, 'doctor', '--require-jail', 'partial']).ended;
    expect(enough.stdout).toMatch(/✓ Jail for profile code: partial/);
  });
});

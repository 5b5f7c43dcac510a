// SPDX-License-Identifier: Apache-2.0
// Commands as hardening profiles write them. From beside a container they are answered as in it, or not at all: with
// nothing on standard output, a tool that does not know an option would say "compliant".
import { join } from 'node:path';
import { podBody, testImage } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect, jest } from '@jest/globals';
import { cincScan, profiles, readHdf, type Transcript } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { makeInjected } from '../support/inject.ts';

jest.setTimeout(600_000);
const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const idioms = join(profiles.system, '../idioms');
const plant =
  'mkdir -p /opt; echo whose >/opt/unowned; chown 4242:4242 /opt/unowned; chmod 666 /opt/unowned; ln -s nowhere /opt/dangling';

/** A pod with an injected scanner container, so that all lenses look at one container. */
async function makePod(image: string, command?: string[], securityContext?: object): Promise<string> {
  const namespace = await cluster.namespace();
  const app = {
    name: 'app',
    image: testImage(image),
    ...(command && { command }),
    ...(securityContext && { securityContext }),
    volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
  };
  const pod = podBody({
    name: 'web',
    namespace,
    containers: {},
    spec: { volumes: [{ name: 'scratch', emptyDir: {} }] },
  });
  return makeInjected(cluster, { ...pod, spec: { ...pod.spec, containers: [app] } });
}

const scan = (namespace: string, lens: string, profile = idioms): Promise<Transcript> =>
  cincScan(cluster, [
    'scan',
    'web',
    ...Object.entries({
      '-p': profile,
      '-c': 'app',
      '-n': namespace,
      '--lens': lens,
      '--lens-image': testImage('tools'),
    }).flat(),
  ]);

type Answers = Record<string, string[]>;

/** What each command answered: standard output and status, or the reason why not. */
function answersIn(ran: Transcript): Answers {
  const controls = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles.flatMap(profile => profile.controls));
  return Object.fromEntries(
    controls.map(({ id, results }) => [
      id,
      results.map(({ message = '' }) => /^\s*got: (.*)$/m.exec(message)?.[1] ?? message),
    ]),
  );
}

const answersOf = async (namespace: string, lens: string): Promise<Answers> => answersIn(await scan(namespace, lens));

const isRefused = (answer: string[]) =>
  answer.every(each => /^\S+: (?:the target has no|the target's own|it cannot see|its setuid)/.test(each));

/** Neither the answer that was given in the container, nor an error. */
const different = (found: Answers, ...expected: Answers[]) =>
  Object.entries(found)
    .filter(([, answer]) => !isRefused(answer))
    .filter(([id, answer]) => !expected.some(each => JSON.stringify(answer) === JSON.stringify(each[id])))
    .map(([id, answer]) => ({ id, answer, expected: expected.map(each => each[id]) }));

const refusedIn = (found: Answers) => Object.keys(found).filter(id => isRefused(found[id] ?? []));

// Which programs there are has changed by then, and the builtins of our shell are not those of dash.
const changed = new Set([
  'find / -xdev -perm -2000 -type f 2>/dev/null | sort',
  '[ -u /usr/bin/passwd ] && echo setuid',
  'which passwd',
  'command -v find',
  'busybox find / -maxdepth 0',
  "echo -n one; echo -e 'a\\tb'",
  "printf '%5.1f|%q\\n' 3.14159 'a b' 2>&1",
]);

async function change(namespace: string, command: string): Promise<void> {
  const cwd = folderWith(cluster, {
    'change/inspec.yml': 'name: change\nversion: 1.0.0\n',
    'change/controls/a.rb': `control('a') { describe(command(${JSON.stringify(command)})) { its('exit_status') { should eq 0 } } }\n`,
  });
  expect((await scan(namespace, 'exec', join(cwd, 'change'))).code).toBe(0);
}

embeddedTest('a target with tools of its own answers with them, whoever looks', async () => {
  const namespace = await makePod('debian-tools', ['sh', '-c', `${plant}; exec /usr/bin/catatonit -P`]);
  const inside = await answersOf(namespace, 'exec');
  expect(Object.keys(inside).length).toBeGreaterThan(150);
  expect(inside['find / -xdev -nouser']).toEqual(['"/opt/unowned\\n"', '0']);
  for (const lens of ['debug', 'sidecar']) {
    const found = await answersOf(namespace, lens);
    expect({ lens, different: different(found, inside), refused: refusedIn(found) }).toEqual({
      lens,
      different: [],
      refused: [],
    });
  }
  // The same container, with ever less of its own.
  await change(
    namespace,
    'cd /usr/bin && rm -f find grep xargs awk mawk gawk sed stat sort wc ps pgrep pidof mount findmnt df',
  );
  const less = await answersOf(namespace, 'debug');
  expect(different(less, inside, await answersOf(namespace, 'exec'))).toEqual([]);
  await change(
    namespace,
    `cd /usr/bin && exec /usr/bin/busybox sh -c 'busybox rm -rf /usr/sbin $(ls | grep -v catatonit)'`,
  );
  const nothing = await answersOf(namespace, 'debug');
  expect(different(nothing, inside).filter(({ id }) => !changed.has(id))).toEqual([]);
});

embeddedTest('a target with BusyBox answers with that, and is not found compliant by what it lacks', async () => {
  const namespace = await makePod('busybox');
  const inside = await answersOf(namespace, 'exec');
  expect(inside['find / -xdev -nouser']?.[1]).toBe('1'); // a BusyBox does not know the option, in the container either
  const fromFiles = new Set(['getent passwd root']); // a question of InSpec's own resources
  for (const lens of ['debug', 'sidecar']) {
    const found = await answersOf(namespace, lens);
    expect({ lens, different: different(found, inside).filter(({ id }) => !fromFiles.has(id)) }).toEqual({
      lens,
      different: [],
    });
    const lacking = /(?:^|\/)(?:chage|findmnt|getent|lsblk|mountpoint|pgrep|ss) /;
    expect(refusedIn(found).filter(id => !lacking.test(id))).toEqual([]);
  }
});

embeddedTest(
  'a target that is not root answers as its user, and is not found compliant by rights that are lost',
  async () => {
    const namespace = await makePod('debian-tools', undefined, { runAsUser: 1234, runAsGroup: 1234 });
    const inside = await answersOf(namespace, 'exec');
    expect(inside['id']?.[0]).toMatch(/^"uid=1234\(keeper\)/);
    const found = await answersOf(namespace, 'debug');
    expect(different(found, inside)).toEqual([]);
    expect(refusedIn(found).filter(id => !/^(?:passwd|chage|crontab|mount) |^mount/.test(id))).toEqual([]);
  },
);

embeddedTest('a target without any tools is never found compliant by an option that ours do not know', async () => {
  const found = await answersOf(await makePod('distroless'), 'debug');
  const unknown: Record<string, RegExp> = {
    'find / -xdev -nouser': /^find: .*'-nouser'/,
    'find / -xdev \\( -nouser -o -nogroup \\) -print 2>/dev/null': /^find: .*'-nouser'/,
    "df --local -P | awk '{ if (NR!=1) print $6 }' | xargs -I '{}' find '{}' -xdev -nouser": /^df: .*'--local'/,
    'FOUND=$(find / -xdev -nouser); test -z "$FOUND" && echo clean || echo "$FOUND"': /^find: .*'-nouser'/,
    'echo /opt | xargs -n 1 find -nouser': /^find: .*'-nouser'/,
    "sh -c 'find / -xdev -nouser'": /^find: .*'-nouser'/,
    '/usr/bin/find / -xdev -nouser': /^find: .*'-nouser'/,
    'timeout 20 find / -xdev -nouser': /^find: .*'-nouser'/,
    'nice find / -xdev -nogroup': /^nice: /,
    "grep -P '^root:\\w+:0' /etc/passwd": /^grep: .*'-P'/,
    "stat --format='%a %U %G' /etc/passwd": /^stat: .*'--format/,
    "stat -c '%y' /etc/passwd": /^stat: .*'%y'/,
    'readlink -e /etc/mtab-that-is-not-there': /^readlink: .*'-e'/,
    'ls -ld /etc/passwd': /^ls: .*'-ld'/,
    'dpkg -s bash | grep Status': /^dpkg: /,
    'dpkg-query -W bash': /^dpkg-query: /,
    'passwd -S root': /^passwd: /,
    'findmnt -n /dev/shm': /^findmnt: /,
    'ps -C catatonit -o comm=': /^ps: .*-C/,
    'awk \'BEGIN { "id -u" | getline uid; print uid }\'': /^awk: .*getline/,
  };
  for (const [id, refusal] of Object.entries(unknown)) {
    expect({ id, answer: found[id] }).toEqual({ id, answer: expect.arrayContaining([expect.stringMatching(refusal)]) });
    expect({ id, isRefused: isRefused(found[id] ?? []) }).toEqual({ id, isRefused: true });
  }
  expect(found["awk -F: '($3 == 0) { print $1 }' /etc/passwd"]).toEqual(['"root\\n"', '0']);
  expect(found["stat -c '%a %u %g %F %s' /etc/passwd"]?.[1]).toBe('0');
});

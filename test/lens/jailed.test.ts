// SPDX-License-Identifier: Apache-2.0
// A target whose first process gave up its root directory shows no mounts. Whoever asks for them gets an error, by
// whatever program and path: "nothing is mounted" would be a pass without a look.
import { podBody, testImage } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect, jest } from '@jest/globals';
import { cincScan, type HdfJson, readHdf, readScanJson, type Transcript } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { makeInjected } from '../support/inject.ts';
import { scanArgs } from '../support/lens-scan.ts';

jest.setTimeout(300_000);
const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const script = `printf '#!/bin/sh\\nfindmnt "$@"\\n' >/opt/asks; printf '#!/bin/sh\\nexec df -P\\n' >/opt/asks-df; chmod 755 /opt/asks*
ln -sf ../proc/self/mounts /etc/mtab; mkdir -p /var/jail`;
const jailed = `${script}; exec perl -e 'chroot("/var/jail") or die; chdir("/"); sleep 1000000'`;
const free = `${script}; exec /usr/bin/catatonit -P`;

/** A pod with an injected scanner container, so that both lenses look at one container. */
async function makePod(command: string): Promise<string> {
  const namespace = await cluster.namespace();
  const app = { name: 'app', image: testImage('debian-tools'), command: ['sh', '-c', command] };
  const pod = podBody({ name: 'web', namespace, containers: {} });
  return makeInjected(cluster, { ...pod, spec: { ...pod.spec, containers: [app] } });
}

/** Each would pass if nobody looked: there is a /dev/shm in every container. */
const asking = [
  'mount',
  '/bin/mount',
  '/usr/bin/mount 2>/dev/null | cat',
  '/usr/bin/findmnt -n /dev/shm',
  '/opt/asks -n /dev/shm',
  '/opt/asks-df 2>/dev/null',
  "sh -c 'exec /bin/df -a' 2>/dev/null",
  'find / -maxdepth 2 -fstype tmpfs 2>/dev/null',
  'cat /proc/self/mounts 2>/dev/null',
  'cat /proc/mounts',
  'cat /proc/1/mountinfo 2>/dev/null',
  'cat /proc/$$/mountstats',
  'cat /etc/mtab',
  'cd /proc/self && cat mounts',
  'f=/proc/self; grep -h shm $f/mounts $f/mountinfo 2>/dev/null; true',
  'while read -r line; do echo "$line"; done </proc/self/mountinfo',
  'perl -e \'open(F, "<", "/proc/self/mounts"); print <F>\'',
  "su -s /bin/sh -c 'cat /proc/self/mounts' nobody 2>/dev/null",
];

/** None of them asks for mounts. */
const plain = [
  'id -un',
  'find /etc -maxdepth 1 -name passwd',
  'grep -c ^root: /etc/passwd',
  "stat -f -c %T /dev/shm; stat -c '%a %U' /etc/passwd",
  "su -s /bin/sh -c 'id -un' nobody",
  'md5sum /etc/passwd | cut -c 1-4; ls -d /proc/self/fd',
  'cat /proc/sys/kernel/ostype; /bin/sh -c "exit 3"',
];

const quoted = (text: string) => JSON.stringify(text).replaceAll('#', '\\#');
const control = (id: string, body: string) => `control(${quoted(id)}) { ${body} }\n`;
const controls = [
  ...asking.map(command =>
    control(command, `describe(command(${quoted(command)})) { its('stdout') { should_not match(/shm/) } }`),
  ),
  ...plain.map(command => control(command, `describe(command(${quoted(command)}).stdout) { it { should eq 'SHOW' } }`)),
  ...['/proc/mounts', '/proc/self/mountinfo', '/etc/mtab'].map(path =>
    control(path, `describe(file('${path}')) { its('content') { should_not match(/shm/) } }`),
  ),
  control('mount resource', "describe(mount('/dev/shm')) { it { should_not be_mounted } }"),
].join('');

const files = { 'p/inspec.yml': 'name: p\nversion: 1.0.0\n', 'p/controls/a.rb': controls };

const scan = (namespace: string, lens: string): Promise<Transcript> =>
  cincScan(cluster, scanArgs(namespace, 'p', '-c', 'app', '--lens', lens), { cwd: folderWith(cluster, files) });

type Result = HdfJson['profiles'][0]['controls'][0]['results'][0];

function resultsOf(ran: Transcript): Record<string, Result | undefined> {
  const found = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles.flatMap(profile => profile.controls));
  return Object.fromEntries(found.map(({ id, results }) => [id, results[0]]));
}

const words = (ran: Transcript) =>
  Object.fromEntries(Object.entries(resultsOf(ran)).map(([id, result]) => [id, result?.message ?? result?.status]));

embeddedTest('whatever asks for the mounts of a jailed target is an error, and the rest is answered', async () => {
  const namespace = await makePod(jailed);
  const inside = words(await scan(namespace, 'exec'));
  for (const lens of ['debug', 'sidecar']) {
    const ran = await scan(namespace, lens);
    expect(readScanJson(ran).targets).toMatchObject([{ outcome: 'audited', observation: { lens, view: 'full' } }]);
    const found = words(ran);
    const seen = Object.keys(found).filter(id => !plain.includes(id));
    expect(seen.length).toBe(asking.length + 4);
    for (const id of seen)
      expect({ lens, id, message: found[id] }).toEqual({
        lens,
        id,
        message: expect.stringMatching(/cannot see the mounts of the target|mounts of the target cannot be seen/),
      });
    for (const id of plain) expect({ lens, id, message: found[id] }).toEqual({ lens, id, message: inside[id] });
  }
});

embeddedTest('the mounts of any other target are read by the same ways', async () => {
  const namespace = await makePod(free);
  for (const lens of ['exec', 'debug', 'sidecar']) {
    const found = resultsOf(await scan(namespace, lens));
    const unseen = [...asking, '/proc/mounts', '/proc/self/mountinfo', '/etc/mtab', 'mount resource'].filter(
      id => found[id]?.status !== 'failed' || /cannot|Errno|Error/.test(found[id].message ?? ''),
    );
    expect({ lens, unseen }).toEqual({ lens, unseen: [] });
  }
});

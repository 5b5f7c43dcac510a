// SPDX-License-Identifier: Apache-2.0
// A command that ends its own shell costs itself, and no other: through every lens, whoever's shell it is.
import { podBody } from '@cinc-scan/testkit';
import { afterAll, afterEach, expect, jest } from '@jest/globals';
import { cincScan, readHdf, readScanJson, type Transcript } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { makeInjected } from '../support/inject.ts';
import { scanArgs } from '../support/lens-scan.ts';

jest.setTimeout(300_000);
const cluster = await openTestCluster();

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

async function makePod(image: string): Promise<string> {
  const namespace = await cluster.namespace();
  return makeInjected(cluster, podBody({ name: 'web', namespace, containers: { app: image } }));
}

/** What a shell that does it ends with. */
const ending: Record<string, number> = {
  'kill -9 $$': 137,
  'kill $$; sleep 60': 143,
  'echo before; kill -TERM $$; echo after': 143,
  '( kill -9 $$ ); sleep 60': 137,
  'true | kill -9 $$; sleep 60': 137,
  'x=$(kill -9 $$); sleep 60': 137,
  'kill -9 $$ & sleep 60': 137,
  "trap 'kill -9 $$' EXIT; exit 5": 137,
  'kill -HUP $$; sleep 60': 129,
  'exec false': 1,
  'exit 7': 7,
  'f() { exit 8; }; f': 8,
  '( exit 9 ) || exit 10': 10,
  "eval 'exit 11'": 11,
  'set -e; false; true': 1,
  'exec >&- 2>&-; exit 12': 12,
};
const commands = Object.entries(ending);

/** These end more than their own shell: that is an error of theirs, and of no other. */
const endingMore = ['kill -9 $PPID; sleep 1', 'kill -9 0', 'kill 0; sleep 1', 'kill -9 $PPID $$'];
const lost = 'The command ended the shell that ran it';

const last = `control('more') { ${endingMore
  .map(
    command =>
      `describe(command(${JSON.stringify(command)})) { its('stdout') { should eq '' } }; describe(command('echo ${command.length}')) { its('exit_status') { should eq 0 } }`,
  )
  .join('; ')} }\n`;
const controls = commands
  .map(([command, status], index) => {
    const checks = [
      `describe(command(${JSON.stringify(command)})) { its('exit_status') { should eq ${status} } }`,
      `describe(command('echo ${index}')) { its('stdout') { should eq "${index}\\n" } }`,
    ];
    return `control(${JSON.stringify(command)}) { ${checks.join('; ')} }\n`;
  })
  .join('')
  .concat(last);
const files = { 'p/inspec.yml': 'name: p\nversion: 1.0.0\n', 'p/controls/a.rb': controls };

const scan = (namespace: string, lens: string): Promise<Transcript> =>
  cincScan(cluster, scanArgs(namespace, 'p', '-c', 'app', '--lens', lens), { cwd: folderWith(cluster, files) });

const images: [image: string, shell: string, lenses: string[]][] = [
  ['debian', 'dash', ['exec', 'debug', 'sidecar']],
  ['busybox', 'BusyBox', ['exec', 'debug', 'sidecar']],
  ['distroless', 'a shell of ours', ['debug', 'sidecar']],
  ['distroless-nonroot', 'a shell of ours that is not root', ['debug', 'sidecar']],
];
for (const [image, shell, lenses] of images)
  embeddedTest(`a command that ends ${shell} keeps no other from its answer`, async () => {
    const namespace = await makePod(image);
    for (const lens of lenses) {
      const ran = await scan(namespace, lens);
      const found = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles.flatMap(profile => profile.controls));
      const notPassed = found.filter(({ results }) => results.some(({ status }) => status !== 'passed'));
      const told = notPassed.map(({ id, results }) => ({ id, said: results.map(({ message }) => message) }));
      const more = { id: 'more', said: endingMore.flatMap(() => [expect.stringContaining(lost), undefined]) };
      expect({ lens, count: found.length, told }).toEqual({ lens, count: commands.length + 1, told: [more] });
      expect(readScanJson(ran).targets).toMatchObject([{ outcome: 'audited', observation: { lens } }]);
    }
  });

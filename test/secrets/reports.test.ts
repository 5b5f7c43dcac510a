// SPDX-License-Identifier: Apache-2.0
// What no report may hold, whoever put it where a report looks.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, profiles, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { kubectl } from '../support/kubectl.ts';
import { profileFiles, writeFiles } from '../support/profiles.ts';

const cluster = await openTestCluster();
let namespace = '';
let folder = '';

beforeAll(async () => {
  folder = folderWith(cluster, {});
  namespace = await cluster.namespace();
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' } });
});
afterAll(() => cluster.close());

const kinds = [
  'hdf',
  'hdf-annotated',
  'junit',
  'junit-gate',
  'sarif',
  'html',
  'csv',
  'codequality',
  'markdown',
  'console',
];
const reports = kinds.flatMap(kind => ['--report', kind]);

/** Everything that a scan says and writes. */
async function everything(args: string[], env: Record<string, string> = {}): Promise<[name: string, text: string][]> {
  const ran: Transcript = await cincScan(cluster, ['scan', 'web', '-n', namespace, ...reports, ...args], { env });
  if (![0, 3].includes(ran.code ?? 1)) throw new Error(ran.stderr);
  const out = join(ran.cwd, 'cinc-scan-results');
  const files = readdirSync(out).map((name): [string, string] => [name, readFileSync(join(out, name), 'utf8')]);
  expect(files.length).toBeGreaterThanOrEqual(kinds.length);
  return [['stdout', ran.stdout], ['stderr', ran.stderr], ...files];
}

const holding = (texts: [string, string][], part: string) =>
  texts.filter(([, text]) => text.includes(part)).map(([name]) => name);

describe('password hashes', () => {
  const hash = `$6$saltsalt$${'aB3./xYz'.repeat(11).slice(0, 86)}`;
  const part = hash.slice(14, 60);
  beforeAll(async () => {
    const lines = `svc:${hash}:19700:0:99999:7:::\nopen::19700:0:99999:7:::\n`;
    const script = `printf %s '${lines}' >>/etc/shadow`;
    const inPod = ['exec', 'web', '-n', namespace, '--', 'sh', '-c', script];
    expect(await kubectl(cluster, cluster.kubeconfigPath, inPod)).toMatchObject({ code: 0 });
  });

  test.each([
    ['first-look', profiles.firstLook],
    ['container-baseline', profiles.baseline],
  ])('are in nothing that %s makes', async (_, profile) => {
    const texts = await everything(['-p', profile, '--debug']);
    expect(holding(texts, part)).toEqual([]);
    expect(holding(texts, 'A SECRET WAS IN THE RESULTS')).toEqual([]);
    expect(holding(texts, 'open')).toContain('summary.md');
  });

  test('are in nothing that a profile makes which prints them, and that is told', async () => {
    const controls = `control 'prints' do
  describe(file('/etc/shadow')) { its('content') { should_not match(/^[^:]+::/) } }
  describe(command('cat /etc/shadow')) { its('stdout') { should eq 'x' } }
end
`;
    const profile = writeFiles(join(folder, 'prints'), profileFiles({ name: 'prints', controls }));
    const texts = await everything(['-p', profile, '--debug']);
    expect(holding(texts, part)).toEqual([]);
    expect(holding(texts, 'A SECRET WAS IN THE RESULTS')).toContain('summary.md');
  });
});

describe('values of inputs that a profile calls sensitive', () => {
  const words = {
    option: 'from-option-0123',
    file: 'from-file-0123',
    nested: 'nested-word-0123',
    listed: 'listed-word-0123',
    number: '987654321',
    metadata: 'from-metadata-0123',
    dependency: 'of-dependency-0123',
    code: 'from-code-0123',
  };
  const metadata = `inputs:
  - {name: option, type: String, sensitive: true}
  - {name: file, type: String, sensitive: true}
  - {name: tree, type: Hash, sensitive: true}
  - {name: number, type: Numeric, sensitive: true}
  - {name: metadata, type: String, sensitive: true, value: ${words.metadata}}
depends:
  - {name: below, path: ../below}
`;
  const controls = `include_controls 'below'
control 'shows' do
  %w[option file metadata number].each do |name|
    describe "value #{input(name)}" do
      it("is not #{input(name)}") { expect(input(name).to_s).to eq 'x' }
    end
  end
  describe(input('tree')) { it { should eq 'x' } }
  describe(input('code', value: '${words.code}', sensitive: true)) { it { should eq 'x' } }
  describe([input('option')].pack('m0')) { it { should eq 'x' } }
end
`;
  const below = `control 'below' do
  title "About #{input('dependency')}"
  describe(input('dependency')) { it { should eq 'x' } }
end
`;
  let profile = '';
  beforeAll(() => {
    const inputs = `inputs:\n  - {name: dependency, type: String, sensitive: true, value: ${words.dependency}}\n`;
    writeFiles(join(folder, 'below'), profileFiles({ name: 'below', metadata: inputs, controls: below }));
    profile = writeFiles(join(folder, 'shows'), profileFiles({ name: 'shows', metadata, controls }));
    mkdirSync(join(folder, 'inputs'));
    writeFileSync(
      join(folder, 'inputs', 'in.yml'),
      `file: ${words.file}\nnumber: ${words.number}\ntree: {a: {b: ${words.nested}}, c: [1, ${words.listed}]}\n`,
    );
    writeFileSync(
      join(folder, 'inputs', 'waivers.yml'),
      `other: {justification: "since ${words.file} is known", run: true}\nshows: {justification: "because of ${words.file}", run: true}\n`,
    );
  });
  const given = () => ['-p', profile, '--input-file', join(folder, 'inputs', 'in.yml'), '--debug'];

  test('are in no report and no log, by which road they came', async () => {
    const waivers = ['--waivers', join(folder, 'inputs', 'waivers.yml')];
    const texts = await everything([...given(), ...waivers, '--input', `option=${words.option}`]);
    for (const [road, word] of Object.entries(words))
      expect({ road, in: holding(texts, word) }).toEqual({ road, in: [] });
    expect(holding(texts, Buffer.from(words.option).toString('base64'))).toEqual([]);
    for (const [name, text] of texts.filter(([each]) => each.endsWith('.json')))
      expect({ name, ok: JSON.parse(text) !== undefined }).toEqual({ name, ok: true });
  });

  test('from the environment neither', async () => {
    const texts = await everything(given(), {
      CINC_SCAN_INPUT: `option=${words.option}`,
      CINC_SCAN_LOG_FORMAT: 'json',
    });
    for (const [road, word] of Object.entries(words))
      expect({ road, in: holding(texts, word) }).toEqual({ road, in: [] });
  });

  test('are not in the error of a profile that fails with them', async () => {
    const raising = writeFiles(
      join(folder, 'raises'),
      profileFiles({
        name: 'raises',
        metadata: 'inputs:\n  - {name: file, type: String, sensitive: true}\n',
        controls: 'raise "cannot use #{input(\'file\')}"\n',
      }),
    );
    const args = ['scan', 'web', '-n', namespace, '-p', raising, '--input-file', join(folder, 'inputs', 'in.yml')];
    const { code, stderr, stdout } = await cincScan(cluster, [...args, '--debug']);
    expect(code).toBe(2);
    expect(stderr).toContain('PROFILE_INVALID');
    expect(stdout + stderr).not.toContain(words.file);
  });
});

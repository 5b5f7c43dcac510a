// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { ActionUse, type Command } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { root } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { githubToken } from '../support/github.ts';

builtDist();
const cluster = await openTestCluster();
const place = installAction(cluster.folder);
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
  const env = [{ name: 'HOSTILE', value: 'ci-commands' }];
  await createPod(cluster.api, { name: 'hostile', namespace, containers: { app: 'hostile' }, container: { env } });
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

const own = ['add-mask', 'group', 'endgroup', 'error', 'warning', 'notice'];
const foreign = (commands: Command[]) => commands.filter(({ name }) => !own.includes(name));

test('what a hostile container says is never a command of the runner, however loud the log', async () => {
  const inputs = { profile: join(root, 'test/fixtures/profiles/hostile'), namespace, targets: 'hostile', lens: 'exec' };
  for (const format of ['text', 'json']) {
    const action = new ActionUse(cluster, place, { inputs: { ...inputs, 'log-level': 'debug', 'log-format': format } });
    const main = await action.main();
    expect(main.code).toBe(3);
    expect(foreign(main.commands)).toEqual([]);
    expect(main.raw).not.toMatch(/##\[|##vso\[/);
    // An annotation is one line of ours; what the container said stands in it, escaped.
    expect(main.commands.filter(({ message }) => /^(set-env|add-path|stop-commands)/.test(message))).toEqual([]);
  }
});

test('what a hostile profile prints and names is never a command either', async () => {
  const workspace = folderWith(cluster, {
    'p/inspec.yml': 'name: p\nversion: 1.0.0\n',
    'p/controls/p.rb': [
      String.raw`puts "\n::set-output name=pwned::1\n##[set-env name=PATH]x"`,
      String.raw`STDERR.puts "\n::add-path::/tmp"`,
      String.raw`control "a\n::error::named" do`,
      String.raw`  title "t\n::set-env name=A::b"`,
      '  impact 1.0',
      String.raw`  describe("x\n::save-state name=objects::[]") { it { should eq "\n::stop-commands::x" } }`,
      'end',
    ].join('\n'),
  });
  const inputs = { profile: './p', namespace, targets: 'web', 'log-level': 'debug' };
  const main = await new ActionUse(cluster, place, { inputs, workspace }).main();
  expect(main.code).toBe(3);
  expect(foreign(main.commands)).toEqual([]);
  expect(main.commands.filter(({ name, message }) => name === 'error' && message === 'named')).toEqual([]);
});

test('no secret stands in the log, in any form, though a profile shows each of them', async () => {
  const key = 'heimdall+key/with=signs%42';
  const workspace = folderWith(cluster, {
    'p/inspec.yml': 'name: p\nversion: 1.0.0\n',
    'p/controls/p.rb': `control 'a' do\n  impact 1.0\n  describe(${JSON.stringify(`${githubToken} ${key} ${Buffer.from(key).toString('base64')} ${encodeURIComponent(key)}`)}) { it { should eq 'x' } }\nend\n`,
  });
  const inputs = {
    profile: './p',
    namespace,
    targets: 'web',
    // As many keep it in their secrets.
    kubeconfig: Buffer.from(cluster.kubeconfig).toString('base64'),
    'github-token': githubToken,
    'heimdall-api-key': key,
    'log-level': 'debug',
  };
  const main = await new ActionUse(cluster, place, { inputs, workspace }).main();
  expect(main.code).toBe(3);
  const secrets = [githubToken, key, Buffer.from(key).toString('base64').replace(/=+$/, ''), encodeURIComponent(key)];
  for (const secret of secrets) {
    expect(main.log).not.toContain(secret);
    expect(main.summary).not.toContain(secret);
  }
  const masks = main.commands.flatMap(({ name, message }) => (name === 'add-mask' ? [message] : []));
  expect(masks).toEqual(expect.arrayContaining(secrets));
  // They are masked before anything else is said.
  const first = main.commands.findIndex(({ name }) => name !== 'add-mask');
  expect(main.commands.slice(0, first).map(({ message }) => message)).toEqual(expect.arrayContaining(secrets));
});

// SPDX-License-Identifier: Apache-2.0
import { chmodSync, cpSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { ActionUse, type Command } from '../support/action.ts';
import { builtDist, installAction } from '../support/built-action.ts';
import { root } from '../support/cinc-scan.ts';
import { embeddedTest, openTestCluster } from '../support/cluster.ts';
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
const annotations = ['error', 'warning', 'notice'];

/** Commands that are not ours: of another kind, or annotations without a title, which ours have. */
const foreign = (commands: Command[]) =>
  commands.filter(
    ({ name, properties }) => !own.includes(name) || (annotations.includes(name) && (properties['title'] ?? '') === ''),
  );

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

embeddedTest('a plugin of the kubeconfig, another program, is given no secret of the step', async () => {
  const workspace = folderWith(cluster, {
    'plugin.sh': `#!/bin/sh\nenv >"$0.env"\ncat "$0.credential"\n`,
    'plugin.sh.credential': JSON.stringify({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: cluster.embedded?.adminToken ?? '' },
    }),
  });
  const plugin = join(workspace, 'plugin.sh');
  chmodSync(plugin, 0o700);
  const document = load(cluster.kubeconfig) as { users: { user: object }[] };
  const apiVersion = 'client.authentication.k8s.io/v1';
  for (const each of document.users) each.user = { exec: { apiVersion, command: plugin, interactiveMode: 'Never' } };
  const given = {
    kubeconfig: JSON.stringify(document),
    'github-token': githubToken,
    'heimdall-api-key': 'a-key-of-ours',
  };
  const inputs = { profile: './p', namespace, targets: 'web', ...given };
  cpSync(join(root, 'examples/profiles/first-look'), join(workspace, 'p'), { recursive: true });
  const main = await new ActionUse(cluster, place, { inputs, workspace }).main();
  expect(main.log).toMatch(/PASS \(exit 0\)/);
  const seen = readFileSync(`${plugin}.env`, 'utf8');
  expect(seen).toContain('GITHUB_ACTIONS=true');
  for (const secret of [githubToken, 'a-key-of-ours', 'interactiveMode', plugin.concat('"')])
    expect(seen).not.toContain(secret);
});

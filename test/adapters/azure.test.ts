// SPDX-License-Identifier: Apache-2.0
// The task runs as the agent starts it: a process with INPUT_… variables whose ##vso commands are read.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { testHostileValues } from '../attacks/adapter-values.ts';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';
import { type Adapter, secret, testContract } from './support/contract.ts';
import { finish } from './support/process.ts';
import { testRealScan } from './support/real.ts';
import { testRealConsolidation } from './support/real-consolidation.ts';
import { testRealServer } from './support/real-server.ts';
import { makeRecorder } from './support/recorder.ts';
import { schemaProblems, testValid } from './support/schemas.ts';
import { testShell } from './support/shell.ts';

const folder = 'packages/adapters/azure';
const program = join(root, folder, 'CincScanV1/dist/index.js');
const read = (path: string) => JSON.parse(readFileSync(join(root, folder, path), 'utf8')) as Record<string, unknown>;
const camel = (name: string) => name.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());

const unescape = (text: string) =>
  text
    .replaceAll('%0A', '\n')
    .replaceAll('%0D', '\r')
    .replaceAll('%3B', ';')
    .replaceAll('%5D', ']')
    .replaceAll('%AZP25', '%');

interface Command {
  name: string;
  properties: Record<string, string>;
  message: string;
}

const commandsIn = (text: string): Command[] =>
  [...text.matchAll(/^##vso\[([\w.]+) ([^\]]*)\](.*)$/gm)].map(([, name = '', list = '', message = '']) => ({
    name,
    properties: Object.fromEntries(
      [...list.matchAll(/([^=;]+)=([^;]*);/g)].map(([, key = '', value = '']) => [key, unescape(value)]),
    ),
    message: unescape(message),
  }));

const agentOf = (place: string, path: string): Record<string, string> => ({
  PATH: path,
  AGENT_TEMPDIRECTORY: place,
  BUILD_BUILDID: '17',
  SYSTEM_JOBID: '12F1170F-54F2-53F3-20DD-22FC7DFF55F9',
});

const adapter: Adapter = {
  async run({ folder: cwd, path, given, env }) {
    mkdirSync(cwd, { recursive: true });
    const inputs = Object.fromEntries(
      Object.entries(given).map(([name, value]) => [`INPUT_${camel(name).toUpperCase()}`, value ?? '']),
    );
    const defaults = (read('CincScanV1/task.json')['inputs'] as { name: string; defaultValue?: string }[]).map(
      ({ name, defaultValue = '' }): [string, string] => [`INPUT_${name.toUpperCase()}`, defaultValue],
    );
    const { code, text } = await finish(process.execPath, [program], {
      cwd,
      env: { ...agentOf(join(cwd, '..'), path), ...Object.fromEntries(defaults), ...inputs, ...env },
    });
    const commands = commandsIn(text);
    const variables = commands.filter(({ name }) => name === 'task.setvariable');
    const ends = commands.filter(({ name }) => name === 'task.complete');
    return {
      state: code === 0 && ends.length === 1 ? (ends[0]?.properties['result'] ?? '') : `exit ${code}`,
      text,
      outputs: Object.fromEntries(variables.map(({ properties, message }) => [properties['variable'] ?? '', message])),
    };
  },
  state: ({ exit, verdict }) => (exit !== 0 ? 'Failed' : verdict === 'pass' ? 'Succeeded' : 'SucceededWithIssues'),
  defaults: {
    reports: 'hdf,markdown,html,junit',
    'findings-reports': 'html,markdown,junit',
    'output-dir': 'cinc-scan-results',
  },
};

testContract('Azure DevOps', adapter);
testRealScan('azure', adapter);
testRealConsolidation('azure', adapter);
testRealServer('azure', {
  adapter,
  audience: 'api://AzureADTokenExchange',
  environment: async (_token, giver) => ({
    TF_BUILD: 'True',
    SYSTEM_OIDCREQUESTURI: giver.url,
    ENDPOINT_AUTH_PARAMETER_SYSTEMVSSCONNECTION_ACCESSTOKEN: giver.bearer,
  }),
});
testHostileValues('azure', adapter);

testValid(`${folder}/CincScanV1/task.json`, schemaProblems('azure-task'), [
  ['a handler that is none', '"Node24"', '"Node22"'],
  ['a hyphen in a name', '"name": "failOn"', '"name": "fail-on"'],
  ['a number that is none', '"id": "0f6c9f1e', '"id": "0f6c9f1'],
  ['a title that is too long', '"friendlyName": "cinc-scan"', `"friendlyName": "${'x'.repeat(41)}"`],
  ['a key that is none', '"category"', '"categorie"'],
  ['a list without options', /"options": \{[^}]*\}/, '"properties": {}'],
]);

testValid(`${folder}/vss-extension.json`, schemaProblems('vss-extension'), [
  ['no publisher', '"publisher": "cinc-scan",', ''],
  ['a contribution without targets', /"targets": \[\s*"ms[^\]]*\],/, ''],
]);

describe('the task', () => {
  const start = async (env: Record<string, string>, name: 'pass' | 'below the threshold' = 'pass') => {
    using place = temporaryFolder();
    const { path, calls } = makeRecorder(place.path, name);
    const cwd = join(place.path, 'work');
    mkdirSync(cwd);
    const { text } = await finish(process.execPath, [program], {
      cwd,
      env: { ...agentOf(place.path, path), INPUT_TARGETS: 'web', ...env },
    });
    return { text, commands: commandsIn(text), calls: calls() };
  };
  const endpoint = '8AB2D2B5-0E0A-4B44-A7B2-F8E8E3A6D001';

  test('shows the summary, test results and the artifact', async () => {
    const { commands } = await start({ INPUT_OUTPUTDIR: '' }, 'below the threshold');
    expect(commands.map(({ name }) => name)).toEqual(
      expect.arrayContaining(['task.uploadsummary', 'results.publish', 'artifact.upload', 'task.logissue']),
    );
    expect(commands.find(({ name }) => name === 'task.uploadsummary')?.message).toMatch(/^\/.*summary\.md$/);
  });

  test('takes the kubeconfig of a service connection, masked, and hands on nothing else of the agent', async () => {
    const kubeconfig = `apiVersion: v1\nusers: [{user: {token: ${secret}}}]`;
    const { text, calls, commands } = await start({
      INPUT_KUBERNETESSERVICECONNECTION: endpoint,
      [`ENDPOINT_AUTH_PARAMETER_${endpoint}_KUBECONFIG`]: kubeconfig,
      SECRET_OTHER: 'the-other',
    });
    expect(calls[0]?.env['CINC_SCAN_KUBECONFIG']).toBe(kubeconfig);
    const masked = commands.filter(({ name }) => name === 'task.setsecret').map(({ message }) => message);
    expect(masked).toEqual([kubeconfig, ...kubeconfig.split('\n')]);
    expect(text.replaceAll(/^##vso\[task\.setsecret \].*$/gm, '')).not.toContain(secret);
  });

  test('makes a kubeconfig of a service account', async () => {
    const { calls } = await start({
      INPUT_KUBERNETESSERVICECONNECTION: endpoint,
      [`ENDPOINT_URL_${endpoint}`]: 'https://cluster.example.org:6443/',
      [`ENDPOINT_AUTH_PARAMETER_${endpoint}_APITOKEN`]: Buffer.from(secret).toString('base64'),
      [`ENDPOINT_AUTH_PARAMETER_${endpoint}_SERVICEACCOUNTCERTIFICATE`]: 'Q0E=',
    });
    expect(load(calls[0]?.env['CINC_SCAN_KUBECONFIG'] ?? '')).toMatchObject({
      clusters: [{ cluster: { server: 'https://cluster.example.org:6443/', 'certificate-authority-data': 'Q0E=' } }],
      users: [{ user: { token: secret } }],
    });
  });

  test('fails with a connection of another kind, and scans nothing', async () => {
    const { commands, calls } = await start({ INPUT_KUBERNETESSERVICECONNECTION: endpoint });
    expect(commands.at(-1)).toMatchObject({ name: 'task.complete', properties: { result: 'Failed' } });
    expect(calls).toEqual([]);
  });

  test('waits for the scan to revoke when it is cancelled, and sweeps', async () => {
    using place = temporaryFolder();
    const { path, calls } = makeRecorder(place.path, 'cancelled');
    // A scan that ends only after a signal, as the real one does after it has revoked.
    const slow = join(place.path, 'bin', 'cinc-scan');
    const real = readFileSync(slow, 'utf8').split('\n')[1] ?? '';
    writeFileSync(
      slow,
      `#!/bin/sh
case $1 in
  scan) trap 'kill $! 2>/dev/null' INT; sleep 60 & echo started; wait ;;
  sweep) echo sweeping; sleep 1 ;;
esac
${real}
`,
    );
    const cwd = join(place.path, 'work');
    mkdirSync(cwd);
    const child = spawn(process.execPath, [program], { cwd, env: agentOf(place.path, path) });
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      // The agent sends the second signal some seconds after the first, whatever has become of the scan.
      if (part.includes('started')) child.kill('SIGINT');
      if (part.includes('sweeping')) child.kill('SIGTERM');
    });
    await once(child, 'close');
    expect(calls().map(({ args }) => args[0])).toEqual(['scan', 'outputs', 'sweep']);
    expect(commandsIn(text).find(({ properties }) => properties['variable'] === 'exitCode')?.message).toBe('143');
  });

  const { scan, sweep } = read('CincScanV1/dist/manifest.json') as { scan: string; sweep: string };
  testShell([
    ['scan', scan],
    ['sweep', sweep],
  ]);

  test('has the files that its handlers name', () => {
    for (const { target } of Object.values(read('CincScanV1/task.json')['execution'] as object) as { target: string }[])
      expect(existsSync(join(root, folder, 'CincScanV1', target))).toBe(true);
  });
});

describe('the extension', () => {
  const build = async (change: (place: string) => void) => {
    using place = temporaryFolder();
    cpSync(join(root, folder), place.path, { recursive: true });
    change(place.path);
    const tfx = join(root, 'packages/oracles/node_modules/tfx-cli/_build/tfx-cli.js');
    const args = ['extension', 'create', '--manifest-globs', 'vss-extension.json', '--output-path', 'out.vsix'];
    const ran = await finish(process.execPath, [tfx, ...args, '--no-prompt', '--no-color'], { cwd: place.path });
    const made = join(place.path, 'out.vsix');
    return { ...ran, archive: existsSync(made) ? readFileSync(made) : undefined };
  };

  test('is really built by tfx, without a warning, and holds the task', async () => {
    const { code, text, archive } = await build(() => undefined);
    expect({ code, warnings: text.match(/warning:.*/gi) }).toEqual({ code: 0, warnings: null });
    expect(archive?.subarray(0, 2).toString()).toBe('PK');
    for (const name of ['extension.vsixmanifest', 'CincScanV1/task.json', 'CincScanV1/dist/index.js'])
      expect(archive?.includes(name)).toBe(true);
  });

  test('is not without its task, of which tfx warns', async () => {
    const { text } = await build(place => writeFileSync(join(place, 'CincScanV1/task.json'), '{}'));
    expect(text).toMatch(/warning:|error:/i);
  });
});

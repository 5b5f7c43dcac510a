// SPDX-License-Identifier: Apache-2.0
// Credentials that change while a command runs, and plugins that do not do as they should.
import { chmodSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, expect, test } from '@jest/globals';
import { profiles, startCincScan } from '../support/cinc-scan.ts';
import { askUs, takeFirst, writeConfig } from '../support/kubectl-and-we.ts';
import { startLab } from '../support/lab-servers.ts';

const lab = await startLab();
const { file } = lab;
afterAll(() => lab.close());
afterEach(() => {
  lab.api.accepts = undefined;
  lab.api.onRequest = () => undefined;
  takeFirst(lab);
});

const version = 'client.authentication.k8s.io/v1';

/** A kubeconfig whose user is this script. */
function withPlugin(script: string, more: Record<string, unknown> = {}): string {
  writeFileSync(file('plugin.sh'), `#!/bin/sh\ncd "$(dirname "$0")"\n${script}\n`);
  chmodSync(file('plugin.sh'), 0o755);
  const exec = { apiVersion: version, command: './plugin.sh', interactiveMode: 'IfAvailable', ...more };
  return writeConfig(lab, 'plugin.yml', { user: { exec } });
}

/** The script that gives what is in a file, as this field. */
const gives = (status: string) =>
  `printf '{"apiVersion":"${version}","kind":"ExecCredential","status":{${status}}}' "$(cat token)"`;

/** From the second request on the server wants another token, which the file has by then. */
function rotateAfterFirst(): void {
  writeFileSync(file('token'), 'first-token');
  lab.api.accepts = 'first-token';
  let requests = 0;
  lab.api.onRequest = () => {
    requests += 1;
    if (requests !== 2) return;
    writeFileSync(file('token'), 'second-token');
    lab.api.accepts = 'second-token';
  };
}

test('a token that is refused meanwhile is asked of the plugin once more, and the request repeated', async () => {
  const config = withPlugin(`echo ran >>runs; ${gives('"token":"%s"')}`);
  rotateAfterFirst();
  const { code, stdout } = await askUs(lab, config);
  expect({ code, stdout }).toMatchObject({ code: 0 });
  const shown = lab.api.seen.map(({ authorization }) => authorization);
  expect([shown[0], shown.at(-1)]).toEqual(['Bearer first-token', 'Bearer second-token']);
  expect(readFileSync(file('runs'), 'utf8')).toBe('ran\nran\n');
});

test('a token that its file has no longer is read again', async () => {
  rotateAfterFirst();
  const { code, stdout } = await askUs(lab, writeConfig(lab, 'file.yml', { user: { tokenFile: 'token' } }));
  expect({ code, stdout }).toMatchObject({ code: 0 });
});

test('a token that stays refused is an error, after one more try', async () => {
  const config = withPlugin(`echo ran >>tries; ${gives('"token":"%s"')}`);
  writeFileSync(file('token'), 'wrong-token');
  lab.api.accepts = 'another';
  const { code, stdout } = await askUs(lab, config);
  expect({ code, stdout }).toEqual({ code: 4, stdout: expect.stringContaining('CLUSTER_UNAUTHORIZED') });
  expect(readFileSync(file('tries'), 'utf8')).toBe('ran\nran\n');
});

test('a plugin is asked again when what it gave has ended, and else not', async () => {
  writeFileSync(file('token'), 'timed');
  for (const [end, once] of [
    ['2020-01-01T00:00:00Z', false],
    ['2099-01-01T00:00:00+02:00', true],
  ] as const) {
    writeFileSync(file('count'), '');
    const config = withPlugin(`echo ran >>count; ${gives(`"token":"%s","expirationTimestamp":"${end}"`)}`);
    expect(await askUs(lab, config)).toMatchObject({ code: 0 });
    expect({ end, once: readFileSync(file('count'), 'utf8') === 'ran\n' }).toEqual({ end, once });
  }
});

test('a certificate that was renewed is the one that is shown', async () => {
  const script = [
    'name=ada; [ -e used ] && name=bob; touch used',
    `node -e 'const read = f => require("fs").readFileSync(f, "utf8"); const n = process.argv[1]; console.log(JSON.stringify({apiVersion: "${version}", kind: "ExecCredential", status: {clientCertificateData: read(n + ".crt"), clientKeyData: read(n + ".key"), expirationTimestamp: "2020-01-01T00:00:00Z"}}))' $name`,
  ].join('\n');
  expect(await askUs(lab, withPlugin(script))).toMatchObject({ code: 0 });
  const names = lab.api.seen.map(({ commonName }) => commonName);
  expect([names[0], names.at(-1)]).toEqual(['ada', 'bob']);
});

test('what a plugin says is shown, without the token in it; and so is its hint', async () => {
  writeFileSync(file('token'), 'c2VjcmV0LXRva2Vu');
  const told = await askUs(lab, withPlugin(`echo "signed in, token $(cat token)" >&2; ${gives('"token":"%s"')}`));
  expect(told.code).toBe(0);
  expect(told.stderr).toContain('signed in, token ***');
  const hint = { installHint: 'Get it from the portal.' };
  const failed = await askUs(lab, withPlugin('echo "sign in first" >&2; exit 3', hint));
  expect(failed).toMatchObject({ code: 4, stdout: expect.stringContaining('Get it from the portal.') });
  expect(failed.stderr).toContain('sign in first');
  const missing = await askUs(lab, withPlugin('', { command: 'no-such-plugin', ...hint }));
  expect(missing.stdout).toMatch(/CLUSTER_UNAUTHORIZED: .*no-such-plugin.*\n +Get it from the portal\./);
});

test.each([
  ['no answer', 'true'],
  ['no JSON', 'echo the-secret-token'],
  ['no status', `echo '{"apiVersion":"${version}","kind":"ExecCredential"}'`],
  [
    'another version',
    `echo '{"apiVersion":"client.authentication.k8s.io/v1beta1","kind":"ExecCredential","status":{"token":"the-secret-token"}}'`,
  ],
  ['nothing in it', gives('"token":""')],
  ['a key alone', gives('"clientKeyData":"the-secret-token"')],
])('a plugin that gives %s is an error that does not quote it', async (_, script) => {
  const { code, stdout, stderr } = await askUs(lab, withPlugin(script));
  expect({ code, stdout }).toEqual({ code: 4, stdout: expect.stringContaining('CLUSTER_UNAUTHORIZED') });
  expect(stdout + stderr).not.toContain('the-secret-token');
});

test('a plugin gets its own secrets, and none of ours or of the CI system', async () => {
  writeFileSync(file('token'), 'good-token');
  const config = withPlugin(`env >environment; ${gives('"token":"%s"')}`);
  const theirs = { AWS_SECRET_ACCESS_KEY: 'aws-secret', AZURE_CLIENT_SECRET: 'azure-secret' };
  const ours = {
    CINC_SCAN_WEBHOOK_SECRET: 'webhook-secret',
    CINC_SCAN_HEIMDALL_API_KEY: 'heimdall-secret',
    CI_JOB_TOKEN: 'gitlab-secret',
    CIRCLE_OIDC_TOKEN_V2: 'circle-secret',
    GITHUB_TOKEN: 'github-secret',
    SYSTEM_ACCESSTOKEN: 'azure-devops-secret',
  };
  expect(await askUs(lab, config, { ...theirs, ...ours })).toMatchObject({ code: 0 });
  const given = readFileSync(file('environment'), 'utf8');
  for (const [name, value] of Object.entries(theirs)) expect(given).toContain(`${name}=${value}`);
  for (const [name, value] of Object.entries(ours)) {
    expect(given).not.toContain(name);
    expect(given).not.toContain(value);
  }
});

test.each(['SIGTERM', 'SIGINT'] as const)(
  '%s ends a plugin that waits, with what it started, and the command',
  async signal => {
    const config = withPlugin('mkfifo pipe-$$; cat pipe-$$ & echo $! >child; echo $$ >pid; wait');
    rmSync(file('pid'), { force: true });
    const place = { folder: lab.folder, kubeconfigPath: config };
    const { child, ended } = startCincScan(place, ['scan', 'web', '-n', 'shop', '-p', profiles.firstLook]);
    while (!existsSync(file('pid'))) await new Promise(resolve => setImmediate(resolve));
    const pid = Number(readFileSync(file('pid'), 'utf8'));
    child.kill(signal);
    const { code } = await ended;
    expect(code).toBe(signal === 'SIGTERM' ? 143 : 130);
    expect([pid, Number(readFileSync(file('child'), 'utf8'))].filter(isAlive)).toEqual([]);
  },
);

/** A process that has ended may wait for somebody to take note of it. */
function isAlive(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  return existsSync(path) && !/\) [ZX] /.test(readFileSync(path, 'utf8'));
}

// SPDX-License-Identifier: Apache-2.0
// kubectl is the oracle: of the same kubeconfig it and we make the same request.
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { askBoth, askUs, clusterOf, expectSame, takeFirst, writeConfig } from '../support/kubectl-and-we.ts';
import { startLab } from '../support/lab-servers.ts';

const lab = await startLab();
const { file } = lab;
afterAll(() => lab.close());
beforeEach(() => void takeFirst(lab));

const base64 = (name: string) => readFileSync(file(name)).toString('base64');
const text = (name: string) => readFileSync(file(name), 'utf8');

test.each([
  ['a token', { token: 'good' }],
  ['a password', { username: 'ada', password: 'secret-pw' }],
  ['a certificate in files', { 'client-certificate': 'ada.crt', 'client-key': 'ada.key' }],
  ['a certificate in itself', { 'client-certificate-data': base64('ada.crt'), 'client-key-data': base64('ada.key') }],
  ['a certificate and a token', { 'client-certificate': 'ada.crt', 'client-key': 'ada.key', token: 'good' }],
  ['somebody to act as', { token: 'good', as: 'viewer' }],
  [
    'somebody to act as, in full',
    {
      token: 'good',
      as: 'jörg',
      'as-uid': '42',
      'as-groups': ['readers', 'auditors'],
      'as-user-extra': { scopes: ['a', 'b'], 'example.org/Team%': ['ops'] },
    },
  ],
])('a user with %s', async (_, user) => {
  const sent = await expectSame(lab, writeConfig(lab, 'user.yml', { user }));
  expect([sent.authorization, sent.commonName].some(each => each !== undefined)).toBe(true);
});

test('a token in a file, beside the kubeconfig, wins over a token in itself', async () => {
  mkdirSync(file('apart'));
  writeFileSync(file('apart/token.txt'), 'file-token\n');
  const cluster = clusterOf(lab, { 'certificate-authority': '../ca.crt' });
  for (const user of [{ tokenFile: 'token.txt' }, { token: 'stale', tokenFile: 'token.txt' }])
    expect(await expectSame(lab, writeConfig(lab, 'apart/k.yml', { cluster, user }))).toMatchObject({
      authorization: 'Bearer file-token',
    });
});

test.each([
  [
    'an authority in itself',
    () => ({ 'certificate-authority': undefined, 'certificate-authority-data': base64('ca.crt') }),
  ],
  ['no check of the certificate', () => ({ 'certificate-authority': undefined, 'insecure-skip-tls-verify': true })],
  [
    'another name for the certificate',
    () => ({ server: `https://127.0.0.1:${lab.named.port}`, 'tls-server-name': 'kube.example.test' }),
  ],
  ['no scheme', () => ({ server: `localhost:${lab.plain.port}` })],
  ['plain http', () => ({ server: `http://127.0.0.1:${lab.plain.port}`, 'certificate-authority': undefined })],
  ['no compression', () => ({ 'disable-compression': true })],
  ['an extension', () => ({ extensions: [{ name: 'minikube.sigs.k8s.io', extension: { version: 1 } }] })],
])('a cluster with %s', async (_, more) => {
  await expectSame(lab, writeConfig(lab, 'cluster.yml', { cluster: clusterOf(lab, more()) }));
});

test.each<[string, (plain: string) => Buffer]>([
  ['a mark of its bytes', plain => Buffer.from(`\uFEFF${plain}`)],
  ['UTF-16, as PowerShell writes it', plain => Buffer.from(`\uFEFF${plain}`, 'utf16le')],
  ['UTF-16, the other way round', plain => Buffer.from(`\uFEFF${plain}`, 'utf16le').swap16()],
  ['line ends of Windows', plain => Buffer.from(plain.replaceAll('\n', '\r\n'))],
  ['a key given twice', plain => Buffer.from(plain.replace('token: good', 'token: first\n      token: good'))],
  ['a merge key', plain => Buffer.from(`x-user: &u {token: good}\n${plain.replace('token: good', '<<: *u')}`)],
])('a file with %s', async (_, write) => {
  writeConfig(lab, 'text.yml');
  const plain = text('text.yml');
  writeFileSync(file('text.yml'), write(plain));
  await expectSame(lab, file('text.yml'));
});

test.each<[string, Record<string, unknown>]>([
  ['a context without a cluster', { contexts: [{ name: 'half', context: { cluster: '', user: '' } }] }],
  ['an empty context', { contexts: [{ name: 'half' }, { name: 'other', context: null }] }],
  ['a cluster without a server', { clusters: [{ name: 'half', cluster: { 'insecure-skip-tls-verify': true } }] }],
  [
    'a cluster whose authority is missing',
    { clusters: [{ name: 'half', cluster: { 'certificate-authority': 'gone' } }] },
  ],
  ['a user of a plugin without a command', { users: [{ name: 'half', user: { exec: {} } }] }],
  ['an entry without a name', { users: [{ user: { token: 'no-name' } }] }],
])('%s that is not used harms nobody', async (_, entries) => {
  const whole = { clusters: [{ name: 'c', cluster: clusterOf(lab) }], users: [{ name: 'u', user: { token: 'good' } }] };
  const contexts = [{ name: 'x', context: { cluster: 'c', user: 'u' } }];
  const all = { contexts, ...whole };
  const top = Object.fromEntries(
    Object.entries(all).map(([key, own]) => [key, [...((entries[key] as unknown[] | undefined) ?? []), ...own]]),
  );
  await expectSame(lab, writeConfig(lab, 'unused.yml', { top }));
});

test('files of KUBECONFIG are merged: missing ones are skipped, and of entries of one name the first counts', async () => {
  const a = writeConfig(lab, 'a.yml');
  const same = writeConfig(lab, 'same.yml', { user: { token: 'other' }, top: { 'current-context': 'z' } });
  const rest = writeConfig(lab, 'rest.yml', { top: { 'current-context': '', contexts: [] } });
  const context = { contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }], clusters: [], users: null };
  const only = writeConfig(lab, 'only.yml', { top: context });
  writeFileSync(file('empty.yml'), '');
  const lists = [
    [a, file('gone.yml')],
    [file('gone.yml'), a],
    [a, same],
    [a, a],
    ['', a, ''],
    [only, rest],
    [rest, only],
    [file('empty.yml'), a],
  ];
  for (const list of lists)
    expect({ list, ...(await expectSame(lab, list.join(delimiter))) }).toMatchObject({ authorization: 'Bearer good' });
});

test('paths are relative to the file that they stand in, not to the first', async () => {
  mkdirSync(file('sub'));
  writeFileSync(file('sub/own.crt'), text('ca.crt'));
  const contexts = writeConfig(lab, 'contexts.yml', { top: { clusters: [], users: [] } });
  const cluster = clusterOf(lab, { 'certificate-authority': 'own.crt' });
  await expectSame(lab, [contexts, writeConfig(lab, 'sub/rest.yml', { cluster })].join(delimiter));
});

test('a plugin has what kubectl gives it', async () => {
  const script = [
    '#!/bin/sh',
    'read -r answer && exit 9', // there is nobody to ask
    'cd "$(dirname "$0")" && printf "%s" "$KUBERNETES_EXEC_INFO" >info.$(ls info.* 2>/dev/null | wc -l)',
    `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s-%s"}}' "$1" "$OWN"`,
  ].join('\n');
  writeFileSync(file('plugin.sh'), script);
  chmodSync(file('plugin.sh'), 0o755);
  const exec = {
    apiVersion: 'client.authentication.k8s.io/v1',
    command: './plugin.sh',
    args: ['one'],
    env: [{ name: 'OWN', value: 'own' }],
    interactiveMode: 'IfAvailable',
  };
  for (const more of [{}, { provideClusterInfo: true }, { env: null, args: null }, { interactiveMode: 'Never' }]) {
    const user = { exec: { ...exec, ...more } };
    const sent = await expectSame(lab, writeConfig(lab, 'plugin.yml', { user }));
    expect(sent.authorization).toMatch(/^Bearer (one)?-(own)?$/);
    const [theirs, ours] = ['info.0', 'info.1'].map(name => JSON.parse(text(name)) as unknown);
    expect(ours).toEqual(theirs);
    for (const name of ['info.0', 'info.1']) rmSync(file(name));
  }
});

test('a plugin can give a certificate; and is not asked where there is a token', async () => {
  const answer = (status: object) =>
    JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1beta1', kind: 'ExecCredential', status });
  writeFileSync(
    file('certificate.json'),
    answer({ clientCertificateData: text('ada.crt'), clientKeyData: text('ada.key') }),
  );
  const exec = { apiVersion: 'client.authentication.k8s.io/v1beta1', command: 'cat', args: [file('certificate.json')] };
  expect(await expectSame(lab, writeConfig(lab, 'cert.yml', { user: { exec } }))).toMatchObject({ commonName: 'ada' });
  const both = writeConfig(lab, 'both.yml', { user: { exec: { ...exec, command: 'false' }, token: 'good' } });
  expect(await expectSame(lab, both)).toMatchObject({ authorization: 'Bearer good' });
});

test.each<[string, Parameters<typeof writeConfig>[2], RegExp]>([
  [
    'two authorities',
    { cluster: clusterOf(lab, { 'certificate-authority-data': base64('ca.crt') }) },
    /authority-data/,
  ],
  [
    'an authority that is not checked',
    { cluster: clusterOf(lab, { 'insecure-skip-tls-verify': true }) },
    /insecure-skip/,
  ],
  ['an authority that is missing', { cluster: clusterOf(lab, { 'certificate-authority': 'gone.crt' }) }, /gone\.crt/],
  [
    'an authority that is none',
    { cluster: clusterOf(lab, { 'certificate-authority': 'ca.key' }) },
    /certificate-authority is not a cert/,
  ],
  ['a certificate without a key', { user: { 'client-certificate': 'ada.crt' } }, /needs a client-key/],
  [
    'two certificates',
    { user: { 'client-certificate': 'ada.crt', 'client-certificate-data': 'aaaa', 'client-key': 'ada.key' } },
    /client-certificate-data/,
  ],
  ['a token and a password', { user: { token: 'good', password: 'secret-pw' } }, /at once/],
  ['groups to act as, and nobody', { user: { token: 'good', 'as-groups': ['a'] } }, /`as`/],
  ['an auth-provider that is gone', { user: { 'auth-provider': { name: 'gcp', config: {} } } }, /"gcp"/],
  [
    'a plugin that does not say whether it asks',
    { user: { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: 'true' } } },
    /interactiveMode/,
  ],
  ['a proxy that is none', { cluster: clusterOf(lab, { 'proxy-url': 'ftp://127.0.0.1' }) }, /proxy-url/],
  ['two users of one name', { top: { users: [{ name: 'u' }, { name: 'u' }] } }, /"u"/],
  ['no such context', { top: { 'current-context': 'gone' } }, /"gone"/],
])('%s: neither sends anything, and we say what is wrong', async (_, config, words) => {
  const { kubectl, ours, doctor } = await askBoth(lab, writeConfig(lab, 'wrong.yml', config));
  expect({ kubectl, ours }).toEqual({ kubectl: undefined, ours: undefined });
  expect({ code: doctor.code, said: doctor.stdout }).toEqual({ code: 2, said: expect.stringMatching(words) });
  expect(doctor.stdout).toMatch(/KUBECONFIG_INVALID/);
});

// Where kubectl sends a request that shows nobody, or asks at the terminal, we say what is missing.
test.each<[string, Parameters<typeof writeConfig>[2], RegExp]>([
  ['names a user that is not there', { context: { user: 'nobody' } }, /names the user "nobody"/],
  ['names no user', { context: { user: '' } }, /names no user/],
  ['names a user without credentials', { user: {} }, /has no credentials/],
  ['names a user with a password and no name', { user: { password: 'secret-pw' } }, /has no credentials/],
])('a context that %s is refused', async (_, config, words) => {
  const doctor = await askUs(lab, writeConfig(lab, 'nobody.yml', config));
  expect({ code: doctor.code, said: doctor.stdout }).toEqual({ code: 2, said: expect.stringMatching(words) });
  expect(takeFirst(lab)).toBeUndefined();
});

test('a file that was named has to be there; of those of KUBECONFIG, one', async () => {
  const named = await askUs(lab, writeConfig(lab, 'there.yml'), { CINC_SCAN_KUBECONFIG: './gone.yml' });
  expect({ code: named.code, said: named.stdout + named.stderr }).toMatchObject({
    code: 2,
    said: expect.stringContaining('gone.yml'),
  });
  const listed = await askUs(lab, [file('gone.yml'), file('gone2.yml')].join(delimiter));
  expect({ code: listed.code, said: listed.stdout }).toMatchObject({
    code: 2,
    said: expect.stringContaining('none of these'),
  });
  expect(takeFirst(lab)).toBeUndefined();
});

test('what is wrong with a file is told by line and column: its secrets are not quoted', async () => {
  for (const [line, secret] of [
    ['password: hunter2!\n   extra: x', 'hunter2'],
    ['password: "hunter2', 'hunter2'],
    ['password: *hunter2', 'hunter2'],
    ['password: !hunter2', 'hunter2'],
    ['password: @hunter2', 'hunter2'],
    ['as-groups: hunter2', 'hunter2'],
    ['token: [hunter2]', 'hunter2'],
  ] as const) {
    writeConfig(lab, 'broken.yml');
    writeFileSync(file('broken.yml'), text('broken.yml').replace('token: good', line));
    for (const env of [{}, { CINC_SCAN_KUBECONFIG: text('broken.yml') }]) {
      const { code, stdout, stderr } = await askUs(lab, file('broken.yml'), env);
      expect({ line, code, said: stdout + stderr }).toEqual({
        line,
        code: 2,
        said: expect.not.stringContaining(secret),
      });
      expect(stdout).toMatch(/KUBECONFIG_INVALID: .*(line \d+, column \d+|not valid)/);
    }
  }
});

test('relative paths of a kubeconfig in a folder of its own, by a path with a colon in it', async () => {
  mkdirSync(file('a:b'));
  writeFileSync(file('a:b/ca.crt'), text('ca.crt'));
  const path = writeConfig(lab, join('a:b', 'k.yml'));
  const { code } = await askUs(lab, '', { CINC_SCAN_KUBECONFIG: path });
  expect({ code, sent: takeFirst(lab)?.authorization }).toEqual({ code: 0, sent: 'Bearer good' });
});

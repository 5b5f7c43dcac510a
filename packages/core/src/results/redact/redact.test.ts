// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { array, assert, property, string } from 'fast-check';
import { parseHdf } from '../../outcome/hdf.ts';
import { reportKindNames } from '../../report/registry.ts';
import * as sample from '../../report/testing/sample-model.ts';
import { Secret, Secrets } from '../../request/index.ts';
import { writeReports } from '../write-reports.ts';
import { makeRedactor } from './redact.ts';
import { redactModel } from './redact-model.ts';

const token = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJzY2FubmVyIiwibiI6MX0.c2lnbmF0dXJl_of-it';
const odd = `pa&ss"wo<rd'/ü+ =\\x`;
const redactor = makeRedactor([new Secret(token), new Secret(odd)]);

describe("the run's own secrets", () => {
  const disguises: [name: string, disguise: (secret: string) => string][] = [
    ['as they are', text => text],
    ['in JSON', text => JSON.stringify({ a: text })],
    ['in JSON within JSON', text => JSON.stringify({ a: JSON.stringify({ b: text }) })],
    ['in an address', text => `https://x/?a=${encodeURIComponent(text)}&b`],
    ['in a form', text => new URLSearchParams({ a: text }).toString()],
    ['in an address, in small letters', text => encodeURIComponent(text).replaceAll(/%../g, hex => hex.toLowerCase())],
    ['in base64', text => Buffer.from(text).toString('base64')],
    ['in base64 after one byte', text => Buffer.from(`a${text}`).toString('base64')],
    ['in base64 after two bytes', text => Buffer.from(`ab${text}z`).toString('base64')],
    ['in base64url', text => Buffer.from(`abc:${text}`).toString('base64url')],
    [
      'in markup',
      text => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;').replaceAll("'", '&#39;'),
    ],
  ];
  test.each(disguises)('are found %s', (_, disguise) => {
    for (const secret of [token, odd]) {
      const text = `before ${disguise(secret)} after`;
      const shown = redactor.own(text);
      expect(shown).toContain('***');
      expect(shown).toMatch(/^before .*after$/s);
      for (const word of [token.slice(10, 30), 'pa&ss', 'cGEmc3Mid']) expect(shown).not.toContain(word);
    }
  });

  test('are found in any text, at any place, however often', () => {
    assert(
      property(string({ minLength: 6 }), array(string()), (secret, parts) => {
        const own = makeRedactor([new Secret(secret)]).own(parts.map(part => `${part}\n`).join(secret));
        expect(own.split('***').filter(part => part.includes(secret))).toEqual([]);
      }),
      { numRuns: 500 },
    );
  });

  test('leave other tokens of the same issuer alone', () => {
    const other = token.replace('zY2FubmVy', 'vdGhlcg');
    expect(redactor.own(other)).toBe(other);
  });

  test('of several lines are found line by line, words are left alone', () => {
    const secrets = new Secrets();
    secrets.register(
      new Secret('-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\nabc\n-----END PRIVATE KEY-----\n'),
      new Secret('a'),
    );
    const own = makeRedactor(secrets.all()).own;
    expect(own('x MIIEvQIBADANBg y')).toBe('x *** y');
    expect(own('abc a -----END PRIVATE KEY-----')).toBe('abc a -----END PRIVATE KEY-----');
  });

  test('of a kubeconfig are its credentials, not its names', () => {
    const secrets = new Secrets();
    const key = Buffer.from('-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIExample\n-----END EC PRIVATE KEY-----\n');
    const user = { token: 'abcdef0123456789', 'client-key-data': key.toString('base64'), username: 'carol' };
    secrets.registerKubeconfig(new Secret(JSON.stringify({ kind: 'Config', users: [{ name: 'someone', user }] })));
    const own = makeRedactor(secrets.all()).own;
    expect(own('kind: Config, someone, carol')).toBe('kind: Config, someone, carol');
    expect(own(`abcdef0123456789 ${key.toString('base64')} MHcCAQEEIExample`)).toBe('*** *** ***');
  });

  test('are looked for in time that grows with the text alone', () => {
    const many = Array.from({ length: 300 }, (_, index) => new Secret(`secret-number-${index}-${'x'.repeat(40)}`));
    const own = makeRedactor(many).own;
    const text = 'secret-number-'.repeat(20_000);
    expect(own(text)).toBe(text);
  });
});

describe('what looks like a secret', () => {
  const all = makeRedactor([]).all;
  const key = `-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\n${'MIIEvQIBADANBgkqhkiG9w0BAQ+/='.repeat(20)}\n-----END RSA PRIVATE KEY-----`;
  const found: [name: string, text: string, shown: string][] = [
    ['a private key', `a ${key} b`, 'a *** b'],
    ['a private key in JSON', JSON.stringify({ a: key, b: 1 }), '{"a":"***","b":1}'],
    ['a private key that was cut short', `a ${key.slice(0, 90)}… (9 more`, 'a ***… (9 more'],
    ['a JSON web token', `token=${token};`, 'token=***;'],
    ['a password in an address', 'postgres://app:s3cr3t!@db:5432/x', 'postgres://app:***@db:5432/x'],
    ['a password without a name', 'redis://:hunter2@cache', 'redis://:***@cache'],
    [
      'a key of AWS with its secret',
      'AKIAIOSFODNN7EXAMPLE = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"',
      '*** = "***"',
    ],
    ['a key id of AWS', 'id ASIAIOSFODNN7EXAMPLE.', 'id ***.'],
    [
      'a secret key of AWS',
      'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
      'aws_secret_access_key = ***',
    ],
    ['a token of GitHub', `ghp_${'a1B2'.repeat(9)} github_pat_${'A1_b'.repeat(12)}`, '*** ***'],
    ['a token of GitLab', 'glpat-abcdefghij0123456789', '***'],
    ['a token of Slack', 'xoxb-123456789012-abcdefGHIJKL', '***'],
    ['a key of Google', `key=AIza${'a1B2_'.repeat(7)}`, 'key=***'],
    ['an access token of Google', `ya29.${'a0Af_'.repeat(9)}`, '***'],
    ['a key of Azure', `AccountName=a;AccountKey=${'aB3+'.repeat(20)}==;x`, 'AccountName=a;AccountKey=***;x'],
    ['a token of npm', `npm_${'a1B2'.repeat(9)}`, '***'],
    ['a line of npmrc', '//registry.example/:_authToken=abcdef-012345', '//registry.example/:_authToken=***'],
    ['a token of PyPI', `pypi-AgEIcHlwaS5vcmc${'a1B2'.repeat(20)}`, '***'],
    ['a header of HTTP', 'Authorization: Basic dXNlcjpwYXNzd29yZA==', 'Authorization: Basic ***'],
    ['a registry of Docker', '{"auths":{"x":{"auth":"dXNlcjpwYXNzd29yZA=="}}}', '{"auths":{"x":{"auth":"***"}}}'],
    ['a token of a kubeconfig', 'user:\n  token: k8s-aws-v1.aHR0cHM6Ly9zdHM', 'user:\n  token: ***'],
    ['a bootstrap token', 'token: abcdef.0123456789abcdef', 'token: ***'],
    ['a key of a kubeconfig', 'client-key-data: LS0tLS1CRUdJTiBFQyBQUklWQVRF', 'client-key-data: ***'],
    [
      'an encrypted token',
      `eyJ${'a'.repeat(20)}.${'b'.repeat(40)}.${'c'.repeat(16)}.${'d'.repeat(30)}.${'e'.repeat(22)}`,
      '***',
    ],
    ['a key of age', `AGE-SECRET-KEY-1${'QPZRY9'.repeat(9)}`, '***'],
    ['a token of Vault', `hvs.${'CAESI'.repeat(8)}`, '***'],
    ['a hook of Slack', 'https://hooks.slack.com/services/T000/B000/XXXXXXXX', 'https://hooks.slack.com/services/***'],
  ];
  test.each(found)('is hidden: %s', (_, text, shown) => {
    expect(all(text)).toBe(shown);
  });

  const body = (length: number) => 'aB3./xYz'.repeat(20).slice(0, length);
  const hashes: [name: string, hash: string][] = [
    ['md5crypt', `$1$saltsalt$${body(22)}`],
    ['Apache', `$apr1$saltsalt$${body(22)}`],
    ['sha256crypt', `$5$rounds=5000$saltsalt$${body(43)}`],
    ['sha512crypt', `$6$saltsalt$${body(86)}`],
    ['a short one', '$6$salt$hash'],
    ['bcrypt', `$2b$12$${body(53)}`],
    ['bcrypt of PHP', `$2y$12$${body(53)}`],
    ['yescrypt', `$y$j9T$${body(22)}$${body(43)}`],
    ['gost-yescrypt', `$gy$j9T$${body(22)}$${body(43)}`],
    ['scrypt', `$7$CU..../....saltsalt$${body(43)}`],
    ['sha1crypt', `$sha1$40000$saltsalt$${body(28)}`],
    ['Sun MD5', `$md5,rounds=5000$saltsalt$$${body(22)}`],
    ['NT', '$3$$8846f7eaee8fb117ad06bdd830b7586c'],
    ['Argon2', `$argon2id$v=19$m=65536,t=3,p=4$${body(22)}$${body(43)}`],
    ['PBKDF2', `$pbkdf2-sha256$29000$${body(22)}$${body(43)}`],
    ['phpass', `$P$B${body(30)}`],
    ['Drupal', `$S$D${body(51)}`],
    ['LDAP', '{SSHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g='],
    ['LDAP crypt', `{CRYPT}$6$saltsalt$${body(86)}`],
    ['MySQL', '*2470C0C06DEE42FD1618BB99005ADCA2EC9D1E19'],
    ['PostgreSQL', 'SCRAM-SHA-256$4096:c2FsdHNhbHQ=$c3RvcmVkc3RvcmVk:c2VydmVyc2VydmVy'],
    ['PostgreSQL MD5', 'md5a8d5a8d5a8d5a8d5a8d5a8d5a8d5a8d5'],
    ['GRUB', `grub.pbkdf2.sha512.10000.${'0A'.repeat(32)}.${'F1'.repeat(64)}`],
  ];
  const places: [name: string, put: (text: string) => string][] = [
    ['by itself', text => text],
    ['in shadow', text => `svc:${text}:19700:0:99999:7:::`],
    ['in a message', text => `expected "root:x:0\nsvc:${text}:1:2:3:4:::\n" not to match /::/`],
    ['in JSON', text => JSON.stringify({ password: text })],
    ['escaped for a shell', text => text.replaceAll('$', String.raw`\$`)],
    ['in an address', text => `https://h/?p=${text.replaceAll('$', '%24')}`],
    ['in colour', text => `${text.slice(0, 3)}\u001b[31m${text.slice(3)}\u001b[0m`],
    ['in colour that a language shows', text => `"${text.slice(0, 9)}\\e[31m${text.slice(9)}"`],
    ['with what is not seen', text => `${text.slice(0, 7)}\u200b${text.slice(7)}`],
  ];
  test.each(hashes)('is hidden: a password hash of %s, in any place, in results too', (_, hash) => {
    const { result } = makeRedactor([]);
    for (const [name, put] of places)
      for (const shown of [all(put(hash)), result(put(hash))])
        expect({ name, rest: shown.includes(hash.slice(-12)), shown }).toEqual({ name, rest: false, shown });
  });

  test.each([
    ['svc:abJnggxhB/yWI:19700:0:99999:7:::', 'svc:***:19700:0:99999:7:::'],
    ['svc:!abJnggxhB/yWI:0:0:root:/root:/bin/sh', 'svc:***:0:0:root:/root:/bin/sh'],
    ['x\nsvc:_J9..rasmBYk8r9AiWNc:1:2:3:4:::', 'x\nsvc:***:1:2:3:4:::'],
    ['svc:#unknown-scheme#abcdef:19700:0:99999:7:::', 'svc:***:19700:0:99999:7:::'],
    [
      'joe:1000:AAD3B435B51404EEAAD3B435B51404EE:8846F7EAEE8FB117AD06BDD830B7586C:[U          ]:LCT-1:',
      'joe:1000:***:***:[U          ]:LCT-1:',
    ],
  ])('is hidden: the password of an account in %j', (line, shown) => {
    expect(all(line)).toBe(shown);
  });

  const kept: [string, string][] = [
    ['an account without a password', 'root:*:19700:0:99999:7:::\nbin:!:1:0:9:7:::\nx::1:2:3:4:5:6:'],
    ['an account of passwd', 'www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin'],
    ['a price, a variable and an expression', 'cost $1 $2; $1$2 /^[^:]+:\\$6\\$/ ${HOME}$PATH'],
    ['an image with a port', 'registry:5000/app:1.2.3 at 12:30:45:1'],

    ['an address with a port', 'http://host:8080/path@v1 and https://user@host/'],
    ['a digest', `sha256:${'0123456789abcdef'.repeat(4)}`],
    ['an image', 'registry.example:5000/team/app@sha256:abc'],
    ['a certificate', '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----'],
    ['a word', 'eyJ is how tokens begin; AKIA, ghp_ and xoxb- too'],
  ];
  test.each(kept)('is not: %s', (_, text) => {
    expect(all(text)).toBe(text);
  });

  test('is looked for in time that grows with the text alone, whoever wrote it', () => {
    const size = 300_000;
    const hostile = [
      'eyJ',
      'eyJaaaaaaaaaaa.',
      'a://',
      'a://b:',
      '-----BEGIN PRIVATE KEY-----',
      'AKIA0123456789ABCDEF ',
      'ghp_',
      'xoxb-',
      '&#10;',
      '$6$',
      '$6$a$',
      '$y$j9T$aaaa',
      'a:',
      'a:b',
      'a:aaaaaaaaaaaaa:1',
      '{SSHA}',
      'token: ',
      'eyJaaaaaaaa.aaaaaaaa.',
      'SG.aaaaaaaaaaaaaaaa.',
      '_auth=',
      'client-key-data',
      'grub.pbkdf2.sha1.1.',
      'SCRAM-SHA-256$1:',
    ];
    for (const part of hostile) {
      const text = part.repeat(Math.ceil(size / part.length));
      expect(all(text).length).toBeLessThanOrEqual(text.length);
    }
  });
});

const texts = (folder: string): [string, string][] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(entry => entry.isFile())
    .map(entry => [entry.name, readFileSync(join(entry.parentPath, entry.name), 'utf8')]);

/** Every report there is, of a run whose results and errors hold these texts. */
async function writeAll(said: string, secrets: Secrets): Promise<{ files: [string, string][]; stdout: string }> {
  const folder = mkdtempSync(join(tmpdir(), 'cinc-scan-redact-'));
  try {
    const tags = { gid: 'V-1', rid: 'SV-1', stig_id: 'X-1', nist: ['AC-6'], check: said };
    const controls = (['failed', 'error', 'skipped', 'passed'] as const).map(status => ({
      id: status,
      status,
      tags,
      message: `got ${said} here`,
    }));
    const audited = sample.sampleAudited({ text: sample.sampleHdf(controls), target: sample.sampleTarget() });
    const model = sample.sampleModel([audited, sample.sampleUnreached(`The server said ${said} at last`)]);
    let stdout = '';
    const options = { outputDir: 'out', workspace: folder, stdout: (text: string) => (stdout += text), secrets };
    const specs = reportKindNames.map(kind => ({ kind, path: undefined }));
    await writeReports(
      redactModel(model, makeRedactor(secrets.all())),
      [...specs, { kind: 'csv', path: '-' }],
      options,
    );
    return { files: texts(folder), stdout };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

describe('reports', () => {
  test('of every kind, results included, are free of the own secrets of the run, stay valid, and say so', async () => {
    const secrets = new Secrets();
    secrets.register(new Secret(token), new Secret(odd));
    for (const said of [token, odd, Buffer.from(token).toString('base64')]) {
      const { files, stdout } = await writeAll(said, secrets);
      expect(files.length).toBeGreaterThanOrEqual(reportKindNames.length);
      for (const [name, text] of [...files, ['stdout', stdout] as [string, string]]) {
        expect({ name, own: redactor.own(text) === text }).toEqual({ name, own: true });
        if (name.endsWith('.json')) expect(() => void JSON.parse(text)).not.toThrow();
      }
      const text = new Map(files);
      expect(text.get('summary.md')).toContain('A SECRET WAS IN THE RESULTS');
      expect(text.get('scan.json')).toContain('A SECRET WAS IN THE RESULTS');
      const [, hdf = ''] = files.find(([name]) => name.endsWith('_app.json')) ?? [];
      expect(parseHdf(hdf)).toMatchObject({ kind: 'hdf' });
    }
  });

  test('other than the results are free of what looks like anybody’s secret; the results keep the auditor’s bytes', async () => {
    const { files } = await writeAll(token, new Secrets());
    const middle = token.slice(25, 45);
    for (const [name, text] of files)
      expect({ name, has: text.includes(middle) }).toEqual({ name, has: /_app(\.annotated)?\.json$/.test(name) });
    expect(new Map(files).get('summary.md')).not.toContain('A SECRET WAS');
  });

  test('show everything that is no secret', async () => {
    const { files } = await writeAll('nothing of interest', new Secrets());
    const [, page = ''] = files.find(([name]) => name === 'report.html') ?? [];
    expect(page).toContain('got nothing of interest here');
  });

  test('results in which a secret looks like a piece of JSON are still results', () => {
    const audited = sample.sampleAudited({ text: sample.sampleHdf([{ id: 'a', message: 'x", "y' }, { id: 'b' }]) });
    const [found] = redactModel(sample.sampleModel([audited]), makeRedactor([new Secret('","impact":')])).verdict
      .judged;
    if (found?.outcome.kind !== 'audited') throw new Error('the sample has changed');
    expect(parseHdf(found.outcome.hdfText)).toMatchObject({ kind: 'hdf' });
  });
});

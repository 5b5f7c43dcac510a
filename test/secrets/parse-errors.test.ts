// SPDX-License-Identifier: Apache-2.0
// Whoever breaks a file with a secret in it is told where it is broken, and the log does not show the secret.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { cincScan } from '../support/cinc-scan.ts';
import { gateFixtures } from '../support/command.ts';

const folder = mkdtempSync(join(tmpdir(), 'cst-'));
afterAll(() => rmSync(folder, { recursive: true }));

const word = 'hunter2';
const yaml = [
  `password: *${word}`,
  `password: !${word} x`,
  `password: !ruby/object:${word} {}`,
  `password: "${word}`,
  `password: [${word}`,
  `password: ${word}: ${word}`,
  `\tpassword: ${word}`,
  `- ${word}`,
  word,
  `password: |${word}\n x`,
  `%${word}\n---\na: 1`,
];
// What only Psych says: each costs the start of an engine.
const read = yaml.slice(0, 4);
const json = [`{"password": ${word}}`, `{"password": "${word}" ${word}}`, `["${word}`, `{"password": "a\n${word}"}`];

const profile = (more: Record<string, string> = {}) => ({
  'p/inspec.yml': 'name: p\nversion: 1.0.0\n',
  'p/controls/a.rb': "control('a') { describe(1) { it { should eq 1 } } }\n",
  ...more,
});

interface Broken {
  name: string;
  /** Files beside the one that is broken, and where that lies. */
  files?: Record<string, string>;
  file: string;
  texts: string[];
  args: string[];
}

const scan = ['scan', 'web', '-n', 'shop', '-p', 'p'];
const results = join(gateFixtures, 'mix.json');
const lockOf = 'name: p\nversion: 1.0.0\ndepends:\n- {name: a, url: "https://127.0.0.1:9/a.tar.gz"}\n';

const broken: Broken[] = [
  { name: 'a configuration', file: 'c.yml', texts: yaml, args: [...scan, '--config', 'c.yml', '--debug'] },
  { name: 'a kubeconfig', file: 'k.yml', texts: yaml, args: [...scan, '--kubeconfig', 'k.yml', '--debug'] },
  { name: 'inputs', file: 'i.yml', texts: read, args: ['profile', 'inspect', 'p', '--input-file', 'i.yml', '--debug'] },
  { name: 'waivers', file: 'w.yml', texts: yaml, args: [...scan, '--waivers', 'w.yml', '--debug'] },
  { name: 'waivers in JSON', file: 'w.json', texts: json, args: [...scan, '--waivers', 'w.json', '--debug'] },
  {
    name: 'waivers in CSV',
    file: 'w.csv',
    texts: [`control_id,justification\na,${word}"x"`, `control_id,justification\na,"${word}"x`, `a,"${word}`],
    args: [...scan, '--waivers', 'w.csv', '--debug'],
  },
  { name: 'a threshold', file: 't.yml', texts: yaml, args: ['gate', '-i', results, '-T', 't.yml', '--debug'] },
  { name: 'results', file: 'r.json', texts: json, args: ['gate', '-i', 'r.json', '-I', '90'] },
  { name: 'a baseline', file: 'b.json', texts: json, args: ['gate', '-i', results, '--baseline', 'b.json', '--debug'] },
  {
    name: 'attestations',
    file: 'a.yml',
    texts: yaml,
    args: ['attest', '-i', results, '--attestations', 'a.yml', '-o', 'out.json'],
  },
  {
    name: 'an earlier run',
    file: 'runs/x/scan.json',
    texts: json,
    args: ['report', '-i', results, '--trend', 'runs', '--debug'],
  },
  { name: 'a manifest', file: 'm.yml', texts: yaml, args: ['sidecar', 'inject', '-f', 'm.yml', '--image', 'i'] },
  { name: 'a file to migrate', file: 'o.yml', texts: yaml.slice(0, 1), args: ['migrate', 'o.yml'] },
  {
    name: 'credentials of profiles',
    file: 'c.yml',
    texts: yaml,
    args: ['profile', 'check', 'p', '--profile-credentials', './c.yml', '--debug'],
  },
  {
    name: 'the metadata of a profile',
    file: 'p/inspec.yml',
    texts: read.map(text => `name: p\nversion: 1.0.0\n${text}`),
    args: ['profile', 'inspect', 'p', '--debug'],
  },
  {
    name: 'the metadata of a profile that depends on others',
    file: 'p/inspec.yml',
    texts: read.map(text => `name: p\nversion: 1.0.0\ndepends: [{name: a, path: ../a}]\n${text}`),
    args: ['profile', 'vendor', 'p', '--out', 'vendored', '--debug'],
  },
  {
    name: 'the pins of a profile',
    files: profile({ 'p/inspec.yml': lockOf }),
    file: 'p/inspec.lock',
    texts: read,
    args: ['profile', 'check', 'p', '--offline', '--debug'],
  },
];

describe('a file that is broken is not quoted:', () => {
  test.each(broken)(
    '$name',
    async ({ files = profile(), file, texts, args }) => {
      for (const text of texts) {
        const cwd = mkdtempSync(join(folder, 'w-'));
        for (const [path, content] of Object.entries({ ...files, [file]: text })) {
          mkdirSync(dirname(join(cwd, path)), { recursive: true });
          writeFileSync(join(cwd, path), content);
        }
        const { stdout, stderr } = await cincScan({ folder, kubeconfigPath: '/dev/null' }, args, { cwd });
        const shown = (stdout + stderr).includes(word);
        expect({ text, shown, told: shown ? stdout + stderr : '' }).toEqual({ text, shown: false, told: '' });
        expect(stdout + stderr).not.toMatch(/DEFECT|unknown option|required option/);
      }
    },
    120_000,
  );
});

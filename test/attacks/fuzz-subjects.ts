// SPDX-License-Identifier: Apache-2.0
// Whatever is read that somebody may have written by hand or another program damaged, and the command that reads it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gateFixtures } from '../support/command.ts';
import { mutateDocument, mutateText, pick, type Random } from './mutate.ts';

interface Attempt {
  /** In the folder that it runs in. */
  files: Record<string, string>;
  args: string[];
  env?: Record<string, string>;
}

export interface Subject {
  attempt: (random: Random, server: string) => Attempt;
  /** Exit codes that it may have. Whatever ends with 0 and left a manifest is held against the law besides. */
  codes: readonly number[];
}

const fixture = (name: string) => readFileSync(join(gateFixtures, name), 'utf8').replace(/^\uFEFF/, '');
const isResult = (text: string) => /^\s*\{/.test(text) && text.includes('"profiles"');
const results = readdirSync(gateFixtures)
  .filter(name => name.endsWith('.json') && name !== 'cases.json')
  .map(fixture)
  .filter(isResult);

const gates: string[][] = [
  ['-I', '{failed.total.max: 0}'],
  ['-I', '{compliance.min: 100}, {error.total.max: 0}'],
  ['-I', '{passed.total.min: 1}, {failed.total.max: 0}, {error.total.max: 0}', '--strict'],
  ['--fail-on', 'low'],
  ['--fail-on', 'high', '--all-profiles'],
];
const page = ['--trend', '.', '--report', 'html'];
const judged = ['--report', 'hdf', '--report', 'scan', '-o', 'out'];

const thresholds: string[] = [
  'compliance:\n  min: 80\nfailed:\n  critical: { max: 0 }\n  high: { max: 0 }\nerror.total.max: 0\n',
  '{"failed":{"total":{"max":0}},"error":{"total":0}}',
  'default:\n  compliance.min: 90\ntargets:\n- match: {namespace: legacy-*}\n  threshold: {compliance.min: 60}\n',
  'passed.total.min: 1\nskipped.total.max: 3\n',
];
const waivers: [string, string][] = [
  ['w.yml', 'a-file:\n  justification: x\n  expiration_date: 2027-03-31\n  run: false\n  owner: y\n'],
  ['w.json', '{"a-file":{"justification":"x","run":true}}'],
  ['w.csv', 'control_id,justification,expiration_date,run,owner\na-file,x,2027-01-01,false,y\n'],
];
const configs: string[] = [
  'targets: deployment/web\nnamespace: shop\nprofile: [a, b]\nthreshold: 90\ntimeout: 10m\nconcurrency: 4\nstrict: true\n',
  'profile:\n- ./p\ninput:\n- a=b\nreports: hdf,junit\nfail-on: high\nrequire-view: guarded\nlog-format: json\n',
];
const plain = (server: string) => `apiVersion: v1
clusters: [{name: c, cluster: {server: "${server}"}}]
users: [{name: u, user: {token: abcdefghijk}}]
contexts: [{name: x, context: {cluster: c, user: u, namespace: n}}]
current-context: x
`;
const rich = (server: string) => `apiVersion: v1
kind: Config
clusters:
- name: c
  cluster: {server: "${server}", certificate-authority-data: QUJD, insecure-skip-tls-verify: false, tls-server-name: x}
users:
- name: u
  user: {token: abcdefghijk, client-certificate-data: QUJD, client-key-data: QUJD, username: a, password: b, as: c}
contexts:
- name: x
  context: {cluster: c, user: u, namespace: n}
current-context: x
`;
const manifest = JSON.stringify({
  schemaVersion: 1,
  state: 'finished',
  exitCode: 0,
  run: { id: 'a', started: '2026-01-01T00:00:00.000Z', finished: '2026-01-01T00:00:01.000Z', seconds: 1 },
  cluster: { alias: 'c', server: 'https://c', version: null },
  profiles: [{ name: 'p', version: '1', source: 'p', sha256: 'a', commit: null, dependencies: [] }],
  targets: [
    {
      name: 'n/p/c',
      profile: 'p',
      outcome: 'audited',
      result: 'pass',
      error: null,
      hdf: { path: 'r.json', sha256: 'a' },
    },
  ],
  gate: { bounds: { 'failed.total.max': 9 }, source: 'x', verdict: 'pass' },
});
const outputs =
  '{"verdict":"pass","reason":"pass","exit-code":0,"compliance":100,"counts":{},"targets-json":[],"run-id":"r"}';

const scan = ['scan', 'web', '-n', 'x', '-p', './p', '--dry-run'];
const none = { KUBECONFIG: 'none' };
const changed = (text: string, random: Random): string =>
  random() < 0.3 ? mutateText(text, random) : JSON.stringify(mutateDocument(JSON.parse(text), random));

export const subjects: Record<string, Subject> = {
  results: {
    attempt: random => ({
      files: { 'r.json': changed(pick(random, results), random) },
      args: ['report', '-i', 'r.json', ...pick(random, gates), ...judged],
    }),
    codes: [0, 2, 3],
  },
  thresholds: {
    attempt: random => ({
      files: { 'r.json': pick(random, results), 't.yml': mutateText(pick(random, thresholds), random) },
      args: ['report', '-i', 'r.json', '-T', 't.yml', ...judged],
    }),
    codes: [0, 2, 3],
  },
  'manifests beside a result that fails': {
    attempt: random => ({
      files: { 'r.json': fixture('mix.json'), 'scan.json': changed(manifest, random) },
      args: ['report', '-i', 'r.json', '--fail-on', 'low', ...(random() < 0.2 ? page : []), ...judged],
    }),
    codes: [2, 3],
  },
  waivers: {
    attempt: random => {
      const [name, text] = pick(random, waivers);
      return { files: { [name]: mutateText(text, random) }, args: [...scan, '--waivers', name], env: none };
    },
    codes: [2],
  },
  'cinc-scan.yml': {
    attempt: random => ({
      files: { 'cinc-scan.yml': mutateText(pick(random, configs), random) },
      args: scan,
      env: none,
    }),
    codes: [2],
  },
  kubeconfigs: {
    attempt: (random, server) => ({
      files: { kubeconfig: mutateText(pick(random, [plain, rich])(server), random) },
      args: scan,
      env: { KUBECONFIG: 'kubeconfig', HTTP_PROXY: server, HTTPS_PROXY: server },
    }),
    codes: [2, 4],
  },
  'outputs of a run that failed': {
    attempt: random => ({
      files: { 'cinc-scan-results/outputs.json': changed(outputs, random) },
      args: [
        'outputs',
        '--code',
        pick(random, ['2', '3', '4', '5']),
        '--as',
        pick(random, ['json', 'env', 'shell', 'teamcity']),
      ],
    }),
    codes: [2, 3, 4, 5],
  },
};

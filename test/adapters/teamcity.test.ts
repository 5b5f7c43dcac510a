// SPDX-License-Identifier: Apache-2.0
// The runners' scripts run by sh, with parameters as TeamCity fills them in. The server itself was never asked.
import { mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { testHostileValues } from '../attacks/adapter-values.ts';
import { root } from '../support/cinc-scan.ts';
import { type Adapter, testContract } from './support/contract.ts';
import { finish, readLines } from './support/process.ts';
import { testRealScan } from './support/real.ts';
import { testValid, xsdProblems } from './support/schemas.ts';
import { testShell } from './support/shell.ts';

const path = 'packages/adapters/teamcity/CincScan.xml';
const text = readFileSync(join(root, path), 'utf8');
const unescape = (value: string) =>
  value
    .replaceAll('&#xA;', '\n')
    .replaceAll('&quot;', '"')
    .replaceAll('&gt;', '>')
    .replaceAll('&lt;', '<')
    .replaceAll('&amp;', '&');
const params = [...text.matchAll(/<param name="([^"]*)" value="([^"]*)"(?: spec="([^"]*)")? \/>/g)].map(
  ([, name = '', value = '', spec = '']) => ({ name, value: unescape(value), spec: unescape(spec) }),
);
const scripts = params.filter(({ name }) => name === 'script.content').map(({ value }) => value);
const declared = new Map(
  params.filter(({ name }) => /^(cinc|env)\./.test(name)).map(({ name, value }) => [name, value]),
);

const adapter: Adapter = {
  async run({ folder, path: search, given, env }) {
    mkdirSync(folder, { recursive: true });
    const values = new Map([
      ...declared,
      ...Object.entries(given).map(([name, value]) => [`cinc.${name}`, value ?? ''] as const),
      ['cinc.token', env['CINC_SCAN_TOKEN'] ?? ''],
      ['teamcity.build.id', '4711'],
    ]);
    const fill = (value: string) =>
      value.replaceAll(/%([\w.-]*)%/g, (_, name: string) => {
        if (name === '') return '%';
        const found = values.get(name);
        if (found === undefined) throw new Error(`no parameter ${name}`);
        return found;
      });
    const environment = Object.fromEntries(
      [...declared.keys()]
        .filter(name => name.startsWith('env.'))
        .map(name => [name.slice(4), fill(values.get(name) ?? '')]),
    );
    let [state, log] = ['SUCCESS', ''];
    for (const script of scripts) {
      const ran = await finish('sh', ['-c', fill(script)], { cwd: folder, env: { PATH: search, ...environment } });
      log += ran.text;
      if (ran.code !== 0) state = 'FAILURE';
    }
    if (log.includes('##teamcity[buildProblem')) state = 'FAILURE';
    return {
      state,
      text: log,
      outputs: readLines(log, /^##teamcity\[setParameter name='cinc\.([\w-]+)' value='(.*)'\]$/gm),
    };
  },
  state: ({ exit }) => (exit === 0 ? 'SUCCESS' : 'FAILURE'),
  defaults: {
    reports: 'hdf,markdown,html,junit-gate',
    'findings-reports': 'html,markdown,junit-gate',
    'output-dir': 'cinc-scan-results',
  },
  fillsIn: /%[\w.-]+%/,
};

testContract('TeamCity', adapter);
testRealScan('teamcity', adapter);
testHostileValues('teamcity', adapter);

testValid(path, xsdProblems('meta-runner.xsd'), [
  ['an element that is none', '<requirements />', '<requirement />'],
  ['a parameter without a name', '<param name="cinc.targets"', '<param nam="cinc.targets"'],
  ['a runner without a type', 'type="simpleRunner"', ''],
]);

describe('the meta-runner', () => {
  testShell(scripts.map((script, index) => [`runner ${index + 1}`, script.replaceAll('%%', '%')]));

  test('keeps secrets in password fields', () => {
    for (const name of ['cinc.kubeconfig', 'cinc.token'])
      expect(params.find(each => each.name === name)?.spec).toMatch(/^password /);
  });

  test('has a single percent sign nowhere in its scripts', () => {
    for (const script of scripts) expect(script.replaceAll('%%', '')).not.toContain('%');
  });
});

// SPDX-License-Identifier: Apache-2.0
// The commands of each phase run in one shell, as in CodeBuild. The service itself was never asked.
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { testHostileValues } from '../attacks/adapter-values.ts';
import { root } from '../support/cinc-scan.ts';
import { type Adapter, testContract } from './support/contract.ts';
import { readLines } from './support/process.ts';
import { testRealScan } from './support/real.ts';
import { schemaProblems, testValid } from './support/schemas.ts';
import { bash, testShell } from './support/shell.ts';

interface Buildspec {
  env: { variables: Record<string, string>; 'exported-variables': string[] };
  phases: Record<string, { commands: string[]; finally?: string[] }>;
}

const path = 'packages/adapters/codebuild/buildspec.yml';
const { env: declared, phases } = load(readFileSync(join(root, path), 'utf8')) as Buildspec;
const variable = (name: string) => `CINC_SCAN_${name.replaceAll('-', '_').toUpperCase()}`;

const adapter: Adapter = {
  async run({ folder, path: search, given, env }) {
    mkdirSync(folder, { recursive: true });
    const exported = join(folder, 'exported');
    const options = {
      cwd: folder,
      env: {
        PATH: search,
        ...declared.variables,
        CODEBUILD_BUILD_ID: 'Shop-scan:0f3c2f6e-7f0d-4a0e-8d35-2a4cb3a1d0aa',
        ...env,
        ...Object.fromEntries(Object.entries(given).map(([name, value]) => [variable(name), value ?? ''])),
      },
    };
    let [state, text] = ['SUCCEEDED', ''];
    for (const { commands, finally: last = [] } of Object.values(phases)) {
      // What the shell knows at the end of the phase is what is exported.
      const told = `trap 'export -p | sed -n "s/^declare -x \\(CINC_[A-Z_]*\\)=\\"\\(.*\\)\\"$/\\1=\\2/p" > ${exported}' EXIT\n`;
      if (state === 'SUCCEEDED') {
        const ran = await bash(told + commands.join('\n'), options);
        text += ran.text;
        if (ran.code !== 0) state = 'FAILED';
      }
      for (const command of last) text += (await bash(command, options)).text;
    }
    return { state, text, outputs: existsSync(exported) ? readLines(readFileSync(exported, 'utf8')) : {} };
  },
  state: ({ exit }) => (exit === 0 ? 'SUCCEEDED' : 'FAILED'),
  defaults: {
    reports: 'hdf,markdown,html,junit',
    'findings-reports': 'html,markdown,junit',
    'output-dir': 'cinc-scan-results',
  },
};

testContract('CodeBuild', adapter);
testRealScan('codebuild', adapter);
testHostileValues('codebuild', adapter);

testValid(path, schemaProblems('buildspec'), [
  ['an older version', 'version: 0.2', 'version: 0.1'],
  ['a phase that is none', 'build:', 'built:'],
  ['commands under another name', 'commands:', 'command:'],
  ['a format that is none', 'JUNITXML', 'JUNIT'],
  ['another end', 'finally:', 'finaly:'],
]);

describe('the buildspec', () => {
  testShell(
    Object.entries(phases).flatMap(([name, { commands, finally: last = [] }]): [string, string][] => [
      [name, commands.join('\n')],
      ...(last.length > 0 ? [[`${name}, finally`, last.join('\n')] as [string, string]] : []),
    ]),
    'bash',
  );

  test('gives every exported variable a value before anything ran', () => {
    for (const name of declared['exported-variables']) expect(declared.variables[name]).toMatch(/./);
    expect(declared.variables['CINC_VERDICT']).toBe('error');
  });
});

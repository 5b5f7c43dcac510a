// SPDX-License-Identifier: Apache-2.0
// A `cinc-scan` that records how it was called and ends as it was told. What hands outputs on is the real one.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { environmentName, type InputName, inputNames } from '@cinc-scan/core';
import { program as cincScan } from '../../support/cinc-scan.ts';
import { type EndingName, endings, type Given } from './endings.ts';

export interface Call {
  args: string[];
  env: Record<string, string>;
}

const record = (folder: string) => `// a recorder
import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { spawnSync } from 'node:child_process';
const args = process.argv.slice(2);
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => name.startsWith('CINC_SCAN_')));
appendFileSync(${JSON.stringify(join(folder, 'calls.jsonl'))}, JSON.stringify({ args, env }) + '\\n');
`;

/** Plays the scan. */
const player = (name: EndingName) => `
if (args[0] === 'outputs') {
  const [node, script] = ${JSON.stringify(cincScan)};
  process.exitCode = spawnSync(node, [script, ...args], { stdio: 'inherit' }).status ?? 5;
} else if (args[0] === 'scan' || args[0] === 'consolidate') {
  const { code, outputs } = ${JSON.stringify(endings[name])};
  const folder = env.CINC_SCAN_OUTPUT_DIR || (args[0] === 'scan' ? 'cinc-scan-results' : 'cinc-scan-findings');
  if (outputs) {
    mkdirSync(folder, { recursive: true });
    const write = (file, text) => writeFileSync(join(folder, file), text);
    write('outputs.json', JSON.stringify({ ...outputs, 'run-id': env.CINC_SCAN_RUN_ID ?? 'none' }));
    if (outputs['report-junit']) {
      const failures = outputs.verdict === 'fail' ? '<failure message="no"/>' : '';
      const junit = '<testsuites><testsuite name="s" tests="1"><testcase classname="a" name="b">' + failures + '</testcase></testsuite></testsuites>';
      write('junit.xml', junit);
      write('junit-gate.xml', junit);
      write('summary.md', '# cinc-scan\\n');
      write('report.html', '<!doctype html><title>x</title>');
      write('codequality.json', '[]');
    }
  }
  console.log('scanned');
  process.exitCode = code;
}
`;

/** Hands everything to the command itself, which finds this in its environment. */
const caller = (machine: Record<string, string>) => `
const [node, script] = ${JSON.stringify(cincScan)};
const all = { ...process.env, ...${JSON.stringify(machine)} };
process.exitCode = spawnSync(node, [script, ...args], { stdio: 'inherit', env: all }).status ?? 5;
`;

/** Puts a recorder that plays the scan into \`folder/bin\`; the result reads what was recorded. */
export const makeRecorder = (folder: string, name: EndingName) => install(folder, player(name));

/** The same before the real command. */
export const recordCommand = (folder: string, machine: Record<string, string>) => install(folder, caller(machine));

function install(folder: string, then: string) {
  const bin = join(folder, 'bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(folder, 'recorder.mjs'), record(folder) + then);
  const command = join(bin, 'cinc-scan');
  writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${join(folder, 'recorder.mjs')}' "$@"\n`);
  chmodSync(command, 0o755);
  const file = join(folder, 'calls.jsonl');
  return {
    bin,
    path: `${bin}:${process.env['PATH']}`,
    calls: (): Call[] =>
      existsSync(file)
        ? readFileSync(file, 'utf8')
            .trim()
            .split('\n')
            .map(line => JSON.parse(line) as Call)
        : [],
  };
}

/** The environment of the scan, or of what is done in place of one. */
export const environmentOf = (calls: Call[]): Record<string, string> =>
  calls.find(({ args }) => args[0] === 'scan' || args[0] === 'consolidate')?.env ?? {};

/** What was given by input name, as the command found it in its environment. */
export function requestOf(calls: Call[]): Given {
  const env = environmentOf(calls);
  const given = inputNames.map((name: InputName) => [name, env[environmentName(name)] ?? ''] as const);
  return Object.fromEntries(given.filter(([, value]) => value !== ''));
}

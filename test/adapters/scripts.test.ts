// SPDX-License-Identifier: Apache-2.0
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { testHostileValues } from '../attacks/adapter-values.ts';
import { root } from '../support/cinc-scan.ts';
import { temporaryFolder } from '../support/command.ts';
import { type Adapter, type Place, type Ran, testContract } from './support/contract.ts';
import type { EndingName, Given } from './support/endings.ts';
import { finish, readLines } from './support/process.ts';
import { testRealScan } from './support/real.ts';
import { testRealConsolidation } from './support/real-consolidation.ts';
import { makeRecorder } from './support/recorder.ts';
import { testShell } from './support/shell.ts';

const folder = join(root, 'packages/adapters/scripts');
const read = (name: string) => readFileSync(join(folder, name), 'utf8');
const containerfile = readFileSync(join(root, 'packages/adapters/container/Containerfile'), 'utf8');
const byEnvironment = (given: Given) =>
  Object.fromEntries(
    Object.entries(given).map(([name, value]) => [`CINC_SCAN_${name.replaceAll('-', '_').toUpperCase()}`, value ?? '']),
  );
const code = (exit: number | null) => `exit ${exit}`;

const shell: Adapter = {
  async run({ folder: cwd, path, given, env }) {
    mkdirSync(cwd, { recursive: true });
    const ran = await finish('sh', [join(folder, 'cinc-scan.sh')], {
      cwd,
      env: { PATH: path, ...env, ...byEnvironment(given) },
    });
    return { state: code(ran.code), text: ran.text, outputs: readLines(ran.text) };
  },
  state: ({ exit }) => code(exit),
};

const python: Adapter = {
  async run({ folder: cwd, path, given, env }: Place) {
    mkdirSync(cwd, { recursive: true });
    const pairs = Object.entries(given).map(([name, value]) => `${name}=${value}`);
    const ran = await finish('python3', ['-B', join(folder, 'cinc_scan.py'), ...pairs], {
      cwd,
      env: { PATH: path, ...env },
    });
    const json = /^\{.*\}$/m.exec(ran.text)?.[0] ?? '{}';
    return { state: code(ran.code), text: ran.text, outputs: JSON.parse(json) as Record<string, string> };
  },
  state: ({ exit }) => code(exit),
};

// Each run has a folder of its own, in which everything is that is known of it.
const cron: Adapter = {
  async run({ folder: cwd, path, given, env }) {
    const state = join(cwd, '..', 'state');
    const ran = await finish('sh', [join(folder, 'cinc-scan-nightly.sh')], {
      cwd,
      env: { PATH: path, CINC_STATE: state, ...env, ...byEnvironment(given) },
    });
    const [outputs = ''] = globSync(join(state, '*/outputs.json'));
    return {
      state: `${code(ran.code)}, ${ran.text === '' ? 'silent' : 'mailed'}`,
      text: ran.text,
      outputs: outputs === '' ? {} : (JSON.parse(readFileSync(outputs, 'utf8')) as Record<string, string>),
    };
  },
  state: ({ exit }) => `${code(exit)}, ${exit === 0 ? 'silent' : 'mailed'}`,
  decides: ['output-dir'],
};

// The image's entry point and no shell, as a system that runs images gives it a command.
const container: Adapter = {
  async run({ folder: cwd, path, given, env }) {
    const [, entry = '[]'] = /^ENTRYPOINT (.*)$/m.exec(containerfile) ?? [];
    const [program = '', ...args] = JSON.parse(entry) as string[];
    const ran = await finish('env', [program, ...args, 'scan'], {
      cwd,
      env: { PATH: path, ...env, ...byEnvironment(given) },
    });
    const told = join(cwd, given['output-dir'] ?? 'cinc-scan-results', 'outputs.json');
    const outputs = existsSync(told) ? (JSON.parse(readFileSync(told, 'utf8')) as Ran['outputs']) : {};
    return { state: code(ran.code), text: ran.text, outputs };
  },
  state: ({ exit }) => code(exit),
};

testContract('the shell script', shell);
testContract('Python', python);
testRealScan('shell', shell);
testRealConsolidation('shell', shell);
testHostileValues('shell', shell);
testRealScan('python', python);
testRealConsolidation('python', python);
testHostileValues('python', python);
testRealScan('cron', cron);
testRealConsolidation('cron', cron);
testHostileValues('cron', cron);
testRealScan('container', container);
testHostileValues('container', container);

describe('the shell script', () => {
  testShell([
    ['cinc-scan.sh', read('cinc-scan.sh')],
    ['cinc-scan-nightly.sh', read('cinc-scan-nightly.sh')],
    ['pack.sh', readFileSync(join(root, 'packages/cli/pack.sh'), 'utf8')],
  ]);

  test('hands its arguments on', async () => {
    using place = temporaryFolder();
    const { path, calls } = makeRecorder(place.path, 'pass');
    await finish('sh', [join(folder, 'cinc-scan.sh'), 'web', '--profile', 'a b'], {
      cwd: place.path,
      env: { PATH: path },
    });
    expect(calls()[0]?.args).toEqual(['scan', 'web', '--profile', 'a b']);
  });

  const scripts = ['cinc-scan.sh', 'cinc_scan.py'];

  /** Runs a script whose scan waits for a signal, if there is one to come; signals it when it says one of these words. */
  async function cancelled(name: string, ending: EndingName, words: RegExp) {
    using place = temporaryFolder();
    const { path, calls, bin } = makeRecorder(place.path, ending);
    const fake = join(bin, 'cinc-scan');
    const real = readFileSync(fake, 'utf8').split('\n')[1] ?? '';
    writeFileSync(
      fake,
      `#!/bin/sh
case $1 in
  scan) if [ ${ending} = cancelled ]; then trap 'kill $!' TERM; sleep 60 & echo started; wait; fi ;;
  sweep) echo sweeping; sleep 1 ;;
esac
${real}
`,
    );
    const program = name.endsWith('.py') ? 'python3' : 'sh';
    const child = spawn(program, [join(folder, name)], {
      cwd: place.path,
      env: { PATH: path, PYTHONDONTWRITEBYTECODE: '1' },
    });
    for (const output of [child.stdout, child.stderr])
      output.setEncoding('utf8').on('data', (part: string) => {
        if (words.test(part)) child.kill('SIGTERM');
      });
    const [exit, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    return { exit, signal, calls: calls().map(({ args }) => args[0]) };
  }
  const calls = ['scan', 'outputs', 'sweep'];

  // The second signal comes some time after the first, whatever has become of the scan.
  test.each(scripts)('%s lets a scan that is told to end take back its grant, and sweeps', async name => {
    expect(await cancelled(name, 'cancelled', /started|sweeping/)).toEqual({ exit: 143, signal: null, calls });
  });

  test('cinc_scan.py sweeps before it ends by a signal that came after the scan', async () => {
    const ended = { exit: null, signal: 'SIGTERM', calls };
    expect(await cancelled('cinc_scan.py', 'pass', /sweeping/)).toEqual(ended);
  });
});

describe('the nightly script', () => {
  const nightly = async (name: 'pass' | 'unreachable') => {
    using place = temporaryFolder();
    cpSync(folder, place.path, { recursive: true });
    const { path, calls } = makeRecorder(place.path, name);
    const ran = await finish('sh', [join(place.path, 'cinc-scan-nightly.sh')], {
      cwd: place.path,
      env: { PATH: path, CINC_STATE: join(place.path, 'state') },
    });
    return { ...ran, calls: calls() };
  };

  test('says nothing after a scan that passed', async () => {
    expect(await nightly('pass')).toMatchObject({ code: 0, text: '' });
  });

  test('says what it knows after another, and keeps each run in a folder of its own', async () => {
    const { code: exit, text, calls } = await nightly('unreachable');
    expect(exit).toBe(4);
    expect(text).toMatch(/CINC_REASON=CLUSTER_UNREACHABLE/);
    expect(calls[0]?.env['CINC_SCAN_OUTPUT_DIR']).toMatch(/state\/\d{8}T\d{6}-\d+$/);
  });

  test('is called by cron with absolute paths, one at a time', () => {
    const line = read('cinc-scan.cron').trim().split('\n').at(-1) ?? '';
    expect(line).toMatch(/^(\S+ ){5}scanner flock -n \/\S+ \/\S+$/);
    expect(read('cinc-scan.cron')).toMatch(/^PATH=\//m);
  });
});

test('Python refuses an input that there is not, before anything is started', async () => {
  using place = temporaryFolder();
  const { path, calls } = makeRecorder(place.path, 'pass');
  const ran = await finish('python3', ['-B', join(folder, 'cinc_scan.py'), 'treshold=80'], {
    cwd: place.path,
    env: { PATH: path },
  });
  expect(ran.text).toMatch(/cinc-scan has no input treshold/);
  expect(ran.code).not.toBe(0);
  expect(calls()).toEqual([]);
});

test('Python that cannot be compiled is refused by the same Python', async () => {
  const compile = async (text: string) =>
    (await finish('python3', ['-c', 'import sys; compile(sys.stdin.read(), "x", "exec")'], { input: text })).code;
  expect(await compile(read('cinc_scan.py'))).toBe(0);
  expect(await compile(read('cinc_scan.py').replace('def main(arguments):', 'def main(arguments:'))).not.toBe(0);
});

describe('the Containerfile', () => {
  const problems = (file: string): string[] =>
    [
      [/^FROM (?!\$\{BASE\}(?: AS \w+)?$)/m.test(file), 'a base that is no build argument'],
      [/^ARG BASE=/m.test(file), 'a default for the base'],
      [/^ADD\b|curl|wget/m.test(file), 'something fetched past the package managers'],
      [!/^USER \d+:\d+$/m.test(file), 'a user that is no number'],
      [!/^ENTRYPOINT \["cinc-scan"\]$/m.test(file), 'an entry point in a shell'],
      [(file.match(/^FROM /gm) ?? []).length < 2, 'one stage'],
    ].flatMap(([found, name]) => (found === true ? [String(name)] : []));

  test('keeps the rules of images', () => {
    expect(problems(containerfile)).toEqual([]);
  });

  test.each([
    ['FROM ${BASE} AS build', 'FROM node:24 AS build'],
    ['ARG BASE\n', 'ARG BASE=node:24\n'],
    ['USER 10001:10001', 'USER scanner'],
    ['ENTRYPOINT ["cinc-scan"]', 'ENTRYPOINT cinc-scan'],
    ['COPY ${TARBALL} ', 'ADD https://example.org/x '],
  ])('does not with %j', (find, replacement) => {
    expect(problems(containerfile.replace(find, replacement))).not.toEqual([]);
  });
});

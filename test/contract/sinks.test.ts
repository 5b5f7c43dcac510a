// SPDX-License-Identifier: Apache-2.0
// Whatever a command prints may be read by a CI system as it comes: nothing in it is a command, and nothing a secret.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { findCommands } from '../../packages/core/src/report/testing/platforms.ts';
import { cacheHome } from '../support/caches.ts';
import { command, commandHere, gateFixtures } from '../support/command.ts';

const escape = String.fromCodePoint(0x1b);
const token = `ghp_${'a1B2'.repeat(9)}`;
const hostile = [
  '##vso[task.prependpath]/tmp/evil',
  "##teamcity[buildStatus text='x']",
  '##[error]x',
  '::set-output name=a::b',
  'section_start:1:x\r',
  'travis_fold:start:x',
  'SPINNAKER_PROPERTY_A=b',
  '+++ group',
  `${escape}]0;title${escape}\\`,
  ` ${token} `,
].join('\n');
const folder = mkdtempSync(join(tmpdir(), 'cinc-scan-sinks-'));
const file = join(folder, 'results.json');
const profile = join(folder, 'profile');
const threshold = join(folder, 'threshold.yml');

beforeAll(() => {
  const result = { status: 'failed', code_desc: hostile, message: hostile, start_time: '2026-01-01T00:00:00Z' };
  const control = { title: hostile, impact: 0.7, refs: [], tags: { nist: [hostile] }, source_location: {} };
  const controls = ['a', 'b'].map(id => ({ ...control, id: `${id} ${hostile}`, results: [result] }));
  const named = { name: hostile, version: hostile, sha256: 'x', supports: [], attributes: [], groups: [], controls };
  const platform = { name: hostile, release: hostile };
  writeFileSync(file, JSON.stringify({ platform, version: '5', statistics: {}, profiles: [named] }));
  mkdirSync(join(profile, 'controls'), { recursive: true });
  writeFileSync(
    join(profile, 'inspec.yml'),
    `${JSON.stringify({ name: 'p', version: '1.0.0', title: hostile, summary: hostile })}\n`,
  );
  writeFileSync(
    join(profile, 'controls', 'a.rb'),
    `warn ${JSON.stringify(hostile)}\ncontrol ${JSON.stringify(hostile)} do\n  title ${JSON.stringify(hostile)}\n  describe(1) { it { should eq 1 } }\nend\n`,
  );
  writeFileSync(threshold, JSON.stringify({ [hostile]: 1 }));
});

const bad = join(folder, '##vso[task.complete]');
const commands: [name: string, args: string[]][] = [
  ['gate', ['gate', '-i', file, '-I', '90']],
  ['gate --explain', ['gate', '-i', file, '-I', '90', '--explain']],
  ['gate --json', ['gate', '-i', file, '-I', '90', '--json', '--explain']],
  ['a report under a hostile name', ['report', '-i', file, '--report', 'csv:\u001b]0;x\u0007\u001b[2J\u009b3A.csv']],
  ['gate with a baseline', ['gate', '-i', file, '--baseline', join(gateFixtures, 'mix.json')]],
  ['gate with a threshold that is none', ['gate', '-i', file, '-T', threshold]],
  ['gate of a file that is not there', ['gate', '-i', bad, '-I', '90']],
  ['threshold generate', ['threshold', 'generate', '-i', file]],
  ['report', ['report', '-i', file, '-T', join(gateFixtures, 'mix.json')]],
  ...[
    'console',
    'markdown',
    'hdf',
    'hdf-annotated',
    'junit',
    'junit-gate',
    'sarif',
    'csv',
    'codequality',
    'html',
    'scan',
    'outputs',
  ].map((kind): [string, string[]] => [
    `report ${kind}`,
    ['report', '-i', file, '--report', `${kind}:-`, '--fail-on', 'high'],
  ]),
  ['report ckl', ['report', '-i', file, '--report', 'ckl']],
  ['an unknown report', ['report', '-i', file, '--report', hostile]],
  ['an unknown command', [hostile]],
  ['an unknown option', ['scan', `--${hostile}`]],
  ['an unknown platform', ['init', hostile]],
  ['a scan without a cluster', ['scan', hostile, '-n', 'x', '-p', profile]],
  ['doctor without a cluster', ['doctor', '-n', hostile]],
  ['profile check', ['profile', 'check', profile]],
  ['profile inspect', ['profile', 'inspect', profile]],
  ['profile inspect --json', ['profile', 'inspect', profile, '--json']],
  ['profile check of nothing', ['profile', 'check', bad]],
  ['attest', ['attest', '-i', file, bad]],
  ['sweep without a cluster', ['sweep', '-n', hostile]],
  ['migrate', ['migrate', bad]],
  ['outputs', ['outputs', '-o', bad]],
];

describe.each(['text', 'json'])('with a log in %s', format => {
  test.each(commands)('%s: neither stream holds a command or a secret', async (_, args) => {
    const cwd = mkdtempSync(join(folder, 'w-'));
    const env = {
      CINC_SCAN_LOG_FORMAT: format,
      CINC_SCAN_LOG_LEVEL: 'debug',
      KUBECONFIG: join(folder, 'none'),
      XDG_CACHE_HOME: cacheHome,
    };
    // What needs no engine runs here: starting a process for each takes minutes.
    const run = args[0] === 'profile' || args[0] === 'scan' ? command : commandHere;
    const { code, stdout, stderr } = await run(args, { cwd, env });
    expect(findCommands(stdout)).toEqual([]);
    expect(findCommands(stderr)).toEqual([]);
    const isResult = args.some(arg => arg.startsWith('hdf'));
    expect({ stdout: !isResult && stdout.includes(token), stderr: stderr.includes(token) }).toEqual({
      stdout: false,
      stderr: false,
    });
    expect([stdout.replaceAll('\r\n', '\n'), stderr].filter(text => /(?![\n\t])\p{Cc}/u.test(text))).toEqual([]);
    // No exit without a reason.
    if (code !== 0) expect(`${stdout}${stderr}`.trim()).not.toBe('');
    if (format === 'json' && stderr !== '')
      for (const line of stderr.trim().split('\n'))
        expect({ line, isJson: isJson(line) }).toEqual({ line, isJson: true });
    for (const name of readdirSync(cwd, { recursive: true, encoding: 'utf8' }).filter(each => each.endsWith('.json')))
      expect(isJson(readFileSync(join(cwd, name), 'utf8'))).toBe(true);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

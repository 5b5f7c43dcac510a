// SPDX-License-Identifier: Apache-2.0
// Heimdall's converters are asked: packages/oracles, which `./dev test` installs.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { type Converted, comparisonTable } from './testing/comparison.ts';
import { declared, sampleText } from './testing/samples.ts';

const oracle = fileURLToPath(new URL('../../oracles/src/oracle.ts', import.meta.url));
const page = fileURLToPath(new URL('../../../docs/companions.md', import.meta.url));

/** What the converters make of every sample, in one process. */
function convertAll(): Map<string, Converted> {
  const names = declared.map(([name]) => name);
  const questions = names.map(name => ({ ask: 'convert', hdf: sampleText(name), spec: basename(name) }));
  const input = questions.map(question => JSON.stringify(question)).join('\n');
  const { stdout } = spawnSync(process.execPath, [oracle], { input, encoding: 'utf8', maxBuffer: 2 ** 30 });
  const answers = stdout.split('\n').filter(line => line.startsWith('{'));
  if (answers.length < names.length) throw new Error('No answer: run `npm ci --prefix packages/oracles` first');
  return new Map(
    names.map((name, index) => [name, (JSON.parse(answers[index] ?? '') as { result: Converted }).result]),
  );
}

describe('the converters of heimdall2', () => {
  const converted = convertAll();

  test('make of the samples what docs/companions.md says', () => {
    expect(readFileSync(page, 'utf8')).toContain(`\n${comparisonTable(converted)}\n`);
  });

  // https://github.com/mitre/heimdall2: a kind is guessed by the keys that a file has.
  test.each([
    ['clair/v4-none.json', { kind: 'twistlock', failed: 0 }],
    ['kube-hunter/nothing-reached.json', { kind: 'snyk', failed: 0 }],
    ['vuls/v4-errors.json', { kind: 'twistlock', failed: 0 }],
    ['generic/no-runs.sarif', { kind: 'sarif', failed: 0 }],
  ])('read %s, which is never a look, as no findings', (name, made) => {
    expect(converted.get(name)).toMatchObject(made);
  });
});

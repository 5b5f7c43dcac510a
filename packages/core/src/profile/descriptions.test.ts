// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import type { AuditInputs, Jail } from '../engine/index.ts';
import type { JailStrength } from '../request/index.ts';
import { Descriptions } from './descriptions.ts';

const scratch = mkdtempSync(join(tmpdir(), 'cst-descriptions-'));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const ref = { name: 'web', version: undefined, source: 'web', sha256: 'a'.repeat(64) };
const noInputs: AuditInputs = { inputs: {}, inputFiles: [], input: [], controls: [], tags: [] };
const jailOf = (strength: JailStrength): Jail => ({ strength, missing: [], means: [], reasons: [] });

/** A run on a machine with such a jail. */
function run(machine: JailStrength, requiredJail: JailStrength = 'none') {
  return {
    requiredJail,
    jail: undefined as Jail | undefined,
    noteJail(jail: Jail) {
      this.jail = jail;
    },
    machine,
  };
}

let reads = 0;
let descriptions: Descriptions;
beforeEach(() => {
  reads = 0;
  descriptions = new Descriptions();
});

const given = { ref, called: 'web', inputs: noInputs };

async function describe(what: Partial<typeof given> = {}, engine = run('full'), kept = descriptions): Promise<string> {
  const read = async () => {
    reads += 1;
    engine.noteJail(jailOf(engine.machine));
    const file = join(scratch, `read-${reads}`);
    writeFileSync(file, `text ${reads}`);
    return { text: `text ${reads}`, file };
  };
  const { text, file } = await kept.of({ ...given, ...what }, { engine, scratch, read });
  expect(readFileSync(file, 'utf8')).toBe(text);
  return text;
}

test('a profile is read once for runs that want the same of it, and each has its own file', async () => {
  expect([await describe(), await describe()]).toEqual(['text 1', 'text 1']);
});

const file = join(scratch, 'inputs.yml');
const needing = { ...ref, dependencies: [{ name: 'base', source: 'base', sha256: 'c'.repeat(64) }] };
test.each<[what: string, other: Partial<typeof given>]>([
  ['other files', { ref: { ...ref, sha256: 'b'.repeat(64) } }],
  ['another dependency', { ref: needing }],
  ['another name', { called: 'shop' }],
  ['inputs', { inputs: { ...noInputs, inputs: { port: 1 } } }],
  ['inputs of the command line', { inputs: { ...noInputs, input: ['port=1'] } }],
  ['a file of inputs', { inputs: { ...noInputs, inputFiles: [file] } }],
  ['a filter', { inputs: { ...noInputs, controls: ['a'] } }],
  ['another filter', { inputs: { ...noInputs, tags: ['a'] } }],
])('one with %s is read for itself', async (_, other) => {
  writeFileSync(file, 'port: 1');
  await describe();
  expect([await describe(other), await describe(other)]).toEqual(['text 2', 'text 2']);
});

test('a file of inputs counts by what it holds', async () => {
  const inputs = { ...noInputs, inputFiles: [file] };
  writeFileSync(file, 'port: 1');
  await describe({ inputs });
  writeFileSync(file, 'port: 2');
  expect(await describe({ inputs })).toBe('text 2');
});

test('what was read in a weaker jail than is demanded now is read again', async () => {
  await describe({}, run('partial'));
  expect(await describe({}, run('full', 'full'))).toBe('text 2');
  expect(await describe({}, run('full', 'full'))).toBe('text 2');
});

test('a run that reads nothing says what it was read in', async () => {
  await describe({}, run('none'));
  const later = run('full');
  await describe({}, later);
  expect(later.jail?.strength).toBe('none');
});

test('what is old is read again', async () => {
  const kept = new Descriptions(0);
  await describe({}, run('full'), kept);
  expect(await describe({}, run('full'), kept)).toBe('text 2');
});

test('what cannot be read is not kept', async () => {
  const reading = { engine: run('full'), scratch, read: () => Promise.reject(new Error('broken')) };
  await expect(descriptions.of(given, reading)).rejects.toThrow('broken');
  expect(await describe()).toBe('text 1');
});

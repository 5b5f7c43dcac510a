// SPDX-License-Identifier: Apache-2.0
// inspecjs is asked: packages/oracles, which `./dev test` installs.
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { controlSeverity, controlStatus } from './control.ts';
import { selectGated } from './gated.ts';
import { parseHdf, parseHdfBytes } from './hdf.ts';

const fixtures = new URL('../../fixtures/gate/', import.meta.url);
const oracle = fileURLToPath(new URL('../../../oracles/src/oracle.ts', import.meta.url));
const reading = { strict: false, now: new Date(0) };

function ask<T>(what: 'accepts' | 'controls', texts: readonly string[]): T[] {
  const input = texts.map(hdf => JSON.stringify({ ask: what, hdf })).join('\n');
  const { stdout } = spawnSync(process.execPath, [oracle], { input, encoding: 'utf8', maxBuffer: 2 ** 30 });
  const answers = stdout.split('\n').filter(line => line !== '');
  if (answers.length < texts.length) throw new Error('No answer: run `npm ci --prefix packages/oracles` first');
  return answers.map(line => (JSON.parse(line) as { result: T }).result);
}

const files = readdirSync(fixtures, { withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(({ name }) => name)
  .filter(file => !['cases.json', 'regression.json'].includes(file));
const textOf = (file: string) => readFileSync(new URL(file, fixtures), 'utf8');

interface Theirs {
  profile: string;
  id: string;
  status: string;
  severity: string;
  root: { status: string; severity: string };
  counts: boolean;
}
const words: Record<string, string> = {
  Passed: 'passed',
  Failed: 'failed',
  'Not Reviewed': 'skipped',
  'Not Applicable': 'no_impact',
  'Profile Error': 'error',
};

describe('inspecjs reads the same', () => {
  // It throws on tags that are not texts, and does not read a byte-order mark.
  const readable = files.filter(file => !['severity-number.json', 'nist-number.json', 'bom.json'].includes(file));
  const read = readable.flatMap(file => {
    const parsed = parseHdf(textOf(file));
    return parsed.kind === 'hdf' ? [{ file, hdf: parsed.hdf }] : [];
  });

  test('status and severity of every control of every fixture', () => {
    const theirs = ask<Theirs[]>(
      'controls',
      read.map(({ file }) => textOf(file)),
    ).map(controls => controls.map(({ id, status, severity }) => ({ id, status: words[status], severity })));
    const ours = read.map(({ hdf }) =>
      hdf.profiles
        .flatMap(profile => profile.controls)
        .map(control => ({
          id: control.id,
          status: controlStatus(control, reading).value,
          severity: controlSeverity(control, reading).value,
        })),
    );
    expect(ours).toEqual(theirs);
    expect(ours.flat().length).toBeGreaterThan(60);
  });

  test('status and severity of every control that counts, where it is clear which', () => {
    const clear = read.flatMap(({ file, hdf }) => {
      const selection = selectGated(hdf, 'first');
      return selection.kind === 'selected' && selection.sets.length > 0 ? [{ file, selection }] : [];
    });
    const theirs = ask<Theirs[]>(
      'controls',
      clear.map(({ file }) => textOf(file)),
    ).map(controls =>
      controls
        .filter(({ profile, counts }) => counts && profile === controls[0]?.profile)
        .map(({ id, root }) => ({ id, status: words[root.status], severity: root.severity })),
    );
    const ours = clear.map(({ selection }) =>
      selection.sets
        .flatMap(set => set.controls)
        .map(({ listed, base }) => ({
          id: listed.id,
          status: controlStatus(base, reading).value,
          severity: controlSeverity(base, reading).value,
        })),
    );
    expect(ours).toEqual(theirs);
  });
});

// One of everything that a result file may hold.
const full: unknown = JSON.parse(`{
  "platform": {"name": "a", "release": "1", "target_id": "t"}, "version": "5",
  "statistics": {"duration": 1, "controls": {"passed": {"total": 1}, "failed": {"total": 1}, "skipped": {"total": 1}}},
  "profiles": [{
    "name": "p", "sha256": "x", "version": "1", "title": "t", "summary": "s", "status": "loaded", "license": "l",
    "status_message": "m", "skip_message": "m", "parent_profile": "none", "copyright": "c", "copyright_email": "e",
    "description": "d", "inspec_version": "5", "maintainer": "m",
    "depends": [{"name": "n", "path": "p", "url": "u", "git": "g", "branch": "b", "status": "loaded", "status_message": "m", "supermarket": "s", "compliance": "c"}],
    "supports": [{"os-family": "o", "os-name": "o", "platform": "o", "platform-family": "o", "platform-name": "o", "release": "o"}],
    "attributes": [{"name": "a"}], "groups": [{"id": "g", "controls": ["c"], "title": "t"}],
    "controls": [{
      "id": "c", "impact": 0.5, "title": "t", "desc": "d", "code": "c", "tags": {"severity": "high"},
      "descriptions": [{"label": "l", "data": "d"}], "refs": [{"ref": "r", "url": "u", "uri": "u"}],
      "source_location": {"line": 1, "ref": "r"},
      "waiver_data": {"expiration_date": "2026-01-01", "justification": "j", "message": "m", "run": true, "skipped_due_to_waiver": false},
      "attestation_data": {"control_id": "c", "explanation": "e", "frequency": "1d", "updated": "u", "updated_by": "b", "status": "passed"},
      "results": [{"code_desc": "c", "start_time": "s", "status": "passed", "exception": "e", "message": "m", "resource": "r", "resource_id": "r", "skip_message": "s", "run_time": 1, "backtrace": ["b"]}]
    }]
  }]
}`);

/** The text with each value, however deep, once left out and once replaced by each kind of value. */
function mutations(document: unknown): string[] {
  const replacements = ['absent', null, 0, 'text', true, [], {}, [null], [1], ['text'], [{}]];
  return placesOf(document, []).flatMap(place =>
    replacements.map(replacement => {
      const copy: unknown = structuredClone(document);
      const key = place.at(-1) ?? '';
      const parent = place.slice(0, -1).reduce((at, step) => (at as Record<string, unknown>)[step], copy);
      if (replacement === 'absent') Reflect.deleteProperty(parent as object, key);
      else Reflect.set(parent as object, key, replacement);
      return JSON.stringify(copy);
    }),
  );
}

function placesOf(value: unknown, above: string[]): string[][] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, child]) => [[...above, key], ...placesOf(child, [...above, key])]);
}

describe('inspecjs accepts the same files', () => {
  test('every fixture', () => {
    const plain = files.filter(file => file !== 'bom.json').map(textOf);
    expect(plain.map(text => parseHdf(text).kind === 'hdf')).toEqual(ask<boolean>('accepts', plain));
  });

  test('and bytes that are not UTF-8 are refused before', () => {
    const bytes = Buffer.from(textOf('clean.json'));
    expect(parseHdfBytes(bytes).kind).toBe('hdf');
    expect(parseHdfBytes(Buffer.concat([Buffer.from('{"a": "\xff",', 'latin1'), bytes.subarray(1)]))).toEqual({
      kind: 'refused',
      problem: 'not UTF-8',
    });
  });

  test('every single-field mutation of a file with everything in it', () => {
    const texts = mutations(full);
    const theirs = ask<boolean>('accepts', texts);
    const differing = texts.filter((text, index) => (parseHdf(text).kind === 'hdf') !== theirs[index]);
    expect(texts.length).toBeGreaterThan(900);
    expect(new Set(theirs).size).toBe(2);
    expect(differing).toEqual([]);
  });
});

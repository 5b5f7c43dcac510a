// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseEnvelope } from '@cinc-scan/companions';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { command, temporaryFolder } from '../../../../test/support/command.ts';
import { withoutSecretWords } from './secret-words.ts';

const fixtures = resolve(import.meta.dirname, '../../../companions/fixtures');

let folder = temporaryFolder();
beforeEach(() => {
  folder = temporaryFolder();
});
afterEach(() => folder[Symbol.dispose]());

const inside = (name: string) => join(folder.path, name);
const run = (...args: string[]) =>
  command(args, { cwd: folder.path, env: { PATH: process.env['PATH'] ?? '', HOME: folder.path } });
const companion = (script: string, ...options: string[]) =>
  run('companion', '--tool', 'clamav', '-o', 'scan.txt', ...options, '--', 'sh', '-c', script);

function envelope() {
  const parsed = parseEnvelope(readFileSync(inside('scan.txt.envelope.json'), 'utf8'));
  if (parsed.kind === 'refused') throw new Error(parsed.problem);
  return parsed.envelope;
}

const clean = join(fixtures, 'clamav/clamscan-false-clean.txt');
const source = { id: 'a', tool: 'clamav', area: 'os', target: 'host:a', file: 'scan.txt', 'max-age': '1h' };

describe('companion', () => {
  test('keeps what a scanner prints, and what only its end and its errors tell', async () => {
    const token = `ghp_${'a1B2'.repeat(9)}`;
    const ran = await companion(`cat ${clean}; echo "LibClamAV Error: ${token}" >&2; exit 0`, '--capture');
    expect(ran.code).toBe(0);
    expect(readFileSync(inside('scan.txt'))).toEqual(readFileSync(clean));
    const sha256 = createHash('sha256').update(readFileSync(clean)).digest('hex');
    expect(envelope()).toMatchObject({
      tool: 'clamav',
      exit: 0,
      signal: null,
      sha256,
      toolVersion: '1.4.6',
      databaseVersion: '2 signatures',
      stderr: 'LibClamAV Error: ***\n',
    });
    expect(readFileSync(inside('scan.txt.envelope.json'), 'utf8')).not.toContain(token);
  });

  test('lets consolidate catch the error that a result does not show', async () => {
    writeFileSync(inside('cinc-scan.sources.yml'), JSON.stringify({ scope: 'prod', sources: [source] }));
    await companion(`cat ${clean}`, '--capture');
    expect((await run('consolidate')).code).toBe(0);
    await companion(`cat ${clean}; cat ${join(fixtures, 'clamav/clamscan-false-clean.stderr.txt')} >&2`, '--capture');
    expect((await run('consolidate')).code).toBe(4);
  });

  test('keeps the exit code and the signal, and ends with 0 itself', async () => {
    expect((await companion('echo x > scan.txt; exit 7')).code).toBe(0);
    expect(envelope()).toMatchObject({ exit: 7, signal: null, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect((await companion('kill -TERM $$')).code).toBe(0);
    expect(envelope()).toMatchObject({ exit: null, signal: 'SIGTERM', sha256: null });
  });

  test('leaves no result of an earlier run', async () => {
    writeFileSync(inside('scan.txt'), 'of yesterday');
    const ran = await companion('exit 1');
    expect(ran.stderr).toContain('ended with exit code 1 and left no result');
    expect(existsSync(inside('scan.txt'))).toBe(false);
    expect(envelope()).toMatchObject({ exit: 1, sha256: null });
  });

  test('of a program that is not there is exit 4, and leaves an envelope that says so', async () => {
    const ran = await run('companion', '--tool', 'clamav', '-o', 'scan.txt', '--', 'no-such-scanner');
    expect(ran.code).toBe(4);
    expect(ran.stderr).toContain('SOURCE_FAILED');
    expect(envelope()).toMatchObject({ exit: null, sha256: null });
    writeFileSync(inside('cinc-scan.sources.yml'), JSON.stringify({ scope: 'prod', sources: [source] }));
    expect((await run('consolidate')).code).toBe(4);
  });

  test('hands a scanner its own secrets, and none of ours', async () => {
    const env = { PATH: process.env['PATH'] ?? '', CINC_SCAN_TOKEN: 'ours', TRIVY_PASSWORD: 'its-own' };
    const args = ['companion', '--tool', 'trivy', '-o', 'env.txt', '--capture', '--', 'env'];
    expect((await command(args, { cwd: folder.path, env })).code).toBe(0);
    const seen = readFileSync(inside('env.txt'), 'utf8');
    expect(seen).toContain('TRIVY_PASSWORD=its-own');
    expect(seen).not.toContain('ours');
  });

  test('is refused without a tool that is read', async () => {
    expect((await run('companion', '-o', 'a', '--', 'true')).code).toBe(2);
    expect((await run('companion', '--tool', 'nmap', '-o', 'a', '--', 'true')).code).toBe(2);
  });
});

describe('a call', () => {
  test.each([
    [
      ['trivy', '--password', 'hunter2', 'image'],
      ['trivy', '--password', '***', 'image'],
    ],
    [
      ['trivy', '--registry-token=abc', 'x'],
      ['trivy', '--registry-token=***', 'x'],
    ],
    [
      ['fossa', '--fossa-api-key', 'abc'],
      ['fossa', '--fossa-api-key', '***'],
    ],
    [
      ['curl', 'https://user:pass1@example.com/'],
      ['curl', 'https://user:***@example.com/'],
    ],
    [
      ['a', '--auth', '--json'],
      ['a', '--auth', '--json'],
    ],
    [
      ['a', '--format', 'json'],
      ['a', '--format', 'json'],
    ],
  ])('of %j is kept as %j', (call, kept) => expect(withoutSecretWords(call)).toEqual(kept));
});

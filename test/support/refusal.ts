// SPDX-License-Identifier: Apache-2.0
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { readScanJson, type Transcript } from './cinc-scan.ts';
import type { TestCluster } from './cluster.ts';

export interface Refusal {
  code: string;
  exit: number;
  /** What the message says of which object. */
  message: RegExp;
  /** What the reader is told to do. */
  remedy: RegExp;
}

const stack = /^\s+at .+:\d+:\d+\)?$/m;
const results = 'cinc-scan-results';

/** A run that touched nothing: one message with its remedy, and no report beside the outputs for the next step. */
export function expectRefused(ran: Transcript, { code, exit, message, remedy }: Refusal): void {
  expect(ran.stderr.match(/^cinc-scan: [A-Z_]+ .*$/gm) ?? []).toEqual([expect.stringMatching(`^cinc-scan: ${code} `)]);
  expect(ran.stderr).toMatch(message);
  expect(ran.stderr).toMatch(remedy);
  expect(ran.stderr).not.toMatch(stack);
  expect(ran.stdout).toBe('');
  expect(ran.code).toBe(exit);
  expect(reportsOf(ran).filter(name => name !== 'outputs.json')).toEqual([]);
  if (existsSync(join(ran.cwd, results, 'outputs.json')))
    expect(readOutputs(ran)).toMatchObject({ verdict: 'error', reason: code, 'exit-code': exit });
}

/** A run that could not look: the error stands in every report where the findings would stand, and is none. */
export function expectUnreached(ran: Transcript, { code, exit, message, remedy }: Refusal): void {
  const manifest = readScanJson(ran);
  expect(manifest.targets.map(target => target.error?.code)).toContain(code);
  expect(manifest.targets.map(target => target.error?.message).join('\n')).toMatch(message);
  expect(ran.stdout).toContain(code);
  expect(ran.stdout).toMatch(remedy);
  expect(ran.stderr).not.toMatch(stack);
  expect(ran.code).toBe(exit);
  expect(reportsOf(ran).filter(name => name.includes('_'))).toEqual([]);
  expect(readOutputs(ran)).toMatchObject({ verdict: 'error', 'exit-code': exit, compliance: null, counts: null });
}

export const reportsOf = ({ cwd }: Pick<Transcript, 'cwd'>): string[] =>
  existsSync(join(cwd, results)) ? readdirSync(join(cwd, results)) : [];

export function readOutputs({ cwd }: Pick<Transcript, 'cwd'>): Record<string, unknown> {
  return JSON.parse(readFileSync(join(cwd, results, 'outputs.json'), 'utf8')) as Record<string, unknown>;
}

/** Scratch folders that a run left in its TMPDIR. */
export function scratchLeft({ folder }: Pick<TestCluster, 'folder'>): string[] {
  return readdirSync(folder).filter(name => name.startsWith('cinc-scan-'));
}

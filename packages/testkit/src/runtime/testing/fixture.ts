// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** A recording of a real Kubernetes: one of fixtures/kubernetes. */
export async function readFixture(name: string): Promise<unknown[]> {
  const file = join(import.meta.dirname, '../../../fixtures/kubernetes', name);
  const entries: unknown = JSON.parse(await readFile(file, 'utf8'));
  if (!Array.isArray(entries)) {
    throw new Error(`${name} is not a list`);
  }
  return entries.map((entry: unknown) => entry);
}

/** The value at a path of keys and indexes (negative: from the end), or undefined. */
export function at(value: unknown, ...path: (string | number)[]): unknown {
  const [step, ...rest] = path;
  if (step === undefined) {
    return value;
  }
  if (typeof step === 'number') {
    return Array.isArray(value) ? at(value.at(step), ...rest) : undefined;
  }
  const member = typeof value === 'object' && value !== null ? Object.entries(value).find(([key]) => key === step) : [];
  return at(member?.[1], ...rest);
}

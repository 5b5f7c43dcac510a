// SPDX-License-Identifier: Apache-2.0
// The order of suites: jest's own goes by times that a checkout does not have yet, and would start the longest last.
import { statSync } from 'node:fs';

interface Test {
  path: string;
}

/** Those that mostly wait: for a limit, for the end of a process, for another program to start. */
const first = [
  'test/truth/faults',
  'test/lens/debug-cases',
  'test/adapters/scripts',
  'test/hostile/container',
  'test/adapters/azure',
  'test/nothing-left/kill-scan',
  'test/action/surfaces',
  'test/profiles/fetch',
  'test/contract/surface',
  'test/nothing-left/revoke',
];

function rank(path: string): number {
  const found = first.findIndex(name => path.includes(`${name}.test.`));
  return found < 0 ? first.length : found;
}

// oxlint-disable-next-line import/no-default-export -- jest asks for it
export default class Sequencer {
  /** Then the whole before the parts, which take little, and of each the larger files first. */
  sort(tests: Test[]): Test[] {
    const known = tests.map(test => ({
      test,
      keys: [rank(test.path), test.path.includes('/packages/') ? 1 : 0, -statSync(test.path).size],
    }));
    const difference = (one: number[], other: number[]) =>
      one.map((key, index) => key - (other[index] ?? 0)).find(each => each !== 0) ?? 0;
    return known.toSorted((one, other) => difference(one.keys, other.keys)).map(({ test }) => test);
  }

  allFailedTests(tests: Test[]): Test[] {
    return tests;
  }

  cacheResults(): void {
    // the order does not depend on earlier runs
  }
}

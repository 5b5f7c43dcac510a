// SPDX-License-Identifier: Apache-2.0
// The order of suites: jest's own goes by times that a checkout does not have yet, and would start the longest last.
import { statSync } from 'node:fs';

interface Test {
  path: string;
}

/** Those that mostly wait: for a limit, for the end of a process, for another program to start. The longest first. */
const waiting = [
  'test/truth/faults',
  'test/lens/debug-cases',
  'test/adapters/scripts',
  'test/hostile/container',
  'test/action/surfaces',
  'test/adapters/azure',
  'test/nothing-left/kill-scan',
  'test/nothing-left/revoke',
  'test/contract/surface',
  'test/profiles/fetch',
  'test/truth/lost',
  'test/nothing-left/kill-grant',
];

const rank = ({ path }: Test) => waiting.findIndex(name => path.endsWith(`${name}.test.ts`));

/** The whole before its parts, which take little, and of each the larger files first. */
function size({ path }: Test): number {
  return statSync(path).size + (path.includes('/packages/') ? 0 : 1e6);
}

// oxlint-disable-next-line import/no-default-export -- jest asks for it
export default class Sequencer {
  /** One that waits beside one that works. */
  sort(tests: Test[]): Test[] {
    const idle = tests.filter(test => rank(test) >= 0).toSorted((one, other) => rank(one) - rank(other));
    const busy = tests.filter(test => rank(test) < 0).toSorted((one, other) => size(other) - size(one));
    const pairs = idle.flatMap((test, index) => [test, ...busy.slice(index, index + 1)]);
    return [...pairs, ...busy.slice(idle.length)];
  }

  allFailedTests(tests: Test[]): Test[] {
    return tests;
  }

  cacheResults(): void {
    // the order does not depend on earlier runs
  }
}

// SPDX-License-Identifier: Apache-2.0
import { goOn } from './process.ts';

/** Runs the tasks in turn, A B A B …, so that whatever else the machine does meanwhile meets each of them alike. */
export async function inTurn<T>(rounds: number, tasks: readonly (() => Promise<T>)[]): Promise<T[][]> {
  const found: T[][] = tasks.map(() => []);
  for (let round = 0; round < rounds; round += 1)
    for (const [index, task] of tasks.entries()) {
      goOn();
      found[index]?.push(await task());
    }
  return found;
}

/** Seconds that an action takes. */
export async function seconds(action: () => Promise<unknown>): Promise<number> {
  const start = process.hrtime.bigint();
  await action();
  return Number(process.hrtime.bigint() - start) / 1e9;
}

// SPDX-License-Identifier: Apache-2.0
import { type FaultMatch, until } from '@cinc-scan/testkit';
import { cincScan, type Running, startCincScan } from './cinc-scan.ts';
import { engineProcesses, leftObjects, type TestCluster } from './cluster.ts';
import { takeLeaks } from './taint.ts';

export interface Command {
  namespaces: string[];
  /** Of a run with this id. */
  args: (runId: string) => string[];
}

/** What is wrong after a kill: nothing, if all is well. */
type Problem = string;

export interface Killed {
  /** How often the command was killed before it came to its end. */
  times: number;
  /** Runs that left something in the cluster, for the sweep to take away. */
  swept: number;
  problems: Problem[];
}

/**
 * Runs the command again and again and kills it outright at its first, second, third … request that matches, until it
 * has no more of them. `served` kills it after the server did what was asked; otherwise before.
 */
export async function killAtEachRequest(
  cluster: TestCluster,
  command: Command,
  { match = {}, served }: { match?: FaultMatch; served: boolean },
): Promise<Killed> {
  return killAtEach(cluster, command, async (running, nth) => {
    const fault = cluster.embedded?.faults.add({ match: { ...match, nth }, action: { kind: 'hold', served } });
    const program = running();
    let isOver = false;
    void program.ended.then(() => (isOver = true));
    await until(`request ${nth}`, () => Promise.resolve(isOver || fault?.hits === 1));
    const isHeld = fault?.hits === 1;
    // What is held is told from what was not asked for only as long as the process lives.
    if (isHeld) program.child.kill('SIGKILL');
    await program.ended;
    fault?.remove();
    return isHeld;
  });
}

/** The same for the lines of its log that match. */
export async function killAtEachLine(cluster: TestCluster, command: Command, pattern: RegExp): Promise<Killed> {
  return killAtEach(cluster, command, async (running, nth) => {
    const program = running();
    const seen = await untilLine(program, pattern, nth);
    if (seen) program.child.kill('SIGKILL');
    await program.ended;
    return seen;
  });
}

type Attempt = (running: () => Running, nth: number) => Promise<boolean>;

async function killAtEach(cluster: TestCluster, command: Command, attempt: Attempt): Promise<Killed> {
  const killed: Killed = { times: 0, swept: 0, problems: [] };
  for (let nth = 1; ; nth += 1) {
    const runId = `kill-${nth}`;
    const args = command.args(runId);
    if (!(await attempt(() => startCincScan(cluster, args), nth))) {
      // The grant of the run that came to its end stands, if it was asked for one.
      killed.problems.push(...(await problemsOfSweep(cluster, command, runId)));
      return killed;
    }
    killed.times += 1;
    await until('the end of its engine', () => Promise.resolve(engineProcesses(cluster.folder).length === 0));
    const left = await leftObjects(cluster.api, command.namespaces);
    if (left.length > 0) {
      killed.swept += 1;
      killed.problems.push(...(await problemsOfSweep(cluster, command, runId)));
    }
    killed.problems.push(...takeLeaks(cluster.folder));
  }
}

async function problemsOfSweep(cluster: TestCluster, { namespaces }: Command, runId: string): Promise<Problem[]> {
  const ran = await cincScan(cluster, ['sweep', '--run', runId, ...namespaces.flatMap(name => ['-n', name])]);
  const left = await leftObjects(cluster.api, namespaces);
  return [
    ...(ran.code === 0 ? [] : [`sweep of ${runId} ended with ${ran.code}: ${ran.stderr}`]),
    ...left.map(object => `after the sweep of ${runId} there is ${object}`),
  ];
}

/** Whether standard error comes to its nth line that matches before it ends. */
function untilLine({ child, ended }: Running, pattern: RegExp, nth: number): Promise<boolean> {
  return new Promise(resolve => {
    let text = '';
    child.stderr?.on('data', (data: string) => {
      text += data;
      const complete = text.slice(0, text.lastIndexOf('\n') + 1).split('\n');
      if (complete.filter(line => pattern.test(line)).length >= nth) resolve(true);
    });
    void ended.then(() => resolve(false));
  });
}

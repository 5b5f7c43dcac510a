// SPDX-License-Identifier: Apache-2.0
// A scan by the command as shipped, while a fault strikes: what it said, and what it left.
import type { Fault } from '@cinc-scan/testkit';
import { expect } from '@jest/globals';
import { cincScan, readHdf, readScanJson, root } from '../support/cinc-scan.ts';
import { leftObjects, type TestCluster } from '../support/cluster.ts';

const profile = `${root}test/fixtures/profiles/tiny`;
/** Of the whole profile, in each pod that has a shell. */
const truth = { 'a-command': ['passed', 'passed'], 'a-file': ['passed', 'passed'] };

export interface FaultRun {
  code: number | null;
  /** Whether the grant is known to be gone. */
  isRevoked: boolean | null | undefined;
  statuses: Record<string, string[]>;
  /** Objects of the run that are there after its end. */
  left: string[];
  stderr: string;
}

let runs = 0;

export async function scanWithFault(cluster: TestCluster, namespace: string, fault: Fault): Promise<FaultRun> {
  const runId = `fault-${(runs += 1)}`;
  using armed = cluster.embedded?.faults.add(fault);
  const ran = await cincScan(cluster, ['scan', 'web', '-n', namespace, '-p', profile, '--run-id', runId]);
  armed?.remove();
  const left = await leftObjects(cluster.api, [namespace]);
  if (left.length > 0) await sweep(cluster, namespace, runId);
  const controls = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles.flatMap(each => each.controls));
  return {
    code: ran.code,
    isRevoked: readScanJson(ran).grant?.revoked,
    statuses: Object.fromEntries(controls.map(({ id, results }) => [id, results.map(({ status }) => status)])),
    left,
    stderr: ran.stderr,
  };
}

async function sweep(cluster: TestCluster, namespace: string, runId: string): Promise<void> {
  expect(await cincScan(cluster, ['sweep', '-n', namespace, '--run', runId])).toMatchObject({ code: 0 });
  expect(await leftObjects(cluster.api, [namespace])).toEqual([]);
}

/** The truth and 0, or an error and nothing that looks like a result; and what is left is named. */
export function expectTruthOrError({ code, isRevoked, statuses, left, stderr }: FaultRun): void {
  expect([0, 4]).toContain(code);
  if (code === 0) expect({ statuses, left }).toEqual({ statuses: truth, left: [] });
  else if (isRevoked !== false) expect({ statuses, left }).toEqual({ statuses: {}, left: [] });
  else expect([{}, truth]).toContainEqual(statuses);
  const names = left.map(object => object.split('/').at(-1) ?? object);
  expect(names.filter(name => !stderr.includes(name))).toEqual([]);
}

// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench, busybox, type Container, type Security, type Wishes } from './testing/bench.ts';

interface Inside {
  'target pid by id': string;
  target: string;
  see: string;
}

/** What a debug container met on a real cluster; `see` is how a helper of this kind fared in it. */
interface Recording {
  name: string;
  securityContext?: {
    runAsUser?: number;
    runAsGroup?: number;
    privileged?: boolean;
    allowPrivilegeEscalation?: boolean;
    capabilities?: { add?: string[]; drop?: string[] };
    seccompProfile?: { type: 'RuntimeDefault' };
  };
  refused?: string;
  inside?: Inside;
}

const parseRecordings = (text: string): Recording[] => JSON.parse(text) as Recording[];

let bench: Bench;
let recordings: Recording[];

beforeAll(async () => {
  bench = await Bench.open();
  const file = join(import.meta.dirname, '../../testkit/fixtures/kubernetes/lens.json');
  recordings = parseRecordings(await readFile(file, 'utf8'));
});

afterAll(async () => bench[Symbol.asyncDispose]());

const nonroot: Security = { uid: 65532, gid: 65532 };
const targets: Record<string, Wishes> = {
  nonroot: { security: nonroot },
  'strict/nonroot': { security: { ...nonroot, seccomp: 'RuntimeDefault' } },
  'strict/uid1000': { security: { uid: 1000, gid: 1000, seccomp: 'RuntimeDefault' } },
  ro: { security: { readOnlyRootFilesystem: true } },
  drop: { security: { dropCapabilities: ['ALL'] } },
  seccomp: { security: { seccomp: 'RuntimeDefault' } },
  netadmin: { security: { addCapabilities: ['NET_ADMIN'] } },
  priv: { security: { privileged: true } },
  bbx: { image: busybox },
};
const pods: Record<string, Parameters<Bench['pod']>[0]> = {
  hostpid: { hostPid: true },
  shared: { shareProcessNamespace: true },
};

function toSecurity(recorded: Recording['securityContext'] = {}): Security {
  return {
    uid: recorded.runAsUser,
    gid: recorded.runAsGroup,
    privileged: recorded.privileged ?? false,
    allowPrivilegeEscalation: recorded.allowPrivilegeEscalation ?? true,
    addCapabilities: recorded.capabilities?.add ?? [],
    dropCapabilities: recorded.capabilities?.drop ?? [],
    seccomp: recorded.seccompProfile?.type ?? 'Unconfined',
  };
}

async function startAs({ name, securityContext }: Recording): Promise<{ app: Container; debug: Container }> {
  const pod = name.replace(/^.*\//, '');
  const podUid = await bench.pod(pods[pod]);
  const app = await bench.start(podUid, targets[name] ?? targets[pod] ?? {});
  if (pod === 'twins') await bench.start(podUid);
  const joinPidOf = pods[pod] === undefined ? app.id : undefined;
  return { app, debug: await bench.debug(podUid, { joinPidOf, security: toSecurity(securityContext) }) };
}

const script = 'id -u; cat /etc/abs-release | head -1; cat /etc/root-only; touch /tmp/x && echo can-write; true';

async function see(debug: Container, pid: number): Promise<string> {
  const { status, out, err } = await bench.enter(debug, script, pid);
  const problem = /^cinc-scan-helper: (\S+): .*: (Permission denied|Operation not permitted)(: missing \S+)?\n$/.exec(
    err,
  );
  if (problem !== null) return `${String(problem[1]).replace('-', ' ')}: ${problem[2]}`;
  expect({ status, err }).toEqual({ status: 0, err: '' });
  return out.replaceAll(/\s+/g, ' ').trim();
}

describe('what was recorded on a real cluster is found here', () => {
  test('all but what pod security refused, which is for the cluster to refuse', async () => {
    const met = recordings.flatMap(recording => (recording.inside ? [{ recording, inside: recording.inside }] : []));
    expect(recordings).toHaveLength(30);
    expect(met).toHaveLength(28);
    for (const { recording, inside } of met) {
      const row = `${recording.name} ${JSON.stringify(recording.securityContext)}`;
      const { app, debug } = await startAs(recording);
      const found = await bench.run(debug, { args: ['find', '--container-id', app.id] });
      const [pid = '', uid = '', , permitted = ''] = found.out.split(' ');
      const first = inside['target pid by id'] === '1';
      expect({ row, status: found.status, first: pid === '1' }).toEqual({ row, status: 0, first });
      expect(inside.target).toContain(`Uid: ${uid} `);
      // A privileged container has as many capabilities as the kernel knows and the machine gives.
      const capabilities = recording.name === 'lens/priv' ? 'CapPrm:' : `CapPrm: ${permitted} `;
      expect(inside.target).toContain(capabilities);
      const seen = await see(debug, Number(pid));
      expect({ row, seen }).toEqual({ row, seen: inside.see });
      await Promise.all([debug.stop(0), app.stop(0)]);
    }
  });
});

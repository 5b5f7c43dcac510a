// SPDX-License-Identifier: Apache-2.0
// The same kubeconfig for kubectl and for us: what each sent, and by which way.
import { writeFileSync } from 'node:fs';
import { expect } from '@jest/globals';
import { dump } from 'js-yaml';
import { cincScan, type Transcript } from './cinc-scan.ts';
import { kubectl } from './kubectl.ts';
import type { Lab, LabServer, Seen } from './lab-servers.ts';

type Fields = Record<string, unknown>;

/** A kubeconfig with one of each, in the lab's folder. */
export function writeConfig(
  lab: Lab,
  name: string,
  { cluster, user, context, top }: { cluster?: Fields; user?: Fields; context?: Fields; top?: Fields } = {},
): string {
  const document = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'x',
    clusters: [{ name: 'c', cluster: cluster ?? clusterOf(lab) }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'shop', ...context } }],
    users: [{ name: 'u', user: user ?? { token: 'good' } }],
    ...top,
  };
  writeFileSync(lab.file(name), dump(document), { mode: 0o600 });
  return lab.file(name);
}

export const clusterOf = ({ api }: Lab, more: Fields = {}): Fields => ({
  server: `https://127.0.0.1:${api.port}`,
  'certificate-authority': 'ca.crt',
  ...more,
});

export interface Answers {
  kubectl: Seen | undefined;
  ours: Seen | undefined;
  doctor: Transcript;
  theirs: string;
}

/** Asks with both. The first request to any of the lab's servers is the one that counts. */
export async function askBoth(lab: Lab, kubeconfig: string, env: Record<string, string> = {}): Promise<Answers> {
  const theirs = await kubectl(lab, kubeconfig, ['get', '--raw', '/version'], env);
  const sent = takeFirst(lab);
  const doctor = await askUs(lab, kubeconfig, env);
  return { kubectl: sent, ours: takeFirst(lab), doctor, theirs: theirs.stderr };
}

export const askUs = (lab: Lab, kubeconfig: string, env: Record<string, string> = {}): Promise<Transcript> =>
  cincScan({ folder: lab.folder, kubeconfigPath: kubeconfig }, ['doctor', '-n', 'shop'], { env });

export function takeFirst({ api, named, plain }: Lab): Seen | undefined {
  const [first] = [api, named, plain].flatMap(({ seen }: LabServer) => seen.splice(0));
  return first;
}

/** Both were served, and sent the same. */
export async function expectSame(lab: Lab, kubeconfig: string, env?: Record<string, string>): Promise<Seen> {
  const { kubectl: sent, ours, doctor, theirs } = await askBoth(lab, kubeconfig, env);
  expect({ theirs: sent === undefined ? theirs : '' }).toEqual({ theirs: '' });
  expect({ sent: ours, doctor: doctor.code === 0 ? '' : doctor.stdout }).toEqual({ sent, doctor: '' });
  return ours as Seen;
}

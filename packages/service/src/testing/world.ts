// SPDX-License-Identifier: Apache-2.0
// Two teams, a cluster, a profile and a threshold, as operators and approvers make them.
import { createHash } from 'node:crypto';
import { readKey } from '../domain/api-key.ts';
import type { Ask } from '../domain/ask.ts';
import { createFirstKey, findCaller } from '../store/keys.ts';
import { decideProfile, openCluster, registerCluster, registerProfile, registerThreshold } from '../store/registry.ts';
import { type Submitted, submitScan } from '../store/scans.ts';
import { asService } from '../store/store.ts';
import { type Caller, createTeam, type TeamCaller } from '../store/teams.ts';
import type { TestStore } from './stores.ts';

export interface World {
  shop: TeamCaller;
  bank: TeamCaller;
  operator: Caller;
  keys: { shop: string; bank: string; operator: string };
}

export const inspecFiles = (title: string) => [
  { path: 'inspec.yml', content: `name: base\nversion: 1.0.0\ntitle: ${title}\n` },
  {
    path: 'controls/one.rb',
    content: "control 'one' do\n  impact 0.7\n  describe file('/etc/passwd') do\n    it { should exist }\n  end\nend\n",
  },
];

const soon = () => new Date(Date.now() + 3_600_000);

export async function makeWorld(parts: TestStore): Promise<World> {
  const { store, queue } = parts;
  const first = await store.asPlatform(transaction =>
    createFirstKey(transaction, { name: 'operator', role: 'operator', team: null, expiresAt: soon() }, null),
  );
  const operator = await callerOf(parts, first.text.reveal());
  const by = operator.principal;
  const cluster = await store.asPlatform(transaction =>
    registerCluster(transaction, { slug: 'east', credential: 'east', context: undefined, mostRuns: 2 }, by),
  );
  await queue.addCluster(cluster);
  const shop = await makeTeam(parts, { slug: 'shop', namespaces: ['shop', 'till'] }, by);
  const bank = await makeTeam(parts, { slug: 'bank', namespaces: undefined }, by);
  return {
    shop: shop.caller,
    bank: bank.caller,
    operator,
    keys: { shop: shop.key, bank: bank.key, operator: first.text.reveal() },
  };
}

async function makeTeam(
  parts: TestStore,
  { slug, namespaces }: { slug: string; namespaces: string[] | undefined },
  by: string,
) {
  const { store, blobs } = parts;
  const key = await store.asPlatform(async transaction => {
    const team = await createTeam(transaction, { slug, name: slug.toUpperCase() }, by);
    await openCluster(transaction, { cluster: 'east', team: slug, namespaces }, by);
    return createFirstKey(transaction, { name: `admin of ${slug}`, role: 'admin', team, expiresAt: soon() }, by);
  });
  const caller = await callerOf(parts, key.text.reveal());
  if (caller.kind !== 'team') throw new Error('not a key of a team');
  const bytes = Buffer.from(JSON.stringify({ name: 'base', files: inspecFiles(slug) }));
  const digest = await blobs.put(bytes);
  await store.asTeam(caller.team, async transaction => {
    await registerProfile(transaction, { slug: 'base', version: '1.0.0', digest, bytes: bytes.length }, caller);
    await decideProfile(transaction, { slug: 'base', version: '1.0.0', state: 'approved' }, caller);
    const content = 'compliance.min: 50\n';
    await registerThreshold(
      transaction,
      { slug: 'half', content, digest: createHash('sha256').update(content).digest('hex') },
      caller,
    );
  });
  return { caller, key: key.text.reveal() };
}

export async function callerOf({ store }: TestStore, key: string): Promise<Caller> {
  const presented = readKey(key);
  if (presented === undefined) throw new Error('not a key');
  return findCaller(store, presented);
}

export const askFor = (target: string): Ask => ({ namespace: ['shop'], targets: [target], profile: ['base'] });

type Asked = Ask & { key?: string };

/** As the route does it. */
export function submit(
  { store, queue }: TestStore,
  by: TeamCaller,
  { key: idempotencyKey, ...ask }: Asked,
): Promise<Submitted> {
  return store.asTeam(by.team, async transaction => {
    const made = await submitScan(transaction, { ask, idempotencyKey, deadline: soon() }, by);
    if (made.kind !== 'new') return made;
    await asService(transaction);
    await queue.add(transaction, { id: made.id, cluster: made.cluster });
    return made;
  });
}

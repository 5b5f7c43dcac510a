// SPDX-License-Identifier: Apache-2.0
// Asks clusters again and again what obligations are about: by which all that is fulfilled is counted.
import { sql } from 'kysely';
import { repeat } from '../domain/repeat.ts';
import { Questions } from '../queue/questions.ts';
import { recordListing } from '../store/obligations.ts';
import { clustersOf } from '../store/registry.ts';
import type { PlatformTransaction, Store } from '../store/store.ts';
import { listWorkloadsOf } from './list-workloads.ts';

export interface ListerSettings {
  store: Store;
  onAsked?: () => void;
  onError: (error: unknown) => void;
  questionMs?: number;
  idleMs?: number;
}

const [usualQuestionMs, usualIdleMs] = [20_000, 2000];
const atOnce = 4;
/** Whoever has taken one and dies leaves it to others after that. */
const heldSeconds = 300;
const everyMs = 600_000;

interface DueObligation {
  id: string;
  team: string;
  cluster: string | null;
  namespaces: string[] | null;
  selector: string | null;
}

async function takeDue(transaction: PlatformTransaction): Promise<DueObligation[]> {
  const { rows } = await sql<DueObligation>`
    update obligation set list_due_at = now() + make_interval(secs => ${heldSeconds})
    where id in (select id from obligation where list_due_at <= now() order by list_due_at limit ${atOnce} for update skip locked)
    returning id, team_id as team, cluster, namespaces, selector`.execute(transaction);
  return rows;
}

/** Asks for those that are due; gives how many there were. */
export async function listDue(settings: ListerSettings): Promise<number> {
  const due = await settings.store.asPlatform(takeDue);
  await Promise.all(due.map(each => list(each, settings).catch(settings.onError)));
  return due.length;
}

async function list(
  { id, team, ...selected }: DueObligation,
  { store, onAsked, questionMs = usualQuestionMs }: ListerSettings,
): Promise<void> {
  const open = await store.asTeam(team, clustersOf);
  const now = new Date();
  const asking = { questions: new Questions(store, onAsked), team, questionMs, now };
  const listing = await listWorkloadsOf(selected, open, asking);
  const times = { now, nextAt: new Date(now.getTime() + everyMs) };
  await store.asTeam(team, transaction => recordListing(transaction, { id, ...listing }, times));
}

export function startLister(settings: ListerSettings): AsyncDisposable {
  const { idleMs = usualIdleMs, onError } = settings;
  return repeat({ step: async () => (await listDue(settings)) > 0, idleMs, onError });
}

// SPDX-License-Identifier: Apache-2.0
// The outbox: what has to be told, and each try to tell it.
import { ScanError, Secret } from '@cinc-scan/core';
import { sql } from 'kysely';
import { v7 as makeId } from 'uuid';
import type { DeliveryState } from '../domain/delivery-states.ts';
import type { Sealer } from '../domain/seal.ts';
import { audit } from './audit-log.ts';
import type { LastAnswer } from './delivery-tables.ts';
import type { PlatformTransaction, TeamTransaction } from './store.ts';
import type { TeamCaller } from './teams.ts';

/** Where it is sent, and what is shown there. */
export interface Address {
  url: string;
  /** Value of the header Authorization. */
  authentication?: string | undefined;
}

const purpose = (id: string) => `delivery ${id}`;

/** Lets the end of a scan be told to somebody. */
export async function addCallback(
  transaction: TeamTransaction,
  scan: string,
  { address, sealer }: { address: Address; sealer: Sealer },
): Promise<void> {
  const id = makeId();
  const sealed = sealer.seal(new Secret(JSON.stringify(address)), purpose(id));
  const shown = new URL(address.url).origin;
  await transaction.insertInto('scan_callback').values({ id, scan_id: scan, shown, sealed }).execute();
}

export const readAddress = (sealer: Sealer, id: string, sealed: Uint8Array): Secret => sealer.open(sealed, purpose(id));

export interface Due {
  id: string;
  team: string;
  destination: string;
  sealed: Uint8Array;
  body: Record<string, unknown>;
  /** This one included. */
  attempts: number;
}

/** Takes what is due for a while; of one subject only what no earlier one for the same destination waits before. */
export async function takeDue(
  transaction: PlatformTransaction,
  { most, heldSeconds }: { most: number; heldSeconds: number },
): Promise<Due[]> {
  const { rows } = await sql<Due>`
    update delivery set attempts = attempts + 1, held_until = now() + make_interval(secs => ${heldSeconds}::float8)
    where id in (
      select id from delivery as due
      where state = 'waiting' and next_at <= now() and (held_until is null or held_until < now())
        and not exists (select from delivery as earlier where earlier.state = 'waiting' and earlier.n < due.n
          and earlier.destination = due.destination and earlier.subject = due.subject)
      order by next_at limit ${most} for update skip locked)
    returning id, team_id as team, destination, sealed, body, attempts`.execute(transaction);
  return rows;
}

export interface Tried {
  id: string;
  attempts: number;
  answer: LastAnswer;
  state: DeliveryState;
  /** Of one that waits. */
  nextAt: Date;
}

/** false: somebody else has it by now. */
export async function recordTry(
  transaction: PlatformTransaction,
  { id, attempts, answer, state, nextAt }: Tried,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('delivery')
    .set({
      state,
      next_at: nextAt,
      held_until: null,
      last_answer: JSON.stringify(answer),
      finished_at: state === 'waiting' ? null : new Date(),
    })
    .where('id', '=', id)
    .where('attempts', '=', attempts)
    .where('state', '=', 'waiting')
    .executeTakeFirst();
  return numUpdatedRows === 1n;
}

/** The log of what was told is kept for a while. */
export const forgetDeliveries = (transaction: PlatformTransaction) =>
  transaction.deleteFrom('delivery').where('finished_at', '<', sql<Date>`now() - interval '90 days'`).execute();

const shownColumns = [
  'id',
  'n',
  'kind',
  'subject',
  'shown',
  'state',
  'attempts',
  'next_at',
  'last_answer',
  'created_at',
  'finished_at',
] as const;

export interface DeliveryPage {
  state: DeliveryState | undefined;
  /** Id of the last one of the page before. */
  after: string | undefined;
  limit: number;
}

/** The newest first. */
export function listDeliveries(transaction: TeamTransaction, { state, after, limit }: DeliveryPage) {
  return transaction
    .selectFrom('delivery')
    .select(shownColumns)
    .$if(state !== undefined, query => query.where('state', '=', state ?? 'waiting'))
    .$if(after !== undefined, query =>
      query.where('n', '<', eb =>
        eb
          .selectFrom('delivery')
          .select('n')
          .where('id', '=', after ?? ''),
      ),
    )
    .orderBy('n', 'desc')
    .limit(limit)
    .execute();
}

/** Tells it once more, under the same id: a receiver that has it already knows it again. Throws SERVICE_NOT_FOUND. */
export async function resend(transaction: TeamTransaction, id: string, by: TeamCaller) {
  const found = await transaction
    .updateTable('delivery')
    .set({ state: 'waiting', attempts: 0, next_at: new Date(), held_until: null, finished_at: null })
    .where('id', '=', id)
    .returning(shownColumns)
    .executeTakeFirst();
  if (found === undefined) throw new ScanError('SERVICE_NOT_FOUND', `The team has no delivery ${id}`);
  await audit(transaction, { team: by.team, principal: by.principal, action: 'delivery.resend', object: id });
  return found;
}

const signingPurpose = (team: string) => `signing secret ${team}`;

/** A new one in the place of the one before. */
export async function setSigningSecret(
  transaction: TeamTransaction,
  { secret, sealer }: { secret: Secret; sealer: Sealer },
  by: TeamCaller,
): Promise<void> {
  const sealed = sealer.seal(secret, signingPurpose(by.team));
  await transaction
    .insertInto('signing_secret')
    .values({ sealed })
    .onConflict(conflict => conflict.column('team_id').doUpdateSet({ sealed, created_at: new Date() }))
    .execute();
  await audit(transaction, { team: by.team, principal: by.principal, action: 'signing-secret.set', object: by.team });
}

export async function removeSigningSecret(transaction: TeamTransaction, by: TeamCaller): Promise<void> {
  await transaction.deleteFrom('signing_secret').execute();
  await audit(transaction, {
    team: by.team,
    principal: by.principal,
    action: 'signing-secret.remove',
    object: by.team,
  });
}

export async function readSigningSecret(
  transaction: PlatformTransaction,
  team: string,
  sealer: Sealer,
): Promise<Secret | undefined> {
  const found = await transaction
    .selectFrom('signing_secret')
    .select('sealed')
    .where('team_id', '=', team)
    .executeTakeFirst();
  return found && sealer.open(found.sealed, signingPurpose(team));
}

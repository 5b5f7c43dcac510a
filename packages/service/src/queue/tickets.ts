// SPDX-License-Identifier: Apache-2.0
// How a pod comes by the attempt that it was made for. It gets a ticket, which is good once, for that attempt and for nothing
// else, and trades it for the lease and a key that is for this lease alone. Of both there are hashes only.
import { inputs, parseDuration, ScanError, type Secret } from '@cinc-scan/core';
import { sql } from 'kysely';
import type { Blobs } from '../blobs/blobs.ts';
import { isSameHash, makeKey, type PresentedKey } from '../domain/api-key.ts';
import { invalidKey } from '../store/keys.ts';
import type { PlatformTransaction, Store } from '../store/store.ts';
import type { AttemptCaller } from '../store/teams.ts';
import { assembleRequest } from './assemble-request.ts';
import type { Attempt } from './attempts.ts';
import { type Held, type Lease, mostAttempts } from './leases.ts';

/** Where an attempt stands that was given to a pod. */
export type Standing =
  /** Nobody has traded its ticket. */
  | { kind: 'waiting' }
  | { kind: 'taken'; by: string }
  /** It has ended, or another counts by now. */
  | { kind: 'over' };

type OfAttempt = Pick<Attempt, 'scan' | 'attempt'>;

interface IssuedTicket {
  text: Secret;
  /** How long the run may take, by the request. */
  runSeconds: number;
}

export class Tickets {
  private readonly store: Store;
  private readonly blobs: Blobs;

  constructor({ store, blobs }: { store: Store; blobs: Blobs }) {
    this.store = store;
    this.blobs = blobs;
  }

  /** One for each attempt: a further one takes the place of that before. Throws SERVICE_NOT_FOUND for an attempt that is over. */
  async issue({ scan, attempt }: OfAttempt, { goodSeconds }: { goodSeconds: number }): Promise<IssuedTicket> {
    const { publicId, hash, text } = makeKey('ct');
    return this.store.asPlatform(async transaction => {
      const found = await running(transaction, { scan, attempt }).select('ask').executeTakeFirst();
      if (found === undefined) throw new ScanError('SERVICE_NOT_FOUND', `Attempt ${attempt} of scan ${scan} is over`);
      const runSeconds = secondsOf(found.ask);
      const unused = { used_at: null, taken_by: null, key_public_id: null, key_hash: null };
      const ticket = {
        public_id: publicId,
        hash,
        expires_at: inSeconds(goodSeconds),
        key_expires_at: inSeconds(goodSeconds + runSeconds + graceSeconds),
        ...unused,
      };
      await transaction
        .insertInto('lease_ticket')
        .values({ scan_id: scan, attempt, ...ticket })
        .onConflict(conflict => conflict.columns(['scan_id', 'attempt']).doUpdateSet(ticket))
        .execute();
      return { text, runSeconds };
    });
  }

  /** The lease of the attempt, to whoever comes first. Throws SERVICE_KEY_INVALID. */
  async trade(pod: AttemptCaller, by: string): Promise<{ lease: Lease; key: Secret }> {
    const { publicId, hash, text: key } = makeKey('ca');
    const begun = await this.store.asPlatform(async transaction => {
      const { numUpdatedRows } = await unusedTicket(transaction, pod)
        .set({ used_at: new Date(), taken_by: by, key_public_id: publicId, key_hash: hash })
        .where('expires_at', '>', new Date())
        .where(counts)
        .executeTakeFirst();
      if (numUpdatedRows !== 1n) throw invalidKey();
      return readBegun(transaction, pod);
    });
    const assembled = await this.store.forTeam(begun.team, transaction =>
      assembleRequest(transaction, pod.scan, this.blobs),
    );
    return { lease: { ...begun, ...assembled }, key };
  }

  /** Takes a ticket back; false where a pod has the attempt by it. */
  async withdraw(attempt: OfAttempt): Promise<boolean> {
    const { numUpdatedRows } = await this.store.asPlatform(transaction =>
      unusedTicket(transaction, attempt).set({ used_at: new Date() }).executeTakeFirst(),
    );
    return numUpdatedRows === 1n;
  }

  standing({ scan, attempt }: OfAttempt): Promise<Standing> {
    return this.store.asPlatform(async transaction => {
      if ((await running(transaction, { scan, attempt }).executeTakeFirst()) === undefined) return { kind: 'over' };
      const ticket = await transaction
        .selectFrom('lease_ticket')
        .select('taken_by')
        .where('scan_id', '=', scan)
        .where('attempt', '=', attempt)
        .executeTakeFirst();
      const by = ticket?.taken_by ?? undefined;
      return by === undefined ? { kind: 'waiting' } : { kind: 'taken', by };
    });
  }

  /** Whether the database has such a scan. */
  async isKnown(scan: string): Promise<boolean> {
    const found = await this.store.asPlatform(transaction =>
      transaction.selectFrom('scan').select('id').where('id', '=', scan).executeTakeFirst(),
    );
    return found !== undefined;
  }

  /** What a pod holds, or held: that it counts still is seen to by each change. Throws SERVICE_NOT_FOUND for another's. */
  find(pod: AttemptCaller, { scan, attempt }: OfAttempt): Promise<Held> {
    if (pod.scan !== scan || pod.attempt !== attempt)
      throw new ScanError('SERVICE_NOT_FOUND', `The key is not for attempt ${attempt} of scan ${scan}`);
    return this.store.asPlatform(transaction => readBegun(transaction, pod));
  }
}

/** Beyond the run: for its start, its uploads and the taking back. */
const graceSeconds = 1800;

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);

const secondsOf = (ask: object): number =>
  parseDuration('deadline' in ask ? ask.deadline : inputs.deadline.default, 'deadline');

const running = (transaction: PlatformTransaction, { scan, attempt }: OfAttempt) =>
  transaction
    .selectFrom('scan')
    .select('id')
    .where('id', '=', scan)
    .where('attempt', '=', attempt)
    .where('state', '=', 'running');

const counts = sql<boolean>`exists (select from scan
  where scan.id = lease_ticket.scan_id and scan.attempt = lease_ticket.attempt and scan.state = 'running')`;

const unusedTicket = (transaction: PlatformTransaction, { scan, attempt }: OfAttempt) =>
  transaction
    .updateTable('lease_ticket')
    .where('scan_id', '=', scan)
    .where('attempt', '=', attempt)
    .where('used_at', 'is', null);

/** The attempt as a lease has it, but for its request. */
async function readBegun(transaction: PlatformTransaction, { scan, attempt }: OfAttempt) {
  const found = await transaction
    .selectFrom('scan')
    .innerJoin('cluster', 'cluster.id', 'scan.cluster_id')
    .select([
      'scan.team_id as team',
      'scan.cluster_id as cluster',
      'scan.run_id',
      'scan.earlier_runs as before',
      'scan.cancel_requested',
      'cluster.credential',
      'cluster.context',
    ])
    .where('scan.id', '=', scan)
    .executeTakeFirstOrThrow();
  const { team, cluster, run_id, before, cancel_requested, credential, context } = found;
  const lost = attempt > mostAttempts ? ('lost' as const) : undefined;
  return {
    scan,
    team,
    attempt,
    runId: run_id ?? '',
    before,
    hold: { id: scan, cluster, retryCount: attempt - 1 },
    clean: cancel_requested && before.length > 0 ? ('cancelled' as const) : lost,
    cluster: { credential: credential ?? undefined, context: context ?? undefined },
  };
}

/** Who presents a ticket, or the key of an attempt. Throws SERVICE_KEY_INVALID, which says nothing of why. */
export function findAttemptCaller(
  store: Store,
  kind: AttemptCaller['kind'],
  { publicId, hash }: PresentedKey,
): Promise<AttemptCaller> {
  return store.asPlatform(async transaction => {
    const isTicket = kind === 'ticket';
    const found = await transaction
      .selectFrom('lease_ticket')
      .select(['scan_id as scan', 'attempt', isTicket ? 'hash' : 'key_hash as hash'])
      .where(isTicket ? 'public_id' : 'key_public_id', '=', publicId)
      .where(isTicket ? 'expires_at' : 'key_expires_at', '>', new Date())
      .$if(isTicket, query => query.where('used_at', 'is', null))
      .executeTakeFirst();
    if (found?.hash == null || !isSameHash(found.hash, hash)) throw invalidKey();
    return { kind, scan: found.scan, attempt: found.attempt };
  });
}

/** Those whose attempts are long over. */
export const forgetTickets = (transaction: PlatformTransaction) =>
  transaction.deleteFrom('lease_ticket').where('key_expires_at', '<', new Date()).execute();

// SPDX-License-Identifier: Apache-2.0
// What a runner may do to a scan: take it, say that it lives and how far it is, and end it.
import { isScanError, type JailStrength, makeRunId, ScanError, toMessage } from '@cinc-scan/core';
import type { Blobs, Kept } from '../blobs/blobs.ts';
import type { Clean } from '../domain/clean.ts';
import { findingsKind, parseRunFindings, type RunFindings } from '../findings/run-findings.ts';
import { recordScanFindings } from '../store/findings.ts';
import { workSignal } from '../store/signals.ts';
import type { PlatformTransaction, Store } from '../store/store.ts';
import type { ScanFailure } from '../store/tables.ts';
import { type AssembledRequest, assembleRequest } from './assemble-request.ts';
import {
  type Attempt,
  appendEvents,
  type Begun,
  beginAttempt,
  expireScans,
  type Finished,
  failureOf,
  findHeld,
  finishAttempt,
  type KeptReport,
  loseScan,
  nextCluster,
  notSent,
  type RunEvent,
  recordReports,
  recordUpload,
  requeue,
  runningScans,
} from './attempts.ts';
import type { Hold, ScanQueue } from './scan-queue.ts';

/** A scan that a runner holds. */
export interface Lease extends Begun, AssembledRequest {
  hold: Hold;
  /** Why nothing is scanned any more: what earlier attempts left in the cluster is taken back, and that is all. */
  clean: Clean | undefined;
  cluster: { credential: string | undefined; context: string | undefined };
}

/** What is needed to say something of a lease. */
export type Held = Begun & { hold: Hold };

/** How an attempt ended. */
export type Ending =
  | {
      kind: 'judged';
      /** pass and fail are verdicts; error means that something could not be looked at. */
      verdict: 'pass' | 'fail' | 'error';
      reason: string;
      exitCode: number;
      counts: Record<string, number>;
      /** What profile code ran in; undefined where none ran. */
      isolation?: JailStrength | undefined;
      /** Of an error: what it was. */
      failure: ScanFailure | undefined;
      reports: KeptReport[];
      mayPass: boolean;
    }
  | { kind: 'refused'; failure: ScanFailure; mayPass: boolean }
  | { kind: 'cancelled' };

/** Attempts that a scan has where the first ended by what may pass. */
export const mostAttempts = 2;

export type Word = 'go-on' | 'cancel' | 'lost';

export interface LeaseParts {
  store: Store;
  queue: ScanQueue;
  blobs: Blobs;
}

export class Leases {
  private readonly parts: LeaseParts;

  constructor(parts: LeaseParts) {
    this.parts = parts;
  }

  private get store(): Store {
    return this.parts.store;
  }

  private get queue(): ScanQueue {
    return this.parts.queue;
  }

  /**
   * The next scan of a cluster of the regions that takes another run; undefined where there is none. null: clusters
   * without a region.
   */
  async take(runner: string, regions: readonly (string | null)[] = [null]): Promise<Lease | undefined> {
    const taken = await this.store.asPlatform(transaction => this.begin(transaction, { runner, regions }));
    if (taken === undefined) return undefined;
    const { team, scan } = taken;
    this.store.signals.say(scan);
    try {
      const assembled = await this.store.forTeam(team, transaction =>
        assembleRequest(transaction, scan, this.parts.blobs),
      );
      return { ...taken, ...assembled };
    } catch (error) {
      await this.end(taken, { kind: 'refused', failure: toFailure(error), mayPass: false });
      return undefined;
    }
  }

  private async begin(
    transaction: PlatformTransaction,
    { runner, regions }: { runner: string; regions: readonly (string | null)[] },
  ): Promise<Omit<Lease, keyof AssembledRequest> | undefined> {
    const cluster = await nextCluster(transaction, regions);
    if (cluster === undefined) return undefined;
    for (;;) {
      const hold = await this.queue.take(transaction, cluster.id);
      if (hold === undefined) return undefined;
      const attempt = { attempt: hold.retryCount + 1, runId: makeRunId(), runner };
      const begun = await beginAttempt(transaction, hold.id, attempt);
      const { credential, context } = cluster;
      const lost = attempt.attempt > mostAttempts ? 'lost' : undefined;
      if (begun !== undefined)
        return {
          ...begun,
          hold,
          clean: begun.isCancelled ? 'cancelled' : lost,
          cluster: { credential: credential ?? undefined, context: context ?? undefined },
        };
      await this.queue.complete(transaction, hold); // the scan is over, and there may be others
    }
  }

  /** What a runner elsewhere holds, or held. Throws SERVICE_NOT_FOUND for what it never had. */
  find(attempt: Pick<Attempt, 'scan' | 'attempt'>, runner: { name: string; regions: string[] }): Promise<Held> {
    return this.store.asPlatform(transaction => findHeld(transaction, attempt, runner));
  }

  /** Says that the runner lives; hears whether it is to go on. */
  async touch({ scan, hold }: Held): Promise<Word> {
    if (!(await this.queue.touch(hold))) return 'lost';
    const found = await this.store.asPlatform(transaction =>
      transaction.selectFrom('scan').select('cancel_requested').where('id', '=', scan).executeTakeFirst(),
    );
    return found?.cancel_requested === true ? 'cancel' : 'go-on';
  }

  async tell(lease: Begun, events: RunEvent[]): Promise<void> {
    await this.store.forTeam(lease.team, transaction => appendEvents(transaction, lease, events));
    this.store.signals.say(lease.scan);
  }

  private readonly isThere = (digest: string): Promise<boolean> => this.parts.blobs.has(digest);

  /** Takes a report before the end of its run is recorded. */
  keep(content: AsyncIterable<Uint8Array>): Promise<Kept> {
    return this.parts.blobs.putStream(content);
  }

  /** The same of a runner elsewhere, whose end may name nothing else; undefined where another attempt counts by now. */
  async upload(lease: Held, content: AsyncIterable<Uint8Array>): Promise<Kept | undefined> {
    const kept = await this.keep(content);
    const { scan, attempt } = lease;
    const counts = await this.store.forTeam(lease.team, transaction =>
      recordUpload(transaction, { scan, attempt, kept }, this.isThere),
    );
    return counts ? kept : undefined;
  }

  /** The end of an attempt as a runner elsewhere tells it. Throws SERVICE_FORBIDDEN for reports that it did not send. */
  async endOf(lease: Held, ending: Ending): Promise<boolean> {
    const reports = ending.kind === 'judged' ? ending.reports : [];
    const missing = await this.store.forTeam(lease.team, transaction => notSent(transaction, lease.scan, reports));
    if (missing.length > 0 && (await this.touch(lease)) !== 'lost')
      throw new ScanError(
        'SERVICE_FORBIDDEN',
        `The runner did not send the content of ${missing.map(({ file }) => file).join(', ')}`,
      );
    return this.end(lease, ending);
  }

  /** Records the end of an attempt; false where another attempt counts by now, and nothing was recorded. */
  async end(lease: Held, ending: Ending): Promise<boolean> {
    if (ending.kind !== 'cancelled' && ending.mayPass && lease.attempt < mostAttempts)
      return this.giveBack(lease, ending);
    try {
      return await this.record(lease, ending, await this.readFindings(ending));
    } catch (error) {
      // Of what the run left, or of the place that keeps it: no verdict is recorded without its results.
      if (ending.kind !== 'judged' || !isScanError(error) || error.code !== 'SERVICE_DATA') throw error;
      return this.end(lease, { kind: 'refused', failure: toFailure(error), mayPass: false });
    }
  }

  private record(lease: Held, ending: Ending, findings: RunFindings | undefined): Promise<boolean> {
    const { scan } = lease;
    const reports = ending.kind === 'judged' ? ending.reports : [];
    return this.inOne(lease, async transaction => {
      const isOurs =
        (await finishAttempt(transaction, lease, toFinished(ending))) &&
        (await this.queue.complete(transaction, lease.hold));
      if (!isOurs) return false;
      await recordReports(transaction, { scan, reports }, this.isThere);
      if (findings !== undefined) await recordScanFindings(transaction, scan, findings);
      return true;
    });
  }

  private async readFindings(ending: Ending): Promise<RunFindings | undefined> {
    const reports = ending.kind === 'judged' ? ending.reports : [];
    const report = reports.find(({ kind }) => kind === findingsKind);
    return report && parseRunFindings((await this.parts.blobs.get(report.blob)).toString('utf8'));
  }

  /** Gives a scan back untouched, as when its runner stops; whether that costs an attempt is for the queue to say. */
  async release(lease: Held): Promise<void> {
    const failure = failureOf('RUN_LOST', 'The runner stopped while it ran the scan');
    if (lease.attempt < mostAttempts) await this.giveBack(lease, { kind: 'refused', failure, mayPass: true });
    else await this.end(lease, { kind: 'refused', failure, mayPass: false });
  }

  private giveBack(lease: Held, ending: Exclude<Ending, { kind: 'cancelled' }>): Promise<boolean> {
    const why = ending.kind === 'judged' ? ending.reason : ending.failure.code;
    return this.inOne(
      lease,
      async transaction =>
        (await requeue(transaction, lease, why)) && (await this.queue.giveBack(transaction, lease.hold, why)),
    );
  }

  /** All of it, or nothing. Whoever waits for the scan hears of it; and one more of its cluster may be taken. */
  private async inOne(
    { team, scan }: Begun,
    work: (transaction: PlatformTransaction) => Promise<boolean>,
  ): Promise<boolean> {
    try {
      await this.store.forTeam(team, async transaction => {
        if (!(await work(transaction))) throw new Stale();
      });
      for (const name of [scan, workSignal]) this.store.signals.say(name);
      return true;
    } catch (error) {
      if (error instanceof Stale) return false;
      throw error;
    }
  }

  /** Puts scans back among those that wait whose runners went away. Gives how many. */
  async recover(): Promise<number> {
    const running = await this.store.asPlatform(runningScans);
    let count = 0;
    for (const scan of running) {
      if (!(await this.queue.isGivenUp(scan))) continue;
      const attempt = { scan: scan.id, team: scan.team, attempt: scan.attempt };
      if (await this.store.forTeam(scan.team, transaction => requeue(transaction, attempt, 'RUN_LOST'))) count += 1;
    }
    return count;
  }

  /** Puts scans into the queue that are in none, as after a restore; what ran then is run again. Gives how many. */
  async adopt(): Promise<number> {
    let count = 0;
    for (;;) {
      const strays = await this.store.asPlatform(transaction => this.queue.findStrays(transaction));
      if (strays.length === 0) return count;
      for (const { id, cluster, team, attempt, state } of strays) {
        await this.store.forTeam(team, async transaction => {
          if (state === 'running') await requeue(transaction, { scan: id, team, attempt }, 'RUN_LOST');
          await this.queue.add(transaction, { id, cluster });
        });
        count += 1;
      }
    }
  }

  /** Ends what waited too long. */
  async expire(now = new Date()): Promise<number> {
    const ended = await this.store.asPlatform(async transaction => {
      const expired = await expireScans(transaction, now);
      for (const scan of expired) await this.queue.drop(transaction, scan);
      return expired;
    });
    for (const { id } of ended) this.store.signals.say(id);
    return ended.length;
  }

  async lose(scan: string): Promise<void> {
    await this.store.asPlatform(transaction => loseScan(transaction, scan));
    this.store.signals.say(scan);
  }
}

class Stale extends Error {}

function toFinished(ending: Ending): Finished {
  const nothing = { verdict: null, reason: null, exitCode: null, error: null, counts: null, isolation: null };
  if (ending.kind === 'cancelled') return { ...nothing, state: 'cancelled' };
  if (ending.kind === 'refused')
    return { ...nothing, state: 'failed', reason: ending.failure.code, error: ending.failure };
  const { verdict, reason, exitCode, counts, failure, isolation = null } = ending;
  if (verdict !== 'error') return { ...nothing, state: 'done', verdict, reason, exitCode, counts, isolation };
  const error = failure ?? failureOf('TARGET_LOST', `The scan ended with ${reason}`);
  return { ...nothing, state: 'failed', reason, exitCode, counts, error, isolation };
}

export function toFailure(error: unknown): ScanFailure {
  if (isScanError(error)) return { code: error.code, message: error.message, remedy: error.remedy };
  return failureOf('ENGINE_FAILED', toMessage(error));
}

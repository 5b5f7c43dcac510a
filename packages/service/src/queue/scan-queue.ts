// SPDX-License-Identifier: Apache-2.0
import { sql } from 'kysely';
import { type CommandResponse, fromKysely, PgBoss } from 'pg-boss';
import * as z from 'zod';
import type { Database } from '../store/open-database.ts';
import type { AnyTransaction } from '../store/store.ts';

/** A queue for each cluster: how many runs it takes is decided before a scan is taken out. */
const queueOf = (cluster: string): string => `scan-${cluster}`;

/** Where scans go whose runners went away too often. */
const lostQueue = 'scan-lost';

/** A hold on one attempt: what is said under an earlier one changes nothing. */
export interface Hold {
  id: string;
  cluster: string;
  retryCount: number;
}

export interface QueueTimes {
  /** A runner that says nothing for so long is gone, seconds; the queue takes 10 at the least. */
  heartbeatSeconds: number;
  /** How often the queue looks for such runners. */
  superviseSeconds: number;
}

export interface Stray {
  id: string;
  cluster: string;
  team: string;
  attempt: number;
  state: 'queued' | 'running';
}

const schema = 'cinc_scan_queue';
const straysAtOnce = 500;

/** One for the scan; the others for taking back what both of its attempts have left, where they died. */
const mostRetries = 4;

const usualTimes: QueueTimes = { heartbeatSeconds: 30, superviseSeconds: 10 };

// A run ends itself at its deadline; the queue's own limit is for one that does not.
const longestRunSeconds = 24 * 3600 - 1;

export interface QueueOptions {
  onError: (error: Error) => void;
  times?: QueueTimes;
}

/** The queue of scans, in the same database and in the same transactions as their rows. */
export class ScanQueue implements AsyncDisposable {
  private readonly boss: PgBoss;
  private readonly times: QueueTimes;

  private constructor(boss: PgBoss, times: QueueTimes) {
    this.boss = boss;
    this.times = times;
  }

  static async start(database: Database, { onError, times = usualTimes }: QueueOptions): Promise<ScanQueue> {
    const boss = new PgBoss({
      ...database.queue,
      schema,
      schedule: false,
      superviseIntervalSeconds: times.superviseSeconds,
      monitorIntervalSeconds: times.superviseSeconds,
      queueCacheIntervalSeconds: 5,
    });
    boss.on('error', onError);
    await boss.start();
    await boss.createQueue(lostQueue, { retryLimit: 1000 });
    return new ScanQueue(boss, times);
  }

  /** Before the first scan of a cluster, and at each start. */
  async addCluster(cluster: string): Promise<void> {
    await this.boss.createQueue(queueOf(cluster), { deadLetter: lostQueue });
  }

  async add(transaction: AnyTransaction, scan: { id: string; cluster: string }): Promise<void> {
    const { id, cluster } = scan;
    await this.boss.send(
      queueOf(cluster),
      { scan: id },
      {
        id,
        db: fromKysely(transaction),
        retryLimit: mostRetries,
        expireInSeconds: longestRunSeconds,
        heartbeatSeconds: this.times.heartbeatSeconds,
      },
    );
  }

  /** Scans that wait or run and are in no queue: their rows come from a backup. */
  async findStrays(transaction: AnyTransaction): Promise<Stray[]> {
    const { rows } = await sql<Stray>`
      select id, cluster_id as cluster, team_id as team, attempt, state from scan
      where state in ('queued', 'running')
        and not exists (select from ${sql.table(`${schema}.job`)} as job where job.id = scan.id)
      order by id limit ${straysAtOnce}`.execute(transaction);
    return rows;
  }

  /** The next scan of a cluster that nobody holds. */
  async take(transaction: AnyTransaction, cluster: string): Promise<Hold | undefined> {
    const options = { batchSize: 1, includeMetadata: true as const, db: fromKysely(transaction) };
    const [job] = await this.boss.fetch(queueOf(cluster), options);
    return job && { id: job.id, cluster, retryCount: job.retryCount };
  }

  /** Whether the hold still counts. */
  async touch({ cluster, ...attempt }: Hold): Promise<boolean> {
    return isDone(await this.boss.touch(queueOf(cluster), attempt));
  }

  /** Ends the hold with its scan, in the transaction that records how; false for a hold that does not count any more. */
  async complete(transaction: AnyTransaction, { cluster, ...attempt }: Hold): Promise<boolean> {
    return isDone(await this.boss.complete(queueOf(cluster), attempt, null, { db: fromKysely(transaction) }));
  }

  /** Gives the scan back for another attempt; false for a hold that does not count any more. */
  async giveBack(transaction: AnyTransaction, { cluster, ...attempt }: Hold, why: string): Promise<boolean> {
    return isDone(await this.boss.fail(queueOf(cluster), attempt, { why }, { db: fromKysely(transaction) }));
  }

  async drop(transaction: AnyTransaction, scan: { id: string; cluster: string }): Promise<void> {
    await this.boss.cancel(queueOf(scan.cluster), scan.id, { db: fromKysely(transaction) });
  }

  /** Looks for runners that went away now, and not at the next turn. */
  async supervise(): Promise<void> {
    await this.boss.supervise();
  }

  /** Whether the queue gives the scan out again: the runner that held it has said nothing for too long. */
  async isGivenUp(scan: { id: string; cluster: string; attempt: number }): Promise<boolean> {
    const job = await this.boss.getJobById(queueOf(scan.cluster), scan.id);
    return job?.state === 'retry' && job.retryCount + 1 === scan.attempt;
  }

  /** Calls with each scan that was lost for good. */
  async onLost(handle: (scan: string) => Promise<void>): Promise<void> {
    await this.boss.work<{ scan: string }>(lostQueue, { pollingIntervalSeconds: 2 }, async jobs => {
      for (const { data } of jobs) await handle(data.scan);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.boss.stop({ graceful: false, close: true });
  }
}

// pg-boss answers with this number and leaves it out of its types.
const response = z.object({ affected: z.number() });

const isDone = (answer: CommandResponse): boolean => response.parse(answer).affected === 1;

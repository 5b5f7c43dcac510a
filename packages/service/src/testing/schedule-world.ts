// SPDX-License-Identifier: Apache-2.0
// Schedules of a team in a store, fired at moments that a test says.
import { Secret } from '@cinc-scan/core';
import { sql } from 'kysely';
import { toTiming } from '../domain/schedule.ts';
import { Leases } from '../queue/leases.ts';
import { ScanQueue } from '../queue/scan-queue.ts';
import type { FiringParts } from '../schedules/fire.ts';
import { fireDue } from '../schedules/scheduler.ts';
import type { Address } from '../store/deliveries.ts';
import { openDatabase } from '../store/open-database.ts';
import {
  createSchedule,
  type FiringRow,
  getSchedule,
  listFirings,
  pauseSchedule,
  type ScheduleRow,
} from '../store/schedules.ts';
import { Store } from '../store/store.ts';
import type { PostgresServer } from './postgres.ts';
import { testSealer } from './sealer.ts';
import { openTestStore, type TestStore } from './stores.ts';
import { askFor, makeWorld, type World } from './world.ts';

/** Far enough from today that no real clock comes into it. */
const noon = Date.parse('2027-06-01T12:00:00Z');
export const minute = 60_000;
export const hour = 60 * minute;
export const at = (ms: number) => new Date(noon + ms);

export interface GivenSchedule {
  cron?: string;
  every?: string;
  jitter?: string;
  timeZone?: string;
  address?: Address;
  now?: Date;
}

export class ScheduleWorld implements AsyncDisposable {
  readonly parts: TestStore;
  readonly world: World;
  readonly replica: FiringParts;
  /** Of the database, where it is on a server. */
  private readonly url: string | undefined;
  private stack = new AsyncDisposableStack();

  private constructor(parts: TestStore, world: World, url: string | undefined) {
    this.parts = parts;
    this.world = world;
    this.url = url;
    this.replica = { ...parts, sealer: testSealer, longestWaitMs: 3_600_000 };
  }

  static async open(server: PostgresServer | undefined): Promise<ScheduleWorld> {
    let url: string | undefined;
    const noted = server && { ...server, makeDatabase: async () => (url = await server.makeDatabase()) };
    const parts = await openTestStore(noted);
    return new ScheduleWorld(parts, await makeWorld(parts), url);
  }

  make({ address, now = at(0), ...timing }: GivenSchedule, slug = 'nightly'): Promise<ScheduleRow> {
    const scan = askFor(`pod/${slug}`);
    const content = { slug, ...toTiming({ ...timing, scan }, now), ask: scan, address };
    const written = { by: this.world.shop, sealer: testSealer, now };
    return this.parts.store.asTeam(this.world.shop.team, each => createSchedule(each, content, written));
  }

  setPaused(paused: boolean, now: Date): Promise<ScheduleRow> {
    const change = { slug: 'nightly', paused };
    const written = { by: this.world.shop, now };
    return this.parts.store.asTeam(this.world.shop.team, each => pauseSchedule(each, change, written));
  }

  /** How many fired. */
  pass(now: Date, by: FiringParts = this.replica): Promise<number> {
    return fireDue(by, now, error => {
      throw error;
    });
  }

  /** The oldest first. */
  firings(slug = 'nightly'): Promise<FiringRow[]> {
    return this.parts.store.asTeam(this.world.shop.team, async transaction => {
      const { id } = await getSchedule(transaction, slug);
      return (await listFirings(transaction, { schedule: id, before: undefined, limit: 1000 })).toReversed();
    });
  }

  async told(slug?: string): Promise<string[]> {
    const firings = await this.firings(slug);
    return firings.map(({ at: nominal, outcome }) => `${nominal.toISOString().slice(5, 16)} ${outcome}`);
  }

  /** Ids of scans that have their place in the queue. Throws where table and queue differ. */
  async scans(): Promise<string[]> {
    const rows = await this.parts.database.kysely.selectFrom('scan').select('id').orderBy('id').execute();
    const { rows: jobs } = await sql<{ id: string }>`
      select id from cinc_scan_queue.job where name like 'scan-%' order by id`.execute(this.parts.database.kysely);
    const [scans, queued] = [rows, jobs].map(each => each.map(({ id }) => id));
    if (scans?.join(' ') !== queued?.join(' ')) throw new Error(`scans ${scans?.join()}, and jobs ${queued?.join()}`);
    return scans ?? [];
  }

  /** Ends what waits, so that the next firing is not skipped. */
  async endScans(): Promise<void> {
    const leases = new Leases(this.parts);
    for (let lease = await leases.take('x'); lease !== undefined; lease = await leases.take('x'))
      await leases.end(lease, { kind: 'cancelled' });
  }

  /** A process of its own, as far as the database can tell; the embedded one has but one. */
  async anotherReplica(): Promise<FiringParts> {
    if (this.url === undefined) return this.replica;
    const database = this.stack.use(await openDatabase({ kind: 'server', url: new Secret(this.url) }));
    const onError = (error: Error) => this.parts.errors.push(error);
    const queue = this.stack.use(await ScanQueue.start(database, { onError }));
    return { ...this.replica, store: new Store(database.kysely), queue };
  }

  /** Between tests. */
  async clear(): Promise<void> {
    await this.stack[Symbol.asyncDispose]();
    this.stack = new AsyncDisposableStack();
    for (const table of ['schedule', 'scan', 'cinc_scan_queue.job'])
      await sql`delete from ${sql.table(table)}`.execute(this.parts.database.kysely);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stack[Symbol.asyncDispose]();
    await this.parts[Symbol.asyncDispose]();
  }
}

// SPDX-License-Identifier: Apache-2.0
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setInterval } from 'node:timers/promises';
import { addressRules, type Secret } from '@cinc-scan/core';
import type { FastifyBaseLogger } from 'fastify';
import { usualFailures } from './api/limit-failures.ts';
import type { Server } from './api/routes/routes.ts';
import { makeApi } from './api/server.ts';
import type { Blobs } from './blobs/blobs.ts';
import { requireUsable } from './blobs/open-blobs.ts';
import { Deliverer } from './deliveries/deliverer.ts';
import type { Sealer } from './domain/seal.ts';
import type { Executor } from './executors/executor.ts';
import { requireIsolation } from './executors/isolation.ts';
import { type JobPlan, openJobs } from './executors/job/open-jobs.ts';
import { ProcessExecutor } from './executors/process-executor.ts';
import { IssuerKeys } from './identity/issuer-keys.ts';
import { type ProviderSettings, SignInProvider } from './identity/provider.ts';
import { startLister } from './obligations/lister.ts';
import { Leases } from './queue/leases.ts';
import { forgetQuestions, Questions } from './queue/questions.ts';
import { type QueueTimes, ScanQueue } from './queue/scan-queue.ts';
import { forgetTickets, Tickets } from './queue/tickets.ts';
import { ownLeases } from './runner/lease-source.ts';
import { Runner } from './runner/runner.ts';
import { startSchedules } from './schedules/scheduler.ts';
import { lockFolder } from './store/data-folder.ts';
import { forgetDeliveries } from './store/deliveries.ts';
import { forgetFailures } from './store/failed-sign-ins.ts';
import { createFirstKey, endExpired } from './store/keys.ts';
import { migrate, requireMigrated } from './store/migrate.ts';
import { type Database, openDatabase } from './store/open-database.ts';
import { forgetExpiredSessions } from './store/sessions.ts';
import { workSignal } from './store/signals.ts';
import { Store } from './store/store.ts';
import { startUpkeep } from './upkeep/upkeep.ts';

export const roles = ['api', 'worker', 'scheduler'] as const;
export type Role = (typeof roles)[number];

export interface ServiceSettings {
  /** The database, where none is named. */
  data: string;
  /** Reports and profiles. */
  blobs: Blobs;
  /** Address of a PostgreSQL server. */
  database: Secret | undefined;
  roles: readonly Role[];
  host: string;
  port: number;
  /** Scans at once of this process. */
  slots: number;
  /** Folder of kubeconfigs, by name. */
  credentials: string;
  cache: string;
  /** Of stored secrets. Called once it is clear that the service starts: it may make the key. */
  openSealer: () => Sealer;
  /** Scans run in Jobs of a cluster, and not in processes of this machine. */
  jobs: JobPlan | undefined;
  /** Profiles run in whatever jail the machine gives, be it none. */
  allowUnisolated: boolean;
  path: string;
  /** Private networks in which issuers of tokens and the provider of people may be. */
  allowNetworks: readonly string[];
  /** Where people sign in. */
  signIn: ProviderSettings | undefined;
  /** Where browsers see the service; where it listens unless told. */
  publicOrigin: string | undefined;
  /** Names proxies. */
  environment: Record<string, string | undefined>;
  /** What starts a process that scans. */
  scanProcess: [program: string, ...args: string[]];
  version: string;
  logger: FastifyBaseLogger;
  times?: QueueTimes;
}

export interface Service extends AsyncDisposable {
  /** Of the API; undefined for a process without it. */
  url: string | undefined;
  /** Key of the first operator; only from the start that made it. */
  firstKey: Secret | undefined;
}

const needsJail = ({ roles: wanted, allowUnisolated, jobs }: ServiceSettings) =>
  wanted.includes('worker') && !allowUnisolated && jobs === undefined;

/** Starts the service; what it started ends with it, the last first. */
export async function startService(settings: ServiceSettings): Promise<Service> {
  await using stack = new AsyncDisposableStack();
  const { data, logger, roles: wanted } = settings;
  if (needsJail(settings)) await requireIsolation(settings);
  if (settings.database === undefined) stack.use(await lockFolder(data));
  const database = stack.use(
    await openDatabase(
      settings.database === undefined ? { kind: 'folder', folder: data } : { kind: 'server', url: settings.database },
    ),
  );
  // One process with its own database is its own migration; others are migrated before they start.
  await (settings.database === undefined ? migrate(database.kysely) : requireMigrated(database.kysely));
  const parts = await startParts(stack, settings, database);
  if (wanted.includes('worker')) {
    const runner = stack.use(await startRunner(stack, settings, parts));
    stack.use(parts.store.signals.on(workSignal, () => runner.wake()));
  }
  if (wanted.includes('scheduler')) {
    await startScheduler(stack, parts, logger);
    stack.use(startSweeps(parts, logger));
    stack.use(startDeliveries(parts, settings));
    stack.use(startFiring(parts, logger));
    stack.use(startListing(parts, logger));
  }
  const api = wanted.includes('api')
    ? await startApi(stack, settings, { ...parts, onQueued: () => parts.store.signals.say(workSignal) })
    : undefined;
  const firstKey = wanted.includes('api') ? await makeFirstKey(parts.store) : undefined;
  const owned = stack.move();
  return { url: api?.listeningOrigin, firstKey, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

interface Parts {
  store: Store;
  blobs: Blobs;
  queue: ScanQueue;
  leases: Leases;
  sealer: Sealer;
}

async function startParts(
  stack: AsyncDisposableStack,
  { blobs, logger, times, openSealer }: ServiceSettings,
  database: Database,
): Promise<Parts> {
  const store = new Store(database.kysely, database.signals);
  const sealer = openSealer();
  await blobs.tidy();
  await requireUsable(blobs);
  const onError = (error: Error) => logger.error({ err: error }, 'the queue met an error');
  const queue = stack.use(await ScanQueue.start(database, { onError, ...(times && { times }) }));
  const clusters = await store.asPlatform(transaction => transaction.selectFrom('cluster').select('id').execute());
  for (const { id } of clusters) await queue.addCluster(id);
  return { store, blobs, queue, leases: new Leases({ store, queue, blobs }), sealer };
}

async function startRunner(stack: AsyncDisposableStack, settings: ServiceSettings, parts: Parts): Promise<Runner> {
  const { slots, logger, times } = settings;
  const { leases, store } = parts;
  const questions = new Questions(store);
  return new Runner({
    slots,
    leases: ownLeases({ leases, questions }, { runner: `${hostname()}/${randomUUID().slice(0, 8)}`, regions: [null] }),
    executor: stack.use(await openExecutor(settings, parts)),
    heartbeatMs: ((times?.heartbeatSeconds ?? 30) * 1000) / 3,
    idleMs: 1000,
    onError: error => logger.error({ err: error }, 'a runner met an error'),
  });
}

async function openExecutor(settings: ServiceSettings, parts: Parts): Promise<Executor> {
  const { credentials, cache, path, scanProcess: command, logger, jobs, environment, allowUnisolated } = settings;
  const requireJail = allowUnisolated || jobs !== undefined ? 'none' : 'full';
  const onLog = (text: string) => logger.info({ text }, 'a process that scans said');
  const own = new ProcessExecutor({ command, credentials, cache, requireJail, path, onLog });
  if (jobs === undefined) return own;
  const onError = (error: unknown) => logger.error({ err: error }, 'Jobs could not be seen to');
  return openJobs(jobs, { tickets: new Tickets(parts), asker: own, environment, onError });
}

const tendMs = 3000;

/** Sees to what waited too long, and to what was lost. */
async function startScheduler(
  stack: AsyncDisposableStack,
  { store, leases, queue }: Parts,
  logger: FastifyBaseLogger,
): Promise<void> {
  const adopted = await leases.adopt();
  if (adopted > 0) logger.info({ scans: adopted }, 'scans were in no queue, as after a restore');
  await queue.onLost(scan => leases.lose(scan));
  const stopping = new AbortController();
  const tend = async () => {
    for await (const _ of setInterval(tendMs, undefined, { signal: stopping.signal })) {
      try {
        await leases.expire();
        await leases.recover();
        await store.asPlatform(endExpired);
        await store.asPlatform(forgetExpiredSessions);
        await store.asPlatform(forgetQuestions);
        await store.asPlatform(forgetDeliveries);
        await store.asPlatform(forgetFailures);
        await store.asPlatform(forgetTickets);
      } catch (error) {
        logger.error({ err: error }, 'what waits or has expired could not be seen to');
      }
    }
  };
  const tending = tend().catch(() => undefined); // ended by its signal
  stack.defer(async () => {
    stopping.abort();
    await tending;
  });
}

const longestWaitMs = 24 * 3_600_000;

/** Tells what has to be told. */
function startDeliveries({ store, sealer }: Parts, settings: ServiceSettings): AsyncDisposable {
  const { allowNetworks, environment, logger } = settings;
  return new Deliverer({
    store,
    sealer,
    addresses: addressRules(allowNetworks),
    environment,
    onError: error => logger.error({ err: error }, 'deliveries could not be seen to'),
  });
}

/** Asks for what is due. */
function startFiring(parts: Parts, logger: FastifyBaseLogger): AsyncDisposable {
  const onError = (error: unknown) => logger.error({ err: error }, 'schedules could not be seen to');
  return startSchedules({ ...parts, longestWaitMs, onError });
}

/** Asks clusters what obligations are about. */
const startListing = ({ store }: Parts, logger: FastifyBaseLogger): AsyncDisposable =>
  startLister({
    store,
    onAsked: () => store.signals.say(workSignal),
    onError: error => logger.error({ err: error }, 'obligations could not be seen to'),
  });

/** Deletes what is over. */
function startSweeps({ store, blobs }: Parts, logger: FastifyBaseLogger): AsyncDisposable {
  return startUpkeep({
    store,
    blobs,
    holder: `${hostname()}/${randomUUID()}`,
    onSwept: swept => logger.info(swept, 'what is over was deleted'),
    onError: error => logger.error({ err: error }, 'what is over could not be deleted'),
  });
}

/** Less than proxies and browsers wait. */
const questionMs = 20_000;

async function startApi(
  stack: AsyncDisposableStack,
  { host, port, allowNetworks, environment, signIn, publicOrigin, logger, version }: ServiceSettings,
  parts: Parts & { onQueued: () => void },
): Promise<Server> {
  const { store, blobs, queue, sealer, onQueued } = parts;
  const ways = { addresses: addressRules(allowNetworks), environment };
  const issuers = new IssuerKeys(ways);
  const provider = signIn && new SignInProvider({ ...signIn, ...ways });
  const who = { issuers, sealer, provider, publicOrigin };
  const api = await makeApi({
    store,
    blobs,
    queue,
    ...who,
    onQueued,
    longestWaitMs,
    questionMs,
    mostFailures: usualFailures,
    logger,
    version,
  });
  stack.defer(() => api.close());
  await api.listen({ host, port });
  return api;
}

const firstKeyMs = 90 * 86_400_000;

/** Somebody has to be the first: where nobody has a key yet, an operator gets one. */
function makeFirstKey(store: Store): Promise<Secret | undefined> {
  return store.asPlatform(async transaction => {
    const known = await transaction.selectFrom('principal').select('id').limit(1).executeTakeFirst();
    if (known !== undefined) return undefined;
    const expiresAt = new Date(Date.now() + firstKeyMs);
    const { text } = await createFirstKey(
      transaction,
      { name: 'first operator', role: 'operator', team: null, expiresAt },
      null,
    );
    return text;
  });
}

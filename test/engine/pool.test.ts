// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { EnginePool, type PoolLimits } from '@cinc-scan/core';
import { until } from '@cinc-scan/testkit';
import { afterEach, expect, test } from '@jest/globals';
import { engineSettings } from '../support/engine.ts';

const temporary = mkdtempSync(join(tmpdir(), 'cst-pool-'));
const pools: EnginePool[] = [];

afterEach(async () => {
  for (const pool of pools.splice(0)) await pool[Symbol.asyncDispose]();
  expect(readdirSync(temporary)).toEqual([]);
});
process.once('exit', () => rmSync(temporary, { recursive: true, force: true }));

function makePool(limits: Partial<PoolLimits> = {}): EnginePool {
  const pool = new EnginePool({ engine: { choice: 'gems', ...engineSettings }, temporary, limits });
  pools.push(pool);
  return pool;
}

const quietly = { offline: false, onOutput: () => undefined };

/** The process that a run was given. */
async function use(pool: EnginePool, during?: (pid: number) => void): Promise<number> {
  await using lease = await pool.lease(quietly);
  await lease.engine.version;
  const { pid } = lease.engine;
  if (pid === undefined) throw new Error('the engine has no process');
  during?.(pid);
  return pid;
}

/** Whether a process lives. */
function lives(pid: number): boolean {
  return readdirSync('/proc').includes(String(pid));
}

test('the next run gets the engine of the one before', async () => {
  const pool = makePool();
  expect(await use(pool)).toBe(await use(pool));
});

test('runs side by side get an engine each, and as many are kept as may wait', async () => {
  const pool = makePool({ idle: 1 });
  const first = await pool.lease(quietly);
  const second = await pool.lease(quietly);
  const [one, other] = [first.engine.pid ?? 0, second.engine.pid ?? 0];
  expect(one).not.toBe(other);
  await first[Symbol.asyncDispose]();
  await second[Symbol.asyncDispose]();
  expect({ one: lives(one), other: lives(other) }).toEqual({ one: true, other: false });
});

test('engines that were needed at once go again, but for one', async () => {
  const pool = makePool({ idle: 3, spareMs: 1 });
  const leases = [await pool.lease(quietly), await pool.lease(quietly), await pool.lease(quietly)];
  const pids = leases.map(({ engine }) => engine.pid ?? 0);
  for (const lease of leases) await lease.engine.version;
  for (const lease of leases) await lease[Symbol.asyncDispose]();
  await until('the end of the others', () => Promise.resolve(!lives(pids[0] ?? 0) && !lives(pids[1] ?? 0)));
  expect(await use(pool)).toBe(pids[2]);
});

test('an engine that broke never comes back, and the next run does not notice', async () => {
  const pool = makePool();
  const broken = await use(pool, pid => process.kill(pid, 'SIGKILL'));
  await until('the end of the engine', () => Promise.resolve(!lives(broken)));
  expect(await use(pool)).not.toBe(broken);
});

test('an engine that dies while it waits is replaced', async () => {
  const pool = makePool();
  const first = await use(pool);
  process.kill(first, 'SIGKILL');
  await until('the end of the engine', () => Promise.resolve(!lives(first)));
  expect(await use(pool)).not.toBe(first);
});

const spent: [why: string, limits: Partial<PoolLimits>][] = [
  ['it has served its number of runs', { uses: 1 }],
  ['it is old', { ageMs: 1 }],
  ['it has grown large', { bytes: 1 }],
];
test.each(spent)('an engine is not kept when %s', async (_, limits) => {
  const pool = makePool(limits);
  const first = await use(pool);
  expect(lives(first)).toBe(false);
  expect(await use(pool)).not.toBe(first);
});

test('a pool that is closed ends its engines and leases none', async () => {
  const pool = makePool();
  const kept = await use(pool);
  const { engine } = await pool.lease(quietly);
  await pool[Symbol.asyncDispose]();
  expect([kept, engine.pid ?? 0].filter(lives)).toEqual([]);
  await expect(pool.lease(quietly)).rejects.toMatchObject({ code: 'POOL_CLOSED' });
});
